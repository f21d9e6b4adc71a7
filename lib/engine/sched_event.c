#include "engine/sched_p.h"

/* What the driver has to tell of attempts, child executions and signals. */

static struct got *
new_got(struct at *at, struct str outputs)
{
	struct got *got = xcalloc(1, sizeof(*got) + outputs.n);

	if (outputs.n > 0)
		memcpy(got->bytes, outputs.p, outputs.n);
	if (outputs.p != NULL)
		got->outputs = (struct str){ got->bytes, outputs.n };
	sched_node_drop_got(at->n);
	at->n->got = got;
	return got;
}

void
sched_finished(struct sched *s, struct sched_ref ref,
    const struct sched_result *r)
{
	struct at at;
	struct got *got;

	if (!sched_find(s, ref, &at) || at.n->attempt != ref.attempt ||
	    !at.n->running)
		return;
	if (r->end == SCHED_LOST) {
		sched_trouble(s, sched_nobody, r->error.message);
		return;
	}
	got = new_got(&at, r->outputs);
	got->end = r->end;
	got->retry = r->retry;
	if (r->end == SCHED_ERROR)
		got->error = sched_dup_error(s, &r->error);
	sched_wake(s, ref);
}

void
sched_child(struct sched *s, struct sched_ref ref,
    enum sched_child_state state, struct str outputs,
    const struct sched_error *error)
{
	struct at at;
	struct got *got;

	if (!sched_find(s, ref, &at) || at.n->attempt != ref.attempt ||
	    at.pn->kind != PLAN_LAUNCH || !at.n->started)
		return;
	if (state == SCHED_CHILD_LATER) {
		sched_trouble(s, ref, error != NULL ? error->message :
		    STR("the child execution cannot be launched"));
		at.n->started = 0;
		return;
	}
	if (state == SCHED_CHILD_RUNNING) {
		if (at.n->step == STEP_QUEUED)
			sched_node_outcome(&at, OUT_RUNNING);
		return;
	}
	got = new_got(&at, outputs);
	got->child = state;
	if (error != NULL && error->code.p != NULL)
		got->error = sched_dup_error(s, error);
	sched_wake(s, ref);
}

void
sched_signal(struct sched *s, struct str id, struct str literal)
{
	size_t i;

	if (literal.n == 0)
		return;
	for (i = 0; i < s->signals.n; i++)
		if (str_eq(s->signals.at[i].id, id))
			break;
	if (i == s->signals.n)
		VEC_PUSH(&s->signals, ((struct signal_value){
		    sched_keep(s, id), { NULL, 0 } }));
	else if (str_eq(s->signals.at[i].literal, literal))
		return;
	s->signals.at[i].literal = sched_keep(s, literal);
	for (i = 0; i < s->gates.n; i++)
		sched_wake(s, s->gates.at[i]);
}
