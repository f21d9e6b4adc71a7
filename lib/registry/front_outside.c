/* What a file refers to and the registry has. */

#include "registry/front_p.h"

static int
get_outside(struct front_priv *p, const struct entity_id *want,
    struct registered *ret, struct err *e)
{
	if (p->options.registry == NULL)
		return err_set(e, ERR_MISSING, "not in this file");
	/* An id that can not be registered is not there. */
	if (entity_id_check(want, 0, e) < 0) {
		e->kind = ERR_MISSING;
		return -1;
	}
	return registry_get(p->options.registry, want, p->arena, ret, e);
}

const struct registered *
front_outside(struct front *f, enum entity_kind kind,
    const pb_identifier *id, struct err *e)
{
	struct front_priv *p = f->priv;
	struct entity_id want = entity_id_of(id);
	struct str key = front_key(kind, id, p->arena);
	uint32_t i = map_get(&p->outside, key);
	struct registered *got;

	f->asked = 1;
	if (i != MAP_NONE)
		return p->registered.at[i];
	want.kind = kind;
	got = arena_new(p->arena, struct registered);
	if (get_outside(p, &want, got, e) < 0)
		return NULL;
	map_put(&p->outside, key, (uint32_t)p->registered.n);
	VEC_PUSH(&p->registered, got);
	return got;
}

/* The interface that a node which runs the plan has. */
static pb_typed_interface *
plan_interface(const pb_admin_launch_plan_closure *c, struct arena *a)
{
	pb_typed_interface *ret = PB_NEW(a, flyteidl__core__typed_interface);
	const pb_parameter_map *in = c->expected_inputs;
	size_t i, n = in == NULL ? 0 : in->n_parameters;

	ret->outputs = c->expected_outputs;
	ret->inputs = PB_NEW(a, flyteidl__core__variable_map);
	ret->inputs->n_variables = n;
	ret->inputs->variables = arena_calloc(a, n + 1,
	    sizeof(*ret->inputs->variables));
	for (i = 0; i < n; i++) {
		ret->inputs->variables[i] = arena_alloc(a,
		    sizeof(**ret->inputs->variables));
		flyteidl__core__variable_map__variables_entry__init(
		    ret->inputs->variables[i]);
		ret->inputs->variables[i]->key = in->parameters[i]->key;
		ret->inputs->variables[i]->value =
		    in->parameters[i]->value->var;
	}
	return ret;
}

static void
fill_target(const struct registered *r, struct arena *a,
    struct spec_target *ret)
{
	pb_task_template *t;

	*ret = (struct spec_target){ .id = NULL };
	if (r->task != NULL) {
		t = r->task->closure->compiled_task->template_;
		ret->id = r->task->id;
		ret->interface = t->interface;
		ret->metadata = t->metadata;
		ret->task = t;
		return;
	}
	ret->id = r->plan->id;
	ret->interface = plan_interface(r->plan->closure, a);
	ret->parameters = r->plan->closure->expected_inputs;
}

int
front_resolve(void *arg, enum entity_kind kind, struct str ref,
    struct spec_target *ret, struct err *e)
{
	struct front *f = arg;
	struct front_priv *p = f->priv;
	struct entity_id id = { .kind = kind };
	const struct registered *r;

	f->asked = 1;
	if (entity_ref_parse(ref, p->arena, &id, e) < 0)
		return -1;
	if (kind == ENTITY_WORKFLOW)
		return err_set(e, ERR_MISSING, "not in this file; a "
		    "registered workflow is run through its launch plan: "
		    "launchplan: " STR_FMT, STR_ARG(ref));
	if (p->options.registry == NULL)
		return err_set(e, ERR_MISSING, "not in this file");
	if (id.project == NULL) {
		id.project = p->options.project;
		id.domain = p->options.domain;
	}
	if (registry_resolve(p->options.registry, &id, p->arena, e) < 0)
		return -1;
	r = front_outside(f, kind, entity_id_pb(&id, p->arena), e);
	if (r == NULL)
		return -1;
	fill_target(r, p->arena, ret);
	return 0;
}
