#include "compile/compile.h"
#include "compile/interface.h"
#include "idl/diff.h"
#include "idl/wire.h"
#include "plan/plan.h"

#include "mutate.h"

/*
 * A byte of flags, then a CompiledWorkflowClosure whose templates are what is
 * compiled.  Whatever it is, the compiler answers with a closure or with
 * errors, changes nothing of what it was given, and says the same twice.
 */

/* A bit beside those of compile.h: what a launch plan fixes are defaults. */
#define DEFAULTS	0x40u

typedef Flyteidl__Core__ParameterMap__ParametersEntry parameter_entry;

static pb_parameter_map *
as_defaults(const pb_literal_map *from, struct arena *a)
{
	pb_parameter_map *m = PB_NEW(a, flyteidl__core__parameter_map);
	size_t i;

	m->n_parameters = from->n_literals;
	m->parameters = arena_new_n(a, from->n_literals, parameter_entry *);
	for (i = 0; i < from->n_literals; i++) {
		parameter_entry *entry = arena_alloc(a, sizeof(*entry));

		flyteidl__core__parameter_map__parameters_entry__init(entry);
		entry->key = from->literals[i]->key;
		entry->value = PB_NEW(a, flyteidl__core__parameter);
		entry->value->behavior_case =
		    FLYTEIDL__CORE__PARAMETER__BEHAVIOR_DEFAULT;
		entry->value->default_ = from->literals[i]->value;
		m->parameters[i] = entry;
	}
	return m;
}

static void
plan_of(const pb_compiled_launch_plan *from, struct compile_launch_plan *to,
    unsigned flags, struct arena *a)
{
	pb_admin_launch_plan_spec spec;
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	pb_parameter_map *in = NULL;
	pb_variable_map *out = NULL;

	if (from->template_ == NULL)
		return;
	flyteidl__admin__launch_plan_spec__init(&spec);
	if (from->template_->fixed_inputs != NULL && flags & DEFAULTS)
		spec.default_inputs = as_defaults(
		    from->template_->fixed_inputs, a);
	else
		spec.fixed_inputs = from->template_->fixed_inputs;
	if (interface_launch_plan(&spec, from->template_->interface, a, &in,
	    &out, &es) < 0 && es.n == 0)
		BUG("refused without an error");
	to->id = from->template_->id;
	to->expected_inputs = in;
	to->expected_outputs = out;
}

static void
check_task(const pb_task_template *t)
{
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;

	if ((compile_task(t, &es) < 0) != (es.n > 0))
		BUG("status and errors of a task disagree");
}

static struct compile_unit
unit_of(const pb_compiled_workflow_closure *c, unsigned flags,
    struct arena *a)
{
	pb_workflow_template **subs = arena_new_n(a, c->n_sub_workflows,
	    pb_workflow_template *);
	pb_task_template **tasks = arena_new_n(a, c->n_tasks,
	    pb_task_template *);
	struct compile_launch_plan *plans = arena_new_n(a, c->n_launch_plans,
	    struct compile_launch_plan);
	size_t i;

	for (i = 0; i < c->n_sub_workflows; i++)
		subs[i] = c->sub_workflows[i]->template_;
	for (i = 0; i < c->n_tasks; i++) {
		tasks[i] = c->tasks[i]->template_;
		if (tasks[i] != NULL)
			check_task(tasks[i]);
	}
	for (i = 0; i < c->n_launch_plans; i++)
		plan_of(c->launch_plans[i], &plans[i], flags, a);
	return (struct compile_unit){
		c->primary == NULL ? NULL : c->primary->template_, subs,
		c->n_sub_workflows, tasks, c->n_tasks, plans,
		c->n_launch_plans, flags & ~DEFAULTS,
	};
}

/* Inputs of an execution: what each launch plan fixes. */
static void
check_inputs(const pb_compiled_workflow_closure *c)
{
	const pb_typed_interface *in = c->primary == NULL ||
	    c->primary->template_ == NULL ? NULL :
	    c->primary->template_->interface;
	size_t i;

	for (i = 0; i < c->n_launch_plans; i++) {
		const pb_launch_plan_template *t =
		    c->launch_plans[i]->template_;
		c_compile_errors struct compile_errors es =
		    COMPILE_ERRORS_INIT;

		if (t == NULL || in == NULL)
			continue;
		if ((compile_inputs(in->inputs, t->fixed_inputs, &es) < 0) !=
		    (es.n > 0) || (compile_inputs_enum(in->inputs,
		    t->fixed_inputs, &es) < 0 && es.n == 0))
			BUG("status and errors of inputs disagree");
	}
}

static void
check_requirements(const struct compile_unit *u, struct arena *a)
{
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	struct compile_requirements r;

	if ((compile_requirements(u, a, &r, &es) < 0) != (es.n > 0))
		BUG("status and errors of requirements disagree");
}

/*
 * What the compiler took the engine must take.  That each entity has an id is
 * seen to before either; that two ways of a branch have one Flyte's compiler
 * does not see, and ours answers as it does.
 */
static void
check_plan(const pb_compiled_workflow_closure *cl)
{
	c_plan struct plan *p = NULL;
	struct err e;
	size_t i;

	for (i = 0; i < cl->n_sub_workflows; i++)
		if (cl->sub_workflows[i]->template_->id == NULL)
			return;
	if (cl->primary->template_->id == NULL)
		return;
	if (plan_build(cl, &p, &e) < 0 &&
	    strstr(e.msg, "two nodes have the id") == NULL)
		BUG("no plan of what was compiled: %s", e.msg);
}

/* The answer as bytes: the closure, or the errors. */
static void
answer(const struct compile_unit *u, struct arena *a, struct strbuf *out)
{
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	c_strbuf struct strbuf lines = STRBUF_INIT;
	pb_compiled_workflow_closure *cl = NULL;

	if (compile_workflow(u, a, &cl, &es) < 0) {
		if (es.n == 0)
			BUG("refused without an error");
		compile_errors_print(&es, out);
		return;
	}
	if (es.n > 0 || cl == NULL)
		BUG("compiled with errors");
	check_plan(cl);
	wire_pack(&cl->base, out);
	if (diff_add(&cl->base, &cl->base, &lines) != 0)
		BUG("differs from itself: %s", lines.p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	c_arena struct arena a = ARENA_INIT;
	c_strbuf struct strbuf before = STRBUF_INIT, after = STRBUF_INIT,
	    one = STRBUF_INIT, two = STRBUF_INIT;
	struct compile_unit u;
	ProtobufCMessage *m;
	struct err e;

	if (n < 1 || wire_unpack(
	    &flyteidl__core__compiled_workflow_closure__descriptor,
	    (struct str){ (const char *)data + 1, n - 1 }, &a, &m, &e) < 0)
		return 0;
	wire_pack(m, &before);
	u = unit_of((pb_compiled_workflow_closure *)m, data[0], &a);
	check_inputs((pb_compiled_workflow_closure *)m);
	check_requirements(&u, &a);
	answer(&u, &a, &one);
	answer(&u, &a, &two);
	if (!str_eq(strbuf_str(&one), strbuf_str(&two)))
		BUG("two answers");
	wire_pack(m, &after);
	if (!str_eq(strbuf_str(&before), strbuf_str(&after)))
		BUG("the unit was changed");
	return 0;
}

#ifdef FUZZING
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max,
    unsigned int seed)
{
	return mutate_wire(data, n, max, seed, 1);
}
#endif
