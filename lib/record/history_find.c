/* Nodes and elements by their paths. */
#include "record/history_p.h"

#include "base/num.h"

int
history_split(struct str path, struct str *ret_map, uint32_t *ret_element)
{
	const char *slash = path.n == 0 ? NULL :
	    memrchr(path.p, '/', path.n);
	struct str id;
	uint64_t n;

	if (slash == NULL)
		return 0;
	id = (struct str){ slash + 1, path.n - (size_t)(slash + 1 - path.p) };
	if (id.n < 2 || id.p[0] != 'n' || num_parse_u64((struct str){
	    id.p + 1, id.n - 1 }, 0, UINT32_MAX - 1, &n) < 0)
		return 0;
	*ret_map = (struct str){ path.p, (size_t)(slash - path.p) };
	*ret_element = (uint32_t)n;
	return 1;
}

/* ---- ranges -------------------------------------------------------------- */

static int
by_place(const void *a, const void *b)
{
	const struct history_range *x = a, *y = b;
	int d = str_cmp(x->map, y->map);

	if (d == 0)
		d = x->from < y->from ? -1 : x->from > y->from;
	return d != 0 ? d : x->at < y->at ? -1 : x->at > y->at;
}

void
history_sort(struct history *h)
{
	size_t i;

	if (h->n_ranges > 1)
		qsort(h->ranges, h->n_ranges, sizeof(*h->ranges), by_place);
	for (i = 0; i < h->n_ranges; i++) {
		struct history_range *r = &h->ranges[i];

		r->reach = r->from + r->n;
		if (i == 0 || !str_eq(r[-1].map, r->map))
			map_put(&h->by_map, r->map, (uint32_t)i);
		else
			r->reach = MAX(r->reach, r[-1].reach);
	}
}

const struct history_range *
history_range_of(const struct history *h, struct str map, uint32_t element)
{
	size_t first = map_get(&h->by_map, map), low = first, mid;
	size_t high = h->n_ranges;
	const struct history_range *r;

	if (low == MAP_NONE)
		return NULL;
	/* The last that begins at or before the element. */
	while (high - low > 1) {
		mid = low + (high - low) / 2;
		r = &h->ranges[mid];
		if (str_eq(r->map, map) && r->from <= element)
			low = mid;
		else
			high = mid;
	}
	/* No range of ours lies over another; those of a damaged journal may. */
	for (r = &h->ranges[low];; r--) {
		if (element >= r->from && element - r->from < r->n)
			return r;
		if (r == &h->ranges[first] || r[-1].reach <= element)
			return NULL;
	}
}

void
history_fill(const struct history_range *r, struct history_node *n)
{
	n->phase = r->phase;
	n->why = r->why;
	n->cache = r->cache;
	n->attempt = r->attempt;
	n->outputs = (struct str){ NULL, 0 };
	if (n->first == 0)
		n->first = r->time;
	if (n->started == 0)
		n->started = r->time;
	n->ended = r->time;
}

void
history_element(const struct history_range *r, uint32_t i, struct arena *a,
    struct history_node *ret)
{
	memset(ret, 0, sizeof(*ret));
	history_fill(r, ret);
	if (a != NULL)
		ret->path = str_of(arena_printf(a, STR_FMT "/n%u",
		    STR_ARG(r->map), i));
}

/* ---- by path ------------------------------------------------------------- */

const struct history_node *
history_find(const struct history *h, struct str path,
    struct history_node *room)
{
	uint32_t i = map_get(&h->by_path, path), element;
	const struct history_range *r;
	struct str map;

	if (i != MAP_NONE)
		return &h->nodes[i];
	if (!history_split(path, &map, &element))
		return NULL;
	r = history_range_of(h, map, element);
	if (r == NULL)
		return NULL;
	history_element(r, element, NULL, room);
	room->path = path;
	return room;
}

/* 1 if the path, without the attempts between its ids, is the short one. */
static int
is_short_of(struct str path, const char *shorter)
{
	const char *p = path.p, *end = path.p + path.n;
	size_t n;

	for (;;) {
		const char *slash = memchr(p, '/', (size_t)(end - p));

		n = slash == NULL ? (size_t)(end - p) : (size_t)(slash - p);
		if (strncmp(shorter, p, n) != 0)
			return 0;
		shorter += n;
		if (slash == NULL)
			return *shorter == '\0';
		if (*shorter++ != '/')
			return 0;
		/* the attempt */
		p = slash + 1;
		slash = memchr(p, '/', (size_t)(end - p));
		if (slash == NULL)
			return 0;
		p = slash + 1;
	}
}

/* The range that has an element given without attempts; twice: not known. */
static const struct history_range *
short_element(const struct history *h, const char *path,
    uint32_t *ret_element, int *ret_twice)
{
	c_strbuf struct strbuf one = STRBUF_INIT;
	const struct history_range *found = NULL;
	struct str map;
	size_t i;

	*ret_twice = 0;
	if (!history_split(str_of(path), &map, ret_element))
		return NULL;
	for (i = 0; i < h->n_ranges; i++) {
		const struct history_range *r = &h->ranges[i];

		if (*ret_element < r->from || *ret_element - r->from >= r->n)
			continue;
		strbuf_reset(&one);
		strbuf_addf(&one, STR_FMT "/n%u", STR_ARG(r->map),
		    *ret_element);
		if (!is_short_of(strbuf_str(&one), path))
			continue;
		*ret_twice |= found != NULL;
		found = r;
	}
	return found;
}

const struct history_node *
history_node(const struct history *h, const char *path,
    struct history_node *room)
{
	const struct history_node *found = history_find(h, str_of(path),
	    room);
	const struct history_range *r;
	uint32_t element;
	int twice;
	size_t k;

	if (found != NULL)
		return found;
	for (k = 0; h->nodes != NULL && k < h->n_nodes; k++)
		if (is_short_of(h->nodes[k].path, path)) {
			if (found != NULL)
				return NULL;
			found = &h->nodes[k];
		}
	if (found != NULL)
		return found;
	r = short_element(h, path, &element, &twice);
	if (r == NULL || twice)
		return NULL;
	history_element(r, element, &h->recent->arena, room);
	return room;
}
