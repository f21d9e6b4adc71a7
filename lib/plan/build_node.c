#include "plan/build.h"

#include "base/limits.h"

/* Pass one: a number for the node, without what refers to others. */
static int
add_node(struct build *b, const pb_node *n, uint32_t graph, uint32_t branch,
    uint32_t array, uint32_t *ret)
{
	struct plan_node node = {
		.id = plan_build_text(b, n->id), .name = { "", 0 },
		.overrides = { "", 0 }, .graph = graph, .what = PLAN_NONE,
		.branch = branch, .array = array, .attempts = 1,
	};

	if (b->nodes.n >= MAX_PLAN_NODES)
		return err_set(b->e, ERR_SPEC, "the workflow has more than "
		    "%zu nodes", MAX_PLAN_NODES);
	*ret = (uint32_t)b->nodes.n;
	if (array == PLAN_NONE) {
		if (map_get(&b->node_of, node.id) != MAP_NONE)
			return err_set(b->e, ERR_SPEC, "two nodes have the "
			    "id '%s'", n->id);
		map_put(&b->node_of, node.id, *ret);
	}
	VEC_PUSH(&b->nodes, node);
	return 0;
}

static int64_t
nanoseconds(const pb_duration *d)
{
	int64_t ns;

	if (d == NULL)
		return 0;
	if (__builtin_mul_overflow(d->seconds, INT64_C(1000000000), &ns) ||
	    __builtin_add_overflow(ns, (int64_t)d->nanos, &ns))
		return d->seconds < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

/* Node retries win over the task's unless they are 0 (reference 1.11). */
static void
build_metadata(struct build *b, struct plan_node *node, const pb_node *n,
    uint32_t task_retries)
{
	const pb_node_metadata *m = n->metadata;
	uint32_t retries = task_retries;

	if (m != NULL) {
		node->name = plan_build_text(b, m->name);
		node->timeout = nanoseconds(m->timeout);
		if (m->retries != NULL && m->retries->retries > 0)
			retries = m->retries->retries;
		if (m->cacheable_value_case !=
		    FLYTEIDL__CORE__NODE_METADATA__CACHEABLE_VALUE__NOT_SET)
			node->cache = m->cacheable ? PLAN_YES : PLAN_NO;
		if (m->cache_version_value_case !=
FLYTEIDL__CORE__NODE_METADATA__CACHE_VERSION_VALUE__NOT_SET)
			node->cache_version = plan_build_text(b,
			    m->cache_version);
		if (m->cache_serializable_value_case !=
FLYTEIDL__CORE__NODE_METADATA__CACHE_SERIALIZABLE_VALUE__NOT_SET)
			node->serialize = m->cache_serializable ? PLAN_YES :
			    PLAN_NO;
		if (m->interruptible_value_case ==
		    FLYTEIDL__CORE__NODE_METADATA__INTERRUPTIBLE_VALUE_INTERRUPTIBLE)
			node->interruptible = m->interruptible ? PLAN_YES :
			    PLAN_NO;
	}
	node->attempts = retries == UINT32_MAX ? retries : retries + 1;
}

static uint32_t
retries_of(const pb_compiled_workflow_closure *c, uint32_t task)
{
	const pb_task_template *t = c->tasks[task]->template_;

	return t->metadata != NULL && t->metadata->retries != NULL ?
	    t->metadata->retries->retries : 0;
}

static int
build_gate(struct build *b, const pb_gate_node *g, const char *id)
{
	struct plan_gate gate = { .signal = { "", 0 }, .type = { "", 0 },
	    .output = { "", 0 } };

	if (g->condition_case == FLYTEIDL__CORE__GATE_NODE__CONDITION_SLEEP) {
		gate.kind = PLAN_SLEEP;
		gate.sleep = nanoseconds(g->sleep->duration);
	} else if (g->condition_case ==
	    FLYTEIDL__CORE__GATE_NODE__CONDITION_SIGNAL) {
		gate.kind = PLAN_SIGNAL;
		gate.signal = plan_build_text(b, g->signal->signal_id);
		gate.output = plan_build_text(b, g->signal->output_variable_name);
		if (g->signal->type != NULL)
			gate.type = plan_build_message(b, &g->signal->type->base);
	} else if (g->condition_case ==
	    FLYTEIDL__CORE__GATE_NODE__CONDITION_APPROVE) {
		gate.kind = PLAN_APPROVE;
		gate.signal = plan_build_text(b, g->approve->signal_id);
	} else {
		return err_set(b->e, ERR_SPEC, "gate %s waits for nothing",
		    id);
	}
	VEC_PUSH(&b->gates, gate);
	return 0;
}

static int
number_branch(struct build *b, const pb_branch_node *n, uint32_t graph,
    uint32_t at, int depth)
{
	const pb_if_else_block *x = n->if_else;
	struct plan_branch br = { .otherwise = PLAN_NONE, .error = { "", 0 } };
	uint32_t then;

	if (x == NULL || x->case_ == NULL)
		return err_set(b->e, ERR_SPEC, "branch %s has no case",
		    b->nodes.at[at].id.p);
	br.cases.at = (uint32_t)b->cases.n;
	br.cases.n = (uint32_t)x->n_other + 1;
	for (uint32_t i = 0; i < br.cases.n; i++)
		VEC_PUSH(&b->cases, ((struct plan_case){ 0, 0 }));
	for (uint32_t i = 0; i < br.cases.n; i++) {
		const pb_if_block *c = i == 0 ? x->case_ : x->other[i - 1];
		uint32_t cond;

		if (c->then_node == NULL)
			return err_set(b->e, ERR_SPEC, "branch %s: a case "
			    "has no node", b->nodes.at[at].id.p);
		if (plan_build_condition(b, c->condition, &cond) != 0 ||
		    plan_build_number(b, c->then_node, graph, at, PLAN_NONE,
		    depth + 1, &then) != 0)
			return -1;
		b->cases.at[br.cases.at + i] = (struct plan_case){ cond, then };
	}
	if (x->default_case == FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT_ELSE_NODE) {
		if (plan_build_number(b, x->else_node, graph, at, PLAN_NONE,
		    depth + 1, &br.otherwise) != 0)
			return -1;
	} else if (x->default_case ==
	    FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT_ERROR) {
		br.has_error = 1;
		br.error = plan_build_text(b, x->error->message);
	}
	b->nodes.at[at].what = (uint32_t)b->branches.n;
	VEC_PUSH(&b->branches, br);
	return 0;
}

static int
number_array(struct build *b, const pb_array_node *n, uint32_t graph,
    uint32_t at, int depth)
{
	struct plan_array a = { .parallelism = -1, .min_successes = -1,
	    .min_ratio = -1 };

	if (n->node == NULL)
		return err_set(b->e, ERR_SPEC, "map %s has no node",
		    b->nodes.at[at].id.p);
	/* Nodes inside of nodes have one state, not one for each element. */
	if (n->node->target_case == FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE ||
	    n->node->target_case == FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE)
		return err_set(b->e, ERR_SPEC, "map %s is over a %s: put that "
		    "into a workflow and map its launch plan",
		    b->nodes.at[at].id.p, n->node->target_case ==
		    FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE ? "branch" :
		    "map");
	if (plan_build_number(b, n->node, graph, PLAN_NONE, at, depth + 1,
	    &a.node) != 0)
		return -1;
	if (n->parallelism_option_case ==
	    FLYTEIDL__CORE__ARRAY_NODE__PARALLELISM_OPTION_PARALLELISM)
		a.parallelism = n->parallelism;
	if (n->success_criteria_case ==
	    FLYTEIDL__CORE__ARRAY_NODE__SUCCESS_CRITERIA_MIN_SUCCESSES)
		a.min_successes = n->min_successes;
	else if (n->success_criteria_case ==
	    FLYTEIDL__CORE__ARRAY_NODE__SUCCESS_CRITERIA_MIN_SUCCESS_RATIO)
		a.min_ratio = (double)n->min_success_ratio;
	a.bound.at = (uint32_t)b->strs.n;
	a.bound.n = (uint32_t)n->n_bound_inputs;
	for (size_t i = 0; i < n->n_bound_inputs; i++)
		VEC_PUSH(&b->strs, plan_build_text(b, n->bound_inputs[i]));
	b->nodes.at[at].what = (uint32_t)b->arrays.n;
	VEC_PUSH(&b->arrays, a);
	return 0;
}

int
plan_build_number(struct build *b, const pb_node *n, uint32_t graph,
    uint32_t branch, uint32_t array, int depth, uint32_t *ret)
{
	uint32_t at = PLAN_NONE;

	if (depth > MAX_MESSAGE_DEPTH)
		return err_set(b->e, ERR_SPEC, "branches nest deeper than %d",
		    MAX_MESSAGE_DEPTH);
	if (add_node(b, n, graph, branch, array, &at) != 0)
		return -1;
	*ret = at;
	if (n->target_case == FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE)
		return number_branch(b, n->branch_node, graph, at, depth);
	if (n->target_case == FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE)
		return number_array(b, n->array_node, graph, at, depth);
	return 0;
}

/* Pass two. */

/*
 * The compiler looks into the sub-workflows that nodes of the graph run, not
 * into those of a map's sub-node: their nodes are not connected.
 */
static int
resolve_workflow(struct build *b, const pb_compiled_workflow_closure *c,
    const pb_node *n, struct plan_node *node)
{
	const pb_identifier *id = n->workflow_node->sub_workflow_ref;

	node->kind = PLAN_WORKFLOW;
	if (plan_build_lookup(b, &b->graph_of, id, "workflow", n->id,
	    &node->what) != 0)
		return -1;
	if (node->what > 0 &&
	    c->sub_workflows[node->what - 1]->connections == NULL)
		return err_set(b->e, ERR_SPEC, "node %s: workflow %s/%s/%s@%s "
		    "is not compiled%s", n->id, id->project, id->domain,
		    id->name, id->version, node->array == PLAN_NONE ? "" :
		    ": a map can run a workflow only by its launch plan");
	return 0;
}

static int
resolve_target(struct build *b, const pb_compiled_workflow_closure *c,
    const pb_node *n, struct plan_node *node, uint32_t *ret_retries)
{
	const pb_workflow_node *w;
	struct plan_launch l;

	switch (n->target_case) {
	case FLYTEIDL__CORE__NODE__TARGET_TASK_NODE:
		node->kind = PLAN_TASK;
		if (plan_build_lookup(b, &b->task_of, n->task_node->reference_id, "task",
		    n->id, &node->what) != 0)
			return -1;
		*ret_retries = retries_of(c, node->what);
		if (n->task_node->overrides != NULL)
			node->overrides = plan_build_message(b,
			    &n->task_node->overrides->base);
		return 0;
	case FLYTEIDL__CORE__NODE__TARGET_WORKFLOW_NODE:
		w = n->workflow_node;
		if (w->reference_case ==
		    FLYTEIDL__CORE__WORKFLOW_NODE__REFERENCE_SUB_WORKFLOW_REF)
			return resolve_workflow(b, c, n, node);
		if (w->launchplan_ref == NULL)
			return err_set(b->e, ERR_SPEC, "node %s refers to no "
			    "workflow", n->id);
		l.project = plan_build_text(b, w->launchplan_ref->project);
		l.domain = plan_build_text(b, w->launchplan_ref->domain);
		l.name = plan_build_text(b, w->launchplan_ref->name);
		l.version = plan_build_text(b, w->launchplan_ref->version);
		node->kind = PLAN_LAUNCH;
		node->what = (uint32_t)b->launches.n;
		VEC_PUSH(&b->launches, l);
		return 0;
	case FLYTEIDL__CORE__NODE__TARGET_GATE_NODE:
		node->kind = PLAN_GATE;
		node->what = (uint32_t)b->gates.n;
		return build_gate(b, n->gate_node, n->id);
	case FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE:
		node->kind = PLAN_BRANCH;
		return 0;
	case FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE:
		node->kind = PLAN_ARRAY;
		return 0;
	case FLYTEIDL__CORE__NODE__TARGET__NOT_SET:
	case _FLYTEIDL__CORE__NODE__TARGET__CASE_IS_INT_SIZE:
	default:
		break;
	}
	if (strcmp(n->id, "start-node") == 0)
		node->kind = PLAN_START;
	else if (strcmp(n->id, "end-node") == 0)
		node->kind = PLAN_END;
	else
		return err_set(b->e, ERR_SPEC, "node %s does nothing", n->id);
	return 0;
}

static int
resolve_children(struct build *b, const pb_compiled_workflow_closure *c,
    const pb_node *n, uint32_t *at)
{
	if (n->target_case == FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE)
		return plan_build_resolve(b, c, n->array_node->node, at);
	if (n->target_case != FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE)
		return 0;
	const pb_if_else_block *x = n->branch_node->if_else;
	if (plan_build_resolve(b, c, x->case_->then_node, at) != 0)
		return -1;
	for (size_t i = 0; i < x->n_other; i++)
		if (plan_build_resolve(b, c, x->other[i]->then_node, at) != 0)
			return -1;
	if (x->default_case == FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT_ELSE_NODE)
		return plan_build_resolve(b, c, x->else_node, at);
	return 0;
}

/* *at is the node's number and becomes the next one's: the order in which
 * plan_build_number() met them.  Depth was checked there. */
int
plan_build_resolve(struct build *b, const pb_compiled_workflow_closure *c,
    const pb_node *n, uint32_t *at)
{
	uint32_t here = (*at)++, task_retries = 0;
	struct plan_node *node = &b->nodes.at[here];

	if (resolve_target(b, c, n, node, &task_retries) != 0)
		return -1;
	build_metadata(b, node, n, task_retries);
	node->aliases.at = (uint32_t)b->aliases.n;
	node->aliases.n = (uint32_t)n->n_output_aliases;
	for (size_t i = 0; i < n->n_output_aliases; i++)
		VEC_PUSH(&b->aliases, ((struct plan_alias){
		    plan_build_text(b, n->output_aliases[i]->var),
		    plan_build_text(b, n->output_aliases[i]->alias) }));
	if (plan_build_bindings(b, n->inputs, n->n_inputs, n->id,
	    &node->binds) != 0)
		return -1;
	return resolve_children(b, c, n, at);
}
