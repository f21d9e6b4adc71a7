#include "engine/sched.h"

#include "engine/sched_p.h"

/* The machine as a whole: rounds, timers, actions, events. */

const struct sched_rules sched_rules_flyte;
const struct sched_rules sched_rules_ours = {
	.clean_timeout = 1, .handler_retries = 1,
	.branch_skip = 1, .all_errors = 1, .keep_indices = 1,
	.check_cached = 1, .recover_end = 1, .any_element = 1,
	.reread_cache = 1, .compare_none = 1,
};

void
sched_config_init(struct sched_config *c)
{
	*c = (struct sched_config){
		.rules = sched_rules_ours,
		.name = STR("execution"),
		.inputs = { "", 0 },
		.max_system_retries = 3,
		.default_max_attempts = 1,
		.interruptible_threshold = -1,
		.max_failed_rounds = 10,
		.recheck = INT64_C(1000000000),
	};
}

struct sched *
sched_new(const struct plan *p, const struct sched_config *c, int64_t now)
{
	struct sched *s = xcalloc(1, sizeof(*s));

	s->c = *c;
	s->plan = p;
	s->now = now;
	s->wf = SCHED_WF_QUEUED;
	arena_init(&s->arena);
	arena_init(&s->turn);
	strbuf_init(&s->text);
	return s;
}

void
sched_free(struct sched *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->frames.n; i++)
		sched_frame_free(s->frames.at[i]);
	for (size_t i = 0; i < s->maps.n; i++)
		sched_array_free(s->maps.at[i]);
	VEC_RELEASE(&s->frames);
	VEC_RELEASE(&s->maps);
	VEC_RELEASE(&s->actions);
	VEC_RELEASE(&s->timers);
	VEC_RELEASE(&s->held);
	VEC_RELEASE(&s->signals);
	VEC_RELEASE(&s->gates);
	strbuf_release(&s->text);
	arena_release(&s->turn);
	arena_release(&s->arena);
	free(s);
}

struct str
sched_keep(struct sched *s, struct str text)
{
	return text.p == NULL ? text : arena_str(&s->arena, text);
}

struct sched_error *
sched_new_error(struct sched *s, enum sched_kind kind, const char *code,
    struct str message)
{
	struct sched_error *e = arena_new(&s->arena, struct sched_error);

	e->kind = kind;
	e->code = arena_str(&s->arena, str_of(code));
	e->message = arena_str(&s->arena, message);
	return e;
}

struct sched_error *
sched_dup_error(struct sched *s, const struct sched_error *from)
{
	struct sched_error *e = arena_new(&s->arena, struct sched_error);

	e->kind = from->kind;
	e->code = arena_str(&s->arena, from->code);
	e->message = arena_str(&s->arena, from->message);
	return e;
}

/* ---- finding and waking -------------------------------------------------- */

int
sched_find(struct sched *s, struct sched_ref ref, struct at *ret)
{
	struct frame *f;
	uint32_t i;

	if (ref.frame >= s->frames.n)
		return 0;
	f = s->frames.at[ref.frame];
	i = ref.node - f->g->first;
	if (ref.node < f->g->first || i >= f->g->n)
		return 0;
	*ret = (struct at){ .s = s, .f = f, .n = &f->nodes[i],
	    .pn = &f->plan->nodes[ref.node], .ref = ref };
	if (ref.element == SCHED_NONE)
		return 1;
	/* An element is found through its map, under the map's number. */
	ret->map = sched_array_of(s, ret->n);
	if (ret->map == NULL || ref.element >= ret->map->n ||
	    ret->map->slot[ref.element] == NO_SLOT)
		return 0;
	ret->n = ret->map->nodes.at[ret->map->slot[ref.element]];
	ret->pn = ret->map->inner;
	return 1;
}

void
sched_wake(struct sched *s, struct sched_ref ref)
{
	struct at at;

	while (ref.frame != SCHED_NONE && sched_find(s, ref, &at) &&
	    !at.n->listed) {
		at.n->listed = 1;
		if (at.map != NULL) {
			VEC_PUSH(&at.map->next, ref.element);
			ref.element = SCHED_NONE;
		} else if (at.pn->branch != PLAN_NONE) {
			ref.node = at.pn->branch;
		} else {
			VEC_PUSH(&at.f->next, ref.node);
			ref = at.f->parent;
		}
	}
}

/* ---- timers -------------------------------------------------------------- */

void
sched_timer(struct sched *s, int64_t when, struct sched_ref ref)
{
	size_t i = s->timers.n;

	VEC_PUSH(&s->timers, ((struct timer){ when, ref }));
	while (i > 0 && s->timers.at[(i - 1) / 2].at > when) {
		s->timers.at[i] = s->timers.at[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	s->timers.at[i] = (struct timer){ when, ref };
}

static void
drop_first_timer(struct sched *s)
{
	struct timer last = VEC_POP(&s->timers), *t = s->timers.at;
	size_t i = 0, n = s->timers.n, k;

	while ((k = 2 * i + 1) < n) {
		if (k + 1 < n && t[k + 1].at < t[k].at)
			k++;
		if (t[k].at >= last.at)
			break;
		t[i] = t[k];
		i = k;
	}
	if (n > 0)
		t[i] = last;
}

/* A timer of an attempt that has ended is of no use. */
static int
timer_is_stale(struct sched *s, const struct timer *t)
{
	struct at at;

	return !sched_find(s, t->ref, &at) || step_is_over(at.n->step) ||
	    at.n->attempt != t->ref.attempt;
}

int64_t
sched_deadline(const struct sched *s)
{
	return s->timers.n == 0 ? INT64_MAX : s->timers.at[0].at;
}

static void
run_timers(struct sched *s)
{
	while (s->timers.n > 0 && (s->timers.at[0].at <= s->now ||
	    timer_is_stale(s, &s->timers.at[0]))) {
		struct timer t = s->timers.at[0];
		int stale = timer_is_stale(s, &t);

		drop_first_timer(s);
		if (!stale)
			sched_wake(s, t.ref);
	}
}

/* ---- actions ------------------------------------------------------------- */

static struct sched_action *
emit(struct sched *s, enum sched_do todo)
{
	VEC_PUSH(&s->actions, ((struct sched_action){ .todo = todo,
	    .child = SCHED_NONE, .taken = SCHED_NONE, .cause = SCHED_NONE,
	    .at = { SCHED_NONE, SCHED_NONE, SCHED_NONE, 0 } }));
	return &VEC_LAST(&s->actions);
}

struct sched_action *
sched_emit_at(struct at *at, enum sched_do todo)
{
	struct sched *s = at->s;
	struct sched_action *a = emit(s, todo);

	a->at = at->ref;
	a->at.attempt = at->n->attempt;
	a->plan = at->f->plan;
	a->node = at->pn;
	if (at->pn->kind == PLAN_TASK)
		a->task = &at->f->plan->tasks[at->pn->what];
	else if (at->pn->kind == PLAN_LAUNCH)
		a->launch = &at->f->plan->launches[at->pn->what];
	else if (at->pn->kind == PLAN_GATE)
		a->gate = &at->f->plan->gates[at->pn->what];
	strbuf_reset(&s->text);
	sched_add_path(s, at->ref, &s->text);
	a->path = arena_str(&s->turn, strbuf_str(&s->text));
	return a;
}

const struct sched_action *
sched_action(struct sched *s)
{
	if (s->next_action == s->actions.n)
		return NULL;
	return &s->actions.at[s->next_action++];
}

/* Everything handed out: the memory of the round before is free again. */
static void
forget_actions(struct sched *s)
{
	if (s->next_action < s->actions.n)
		return;
	s->actions.n = s->next_action = 0;
	if (s->turn.total > (size_t)1 << 20) {
		arena_release(&s->turn);
		arena_init(&s->turn);
	}
}

/* ---- rounds -------------------------------------------------------------- */

const struct sched_ref sched_nobody = { SCHED_NONE, SCHED_NONE, SCHED_NONE,
    0 };

void
sched_trouble(struct sched *s, struct sched_ref ref, struct str message)
{
	if (!s->troubled)
		s->failed_rounds++;
	if (s->first_failed == 0)
		s->first_failed = s->round;
	s->stop = s->troubled = 1;
	s->trouble = ref;
	s->last_trouble = sched_keep(s, message);
}

/* The round that failed again, as far as the node it failed at. */
static void
try_again(struct sched *s)
{
	struct at at;

	s->troubled = 0;
	s->changed = 1;
	if (!sched_find(s, s->trouble, &at))
		return;
	at.ref.attempt = at.n->attempt;
	sched_node_step(&at);
}

static void
to_workflow(struct sched *s, enum sched_wf wf)
{
	struct sched_action *a = emit(s, SCHED_WORKFLOW);

	s->wf = wf;
	s->changed = 1;
	a->wf = wf;
	if (s->error != NULL)
		a->error = *s->error;
}

static void
end_aborted(struct sched *s)
{
	struct str reason = s->abort_reason;

	/* What an earlier runner had started is to be shown as stopped. */
	if (s->frames.n == 0 && s->c.resume != NULL)
		sched_frame_open(s, s->plan, 0, s->c.inputs, NULL);
	if (s->frames.n > 0)
		sched_frame_abort(s, s->frames.at[0], reason, SCHED_WHY_ABORT);
	to_workflow(s, SCHED_WF_ABORTED);
}

/* Rounds keep failing: nothing can be decided any more. */
static void
end_in_trouble(struct sched *s)
{
	const struct plan_graph *g = &s->plan->graphs[0];

	strbuf_reset(&s->text);
	strbuf_addf(&s->text, "Workflow[%s:%s:%s] failed. "
	    "RuntimeExecutionError: max number of system retry attempts "
	    "[%u/%u] exhausted. Last known status message: %s", g->project.p,
	    g->domain.p, g->name.p, s->failed_rounds, s->c.max_failed_rounds,
	    s->last_trouble.p);
	s->error = sched_new_error(s, SCHED_SYSTEM, "Workflow abort failed",
	    strbuf_str(&s->text));
	sched_frame_abort(s, s->frames.at[0], s->error->message, SCHED_WHY_POLICY);
	to_workflow(s, SCHED_WF_FAILED);
}

static void
run_workflow(struct sched *s)
{
	struct frame *f = s->frames.n > 0 ? s->frames.at[0] : NULL;
	enum frame_state before, after;

	if (s->wf == SCHED_WF_QUEUED) {
		sched_frame_open(s, s->plan, 0, s->c.inputs, NULL);
		to_workflow(s, SCHED_WF_RUNNING);
		return;
	}
	if (s->wf == SCHED_WF_SUCCEEDING) {
		to_workflow(s, SCHED_WF_SUCCEEDED);
		return;
	}
	if (f == NULL)
		return;
	before = f->state;
	after = sched_frame_step(s, f);
	if (after == FRAME_DONE)
		to_workflow(s, SCHED_WF_SUCCEEDING);
	else if (after == FRAME_FAILED || (after == FRAME_FAILING &&
	    before == FRAME_RUN)) {
		s->error = f->error;
		to_workflow(s, after == FRAME_FAILED ? SCHED_WF_FAILED :
		    SCHED_WF_FAILING);
	}
}

static int
is_over(enum sched_wf wf)
{
	return wf == SCHED_WF_SUCCEEDED || wf == SCHED_WF_FAILED ||
	    wf == SCHED_WF_ABORTED;
}

/* Attempts that waited for a free start, in the order they came. */
static void
start_held(struct sched *s)
{
	while (s->starts_left > 0 && s->next_held < s->held.n) {
		struct sched_ref ref = s->held.at[s->next_held++];
		struct at at;

		if (!sched_find(s, ref, &at) || !at.n->held ||
		    at.n->attempt != ref.attempt)
			continue;
		at.n->held = 0;
		if (step_is_over(at.n->step))
			continue;
		at.n->granted_in = s->round;
		sched_wake(s, ref);
		if (s->starts_left != SCHED_NONE)
			s->starts_left--;
	}
	if (s->next_held * 2 >= s->held.n) {
		s->held.n -= s->next_held;
		if (s->held.n > 0)
			memmove(s->held.at, s->held.at + s->next_held,
			    s->held.n * sizeof(*s->held.at));
		s->next_held = 0;
	}
}

int
sched_holds_back(const struct sched *s)
{
	return !is_over(s->wf) && s->next_held < s->held.n;
}

int
sched_round(struct sched *s, int64_t now, uint32_t max_starts)
{
	if (is_over(s->wf))
		return 0;
	forget_actions(s);
	s->now = MAX(now, s->now);
	s->round++;
	s->starts_left = max_starts;
	s->used = 0;
	s->changed = s->stop = 0;
	run_timers(s);
	start_held(s);
	if (s->aborted)
		end_aborted(s);
	else if (s->failed_rounds > s->c.max_failed_rounds)
		end_in_trouble(s);
	else if (s->troubled)
		try_again(s);
	else {
		s->first_failed = 0;
		run_workflow(s);
	}
	return s->changed;
}

static int
wants_answer(const struct sched *s)
{
	for (size_t i = s->next_action; i < s->actions.n; i++) {
		enum sched_do d = s->actions.at[i].todo;

		if (d == SCHED_LOOKUP || d == SCHED_RESERVE || d == SCHED_PUT ||
		    d == SCHED_BUILD)
			return 1;
	}
	return 0;
}

/* Actions that may wait before they are to be taken. */
#define MANY_ACTIONS	16384

int
sched_step(struct sched *s, int64_t now, uint32_t max_starts)
{
	for (;;) {
		size_t n = s->next_action < s->actions.n ? s->actions.n : 0;
		uint32_t started = 0;

		if (!sched_round(s, now, max_starts) || wants_answer(s))
			return 0;
		if (s->actions.n - s->next_action > MANY_ACTIONS)
			return 1;
		for (size_t i = n; i < s->actions.n; i++)
			started += s->actions.at[i].todo == SCHED_START;
		if (max_starts != SCHED_NONE)
			max_starts -= MIN(started, max_starts);
	}
}

void
sched_abort(struct sched *s, struct str reason)
{
	if (s->aborted || is_over(s->wf))
		return;
	s->aborted = 1;
	s->abort_reason = sched_keep(s, reason);
}
