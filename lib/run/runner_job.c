#include "run/runner_p.h"

#include "idl/wire.h"
#include "task/resources.h"

int
run_same_ref(struct sched_ref a, struct sched_ref b)
{
	return a.frame == b.frame && a.node == b.node &&
	    a.element == b.element && a.attempt == b.attempt;
}

static void
job_free(struct run_job *j)
{
	arena_release(&j->arena);
	free(j);
}

/* ---- the end of an attempt ---------------------------------------------- */

static void
unlink_running(struct run_job *j)
{
	struct run_job **p;

	for (p = &j->run->running; *p != j; p = &(*p)->next)
		;
	*p = j->next;
	j->run->runner->brief -= (unsigned)j->brief;
	run_dismiss(j);
}

/* What the engine is told of a result. */
static void
result_of(const struct run_job *j, struct strbuf *bytes,
    struct sched_result *ret)
{
	const struct job_result *res = &j->job->result;

	*ret = (struct sched_result){ .end = SCHED_OK };
	if (res->error != NULL) {
		ret->end = SCHED_ERROR;
		ret->retry = res->recoverable;
		ret->error.kind = (enum sched_kind)res->error->kind;
		ret->error.code = str_of(res->error->code);
		ret->error.message = str_of(res->error->message);
	} else if (res->futures.p != NULL) {
		ret->end = SCHED_FUTURES;
		ret->outputs = res->futures;
	} else {
		if (res->outputs != NULL)
			wire_pack(&res->outputs->base, bytes);
		ret->outputs = strbuf_str(bytes);
	}
}

static void
record_started(struct run_job *j)
{
	c_strbuf struct strbuf handle = STRBUF_INIT;
	const struct str none = { NULL, 0 };
	struct run *run = j->run;

	run->executor->ops->handle(j->job, &handle);
	record_start(&run->recorder, &(struct record_started){
	    .path = str_of(j->path), .attempt = j->at.attempt,
	    .handle = handle.p, .inputs = j->at.element != SCHED_NONE ?
	    none : j->input_bytes, .interruptible = j->interruptible,
	    .logs = contract_kind(j->task->contract) == CONTRACT_JQ &&
	    handle.n == 0 ? NULL : &j->job->result });
}

/*
 * The end of the job, and then that of the node if it came first.  Of one
 * that ran in this process and succeeded the record of the element has all.
 */
static void
record_ended(struct run_job *j)
{
	struct str none = { NULL, 0 };
	struct recorder *r = &j->run->recorder;

	if (j->brief && j->job->result.cause == JOB_OK && !j->stopped &&
	    j->last == NULL)
		return;
	if (j->brief)
		record_started(j);

	record_end(r, str_of(j->path), j->at.attempt, &j->job->result);
	if (j->last != NULL)
		record_node(r, j->last, none, none);
}

static void
tell_end(struct run_job *j)
{
	struct run_event event = {
		.kind = RUN_ENDED, .path = str_of(j->path),
		.attempt = j->at.attempt, .result = &j->job->result,
		.contract = j->task->contract,
	};

	run_tell(j->run, &event);
}

static void
finish(struct run_job *j)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	struct run *run = j->run;
	const struct job_result *res = &j->job->result;
	struct sched_result result;

	/* What was ended by us has no result: after a stop the attempt is
	 * made again, and an engine that stopped it wants to hear nothing. */
	run->stopping -= j->stopped;
	run->dirty = 1;
	if (res->cause == JOB_CANCELLED && run->runner->stopping)
		return;
	/* Nor has what the machine had no room for: the run breaks off, and
	 * when it is resumed the attempt is made again. */
	if (res->trouble != NULL && err_is_shortage(res->trouble)) {
		run_break_off(run, str_of(j->path), res->trouble);
		return;
	}
	record_ended(j);
	if (j->stopped)
		return;
	tell_end(j);
	if (res->changed != NULL) {
		run_say(run, "%s: input %s changed while it ran: the result "
		    "is not kept", j->path, res->changed);
		VEC_PUSH(&run->uncached, j->at);
	}
	result_of(j, &bytes, &result);
	if (j->task->retries != NULL && res->error != NULL)
		run_retry_end(j, &result);
	sched_finished(run->sched, j->at, &result);
}

static void
on_job(struct job *job, void *arg)
{
	struct run_job *j = arg;

	if (job->phase != JOB_ENDED)
		return;
	unlink_running(j);
	finish(j);
	job->executor->ops->release(job);
	job_free(j);
}

/* ---- starting ----------------------------------------------------------- */

/* The attempt cannot even be tried. */
static void
refuse(struct run_job *j, const char *code, const struct err *e)
{
	struct sched_result result = {
		.end = SCHED_ERROR,
		.error = { SCHED_USER, str_of(code), str_of(e->msg) },
	};

	sched_finished(j->run->sched, j->at, &result);
	j->run->dirty = 1;
	job_free(j);
}

void
run_queue_job(struct run_job *j)
{
	*j->run->waiting_end = j;
	j->run->waiting_end = &j->next;
}

void
run_queue_start(struct run *run, const struct sched_action *act)
{
	struct run_job *j = xcalloc(1, sizeof(*j));
	struct err e;
	int r = 1;

	j->run = run;
	j->at = act->at;
	j->path = arena_strndup(&j->arena, act->path.p, act->path.n);
	j->task = run_task_of(run, act->plan, act->node);
	j->input_bytes = arena_str(&j->arena, act->inputs);
	j->workflow = run->plan->graphs[0].name.p;
	/* A node may override the task's own. */
	j->timeout = act->node->timeout;
	j->retries = act->node->attempts - 1;
	j->interruptible = act->interruptible;
	if (j->task->retries != NULL && j->at.attempt > 0)
		r = run_retry_begin(j, &e);
	if (r > 0)
		run_queue_job(j);
	else if (r < 0)
		refuse(j, "RetriesExhausted|Lost", &e);
}

static int
submit(struct run_job *j, struct err *e)
{
	struct run *run = j->run;
	struct job_spec spec = {
		.contract = j->task->contract, .inputs = j->inputs,
		.packed = j->input_bytes,
		.project = run->id.project, .domain = run->id.domain,
		.execution = run->id.name, .node = j->path,
		.workflow = j->workflow, .attempt = j->at.attempt,
		.timeout = j->timeout, .run = run->mark,
	};

	if (j->grown > 1)
		spec.memory = (int64_t)MIN((double)contract_limits(
		    j->task->contract)->memory * j->grown, 9e18);
	return executor_submit(run->executor, &spec, &j->arena, on_job, j,
	    &j->job, e);
}

static void
tell_start(struct run_job *j)
{
	struct run *run = j->run;
	struct why why = run_why_it_runs(run, j->task, str_of(j->path),
	    j->at.attempt);
	struct run_event event = {
		.kind = RUN_STARTED, .path = str_of(j->path),
		.attempt = j->at.attempt, .why = &why,
	};

	run_tell(run, &event);
}

/* Has it run in this process, and has ended?  Another of its task may yet need
 * a process of its own; then its inputs are just recorded twice. */
static void
note_brief(struct run_job *j)
{
	c_strbuf struct strbuf handle = STRBUF_INIT;

	if (contract_kind(j->task->contract) != CONTRACT_JQ)
		return;
	j->run->executor->ops->handle(j->job, &handle);
	j->brief = handle.n == 0 && j->at.element != SCHED_NONE;
	j->task->brief |= handle.n == 0;
}

static int
start(struct run_job *j, struct err *e)
{
	struct run *run = j->run;
	struct err trouble = j->task->trouble;
	ProtobufCMessage *inputs;

	if (j->task->contract == NULL) {
		refuse(j, "NotRunnable", &trouble);
		return 0;
	}
	/* What runs in this process reads the bytes themselves. */
	if (!j->task->brief) {
		if (wire_unpack(&flyteidl__core__literal_map__descriptor,
		    j->input_bytes, &j->arena, &inputs, &trouble) < 0) {
			refuse(j, "NotRunnable", &trouble);
			return 0;
		}
		j->inputs = (pb_literal_map *)inputs;
	}
	if (submit(j, e) < 0) {
		job_free(j);
		return -1;
	}
	j->next = run->running;
	run->running = j;
	run_admit(j);
	note_brief(j);
	run->runner->brief += (unsigned)j->brief;
	if (!j->brief)
		record_started(j);
	tell_start(j);
	if (j->job->result.note != NULL)
		run_say(run, "%s: %s", j->path, j->job->result.note);
	return 0;
}

static struct run_job *
running_at(struct run *run, struct sched_ref at)
{
	struct run_job *j;

	for (j = run->running; j != NULL; j = j->next)
		if (j->at.frame == at.frame && j->at.node == at.node &&
		    j->at.element == at.element)
			return j;
	return NULL;
}

int
run_waits_to_be_seen(const struct run *run)
{
	const struct run_job *j;

	for (j = run->waiting; j != NULL; j = j->next)
		if (!j->task->brief)
			return 1;
	return 0;
}

/* Smaller jobs may go before one that finds no place, but not for ever. */
#define MAX_PASSED	64

/*
 * The next to start, by its place in the list; NULL: none may.  One whose last
 * attempt is still being ended waits.
 */
static struct run_job **
next_waiting(struct run *run)
{
	struct runner *r = run->runner;
	struct run_job **p, *j;
	int passes = 0;

	for (p = &run->waiting; (j = *p) != NULL; p = &j->next) {
		if (run->stopping > 0 && running_at(run, j->at) != NULL)
			continue;
		if (j->places == 0)
			run_measure(j);
		if (run_admits(j)) {
			r->passed = passes ? r->passed + 1 : 0;
			return p;
		}
		if (r->passed >= MAX_PASSED || r->places >= r->opts.jobs)
			return NULL;
		passes = 1;
	}
	return NULL;
}

static struct run_job *
pop_waiting(struct run *run)
{
	struct run_job **p = next_waiting(run), *j;

	if (p == NULL)
		return NULL;
	j = *p;
	*p = j->next;
	if (j->next == NULL)
		run->waiting_end = p;
	j->next = NULL;
	return j;
}

int
run_start_waiting(struct run *run, struct err *e)
{
	struct run_job *j;

	while (run->waiting != NULL &&
	    run->runner->places < run->runner->opts.jobs) {
		j = pop_waiting(run);
		if (j == NULL)
			return 0;
		if (start(j, e) < 0)
			return -1;
	}
	return 0;
}

/* ---- stopping ----------------------------------------------------------- */

void
run_stop_attempt(struct run *run, struct sched_ref at)
{
	struct run_job **p, *j;

	for (j = run->running; j != NULL; j = j->next)
		if (run_same_ref(j->at, at)) {
			run->stopping += !j->stopped;
			j->stopped = 1;
			j->job->executor->ops->cancel(j->job, 0);
			return;
		}
	for (j = run->delayed; j != NULL; j = j->next)
		if (run_same_ref(j->at, at)) {
			run_undelay(j);
			job_free(j);
			return;
		}
	for (p = &run->waiting; (j = *p) != NULL; p = &j->next)
		if (run_same_ref(j->at, at)) {
			*p = j->next;
			if (run->waiting_end == &j->next)
				run->waiting_end = p;
			job_free(j);
			return;
		}
}

int
run_keep_for_job(struct run *run, const struct sched_action *act)
{
	struct run_job *j = running_at(run, act->at);
	struct sched_action *a;

	if (j == NULL)
		return 0;
	a = arena_new(&j->arena, struct sched_action);
	*a = *act;
	a->path = str_of(j->path);
	a->inputs = a->whole_inputs = a->reason = STR("");
	a->outputs = (struct str){ NULL, 0 };
	if (act->outputs.p != NULL)
		a->outputs = arena_str(&j->arena, act->outputs);
	if (act->error.code.p != NULL) {
		a->error.code = arena_str(&j->arena, act->error.code);
		a->error.message = arena_str(&j->arena, act->error.message);
	}
	j->last = a;
	return 1;
}

void
run_jobs_cancel(struct run *run, int now)
{
	struct run_job *j;

	for (j = run->running; j != NULL; j = j->next)
		j->job->executor->ops->cancel(j->job, now);
}

void
run_jobs_free(struct run *run)
{
	struct run_job *j, *next;

	for (j = run->delayed; j != NULL; j = next) {
		next = j->next;
		run_undelay(j);
		job_free(j);
	}
	while ((j = run->waiting) != NULL) {
		run->waiting = j->next;
		job_free(j);
	}
	while ((j = run->running) != NULL) {
		run->running = j->next;
		job_free(j);
	}
}
