#include "engine_judge.h"

/* Whether a row differs by our rules alone: see engine_rules.c. */

/* The runs by these rules are what is recorded, but for the edits. */
static int
is_recorded(struct engine_runs *runs, const struct engine_edits *edits,
    struct strbuf *why)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < runs->n; i++)
		bad += engine_compare(&runs->at[i],
		    edits == NULL ? NULL : &edits[i], why);
	return bad == 0;
}

/* What differs in one run is different for one that recovers it. */
static void
carry_over(struct judge *j, const struct engine_edits *before)
{
	if (j->mine->options == TREE_NONE || !conform_true(j->row,
	    j->mine->options, "recover"))
		return;
	for (size_t i = 0; i < before->paths.n; i++)
		judge_set_free(j, before->paths.at[i], ENGINE_ALL);
	if (before->paths.n > 0)
		j->edits->workflow = ENGINE_ALL;
}

static unsigned
apply(struct engine_runs *ours, struct engine_runs *flyte,
    struct engine_edits *edits, struct sched_rules *without, int *ret_replay,
    struct strbuf *why)
{
	const struct conform_row *row = ours->w.row;
	unsigned n = 0;

	for (size_t k = 0; k < judge_n_rules; k++) {
		int any = 0, bad = 0;

		for (unsigned i = 0; i < ours->n; i++) {
			struct judge j = { ours, flyte, &ours->at[i],
			    &flyte->at[i], &edits[i], row, tree_get(row->tree,
			    ours->at[i].json, "result"), 0 };

			if (j.mine->s == NULL || j.its->s == NULL)
				continue;
			any |= judge_rules[k].applies(&j);
			if (i > 0)
				carry_over(&j, &edits[i - 1]);
			bad |= j.bad;
		}
		if (!any)
			continue;
		n++;
		judge_rules[k].off(without);
		*ret_replay &= !judge_rules[k].no_replay;
		strbuf_addf(why, "%s%s%s", n == 1 ? ": " : ", ",
		    judge_rules[k].name, bad ? " (but ours is not as it says)" : "");
		if (bad)
			return 0;
	}
	return n;
}

int
engine_better(struct engine_runs *ours, struct strbuf *why)
{
	const struct conform_row *row = ours->w.row;
	struct sched_rules without = sched_rules_ours;
	struct engine_runs flyte, rest;
	struct engine_edits *edits = arena_new_n(row->arena, ours->n,
	    struct engine_edits);
	c_strbuf struct strbuf scratch = STRBUF_INIT;
	int replay = 1, ok;
	struct err e;

	ok = engine_runs_make(&flyte, row, &sched_rules_flyte, 0, &e) == 0 &&
	    apply(ours, &flyte, edits, &without, &replay, why) > 0;
	if (ok && replay && !is_recorded(&flyte, NULL, &scratch)) {
		strbuf_adds(why, "; and Flyte's own way is missed");
		ok = 0;
	}
	if (ok && replay) {
		ok = engine_runs_make(&rest, row, &without, 0, &e) == 0 &&
		    is_recorded(&rest, NULL, &scratch);
		if (!ok)
			strbuf_adds(why, "; but these rules are not all");
		engine_runs_release(&rest);
	}
	if (ok && !is_recorded(ours, edits, &scratch)) {
		strbuf_adds(why, "; but besides");
		strbuf_addstr(why, strbuf_str(&scratch));
		ok = 0;
	}
	for (unsigned i = 0; i < ours->n; i++) {
		map_release(&edits[i].free);
		VEC_RELEASE(&edits[i].paths);
	}
	engine_runs_release(&flyte);
	return ok;
}
