#include "common/look_p.h"

#include "base/limits.h"
#include "base/num.h"
#include "idl/nodepath.h"

/* ---- the tree ----------------------------------------------------------- */

uint32_t
look_add_item(struct look *l, struct str path, uint32_t parent, uint32_t within)
{
	struct look_item fresh = {
		.path = arena_str(&l->arena, path), .parent = parent,
		.first = LOOK_NONE, .last = LOOK_NONE, .next = LOOK_NONE,
		.within = within, .element = -1, .n = 1,
	};
	uint32_t at = (uint32_t)l->items.n;
	uint32_t *first = &l->first, *last = &l->last;
	const char *slash;

	slash = memrchr(fresh.path.p, '/', fresh.path.n);
	fresh.id = slash == NULL ? fresh.path : (struct str){ slash + 1,
	    fresh.path.n - (size_t)(slash + 1 - fresh.path.p) };
	if (parent != LOOK_NONE) {
		fresh.depth = l->items.at[parent].depth + 1;
		first = &l->items.at[parent].first;
		last = &l->items.at[parent].last;
	}
	if (*first == LOOK_NONE)
		*first = at;
	else
		l->items.at[*last].next = at;
	*last = at;
	VEC_PUSH(&l->items, fresh);
	map_put(&l->by_path, fresh.path, at);
	return at;
}

/*
 * The item of a path "id/attempt/id/attempt/.../id", made with all it is
 * inside of.  LOOK_NONE for what is no path.
 */
static uint32_t
item_of(struct look *l, struct str path)
{
	uint32_t parent = LOOK_NONE, at, within = 0;
	size_t from = 0, to;
	const char *slash;
	uint64_t n;

	for (;;) {
		slash = memchr(path.p + from, '/', path.n - from);
		to = slash == NULL ? path.n : (size_t)(slash - path.p);
		at = map_get(&l->by_path, (struct str){ path.p, to });
		if (at == MAP_NONE)
			at = look_add_item(l, (struct str){ path.p, to }, parent,
			    within);
		if (slash == NULL)
			return at;
		from = to + 1;
		slash = memchr(path.p + from, '/', path.n - from);
		if (slash == NULL)
			return LOOK_NONE;
		to = (size_t)(slash - path.p);
		if (num_parse_u64((struct str){ path.p + from, to - from }, 0,
		    UINT32_MAX, &n) < 0)
			return LOOK_NONE;
		parent = at;
		within = (uint32_t)n;
		from = to + 1;
	}
}

/* ---- what has begun ------------------------------------------------------ */

static int
no_path(const struct look *l, struct str path, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "%s/journal: \"" STR_FMT "\" is no "
	    "path of a node", l->history.dir, STR_ARG(path));
}

static int
add_nodes(struct look *l, struct err *e)
{
	const struct history *h = &l->history;
	uint32_t at;
	size_t i;

	for (i = 0; i < h->n_nodes; i++) {
		at = item_of(l, h->nodes[i].path);
		if (at == LOOK_NONE)
			return no_path(l, h->nodes[i].path, e);
		l->items.at[at].node = &h->nodes[i];
	}
	return 0;
}

/* One item for n elements of a range that are no nodes. */
static int
add_range(struct look *l, const struct history_range *r, uint32_t from,
    uint32_t n, struct err *e)
{
	struct history_node *node = arena_new(&l->arena, struct history_node);
	uint32_t at;

	history_element(r, from, &l->arena, node);
	at = item_of(l, node->path);
	if (at == LOOK_NONE)
		return no_path(l, node->path, e);
	l->items.at[at].node = node;
	l->items.at[at].n = n;
	l->items.at[at].range = r;
	return 0;
}

/* An element whose attempts have records is a node of its own. */
static int
is_node(const struct look *l, const struct history_range *r, uint32_t i)
{
	c_strbuf struct strbuf path = STRBUF_INIT;

	strbuf_addf(&path, STR_FMT "/n%u", STR_ARG(r->map), i);
	return map_get(&l->history.by_path, strbuf_str(&path)) != MAP_NONE;
}

static int
add_ranges(struct look *l, struct err *e)
{
	const struct history *h = &l->history;
	uint32_t from, to, end;
	size_t i;

	for (i = 0; i < h->n_ranges; i++) {
		end = h->ranges[i].from + h->ranges[i].n;
		for (from = h->ranges[i].from; from < end; from = to + 1) {
			for (to = from; to < end && !is_node(l,
			    &h->ranges[i], to); to++)
				;
			if (to > from && add_range(l, &h->ranges[i], from,
			    to - from, e) < 0)
				return -1;
		}
	}
	return 0;
}

void
look_element(const struct look_item *it, uint32_t i, struct arena *a,
    struct history_node *ret, struct look_item *ret_item)
{
	const char *slash;

	*ret_item = *it;
	history_element(it->range, (uint32_t)it->element + i, a, ret);
	slash = memrchr(ret->path.p, '/', ret->path.n);
	ret_item->path = ret->path;
	ret_item->id = (struct str){ slash + 1, ret->path.n -
	    (size_t)(slash + 1 - ret->path.p) };
	ret_item->element = it->element + i;
	ret_item->n = 1;
	ret_item->node = ret;
}

int
look_open(const char *home, const struct execution_id *id, struct look *ret,
    struct err *e)
{
	c_strbuf struct strbuf dir = STRBUF_INIT;
	struct history *h = &ret->history;
	int alive;

	*ret = (struct look){ .home = home, .first = LOOK_NONE,
	    .last = LOOK_NONE };
	execution_add_dir(&dir, home, id);
	/* Asked first: what ends between the two is read as ended. */
	alive = journal_alive(dir.p, e);
	if (alive < 0 && err_is_shortage(e))
		return -1;
	ret->alive = alive > 0;
	if (history_load(home, id, h, e) < 0)
		return -1;
	ret->now = record_now_us();
	if (add_nodes(ret, e) < 0 || add_ranges(ret, e) < 0)
		return -1;
	look_declare(ret);
	return 0;
}

void
look_release(struct look *l)
{
	history_release(&l->history);
	VEC_RELEASE(&l->items);
	map_release(&l->by_path);
	arena_release(&l->arena);
}

/* ---- finding ------------------------------------------------------------ */

static int
not_found(const struct look *l, const char *path, struct err *e)
{
	c_strbuf struct strbuf names = STRBUF_INIT;
	uint32_t i;
	int n = 0;

	for (i = l->first; i != LOOK_NONE && n < 8; i = l->items.at[i].next)
		strbuf_addf(&names, "%s" STR_FMT, n++ > 0 ? ", " : "",
		    STR_ARG(l->items.at[i].id));
	return err_set(e, ERR_MISSING, "%s/%s: no such node%s%s%s%s",
	    l->history.id.name, path, n > 0 ? "; there are " : "", names.p,
	    i != LOOK_NONE ? ", ..." : "", "");
}

/* The number behind "n" in the rest of a path; -1: it is none. */
static int64_t
element_of(struct str path, size_t from)
{
	uint64_t n;

	if (path.n < from + 2 || path.p[from] != 'n' ||
	    num_parse_u64((struct str){ path.p + from + 1,
	    path.n - from - 1 }, 0, UINT32_MAX, &n) < 0)
		return -1;
	return (int64_t)n;
}

/* An element of a range, made an item of its own; LOOK_NONE: there is none. */
static uint32_t
find_in_ranges(struct look *l, const char *path)
{
	const struct look_item *it;
	struct history_node room, *node;
	const struct history_node *found;
	struct look_item one;
	size_t i;

	found = history_node(&l->history, path, &room);
	if (found == NULL)
		return LOOK_NONE;
	for (i = 0; i < l->items.n; i++) {
		size_t up;

		it = &l->items.at[i];
		if (it->range == NULL)
			continue;
		up = it->path.n - it->id.n;
		if (found->path.n <= up ||
		    memcmp(found->path.p, it->path.p, up) != 0 ||
		    element_of(found->path, up) < it->element ||
		    element_of(found->path, up) >= it->element + it->n)
			continue;
		node = arena_new(&l->arena, struct history_node);
		look_element(it, (uint32_t)(element_of(found->path, up) -
		    it->element), &l->arena, node, &one);
		VEC_PUSH(&l->items, one);
		return (uint32_t)l->items.n - 1;
	}
	return LOOK_NONE;
}

int
look_find(struct look *l, const char *path, uint32_t *ret,
    struct err *e)
{
	c_strbuf struct strbuf brief = STRBUF_INIT;
	uint32_t found = map_get(&l->by_path, str_of(path));
	size_t i;

	if (found != MAP_NONE && l->items.at[found].n == 1) {
		*ret = found;
		return 0;
	}
	found = MAP_NONE;
	for (i = 0; i < l->items.n; i++) {
		if (l->items.at[i].n > 1)
			continue;
		strbuf_reset(&brief);
		nodepath_add(&brief, l->items.at[i].path);
		if (strcmp(brief.p, path) != 0)
			continue;
		if (found != MAP_NONE)
			return err_set(e, ERR_USAGE, "%s/%s: it ran in more "
			    "than one attempt; say which: " STR_FMT " or "
			    STR_FMT, l->history.id.name, path,
			    STR_ARG(l->items.at[found].path),
			    STR_ARG(l->items.at[i].path));
		found = (uint32_t)i;
	}
	if (found == MAP_NONE)
		found = find_in_ranges(l, path);
	if (found == LOOK_NONE)
		return not_found(l, path, e);
	*ret = found;
	return 0;
}
