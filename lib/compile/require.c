/*
 * What a workflow needs from outside: tasks and launch plans, through its
 * sub-workflows (flytepropeller, compiler/requirements.go).
 */

#include "base/limits.h"
#include "compile/build.h"
#include "compile/interface.h"

struct need {
	struct str		 text;
	const pb_identifier	*id;
};

struct needs {
	struct map	seen;
	VEC(struct need) at;
	const pb_identifier *last;	/* asked for */
};

struct walk {
	struct compiler	*c;
	struct needs	 tasks, plans;
};

static int need_nodes(struct walk *, const pb_workflow_template *,
    unsigned depth);

static void
walk_release(struct walk *w)
{
	map_release(&w->tasks.seen);
	map_release(&w->plans.seen);
	VEC_RELEASE(&w->tasks.at);
	VEC_RELEASE(&w->plans.at);
}

static void
need_id(struct walk *w, struct needs *needs, const pb_identifier *id)
{
	struct str key;
	const char *text;

	/* Most nodes refer to what the one before does, by one message. */
	if (id == needs->last)
		return;
	needs->last = id;
	key = compiler_key(w->c, id);
	if (map_get(&needs->seen, key) != MAP_NONE)
		return;
	map_put(&needs->seen, arena_str(&w->c->scratch, key), 1);
	text = compiler_text(w->c, id);
	VEC_PUSH(&needs->at, ((struct need){ str_of(text), id }));
}

static void
fault(struct walk *w, enum compile_code code, const pb_workflow_template *t,
    const pb_node *n, const char *text)
{
	struct compile_place place = { t->id == NULL ? "" : t->id->name,
	    n->id, "", "", NULL };

	compile_error_add(w->c->errors, code, n->id, &place, NULL, "%s",
	    text);
}

/* 1 if there is no branch in the sub-workflow or below. */
static int
need_sub(struct walk *w, const pb_workflow_template *t, const pb_node *n,
    unsigned depth)
{
	const pb_identifier *id = n->workflow_node->sub_workflow_ref;
	uint32_t at = map_get(&w->c->subs, compiler_key(w->c, id));
	struct sub *s;

	if (at == MAP_NONE) {
		fault(w, COMPILE_WORKFLOW_REFERENCE_NOT_FOUND, t, n,
		    arena_printf(&w->c->scratch, "workflow [%s] not found",
		    compiler_text(w->c, id)));
		return 1;
	}
	s = &w->c->sub[at];
	if (s->walk == SUB_OPEN) {
		fault(w, COMPILE_CYCLE_DETECTED, t, n, arena_printf(
		    &w->c->scratch, "workflow [%s] contains itself",
		    compiler_text(w->c, id)));
	} else if (s->walk == SUB_NEW && depth >= MAX_DEPTH) {
		fault(w, COMPILE_WORKFLOW_BUILD_ERROR, t, n, arena_printf(
		    &w->c->scratch, "sub-workflows are nested deeper than "
		    "%d levels", MAX_DEPTH));
	} else if (s->walk == SUB_NEW) {
		s->walk = SUB_OPEN;
		s->pure = need_nodes(w, s->compiled->template_,
		    depth + 1) != 0;
		s->walk = SUB_SEEN;
	}
	return s->pure;
}

static int need_node(struct walk *, const pb_workflow_template *,
    const pb_node *, unsigned depth, unsigned inner);

static void
need_branch(struct walk *w, const pb_workflow_template *t, const pb_node *n,
    unsigned depth, unsigned inner)
{
	const pb_if_else_block *f = n->branch_node->if_else;
	size_t i;

	if (f == NULL)
		return;
	if (f->case_ != NULL)
		(void)need_node(w, t, f->case_->then_node, depth, inner + 1);
	for (i = 0; i < f->n_other; i++)
		(void)need_node(w, t, f->other[i]->then_node, depth,
		    inner + 1);
	if (f->default_case == ELSE_NODE)
		(void)need_node(w, t, f->else_node, depth, inner + 1);
}

/* 1 if no branch is in it or below. */
static int
need_node(struct walk *w, const pb_workflow_template *t, const pb_node *n,
    unsigned depth, unsigned inner)
{
	if (n == NULL || inner > MAX_DEPTH)
		return 1;
	switch ((int)n->target_case) {
	case NODE_TASK:
		if (n->task_node->reference_case ==
		    FLYTEIDL__CORE__TASK_NODE__REFERENCE_REFERENCE_ID)
			need_id(w, &w->tasks, n->task_node->reference_id);
		return 1;
	case NODE_WORKFLOW:
		switch ((int)n->workflow_node->reference_case) {
		case REF_PLAN:
			need_id(w, &w->plans,
			    n->workflow_node->launchplan_ref);
			return 1;
		case REF_SUB:
			return need_sub(w, t, n, depth);
		default:
			return 1;
		}
	case NODE_BRANCH:
		need_branch(w, t, n, depth, inner);
		return 0;
	case NODE_ARRAY:
		return need_node(w, t, n->array_node->node, depth, inner + 1);
	case NODE_GATE:
	default:
		return 1;
	}
}

static int
need_nodes(struct walk *w, const pb_workflow_template *t, unsigned depth)
{
	int pure = 1;
	size_t i;

	for (i = 0; i < t->n_nodes; i++)
		pure &= need_node(w, t, t->nodes[i], depth, 0);
	return pure & need_node(w, t, t->failure_node, depth, 0);
}

static int
by_text(const void *a, const void *b)
{
	const struct need *x = a, *y = b;

	return str_cmp(x->text, y->text);
}

static const pb_identifier **
sorted_ids(struct compiler *c, struct needs *needs)
{
	const pb_identifier **ids = arena_new_n(c->arena, needs->at.n,
	    const pb_identifier *);
	size_t i;

	if (needs->at.n > 1)
		qsort(needs->at.at, needs->at.n, sizeof(*needs->at.at),
		    by_text);
	for (i = 0; i < needs->at.n; i++)
		ids[i] = needs->at.at[i].id;
	return ids;
}

int
compiler_require(struct compiler *c, struct compile_requirements *ret)
{
	cleanup(walk_release) struct walk w = { c,
	    { MAP_INIT, VEC_INIT, NULL }, { MAP_INIT, VEC_INIT, NULL } };
	uint64_t before = c->errors->calls;

	(void)need_nodes(&w, c->unit->primary, 0);
	ret->tasks = sorted_ids(c, &w.tasks);
	ret->n_tasks = w.tasks.at.n;
	ret->launch_plans = sorted_ids(c, &w.plans);
	ret->n_launch_plans = w.plans.at.n;
	return c->errors->calls == before ? 0 : -1;
}
