/*
 * The graph of a workflow: cycles, nodes out of reach, and the connections
 * as the closure lists them.
 */

#include "base/limits.h"
#include "compile/build.h"

/* Ids named in one error. */
#define MAX_IDS_SHOWN	20

/* Edges grouped by their first end: at[from[i]..from[i + 1]] of name i. */
struct lists {
	uint32_t	*from;
	uint32_t	*at;
};

/* Stable, and linear in names and edges. */
static struct lists
group(struct arena *a, const struct edge *e, size_t n, size_t names)
{
	struct lists l;
	size_t i;

	l.from = arena_new_n(a, names + 2, uint32_t);
	l.at = arena_new_n(a, n, uint32_t);
	for (i = 0; i < n; i++)
		l.from[e[i].of + 2]++;
	for (i = 2; i < names + 2; i++)
		l.from[i] += l.from[i - 1];
	for (i = 0; i < n; i++)
		l.at[l.from[e[i].of + 1]++] = e[i].to;
	return l;
}

/* ---- reach --------------------------------------------------------------- */
enum { NEW, ON_PATH, LEFT };

/*
 * Walks down from a name.  The path to a repeated node, with it at the end,
 * or an empty one; state tells what was reached.
 */
static size_t
walk(const struct lists *l, uint32_t start, unsigned char *state,
    uint32_t *path, uint32_t *next)
{
	size_t n = 1;
	uint32_t at, to;

	path[0] = start;
	state[start] = ON_PATH;
	next[start] = l->from[start];
	while (n > 0) {
		at = path[n - 1];
		if (next[at] == l->from[at + 1]) {
			state[at] = LEFT;
			n--;
			continue;
		}
		to = l->at[next[at]++];
		if (state[to] == LEFT)
			continue;
		path[n++] = to;
		if (state[to] == ON_PATH)
			return n;
		state[to] = ON_PATH;
		next[to] = l->from[to];
	}
	return 0;
}

static void
fault_cycle(struct builder *b, const uint32_t *path, size_t n)
{
	struct compile_place place = builder_place(b, NULL, NULL);
	c_strbuf struct strbuf text = STRBUF_INIT;
	size_t i = 0;

	/* The cycle alone says what is wrong; the way to it is left out. */
	while (path[i] != path[n - 1])
		i++;
	place.node = b->names.at[path[i]];
	for (; i < n; i++) {
		if (n - i == 1 || i < MAX_IDS_SHOWN)
			strbuf_addf(&text, "%s%s", text.n > 0 ? " > " : "",
			    b->names.at[path[i]]);
		else if (i == MAX_IDS_SHOWN)
			strbuf_adds(&text, " > ...");
	}
	FAULT(b, CYCLE_DETECTED, START_NODE, &place,
	    "the nodes run in a circle: %s", text.p);
}

static int
by_id(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
fault_unreached(struct builder *b, const char **ids, size_t n)
{
	struct compile_place place = builder_place(b, NULL, NULL);
	c_strbuf struct strbuf text = STRBUF_INIT;
	size_t i;

	qsort(ids, n, sizeof(*ids), by_id);
	for (i = 0; i < n && i < MAX_IDS_SHOWN; i++)
		strbuf_addf(&text, "%s%s", i > 0 ? ", " : "", ids[i]);
	if (n > i)
		strbuf_addf(&text, " and %zu more", n - i);
	for (i = 0; i < n && i < MAX_DIAGS; i++) {
		place.node = ids[i];
		FAULT(b, UNREACHABLE_NODES, START_NODE, &place,
		    "never reached: %s (they wait for a node that is not "
		    "there, or for each other)", text.p);
	}
}

/*
 * Flyte's compiler lets a node wait for one that is not there if it also waits
 * for one that is; its engine then never runs it.  The failure node is no node
 * of the graph, but others may stand in its list.
 */
static void
fault_unknown(struct builder *b)
{
	struct compile_place place;
	size_t i;

	for (i = 0; i < b->up.n; i++) {
		struct edge e = b->up.at[i];

		if (b->node_of.at[e.to] != NULL)
			continue;
		place = builder_place(b, b->node_of.at[e.of], NULL);
		FAULT(b, NODE_REFERENCE_NOT_FOUND, b->names.at[e.of], &place,
		    "waits for '%s', which is not a node of the workflow",
		    b->names.at[e.to]);
	}
}

void
builder_reach(struct builder *b)
{
	struct arena *a = &b->c->scratch;
	size_t names = b->names.n, i, n, lost = 0;
	struct lists l = group(a, b->down.at, b->down.n, names);
	unsigned char *state = arena_zalloc(a, names);
	uint32_t *path = arena_new_n(a, names + 1, uint32_t);
	const char **ids;

	n = walk(&l, builder_intern(b, START_NODE), state, path,
	    arena_new_n(a, names, uint32_t));
	if (n > 0) {
		fault_cycle(b, path, n);
		return;
	}
	ids = arena_new_n(a, b->nodes.n, const char *);
	for (i = 0; i < b->nodes.n; i++)
		if (state[b->nodes.at[i]->name] == NEW &&
		    strcmp(b->nodes.at[i]->msg->id, END_NODE) != 0)
			ids[lost++] = b->nodes.at[i]->msg->id;
	if (lost > 0)
		fault_unreached(b, ids, lost);
	else if (b->c->errors->n == 0)
		fault_unknown(b);
}

/* ---- connections --------------------------------------------------------- */
struct ranked {
	const char	*id;
	uint32_t	 name;
};

static int
by_ranked_id(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return strcmp(x->id, y->id);
}

/* Names in the order of their ids, and their places in it. */
static struct ranked *
rank_names(struct builder *b, uint32_t **ret_rank)
{
	size_t i, n = b->names.n;
	struct ranked *r = arena_new_n(&b->c->scratch, n, struct ranked);

	for (i = 0; i < n; i++) {
		r[i].id = b->names.at[i];
		r[i].name = (uint32_t)i;
	}
	qsort(r, n, sizeof(*r), by_ranked_id);
	*ret_rank = arena_new_n(&b->c->scratch, n, uint32_t);
	for (i = 0; i < n; i++)
		(*ret_rank)[r[i].name] = (uint32_t)i;
	return r;
}

/* Edges between ranks, each list sorted: by the far end, then grouped. */
static struct lists
sorted_lists(struct builder *b, const struct edge *e, size_t n,
    const uint32_t *rank)
{
	struct arena *a = &b->c->scratch;
	struct edge *back = arena_new_n(a, n, struct edge), *fore;
	struct lists l;
	size_t i, k, to;

	for (i = 0; i < n; i++)
		back[i] = (struct edge){ rank[e[i].to], rank[e[i].of] };
	l = group(a, back, n, b->names.n);
	fore = back;
	for (to = 0, i = 0; to < b->names.n; to++)
		for (k = l.from[to]; k < l.from[to + 1]; k++, i++)
			fore[i] = (struct edge){ l.at[k], (uint32_t)to };
	return group(a, fore, n, b->names.n);
}

typedef Flyteidl__Core__ConnectionSet__IdList pb_id_list;

/* The list of one node, each id once. */
static pb_id_list *
id_list(struct builder *b, const struct lists *l, size_t i,
    const struct ranked *r)
{
	pb_id_list *ids = NEW_INNER(b->c->arena, pb_id_list,
	    flyteidl__core__connection_set__id_list);
	uint32_t k;

	ids->ids = arena_new_n(b->c->arena, l->from[i + 1] - l->from[i],
	    char *);
	for (k = l->from[i]; k < l->from[i + 1]; k++)
		if (k == l->from[i] || l->at[k] != l->at[k - 1])
			ids->ids[ids->n_ids++] =
			    (char *)(uintptr_t)r[l->at[k]].id;
	return ids;
}

static size_t
count_lists(const struct lists *l, size_t names)
{
	size_t i, n = 0;

	for (i = 0; i < names; i++)
		n += l->from[i + 1] > l->from[i];
	return n;
}

/* One of the two maps of a ConnectionSet, whose entries differ by type only. */
#define WRITE_MAP(set, field, type, prefix) do {			\
	(set)->field = arena_calloc(b->c->arena,			\
	    count_lists(&l, names), sizeof(*(set)->field));		\
	for (i = 0; i < names; i++) {					\
		if (l.from[i + 1] == l.from[i])				\
			continue;					\
		__typeof__((set)->field) at_ =				\
		    &(set)->field[(set)->n_##field++];			\
		*at_ = NEW_INNER(b->c->arena, type, prefix);		\
		(*at_)->key = (char *)(uintptr_t)r[i].id;		\
		(*at_)->value = id_list(b, &l, i, r);			\
	}								\
} while (0)

void
builder_connections(struct builder *b)
{
	pb_connection_set *set = PB_NEW(b->c->arena,
	    flyteidl__core__connection_set);
	size_t i, names = b->names.n;
	struct ranked *r;
	struct lists l;
	uint32_t *rank;

	r = rank_names(b, &rank);
	l = sorted_lists(b, b->down.at, b->down.n, rank);
	WRITE_MAP(set, downstream,
	    Flyteidl__Core__ConnectionSet__DownstreamEntry,
	    flyteidl__core__connection_set__downstream_entry);
	l = sorted_lists(b, b->up.at, b->up.n, rank);
	WRITE_MAP(set, upstream, Flyteidl__Core__ConnectionSet__UpstreamEntry,
	    flyteidl__core__connection_set__upstream_entry);
	b->compiled->connections = set;
}
