/*
 * The compiler: workflows that use others, and what holds of every closure.
 */

#include "unit.h"

#include "compile.h"
#include "idl/wire.h"

TEST(other_workflows)
{
	FLOWS(NODES(SUBREF("n", "s")), "", SUB("s", NODE("n", "none", "")));
	FLOWS(NODES(SUBREF("n", "s")), "NoNodesFound", SUB("s", ""));
	FLOWS(NODES(SUBREF("n", "z")), "WorkflowReferenceNotFound",
	    SUB("s", NODE("n", "none", "")));
	FLOWS(NODES(SUBREF("n", "s")), "DuplicateId",
	    SUB("s", NODE("n", "none", "")), SUB("s", NODE("n", "none", "")));
	FLOWS(NODES(SUBREF("n", "s")), "ValueRequired",
	    "{'id':{'resourceType':'WORKFLOW','name':'s'},'nodes':["
	    NODE("n", "none", "") "]}");
	/* A circle of sub-workflows, in which the real compiler is lost. */
	FLOWS(NODES(SUBREF("n", "s")), "CycleDetected",
	    SUB("s", SUBREF("m", "t")), SUB("t", SUBREF("m", "s")));
	/* An error inside counts once, however often it is referred to. */
	FLOWS(NODES(SUBREF("n", "s") "," SUBREF("m", "s")),
	    "ParameterNotBound", SUB("s", NODE("n", "inc", "")));
	CODES(NODES("{'id':'n','workflowNode':{}}"),
	    "WorkflowReferenceNotFound");
	CODES(NODES(PLANREF(BIND("r", ONE))), "");
	CODES(NODES(PLANREF(BIND("r", ONE) "," BIND("d", ONE))), "");
	CODES(NODES(PLANREF("")), "ParameterNotBound");
	CODES(NODES(PLANREF(BIND("r", ONE) "," BIND("f", ONE))),
	    "VariableNameNotFound");
	CODES(NODES("{'id':'n','workflowNode':{'launchplanRef':"
	    "{'name':'z'}}}"), "WorkflowReferenceNotFound");
	arena_release(&arena);
}

/* A sub-workflow with a branch that is reached from two others is compiled
 * twice, and its ids grow twice: so does the real compiler. */
TEST(branch_reached_twice)
{
	static const char *const subs[] = {
		SUB("s", BRANCH(BX, "'case':" CASE(COND(X, P1), SRC) ","
		    ELSE)),
		SUB("p", SUBREF("n", "s") "," SUBREF("m", "s")),
		SUB("q", SUBREF("n", "s")),
	};
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	pb_compiled_workflow_closure *cl = NULL;
	pb_node *b;

	CHECK_INT(compile_in(NODES(SUBREF("x", "p") "," SUBREF("y", "q")),
	    subs, 3, &cl, &es), 0);
	if (cl != NULL) {
		CHECK_INT(cl->sub_workflows[0]->template_->n_nodes, 3);
		b = cl->sub_workflows[0]->template_->nodes[2];
		CHECK_STR(b->branch_node->if_else->case_->then_node->id,
		    "b-b-t");
	}
	arena_release(&arena);
}

/* Layers of two sub-workflows that both use both of the next: 2^20 ways to
 * the last, which has a branch.  An error, and soon. */
TEST(too_many_ways)
{
	enum { LAYERS = 20 };
	const char *subs[2 * LAYERS + 1];
	size_t i;

	for (i = 0; i < 2 * LAYERS; i++)
		subs[i] = arena_printf(&arena, SUB("s%zu",
		    SUBREF("a", "s%zu") "," SUBREF("b", "s%zu")), i,
		    MIN(i / 2 * 2 + 2, (size_t)2 * LAYERS),
		    MIN(i / 2 * 2 + 3, (size_t)2 * LAYERS));
	subs[2 * LAYERS] = arena_printf(&arena, SUB("s%zu", BRANCH(BX,
	    "'case':" CASE(COND(X, P1), SRC) "," ELSE)), i);
	CHECK_STR(codes_with(NODES(SUBREF("n", "s0") "," SUBREF("m", "s1")),
	    subs, ARRAY_LEN(subs)), "WorkflowBuildError");
	arena_release(&arena);
}

TEST(nothing_but_an_output)
{
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	pb_compiled_workflow_closure *cl = NULL;

	flags = COMPILE_PASS_THROUGH;
	CHECK_INT(compile_in(FLOW("", VAR("o", INT), "", BIND("o", ONE)),
	    NULL, 0, &cl, &es), 0);
	flags = 0;
	if (cl != NULL) {
		CHECK_INT(cl->primary->connections->n_downstream, 1);
		CHECK_STR(cl->primary->connections->downstream[0]->key,
		    "start-node");
		CHECK_STR(cl->primary->connections->downstream[0]->value->
		    ids[0], "end-node");
	}
	arena_release(&arena);
}

/* ---- properties ---------------------------------------------------------- */
static unsigned
next_random(unsigned *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* A graph of inc tasks, each bound to an earlier one in a shuffled list. */
static void
random_flow(struct strbuf *b, unsigned seed, unsigned nodes)
{
	unsigned order[64], i, j, t;

	for (i = 0; i < nodes; i++)
		order[i] = i;
	for (i = nodes; i > 1; i--) {
		j = next_random(&seed) % i;
		t = order[i - 1];
		order[i - 1] = order[j];
		order[j] = t;
	}
	strbuf_adds(b, "{'id':{'name':'w'}," IFACE(VAR("i", INT),
	    VAR("o", INT)) ",'nodes':[");
	for (i = 0; i < nodes; i++) {
		t = order[i];
		strbuf_addf(b, "%s{'id':'n%u'," REF("inc") ",'inputs':[", i > 0 ?
		    "," : "", t);
		if (t == 0 || next_random(&seed) % 4 == 0)
			strbuf_adds(b, BIND("a", PROMISE("", "i")));
		else
			strbuf_addf(b, "{'var':'a','binding':{'promise':"
			    "{'nodeId':'n%u','var':'o'}}}",
			    next_random(&seed) % t);
		strbuf_adds(b, "],'upstreamNodeIds':[");
		for (j = 0; t > 0 && j < next_random(&seed) % 4; j++)
			strbuf_addf(b, "%s'n%u'", j > 0 ? "," : "",
			    next_random(&seed) % t);
		strbuf_adds(b, "]}");
	}
	strbuf_addf(b, "],'outputs':[{'var':'o','binding':{'promise':"
	    "{'nodeId':'n%u','var':'o'}}}]}", nodes - 1);
}

static int
lists(const pb_connection_set *c, int up, const char *of, const char *id)
{
	size_t i, k, n = up ? c->n_upstream : c->n_downstream;
	const Flyteidl__Core__ConnectionSet__IdList *l;

	for (i = 0; i < n; i++) {
		if (strcmp(up ? c->upstream[i]->key : c->downstream[i]->key,
		    of) != 0)
			continue;
		l = up ? c->upstream[i]->value : c->downstream[i]->value;
		for (k = 0; k < l->n_ids; k++)
			if (strcmp(l->ids[k], id) == 0)
				return 1;
	}
	return 0;
}

/* Every edge is in both maps, sorted and once; each node has both ends. */
static void
check_connections(const pb_compiled_workflow *w)
{
	const pb_connection_set *c = w->connections;
	size_t i, k;

	CHECK_INT(c->n_upstream, w->template_->n_nodes - 1);
	CHECK_INT(c->n_downstream, w->template_->n_nodes - 1);
	for (i = 0; i < c->n_upstream; i++)
		for (k = 0; k < c->upstream[i]->value->n_ids; k++) {
			char **ids = c->upstream[i]->value->ids;

			CHECK(lists(c, 0, ids[k], c->upstream[i]->key));
			CHECK(k == 0 || strcmp(ids[k - 1], ids[k]) < 0);
		}
	for (i = 0; i < c->n_downstream; i++)
		for (k = 0; k < c->downstream[i]->value->n_ids; k++)
			CHECK(lists(c, 1, c->downstream[i]->value->ids[k],
			    c->downstream[i]->key));
}

TEST(random_graphs)
{
	c_strbuf struct strbuf b = STRBUF_INIT, json = STRBUF_INIT;
	pb_compiled_workflow_closure *one, *two;
	unsigned seed;

	for (seed = 1; seed <= 60; seed++) {
		c_compile_errors struct compile_errors es =
		    COMPILE_ERRORS_INIT;

		strbuf_reset(&b);
		strbuf_reset(&json);
		random_flow(&b, seed, 1 + seed);
		one = two = NULL;
		CHECK_INT(compile_in(b.p, NULL, 0, &one, &es), 0);
		if (one == NULL) {
			compile_errors_print(&es, &json);
			printf("%s", json.p);
			continue;
		}
		check_connections(one->primary);
		/* What was compiled compiles to itself. */
		pbjson_print(&one->primary->template_->base, 0, &json);
		CHECK_INT(compile_in(json.p, NULL, 0, &two, &es), 0);
		CHECK(two != NULL && wire_equal(&one->base, &two->base));
		arena_release(&arena);
	}
}

/* The unit's messages are the caller's: compiling must not change them. */
TEST(unit_is_untouched)
{
	static const char flow[] = FLOW(VAR("i", INT), VAR("o", INT),
	    BRANCH(BIND("x", PROMISE("", "i")), "'case':" CASE(COND(X, P1),
	    NODE("t", "inc", BIND("a", PROMISE("", "i")))) "," ELSE) ","
	    "{'id':'n'," REF("none") ",'upstreamNodeIds':['z','b']},"
	    NODE("z", "none", ""), BIND("o", PROMISE("", "i")));
	struct compile_unit u = { NULL, NULL, 0, NULL, N_TASKS, NULL, 0,
	    0 };
	c_compile_errors struct compile_errors es = COMPILE_ERRORS_INIT;
	pb_task_template **tasks = arena_new_n(&arena, N_TASKS,
	    pb_task_template *);
	pb_compiled_workflow_closure *cl;
	pb_workflow_template *w;
	size_t i;

	for (i = 0; i < N_TASKS; i++)
		tasks[i] = (pb_task_template *)read_json(
		    &flyteidl__core__task_template__descriptor,
		    task_texts[i]);
	w = (pb_workflow_template *)read_json(
	    &flyteidl__core__workflow_template__descriptor, flow);
	u.primary = w;
	u.tasks = tasks;
	CHECK_INT(compile_workflow(&u, &arena, &cl, &es), 0);
	CHECK(wire_equal(&w->base, read_json(
	    &flyteidl__core__workflow_template__descriptor, flow)));
	for (i = 0; i < N_TASKS; i++)
		CHECK(wire_equal(&tasks[i]->base, read_json(
		    &flyteidl__core__task_template__descriptor,
		    task_texts[i])));
	arena_release(&arena);
}
