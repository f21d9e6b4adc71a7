#include "data/tree.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/utf8.h"

/* Maps of at most this many keys are compared key by key. */
#define FEW_KEYS	8

void
tree_init(struct tree *t)
{
	memset(t, 0, sizeof(*t));
	arena_init(&t->arena);
}

void
tree_release(struct tree *t)
{
	free(t->at);
	arena_release(&t->arena);
	tree_init(t);
}

void
tree_reset(struct tree *t, const char *name, struct str text)
{
	if (t->arena.total > 0)
		arena_release(&t->arena);
	t->n = 0;
	t->whole = 0;
	t->cut = 0;
	t->source.name = name;
	t->source.text = text;
}

uint32_t
tree_get_str(const struct tree *t, uint32_t map, struct str key)
{
	if (map == TREE_NONE || t->at[map].kind != TREE_MAP)
		return TREE_NONE;
	TREE_EACH_PAIR(t, map, k, v)
		if (str_eq(t->at[k].text, key))
			return v;
	return TREE_NONE;
}

uint32_t
tree_get(const struct tree *t, uint32_t map, const char *key)
{
	return tree_get_str(t, map, str_of(key));
}

int
tree_is_null(const struct tree *t, uint32_t node)
{
	const struct tree_node *n = &t->at[node];

	if (n->kind != TREE_SCALAR || n->quoted)
		return 0;
	return n->text.n == 0 || str_is(n->text, "null") ||
	    str_is(n->text, "~") || str_is(n->text, "Null") ||
	    str_is(n->text, "NULL");
}

int
tree_is(const struct tree *t, uint32_t node, const char *text)
{
	return t->at[node].kind == TREE_SCALAR &&
	    str_is(t->at[node].text, text);
}

uint32_t
tree_add(struct tree *t, enum tree_kind kind, struct span span,
    struct str text, int quoted)
{
	struct tree_node *n;

	if (t->n == t->cap) {
		t->cap = MAX(t->cap * 2, (size_t)64);
		t->at = xreallocarray(t->at, t->cap, sizeof(*t->at));
	}
	if (t->n >= TREE_NONE)
		BUG("more than %u nodes", TREE_NONE);
	n = &t->at[t->n];
	n->kind = kind;
	n->quoted = quoted;
	n->span = span;
	n->text = text;
	n->first = n->next = TREE_NONE;
	n->n = 0;
	n->cut = 0;
	return (uint32_t)t->n++;
}

void
tree_link(struct tree *t, uint32_t parent, uint32_t last, uint32_t child)
{
	if (last == TREE_NONE)
		t->at[parent].first = child;
	else
		t->at[last].next = child;
}

static uint32_t
duplicate_among_few(const struct tree *t, uint32_t map, uint32_t after)
{
	int seen = after == TREE_NONE;

	TREE_EACH_PAIR(t, map, k, v) {
		if (seen)
			TREE_EACH_PAIR(t, map, j, w) {
				if (j == k)
					break;
				if (str_eq(t->at[j].text, t->at[k].text))
					return k;
			}
		seen |= k == after;
	}
	return TREE_NONE;
}

uint32_t
tree_duplicate_key(const struct tree *t, uint32_t map, uint32_t after)
{
	c_map struct map keys = MAP_INIT;
	int seen = after == TREE_NONE;

	if (t->at[map].n <= FEW_KEYS)
		return duplicate_among_few(t, map, after);
	TREE_EACH_PAIR(t, map, k, v) {
		if (map_put(&keys, t->at[k].text, k) != MAP_NONE && seen)
			return k;
		seen |= k == after;
	}
	return TREE_NONE;
}

void
tree_drop_duplicates(struct tree *t, uint32_t map)
{
	c_map struct map keys = MAP_INIT;
	uint32_t last = TREE_NONE;

	TREE_EACH_PAIR(t, map, k, v) {
		if (map_put(&keys, t->at[k].text, k) == MAP_NONE) {
			last = v;
			continue;
		}
		t->at[last].next = t->at[v].next;
		t->at[map].n--;
	}
}

void
tree_add_given(struct strbuf *b, const struct tree *t, uint32_t node)
{
	const struct tree_node *n = &t->at[node];

	if (n->kind == TREE_SEQ) {
		strbuf_adds(b, n->n > 0 ? "a list" : "an empty list");
	} else if (n->kind == TREE_MAP) {
		strbuf_adds(b, n->n > 0 ? "a map" : "an empty map");
	} else if (tree_is_null(t, node)) {
		strbuf_adds(b, n->text.n == 0 ? "nothing" : "null");
	} else {
		utf8_add_given(b, n->text);
	}
}
