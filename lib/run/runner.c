#include "run/runner_p.h"

#include <stdarg.h>

struct runner *
runner_new(const struct runner_options *opts)
{
	struct runner *r = xcalloc(1, sizeof(*r));

	r->opts = *opts;
	return r;
}

void
runner_free(struct runner *r)
{
	struct run *run, *next;

	if (r == NULL)
		return;
	for (run = r->runs; run != NULL; run = next) {
		next = run->next;
		run_free(run);
	}
	run_admit_end(r);
	map_release(&r->would);
	VEC_RELEASE(&r->would_list);
	arena_release(&r->arena);
	free(r);
}

void
run_tell(struct run *run, const struct run_event *event)
{
	if (run->runner->opts.watch != NULL)
		run->runner->opts.watch(run->runner->opts.arg, run, event);
}

static void
tell_text(struct run *run, enum run_event_kind kind, const char *fmt,
    va_list ap)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct run_event event = { .kind = kind };

	strbuf_vaddf(&b, fmt, ap);
	event.text = strbuf_str(&b);
	run_tell(run, &event);
}

void
run_say(struct run *run, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell_text(run, RUN_SAY, fmt, ap);
	va_end(ap);
}

static void	run_warn(struct run *, const char *fmt, ...)
		printf_like(2, 3);
static void
run_warn(struct run *run, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell_text(run, RUN_WARN, fmt, ap);
	va_end(ap);
}

void
run_say_cache(struct run *run, const struct err *e)
{
	struct runner *r = run->runner;

	if (r->cache_trouble != NULL && strcmp(r->cache_trouble, e->msg) == 0)
		return;
	r->cache_trouble = arena_strdup(&r->arena, e->msg);
	run_warn(run, "cache: %s", e->msg);
}

/* A place that came free in one execution is for all of them. */
static int
has_news(const struct run *run)
{
	const struct runner *r = run->runner;

	return run->dirty || (run->full && r->places < r->opts.jobs);
}

void
run_break_off(struct run *run, struct str path, const struct err *e)
{
	struct runner *r = run->runner;

	if (r->trouble.kind != ERR_NONE)
		return;		/* the first tells more */
	r->trouble = *e;
	err_set_context(&r->trouble, "%s/" STR_FMT, run->id.name,
	    STR_ARG(path));
}

/*
 * One turn of every execution that has news; 1 in *ret_left while one has
 * not ended.  Trouble is passed on after it, so that the engine has heard of
 * all that ended.
 */
static int
turn_all(struct runner *r, int *ret_left, struct err *e)
{
	struct run *run;

	*ret_left = 0;
	for (run = r->runs; run != NULL; run = run->next) {
		if (!run->ended && !r->stopping && has_news(run) &&
		    run_turn(run, e) < 0)
			return err_wrap(e, "%s", run->id.name);
		if (run->ended && run->parent != NULL)
			run_tell_parent(run);
		*ret_left += !run->ended;
	}
	if (r->trouble.kind != ERR_NONE) {
		*e = r->trouble;
		return -1;
	}
	return 0;
}

/* A slot that came free, or a stop, concerns them all. */
static int
start_all(struct runner *r, struct err *e)
{
	struct run *run;

	for (run = r->runs; run != NULL; run = run->next)
		if (!run->ended && run_start_waiting(run, e) < 0)
			return err_wrap(e, "%s", run->id.name);
	return 0;
}

/* Bytes of records of elements that a kill may take back. */
#define MAX_PUT_OFF	((size_t)64 * 1024)

static int
has_pending(const struct run *run)
{
	return run->journal != NULL && (journal_pending(run->journal) > 0 ||
	    run->recorder.batch.n > 0);
}

/* Nothing stays only in memory while we sleep. */
static int
commit_all(struct runner *r, struct err *e)
{
	struct run *run;

	for (run = r->runs; run != NULL; run = run->next)
		if (has_pending(run) && run_commit(run, r->opts.durable ?
		    JOURNAL_POWER_SAFE : JOURNAL_KILL_SAFE, e) < 0)
			return -1;
	return 0;
}

/*
 * 1 if the loop will come back at once and what would be lost is cheap: all
 * that runs are elements in this process, of which a few more are made again
 * after a kill.
 */
static int
may_put_off(const struct runner *r)
{
	const struct run *run;

	if (r->brief == 0 || r->brief != r->running || r->stopping)
		return 0;
	for (run = r->runs; run != NULL; run = run->next)
		if (run->journal != NULL &&
		    journal_pending(run->journal) >= MAX_PUT_OFF)
			return 0;
	return 1;
}

static int
any_dirty(const struct runner *r)
{
	const struct run *run;

	for (run = r->runs; run != NULL; run = run->next)
		if (!run->ended && run->dirty)
			return 1;
	return 0;
}

/* A cache that is out of order costs time, not results. */
void
run_commit_cache(struct run *run)
{
	struct store *store = run->runner->opts.store;
	struct err e;

	if (store == NULL || catalog_pending(store) == 0)
		return;
	if (catalog_commit(store, &e) < 0)
		run_say_cache(run, &e);
	run->runner->committed = loop_now();
}

/* Results that come faster than this go into one transaction, ns. */
#define CACHE_DELAY	INT64_C(20000000)
/* ...unless there are as many. */
#define CACHE_QUEUE	64

/*
 * Results of the moment.  What a kill takes back is in the journal: another
 * execution makes it again, this one does not.  Returns how long it may be
 * put off, -1 if nothing is left.
 */
static int64_t
commit_cache(struct runner *r)
{
	int64_t left;
	size_t n;

	if (r->opts.store == NULL || r->runs == NULL ||
	    (n = catalog_pending(r->opts.store)) == 0)
		return -1;
	left = r->committed + CACHE_DELAY - loop_now();
	if (left > 0 && n < CACHE_QUEUE && r->running > 0 && !r->stopping)
		return left;
	run_commit_cache(r->runs);
	return -1;
}

static int
run_until_done(struct runner *r, struct err *e)
{
	int64_t wait = -1;
	int left;

	for (;;) {
		if (turn_all(r, &left, e) < 0)
			return -1;
		/* Attempts that were told to end are waited for. */
		if ((left == 0 || r->stopping) && r->running == 0)
			break;
		if (!r->stopping && start_all(r, e) < 0)
			return -1;
		if (any_dirty(r) && !r->stopping)
			continue;
		if (!may_put_off(r)) {
			if (commit_all(r, e) < 0)
				return -1;
			wait = commit_cache(r);
		}
		if (r->opts.dry_run && r->running == 0)
			break;
		if (loop_step(r->opts.loop, wait, e) < 0)
			return -1;
	}
	if (r->runs != NULL)
		run_commit_cache(r->runs);
	return commit_all(r, e);
}

int
runner_run(struct runner *r, struct err *e)
{
	struct err second;

	if (run_until_done(r, e) == 0)
		return 0;
	/* What was completed is not lost with the rest, if that can be. */
	if (!r->opts.dry_run && commit_all(r, &second) < 0)
		err_clear(&second);
	return -1;
}

void
runner_stop(struct runner *r, int now)
{
	struct run *run;

	r->stopping = 1;
	for (run = r->runs; run != NULL; run = run->next)
		run_jobs_cancel(run, now);
}
