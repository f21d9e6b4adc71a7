#include "spec/interface.h"

#include "base/limits.h"
#include "idl/literal.h"
#include "idl/type.h"
#include "idl/value.h"
#include "spec/pb.h"

typedef Flyteidl__Core__VariableMap__VariablesEntry variables_entry;

/* ---- types -------------------------------------------------------------- */

static pb_literal_type *
type_at(struct load *l, uint32_t node)
{
	pb_literal_type *type;
	struct str text = l->t->at[node].text;
	struct err e;
	size_t bad = 0;

	if (l->t->at[node].kind == TREE_SEQ) {
		shape_fault(l, DIAG_BAD_TYPE, node, "a YAML list is not a "
		    "type");
		diag_hint(l->ds, "a list of int is list(int)");
		return NULL;
	}
	if (l->t->at[node].kind != TREE_SCALAR || text.n == 0) {
		shape_wrong(l, node, "a type such as int or file(csv)");
		return NULL;
	}
	if (type_parse(text, l->a, &type, &bad, &e) < 0) {
		shape_fault_at(l, DIAG_BAD_TYPE, shape_inside(l, node, bad, 1),
		    "%s", e.msg);
		return NULL;
	}
	return type;
}

/* {type: dataset(fmt), columns: {name: type}} */
static pb_literal_type *
dataset_with_columns(struct load *l, uint32_t at, pb_literal_type *type,
    uint32_t node)
{
	struct type_column *cols;
	size_t n = 0;
	int bad = 0;

	if (shape_need_map(l, node, "a map of columns and their types") < 0)
		return NULL;
	if (type->type_case !=
	    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_STRUCTURED_DATASET_TYPE) {
		shape_fault(l, DIAG_BAD_TYPE, at, "only a dataset has "
		    "columns");
		return NULL;
	}
	cols = arena_new_n(l->a, l->t->at[node].n, struct type_column);
	TREE_EACH_PAIR(l->t, node, k, v) {
		cols[n].name = shape_strdup(l, l->t->at[k].text);
		cols[n].type = interface_type(l, v);
		bad |= cols[n++].type == NULL;
	}
	return bad ? NULL : type_dataset(l->a,
	    type->structured_dataset_type->format, cols, n);
}

/* A type given as a map {type, columns}.  Columns may hold such maps: the
 * tree is at most MAX_DEPTH deep. */
static pb_literal_type *
type_of_map(struct load *l, uint32_t type_node, uint32_t columns)
{
	pb_literal_type *type = type_at(l, type_node);

	if (type == NULL || columns == TREE_NONE)
		return type;
	return dataset_with_columns(l, type_node, type, columns);
}

pb_literal_type *
interface_type(struct load *l, uint32_t node)
{
	uint32_t type, columns;
	const struct shape_key keys[] = {
		{ "type", &type }, { "columns", &columns },
	};

	if (l->t->at[node].kind != TREE_MAP)
		return type_at(l, node);
	shape_keys(l, node, "a type", keys, ARRAY_LEN(keys));
	if (type == TREE_NONE) {
		shape_fault(l, DIAG_MISSING_KEY, node, "type");
		return NULL;
	}
	return type_of_map(l, type, columns);
}

/* ---- constants ---------------------------------------------------------- */

pb_literal *
interface_constant(struct load *l, uint32_t node, const pb_literal_type *type,
    int dollars, const char *what)
{
	const struct tree_node *n = &l->t->at[node];
	struct value_ctx ctx = {
		.mode = l->spec->form == SPEC_JSON ? VALUE_JSON : VALUE_YAML,
		.base_dir = l->opt->dir,
	};
	struct tree one = { .source = l->t->source };
	struct tree_node bare;
	pb_literal *ret = NULL;
	struct err e;
	int r;

	if (dollars && n->kind == TREE_SCALAR &&
	    str_starts(n->text, "$$")) {
		bare = *n;
		bare.text.p++;
		bare.text.n--;
		bare.next = TREE_NONE;
		one.at = &bare;
		one.n = 1;
		r = value_from_tree(type, &one, 0, &ctx, l->a, &ret, &e);
	} else {
		r = value_from_tree(type, l->t, node, &ctx, l->a, &ret, &e);
	}
	if (r < 0) {
		shape_fault(l, DIAG_BAD_VALUE, node, "%s: %s", what, e.msg);
		return NULL;
	}
	return ret;
}

/* ---- declarations ------------------------------------------------------- */

static int
default_of(struct load *l, struct declared *d)
{
	c_strbuf struct strbuf what = STRBUF_INIT;

	strbuf_addf(&what, "default of \"%s\"", d->name);
	d->default_value = interface_constant(l, d->default_node,
	    d->var->type, 0, what.p);
	/* flytekit gives a bare none here, not a union of it. */
	if (d->default_value != NULL &&
	    literal_is_none(literal_unwrap(d->default_value)))
		d->default_value = literal_none(l->a);
	return d->default_value == NULL ? -1 : 0;
}

static int
declare(struct load *l, uint32_t key, uint32_t node, const char *what,
    unsigned flags, struct declared *d)
{
	uint32_t type = node, columns = TREE_NONE, description = TREE_NONE;
	const struct shape_key keys[] = {
		{ "type", &type }, { "description", &description },
		{ "columns", &columns }, { "default", &d->default_node },
	};
	pb_literal_type *t;

	*d = (struct declared){ .key = key, .default_node = TREE_NONE };
	if (shape_name(l, key, what, 0) < 0)
		return -1;
	d->name = shape_strdup(l, l->t->at[key].text);
	if (l->t->at[node].kind == TREE_MAP) {
		shape_keys(l, node, what, keys, ARRAY_LEN(keys) -
		    !(flags & DECLARED_DEFAULTS));
		if (type == TREE_NONE) {
			shape_fault(l, DIAG_MISSING_KEY, node, "type");
			return -1;
		}
	}
	t = type_of_map(l, type, columns);
	if (t == NULL)
		return -1;
	d->var = PB_NEW(l->a, flyteidl__core__variable);
	d->var->type = t;
	if (description != TREE_NONE) {
		d->var->description = shape_text(l, description, "text");
		if (d->var->description == NULL)
			d->var->description = arena_strdup(l->a, "");
	}
	return d->default_node == TREE_NONE ? 0 : default_of(l, d);
}

int
interface_load(struct load *l, uint32_t node, const char *what,
    unsigned flags, struct declared_list *ret)
{
	int bad = 0;

	*ret = (struct declared_list){ NULL, 0 };
	if (node == TREE_NONE || tree_is_null(l->t, node))
		return 0;
	if (shape_need_map(l, node, "a map of names and types") < 0)
		return -1;
	ret->at = arena_new_n(l->a, l->t->at[node].n, struct declared);
	TREE_EACH_PAIR(l->t, node, k, v)
		bad |= declare(l, k, v, what, flags, &ret->at[ret->n++]) < 0;
	return bad ? -1 : 0;
}

pb_variable_map *
interface_variables(struct load *l, const struct declared_list *list)
{
	pb_variable_map *map = PB_NEW(l->a, flyteidl__core__variable_map);
	variables_entry *e;
	size_t i;

	map->variables = arena_new_n(l->a, list->n, variables_entry *);
	for (i = 0; i < list->n; i++) {
		if (list->at[i].name == NULL || list->at[i].var == NULL)
			continue;
		e = PB_NEW_NESTED(l->a, variables_entry,
		    flyteidl__core__variable_map__variables_entry);
		e->key = list->at[i].name;
		e->value = list->at[i].var;
		map->variables[map->n_variables++] = e;
	}
	return map;
}
