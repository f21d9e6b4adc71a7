#include "launches.h"

#include "idl/wire.h"

struct collecting {
	struct context		*c;
	const struct target	*target;
	struct registry		*registry;
	struct launches		*ret;
};

int
launches_same(const pb_identifier *a, const pb_identifier *b)
{
	return strcmp(a->name, b->name) == 0 &&
	    strcmp(a->project, b->project) == 0 &&
	    strcmp(a->domain, b->domain) == 0 &&
	    strcmp(a->version, b->version) == 0;
}

static const struct front_entity *
in_file(const struct target *t, enum entity_kind kind,
    const pb_identifier *id)
{
	const pb_identifier *have;
	size_t i;

	for (i = 0; t != NULL && t->loaded && i < t->front.n; i++) {
		have = entity_pb_id(&t->front.at[i].entity);
		if (t->front.at[i].id.kind == kind && have != NULL &&
		    launches_same(have, id))
			return &t->front.at[i];
	}
	return NULL;
}

static int
from_file(struct collecting *k, const pb_identifier *id,
    struct run_launch *ret)
{
	const struct front_entity *lp, *wf;
	pb_admin_launch_plan *plan;

	lp = in_file(k->target, ENTITY_LAUNCH_PLAN, id);
	if (lp == NULL || lp->plan == NULL)
		return 0;
	wf = in_file(k->target, ENTITY_WORKFLOW,
	    lp->entity.plan->spec->workflow_id);
	if (wf == NULL || wf->workflow == NULL)
		return 0;
	plan = (pb_admin_launch_plan *)wire_dup(&lp->entity.plan->base,
	    &k->c->arena);
	plan->closure = lp->plan;
	ret->plan = plan;
	ret->closure = wf->workflow;
	return 1;
}

/* 1: found, 0: not there, -1. */
static int
from_registry(struct collecting *k, const pb_identifier *id,
    struct run_launch *ret, struct err *e)
{
	struct entity_id want = entity_id_of(id);
	struct registered plan, wf;

	want.kind = ENTITY_LAUNCH_PLAN;
	if (registry_get(k->registry, &want, &k->c->arena, &plan, e) < 0)
		return e->kind == ERR_MISSING ? 0 : -1;
	want = entity_id_of(plan.plan->spec->workflow_id);
	want.kind = ENTITY_WORKFLOW;
	if (registry_get(k->registry, &want, &k->c->arena, &wf, e) < 0)
		return e->kind == ERR_MISSING ? 0 : -1;
	ret->plan = plan.plan;
	ret->closure = wf.workflow->closure->compiled_workflow;
	return 1;
}

static int
known(const struct collecting *k, const pb_identifier *id)
{
	size_t i;

	for (i = 0; i < k->ret->at.n; i++)
		if (launches_same(k->ret->at.at[i].plan->id, id))
			return 1;
	for (i = 0; i < k->ret->missing.n; i++)
		if (launches_same(k->ret->missing.at[i], id))
			return 1;
	return 0;
}

static int
add(struct collecting *k, const pb_identifier *id, struct err *e)
{
	struct run_launch l;
	int found;

	if (known(k, id))
		return 0;
	found = from_file(k, id, &l);
	if (found == 0)
		found = from_registry(k, id, &l, e);
	if (found < 0)
		return -1;
	if (found)
		VEC_PUSH(&k->ret->at, l);
	else
		VEC_PUSH(&k->ret->missing, id);
	return 0;
}

/* What is nested in a node waits in todo. */
typedef VEC(const pb_node *) node_vec;

static void
push_branch(const pb_branch_node *b, node_vec *todo)
{
	const pb_if_else_block *block = b->if_else;
	size_t i;

	if (block == NULL)
		return;
	if (block->case_ != NULL && block->case_->then_node != NULL)
		VEC_PUSH(todo, block->case_->then_node);
	for (i = 0; i < block->n_other; i++)
		if (block->other[i]->then_node != NULL)
			VEC_PUSH(todo, block->other[i]->then_node);
	if (block->default_case ==
	    FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT_ELSE_NODE)
		VEC_PUSH(todo, block->else_node);
}

static int
visit(struct collecting *k, const pb_node *n, node_vec *todo, struct err *e)
{
	if (n->target_case == FLYTEIDL__CORE__NODE__TARGET_WORKFLOW_NODE &&
	    n->workflow_node->reference_case ==
	    FLYTEIDL__CORE__WORKFLOW_NODE__REFERENCE_LAUNCHPLAN_REF)
		return add(k, n->workflow_node->launchplan_ref, e);
	if (n->target_case == FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE)
		push_branch(n->branch_node, todo);
	else if (n->target_case == FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE &&
	    n->array_node->node != NULL)
		VEC_PUSH(todo, n->array_node->node);
	return 0;
}

static int
visit_template(struct collecting *k, const pb_workflow_template *w,
    struct err *e)
{
	node_vec todo = VEC_INIT;
	size_t i;
	int rc = 0;

	for (i = 0; i < w->n_nodes; i++)
		VEC_PUSH(&todo, w->nodes[i]);
	if (w->failure_node != NULL)
		VEC_PUSH(&todo, w->failure_node);
	while (rc == 0 && todo.n > 0) {
		const pb_node *n = VEC_POP(&todo);

		rc = visit(k, n, &todo, e);
	}
	VEC_RELEASE(&todo);
	return rc;
}

static int
visit_closure(struct collecting *k, const pb_compiled_workflow_closure *c,
    struct err *e)
{
	size_t i;

	if (visit_template(k, c->primary->template_, e) < 0)
		return -1;
	for (i = 0; i < c->n_sub_workflows; i++)
		if (visit_template(k, c->sub_workflows[i]->template_, e) < 0)
			return -1;
	return 0;
}

/* One of the closure and the id is NULL. */
static int
collect(struct collecting *k, const pb_compiled_workflow_closure *closure,
    const pb_identifier *id, struct err *e)
{
	c_registry struct registry *r = NULL;
	const char *location;
	size_t i = k->ret->at.n;

	if (context_registry(k->c, &location, e) < 0 ||
	    registry_open(location, &r, e) < 0)
		return -1;
	k->registry = r;
	if (closure != NULL ? visit_closure(k, closure, e) < 0 :
	    add(k, id, e) < 0)
		return -1;
	/* Those found are looked into while the list grows. */
	for (; i < k->ret->at.n; i++)
		if (visit_closure(k, k->ret->at.at[i].closure, e) < 0)
			return -1;
	return 0;
}

int
launches_collect(struct context *c, const struct target *t,
    struct launches *ret, struct err *e)
{
	struct collecting k = { .c = c, .target = t, .ret = ret };

	*ret = (struct launches){ VEC_INIT, VEC_INIT };
	return collect(&k, t->closure, NULL, e);
}

int
launches_add(struct context *c, const struct target *t,
    const pb_identifier *id, struct launches *to, struct err *e)
{
	struct collecting k = { .c = c, .target = t, .ret = to };

	return collect(&k, NULL, id, e);
}

void
launches_release(struct launches *l)
{
	VEC_RELEASE(&l->at);
	VEC_RELEASE(&l->missing);
}
