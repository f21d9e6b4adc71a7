#include "run/runner_p.h"

#include "base/limits.h"
#include "data/json.h"
#include "idl/entity.h"
#include "idl/literal.h"
#include "idl/pbjson.h"
#include "idl/wire.h"
#include "run/dynamic.h"
#include "spec/lower.h"

/* Graphs beyond the workflow's own: what a dynamic task wrote, and the
 * executions that nodes launch. */

/* ---- launch plans ------------------------------------------------------- */

static int
same_id(const pb_identifier *id, const struct plan_launch *l)
{
	return str_is(l->project, id->project) &&
	    str_is(l->domain, id->domain) && str_is(l->name, id->name) &&
	    str_is(l->version, id->version);
}

static const struct run_launch *
find_launch(const struct run *run, const struct plan_launch *l)
{
	size_t i;

	for (i = 0; i < run->launches.n; i++)
		if (same_id(run->launches.at[i].plan->id, l))
			return &run->launches.at[i];
	return NULL;
}

static void
declare_outputs(struct plan *plan, struct plan_launch *l,
    const struct run_launch *from)
{
	const pb_typed_interface *of =
	    from->closure->primary->template_->interface;
	size_t i, n = of == NULL || of->outputs == NULL ? 0 :
	    of->outputs->n_variables;

	l->outputs = arena_new_n(&plan->arena, n, struct str);
	l->n_outputs = (uint32_t)n;
	for (i = 0; i < n; i++)
		l->outputs[i] = arena_str(&plan->arena,
		    str_of(of->outputs->variables[i]->key));
}

void
run_declare_launches(const struct run *run, struct plan *plan)
{
	const struct run_launch *found;
	uint32_t i;

	for (i = 0; i < plan->n_launches; i++) {
		found = find_launch(run, &plan->launches[i]);
		if (found != NULL)
			declare_outputs(plan, &plan->launches[i], found);
	}
}

void
run_add_launches(struct run *run, const struct run_launch *at, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		VEC_PUSH(&run->launches, at[i]);
}

int
run_put_launches(struct run *run, size_t from, struct record_launch **ret,
    struct err *e)
{
	struct record_launch *all = arena_new_n(&run->arena,
	    run->launches.n - from, struct record_launch);
	char address[CLOSURE_ADDRESS];
	size_t i;

	for (i = 0; i < run->launches.n - from; i++) {
		c_strbuf struct strbuf b = STRBUF_INIT;
		const struct run_launch *l = &run->launches.at[from + i];

		wire_pack(&l->closure->base, &b);
		closure_address(strbuf_str(&b), address);
		if (closure_put(run->runner->opts.home, strbuf_str(&b),
		    address, e) < 0)
			return -1;
		all[i].closure = arena_strdup(&run->arena, address);
		strbuf_reset(&b);
		wire_pack(&l->plan->base, &b);
		all[i].plan = arena_str(&run->arena, strbuf_str(&b));
	}
	run->n_recorded = run->launches.n;
	*ret = all;
	return 0;
}

static int
restore_launch(struct run *run, const struct tree *t, uint32_t node,
    struct err *e)
{
	uint32_t plan = tree_get(t, node, "plan");
	uint32_t closure = tree_get(t, node, "closure");
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	struct run_launch l;
	ProtobufCMessage *m;

	if (plan == TREE_NONE || closure == TREE_NONE)
		return err_set(e, ERR_CORRUPT, "%s/journal: launch plans make "
		    "no sense", run->dir);
	if (pbjson_from_tree(&flyteidl__admin__launch_plan__descriptor, t,
	    plan, 0, &run->arena, &m, e) < 0)
		return -1;
	l.plan = (pb_admin_launch_plan *)m;
	if (closure_get(run->runner->opts.home, arena_strndup(&run->arena,
	    t->at[closure].text.p, t->at[closure].text.n), &bytes, e) < 0 ||
	    wire_unpack(&flyteidl__core__compiled_workflow_closure__descriptor,
	    strbuf_str(&bytes), &run->arena, &m, e) < 0)
		return -1;
	l.closure = (pb_compiled_workflow_closure *)m;
	VEC_PUSH(&run->launches, l);
	return 0;
}

int
run_restore_launches(struct run *run, struct str json, struct err *e)
{
	struct tree t;
	int rc = 0;

	if (json.p == NULL)
		return 0;
	tree_init(&t);
	rc = json_parse_tree(json, &t, e);
	if (rc == 0 && t.at[0].kind == TREE_SEQ)
		TREE_EACH(&t, 0, item)
			if (rc == 0)
				rc = restore_launch(run, &t, item, e);
	tree_release(&t);
	return rc;
}

/* What the node gives, the plan's defaults for the rest, and what the plan
 * fixes. */
static int
child_inputs(struct run *run, const struct run_launch *l, struct str given,
    pb_literal_map **ret, struct err *e)
{
	const pb_admin_launch_plan_spec *spec = l->plan->spec;
	const pb_parameter_map *params = spec->default_inputs;
	ProtobufCMessage *m;
	pb_literal_map *map;
	size_t i;

	if (wire_unpack(&flyteidl__core__literal_map__descriptor, given,
	    &run->arena, &m, e) < 0)
		return -1;
	map = (pb_literal_map *)m;
	if (l->plan->closure != NULL &&
	    l->plan->closure->expected_inputs != NULL)
		params = l->plan->closure->expected_inputs;
	for (i = 0; params != NULL && i < params->n_parameters; i++) {
		const pb_parameter *p = params->parameters[i]->value;

		if (p->behavior_case ==
		    FLYTEIDL__CORE__PARAMETER__BEHAVIOR_DEFAULT &&
		    literal_map_get(map, params->parameters[i]->key) == NULL)
			literal_map_put(map, &run->arena,
			    params->parameters[i]->key, p->default_);
	}
	for (i = 0; spec->fixed_inputs != NULL &&
	    i < spec->fixed_inputs->n_literals; i++)
		literal_map_put(map, &run->arena,
		    spec->fixed_inputs->literals[i]->key,
		    spec->fixed_inputs->literals[i]->value);
	/* A default that is not there is the task's to tell. */
	if (run->runner->opts.store != NULL &&
	    cached_hash_missing(run->runner->opts.store, map, &run->arena,
	    e) < 0)
		err_clear(e);
	*ret = map;
	return 0;
}

static void
refuse(struct run *run, struct sched_ref at, const char *message)
{
	struct sched_error error = { SCHED_USER,
	    STR("RuntimeExecutionError"), str_of(message) };
	struct str none = { NULL, 0 };

	sched_child(run->sched, at, SCHED_CHILD_REFUSED, none, &error);
}

/* Starts the child, or takes the one up that an earlier process started. */
static int
launch(struct run *run, const struct sched_action *act,
    const struct run_launch *l, struct err *e)
{
	struct run_spec spec = { .closure = l->closure,
	    .script = run->script, .launches = run->launches.at,
	    .n_launches = run->launches.n };
	c_strbuf struct strbuf ref = STRBUF_INIT, unique = STRBUF_INIT;
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	char name[EXECUTION_NAME_MAX];
	struct entity_id id = entity_id_of(l->plan->id);
	struct history old;
	pb_literal_map *inputs;
	struct run *child;
	int rc;

	strbuf_addf(&unique, "%s-" STR_FMT "-%u", run->id.name,
	    STR_ARG(act->path), act->at.attempt);
	execution_child_name(strbuf_str(&unique), name);
	if (child_inputs(run, l, act->inputs, &inputs, e) < 0)
		return -1;
	entity_id_add(&ref, &id);
	wire_pack(&inputs->base, &bytes);
	spec.inputs = arena_str(&run->arena, strbuf_str(&bytes));
	spec.record = run->record;
	spec.record.id = run->id;
	spec.record.id.name = name;
	spec.record.target = ref.p;
	spec.record.target_kind = "launch_plan";
	spec.record.mode = RECORD_CHILD_WORKFLOW;
	spec.record.of = run->id.name;
	spec.record.nesting = run->record.nesting + 1;
	spec.record.max_parallelism = (uint32_t)l->plan->spec->max_parallelism;
	run_recover_child(run, act->path, &old);
	spec.recover = old.dir == NULL ? NULL : &old;
	spec.record.recover = NULL;
	rc = run_start(run->runner, &spec, &child, e);
	if (rc == 0 && old.dir != NULL)
		child->recovered = old;
	else
		history_release(&old);
	if (rc == 0 && child->recover == &old)
		child->recover = &child->recovered;
	if (rc < 0 && e->kind == ERR_CONFLICT)
		rc = run_resume(run->runner, &spec.record.id, run->script,
		    &child, e);
	if (rc < 0)
		return -1;
	child->parent = run;
	child->parent_at = act->at;
	child->parent_path = arena_str(&child->arena, act->path);
	child->label = arena_printf(&child->arena, "%s" STR_FMT " > ",
	    run_label(run), STR_ARG(act->path));
	if (run->journal != NULL)
		record_child(&run->recorder, act->path, &child->id);
	return 0;
}

void
run_launch(struct run *run, const struct sched_action *act)
{
	const struct run_launch *l = find_launch(run, act->launch);
	struct str none = { NULL, 0 };
	struct err e;

	if (run->runner->trouble.kind != ERR_NONE)
		return;
	if (l == NULL) {
		(void)!err_set(&e, ERR_MISSING, "launch plan " STR_FMT
		    " is not there: register it, or put it into the file",
		    STR_ARG(act->launch->name));
		refuse(run, act->at, e.msg);
	} else if (run->record.nesting >= MAX_LAUNCH_NESTING) {
		(void)!err_set(&e, ERR_FAILED, "executions are launched "
		    "deeper than %d: does " STR_FMT " launch itself?",
		    MAX_LAUNCH_NESTING, STR_ARG(act->launch->name));
		refuse(run, act->at, e.msg);
	} else if (launch(run, act, l, &e) < 0) {
		if (e.kind == ERR_SYS)
			run_break_off(run, act->path, &e);
		else
			refuse(run, act->at, e.msg);
	} else {
		sched_child(run->sched, act->at, SCHED_CHILD_RUNNING, none,
		    NULL);
	}
}

void
run_kill(struct run *run, const struct sched_action *act)
{
	struct run *child;

	for (child = run->runner->runs; child != NULL; child = child->next)
		if (child->parent == run && !child->ended &&
		    child->parent_at.frame == act->at.frame &&
		    child->parent_at.node == act->at.node &&
		    child->parent_at.element == act->at.element)
			run_abort(child, arena_strndup(&child->arena,
			    act->reason.p, act->reason.n));
}

void
run_tell_parent(struct run *child)
{
	struct run *run = child->parent;
	enum sched_wf phase = run_phase(child);
	const struct sched_error *error = run_error(child);

	child->parent = NULL;
	sched_child(run->sched, child->parent_at,
	    phase == SCHED_WF_SUCCEEDED ? SCHED_CHILD_SUCCEEDED :
	    phase == SCHED_WF_FAILED ? SCHED_CHILD_FAILED :
	    SCHED_CHILD_ABORTED, run_outputs(child),
	    phase == SCHED_WF_SUCCEEDED ? NULL : error);
	run->dirty = 1;
}

/* ---- dynamic graphs ----------------------------------------------------- */

int
run_launch_interface(void *arg, const pb_identifier *id,
    struct compile_launch_plan *ret)
{
	struct run *run = arg;
	struct plan_launch l = { .project = str_of(id->project),
	    .domain = str_of(id->domain), .name = str_of(id->name),
	    .version = str_of(id->version) };
	const struct run_launch *found = find_launch(run, &l);

	if (found == NULL || found->plan->closure == NULL)
		return 0;
	ret->id = found->plan->id;
	ret->expected_inputs = found->plan->closure->expected_inputs;
	ret->expected_outputs = found->plan->closure->expected_outputs;
	return 1;
}

int
run_writes_spec(const pb_task_template *t)
{
	return lower_config(t, LOWER_DYNAMIC) != NULL;
}

static int
build(struct run *run, const struct sched_action *act, struct plan **ret,
    struct err *e)
{
	struct run_task *task = run_task_of(run, act->plan, act->node);
	struct dynamic_parent parent = {
		.task = task->template, .project = run->id.project,
		.domain = run->id.domain, .launch_plan = run_launch_interface,
		.arg = run,
		.node_id = arena_strndup(&run->arena, act->node->id.p,
		    act->node->id.n),
	};

	if (task->template == NULL) {
		*e = task->trouble;
		return -1;
	}
	parent.is_spec = run_writes_spec(task->template);
	return dynamic_build(act->outputs, &parent, ret, e);
}

/* Those that came with the spec are needed when the run is resumed. */
static int
keep_launches(struct run *run, struct record_launch **ret, size_t *ret_n,
    struct err *e)
{
	size_t from = run->n_recorded;

	*ret_n = run->journal == NULL ? 0 : run->launches.n - from;
	return *ret_n == 0 ? 0 : run_put_launches(run, from, ret, e);
}

void
run_build(struct run *run, const struct sched_action *act)
{
	struct sched_error error = { SCHED_USER,
	    STR("DynamicWorkflowBuildFailed"), { NULL, 0 } };
	struct record_launch *added = NULL;
	struct plan *plan = NULL;
	struct err e;
	size_t n;

	if (build(run, act, &plan, &e) < 0 || keep_launches(run, &added,
	    &n, &e) < 0) {
		plan_free(plan);
		if (e.kind == ERR_SYS) {
			run_break_off(run, act->path, &e);
			return;
		}
		error.message = str_of(e.msg);
		sched_built(run->sched, act->at, NULL, &error);
		return;
	}
	run_own_plan(run, plan);
	run_hash_constants(run, plan);
	run_declare_launches(run, plan);
	if (run->journal != NULL)
		record_build(&run->recorder, act->path, act->outputs, added,
		    n);
	sched_built(run->sched, act->at, plan, NULL);
}
