#include "spec/workflow.h"

#include "idl/castable.h"
#include "idl/literal.h"
#include "idl/type.h"

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
		if (s.p[i] != '$' || !shape_starts_name(s, i + 1))
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
	    shape_need_map(l, n->k.with, "a map of inputs") == 0) {
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
