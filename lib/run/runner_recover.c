#include "run/runner_p.h"

#include "idl/nodepath.h"
#include "idl/wire.h"

/*
 * What another execution had done and need not be done again: a task whose
 * template and inputs are what they were then.  What is made of other nodes
 * is taken whole if no code changed and its inputs did not, else looked into.
 */

/* ---- why not ------------------------------------------------------------ */

static void
keep_reason(struct run *run, struct str path, enum why_code code)
{
	struct why why = why_of(code);

	run_keep_why(run, path, &why);
}

/* ---- what is asked to run again ----------------------------------------- */

int
run_is_forced(const struct run *run, struct str path)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t len;

	if (run->forced_list.n == 0)
		return 0;
	nodepath_add(&b, path);
	for (len = 1; len <= b.n; len++)
		if ((len == b.n || b.p[len] == '/') && map_get(&run->forced,
		    (struct str){ b.p, len }) != MAP_NONE)
			return 1;
	return 0;
}

/* Something inside it is. */
static int
has_forced(const struct run *run, struct str path)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	nodepath_add(&b, path);
	for (i = 0; i < run->forced_list.n; i++)
		if (strncmp(run->forced_list.at[i], b.p, b.n) == 0 &&
		    run->forced_list.at[i][b.n] == '/')
			return 1;
	return 0;
}

/* Kept as people name it, whichever way it was given. */
static int
force(struct run *run, const char *given)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const char *path;

	nodepath_add_given(&b, str_of(given));
	path = arena_strndup(&run->arena, b.p, b.n);
	if (map_put(&run->forced, str_of(path), 1) != MAP_NONE)
		return 0;
	VEC_PUSH(&run->forced_list, path);
	return 1;
}

/* From a node on: it and what comes after it in its graph. */
static void
force_from(struct run *run, const char *id)
{
	const struct plan *p = run->plan;
	uint32_t at = plan_find(p, 0, str_of(id)), i, k;
	VEC(uint32_t) todo = VEC_INIT;

	force(run, id);
	if (at == PLAN_NONE)
		return;
	VEC_PUSH(&todo, at);
	while (todo.n > 0) {
		at = VEC_POP(&todo);
		for (i = 0; i < p->nodes[at].down.n; i++) {
			k = p->edges[p->nodes[at].down.at + i];
			if (force(run, arena_strndup(&run->arena,
			    p->nodes[k].id.p, p->nodes[k].id.n)))
				VEC_PUSH(&todo, k);
		}
	}
	VEC_RELEASE(&todo);
}

/* The first word of a path is a node of the workflow. */
static int
check_node(const struct plan *p, const char *option, const char *path,
    struct err *e)
{
	struct str id = { path, strcspn(path, "/") };
	c_strbuf struct strbuf names = STRBUF_INIT;
	const struct plan_graph *g = &p->graphs[0];
	uint32_t i;

	if (plan_find(p, 0, id) != PLAN_NONE)
		return 0;
	for (i = g->first; i < g->first + g->n && names.n < 200; i++)
		if (p->nodes[i].kind != PLAN_START &&
		    p->nodes[i].kind != PLAN_END &&
		    p->nodes[i].array == PLAN_NONE)
			strbuf_addf(&names, "%s" STR_FMT,
			    names.n > 0 ? ", " : "",
			    STR_ARG(p->nodes[i].id));
	return err_set(e, ERR_MISSING, "%s %s: no such node; there are %s%s",
	    option, path, names.p, i < g->first + g->n ? ", ..." : "");
}

static int
set_forced(struct run *run, const struct run_spec *spec, struct err *e)
{
	size_t i;

	for (i = 0; i < spec->n_force; i++) {
		if (check_node(run->plan, "--force", spec->force[i], e) < 0)
			return -1;
		force(run, spec->force[i]);
	}
	for (i = 0; i < spec->n_from; i++) {
		if (check_node(run->plan, "--from", spec->from[i], e) < 0)
			return -1;
		force_from(run, spec->from[i]);
	}
	return 0;
}

/* ---- the engine's questions --------------------------------------------- */

static const struct history_node *
known(const struct run *run, struct str path, struct history_node *room)
{
	return history_find(run->recover, path, room);
}

static enum why_code
reason_of(const struct history_node *n)
{
	if (n == NULL)
		return WHY_NEW;
	if (n->phase == SCHED_SKIPPED)
		return WHY_WAS_SKIPPED;
	if (n->phase == SCHED_FAILED || n->phase == SCHED_TIMED_OUT)
		return WHY_WAS_FAILED;
	return WHY_WAS_STOPPED;
}

/* As good as if it had not run. */
static int
cannot_read(struct run *run, struct str path, const struct err *e)
{
	struct why why = why_of(WHY_LOST);

	why.text = str_of(arena_printf(&run->arena, STR_FMT ": %s",
	    STR_ARG(why.text), e->msg));
	run_keep_why(run, path, &why);
	return 0;
}

static int
recover_node(void *arg, struct str path, struct sched_record *ret)
{
	struct run *run = arg;
	struct history_node room;
	const struct history_node *n = known(run, path, &room);
	struct err e;

	arena_release(&run->recalled);
	if (run_is_forced(run, path)) {
		keep_reason(run, path, WHY_FORCED);
		return 0;
	}
	if (n != NULL && n->phase != SCHED_SUCCEEDED &&
	    n->phase != SCHED_RECOVERED && n->spec.p != NULL) {
		*ret = (struct sched_record){ .phase = SCHED_FAILED };
		return history_spec(run->recover, n->spec, &run->recalled,
		    &ret->futures, &e) == 0 ? 1 : cannot_read(run, path, &e);
	}
	if (n == NULL || (n->phase != SCHED_SUCCEEDED &&
	    n->phase != SCHED_RECOVERED)) {
		keep_reason(run, path, reason_of(n));
		return 0;
	}
	if (has_forced(run, path))
		return 0;
	*ret = (struct sched_record){ .phase = n->phase };
	return history_outputs(run->recover, run->runner->opts.store, n,
	    &run->recalled, &ret->outputs, &e) == 0 ? 1 :
	    cannot_read(run, path, &e);
}

static int
is_same(void *arg, struct str path, const struct plan *p,
    const struct plan_node *node, struct str inputs)
{
	struct run *run = arg;
	struct history_node room;
	const struct history_node *n = known(run, path, &room);
	c_strbuf struct strbuf prefix = STRBUF_INIT;
	enum why_code why;
	int same;

	if (n == NULL) {
		keep_reason(run, path, reason_of(n));
		return 0;
	}
	if (!run_same_code(run, path, p, node, &why)) {
		if (why != WHY_MAX)
			keep_reason(run, path, why);
		return 0;
	}
	same = run_same_inputs(run, n, inputs);
	if (same < 0)
		keep_reason(run, path, WHY_LOST);
	else if (same == 0)
		keep_reason(run, path, WHY_INPUT);
	if (same <= 0) {
		return 0;
	}
	if (n->spec.p != NULL) {
		/* Names in it may mean something else by now, also such
		 * as the closure does not have. */
		if (!run_same_names(run, n)) {
			keep_reason(run, path, WHY_CODE);
			return 0;
		}
		strbuf_addf(&prefix, STR_FMT "/0/", STR_ARG(path));
		map_put(&run->continued, arena_str(&run->arena,
		    strbuf_str(&prefix)), 1);
	}
	return 1;
}

void
run_recover_config(struct run *run, struct sched_config *c)
{
	if (run->recover == NULL)
		return;
	c->recover = recover_node;
	c->same = is_same;
}

/* ---- coming and going --------------------------------------------------- */

/* Compares with what ran then; without that nothing is reused. */
static int
compare(struct run *run, struct str closure, struct str inputs,
    struct err *e)
{
	const struct history *h = run->recover;
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;
	struct str old;

	if (h->closure == NULL)
		return err_set(e, ERR_CORRUPT, "%s/journal: no closure",
		    h->dir);
	if (closure_get(run->runner->opts.home, h->closure, &bytes, e) < 0 ||
	    history_literals(h, run->runner->opts.store, h->inputs, &a,
	    &old, e) < 0)
		return -1;
	run->same_code = str_eq(strbuf_str(&bytes), closure);
	run->same_inputs = run_same_literals(old, inputs);
	if (wire_unpack(&flyteidl__core__compiled_workflow_closure__descriptor,
	    strbuf_str(&bytes), &a, &m, e) < 0)
		return -1;
	if (plan_build((pb_compiled_workflow_closure *)m,
	    &run->recovered_plan, e) < 0)
		return -1;
	plan_apply_cache(run->recovered_plan);
	return 0;
}

int
run_recover_set(struct run *run, const struct run_spec *spec, struct err *e)
{
	c_strbuf struct strbuf closure = STRBUF_INIT;
	const struct history *h = spec->recover;

	if (h == NULL)
		return 0;
	run->recover = h;
	run->record.recover = arena_printf(&run->arena, "%s/%s/%s",
	    h->id.project, h->id.domain, h->id.name);
	wire_pack(&spec->closure->base, &closure);
	if (set_forced(run, spec, e) < 0)
		return -1;
	return compare(run, strbuf_str(&closure), spec->inputs, e);
}

/* PROJECT/DOMAIN/NAME as written above. */
static int
load_recovered(struct run *run, const char *text, struct err *e)
{
	struct str rest = str_of(text);
	struct execution_id id;
	struct str project = run_next_word(&rest), domain = run_next_word(&rest);

	id.project = arena_strndup(&run->arena, project.p, project.n);
	id.domain = arena_strndup(&run->arena, domain.p, domain.n);
	id.name = arena_strndup(&run->arena, rest.p, rest.n);
	return history_load(run->runner->opts.home, &id, &run->recovered, e);
}

int
run_recover_resume(struct run *run, struct str inputs, struct err *e)
{
	const struct history *h = &run->history;
	c_strbuf struct strbuf closure = STRBUF_INIT;
	size_t i;

	if (h->recover == NULL)
		return 0;
	if (load_recovered(run, h->recover, e) < 0) {
		run_say(run, "nothing is recovered any more: %s", e->msg);
		return 0;
	}
	run->recover = &run->recovered;
	for (i = 0; i < h->n_forced; i++)
		force(run, h->forced[i]);
	if (closure_get(run->runner->opts.home, h->closure, &closure, e) < 0)
		return -1;
	return compare(run, strbuf_str(&closure), inputs, e);
}

void
run_recover_child(struct run *run, struct str path, struct history *ret)
{
	struct history_node room;
	const struct history_node *n = run->recover == NULL ? NULL :
	    known(run, path, &room);
	struct err e;

	*ret = (struct history){ .dir = NULL };
	if (n == NULL || n->child.name == NULL || run_is_forced(run, path))
		return;
	if (history_load(run->runner->opts.home, &n->child, ret, &e) < 0) {
		run_say(run, STR_FMT ": its execution %s runs anew: %s",
		    STR_ARG(path), n->child.name, e.msg);
		history_release(ret);
		*ret = (struct history){ .dir = NULL };
	}
}

void
run_recover_release(struct run *run)
{
	plan_free(run->recovered_plan);
	run_old_release(run);
	if (run->recovered.dir != NULL)
		history_release(&run->recovered);
	map_release(&run->forced);
	map_release(&run->continued);
	VEC_RELEASE(&run->forced_list);
}
