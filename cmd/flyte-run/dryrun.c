#include "dryrun.h"

#include "base/map.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "data/json.h"
#include "idl/nodepath.h"

struct row {
	struct str	path;		/* behind the label of its execution */
	enum fate	fate;
	struct why	why;
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

static void
set_row(struct dryrun *d, struct str path, enum fate fate,
    const struct why *why)
{
	struct row *row = row_of(d, path);

	row->fate = fate;
	row->why = *why;
	row->why.text = arena_str(&d->arena, why->text);
	if (why->detail.p != NULL)
		row->why.detail = arena_str(&d->arena, why->detail);
}

static struct why
why_gate(const struct sched_action *act)
{
	switch (act->plan->gates[act->node->what].kind) {
	case PLAN_APPROVE:
		return why_of(WHY_APPROVAL);
	case PLAN_SIGNAL:
		return why_of(WHY_SIGNAL);
	case PLAN_SLEEP:
	default:
		return why_of(WHY_SLEEP);
	}
}

static void
on_node(struct dryrun *d, struct run *run, struct str path,
    const struct run_event *ev)
{
	const struct sched_action *act = ev->action;
	int is_task = act->node->kind == PLAN_TASK;
	struct why why;
	enum fate fate;

	switch (act->phase) {
	case SCHED_RUNNING:
		if (act->node->kind != PLAN_GATE)
			return;
		why = why_gate(act);
		set_row(d, path, FATE_WAIT, &why);
		return;
	case SCHED_SUCCEEDED:
		/* What holds others tells nothing of its own, and a gate
		 * has told that it waits. */
		if (!is_task && (act->node->kind != PLAN_GATE ||
		    act->why != SCHED_WHY_RESTORED))
			return;
		break;
	case SCHED_FAILED:
	case SCHED_TIMED_OUT:
		break;
	case SCHED_ABORTED:
		if (!is_task)
			return;
		break;
	case SCHED_SKIPPED:
	case SCHED_RECOVERED:
		break;
	case SCHED_UNDEFINED:
	case SCHED_QUEUED:
	case SCHED_FAILING:
	case SCHED_DYNAMIC_RUNNING:
	case SCHED_PHASE_MAX:
	default:
		return;
	}
	fate = run_why_ended(run, ev, &d->arena, &why);
	if (why.code == WHY_INSIDE || why.code == WHY_TAKEN)
		return;		/* what is inside it has rows */
	set_row(d, path, fate, &why);
}

void
dryrun_watch(void *arg, struct run *run, const struct run_event *ev)
{
	struct dryrun *d = arg;
	c_strbuf struct strbuf path = STRBUF_INIT;

	/* Of an execution that it would launch: "NODE > ". */
	strbuf_adds(&path, run_label(run));
	strbuf_addstr(&path, ev->path);
	if (ev->kind == RUN_WOULD)
		set_row(d, strbuf_str(&path), ev->why->code == WHY_SAME_KEY ?
		    FATE_DEPEND : FATE_RUN, ev->why);
	else if (ev->kind == RUN_NODE)
		on_node(d, run, strbuf_str(&path), ev);
}

/* ---- what was not reached ----------------------------------------------- */

static int
has_result(const struct sched *s, struct sched_ref at)
{
	struct sched_view view;

	sched_view(s, at, &view);
	return view.phase == SCHED_SUCCEEDED || view.phase == SCHED_RECOVERED;
}

/* The node upstream of another in its frame, or PLAN_NONE, that has no result
 * yet. */
static uint32_t
blocker(const struct sched *s, const struct plan *p, struct sched_ref node)
{
	const struct plan_node *n = &p->nodes[node.node];
	struct sched_ref at = node;
	uint32_t i;

	if (n->branch != PLAN_NONE)
		return n->branch;
	for (i = 0; i < n->up.n; i++) {
		at.node = p->edges[n->up.at + i];
		if (p->nodes[at.node].kind != PLAN_START &&
		    !has_result(s, at))
			return at.node;
	}
	return PLAN_NONE;
}

static void
add_unreached_node(struct dryrun *d, const struct run *run,
    const struct plan *p, struct sched_ref at, int is_handler)
{
	const struct sched *s = run_sched(run);
	c_strbuf struct strbuf path = STRBUF_INIT;
	struct why why = why_of(WHY_ON_FAILURE);
	struct sched_view view;
	uint32_t up;

	sched_view(s, at, &view);
	if (view.phase != SCHED_UNDEFINED && view.phase != SCHED_QUEUED)
		return;		/* under way: its inside has rows */

	strbuf_adds(&path, run_label(run));
	sched_add_path(s, at, &path);
	if (map_get(&d->by_path, strbuf_str(&path)) != MAP_NONE)
		return;
	up = is_handler ? PLAN_NONE : blocker(s, p, at);
	if (up == PLAN_NONE && !is_handler)
		return;
	if (up != PLAN_NONE)
		why = why_of_node(WHY_DEPENDS, "on", p->nodes[up].id, "on ",
		    "", &d->arena);
	set_row(d, strbuf_str(&path), FATE_DEPEND, &why);
}

/* Nodes of a frame that were never reached depend on others. */
static void
add_unreached(struct dryrun *d, const struct run *run, uint32_t frame)
{
	struct sched_ref at;
	uint32_t graph, i;
	const struct plan *p = sched_frame(run_sched(run), frame, &graph,
	    &at);
	const struct plan_graph *g = &p->graphs[graph];
	const struct plan_node *n;

	for (i = g->first; i < g->first + g->n; i++) {
		n = &p->nodes[i];
		at = (struct sched_ref){ frame, i, SCHED_NONE, 0 };
		if (n->kind != PLAN_START && n->kind != PLAN_END &&
		    n->array == PLAN_NONE)
			add_unreached_node(d, run, p, at, i == g->failure);
	}
}

/* 1 if what a frame runs has an end already. */
static int
is_over(const struct run *run, uint32_t frame)
{
	const struct sched *s = run_sched(run);
	struct sched_ref parent;
	struct sched_view view;
	uint32_t graph;

	if (history_is_final(run_phase(run)))
		return 1;
	(void)sched_frame(s, frame, &graph, &parent);
	if (parent.frame == SCHED_NONE)
		return 0;
	sched_view(s, parent, &view);
	return view.phase != SCHED_RUNNING &&
	    view.phase != SCHED_DYNAMIC_RUNNING;
}

static void
add_rest(struct dryrun *d, const struct run *run)
{
	const struct sched *s = run_sched(run);
	uint32_t frame;

	for (frame = s == NULL ? 0 : sched_n_frames(s); frame-- > 0;)
		if (!is_over(run, frame))
			add_unreached(d, run, frame);
}

/* ---- in words ----------------------------------------------------------- */

struct counts {
	uint32_t	run, depend, reuse;
};

static void
print_json(const struct dryrun *d, const char *what,
    const struct counts *c, struct strbuf *b)
{
	struct json_writer w = json_writer(b, 0);
	size_t i;

	json_object(&w);
	json_key(&w, "what");
	json_cstr(&w, what);
	json_key(&w, "run");
	json_uint(&w, c->run);
	json_key(&w, "depends");
	json_uint(&w, c->depend);
	json_key(&w, "reuse");
	json_uint(&w, c->reuse);
	json_key(&w, "nodes");
	json_array(&w);
	for (i = 0; i < d->rows.n; i++) {
		json_object(&w);
		json_key(&w, "node");
		json_str(&w, d->rows.at[i].path);
		json_key(&w, "fate");
		json_cstr(&w, fate_name(d->rows.at[i].fate));
		why_put(&w, &d->rows.at[i].why);
		json_end(&w);
	}
	json_end(&w);
	json_end(&w);
	strbuf_addch(b, '\n');
}

static void
print_row(const struct row *row, struct strbuf *b)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	const char *fate = fate_name(row->fate);

	nodepath_add(&path, row->path);
	strbuf_adds(b, fate);
	strbuf_pad(b, ' ', 8 - MIN(strlen(fate), (size_t)8));
	utf8_add_shown(b, strbuf_str(&path));
	strbuf_adds(b, "  (");
	utf8_add_shown(b, row->why.text);
	strbuf_adds(b, ")\n");
}

static void
count(const struct dryrun *d, struct counts *c)
{
	size_t i;

	*c = (struct counts){ 0 };
	for (i = 0; i < d->rows.n; i++) {
		enum fate f = d->rows.at[i].fate;

		c->run += f == FATE_RUN || f == FATE_WAIT;
		c->depend += f == FATE_DEPEND &&
		    d->rows.at[i].why.code != WHY_ON_FAILURE;
		c->reuse += f == FATE_REUSE || f == FATE_RECOVER;
	}
}

uint32_t
dryrun_print(struct dryrun *d, struct runner *r, const char *what,
    struct strbuf *b)
{
	const struct run *run = NULL;
	struct counts c;
	size_t i;

	while ((run = runner_next(r, run)) != NULL)
		add_rest(d, run);
	count(d, &c);
	if (b == NULL)
		return c.run + c.depend;
	if (d->json) {
		print_json(d, what, &c, b);
		return c.run + c.depend;
	}
	for (i = 0; i < d->rows.n; i++)
		print_row(&d->rows.at[i], b);
	strbuf_addf(b, "%u to run, ", c.run);
	if (c.depend > 0)
		strbuf_addf(b, "%u that depend%s on them, ", c.depend,
		    c.depend == 1 ? "s" : "");
	strbuf_addf(b, "%u to reuse\n", c.reuse);
	return c.run + c.depend;
}
