/*
 * Compiles a workflow of N nodes (default 100,000) and prints the seconds,
 * then one of 2N: linear code takes twice as long.  Each node is bound to one
 * before it and to a constant, and waits for another.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/num.h"
#include "compile/compile.h"
#include "idl/literal.h"
#include "idl/type.h"

static pb_identifier *
new_id(struct arena *a, Flyteidl__Core__ResourceType type, const char *name)
{
	pb_identifier *id = PB_NEW(a, flyteidl__core__identifier);

	id->resource_type = type;
	id->project = arena_strdup(a, "p");
	id->domain = arena_strdup(a, "d");
	id->name = arena_strdup(a, name);
	id->version = arena_strdup(a, "v");
	return id;
}

static pb_variable_map *
int_variables(struct arena *a, const char *names)
{
	pb_variable_map *m = PB_NEW(a, flyteidl__core__variable_map);
	size_t i, n = strlen(names);

	m->variables = arena_new_n(a, n, Flyteidl__Core__VariableMap__VariablesEntry *);
	for (i = 0; i < n; i++) {
		m->variables[i] = arena_alloc(a, sizeof(**m->variables));
		flyteidl__core__variable_map__variables_entry__init(m->variables[i]);
		m->variables[i]->key = arena_strndup(a, names + i, 1);
		m->variables[i]->value = PB_NEW(a, flyteidl__core__variable);
		m->variables[i]->value->type = type_simple(a, FLYTEIDL__CORE__SIMPLE_TYPE__INTEGER);
	}
	m->n_variables = n;
	return m;
}

static pb_task_template *
new_task(struct arena *a)
{
	pb_task_template *t = PB_NEW(a, flyteidl__core__task_template);

	t->id = new_id(a, FLYTEIDL__CORE__RESOURCE_TYPE__TASK, "add");
	t->interface = PB_NEW(a, flyteidl__core__typed_interface);
	t->interface->inputs = int_variables(a, "ab");
	t->interface->outputs = int_variables(a, "o");
	return t;
}

static pb_binding *
new_binding(struct arena *a, const char *var)
{
	pb_binding *b = PB_NEW(a, flyteidl__core__binding);

	b->var = arena_strdup(a, var);
	b->binding = PB_NEW(a, flyteidl__core__binding_data);
	return b;
}

static pb_node *
new_node(struct arena *a, size_t i)
{
	pb_node *n = PB_NEW(a, flyteidl__core__node);

	n->id = arena_printf(a, "n%zu", i);
	n->target_case = FLYTEIDL__CORE__NODE__TARGET_TASK_NODE;
	n->task_node = PB_NEW(a, flyteidl__core__task_node);
	n->task_node->reference_case = FLYTEIDL__CORE__TASK_NODE__REFERENCE_REFERENCE_ID;
	n->task_node->reference_id = new_id(a, FLYTEIDL__CORE__RESOURCE_TYPE__TASK, "add");
	n->inputs = arena_new_n(a, 2, pb_binding *);
	n->n_inputs = 2;
	n->inputs[0] = new_binding(a, "a");
	n->inputs[0]->binding->value_case = FLYTEIDL__CORE__BINDING_DATA__VALUE_SCALAR;
	n->inputs[0]->binding->scalar = literal_integer(a, 1)->scalar;
	n->inputs[1] = new_binding(a, "b");
	n->inputs[1]->binding->value_case = FLYTEIDL__CORE__BINDING_DATA__VALUE_PROMISE;
	n->inputs[1]->binding->promise = PB_NEW(a, flyteidl__core__output_reference);
	n->inputs[1]->binding->promise->node_id = i == 0 ?
	    arena_strdup(a, "start-node") : arena_printf(a, "n%zu", i - 1 - i % MIN(i, (size_t)7));
	n->inputs[1]->binding->promise->var = arena_strdup(a, i == 0 ? "i" : "o");
	n->upstream_node_ids = arena_new_n(a, 1, char *);
	if (i > 0)
		n->upstream_node_ids[n->n_upstream_node_ids++] = arena_printf(a, "n%zu", i / 2);
	return n;
}

static double
compile(size_t nodes)
{
	c_arena struct arena in = ARENA_INIT, out = ARENA_INIT;
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	pb_task_template *task = new_task(&in);
	pb_workflow_template *w = PB_NEW(&in, flyteidl__core__workflow_template);
	struct compile_unit unit = { w, NULL, 0, &task, 1, NULL, 0, 0 };
	pb_compiled_workflow_closure *cl;
	struct timespec from, to;
	size_t i;

	w->id = new_id(&in, FLYTEIDL__CORE__RESOURCE_TYPE__WORKFLOW, "w");
	w->interface = PB_NEW(&in, flyteidl__core__typed_interface);
	w->interface->inputs = int_variables(&in, "i");
	w->nodes = arena_new_n(&in, nodes, pb_node *);
	w->n_nodes = nodes;
	for (i = 0; i < nodes; i++)
		w->nodes[i] = new_node(&in, i);
	clock_gettime(CLOCK_MONOTONIC, &from);
	if (compile_workflow(&unit, &out, &cl, &es) < 0) {
		fprintf(stderr, "compile: %s: %s\n", compile_code_text(es.at[0].code), es.at[0].text);
		exit(1);
	}
	clock_gettime(CLOCK_MONOTONIC, &to);
	return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

int
main(int argc, char **argv)
{
	uint64_t n = 100000;
	double one, two;

	if (argc > 2 || (argc == 2 && num_parse_u64(str_of(argv[1]), 1, 10000000, &n) < 0)) {
		fprintf(stderr, "usage: compile [NODES]\n");
		return 2;
	}
	one = compile(n);
	two = compile(2 * n);
	printf("compile %llu nodes: %.3f s; %llu: %.3f s (x %.2f)\n", (unsigned long long)n, one,
	    (unsigned long long)(2 * n), two, two / one);
	return 0;
}
