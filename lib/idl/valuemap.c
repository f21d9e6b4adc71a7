/* Typed maps of inputs, told from plain ones. */

#include "base/err.h"
#include "data/tree.h"
#include "idl/literal.h"
#include "idl/pbjson.h"
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
