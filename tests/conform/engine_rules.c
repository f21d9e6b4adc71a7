#include "engine_judge.h"

#include "idl/wire.h"

/*
 * Where ours is better than Flyte on purpose (flyte(7), "Better than Flyte").
 * A row that differs is accepted only if
 *  - with all rules off, our engine does exactly what is recorded;
 *  - with the rules off whose predicate holds for the case, too: so the
 *    difference comes from them;
 *  - the run is what is recorded with the edits of those rules, compared as
 *    strictly as any other, and each rule's own check holds.
 *
 * rule            Flyte                              ours
 * --------------- ---------------------------------- -----------------------
 * clean-timeout   what runs inside a node that timed everything is stopped
 *                 out (sub-workflow, branch, launch  with its parent; a
 *                 plan) goes on running              child execution killed
 * handler-retries a failure node is never tried      it has its retries and
 *                 again and outlives an abort        is stopped by an abort
 * branch-skip     a branch whose taken node was      it is skipped, and so
 *                 skipped SUCCEEDED without outputs, is what needs it; the
 *                 what needs it fails                first error stays
 * keep-indices    a map element without an output    none in its place
 *                 shifts those after it
 * check-cached    a cached result that does not fit  it is a miss
 *                 kills the workflow
 * recover-end     recovering a workflow that         its outputs are there
 *                 succeeded yields no outputs
 * any-element     launch plans and dynamic tasks as  they do
 *                 map elements never finish
 * reread-cache    map elements waiting for another's they look again and
 *                 result run nevertheless            take it
 * compare-none    a condition on an optional value   unions are unwrapped;
 *                 fails at run time                  none equals none
 * element-ids     with array events of version 1 an  one id for each
 *                 element is also listed by another
 */

static void
check(struct judge *j, int holds)
{
	j->bad |= !holds;
}

static struct engine_node *
find(struct engine_run *r, struct str path)
{
	uint32_t i = map_get(&r->node_of, path);

	return i == MAP_NONE ? NULL : &r->nodes.at[i];
}

/* ---- the rules ----------------------------------------------------------- */

static int
is_unfinished(enum sched_phase p)
{
	return p == SCHED_RUNNING || p == SCHED_QUEUED ||
	    p == SCHED_DYNAMIC_RUNNING;
}

static int
is_ended(const struct engine_run *r)
{
	return !r->stuck && !r->not_built;
}

/* The id of the node of this path. */
static struct str
id_of(struct str path)
{
	size_t i = path.n;

	while (i > 0 && path.p[i - 1] != '/')
		i--;
	return (struct str){ path.p + i, path.n - i };
}

static int
is_handler(const struct engine_node *n)
{
	const struct plan *p = n->last.plan;

	return p != NULL && n->last.at.element == SCHED_NONE &&
	    p->graphs[p->nodes[n->last.at.node].graph].failure ==
	    n->last.at.node;
}

static int
clean_timeout(struct judge *j)
{
	int any = 0;

	/* What a failed round had queued is forgotten: another matter. */
	if (!is_ended(j->its) ||
	    str_is(j->its->error.code, "Workflow abort failed"))
		return 0;
	for (size_t i = 0; i < j->its->nodes.n; i++) {
		const struct engine_node *n = &j->its->nodes.at[i];

		any |= is_unfinished(n->last.phase) && !is_handler(n) &&
		    id_of(n->path).n < n->path.n;
	}
	for (size_t i = 0; i < j->its->calls.n; i++)
		any |= j->its->calls.at[i].running &&
		    id_of(j->its->calls.at[i].path).n <
		    j->its->calls.at[i].path.n;
	for (size_t i = 0; i < j->its->launches.n; i++)
		any |= !j->its->launches.at[i].done;
	j->edits->stopped |= any;
	return any;
}

static void
clean_timeout_off(struct sched_rules *r)
{
	r->clean_timeout = 0;
}

/* It ended. */
static void
check_handler(struct judge *j, const struct engine_node *n)
{
	const struct engine_node *mine = find(j->mine, n->path);
	uint32_t calls = 0;

	check(j, mine != NULL && !is_unfinished(mine->last.phase));
	if (mine == NULL)
		return;
	for (size_t i = 0; i < j->mine->calls.n; i++)
		if (str_eq(j->mine->calls.at[i].path, n->path))
			calls++;
	/* Each attempt was made, up to the one that ended it. */
	if (mine->last.node->kind == PLAN_TASK &&
	    mine->last.phase != SCHED_RECOVERED)
		check(j, calls == mine->last.at.attempt + 1);
	if (mine->last.phase == SCHED_ABORTED)
		check(j, j->mine->wf != SCHED_WF_SUCCEEDED);
}

static int
handler_retries(struct judge *j)
{
	int any = 0;

	for (size_t i = 0; is_ended(j->its) && i < j->its->nodes.n; i++) {
		const struct engine_node *n = &j->its->nodes.at[i];
		const struct engine_node *mine;

		if (!is_handler(n) || !is_unfinished(n->last.phase))
			continue;
		any = 1;
		check_handler(j, n);
		mine = find(j->mine, n->path);
		if (mine != NULL && mine->last.phase != SCHED_SUCCEEDED)
			judge_free_effect(j, mine->last.at, ENGINE_VALUES);
		judge_set_free(j, n->path, ENGINE_ALL);
		if (mine != NULL && mine->last.phase == SCHED_ABORTED)
			j->edits->workflow = ENGINE_ALL;
	}
	return any;
}

static void
handler_retries_off(struct sched_rules *r)
{
	r->handler_retries = 0;
}

static int
branch_skip(struct judge *j)
{
	int any = 0;

	for (size_t i = 0; i < j->its->nodes.n; i++) {
		const struct engine_node *n = &j->its->nodes.at[i], *mine;
		struct sched_view v;
		struct sched_ref child = n->last.at;

		if (n->last.phase != SCHED_SUCCEEDED ||
		    n->last.taken == SCHED_NONE)
			continue;
		child.node = n->last.taken;
		sched_view(j->its->s, child, &v);
		if (v.phase != SCHED_SKIPPED)
			continue;
		any = 1;
		mine = find(j->mine, n->path);
		check(j, mine != NULL && mine->last.phase == SCHED_SKIPPED);
		if (mine == NULL)
			continue;
		judge_free_effect(j, mine->last.at, ENGINE_ALL);
		judge_set_free(j, n->path, ENGINE_ALL);
	}
	/* Nothing fails for want of a skipped node's outputs. */
	for (size_t i = 0; any && i < j->mine->nodes.n; i++)
		check(j, j->mine->nodes.at[i].last.why != SCHED_WHY_INPUTS ||
		    engine_free_of(j->edits, j->mine->nodes.at[i].path) ==
		    ENGINE_STRICT);
	if (any)
		check(j, j->mine->wf == j->its->wf);
	return any;
}

static void
branch_skip_off(struct sched_rules *r)
{
	r->branch_skip = 0;
}

static uint32_t
list_length(struct str literal)
{
	struct wire_field f;
	struct wire_reader r;
	struct err e;
	uint32_t n = 0;

	if (wire_find(literal, 2, WIRE_BYTES, &f, &e) != 0 ||
	    f.whole.p == NULL)
		return 0;
	r = wire_reader(f.bytes);
	while (wire_next(&r, &f, &e) > 0)
		n++;
	return n;
}

/* 1 if a list among the outputs has another length than the map. */
static int
has_short_list(struct str outputs, uint32_t size, const struct plan *p,
    const struct plan_range *declared)
{
	struct wire_reader r = wire_reader(outputs);
	struct wire_field f, key, value;
	struct err e;

	while (wire_next(&r, &f, &e) > 0) {
		if (wire_find(f.bytes, 1, WIRE_BYTES, &key, &e) != 0 ||
		    wire_find(f.bytes, 2, WIRE_BYTES, &value, &e) != 0)
			return 1;
		for (uint32_t i = 0; i < declared->n; i++)
			if (str_eq(p->vars[declared->at + i].name, key.bytes)
			    && list_length(value.bytes) != size)
				return 1;
	}
	return 0;
}

static int
keep_indices(struct judge *j)
{
	int any = 0;

	for (size_t i = 0; i < j->its->nodes.n; i++) {
		const struct engine_node *n = &j->its->nodes.at[i], *mine;
		const struct plan_task *t;
		uint32_t size;

		if (n->last.node == NULL || n->last.node->kind != PLAN_ARRAY ||
		    n->last.phase != SCHED_SUCCEEDED)
			continue;
		t = plan_task_of(n->last.plan, n->last.at.node);
		size = sched_n_elements(j->its->s, n->last.at);
		if (t == NULL || !has_short_list(n->last.outputs, size,
		    n->last.plan, &t->outputs))
			continue;
		any = 1;
		mine = find(j->mine, n->path);
		check(j, mine != NULL && mine->last.phase == SCHED_SUCCEEDED &&
		    !has_short_list(mine->last.outputs, size, mine->last.plan,
		    &t->outputs));
		if (mine != NULL)
			judge_free_effect(j, mine->last.at, ENGINE_VALUES);
	}
	return any;
}

static void
keep_indices_off(struct sched_rules *r)
{
	r->keep_indices = 0;
}

static int
check_cached(struct judge *j)
{
	int any = 0;

	if (j->its->misfits == 0)
		return 0;
	for (size_t i = 0; i < j->its->nodes.n; i++) {
		const struct engine_node *n = &j->its->nodes.at[i];
		const struct engine_node *mine;

		if (!n->misfit)
			continue;
		any = 1;
		mine = find(j->mine, n->path);
		/* It ran as if there were no such entry. */
		check(j, mine != NULL && mine->last.cache != SCHED_CACHE_HIT &&
		    mine->last.phase != SCHED_UNDEFINED);
		if (mine != NULL && mine->last.plan != NULL)
			judge_free_effect(j, mine->last.at, ENGINE_ALL);
		judge_set_free(j, n->path, ENGINE_ALL);
	}
	check(j, !str_is(j->mine->error.code, "Workflow abort failed"));
	return any;
}

static void
check_cached_off(struct sched_rules *r)
{
	r->check_cached = 0;
}

static int
recover_end(struct judge *j)
{
	for (size_t i = 0; i < j->its->nodes.n; i++) {
		const struct engine_node *n = &j->its->nodes.at[i], *mine;

		if (n->last.phase != SCHED_RECOVERED ||
		    !str_is(id_of(n->path), "end-node"))
			continue;
		j->edits->end_runs = 1;
		mine = find(j->mine, n->path);
		check(j, mine != NULL && mine->last.phase == SCHED_SUCCEEDED);
		/* Inside of a node its outputs are there for others, too. */
		if (mine != NULL && mine->last.at.frame != 0)
			judge_free_effect(j, mine->last.at, ENGINE_ALL);
	}
	return j->edits->end_runs;
}

static void
recover_end_off(struct sched_rules *r)
{
	r->recover_end = 0;
}

static int
any_element(struct judge *j)
{
	int any = 0;

	/* Nobody waits for ever: the run may have been aborted instead. */
	if (!conform_true(j->row, j->result, "stuck") && !str_is(
	    conform_text(j->row, j->result, "phase"), "ABORTED"))
		return 0;
	for (size_t i = 0; i < j->mine->nodes.n; i++) {
		const struct engine_node *n = &j->mine->nodes.at[i];

		if (!n->is_element || (n->last.node->kind == PLAN_TASK &&
		    n->futures.p == NULL))
			continue;
		any = 1;
		check(j, !is_unfinished(n->last.phase));
	}
	if (!any)
		return 0;
	check(j, is_ended(j->mine));
	j->edits->workflow = ENGINE_ALL;
	for (size_t i = 0; i < j->mine->nodes.n; i++) {
		const struct engine_node *n = &j->mine->nodes.at[i];

		if (!n->is_element || (n->last.node->kind == PLAN_TASK &&
		    n->futures.p == NULL))
			continue;
		judge_free_effect(j, n->last.at, ENGINE_ALL);
		judge_set_free(j, judge_path_of(j, (struct sched_ref){ n->last.at.frame,
		    n->last.at.node, SCHED_NONE, 0 }), ENGINE_ALL);
	}
	return 1;
}

static void
any_element_off(struct sched_rules *r)
{
	r->any_element = 0;
}

static int
reread_cache(struct judge *j)
{
	int any = 0;

	for (size_t i = 0; i < j->its->calls.n; i++) {
		const struct engine_call *c = &j->its->calls.at[i];
		const struct engine_node *mine;

		if (c->at.element == SCHED_NONE || !c->task->serialize)
			continue;
		mine = find(j->mine, c->path);
		if (mine == NULL || mine->last.cache != SCHED_CACHE_HIT)
			continue;
		any = 1;
		check(j, mine->last.phase == SCHED_SUCCEEDED);
		judge_free_effect(j, mine->last.at, ENGINE_VALUES);
		judge_set_free(j, c->path, ENGINE_ALL);
	}
	j->edits->calls_less |= any;
	return any;
}

static void
reread_cache_off(struct sched_rules *r)
{
	r->reread_cache = 0;
}

static int
compare_none(struct judge *j)
{
	int any = 0;

	for (size_t i = 0; i < j->its->nodes.n; i++) {
		const struct engine_node *n = &j->its->nodes.at[i], *mine;

		if (n->last.node == NULL || n->last.node->kind != PLAN_BRANCH ||
		    !str_is(n->last.error.code, "MalformedBranchUserError"))
			continue;
		mine = find(j->mine, n->path);
		if (mine == NULL || str_is(mine->last.error.code,
		    "MalformedBranchUserError"))
			continue;
		any = 1;
		check(j, mine->last.phase == SCHED_RECOVERED ||
		    mine->last.taken == judge_right_way(j, mine));
		judge_free_effect(j, mine->last.at, ENGINE_ALL);
		judge_set_free(j, n->path, ENGINE_ALL);
	}
	return any;
}

static void
compare_none_off(struct sched_rules *r)
{
	r->compare_none = 0;
}

static int
element_ids(struct judge *j)
{
	const struct tree *t = j->row->tree;
	uint32_t config = j->mine->options == TREE_NONE ? TREE_NONE :
	    tree_get(t, j->mine->options, "config");

	if (config == TREE_NONE ||
	    !str_is(conform_text(j->row, config, "arrayEventVersion"), "1"))
		return 0;
	return j->edits->no_stray_ids = 1;
}

static void
element_ids_off(struct sched_rules *r)
{
	(void)r;
}

const struct judge_rule judge_rules[] = {
	{ "clean-timeout", 0, clean_timeout, clean_timeout_off },
	{ "handler-retries", 0, handler_retries, handler_retries_off },
	{ "branch-skip", 0, branch_skip, branch_skip_off },
	{ "keep-indices", 0, keep_indices, keep_indices_off },
	{ "check-cached", 0, check_cached, check_cached_off },
	{ "recover-end", 0, recover_end, recover_end_off },
	{ "any-element", 1, any_element, any_element_off },
	{ "reread-cache", 0, reread_cache, reread_cache_off },
	{ "compare-none", 0, compare_none, compare_none_off },
	{ "element-ids", 1, element_ids, element_ids_off },
};
const size_t judge_n_rules = ARRAY_LEN(judge_rules);
