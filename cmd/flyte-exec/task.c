#include "exec.h"

#include <stdio.h>

#include "common/code.h"
#include "common/faults.h"

static int
wrong_kind(struct exec *x, enum entity_kind kind)
{
	warn(&x->ctx, "%s: is a %s, not a task: run it with flyte-run",
	    x->reference, entity_kind_words(kind));
	return EXIT_USAGE;
}

static int
from_file(struct exec *x, const struct ref *r)
{
	struct front_options o = {
		.project = CACHED_LOCAL_PROJECT,
		.registry = x->registry,
		.pack_helper = context_helper(&x->ctx, "pack"),
	};
	const struct front_entity *f;
	struct err e, other;

	if (context_domain(&x->ctx, &o.domain, &e) < 0)
		return fail(&x->ctx, &e);
	x->has_front = 1;
	if (code_load(&x->ctx, r->file, &o, x->dry_run, &x->ctx.arena,
	    &x->front, &x->diags, &e) < 0)
		return fail(&x->ctx, &e);
	if (x->diags.n > 0)
		return complain_diags(&x->diags);
	if (front_find(&x->front, ENTITY_TASK, r->name, &f, &e) < 0 &&
	    (r->name == NULL ||
	    front_find(&x->front, ENTITY_ANY, r->name, &f, &other) < 0))
		return fail(&x->ctx, &e);
	if (f->faulty) {
		warn(&x->ctx, "%s: is not valid", r->file);
		complain_entity(&x->ctx, r->file, f);
		return EXIT_SPEC;
	}
	if (f->id.kind != ENTITY_TASK)
		return wrong_kind(x, f->id.kind);
	x->task = f->entity.task->template_;
	if (x->registry != NULL)
		registry_locate(x->registry, f->entity.task->template_,
		    &x->ctx.arena);
	x->script = f->script;
	x->local = 1;
	x->project = CACHED_LOCAL_PROJECT;
	x->domain = o.domain;
	return 0;
}

static int
from_registry(struct exec *x, const struct ref *r)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct registered found;
	struct entity_id id, any;
	struct err e, other;

	if (ref_entity_id(&x->ctx, r, x->type, &id, &e) < 0)
		return fail(&x->ctx, &e);
	any = id;
	if (id.kind == ENTITY_ANY)
		id.kind = ENTITY_TASK;
	if (registry_resolve(x->registry, &id, &x->ctx.arena, &e) < 0) {
		if (e.kind == ERR_MISSING && registry_resolve(x->registry,
		    &any, &x->ctx.arena, &other) == 0)
			return wrong_kind(x, any.kind);
		return fail(&x->ctx, &e);
	}
	if (registry_get(x->registry, &id, &x->ctx.arena, &found, &e) < 0)
		return fail(&x->ctx, &e);
	if (id.kind != ENTITY_TASK)
		return wrong_kind(x, id.kind);
	registry_locate(x->registry, found.task->closure->compiled_task->
	    template_, &x->ctx.arena);
	x->task = found.task->closure->compiled_task->template_;
	x->project = x->task->id->project;
	x->domain = x->task->id->domain;
	if (x->verbose) {
		entity_id_add(&b, &id);
		warn(&x->ctx, "task %s", b.p);
	}
	return 0;
}

static int
open_registry(struct exec *x, int needed, struct err *e)
{
	const char *dir;

	if (context_registry(&x->ctx, &dir, e) < 0) {
		if (needed)
			return -1;
		err_clear(e);
		return 0;
	}
	return registry_open(dir, &x->registry, e);
}

int
exec_find_task(struct exec *x)
{
	struct err e;
	struct ref r;
	int status;

	if (ref_parse(x->reference, &x->ctx.arena, &r, &e) < 0 ||
	    open_registry(x, r.file == NULL, &e) < 0)
		return fail(&x->ctx, &e);
	status = r.file != NULL ? from_file(x, &r) : from_registry(x, &r);
	if (status == 0)
		x->name = x->task->id != NULL ? x->task->id->name :
		    x->reference;
	return status;
}

void
exec_release_task(struct exec *x)
{
	contract_free(x->contract);
	diags_release(&x->diags);
	if (x->has_front)
		front_release(&x->front);
	registry_close(x->registry);
}
