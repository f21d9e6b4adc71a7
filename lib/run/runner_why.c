/* Why the nodes of a run do what they do, as it is found out. */
#include "run/runner_p.h"

#include "idl/nodepath.h"

/* Misses of one run that are looked into, so that a journal does not grow by
 * a record for each element of a huge map. */
#define MAX_EXPLAINED	10000

/* ---- why it runs -------------------------------------------------------- */

static void
set_why(struct run *run, struct str path, const struct why *why)
{
	uint32_t i = map_get(&run->reasons, path);
	struct why kept = *why;

	/* Words of a code are nobody's to copy. */
	if (kept.text.p != why_of(kept.code).text.p)
		kept.text = arena_str(&run->arena, kept.text);
	if (kept.detail.p != NULL)
		kept.detail = arena_str(&run->arena, kept.detail);
	if (i != MAP_NONE && run->reason_list.at != NULL) {
		run->reason_list.at[i] = kept;
		return;
	}
	map_put(&run->reasons, arena_str(&run->arena, path),
	    (uint32_t)run->reason_list.n);
	VEC_PUSH(&run->reason_list, kept);
}

/* NULL: none was noted. */
static const struct why *
known_why(const struct run *run, struct str path)
{
	uint32_t i = run->reason_list.n == 0 ? MAP_NONE :
	    map_get(&run->reasons, path);

	return i == MAP_NONE ? NULL : &run->reason_list.at[i];
}

void
run_keep_why(struct run *run, struct str path, const struct why *why)
{
	if (known_why(run, path) == NULL)
		set_why(run, path, why);
}

struct why
run_why_it_runs(const struct run *run, const struct run_task *task,
    struct str path, uint32_t attempt)
{
	const pb_task_template *t = task->template;
	const struct why *why;

	if (attempt > 0)
		return why_of(WHY_RETRY);
	why = known_why(run, path);
	if (why != NULL)
		return *why;
	if (t == NULL || t->metadata == NULL || !t->metadata->discoverable)
		return why_of(WHY_NOT_CACHED);
	switch (run->runner->opts.cache) {
	case RUNNER_CACHE_OFF:
		return why_of(WHY_CACHE_OFF);
	case RUNNER_CACHE_WRITE:
		return why_of(WHY_CACHE_WRITE);
	case RUNNER_CACHE_REFRESH:
		return why_of(WHY_CACHE_REFRESH);
	case RUNNER_CACHE_ON:
	case RUNNER_CACHE_READ:
	default:
		return why_of(WHY_MISS);
	}
}

/* ---- nodes of one key --------------------------------------------------- */

static int
same_map(const struct sched_ref *a, const struct sched_ref *b)
{
	return a->frame == b->frame && a->node == b->node;
}

/* An element that its map starts only when another one has ended. */
static int
is_held_back(const struct run *run, const struct sched_ref *at)
{
	uint32_t graph, limit = run->max_parallelism;
	struct sched_ref parent;
	const struct plan *p;
	int64_t own;

	if (at->element == SCHED_NONE)
		return 0;
	p = sched_frame(run->sched, at->frame, &graph, &parent);
	own = p->arrays[p->nodes[at->node].what].parallelism;
	if (own >= 0)
		limit = (uint32_t)MIN(own, UINT32_MAX);
	return limit > 0 && at->element >= limit;
}

/* 1 if it is one that is held back, or inside of one, by another map than the
 * other node is in. */
static int
may_come_after(const struct run_would *w, const struct run_would *other)
{
	const struct run *run, *r;
	const struct sched_ref *at = &w->at, *to;

	for (run = w->run; run != NULL; at = &run->parent_at,
	    run = run->parent) {
		if (!is_held_back(run, at))
			continue;
		for (r = other->run, to = &other->at; r != NULL &&
		    (r != run || !same_map(at, to)); to = &r->parent_at,
		    r = r->parent)
			continue;
		return r == NULL;
	}
	return 0;
}

/* w waits for what the other node makes of it. */
static void
depend_on(const struct run_would *w, const struct run_would *other)
{
	c_strbuf struct strbuf whole = STRBUF_INIT, name = STRBUF_INIT;
	struct why why;

	if (run_is_forced(w->run, w->path))
		return;		/* it does not look */
	strbuf_addf(&whole, "%s" STR_FMT, run_label(other->run),
	    STR_ARG(other->path));
	nodepath_add(&name, strbuf_str(&whole));
	why = why_of_node(WHY_SAME_KEY, "on", strbuf_str(&name), "on ",
	    ", which computes the same", &w->run->runner->arena);
	set_why(w->run, w->path, &why);
}

/* The same of one that has been told of already. */
static void
depend_after_all(const struct run_would *w, const struct run_would *other)
{
	struct run_event event = { .kind = RUN_WOULD, .path = w->path };

	depend_on(w, other);
	event.why = known_why(w->run, w->path);
	if (event.why != NULL)
		run_tell(w->run, &event);
}

/*
 * Of nodes of one key the first computes it, and whether the others find that
 * depends on when they look; but what is held back by the limit of its map
 * may be overtaken by any.
 */
void
run_note_key(struct run *run, const struct run_lookup *l)
{
	struct runner *r = run->runner;
	struct str key = str_of(arena_printf(&r->arena, "%u " STR_FMT,
	    l->lookup.key.dataset, STR_ARG(l->lookup.key.tag)));
	struct run_would now = { run, l->at, arena_str(&r->arena, l->path) };
	uint32_t i = map_get(&r->would, key);
	struct run_would *first;

	if (i == MAP_NONE) {
		map_put(&r->would, key, (uint32_t)r->would_list.n);
		VEC_PUSH(&r->would_list, now);
		return;
	}
	first = &r->would_list.at[i];
	if (!may_come_after(first, &now)) {
		depend_on(&now, first);
		return;
	}
	depend_after_all(first, &now);
	if (may_come_after(&now, first))
		depend_on(&now, first);
	else
		*first = now;
}

/* ---- misses ------------------------------------------------------------- */

void
run_explain_miss(struct run *run, const struct run_lookup *l,
    struct arena *a)
{
	struct cache_put would = {
		.key = l->lookup.key, .command = l->task->cached.command,
		.source = str_of(arena_printf(a, "%s/%s/%s/" STR_FMT "#0",
		    run->id.project, run->id.domain, run->id.name,
		    STR_ARG(l->path))),
	};
	struct cache_explain x = { .reason = REASON_NEVER };
	struct why why;
	struct err e;
	int found = 1;

	if (run->runner->opts.dry_run &&
	    run->runner->opts.cache == RUNNER_CACHE_ON)
		run_note_key(run, l);
	if (known_why(run, l->path) != NULL ||
	    run->explained++ >= MAX_EXPLAINED)
		return;
	if (run->explainer == NULL)
		run->explainer = explainer_new(run->runner->opts.store);
	if (!explainer_knows_none(run->explainer, &would.key)) {
		would.inputs = cached_preimage(&l->task->cached, l->inputs,
		    a);
		would.given = l->inputs;
		found = explainer_ask(run->explainer, &would, a, &x, &e) == 0;
	}
	why = found ? why_of_miss(&x, a) : why_of(WHY_CACHE_TROUBLE);
	run_keep_why(run, l->path, &why);
}

/* ---- hits --------------------------------------------------------------- */

void
run_keep_hit(struct run *run, const struct run_lookup *l)
{
	c_strbuf struct strbuf place = STRBUF_INIT;
	struct run_hit hit = { .at = l->at, .key = l->lookup.key };

	catalog_place_add(&place, &l->lookup);
	hit.place = arena_str(&run->hit_arena, strbuf_str(&place));
	hit.source = arena_str(&run->hit_arena, l->lookup.source);
	hit.key.tag = arena_str(&run->hit_arena, hit.key.tag);
	VEC_PUSH(&run->hits, hit);
}

/* Ends come in the order of the answers, but for a few. */
const struct run_hit *
run_hit_of(struct run *run, struct sched_ref at)
{
	size_t i, k;

	for (i = 0; i < run->hits.n; i++) {
		k = (run->next_hit + i) % run->hits.n;
		if (run_same_ref(run->hits.at[k].at, at)) {
			run->next_hit = k;
			return &run->hits.at[k];
		}
	}
	return NULL;
}

void
run_forget_hits(struct run *run)
{
	if (run->hits.n == 0)
		return;
	run->hits.n = run->next_hit = 0;
	arena_release(&run->hit_arena);
}

/* ---- the end of a node -------------------------------------------------- */

/* What the journal will tell of it. */
static void
as_recorded(struct run *run, const struct sched_action *act,
    struct history_node *n)
{
	*n = (struct history_node){
		.path = act->path, .phase = act->phase,
		.why = sched_why_name(act->why), .error = act->error,
		.attempt = act->at.attempt,
	};
	if (act->why == SCHED_WHY_UPSTREAM && act->cause != SCHED_NONE)
		n->of = arena_strndup(&run->arena,
		    act->plan->nodes[act->cause].id.p,
		    act->plan->nodes[act->cause].id.n);
	if (act->why == SCHED_WHY_HIT)
		n->cache = "HIT";
	if (act->node->kind == PLAN_BRANCH && act->taken != SCHED_NONE)
		n->taken = arena_strndup(&run->arena,
		    act->plan->nodes[act->taken].id.p,
		    act->plan->nodes[act->taken].id.n);
}

/* Where a hit came from: its key, and the source of the entry. */
struct origin {
	struct arena	*arena;
	const char	*key;		/* NULL: it is gone */
	struct str	 source;
};

static int
keep_origin(void *arg, const struct cache_entry *x, struct err *e)
{
	struct origin *o = arg;

	(void)e;
	o->key = arena_strdup(o->arena, x->key);
	o->source = arena_str(o->arena, x->source);
	return 1;
}

static void
find_origin(struct run *run, const struct run_event *ev, struct origin *o)
{
	const struct run_hit *hit = run_hit_of(run, ev->action->at);
	struct store *store = run->runner->opts.store;
	c_strbuf struct strbuf key = STRBUF_INIT;
	struct err e;

	if (hit != NULL) {
		catalog_key_add(store, &hit->key, &key);
		o->key = arena_strdup(o->arena, key.p);
		o->source = hit->source;
	} else if (ev->place.n > 0 && catalog_at_place(store, ev->place,
	    keep_origin, o, &e) < 0) {
		o->key = NULL;
	}
}

enum fate
run_why_ended(struct run *run, const struct run_event *ev, struct arena *a,
    struct why *ret)
{
	struct history h = { .recover = run->record.recover };
	const struct sched_action *act = ev->action;
	struct origin o = { .arena = a };
	struct history_node n;

	if (act->why == SCHED_WHY_RESTORED) {
		*ret = why_of(WHY_DONE);
		return FATE_REUSE;
	}
	as_recorded(run, act, &n);
	if (act->why == SCHED_WHY_HIT)
		find_origin(run, ev, &o);
	return why_was(&h, &n, act->node->kind, o.key, o.source, a, ret);
}

void
run_whys_release(struct run *run)
{
	map_release(&run->reasons);
	VEC_RELEASE(&run->reason_list);
	VEC_RELEASE(&run->hits);
	arena_release(&run->hit_arena);
	explainer_free(run->explainer);
}
