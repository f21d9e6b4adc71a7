/* Inputs and outputs, out of the records. */
#include "record/history_p.h"

#include "data/json.h"
#include "idl/flyteidl.h"
#include "idl/pbjson.h"
#include "idl/wire.h"
#include "record/longlit.h"
#include "store/blob.h"

/* ---- taking a map of lists apart ----------------------------------------- */

/* A literal map of which each value may be a list, told by its items. */
struct lists {
	struct arena	 arena;		/* all of it */
	size_t		 n;
	struct list {
		struct str	 name, literal;
		uint32_t	*at;	/* of each item's field in the literal;
					 * NULL: it is no list, or taken whole */
		uint32_t	 n;
	}		*list;
};

static void
index_items(struct list *l, struct arena *a)
{
	struct wire_field f;
	struct wire_reader r;
	struct err e;
	struct str body;
	uint32_t k = 0;

	if (wire_find(l->literal, 2, WIRE_BYTES, &f, &e) < 0 ||
	    f.whole.p == NULL)
		return;
	body = f.bytes;
	for (r = wire_reader(body); wire_next(&r, &f, &e) > 0;)
		l->n += f.id == 1 && f.type == WIRE_BYTES;
	l->at = arena_new_n(a, (size_t)l->n + 1, uint32_t);
	for (r = wire_reader(body); wire_next(&r, &f, &e) > 0;)
		if (f.id == 1 && f.type == WIRE_BYTES)
			l->at[k++] = (uint32_t)(f.whole.p - l->literal.p);
}

/* The map's bytes lie in the arena already. */
static void
take_apart(struct lists *ls, struct str map, const struct tree *bound)
{
	struct wire_reader r;
	struct str key, value;
	struct err e;
	size_t n = 0;

	for (r = wire_reader(map); wire_next_entry(&r, &key, &value, &e) > 0;)
		n++;
	ls->list = arena_new_n(&ls->arena, n + 1, struct list);
	for (r = wire_reader(map); wire_next_entry(&r, &key, &value,
	    &e) > 0;) {
		struct list *l = &ls->list[ls->n++];
		int whole = 0;

		l->name = key;
		l->literal = value;
		if (bound->n > 0)
			TREE_EACH(bound, 0, c)
				whole |= str_eq(bound->at[c].text, key);
		if (!whole)
			index_items(l, &ls->arena);
	}
}

static struct str
item_of(const struct list *l, uint32_t i)
{
	struct wire_reader r;
	struct wire_field f;
	struct err e;

	if (l->at == NULL)
		return l->literal;
	if (i >= l->n)
		return (struct str){ NULL, 0 };
	r = wire_reader((struct str){ l->literal.p + l->at[i],
	    l->literal.n - l->at[i] });
	return wire_next(&r, &f, &e) > 0 ? f.bytes :
	    (struct str){ NULL, 0 };
}

/* The map that has item i of each. */
static struct str
map_of_items(const struct lists *ls, uint32_t i, struct arena *a)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct str item;
	size_t k;

	for (k = 0; k < ls->n; k++) {
		item = item_of(&ls->list[k], i);
		if (item.p != NULL || ls->list[k].at == NULL)
			wire_add_entry(&b, 1, ls->list[k].name, item);
	}
	return arena_str(a, strbuf_str(&b));
}

static void
lists_release(struct lists *ls)
{
	arena_release(&ls->arena);
	ls->n = 0;
}

/* ---- what was read last -------------------------------------------------- */

/* To be filled anew. */
static struct lists *
fresh_lists(struct history_cache *c, int inputs)
{
	struct lists **ls = inputs ? &c->inputs : &c->outputs;

	if (*ls == NULL)
		*ls = xcalloc(1, sizeof(**ls));
	lists_release(*ls);
	return *ls;
}

void
history_cache_free(struct history_cache *c)
{
	if (c == NULL)
		return;
	if (c->inputs != NULL)
		lists_release(c->inputs);
	if (c->outputs != NULL)
		lists_release(c->outputs);
	free(c->inputs);
	free(c->outputs);
	strbuf_release(&c->places);
	tree_release(&c->tree);
	arena_release(&c->arena);
	free(c);
}

/* ---- literals ------------------------------------------------------------ */

/* As they are on disk. */
static int
read_map(const struct history *h, struct str json, struct arena *a,
    struct str *ret, struct err *e)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;

	*ret = (struct str){ NULL, 0 };
	if (json.p == NULL)
		return 0;
	if (longlit_read_map(h->dir, json, &bytes, e) < 0)
		return -1;
	*ret = arena_str(a, strbuf_str(&bytes));
	return 0;
}

static int
from_disk(struct store *store, struct arena *a, struct str *bytes,
    struct err *e)
{
	if (store == NULL || bytes->p == NULL)
		return 0;
	return blob_uris_from_disk(store, *bytes, a, bytes, NULL, e);
}

int
history_literals(const struct history *h, struct store *store,
    struct str json, struct arena *a, struct str *ret, struct err *e)
{
	if (read_map(h, json, a, ret, e) < 0)
		return -1;
	return from_disk(store, a, ret, e);
}

int
history_range_outputs(const struct history *h, const struct history_range *r,
    struct arena *a, struct str *ret, struct err *e)
{
	c_strbuf struct strbuf text = STRBUF_INIT;
	c_tree struct tree t;
	struct str json = { NULL, 0 };
	uint32_t o;

	tree_init(&t);
	if (journal_read_at(h->dir, r->at, r->len, &text, e) < 0 ||
	    json_parse_tree(strbuf_str(&text), &t, e) < 0)
		return -1;
	o = tree_get(&t, 0, "o");
	if (o != TREE_NONE)
		json = (struct str){ text.p + t.at[o].span.from,
		    t.at[o].span.to - t.at[o].span.from };
	return read_map(h, json, a, ret, e);
}

/* ---- of nodes and elements ----------------------------------------------- */

static int
outputs_of_range(const struct history *h, const struct history_range *r,
    uint32_t i, struct arena *a, struct str *ret, struct err *e)
{
	struct history_cache *c = h->recent;
	static const struct tree none = { .n = 0 };
	struct str map;

	if (c->range != r) {
		struct lists *ls = fresh_lists(c, 0);

		c->range = NULL;
		if (history_range_outputs(h, r, &ls->arena, &map, e) < 0)
			return -1;
		c->has_outputs = map.p != NULL;
		take_apart(ls, map, &none);
		c->range = r;
	}
	if (c->has_outputs)
		*ret = map_of_items(c->outputs, i - r->from, a);
	return 0;
}

int
history_outputs(const struct history *h, struct store *store,
    const struct history_node *n, struct arena *a, struct str *ret,
    struct err *e)
{
	const struct history_range *r;
	uint32_t element;
	struct str map;

	*ret = (struct str){ NULL, 0 };
	if (n->outputs.p != NULL)
		return history_literals(h, store, n->outputs, a, ret, e);
	if ((n->phase != SCHED_SUCCEEDED && n->phase != SCHED_RECOVERED) ||
	    !history_split(n->path, &map, &element))
		return 0;
	r = history_range_of(h, map, element);
	if (r == NULL)
		return 0;
	if (outputs_of_range(h, r, element, a, ret, e) < 0)
		return -1;
	return from_disk(store, a, ret, e);
}

/* A long list is read once, and walked from its beginning for each. */
static int
place_in_range(const struct history *h, const struct history_range *r,
    uint32_t i, struct arena *a, struct str *ret, struct err *e)
{
	struct history_cache *c = h->recent;
	uint32_t at;

	if (c->placed != r) {
		c->placed = NULL;
		strbuf_reset(&c->places);
		if (journal_read_at(h->dir, r->at, r->len, &c->places,
		    e) < 0 || json_parse_tree(strbuf_str(&c->places),
		    &c->tree, e) < 0)
			return -1;
		c->placed = r;
	}
	at = tree_get(&c->tree, 0, "f");
	if (at == TREE_NONE || c->tree.at[at].kind != TREE_SEQ)
		return 0;
	at = c->tree.at[at].first;
	for (i -= r->from; i > 0 && at != TREE_NONE; i--)
		at = c->tree.at[at].next;
	if (at != TREE_NONE)
		*ret = arena_str(a, c->tree.at[at].text);
	return 0;
}

int
history_place(const struct history *h, const struct history_node *n,
    struct arena *a, struct str *ret, struct err *e)
{
	const struct history_range *r;
	uint32_t element;
	struct str map;

	*ret = n->place;
	if (n->place.n > 0 || n->cache == NULL ||
	    strcmp(n->cache, "HIT") != 0 ||
	    !history_split(n->path, &map, &element))
		return 0;
	r = history_range_of(h, map, element);
	return r == NULL ? 0 : place_in_range(h, r, element, a, ret, e);
}

/* The map node of "a/0", which is "a"; NULL: it has no inputs. */
static const struct history_node *
map_node(const struct history *h, struct str map)
{
	const char *slash = memrchr(map.p, '/', map.n);
	uint32_t i;

	if (slash == NULL)
		return NULL;
	i = map_get(&h->by_path, (struct str){ map.p,
	    (size_t)(slash - map.p) });
	return i == MAP_NONE || h->nodes[i].inputs.p == NULL ? NULL :
	    &h->nodes[i];
}

static int
take_inputs(const struct history *h, const struct history_node *map,
    struct err *e)
{
	struct history_cache *c = h->recent;
	struct lists *ls = fresh_lists(c, 1);
	c_tree struct tree bound;
	struct str bytes;

	c->map = NULL;
	tree_init(&bound);
	if (read_map(h, map->inputs, &ls->arena, &bytes, e) < 0 ||
	    (map->bound.p != NULL &&
	    json_parse_tree(map->bound, &bound, e) < 0))
		return -1;
	take_apart(ls, bytes, &bound);
	c->map = map;
	return 0;
}

int
history_inputs(const struct history *h, struct store *store,
    const struct history_node *n, struct arena *a, struct str *ret,
    struct err *e)
{
	const struct history_node *map;
	struct str path;
	uint32_t element;

	*ret = (struct str){ NULL, 0 };
	if (n->inputs.p != NULL)
		return history_literals(h, store, n->inputs, a, ret, e);
	if (!history_split(n->path, &path, &element))
		return 0;
	map = map_node(h, path);
	if (map == NULL)
		return 0;
	if (h->recent->map != map && take_inputs(h, map, e) < 0)
		return -1;
	*ret = map_of_items(h->recent->inputs, element, a);
	return from_disk(store, a, ret, e);
}

/* ---- other messages ------------------------------------------------------ */

/* JSON of a message to its canonical bytes. */
static int
bytes_of(const char *dir, const ProtobufCMessageDescriptor *d,
    struct str json, struct arena *a, struct str *ret, struct err *e)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	ProtobufCMessage *m;
	int rc;

	*ret = (struct str){ NULL, 0 };
	if (json.p == NULL)
		return 0;
	rc = longlit_read(dir, json, &bytes, e);
	if (rc == 0) {
		rc = pbjson_parse(d, json, 0, a, &m, e);
		if (rc == 0)
			wire_pack(m, &bytes);
	}
	if (rc < 0) {
		err_blame_state(e);
		return err_wrap(e, "journal");
	}
	*ret = arena_str(a, strbuf_str(&bytes));
	return 0;
}

int
history_spec(const struct history *h, struct str json, struct arena *a,
    struct str *ret, struct err *e)
{
	return bytes_of(h->dir, &flyteidl__core__dynamic_job_spec__descriptor, json,
	    a, ret, e);
}

int
history_literal(const struct history *h, struct str json, struct arena *a,
    struct str *ret, struct err *e)
{
	return bytes_of(h->dir, &flyteidl__core__literal__descriptor, json, a,
	    ret, e);
}
