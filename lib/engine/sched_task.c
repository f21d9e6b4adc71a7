#include "idl/castable.h"
#include "idl/infer.h"
#include "idl/wire.h"
#include "engine/sched_p.h"

/* Task nodes and task elements: cache, reservation, attempts (reference 5.4,
 * 5.6, 2.11). */

static const struct plan_task *
task_of(const struct at *at)
{
	return &at->f->plan->tasks[at->pn->what];
}

struct str
sched_task_inputs(struct at *at)
{
	return at->map == NULL ? at->n->inputs :
	    sched_array_element_inputs(at->s, at->map, at->ref.element);
}

static struct sched_action *
emit(struct at *at, enum sched_do todo)
{
	struct sched_action *a = sched_emit_at(at, todo);

	a->inputs = sched_task_inputs(at);
	if (at->map != NULL)
		a->whole_inputs =
		    at->f->nodes[at->ref.node - at->f->g->first].inputs;
	return a;
}

/* ---- the cache ----------------------------------------------------------- */

/* A task without outputs is never cached. */
int
sched_task_is_cached(const struct at *at)
{
	const struct plan_task *t = task_of(at);

	return t->cacheable && t->outputs.n > 0;
}

static int
is_serialized(const struct at *at)
{
	return sched_task_is_cached(at) && task_of(at)->serialize;
}

void
sched_task_look_up(struct at *at)
{
	if (at->s->c.overwrite_cache) {
		at->n->cache = SCHED_CACHE_SKIPPED;
		if (at->n->recovered)
			sched_recall_settle(at);
		else
			sched_node_ready(at);
		return;
	}
	(void)emit(at, SCHED_LOOKUP);
	at->n->asked = 1;
}

/* The type of an output of one element: a list of them is declared. */
static int
output_type(const struct at *at, const struct plan_var *v, struct arena *a,
    pb_literal_type **ret)
{
	ProtobufCMessage *m;
	struct err e;

	if (wire_unpack(&flyteidl__core__literal_type__descriptor, v->type, a,
	    &m, &e) != 0)
		return -1;
	*ret = (pb_literal_type *)m;
	if (at->map != NULL && (*ret)->type_case ==
	    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_COLLECTION_TYPE)
		*ret = (*ret)->collection_type;
	return 0;
}

/* 1 if the map has exactly the outputs declared, each of a type that fits. */
static int
fits(struct at *at, struct str outputs)
{
	const struct plan_range *r = &task_of(at)->outputs;
	c_arena struct arena a = ARENA_INIT;
	struct wire_reader reader = wire_reader(outputs);
	struct wire_field f;
	struct err e;
	uint32_t n = 0;

	while (wire_next(&reader, &f, &e) > 0)
		n += f.id == 1;
	if (n != r->n)
		return 0;
	for (uint32_t i = 0; i < r->n; i++) {
		const struct plan_var *v = &at->f->plan->vars[r->at + i];
		struct str bytes = sched_bind_get(outputs, v->name);
		ProtobufCMessage *m;
		pb_literal_type *up, *down;

		if (bytes.p == NULL || wire_unpack(
		    &flyteidl__core__literal__descriptor, bytes, &a, &m, &e) != 0
		    || type_infer((pb_literal *)m, &a, &up, &e) != 0 ||
		    output_type(at, v, &a, &down) != 0 ||
		    !type_castable(up, down))
			return 0;
	}
	return 1;
}

static void
hit(struct at *at, struct str outputs)
{
	struct node *n = at->n;

	if (at->map != NULL) {
		sched_node_drop_got(n);		/* of a recovered one */
		n->got = xcalloc(1, sizeof(*n->got) + outputs.n);
		if (outputs.n > 0)
			memcpy(n->got->bytes, outputs.p, outputs.n);
		n->outputs = (struct str){ n->got->bytes, outputs.n };
	} else
		n->outputs = sched_keep(at->s, outputs);
	n->cache = SCHED_CACHE_HIT;
	n->reservation = SCHED_RESERVE_DISABLED;
	sched_node_to(at, STEP_SUCCEEDED, SCHED_WHY_HIT);
}

void
sched_looked_up(struct sched *s, struct sched_ref ref, enum sched_cache what,
    struct str outputs)
{
	struct at at;

	if (!sched_find(s, ref, &at) || !at.n->asked)
		return;
	at.n->asked = 0;
	if (what == SCHED_CACHE_HIT && !fits(&at, outputs))
		what = s->c.rules.check_cached ? SCHED_CACHE_MISS :
		    SCHED_CACHE_LOOKUP_FAILURE;
	if (what == SCHED_CACHE_LOOKUP_FAILURE) {
		sched_trouble(s, ref, STR("the cache could not be read"));
	} else if (what == SCHED_CACHE_HIT)
		hit(&at, outputs);
	else if (at.n->step != STEP_NEW) {
		at.n->cache = SCHED_CACHE_MISS;
		(void)emit(&at, SCHED_RESERVE);
		at.n->asked = 1;
	} else if (at.n->recovered)
		sched_recall_settle(&at);
	else
		sched_node_ready(&at);
}

/* ---- reservations -------------------------------------------------------- */

/* Asks for the reservation; who waited for it looks into the cache first. */
static void
reserve(struct at *at)
{
	int look = at->n->waited &&
	    (at->map == NULL || at->s->c.rules.reread_cache);

	(void)emit(at, look ? SCHED_LOOKUP : SCHED_RESERVE);
	at->n->asked = 1;
}

void
sched_reserved(struct sched *s, struct sched_ref ref,
    enum sched_reservation what)
{
	struct at at;

	if (!sched_find(s, ref, &at) || !at.n->asked)
		return;
	at.n->asked = 0;
	at.n->reservation = (uint8_t)what;
	if (what == SCHED_RESERVE_ACQUIRED) {
		at.n->waited = 0;
		sched_node_work(&at);
	} else if (what == SCHED_RESERVE_EXISTS) {
		at.n->waited = 1;
		at.n->why = SCHED_WHY_WAITING;
		ref.attempt = at.n->attempt;
		if (s->c.recheck > 0)
			sched_timer(s, s->now + s->c.recheck, ref);
	} else {
		sched_trouble(s, ref, STR("the cache could not be reserved"));
	}
}

void
sched_reservation_freed(struct sched *s, struct sched_ref ref)
{
	struct at at;

	if (sched_find(s, ref, &at) && at.n->waited)
		sched_wake(s, ref);
}

static void
release(struct at *at)
{
	if (!is_serialized(at))
		return;
	(void)emit(at, SCHED_RELEASE);
	at->n->reservation = SCHED_RESERVE_RELEASED;
}

enum outcome
sched_task_succeeded(struct at *at)
{
	if (!sched_task_is_cached(at))
		return OUT_OK;
	emit(at, SCHED_PUT)->outputs = at->n->outputs;
	at->n->asked = at->n->putting = 1;
	return OUT_BUSY;
}

void
sched_put_done(struct sched *s, struct sched_ref ref, int ok)
{
	struct at at;

	if (!sched_find(s, ref, &at) || !at.n->asked)
		return;
	at.n->asked = at.n->putting = 0;
	at.n->cache = ok ? SCHED_CACHE_POPULATED : SCHED_CACHE_PUT_FAILURE;
	release(&at);
	sched_node_outcome(&at, OUT_OK);
}

/* ---- attempts ------------------------------------------------------------ */

static enum outcome
start(struct at *at)
{
	struct sched *s = at->s;
	struct node *n = at->n;
	struct sched_action *a;
	int granted = n->granted_in == s->round;

	if (!granted && (s->starts_left == 0 || s->next_held < s->held.n)) {
		struct sched_ref ref = at->ref;

		ref.attempt = n->attempt;
		if (!n->held)
			VEC_PUSH(&s->held, ref);
		n->held = 1;
		/* Those before it may be over: then nothing that ends brings
		 * another round. */
		s->changed |= s->starts_left > 0;
		return OUT_BUSY;
	}
	if (!granted && s->starts_left != SCHED_NONE)
		s->starts_left--;
	n->started = n->running = 1;
	s->running++;
	s->peak = MAX(s->peak, s->running);
	s->changed = 1;
	n->started_at = s->now;
	a = emit(at, SCHED_START);
	a->interruptible = sched_node_is_interruptible(at);
	return OUT_RUNNING;
}

static void
look_again(struct at *at)
{
	struct sched_ref ref = at->ref;

	ref.attempt = at->n->attempt;
	sched_wake(at->s, ref);
	at->s->changed = 1;
}

static enum outcome
missing(struct at *at, const char *code, struct str message)
{
	at->n->error = sched_new_error(at->s, SCHED_UNKNOWN, code, message);
	return OUT_RETRY;
}

static enum outcome
consume(struct at *at)
{
	struct node *n = at->n;
	struct got *got = n->got;
	enum sched_end end = got->end;
	int retry = got->retry;

	n->running = 0;
	at->s->running--;
	at->s->changed = 1;
	if (end == SCHED_ERROR) {
		n->error = got->error;
		sched_node_drop_got(n);
		return retry == SCHED_RETRY_NOW ? OUT_AGAIN :
		    retry ? OUT_RETRY : OUT_FAILED;
	}
	if (end == SCHED_FUTURES) {
		n->building = 2;
		look_again(at);
		return OUT_BUSY;
	}
	n->outputs = (struct str){ NULL, 0 };
	if (task_of(at)->outputs.n > 0 && end == SCHED_NO_OUTPUTS)
		return missing(at, "OutputsNotFound",
		    STR("Outputs not generated by task execution"));
	if (task_of(at)->outputs.n > 0 && end == SCHED_NO_READER)
		return missing(at, "OutputsNotGenerated",
		    STR("Output Reader was nil. Plugin/Platform problem."));
	if (at->map != NULL) {
		n->outputs = got->outputs;
		return sched_task_succeeded(at);
	}
	n->outputs = sched_keep(at->s, got->outputs);
	sched_node_drop_got(n);
	return sched_task_succeeded(at);
}

/* flytepropeller ends the parent's attempt first: two rounds. */
static enum outcome
build(struct at *at)
{
	struct node *n = at->n;

	if (--n->building > 0) {
		look_again(at);
		return OUT_BUSY;
	}
	sched_emit_at(at, SCHED_BUILD)->outputs =
	    arena_str(&at->s->turn, n->got->outputs);
	sched_node_drop_got(n);
	n->asked = 1;
	return OUT_BUSY;
}

enum outcome
sched_task_run(struct at *at)
{
	struct node *n = at->n;

	if (n->asked || n->held)
		return OUT_BUSY;
	if (n->building > 0)
		return build(at);
	if (n->started)
		return n->running && n->got != NULL ? consume(at) : OUT_BUSY;
	if (n->step == STEP_QUEUED && is_serialized(at) &&
	    !at->s->c.overwrite_cache &&
	    n->reservation != SCHED_RESERVE_ACQUIRED) {
		reserve(at);
		return OUT_BUSY;
	}
	return start(at);
}

void
sched_task_stop(struct at *at, struct str reason)
{
	struct node *n = at->n;

	struct sched_action *a = emit(at, SCHED_STOP);

	a->reason = arena_str(&at->s->turn, reason);
	a->interruptible = sched_node_is_interruptible(at);
	a->unread = n->running && n->got != NULL;
	n->building = 0;
	if (n->running)
		at->s->running--;
	n->running = n->asked = n->held = 0;
	sched_node_drop_got(n);
}
