#include "task/local_p.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "base/num.h"
#include "base/utf8.h"
#include "sys/file.h"

/* SIGKILL, or a shell's status for a child that got it. */
#define KILLED	(128 + SIGKILL)
/* What a task said last is in its error; the rest is in its log. */
#define LAST_LINES	10

#define USER	FLYTEIDL__CORE__EXECUTION_ERROR__ERROR_KIND__USER
#define SYSTEM	FLYTEIDL__CORE__EXECUTION_ERROR__ERROR_KIND__SYSTEM

int64_t
local_oom_kills(void)
{
	static const char key[] = "\noom_kill ";
	c_close int fd = open("/proc/vmstat", O_RDONLY | O_CLOEXEC);
	c_strbuf struct strbuf b = STRBUF_INIT;
	char buf[8192];
	const char *p;
	int64_t v;
	ssize_t n;

	if (fd < 0)
		return -1;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		strbuf_add(&b, buf, (size_t)n);
	p = strstr(b.p, key);
	if (p == NULL)
		return -1;
	p += sizeof(key) - 1;
	return num_parse_i64((struct str){ p, strspn(p, "0123456789") }, 0,
	    INT64_MAX, &v) < 0 ? -1 : v;
}

/* A SIGKILL that nobody of us sent: was it for memory? */
static int
was_oom(struct local *x)
{
	int64_t now = local_oom_kills(), before = x->oom_kills;

	x->oom_kills = now;
	return before >= 0 && now > before;
}

static void
set_error(struct local_job *j, enum job_cause cause, struct collected *c)
{
	j->job.result.cause = cause;
	j->job.result.error = c->error;
	j->job.result.recoverable = c->recoverable;
}

static void
set_command(struct local_job *j)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	contract_add_command(j->job.spec.contract, j->command.argv, &b);
	j->job.result.command = arena_strdup(j->job.arena, b.p);
}

static void
oom_error(struct local_job *j, struct collected *c)
{
	const int64_t mib = 1024 * 1024;
	int64_t limit = j->grouped ? j->limits.memory : 0;

	if (limit > 0)
		collected_error(c, j->job.arena, USER, 1, "OOMKilled",
		    "killed for lack of memory (its limit is %lld %s)",
		    (long long)(limit % mib == 0 ? limit / mib : limit),
		    limit % mib == 0 ? "MiB" : "bytes");
	else
		collected_error(c, j->job.arena, USER, 1, "OOMKilled",
		    "killed for lack of memory (at most %lld MiB in use)",
		    (long long)j->job.result.end.max_rss_kb / 1024);
}

/*
 * What it said last belongs to its error, as in Flyte (a pod's termination
 * message): whoever reads the record, or a failure node, has it there.
 */
static void
add_last_lines(const struct local_job *j, struct strbuf *b)
{
	c_strbuf struct strbuf tail = STRBUF_INIT;
	struct job_log log = j->job.result.err;
	struct str line, rest;

	log.to = local_slot_log_size(j->local, j->slot->err);
	local_add_tail(&j->local->executor, &log, 1, LAST_LINES, &tail);
	for (rest = strbuf_str(&tail); rest.n > 0;
	    rest.p += line.n, rest.n -= line.n) {
		const char *nl = memchr(rest.p, '\n', rest.n);

		line = (struct str){ rest.p, nl == NULL ? rest.n :
		    (size_t)(nl - rest.p) };
		strbuf_addch(b, '\n');
		utf8_add_shown(b, line);
		line.n += nl != NULL;
	}
}

/* It ended badly by itself: a status, or a signal that is not ours. */
static void
judge_status(struct local_job *j)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const struct proc_end *end = &j->job.result.end;
	struct collected c;
	struct arena *a = j->job.arena;

	if (j->grouped ? local_limit_oom(j) :
	    end->code == KILLED && was_oom(j->local)) {
		oom_error(j, &c);
		set_error(j, JOB_OOM, &c);
		return;
	}
	/* pod_helper.go: 137 is the system's doing, the rest the task's. */
	if (end->sig == 0)
		strbuf_addf(&b, "exit status %d", end->code);
	else
		strbuf_addf(&b, "ended by signal %d (SIG%s)%s", end->sig,
		    sigabbrev_np(end->sig) == NULL ? "?" :
		    sigabbrev_np(end->sig), end->core ? ", core dumped" : "");
	add_last_lines(j, &b);
	collected_error(&c, a, end->code == KILLED ? SYSTEM : USER, 1,
	    end->code == KILLED ? "Interrupted" : "Error", "%s", b.p);
	set_error(j, end->sig == 0 ? JOB_EXIT : JOB_SIGNAL, &c);
}

/* We ended it, or it ended badly.  1 if so. */
static int
judge_end(struct local_job *j)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const struct proc_end *end = &j->job.result.end;
	struct arena *a = j->job.arena;
	struct collected c;

	if (j->cancelled) {
		collected_error(&c, a, USER, 0, "Cancelled", "ended on "
		    "request");
		set_error(j, JOB_CANCELLED, &c);
	} else if (j->timed_out) {
		timespan_add(&b, (struct timespan){ j->timeout / 1000000000,
		    (int32_t)(j->timeout % 1000000000) });
		collected_error(&c, a, USER, 1, "TimeoutExpired", "did not end "
		    "within %s", b.p);
		set_error(j, JOB_TIMEOUT, &c);
	} else if (end->code != 0) {
		judge_status(j);
	} else {
		return 0;
	}
	return 1;
}

/* 1: what it left behind decides; 0: how it ended does; -1: error. */
static int
judge_files(struct local_job *j, struct err *e)
{
	const struct job_spec *s = &j->job.spec;
	struct job_result *r = &j->job.result;
	struct collected c;
	int ours = j->cancelled || j->timed_out;

	if (ours || (contract_kind(s->contract) != CONTRACT_CONTAINER &&
	    r->end.code != 0))
		return 0;
	if (contract_collect(s->contract, &j->attempt, &r->end, j->job.arena,
	    &c, e) < 0)
		return -1;
	r->deck = c.deck;
	if (c.error != NULL)
		set_error(j, r->end.code == 0 && strcmp(c.error->code,
		    "OutputsNotFound") == 0 ? JOB_OUTPUT : JOB_REPORTED, &c);
	else if (r->end.code != 0)
		return 0;
	r->outputs = c.outputs;
	r->futures = c.futures;
	r->futures_own = c.futures_own;
	r->written = c.written;
	r->changed = c.changed;
	return 1;
}

/* It wrote what cannot be stored, such as a pipe in a folder or a file that
 * may not be read: its fault, and no other attempt of the system would find
 * another. */
static void
bad_output(struct local_job *j, const struct err *e)
{
	struct collected c;

	collected_error(&c, j->job.arena, USER, 1, "OutputsNotFound", "%s",
	    e->msg);
	set_error(j, JOB_OUTPUT, &c);
}

/*
 * It failed by itself where nothing could be written any more: that is why,
 * most likely, and nothing it could do about.
 */
static void
blame_full_disk(struct local_job *j)
{
	struct job_result *r = &j->job.result;
	struct err e;

	if ((r->cause != JOB_EXIT && r->cause != JOB_SIGNAL &&
	    r->cause != JOB_OUTPUT) || j->slot->dir == NULL ||
	    !file_is_full(j->slot->dir))
		return;
	errno = ENOSPC;
	if (err_sys(&e, "%s; %s", r->error->message, j->slot->dir) < 0)
		local_lost(j, &e);
}

void
local_judge(struct local_job *j)
{
	struct err e;
	int k = judge_files(j, &e);

	if (k < 0 && (e.kind == ERR_USAGE || (e.kind == ERR_SYS &&
	    e.sys == EACCES)))
		bad_output(j, &e);
	else if (k < 0)
		local_lost(j, &e);
	else if (k == 0 && !judge_end(j))
		BUG("a process that ended well was not judged");
	blame_full_disk(j);
	if (j->job.result.cause != JOB_OK)
		set_command(j);
}

void
local_lost(struct local_job *j, const struct err *e)
{
	struct collected c;
	struct err *trouble = arena_new(j->job.arena, struct err);

	*trouble = *e;
	j->job.result.trouble = trouble;

	collected_error(&c, j->job.arena, SYSTEM, 1, "System", "%s", e->msg);
	set_error(j, JOB_LOST, &c);
}

void
local_not_started(struct local_job *j, const struct err *e)
{
	struct collected c;

	collected_error(&c, j->job.arena, USER, 0, "StartFailed", "%s",
	    e->msg);
	set_error(j, JOB_START, &c);
	set_command(j);
}

int
local_run_jq(struct local_job *j, struct err *e)
{
	struct collected c;
	int r;

	r = contract_run_jq(j->job.spec.contract, j->job.spec.inputs,
	    j->job.spec.packed, j->job.arena, &c, e);
	if (r != 0)
		return r;
	if (c.error != NULL) {
		set_error(j, JOB_REPORTED, &c);
		set_command(j);
	}
	j->job.result.outputs = c.outputs;
	return 0;
}

void
local_add_tail(struct executor *ex, const struct job_log *l, int is_err,
    unsigned n, struct strbuf *b)
{
	struct local *x = (struct local *)ex;
	c_strbuf struct strbuf path = STRBUF_INIT;
	c_close int fd = -1;
	char buf[4096];
	int64_t from = MAX(l->from, l->to - (int64_t)sizeof(buf));
	ssize_t got;
	size_t i;

	if (x->options->logs == NULL || l->to <= l->from)
		return;
	strbuf_addf(&path, "%s/%u.%s", x->options->logs, l->slot,
	    is_err ? "err" : "out");
	fd = open(path.p, O_RDONLY | O_CLOEXEC);
	got = fd < 0 ? -1 : pread(fd, buf, (size_t)(l->to - from), from);
	if (got <= 0)
		return;
	/* From the start of the n-th line from the end. */
	for (i = (size_t)got; i > 0; i--)
		if (buf[i - 1] == '\n' && i < (size_t)got && --n == 0)
			break;
	strbuf_add(b, buf + i, (size_t)got - i);
}
