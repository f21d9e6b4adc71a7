#include "engine/sched_p.h"

/*
 * What is known of a node from before: from this execution's own journal when
 * it is resumed, from another's when it is recovered (reference 8.6).
 */

static int
ask(struct at *at, int (*known)(void *, struct str, struct sched_record *),
    struct sched_record *ret)
{
	struct sched *s = at->s;

	*ret = (struct sched_record){ .phase = SCHED_UNDEFINED,
	    .taken = SCHED_NONE };
	strbuf_reset(&s->text);
	sched_add_path(s, at->ref, &s->text);
	return known(s->c.arg, strbuf_str(&s->text), ret);
}

static int
inputs(struct at *at, const struct sched_record *r)
{
	struct err e;

	if (at->map != NULL)
		return 0;
	if (r->inputs.p != NULL) {
		at->n->inputs = sched_keep(at->s, r->inputs);
		return 0;
	}
	if (sched_bind_inputs(at, &at->n->inputs, &e) == 0)
		return 0;
	sched_node_fail_inputs(at, str_of(e.msg));
	return -1;
}

static void
outputs(struct at *at, struct str text)
{
	struct node *n = at->n;

	if (at->map == NULL || text.p == NULL) {
		n->outputs = sched_keep(at->s, text);
		return;
	}
	n->got = xcalloc(1, sizeof(*n->got) + text.n);
	if (text.n > 0)
		memcpy(n->got->bytes, text.p, text.n);
	n->outputs = (struct str){ n->got->bytes, text.n };
}

/* Goes on with the graph a dynamic task had written. */
static void
continue_dynamic(struct at *at, const struct sched_record *r)
{
	struct sched *s = at->s;
	struct node *n = at->n;
	struct str futures = r->futures;
	const struct plan *plan = r->dynamic;

	n->queued_at = s->now;
	n->started = 1;
	sched_node_to(at, STEP_RUNNING, SCHED_WHY_RECOVERED);
	n->asked = 1;
	if (plan == NULL)
		sched_emit_at(at, SCHED_BUILD)->outputs =
		    arena_str(&s->turn, futures);
	else
		sched_built(s, at->ref, plan, NULL);
}

/* The way a branch had taken, if the record knows one. */
static uint32_t
way_of(const struct at *at, const struct sched_record *r)
{
	const struct plan *p = at->f->plan;

	return at->pn->kind == PLAN_BRANCH && r->taken < p->n_nodes &&
	    p->nodes[r->taken].branch == at->ref.node ? r->taken : SCHED_NONE;
}

static int
resume_over(struct at *at, const struct sched_record *r)
{
	enum step step;

	switch (r->phase) {
	case SCHED_SUCCEEDED:
		step = STEP_SUCCEEDED;
		break;
	case SCHED_RECOVERED:
		step = STEP_RECOVERED;
		break;
	case SCHED_SKIPPED:
		step = STEP_SKIPPED;
		break;
	case SCHED_FAILED:
		step = STEP_FAILED;
		break;
	case SCHED_TIMED_OUT:
		step = STEP_TIMED_OUT;
		break;
	case SCHED_UNDEFINED:
	case SCHED_QUEUED:
	case SCHED_RUNNING:
	case SCHED_FAILING:
	case SCHED_ABORTED:
	case SCHED_DYNAMIC_RUNNING:
	case SCHED_PHASE_MAX:
	default:
		return 0;
	}
	if (r->error.code.p != NULL)
		at->n->error = sched_dup_error(at->s, &r->error);
	if (step == STEP_FAILED && at->n->error == NULL)
		return 0;
	if (step_is_good(step) && inputs(at, r) != 0)
		return 1;
	if (!step_is_good(step) && at->map == NULL)
		at->n->inputs = sched_keep(at->s, r->inputs);
	if (at->pn->kind == PLAN_BRANCH)
		at->n->child = way_of(at, r);
	outputs(at, r->outputs);
	if (at->pn->kind == PLAN_END)
		at->f->outputs = at->n->inputs;
	sched_node_to(at, step, SCHED_WHY_RESTORED);
	return 1;
}

int
sched_recall_resumed(struct at *at)
{
	struct sched_record r;
	struct node *n = at->n;

	if (!ask(at, at->s->c.resume, &r))
		return 0;
	n->attempt = r.attempt;
	n->system_failures = r.system_failures;
	n->cache = (uint8_t)r.cache;
	at->ref.attempt = r.attempt;
	if (resume_over(at, &r))
		return 1;
	n->queued_at = r.queued_at;
	n->started_at = r.started_at;
	if (way_of(at, &r) != SCHED_NONE) {
		n->child = r.taken;
		n->decided = 1;
	}
	if (at->pn->kind != PLAN_TASK ||
	    (r.dynamic == NULL && r.futures.p == NULL))
		return 0;
	if (inputs(at, &r) == 0)
		continue_dynamic(at, &r);
	return 1;
}

/*
 * The workflow ends before a node is met again that was at work when the run
 * was interrupted: it is shown as what it is.
 */
void
sched_recall_left(struct at *at, struct str reason, enum sched_why why)
{
	struct sched_record r;
	struct frame *f;

	if (at->pn->kind == PLAN_START || !ask(at, at->s->c.resume, &r) ||
	    (r.phase != SCHED_QUEUED && r.phase != SCHED_RUNNING &&
	    r.phase != SCHED_DYNAMIC_RUNNING))
		return;
	at->n->attempt = at->ref.attempt = r.attempt;
	at->n->inputs = sched_keep(at->s, r.inputs);
	at->n->shown = (uint8_t)r.phase;
	at->n->step = STEP_RUNNING;
	if (at->pn->kind == PLAN_WORKFLOW &&
	    at->f->depth + 1 < MAX_FRAME_DEPTH) {
		f = sched_frame_open(at->s, at->f->plan, at->pn->what,
		    STR(""), &at->ref);
		at->n->child = f->number;
	} else if (r.dynamic != NULL && at->f->depth + 1 < MAX_FRAME_DEPTH) {
		f = sched_frame_open(at->s, r.dynamic, 0, STR(""), &at->ref);
		at->n->child = f->number;
		at->n->built = 1;
	} else if (way_of(at, &r) != SCHED_NONE) {
		at->n->child = r.taken;
		at->n->decided = 1;
	}
	sched_node_abort(at, reason, why);
}

void
sched_recall_settle(struct at *at)
{
	sched_node_to(at, STEP_RECOVERED, SCHED_WHY_RECOVERED);
}

/* 1 if it would do now what it did then. */
static int
is_same(struct at *at)
{
	struct sched *s = at->s;

	if (s->c.same == NULL)
		return 1;
	strbuf_reset(&s->text);
	sched_add_path(s, at->ref, &s->text);
	return s->c.same(s->c.arg, strbuf_str(&s->text), at->f->plan, at->pn,
	    at->map == NULL ? at->n->inputs : sched_array_element_inputs(s,
	    at->map, at->ref.element));
}

int
sched_recall_recovered(struct at *at)
{
	struct sched_record r;
	struct node *n = at->n;

	/* Flyte recovers a map as a whole or runs it again. */
	if ((at->map != NULL && at->s->c.same == NULL) ||
	    (at->pn->kind == PLAN_END && at->s->c.rules.recover_end) ||
	    !ask(at, at->s->c.recover, &r))
		return 0;
	if (r.phase != SCHED_SUCCEEDED && r.phase != SCHED_RECOVERED) {
		if (at->pn->kind != PLAN_TASK || r.phase == SCHED_SKIPPED ||
		    (r.dynamic == NULL && r.futures.p == NULL))
			return 0;
		if (inputs(at, &r) != 0)
			return 1;
		if (!is_same(at))
			return 0;
		continue_dynamic(at, &r);
		return 1;
	}
	if (inputs(at, &r) != 0)
		return 1;
	if (!is_same(at))
		return 0;
	outputs(at, r.outputs.p != NULL ? r.outputs : STR(""));
	n->cache = (uint8_t)r.cache;
	n->recovered = 1;
	if (at->pn->kind == PLAN_TASK && sched_task_is_cached(at) &&
	    !at->s->c.overwrite_cache)
		sched_task_look_up(at);
	else
		sched_recall_settle(at);
	return 1;
}
