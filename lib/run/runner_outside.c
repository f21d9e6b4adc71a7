#include "run/runner_p.h"

#include "idl/entity.h"
#include "idl/wire.h"

/*
 * What the spec of a dynamic task names beyond itself: first what the
 * execution's own closure has, then what the caller offers.
 */

/* ---- the closure -------------------------------------------------------- */

/* Read again when first needed: a plan keeps no templates of workflows. */
static int
load_closure(struct run *run, struct err *e)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	ProtobufCMessage *m;

	if (run->closure != NULL)
		return 0;
	if (run->closure_address == NULL)
		return err_set(e, ERR_MISSING, "not in this spec");
	if (closure_get(run->runner->opts.home, run->closure_address, &bytes,
	    e) < 0 || wire_unpack(
	    &flyteidl__core__compiled_workflow_closure__descriptor,
	    strbuf_str(&bytes), &run->arena, &m, e) < 0)
		return -1;
	run->closure = (pb_compiled_workflow_closure *)m;
	return 0;
}

static int
is_meant(const pb_identifier *have, const struct entity_id *want)
{
	return have != NULL && strcmp(have->name, want->name) == 0 &&
	    (want->project == NULL ||
	    (strcmp(have->project, want->project) == 0 &&
	    strcmp(have->domain, want->domain) == 0)) &&
	    (want->version[0] == '\0' ||
	    strcmp(have->version, want->version) == 0);
}

static int
own_task(const struct run *run, const struct entity_id *want,
    struct arena *a, struct contract_outside *ret)
{
	const pb_compiled_workflow_closure *c = run->closure;
	size_t i;

	for (i = 0; i < c->n_tasks; i++) {
		pb_task_template *t = c->tasks[i]->template_;

		if (!is_meant(t->id, want))
			continue;
		contract_outside_task(ret, t, a);
		return 1;
	}
	return 0;
}

static int
own_workflow(const struct run *run, const struct entity_id *want,
    struct arena *a, struct contract_outside *ret)
{
	const pb_compiled_workflow_closure *c = run->closure;
	pb_workflow_template *w = NULL;
	size_t i;

	if (is_meant(c->primary->template_->id, want))
		w = c->primary->template_;
	for (i = 0; w == NULL && i < c->n_sub_workflows; i++)
		if (is_meant(c->sub_workflows[i]->template_->id, want))
			w = c->sub_workflows[i]->template_;
	if (w != NULL)
		contract_outside_workflow(ret, c, w, a);
	return w != NULL;
}

/* ---- launch plans ------------------------------------------------------- */

void
run_launch_target(const struct run_launch *l, struct arena *a,
    struct spec_target *ret)
{
	pb_typed_interface *i = PB_NEW(a, flyteidl__core__typed_interface);

	if (l->plan->closure != NULL) {
		i->outputs = l->plan->closure->expected_outputs;
		ret->parameters = l->plan->closure->expected_inputs;
	}
	ret->id = l->plan->id;
	ret->interface = i;
}

static int
own_plan(const struct run *run, const struct entity_id *want,
    struct arena *a, struct contract_outside *ret)
{
	size_t i;

	for (i = 0; i < run->launches.n; i++)
		if (is_meant(run->launches.at[i].plan->id, want)) {
			run_launch_target(&run->launches.at[i], a,
			    &ret->target);
			return 1;
		}
	return 0;
}

static void
add_launches(struct run *run, const struct run_launch *at, size_t n)
{
	size_t i, k;

	for (i = 0; i < n; i++) {
		const ProtobufCMessage *id = &at[i].plan->id->base;

		for (k = 0; k < run->launches.n; k++)
			if (wire_equal(&run->launches.at[k].plan->id->base,
			    id))
				break;
		if (k == run->launches.n)
			VEC_PUSH(&run->launches, at[i]);
	}
}

/* ---- both --------------------------------------------------------------- */

int
run_resolve(void *arg, enum entity_kind kind, struct str ref,
    struct arena *a, struct contract_outside *ret, struct err *e)
{
	struct run *run = arg;
	const struct runner_options *o = &run->runner->opts;
	struct run_outside outside = { .n_launches = 0 };
	struct entity_id want = { .kind = kind };
	int found = 0;

	if (entity_ref_parse(ref, a, &want, e) < 0)
		return -1;
	if (kind == ENTITY_LAUNCH_PLAN)
		found = own_plan(run, &want, a, ret);
	else if (load_closure(run, e) == 0)
		found = kind == ENTITY_TASK ? own_task(run, &want, a, ret) :
		    own_workflow(run, &want, a, ret);
	else if (e->kind != ERR_MISSING)
		return -1;
	if (found)
		return 0;
	if (o->resolve == NULL)
		return err_set(e, ERR_MISSING, "not in this spec, nor in the "
		    "execution's own");
	if (o->resolve(o->resolve_arg, kind, ref, &outside, e) < 0)
		return -1;
	*ret = outside.found;
	add_launches(run, outside.launches, outside.n_launches);
	return 0;
}
