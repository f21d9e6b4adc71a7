#include "engine/sched_p.h"

/* Frames: a graph being run, walked round by round. */

/* Flyte has one policy, the top workflow's (reference 0, on 2.4). */
static int
policy_of(const struct sched *s, const struct plan_graph *g,
    const struct sched_ref *parent)
{
	if (s->c.keep_going)
		return 1;
	if (parent == NULL)
		return g->go_on;
	return s->frames.at[parent->frame]->go_on;
}

static void
init_node(struct frame *f, uint32_t i)
{
	const struct plan_node *pn = &f->plan->nodes[f->g->first + i];
	struct node *n = &f->nodes[i];

	n->left = pn->up.n;
	n->cause = SCHED_NONE;
	n->child = SCHED_NONE;
	if (f->g->first + i == f->g->failure)
		n->left = 0;
}

static void
set_prefix(struct sched *s, struct frame *f)
{
	f->prefix = STR("");
	if (f->parent.frame == SCHED_NONE)
		return;
	strbuf_reset(&s->text);
	sched_add_path(s, f->parent, &s->text);
	strbuf_addf(&s->text, "/%u/", f->parent.attempt);
	f->prefix = arena_str(&s->arena, strbuf_str(&s->text));
}

struct frame *
sched_frame_open(struct sched *s, const struct plan *plan, uint32_t graph,
    struct str inputs, const struct sched_ref *parent)
{
	struct frame *f = xcalloc(1, sizeof(*f));
	struct node *start;

	f->owner = s;
	f->plan = plan;
	f->g = &plan->graphs[graph];
	f->nodes = xcalloc(f->g->n, sizeof(*f->nodes));
	f->number = (uint32_t)s->frames.n;
	f->inputs = inputs;
	f->outputs = (struct str){ NULL, 0 };
	f->bad = SCHED_NONE;
	f->parent = (struct sched_ref){ SCHED_NONE, SCHED_NONE, SCHED_NONE, 0 };
	f->go_on = policy_of(s, f->g, parent);
	f->interruptible = f->g->interruptible;
	if (parent != NULL) {
		const struct frame *up = s->frames.at[parent->frame];

		f->parent = *parent;
		f->depth = up->depth + 1;
		if (plan != up->plan)
			f->interruptible = up->interruptible;
	}
	for (uint32_t i = 0; i < f->g->n; i++)
		init_node(f, i);
	VEC_PUSH(&s->frames, f);
	set_prefix(s, f);
	start = &f->nodes[f->g->start - f->g->first];
	start->live = 1;
	f->open = 1;
	sched_wake(s, (struct sched_ref){ f->number, f->g->start, SCHED_NONE,
	    0 });
	return f;
}

void
sched_frame_free(struct frame *f)
{
	for (uint32_t i = 0; i < f->g->n; i++)
		sched_node_drop_got(&f->nodes[i]);
	free(f->nodes);
	VEC_RELEASE(&f->now);
	VEC_RELEASE(&f->next);
	VEC_RELEASE(&f->blocked);
	free(f);
}

/* ---- one node's end ------------------------------------------------------ */

/* One thing less to wait for. */
static void
tell(struct at *at, uint32_t node)
{
	struct frame *f = at->f;
	struct node *n = &f->nodes[node - f->g->first];

	if (n->left > 0)
		n->left--;
	if (!step_is_good(at->n->step) && n->cause == SCHED_NONE)
		n->cause = at->ref.node;
	if (n->left == 0 && !step_is_over(n->step))
		sched_wake(at->s, (struct sched_ref){ f->number, node,
		    SCHED_NONE, 0 });
}

/*
 * A node is live when the workflow waits for it: when it is reached from
 * start-node through nodes that did not fail.  What lies only behind a failed
 * node is skipped if there is time, but nobody waits for that.
 */
static void
make_live(struct at *at, uint32_t node)
{
	struct node *n = &at->f->nodes[node - at->f->g->first];

	if (n->live)
		return;
	n->live = 1;
	if (!step_is_over(n->step))
		at->f->open++;
}

void
sched_frame_node_over(struct at *at)
{
	struct frame *f = at->f;
	const struct plan_node *pn = at->pn;
	const uint32_t *edges = f->plan->edges;
	int passes = at->n->step != STEP_FAILED &&
	    at->n->step != STEP_TIMED_OUT;

	if (at->n->live) {
		f->open--;
		if (passes)
			f->changed_in = at->s->round;
	}
	for (uint32_t i = 0; i < pn->down.n; i++) {
		if (at->n->live && passes)
			make_live(at, edges[pn->down.at + i]);
		tell(at, edges[pn->down.at + i]);
	}
	for (uint32_t i = 0; i < pn->inner.n; i++)
		tell(at, edges[pn->inner.at + i]);
	if (!passes && pn->branch == PLAN_NONE &&
	    at->ref.node != f->g->failure && !f->go_on &&
	    f->bad == SCHED_NONE)
		f->bad = at->ref.node;
	/* Whoever runs this frame looks again: perhaps it was the last. */
	sched_wake(at->s, at->ref.node == f->g->failure ||
	    pn->branch != PLAN_NONE ? at->ref : f->parent);
}

/* ---- rounds -------------------------------------------------------------- */

/* Sorts the list by rank; most lists are sorted or short. */
static void
sort_by_rank(const struct frame *f, u32_list *list)
{
	const struct plan_node *nodes = f->plan->nodes;
	uint32_t *a = list->at, *b;
	size_t n = list->n, i;

	for (i = 1; i < n && nodes[a[i - 1]].rank <= nodes[a[i]].rank; i++)
		continue;
	if (i >= n)
		return;
	/* Bottom-up merge sort: no recursion, no worst case. */
	b = xreallocarray(NULL, n, sizeof(*b));
	for (size_t w = 1; w < n; w *= 2) {
		for (size_t lo = 0; lo < n; lo += 2 * w) {
			size_t mid = MIN(lo + w, n), hi = MIN(lo + 2 * w, n);
			size_t x = lo, y = mid;

			for (size_t k = lo; k < hi; k++)
				b[k] = x < mid && (y >= hi ||
				    nodes[a[x]].rank <= nodes[a[y]].rank) ?
				    a[x++] : a[y++];
		}
		memcpy(a, b, n * sizeof(*a));
	}
	free(b);
}

/* The node whose error is the frame's: the last in the walk's order. */
static uint32_t
last_failed(const struct frame *f)
{
	uint32_t best = SCHED_NONE;

	for (uint32_t i = 0; i < f->g->n; i++) {
		const struct plan_node *pn = &f->plan->nodes[f->g->first + i];

		if ((f->nodes[i].step != STEP_FAILED &&
		    f->nodes[i].step != STEP_TIMED_OUT) ||
		    pn->branch != PLAN_NONE || !f->nodes[i].live)
			continue;
		if (best == SCHED_NONE || pn->mirror <
		    f->plan->nodes[best].mirror)
			best = f->g->first + i;
	}
	return best;
}

static struct sched_error *
error_of_node(struct sched *s, const struct frame *f, uint32_t node)
{
	const struct node *n = &f->nodes[node - f->g->first];

	if (n->step == STEP_TIMED_OUT)
		return sched_new_error(s, SCHED_USER, "Timeout",
		    STR("Timeout in node"));
	return n->error;
}

/* ---- nodes that wait for the parallelism limit ---------------------------- */

static uint32_t
rank(const struct frame *f, uint32_t node)
{
	return f->plan->nodes[node].rank;
}

void
sched_frame_block(struct frame *f, uint32_t node)
{
	u32_list *h = &f->blocked;
	size_t i = h->n;

	VEC_PUSH(h, node);
	for (; i > 0 && rank(f, h->at[(i - 1) / 2]) > rank(f, node);
	    i = (i - 1) / 2)
		h->at[i] = h->at[(i - 1) / 2];
	h->at[i] = node;
}

static uint32_t
unblock(struct frame *f)
{
	u32_list *h = &f->blocked;
	uint32_t first = h->at[0], last = VEC_POP(h);
	size_t i = 0, k;

	while ((k = 2 * i + 1) < h->n) {
		if (k + 1 < h->n && rank(f, h->at[k + 1]) < rank(f, h->at[k]))
			k++;
		if (rank(f, h->at[k]) >= rank(f, last))
			break;
		h->at[i] = h->at[k];
		i = k;
	}
	if (h->n > 0)
		h->at[i] = last;
	return first;
}

/* The next node of the walk: from the list, or one whose turn has come. */
static uint32_t
next_node(const struct sched *s, struct frame *f, size_t *i)
{
	int may = f->blocked.n > 0 && s->used < s->c.max_parallelism;

	if (may && (*i == f->now.n || rank(f, f->blocked.at[0]) <
	    rank(f, f->now.at[*i])))
		return unblock(f);
	return *i < f->now.n ? f->now.at[(*i)++] : SCHED_NONE;
}

static void
walk(struct sched *s, struct frame *f)
{
	u32_list done = f->now;
	uint32_t node;
	size_t i = 0;

	f->now = f->next;
	f->next = done;
	f->next.n = 0;
	sort_by_rank(f, &f->now);
	while (f->bad == SCHED_NONE && !s->stop &&
	    (node = next_node(s, f, &i)) != SCHED_NONE) {
		struct at at;

		(void)sched_find(s, (struct sched_ref){ f->number, node,
		    SCHED_NONE, 0 }, &at);
		at.ref.attempt = at.n->attempt;
		at.n->listed = 0;
		sched_node_step(&at);
	}
	/* The walk ended early: the rest waits for the next round. */
	for (; i < f->now.n; i++)
		VEC_PUSH(&f->next, f->now.at[i]);
	f->now.n = 0;
	if (f->next.n > 0 || f->blocked.n > 0)
		sched_wake(s, f->parent);
}

static enum frame_state
run(struct sched *s, struct frame *f)
{
	walk(s, f);
	if (s->stop)
		return FRAME_RUN;
	if (f->bad == SCHED_NONE && f->open == 0 && f->changed_in != s->round) {
		f->bad = last_failed(f);
		if (f->bad == SCHED_NONE)
			return f->state = FRAME_DONE;
	}
	if (f->bad != SCHED_NONE && (f->open == 0 || !f->go_on)) {
		f->error = error_of_node(s, f, f->bad);
		f->state = FRAME_FAILING;
		s->changed = 1;
	}
	return f->state;
}

/*
 * The failure node's round.  Flyte takes everything but queued and running
 * for its end: after a failure that would be retried, and when its inputs
 * cannot be resolved, the workflow ends with the first error.
 */
static enum frame_state
handle_failure(struct sched *s, struct frame *f)
{
	struct at at;
	enum step before;

	(void)sched_find(s, (struct sched_ref){ f->number, f->g->failure,
	    SCHED_NONE, 0 }, &at);
	at.ref.attempt = at.n->attempt;
	before = (enum step)at.n->step;
	at.n->listed = 0;
	f->next.n = 0;
	sched_node_step(&at);
	if (at.n->step == STEP_FAILED) {
		if (!at.n->no_inputs)
			f->error = at.n->error;
		return f->state = FRAME_FAILED;
	}
	if (at.n->step == STEP_TIMED_OUT) {
		f->error = sched_new_error(s, SCHED_USER, "TimedOut",
		    STR("FailureNode Timed-out"));
		return f->state = FRAME_FAILED;
	}
	if (step_is_over((enum step)at.n->step))
		return f->state = FRAME_FAILED;
	if (!s->c.rules.handler_retries && before == STEP_RETRY)
		return f->state = FRAME_FAILED;
	if (at.n->no_inputs)
		return f->state = FRAME_FAILED;
	return FRAME_HANDLER;
}

enum frame_state
sched_frame_step(struct sched *s, struct frame *f)
{
	switch (f->state) {
	case FRAME_RUN:
		return run(s, f);
	case FRAME_FAILING:
		sched_frame_abort(s, f, STR("Some node execution failed, "
		    "auto-abort."), SCHED_WHY_POLICY);
		s->changed = 1;
		if (f->g->failure == PLAN_NONE)
			return f->state = FRAME_FAILED;
		f->state = FRAME_HANDLER;
		sched_wake(s, (struct sched_ref){ f->number, f->g->failure,
		    SCHED_NONE, 0 });
		return f->parent.frame == SCHED_NONE ? FRAME_HANDLER :
		    handle_failure(s, f);
	case FRAME_HANDLER:
		return handle_failure(s, f);
	case FRAME_DONE:
	case FRAME_FAILED:
	case FRAME_ABORTED:
		break;
	}
	return f->state;
}

void
sched_frame_abort(struct sched *s, struct frame *f, struct str reason,
    enum sched_why why)
{
	for (uint32_t i = 0; i < f->g->n; i++) {
		struct at at;
		uint32_t node = f->g->first + i;

		/* Branch children are stopped by their branch. */
		if (f->plan->nodes[node].branch != PLAN_NONE ||
		    (node == f->g->failure && !s->c.rules.handler_retries))
			continue;
		(void)sched_find(s, (struct sched_ref){ f->number, node,
		    SCHED_NONE, 0 }, &at);
		at.ref.attempt = at.n->attempt;
		if (at.n->step == STEP_NEW && s->c.resume != NULL &&
		    node != f->g->failure)
			sched_recall_left(&at, reason, why);
		else if (at.n->step != STEP_NEW && !step_is_over(at.n->step))
			sched_node_abort(&at, reason, why);
	}
	if (f->state == FRAME_RUN)
		f->state = FRAME_ABORTED;
}
