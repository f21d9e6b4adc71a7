#include "run/report_p.h"

#include "base/utf8.h"
#include "record/color.h"
#include "idl/nodepath.h"

#define STATUS_WIDTH	76

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

/* ---- lines -------------------------------------------------------------- */

void
report_put(struct report *r, const struct strbuf *b)
{
	r->opts.put(r->opts.arg, strbuf_str(b));
}

void
report_wipe(struct report *r)
{
	if (r->drawn)
		r->opts.put(r->opts.arg, STR("\r\x1b[K"));
	r->drawn = 0;
}

static void
put_line(struct report *r, struct strbuf *b)
{
	report_wipe(r);
	strbuf_addch(b, '\n');
	report_put(r, b);
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
		strbuf_addstr(&b, r->running.at[i]);
	}
	if (b.n > STATUS_WIDTH) {
		strbuf_setlen(&b, STATUS_WIDTH);
		while (b.n > 0 && ((unsigned char)b.p[b.n - 1] & 0x80) != 0)
			strbuf_setlen(&b, b.n - 1);
		strbuf_adds(&b, "...");
	}
	r->opts.put(r->opts.arg, STR("\r\x1b[K"));
	report_put(r, &b);
	r->drawn = 1;
}

/* ---- events ------------------------------------------------------------- */

static void
keep_running(struct report *r, const struct run *run, struct str path)
{
	struct strbuf b = STRBUF_INIT;
	struct str node;

	if (!r->opts.terminal || r->opts.quiet)
		return;
	report_add_node(&b, run, path);
	node = (struct str){ b.p, b.n };
	VEC_PUSH(&r->running, node);
}

static void
forget_running(struct report *r, const struct run *run, struct str path)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	if (r->running.n == 0)
		return;
	report_add_node(&b, run, path);
	for (i = 0; i < r->running.n; i++)
		if (str_eq(r->running.at[i], strbuf_str(&b))) {
			free((void *)(uintptr_t)r->running.at[i].p);
			r->running.at[i] = VEC_LAST(&r->running);
			r->running.n--;
			return;
		}
}

static void
on_ended(struct report *r, struct run *run, const struct run_event *ev)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	forget_running(r, run, ev->path);
	if (ev->result->error != NULL)
		report_keep_failure(r, run, ev);
	if (ev->result->error != NULL && !r->opts.quiet) {
		report_add_node(&b, run, ev->path);
		strbuf_adds(&b, ": attempt failed: ");
		report_add_cause(&b, ev->result);
		put_line(r, &b);
	}
	draw(r);
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
			color_add_word(b, "done", r->opts.color);
			return 1;
		}
		fallthrough;
	case SCHED_RECOVERED:
	case SCHED_SKIPPED:
	case SCHED_ABORTED:
		if (r->opts.quiet)
			return 1;
		fate = run_why_ended(run, ev, &a, &why);
		report_count_why(r, run, ev->path, fate, &why);
		color_add_word(b, fate_past(fate), r->opts.color);
		if (!r->opts.verbose && fate != FATE_SKIP &&
		    fate != FATE_STOP)
			return 1;	/* the summary says the rest */
		strbuf_adds(b, ": ");
		utf8_add_shown(b, why.text);
		return 1;
	case SCHED_FAILED:
	case SCHED_TIMED_OUT:
		color_add_word(b, act->phase == SCHED_FAILED ? "failed" :
		    "timed out", r->opts.color);
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
		report_add_node(&b, run, ev->path);
		strbuf_adds(&b, ": ");
	}
	if (!add_node_words(r, run, ev, &b))
		return;
	r->done++;
	if (act->phase == SCHED_FAILED || act->phase == SCHED_TIMED_OUT) {
		/* What failed because of what is in it tells nothing new. */
		root = (act->node->kind == PLAN_TASK &&
		    act->why != SCHED_WHY_CHILD) || r->failures.n == 0;
		f = report_failure_of(r, run, ev->path);
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

	report_add_node(&b, run, ev->path);
	strbuf_adds(&b, between);
	utf8_add_shown(&b, ev->text);
	put_line(r, &b);
}

/* Of the program as a whole, and no node. */
static void
put_warning(struct report *r, const struct run_event *ev)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_addf(&b, "%s: ", r->opts.tool);
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
		report_count_why(r, run, ev->path, FATE_RUN, ev->why);
	if (!r->opts.verbose)
		return;
	report_add_node(&b, run, ev->path);
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

	report_add_node(&b, run, ev->path);
	strbuf_addf(&b, ": waits for: flyte-ctl %s %s/", g->kind ==
	    PLAN_APPROVE ? "approve" : "signal", run_id(run)->name);
	nodepath_add(&b, ev->path);
	if (g->kind != PLAN_APPROVE)
		strbuf_adds(&b, " VALUE");
	put_line(r, &b);
}

void
report_watch(void *arg, struct run *run, const struct run_event *ev)
{
	struct report *r = arg;

	switch (ev->kind) {
	case RUN_NODE:
		on_node(r, run, ev);
		break;
	case RUN_STARTED:
		keep_running(r, run, ev->path);
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
		put_warning(r, ev);
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

