/*
 * The engine alone, with tasks that end at once: nanoseconds a node for a
 * random graph of N nodes (default 100,000) and one of 2N (linear code: the
 * same), for N independent ones at -j2, and for a map of 10 N elements; and
 * the most memory in use, with the messages the plan is made of.
 */

#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "../tests/unit/graph.h"
#include "idl/wire.h"
#include "engine/sched.h"

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static long
peak_kb(void)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

/* Runs to the end; at most jobs attempts at once. */
static size_t
drive(struct plan *p, uint32_t jobs, struct str out, struct str inputs)
{
	struct sched_config c;
	struct sched *s;
	struct sched_result r = { .end = SCHED_OK, .outputs = out };
	const struct sched_action *a;
	VEC(struct sched_ref) running = VEC_INIT;
	size_t starts = 0;

	sched_config_init(&c);
	c.inputs = inputs;
	s = sched_new(p, &c, 1);
	while (sched_phase(s) != SCHED_WF_SUCCEEDED) {
		sched_step(s, 1, jobs == SCHED_NONE ? SCHED_NONE :
		    jobs - (uint32_t)running.n);
		while ((a = sched_action(s)) != NULL)
			if (a->todo == SCHED_START) {
				VEC_PUSH(&running, a->at);
				starts++;
			}
		for (size_t i = 0; i < running.n; i++)
			sched_finished(s, running.at[i], &r);
		running.n = 0;
		if (sched_phase(s) == SCHED_WF_FAILED) {
			printf("failed: %s\n", sched_error(s)->message.p);
			exit(1);
		}
	}
	VEC_RELEASE(&running);
	sched_free(s);
	return starts;
}

static void
report(const char *what, size_t n, double build, double run)
{
	printf("%-28s %8zu  plan %6.0f ns  run %6.0f ns each  (%.2f s)\n",
	    what, n, build * 1e9 / (double)n, run * 1e9 / (double)n,
	    build + run);
}

static void
graph(size_t n, int independent, uint32_t jobs, struct str out)
{
	struct graph g;
	struct plan *p;
	double t0, t1, t2;
	unsigned long x = 88172645463325252ul;
	char id[32], from[32];

	graph_init(&g);
	graph_task(&g, "t", 0);
	for (size_t i = 0; i < n; i++) {
		pb_node *node;

		snprintf(id, sizeof(id), "n%zu", i);
		node = graph_task_node(&g, id, "t");
		for (int k = 0; k < 2 && i > 0 && !independent; k++) {
			x ^= x << 13, x ^= x >> 7, x ^= x << 17;
			snprintf(from, sizeof(from), "n%zu", x % i);
			graph_promise(&g, node, k == 0 ? "a" : "b", from);
		}
	}
	t0 = now();
	p = graph_plan(&g);
	if (p == NULL)
		exit(1);
	t1 = now();
	graph_release(&g);
	drive(p, jobs, out, STR(""));
	t2 = now();
	report(independent ? "independent nodes, -j2" : "random graph", n,
	    t1 - t0, t2 - t1);
	plan_free(p);
}

/* The list comes as the workflow's input, as wire bytes. */
static void
map(size_t n, struct str out)
{
	struct graph g;
	struct plan *p;
	double t0, t1;
	c_strbuf struct strbuf list = STRBUF_INIT, entry = STRBUF_INIT;
	c_strbuf struct strbuf inputs = STRBUF_INIT;
	pb_node *node;

	graph_init(&g);
	graph_task(&g, "t", 1);
	(void)graph_map_node(&g, "m", "t", &node);
	graph_promise(&g, node, "a", "start-node");
	p = graph_plan(&g);
	if (p == NULL)
		exit(1);
	graph_release(&g);
	for (size_t i = 0; i < n; i++)
		wire_add_bytes(&list, 1, (struct str){ "\n\4\n\2\10\7", 6 });
	wire_add_bytes(&entry, 2, strbuf_str(&list));
	strbuf_release(&list);
	strbuf_init(&list);
	wire_add_bytes(&list, 1, STR("o"));
	wire_add_bytes(&list, 2, strbuf_str(&entry));
	wire_add_bytes(&inputs, 1, strbuf_str(&list));
	strbuf_release(&list);
	strbuf_release(&entry);
	printf("most memory %ld kB, all of it before the engine\n", peak_kb());
	t0 = now();
	drive(p, 64, out, strbuf_str(&inputs));
	t1 = now();
	report("map elements, -j64", n, 0, t1 - t0);
	plan_free(p);
}

int
main(int argc, char **argv)
{
	size_t n = argc > 1 ? (size_t)strtoul(argv[1], NULL, 10) : 100000;
	c_arena struct arena a = ARENA_INIT;
	c_strbuf struct strbuf out = STRBUF_INIT;
	pb_literal_map *m = literal_map_new(&a);

	literal_map_put(m, &a, "o", literal_integer(&a, 42));
	wire_pack(&m->base, &out);
	map(10 * n, strbuf_str(&out));
	printf("most memory %ld kB\n", peak_kb());
	graph(n, 1, 2, strbuf_str(&out));
	graph(n, 0, SCHED_NONE, strbuf_str(&out));
	printf("most memory %ld kB\n", peak_kb());
	graph(2 * n, 0, SCHED_NONE, strbuf_str(&out));
	return 0;
}
