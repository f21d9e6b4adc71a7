/* Waiting for the end, and bringing it about. */

#include "ctl.h"

#include <poll.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/limits.h"
#include "record/brief.h"
#include "record/control.h"
#include "task/job.h"
#include "task/local.h"
#include "sys/file.h"
#include "sys/proc.h"

/* Where nobody tells of changes (a network file system, a process that was
 * killed elsewhere), they are looked for so often. */
#define LOOK_MS		1000
/* What is stopped here has the same time to end as by flyte-run. */
#define GRACE_MS	((int)(LOCAL_GRACE / 1000000))

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- waiting ------------------------------------------------------------ */

static void
wait_change(int fd, int64_t most_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char buf[4096];

	(void)poll(&p, 1, (int)MIN(MAX(most_ms, 0), LOOK_MS));
	while (fd >= 0 && read(fd, buf, sizeof(buf)) > 0)
		continue;
}

static int
out_of_time(struct ctl *c)
{
	if (!c->quiet)
		warn(&c->ctx, "%s has not ended yet", c->id.name);
	return EXIT_BUSY;
}

int
ctl_wait(struct ctl *c)
{
	c_strbuf struct strbuf dir = STRBUF_INIT;
	int64_t end = c->timeout_ms < 0 ? INT64_MAX :
	    now_ms() + c->timeout_ms;
	c_close int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int status;

	execution_add_dir(&dir, c->home, &c->id);
	/* Watched before the first look, so that nothing is missed. */
	if (fd >= 0 && inotify_add_watch(fd, dir.p,
	    IN_MODIFY | IN_CLOSE_WRITE) < 0) {
		close(fd);
		fd = -1;
	}
	for (;;) {
		c_arena struct arena a = ARENA_INIT;
		struct brief b;
		struct err e;

		if (brief_load(c->home, &c->id, &a, &b, &e) < 0)
			return fail(&c->ctx, &e);
		status = look_end_status(&c->ctx,
		    look_phase_of(b.phase, b.alive), c->id.name, c->quiet);
		if (status >= 0)
			return status;
		if (now_ms() >= end)
			return out_of_time(c);
		wait_change(fd, end - now_ms());
	}
}

/* ---- stopping what nobody runs ------------------------------------------ */

/* Ends the processes that a killed runner left. */
static int
end_processes(const struct history *h, struct err *e)
{
	c_strbuf struct strbuf mark = STRBUF_INIT;
	size_t n;

	if (executor_add_run_mark(&mark, h->dir, e) < 0)
		return -1;
	return proc_end_marked(JOB_RUN_MARK, mark.p, GRACE_MS, &n, e);
}

static void
record_stopped(struct recorder *r, const struct history_node *n)
{
	struct plan_node node = { .kind = PLAN_TASK };
	struct sched_action act = {
		.todo = SCHED_NODE, .path = n->path, .node = &node,
		.phase = SCHED_ABORTED, .why = SCHED_WHY_ABORT,
		.cause = SCHED_NONE, .taken = SCHED_NONE,
		.system_failures = n->system_failures,
	};
	const struct str none = { NULL, 0 };
	size_t i;

	for (i = 0; i < n->n_attempts; i++) {
		struct job_result ended = {
			.cause = JOB_CANCELLED, .out = n->attempts[i].out,
			.err = n->attempts[i].err,
		};

		if (n->attempts[i].ended == 0)
			record_end(r, n->path, n->attempts[i].number, &ended);
	}
	act.at.attempt = n->attempt;
	record_node(r, &act, none, none);
}

/*
 * Where what the attempt printed ends, which the process that ran it could
 * not write down any more.
 */
static void
find_end(struct history *h, struct history_attempt *a, int is_err)
{
	int64_t from, to;
	struct err ignored;
	int fd;

	if (a->ended != 0)
		return;
	fd = look_open_log(h, a, is_err, &from, &to, &ignored);
	if (fd < 0)
		return;
	(is_err ? &a->err : &a->out)->to = to;
	close(fd);
}

static void
find_ends(struct history *h)
{
	size_t i, k;
	int is_err;

	for (i = 0; i < h->n_nodes; i++)
		for (k = 0; k < h->nodes[i].n_attempts; k++)
			for (is_err = 0; is_err < 2; is_err++)
				find_end(h, &h->nodes[i].attempts[k], is_err);
}

static int
write_end(struct ctl *c, struct history *h, struct journal *j, struct err *e)
{
	const struct str none = { NULL, 0 };
	struct sched_error error = { SCHED_USER, STR("Aborted"),
	    str_of(c->reason == NULL ? "stopped" : c->reason) };
	struct recorder r;
	size_t i;
	int rc;

	find_ends(h);
	recorder_init(&r, j, NULL, h->dir);
	for (i = h->n_nodes; i > 0; i--)
		if (!look_is_final(h->nodes[i - 1].phase))
			record_stopped(&r, &h->nodes[i - 1]);
	record_workflow(&r, SCHED_WF_ABORTED, &error, none);
	rc = journal_commit(j, JOURNAL_POWER_SAFE, e);
	recorder_release(&r);
	return rc;
}

static int
ended_already(const struct history *h, struct err *e)
{
	return err_set(e, ERR_CONFLICT, "%s has ended: it %s", h->id.name,
	    h->phase == SCHED_WF_ABORTED ? "was aborted" :
	    look_phase_name(look_phase_of(h->phase, 0)));
}

static int	stop_one(struct ctl *, const struct execution_id *,
		    unsigned depth, struct err *) must_check;

/* Executions that nodes launched end with their parent; those that have
 * ended, or that another process runs, stay as they are. */
static int
stop_children(struct ctl *c, const struct history *h, unsigned depth,
    struct err *e)
{
	size_t i;

	if (depth >= MAX_DEPTH)
		return err_set(e, ERR_CORRUPT, "%s: executions launched by "
		    "executions, more than %d deep", h->id.name, MAX_DEPTH);
	for (i = 0; i < h->n_nodes; i++)
		if (h->nodes[i].child.name != NULL &&
		    !look_is_final(h->nodes[i].phase) &&
		    stop_one(c, &h->nodes[i].child, depth + 1, e) < 0 &&
		    e->kind != ERR_CONFLICT && e->kind != ERR_MISSING)
			return -1;
	return 0;
}

/* 0: stopped; 1: a process runs it; -1 (ERR_CONFLICT: it has ended). */
static int
stop_one(struct ctl *c, const struct execution_id *id, unsigned depth,
    struct err *e)
{
	c_strbuf struct strbuf scratch = STRBUF_INIT;
	c_journal struct journal *j = NULL;
	c_history struct history h;

	if (history_open(c->home, id, &h, &j, e) < 0)
		return e->kind == ERR_BUSY ? 1 : -1;
	if (history_is_final(h.phase))
		return ended_already(&h, e);
	if (end_processes(&h, e) < 0 || stop_children(c, &h, depth, e) < 0)
		return -1;
	strbuf_addf(&scratch, "%s/scratch", h.dir);
	local_sweep(scratch.p);
	return write_end(c, &h, j, e);
}

/* ---- stopping ----------------------------------------------------------- */

static int
is_final(struct ctl *c, int *ret_alive, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	struct brief b;

	if (brief_load(c->home, &c->id, &a, &b, e) < 0)
		return -1;
	*ret_alive = b.alive;
	return history_is_final(b.phase);
}

/*
 * The command is posted while a process has the journal.  Should that die
 * before it takes the command, we end the execution ourselves.
 */
static int
stop(struct ctl *c, struct err *e)
{
	c_strbuf struct strbuf dir = STRBUF_INIT;
	struct control_command cmd = {
		.todo = CONTROL_STOP, .reason = c->reason,
	};
	c_history struct history h;
	int r, alive;

	memset(&h, 0, sizeof(h));
	if (history_load(c->home, &c->id, &h, e) < 0)
		return -1;
	if (history_is_final(h.phase))
		return ended_already(&h, e);
	r = stop_one(c, &c->id, 0, e);
	if (r <= 0)
		return r;
	execution_add_dir(&dir, c->home, &c->id);
	if (control_post(dir.p, &cmd, e) < 0)
		return -1;
	r = is_final(c, &alive, e);
	if (r != 0 || alive)
		return r < 0 ? -1 : 0;
	r = stop_one(c, &c->id, 0, e);
	return r < 0 && e->kind != ERR_CONFLICT ? -1 : 0;
}

int
ctl_stop(struct ctl *c)
{
	struct err e;
	int status;

	if (stop(c, &e) < 0)
		return fail(&c->ctx, &e);
	if (!c->wait)
		return EXIT_DONE;
	status = ctl_wait(c);
	return status == EXIT_FAILED ? EXIT_DONE : status;
}
