#include "compile/compile.h"

#include "compile/build.h"
#include "idl/wire.h"

/* ---- the indices --------------------------------------------------------- */
static void
compiler_release(struct compiler *c)
{
	map_release(&c->tasks);
	map_release(&c->subs);
	map_release(&c->plans);
	strbuf_release(&c->key);
	arena_release(&c->scratch);
}

static struct str
kept_key(struct compiler *c, const pb_identifier *id)
{
	return arena_str(&c->scratch, compiler_key(c, id));
}

/* Of tasks with one id the first counts. */
static int
index_tasks(struct compiler *c)
{
	const struct compile_unit *u = c->unit;
	struct str key;
	size_t i;

	c->task_ifaces = arena_new_n(&c->scratch, u->n_tasks, struct iface *);
	for (i = 0; i < u->n_tasks; i++) {
		if (u->tasks[i] == NULL || u->tasks[i]->id == NULL) {
			compile_error_add(c->errors, COMPILE_VALUE_REQUIRED,
			    "task", NULL, NULL, "Template.Id is required");
			return -1;
		}
		key = compiler_key(c, u->tasks[i]->id);
		if (map_get(&c->tasks, key) == MAP_NONE)
			map_put(&c->tasks, arena_str(&c->scratch, key),
			    (uint32_t)i);
	}
	return 0;
}

static int
index_subs(struct compiler *c)
{
	const struct compile_unit *u = c->unit;
	uint64_t before = c->errors->calls;
	struct compile_place place = { "", "", "", "", NULL };
	pb_workflow_template *t;
	size_t i;

	c->sub = arena_new_n(&c->scratch, u->n_subs, struct sub);
	for (i = 0; i < u->n_subs; i++) {
		if (u->subs[i] == NULL || u->subs[i]->id == NULL) {
			compile_error_add(c->errors, COMPILE_VALUE_REQUIRED,
			    "root", NULL, NULL,
			    "a sub-workflow has no id (Template.Id)");
			return -1;
		}
		t = arena_alloc(c->arena, sizeof(*t));
		*t = *u->subs[i];
		c->sub[i].compiled = PB_NEW(c->arena,
		    flyteidl__core__compiled_workflow);
		c->sub[i].compiled->template_ = t;
		c->sub[i].key = kept_key(c, t->id);
		place.workflow = t->id->name;
		if (map_get(&c->subs, c->sub[i].key) != MAP_NONE)
			compile_error_add(c->errors, COMPILE_DUPLICATE_ID,
			    compiler_text(c, t->id), &place, NULL,
			    "two sub-workflows have this id");
		else
			map_put(&c->subs, c->sub[i].key, (uint32_t)i);
	}
	return c->errors->calls == before ? 0 : -1;
}

static int
compiler_open(struct compiler *c, const struct compile_unit *u,
    struct arena *a, struct compile_errors *es)
{
	size_t i;

	*c = (struct compiler){ .unit = u, .arena = a, .scratch = ARENA_INIT,
	    .errors = es, .tasks = MAP_INIT, .subs = MAP_INIT,
	    .plans = MAP_INIT, .key = STRBUF_INIT };
	if (u->primary == NULL) {
		compile_error_add(es, COMPILE_VALUE_REQUIRED, "root", NULL,
		    NULL, "wf is required");
		return -1;
	}
	if (index_tasks(c) < 0 || index_subs(c) < 0)
		return -1;
	for (i = 0; i < u->n_launch_plans; i++)
		if (u->launch_plans[i].id != NULL)
			map_put(&c->plans,
			    kept_key(c, u->launch_plans[i].id), (uint32_t)i);
	return 0;
}

/* ---- requirements -------------------------------------------------------- */
int
compile_requirements(const struct compile_unit *u, struct arena *a,
    struct compile_requirements *ret, struct compile_errors *es)
{
	cleanup(compiler_release) struct compiler c;
	struct compile_unit bare = *u;
	int rc;

	bare.n_tasks = bare.n_launch_plans = 0;
	rc = compiler_open(&c, &bare, a, es);
	if (rc == 0)
		rc = compiler_require(&c, ret);
	compile_errors_sort(es);
	return rc;
}

static int
check_given(struct compiler *c)
{
	struct compile_place place = { "", START_NODE, "", "", NULL };
	struct compile_requirements r;
	uint64_t before = c->errors->calls;
	size_t i;

	if (compiler_require(c, &r) < 0)
		return -1;
	if (c->unit->primary->id != NULL)
		place.workflow = c->unit->primary->id->name;
	for (i = 0; i < r.n_launch_plans; i++)
		if (map_get(&c->plans, compiler_key(c, r.launch_plans[i])) ==
		    MAP_NONE)
			compile_error_add(c->errors,
			    COMPILE_WORKFLOW_REFERENCE_NOT_FOUND, START_NODE,
			    &place, NULL, "launch plan [%s] not found",
			    compiler_text(c, r.launch_plans[i]));
	for (i = 0; i < r.n_tasks; i++)
		if (map_get(&c->tasks, compiler_key(c, r.tasks[i])) == MAP_NONE)
			compile_error_add(c->errors,
			    COMPILE_TASK_REFERENCE_NOT_FOUND, START_NODE,
			    &place, NULL, "task [%s] not found",
			    compiler_text(c, r.tasks[i]));
	return c->errors->calls == before ? 0 : -1;
}

/* ---- the closure --------------------------------------------------------- */
static pb_compiled_task *
compiled_task(struct compiler *c, pb_task_template *t)
{
	pb_compiled_task *ct = PB_NEW(c->arena, flyteidl__core__compiled_task);
	pb_task_template *copy;

	ct->template_ = t;
	if (t->interface == NULL ||
	    iface_filled(c->arena, t->interface) == t->interface)
		return ct;
	copy = arena_alloc(c->arena, sizeof(*copy));
	*copy = *t;
	copy->interface = iface_filled(c->arena, t->interface);
	ct->template_ = copy;
	return ct;
}

static pb_compiled_workflow_closure *
closure_of(struct compiler *c, pb_compiled_workflow *primary)
{
	pb_compiled_workflow_closure *cl = PB_NEW(c->arena,
	    flyteidl__core__compiled_workflow_closure);
	const struct compile_unit *u = c->unit;
	size_t i;

	cl->primary = primary;
	cl->sub_workflows = arena_new_n(c->arena, u->n_subs,
	    pb_compiled_workflow *);
	for (i = 0; i < u->n_subs; i++)
		cl->sub_workflows[cl->n_sub_workflows++] = c->sub[i].compiled;
	cl->tasks = arena_new_n(c->arena, u->n_tasks, pb_compiled_task *);
	for (i = 0; i < u->n_tasks; i++)
		if (map_get(&c->tasks, compiler_key(c, u->tasks[i]->id)) == i)
			cl->tasks[cl->n_tasks++] =
			    compiled_task(c, u->tasks[i]);
	return cl;
}

int
compile_workflow(const struct compile_unit *u, struct arena *a,
    pb_compiled_workflow_closure **ret, struct compile_errors *es)
{
	cleanup(compiler_release) struct compiler c;
	pb_compiled_workflow *w;
	int rc;

	rc = compiler_open(&c, u, a, es);
	if (rc == 0)
		rc = check_given(&c);
	if (rc == 0) {
		w = PB_NEW(a, flyteidl__core__compiled_workflow);
		w->template_ = arena_alloc(a, sizeof(*w->template_));
		*w->template_ = *u->primary;
		rc = compiler_workflow(&c, w, 0);
		if (rc == 0)
			*ret = closure_of(&c, w);
	}
	compile_errors_sort(es);
	return rc;
}
