/* Why a key misses: the nearest entry, and what differs from it. */
#include "store/explain_p.h"

#include "idl/wire.h"
#include "store/handle.h"

/* Entries of a task looked at, newest first: enough to find a close one. */
#define NEAREST_OF	2000

/* An input of an entry, to be compared at a glance. */
struct field {
	uint32_t	name;		/* in explainer.names */
	uint64_t	value;		/* hash of its bytes */
};

/* An entry of a task. */
struct known {
	uint32_t	 task, dataset;	/* in explainer.names */
	struct str	 tag, source, inputs, interface;
	const char	*cache_version;
	struct digest	 command;
	int64_t		 created;
	char		 key[17];
	struct field	*fields;	/* by name */
	size_t		 n_fields;
};

struct explainer {
	struct store	*s;
	struct arena	 arena;
	struct map	 names;		/* of tasks, datasets and inputs */
	uint32_t	 n_names;
	struct map	 tasks;		/* those that were read */
	VEC(struct known) entries;
	uint32_t	 reading;	/* the task */
};

/* One question. */
struct near {
	struct explainer *x;
	struct arena	*arena;		/* the caller's */
	const struct dataset *mine;
	const pb_literal_map *inputs;	/* of the key, as kept */
	const pb_literal_map *whole;	/* before long ones were cut, or NULL */
	const pb_literal_map *given;	/* before they were reduced, or NULL */
	struct field	*fields;
	size_t		 n_fields;
	uint32_t	 task, dataset;
	struct str	 tag, execution, path;	/* of the node that asks */
	struct digest	 command;
};

/* ---- what differs ------------------------------------------------------- */

static int
unpack_inputs(struct str bytes, struct arena *a, const pb_literal_map **ret,
    struct err *e)
{
	ProtobufCMessage *m;

	if (wire_unpack(&flyteidl__core__literal_map__descriptor, bytes, a,
	    &m, e) < 0)
		return -1;
	*ret = (const pb_literal_map *)(const void *)m;
	return 0;
}

static int
describe(struct near *n, const struct known *k, struct cache_explain *x,
    struct err *e)
{
	struct cache_sides sides = {
		.store = n->x->s, .is = n->inputs, .whole = n->whole,
		.given = n->given,
	};

	memcpy(x->key, k->key, sizeof(x->key));
	x->created = k->created;
	x->source = arena_str(n->arena, k->source);
	x->command_differs = !digest_empty(&n->command) &&
	    !digest_empty(&k->command) &&
	    !digest_equal(&n->command, &k->command);
	if (k->dataset != n->dataset)
		return explain_datasets(n->mine, k->cache_version,
		    k->interface, n->arena, x, e);
	x->reason = REASON_HIT;
	if (str_eq(k->tag, n->tag))
		return 0;
	x->reason = REASON_INPUT;
	if (unpack_inputs(k->inputs, n->arena, &sides.was, e) < 0)
		return -1;
	cache_explain_inputs(&sides, n->arena, x);
	return 0;
}

/* ---- the entries of a task ---------------------------------------------- */

static uint32_t
name_of(struct explainer *x, struct str name)
{
	uint32_t i = map_get(&x->names, name);

	if (i == MAP_NONE) {
		i = x->n_names++;
		map_put(&x->names, arena_str(&x->arena, name), i);
	}
	return i;
}

/* FNV-1a: whoever finds a collision is told of a neighbour that is none. */
static uint64_t
hash_of(struct str bytes)
{
	uint64_t h = 0xcbf29ce484222325u;
	size_t i;

	for (i = 0; i < bytes.n; i++)
		h = (h ^ (unsigned char)bytes.p[i]) * 0x100000001b3u;
	return h;
}

static int
by_name(const void *a, const void *b)
{
	const struct field *f = a, *g = b;

	return f->name < g->name ? -1 : f->name > g->name;
}

static struct field *
fields_of(struct explainer *x, const pb_literal_map *m, struct arena *a)
{
	struct field *f = arena_new_n(a, m->n_literals, struct field);
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	size_t i;

	for (i = 0; i < m->n_literals; i++) {
		strbuf_reset(&bytes);
		wire_pack(&m->literals[i]->value->base, &bytes);
		f[i].name = name_of(x, str_of(m->literals[i]->key));
		f[i].value = hash_of(strbuf_str(&bytes));
	}
	if (m->n_literals > 1)
		qsort(f, m->n_literals, sizeof(*f), by_name);
	return f;
}

static int
keep_entry(void *arg, const struct cache_entry *entry, struct err *e)
{
	struct explainer *x = arg;
	c_arena struct arena scratch = ARENA_INIT;
	const pb_literal_map *m;
	struct known k = {
		.task = x->reading,
		.dataset = name_of(x, str_of(entry->version)),
		.tag = arena_str(&x->arena, entry->tag),
		.source = arena_str(&x->arena, entry->source),
		.inputs = arena_str(&x->arena, entry->inputs),
		.interface = arena_str(&x->arena, entry->interface),
		.cache_version = arena_strdup(&x->arena,
		    entry->cache_version),
		.command = entry->command, .created = entry->created,
	};

	if (unpack_inputs(entry->inputs, &scratch, &m, e) < 0)
		return 0;	/* not readable: not the one to name */
	memcpy(k.key, entry->key, sizeof(k.key) - 1);
	k.fields = fields_of(x, m, &x->arena);
	k.n_fields = m->n_literals;
	VEC_PUSH(&x->entries, k);
	return 0;
}

/* Once for each task, whose entries are seen as they were then. */
static int
read_task(struct explainer *x, const struct dataset *d, uint32_t *ret,
    struct err *e)
{
	c_strbuf struct strbuf id = STRBUF_INIT;
	struct cache_filter f = { .project = d->project,
	    .domain = d->domain, .name = d->name, .limit = NEAREST_OF };

	if (strncmp(f.name, "flyte_task-", 11) == 0)
		f.name += 11;
	strbuf_addf(&id, "%s/%s/%s", f.project, f.domain, f.name);
	*ret = x->reading = name_of(x, strbuf_str(&id));
	if (map_get(&x->tasks, strbuf_str(&id)) != MAP_NONE)
		return 0;
	map_put(&x->tasks, arena_str(&x->arena, strbuf_str(&id)), 1);
	return catalog_list(x->s, &f, keep_entry, x, e);
}

struct explainer *
explainer_new(struct store *s)
{
	struct explainer *x = xcalloc(1, sizeof(*x));

	x->s = s;
	return x;
}

void
explainer_free(struct explainer *x)
{
	if (x == NULL)
		return;
	map_release(&x->names);
	map_release(&x->tasks);
	VEC_RELEASE(&x->entries);
	arena_release(&x->arena);
	free(x);
}

/* ---- the nearest -------------------------------------------------------- */

static size_t
count_differences(const struct near *n, const struct known *k)
{
	size_t i = 0, j = 0, ret = 0;

	while (i < n->n_fields || j < k->n_fields) {
		if (j == k->n_fields || (i < n->n_fields &&
		    n->fields[i].name < k->fields[j].name)) {
			i++;
		} else if (i == n->n_fields ||
		    n->fields[i].name > k->fields[j].name) {
			j++;
		} else if (n->fields[i++].value == k->fields[j++].value) {
			continue;
		}
		ret++;
	}
	return ret;
}

/* "project/domain/ID/" of a source, and the node's path behind it. */
static void
split_source(struct str source, struct str *ret_execution,
    struct str *ret_path)
{
	const char *end = source.p + source.n, *p = source.p, *hash;
	int i;

	*ret_execution = *ret_path = (struct str){ source.p, 0 };
	for (i = 0; i < 3 && p != NULL; i++)
		p = (p = memchr(p, '/', (size_t)(end - p))) == NULL ? NULL :
		    p + 1;
	if (p == NULL)
		return;
	hash = memrchr(p, '#', (size_t)(end - p));
	*ret_execution = (struct str){ source.p, (size_t)(p - source.p) };
	*ret_path = (struct str){ p, (size_t)((hash == NULL ? end : hash) -
	    p) };
}

/*
 * How far an entry is: first by the version, then by the rest of the dataset,
 * then by the inputs; of those that are as near that of the same node, then the newest.
 */
static uint64_t
distance(const struct near *n, const struct known *k)
{
	struct str execution, path;

	split_source(k->source, &execution, &path);
	return (uint64_t)!explain_same_version(n->mine,
	    k->cache_version) << 41 |
	    (uint64_t)(k->dataset != n->dataset) << 40 |
	    (uint64_t)count_differences(n, k) << 1 |
	    (n->path.n == 0 || !str_eq(path, n->path));
}

static const struct known *
nearest(const struct near *n, size_t *ret_entries)
{
	const struct known *best = NULL, *k;
	uint64_t least = UINT64_MAX, d;
	struct str execution, path;
	size_t i;

	*ret_entries = 0;
	for (i = 0; i < n->x->entries.n; i++) {
		k = &n->x->entries.at[i];
		if (k->task != n->task)
			continue;
		++*ret_entries;
		split_source(k->source, &execution, &path);
		if (n->execution.n > 0 && str_eq(execution, n->execution))
			continue;	/* made meanwhile, by a sibling */
		d = distance(n, k);
		if (d < least) {
			least = d;
			best = k;
		}
	}
	return best;
}

/* An entry is there; is it usable? */
static int
check_hit(struct near *n, const struct cache_put *p,
    struct cache_explain *ret, struct err *e)
{
	struct cache_lookup l = { .key = p->key, .command = p->command };

	if (catalog_lookup(n->x->s, &l, 1, n->arena, e) < 0)
		return -1;
	if (l.state == CACHE_DAMAGED) {
		ret->reason = REASON_DAMAGED;
		ret->why = l.why;
	}
	return 0;
}

int
explainer_knows_none(struct explainer *x, const struct cache_key *key)
{
	struct err e;
	uint32_t task;
	size_t i;

	if (read_task(x, &x->s->datasets.at[key->dataset], &task, &e) < 0) {
		err_clear(&e);
		return 0;
	}
	for (i = 0; i < x->entries.n; i++)
		if (x->entries.at[i].task == task)
			return 0;
	return 1;
}

int
explainer_ask(struct explainer *x, const struct cache_put *p,
    struct arena *a, struct cache_explain *ret, struct err *e)
{
	struct near n = {
		.x = x, .arena = a, .tag = p->key.tag,
		.command = p->command, .given = p->given,
		.mine = &x->s->datasets.at[p->key.dataset],
	};
	const struct known *k;
	struct str kept;

	*ret = (struct cache_explain){ .reason = REASON_NEVER };
	if (catalog_preimage(NULL, p->inputs, a, &kept, e) < 0 ||
	    unpack_inputs(kept, a, &n.inputs, e) < 0 ||
	    (kept.p != p->inputs.p &&
	    unpack_inputs(p->inputs, a, &n.whole, e) < 0) ||
	    read_task(x, n.mine, &n.task, e) < 0)
		return -1;
	n.fields = fields_of(x, n.inputs, a);
	n.n_fields = n.inputs->n_literals;
	n.dataset = name_of(x, str_of(n.mine->version));
	split_source(p->source, &n.execution, &n.path);
	k = nearest(&n, &ret->entries);
	if (k == NULL)
		return 0;
	if (describe(&n, k, ret, e) < 0)
		return -1;
	return ret->reason == REASON_HIT ? check_hit(&n, p, ret, e) : 0;
}
