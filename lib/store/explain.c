/* Why a key misses: the nearest entry, and what differs from it. */
#include "store/catalog.h"

#include "base/utf8.h"
#include "data/json.h"
#include "idl/literal.h"
#include "idl/type.h"
#include "idl/value.h"
#include "idl/wire.h"
#include "store/handle.h"

/* Entries of a task looked at, newest first: enough to find a close one. */
#define NEAREST_OF	2000
/* Columns of a value in an explanation. */
#define SHORT		48

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
	struct field	*fields;
	size_t		 n_fields;
	uint32_t	 task, dataset;
	struct str	 tag, execution, path;	/* of the node that asks */
	struct digest	 command;
};

void
cache_value_add(struct strbuf *b, const pb_literal *l, size_t width)
{
	const char *colon;
	size_t n;

	if (l->value_case != FLYTEIDL__CORE__LITERAL__VALUE__NOT_SET ||
	    l->hash[0] == '\0') {
		value_add_short(b, l, width);
		return;
	}
	/* Twelve digits of a digest tell it from others. */
	colon = strchr(l->hash, ':');
	n = (colon == NULL ? 0 : (size_t)(colon - l->hash) + 1) + 12;
	strbuf_add(b, l->hash, MIN(strlen(l->hash), MIN(n, width)));
}

static const char *
value_text(const pb_literal *l, struct arena *a)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (l == NULL)
		return "nothing";
	cache_value_add(&b, l, SHORT);
	return arena_strndup(a, b.p, b.n);
}

/* A field that differs; the first one met is the one that is named. */
static void
differs(struct arena *a, struct cache_explain *x, const char *field,
    const char *was, const char *is)
{
	if (x->differences++ > 0)
		return;
	x->field = arena_strdup(a, field);
	x->was = was;
	x->is = is;
}

void
cache_explain_inputs(const pb_literal_map *mine,
    const pb_literal_map *theirs, struct arena *a, struct cache_explain *x)
{
	const pb_literal *other;
	size_t i;

	x->reason = REASON_INPUT;
	for (i = 0; i < mine->n_literals; i++) {
		const char *name = mine->literals[i]->key;
		const pb_literal *l = mine->literals[i]->value;

		other = literal_map_get(theirs, name);
		if (other == NULL || !literal_equal(l, other))
			differs(a, x, name, value_text(other, a),
			    value_text(l, a));
	}
	for (i = 0; i < theirs->n_literals; i++)
		if (literal_map_get(mine, theirs->literals[i]->key) == NULL)
			differs(a, x, theirs->literals[i]->key,
			    value_text(theirs->literals[i]->value, a),
			    "nothing");
}

static const pb_literal_type *
type_of(const pb_variable_map *m, const char *name)
{
	size_t i;

	for (i = 0; m != NULL && i < m->n_variables; i++)
		if (strcmp(m->variables[i]->key, name) == 0)
			return m->variables[i]->value->type;
	return NULL;
}

static const char *
type_text(const pb_literal_type *t, struct arena *a)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (t == NULL)
		return "nothing";
	type_add_name(&b, t);
	return arena_strndup(a, b.p, b.n);
}

static void
compare_types(struct near *n, struct cache_explain *x, const char *what,
    const pb_variable_map *mine, const pb_variable_map *theirs)
{
	size_t i;

	for (i = 0; mine != NULL && i < mine->n_variables; i++) {
		const char *name = mine->variables[i]->key;
		const pb_literal_type *t = mine->variables[i]->value->type;
		const pb_literal_type *u = type_of(theirs, name);

		if (u == NULL || !wire_equal(&t->base, &u->base))
			differs(n->arena, x, arena_printf(n->arena, "%s %s", what,
			    name), type_text(u, n->arena),
			    type_text(t, n->arena));
	}
	for (i = 0; theirs != NULL && i < theirs->n_variables; i++) {
		const char *name = theirs->variables[i]->key;

		if (type_of(mine, name) == NULL)
			differs(n->arena, x, arena_printf(n->arena, "%s %s", what,
			    name), type_text(theirs->variables[i]->value->type,
			    n->arena), "nothing");
	}
}

/*
 * Tasks that were not registered have the digest of their command behind a
 * plus in the version (DESIGN: project "local"); where only that differs it
 * is the command that is to be named.
 */
static int
command_in_version(struct near *n, struct cache_explain *x, const char *was)
{
	const char *is = n->mine->cache_version;
	const char *a = strrchr(was, '+'), *b = strrchr(is, '+');

	if (strcmp(n->mine->project, "local") != 0 || a == NULL ||
	    b == NULL || a - was != b - is ||
	    memcmp(was, is, (size_t)(a - was)) != 0)
		return 0;
	x->reason = REASON_COMMAND;
	differs(n->arena, x, "command", arena_strdup(n->arena, a + 1),
	    arena_strdup(n->arena, b + 1));
	return 1;
}

/* An entry of the same task under another dataset version. */
static int
compare_datasets(struct near *n, struct cache_explain *x,
    const struct known *entry, struct err *e)
{
	const ProtobufCMessageDescriptor *d =
	    &flyteidl__core__typed_interface__descriptor;
	struct str own = { n->mine->interface, n->mine->interface_n };
	const pb_typed_interface *mine, *theirs;
	ProtobufCMessage *a, *b;

	if (strcmp(entry->cache_version, n->mine->cache_version) != 0) {
		x->reason = REASON_VERSION;
		if (command_in_version(n, x, entry->cache_version))
			return 0;
		differs(n->arena, x, "cache version",
		    arena_strdup(n->arena, entry->cache_version),
		    arena_strdup(n->arena, n->mine->cache_version));
		return 0;
	}
	x->reason = REASON_INTERFACE;
	if (wire_unpack(d, own, n->arena, &a, e) < 0 ||
	    wire_unpack(d, entry->interface, n->arena, &b, e) < 0)
		return -1;
	mine = (const pb_typed_interface *)(const void *)a;
	theirs = (const pb_typed_interface *)(const void *)b;
	compare_types(n, x, "input", mine->inputs, theirs->inputs);
	compare_types(n, x, "output", mine->outputs, theirs->outputs);
	return 0;
}

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
	const pb_literal_map *theirs;

	memcpy(x->key, k->key, sizeof(x->key));
	x->created = k->created;
	x->source = arena_str(n->arena, k->source);
	x->command_differs = !digest_empty(&n->command) &&
	    !digest_empty(&k->command) &&
	    !digest_equal(&n->command, &k->command);
	if (k->dataset != n->dataset)
		return compare_datasets(n, x, k, e);
	x->reason = REASON_HIT;
	if (str_eq(k->tag, n->tag))
		return 0;
	x->reason = REASON_INPUT;
	if (unpack_inputs(k->inputs, n->arena, &theirs, e) < 0)
		return -1;
	cache_explain_inputs(n->inputs, theirs, n->arena, x);
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
 * How far an entry is: first by the dataset, then by the inputs; of those
 * that are as near that of the same node, then the newest.
 */
static uint64_t
distance(const struct near *n, const struct known *k)
{
	struct str execution, path;

	split_source(k->source, &execution, &path);
	return (uint64_t)(k->dataset != n->dataset) << 40 |
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
		.command = p->command,
		.mine = &x->s->datasets.at[p->key.dataset],
	};
	const struct known *k;
	struct str kept;

	*ret = (struct cache_explain){ .reason = REASON_NEVER };
	if (catalog_preimage(p->inputs, a, &kept, e) < 0 ||
	    unpack_inputs(kept, a, &n.inputs, e) < 0 ||
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

/* ---- in words ----------------------------------------------------------- */

void
cache_source_add(struct strbuf *b, struct str source, const char *key)
{
	/* The first attempt is the rule. */
	if (source.n > 2 && source.p[source.n - 2] == '#' &&
	    source.p[source.n - 1] == '0')
		source.n -= 2;
	utf8_add_shown(b, source);
	if (key[0] != '\0')
		strbuf_addf(b, " (entry %.12s)", key);
}

static void
add_difference(struct strbuf *b, const struct cache_explain *x)
{
	strbuf_addf(b, "%s%s differs: %s, was %s",
	    x->reason == REASON_INPUT ? "input " : "",
	    x->field == NULL ? "interface" : x->field,
	    x->is == NULL ? "?" : x->is, x->was == NULL ? "?" : x->was);
	if (x->source.n > 0) {
		strbuf_adds(b, " in ");
		cache_source_add(b, x->source, x->key);
	}
	if (x->differences > 1)
		strbuf_addf(b, "; %zu more differ%s", x->differences - 1,
		    x->differences == 2 ? "s" : "");
}

void
cache_explain_add(struct strbuf *b, const struct cache_explain *x)
{
	switch (x->reason) {
	case REASON_HIT:
		strbuf_adds(b, "from ");
		cache_source_add(b, x->source, x->key);
		break;
	case REASON_DAMAGED:
		strbuf_addf(b, "it was kept, but %s", x->why);
		break;
	case REASON_NEVER:
	case REASON_MAX:
		strbuf_adds(b, "nothing of this task was kept before");
		break;
	case REASON_INPUT:
	case REASON_VERSION:
	case REASON_COMMAND:
	case REASON_INTERFACE:
		add_difference(b, x);
		break;
	}
	if (x->command_differs && x->reason != REASON_COMMAND)
		strbuf_adds(b, x->reason == REASON_HIT ?
		    "; it was made by another command" :
		    "; the command differs too");
}

static void
put_text(struct json_writer *w, const char *key, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	json_key(w, key);
	json_cstr(w, value);
}

void
cache_explain_json(struct strbuf *b, const struct cache_explain *x)
{
	struct json_writer w = json_writer(b, 0);

	json_object(&w);
	put_text(&w, "entry", x->key);
	if (x->source.n > 0) {
		json_key(&w, "source");
		json_str(&w, x->source);
	}
	put_text(&w, "field", x->field);
	put_text(&w, "is", x->is);
	put_text(&w, "was", x->was);
	if (x->differences > 0) {
		json_key(&w, "differences");
		json_uint(&w, x->differences);
	}
	if (x->command_differs) {
		json_key(&w, "command_differs");
		json_bool(&w, 1);
	}
	put_text(&w, "trouble", x->why);
	json_end(&w);
}
