#include "run/runner_p.h"

#include "idl/diff.h"
#include "idl/wire.h"

/* Would a node do what it did in the execution that is recovered, and if not,
 * what is other about it? */

/* "config[run]: a | b": what that is to people. */
static struct why
why_of_line(struct str line, struct str source, struct arena *a)
{
	struct cache_explain x = { .differences = 1, .source = source };
	const char *colon = memmem(line.p, line.n, ": ", 2);
	const char *bar = memmem(line.p, line.n, " | ", 3);
	struct why ret = why_of(WHY_TASK);

	x.reason = str_starts(line, "interface.") ? REASON_INTERFACE :
	    str_starts(line, "metadata.discoveryVersion") ? REASON_VERSION :
	    str_starts(line, "metadata.") ? REASON_MAX : REASON_COMMAND;
	if (x.reason == REASON_MAX || colon == NULL || bar == NULL ||
	    bar < colon) {
		ret.text = str_of(arena_printf(a, STR_FMT ": " STR_FMT,
		    STR_ARG(ret.text), STR_ARG(line)));
		return ret;
	}
	x.was = arena_strndup(a, colon + 2, (size_t)(bar - colon) - 2);
	x.is = arena_strndup(a, bar + 3, (size_t)(line.p + line.n - bar) - 3);
	x.field = x.reason == REASON_COMMAND ? "command" :
	    x.reason == REASON_VERSION ? "cache version" :
	    arena_strndup(a, line.p, (size_t)(colon - line.p));
	return why_of_miss(&x, a);
}

/* The difference that says most: what a person wrote rather than what was
 * made of it. */
static struct str
telling_line(struct str lines)
{
	struct str ret = { lines.p, lines.n == 0 ? 0 :
	    (size_t)((const char *)memchr(lines.p, '\n', lines.n) - lines.p) };
	const char *p = lines.p, *end = lines.p + lines.n, *nl;

	for (; p < end; p = nl + 1) {
		nl = memchr(p, '\n', (size_t)(end - p));
		if (strncmp(p, "config[", 7) == 0)
			return (struct str){ p, (size_t)(nl - p) };
	}
	return ret;
}

/* Where a node was, for people: PROJECT/DOMAIN/ID/PATH. */
static struct str
source_of(const struct run *run, struct str path, struct arena *a)
{
	const struct execution_id *id = &run->recover->id;

	return str_of(arena_printf(a, "%s/%s/%s/" STR_FMT, id->project,
	    id->domain, id->name, STR_ARG(path)));
}

/* Says how a task is another. */
static void
tell_task(struct run *run, struct str path, struct str is, struct str was)
{
	const ProtobufCMessageDescriptor *d =
	    &flyteidl__core__task_template__descriptor;
	c_arena struct arena arena = ARENA_INIT;
	c_strbuf struct strbuf lines = STRBUF_INIT;
	ProtobufCMessage *x, *y;
	struct why why;
	struct err e;

	if (wire_unpack(d, is, &arena, &x, &e) < 0 ||
	    wire_unpack(d, was, &arena, &y, &e) < 0)
		return;
	((pb_task_template *)x)->id = NULL;
	((pb_task_template *)y)->id = NULL;
	diff_add(y, x, &lines);
	why = why_of_line(telling_line(strbuf_str(&lines)),
	    source_of(run, path, &arena), &arena);
	run_keep_why(run, path, &why);
}

int
run_same_code(struct run *run, struct str path, const struct plan *p,
    const struct plan_node *node, enum why_code *ret_why)
{
	const struct plan_node *old;
	const struct plan *q;
	struct str is, was;
	int inside;

	*ret_why = WHY_MAX;
	if (node->kind == PLAN_BRANCH)
		return 0;
	if (run->same_code)
		return 1;
	old = run_find_old(run, path, &q, &inside);
	if (inside)
		return 1;
	*ret_why = WHY_TASK;
	if (old == NULL || old->kind != node->kind)
		return 0;
	if (node->kind == PLAN_TASK) {
		is = p->tasks[node->what].template;
		was = q->tasks[old->what].template;
		if (run_same_template(is, was))
			return 1;
		tell_task(run, path, is, was);
		return 0;
	}
	*ret_why = WHY_MAX;
	return node->kind == PLAN_GATE &&
	    p->gates[node->what].kind == q->gates[old->what].kind &&
	    p->gates[node->what].sleep == q->gates[old->what].sleep &&
	    str_eq(p->gates[node->what].type, q->gates[old->what].type);
}

int
run_same_literals(struct str a, struct str b)
{
	const ProtobufCMessageDescriptor *d =
	    &flyteidl__core__literal_map__descriptor;
	c_arena struct arena arena = ARENA_INIT;
	ProtobufCMessage *x, *y;
	struct err e;

	return str_eq(a, b) || (wire_unpack(d, a, &arena, &x, &e) == 0 &&
	    wire_unpack(d, b, &arena, &y, &e) == 0 && wire_equal(x, y));
}

/* Which input is another, and how. */
static void
tell_inputs(struct run *run, struct str path, struct str is, struct str was)
{
	const ProtobufCMessageDescriptor *d =
	    &flyteidl__core__literal_map__descriptor;
	c_arena struct arena a = ARENA_INIT;
	struct cache_explain x = { .key = "" };
	struct cache_sides sides = { .store = run->runner->opts.store };
	ProtobufCMessage *mine, *theirs;
	struct why why;
	struct err e;

	if (wire_unpack(d, is, &a, &mine, &e) < 0 ||
	    wire_unpack(d, was, &a, &theirs, &e) < 0)
		return;
	x.source = source_of(run, path, &a);
	sides.is = (const pb_literal_map *)mine;
	sides.was = (const pb_literal_map *)theirs;
	cache_explain_inputs(&sides, &a, &x);
	why = why_of_miss(&x, &a);
	run_keep_why(run, path, &why);
}

int
run_same_inputs(struct run *run, const struct history_node *n, struct str inputs)
{
	int same;

	c_arena struct arena a = ARENA_INIT;
	struct store *store = run->runner->opts.store;
	char digest[RECORD_DIGEST];
	struct str had;
	struct err e;

	if (n->digest != NULL)
		return record_digest(store, inputs, digest, &e) == 0 &&
		    strcmp(digest, n->digest) == 0;
	if (history_inputs(run->recover, store, n, &a, &had, &e) < 0)
		return -1;
	if (had.p == NULL)
		return run->same_inputs;
	same = run_same_literals(had, inputs);
	if (!same)
		tell_inputs(run, n->path, inputs, had);
	return same;
}
