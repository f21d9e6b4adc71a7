#include "plan/plan.h"

void
plan_free(struct plan *p)
{
	if (p == NULL)
		return;
	free(p->graphs);
	free(p->nodes);
	free(p->edges);
	free(p->binds);
	free(p->paths);
	free(p->aliases);
	free(p->vars);
	free(p->strs);
	free(p->tasks);
	free(p->launches);
	free(p->gates);
	free(p->arrays);
	free(p->branches);
	free(p->cases);
	free(p->conds);
	arena_release(&p->arena);
	free(p);
}

uint32_t
plan_find(const struct plan *p, uint32_t graph, struct str id)
{
	const struct plan_graph *g = &p->graphs[graph];

	for (uint32_t i = g->first; i < g->first + g->n; i++)
		if (str_eq(p->nodes[i].id, id))
			return i;
	return PLAN_NONE;
}
