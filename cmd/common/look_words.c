#include "common/look.h"

#include "base/time.h"
#include "idl/wire.h"
#include "spec/lower.h"
#include "task/overrides.h"

/* ---- about one node ----------------------------------------------------- */

const pb_task_template *
look_task(const struct look_item *it)
{
	const pb_node *n = it->decl;
	const pb_identifier *id;
	size_t i;

	if (n != NULL && n->target_case ==
	    FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE)
		n = n->array_node->node;
	if (n == NULL || n->target_case !=
	    FLYTEIDL__CORE__NODE__TARGET_TASK_NODE)
		return NULL;
	id = n->task_node->reference_id;
	for (i = 0; id != NULL && i < it->scope->n_tasks; i++)
		if (it->scope->tasks[i]->id != NULL &&
		    wire_equal(&it->scope->tasks[i]->id->base, &id->base))
			return it->scope->tasks[i];
	return NULL;
}

/* An element of a map runs its task on one item of each list. */
static const pb_task_template *
of_element(const struct look *l, const struct look_item *it,
    const pb_task_template *t, struct arena *a)
{
	const pb_node *map = it->parent == LOOK_NONE ? NULL :
	    l->items.at[it->parent].decl;

	if (it->element < 0 || map == NULL ||
	    map->target_case != FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE)
		return t;
	return lower_element_of(t, map->array_node->bound_inputs,
	    map->array_node->n_bound_inputs, a);
}

const pb_task_template *
look_task_as_run(const struct look *l, const struct look_item *it,
    struct arena *a)
{
	const pb_task_template *task = it->decl == NULL ||
	    it->decl->target_case == FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE ?
	    NULL : look_task(it);
	pb_task_template *t;

	if (task == NULL)
		return NULL;
	t = (pb_task_template *)wire_dup(&task->base, a);
	if (it->decl->task_node->overrides != NULL)
		overrides_apply(t, (void *)wire_dup(
		    &it->decl->task_node->overrides->base, a));
	return (void *)wire_dup(&of_element(l, it, t, a)->base, a);
}

const char *
look_kind(const struct look_item *it)
{
	if (it->decl == NULL)
		return "";
	switch (it->decl->target_case) {
	case FLYTEIDL__CORE__NODE__TARGET_TASK_NODE:
		return it->node != NULL && it->node->spec.p != NULL ?
		    "dynamic" : "task";
	case FLYTEIDL__CORE__NODE__TARGET_WORKFLOW_NODE:
		return it->decl->workflow_node->reference_case ==
		    FLYTEIDL__CORE__WORKFLOW_NODE__REFERENCE_LAUNCHPLAN_REF ?
		    "launchplan" : "workflow";
	case FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE:
		return "switch";
	case FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE:
		return "map";
	case FLYTEIDL__CORE__NODE__TARGET_GATE_NODE:
		return "gate";
	case FLYTEIDL__CORE__NODE__TARGET__NOT_SET:
	case _FLYTEIDL__CORE__NODE__TARGET__CASE_IS_INT_SIZE:
	default:
		return "";
	}
}

const char *
look_signal(const struct look_item *it)
{
	const pb_gate_node *g;

	if (it->decl == NULL || it->decl->target_case !=
	    FLYTEIDL__CORE__NODE__TARGET_GATE_NODE)
		return NULL;
	g = it->decl->gate_node;
	if (g->condition_case == FLYTEIDL__CORE__GATE_NODE__CONDITION_APPROVE)
		return g->approve->signal_id;
	if (g->condition_case == FLYTEIDL__CORE__GATE_NODE__CONDITION_SIGNAL)
		return g->signal->signal_id;
	return NULL;
}

int
look_is_final(enum sched_phase p)
{
	return p == SCHED_SUCCEEDED || p == SCHED_FAILED ||
	    p == SCHED_ABORTED || p == SCHED_SKIPPED ||
	    p == SCHED_TIMED_OUT || p == SCHED_RECOVERED;
}

enum look_phase
look_phase_of(enum sched_wf phase, int alive)
{
	switch (phase) {
	case SCHED_WF_SUCCEEDED:
		return LOOK_SUCCEEDED;
	case SCHED_WF_FAILED:
		return LOOK_FAILED;
	case SCHED_WF_ABORTED:
		return LOOK_ABORTED;
	case SCHED_WF_UNDEFINED:
	case SCHED_WF_QUEUED:
	case SCHED_WF_RUNNING:
	case SCHED_WF_SUCCEEDING:
	case SCHED_WF_FAILING:
	case SCHED_WF_MAX:
	default:
		return alive ? LOOK_RUNNING : LOOK_INTERRUPTED;
	}
}

enum look_phase
look_phase(const struct look *l)
{
	return look_phase_of(l->history.phase, l->alive);
}

const char *
look_phase_name(enum look_phase p)
{
	static const char *const names[] = {
		"running", "interrupted", "succeeded", "failed", "aborted",
	};

	_Static_assert(ARRAY_LEN(names) == LOOK_PHASE_MAX, "a name each");
	return names[p];
}

/* A node that is under way, if the execution is. */
static const char *
unended_word(const struct look *l, const struct look_item *it)
{
	enum look_phase p = look_phase(l);

	if (p == LOOK_INTERRUPTED)
		return "interrupted";
	if (p != LOOK_RUNNING)
		return "stopped";
	if (look_signal(it) != NULL)
		return "waiting";
	return "running";
}

const char *
look_word(const struct look *l, const struct look_item *it)
{
	enum look_phase p = look_phase(l);

	if (it->node == NULL)
		return it->first != LOOK_NONE ? unended_word(l, it) :
		    p == LOOK_RUNNING ? "waiting" :
		    p == LOOK_INTERRUPTED ? "not begun" : "not run";
	switch (it->node->phase) {
	case SCHED_SUCCEEDED:
		return it->node->cache != NULL &&
		    strcmp(it->node->cache, "HIT") == 0 ? "reused" : "done";
	case SCHED_RECOVERED:
		return "recovered";
	case SCHED_SKIPPED:
		return "skipped";
	case SCHED_FAILED:
		return "failed";
	case SCHED_TIMED_OUT:
		return "timed out";
	case SCHED_ABORTED:
		return "stopped";
	case SCHED_UNDEFINED:
	case SCHED_QUEUED:
	case SCHED_RUNNING:
	case SCHED_FAILING:
	case SCHED_DYNAMIC_RUNNING:
	case SCHED_PHASE_MAX:
	default:
		return unended_word(l, it);
	}
}

int64_t
look_duration(const struct look *l, const struct history_node *n)
{
	int64_t end;

	if (n == NULL || n->started == 0)
		return -1;
	end = n->ended != 0 ? n->ended : l->alive ? l->now :
	    l->history.updated;
	return MAX(end - n->started, 0);
}

void
look_add_span(struct strbuf *b, int64_t us)
{
	int64_t s = MAX(us, 0) / 1000000;

	if (s < 10)
		strbuf_addf(b, "%.3f s", (double)MAX(us, 0) / 1e6);
	else if (s < 60)
		strbuf_addf(b, "%.2f s", (double)MAX(us, 0) / 1e6);
	else if (s < 3600)
		strbuf_addf(b, "%d min %02d s", (int)(s / 60), (int)(s % 60));
	else
		strbuf_addf(b, "%lld h %02d min", (long long)(s / 3600),
		    (int)(s / 60 % 60));
}

void
look_add_time(struct strbuf *b, int64_t us)
{
	instant_add(b, (struct instant){ us / 1000000, 0 });
}

void
look_add_exact(struct strbuf *b, int64_t us)
{
	instant_add(b, (struct instant){ us / 1000000,
	    (int32_t)(us % 1000000) * 1000 });
}

int
look_end_status(struct context *c, enum look_phase p, const char *name,
    int quiet)
{
	switch (p) {
	case LOOK_SUCCEEDED:
		return EXIT_DONE;
	case LOOK_FAILED:
	case LOOK_ABORTED:
		return EXIT_FAILED;
	case LOOK_INTERRUPTED:
		if (!quiet)
			warn(c, "%s was interrupted; go on with: "
			    "flyte-run --resume %s", name, name);
		return EXIT_BUSY;
	case LOOK_RUNNING:
	case LOOK_PHASE_MAX:
	default:
		return -1;
	}
}
