#include "run/runner_p.h"

#include "idl/wire.h"

/* Nodes that come and go without a trace worth keeping. */
static int
is_plain_node(const struct sched_action *act)
{
	return act->node->kind == PLAN_START || act->node->kind == PLAN_END;
}

/* ---- actions ------------------------------------------------------------ */

static void
count_node(struct run_counts *c, const struct sched_action *act)
{
	/* What is made of others is counted by them, but where it was taken
	 * over whole. */
	if (act->node->kind == PLAN_START || act->node->kind == PLAN_END ||
	    (act->node->kind != PLAN_TASK && act->phase != SCHED_RECOVERED))
		return;
	if (act->phase == SCHED_SUCCEEDED && act->why == SCHED_WHY_HIT)
		c->reused++;
	else if (act->phase == SCHED_RECOVERED)
		c->recovered++;
	else if (act->phase == SCHED_SUCCEEDED &&
	    act->why != SCHED_WHY_RESTORED)
		c->ran++;
	else if (act->phase == SCHED_FAILED || act->phase == SCHED_TIMED_OUT)
		c->failed++;
	else if (act->phase == SCHED_SKIPPED)
		c->skipped++;
	else
		return;
	c->nodes++;
}

/*
 * What a journal needs to go on: final phases, retries, and when something
 * that is not a task began.  The start of an attempt stands for the rest.
 */
static int
is_recorded(const struct sched_action *act)
{
	if (is_plain_node(act) || act->why == SCHED_WHY_RESTORED ||
	    act->phase == SCHED_QUEUED || act->phase == SCHED_UNDEFINED)
		return 0;
	return act->phase != SCHED_RUNNING || act->node->kind != PLAN_TASK ||
	    act->why == SCHED_WHY_RETRY;
}

static int
is_over(enum sched_phase phase)
{
	return phase == SCHED_FAILED || phase == SCHED_ABORTED ||
	    phase == SCHED_TIMED_OUT;
}

static int
is_final(enum sched_phase phase)
{
	return is_over(phase) || phase == SCHED_SUCCEEDED ||
	    phase == SCHED_SKIPPED || phase == SCHED_RECOVERED;
}

/*
 * What was known of a node is settled by what is recorded now.  1 if the
 * journal has this very end already: an end is recorded once, though the
 * engine decides anew what is left out (a case not taken, what needs a failed
 * node).
 */
static int
settle(struct run *run, const struct sched_action *act)
{
	uint32_t i;
	int same;

	if (run->history.dir == NULL || !is_final(act->phase))
		return 0;
	i = map_get(&run->history.by_path, act->path);
	if (i == MAP_NONE)
		return 0;
	same = run->history.nodes[i].phase == act->phase;
	run->history.nodes[i].phase = act->phase;
	return same;
}

/* The inputs, where no record of an attempt or a map has them. */
static struct str
unrecorded_inputs(struct run *run, const struct sched_action *act)
{
	int is_new = act->why == SCHED_WHY_HIT ||
	    act->why == SCHED_WHY_RECOVERED;
	struct sched_view view;

	if (act->node->kind == PLAN_TASK &&
	    (!is_new || act->at.element != SCHED_NONE))
		return (struct str){ NULL, 0 };
	sched_view(run->sched, act->at, &view);
	return view.inputs;
}

static void
record(struct run *run, const struct sched_action *act)
{
	const struct run_hit *hit = act->why == SCHED_WHY_HIT ?
	    run_hit_of(run, act->at) : NULL;
	struct str place = { "", 0 };

	if (hit != NULL)
		place = hit->place;
	if (act->node->kind == PLAN_TASK && act->at.element != SCHED_NONE &&
	    (act->phase == SCHED_SUCCEEDED ||
	    act->phase == SCHED_RECOVERED) && act->system_failures == 0 &&
	    act->error.code.p == NULL)
		record_element(&run->recorder, act, place);
	else
		record_node(&run->recorder, act,
		    unrecorded_inputs(run, act), place);
}

static void
on_node(struct run *run, const struct sched_action *act)
{
	struct run_event event = {
		.kind = RUN_NODE, .action = act, .path = act->path,
		.attempt = act->at.attempt,
	};
	int is_known = settle(run, act);

	count_node(&run->counts, act);
	if (run->journal != NULL && is_recorded(act) && !is_known &&
	    (run->stopping == 0 || !is_over(act->phase) ||
	    !run_keep_for_job(run, act)))
		record(run, act);
	if (run->reserves != NULL && (is_over(act->phase) ||
	    act->why == SCHED_WHY_HIT))
		run_release(run, act->at);
	if (!is_plain_node(act))
		run_tell(run, &event);
}

static void
on_workflow(struct run *run, const struct sched_action *act)
{
	struct run_event event = { .kind = RUN_WORKFLOW, .action = act };
	struct str none = { NULL, 0 };

	/* A final phase is recorded once nothing is left, by finish(). */
	if (run->journal != NULL && !history_is_final(act->wf))
		record_workflow(&run->recorder, act->wf,
		    act->error.code.p == NULL ? NULL : &act->error, none);
	run_tell(run, &event);
}

static void
on_start(struct run *run, const struct sched_action *act)
{
	struct why why = run_why_it_runs(run, run_task_of(run, act->plan,
	    act->node), act->path, act->at.attempt);
	struct run_event event = { .kind = RUN_WOULD, .path = act->path,
	    .why = &why };

	if (!run->runner->opts.dry_run) {
		/* That of the first attempt stays; what goes without saying
		 * is not said. */
		if (act->at.attempt == 0 && why.code != WHY_NOT_CACHED &&
		    why.code != WHY_MISS)
			record_why(&run->recorder, act->path, &why);
		run_queue_start(run, act);
		return;
	}
	run->counts.would_run++;
	run_tell(run, &event);
}

static void
on_wait(struct run *run, const struct sched_action *act)
{
	struct run_event event = {
		.kind = RUN_WAITING, .action = act, .path = act->path,
		.text = act->gate->signal,
	};

	run_tell(run, &event);
}

/* A result must be in the catalog before the next one may look for it. */
static void
release_reservation(struct run *run, struct sched_ref at)
{
	run_commit_cache(run);
	run_release(run, at);
}

typedef VEC(struct run_lookup) lookup_vec;

static int
add_lookup(struct run *run, const struct sched_action *act,
    lookup_vec *lookups, struct arena *a, struct err *e)
{
	struct run_lookup l = {
		.at = act->at, .path = arena_str(a, act->path),
		.task = run_task_of(run, act->plan, act->node),
	};
	struct str none = { NULL, 0 };
	ProtobufCMessage *m;
	int forced = run_is_forced(run, l.path);

	if (!l.task->keyed || (forced && !run->runner->opts.dry_run) ||
	    run->runner->opts.cache == RUNNER_CACHE_WRITE) {
		sched_looked_up(run->sched, l.at, SCHED_CACHE_MISS, none);
		return 0;
	}
	if (wire_unpack(&flyteidl__core__literal_map__descriptor, act->inputs,
	    a, &m, e) < 0)
		return -1;
	l.inputs = (pb_literal_map *)m;
	if (!forced) {
		VEC_PUSH(lookups, l);
		return 0;
	}
	if (cached_key(&l.task->cached, l.inputs, a, &l.lookup.key, e) < 0)
		return -1;
	run_note_key(run, &l);
	sched_looked_up(run->sched, l.at, SCHED_CACHE_MISS, none);
	return 0;
}

/* 1 if the engine has something to chew on at once. */
static int
act_on(struct run *run, const struct sched_action *act, lookup_vec *lookups,
    struct arena *a, struct err *e)
{
	if (run->sheet != NULL)
		run_sheet_action(run, act);
	switch (act->todo) {
	case SCHED_LOOKUP:
		return add_lookup(run, act, lookups, a, e) < 0 ? -1 : 1;
	case SCHED_RESERVE:
		run_reserve(run, act);
		return 1;
	case SCHED_RELEASE:
		release_reservation(run, act->at);
		return 0;
	case SCHED_PUT:
		sched_put_done(run->sched, act->at, run_put(run, act));
		return 1;
	case SCHED_START:
		on_start(run, act);
		return 0;
	case SCHED_STOP:
		run_stop_attempt(run, act->at);
		return 0;
	case SCHED_BUILD:
		run_build(run, act);
		return 1;
	case SCHED_LAUNCH:
		run_launch(run, act);
		return 1;
	case SCHED_KILL:
		run_kill(run, act);
		return 0;
	case SCHED_WAIT:
		on_wait(run, act);
		return 0;
	case SCHED_NODE:
		on_node(run, act);
		return 0;
	case SCHED_WORKFLOW:
		on_workflow(run, act);
		return 0;
	default:
		BUG("action %d", (int)act->todo);
	}
}

/* Carries out what the engine wants now.  Look-ups are gathered, so that all
 * nodes that are ready go through the catalog at once. */
static int
drain(struct run *run, int *ret_again, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	const struct sched_action *act;
	lookup_vec lookups = VEC_INIT;
	int rc = 0;

	*ret_again = 0;
	while (rc >= 0 && run->damage.kind == ERR_NONE &&
	    (act = sched_action(run->sched)) != NULL) {
		rc = act_on(run, act, &lookups, &a, e);
		*ret_again |= rc > 0;
	}
	if (rc >= 0 && run->damage.kind != ERR_NONE) {
		*e = run->damage;
		rc = -1;
	}
	if (rc >= 0 && lookups.n > 0)
		rc = run_look_up(run, lookups.at, lookups.n, &a, e);
	VEC_RELEASE(&lookups);
	return rc < 0 ? -1 : 0;
}

/* ---- a turn ------------------------------------------------------------- */

static void
on_timer(struct loop_timer *timer)
{
	struct run *run = timer->arg;

	run->dirty = 1;
}

static void
set_timer(struct run *run)
{
	int64_t when = sched_deadline(run->sched);

	loop_timer_stop(run->runner->opts.loop, &run->timer);
	if (when != INT64_MAX && !run->ended) {
		run->timer.fn = on_timer;
		run->timer.arg = run;
		loop_timer_set(run->runner->opts.loop, &run->timer, when);
	}
}

static uint32_t
free_slots(const struct run *run)
{
	const struct runner *r = run->runner;
	uint32_t n = r->places;
	const struct run_job *j;

	if (r->opts.dry_run)
		return SCHED_NONE;
	for (j = run->waiting; j != NULL; j = j->next)
		n++;
	return n >= r->opts.jobs ? 0 : r->opts.jobs - n;
}

int
run_commit(struct run *run, enum journal_sync sync, struct err *e)
{
	if (run->journal == NULL)
		return 0;
	record_flush(&run->recorder);
	if (run->recorder.trouble.kind != ERR_NONE) {
		*e = run->recorder.trouble;
		return err_wrap(e, "journal");
	}
	return journal_commit(run->journal, sync, e);
}

/* 1 if a job or an execution that it launched is still being ended. */
static int
has_rest(const struct run *run)
{
	const struct run *child;

	if (run->running != NULL)
		return 1;
	for (child = run->runner->runs; child != NULL; child = child->next)
		if (child->parent == run)
			return 1;
	return 0;
}

/* What an earlier process had begun and this one never came back to. */
static void
record_abandoned(struct run *run, const struct history_node *n)
{
	struct plan_node node = { .kind = PLAN_TASK };
	struct sched_action act = {
		.path = n->path, .node = &node, .phase = SCHED_ABORTED,
		.why = SCHED_WHY_ABORT, .cause = SCHED_NONE,
		.taken = SCHED_NONE, .system_failures = n->system_failures,
	};
	struct str none = { NULL, 0 };

	act.at.attempt = n->attempt;
	record_node(&run->recorder, &act, none, none);
}

static void
record_leftovers(struct run *run)
{
	size_t i;

	for (i = run->history.n_nodes; i > 0; i--)
		if (!is_final(run->history.nodes[i - 1].phase))
			record_abandoned(run, &run->history.nodes[i - 1]);
}

void
run_end_left(struct run *run, int tell)
{
	struct err e;
	size_t n = 0;

	if (run->mark == NULL || run->journal == NULL)
		return;
	if (run->executor->ops->end_left(run->executor, run->mark, NULL, &n,
	    &e) < 0)
		n = 0;		/* what is there is told by a resume */
	if (n > 0 && tell)
		run_say(run, "ended %zu process%s that tasks left running", n,
		    n == 1 ? "" : "es");
}

static int
finish(struct run *run, struct err *e)
{
	enum sched_wf phase = sched_phase(run->sched);
	const struct sched_error *error = run_error(run);

	run->ended = 1;
	run->outputs = sched_outputs(run->sched);
	/* Before it is told that all is done. */
	run_commit_cache(run);
	run_end_left(run, 1);
	if (run->journal != NULL) {
		/* Nobody comes back to what has ended. */
		local_sweep(run->places.scratch);
		record_leftovers(run);
		if (run->stop_command != 0)
			record_control(&run->recorder, run->stop_command);
		run->recorder.sync = 1;
		record_workflow(&run->recorder, phase, error,
		    run->outputs);
	}
	run->counts.ended_us = record_now_us();
	if (run_commit(run, JOURNAL_POWER_SAFE, e) < 0)
		return -1;
	if (run->sheet != NULL)
		run_certify(run);
	return 0;
}

int
run_turn(struct run *run, struct err *e)
{
	enum journal_sync sync = run->runner->opts.durable ?
	    JOURNAL_POWER_SAFE : JOURNAL_KILL_SAFE;
	int again = 1, more;

	run->dirty = 0;
	while (again) {
		more = sched_step(run->sched, loop_now(), free_slots(run));
		if (drain(run, &again, e) < 0)
			return -1;
		again |= more;
		/* A start that was taken back leaves its place to others. */
		again |= sched_holds_back(run->sched) && free_slots(run) > 0;
	}
	run->full = free_slots(run) == 0;
	run_forget_hits(run);
	if (history_is_final(sched_phase(run->sched)))
		return has_rest(run) ? 0 : finish(run, e);
	/* Before anything is started on the strength of it that is seen
	 * outside. */
	if (run_waits_to_be_seen(run) && run_commit(run, sync, e) < 0)
		return -1;
	set_timer(run);
	return 0;
}
