#include "target.h"

#include "base/utf8.h"
#include "common/code.h"
#include "common/faults.h"
#include "common/ref.h"
#include "compile/compile.h"
#include "idl/wire.h"
#include "offered.h"
#include "sys/statcache.h"

void
target_set_wants(struct target *t, struct arena *a)
{
	const pb_variable_map *inputs = t->interface == NULL ? NULL :
	    t->interface->inputs;

	if (t->expected == NULL && t->fixed == NULL)
		wants_of_interface(inputs, a, &t->wants);
	else
		wants_of_parameters(t->expected, t->fixed, inputs, a,
		    &t->wants);
}

/* The launch plan that gives a workflow's inputs their defaults. */
static void
wants_of_plan(struct target *t, const pb_parameter_map *expected,
    const pb_admin_launch_plan_spec *spec, struct arena *a)
{
	t->expected = expected;
	if (spec != NULL) {
		t->fixed = spec->fixed_inputs;
		t->max_parallelism = (uint32_t)spec->max_parallelism;
	}
	target_set_wants(t, a);
}

/* A default plan that fixes an input is no plan of defaults. */
static int
fixes_nothing(const pb_admin_launch_plan_spec *spec)
{
	return spec->fixed_inputs == NULL ||
	    spec->fixed_inputs->n_literals == 0;
}

static void
set_workflow(struct target *t, const pb_compiled_workflow_closure *c)
{
	t->closure = c;
	t->interface = c->primary->template_->interface;
}

/* ---- a single task ------------------------------------------------------ */

static pb_binding *
promise(struct arena *a, const char *var, const char *node)
{
	pb_binding *b = PB_NEW(a, flyteidl__core__binding);
	pb_output_reference *r = PB_NEW(a, flyteidl__core__output_reference);

	b->var = arena_strdup(a, var);
	b->binding = PB_NEW(a, flyteidl__core__binding_data);
	b->binding->value_case = FLYTEIDL__CORE__BINDING_DATA__VALUE_PROMISE;
	b->binding->promise = r;
	r->node_id = arena_strdup(a, node);
	r->var = b->var;
	return b;
}

static pb_binding **
promises(struct arena *a, const pb_variable_map *vars, const char *node,
    size_t *ret_n)
{
	pb_binding **all;
	size_t i;

	*ret_n = vars == NULL ? 0 : vars->n_variables;
	all = arena_new_n(a, *ret_n, pb_binding *);
	for (i = 0; i < *ret_n; i++)
		all[i] = promise(a, vars->variables[i]->key, node);
	return all;
}

/* Node ids are words: what a task's name has else becomes a hyphen. */
static char *
node_id_of(struct arena *a, const char *name)
{
	const char *dot = strrchr(name, '.');
	char *id = arena_strdup(a, dot != NULL && dot[1] != '\0' ?
	    dot + 1 : name), *p;

	for (p = id; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || *p == '_' || *p == '-'))
			*p = '-';
	return id;
}

/*
 * Flyte runs a task as a workflow of one node, called .flytegen.NAME
 * (flyte-control-plane.md, execution of a task).
 */
static int
set_task(struct target *t, pb_task_template *task, struct arena *a,
    struct err *e)
{
	pb_workflow_template *w = PB_NEW(a, flyteidl__core__workflow_template);
	pb_node *n = PB_NEW(a, flyteidl__core__node);
	struct compile_unit unit = { .primary = w, .tasks = &task,
	    .n_tasks = 1 };
	struct compile_errors errors = COMPILE_ERRORS_INIT;
	pb_compiled_workflow_closure *c;
	c_strbuf struct strbuf text = STRBUF_INIT;
	int rc = 0;

	w->id = (pb_identifier *)wire_dup(&task->id->base, a);
	w->id->resource_type = FLYTEIDL__CORE__RESOURCE_TYPE__WORKFLOW;
	w->id->name = arena_printf(a, ".flytegen.%s", task->id->name);
	w->interface = task->interface != NULL ? task->interface :
	    PB_NEW(a, flyteidl__core__typed_interface);
	w->metadata = PB_NEW(a, flyteidl__core__workflow_metadata);
	w->metadata_defaults =
	    PB_NEW(a, flyteidl__core__workflow_metadata_defaults);
	n->id = node_id_of(a, task->id->name);
	n->inputs = promises(a, w->interface->inputs, "", &n->n_inputs);
	n->target_case = FLYTEIDL__CORE__NODE__TARGET_TASK_NODE;
	n->task_node = PB_NEW(a, flyteidl__core__task_node);
	n->task_node->reference_case =
	    FLYTEIDL__CORE__TASK_NODE__REFERENCE_REFERENCE_ID;
	n->task_node->reference_id = task->id;
	w->n_nodes = 1;
	w->nodes = arena_new_n(a, 1, pb_node *);
	w->nodes[0] = n;
	w->outputs = promises(a, w->interface->outputs, n->id, &w->n_outputs);
	if (compile_workflow(&unit, a, &c, &errors) < 0) {
		compile_errors_print(&errors, &text);
		rc = err_set(e, ERR_SPEC, "%s: %s", t->what, text.p);
	} else {
		set_workflow(t, c);
		wants_of_interface(t->interface->inputs, a, &t->wants);
	}
	compile_errors_release(&errors);
	return rc;
}

/* ---- registered --------------------------------------------------------- */

static int
get(struct registry *r, enum entity_kind kind, const pb_identifier *id,
    struct arena *a, struct registered *ret, struct err *e)
{
	struct entity_id want = entity_id_of(id);

	want.kind = kind;
	return registry_get(r, &want, a, ret, e);
}

static int
set_registered_plan(struct target *t, struct registry *r,
    const pb_admin_launch_plan *plan, struct arena *a, struct err *e)
{
	struct registered wf;

	if (get(r, ENTITY_WORKFLOW, plan->spec->workflow_id, a, &wf, e) < 0)
		return err_wrap(e, "launch plan %s", plan->id->name);
	registry_locate_all(r, wf.workflow->closure->compiled_workflow, a);
	set_workflow(t, wf.workflow->closure->compiled_workflow);
	wants_of_plan(t, plan->closure->expected_inputs, plan->spec, a);
	return 0;
}

/* A workflow's defaults are those of the launch plan of the same name. */
static int
set_registered_workflow(struct target *t, struct registry *r,
    const pb_admin_workflow *wf, struct arena *a, struct err *e)
{
	struct registered plan;

	registry_locate_all(r, wf->closure->compiled_workflow, a);
	set_workflow(t, wf->closure->compiled_workflow);
	if (get(r, ENTITY_LAUNCH_PLAN, wf->id, a, &plan, e) == 0 &&
	    fixes_nothing(plan.plan->spec)) {
		wants_of_plan(t, plan.plan->closure->expected_inputs,
		    plan.plan->spec, a);
		return 0;
	}
	wants_of_interface(t->interface == NULL ? NULL :
	    t->interface->inputs, a, &t->wants);
	return 0;
}

static int
find_registered(struct context *c, const struct ref *ref, const char *type,
    struct target *t, struct err *e)
{
	c_registry struct registry *r = NULL;
	c_strbuf struct strbuf full = STRBUF_INIT;
	const char *location;
	struct registered found;
	struct entity_id id;

	if (ref_entity_id(c, ref, type, &id, e) < 0 ||
	    context_registry(c, &location, e) < 0 ||
	    registry_open(location, &r, e) < 0 ||
	    registry_resolve(r, &id, &t->arena, e) < 0 ||
	    registry_get(r, &id, &t->arena, &found, e) < 0)
		return -1;
	entity_id_add(&full, &id);
	t->reference = arena_strdup(&c->arena, full.p);
	t->kind = id.kind;
	if (found.task != NULL) {
		registry_locate(r, found.task->closure->compiled_task->
		    template_, &t->arena);
		return set_task(t, found.task->closure->compiled_task->
		    template_, &t->arena, e);
	}
	if (found.plan != NULL)
		return set_registered_plan(t, r, found.plan, &t->arena, e);
	return set_registered_workflow(t, r, found.workflow, &t->arena, e);
}

/* ---- from a file -------------------------------------------------------- */

static const struct front_entity *
find_in_front(const struct front *f, enum entity_kind kind, const char *name)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (f->at[i].id.kind == kind &&
		    strcmp(f->at[i].id.name, name) == 0)
			return &f->at[i];
	return NULL;
}

static int
set_front_plan(struct target *t, const struct front_entity *plan,
    struct arena *a, struct err *e)
{
	const pb_admin_launch_plan_spec *spec = plan->entity.plan->spec;
	const struct front_entity *wf = find_in_front(&t->front,
	    ENTITY_WORKFLOW, spec->workflow_id->name);

	if (wf == NULL || wf->workflow == NULL || plan->plan == NULL)
		return err_set(e, ERR_MISSING, "%s: its workflow %s is not "
		    "in the file: register it first", plan->id.name,
		    spec->workflow_id->name);
	set_workflow(t, wf->workflow);
	wants_of_plan(t, plan->plan->expected_inputs, spec, a);
	return 0;
}

static int
set_front(struct target *t, const struct front_entity *found,
    struct arena *a, struct err *e)
{
	const struct front_entity *plan;

	t->kind = found->id.kind;
	t->script = found->script;
	if (found->task != NULL)
		return set_task(t, found->task->template_, a, e);
	if (found->plan != NULL)
		return set_front_plan(t, found, a, e);
	set_workflow(t, found->workflow);
	plan = find_in_front(&t->front, ENTITY_LAUNCH_PLAN, found->id.name);
	if (plan != NULL && plan->plan != NULL &&
	    fixes_nothing(plan->entity.plan->spec))
		wants_of_plan(t, plan->plan->expected_inputs,
		    plan->entity.plan->spec, a);
	else
		target_set_wants(t, a);
	return 0;
}

static int
find_in_file(struct context *c, const struct ref *ref, enum entity_kind kind,
    int dry_run, struct target *t, struct err *e)
{
	struct front_options opts = { 0 };
	c_registry struct registry *r = NULL;
	const struct front_entity *found;
	const char *location;
	size_t i;

	if (context_project(c, &opts.project, e) < 0 ||
	    context_domain(c, &opts.domain, e) < 0 ||
	    context_registry(c, &location, e) < 0 ||
	    registry_open(location, &r, e) < 0)
		return -1;
	opts.registry = r;
	opts.pack_helper = context_helper(c, "pack");
	opts.check_jq = 1;
	t->loaded = 1;
	t->began = stat_now();
	if (code_load(c, ref->file, &opts, dry_run, &t->arena, &t->front,
	    &t->diags, e) < 0)
		return -1;
	if (t->diags.n > 0 || front_faults(&t->front) > 0) {
		complain_diags(&t->diags);
		for (i = 0; i < t->front.n; i++)
			complain_entity(c, ref->file, &t->front.at[i]);
		err_clear(e);
		return -1;
	}
	for (i = 0; i < t->front.n; i++)
		if (t->front.at[i].workflow != NULL)
			registry_locate_all(r, t->front.at[i].workflow,
			    &t->arena);
		else if (t->front.at[i].task != NULL)
			registry_locate(r, t->front.at[i].task->template_,
			    &t->arena);
	t->file = ref->file;
	t->local = 1;
	if (t->front.n_files > 0)
		t->code = front_folder(&t->front, &c->arena);
	if (front_find(&t->front, kind, ref->name, &found, e) < 0)
		return -1;
	t->reference = arena_printf(&c->arena, "%s:%s", ref->file,
	    found->id.name);
	if (set_front(t, found, &t->arena, e) < 0)
		return -1;
	offered_add(t, &t->arena);
	return 0;
}

int
run_target_find(struct context *c, const char *text, const char *type,
    int dry_run, struct target *ret, struct err *e)
{
	enum entity_kind kind = ENTITY_ANY;
	struct ref ref;

	*ret = (struct target){ .what = text, .arena = ARENA_INIT,
		.diags = DIAGS_INIT };
	if (type != NULL && entity_kind_parse(str_of(type), &kind) < 0)
		return err_set(e, ERR_USAGE, "--type: expected task, "
		    "workflow or launch_plan, given %s", GIVEN(type));
	if (ref_parse(text, &c->arena, &ref, e) < 0)
		return -1;
	if (ref.file != NULL)
		return find_in_file(c, &ref, kind, dry_run, ret, e);
	return find_registered(c, &ref, type, ret, e);
}

void
run_target_release(struct target *t)
{
	diags_release(&t->diags);
	if (t->loaded)
		front_release(&t->front);
	t->loaded = 0;
	arena_release(&t->arena);
}

int
run_target_is_done(const struct target *t)
{
	return (!t->loaded || t->front.form == FRONT_SPEC) &&
	    !offered_is_wanted(t->closure);
}
