#include "base/time.h"
#include "engine/sched_p.h"

/* The steps all nodes have in common: reference 2.2, 2.3, 2.7, 2.8. */

/* ---- showing ------------------------------------------------------------- */

static int
is_final(enum sched_phase p)
{
	return p == SCHED_SUCCEEDED || p == SCHED_FAILED ||
	    p == SCHED_ABORTED || p == SCHED_SKIPPED ||
	    p == SCHED_TIMED_OUT || p == SCHED_RECOVERED;
}

/* What was final stays so: a node that failed is not aborted later. */
void
sched_node_show(struct at *at, enum sched_phase phase, enum sched_why why)
{
	struct node *n = at->n;
	struct sched_action *a;

	if (is_final((enum sched_phase)n->shown) || (n->shown == phase &&
	    phase != SCHED_RUNNING))
		return;
	n->shown = (uint8_t)phase;
	n->why = (uint8_t)why;
	a = sched_emit_at(at, SCHED_NODE);
	a->phase = phase;
	a->why = why;
	a->cause = n->cause;
	a->system_failures = n->system_failures;
	a->cache = (enum sched_cache)n->cache;
	a->reservation = (enum sched_reservation)n->reservation;
	if (at->pn->kind == PLAN_BRANCH)
		a->taken = n->child;
	else if (at->pn->kind != PLAN_ARRAY)
		a->child = n->child;
	a->inputs = at->map != NULL ? (struct str){ NULL, 0 } : n->inputs;
	/* An element's are freed as soon as the map has them. */
	a->outputs = at->map == NULL || n->outputs.p == NULL ? n->outputs :
	    arena_str(&at->s->turn, n->outputs);
	if (n->error != NULL && (phase == SCHED_FAILED ||
	    phase == SCHED_TIMED_OUT))
		a->error = *n->error;
}

static void
show_step(struct at *at, enum step step, enum sched_why why)
{
	switch (step) {
	case STEP_QUEUED:
		sched_node_show(at, SCHED_QUEUED, why);
		break;
	case STEP_RUNNING:
		sched_node_show(at, SCHED_RUNNING, why);
		break;
	case STEP_DYNAMIC:
		sched_node_show(at, SCHED_DYNAMIC_RUNNING, why);
		break;
	case STEP_SUCCEEDING:
	case STEP_SUCCEEDED:
		sched_node_show(at, SCHED_SUCCEEDED, why);
		break;
	case STEP_FAILING:
	case STEP_FAILED:
		sched_node_show(at, SCHED_FAILED, why);
		break;
	case STEP_TIMING_OUT:
	case STEP_TIMED_OUT:
		sched_node_show(at, SCHED_TIMED_OUT, why);
		break;
	case STEP_SKIPPED:
		sched_node_show(at, SCHED_SKIPPED, why);
		break;
	case STEP_RECOVERED:
		sched_node_show(at, SCHED_RECOVERED, why);
		break;
	case STEP_ABORTED:
		sched_node_show(at, SCHED_ABORTED, why);
		break;
	case STEP_NEW:
	case STEP_RETRY:
		break;
	}
}

/* ---- the limit on tasks and launch plans (2.10) -------------------------- */

static int
is_counted(const struct at *at)
{
	return at->s->c.max_parallelism > 0 && at->map == NULL &&
	    (at->pn->kind == PLAN_TASK || at->pn->kind == PLAN_LAUNCH ||
	    at->pn->kind == PLAN_ARRAY);
}

/*
 * What was seen in this round counts; so a node early in the walk overtakes
 * one that runs, which is then not looked at: the limit may be exceeded for
 * a while.
 */
static int
is_blocked(const struct at *at)
{
	return is_counted(at) && at->s->used >= at->s->c.max_parallelism &&
	    !step_is_over((enum step)at->n->step);
}

static void
look_again(struct at *at)
{
	struct sched_ref ref = at->ref;

	ref.attempt = at->n->attempt;
	sched_wake(at->s, ref);
}

/* ---- deadlines (2.7) ----------------------------------------------------- */

static int64_t
later(int64_t from, int64_t by)
{
	int64_t t;

	return __builtin_add_overflow(from, by, &t) ? INT64_MAX : t;
}

static int
has_clock(const struct at *at)
{
	return at->s->c.attempt_clock && at->pn->kind == PLAN_TASK;
}

static int64_t
execution_deadline(const struct at *at)
{
	int64_t t = at->pn->timeout > 0 ? at->pn->timeout :
	    at->s->c.execution_deadline;

	return t <= 0 || at->n->started_at == 0 || has_clock(at) ? INT64_MAX :
	    later(at->n->started_at, t);
}

/* Elements have no time in the queue (reference 0, on 2.7). */
static int64_t
active_deadline(const struct at *at)
{
	int64_t t = at->pn->timeout > 0 ? at->pn->timeout :
	    at->s->c.active_deadline;

	if (t <= 0 || at->map != NULL || has_clock(at))
		return INT64_MAX;
	return later(at->n->queued_at, at->pn->timeout > 0 ? later(t, t) : t);
}

static void
arm(struct at *at)
{
	int64_t when = MIN(execution_deadline(at), active_deadline(at));
	struct sched_ref ref = at->ref;

	ref.attempt = at->n->attempt;
	if (when < INT64_MAX)
		sched_timer(at->s, when + 1, ref);
}

static struct sched_error *
timeout_error(struct at *at)
{
	int64_t t = at->pn->timeout > 0 ? at->pn->timeout :
	    at->s->c.execution_deadline;
	struct timespan span = { t / 1000000000, (int32_t)(t % 1000000000) };
	struct strbuf *b = &at->s->text;

	strbuf_reset(b);
	strbuf_adds(b, "task execution timeout [");
	timespan_add(b, span);
	strbuf_adds(b, "] expired");
	return sched_new_error(at->s, SCHED_USER, "TimeoutExpired",
	    strbuf_str(b));
}

/* ---- transitions --------------------------------------------------------- */

void
sched_node_to(struct at *at, enum step step, enum sched_why why)
{
	struct node *n = at->n;

	if (at->map != NULL)
		sched_array_element_step(at, step);
	n->step = (uint8_t)step;
	at->s->changed = 1;
	if (step == STEP_QUEUED)
		n->queued_in = at->s->round;
	if (step == STEP_QUEUED && n->queued_at == 0)
		n->queued_at = at->s->now;
	if (step == STEP_RUNNING && n->started_at == 0)
		n->started_at = at->s->now;
	show_step(at, step, why);
	if (step == STEP_QUEUED || step == STEP_RUNNING)
		arm(at);
	if (!step_is_over(step)) {
		look_again(at);
		return;
	}
	if (at->map != NULL)
		sched_array_element_over(at);
	else
		sched_frame_node_over(at);
}

void
sched_node_clean(struct at *at, struct str reason, enum sched_why why)
{
	struct sched *s = at->s;
	struct at child;
	struct sched_ref ref = at->ref;

	switch (at->pn->kind) {
	case PLAN_TASK:
		if (at->n->built && at->n->child != SCHED_NONE)
			sched_frame_abort(s, s->frames.at[at->n->child], reason, why);
		else
			sched_task_stop(at, reason);
		break;
	case PLAN_LAUNCH:
		sched_launch_stop(at, reason);
		break;
	case PLAN_WORKFLOW:
		if (at->n->child != SCHED_NONE)
			sched_frame_abort(s, s->frames.at[at->n->child], reason, why);
		break;
	case PLAN_BRANCH:
		ref.node = at->n->child;
		if (!at->n->decided || ref.node == SCHED_NONE ||
		    !sched_find(s, ref, &child))
			break;
		child.ref.attempt = child.n->attempt;
		if (child.n->step == STEP_NEW && s->c.resume != NULL)
			sched_recall_left(&child, reason, why);
		else if (child.n->step != STEP_NEW &&
		    !step_is_over((enum step)child.n->step))
			sched_node_abort(&child, reason, why);
		break;
	case PLAN_ARRAY:
		sched_array_abort(at, reason, why);
		break;
	case PLAN_START:
	case PLAN_END:
	case PLAN_GATE:
	case PLAN_KIND_MAX:
		break;
	}
}

/* 1 if something of it may still run, though it has ended. */
static int
has_remains(const struct node *n)
{
	return n->running || n->no_inputs || n->is_map || n->built;
}

void
sched_node_abort(struct at *at, struct str reason, enum sched_why why)
{
	enum step step = (enum step)at->n->step;

	/* flytepropeller forgets what a failed round had done. */
	if (step == STEP_QUEUED && at->s->first_failed != 0 &&
	    at->n->queued_in == at->s->first_failed)
		return;
	/* It is done, as soon as the answer is here. */
	if (at->n->putting)
		return;
	/* Its own end is decided: only what is left of it is ended. */
	if ((step != STEP_SUCCEEDING && step != STEP_FAILING &&
	    step != STEP_TIMING_OUT) || has_remains(at->n))
		sched_node_clean(at, reason, why);
	at->n->step = STEP_ABORTED;
	at->s->changed = 1;
	sched_node_show(at, SCHED_ABORTED, why);
	if (at->map != NULL)
		sched_array_element_over(at);
}

void
sched_node_fail_inputs(struct at *at, struct str message)
{
	at->n->error = sched_new_error(at->s, SCHED_SYSTEM,
	    "BindingResolutionFailure", message);
	at->n->no_inputs = 1;
	sched_node_to(at, STEP_FAILING, SCHED_WHY_INPUTS);
}

void
sched_node_ready(struct at *at)
{
	enum sched_why why = SCHED_WHY_READY;

	if (at->n->cache == SCHED_CACHE_SKIPPED)
		why = SCHED_WHY_OVERWRITE;
	else if (at->pn->kind == PLAN_TASK)
		why = sched_task_is_cached(at) ? SCHED_WHY_MISS : SCHED_WHY_UNCACHED;
	if (at->map == NULL)
		at->s->used++;
	sched_node_to(at, STEP_QUEUED, why);
}

static void
step_new(struct at *at)
{
	struct node *n = at->n;
	struct err e;

	if (n->asked || n->left > 0)
		return;
	if (at->pn->kind == PLAN_START) {
		n->outputs = at->f->inputs;
		sched_node_to(at, STEP_SUCCEEDED, SCHED_WHY_READY);
		return;
	}
	if (n->cause != SCHED_NONE) {
		sched_node_to(at, STEP_SKIPPED, SCHED_WHY_UPSTREAM);
		return;
	}
	if (at->s->c.resume != NULL && sched_recall_resumed(at))
		return;
	if (at->s->c.recover != NULL && sched_recall_recovered(at))
		return;
	if (at->map == NULL && sched_bind_inputs(at, &n->inputs, &e) != 0) {
		sched_node_fail_inputs(at, str_of(e.msg));
		return;
	}
	if (at->ref.node == at->f->g->failure && at->map == NULL)
		n->inputs = sched_bind_error(at, n->inputs, at->f->error);
	if (at->pn->kind == PLAN_TASK && sched_task_is_cached(at))
		sched_task_look_up(at);
	else
		sched_node_ready(at);
}

/* ---- work ---------------------------------------------------------------- */

static enum outcome
work(struct at *at)
{
	switch (at->pn->kind) {
	case PLAN_TASK:
		return at->n->built ? sched_dynamic_run(at) : sched_task_run(at);
	case PLAN_WORKFLOW:
		return sched_workflow_run(at);
	case PLAN_LAUNCH:
		return sched_launch_run(at);
	case PLAN_BRANCH:
		return sched_branch_run(at);
	case PLAN_GATE:
		return sched_gate_run(at);
	case PLAN_ARRAY:
		return sched_array_run(at);
	case PLAN_END:
		at->f->outputs = at->n->inputs;
		return OUT_OK;
	case PLAN_START:
	case PLAN_KIND_MAX:
		break;
	}
	BUG("a node of kind %d at work", (int)at->pn->kind);
}

static int
is_busy(enum outcome out)
{
	return out == OUT_BUSY || out == OUT_RUNNING || out == OUT_DYNAMIC;
}

void
sched_node_work(struct at *at)
{
	enum outcome out = work(at);
	int64_t now = at->s->now;

	if (at->n->asked || at->s->stop)
		return;
	if (is_busy(out) && !at->n->waited && now > active_deadline(at)) {
		sched_node_time_out(at);
		return;
	}
	if (is_busy(out) && !at->n->waited && now > execution_deadline(at)) {
		at->n->error = timeout_error(at);
		at->n->late = 1;
		out = OUT_RETRY;
	}
	sched_node_outcome(at, out);
	if (!is_counted(at))
		return;
	/* A map counts while its elements are worked on. */
	if ((at->n->step == STEP_QUEUED || at->n->step == STEP_RUNNING) &&
	    (at->pn->kind != PLAN_ARRAY || (out == OUT_BUSY &&
	    !sched_array_is_decided(at))))
		at->s->used++;
	if (!step_is_over((enum step)at->n->step))
		look_again(at);
}

void
sched_node_step(struct at *at)
{
	if (is_blocked(at)) {
		if (at->pn->branch != PLAN_NONE ||
		    at->ref.node == at->f->g->failure)
			look_again(at);
		else {
			at->n->listed = 1;
			sched_frame_block(at->f, at->ref.node);
		}
		return;
	}
	switch ((enum step)at->n->step) {
	case STEP_NEW:
		step_new(at);
		break;
	case STEP_QUEUED:
	case STEP_RUNNING:
	case STEP_DYNAMIC:
		sched_node_work(at);
		break;
	case STEP_RETRY:
		sched_node_retry(at);
		break;
	case STEP_SUCCEEDING:
		sched_node_to(at, STEP_SUCCEEDED, SCHED_WHY_DONE);
		break;
	case STEP_FAILING:
		if (has_remains(at->n))
			sched_node_clean(at, at->n->error->message, SCHED_WHY_ERROR);
		sched_node_to(at, STEP_FAILED, SCHED_WHY_ERROR);
		break;
	case STEP_TIMING_OUT:
		sched_node_clean(at, STR("task active timeout expired"),
		    SCHED_WHY_DEADLINE);
		sched_node_to(at, STEP_TIMED_OUT, SCHED_WHY_DEADLINE);
		break;
	case STEP_SUCCEEDED:
	case STEP_FAILED:
	case STEP_TIMED_OUT:
	case STEP_SKIPPED:
	case STEP_RECOVERED:
	case STEP_ABORTED:
		break;
	}
}
