/* Maps of inputs, typed or plain. */

#include "base/err.h"
#include "data/tree.h"
#include "idl/infer.h"
#include "idl/literal.h"
#include "idl/pbjson.h"
#include "idl/place.h"
#include "idl/type.h"
#include "idl/value.h"

/* 1 for a map that has one of a Literal's values and only its fields. */
static int
looks_typed(const struct tree *t, uint32_t node)
{
	static const char *const values[] = { "scalar", "collection", "map",
	    "offloadedMetadata", "offloaded_metadata" };
	int n = 0, is_value;
	size_t i;

	if (t->at[node].kind != TREE_MAP)
		return 0;
	TREE_EACH_PAIR(t, node, k, v) {
		is_value = 0;
		for (i = 0; i < ARRAY_LEN(values); i++)
			is_value |= tree_is(t, k, values[i]);
		if (is_value ? t->at[v].kind != TREE_MAP :
		    !tree_is(t, k, "hash") && !tree_is(t, k, "metadata"))
			return 0;
		n += is_value;
	}
	return n == 1;
}

int
value_tree_is_typed(const struct tree *t, uint32_t node)
{
	uint32_t map;

	if (t->at[node].kind != TREE_MAP || t->at[node].n != 1)
		return 0;
	map = tree_get(t, node, "literals");
	if (map == TREE_NONE || t->at[map].kind != TREE_MAP)
		return 0;
	TREE_EACH_PAIR(t, map, k, v) {
		(void)k;
		if (!looks_typed(t, v))
			return 0;
	}
	return 1;
}

int
value_typed_from_tree(const struct tree *t, uint32_t node, struct arena *a,
    pb_literal_map **ret, struct err *e)
{
	uint32_t map = node;
	ProtobufCMessage *m;
	const char **names;
	pb_literal **values;
	struct str key;
	size_t n = 0;

	if (t->at[node].kind == TREE_MAP && t->at[node].n == 1 &&
	    tree_get(t, node, "literals") != TREE_NONE)
		map = tree_get(t, node, "literals");
	if (t->at[map].kind != TREE_MAP)
		return err_set(e, ERR_USAGE, "typed inputs are a map such as "
		    "{\"literals\": {\"n\": {\"scalar\": ...}}}");
	names = arena_new_n(a, t->at[map].n, const char *);
	values = arena_new_n(a, t->at[map].n, pb_literal *);
	TREE_EACH_PAIR(t, map, k, v) {
		key = t->at[k].text;
		if (key.n > 0 && memchr(key.p, '\0', key.n) != NULL)
			return err_set(e, ERR_USAGE, "a name with a NUL byte");
		if (pbjson_from_tree(&flyteidl__core__literal__descriptor, t,
		    v, 0, a, &m, e) < 0) {
			e->kind = ERR_USAGE;
			return err_wrap(e, STR_FMT ": not a typed literal",
			    STR_ARG(key));
		}
		names[n] = arena_strndup(a, key.p, key.n);
		values[n++] = (pb_literal *)m;
	}
	*ret = literal_map_of(a, names, values, n);
	return 0;
}

/* "no input x; given: ...; wanted: ..." */
static int
fail_unknown(const char *name, const struct strbuf *given,
    const pb_variable_map *variables, struct err *e)
{
	struct strbuf wanted c_strbuf = STRBUF_INIT;
	const char *hint = NULL, **names;
	struct arena a c_arena = ARENA_INIT;
	size_t i, n = variables == NULL ? 0 : variables->n_variables;

	names = arena_new_n(&a, n, const char *);
	for (i = 0; i < n; i++)
		names[i] = variables->variables[i]->key;
	hint = did_you_mean(str_of(name), names, n);
	type_add_variables(&wanted, variables);
	return err_set(e, ERR_USAGE, "%s: no such input%s%s%s; wanted: %s; "
	    "given: %s", name, hint == NULL ? "" : " (did you mean ",
	    hint == NULL ? "" : hint, hint == NULL ? "" : "?)", wanted.p,
	    given->p);
}

static int
check_typed(const pb_literal_map *map, const pb_variable_map *variables,
    struct err *e)
{
	struct strbuf given c_strbuf = STRBUF_INIT;
	struct arena a c_arena = ARENA_INIT;
	const pb_variable *v;
	pb_literal_type *t;
	struct err ignored;
	size_t i;

	for (i = 0; i < map->n_literals; i++) {
		strbuf_addf(&given, "%s%s: ", i > 0 ? ", " : "",
		    map->literals[i]->key);
		type_add_name(&given, type_infer(map->literals[i]->value, &a,
		    &t, &ignored) < 0 ? NULL : t);
	}
	for (i = 0; i < map->n_literals; i++) {
		v = type_variable(variables, map->literals[i]->key);
		if (v == NULL)
			return fail_unknown(map->literals[i]->key, &given,
			    variables, e);
		if (literal_check(map->literals[i]->value, v->type, e) < 0)
			return err_wrap(e, "%s", map->literals[i]->key);
	}
	return 0;
}

static int
read_plain(const struct tree *t, uint32_t node,
    const pb_variable_map *variables, const struct value_ctx *ctx,
    struct arena *a, pb_literal_map **ret, struct err *e)
{
	struct strbuf given c_strbuf = STRBUF_INIT;
	struct value_ctx named = *ctx;
	const pb_variable *v;
	const char **names;
	pb_literal **values;
	size_t n = 0;

	names = arena_new_n(a, t->at[node].n, const char *);
	values = arena_new_n(a, t->at[node].n, pb_literal *);
	TREE_EACH_PAIR(t, node, k, value) {
		(void)value;
		strbuf_addf(&given, "%s" STR_FMT, given.n > 0 ? ", " : "",
		    STR_ARG(t->at[k].text));
	}
	TREE_EACH_PAIR(t, node, k, value) {
		names[n] = arena_strndup(a, t->at[k].text.p,
		    t->at[k].text.n);
		v = type_variable(variables, names[n]);
		if (v == NULL)
			return fail_unknown(names[n], &given, variables, e);
		named.name = names[n];
		if (value_from_tree(v->type, t, value, &named, a, &values[n],
		    e) < 0)
			return -1;
		n++;
	}
	*ret = literal_map_of(a, names, values, n);
	return 0;
}

int
literal_map_from_tree(const struct tree *t, uint32_t node,
    enum value_form form, const pb_variable_map *variables,
    const struct value_ctx *ctx, struct arena *a, pb_literal_map **ret,
    struct err *e)
{
	pb_literal_map *map;

	if (t->at[node].kind != TREE_MAP)
		return err_set(e, ERR_USAGE, "expected a map of inputs such "
		    "as {\"n\": 7}, given %s", t->at[node].kind == TREE_SEQ ?
		    "a list" : "one value");
	if (form == VALUE_PLAIN ||
	    (form == VALUE_AUTO && !value_tree_is_typed(t, node)))
		return read_plain(t, node, variables, ctx, a, ret, e);
	if (value_typed_from_tree(t, node, a, &map, e) < 0 ||
	    check_typed(map, variables, e) < 0)
		return -1;
	*ret = map;
	return 0;
}
