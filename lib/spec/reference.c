/* $input, $node.output, $node.output.field. */
#include "spec/workflow.h"

#include "base/limits.h"
#include "base/num.h"
#include "idl/type.h"
#include "spec/node.h"

/* The bit of a name's number that tells an input from a node. */
#define NAME_INPUT	UINT32_C(0x80000000)

/* ---- references --------------------------------------------------------- */

int
bind_is_reference(const struct tree *t, uint32_t node)
{
	const struct tree_node *n = &t->at[node];

	return n->kind == TREE_SCALAR && n->text.n > 1 &&
	    n->text.p[0] == '$' && shape_starts_name(n->text, 1);
}

/* Cuts the next part off a dotted name; -1 if it is empty or odd. */
static int
next_part(struct str *rest, struct str *ret)
{
	const char *dot = memchr(rest->p, '.', rest->n);
	size_t i;

	*ret = *rest;
	if (dot != NULL)
		ret->n = (size_t)(dot - rest->p);
	rest->p += ret->n + (dot != NULL);
	rest->n -= ret->n + (dot != NULL);
	if (dot != NULL && rest->n == 0)
		return -1;
	for (i = 0; i < ret->n; i++)
		if (!shape_starts_name(*ret, i) && (ret->p[i] < '0' ||
		    ret->p[i] > '9') && ret->p[i] != '-')
			return -1;
	return ret->n > 0 ? 0 : -1;
}

/* Where a slice of a scalar's text begins in it. */
static size_t
offset_in(const struct load *l, uint32_t node, struct str part)
{
	return (size_t)(part.p - l->t->at[node].text.p);
}

static void
unknown_name(struct workflow *w, uint32_t node, struct str name)
{
	struct load *l = &w->f->l;
	const char *names[256], *meant;
	size_t i, n = 0;

	for (i = 0; i < w->inputs.n && n < ARRAY_LEN(names); i++)
		if (w->inputs.at[i].name != NULL)
			names[n++] = w->inputs.at[i].name;
	for (i = 0; i < w->nodes.n && n < ARRAY_LEN(names); i++)
		if (w->nodes.at[i].id != NULL)
			names[n++] = w->nodes.at[i].id;
	shape_fault_at(l, DIAG_BAD_REFERENCE, shape_inside(l, node,
	    offset_in(l, node, name) - 1, name.n + 1), "no input or node is called "
	    "\"" STR_FMT "\"", STR_ARG(name));
	meant = did_you_mean(name, names, n);
	if (meant != NULL)
		diag_hint(l->ds, "did you mean \"$%s\"?", meant);
}

static void
unknown_output(struct workflow *w, uint32_t node, const struct node *from,
    struct str name, const pb_variable_map *outs)
{
	struct load *l = &w->f->l;
	c_strbuf struct strbuf b = STRBUF_INIT;

	shape_fault_at(l, DIAG_BAD_REFERENCE,
	    shape_inside(l, node, offset_in(l, node, name), name.n),
	    "node \"%s\" has no output \"" STR_FMT "\"", from->id,
	    STR_ARG(name));
	type_add_variables(&b, outs);
	diag_hint(l->ds, "its outputs: %s", b.p);
}

/*
 * One step into a type: what is known of it.  NULL: nothing is.  A struct's
 * fields are known if it is a dataclass of flytekit's.
 */
static pb_literal_type *
step_into(const pb_literal_type *t, struct str part)
{
	size_t i;

	if (t == NULL)
		return NULL;
	if (t->type_case ==
	    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_COLLECTION_TYPE)
		return t->collection_type;
	if (t->type_case == FLYTEIDL__CORE__LITERAL_TYPE__TYPE_MAP_VALUE_TYPE)
		return t->map_value_type;
	for (i = 0; t->structure != NULL &&
	    i < t->structure->n_dataclass_type; i++)
		if (str_is(part, t->structure->dataclass_type[i]->key))
			return t->structure->dataclass_type[i]->value;
	return NULL;
}

static pb_promise_attribute *
attribute(struct workflow *w, uint32_t node, const pb_literal_type *in,
    struct str part)
{
	struct load *l = &w->f->l;
	pb_promise_attribute *a = PB_NEW(l->a,
	    flyteidl__core__promise_attribute);
	uint64_t u;
	int list = in != NULL && in->type_case ==
	    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_COLLECTION_TYPE;
	int map = in != NULL && in->type_case ==
	    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_MAP_VALUE_TYPE;

	if (!map && num_parse_u64(part, 0, INT32_MAX, &u) == 0) {
		a->value_case =
		    FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_INT_VALUE;
		a->int_value = (int32_t)u;
		return a;
	}
	if (list) {
		shape_fault(l, DIAG_BAD_REFERENCE, node, "an element of a "
		    "list is taken by its number, not by \"" STR_FMT "\"",
		    STR_ARG(part));
		return NULL;
	}
	a->value_case = FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_STRING_VALUE;
	a->string_value = shape_strdup(l, part);
	return a;
}

static int
can_be_entered(const pb_literal_type *t)
{
	return t == NULL ||
	    t->type_case ==
	    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_COLLECTION_TYPE ||
	    t->type_case ==
	    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_MAP_VALUE_TYPE ||
	    t->type_case == FLYTEIDL__CORE__LITERAL_TYPE__TYPE_UNION_TYPE ||
	    type_is_simple(t, FLYTEIDL__CORE__SIMPLE_TYPE__STRUCT) ||
	    type_is_simple(t, FLYTEIDL__CORE__SIMPLE_TYPE__BINARY);
}

static int
bad_reference(struct workflow *w, uint32_t node)
{
	struct load *l = &w->f->l;

	shape_fault(l, DIAG_BAD_REFERENCE, node, "\"" STR_FMT "\" is not a "
	    "reference", STR_ARG(l->t->at[node].text));
	diag_hint(l->ds, "$input, $node.output or $node.output.field; a text "
	    "that begins with $ is written $$");
	return -1;
}

/* The parts behind the value itself. */
static int
follow_path(struct workflow *w, uint32_t node, struct str rest,
    struct reference *ret)
{
	pb_output_reference *p = ret->promise;
	struct load *l = &w->f->l;
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct str part;

	if (rest.n == 0)
		return 0;
	p->attr_path = arena_new_n(l->a, rest.n / 2 + 1,
	    pb_promise_attribute *);
	while (rest.n > 0) {
		if (next_part(&rest, &part) < 0)
			return bad_reference(w, node);
		if (!can_be_entered(ret->type)) {
			type_add_name(&b, ret->type);
			shape_fault(l, DIAG_BAD_REFERENCE, node, "nothing is "
			    "inside a value of type %s: \"." STR_FMT "\"",
			    b.p, STR_ARG(part));
			return -1;
		}
		if (p->n_attr_path >= MAX_DEPTH)
			return bad_reference(w, node);
		p->attr_path[p->n_attr_path] = attribute(w, node, ret->type,
		    part);
		if (p->attr_path[p->n_attr_path++] == NULL)
			return -1;
		ret->type = step_into(ret->type, part);
	}
	return 0;
}

static int
of_node(struct workflow *w, uint32_t node, struct node *from, struct str rest,
    struct reference *ret)
{
	struct load *l = &w->f->l;
	const pb_variable_map *outs;
	const pb_variable *v;
	struct str part;
	c_strbuf struct strbuf b = STRBUF_INIT;

	ret->from = from;
	if (w->failure != NULL && w->current == w->failure) {
		shape_fault(l, DIAG_BAD_REFERENCE, node, "the failure node "
		    "cannot use a node: it may not have run");
		return -1;
	}
	if (w->current != NULL)
		node_add_ref(w, w->current, from);
	outs = spec_node_outputs(w, from);
	if (outs == NULL)
		return -1;
	if (rest.n == 0) {
		type_add_variables(&b, outs);
		shape_fault(l, DIAG_BAD_REFERENCE, node, "\"%s\" is a node; "
		    "one of its outputs is meant", from->id);
		diag_hint(l->ds, "its outputs: %s", b.p);
		return -1;
	}
	if (next_part(&rest, &part) < 0)
		return bad_reference(w, node);
	ret->promise->node_id = from->id;
	ret->promise->var = shape_strdup(l, part);
	v = type_variable(outs, ret->promise->var);
	if (v == NULL) {
		unknown_output(w, node, from, part, outs);
		return -1;
	}
	ret->type = v->type;
	return follow_path(w, node, rest, ret);
}

int
bind_reference(struct workflow *w, uint32_t node, struct reference *ret)
{
	return bind_reference_in(w, node, w->f->l.t->at[node].text, ret);
}

int
bind_reference_in(struct workflow *w, uint32_t node, struct str rest,
    struct reference *ret)
{
	struct load *l = &w->f->l;
	struct str name;
	const struct declared *d;
	uint32_t i;

	*ret = (struct reference){ NULL, NULL, NULL };
	rest.p++;
	rest.n--;
	if (next_part(&rest, &name) < 0)
		return bad_reference(w, node);
	i = map_get(&w->names, name);
	if (i == MAP_NONE) {
		unknown_name(w, node, name);
		return -1;
	}
	ret->promise = PB_NEW(l->a, flyteidl__core__output_reference);
	if ((i & NAME_INPUT) == 0)
		return of_node(w, node, &w->nodes.at[i], rest, ret);
	d = &w->inputs.at[i & ~NAME_INPUT];
	if (d->var == NULL)
		return -1;
	ret->promise->var = d->name;
	ret->type = d->var->type;
	return follow_path(w, node, rest, ret);
}
