#include "run/runner_p.h"

#include "idl/infer.h"
#include "idl/literal.h"
#include "idl/type.h"
#include "idl/wire.h"
#include "record/control.h"

/* What others ask of a running execution (record/control.h): a value for a gate,
 * or its end. */

/* ---- which gate --------------------------------------------------------- */

struct gates {
	const struct plan_gate	*any;	/* one that takes the signal */
	int			 open;	/* one that has not ended, or that no
					 * frame has come to yet */
	int			 seen;	/* some frame has one */
};

static void
find_gates(const struct plan *p, struct str id, struct gates *g)
{
	uint32_t i;

	for (i = 0; i < p->n_gates; i++)
		if (p->gates[i].kind != PLAN_SLEEP &&
		    str_eq(p->gates[i].signal, id))
			g->any = &p->gates[i];
}

static int
is_over(enum sched_phase phase)
{
	return phase == SCHED_SUCCEEDED || phase == SCHED_FAILED ||
	    phase == SCHED_ABORTED || phase == SCHED_SKIPPED ||
	    phase == SCHED_TIMED_OUT || phase == SCHED_RECOVERED;
}

static void
look_in_frame(const struct run *run, uint32_t frame, struct str id,
    struct gates *g)
{
	struct sched_ref ref = { .frame = frame, .element = SCHED_NONE };
	struct sched_ref parent;
	struct sched_view view;
	uint32_t graph, i;
	const struct plan *p = sched_frame(run->sched, frame, &graph,
	    &parent);

	for (i = 0; i < p->graphs[graph].n; i++) {
		const struct plan_node *n =
		    &p->nodes[p->graphs[graph].first + i];

		if (n->kind != PLAN_GATE || !str_eq(p->gates[n->what].signal,
		    id) || p->gates[n->what].kind == PLAN_SLEEP)
			continue;
		ref.node = p->graphs[graph].first + i;
		sched_view(run->sched, ref, &view);
		g->seen = 1;
		g->open |= !is_over(view.phase);
	}
}

static struct gates
gates_of(const struct run *run, struct str id)
{
	struct gates g = { NULL, 0, 0 };
	size_t i;
	uint32_t f;

	find_gates(run->plan, id, &g);
	for (i = 0; i < run->plans.n; i++)
		find_gates(run->plans.at[i].plan, id, &g);
	for (f = 0; f < sched_n_frames(run->sched); f++)
		look_in_frame(run, f, id, &g);
	return g;
}

/* ---- a signal ----------------------------------------------------------- */

static int
check_type(const struct plan_gate *g, struct str value, struct arena *a,
    struct err *e)
{
	pb_literal_type *type;
	ProtobufCMessage *m, *l;

	if (wire_unpack(&flyteidl__core__literal__descriptor, value, a, &l,
	    e) < 0)
		return -1;
	type = type_simple(a, FLYTEIDL__CORE__SIMPLE_TYPE__BOOLEAN);
	if (g->kind == PLAN_SIGNAL) {
		if (wire_unpack(&flyteidl__core__literal_type__descriptor,
		    g->type, a, &m, e) < 0)
			return -1;
		type = (pb_literal_type *)m;
	}
	return literal_check((pb_literal *)l, type, e);
}

/* -1 if it is not for any gate that could take it. */
static int
check_signal(struct run *run, struct str id, struct str value, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	struct gates g = gates_of(run, id);

	if (g.any == NULL)
		return err_set(e, ERR_MISSING, "no gate waits for it");
	if (map_get(&run->signalled, id) != MAP_NONE)
		return err_set(e, ERR_CONFLICT, "it was given before");
	if (g.seen && !g.open)
		return err_set(e, ERR_CONFLICT, "the gate waits no more");
	return check_type(g.any, value, &a, e);
}

static void
feed(struct run *run, struct str id, struct str value)
{
	map_put(&run->signalled, arena_str(&run->arena, id), 1);
	sched_signal(run->sched, id, value);
	run->dirty = 1;
}

static void
take_signal(struct run *run, const struct control_command *c)
{
	struct str id = str_of(c->id);
	struct err e;

	if (check_signal(run, id, c->value, &e) < 0) {
		run_say(run, "signal %s is ignored: %s", c->id, e.msg);
		return;
	}
	record_signal(&run->recorder, id, c->value);
	feed(run, id, c->value);
}

/* ---- commands ----------------------------------------------------------- */

/*
 * That a stop was taken is recorded with the end it leads to (run-finish),
 * so that whoever goes on after a kill in between stops too.
 */
static void
take(void *arg, const struct control_command *c)
{
	struct run *run = arg;

	if (run->ended || run->stop_command != 0)
		return;
	if (c->todo == CONTROL_STOP) {
		run->stop_command = c->number;
		run_say(run, "stopped on request%s%s", c->reason == NULL ? "" :
		    ": ", c->reason == NULL ? "" : c->reason);
		run_abort(run, c->reason == NULL ? "stopped on request" :
		    c->reason);
		return;
	}
	take_signal(run, c);
	record_control(&run->recorder, c->number);
}

static void
trouble(void *arg, const struct err *e)
{
	run_say(arg, "a command is passed over: %s", e->msg);
}

static int
take_early(void *arg, const struct control_command *c, struct err *e)
{
	struct run *run = arg;

	(void)e;
	take(run, c);
	run->controlled = c->number;
	return 0;
}

/* Signals of the journal; what came while nobody ran it; then a watch. */
int
run_listen(struct run *run, struct err *e)
{
	const struct history *h = &run->history;
	struct err passed;
	size_t i;

	for (i = 0; h->dir != NULL && i < h->n_signals; i++) {
		struct str value;

		if (history_literal(h, h->signals[i].value, &run->arena,
		    &value, e) < 0)
			return -1;
		feed(run, str_of(h->signals[i].id), value);
	}
	run->controlled = h->controlled;
	/* What cannot be read is told of by the watch, which passes it. */
	if (control_read(run->dir, run->controlled, take_early, run,
	    &passed) < 0)
		err_clear(&passed);
	return control_open(run->runner->opts.loop, run->dir, run->controlled,
	    take, trouble, run, &run->control, e);
}
