#include "outside.h"

/* ---- the file ----------------------------------------------------------- */

static const struct front_entity *
in_file(const struct target *t, const struct entity_id *want)
{
	const struct front *f = &t->front;
	size_t i;

	for (i = 0; i < f->n; i++) {
		const struct entity_id *id = &f->at[i].id;

		if (id->kind == want->kind &&
		    strcmp(id->name, want->name) == 0 &&
		    want->version[0] == '\0' && (want->project == NULL ||
		    (strcmp(id->project, want->project) == 0 &&
		    strcmp(id->domain, want->domain) == 0)))
			return &f->at[i];
	}
	return NULL;
}

static int
set_plan(struct outside *o, const pb_identifier *id,
    struct run_outside *ret, struct err *e)
{
	size_t i;

	if (launches_add(o->c, o->target, id, &o->launches, e) < 0)
		return -1;
	ret->launches = o->launches.at.at;
	ret->n_launches = o->launches.at.n;
	for (i = 0; i < o->launches.at.n; i++)
		if (launches_same(o->launches.at.at[i].plan->id, id)) {
			run_launch_target(&o->launches.at.at[i],
			    &o->c->arena, &ret->found.target);
			return 0;
		}
	return err_set(e, ERR_MISSING, "launch plan %s: its workflow is not "
	    "there", id->name);
}

/* 1: found, 0: not there, -1. */
static int
from_file(struct outside *o, const struct entity_id *want,
    struct run_outside *ret, struct err *e)
{
	const struct front_entity *f;

	if (o->target == NULL || !o->target->loaded)
		return 0;
	f = in_file(o->target, want);
	if (f == NULL || f->faulty)
		return 0;
	if (f->task != NULL)
		contract_outside_task(&ret->found, f->task->template_,
		    &o->c->arena);
	else if (f->workflow != NULL)
		contract_outside_workflow(&ret->found, f->workflow,
		    f->workflow->primary->template_, &o->c->arena);
	else
		return set_plan(o, entity_pb_id(&f->entity), ret, e) < 0 ?
		    -1 : 1;
	return 1;
}

/* ---- the registry ------------------------------------------------------- */

static int
from_registry(struct outside *o, struct entity_id *want,
    struct run_outside *ret, struct err *e)
{
	c_registry struct registry *r = NULL;
	struct arena *a = &o->c->arena;
	struct registered found;
	const char *location;

	if (want->project == NULL && (context_project(o->c, &want->project,
	    e) < 0 || context_domain(o->c, &want->domain, e) < 0))
		return -1;
	if (context_registry(o->c, &location, e) < 0 ||
	    registry_open(location, &r, e) < 0 ||
	    registry_resolve(r, want, a, e) < 0)
		return -1;
	if (want->kind == ENTITY_LAUNCH_PLAN)
		return set_plan(o, entity_id_pb(want, a), ret, e);
	if (registry_get(r, want, a, &found, e) < 0)
		return -1;
	if (found.task != NULL)
		contract_outside_task(&ret->found,
		    found.task->closure->compiled_task->template_, a);
	else
		contract_outside_workflow(&ret->found,
		    found.workflow->closure->compiled_workflow,
		    found.workflow->closure->compiled_workflow->primary->
		    template_, a);
	return 0;
}

int
outside_resolve(void *arg, enum entity_kind kind, struct str ref,
    struct run_outside *ret, struct err *e)
{
	struct outside *o = arg;
	struct entity_id want = { .kind = kind };
	int found;

	if (entity_ref_parse(ref, &o->c->arena, &want, e) < 0)
		return -1;
	found = from_file(o, &want, ret, e);
	if (found != 0)
		return found < 0 ? -1 : 0;
	return from_registry(o, &want, ret, e);
}

void
outside_release(struct outside *o)
{
	launches_release(&o->launches);
}
