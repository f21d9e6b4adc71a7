#include "task/contract_p.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/limits.h"
#include "idl/wire.h"
#include "spec/lower.h"
#include "spec/spec.h"
#include "sys/file.h"

/*
 * A task with dynamic: true may write a spec of what is to run next to
 * $FLYTE_DYNAMIC: YAML, or JSON if it begins with a brace.  Its outputs are
 * then those of the graph.
 */

static int
is_json(struct str text)
{
	size_t blank = 0;

	while (blank < text.n && strchr(" \t\r\n", text.p[blank]) != NULL)
		blank++;
	return blank < text.n && text.p[blank] == '{';
}

static void
faults(struct collected *ret, struct arena *a, const struct diags *d)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	diags_print(d, &b);
	collected_error(ret, a,
	    FLYTEIDL__CORE__EXECUTION_ERROR__ERROR_KIND__USER, 0,
	    "DynamicWorkflowBuildFailed", "%s", b.p);
}

/* ---- what is outside of the spec ----------------------------------------- */

struct outside {
	const struct contract_world *world;
	struct arena		*arena;
	VEC(pb_task_template *)	 tasks;
};

static int
resolve(void *arg, enum entity_kind kind, struct str ref,
    struct spec_target *ret, struct err *e)
{
	struct outside *o = arg;
	struct contract_outside found = { .tasks = NULL };
	size_t i;

	if (o->world->resolve(o->world->resolve_arg, kind, ref, o->arena,
	    &found, e) < 0)
		return -1;
	*ret = found.target;
	for (i = 0; i < found.n_tasks; i++)
		VEC_PUSH(&o->tasks, found.tasks[i]);
	return 0;
}

/* The graph brings along all that it runs, as flytekit's do. */
static void
add_tasks(pb_dynamic_job_spec *job, const struct outside *o)
{
	pb_task_template **all = arena_new_n(o->arena,
	    job->n_tasks + o->tasks.n, pb_task_template *);
	size_t i;

	for (i = 0; i < job->n_tasks; i++)
		all[i] = job->tasks[i];
	for (i = 0; i < o->tasks.n; i++)
		all[job->n_tasks++] = o->tasks.at[i];
	job->tasks = all;
}

/* ---- the spec ------------------------------------------------------------ */

static void
load(const struct contract *c, struct str text, struct arena *a,
    struct collected *ret)
{
	const pb_identifier *id = c->task->id;
	const pb_typed_interface *iface = c->task->interface;
	struct spec_options o = {
		.form = is_json(text) ? SPEC_JSON : SPEC_YAML,
		.project = id == NULL ? "" : id->project,
		.domain = id == NULL ? "" : id->domain,
		.version = id == NULL ? "" : id->version,
		.outputs = iface == NULL ? NULL : iface->outputs,
	};
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	c_spec struct spec spec;
	c_diags struct diags d = DIAGS_INIT;
	pb_dynamic_job_spec *job;
	struct outside outside = { .world = c->world, .arena = a };

	if (c->world->resolve != NULL) {
		o.resolve = resolve;
		o.resolve_arg = &outside;
	}
	if (spec_load_dynamic("$FLYTE_DYNAMIC", text, &o, a, &spec, &job,
	    &d) < 0) {
		faults(ret, a, &d);
	} else {
		add_tasks(job, &outside);
		wire_pack(&job->base, &bytes);
		ret->futures = arena_str(a, strbuf_str(&bytes));
		ret->futures_own = 1;
	}
	VEC_RELEASE(&outside.tasks);
}

int
contract_read_dynamic(const struct contract *c, const struct attempt *at,
    struct arena *a, struct collected *ret, struct err *e)
{
	const char *path = attempt_path(at, a, "dynamic");
	c_strbuf struct strbuf text = STRBUF_INIT;

	if (!c->dynamic || access(path, F_OK) < 0)
		return 0;
	if (file_read(AT_FDCWD, path, MAX_SPEC_BYTES, &text, e) < 0)
		return err_wrap(e, "$FLYTE_DYNAMIC");
	if (c->world->look_only)
		ret->written = arena_str(a, strbuf_str(&text));
	else
		load(c, arena_str(a, strbuf_str(&text)), a, ret);
	return 1;
}

void
contract_outside_task(struct contract_outside *o, pb_task_template *t,
    struct arena *a)
{
	o->target.id = t->id;
	o->target.interface = t->interface;
	o->target.metadata = t->metadata;
	o->target.task = t;
	o->tasks = arena_new_n(a, 1, pb_task_template *);
	o->tasks[0] = t;
	o->n_tasks = 1;
}

void
contract_outside_workflow(struct contract_outside *o,
    const pb_compiled_workflow_closure *c, pb_workflow_template *w,
    struct arena *a)
{
	size_t i;

	o->target.workflow = w;
	o->target.id = w->id;
	o->target.interface = w->interface;
	o->target.n_sub_workflows = c->n_sub_workflows;
	o->target.sub_workflows = arena_new_n(a, c->n_sub_workflows,
	    pb_workflow_template *);
	for (i = 0; i < c->n_sub_workflows; i++)
		o->target.sub_workflows[i] = c->sub_workflows[i]->template_;
	o->tasks = arena_new_n(a, c->n_tasks, pb_task_template *);
	o->n_tasks = c->n_tasks;
	for (i = 0; i < c->n_tasks; i++)
		o->tasks[i] = c->tasks[i]->template_;
}
