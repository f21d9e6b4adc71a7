#include "run/dynamic.h"

#include "base/map.h"
#include "idl/wire.h"
#include "task/element.h"

/* The errors as one text for the error of the node. */
static int
refuse(const struct compile_errors *errors, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_adds(&b, "the dynamic workflow is not valid");
	for (size_t i = 0; i < errors->n; i++)
		strbuf_addf(&b, "%s %s: node %s: %s", i == 0 ? ":" : ";",
		    compile_code_text(errors->at[i].code), errors->at[i].node,
		    errors->at[i].text);
	return err_set(e, ERR_SPEC, "%s", b.p);
}

/* Checks each task; the same id again is passed over, as in flytepropeller. */
static int
check_tasks(const pb_dynamic_job_spec *spec, struct arena *a,
    struct compile_unit *u, struct err *e)
{
	c_compile_errors struct compile_errors errors = COMPILE_ERRORS_INIT;
	pb_task_template **list = arena_new_n(a, spec->n_tasks,
	    pb_task_template *);
	struct map seen = MAP_INIT;
	size_t n = 0;
	int bad = 0;

	for (size_t i = 0; i < spec->n_tasks && !bad; i++) {
		pb_task_template *t = spec->tasks[i];

		if (t->id != NULL && map_put(&seen, str_of(arena_printf(a,
		    "%s\n%s\n%s\n%s", t->id->project, t->id->domain,
		    t->id->name, t->id->version)), 1) != MAP_NONE)
			continue;
		bad = compile_task(t, &errors) != 0;
		list[n++] = t;
	}
	map_release(&seen);
	u->tasks = list;
	u->n_tasks = n;
	return bad ? refuse(&errors, e) : 0;
}

static int
find_launch_plans(const struct dynamic_parent *parent, struct arena *a,
    struct compile_unit *u, struct err *e)
{
	c_compile_errors struct compile_errors errors = COMPILE_ERRORS_INIT;
	struct compile_requirements r;
	struct compile_launch_plan *list;

	if (compile_requirements(u, a, &r, &errors) != 0)
		return refuse(&errors, e);
	list = arena_new_n(a, r.n_launch_plans, struct compile_launch_plan);
	for (size_t i = 0; i < r.n_launch_plans; i++)
		if (parent->launch_plan != NULL && parent->launch_plan(
		    parent->arg, r.launch_plans[i],
		    &list[u->n_launch_plans]))
			u->n_launch_plans++;
	u->launch_plans = list;
	return 0;
}

static pb_workflow_template *
template_of(const pb_dynamic_job_spec *spec,
    const struct dynamic_parent *parent, struct arena *a)
{
	pb_workflow_template *t = PB_NEW(a, flyteidl__core__workflow_template);

	t->id = PB_NEW(a, flyteidl__core__identifier);
	t->id->resource_type = FLYTEIDL__CORE__RESOURCE_TYPE__WORKFLOW;
	t->id->project = arena_strdup(a, parent->project);
	t->id->domain = arena_strdup(a, parent->domain);
	t->id->name = arena_printf(a, "dynamic_%s", parent->node_id);
	/* Flyte has ten random characters; the closure's digest tells ours. */
	t->id->version = arena_strdup(a, "dynamic");
	const pb_typed_interface *of = parent->task->interface;
	if (parent->is_element)
		of = element_interface(of, a);
	t->interface = PB_NEW(a, flyteidl__core__typed_interface);
	if (of != NULL)
		t->interface->outputs = of->outputs;
	t->n_nodes = spec->n_nodes;
	t->nodes = spec->nodes;
	t->n_outputs = spec->n_outputs;
	t->outputs = spec->outputs;
	return t;
}

static int
dynamic_compile(struct str bytes, const struct dynamic_parent *parent,
    struct arena *a, pb_compiled_workflow_closure **ret, struct err *e)
{
	c_compile_errors struct compile_errors errors = COMPILE_ERRORS_INIT;
	struct compile_unit u = { 0 };
	pb_dynamic_job_spec *spec;
	ProtobufCMessage *m;

	if (wire_unpack(&flyteidl__core__dynamic_job_spec__descriptor, bytes, a,
	    &m, e) != 0)
		return err_wrap(e, "dynamic job spec");
	spec = (pb_dynamic_job_spec *)m;
	u.primary = template_of(spec, parent, a);
	u.flags = parent->is_spec ? COMPILE_SPEC : COMPILE_LENIENT;
	u.subs = spec->subworkflows;
	u.n_subs = spec->n_subworkflows;
	if (check_tasks(spec, a, &u, e) != 0 ||
	    find_launch_plans(parent, a, &u, e) != 0)
		return -1;
	if (compile_workflow(&u, a, ret, &errors) != 0)
		return refuse(&errors, e);
	return 0;
}

int
dynamic_build(struct str bytes, const struct dynamic_parent *parent,
    struct plan **ret, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	pb_compiled_workflow_closure *c;

	if (dynamic_compile(bytes, parent, &a, &c, e) != 0)
		return -1;
	if (plan_build(c, ret, e) < 0)
		return -1;
	plan_apply_cache(*ret);
	return 0;
}
