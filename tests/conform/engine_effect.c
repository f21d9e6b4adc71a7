#include "engine_judge.h"

#include "idl/literal.h"
#include "idl/wire.h"

/* ---- what an effect reaches ---------------------------------------------- */

void
judge_set_free(struct judge *j, struct str path, enum engine_free level)
{
	uint32_t old = map_get(&j->edits->free, path);

	path = arena_str(j->row->arena, path);
	if (old == MAP_NONE)
		VEC_PUSH(&j->edits->paths, path);
	if (old == MAP_NONE || old < (uint32_t)level)
		map_put(&j->edits->free, path, (uint32_t)level);
}

struct str
judge_path_of(struct judge *j, struct sched_ref ref)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	sched_add_path(j->mine->s, ref, &b);
	return arena_str(j->row->arena, strbuf_str(&b));
}

/* All that comes after a node in its frame, branches with their children. */
static void
free_after(struct judge *j, struct sched_ref ref, enum engine_free level)
{
	struct sched_ref parent;
	uint32_t graph;
	const struct plan *p = sched_frame(j->mine->s, ref.frame, &graph,
	    &parent);
	c_free char *seen = xcalloc(p->n_nodes, 1);
	VEC(uint32_t) todo = VEC_INIT;

	VEC_PUSH(&todo, ref.node);
	while (todo.n > 0) {
		const struct plan_node *n = &p->nodes[VEC_POP(&todo)];

		if (n->branch != PLAN_NONE && !seen[n->branch]) {
			seen[n->branch] = 1;
			VEC_PUSH(&todo, n->branch);
		}
		for (uint32_t i = 0; i < n->down.n + n->inner.n; i++) {
			uint32_t to = i < n->down.n ?
			    p->edges[n->down.at + i] :
			    p->edges[n->inner.at + i - n->down.n];

			if (!seen[to]) {
				seen[to] = 1;
				VEC_PUSH(&todo, to);
			}
		}
	}
	VEC_RELEASE(&todo);
	for (uint32_t i = 0; i < p->n_nodes; i++)
		if (seen[i])
			judge_set_free(j, judge_path_of(j, (struct sched_ref){ ref.frame,
			    i, SCHED_NONE, 0 }), level);
}

/*
 * The node, what comes after it, and the same of what it is inside of; at
 * the top the workflow.
 */
void
judge_free_effect(struct judge *j, struct sched_ref ref, enum engine_free level)
{
	uint32_t graph;
	struct sched_ref parent;

	while (ref.frame != SCHED_NONE) {
		ref.element = SCHED_NONE;
		judge_set_free(j, judge_path_of(j, ref), level == ENGINE_ALL ?
		    ENGINE_VALUES : level);
		free_after(j, ref, level);
		(void)sched_frame(j->mine->s, ref.frame, &graph, &parent);
		ref = parent;
	}
	j->edits->workflow = MAX(j->edits->workflow, level);
}

/* ---- conditions ---------------------------------------------------------- */

static const pb_literal *
operand(struct judge *j, const struct plan_operand *o,
    const pb_literal_map *inputs)
{
	ProtobufCMessage *m;
	struct err e;

	if (o->var.p != NULL)
		return literal_unwrap(literal_map_get(inputs, arena_strndup(
		    j->row->arena, o->var.p, o->var.n)));
	if (wire_unpack(&flyteidl__core__literal__descriptor, o->literal,
	    j->row->arena, &m, &e) != 0)
		return NULL;
	return literal_unwrap((pb_literal *)m);
}

/* The condition on unwrapped values by Flyte's own comparison; -1: fails. */
static int
evaluate(struct judge *j, const struct plan *p, uint32_t cond,
    const pb_literal_map *inputs)
{
	const struct plan_cond *c = &p->conds[cond];
	const pb_literal *a, *b;
	struct err e;
	int yes, left, right;

	if (c->kind == PLAN_AND || c->kind == PLAN_OR) {
		left = evaluate(j, p, c->left, inputs);
		right = evaluate(j, p, c->right, inputs);
		if (left < 0 || right < 0)
			return -1;
		return c->kind == PLAN_AND ? left && right : left || right;
	}
	a = operand(j, &c->a, inputs);
	b = operand(j, &c->b, inputs);
	if (a == NULL || b == NULL)
		return -1;
	if (literal_is_none(a) || literal_is_none(b)) {
		yes = literal_is_none(a) && literal_is_none(b);
		return c->op == 0 ? yes : c->op == 1 ? !yes : -1;
	}
	return literal_compare(
	    (Flyteidl__Core__ComparisonExpression__Operator)c->op, a, b, 0,
	    &yes, &e) == 0 ? yes : -1;
}

uint32_t
judge_right_way(struct judge *j, const struct engine_node *n)
{
	const struct plan *p = n->last.plan;
	const struct plan_branch *br = &p->branches[n->last.node->what];
	ProtobufCMessage *m;
	struct err e;

	if (wire_unpack(&flyteidl__core__literal_map__descriptor,
	    n->last.inputs, j->row->arena, &m, &e) != 0)
		return SCHED_NONE;
	for (uint32_t i = 0; i < br->cases.n; i++) {
		int yes = evaluate(j, p, p->cases[br->cases.at + i].cond,
		    (pb_literal_map *)m);

		if (yes != 0)
			return yes < 0 ? SCHED_NONE :
			    p->cases[br->cases.at + i].then;
	}
	return br->otherwise;
}
