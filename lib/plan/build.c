#include "plan/build.h"

#include "base/limits.h"
#include "idl/wire.h"

/*
 * Two passes over each graph: first every node gets its number (children of
 * branches and sub-nodes of maps too), then what refers to nodes is resolved.
 */

struct str
plan_build_text(struct build *b, const char *s)
{
	return arena_str(&b->p->arena, str_of(s));
}

struct str
plan_build_message(struct build *b, const ProtobufCMessage *m)
{
	strbuf_reset(&b->text);
	wire_pack(m, &b->text);
	return arena_str(&b->p->arena, strbuf_str(&b->text));
}

int
plan_build_node_ref(struct build *b, const char *id, const char *whose,
    uint32_t *ret)
{
	*ret = map_get(&b->node_of, str_of(id));
	if (*ret == MAP_NONE)
		return err_set(b->e, ERR_SPEC, "node %s refers to node '%s', "
		    "which the workflow does not have", whose, id);
	return 0;
}

/* The key of an identifier in a map; what kind it is, the map knows. */
static struct str
id_key(struct build *b, const pb_identifier *id)
{
	strbuf_reset(&b->text);
	strbuf_addf(&b->text, "%s\n%s\n%s\n%s", id->project, id->domain,
	    id->name, id->version);
	return strbuf_str(&b->text);
}

static int
lookup(struct build *b, const struct map *m, const pb_identifier *id,
    const char *what, const char *whose, uint32_t *ret)
{
	if (id == NULL)
		return err_set(b->e, ERR_SPEC, "node %s refers to no %s",
		    whose, what);
	*ret = map_get(m, id_key(b, id));
	if (*ret == MAP_NONE)
		return err_set(b->e, ERR_SPEC, "node %s: %s "
		    "%s/%s/%s@%s is not in the closure", whose, what,
		    id->project, id->domain, id->name, id->version);
	return 0;
}

/* ---- tasks -------------------------------------------------------------- */

static struct plan_range
build_vars(struct build *b, const pb_variable_map *m)
{
	struct plan_range ret = { (uint32_t)b->vars.n, 0 };

	if (m == NULL || m->n_variables == 0)
		return ret;
	ret.n = (uint32_t)m->n_variables;
	c_free const ProtobufCMessage **entries = wire_sorted(&m->base,
	    protobuf_c_message_descriptor_get_field_by_name(
	    m->base.descriptor, "variables"));
	for (uint32_t i = 0; i < ret.n; i++) {
		const Flyteidl__Core__VariableMap__VariablesEntry *entry =
		    (const void *)entries[i];
		struct plan_var v = { plan_build_text(b, entry->key), { "", 0 } };

		if (entry->value != NULL && entry->value->type != NULL)
			v.type = plan_build_message(b, &entry->value->type->base);
		VEC_PUSH(&b->vars, v);
	}
	return ret;
}

static void
build_task(struct build *b, const pb_task_template *t)
{
	const pb_task_metadata *m = t->metadata;
	struct plan_task task = {
		.project = plan_build_text(b, t->id->project),
		.domain = plan_build_text(b, t->id->domain),
		.name = plan_build_text(b, t->id->name),
		.version = plan_build_text(b, t->id->version),
		.type = plan_build_text(b, t->type),
		.template = plan_build_message(b, &t->base),
		.cache_version = { "", 0 },
		.deck = 1,
	};

	if (t->interface != NULL) {
		task.inputs = build_vars(b, t->interface->inputs);
		task.outputs = build_vars(b, t->interface->outputs);
	}
	if (m != NULL) {
		task.cache_version = plan_build_text(b, m->discovery_version);
		task.cacheable = m->discoverable;
		task.serialize = m->cache_serializable;
		task.deck = m->generates_deck == NULL ||
		    m->generates_deck->value;
		task.ignored.at = (uint32_t)b->strs.n;
		task.ignored.n = (uint32_t)m->n_cache_ignore_input_vars;
		for (size_t i = 0; i < m->n_cache_ignore_input_vars; i++)
			VEC_PUSH(&b->strs, plan_build_text(b,
			    m->cache_ignore_input_vars[i]));
	}
	struct str key = arena_str(&b->p->arena, id_key(b, t->id));
	map_put(&b->task_of, key, (uint32_t)b->tasks.n);
	VEC_PUSH(&b->tasks, task);
}

/* ---- nodes -------------------------------------------------------------- */

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

static struct plan_gate
build_gate(struct build *b, const pb_gate_node *g)
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
	} else {
		gate.kind = PLAN_APPROVE;
		gate.signal = plan_build_text(b, g->approve->signal_id);
	}
	return gate;
}

static int number_node(struct build *, const pb_node *, uint32_t graph,
    uint32_t branch, uint32_t array, int depth, uint32_t *ret) must_check;

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
		    number_node(b, c->then_node, graph, at, PLAN_NONE,
		    depth + 1, &then) != 0)
			return -1;
		b->cases.at[br.cases.at + i] = (struct plan_case){ cond, then };
	}
	if (x->default_case == FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT_ELSE_NODE) {
		if (number_node(b, x->else_node, graph, at, PLAN_NONE,
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
	if (number_node(b, n->node, graph, PLAN_NONE, at, depth + 1,
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

static int
number_node(struct build *b, const pb_node *n, uint32_t graph,
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
static int resolve_node(struct build *, const pb_compiled_workflow_closure *,
    const pb_node *, uint32_t *at) must_check;

static int
resolve_target(struct build *b, const pb_compiled_workflow_closure *c,
    const pb_node *n, struct plan_node *node, uint32_t *ret_retries)
{
	const pb_workflow_node *w;
	struct plan_launch l;

	switch (n->target_case) {
	case FLYTEIDL__CORE__NODE__TARGET_TASK_NODE:
		node->kind = PLAN_TASK;
		if (lookup(b, &b->task_of, n->task_node->reference_id, "task",
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
		    FLYTEIDL__CORE__WORKFLOW_NODE__REFERENCE_SUB_WORKFLOW_REF) {
			node->kind = PLAN_WORKFLOW;
			return lookup(b, &b->graph_of, w->sub_workflow_ref,
			    "workflow", n->id, &node->what);
		}
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
		VEC_PUSH(&b->gates, build_gate(b, n->gate_node));
		return 0;
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
		return resolve_node(b, c, n->array_node->node, at);
	if (n->target_case != FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE)
		return 0;
	const pb_if_else_block *x = n->branch_node->if_else;
	if (resolve_node(b, c, x->case_->then_node, at) != 0)
		return -1;
	for (size_t i = 0; i < x->n_other; i++)
		if (resolve_node(b, c, x->other[i]->then_node, at) != 0)
			return -1;
	if (x->default_case == FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT_ELSE_NODE)
		return resolve_node(b, c, x->else_node, at);
	return 0;
}

/* *at is the node's number and becomes the next one's: the order in which
 * number_node() met them.  Depth was checked there. */
static int
resolve_node(struct build *b, const pb_compiled_workflow_closure *c,
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

/* ---- graphs ------------------------------------------------------------- */

static int
build_edges(struct build *b, const Flyteidl__Core__ConnectionSet__IdList *ids,
    const char *whose, struct plan_range *ret)
{
	ret->at = (uint32_t)b->edges.n;
	ret->n = (uint32_t)ids->n_ids;
	for (size_t i = 0; i < ids->n_ids; i++) {
		uint32_t to;

		if (plan_build_node_ref(b, ids->ids[i], whose, &to) != 0)
			return -1;
		VEC_PUSH(&b->edges, to);
	}
	return 0;
}

static int
build_connections(struct build *b, const pb_connection_set *s)
{
	uint32_t at = PLAN_NONE;

	for (size_t i = 0; s != NULL && i < s->n_downstream; i++)
		if (plan_build_node_ref(b, s->downstream[i]->key, "connections",
		    &at) != 0 || build_edges(b, s->downstream[i]->value,
		    s->downstream[i]->key, &b->nodes.at[at].down) != 0)
			return -1;
	for (size_t i = 0; s != NULL && i < s->n_upstream; i++)
		if (plan_build_node_ref(b, s->upstream[i]->key, "connections",
		    &at) != 0 || build_edges(b, s->upstream[i]->value,
		    s->upstream[i]->key, &b->nodes.at[at].up) != 0)
			return -1;
	return 0;
}

/* For each node the children of branches that wait for it. */
static void
build_inner(struct build *b, const struct plan_graph *g)
{
	struct plan_node *nodes = b->nodes.at;

	for (uint32_t i = g->first; i < g->first + g->n; i++)
		for (uint32_t k = 0; nodes[i].branch != PLAN_NONE &&
		    k < nodes[i].up.n; k++)
			nodes[b->edges.at[nodes[i].up.at + k]].inner.n++;
	for (uint32_t i = g->first; i < g->first + g->n; i++) {
		nodes[i].inner.at = (uint32_t)b->edges.n;
		VEC_RESERVE(&b->edges, nodes[i].inner.n);
		b->edges.n += nodes[i].inner.n;
		nodes[i].inner.n = 0;
	}
	for (uint32_t i = g->first; i < g->first + g->n; i++)
		for (uint32_t k = 0; nodes[i].branch != PLAN_NONE &&
		    k < nodes[i].up.n; k++) {
			struct plan_range *r =
			    &nodes[b->edges.at[nodes[i].up.at + k]].inner;

			b->edges.at[r->at + r->n++] = i;
		}
}

static int
find_ends(struct build *b, struct plan_graph *g)
{
	g->start = map_get(&b->node_of, STR("start-node"));
	g->end = map_get(&b->node_of, STR("end-node"));
	if (g->start == MAP_NONE)
		return err_set(b->e, ERR_SPEC, "workflow %s has no start-node: "
		    "it is not compiled", g->name.p);
	if (b->nodes.at[g->start].down.n == 0)
		return err_set(b->e, ERR_SPEC, "workflow %s: no node comes "
		    "after start-node", g->name.p);
	return 0;
}

static int
build_graph(struct build *b, const pb_compiled_workflow_closure *c,
    const pb_compiled_workflow *w, uint32_t number)
{
	const pb_workflow_template *t = w->template_;
	struct plan_graph *g = &b->graphs.at[number];
	uint32_t at = PLAN_NONE, next = (uint32_t)b->nodes.n;

	map_release(&b->node_of);
	g->first = next;
	g->failure = PLAN_NONE;
	for (size_t i = 0; i < t->n_nodes; i++)
		if (number_node(b, t->nodes[i], number, PLAN_NONE, PLAN_NONE,
		    0, &at) != 0)
			return -1;
	if (t->failure_node != NULL && number_node(b, t->failure_node, number,
	    PLAN_NONE, PLAN_NONE, 0, &g->failure) != 0)
		return -1;
	g->n = (uint32_t)b->nodes.n - g->first;
	for (size_t i = 0; i < t->n_nodes; i++)
		if (resolve_node(b, c, t->nodes[i], &next) != 0)
			return -1;
	if (t->failure_node != NULL &&
	    resolve_node(b, c, t->failure_node, &next) != 0)
		return -1;
	g->go_on = t->metadata != NULL && t->metadata->on_failure ==
	    FLYTEIDL__CORE__WORKFLOW_METADATA__ON_FAILURE_POLICY__FAIL_AFTER_EXECUTABLE_NODES_COMPLETE;
	g->interruptible = t->metadata_defaults != NULL &&
	    t->metadata_defaults->interruptible;
	if (t->interface != NULL) {
		g->inputs = build_vars(b, t->interface->inputs);
		g->outputs = build_vars(b, t->interface->outputs);
	}
	if (build_connections(b, w->connections) != 0)
		return -1;
	build_inner(b, g);
	return find_ends(b, g);
}

static int
name_graph(struct build *b, const pb_compiled_workflow *w)
{
	const pb_identifier *id;
	struct plan_graph g = { .start = PLAN_NONE, .end = PLAN_NONE,
	    .failure = PLAN_NONE };

	if (w == NULL || w->template_ == NULL || w->template_->id == NULL)
		return err_set(b->e, ERR_SPEC, "a workflow of the closure has "
		    "no template or id");
	id = w->template_->id;
	g.project = plan_build_text(b, id->project);
	g.domain = plan_build_text(b, id->domain);
	g.name = plan_build_text(b, id->name);
	g.version = plan_build_text(b, id->version);
	map_put(&b->graph_of, arena_str(&b->p->arena, id_key(b, id)),
	    (uint32_t)b->graphs.n);
	VEC_PUSH(&b->graphs, g);
	return 0;
}

static int
build_all(struct build *b, const pb_compiled_workflow_closure *c)
{
	for (size_t i = 0; i < c->n_tasks; i++) {
		if (c->tasks[i]->template_ == NULL ||
		    c->tasks[i]->template_->id == NULL)
			return err_set(b->e, ERR_SPEC, "a task of the closure "
			    "has no template or id");
		build_task(b, c->tasks[i]->template_);
	}
	if (name_graph(b, c->primary) != 0)
		return -1;
	for (size_t i = 0; i < c->n_sub_workflows; i++)
		if (name_graph(b, c->sub_workflows[i]) != 0)
			return -1;
	if (build_graph(b, c, c->primary, 0) != 0)
		return -1;
	for (size_t i = 0; i < c->n_sub_workflows; i++)
		if (c->sub_workflows[i]->connections != NULL &&
		    build_graph(b, c, c->sub_workflows[i], (uint32_t)i + 1) != 0)
			return -1;
	return plan_build_order(b);
}

/* Hands the arrays over to the plan. */
#define GIVE(b, what) do {					\
	(b)->p->what = (b)->what.at;				\
	(b)->p->n_##what = (uint32_t)(b)->what.n;		\
} while (0)

int
plan_build(const pb_compiled_workflow_closure *c, struct plan **ret,
    struct err *e)
{
	struct build b = { .p = xcalloc(1, sizeof(struct plan)),
	    .text = STRBUF_INIT, .e = e };
	int bad;

	arena_init(&b.p->arena);
	bad = build_all(&b, c);
	GIVE(&b, graphs);
	GIVE(&b, nodes);
	GIVE(&b, edges);
	GIVE(&b, binds);
	GIVE(&b, paths);
	GIVE(&b, aliases);
	GIVE(&b, vars);
	GIVE(&b, strs);
	GIVE(&b, tasks);
	GIVE(&b, launches);
	GIVE(&b, gates);
	GIVE(&b, arrays);
	GIVE(&b, branches);
	GIVE(&b, cases);
	GIVE(&b, conds);
	map_release(&b.task_of);
	map_release(&b.graph_of);
	map_release(&b.node_of);
	strbuf_release(&b.text);
	if (bad) {
		plan_free(b.p);
		return -1;
	}
	*ret = b.p;
	return 0;
}
