#include "spec/workflow.h"

#include "base/limits.h"
#include "base/num.h"
#include "idl/castable.h"
#include "idl/literal.h"
#include "idl/type.h"
#include "spec/node.h"

/* The bit of a name's number that tells an input from a node. */
#define NAME_INPUT	UINT32_C(0x80000000)

/* ---- references --------------------------------------------------------- */

static int
starts_name(struct str s, size_t i)
{
	return i < s.n && ((s.p[i] >= 'a' && s.p[i] <= 'z') ||
	    (s.p[i] >= 'A' && s.p[i] <= 'Z') || s.p[i] == '_');
}

int
bind_is_reference(const struct tree *t, uint32_t node)
{
	const struct tree_node *n = &t->at[node];

	return n->kind == TREE_SCALAR && n->text.n > 1 &&
	    n->text.p[0] == '$' && starts_name(n->text, 1);
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
		if (!starts_name(*ret, i) && (ret->p[i] < '0' ||
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

/* ---- values ------------------------------------------------------------- */

static pb_binding_data *
new_data(struct load *l)
{
	return PB_NEW(l->a, flyteidl__core__binding_data);
}

static pb_binding_data *
new_list(struct load *l, size_t n)
{
	pb_binding_data *d = new_data(l);

	d->value_case = FLYTEIDL__CORE__BINDING_DATA__VALUE_COLLECTION;
	d->collection = PB_NEW(l->a, flyteidl__core__binding_data_collection);
	d->collection->bindings = arena_new_n(l->a, n, pb_binding_data *);
	return d;
}

typedef Flyteidl__Core__BindingDataMap__BindingsEntry bindings_entry;

static pb_binding_data *
new_map(struct load *l, size_t n)
{
	pb_binding_data *d = new_data(l);

	d->value_case = FLYTEIDL__CORE__BINDING_DATA__VALUE_MAP;
	d->map = PB_NEW(l->a, flyteidl__core__binding_data_map);
	d->map->bindings = arena_new_n(l->a, n, bindings_entry *);
	return d;
}

static void
put(struct load *l, pb_binding_data *map, char *key, pb_binding_data *value)
{
	bindings_entry *e = arena_alloc(l->a, sizeof(*e));

	flyteidl__core__binding_data_map__bindings_entry__init(e);
	e->key = key;
	e->value = value;
	map->map->bindings[map->map->n_bindings++] = e;
}

/* As deep as the value, which was read from a tree: at most MAX_DEPTH. */
pb_binding_data *
bind_literal(struct load *l, const pb_literal *lit)
{
	pb_binding_data *d;
	size_t i;

	if (lit->value_case == FLYTEIDL__CORE__LITERAL__VALUE_COLLECTION) {
		d = new_list(l, lit->collection->n_literals);
		for (i = 0; i < lit->collection->n_literals; i++)
			d->collection->bindings[d->collection->n_bindings++] =
			    bind_literal(l, lit->collection->literals[i]);
		return d;
	}
	if (lit->value_case == FLYTEIDL__CORE__LITERAL__VALUE_MAP) {
		d = new_map(l, lit->map->n_literals);
		for (i = 0; i < lit->map->n_literals; i++)
			put(l, d, lit->map->literals[i]->key,
			    bind_literal(l, lit->map->literals[i]->value));
		return d;
	}
	d = new_data(l);
	d->value_case = FLYTEIDL__CORE__BINDING_DATA__VALUE_SCALAR;
	d->scalar = lit->scalar;
	return d;
}

/* 1 if some scalar in it has a $: each of them is to be looked at. */
static int
holds_dollar(const struct tree *t, uint32_t node)
{
	const struct tree_node *n = &t->at[node];
	uint32_t c;

	if (n->kind == TREE_SCALAR)
		return n->text.n > 0 &&
		    memchr(n->text.p, '$', n->text.n) != NULL;
	for (c = n->first; c != TREE_NONE; c = t->at[c].next) {
		if (n->kind == TREE_MAP)
			c = t->at[c].next;
		if (holds_dollar(t, c))
			return 1;
	}
	return 0;
}

/* "$" and a name inside other text: there is no interpolation. */
static int
refuse_interpolation(struct workflow *w, uint32_t node)
{
	struct load *l = &w->f->l;
	struct str s = l->t->at[node].text;
	size_t i;

	if (l->t->at[node].kind != TREE_SCALAR || str_starts(s, "$$"))
		return 0;
	for (i = 0; i + 1 < s.n; i++) {
		if (s.p[i] != '$' || !starts_name(s, i + 1))
			continue;
		shape_fault_at(l, DIAG_BAD_REFERENCE,
		    shape_inside(l, node, i, 1), "a reference inside other "
		    "text");
		diag_hint(l->ds, "a reference is the whole value; put texts "
		    "together in a task");
		return -1;
	}
	return 0;
}

static pb_binding_data *
bind_promise(struct workflow *w, uint32_t node, pb_literal_type **ret_type)
{
	struct load *l = &w->f->l;
	struct reference r;
	pb_binding_data *d;

	if (bind_reference(w, node, &r) < 0)
		return NULL;
	*ret_type = r.type;
	d = new_data(l);
	d->value_case = FLYTEIDL__CORE__BINDING_DATA__VALUE_PROMISE;
	d->promise = r.promise;
	return d;
}

/* The variant of a union that is a list (or a map), or the type itself. */
static const pb_literal_type *
variant_for(const pb_literal_type *t, enum tree_kind kind)
{
	Flyteidl__Core__LiteralType__TypeCase want = kind == TREE_SEQ ?
	    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_COLLECTION_TYPE :
	    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_MAP_VALUE_TYPE;
	size_t i;

	if (t == NULL || t->type_case !=
	    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_UNION_TYPE)
		return t;
	for (i = 0; i < t->union_type->n_variants; i++)
		if (t->union_type->variants[i]->type_case == want)
			return t->union_type->variants[i];
	return t;
}

/* Type of a list or map whose parts have been bound; NULL if they differ. */
static void
join_types(pb_literal_type **all, pb_literal_type *one, int first)
{
	if (first)
		*all = one;
	else if (*all != NULL && (one == NULL || !type_castable(one, *all)))
		*all = NULL;
}

static pb_binding_data *
bind_parts(struct workflow *w, uint32_t node, const pb_literal_type *type,
    const char *what, pb_literal_type **ret_type)
{
	struct load *l = &w->f->l;
	const struct tree_node *n = &l->t->at[node];
	const pb_literal_type *in = variant_for(type, n->kind), *part = NULL;
	int seq = n->kind == TREE_SEQ, bad = 0, first = 1;
	c_strbuf struct strbuf b = STRBUF_INIT;
	pb_binding_data *d, *one;
	pb_literal_type *all = NULL, *t;
	uint32_t c, v;

	if (in != NULL) {
		part = seq ? in->type_case ==
		    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_COLLECTION_TYPE ?
		    in->collection_type : NULL : in->type_case ==
		    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_MAP_VALUE_TYPE ?
		    in->map_value_type : NULL;
		if (part == NULL) {
			type_add_name(&b, type);
			shape_fault(l, DIAG_BAD_VALUE, node, "%s: expected %s,"
			    " given %s with references in it", what, b.p,
			    seq ? "a list" : "a map");
			return NULL;
		}
	}
	d = seq ? new_list(l, n->n) : new_map(l, n->n);
	for (c = n->first; c != TREE_NONE; c = l->t->at[v].next) {
		v = seq ? c : l->t->at[c].next;
		t = NULL;
		one = bind_value(w, v, part, what, &t);
		bad |= one == NULL;
		if (one == NULL)
			continue;
		join_types(&all, t, first);
		first = 0;
		if (seq)
			d->collection->bindings[d->collection->n_bindings++] =
			    one;
		else
			put(l, d, shape_strdup(l, l->t->at[c].text), one);
	}
	if (all != NULL)
		*ret_type = seq ? type_list(l->a, all) : type_map(l->a, all);
	return bad ? NULL : d;
}

pb_binding_data *
bind_value(struct workflow *w, uint32_t node, const pb_literal_type *type,
    const char *what, pb_literal_type **ret_type)
{
	struct load *l = &w->f->l;
	pb_literal *lit;

	if (bind_is_reference(l->t, node))
		return bind_promise(w, node, ret_type);
	if (l->t->at[node].kind != TREE_SCALAR && holds_dollar(l->t, node) &&
	    (type == NULL ||
	    !type_is_simple(type, FLYTEIDL__CORE__SIMPLE_TYPE__STRUCT)))
		return bind_parts(w, node, type, what, ret_type);
	if (refuse_interpolation(w, node) < 0)
		return NULL;
	if (type == NULL) {
		shape_fault(l, DIAG_BAD_VALUE, node, "%s: the type of a "
		    "constant is not known here", what);
		return NULL;
	}
	lit = interface_constant(l, node, type, 1, what);
	return lit == NULL ? NULL : bind_literal(l, lit);
}

pb_binding *
bind_named(struct load *l, char *var, pb_binding_data *d)
{
	pb_binding *b = PB_NEW(l->a, flyteidl__core__binding);

	b->var = var;
	b->binding = d;
	return b;
}

/* ---- the inputs of a node ----------------------------------------------- */

static void
unknown_input(struct workflow *w, uint32_t key, const struct node *n,
    const pb_variable_map *params)
{
	struct load *l = &w->f->l;
	c_strbuf struct strbuf b = STRBUF_INIT;

	shape_fault(l, DIAG_BAD_REFERENCE, key, "what node \"%s\" runs has no "
	    "input \"" STR_FMT "\"", n->id, STR_ARG(l->t->at[key].text));
	type_add_variables(&b, params);
	diag_hint(l->ds, "its inputs: %s", b.p);
}

static void
bind_default(struct workflow *w, struct node *n, const char *var)
{
	struct load *l = &w->f->l;
	const struct declared_list *list;
	const pb_parameter_map *p = n->target.ext.parameters;
	const pb_literal *lit = NULL;
	size_t i;

	if (n->target.decl != NULL && n->target.kind == ENTITY_WORKFLOW) {
		list = &n->target.decl->workflow->inputs;
		for (i = 0; i < list->n; i++)
			if (list->at[i].name != NULL &&
			    strcmp(list->at[i].name, var) == 0)
				lit = list->at[i].default_value;
	} else if (n->target.decl == NULL && p != NULL &&
	    n->target.kind == ENTITY_WORKFLOW) {
		for (i = 0; i < p->n_parameters; i++)
			if (strcmp(p->parameters[i]->key, var) == 0 &&
			    p->parameters[i]->value->behavior_case ==
			    FLYTEIDL__CORE__PARAMETER__BEHAVIOR_DEFAULT)
				lit = p->parameters[i]->value->default_;
	}
	if (lit != NULL)
		n->pb->inputs[n->pb->n_inputs++] = bind_named(l,
		    arena_strdup(l->a, var), bind_literal(l, lit));
}

void
spec_bind_inputs(struct workflow *w, struct node *n, const pb_variable_map *params)
{
	struct load *l = &w->f->l;
	c_strbuf struct strbuf what = STRBUF_INIT;
	const pb_variable *v;
	pb_binding_data *d;
	pb_literal_type *t;
	size_t i;
	char *var;

	n->pb->inputs = arena_new_n(l->a, params->n_variables, pb_binding *);
	if (n->k.with != TREE_NONE && !tree_is_null(l->t, n->k.with) &&
	    shape_is_map(l, n->k.with, "a map of inputs") == 0) {
		TREE_EACH_PAIR(l->t, n->k.with, key, val) {
			var = shape_strdup(l, l->t->at[key].text);
			v = type_variable(params, var);
			if (v == NULL) {
				unknown_input(w, key, n, params);
				continue;
			}
			strbuf_reset(&what);
			strbuf_addf(&what, "input \"%s\"", var);
			t = NULL;
			d = bind_value(w, val, v->type, what.p, &t);
			if (d != NULL)
				n->pb->inputs[n->pb->n_inputs++] =
				    bind_named(l, var, d);
		}
	}
	for (i = 0; i < params->n_variables; i++)
		if (n->k.with == TREE_NONE || tree_get(l->t, n->k.with,
		    params->variables[i]->key) == TREE_NONE)
			bind_default(w, n, params->variables[i]->key);
}
