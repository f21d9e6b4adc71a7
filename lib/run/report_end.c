/* The end of a report: what ran, what did not, and why. */
#include "run/report_p.h"

#include "base/utf8.h"
#include "record/color.h"

/* Reasons told in the summary. */
#define MAX_GROUPS	12

static int
is_difference(enum why_code code)
{
	return code == WHY_INPUT || code == WHY_VERSION ||
	    code == WHY_COMMAND || code == WHY_INTERFACE;
}

/* What many have in common: of "from p/d/ID/pay (entry 9f...)" the
 * execution, of "input n differs: 4, was 1 in p/d/ID/..." what differs. */
static struct str
common_text(const struct why *why)
{
	struct str s = why->text;
	const char *colon = memchr(s.p, ':', s.n);
	size_t i, slashes = 0;

	if (is_difference(why->code))
		return colon == NULL ? s : (struct str){ s.p,
		    (size_t)(colon - s.p) };
	if (why->code != WHY_HIT && why->code != WHY_RECOVERED)
		return s;
	for (i = 0; i < s.n; i++)
		if (s.p[i] == '/' && ++slashes == 3)
			return (struct str){ s.p, i };
	return s;
}

/* Adds to the group of those that did the same for the same reason. */
void
report_count_why(struct report *r, const struct run *run, struct str path,
    enum fate fate, const struct why *why)
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
		fresh.text = arena_str(&r->arena, why->text);
		fresh.common = fresh.text.n;
		VEC_PUSH(&r->groups, fresh);
	}
	g = &r->groups.at[i];
	if (!str_eq(g->text, why->text))
		g->common = text.n;
	if (g->n < MAX_NAMED)
		g->nodes[g->n] = report_node(r, run, path);
	g->n++;
}

/* A span of time as people read it: "0.12 s", "3 min 04 s". */
static void
add_time(struct strbuf *b, int64_t us)
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

static void
add_counts(struct strbuf *b, const struct run_counts *c, enum sched_wf phase)
{
	int ended = history_is_final(phase);
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
		strbuf_adds(b, !ended ? "no node ended" : phase ==
		    SCHED_WF_FAILED ? "no task ran" : "nothing to run");
}

/* "  a, b and 3 more: ran: its task is not cached". */
static void
add_group(struct strbuf *b, const struct group *g)
{
	uint32_t i, named = MIN(g->n, (uint32_t)MAX_NAMED);

	strbuf_adds(b, "  ");
	for (i = 0; i < named; i++) {
		strbuf_adds(b, i == 0 ? "" : i + 1 == g->n ? " and " : ", ");
		strbuf_addstr(b, g->nodes[i]);
	}
	if (g->n > named)
		strbuf_addf(b, " and %u more", g->n - named);
	strbuf_addf(b, ": %s: ", fate_past(g->fate));
	utf8_add_shown(b, (struct str){ g->text.p, g->common });
	if (g->common < g->text.n && g->text.p[g->common] == ':') {
		strbuf_addf(b, "; of " STR_FMT, STR_ARG(g->nodes[0]));
		utf8_add_shown(b, (struct str){ g->text.p + g->common,
		    g->text.n - g->common });
	}
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
	report_put(r, &b);
}

/* What to do next. */
static void
add_next(struct strbuf *b, const struct report *r, const struct run *run)
{
	const struct run_counts *c = run_counts(run);
	enum sched_wf phase = run_phase(run);
	const char *word = "reuse what succeeded", *option = "--recover";

	if (phase == SCHED_WF_SUCCEEDED)
		return;
	if (!history_is_final(phase)) {
		word = "go on";
		option = "--resume";
	} else if (!run_was_over(run) &&
	    c->ran + c->reused + c->recovered == 0) {
		word = "run it again";
	}
	strbuf_addf(b, "%s: %s with: flyte-run %s %s\n", r->opts.tool, word,
	    option, run_id(run)->name);
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

	report_wipe(r);
	if (phase == SCHED_WF_SUCCEEDED && r->opts.quiet)
		return;
	if (phase == SCHED_WF_FAILED)
		report_put_failures(r, run);
	if (!r->opts.quiet)
		put_groups(r, run);
	strbuf_addf(&b, "%s: %s ", r->opts.tool, what);
	color_add_word(&b, word, r->opts.color);
	if (c->ended_us > 0) {
		strbuf_adds(&b, " in ");
		add_time(&b, c->ended_us - c->started_us);
	}
	if (run_was_over(run))
		strbuf_adds(&b, " before");
	if (!run_was_over(run) || phase == SCHED_WF_ABORTED)
		strbuf_adds(&b, ": ");
	if (phase == SCHED_WF_ABORTED && run_error(run)->message.p != NULL)
		report_add_first_line(&b, arena_strndup(&r->arena,
		    run_error(run)->message.p, run_error(run)->message.n));
	else if (!run_was_over(run))
		add_counts(&b, c, phase);
	if (strcmp(what, run_id(run)->name) != 0)
		strbuf_addf(&b, " (%s)", run_id(run)->name);
	strbuf_addch(&b, '\n');
	add_next(&b, r, run);
	report_put(r, &b);
}
