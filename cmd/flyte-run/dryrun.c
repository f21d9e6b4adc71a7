#include "dryrun.h"

#include "base/map.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "data/json.h"
#include "run/execution.h"

enum fate {
	FATE_RUN,	/* its inputs are known, nothing to reuse */
	FATE_REUSE,
	FATE_RECOVER,
	FATE_LATER,	/* depends on what would run */
	FATE_SKIP,
	FATE_WAIT,	/* a gate */
	FATE_FAIL	/* whatever its tasks do */
};

struct row {
	struct str	 path;
	enum fate	 fate;
	const char	*why;
};

struct dryrun {
	int		 json;
	struct arena	 arena;
	struct map	 by_path;
	VEC(struct row)	 rows;
};

struct dryrun *
dryrun_new(int json)
{
	struct dryrun *d = xcalloc(1, sizeof(*d));

	d->json = json;
	return d;
}

void
dryrun_free(struct dryrun *d)
{
	if (d == NULL)
		return;
	map_release(&d->by_path);
	VEC_RELEASE(&d->rows);
	arena_release(&d->arena);
	free(d);
}

static struct row *
row_of(struct dryrun *d, struct str path)
{
	uint32_t i = map_get(&d->by_path, path);
	struct row fresh = { .fate = FATE_RUN };

	if (i == MAP_NONE) {
		fresh.path = arena_str(&d->arena, path);
		i = (uint32_t)d->rows.n;
		VEC_PUSH(&d->rows, fresh);
		map_put(&d->by_path, fresh.path, i);
	}
	return &d->rows.at[i];
}

static const char *
gate_words(const struct sched_action *act)
{
	switch (act->plan->gates[act->node->what].kind) {
	case PLAN_APPROVE:
		return "for approval";
	case PLAN_SIGNAL:
		return "for a signal";
	case PLAN_SLEEP:
	default:
		return "sleeps";
	}
}

void
dryrun_watch(void *arg, struct run *run, const struct run_event *ev)
{
	struct dryrun *d = arg;
	const struct sched_action *act = ev->action;
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct str path;
	struct row *row;

	/* Of an execution that it would launch: "NODE > ". */
	strbuf_adds(&b, run_label(run));
	strbuf_addstr(&b, ev->path);
	path = strbuf_str(&b);
	if (ev->kind == RUN_WOULD) {
		row = row_of(d, path);
		row->fate = FATE_RUN;
		if (ev->text.n > 0)
			row->why = arena_strndup(&d->arena, ev->text.p,
			    ev->text.n);
	} else if (ev->kind == RUN_EXPLAINED) {
		row = row_of(d, path);
		row->why = arena_strndup(&d->arena, ev->text.p, ev->text.n);
	} else if (ev->kind == RUN_NODE && act->phase == SCHED_FAILED) {
		row = row_of(d, path);
		row->fate = FATE_FAIL;
		row->why = arena_strndup(&d->arena, act->error.message.p,
		    act->error.message.n);
	} else if (ev->kind == RUN_NODE && act->phase == SCHED_RUNNING &&
	    act->node->kind == PLAN_GATE) {
		row = row_of(d, path);
		row->fate = FATE_WAIT;
		row->why = gate_words(act);
	} else if (ev->kind == RUN_NODE && act->phase == SCHED_RECOVERED &&
	    act->node->kind != PLAN_START && act->node->kind != PLAN_END) {
		row_of(d, path)->fate = FATE_RECOVER;
	} else if (ev->kind == RUN_NODE && act->node->kind == PLAN_TASK) {
		if (act->phase == SCHED_SUCCEEDED &&
		    act->why == SCHED_WHY_HIT)
			row_of(d, path)->fate = FATE_REUSE;
		else if (act->phase == SCHED_SKIPPED)
			row_of(d, path)->fate = FATE_SKIP;
	}
}

/* The first node upstream in the frame that has no result yet, by name. */
static const char *
blocker(struct dryrun *d, const struct sched *s, struct sched_ref node)
{
	uint32_t graph, i, up;
	struct sched_ref at;
	const struct plan *p = sched_frame(s, node.frame, &graph, &at);
	const struct plan_node *n = &p->nodes[node.node];
	struct sched_view view;

	for (i = 0; i < n->up.n; i++) {
		up = p->edges[n->up.at + i];
		at = (struct sched_ref){ node.frame, up, SCHED_NONE, 0 };
		sched_view(s, at, &view);
		if (p->nodes[up].kind != PLAN_START &&
		    view.phase != SCHED_SUCCEEDED &&
		    view.phase != SCHED_RECOVERED)
			return arena_strndup(&d->arena, p->nodes[up].id.p,
			    p->nodes[up].id.n);
	}
	return NULL;
}

/* Nodes of a frame that were never reached wait for others. */
static void
add_unreached(struct dryrun *d, const struct sched *s, uint32_t frame)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	struct sched_ref at;
	uint32_t graph, i;
	const struct plan *p = sched_frame(s, frame, &graph, &at);
	const struct plan_graph *g = &p->graphs[graph];
	const struct plan_node *n;
	const char *up;
	struct row *row;

	for (i = g->first; i < g->first + g->n; i++) {
		n = &p->nodes[i];
		at = (struct sched_ref){ frame, i, SCHED_NONE, 0 };
		strbuf_reset(&path);
		sched_add_path(s, at, &path);
		if (n->kind == PLAN_START || n->kind == PLAN_END ||
		    n->branch != PLAN_NONE || n->array != PLAN_NONE ||
		    i == g->failure ||
		    map_get(&d->by_path, strbuf_str(&path)) != MAP_NONE)
			continue;
		up = blocker(d, s, at);
		if (up == NULL)
			continue;	/* under way: its inside has rows */
		row = row_of(d, strbuf_str(&path));
		row->fate = FATE_LATER;
		row->why = arena_printf(&d->arena, "after %s", up);
	}
}

static const char *const words[] = {
	[FATE_RUN] = "run", [FATE_REUSE] = "reuse",
	[FATE_RECOVER] = "recover", [FATE_LATER] = "later",
	[FATE_SKIP] = "skip", [FATE_WAIT] = "wait",
	[FATE_FAIL] = "fail",
};

static void
print_json(const struct dryrun *d, const char *what, struct strbuf *b)
{
	struct json_writer w = json_writer(b, 0);
	size_t i;

	json_object(&w);
	json_key(&w, "what");
	json_cstr(&w, what);
	json_key(&w, "nodes");
	json_array(&w);
	for (i = 0; i < d->rows.n; i++) {
		json_object(&w);
		json_key(&w, "node");
		json_str(&w, d->rows.at[i].path);
		json_key(&w, "would");
		json_cstr(&w, words[d->rows.at[i].fate]);
		if (d->rows.at[i].why != NULL) {
			json_key(&w, "why");
			json_cstr(&w, d->rows.at[i].why);
		}
		json_end(&w);
	}
	json_end(&w);
	json_end(&w);
	strbuf_addch(b, '\n');
}

uint32_t
dryrun_print(struct dryrun *d, const struct run *run, const char *what,
    struct strbuf *b)
{
	const struct sched *s = run_sched(run);
	c_strbuf struct strbuf path = STRBUF_INIT;
	uint32_t work = 0, reuse = 0, frame;
	size_t i;

	for (frame = sched_n_frames(s); frame-- > 0 &&
	    run_phase(run) != SCHED_WF_FAILED;)
		add_unreached(d, s, frame);
	for (i = 0; i < d->rows.n; i++) {
		work += d->rows.at[i].fate == FATE_RUN ||
		    d->rows.at[i].fate == FATE_WAIT ||
		    d->rows.at[i].fate == FATE_LATER;
		reuse += d->rows.at[i].fate == FATE_REUSE ||
		    d->rows.at[i].fate == FATE_RECOVER;
	}
	if (d->json) {
		print_json(d, what, b);
		return work;
	}
	for (i = 0; i < d->rows.n; i++) {
		strbuf_addf(b, "%-8s", words[d->rows.at[i].fate]);
		strbuf_reset(&path);
		execution_add_brief(&path, d->rows.at[i].path);
		utf8_add_shown(b, strbuf_str(&path));
		if (d->rows.at[i].why != NULL &&
		    d->rows.at[i].fate != FATE_REUSE) {
			strbuf_adds(b, "  (");
			utf8_add_shown(b, str_of(d->rows.at[i].why));
			strbuf_addch(b, ')');
		}
		strbuf_addch(b, '\n');
	}
	strbuf_addf(b, "%u to run, %u to reuse\n", work, reuse);
	return work;
}
