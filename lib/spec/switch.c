/* switch: nodes become branch nodes in the form that flytekit gives them. */
#include "idl/type.h"
#include "spec/expr.h"
#include "spec/node.h"

/* ---- reading ------------------------------------------------------------ */

/* {error: text}: what happens when no condition is true. */
static int
is_error_case(const struct load *l, uint32_t at)
{
	return l->t->at[at].kind == TREE_MAP && l->t->at[at].n == 1 &&
	    tree_get(l->t, at, "error") != TREE_NONE;
}

static void
read_case(struct workflow *w, struct node *n, uint32_t at, int last)
{
	struct load *l = &w->f->l;
	struct node *c = &n->cases.at[n->cases.n];

	c->parent = n;
	c->id = arena_printf(l->a, "n%zu", n->cases.n);
	c->name = str_of(c->id);
	c->key = c->at = at;
	n->cases.n++;
	if (is_error_case(l, at)) {
		c->k.cond = TREE_NONE;
		c->k.error = tree_get(l->t, at, "error");
		if (!last)
			shape_fault(l, DIAG_WRONG_SHAPE, at, "error: is for "
			    "the last case, when no condition is true");
		n->broken |= !last;
		return;
	}
	node_read(w, c, at);
	n->broken |= c->broken || (!last && c->k.cond == TREE_NONE);
	if (c->broken && c->k.cond == TREE_NONE)
		return;
	if (c->k.error != TREE_NONE)
		shape_fault(l, DIAG_EXCLUSIVE, c->k.error, "\"error\" and "
		    "what else the case says");
	if (!last && c->k.cond == TREE_NONE)
		shape_fault(l, DIAG_MISSING_KEY, at, "if: only the last case "
		    "goes without");
}

void
switch_read(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	const struct tree_node *what = &l->t->at[n->what];

	if (what->kind != TREE_SEQ || what->n == 0) {
		shape_wrong(l, n->what, "a list of cases");
		n->broken = 1;
		return;
	}
	n->cases.at = arena_new_n(l->a, what->n, struct node);
	TREE_EACH(l->t, n->what, c)
		read_case(w, n, c, l->t->at[c].next == TREE_NONE);
	if (n->cases.at[n->cases.n - 1].k.cond != TREE_NONE) {
		shape_fault(l, DIAG_MISSING_KEY, n->what, "a last case "
		    "without if:");
		diag_hint(l->ds, "end with a node, or with {error: TEXT}");
		n->broken = 1;
	} else if (n->cases.n < 2) {
		shape_fault(l, DIAG_MISSING_KEY, n->what, "a case with if:");
		n->broken = 1;
	}
}

/* ---- outputs ------------------------------------------------------------ */

static int
in_every_case(struct workflow *w, struct node *n, const char *name)
{
	const pb_variable_map *outs;
	size_t i;

	for (i = 1; i < n->cases.n; i++) {
		if (n->cases.at[i].k.error != TREE_NONE)
			continue;
		outs = spec_node_outputs(w, &n->cases.at[i]);
		if (outs == NULL || type_variable(outs, name) == NULL)
			return 0;
	}
	return 1;
}

/* What all cases have; an error has none and takes none away. */
const pb_variable_map *
switch_outputs(struct workflow *w, struct node *n)
{
	const pb_variable_map *first;
	struct declared_list list = { NULL, 0 };
	size_t i;

	if (n->cases.n == 0)
		return NULL;
	first = spec_node_outputs(w, &n->cases.at[0]);
	if (first == NULL)
		return NULL;
	list.at = arena_new_n(w->f->l.a, first->n_variables, struct declared);
	for (i = 0; i < first->n_variables; i++)
		if (in_every_case(w, n, first->variables[i]->key)) {
			list.at[list.n].name = first->variables[i]->key;
			list.at[list.n++].var = first->variables[i]->value;
		}
	return interface_variables(&w->f->l, &list);
}

/* ---- lowering ----------------------------------------------------------- */

static pb_if_block *
lower_case(struct workflow *w, struct node *c, struct expr_inputs *in)
{
	pb_if_block *b = PB_NEW(w->f->l.a, flyteidl__core__if_block);

	b->condition = expr_load(w, c->k.cond, in);
	node_lower(w, c);
	b->then_node = c->pb;
	return b;
}

static void
lower_default(struct workflow *w, struct node *n, struct node *c,
    pb_if_else_block *b)
{
	struct load *l = &w->f->l;

	if (c->k.error == TREE_NONE) {
		node_lower(w, c);
		b->default_case =
		    FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT_ELSE_NODE;
		b->else_node = c->pb;
		return;
	}
	b->default_case = FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT_ERROR;
	b->error = PB_NEW(l->a, flyteidl__core__error);
	b->error->failed_node_id = n->id;
	b->error->message = shape_text(l, c->k.error, "text");
	if (b->error->message == NULL)
		b->error->message = arena_strdup(l->a, "");
}

/*
 * Nodes that the cases use come before the branch itself, so that a failure
 * of theirs skips the whole branch.
 */
static void
add_upstream(struct workflow *w, struct node *n)
{
	size_t i;

	if (n->parent != NULL)
		return;
	n->pb->upstream_node_ids = arena_new_n(w->f->l.a, n->refs.n, char *);
	for (i = 0; i < n->refs.n; i++)
		n->pb->upstream_node_ids[n->pb->n_upstream_node_ids++] =
		    n->refs.at[i]->id;
}

void
switch_lower(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	struct expr_inputs in = { NULL, 0, 0, MAP_INIT };
	pb_if_else_block *b = PB_NEW(l->a, flyteidl__core__if_else_block);
	size_t i, last = n->cases.n - 1;

	node_set_metadata(w, n);
	b->other = arena_new_n(l->a, n->cases.n, pb_if_block *);
	for (i = 0; i < last; i++) {
		pb_if_block *c = lower_case(w, &n->cases.at[i], &in);

		if (i == 0)
			b->case_ = c;
		else
			b->other[b->n_other++] = c;
	}
	lower_default(w, n, &n->cases.at[last], b);
	n->pb->inputs = in.at;
	n->pb->n_inputs = in.n;
	map_release(&in.seen);
	n->pb->target_case = FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE;
	n->pb->branch_node = PB_NEW(l->a, flyteidl__core__branch_node);
	n->pb->branch_node->if_else = b;
	add_upstream(w, n);
	for (i = 0; i < n->cases.n; i++)
		n->faulty |= n->cases.at[i].faulty;
}
