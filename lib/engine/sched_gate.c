#include "idl/literal.h"
#include "idl/wire.h"
#include "engine/sched_p.h"

/* Gates: reference 3.2. */

static enum outcome
sleep_run(struct at *at, const struct plan_gate *g)
{
	int64_t until;

	/* Counted from the start of the attempt, which is now. */
	if (at->n->step == STEP_QUEUED && at->n->started_at == 0)
		at->n->started_at = at->s->now;
	if (__builtin_add_overflow(at->n->started_at, MAX(g->sleep, 0),
	    &until))
		until = INT64_MAX;
	if (at->n->step != STEP_QUEUED && at->s->now >= until)
		return OUT_OK;
	if (!at->n->started) {
		struct sched_ref ref = at->ref;

		ref.attempt = at->n->attempt;
		sched_timer(at->s, until, ref);
		at->n->started = 1;
	}
	return OUT_RUNNING;
}

static struct str
signal_of(const struct sched *s, struct str id)
{
	for (size_t i = 0; i < s->signals.n; i++)
		if (str_eq(s->signals.at[i].id, id))
			return s->signals.at[i].literal;
	return (struct str){ NULL, 0 };
}

static enum outcome
approve(struct at *at, const pb_literal *value)
{
	const pb_primitive *p = literal_primitive(value);

	if (p == NULL ||
	    p->value_case != FLYTEIDL__CORE__PRIMITIVE__VALUE_BOOLEAN) {
		at->n->error = sched_new_error(at->s, SCHED_UNKNOWN,
		    "RuntimeExecutionError",
		    STR("received a non-boolean approve signal value"));
		return OUT_FAILED;
	}
	if (!p->boolean) {
		at->n->error = sched_new_error(at->s, SCHED_USER,
		    "ReceivedRejectSignal", STR("received a reject signal to "
		    "disapprove the node input values"));
		return OUT_FAILED;
	}
	at->n->outputs = at->n->inputs;
	return OUT_OK;
}

static enum outcome
take(struct at *at, const struct plan_gate *g, struct str value)
{
	c_arena struct arena a = ARENA_INIT;
	c_strbuf struct strbuf entry = STRBUF_INIT, map = STRBUF_INIT;
	ProtobufCMessage *m;
	struct err e;

	if (g->kind == PLAN_APPROVE) {
		if (wire_unpack(&flyteidl__core__literal__descriptor, value, &a,
		    &m, &e) != 0) {
			at->n->error = sched_new_error(at->s, SCHED_UNKNOWN,
			    "RuntimeExecutionError", str_of(e.msg));
			return OUT_FAILED;
		}
		return approve(at, (pb_literal *)m);
	}
	wire_add_bytes(&entry, 1, g->output);
	wire_add_bytes(&entry, 2, value);
	wire_add_bytes(&map, 1, strbuf_str(&entry));
	at->n->outputs = sched_keep(at->s, strbuf_str(&map));
	return OUT_OK;
}

enum outcome
sched_gate_run(struct at *at)
{
	const struct plan_gate *g = &at->f->plan->gates[at->pn->what];
	struct str value;
	struct sched_ref ref = at->ref;

	if (g->kind == PLAN_SLEEP)
		return sleep_run(at, g);
	value = signal_of(at->s, g->signal);
	if (value.p != NULL)
		return take(at, g, value);
	if (!at->n->started) {
		at->n->started = 1;
		ref.attempt = at->n->attempt;
		VEC_PUSH(&at->s->gates, ref);
		(void)sched_emit_at(at, SCHED_WAIT);
	}
	return OUT_RUNNING;
}
