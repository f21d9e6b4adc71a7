#include "exec.h"

#include "idl/wire.h"
#include "sys/lock.h"

static int
wants_cache(const struct exec *x)
{
	const pb_task_metadata *m = x->task->metadata;

	return m != NULL && m->discoverable && x->cache != 0 && !x->here;
}

static int
unpack(struct exec *x, const struct cache_lookup *l, pb_literal_map **ret)
{
	ProtobufCMessage *m;
	const char *fault;
	struct err e;

	if (wire_unpack(&flyteidl__core__literal_map__descriptor, l->outputs,
	    &x->ctx.arena, &m, &e) < 0) {
		warn(&x->ctx, "the cached result is not readable (%s): "
		    "running the task", e.msg);
		return 0;
	}
	if (contract_check_outputs(x->task->interface, (pb_literal_map *)m,
	    &x->ctx.arena, &fault) < 0) {
		warn(&x->ctx, "the cached result does not fit (%s): running "
		    "the task", fault);
		return 0;
	}
	*ret = (pb_literal_map *)m;
	return 1;
}

static int
look_up(struct exec *x, struct store *store, pb_literal_map **ret,
    struct err *e)
{
	struct cache_lookup l = { .key = x->key,
	    .command = x->cached.command };
	c_strbuf struct strbuf key = STRBUF_INIT;

	/* A cache that is out of order costs time, not results. */
	if (catalog_lookup(store, &l, 1, &x->ctx.arena, e) < 0) {
		warn(&x->ctx, "%s", e->msg);
		return 0;
	}
	if (l.state == CACHE_DAMAGED)
		warn(&x->ctx, "%s", l.why);
	if (l.state != CACHE_HIT)
		return 0;
	if (l.command_differs)
		warn(&x->ctx, "%s: the cached result was made by another "
		    "command under the same cache version", x->name);
	if (!unpack(x, &l, ret))
		return 0;
	catalog_key_add(store, &x->key, &key);
	x->why = why_of_hit(l.source, key.p, &x->ctx.arena);
	return 1;
}

/* Why it is not there, for -n and -v. */
static void
explain_miss(struct exec *x, struct store *store)
{
	struct cache_put would = { .key = x->key,
	    .command = x->cached.command, .given = x->values };
	struct explainer *ask;
	struct cache_explain answer;
	struct err e;

	would.inputs = cached_preimage(&x->cached, x->values, &x->ctx.arena);
	ask = explainer_new(store);
	if (explainer_ask(ask, &would, &x->ctx.arena, &answer, &e) < 0)
		x->why = why_of(WHY_CACHE_TROUBLE);
	else
		x->why = why_of_miss(&answer, &x->ctx.arena);
	explainer_free(ask);
}

/*
 * cache_serializable: of many that want the key one computes it.  Waits in
 * the kernel; a signal ends us as it would anywhere.
 */
static int
reserve(struct exec *x, struct store *store, struct err *e)
{
	if (reserve_open(store, &x->key, &x->reserved, e) < 0)
		/* Where nothing can be kept nobody waits for it. */
		return e->kind == ERR_REFUSED ? 0 : -1;
	return lock_wait(x->reserved.fd, x->reserved.at, 1, e);
}

/* Why it runs, if nothing is looked up. */
static struct why
why_without_look(const struct exec *x)
{
	const pb_task_metadata *m = x->task->metadata;

	return why_of(m == NULL || !m->discoverable ? WHY_NOT_CACHED :
	    !wants_cache(x) ? WHY_CACHE_OFF : x->cache & CACHE_READ ?
	    WHY_MISS : x->cache & CACHE_REPLACE ? WHY_CACHE_REFRESH :
	    WHY_CACHE_WRITE);
}

int
exec_look_up(struct exec *x, pb_literal_map **ret, struct err *e)
{
	struct store *store;
	int r = 0;

	x->why = why_without_look(x);
	if (!wants_cache(x))
		return 0;
	if (context_store(&x->ctx, &store, e) < 0 ||
	    cached_task_init(&x->cached, store, x->task, x->local,
	    &x->ctx.arena, e) < 0 ||
	    cached_hash_inputs(store, x->values, &x->ctx.arena, e) < 0 ||
	    cached_key(&x->cached, x->values, &x->ctx.arena, &x->key, e) < 0)
		return -1;
	x->caching = 1;
	if (x->cache & CACHE_READ)
		r = look_up(x, store, ret, e);
	if (r == 0 && (x->cache & CACHE_READ) && (x->verbose || x->dry_run))
		explain_miss(x, store);
	if (r != 0 || x->dry_run || !x->task->metadata->cache_serializable)
		return r;
	/* Another may have kept it while we waited. */
	if (reserve(x, store, e) < 0)
		return -1;
	return x->cache & CACHE_READ ? look_up(x, store, ret, e) : 0;
}

static int
keep(struct exec *x, const pb_literal_map *outputs, struct err *e)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	struct cache_put put = { .key = x->key,
	    .command = x->cached.command };
	struct store *store;

	wire_pack(&outputs->base, &bytes);
	put.inputs = cached_preimage(&x->cached, x->values, &x->ctx.arena);
	put.outputs = strbuf_str(&bytes);
	put.refresh = (x->cache & CACHE_REPLACE) != 0;
	put.source = str_of(arena_printf(&x->ctx.arena, "%s/%s/flyte-exec/%s",
	    x->project, x->domain, x->name));
	if (context_store(&x->ctx, &store, e) < 0 ||
	    catalog_put(store, &put, e) < 0)
		return -1;
	return catalog_commit(store, e);
}

void
exec_keep(struct exec *x, const pb_literal_map *outputs)
{
	const char *changed;
	struct store *store;
	struct err e;

	if (!x->caching || !(x->cache & CACHE_WRITE) ||
	    context_store(&x->ctx, &store, &e) < 0)
		return;
	changed = cached_changed_input(store, x->values);
	if (changed != NULL)
		warn(&x->ctx, "%s: input %s changed while the task ran: the "
		    "result is not cached", x->name, changed);
	else if (keep(x, outputs, &e) < 0)
		warn(&x->ctx, "%s: the result is not cached: %s", x->name,
		    e.msg);
}
