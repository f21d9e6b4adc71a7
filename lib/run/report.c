#include "run/report.h"

#include <signal.h>

#include "base/utf8.h"
#include "base/vec.h"
#include "record/execution.h"
#include "task/local.h"

/* Failures told in full; the rest are counted. */
#define MAX_TOLD	3
#define STATUS_WIDTH	76
/* Reasons told in the summary, and nodes named with each. */
#define MAX_GROUPS	12
#define MAX_NAMED	3

/* A node that failed, with what its last attempt left. */
struct failure {
	struct str	path;
	const char	*why;		/* "exit status 3" */
	const char	*message;
	const char	*command, *scratch;
	const char	*tail;		/* last lines of its stderr */
	uint32_t	attempts;
	int		final;		/* the engine gave it up */
};

/* Nodes that did the same for the same reason. */
struct group {
	enum fate	fate;
	struct str	text;
	struct str	nodes[MAX_NAMED];
	uint32_t	n;
};

struct report {
	struct report_options	 opts;
	struct arena		 arena;
	VEC(struct failure)	 failures;
	VEC(struct str)		 running;	/* paths, owned */
	VEC(struct group)	 groups;
	struct map		 by_why;	/* of groups */
	uint32_t		 more_groups;	/* nodes in none of them */
	uint32_t		 done, stopped;
	int			 drawn;		/* a line is on the screen */
};

struct report *
report_new(const struct report_options *opts)
{
	struct report *r = xcalloc(1, sizeof(*r));

	r->opts = *opts;
	return r;
}

void
report_free(struct report *r)
{
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->running.n; i++)
		free((void *)(uintptr_t)r->running.at[i].p);
	VEC_RELEASE(&r->running);
	VEC_RELEASE(&r->failures);
	VEC_RELEASE(&r->groups);
	map_release(&r->by_why);
	arena_release(&r->arena);
	free(r);
}

/* ---- words -------------------------------------------------------------- */

void
report_add_time(struct strbuf *b, int64_t us)
{
	int64_t s = us / 1000000;

	if (us < 0)
		us = s = 0;
	if (s < 60)
		strbuf_addf(b, "%.2f s", (double)us / 1e6);
	else if (s < 3600)
		strbuf_addf(b, "%d min %02d s", (int)(s / 60), (int)(s % 60));
	else
		strbuf_addf(b, "%lld h %02d min", (long long)(s / 3600),
		    (int)(s / 60 % 60));
}

/* The first line of a message that may be a whole trace. */
static void
add_first_line(struct strbuf *b, const char *text)
{
	const char *end = strchr(text, '\n');

	utf8_add_shown(b, (struct str){ text, end == NULL ? strlen(text) :
	    (size_t)(end - text) });
}

void
report_add_cause(struct strbuf *b, const struct job_result *res)
{
	switch (res->cause) {
	case JOB_EXIT:
		strbuf_addf(b, "exit status %d", res->end.code);
		break;
	case JOB_SIGNAL:
		strbuf_addf(b, "signal %d (%s)", res->end.sig,
		    sigdescr_np(res->end.sig) != NULL ?
		    sigdescr_np(res->end.sig) : "unknown");
		break;
	case JOB_TIMEOUT:
		strbuf_adds(b, "its time was up");
		break;
	case JOB_OOM:
		strbuf_adds(b, "killed for lack of memory");
		break;
	case JOB_CANCELLED:
		strbuf_adds(b, "stopped");
		break;
	case JOB_LOST:
		strbuf_adds(b, "lost: ");
		if (res->error != NULL)
			add_first_line(b, res->error->message);
		else
			strbuf_adds(b, "nobody knows how it ended");
		break;
	case JOB_OK:
	case JOB_OUTPUT:
	case JOB_REPORTED:
	case JOB_START:
	case JOB_CAUSE_MAX:
	default:
		if (res->error != NULL)
			add_first_line(b, res->error->message);
		break;
	}
}

/* A node as people name it: without the attempts of what it lies in. */
static void
add_node(struct strbuf *b, struct str path)
{
	c_strbuf struct strbuf brief = STRBUF_INIT;

	execution_add_brief(&brief, path);
	utf8_add_shown(b, strbuf_str(&brief));
}

/* ---- lines -------------------------------------------------------------- */

static void
put(struct report *r, const struct strbuf *b)
{
	r->opts.put(r->opts.arg, strbuf_str(b));
}

static void
wipe(struct report *r)
{
	if (r->drawn)
		r->opts.put(r->opts.arg, STR("\r\x1b[K"));
	r->drawn = 0;
}

static void
put_line(struct report *r, struct strbuf *b)
{
	wipe(r);
	strbuf_addch(b, '\n');
	put(r, b);
}

/* The one line of a terminal: what is done and what runs. */
static void
draw(struct report *r)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	if (!r->opts.terminal || r->opts.quiet)
		return;
	strbuf_addf(&b, "[%u done, %zu running]", r->done, r->running.n);
	for (i = 0; i < r->running.n && b.n < STATUS_WIDTH; i++) {
		strbuf_adds(&b, i == 0 ? " " : ", ");
		add_node(&b, r->running.at[i]);
	}
	if (b.n > STATUS_WIDTH) {
		strbuf_setlen(&b, STATUS_WIDTH);
		while (b.n > 0 && ((unsigned char)b.p[b.n - 1] & 0x80) != 0)
			strbuf_setlen(&b, b.n - 1);
		strbuf_adds(&b, "...");
	}
	r->opts.put(r->opts.arg, STR("\r\x1b[K"));
	put(r, &b);
	r->drawn = 1;
}

/* ---- events ------------------------------------------------------------- */

static void
forget_running(struct report *r, struct str path)
{
	size_t i;

	for (i = 0; i < r->running.n; i++)
		if (str_eq(r->running.at[i], path)) {
			free((void *)(uintptr_t)r->running.at[i].p);
			r->running.at[i] = VEC_LAST(&r->running);
			r->running.n--;
			return;
		}
}

static struct failure *
failure_of(struct report *r, struct str path)
{
	struct failure fresh = { .path = arena_str(&r->arena, path) };
	size_t i;

	for (i = 0; i < r->failures.n; i++)
		if (str_eq(r->failures.at[i].path, path))
			return &r->failures.at[i];
	VEC_PUSH(&r->failures, fresh);
	return &VEC_LAST(&r->failures);
}

static void
keep_failure(struct report *r, struct run *run, const struct run_event *ev)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const struct job_result *res = ev->result;
	struct failure *f = failure_of(r, ev->path);

	report_add_cause(&b, res);
	f->why = arena_strdup(&r->arena, b.p);
	f->message = arena_strdup(&r->arena, res->error->message);
	strbuf_reset(&b);
	if (ev->contract != NULL)
		contract_add_command(ev->contract, &b);
	f->command = arena_strdup(&r->arena, b.p);
	strbuf_reset(&b);
	local_add_tail(run_executor(run), &res->err, 1, r->opts.tail, &b);
	f->tail = arena_strdup(&r->arena, b.p);
	f->scratch = res->scratch == NULL ? NULL :
	    arena_strdup(&r->arena, res->scratch);
	f->attempts = ev->attempt + 1;
}

static void
on_ended(struct report *r, struct run *run, const struct run_event *ev)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	forget_running(r, ev->path);
	if (ev->result->error != NULL)
		keep_failure(r, run, ev);
	if (ev->result->error != NULL && !r->opts.quiet) {
		add_node(&b, ev->path);
		strbuf_adds(&b, ": attempt failed: ");
		report_add_cause(&b, ev->result);
		put_line(r, &b);
	}
	draw(r);
}

/* What many have in common: of "from p/d/ID/pay (entry 9f...)" the
 * execution. */
static struct str
common_text(const struct why *why)
{
	struct str s = why->text;
	size_t i, slashes = 0;

	if (why->code != WHY_HIT && why->code != WHY_RECOVERED)
		return s;
	for (i = 0; i < s.n; i++)
		if (s.p[i] == '/' && ++slashes == 3)
			return (struct str){ s.p, i };
	return s;
}

/* Adds to the group of those that did the same for the same reason. */
static void
count_why(struct report *r, struct str path, enum fate fate,
    const struct why *why)
{
	struct str text = common_text(why);
	c_strbuf struct strbuf id = STRBUF_INIT;
	struct group fresh = { .fate = fate }, *g;
	uint32_t i;

	strbuf_addf(&id, "%d %d ", (int)fate, (int)why->code);
	strbuf_addstr(&id, text);
	i = map_get(&r->by_why, strbuf_str(&id));
	if (i == MAP_NONE) {
		if (r->groups.n >= MAX_GROUPS) {
			r->more_groups++;
			return;
		}
		i = (uint32_t)r->groups.n;
		map_put(&r->by_why, arena_str(&r->arena, strbuf_str(&id)), i);
		fresh.text = arena_str(&r->arena, text);
		VEC_PUSH(&r->groups, fresh);
	}
	g = &r->groups.at[i];
	if (g->n < MAX_NAMED)
		g->nodes[g->n] = arena_str(&r->arena, path);
	g->n++;
}

/* "reused: from p/d/ID/pay (entry 9f...)", "done". */
static int
add_node_words(struct report *r, struct run *run,
    const struct run_event *ev, struct strbuf *b)
{
	const struct sched_action *act = ev->action;
	c_arena struct arena a = ARENA_INIT;
	struct why why;
	enum fate fate;

	switch (act->phase) {
	case SCHED_SUCCEEDED:
		if (act->why != SCHED_WHY_HIT &&
		    act->why != SCHED_WHY_RESTORED) {
			strbuf_adds(b, "done");
			return 1;
		}
		fallthrough;
	case SCHED_RECOVERED:
	case SCHED_SKIPPED:
		if (r->opts.quiet)
			return 1;
		fate = run_why_ended(run, ev, &a, &why);
		count_why(r, ev->path, fate, &why);
		strbuf_adds(b, fate_past(fate));
		if (!r->opts.verbose && fate != FATE_SKIP)
			return 1;	/* the summary says the rest */
		strbuf_adds(b, ": ");
		utf8_add_shown(b, why.text);
		return 1;
	case SCHED_FAILED:
	case SCHED_TIMED_OUT:
		strbuf_adds(b, act->phase == SCHED_FAILED ? "failed" :
		    "timed out");
		return 1;
	case SCHED_ABORTED:
		strbuf_adds(b, "stopped");
		return 1;
	case SCHED_UNDEFINED:
	case SCHED_QUEUED:
	case SCHED_RUNNING:
	case SCHED_FAILING:
	case SCHED_DYNAMIC_RUNNING:
	case SCHED_PHASE_MAX:
	default:
		return 0;
	}
}

static void
on_node(struct report *r, struct run *run, const struct run_event *ev)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const struct sched_action *act = ev->action;
	struct failure *f;
	int root;

	/* Where nothing is printed only the words count, if there are any. */
	if (!r->opts.quiet) {
		strbuf_adds(&b, run_label(run));
		add_node(&b, ev->path);
		strbuf_adds(&b, ": ");
	}
	if (!add_node_words(r, run, ev, &b))
		return;
	r->done++;
	if (act->phase == SCHED_FAILED || act->phase == SCHED_TIMED_OUT) {
		/* What failed because of what is in it tells nothing new. */
		root = (act->node->kind == PLAN_TASK &&
		    act->why != SCHED_WHY_CHILD) || r->failures.n == 0;
		f = failure_of(r, ev->path);
		f->final = root;
		if (f->message == NULL && act->error.message.p != NULL)
			f->message = arena_strndup(&r->arena,
			    act->error.message.p, act->error.message.n);
	}
	if (r->opts.quiet)
		return;
	if (r->opts.terminal && !r->opts.verbose)
		draw(r);
	else
		put_line(r, &b);
}

static void
on_text(struct report *r, const struct run *run, const struct run_event *ev,
    const char *between)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_adds(&b, run_label(run));
	add_node(&b, ev->path);
	strbuf_adds(&b, between);
	utf8_add_shown(&b, ev->text);
	put_line(r, &b);
}

static void
on_started(struct report *r, struct run *run, const struct run_event *ev)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (r->opts.quiet)
		return;
	if (ev->attempt == 0)
		count_why(r, ev->path, FATE_RUN, ev->why);
	if (!r->opts.verbose)
		return;
	strbuf_adds(&b, run_label(run));
	add_node(&b, ev->path);
	strbuf_adds(&b, ": runs: ");
	utf8_add_shown(&b, ev->why->text);
	put_line(r, &b);
}

/* What lets a gate pass, as it is to be typed. */
static void
on_waiting(struct report *r, struct run *run, const struct run_event *ev)
{
	const struct plan_gate *g = ev->action->gate;
	c_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_adds(&b, run_label(run));
	add_node(&b, ev->path);
	strbuf_addf(&b, ": waits for: flyte-ctl %s %s/", g->kind ==
	    PLAN_APPROVE ? "approve" : "signal", run_id(run)->name);
	add_node(&b, ev->path);
	if (g->kind != PLAN_APPROVE)
		strbuf_adds(&b, " VALUE");
	put_line(r, &b);
}

void
report_watch(void *arg, struct run *run, const struct run_event *ev)
{
	struct report *r = arg;
	struct str path;

	switch (ev->kind) {
	case RUN_NODE:
		on_node(r, run, ev);
		break;
	case RUN_STARTED:
		path = (struct str){ xstrndup(ev->path.p, ev->path.n),
		    ev->path.n };
		VEC_PUSH(&r->running, path);
		on_started(r, run, ev);
		draw(r);
		break;
	case RUN_ENDED:
		on_ended(r, run, ev);
		break;
	case RUN_WOULD:
		break;
	case RUN_WAITING:
		if (!r->opts.quiet)
			on_waiting(r, run, ev);
		break;
	case RUN_WARN:
		on_text(r, run, ev, "");
		break;
	case RUN_SAY:
		if (!r->opts.quiet)
			on_text(r, run, ev, "");
		break;
	case RUN_WORKFLOW:
	default:
		break;
	}
}

/* ---- the end ------------------------------------------------------------ */

static void
add_quoted_lines(struct strbuf *b, const char *text)
{
	const char *end;

	while (*text != '\0') {
		end = strchr(text, '\n');
		if (end == NULL)
			end = text + strlen(text);
		strbuf_adds(b, "    | ");
		utf8_add_shown(b, (struct str){ text, (size_t)(end - text) });
		strbuf_addch(b, '\n');
		text = *end == '\n' ? end + 1 : end;
	}
}

/* What a message has after its first line, at most n lines. */
static void
add_more_lines(struct strbuf *b, const char *text, unsigned n)
{
	c_strbuf struct strbuf more = STRBUF_INIT;
	const char *line = text == NULL ? NULL : strchr(text, '\n');

	for (; line != NULL && line[1] != '\0' && n > 0; n--) {
		const char *end = strchr(line + 1, '\n');

		strbuf_add(&more, line + 1, end == NULL ? strlen(line + 1) :
		    (size_t)(end - line - 1));
		strbuf_addch(&more, '\n');
		line = end;
	}
	if (more.n > 0)
		add_quoted_lines(b, more.p);
}

/* On one line; of a command of several lines at most n, below the word. */
static void
add_command(struct strbuf *b, const char *text, unsigned n)
{
	const char *end = strchr(text, '\n');

	strbuf_adds(b, "  command:");
	if (end == NULL) {
		strbuf_addch(b, ' ');
		add_first_line(b, text);
		strbuf_addch(b, '\n');
		return;
	}
	strbuf_adds(b, "\n    | ");
	add_first_line(b, text);
	strbuf_addch(b, '\n');
	add_more_lines(b, text, n);
	while (n-- > 0 && end != NULL)
		end = strchr(end + 1, '\n');
	if (end != NULL && end[1] != '\0')
		strbuf_adds(b, "    | ...\n");
}

static void
put_failure(struct report *r, struct run *run, const struct failure *f)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_adds(&b, "node ");
	add_node(&b, f->path);
	strbuf_adds(&b, " failed: ");
	if (f->why != NULL && f->why[0] != '\0')
		strbuf_adds(&b, f->why);
	else if (f->message != NULL)
		add_first_line(&b, f->message);
	if (f->attempts > 1)
		strbuf_addf(&b, " (%u attempts)", f->attempts);
	strbuf_addch(&b, '\n');
	add_more_lines(&b, f->message, r->opts.tail);
	if (f->command != NULL && f->command[0] != '\0')
		add_command(&b, f->command, r->opts.tail);
	if (f->tail != NULL && f->tail[0] != '\0') {
		strbuf_adds(&b, "  the end of its stderr:\n");
		add_quoted_lines(&b, f->tail);
	}
	if (f->scratch != NULL)
		strbuf_addf(&b, "  its folder: %s\n", f->scratch);
	if (f->attempts > 0)
		strbuf_addf(&b, "  again: flyte-exec --replay %s/" STR_FMT
		    "\n", run_id(run)->name, STR_ARG(f->path));
	put(r, &b);
}

static enum job_cause
cause_called(const char *name)
{
	int i;

	for (i = 0; name != NULL && i < JOB_CAUSE_MAX; i++)
		if (strcmp(job_cause_name((enum job_cause)i), name) == 0)
			return (enum job_cause)i;
	return JOB_REPORTED;
}

/* A failure that was before this process, from the journal. */
static void
recall_failure(struct report *r, struct run *run,
    const struct history_node *n)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const struct history_attempt *a = &n->attempts[n->n_attempts - 1];
	pb_execution_error *error = PB_NEW(&r->arena,
	    flyteidl__core__execution_error);
	struct job_result res = { .cause = cause_called(a->cause),
	    .error = error, .end = { .code = a->status, .sig = a->sig } };
	struct failure *f = failure_of(r, n->path);

	error->message = arena_strndup(&r->arena, a->failed ?
	    a->error.message.p : n->error.message.p, a->failed ?
	    a->error.message.n : n->error.message.n);
	report_add_cause(&b, &res);
	f->why = arena_strdup(&r->arena, b.p);
	f->message = error->message;
	strbuf_reset(&b);
	local_add_tail(run_executor(run), &a->err, 1, r->opts.tail, &b);
	f->tail = arena_strdup(&r->arena, b.p);
	f->scratch = a->scratch;
	f->attempts = a->number + 1;
	f->final = 1;
}

static void
recall_failures(struct report *r, struct run *run)
{
	const struct history *h = run_history(run);
	size_t i;

	for (i = 0; h != NULL && i < h->n_nodes; i++)
		if ((h->nodes[i].phase == SCHED_FAILED ||
		    h->nodes[i].phase == SCHED_TIMED_OUT) &&
		    h->nodes[i].n_attempts > 0)
			recall_failure(r, run, &h->nodes[i]);
}

static void
put_failures(struct report *r, struct run *run)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i, told = 0, more = 0;

	if (r->failures.n == 0)
		recall_failures(r, run);

	for (i = 0; i < r->failures.n; i++) {
		if (!r->failures.at[i].final)
			continue;
		if (told++ < MAX_TOLD)
			put_failure(r, run, &r->failures.at[i]);
		else
			more++;
	}
	if (told == 0 && run_error(run)->message.p != NULL) {
		strbuf_addf(&b, "%s: ", r->opts.tool);
		add_first_line(&b, arena_strndup(&r->arena,
		    run_error(run)->message.p, run_error(run)->message.n));
		strbuf_addch(&b, '\n');
		put(r, &b);
	}
	if (more > 0) {
		strbuf_addf(&b, "and %zu more: flyte-show %s\n", more,
		    run_id(run)->name);
		put(r, &b);
	}
}

static void
add_counts(struct strbuf *b, const struct run_counts *c, int ended)
{
	const struct {
		uint32_t	 n;
		const char	*word;
	} parts[] = {
		{ c->ran, "ran" }, { c->reused, "reused" },
		{ c->recovered, "recovered" }, { c->failed, "failed" },
		{ c->skipped, "skipped" },
	};
	size_t i, some = 0;

	if (c->nodes > 0 && c->reused == c->nodes) {
		strbuf_addf(b, "%s%u reused from the cache",
		    c->nodes > 1 ? "all " : "", c->nodes);
		return;
	}
	for (i = 0; i < ARRAY_LEN(parts); i++)
		if (parts[i].n > 0)
			strbuf_addf(b, "%s%u %s", some++ ? ", " : "",
			    parts[i].n, parts[i].word);
	if (some == 0)
		strbuf_adds(b, ended ? "nothing to run" : "no node ended");
}

/* "  a, b and 3 more: ran: its task is not cached". */
static void
add_group(struct strbuf *b, const struct group *g)
{
	uint32_t i, named = MIN(g->n, (uint32_t)MAX_NAMED);

	strbuf_adds(b, "  ");
	for (i = 0; i < named; i++) {
		strbuf_adds(b, i == 0 ? "" : i + 1 == g->n ? " and " : ", ");
		add_node(b, g->nodes[i]);
	}
	if (g->n > named)
		strbuf_addf(b, " and %u more", g->n - named);
	strbuf_addf(b, ": %s: ", fate_past(g->fate));
	utf8_add_shown(b, g->text);
	strbuf_addch(b, '\n');
}

/* Why: all of it, with those that read the same in one line. */
static void
put_groups(struct report *r, struct run *run)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	for (i = 0; i < r->groups.n; i++)
		add_group(&b, &r->groups.at[i]);
	if (r->more_groups > 0)
		strbuf_addf(&b, "  %u more: flyte-cache explain %s\n",
		    r->more_groups, run_id(run)->name);
	put(r, &b);
}

void
report_end(struct report *r, struct run *run, const char *what)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const struct run_counts *c = run_counts(run);
	enum sched_wf phase = run_phase(run);
	const char *word = phase == SCHED_WF_SUCCEEDED ? "succeeded" :
	    phase == SCHED_WF_FAILED ? "failed" :
	    phase == SCHED_WF_ABORTED ? "aborted" : "interrupted";

	wipe(r);
	if (phase == SCHED_WF_SUCCEEDED && r->opts.quiet)
		return;
	if (phase == SCHED_WF_FAILED)
		put_failures(r, run);
	if (!r->opts.quiet)
		put_groups(r, run);
	strbuf_addf(&b, "%s: %s %s", r->opts.tool, what, word);
	if (c->ended_us > 0) {
		strbuf_adds(&b, " in ");
		report_add_time(&b, c->ended_us - c->started_us);
	}
	if (run_was_over(run))
		strbuf_adds(&b, " before");
	if (!run_was_over(run) || phase == SCHED_WF_ABORTED)
		strbuf_adds(&b, ": ");
	if (phase == SCHED_WF_ABORTED && run_error(run)->message.p != NULL)
		add_first_line(&b, arena_strndup(&r->arena,
		    run_error(run)->message.p, run_error(run)->message.n));
	else if (!run_was_over(run))
		add_counts(&b, c, history_is_final(phase));
	strbuf_addf(&b, " (%s)\n", run_id(run)->name);
	if (!history_is_final(phase))
		strbuf_addf(&b, "%s: go on with: flyte-run --resume %s\n",
		    r->opts.tool, run_id(run)->name);
	else if (phase == SCHED_WF_FAILED)
		strbuf_addf(&b, "%s: reuse what succeeded with: flyte-run "
		    "--recover %s\n", r->opts.tool, run_id(run)->name);
	put(r, &b);
}
