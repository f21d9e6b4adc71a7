#include "engine/sched_p.h"

/* What runs elsewhere or inside: launch plans, sub-workflows, dynamic graphs
 * (reference 4, 8.5). */

/* ---- launch plans -------------------------------------------------------- */

static struct sched_error *
child_error(struct at *at, const struct got *got)
{
	struct sched *s = at->s;
	struct str text = got->error != NULL ? got->error->message : STR("");

	switch (got->child) {
	case SCHED_CHILD_FAILED:
		return got->error != NULL ? got->error : sched_new_error(s,
		    SCHED_UNKNOWN, "LaunchPlanExecutionFailed",
		    STR("Unknown Error"));
	case SCHED_CHILD_ABORTED:
		return sched_new_error(s, SCHED_USER,
		    "RemoteChildWorkflowExecutionFailed", text.n > 0 ? text :
		    STR("launchplan execution aborted"));
	case SCHED_CHILD_GONE:
		return sched_new_error(s, SCHED_SYSTEM, "",
		    STR("the child execution is gone"));
	case SCHED_CHILD_REFUSED:
		return sched_new_error(s, SCHED_USER, "RuntimeExecutionError",
		    text);
	case SCHED_CHILD_RUNNING:
	case SCHED_CHILD_SUCCEEDED:
	case SCHED_CHILD_LATER:
		break;
	}
	BUG("child state %d is no error", (int)got->child);
}

enum outcome
sched_launch_run(struct at *at)
{
	struct node *n = at->n;
	struct got *got = n->got;

	if (!n->started) {
		struct sched_action *a = sched_emit_at(at, SCHED_LAUNCH);

		a->inputs = sched_task_inputs(at);
		n->started = 1;
		at->s->changed = 1;
		return OUT_BUSY;
	}
	if (got == NULL)
		return OUT_BUSY;
	n->running = 0;
	if (got->child == SCHED_CHILD_SUCCEEDED) {
		n->outputs = sched_keep(at->s, got->outputs);
		sched_node_drop_got(n);
		return OUT_OK;
	}
	n->error = child_error(at, got);
	sched_node_drop_got(n);
	n->started = 0;
	return OUT_FAILED;
}

void
sched_launch_stop(struct at *at, struct str reason)
{
	struct sched *s = at->s;
	c_strbuf struct strbuf b = STRBUF_INIT;

	/* Also where nothing was launched yet: it may have been, before. */
	strbuf_addf(&b, "cascading abort as parent execution id [" STR_FMT
	    "] aborted, reason [", STR_ARG(s->c.name));
	strbuf_addstr(&b, reason);
	strbuf_addch(&b, ']');
	sched_emit_at(at, SCHED_KILL)->reason =
	    arena_str(&s->turn, strbuf_str(&b));
	at->n->started = 0;
	sched_node_drop_got(at->n);
}

/* ---- frames -------------------------------------------------------------- */

static int
too_deep(struct at *at, const char *code)
{
	if (at->f->depth + 1 < MAX_FRAME_DEPTH)
		return 0;
	strbuf_reset(&at->s->text);
	strbuf_addf(&at->s->text, "workflows are nested deeper than %d",
	    MAX_FRAME_DEPTH);
	at->n->error = sched_new_error(at->s, SCHED_USER, code,
	    strbuf_str(&at->s->text));
	return 1;
}

/* Whoever runs a frame that has failed ends it in the next round. */
static void
look_again(struct at *at)
{
	struct sched_ref ref = at->ref;

	ref.attempt = at->n->attempt;
	sched_wake(at->s, ref);
}

static struct frame *
open_inside(struct at *at, const struct plan *plan, uint32_t graph,
    struct str inputs)
{
	struct sched_ref ref = at->ref;
	struct frame *f;

	ref.attempt = at->n->attempt;
	f = sched_frame_open(at->s, plan, graph, inputs, &ref);
	at->n->child = f->number;
	return f;
}

enum outcome
sched_workflow_run(struct at *at)
{
	struct sched *s = at->s;
	struct node *n = at->n;
	struct frame *f;

	if (n->child == SCHED_NONE) {
		if (too_deep(at, "WorkflowTooDeep"))
			return OUT_FAILED;
		(void)open_inside(at, at->f->plan, at->pn->what,
		    at->map == NULL ? n->inputs :
		    sched_keep(s, sched_task_inputs(at)));
	}
	f = s->frames.at[n->child];
	switch (sched_frame_step(s, f)) {
	case FRAME_DONE:
		n->outputs = f->outputs;
		return OUT_OK;
	case FRAME_FAILED:
		n->error = f->error;
		n->failing = 1;
		return OUT_FAILED;
	case FRAME_FAILING:
		look_again(at);
		break;
	case FRAME_RUN:
	case FRAME_HANDLER:
	case FRAME_ABORTED:
		break;
	}
	return OUT_RUNNING;
}

/*
 * The failure of a child is the parent's, for good; but one that timed out
 * has the parent tried again (reference 4).
 */
static enum outcome
dynamic_failed(struct at *at, const struct frame *f)
{
	struct node *n = at->n;

	n->failing = 1;
	if (f->nodes[f->bad - f->g->first].step == STEP_TIMED_OUT) {
		n->error = sched_new_error(at->s, SCHED_UNKNOWN,
		    "DynamicNodeFailing", STR("Dynamic workflow failed"));
		return OUT_RETRY;
	}
	n->error = f->error;
	return OUT_FAILED;
}

static enum outcome
dynamic_done(struct at *at, const struct frame *f)
{
	const struct plan_task *t = &at->f->plan->tasks[at->pn->what];

	if (t->outputs.n > 0 && f->outputs.p == NULL) {
		at->n->error = sched_new_error(at->s, SCHED_SYSTEM,
		    "DynamicWorkflowOutputsNotFound",
		    STR("the dynamic workflow made no outputs"));
		return OUT_RETRY;
	}
	if (t->outputs.n > 0)
		at->n->outputs = f->outputs;
	return sched_task_succeeded(at);
}

enum outcome
sched_dynamic_run(struct at *at)
{
	struct sched *s = at->s;
	struct node *n = at->n;
	struct frame *f;

	if (n->asked)
		return OUT_BUSY;
	f = s->frames.at[n->child];
	switch (sched_frame_step(s, f)) {
	case FRAME_DONE:
		return dynamic_done(at, f);
	case FRAME_FAILED:
		return dynamic_failed(at, f);
	case FRAME_FAILING:
		look_again(at);
		break;
	case FRAME_RUN:
	case FRAME_HANDLER:
	case FRAME_ABORTED:
		break;
	}
	return OUT_DYNAMIC;
}

void
sched_built(struct sched *s, struct sched_ref ref, const struct plan *plan,
    const struct sched_error *error)
{
	struct at at;

	if (!sched_find(s, ref, &at) || !at.n->asked)
		return;
	at.n->asked = 0;
	if (plan == NULL)
		at.n->error = sched_dup_error(s, error);
	if (plan == NULL || too_deep(&at, "DynamicWorkflowBuildFailed")) {
		sched_node_outcome(&at, OUT_FAILED);
		return;
	}
	at.n->built = 1;
	(void)open_inside(&at, plan, 0, (struct str){ NULL, 0 });
	sched_node_outcome(&at, OUT_DYNAMIC);
}
