#include "run/runner_p.h"

#include "task/resources.h"

/*
 * Retry rules at work.  What they count comes from the ends of attempts; for
 * attempts before this process began, from the journal, which has them all.
 */

/* ---- what is known of a node -------------------------------------------- */

/* The attempts that the journal has, one after the other. */
static void
read_history(struct run_job *j, struct run_retry *r)
{
	struct run *run = j->run;
	const struct history_node *n;
	uint32_t i, k;

	if (run->history.dir == NULL)
		return;
	i = map_get(&run->history.by_path, str_of(j->path));
	if (i == MAP_NONE)
		return;
	n = &run->history.nodes[i];
	for (k = 0; k < n->n_attempts; k++) {
		const struct history_attempt *a = &n->attempts[k];
		struct retry_end end = { .cause = JOB_LOST, .recoverable = 1,
		    .status = a->status,
		    .unseen = a->ended == 0 || a->cause == NULL };
		int c;

		if (a->number >= j->at.attempt)
			break;
		for (c = 0; a->ended != 0 && a->cause != NULL &&
		    c < JOB_CAUSE_MAX; c++)
			if (strcmp(a->cause, job_cause_name(
			    (enum job_cause)c)) == 0)
				end.cause = (enum job_cause)c;
		end.system = a->failed && a->error.kind == SCHED_SYSTEM;
		retry_decide(j->task->retries, j->retries, &end, &r->state);
		r->ended = a->ended == 0 ? loop_now() : a->ended * 1000 +
		    run->clock_offset;
	}
}

static struct run_retry *
retry_of(struct run_job *j)
{
	struct run *run = j->run;
	uint32_t i = map_get(&run->retry_of, str_of(j->path));
	struct run_retry fresh = { .ended = loop_now() };

	if (i == MAP_NONE) {
		read_history(j, &fresh);
		i = (uint32_t)run->retries.n;
		VEC_PUSH(&run->retries, fresh);
		map_put(&run->retry_of, str_of(arena_strdup(&run->arena,
		    j->path)), i);
	}
	return &run->retries.at[i];
}

/* ---- after an attempt ---------------------------------------------------- */

void
run_retry_end(struct run_job *j, struct sched_result *result)
{
	const struct job_result *res = &j->job->result;
	struct retry_end end = {
		.cause = res->cause, .status = res->end.code,
		.recoverable = res->recoverable,
		.system = result->error.kind == SCHED_SYSTEM,
	};
	struct run_retry *r = retry_of(j);
	struct retry_state *s = &r->state;

	r->ended = loop_now();
	if (retry_decide(j->task->retries, j->retries, &end, s)) {
		result->retry = SCHED_RETRY_NOW;
		return;
	}
	result->retry = 0;
	if (s->most == 0)
		return;
	/* In the words of the engine. */
	result->error.code = str_of(arena_printf(&j->arena,
	    "RetriesExhausted|" STR_FMT, STR_ARG(result->error.code)));
	result->error.message = str_of(arena_printf(&j->arena,
	    "[%u/%u] currentAttempt done. Last Error: %s::" STR_FMT, s->now,
	    s->most, end.system ? "SYSTEM" : "USER",
	    STR_ARG(result->error.message)));
	result->error.kind = SCHED_USER;
}

/* ---- before the next ----------------------------------------------------- */

void
run_undelay(struct run_job *j)
{
	struct run_job **p;

	for (p = &j->run->delayed; *p != j; p = &(*p)->next)
		;
	*p = j->next;
	j->next = NULL;
	loop_timer_stop(j->run->runner->opts.loop, &j->due);
}

static void
on_due(struct loop_timer *t)
{
	struct run_job *j = t->arg;

	run_undelay(j);
	run_queue_job(j);
}

static void
delay(struct run_job *j, int64_t when)
{
	j->due = (struct loop_timer){ .fn = on_due, .arg = j };
	j->next = j->run->delayed;
	j->run->delayed = j;
	loop_timer_set(j->run->runner->opts.loop, &j->due, when);
}

static void
add_span(struct strbuf *b, int64_t ns)
{
	timespan_add(b, (struct timespan){ ns / 1000000000,
	    (int32_t)(ns % 1000000000) });
}

/* What is different this time. */
static void
say_how(struct run_job *j, int64_t wait)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	int64_t memory = j->task->contract == NULL ? 0 :
	    contract_limits(j->task->contract)->memory;

	if (wait > 0) {
		strbuf_adds(&b, " in ");
		add_span(&b, wait / 1000000 * 1000000);
	}
	if (j->grown > 1 && memory > 0)
		strbuf_addf(&b, " with %lld MiB of memory", (long long)
		    ((double)memory * j->grown) >> 20);
	if (j->run->retries.at[map_get(&j->run->retry_of,
	    str_of(j->path))].state.time > 1) {
		strbuf_adds(&b, " with a timeout of ");
		add_span(&b, j->timeout);
	}
	if (b.n > 0)
		run_say(j->run, "%s: attempt %u%s", j->path,
		    j->at.attempt + 1, b.p);
}

int
run_retry_begin(struct run_job *j, struct err *e)
{
	struct run_retry *r = retry_of(j);
	const struct retry_state *s = &r->state;
	int64_t now = loop_now(), when = r->ended + s->delay;

	/* An attempt before this process began may have been the last. */
	if (s->most > 0 && !s->again)
		return err_set(e, ERR_FAILED, "[%u/%u] currentAttempt done. "
		    "Last Error: SYSTEM::its runner ended while it ran",
		    s->now, s->most);
	j->grown = s->memory;
	if (s->time > 1) {
		if (j->timeout <= 0 && j->task->contract != NULL)
			j->timeout = contract_timeout(j->task->contract);
		j->timeout = (int64_t)MIN((double)j->timeout * s->time, 9e18);
	}
	say_how(j, when - now);
	if (when <= now)
		return 1;
	delay(j, when);
	return 0;
}
