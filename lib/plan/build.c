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
	strbuf_adds(&b->text, id->project);
	strbuf_addch(&b->text, '\n');
	strbuf_adds(&b->text, id->domain);
	strbuf_addch(&b->text, '\n');
	strbuf_adds(&b->text, id->name);
	strbuf_addch(&b->text, '\n');
	strbuf_adds(&b->text, id->version);
	return strbuf_str(&b->text);
}

int
plan_build_lookup(struct build *b, const struct map *m, const pb_identifier *id,
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
		if (plan_build_number(b, t->nodes[i], number, PLAN_NONE, PLAN_NONE,
		    0, &at) != 0)
			return -1;
	if (t->failure_node != NULL && plan_build_number(b, t->failure_node, number,
	    PLAN_NONE, PLAN_NONE, 0, &g->failure) != 0)
		return -1;
	g->n = (uint32_t)b->nodes.n - g->first;
	for (size_t i = 0; i < t->n_nodes; i++)
		if (plan_build_resolve(b, c, t->nodes[i], &next) != 0)
			return -1;
	if (t->failure_node != NULL &&
	    plan_build_resolve(b, c, t->failure_node, &next) != 0)
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
