#include "exec.h"

#include <signal.h>
#include <stdlib.h>

#include "record/execution.h"
#include "task/executor.h"
#include "task/local.h"
#include "task/resources.h"
#include "sys/proc.h"

struct running {
	struct exec	*exec;
	struct loop	*loop;
	struct executor	*executor;
	struct job	*job;
	struct loop_timer grace;
	const char	*token;		/* of the attempt */
	int		 sig, ended;
};

static void
on_job(struct job *j, void *arg)
{
	struct running *r = arg;

	r->ended = j->phase == JOB_ENDED;
}

static void
on_grace_over(struct loop_timer *t)
{
	struct running *r = t->arg;

	r->executor->ops->cancel(r->job, 1);
}

/*
 * The first ends the task in its own time, the second at once.  What the
 * terminal sends has reached the task already: it is in our process group.
 */
static void
on_signal(void *arg, int sig, pid_t from)
{
	struct running *r = arg;
	int again = r->sig != 0;

	if (!again)
		r->sig = sig;
	if (again || from != 0 || (sig != SIGINT && sig != SIGQUIT))
		r->executor->ops->cancel(r->job, again);
	else
		loop_timer_set(r->loop, &r->grace, loop_now() + LOCAL_GRACE);
}

/* File outputs go into the store by rename: its file system, then. */
static int
has_file_outputs(const pb_task_template *t)
{
	const pb_variable_map *v = t->interface == NULL ? NULL :
	    t->interface->outputs;
	size_t i;

	for (i = 0; v != NULL && i < v->n_variables; i++) {
		const pb_literal_type *type = v->variables[i]->value->type;

		if (type->type_case !=
		    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_SIMPLE &&
		    type->type_case !=
		    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_ENUM_TYPE)
			return 1;
	}
	return 0;
}

/* Ends what a task of a killed flyte-exec still runs, unless that is us. */
static int
end_orphans(void *arg, const char *dir)
{
	c_strbuf struct strbuf mark = STRBUF_INIT;
	const char *ours = getenv(JOB_RUN_MARK);
	struct exec *x = arg;
	struct err e;
	size_t n;

	if (executor_add_run_mark(&mark, dir, &e) < 0 ||
	    (ours != NULL && strcmp(ours, mark.p) == 0))
		return 1;
	if (proc_end_marked(JOB_RUN_MARK, mark.p,
	    (int)(LOCAL_GRACE / 1000000), &n, &e) < 0)
		return 1;
	if (n > 0 && !x->quiet)
		warn(&x->ctx, "ended %zu process%s of a flyte-exec that was "
		    "killed", n, n == 1 ? "" : "es");
	return 0;
}

int
exec_make_scratch(struct exec *x, struct err *e)
{
	const char *base;

	if (!has_file_outputs(x->task))
		return scratch_make_private(context_tmpdir(&x->ctx), "exec",
		    end_orphans, x, &x->scratch, e);
	if (context_path(&x->ctx, "scratch", &base, e) < 0)
		return -1;
	return scratch_make(base, "exec", end_orphans, x, &x->scratch, e);
}

static int
wait_for_end(struct running *r, struct err *e)
{
	while (!r->ended)
		if (loop_step(r->loop, -1, e) < 0)
			return -1;
	return 0;
}

static int
submit(struct running *r, struct err *e)
{
	struct exec *x = r->exec;
	c_strbuf struct strbuf token = STRBUF_INIT;
	char name[EXECUTION_NAME_MAX];
	struct job_spec spec = {
		.contract = x->contract, .inputs = x->values,
		.project = x->project, .domain = x->domain, .node = x->name,
		.timeout = x->timeout,
	};
	c_strbuf struct strbuf mark = STRBUF_INIT;
	sigset_t set;

	if (x->scratch.dir != NULL) {
		if (executor_add_run_mark(&mark, x->scratch.dir, e) < 0)
			return -1;
		spec.run = arena_strdup(&x->ctx.arena, mark.p);
	}
	execution_new_name(name);
	spec.execution = arena_strdup(&x->ctx.arena, name);
	executor_add_token(&token, &spec);
	r->token = arena_strdup(&x->ctx.arena, token.p);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGQUIT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	r->grace = (struct loop_timer){ .fn = on_grace_over, .arg = r };
	if (loop_signals(r->loop, &set, on_signal, r, e) < 0)
		return -1;
	return r->executor->ops->submit(r->executor, &spec, &x->ctx.arena,
	    on_job, r, &r->job, e);
}

/* Processes that made themselves independent of the task. */
static void
end_left(struct running *r)
{
	struct exec *x = r->exec;
	struct err e;
	size_t n;

	if (r->executor->ops->end_left(r->executor, NULL, r->token, &n,
	    &e) < 0)
		warn(&x->ctx, "%s: left processes running: %s", x->name,
		    e.msg);
	else if (n > 0 && !x->quiet)
		warn(&x->ctx, "%s: ended %zu process%s that it left running",
		    x->name, n, n == 1 ? "" : "es");
}

/* The folder of an attempt that failed stays, under another name. */
static void
settle_scratch(struct exec *x, int keep)
{
	struct err e;

	if (keep && scratch_keep(&x->scratch, &e) == 0) {
		x->result.scratch = arena_strdup(&x->ctx.arena,
		    x->scratch.dir);
		scratch_release(&x->scratch);
	} else {
		scratch_remove(&x->scratch);
		x->result.scratch = NULL;
	}
}

int
exec_run(struct exec *x, int *ret_sig, struct err *e)
{
	c_loop struct loop *loop = loop_new();
	struct running r = { .exec = x, .loop = loop };
	/* What the task prints that is no output goes to stderr, live. */
	struct local_options o = {
		.slots = 1, .single = 1, .keep = 1, .out = 2, .err = 2,
		.foreground = 1,
		.grace = LOCAL_GRACE, .here = x->here ? "." : NULL,
		.limit = context_helper(&x->ctx, "limit"),
		.no_groups = !context_use_groups(&x->ctx),
	};
	int status;

	if (exec_make_scratch(x, e) < 0)
		return -1;
	o.scratch = x->scratch.dir;
	r.executor = local_new(loop, &o);
	status = submit(&r, e);
	if (status == 0 && r.job->result.note != NULL && !x->quiet)
		warn(&x->ctx, "%s: %s", x->name, r.job->result.note);
	if (status == 0)
		status = wait_for_end(&r, e);
	loop_timer_stop(loop, &r.grace);
	if (r.token != NULL)
		end_left(&r);
	if (status == 0) {
		x->result = r.job->result;
		r.executor->ops->release(r.job);
	}
	executor_free(r.executor);
	settle_scratch(x, status == 0 && x->result.scratch != NULL);
	*ret_sig = r.sig;
	return status;
}
