#include "engine.h"

#include "idl/wire.h"

/*
 * Rows {name, topic, closure, runs: [{inputs, script, options?, result}],
 * launchPlans?}; see tests/corpus/engine/README.md.  Arguments: topics to
 * judge; "=flyte" judges Flyte's own behaviour, without our rules; "=killN"
 * kills the runner after N rounds and has another resume the run; "=record"
 * judges nothing and prints what each run of the row comes to.
 */
struct wanted {
	int		flyte, record;
	unsigned	kill;
};

static int
is_wanted(const struct conform_row *row, struct wanted *ret)
{
	int named = 0, wanted = 0;

	for (int i = 0; i < row->n_args; i++) {
		if (strcmp(row->args[i], "=flyte") == 0) {
			ret->flyte = 1;
			continue;
		}
		if (strcmp(row->args[i], "=record") == 0) {
			ret->record = 1;
			continue;
		}
		if (strncmp(row->args[i], "=kill", 5) == 0) {
			ret->kill = (unsigned)strtoul(row->args[i] + 5, NULL,
			    10);
			continue;
		}
		named = 1;
		wanted |= str_is(conform_text(row, 0, "topic"), row->args[i]) ||
		    str_is(conform_text(row, 0, "name"), row->args[i]);
	}
	return !named || wanted;
}

static int
run_all(struct engine_runs *runs, struct err *e)
{
	const struct tree *t = runs->w.row->tree;
	uint32_t at = t->at[tree_get(t, 0, "runs")].first;

	for (unsigned i = 0; i < runs->n; i++, at = t->at[at].next) {
		struct engine_run *r = &runs->at[i];

		r->w = &runs->w;
		r->json = at;
		r->script = tree_get(t, at, "script");
		r->options = tree_get(t, at, "options");
		r->number = i + 1;
		r->before = i > 0 ? &runs->at[i - 1] : NULL;
		r->name = str_of(arena_printf(runs->w.arena, "e%u", i + 1));
		r->outputs = (struct str){ NULL, 0 };
		r->not_built = runs->w.plan == NULL;
		if (r->not_built)
			r->not_built_why = str_of(arena_strdup(runs->w.arena,
			    e->msg));
		else if (engine_run(r, e) != 0)
			return -1;
	}
	return 0;
}

int
engine_runs_make(struct engine_runs *runs, const struct conform_row *row,
    const struct sched_rules *rules, unsigned kill_at, struct err *e)
{
	const struct tree *t = row->tree;
	uint32_t list = tree_get(t, 0, "runs");
	ProtobufCMessage *m;

	*runs = (struct engine_runs){ .w = { .row = row, .arena = row->arena,
	    .rules = rules, .kill_at = kill_at } };
	if (list == TREE_NONE || t->at[list].kind != TREE_SEQ)
		return err_set(e, ERR_USAGE, "the row has no runs");
	if (conform_message(row, 0, "closure",
	    &flyteidl__core__compiled_workflow_closure__descriptor, &m, e) != 0)
		return -1;
	runs->w.closure = (const void *)m;
	/* What cannot be built does not run: that may be what is recorded. */
	if (plan_build(runs->w.closure, &runs->w.plan, e) != 0)
		runs->w.plan = NULL;
	runs->n = t->at[list].n;
	runs->at = arena_new_n(row->arena, runs->n, struct engine_run);
	return run_all(runs, e);
}

void
engine_runs_release(struct engine_runs *runs)
{
	for (unsigned i = 0; i < runs->n; i++)
		engine_run_release(&runs->at[i]);
	plan_free(runs->w.plan);
	for (size_t i = 0; i < runs->w.plans.n; i++)
		plan_free(runs->w.plans.at[i]);
	VEC_RELEASE(&runs->w.plans);
	VEC_RELEASE(&runs->w.catalog);
}

static unsigned
compare_all(struct engine_runs *runs, struct strbuf *why)
{
	unsigned bad = 0;

	for (unsigned i = 0; i < runs->n; i++)
		bad += engine_compare(&runs->at[i], NULL, why);
	return bad;
}

/* What differs may be better by our rules; why is then their names. */
static enum conform_verdict
judge_rest(struct engine_runs *runs, size_t start, struct strbuf *why)
{
	c_strbuf struct strbuf rules = STRBUF_INIT;
	int better = engine_better(runs, &rules);

	if (better)
		strbuf_setlen(why, start);
	strbuf_addstr(why, strbuf_str(&rules));
	return better ? CONFORM_BETTER : CONFORM_DIFFERENT;
}

enum conform_verdict
conform_engine(const struct conform_row *row, struct strbuf *why)
{
	enum conform_verdict v = CONFORM_DIFFERENT;
	struct engine_runs runs;
	struct wanted wanted = { 0, 0, 0 };
	struct err e;
	size_t start;

	if (!is_wanted(row, &wanted))
		return CONFORM_SKIPPED;
	strbuf_addstr(why, conform_text(row, 0, "name"));
	start = why->n;
	if (engine_runs_make(&runs, row, wanted.flyte ? &sched_rules_flyte :
	    &sched_rules_ours, wanted.kill, &e) != 0)
		strbuf_addf(why, ": %s", e.msg);
	else if (wanted.record) {
		strbuf_reset(why);
		engine_record(&runs, why);
		v = CONFORM_RECORDED;
	} else if (compare_all(&runs, why) == 0)
		v = CONFORM_SAME;
	else if (!wanted.flyte)
		v = judge_rest(&runs, start, why);
	engine_runs_release(&runs);
	return v;
}
