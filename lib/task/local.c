#include "task/local.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "idl/wire.h"
#include "task/local_p.h"
#include "sys/file.h"
#include "sys/orphan.h"
#include "sys/proc.h"
#include "sys/rewrite.h"

/* ---- the end of a job ---------------------------------------------------- */

static void
job_detach(struct local_job *j)
{
	struct local *x = j->local;

	loop_remove(x->loop, &j->watch);
	loop_timer_stop(x->loop, &j->deadline);
	loop_timer_stop(x->loop, &j->kill);
	command_release(&j->command);
}

static void
job_ended(struct local_job *j)
{
	struct local *x = j->local;
	struct job_result *r = &j->job.result;
	struct slot *s = j->slot;

	job_detach(j);
	r->ended = instant_now();
	r->out.to = local_slot_log_size(x, s->out);
	r->err.to = local_slot_log_size(x, s->err);
	if (s->made && r->cause != JOB_OK && r->cause != JOB_CANCELLED &&
	    r->cause != JOB_START && x->options->keep)
		local_slot_keep_folder(x, j);
	s->job = NULL;
	j->job.phase = JOB_ENDED;
	j->job.fn(&j->job, j->job.arg);
}

static void
on_exit_of_process(struct loop_watch *w, short revents)
{
	struct local_job *j = w->arg;
	struct err e;

	(void)revents;
	/* What the task left running in its group ends with it. */
	if (j->proc.group)
		proc_signal(&j->proc, SIGKILL);
	loop_remove(j->local->loop, &j->watch);
	local_limit_end(j);
	if (proc_reap(&j->proc, &j->job.result.end, &e) < 0) {
		local_lost(j, &e);
	} else {
		local_limit_measure(j);
		local_judge(j);
	}
	job_ended(j);
}

/* ---- ending a job early -------------------------------------------------- */

static void
send_signal(struct local_job *j, int sig)
{
	struct err e;
	size_t n;

	proc_signal(&j->proc, sig);
	/* In our own group its children are known by the mark only. */
	if (!j->proc.group && proc_signal_marked(JOB_MARK, j->token, sig, &n,
	    &e) < 0)
		err_clear(&e);
}

static void
on_grace_over(struct loop_timer *t)
{
	send_signal(t->arg, SIGKILL);
}

static void
end_job(struct local_job *j, int now)
{
	struct local *x = j->local;

	if (j->proc.pid == 0)
		return;		/* its end is on the way */
	send_signal(j, now ? SIGKILL : SIGTERM);
	if (!now && j->kill.at == 0)
		loop_timer_set(x->loop, &j->kill, loop_now() +
		    x->options->grace);
}

static void
on_deadline(struct loop_timer *t)
{
	struct local_job *j = t->arg;

	j->timed_out = 1;
	end_job(j, 0);
}

static void
local_cancel(struct job *job, int now)
{
	struct local_job *j = (struct local_job *)job;

	if (job->phase == JOB_ENDED)
		return;
	j->cancelled = 1;
	end_job(j, now);
}

/* ---- starting ------------------------------------------------------------ */

/* For jobs that ended before anything could be waited for. */
static void
on_ended_already(struct loop_timer *t)
{
	job_ended(t->arg);
}

static void
end_soon(struct local_job *j)
{
	j->deadline.fn = on_ended_already;
	loop_timer_set(j->local->loop, &j->deadline, 0);
}

static int
start_process(struct local_job *j, struct err *e)
{
	struct local *x = j->local;
	const struct command *c = &j->command;
	c_close int bound = -1;
	struct spawn s = {
		.path = c->path, .argv = c->argv, .envp = c->envp,
		.dir = c->dir, .in = c->in, .out = j->slot->out,
		.err = j->slot->err,
		.flags = x->options->foreground ? SPAWN_FOREGROUND : 0,
	};

	if (c->stdout_path != NULL &&
	    rewrite_open(c->stdout_path, &bound, e) < 0)
		return -1;
	if (bound >= 0)
		s.out = bound;
	if (local_limit(j, &s, e) < 0)
		return -1;
	if (proc_start(&s, &j->proc, e) < 0)
		return -1;
	command_release(&j->command);
	j->watch = (struct loop_watch){ .fd = j->proc.pidfd, .events = POLLIN,
	    .fn = on_exit_of_process, .arg = j };
	loop_add(x->loop, &j->watch);
	if (j->timeout > 0)
		loop_timer_set(x->loop, &j->deadline, loop_now() +
		    j->timeout);
	return 0;
}

/* 1 if the trouble is the task's, not the system's. */
static int
is_tasks_fault(const struct err *e)
{
	return e->kind == ERR_USAGE || e->kind == ERR_SPEC ||
	    e->kind == ERR_MISSING || e->kind == ERR_REFUSED;
}

/* A jq task that may be ended by time or memory. */
static int
needs_process(const struct local_job *j)
{
	return j->timeout > 0 || j->limits.memory > 0 || j->limits.cpu > 0;
}

/* A process is given files. */
static int
unpack_inputs(struct local_job *j, struct err *e)
{
	ProtobufCMessage *m;

	if (j->attempt.inputs != NULL || j->job.spec.packed.p == NULL)
		return 0;
	if (wire_unpack(&flyteidl__core__literal_map__descriptor,
	    j->job.spec.packed, j->job.arena, &m, e) < 0)
		return -1;
	j->attempt.inputs = (pb_literal_map *)m;
	return 0;
}

static void
make_token(struct local_job *j)
{
	c_strbuf struct strbuf token = STRBUF_INIT;

	executor_add_token(&token, &j->job.spec);
	j->token = arena_strdup(j->job.arena, token.p);
	j->attempt.mark = j->token;
}

static int
start(struct local_job *j, struct err *e)
{
	struct local *x = j->local;
	const struct contract *c = j->job.spec.contract;
	int r;

	if (contract_kind(c) == CONTRACT_JQ && !needs_process(j)) {
		r = local_run_jq(j, e);
		if (r == 0)
			end_soon(j);
		if (r <= 0)
			return r;
	}
	if (unpack_inputs(j, e) < 0)
		return -1;
	make_token(j);
	if (local_slot_folder(j, e) < 0 || local_slot_logs(x, j->slot, e) < 0)
		return -1;
	j->slot->dirty = 1;
	j->job.result.out.from = local_slot_log_size(x, j->slot->out);
	j->job.result.err.from = local_slot_log_size(x, j->slot->err);
	if (contract_prepare(c, &j->attempt, j->job.arena, &j->command, e) < 0
	    || start_process(j, e) < 0) {
		if (!is_tasks_fault(e))
			return -1;
		local_not_started(j, e);
		end_soon(j);
	}
	return 0;
}

static struct local_job *
job_new(struct local *x, const struct job_spec *spec, struct arena *a,
    job_fn *fn, void *arg)
{
	struct local_job *j = xcalloc(1, sizeof(*j));
	j->job = (struct job){ .executor = &x->executor, .spec = *spec,
	    .phase = JOB_RUNNING, .arena = a, .fn = fn, .arg = arg };
	j->local = x;
	j->proc = (struct proc)PROC_INIT;
	j->command.in = -1;
	j->deadline = (struct loop_timer){ .fn = on_deadline, .arg = j };
	j->kill = (struct loop_timer){ .fn = on_grace_over, .arg = j };
	j->timeout = spec->timeout != 0 ? spec->timeout :
	    contract_timeout(spec->contract);
	j->limits = *contract_limits(spec->contract);
	if (spec->memory > 0 && j->limits.memory > 0)
		j->limits.memory = spec->memory;
	j->attempt = (struct attempt){
		.project = spec->project, .domain = spec->domain,
		.execution = spec->execution, .node = spec->node,
		.workflow = spec->workflow, .number = spec->attempt,
		.run_mark = spec->run, .here = x->options->here,
		.prev_checkpoint = spec->prev_checkpoint,
		.inputs = spec->inputs,
	};
	j->job.result.started = instant_now();
	return j;
}

static int
local_submit(struct executor *ex, const struct job_spec *spec,
    struct arena *a, job_fn *fn, void *arg, struct job **ret, struct err *e)
{
	struct local *x = (struct local *)ex;
	struct local_job *j;
	struct slot *s;

	if (local_slot_take(x, &s, e) < 0)
		return -1;
	j = job_new(x, spec, a, fn, arg);
	j->slot = s;
	j->job.result.out.slot = j->job.result.err.slot = s->index;
	s->job = j;
	if (start(j, e) < 0) {
		job_detach(j);
		s->job = NULL;
		free(j);
		return -1;
	}
	*ret = &j->job;
	return 0;
}

/* ---- the rest of the table ----------------------------------------------- */

static void
local_handle(const struct job *job, struct strbuf *b)
{
	const struct local_job *j = (const struct local_job *)job;

	if (j->proc.pid != 0)
		proc_add_handle(b, &j->proc);
}

static void
local_release(struct job *job)
{
	if (job->phase != JOB_ENDED)
		BUG("a job is released before its end");
	free(job);
}

static int
local_reclaim(struct executor *ex, const char *handle, const char *token,
    size_t *ret_n, struct err *e)
{
	struct local *x = (struct local *)ex;

	/* A handle from before the last boot needs no search. */
	if (handle != NULL && proc_boot_differs(str_of(handle))) {
		*ret_n = 0;
		return 0;
	}
	return proc_end_marked(JOB_MARK, token,
	    (int)(x->options->grace / 1000000), ret_n, e);
}

static int
local_reclaim_run(struct executor *ex, const char *run, size_t *ret_n,
    struct err *e)
{
	struct local *x = (struct local *)ex;

	return proc_end_marked(JOB_RUN_MARK, run,
	    (int)(x->options->grace / 1000000), ret_n, e);
}

static int
local_end_left(struct executor *ex, const char *run, const char *token,
    size_t *ret_n, struct err *e)
{
	(void)ex;
	*ret_n = 0;
	if (!orphan_left())
		return 0;
	return proc_end_marked(run != NULL ? JOB_RUN_MARK : JOB_MARK,
	    run != NULL ? run : token, 0, ret_n, e);
}

static unsigned
local_capacity(const struct executor *ex)
{
	return ((const struct local *)ex)->options->slots;
}

static void
local_free(struct executor *ex)
{
	struct local *x = (struct local *)ex;
	struct proc_end end;
	struct err e;
	unsigned i;

	for (i = 0; i < x->options->slots; i++) {
		struct local_job *j = x->slots[i].job;

		if (j != NULL) {
			send_signal(j, SIGKILL);
			job_detach(j);
			if (j->proc.pid != 0 &&
			    proc_reap(&j->proc, &end, &e) < 0)
				err_clear(&e);
			free(j);
		}
		local_slot_release(x, &x->slots[i]);
	}
	if (x->options->logs != NULL)
		rmdir(x->options->logs);
	if (!x->options->single)
		rmdir(x->options->scratch);
	free(x->slots);
	free(x);
}

static const struct executor_ops ops = {
	.name = "local",
	.submit = local_submit,
	.handle = local_handle,
	.cancel = local_cancel,
	.release = local_release,
	.reclaim = local_reclaim,
	.reclaim_run = local_reclaim_run,
	.end_left = local_end_left,
	.free = local_free,
	.capacity = local_capacity,
};

struct executor *
local_new(struct loop *loop, const struct local_options *o)
{
	struct local *x = xcalloc(1, sizeof(*x));
	unsigned i;

	x->executor.ops = &ops;
	x->loop = loop;
	x->options = o;
	x->slots = xcalloc(o->slots, sizeof(*x->slots));
	for (i = 0; i < o->slots; i++)
		x->slots[i] = (struct slot){ .index = i, .out = -1,
		    .err = -1 };
	x->oom_kills = local_oom_kills();
	orphan_adopt();
	return &x->executor;
}
