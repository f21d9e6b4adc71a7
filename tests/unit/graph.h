#ifndef TESTS_UNIT_GRAPH_H
#define TESTS_UNIT_GRAPH_H

/*
 * Compiled closures built by hand, for tests and benchmarks of the engine:
 * nodes with bindings; graph_plan() derives the connections from them.
 */

#include <stdio.h>
#include <string.h>

#include "base/map.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "idl/flyteidl.h"
#include "idl/literal.h"
#include "idl/wire.h"
#include "plan/plan.h"

struct graph {
	struct arena	arena;
	pb_compiled_workflow_closure *closure;
	pb_workflow_template *t;
	VEC(pb_node *)	nodes;
	VEC(pb_compiled_task *) tasks;
};

static inline pb_identifier *
graph_id(struct graph *g, const char *name)
{
	pb_identifier *id = PB_NEW(&g->arena, flyteidl__core__identifier);

	id->project = arena_strdup(&g->arena, "p");
	id->domain = arena_strdup(&g->arena, "d");
	id->name = arena_strdup(&g->arena, name);
	id->version = arena_strdup(&g->arena, "v");
	return id;
}

/* A node that does nothing yet. */
static inline pb_node *
graph_node(struct graph *g, const char *id)
{
	pb_node *n = PB_NEW(&g->arena, flyteidl__core__node);

	n->id = arena_strdup(&g->arena, id);
	n->metadata = PB_NEW(&g->arena, flyteidl__core__node_metadata);
	VEC_PUSH(&g->nodes, n);
	return n;
}

static inline void
graph_init(struct graph *g)
{
	memset(g, 0, sizeof(*g));
	arena_init(&g->arena);
	g->closure = PB_NEW(&g->arena, flyteidl__core__compiled_workflow_closure);
	g->closure->primary = PB_NEW(&g->arena,
	    flyteidl__core__compiled_workflow);
	g->t = PB_NEW(&g->arena, flyteidl__core__workflow_template);
	g->closure->primary->template_ = g->t;
	g->t->id = graph_id(g, "w");
	g->t->metadata = PB_NEW(&g->arena, flyteidl__core__workflow_metadata);
	graph_node(g, "start-node");
	graph_node(g, "end-node");
}

static inline void
graph_release(struct graph *g)
{
	VEC_RELEASE(&g->nodes);
	VEC_RELEASE(&g->tasks);
	arena_release(&g->arena);
}

static inline pb_variable_map *
graph_vars(struct graph *g, const char *name, int list)
{
	struct arena *a = &g->arena;
	pb_variable_map *m = PB_NEW(a, flyteidl__core__variable_map);
	pb_literal_type *type = PB_NEW(a, flyteidl__core__literal_type), *of;

	type->type_case = FLYTEIDL__CORE__LITERAL_TYPE__TYPE_SIMPLE;
	type->simple = FLYTEIDL__CORE__SIMPLE_TYPE__INTEGER;
	if (list) {
		of = type;
		type = PB_NEW(a, flyteidl__core__literal_type);
		type->type_case =
		    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_COLLECTION_TYPE;
		type->collection_type = of;
	}
	if (name == NULL)
		return m;
	m->n_variables = 1;
	m->variables = arena_calloc(a, 1, sizeof(*m->variables));
	m->variables[0] = arena_alloc(a, sizeof(**m->variables));
	flyteidl__core__variable_map__variables_entry__init(m->variables[0]);
	m->variables[0]->key = arena_strdup(a, name);
	m->variables[0]->value = PB_NEW(a, flyteidl__core__variable);
	m->variables[0]->value->type = type;
	return m;
}

/* A task with one integer output "o" (or a list of them). */
static inline pb_task_template *
graph_task(struct graph *g, const char *name, int list)
{
	pb_compiled_task *c = PB_NEW(&g->arena, flyteidl__core__compiled_task);
	pb_task_template *t = PB_NEW(&g->arena, flyteidl__core__task_template);

	t->id = graph_id(g, name);
	t->metadata = PB_NEW(&g->arena, flyteidl__core__task_metadata);
	t->interface = PB_NEW(&g->arena, flyteidl__core__typed_interface);
	t->interface->inputs = graph_vars(g, NULL, 0);
	t->interface->outputs = graph_vars(g, "o", list);
	c->template_ = t;
	VEC_PUSH(&g->tasks, c);
	return t;
}

static inline pb_node *
graph_task_node(struct graph *g, const char *id, const char *task)
{
	pb_node *n = graph_node(g, id);

	n->target_case = FLYTEIDL__CORE__NODE__TARGET_TASK_NODE;
	n->task_node = PB_NEW(&g->arena, flyteidl__core__task_node);
	n->task_node->reference_case =
	    FLYTEIDL__CORE__TASK_NODE__REFERENCE_REFERENCE_ID;
	n->task_node->reference_id = graph_id(g, task);
	return n;
}

/* A map over the task; the sub-node is an unlisted node. */
static inline pb_array_node *
graph_map_node(struct graph *g, const char *id, const char *task,
    pb_node **ret)
{
	pb_node *inner = graph_task_node(g, "n", task);
	pb_node *n;

	(void)VEC_POP(&g->nodes);
	n = graph_node(g, id);
	n->target_case = FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE;
	n->array_node = PB_NEW(&g->arena, flyteidl__core__array_node);
	n->array_node->node = inner;
	*ret = n;
	return n->array_node;
}

static inline pb_binding_data *
graph_bind(struct graph *g, pb_node *n, const char *var)
{
	pb_binding *b = PB_NEW(&g->arena, flyteidl__core__binding);
	pb_binding **list = arena_calloc(&g->arena, n->n_inputs + 1,
	    sizeof(*list));

	b->var = arena_strdup(&g->arena, var);
	b->binding = PB_NEW(&g->arena, flyteidl__core__binding_data);
	if (n->n_inputs > 0)
		memcpy(list, n->inputs, n->n_inputs * sizeof(*list));
	list[n->n_inputs++] = b;
	n->inputs = list;
	return b->binding;
}

static inline void
graph_promise(struct graph *g, pb_node *n, const char *var, const char *from)
{
	pb_binding_data *d = graph_bind(g, n, var);

	d->value_case = FLYTEIDL__CORE__BINDING_DATA__VALUE_PROMISE;
	d->promise = PB_NEW(&g->arena, flyteidl__core__output_reference);
	d->promise->node_id = arena_strdup(&g->arena, from);
	d->promise->var = arena_strdup(&g->arena, "o");
}

static inline void
graph_after(struct graph *g, pb_node *n, const char *id)
{
	char **list = arena_calloc(&g->arena, n->n_upstream_node_ids + 1,
	    sizeof(*list));

	if (n->n_upstream_node_ids > 0)
		memcpy(list, n->upstream_node_ids,
		    n->n_upstream_node_ids * sizeof(*list));
	list[n->n_upstream_node_ids++] = arena_strdup(&g->arena, id);
	n->upstream_node_ids = list;
}

typedef Flyteidl__Core__ConnectionSet__IdList graph_ids;

static inline void
graph_push(struct graph *g, graph_ids *l, char *id)
{
	if ((l->n_ids & (l->n_ids - 1)) == 0) {
		char **ids = arena_calloc(&g->arena, l->n_ids * 2 + 1,
		    sizeof(*ids));

		if (l->n_ids > 0)
			memcpy(ids, l->ids, l->n_ids * sizeof(*ids));
		l->ids = ids;
	}
	for (size_t i = l->n_ids; i-- > 0 && l->n_ids - i < 8;)
		if (strcmp(l->ids[i], id) == 0)
			return;
	l->ids[l->n_ids++] = id;
}

/* The plan, after all nodes are there; NULL prints why. */
static inline struct plan *
graph_plan(struct graph *g)
{
	struct arena *a = &g->arena;
	pb_connection_set *c = PB_NEW(a, flyteidl__core__connection_set);
	size_t n = g->nodes.n;
	struct map at = MAP_INIT;
	struct plan *p = NULL;
	struct err e;

	c->n_upstream = c->n_downstream = n;
	c->upstream = arena_calloc(a, n, sizeof(*c->upstream));
	c->downstream = arena_calloc(a, n, sizeof(*c->downstream));
	for (size_t i = 0; i < n; i++) {
		c->upstream[i] = (void *)wire_new(
		    &flyteidl__core__connection_set__upstream_entry__descriptor, a);
		c->downstream[i] = (void *)wire_new(
		    &flyteidl__core__connection_set__downstream_entry__descriptor, a);
		c->upstream[i]->key = c->downstream[i]->key =
		    g->nodes.at[i]->id;
		c->upstream[i]->value = (void *)wire_new(
		    &flyteidl__core__connection_set__id_list__descriptor, a);
		c->downstream[i]->value = (void *)wire_new(
		    &flyteidl__core__connection_set__id_list__descriptor, a);
		map_put(&at, str_of(g->nodes.at[i]->id), (uint32_t)i);
	}
	for (size_t i = 1; i < n; i++) {
		pb_node *node = g->nodes.at[i];

		for (size_t k = 0; k < node->n_inputs +
		    node->n_upstream_node_ids; k++) {
			char *from = NULL;

			if (k >= node->n_inputs)
				from = node->upstream_node_ids[k -
				    node->n_inputs];
			else if (node->inputs[k]->binding->value_case ==
			    FLYTEIDL__CORE__BINDING_DATA__VALUE_PROMISE)
				from = node->inputs[k]->binding->promise->node_id;
			if (from == NULL)
				continue;
			graph_push(g, c->upstream[i]->value, from);
			graph_push(g, c->downstream[map_get(&at,
			    str_of(from))]->value, node->id);
		}
	}
	for (size_t i = 2; i < n; i++) {
		if (c->upstream[i]->value->n_ids == 0) {
			graph_push(g, c->upstream[i]->value,
			    g->nodes.at[0]->id);
			graph_push(g, c->downstream[0]->value,
			    g->nodes.at[i]->id);
		}
		if (c->downstream[i]->value->n_ids == 0) {
			graph_push(g, c->downstream[i]->value,
			    g->nodes.at[1]->id);
			graph_push(g, c->upstream[1]->value,
			    g->nodes.at[i]->id);
		}
	}
	map_release(&at);
	g->t->n_nodes = n;
	g->t->nodes = g->nodes.at;
	g->closure->primary->connections = c;
	g->closure->n_tasks = g->tasks.n;
	g->closure->tasks = g->tasks.at;
	if (plan_build(g->closure, &p, &e) != 0)
		printf("plan: %s\n", e.msg);
	return p;
}

#endif
