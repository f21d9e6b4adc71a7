#include "run/runner_p.h"

#include "idl/entity.h"
#include "idl/wire.h"
#include "run/dynamic.h"

/*
 * What the execution that is recovered ran: the node at a path in its graphs,
 * those that dynamic tasks wrote among them, and what these named.
 */

struct str
run_next_word(struct str *path)
{
	const char *slash = memchr(path->p, '/', path->n);
	struct str word = { path->p, slash == NULL ? path->n :
	    (size_t)(slash - path->p) };
	size_t skip = word.n + (slash != NULL);

	path->p += skip;
	path->n -= skip;
	return word;
}

/* ---- graphs of dynamic tasks -------------------------------------------- */

static const struct history_node *
known(const struct run *run, struct str path, struct history_node *room)
{
	return history_find(run->recover, path, room);
}

static int
build(struct run *run, const struct plan *p, const struct plan_node *node,
    struct str spec, struct plan **ret, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;
	struct dynamic_parent parent = {
		.project = run->id.project, .domain = run->id.domain,
		.is_element = node->array != PLAN_NONE,
		.launch_plan = run_launch_interface, .arg = run,
	};
	struct str bytes;

	if (wire_unpack(&flyteidl__core__task_template__descriptor,
	    p->tasks[node->what].template, &a, &m, e) < 0 ||
	    history_spec(run->recover, spec, &a, &bytes, e) < 0)
		return -1;
	parent.task = (pb_task_template *)m;
	parent.is_spec = run_writes_spec(parent.task);
	parent.node_id = arena_strndup(&a, node->id.p, node->id.n);
	return dynamic_build(bytes, &parent, ret, e);
}

/* The graph that a task had written, or NULL. */
static const struct plan *
graph_of(struct run *run, const struct plan *p, const struct plan_node *node,
    struct str path)
{
	struct history_node room;
	const struct history_node *n = known(run, path, &room);
	uint32_t i = map_get(&run->old_of, path);
	struct plan *made = NULL;
	struct err e;

	if (i != MAP_NONE)
		return run->old_plans.at[i];
	if (n == NULL || n->spec.p == NULL)
		return NULL;
	if (build(run, p, node, n->spec, &made, &e) < 0)
		run_say(run, STR_FMT ": what it had made is not looked into: "
		    "%s", STR_ARG(path), e.msg);
	map_put(&run->old_of, arena_str(&run->arena, path),
	    (uint32_t)run->old_plans.n);
	VEC_PUSH(&run->old_plans, made);
	return made;
}

const struct plan_node *
run_find_old(struct run *run, struct str whole, const struct plan **ret_plan,
    int *ret_inside)
{
	const struct plan *p = run->recovered_plan;
	struct str path = whole, at_path;
	uint32_t graph = 0, at;

	*ret_inside = 0;
	while (p != NULL) {
		at = plan_find(p, graph, run_next_word(&path));
		if (at == PLAN_NONE)
			return NULL;
		*ret_plan = p;
		if (path.n == 0)
			return &p->nodes[at];
		at_path = (struct str){ whole.p,
		    (size_t)(path.p - whole.p) - 1 };
		run_next_word(&path);	/* the attempt */
		if (p->nodes[at].kind == PLAN_ARRAY) {
			run_next_word(&path);	/* the element */
			at = p->arrays[p->nodes[at].what].node;
			if (path.n == 0)
				return &p->nodes[at];
			at_path.n = (size_t)(path.p - whole.p) - 1;
			run_next_word(&path);
		}
		if (p->nodes[at].kind == PLAN_WORKFLOW) {
			graph = p->nodes[at].what;
		} else if (p->nodes[at].kind == PLAN_TASK) {
			if (map_get(&run->continued, (struct str){ whole.p,
			    (size_t)(path.p - whole.p) }) != MAP_NONE)
				*ret_inside = 1;
			if (*ret_inside)
				return NULL;
			p = graph_of(run, p, &p->nodes[at], at_path);
			graph = 0;
		}
	}
	return NULL;
}

void
run_old_release(struct run *run)
{
	size_t i;

	for (i = 0; i < run->old_plans.n; i++)
		plan_free(run->old_plans.at[i]);
	VEC_RELEASE(&run->old_plans);
	map_release(&run->old_of);
}

/* ---- the same ----------------------------------------------------------- */

static int
same_task(pb_task_template *x, pb_task_template *y)
{
	pb_identifier *a = TAKE(x->id, NULL), *b = TAKE(y->id, NULL);
	int same = wire_equal(&x->base, &y->base);

	x->id = a;
	y->id = b;
	return same;
}

int
run_same_template(struct str a, struct str b)
{
	const ProtobufCMessageDescriptor *d =
	    &flyteidl__core__task_template__descriptor;
	c_arena struct arena arena = ARENA_INIT;
	ProtobufCMessage *x, *y;
	struct err e;

	return str_eq(a, b) || (wire_unpack(d, a, &arena, &x, &e) == 0 &&
	    wire_unpack(d, b, &arena, &y, &e) == 0 &&
	    same_task((pb_task_template *)x, (pb_task_template *)y));
}

/* What the name means now; 0 if nothing outside of the spec is called so. */
static int
resolve(struct run *run, enum entity_kind kind, const pb_identifier *id,
    struct arena *a, struct contract_outside *ret)
{
	struct err e;

	*ret = (struct contract_outside){ .tasks = NULL };
	return id != NULL && run_resolve(run, kind, str_of(id->name), a, ret,
	    &e) == 0;
}

/*
 * A task of the spec's own is called as it likes; of others it is asked what
 * they are now.  Where one of each is called the same, the task runs once
 * too often.
 */
static int
same_tasks(struct run *run, const pb_dynamic_job_spec *spec, struct arena *a)
{
	struct contract_outside now;
	size_t i;

	for (i = 0; i < spec->n_tasks; i++)
		if (resolve(run, ENTITY_TASK, spec->tasks[i]->id, a, &now) &&
		    !same_task(now.tasks[0],
		    spec->tasks[i]))
			return 0;
	for (i = 0; i < spec->n_subworkflows; i++)
		if (resolve(run, ENTITY_WORKFLOW, spec->subworkflows[i]->id,
		    a, &now) && !wire_equal(&now.target.workflow->base,
		    &spec->subworkflows[i]->base))
			return 0;
	return 1;
}

/* Launch plans are not compared: executions of theirs are recovered too. */
static int
has_launches(pb_dynamic_job_spec *spec, struct arena *a)
{
	c_compile_errors struct compile_errors errors = COMPILE_ERRORS_INIT;
	pb_workflow_template *t = PB_NEW(a, flyteidl__core__workflow_template);
	struct compile_unit u = { .primary = t, .flags = COMPILE_LENIENT,
	    .subs = spec->subworkflows, .n_subs = spec->n_subworkflows };
	struct compile_requirements r;

	t->n_nodes = spec->n_nodes;
	t->nodes = spec->nodes;
	return compile_requirements(&u, a, &r, &errors) != 0 ||
	    r.n_launch_plans > 0;
}

int
run_same_names(struct run *run, const struct history_node *n)
{
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;
	struct str bytes;
	struct err e;

	return history_spec(run->recover, n->spec, &a, &bytes, &e) == 0 &&
	    wire_unpack(&flyteidl__core__dynamic_job_spec__descriptor, bytes,
	    &a, &m, &e) == 0 &&
	    same_tasks(run, (pb_dynamic_job_spec *)m, &a) &&
	    (run->same_code || !has_launches((pb_dynamic_job_spec *)m, &a));
}
