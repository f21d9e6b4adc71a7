#include "plan/build.h"

/*
 * The walk's order.  A node's rank is its place in a depth-first walk from
 * start-node that takes downstream nodes in the order of the connections; its
 * mirror is the same with that order reversed.  Of all walks that leave out
 * what lies behind unfinished nodes, a node that is reached keeps its place,
 * since what comes before it on its way is finished; so both are fixed.
 */

struct step {
	uint32_t	node, next;
};

struct walk {
	struct build	*b;
	VEC(struct step) stack;
	unsigned char	*state;		/* 0 unseen, 1 on the stack, 2 done */
	int		 reverse;
	uint32_t	 count;
};

static void
visit(struct walk *w, uint32_t node)
{
	struct plan_node *n = &w->b->nodes.at[node];

	w->state[node] = 1;
	if (w->reverse)
		n->mirror = w->count++;
	else
		n->rank = w->count++;
	VEC_PUSH(&w->stack, ((struct step){ node, 0 }));
}

static int
walk_graph(struct walk *w, const struct plan_graph *g)
{
	visit(w, g->start);
	while (w->stack.n > 0) {
		struct step *s = &VEC_LAST(&w->stack);
		const struct plan_range *down = &w->b->nodes.at[s->node].down;
		uint32_t i = s->next++, to;

		if (i == down->n) {
			w->state[s->node] = 2;
			(void)VEC_POP(&w->stack);
			continue;
		}
		to = w->b->edges.at[down->at + (w->reverse ?
		    down->n - 1 - i : i)];
		if (w->state[to] == 1)
			return err_set(w->b->e, ERR_SPEC, "workflow %s: node "
			    "%s comes after itself", g->name.p,
			    w->b->nodes.at[to].id.p);
		if (w->state[to] == 0)
			visit(w, to);
	}
	return 0;
}

/* 1 if no graph runs itself inside of itself. */
static int
check_nesting(struct build *b)
{
	size_t n = b->graphs.n;
	c_free unsigned char *state = xcalloc(n, 1);
	VEC(struct step) stack = VEC_INIT;
	int bad = 0;

	for (uint32_t root = 0; root < n && !bad; root++) {
		if (state[root] == 0) {
			state[root] = 1;
			VEC_PUSH(&stack, ((struct step){ root, 0 }));
		}
		while (stack.n > 0 && !bad) {
			struct step *s = &VEC_LAST(&stack);
			const struct plan_graph *g = &b->graphs.at[s->node];
			const struct plan_node *node;

			if (s->next == g->n) {
				state[s->node] = 2;
				(void)VEC_POP(&stack);
				continue;
			}
			node = &b->nodes.at[g->first + s->next++];
			if (node->kind != PLAN_WORKFLOW)
				continue;
			bad = state[node->what] == 1;
			if (bad)
				(void)!err_set(b->e, ERR_SPEC, "node %s: workflow "
				    "%s runs inside itself", node->id.p,
				    b->graphs.at[node->what].name.p);
			else if (state[node->what] == 0) {
				state[node->what] = 1;
				VEC_PUSH(&stack, ((struct step){ node->what, 0 }));
			}
		}
	}
	VEC_RELEASE(&stack);
	return bad ? -1 : 0;
}

int
plan_build_order(struct build *b)
{
	struct walk w = { .b = b };
	int bad = check_nesting(b);

	for (w.reverse = 0; w.reverse < 2 && !bad; w.reverse++) {
		w.state = xcalloc(b->nodes.n, 1);
		for (uint32_t i = 0; i < b->graphs.n && !bad; i++) {
			w.count = 0;
			w.stack.n = 0;
			if (b->graphs.at[i].start != PLAN_NONE)
				bad = walk_graph(&w, &b->graphs.at[i]);
		}
		free(w.state);
	}
	VEC_RELEASE(&w.stack);
	return bad ? -1 : 0;
}
