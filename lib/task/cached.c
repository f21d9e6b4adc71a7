#include "task/cached.h"

#include <fcntl.h>

#include "base/err.h"
#include "base/limits.h"
#include "idl/cachekey.h"
#include "idl/literal.h"
#include "idl/wire.h"

/* Digest of what the task would run: container, config, custom, type. */
static void
cached_command(const pb_task_template *task, struct digest *ret)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	pb_task_template part = *task;

	/* Who it is, what it takes and how often it is tried are not what it
	 * does. */
	part.id = NULL;
	part.metadata = NULL;
	part.interface = NULL;
	wire_pack(&part.base, &bytes);
	sha256(bytes.p, bytes.n, ret->b);
}

int
cached_task_init(struct cached_task *t, struct store *store,
    const pb_task_template *task, int local, struct arena *a, struct err *e)
{
	c_strbuf struct strbuf name = STRBUF_INIT, version = STRBUF_INIT;
	c_strbuf struct strbuf own = STRBUF_INIT, interface = STRBUF_INIT;
	pb_identifier id = *task->id;
	struct cache_dataset d = { 0 };
	pb_typed_interface *stripped;

	*t = (struct cached_task){ 0 };
	cached_command(task, &t->command);
	strbuf_adds(&own, task->metadata->discovery_version);
	if (local) {
		id.project = arena_strdup(a, CACHED_LOCAL_PROJECT);
		strbuf_addch(&own, '+');
		hex_add(&own, t->command.b, 6);
	}
	if (cachekey_dataset(&id, task->interface, own.p, &name, &version,
	    e) < 0)
		return err_wrap(e, "task %s", task->id->name);
	d.project = id.project;
	d.domain = id.domain;
	d.name = name.p;
	d.version = version.p;
	d.cache_version = own.p;
	if (task->interface != NULL) {
		stripped = cachekey_strip(task->interface, a);
		wire_pack(&stripped->base, &interface);
		d.interface = strbuf_str(&interface);
	}
	t->dataset = catalog_dataset(store, &d);
	t->ignored = task->metadata->cache_ignore_input_vars;
	t->n_ignored = task->metadata->n_cache_ignore_input_vars;
	return 0;
}

int
cached_key(const struct cached_task *t, const pb_literal_map *inputs,
    struct arena *a, struct cache_key *ret, struct err *e)
{
	c_strbuf struct strbuf tag = STRBUF_INIT;

	if (cachekey_tag(inputs, t->ignored, t->n_ignored, &tag, e) < 0)
		return -1;
	ret->dataset = t->dataset;
	ret->tag = arena_str(a, strbuf_str(&tag));
	return 0;
}

struct str
cached_preimage(const struct cached_task *t, const pb_literal_map *inputs,
    struct arena *a)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	pb_literal_map *reduced;

	reduced = cachekey_reduce(inputs, t->ignored, t->n_ignored, a);
	wire_pack(&reduced->base, &bytes);
	return arena_str(a, strbuf_str(&bytes));
}

/* ---- files -------------------------------------------------------------- */

/* The path a URI means on this machine, or NULL. */
static const char *
local_path(const char *uri)
{
	if (uri[0] == '/')
		return uri;
	if (strncmp(uri, "file:///", 8) == 0)
		return uri + 7;
	return NULL;
}

/* What is done with each local blob of a map. */
struct visit {
	struct store	*store;
	struct arena	*arena;
	int		 compare;	/* 1: only compare, 0: set */
	int		 missing;	/* 1: set those alone that have none */
	int		 changed;
	unsigned	 depth;
};

static int
visit_blob(struct visit *v, pb_literal *l, const char *uri, struct err *e)
{
	c_strbuf struct strbuf hash = STRBUF_INIT;
	const char *path = local_path(uri);
	struct blob b;

	if (path == NULL || (v->missing && l->hash[0] != '\0'))
		return 0;
	if (blob_digest(v->store, AT_FDCWD, path, &b, e) < 0) {
		if (e->kind == ERR_MISSING)
			e->kind = ERR_USAGE;
		return -1;
	}
	blob_add_hash(&b, &hash);
	if (!v->compare)
		l->hash = arena_strdup(v->arena, hash.p);
	else if (strcmp(l->hash, hash.p) != 0)
		v->changed = 1;
	return 0;
}

static int	visit_literal(struct visit *, pb_literal *, struct err *);

static int
visit_all(struct visit *v, pb_literal **items, size_t n, struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (visit_literal(v, items[i], e) < 0)
			return -1;
	return 0;
}

static int
visit_entries(struct visit *v, pb_literal_map *m, struct err *e)
{
	size_t i;

	for (i = 0; i < m->n_literals; i++)
		if (visit_literal(v, m->literals[i]->value, e) < 0)
			return err_wrap(e, "%s", m->literals[i]->key);
	return 0;
}

/* Flyte hashes a union whole, place and all, unless it has a hash itself. */
static int
visit_union(struct visit *v, pb_literal *l, pb_literal *inner, struct err *e)
{
	if (visit_literal(v, inner, e) < 0)
		return -1;
	if (!v->compare && inner->hash[0] != '\0')
		l->hash = inner->hash;
	return 0;
}

static int
visit_scalar(struct visit *v, pb_literal *l, struct err *e)
{
	pb_scalar *s = l->scalar;

	if (s->value_case == FLYTEIDL__CORE__SCALAR__VALUE_BLOB)
		return visit_blob(v, l, s->blob->uri, e);
	if (s->value_case == FLYTEIDL__CORE__SCALAR__VALUE_STRUCTURED_DATASET)
		return visit_blob(v, l, s->structured_dataset->uri, e);
	if (s->value_case == FLYTEIDL__CORE__SCALAR__VALUE_SCHEMA)
		return visit_blob(v, l, s->schema->uri, e);
	if (s->value_case == FLYTEIDL__CORE__SCALAR__VALUE_UNION &&
	    s->union_->value != NULL)
		return visit_union(v, l, s->union_->value, e);
	return 0;
}

/* Literals are bounded in depth by the reader of the wire. */
static int
visit_literal(struct visit *v, pb_literal *l, struct err *e)
{
	int rc = 0;

	if (l == NULL || v->depth >= MAX_MESSAGE_DEPTH)
		return 0;
	v->depth++;
	if (l->value_case == FLYTEIDL__CORE__LITERAL__VALUE_SCALAR)
		rc = visit_scalar(v, l, e);
	else if (l->value_case == FLYTEIDL__CORE__LITERAL__VALUE_COLLECTION)
		rc = visit_all(v, l->collection->literals,
		    l->collection->n_literals, e);
	else if (l->value_case == FLYTEIDL__CORE__LITERAL__VALUE_MAP)
		rc = visit_entries(v, l->map, e);
	v->depth--;
	return rc;
}

int
cached_hash_inputs(struct store *store, pb_literal_map *inputs,
    struct arena *a, struct err *e)
{
	struct visit v = { .store = store, .arena = a };

	return visit_entries(&v, inputs, e);
}

int
cached_hash_missing(struct store *store, pb_literal_map *inputs,
    struct arena *a, struct err *e)
{
	struct visit v = { .store = store, .arena = a, .missing = 1 };

	return visit_entries(&v, inputs, e);
}

const char *
cached_changed_input(struct store *store, const pb_literal_map *inputs)
{
	struct visit v = { .store = store, .compare = 1 };
	struct err e;
	size_t i;

	for (i = 0; i < inputs->n_literals; i++)
		if (visit_literal(&v, inputs->literals[i]->value, &e) < 0 ||
		    v.changed)
			return inputs->literals[i]->key;
	return NULL;
}
