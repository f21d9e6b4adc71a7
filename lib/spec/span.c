/* Where the file says a thing: looked up in the tree when it is asked for. */
#include "spec/spec.h"

#include <stdio.h>

static struct span
span_at(const struct spec *s, uint32_t node)
{
	return node < s->tree.n ? s->tree.at[node].span :
	    (struct span){ 0, 0 };
}

/* The key of a map's entry, or TREE_NONE. */
static uint32_t
key_of(const struct tree *t, uint32_t map, struct str name)
{
	if (map == TREE_NONE || t->at[map].kind != TREE_MAP)
		return TREE_NONE;
	TREE_EACH_PAIR(t, map, k, v)
		if (str_eq(t->at[k].text, name))
			return k;
	return TREE_NONE;
}

/* The i-th child of a list, for "n" + i, the name of a case. */
static uint32_t
case_called(const struct tree *t, uint32_t list, struct str name)
{
	uint32_t c, i = 0;
	char id[16];

	if (list == TREE_NONE || t->at[list].kind != TREE_SEQ)
		return TREE_NONE;
	for (c = t->at[list].first; c != TREE_NONE; c = t->at[c].next) {
		(void)snprintf(id, sizeof(id), "n%u", i++);
		if (str_is(name, id))
			return c;
	}
	return TREE_NONE;
}

/*
 * The body of a node.  The compiler calls the case of a branch
 * "branch-case", and a case in a case "branch-case-case".
 */
static uint32_t
body_of(const struct tree *t, uint32_t nodes, struct str id, uint32_t *ret_key)
{
	struct str name = id, rest;
	uint32_t body;
	size_t n;

	*ret_key = key_of(t, nodes, id);
	if (*ret_key != TREE_NONE)
		return t->at[*ret_key].next;
	for (n = id.n; n > 0; n--) {
		if (id.p[n - 1] != '-')
			continue;
		name.n = n - 1;
		*ret_key = key_of(t, nodes, name);
		if (*ret_key != TREE_NONE)
			break;
	}
	if (n == 0)
		return TREE_NONE;
	body = t->at[*ret_key].next;
	for (rest = (struct str){ id.p + n, id.n - n }; rest.n > 0; ) {
		const char *dash = memchr(rest.p, '-', rest.n);

		name = rest;
		if (dash != NULL)
			name.n = (size_t)(dash - rest.p);
		body = case_called(t, tree_get(t, body, "switch"), name);
		if (body == TREE_NONE)
			return TREE_NONE;
		*ret_key = body;
		rest.p += name.n + (dash != NULL);
		rest.n -= name.n + (dash != NULL);
	}
	return body;
}

static struct span
in_map(const struct spec *s, uint32_t map, const char *variable,
    struct span otherwise)
{
	uint32_t k = key_of(&s->tree, map, str_of(variable));

	return k == TREE_NONE ? otherwise : span_at(s, s->tree.at[k].next);
}

struct span
spec_span_of(const struct spec *s, const struct spec_entity *e,
    const char *node_id, const char *variable)
{
	const struct tree *t = &s->tree;
	uint32_t nodes, key, body;
	struct span at;

	if (e == NULL || t->n == 0)
		return (struct span){ 0, 0 };
	at = span_at(s, e->key);
	if (e->node == TREE_NONE || node_id == NULL)
		return at;
	if (strcmp(node_id, "start-node") == 0)
		return variable == NULL ? at : in_map(s, tree_get(t, e->node,
		    "inputs"), variable, at);
	if (strcmp(node_id, "end-node") == 0)
		return variable == NULL ? at : in_map(s, tree_get(t, e->node,
		    "outputs"), variable, at);
	if (strcmp(node_id, "fn0") == 0) {
		body = key = tree_get(t, e->node, "on_failure");
	} else {
		nodes = tree_get(t, e->node, "nodes");
		body = body_of(t, nodes, str_of(node_id), &key);
	}
	if (body == TREE_NONE)
		return at;
	at = span_at(s, key);
	return variable == NULL ? at : in_map(s, tree_get(t, body, "with"),
	    variable, at);
}
