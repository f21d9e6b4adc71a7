#include "running.h"

#include "idl/infer.h"
#include "idl/literal.h"
#include "idl/names.h"
#include "idl/wire.h"
#include "offered.h"
#include "record/closure.h"

static int
find_execution(struct running *r, struct execution_id *ret, struct err *e)
{
	struct args *a = r->a;
	const char *project, *domain;

	if (context_project(&a->c, &project, e) < 0 ||
	    context_domain(&a->c, &domain, e) < 0)
		return -1;
	return execution_find(r->home, a->of, project, domain, &a->c.arena,
	    ret, e);
}

int
resume(struct running *r)
{
	struct execution_id id;
	struct run *run;
	struct err e;

	if (find_execution(r, &id, &e) < 0 ||
	    take_up(r, &id, NULL, &run, &e) < 0)
		return fail(&r->a->c, &e);
	r->what = id.name;
	return run_to_end(r, run);
}

/* Bytes from which a list stays what it is on the wire. */
#define LONG_LITERAL	((size_t)64 * 1024)

/* A long list is not unpacked where its type is the declared one anyway. */
static int
want_old(struct want *w, struct str old, int only_fitting, struct arena *a,
    struct err *e)
{
	ProtobufCMessage *m;
	struct err ignored;

	if (!only_fitting && old.n > LONG_LITERAL &&
	    w->type->type_case == TYPE_LIST && value_is_plain_type(w->type)) {
		w->packed = old;
		w->value = literal_list(a, NULL, 0);
		return 0;
	}
	if (wire_unpack(&flyteidl__core__literal__descriptor, old, a, &m,
	    e) < 0)
		return -1;
	if (!only_fitting ||
	    literal_check((pb_literal *)m, w->type, &ignored) == 0)
		w->value = (pb_literal *)m;
	return 0;
}

static int
want_old_inputs(struct running *r, struct target *t, const struct history *h,
    int only_fitting, struct err *e)
{
	struct arena *a = &r->a->c.arena;
	struct store *store;
	struct str all, old;
	size_t i;

	if (context_store(&r->a->c, &store, e) < 0 ||
	    history_literals(h, store, h->inputs, a, &all, e) < 0)
		return -1;
	for (i = 0; i < t->wants.n; i++) {
		/* What a plan fixes now counts, whatever it was. */
		if (t->wants.at[i].fixed)
			continue;
		old = wire_map_get(all, str_of(t->wants.at[i].name));
		if (old.p == NULL && !only_fitting)
			t->wants.at[i].value = NULL;
		else if (old.p != NULL && want_old(&t->wants.at[i], old,
		    only_fitting, a, e) < 0)
			return -1;
	}
	return 0;
}

/* What the launch plan that was run fixes may not be given now either; a
 * registered one is still there. */
static void
mark_fixed(struct running *r, struct target *t, const struct history *h)
{
	struct target plan;
	struct want *w;
	struct err e;
	size_t i;

	if (t->kind != ENTITY_LAUNCH_PLAN || h->local ||
	    r->a->n_given == 0)
		return;
	if (run_target_find(&r->a->c, h->target, "launch_plan", 1, &plan,
	    &e) < 0)
		err_clear(&e);
	for (i = 0; i < plan.wants.n; i++) {
		w = wants_find(&t->wants, plan.wants.at[i].name);
		if (w != NULL)
			w->fixed = plan.wants.at[i].fixed;
	}
	run_target_release(&plan);
}

/* The closure, interface and inputs of an execution that was. */
static int
target_of_history(struct running *r, const struct history *h,
    struct target *t, struct err *e)
{
	struct arena *a = &r->a->c.arena;
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	ProtobufCMessage *m;

	*t = (struct target){ .what = h->target, .reference = h->target,
	    .local = h->local, .file = h->file, .code = h->code,
	    .max_parallelism = h->max_parallelism, .diags = DIAGS_INIT };
	if (h->target_kind == NULL || entity_kind_parse(
	    str_of(h->target_kind), &t->kind) < 0 || h->closure == NULL)
		return err_set(e, ERR_CORRUPT, "%s/journal: no target",
		    h->dir);
	if (closure_get(r->home, h->closure, &bytes, e) < 0 ||
	    wire_unpack(&flyteidl__core__compiled_workflow_closure__descriptor,
	    strbuf_str(&bytes), a, &m, e) < 0)
		return -1;
	t->closure = (pb_compiled_workflow_closure *)m;
	t->interface = t->closure->primary->template_->interface;
	wants_of_interface(t->interface == NULL ? NULL :
	    t->interface->inputs, a, &t->wants);
	if (want_old_inputs(r, t, h, 0, e) < 0)
		return -1;
	mark_fixed(r, t, h);
	return 0;
}

/* Recover and relaunch: a new execution of the same thing; given inputs and a
 * given target (with --recover) take the place of the old ones. */
static int
run_again(struct running *r, struct history *h, struct target *t,
    const struct launches *launches)
{
	struct args *a = r->a;
	char made[EXECUTION_NAME_MAX];
	struct run_spec spec = { .recover = a->again == AGAIN_RECOVER ? h :
	    NULL, .from = a->from.at, .n_from = a->from.n,
	    .force = a->force.at, .n_force = a->force.n };
	c_strbuf struct strbuf of = STRBUF_INIT, packed = STRBUF_INIT;
	struct str inputs;
	struct run *run;
	struct err e;

	if (bind_inputs(r, t, &inputs, &e) < 0)
		return fail(&a->c, &e);
	spec.launches = launches->at.at;
	spec.n_launches = launches->at.n;
	spec.like = a->target == NULL ? h : NULL;
	r->what = t->what;
	fill_record(r, t, &spec.record);
	spec.closure = t->closure;
	spec.inputs = inputs;
	spec.script = t->script;
	if (a->name == NULL)
		execution_new_name(made);
	spec.durable = a->name != NULL || a->durable;
	spec.record.id = h->id;
	spec.record.id.name = a->name == NULL ? made : a->name;
	pack_closure(&spec, &packed, &a->c.arena);
	spec.record.identity = identity_of(&spec, &a->c.arena);
	spec.record.mode = a->again == AGAIN_RECOVER ? RECORD_RECOVERED :
	    RECORD_RELAUNCH;
	strbuf_addf(&of, "%s/%s/%s", h->id.project, h->id.domain,
	    h->id.name);
	spec.record.of = of.p;
	if (start(r, &spec, &run, &e) < 0)
		return fail(&a->c, &e);
	return run_to_end(r, run);
}

/* What succeeds the thing that ran: its inputs stay, where they still fit. */
static int
new_target(struct running *r, const struct history *h, struct target *t,
    struct launches *launches, struct err *e)
{
	struct args *a = r->a;

	if (run_target_find(&a->c, a->target, a->type, a->dry_run, t, e) < 0 ||
	    launches_collect(&a->c, t, launches, e) < 0 ||
	    offered_add_launches(&a->c, t, launches, e) < 0)
		return -1;
	return want_old_inputs(r, t, h, 1, e);
}

static int
again(struct running *r, struct history *h)
{
	struct launches launches = { VEC_INIT, VEC_INIT };
	struct target t = { .diags = DIAGS_INIT };
	struct err e;
	int status;

	r->outside.target = &t;
	if ((r->a->target != NULL ? new_target(r, h, &t, &launches, &e) :
	    target_of_history(r, h, &t, &e)) < 0)
		status = e.kind == ERR_NONE ? EXIT_SPEC : fail(&r->a->c, &e);
	else
		status = run_again(r, h, &t, &launches);
	r->outside.target = NULL;
	launches_release(&launches);
	run_target_release(&t);
	return status;
}

int
recover(struct running *r)
{
	struct execution_id id;
	c_history struct history h = { 0 };
	struct err e;
	int alive;

	if (r->a->target != NULL && r->a->again == AGAIN_RELAUNCH) {
		err_clear(&e);
		(void)!err_set(&e, ERR_USAGE, "%s: --relaunch takes only "
		    "inputs (name=value)", r->a->target);
		return fail(&r->a->c, &e);
	}
	if (find_execution(r, &id, &e) < 0 ||
	    history_load(r->home, &id, &h, &e) < 0)
		return fail(&r->a->c, &e);
	alive = journal_alive(h.dir, &e);
	if (alive > 0 && r->a->again == AGAIN_RECOVER)
		alive = err_set(&e, ERR_BUSY, "%s: is still running",
		    id.name);
	if (alive < 0)
		return fail(&r->a->c, &e);
	return again(r, &h);
}
