#include "exec.h"

#include "base/limits.h"
#include "common/look.h"
#include "idl/nodepath.h"
#include "idl/wire.h"

/*
 * The task of a node that ran, with the inputs it had: of the execution
 * itself, of what dynamic tasks made while it ran, or of an execution that
 * one of its nodes launched.
 */

static int
read_inputs(struct exec *x, const struct history *h,
    const struct history_node *n, struct err *e)
{
	ProtobufCMessage *m;
	struct store *store;
	struct str bytes;

	if (context_store(&x->ctx, &store, e) < 0 ||
	    history_inputs(h, store, n, &x->ctx.arena, &bytes, e) < 0)
		return -1;
	if (bytes.p == NULL)
		return err_set(e, ERR_MISSING, "its inputs were not recorded: "
		    "it was %s", n->cache != NULL &&
		    strcmp(n->cache, "HIT") == 0 ?
		    "reused from the cache" : "not started");
	if (wire_unpack(&flyteidl__core__literal_map__descriptor, bytes,
	    &x->ctx.arena, &m, e) < 0)
		return -1;
	x->recorded = (pb_literal_map *)m;
	return 0;
}

static void
take_task(struct exec *x, const struct look_item *it,
    const pb_task_template *task)
{
	const pb_node *node = it->decl;
	const pb_duration *d = node->metadata == NULL ? NULL :
	    node->metadata->timeout;

	if (x->timeout == 0 && d != NULL && d->seconds < INT32_MAX)
		x->timeout = (int64_t)d->seconds * 1000000000 + d->nanos;
	x->task = task;
}

static int
read_task(struct exec *x, const struct look *l, const struct look_item *it,
    struct err *e)
{
	const pb_task_template *task;

	if (l->closure == NULL) {
		*e = l->trouble;
		return -1;
	}
	if (it->node == NULL)
		return err_set(e, ERR_MISSING, "it has not begun");
	task = look_task_as_run(l, it, &x->ctx.arena);
	if (task == NULL)
		return err_set(e, ERR_USAGE, "is not a node that runs a task");
	take_task(x, it, task);
	return read_inputs(x, &l->history, it->node, e);
}

/*
 * The part of the path inside the execution that the item launched, or NULL:
 * the path may have the attempt ("p/0/s"), as everywhere.
 */
static const char *
path_in_child(const struct look_item *it, const char *path)
{
	c_strbuf struct strbuf brief = STRBUF_INIT;
	size_t n = it->path.n, digits;

	nodepath_add(&brief, it->path);
	if (strncmp(path, it->path.p, n) != 0 || path[n] != '/') {
		n = brief.n;
		if (strncmp(path, brief.p, n) != 0 || path[n] != '/')
			return NULL;
	}
	path += n + 1;
	digits = strspn(path, "0123456789");
	return digits > 0 && path[digits] == '/' ? path + digits + 1 : path;
}

static const struct execution_id *
find_child(const struct look *l, const char **path)
{
	const char *rest;
	size_t i;

	for (i = 0; i < l->items.n; i++) {
		const struct look_item *it = &l->items.at[i];

		if (it->node == NULL || it->node->child.name == NULL)
			continue;
		rest = path_in_child(it, *path);
		if (rest != NULL) {
			*path = rest;
			return &it->node->child;
		}
	}
	return NULL;
}

/* 1: *id and *path are those in an execution that it launched. */
static int
find_node(struct exec *x, const char *home, struct execution_id *id,
    const char **path, struct err *e)
{
	c_look struct look l = { .home = NULL };
	const struct execution_id *child;
	struct arena *a = &x->ctx.arena;
	uint32_t at;
	int r;

	if (look_open(home, id, &l, e) < 0)
		return -1;
	if (look_find(&l, *path, &at, e) < 0) {
		child = e->kind == ERR_MISSING ? find_child(&l, path) : NULL;
		if (child == NULL)
			return -1;
		*id = (struct execution_id){ arena_strdup(a, child->project),
		    arena_strdup(a, child->domain),
		    arena_strdup(a, child->name) };
		return 1;
	}
	r = read_task(x, &l, &l.items.at[at], e);
	x->name = arena_str(a, l.items.at[at].path).p;
	x->code = l.history.code == NULL ? NULL :
	    arena_strdup(a, l.history.code);
	return r;
}

static int
find(struct exec *x, struct err *e)
{
	const char *home, *project, *domain, *path;
	struct execution_id id;
	int attempt, i, r = 1;

	if (context_home(&x->ctx, &home, e) < 0 ||
	    context_project(&x->ctx, &project, e) < 0 ||
	    context_domain(&x->ctx, &domain, e) < 0 ||
	    execution_find_address(home, x->replay, project, domain,
	    &x->ctx.arena, &id, &path, &attempt, e) < 0)
		return -1;
	if (path == NULL)
		return err_set(e, ERR_USAGE, "which node? (ID/NODE)");
	for (i = 0; r > 0 && i <= MAX_LAUNCH_NESTING; i++)
		r = find_node(x, home, &id, &path, e);
	x->project = id.project;
	x->domain = id.domain;
	return r;
}

int
exec_find_replay(struct exec *x)
{
	struct err e;
	int r = find(x, &e);

	if (r < 0)
		r = err_wrap(&e, "--replay %s", x->replay);
	x->cache = 0;
	return r < 0 ? fail(&x->ctx, &e) : 0;
}
