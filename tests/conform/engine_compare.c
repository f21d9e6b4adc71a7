#include "engine.h"

#include "idl/pbjson.h"
#include "idl/wire.h"

/* What a run came to, beside what is recorded. */

struct diff {
	struct engine_run *r;
	const struct engine_edits *edits;
	struct strbuf	*why;
	struct str	where;		/* path of a node, or what */
	unsigned	n;
};

static void
differ(struct diff *d, const char *what, struct str expected,
    struct str given)
{
	if (d->n++ >= 12)
		return;
	strbuf_addf(d->why, "\n\trun %u: " STR_FMT ": %s: expected ",
	    d->r->number, STR_ARG(d->where), what);
	strbuf_addstr(d->why, expected);
	strbuf_adds(d->why, ", given ");
	strbuf_addstr(d->why, given);
}

static void
check_text(struct diff *d, const char *what, struct str expected,
    struct str given)
{
	if (!str_eq(expected, given))
		differ(d, what, expected, given);
}

static void
check_number(struct diff *d, const char *what, int64_t expected,
    int64_t given)
{
	c_strbuf struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;

	if (expected == given)
		return;
	strbuf_addf(&a, "%lld", (long long)expected);
	strbuf_addf(&b, "%lld", (long long)given);
	differ(d, what, strbuf_str(&a), strbuf_str(&b));
}

/* A core.LiteralMap under a key; none is expected where the key is not. */
static void
check_map(struct diff *d, uint32_t json, const char *what, struct str given)
{
	const struct conform_row *row = d->r->w->row;
	c_strbuf struct strbuf text = STRBUF_INIT, a = STRBUF_INIT;
	c_strbuf struct strbuf b = STRBUF_INIT;
	ProtobufCMessage *m, *mine;
	struct err e;

	if (conform_message(row, json, what,
	    &flyteidl__core__literal_map__descriptor, &m, &e) != 0) {
		differ(d, what, str_of(e.msg), given);
		return;
	}
	wire_pack(m, &text);
	if (given.p == NULL)
		given = STR("");
	if (str_eq(strbuf_str(&text), given))
		return;
	pbjson_print(m, 0, &a);
	if (wire_unpack(&flyteidl__core__literal_map__descriptor, given,
	    row->arena, &mine, &e) == 0)
		pbjson_print(mine, 0, &b);
	differ(d, what, strbuf_str(&a), strbuf_str(&b));
}

static int
contains(struct str text, struct str part)
{
	return part.n == 0 || (text.p != NULL &&
	    memmem(text.p, text.n, part.p, part.n) != NULL);
}

/* Each message of the script that is in the recorded text must be in ours. */
static void
check_message(struct diff *d, struct str expected, struct str given)
{
	const struct tree *t = d->r->w->row->tree;

	TREE_EACH_PAIR(t, d->r->script, task, script) {
		uint32_t list = tree_get(t, script, "attempts");

		if (list == TREE_NONE)
			continue;
		TREE_EACH(t, list, action) {
			uint32_t m = tree_get(t, action, "message");

			if (m != TREE_NONE &&
			    contains(expected, t->at[m].text) &&
			    !contains(given, t->at[m].text))
				differ(d, "message", expected, given);
		}
	}
}

static void
check_error(struct diff *d, uint32_t json, const struct sched_error *given)
{
	const struct conform_row *row = d->r->w->row;
	uint32_t e = tree_get(row->tree, json, "error");

	if (e == TREE_NONE || given->code.p == NULL) {
		if (e != TREE_NONE)
			differ(d, "error", conform_text(row, e, "code"),
			    STR("none"));
		else if (given->code.p != NULL)
			differ(d, "error", STR("none"), given->code);
		return;
	}
	check_text(d, "error code", conform_text(row, e, "code"), given->code);
	check_text(d, "error kind", conform_text(row, e, "kind"),
	    str_of(engine_kind_name(given->kind)));
	check_message(d, conform_text(row, e, "message"), given->message);
}

/* ---- edits --------------------------------------------------------------- */

enum engine_free
engine_free_of(const struct engine_edits *e, struct str path)
{
	uint32_t got = map_get(&e->free, path);

	if (got != MAP_NONE)
		return (enum engine_free)got;
	while (path.n > 0) {
		path.n--;
		if (path.p[path.n] == '/' && (got = map_get(&e->free, path)) !=
		    MAP_NONE && got == ENGINE_ALL)
			return ENGINE_ALL;
	}
	return ENGINE_STRICT;
}

static int
is_unfinished(struct str phase)
{
	return str_is(phase, "RUNNING") || str_is(phase, "QUEUED") ||
	    str_is(phase, "DYNAMIC_RUNNING");
}

static struct str
expected_phase(const struct diff *d, struct str recorded)
{
	if (d->edits->stopped && is_unfinished(recorded))
		return STR("ABORTED");
	if (d->edits->end_runs && str_ends(d->where, "end-node") &&
	    str_is(recorded, "RECOVERED"))
		return STR("SUCCEEDED");
	return recorded;
}

static int
is_stray(struct str path)
{
	return memmem(path.p, path.n, "//", 2) != NULL;
}

/* ---- nodes --------------------------------------------------------------- */

struct str
engine_cache_name(enum sched_cache c)
{
	static const char *const names[] = { "", "CACHE_MISS", "CACHE_HIT",
	    "CACHE_POPULATED", "CACHE_LOOKUP_FAILURE", "CACHE_PUT_FAILURE",
	    "CACHE_SKIPPED", "CACHE_EVICTED" };

	return str_of(names[c]);
}

struct str
engine_reservation_name(enum sched_reservation r)
{
	static const char *const names[] = { "", "RESERVATION_ACQUIRED",
	    "RESERVATION_EXISTS", "RESERVATION_RELEASED",
	    "RESERVATION_FAILURE" };

	return str_of(names[r]);
}

struct str
engine_branch_name(const struct sched_action *a)
{
	if (a->taken == SCHED_NONE)
		return STR("");
	return a->plan->nodes[a->taken].id;
}

static void
check_element(struct diff *d, uint32_t json, const struct engine_node *n)
{
	check_number(d, "attempts", engine_int(d->r, json, "attempts", 0),
	    n->last.at.attempt);
	if (engine_free_of(d->edits, d->where) == ENGINE_STRICT)
		check_number(d, "systemFailures",
		    engine_int(d->r, json, "systemFailures", 0),
		    n->last.system_failures);
}

static void
check_node(struct diff *d, uint32_t json, const struct engine_node *n)
{
	const struct conform_row *row = d->r->w->row;
	const struct sched_action *a = &n->last;

	check_text(d, "phase", expected_phase(d,
	    conform_text(row, json, "phase")),
	    str_of(sched_phase_name(a->phase)));
	check_element(d, json, n);
	if (n->is_element || engine_free_of(d->edits, d->where) >=
	    ENGINE_VALUES)
		return;
	check_error(d, json, &a->error);
	check_text(d, "cache", conform_text(row, json, "cache"),
	    engine_cache_name(a->cache));
	check_text(d, "reservation", conform_text(row, json, "reservation"),
	    engine_reservation_name(a->reservation));
	check_text(d, "branch", conform_text(row, json, "branch"),
	    engine_branch_name(a));
	check_map(d, json, "inputs", a->inputs);
	check_map(d, json, "outputs", a->outputs);
}

static void
check_nodes(struct diff *d, uint32_t result)
{
	const struct tree *t = d->r->w->row->tree;
	uint32_t list = tree_get(t, result, "nodes");

	TREE_EACH_PAIR(t, list, path, json) {
		uint32_t i = map_get(&d->r->node_of, t->at[path].text);

		d->where = t->at[path].text;
		if (engine_free_of(d->edits, d->where) == ENGINE_ALL ||
		    (d->edits->no_stray_ids && is_stray(d->where)))
			continue;
		if (i != MAP_NONE)
			check_node(d, json, &d->r->nodes.at[i]);
		else if (!str_is(conform_text(d->r->w->row, json, "phase"),
		    "UNDEFINED"))
			differ(d, "phase", conform_text(d->r->w->row, json,
			    "phase"), STR("not evaluated"));
	}
	for (size_t i = 0; i < d->r->nodes.n; i++) {
		const struct engine_node *n = &d->r->nodes.at[i];

		d->where = n->path;
		if (engine_free_of(d->edits, d->where) == ENGINE_ALL)
			continue;
		if (n->last.phase != SCHED_UNDEFINED &&
		    tree_get_str(t, list, n->path) == TREE_NONE)
			differ(d, "phase", STR("not evaluated"),
			    str_of(sched_phase_name(n->last.phase)));
	}
}

/* ---- calls and launches -------------------------------------------------- */

static const struct engine_call *
find_call(const struct engine_run *r, struct str path, int64_t attempt)
{
	for (size_t i = 0; i < r->calls.n; i++)
		if (r->calls.at[i].at.attempt == attempt &&
		    str_eq(r->calls.at[i].path, path))
			return &r->calls.at[i];
	return NULL;
}

/* 1 if the attempt of this path is the last of a node left unfinished. */
static int
is_left(const struct diff *d, struct str path, int64_t attempt)
{
	const struct conform_row *row = d->r->w->row;
	uint32_t nodes = tree_get(row->tree, tree_get(row->tree, d->r->json,
	    "result"), "nodes");
	uint32_t n = tree_get_str(row->tree, nodes, path);

	return d->edits->stopped && n != TREE_NONE &&
	    is_unfinished(conform_text(row, n, "phase")) &&
	    attempt >= engine_int(d->r, n, "attempts", 0);
}

static void
check_call(struct diff *d, uint32_t json)
{
	const struct conform_row *row = d->r->w->row;
	int64_t attempt = engine_int(d->r, json, "attempt", 0);
	const struct engine_call *c = find_call(d->r, d->where, attempt);

	if (c == NULL && d->edits->calls_less && tree_get(row->tree, json,
	    "index") != TREE_NONE)
		return;
	if (c == NULL) {
		differ(d, "call", conform_text(row, json, "did"),
		    STR("no such call"));
		return;
	}
	check_text(d, "did", conform_text(row, json, "did"), c->did == NULL ?
	    STR("") : str_of(c->did));
	check_number(d, "aborted", conform_true(row, json, "aborted") ||
	    (d->edits->stopped && c->did == NULL) ||
	    is_left(d, d->where, attempt), c->aborted);
	check_number(d, "interruptible",
	    conform_true(row, json, "interruptible"), c->interruptible);
	check_text(d, "task", conform_text(row, json, "task"), c->task->name);
	if (!conform_true(row, json, "inputsError") &&
	    engine_free_of(d->edits, d->where) < ENGINE_VALUES)
		check_map(d, json, "inputs", c->inputs);
}

static void
check_calls(struct diff *d, uint32_t result)
{
	const struct conform_row *row = d->r->w->row;
	uint32_t list = tree_get(row->tree, result, "calls");
	uint32_t n = list == TREE_NONE ? 0 : row->tree->at[list].n;
	uint32_t free_calls = 0, mine = 0;

	for (uint32_t c = n == 0 ? TREE_NONE : row->tree->at[list].first;
	    c != TREE_NONE; c = row->tree->at[c].next) {
		d->where = conform_text(row, c, "node");
		if (engine_free_of(d->edits, d->where) != ENGINE_ALL)
			check_call(d, c);
		else
			free_calls++;
	}
	for (size_t i = 0; i < d->r->calls.n; i++) {
		const struct engine_call *c = &d->r->calls.at[i];

		/* One that was never started may be stopped. */
		mine += engine_free_of(d->edits, c->path) != ENGINE_ALL &&
		    (c->is_started || !is_left(d, c->path, c->at.attempt));
	}
	d->where = STR("calls");
	if (!d->edits->calls_less || mine > n - free_calls)
		check_number(d, "count", n - free_calls, mine);
}

static int
same_launch(struct diff *d, uint32_t json, const struct engine_launch *l)
{
	const struct conform_row *row = d->r->w->row;
	struct str kill = conform_text(row, json, "kill");
	int is_kill = tree_get(row->tree, json, "kill") != TREE_NONE;
	c_strbuf struct strbuf text = STRBUF_INIT;
	ProtobufCMessage *m;
	struct err e;

	if (l->is_kill || is_kill)
		return l->is_kill && is_kill && str_eq(kill, l->plan);
	if (!str_eq(conform_text(row, json, "launchPlan"), l->plan) ||
	    !str_eq(conform_text(row, json, "node"), l->node) ||
	    (conform_text(row, json, "refused").n > 0) != l->refused ||
	    conform_message(row, json, "inputs",
	    &flyteidl__core__literal_map__descriptor, &m, &e) != 0)
		return 0;
	wire_pack(m, &text);
	return str_eq(strbuf_str(&text), l->inputs);
}

static void
check_launches(struct diff *d, uint32_t result)
{
	const struct tree *t = d->r->w->row->tree;
	uint32_t list = tree_get(t, result, "launches"), n = 0, found;
	c_free char *used = xcalloc(d->r->launches.n + 1, 1);

	d->where = STR("launches");
	if (list == TREE_NONE) {
		check_number(d, "count", 0, (int64_t)d->r->launches.n);
		return;
	}
	TREE_EACH(t, list, json) {
		for (found = 0; found < d->r->launches.n; found++)
			if (!used[found] && same_launch(d, json,
			    &d->r->launches.at[found]))
				break;
		if (found < d->r->launches.n)
			used[found] = 1;
		else
			differ(d, "launch", conform_text(d->r->w->row, json,
			    "node"), STR("none"));
		n++;
	}
	/* What is stopped is killed besides. */
	for (found = 0; d->edits->stopped && found < d->r->launches.n; found++)
		n += !used[found] && d->r->launches.at[found].is_kill;
	check_number(d, "count", n, (int64_t)d->r->launches.n);
}

/* ---- the run ------------------------------------------------------------- */

const char *
engine_phase_name(const struct engine_run *r)
{
	if (r->not_built)
		return "NOT_BUILT";
	return sched_wf_name(r->wf);
}

/* The workflow's outputs are what its end-node got. */
static void
check_outputs(struct diff *d, uint32_t result)
{
	const struct tree *t = d->r->w->row->tree;
	uint32_t end = tree_get(t, tree_get(t, result, "nodes"), "end-node");

	if (d->edits->end_runs && end != TREE_NONE &&
	    tree_get(t, end, "inputs") != TREE_NONE)
		check_map(d, end, "inputs", d->r->outputs);
	else
		check_map(d, result, "outputs", d->r->outputs);
}

static void
check_peak(struct diff *d, uint32_t result)
{
	const struct tree *t = d->r->w->row->tree;
	int64_t most = engine_int(d->r, result, "peak", 0);

	if (tree_get(t, result, "peak") == TREE_NONE ||
	    d->edits->workflow == ENGINE_ALL || d->r->w->kill_at > 0)
		return;
	/* With what was left running stopped, no more run at once. */
	if (!d->edits->stopped)
		check_number(d, "peak", most, MAX(d->r->peak,
		    d->r->stop_peak));
	else if (d->r->peak > most)
		check_number(d, "peak", most, d->r->peak);
}

unsigned
engine_compare(struct engine_run *r, const struct engine_edits *edits,
    struct strbuf *why)
{
	static const struct engine_edits strict;
	struct diff d = { r, edits != NULL ? edits : &strict, why,
	    STR("workflow"), 0 };
	const struct conform_row *row = r->w->row;
	uint32_t result = tree_get(row->tree, r->json, "result");

	if (d.edits->workflow < ENGINE_ALL) {
		check_text(&d, "phase", conform_text(row, result, "phase"),
		    str_of(engine_phase_name(r)));
		check_number(&d, "stuck", conform_true(row, result, "stuck"),
		    r->stuck);
	}
	if (r->not_built) {
		check_number(&d, "peak", engine_int(r, result, "peak", 0), 0);
		return d.n;
	}
	if (d.edits->workflow == ENGINE_STRICT) {
		check_error(&d, result, &r->error);
		check_outputs(&d, result);
	}
	check_peak(&d, result);
	check_nodes(&d, result);
	check_calls(&d, result);
	if (d.edits->workflow < ENGINE_ALL)
		check_launches(&d, result);
	return d.n;
}
