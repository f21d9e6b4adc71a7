#include "engine.h"

#include "idl/wire.h"

/*
 * Rows {name, topic, closure, runs: [{inputs, script, options?, result}],
 * launchPlans?}; see tests/corpus/engine/README.md.  Arguments: topics to
 * judge; "=flyte" judges Flyte's own behaviour, without our rules.
 */

static int
is_wanted(const struct conform_row *row, int *ret_flyte)
{
	int named = 0, wanted = 0;

	for (int i = 0; i < row->n_args; i++) {
		if (strcmp(row->args[i], "=flyte") == 0) {
			*ret_flyte = 1;
			continue;
		}
		named = 1;
		wanted |= str_is(conform_text(row, 0, "topic"), row->args[i]) ||
		    str_is(conform_text(row, 0, "name"), row->args[i]);
	}
	return !named || wanted;
}

static int
run_all(struct engine_world *w, struct engine_run *runs, unsigned n,
    struct strbuf *why)
{
	const struct tree *t = w->row->tree;
	uint32_t at = t->at[tree_get(t, 0, "runs")].first;
	struct err e;

	for (unsigned i = 0; i < n; i++, at = t->at[at].next) {
		struct engine_run *r = &runs[i];

		r->w = w;
		r->json = at;
		r->script = tree_get(t, at, "script");
		r->options = tree_get(t, at, "options");
		r->number = i + 1;
		r->before = i > 0 ? &runs[i - 1] : NULL;
		r->name = str_of(arena_printf(w->arena, "e%u", i + 1));
		if (engine_run(r, &e) != 0) {
			strbuf_adds(why, e.msg);
			return -1;
		}
	}
	return 0;
}

static enum conform_verdict
judge(struct engine_world *w, int flyte, struct strbuf *why)
{
	const struct tree *t = w->row->tree;
	uint32_t list = tree_get(t, 0, "runs");
	unsigned n = t->at[list].n, bad = 0;
	struct engine_run *runs = arena_new_n(w->arena, n, struct engine_run);
	enum conform_verdict v = CONFORM_DIFFERENT;
	const char *rule;
	size_t start;

	strbuf_addstr(why, conform_text(w->row, 0, "name"));
	start = why->n;
	if (run_all(w, runs, n, why) == 0) {
		for (unsigned i = 0; i < n; i++)
			bad += engine_compare(&runs[i], why);
		v = bad == 0 ? CONFORM_SAME : CONFORM_DIFFERENT;
	}
	if (v == CONFORM_DIFFERENT && !flyte &&
	    (rule = engine_better(runs, n, why)) != NULL) {
		strbuf_setlen(why, start);
		strbuf_addf(why, ": %s", rule);
		v = CONFORM_BETTER;
	}
	for (unsigned i = 0; i < n; i++)
		engine_run_release(&runs[i]);
	return v;
}

enum conform_verdict
conform_engine(const struct conform_row *row, struct strbuf *why)
{
	struct engine_world w = { .row = row, .arena = row->arena };
	enum conform_verdict v = CONFORM_DIFFERENT;
	ProtobufCMessage *m;
	struct err e;
	int flyte = 0;

	if (!is_wanted(row, &flyte))
		return CONFORM_SKIPPED;
	w.rules = flyte ? &sched_rules_flyte : &sched_rules_ours;
	if (conform_message(row, 0, "closure",
	    &flyteidl__core__compiled_workflow_closure__descriptor, &m,
	    &e) != 0) {
		strbuf_adds(why, e.msg);
		return v;
	}
	w.closure = (const void *)m;
	if (plan_build(w.closure, &w.plan, &e) == 0) {
		v = judge(&w, flyte, why);
		plan_free(w.plan);
	} else
		strbuf_adds(why, e.msg);
	for (size_t i = 0; i < w.plans.n; i++)
		plan_free(w.plans.at[i]);
	VEC_RELEASE(&w.plans);
	VEC_RELEASE(&w.catalog);
	return v;
}
