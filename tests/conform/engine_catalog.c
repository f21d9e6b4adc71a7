#include "engine.h"

#include "idl/cachekey.h"
#include "idl/wire.h"
#include "task/element.h"

/* The data catalog and its reservations, in memory. */

/* A reservation lives this long after its owner's last sign of life. */
#define EXPIRY	(30 * SECOND)

/* The key of the action's task and inputs: dataset and tag; NULL p if there
 * is none, for the cache version is empty. */
static struct str
key_of(struct engine_run *r, const struct sched_action *a)
{
	struct arena *arena = r->w->arena;
	c_strbuf struct strbuf key = STRBUF_INIT, version = STRBUF_INIT;
	const struct plan_range *ig = &a->task->ignored;
	char **ignore = arena_new_n(arena, ig->n, char *);
	ProtobufCMessage *t, *in;
	pb_task_template *task;
	struct err e;

	if (wire_unpack(&flyteidl__core__task_template__descriptor,
	    a->task->template, arena, &t, &e) != 0 || wire_unpack(
	    &flyteidl__core__literal_map__descriptor, a->inputs, arena, &in,
	    &e) != 0)
		return (struct str){ NULL, 0 };
	task = (pb_task_template *)t;
	if (a->at.element != SCHED_NONE)
		task->interface = element_interface(task->interface, arena);
	for (uint32_t i = 0; i < ig->n; i++)
		ignore[i] = arena_strndup(arena,
		    a->plan->strs[ig->at + i].p, a->plan->strs[ig->at + i].n);
	if (cachekey_dataset(task->id, task->interface,
	    task->metadata->discovery_version, &key, &version, &e) != 0)
		return (struct str){ NULL, 0 };
	strbuf_addch(&key, '/');
	strbuf_addstr(&key, strbuf_str(&version));
	strbuf_addch(&key, '/');
	if (cachekey_tag((pb_literal_map *)in, ignore, ig->n, &key, &e) != 0)
		return (struct str){ NULL, 0 };
	return arena_str(arena, strbuf_str(&key));
}

static struct engine_entry *
entry(struct engine_run *r, struct str key)
{
	struct engine_world *w = r->w;

	for (size_t i = 0; i < w->catalog.n; i++)
		if (str_eq(w->catalog.at[i].key, key))
			return &w->catalog.at[i];
	VEC_PUSH(&w->catalog, ((struct engine_entry){ .key = key,
	    .outputs = { NULL, 0 }, .owner = { NULL, 0 } }));
	return &VEC_LAST(&w->catalog);
}

static int
is_fault(struct engine_run *r, const char *which)
{
	return r->options != TREE_NONE && str_is(conform_text(r->w->row,
	    r->options, "cacheFault"), which);
}

void
engine_lookup(struct engine_run *r, const struct sched_action *a)
{
	struct str key = key_of(r, a);
	struct engine_entry *x = key.p == NULL ? NULL : entry(r, key);

	if (x == NULL || is_fault(r, "get")) {
		sched_looked_up(r->s, a->at, SCHED_CACHE_LOOKUP_FAILURE,
		    (struct str){ NULL, 0 });
		r->round_failed = 1;
	} else if (x->outputs.p == NULL)
		sched_looked_up(r->s, a->at, SCHED_CACHE_MISS, x->outputs);
	else {
		struct sched_view v;

		sched_looked_up(r->s, a->at, SCHED_CACHE_HIT, x->outputs);
		sched_view(r->s, a->at, &v);
		if (v.cache != SCHED_CACHE_HIT) {
			r->misfits++;
			engine_node(r, a->path)->misfit = 1;
			r->round_failed = !r->w->rules->check_cached;
		}
	}
}

/* The first writer wins, unless the execution is to overwrite. */
void
engine_put(struct engine_run *r, const struct sched_action *a)
{
	struct str key = key_of(r, a);
	struct engine_entry *x;
	int overwrite = r->options != TREE_NONE &&
	    conform_true(r->w->row, r->options, "overwriteCache");

	if (key.p == NULL || is_fault(r, "put")) {
		sched_put_done(r->s, a->at, 0);
		return;
	}
	x = entry(r, key);
	if (x->outputs.p == NULL || overwrite)
		x->outputs = arena_str(r->w->arena, a->outputs);
	sched_put_done(r->s, a->at, 1);
}

static struct str
owner_of(struct engine_run *r, const struct sched_action *a)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_addf(&b, STR_FMT "/" STR_FMT "/%u", STR_ARG(r->name),
	    STR_ARG(a->path), a->at.attempt);
	return arena_str(r->w->arena, strbuf_str(&b));
}

/* 1 while the owner's attempt runs: it extends its reservation. */
static int
owner_lives(struct engine_run *r, struct engine_entry *x)
{
	for (size_t i = 0; i < r->calls.n; i++) {
		struct engine_call *c = &r->calls.at[i];
		c_strbuf struct strbuf b = STRBUF_INIT;

		strbuf_addf(&b, STR_FMT "/" STR_FMT "/%u", STR_ARG(r->name),
		    STR_ARG(c->path), c->at.attempt);
		if (c->running && str_eq(strbuf_str(&b), x->owner))
			return 1;
	}
	return 0;
}

void
engine_reserve(struct engine_run *r, const struct sched_action *a)
{
	struct str key = key_of(r, a), owner = owner_of(r, a);
	struct engine_entry *x;

	if (key.p == NULL) {
		sched_reserved(r->s, a->at, SCHED_RESERVE_FAILURE);
		return;
	}
	x = entry(r, key);
	if (r->now < r->reserved_until) {
		sched_reserved(r->s, a->at, SCHED_RESERVE_EXISTS);
		return;
	}
	if (x->owner.p != NULL && !str_eq(x->owner, owner)) {
		if (owner_lives(r, x))
			x->expires = r->now + EXPIRY;
		if (r->now < x->expires) {
			sched_reserved(r->s, a->at, SCHED_RESERVE_EXISTS);
			return;
		}
	}
	x->owner = owner;
	x->expires = r->now + EXPIRY;
	sched_reserved(r->s, a->at, SCHED_RESERVE_ACQUIRED);
}

void
engine_release(struct engine_run *r, const struct sched_action *a)
{
	/* inputs are not part of a release: the owner tells the entry */
	struct str owner = owner_of(r, a);

	for (size_t i = 0; i < r->w->catalog.n; i++)
		if (str_eq(r->w->catalog.at[i].owner, owner))
			r->w->catalog.at[i].owner = (struct str){ NULL, 0 };
}
