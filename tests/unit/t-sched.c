/*
 * The engine under every order of events: random graphs whose attempts end
 * in random order and way, limits, aborts, kills and resumption.
 */

#include "unit.h"

#include "graph.h"
#include "engine/sched.h"

static unsigned long seed;

static uint32_t
rnd(uint32_t n)
{
	seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
	return (uint32_t)(seed >> 16) % n;
}

/* ---- a driver ------------------------------------------------------------ */

struct seen {
	struct str	path;
	enum sched_phase phase;
	uint32_t	attempt, system_failures;
	struct str	outputs;
	unsigned	starts, oks;
};

struct world {
	struct sched	*s;
	struct arena	 arena;
	VEC(struct seen) nodes;
	struct map	 node_of;
	VEC(struct sched_ref) running;
	uint32_t	 jobs, most;
	unsigned	 starts, stops;
	struct world	*before;	/* what a killed run had written */
};

static struct seen *
seen(struct world *w, struct str path)
{
	uint32_t i = map_get(&w->node_of, path);

	if (i == MAP_NONE) {
		struct seen n = { .path = arena_str(&w->arena, path),
		    .outputs = { NULL, 0 } };

		i = (uint32_t)w->nodes.n;
		VEC_PUSH(&w->nodes, n);
		map_put(&w->node_of, n.path, i);
	}
	return &w->nodes.at[i];
}

static int
recall(void *arg, struct str path, struct sched_record *ret)
{
	struct world *w = arg;
	uint32_t i = map_get(&w->node_of, path);

	if (i == MAP_NONE)
		return 0;
	ret->phase = w->nodes.at[i].phase;
	ret->attempt = w->nodes.at[i].attempt;
	ret->system_failures = w->nodes.at[i].system_failures;
	ret->outputs = w->nodes.at[i].outputs;
	return 1;
}

static void
world_init(struct world *w, const struct plan *p, struct sched_config *c,
    uint32_t jobs)
{
	memset(w, 0, sizeof(*w));
	arena_init(&w->arena);
	w->jobs = jobs;
	w->s = sched_new(p, c, 1);
}

static void
world_release(struct world *w)
{
	sched_free(w->s);
	VEC_RELEASE(&w->nodes);
	VEC_RELEASE(&w->running);
	map_release(&w->node_of);
	arena_release(&w->arena);
}

static int
same_ref(struct sched_ref a, struct sched_ref b)
{
	return a.frame == b.frame && a.node == b.node &&
	    a.element == b.element && a.attempt == b.attempt;
}

static void
forget(struct world *w, struct sched_ref at)
{
	for (size_t i = 0; i < w->running.n; i++)
		if (same_ref(w->running.at[i], at)) {
			w->running.at[i] = VEC_POP(&w->running);
			return;
		}
}

static void
act(struct world *w, const struct sched_action *a)
{
	struct seen *n;

	if (a->todo == SCHED_START) {
		n = seen(w, a->path);
		n->starts++;
		w->starts++;
		VEC_PUSH(&w->running, a->at);
		w->most = MAX(w->most, (uint32_t)w->running.n);
	} else if (a->todo == SCHED_STOP) {
		w->stops++;
		forget(w, a->at);
	} else if (a->todo == SCHED_NODE) {
		n = seen(w, a->path);
		/* What is final stays. */
		CHECK(n->phase != SCHED_SUCCEEDED && n->phase != SCHED_FAILED);
		n->phase = a->phase;
		n->attempt = a->at.attempt;
		n->system_failures = a->system_failures;
		n->outputs = a->outputs.p == NULL ? a->outputs :
		    arena_str(&w->arena, a->outputs);
	}
}

static void
step(struct world *w, int64_t now)
{
	const struct sched_action *a;
	int more;

	do {
		more = sched_step(w->s, now, w->jobs == SCHED_NONE ?
		    SCHED_NONE : w->jobs - (uint32_t)w->running.n);
		while ((a = sched_action(w->s)) != NULL)
			act(w, a);
	} while (more);
}

static int
is_over(const struct world *w)
{
	enum sched_wf p = sched_phase(w->s);

	return p == SCHED_WF_SUCCEEDED || p == SCHED_WF_FAILED ||
	    p == SCHED_WF_ABORTED;
}

/* Ends one of the running attempts; bad: one in so many fails. */
static void
end_one(struct world *w, struct str out, uint32_t bad)
{
	uint32_t i = rnd((uint32_t)w->running.n);
	struct sched_ref at = w->running.at[i];
	struct sched_result r = { .end = SCHED_OK, .outputs = out };

	w->running.at[i] = VEC_POP(&w->running);
	if (bad > 0 && rnd(bad) == 0) {
		r.end = SCHED_ERROR;
		r.retry = (int)rnd(2);
		r.error = (struct sched_error){ rnd(2) ? SCHED_SYSTEM :
		    SCHED_USER, STR("E"), STR("no") };
	}
	sched_finished(w->s, at, &r);
	/* A second word about it, and one about a later attempt, are nothing. */
	if (rnd(4) == 0) {
		at.attempt++;
		sched_finished(w->s, at, &r);
	}
}

/* ---- graphs -------------------------------------------------------------- */

static struct str
ok_outputs(struct arena *a)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	pb_literal_map *m = literal_map_new(a);

	literal_map_put(m, a, "o", literal_integer(a, 42));
	wire_pack(&m->base, &b);
	return arena_str(a, strbuf_str(&b));
}

static struct plan *
random_plan(struct graph *g, uint32_t n, int go_on)
{
	char id[16], from[16];

	graph_init(g);
	graph_task(g, "t", 0);
	graph_task(g, "tl", 1);
	if (go_on)
		g->t->metadata->on_failure = FLYTEIDL__CORE__WORKFLOW_METADATA__ON_FAILURE_POLICY__FAIL_AFTER_EXECUTABLE_NODES_COMPLETE;
	for (uint32_t i = 0; i < n; i++) {
		pb_node *node;

		snprintf(id, sizeof(id), "n%u", i);
		if (i > 0 && rnd(6) == 0) {
			(void)graph_map_node(g, id, "tl", &node);
			pb_binding_data *d = graph_bind(g, node, "a");

			d->value_case =
			    FLYTEIDL__CORE__BINDING_DATA__VALUE_COLLECTION;
			d->collection = PB_NEW(&g->arena,
			    flyteidl__core__binding_data_collection);
			d->collection->n_bindings = rnd(5);
			d->collection->bindings = arena_calloc(&g->arena, 5,
			    sizeof(void *));
			for (size_t k = 0; k < d->collection->n_bindings; k++) {
				pb_binding_data *one = PB_NEW(&g->arena,
				    flyteidl__core__binding_data);

				one->value_case =
				    FLYTEIDL__CORE__BINDING_DATA__VALUE_SCALAR;
				one->scalar =
				    literal_integer(&g->arena, 1)->scalar;
				d->collection->bindings[k] = one;
			}
			snprintf(from, sizeof(from), "n%u", rnd(i));
			graph_after(g, node, from);
			continue;
		}
		node = graph_task_node(g, id, "t");
		if (rnd(2)) {
			node->metadata->retries = PB_NEW(&g->arena,
			    flyteidl__core__retry_strategy);
			node->metadata->retries->retries = rnd(3);
		}
		for (int k = 0; k < 2 && i > 0; k++) {
			snprintf(from, sizeof(from), "n%u", rnd(i));
			graph_promise(g, node, k == 0 ? "a" : "b", from);
		}
	}
	return graph_plan(g);
}

/* A node started only after all before it had succeeded. */
static void
check_order(struct world *w, const struct plan *p)
{
	for (uint32_t i = 0; i < p->n_nodes; i++) {
		const struct plan_node *n = &p->nodes[i];
		uint32_t at = map_get(&w->node_of, n->id);

		if (n->array != PLAN_NONE || at == MAP_NONE ||
		    w->nodes.at[at].phase == SCHED_SKIPPED)
			continue;
		for (uint32_t k = 0; k < n->up.n; k++) {
			struct sched_view v;

			sched_view(w->s, (struct sched_ref){ 0,
			    p->edges[n->up.at + k], SCHED_NONE, 0 }, &v);
			CHECK_INT(v.phase, SCHED_SUCCEEDED);
		}
		CHECK(w->nodes.at[at].attempt < n->attempts + 3);
	}
}

static void
check_end(struct world *w, const struct plan *p)
{
	int failed = 0, unfinished = 0;

	CHECK(is_over(w));
	CHECK_INT(w->running.n, 0);
	CHECK_INT(sched_n_running(w->s, NULL), 0);
	check_order(w, p);
	for (size_t i = 0; i < w->nodes.n; i++) {
		enum sched_phase ph = w->nodes.at[i].phase;

		failed |= ph == SCHED_FAILED;
		unfinished |= ph == SCHED_RUNNING || ph == SCHED_QUEUED;
	}
	CHECK(!unfinished);
	if (sched_phase(w->s) == SCHED_WF_SUCCEEDED)
		CHECK(!failed);
	if (sched_phase(w->s) == SCHED_WF_FAILED)
		CHECK(failed && sched_error(w->s) != NULL);
}

TEST(random_graphs_in_any_order)
{
	for (seed = 1; seed < 400000; seed += 1999) {
		unsigned long from = seed;
		struct graph g;
		struct plan *p = random_plan(&g, 2 + rnd(40), (int)rnd(2));
		struct str out = ok_outputs(&g.arena);
		struct sched_config c;
		struct world w;
		uint32_t bad = rnd(3) == 0 ? 0 : 3 + rnd(20);

		sched_config_init(&c);
		c.max_parallelism = rnd(3) == 0 ? 1 + rnd(4) : 0;
		world_init(&w, p, &c, rnd(2) ? 1 + rnd(4) : SCHED_NONE);
		for (int i = 0; i < 10000 && !is_over(&w); i++) {
			step(&w, 1);
			if (w.running.n > 0 && rnd(3) > 0)
				end_one(&w, out, bad);
		}
		check_end(&w, p);
		if (w.jobs != SCHED_NONE)
			CHECK(w.most <= w.jobs);
		if (bad == 0)
			CHECK_INT(sched_phase(w.s), SCHED_WF_SUCCEEDED);
		if (unit_bad)
			printf("seed %lu\n", from);
		world_release(&w);
		plan_free(p);
		graph_release(&g);
		seed = from;
	}
}

TEST(an_abort_stops_everything)
{
	for (seed = 7; seed < 100000; seed += 1999) {
		unsigned long from = seed;
		struct graph g;
		struct plan *p = random_plan(&g, 30, 0);
		struct str out = ok_outputs(&g.arena);
		struct sched_config c;
		struct world w;
		uint32_t after = rnd(30);

		sched_config_init(&c);
		world_init(&w, p, &c, 3);
		for (uint32_t i = 0; i < after && !is_over(&w); i++) {
			step(&w, 1);
			if (w.running.n > 0)
				end_one(&w, out, 0);
		}
		sched_abort(w.s, STR("enough"));
		step(&w, 1);
		CHECK(is_over(&w));
		CHECK_INT(w.running.n, 0);
		CHECK_INT(sched_n_running(w.s, NULL), 0);
		world_release(&w);
		plan_free(p);
		graph_release(&g);
		seed = from;
	}
}

/* Killed at any moment, the run goes on from what was written: what had
 * succeeded is not run again, and the end is the same. */
TEST(resumed_runs_repeat_nothing)
{
	for (seed = 3; seed < 200000; seed += 1999) {
		unsigned long from = seed;
		struct graph g;
		struct plan *p = random_plan(&g, 30, 0);
		struct str out = ok_outputs(&g.arena);
		struct sched_config c;
		struct world w, again;
		uint32_t kill = rnd(60);

		sched_config_init(&c);
		world_init(&w, p, &c, 3);
		for (uint32_t i = 0; i < kill && !is_over(&w); i++) {
			step(&w, 1);
			if (w.running.n > 0)
				end_one(&w, out, 0);
		}
		c.resume = recall;
		c.arg = &w;
		world_init(&again, p, &c, 3);
		for (int i = 0; i < 10000 && !is_over(&again); i++) {
			step(&again, 1);
			if (again.running.n > 0)
				end_one(&again, out, 0);
		}
		CHECK_INT(sched_phase(again.s), SCHED_WF_SUCCEEDED);
		for (size_t i = 0; i < w.nodes.n; i++)
			if (w.nodes.at[i].phase == SCHED_SUCCEEDED)
				CHECK_INT(seen(&again,
				    w.nodes.at[i].path)->starts, 0);
		if (unit_bad)
			printf("seed %lu\n", from);
		world_release(&again);
		world_release(&w);
		plan_free(p);
		graph_release(&g);
		seed = from;
	}
}

/* ---- maps ---------------------------------------------------------------- */

static struct plan *
map_plan(struct graph *g, struct arena *a, uint32_t n, double ratio,
    struct str *ret_inputs)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	pb_literal **items = arena_calloc(a, n + 1, sizeof(*items));
	pb_literal_map *m = literal_map_new(a);
	pb_array_node *array;
	pb_node *node;

	for (uint32_t i = 0; i < n; i++)
		items[i] = literal_integer(a, i);
	literal_map_put(m, a, "o", literal_list(a, items, n));
	wire_pack(&m->base, &b);
	*ret_inputs = arena_str(a, strbuf_str(&b));
	graph_init(g);
	graph_task(g, "tl", 1);
	array = graph_map_node(g, "m", "tl", &node);
	array->success_criteria_case =
	    FLYTEIDL__CORE__ARRAY_NODE__SUCCESS_CRITERIA_MIN_SUCCESS_RATIO;
	array->min_success_ratio = (float)ratio;
	graph_promise(g, node, "a", "start-node");
	return graph_plan(g);
}

/* The output of an element is its input; every seventh fails for good. */
static void
end_element(struct world *w, const struct sched_action *a)
{
	struct sched_result r = { .end = SCHED_OK };
	c_arena struct arena arena = ARENA_INIT;
	c_strbuf struct strbuf b = STRBUF_INIT;
	pb_literal_map *out = literal_map_new(&arena);
	ProtobufCMessage *in;
	struct err e;

	CHECK(wire_unpack(&flyteidl__core__literal_map__descriptor, a->inputs,
	    &arena, &in, &e) == 0);
	literal_map_put(out, &arena, "o",
	    literal_map_get((pb_literal_map *)in, "a"));
	wire_pack(&out->base, &b);
	r.outputs = strbuf_str(&b);
	if (a->at.element % 7 == 3) {
		r.end = SCHED_ERROR;
		r.error = (struct sched_error){ SCHED_USER, STR("E"),
		    STR("no") };
	}
	sched_finished(w->s, a->at, &r);
}

static void
run_map(struct world *w)
{
	const struct sched_action *a;

	while (!is_over(w)) {
		sched_step(w->s, 1, w->jobs);
		while ((a = sched_action(w->s)) != NULL) {
			w->starts += a->todo == SCHED_START;
			if (a->todo == SCHED_START)
				end_element(w, a);
		}
	}
}

TEST(failed_elements_are_none_in_place)
{
	c_arena struct arena a = ARENA_INIT;
	struct graph g;
	struct sched_config c;
	struct world w;
	struct sched_view v;
	struct plan *p;
	ProtobufCMessage *m;
	struct err e;
	pb_literal *list;

	sched_config_init(&c);
	p = map_plan(&g, &a, 10000, 0.8, &c.inputs);
	world_init(&w, p, &c, 5);
	run_map(&w);
	CHECK_INT(sched_phase(w.s), SCHED_WF_SUCCEEDED);
	CHECK_INT(w.starts, 10000);
	sched_view(w.s, (struct sched_ref){ 0, plan_find(p, 0, STR("m")),
	    SCHED_NONE, 0 }, &v);
	CHECK(wire_unpack(&flyteidl__core__literal_map__descriptor, v.outputs,
	    &a, &m, &e) == 0);
	list = literal_map_get((pb_literal_map *)m, "o");
	CHECK_INT(list->collection->n_literals, 10000);
	for (size_t i = 0; i < list->collection->n_literals; i++) {
		const pb_literal *l = list->collection->literals[i];

		CHECK_INT(literal_is_none(l), i % 7 == 3);
		if (i % 7 != 3)
			CHECK_INT(literal_primitive(l)->integer, i);
	}
	world_release(&w);
	plan_free(p);
	graph_release(&g);
}

TEST(too_many_failed_elements_fail_the_map)
{
	c_arena struct arena a = ARENA_INIT;
	struct graph g;
	struct sched_config c;
	struct world w;
	struct plan *p;

	sched_config_init(&c);
	p = map_plan(&g, &a, 1000, 0.9, &c.inputs);
	world_init(&w, p, &c, 5);
	run_map(&w);
	CHECK_INT(sched_phase(w.s), SCHED_WF_FAILED);
	/* It stops as soon as it is lost, not at the end. */
	CHECK(w.starts < 1000);
	CHECK(strstr(sched_error(w.s)->message.p, "[3][10]") != NULL);
	CHECK_INT(sched_n_running(w.s, NULL), 0);
	world_release(&w);
	plan_free(p);
	graph_release(&g);
}

/* ---- time ---------------------------------------------------------------- */

TEST(deadlines_are_told_and_kept)
{
	struct graph g;
	struct sched_config c;
	struct world w;
	struct plan *p;
	pb_node *n;

	graph_init(&g);
	graph_task(&g, "t", 0);
	n = graph_task_node(&g, "n", "t");
	n->metadata->timeout = PB_NEW(&g.arena, google__protobuf__duration);
	n->metadata->timeout->seconds = 60;
	p = graph_plan(&g);
	sched_config_init(&c);
	world_init(&w, p, &c, SCHED_NONE);
	step(&w, 1000);
	CHECK_INT(w.running.n, 1);
	CHECK_INT(sched_deadline(w.s), INT64_C(60000001001));
	step(&w, INT64_C(60000001000));
	CHECK(!is_over(&w));
	step(&w, INT64_C(60000001001));
	CHECK_INT(sched_phase(w.s), SCHED_WF_FAILED);
	CHECK_STR(sched_error(w.s)->code.p, "RetriesExhausted|TimeoutExpired");
	CHECK_INT(w.stops, 1);
	world_release(&w);
	plan_free(p);
	graph_release(&g);
}

/* ---- plans --------------------------------------------------------------- */

TEST(a_cycle_is_no_plan)
{
	struct graph g;
	pb_node *a, *b;

	graph_init(&g);
	graph_task(&g, "t", 0);
	a = graph_task_node(&g, "a", "t");
	b = graph_task_node(&g, "b", "t");
	graph_task_node(&g, "c", "t");
	graph_promise(&g, a, "a", "b");
	graph_promise(&g, b, "a", "a");
	graph_after(&g, a, "c");
	CHECK(graph_plan(&g) == NULL);
	graph_release(&g);
}

TEST(two_nodes_of_one_id_are_no_plan)
{
	struct graph g;

	graph_init(&g);
	graph_task(&g, "t", 0);
	graph_task_node(&g, "a", "t");
	graph_task_node(&g, "a", "t");
	CHECK(graph_plan(&g) == NULL);
	graph_release(&g);
}

TEST(a_task_that_is_not_there_is_no_plan)
{
	struct graph g;

	graph_init(&g);
	graph_task_node(&g, "a", "gone");
	CHECK(graph_plan(&g) == NULL);
	graph_release(&g);
}
