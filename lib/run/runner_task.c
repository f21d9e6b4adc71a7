#include "run/runner_p.h"

#include "idl/literal.h"
#include "idl/wire.h"
#include "task/overrides.h"
#include "spec/lower.h"

/* Without a cache no task is cacheable: the plan is this run's own. */
void
run_forget_caching(struct plan *plan)
{
	uint32_t i;

	for (i = 0; i < plan->n_tasks; i++)
		plan->tasks[i].cacheable = 0;
}

static struct run_plan *
plan_of(struct run *run, const struct plan *plan)
{
	struct run_plan fresh = { .plan = plan };
	size_t i;

	for (i = run->plans.n; i > 0; i--)
		if (run->plans.at[i - 1].plan == plan)
			return &run->plans.at[i - 1];
	fresh.tasks = xcalloc(plan->n_tasks, sizeof(*fresh.tasks));
	VEC_PUSH(&run->plans, fresh);
	return &VEC_LAST(&run->plans);
}

/* ---- making a task ready ------------------------------------------------ */

static int
apply_overrides(struct run *run, pb_task_template *t, struct str bytes,
    struct err *e)
{
	ProtobufCMessage *m;

	if (wire_unpack(&flyteidl__core__task_node_overrides__descriptor,
	    bytes, &run->arena, &m, e) < 0)
		return -1;
	overrides_apply(t, (Flyteidl__Core__TaskNodeOverrides *)m);
	return 0;
}

static int
is_bound(const struct plan *p, const struct plan_array *array,
    const char *name)
{
	uint32_t i;

	for (i = 0; i < array->bound.n; i++)
		if (str_is(p->strs[array->bound.at + i], name))
			return 1;
	return 0;
}

/* The interface of a mapped task is of lists; an element takes and gives one
 * level less.  array NULL: no name is bound whole. */
static void
take_level_off(pb_variable_map *vars, const struct plan *p,
    const struct plan_array *array)
{
	size_t i;

	for (i = 0; vars != NULL && i < vars->n_variables; i++) {
		pb_variable *v = vars->variables[i]->value;

		if (v->type != NULL && v->type->type_case ==
		    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_COLLECTION_TYPE &&
		    (array == NULL ||
		    !is_bound(p, array, vars->variables[i]->key)))
			v->type = v->type->collection_type;
	}
}

/* The task as an element's attempts see it; elsewhere the task itself. */
static const pb_task_template *
task_of_attempts(struct run *run, const struct plan *plan,
    const struct plan_array *array, const pb_task_template *t)
{
	struct arena *a = &run->arena;
	char **bound;

	if (array == NULL)
		return t;
	bound = arena_new_n(a, array->bound.n, char *);
	for (uint32_t i = 0; i < array->bound.n; i++) {
		struct str name = plan->strs[array->bound.at + i];

		bound[i] = arena_strndup(a, name.p, name.n);
	}
	/* What follows takes a level off of t itself. */
	return lower_element_of((pb_task_template *)wire_dup(&t->base, a),
	    bound, array->bound.n, a);
}

static void
prepare(struct run *run, struct run_task *task, const struct plan *plan,
    const struct plan_node *node)
{
	const struct plan_task *pt = &plan->tasks[node->what];
	const struct plan_array *array = node->array == PLAN_NONE ? NULL :
	    &plan->arrays[plan->nodes[node->array].what];
	const pb_task_template *run_as;
	ProtobufCMessage *m;

	task->ready = 1;
	if (wire_unpack(&flyteidl__core__task_template__descriptor,
	    pt->template, &run->arena, &m, &task->trouble) < 0)
		return;
	task->template = (pb_task_template *)m;
	if (node->overrides.n > 0 && apply_overrides(run, task->template,
	    node->overrides, &task->trouble) < 0)
		return;
	run_as = task_of_attempts(run, plan, array, task->template);
	/* Flyte's key of an element has its own outputs, but the map's
	 * inputs (reference 3.3). */
	if (array != NULL && task->template->interface != NULL)
		take_level_off(task->template->interface->outputs, plan,
		    NULL);
	if (pt->cacheable && run->runner->opts.store != NULL) {
		if (cached_task_init(&task->cached, run->runner->opts.store,
		    task->template, run->local, &run->arena,
		    &task->trouble) < 0)
			return;
		task->keyed = 1;
	}
	if (array != NULL && task->template->interface != NULL)
		take_level_off(task->template->interface->inputs, plan,
		    array);
	if (retry_of_task(task->template, &run->arena, &task->retries,
	    &task->trouble) < 0)
		return;
	if (contract_new(run_as, &run->world, &task->contract,
	    &task->trouble) < 0)
		task->contract = NULL;
}

struct run_task *
run_task_of(struct run *run, const struct plan *plan,
    const struct plan_node *node)
{
	struct run_plan *p = plan_of(run, plan);
	uint32_t i = (uint32_t)(node - plan->nodes);
	struct run_task *task;

	if (node->overrides.n == 0 && node->array == PLAN_NONE) {
		task = &p->tasks[node->what];
	} else {
		if (p->by_node == NULL)
			p->by_node = xcalloc(plan->n_nodes,
			    sizeof(struct run_task *));
		if (p->by_node[i] == NULL)
			p->by_node[i] = xcalloc(1, sizeof(*task));
		task = p->by_node[i];
	}
	if (!task->ready)
		prepare(run, task, plan, node);
	return task;
}

void
run_own_plan(struct run *run, struct plan *plan)
{
	if (run->runner->opts.store == NULL ||
	    run->runner->opts.cache == RUNNER_CACHE_OFF)
		run_forget_caching(plan);
	plan_of(run, plan)->owned = plan;
}

/* 1 if the literal got a hash. */
static int
hash_constant(struct store *store, struct plan *plan, struct plan_bind *b)
{
	c_arena struct arena a = ARENA_INIT;
	c_strbuf struct strbuf hashed = STRBUF_INIT;
	pb_literal_map *map = literal_map_new(&a);
	ProtobufCMessage *m;
	struct err e;

	if (wire_unpack(&flyteidl__core__literal__descriptor, b->text, &a, &m,
	    &e) < 0)
		return 0;
	literal_map_put(map, &a, "", (pb_literal *)m);
	/* What is not there is the task's to tell. */
	if (cached_hash_missing(store, map, &a, &e) < 0)
		return 0;
	wire_pack(m, &hashed);
	if (str_eq(strbuf_str(&hashed), b->text))
		return 0;
	b->text = arena_str(&plan->arena, strbuf_str(&hashed));
	return 1;
}

void
run_hash_constants(struct run *run, struct plan *plan)
{
	struct store *store = run->runner->opts.store;
	uint32_t i;

	for (i = 0; store != NULL && i < plan->n_binds; i++) {
		struct plan_bind *b = &plan->binds[i];

		/* Every path has one. */
		if (b->kind == PLAN_LITERAL &&
		    memchr(b->text.p, '/', b->text.n) != NULL)
			run->has_constant_files |=
			    hash_constant(store, plan, b);
	}
}

void
run_plans_release(struct run *run)
{
	size_t i, k;

	for (i = 0; i < run->plans.n; i++) {
		struct run_plan *p = &run->plans.at[i];

		for (k = 0; k < p->plan->n_tasks; k++)
			contract_free(p->tasks[k].contract);
		for (k = 0; p->by_node != NULL && k < p->plan->n_nodes; k++)
			if (p->by_node[k] != NULL) {
				contract_free(p->by_node[k]->contract);
				free(p->by_node[k]);
			}
		free(p->by_node);
		free(p->tasks);
		plan_free(p->owned);
	}
	VEC_RELEASE(&run->plans);
}

/* ---- the catalog -------------------------------------------------------- */

static void
answer(struct run *run, const struct run_lookup *l, struct arena *a)
{
	struct str none = { NULL, 0 };

	if (run->sheet != NULL)
		run_sheet_hit(run, &l->lookup);
	if (l->lookup.state == CACHE_HIT) {
		if (l->lookup.command_differs)
			run_say(run, STR_FMT ": reused, though its command has "
			    "changed under the same cache version",
			    STR_ARG(l->path));
		run_keep_hit(run, l);
		sched_looked_up(run->sched, l->at, SCHED_CACHE_HIT,
		    l->lookup.outputs);
		return;
	}
	if (l->lookup.state == CACHE_DAMAGED)
		run_say(run, STR_FMT ": cached, but %s: runs again",
		    STR_ARG(l->path), l->lookup.why);
	run_explain_miss(run, l, a);
	sched_looked_up(run->sched, l->at, SCHED_CACHE_MISS, none);
}

int
run_look_up(struct run *run, struct run_lookup *at, size_t n,
    struct arena *a, struct err *e)
{
	struct cache_lookup *all = arena_new_n(a, n, struct cache_lookup);
	const struct why trouble = why_of(WHY_CACHE_TROUBLE);
	size_t i;

	for (i = 0; i < n; i++) {
		if (cached_key(&at[i].task->cached, at[i].inputs, a,
		    &all[i].key, e) < 0)
			return -1;
		all[i].command = at[i].task->cached.command;
	}
	if (catalog_lookup(run->runner->opts.store, all, n, a, e) < 0) {
		/* A cache that is out of order costs time, not results. */
		run_say_cache(run, e);
		for (i = 0; i < n; i++) {
			all[i].state = CACHE_MISS;
			run_keep_why(run, at[i].path, &trouble);
		}
	}
	for (i = 0; i < n; i++) {
		at[i].lookup = all[i];
		answer(run, &at[i], a);
	}
	return 0;
}

static int
is_uncached(struct run *run, struct sched_ref at)
{
	size_t i;

	for (i = 0; i < run->uncached.n; i++)
		if (run_same_ref(run->uncached.at[i], at)) {
			run->uncached.at[i] = VEC_LAST(&run->uncached);
			run->uncached.n--;
			return 1;
		}
	return 0;
}

static int
put(struct run *run, const struct sched_action *act, struct arena *a,
    struct err *e)
{
	struct run_task *task = run_task_of(run, act->plan, act->node);
	c_strbuf struct strbuf source = STRBUF_INIT;
	struct cache_put p = { 0 };
	ProtobufCMessage *inputs;

	if (!task->keyed)
		return 0;
	if (wire_unpack(&flyteidl__core__literal_map__descriptor, act->inputs,
	    a, &inputs, e) < 0 ||
	    cached_key(&task->cached, (pb_literal_map *)inputs, a, &p.key,
	    e) < 0)
		return -1;
	strbuf_addf(&source, "%s/%s/%s/" STR_FMT "#%u", run->id.project,
	    run->id.domain, run->id.name, STR_ARG(act->path),
	    act->at.attempt);
	p.command = task->cached.command;
	p.inputs = cached_preimage(&task->cached, (pb_literal_map *)inputs, a);
	p.outputs = act->outputs;
	p.source = strbuf_str(&source);
	p.refresh = run->runner->opts.cache == RUNNER_CACHE_REFRESH ||
	    run_is_forced(run, act->path);
	if (catalog_put(run->runner->opts.store, &p, e) < 0)
		return -1;
	return 1;
}

int
run_put(struct run *run, const struct sched_action *act)
{
	c_arena struct arena a = ARENA_INIT;
	struct err e;
	int kept;

	if (run->runner->opts.store == NULL ||
	    run->runner->opts.cache == RUNNER_CACHE_READ ||
	    is_uncached(run, act->at))
		return 0;
	kept = put(run, act, &a, &e);
	if (kept < 0)
		run_say_cache(run, &e);
	return kept > 0;
}
