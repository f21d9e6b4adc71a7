/* gate: nodes wait for a person, a value or a time. */
#include "idl/type.h"
#include "spec/node.h"

/* flytekit's name for the value of a signal. */
#define SIGNAL_OUTPUT	"o0"

struct gate_nodes {
	uint32_t	signal, sleep, output;
};

/* gate: approve, {signal: TYPE, output: NAME} or {sleep: TIME}. */
static int
read_gate(struct workflow *w, const struct node *n, struct gate_nodes *g)
{
	struct load *l = &w->f->l;
	const struct shape_key keys[] = {
		{ "signal", &g->signal }, { "sleep", &g->sleep },
		{ "output", &g->output },
	};

	*g = (struct gate_nodes){ TREE_NONE, TREE_NONE, TREE_NONE };
	if (tree_is(l->t, n->what, "approve"))
		return 0;
	if (l->t->at[n->what].kind != TREE_MAP) {
		shape_wrong(l, n->what, "approve, {signal: TYPE} or "
		    "{sleep: TIME}");
		return -1;
	}
	shape_keys(l, n->what, "a gate", keys, ARRAY_LEN(keys));
	if ((g->signal == TREE_NONE) == (g->sleep == TREE_NONE)) {
		shape_fault(l, DIAG_MISSING_KEY, n->what, "either signal: or "
		    "sleep:");
		return -1;
	}
	return 0;
}

static pb_variable_map *
one_variable(struct load *l, char *name, pb_literal_type *type)
{
	struct declared d = { .name = name };
	struct declared_list list = { &d, 1 };

	d.var = PB_NEW(l->a, flyteidl__core__variable);
	d.var->type = type;
	return interface_variables(l, &list);
}

static char *
signal_output(struct load *l, const struct gate_nodes *g)
{
	char *name = NULL;

	if (g->output != TREE_NONE && shape_name(l, g->output, "an output",
	    0) == 0)
		name = shape_strdup(l, l->t->at[g->output].text);
	return name != NULL ? name : arena_strdup(l->a, SIGNAL_OUTPUT);
}

/* An approved value goes through: outputs are what is bound. */
static const pb_variable_map *
approve_outputs(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	struct declared_list list = { NULL, 0 };
	pb_literal_type *type;
	pb_binding_data *d;

	if (n->k.with == TREE_NONE || l->t->at[n->k.with].kind != TREE_MAP)
		return interface_variables(l, &list);
	list.at = arena_new_n(l->a, l->t->at[n->k.with].n, struct declared);
	TREE_EACH_PAIR(l->t, n->k.with, k, v) {
		type = NULL;
		d = bind_value(w, v, NULL, "what is approved", &type);
		if (d == NULL)
			return NULL;
		if (type == NULL) {
			shape_fault(l, DIAG_BAD_TYPE, v, "the type of what is "
			    "approved cannot be told");
			return NULL;
		}
		list.at[list.n].name = shape_strdup(l, l->t->at[k].text);
		list.at[list.n].var = PB_NEW(l->a, flyteidl__core__variable);
		list.at[list.n++].var->type = type;
	}
	return interface_variables(l, &list);
}

const pb_variable_map *
gate_outputs(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	struct declared_list none = { NULL, 0 };
	struct gate_nodes g;
	pb_literal_type *type;

	if (read_gate(w, n, &g) < 0)
		return NULL;
	if (g.sleep != TREE_NONE)
		return interface_variables(l, &none);
	if (g.signal == TREE_NONE)
		return approve_outputs(w, n);
	type = interface_type(l, g.signal);
	return type == NULL ? NULL : one_variable(l, signal_output(l, &g),
	    type);
}

static void
lower_approve(struct workflow *w, struct node *n, pb_gate_node *g)
{
	struct load *l = &w->f->l;
	pb_literal_type *type;
	pb_binding_data *d;

	g->condition_case = FLYTEIDL__CORE__GATE_NODE__CONDITION_APPROVE;
	g->approve = PB_NEW(l->a, flyteidl__core__approve_condition);
	g->approve->signal_id = n->id;
	if (n->k.with == TREE_NONE ||
	    shape_need_map(l, n->k.with, "a map of what is approved") < 0)
		return;
	n->pb->inputs = arena_new_n(l->a, l->t->at[n->k.with].n,
	    pb_binding *);
	TREE_EACH_PAIR(l->t, n->k.with, k, v) {
		if (shape_name(l, k, "an input", 0) < 0)
			continue;
		d = bind_value(w, v, NULL, "what is approved", &type);
		if (d != NULL)
			n->pb->inputs[n->pb->n_inputs++] = bind_named(l,
			    shape_strdup(l, l->t->at[k].text), d);
	}
}

void
gate_lower(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	pb_gate_node *g = PB_NEW(l->a, flyteidl__core__gate_node);
	struct gate_nodes at;

	if (read_gate(w, n, &at) < 0)
		return;
	node_set_metadata(w, n);
	n->pb->target_case = FLYTEIDL__CORE__NODE__TARGET_GATE_NODE;
	n->pb->gate_node = g;
	if (at.signal == TREE_NONE && at.sleep == TREE_NONE) {
		lower_approve(w, n, g);
		return;
	}
	if (n->k.with != TREE_NONE)
		shape_fault(l, DIAG_EXCLUSIVE, n->k.with, "only an approval "
		    "takes \"with\"");
	if (at.sleep != TREE_NONE) {
		g->condition_case = FLYTEIDL__CORE__GATE_NODE__CONDITION_SLEEP;
		g->sleep = PB_NEW(l->a, flyteidl__core__sleep_condition);
		(void)shape_duration(l, at.sleep, &g->sleep->duration);
		return;
	}
	g->condition_case = FLYTEIDL__CORE__GATE_NODE__CONDITION_SIGNAL;
	g->signal = PB_NEW(l->a, flyteidl__core__signal_condition);
	g->signal->signal_id = n->id;
	g->signal->type = interface_type(l, at.signal);
	g->signal->output_variable_name = signal_output(l, &at);
}
