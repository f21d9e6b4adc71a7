/* From entities with ids to compiled ones, and what is wrong with them. */

#include "compile/compile.h"
#include "compile/interface.h"
#include "registry/front_p.h"
#include "spec/lower.h"

/* The compiler's codes as diagnostics: the same names, spelled as ours. */
static const enum diag_code diag_of[] = {
#define CODE(id, text)	[COMPILE_##id] = DIAG_##id,
#include "compile/code.def"
#undef CODE
};
_Static_assert(ARRAY_LEN(diag_of) == COMPILE_CODE_MAX, "a row per code");

/* ---- faults ------------------------------------------------------------- */

static struct span
span_of(const struct front *f, const struct front_entity *x,
    const struct compile_place *place, struct arena *a)
{
	const struct spec *spec = &f->priv->spec;
	const struct spec_entity *at = &spec->at[x - f->at];
	const struct spec_entity *in = NULL;
	char *node = NULL, *p;

	/* A fault inside a sub-workflow is where that one is written. */
	if (place->workflow != NULL && place->workflow[0] != '\0')
		in = spec_find(spec, ENTITY_WORKFLOW, place->workflow);
	if (place->node != NULL && place->node[0] != '\0') {
		node = arena_strdup(a, place->node);
		for (p = node; *p != '\0'; p++)
			if (*p == '/')
				*p = '-';
	}
	return spec_span_of(spec, in != NULL ? in : at, node,
	    place->var != NULL && place->var[0] != '\0' ? place->var : NULL);
}

static void
to_diags(struct front *f, struct front_entity *x,
    const struct compile_errors *errors, struct diags *diags)
{
	c_arena struct arena a = ARENA_INIT;
	const struct compile_place *place;
	size_t i;

	for (i = 0; i < errors->n; i++)
		for (place = &errors->at[i].place; place != NULL;
		    place = place->next)
			diag_add(diags, diag_of[errors->at[i].code],
			    &f->priv->spec.tree.source,
			    span_of(f, x, place, &a), "%s",
			    errors->at[i].text);
}

static void
to_text(struct front *f, struct front_entity *x,
    const struct compile_errors *errors)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	for (i = 0; i < errors->n; i++) {
		strbuf_addf(&b, "%s: ", compile_code_text(
		    errors->at[i].code));
		if (errors->at[i].node[0] != '\0')
			strbuf_addf(&b, "node %s: ", errors->at[i].node);
		strbuf_addf(&b, "%s\n", errors->at[i].text);
	}
	x->errors = arena_strndup(f->priv->arena, b.p, b.n);
}

static void
report(struct front *f, struct front_entity *x,
    const struct compile_errors *errors, struct diags *diags)
{
	x->faulty = 1;
	if (f->priv->has_spec)
		to_diags(f, x, errors, diags);
	else
		to_text(f, x, errors);
}

/* Faulty because of something else of the file, which has been reported. */
static void
spoil(struct front *f, struct front_entity *x, const struct front_entity *by)
{
	x->faulty = 1;
	x->task = NULL;
	x->workflow = NULL;
	x->plan = NULL;
	/* A workflow's own launch plan: nobody wrote it. */
	if (x->id.kind == ENTITY_LAUNCH_PLAN &&
	    by->id.kind == ENTITY_WORKFLOW &&
	    strcmp(x->id.name, by->id.name) == 0)
		return;
	x->errors = arena_printf(f->priv->arena, "uses the %s %s, which is "
	    "faulty\n", entity_kind_words(by->id.kind), by->id.name);
}

/* ---- tasks and launch plans --------------------------------------------- */

static void
compile_one_task(struct front *f, struct front_entity *x,
    struct diags *diags)
{
	c_compile_errors struct compile_errors errors = COMPILE_ERRORS_INIT;
	pb_compiled_task *t;

	if (compile_task(x->entity.task->template_, &errors) < 0) {
		report(f, x, &errors, diags);
		return;
	}
	t = PB_NEW(f->priv->arena, flyteidl__core__compiled_task);
	t->template_ = x->entity.task->template_;
	x->task = t;
}

/* A reference that nothing stands behind. */
static void
missing_reference(struct front *f, struct front_entity *x,
    enum compile_code code, const char *text, struct diags *diags)
{
	c_compile_errors struct compile_errors errors = COMPILE_ERRORS_INIT;

	compile_error_add(&errors, code, "", NULL, NULL, "%s", text);
	report(f, x, &errors, diags);
}

/* 1 and the interface of a plan's workflow; 0: faulty, reported; -1. */
static int
workflow_interface(struct front *f, struct front_entity *x,
    const pb_typed_interface **ret, struct diags *diags, struct err *e)
{
	const pb_identifier *id = x->entity.plan->spec->workflow_id;
	const struct registered *r;
	struct front_entity *own = front_own(f, ENTITY_WORKFLOW, id);

	if (own != NULL) {
		*ret = own->entity.workflow->template_->interface;
		return 1;
	}
	r = front_outside(f, ENTITY_WORKFLOW, id, e);
	if (r == NULL && e->kind != ERR_MISSING)
		return -1;
	if (r == NULL) {
		missing_reference(f, x, COMPILE_WORKFLOW_REFERENCE_NOT_FOUND,
		    e->msg, diags);
		return 0;
	}
	*ret = r->workflow->closure->compiled_workflow->primary->template_->
	    interface;
	return 1;
}

static int
compile_plan(struct front *f, struct front_entity *x, struct diags *diags,
    struct err *e)
{
	c_compile_errors struct compile_errors errors = COMPILE_ERRORS_INIT;
	const pb_typed_interface *interface;
	pb_admin_launch_plan_closure *c;
	int got;

	if (x->entity.plan->spec == NULL ||
	    x->entity.plan->spec->workflow_id == NULL) {
		missing_reference(f, x, COMPILE_VALUE_REQUIRED,
		    "a launch plan names the workflow it runs", diags);
		return 0;
	}
	got = workflow_interface(f, x, &interface, diags, e);
	if (got <= 0)
		return got;
	c = PB_NEW(f->priv->arena, flyteidl__admin__launch_plan_closure);
	if (interface_launch_plan(x->entity.plan->spec, interface,
	    f->priv->arena, &c->expected_inputs, &c->expected_outputs,
	    &errors) < 0)
		report(f, x, &errors, diags);
	else
		x->plan = c;
	return 0;
}

/* ---- workflows ---------------------------------------------------------- */

/* A unit being put together from what the workflow needs. */
struct gathering {
	struct front		*front;
	struct front_entity	*of;
	struct compile_unit	 unit;
	pb_task_template	**tasks;
	struct compile_launch_plan *plans;
	struct compile_requirements need;
};

/* 1; 0: the workflow has become faulty; -1. */
static int
gather_tasks(struct gathering *g, struct err *e)
{
	const struct registered *r;
	struct front_entity *own;
	size_t i;

	for (i = 0; i < g->need.n_tasks; i++) {
		own = front_own(g->front, ENTITY_TASK, g->need.tasks[i]);
		if (own != NULL && own->faulty) {
			spoil(g->front, g->of, own);
			return 0;
		}
		if (own != NULL) {
			g->tasks[g->unit.n_tasks++] =
			    own->entity.task->template_;
			continue;
		}
		r = front_outside(g->front, ENTITY_TASK, g->need.tasks[i], e);
		if (r == NULL && e->kind != ERR_MISSING)
			return -1;
		/* What is not there the compiler reports. */
		if (r != NULL)
			g->tasks[g->unit.n_tasks++] =
			    r->task->closure->compiled_task->template_;
	}
	return 1;
}

static void
add_plan(struct gathering *g, const pb_identifier *id,
    const pb_admin_launch_plan_closure *c)
{
	struct compile_launch_plan *p = &g->plans[g->unit.n_launch_plans++];

	p->id = id;
	p->expected_inputs = c->expected_inputs;
	p->expected_outputs = c->expected_outputs;
}

static int
gather_plans(struct gathering *g, struct err *e)
{
	const struct registered *r;
	struct front_entity *own;
	size_t i;

	for (i = 0; i < g->need.n_launch_plans; i++) {
		const pb_identifier *id = g->need.launch_plans[i];

		own = front_own(g->front, ENTITY_LAUNCH_PLAN, id);
		if (own != NULL && own->faulty) {
			spoil(g->front, g->of, own);
			return 0;
		}
		if (own != NULL) {
			add_plan(g, id, own->plan);
			continue;
		}
		r = front_outside(g->front, ENTITY_LAUNCH_PLAN, id, e);
		if (r == NULL && e->kind != ERR_MISSING)
			return -1;
		if (r != NULL)
			add_plan(g, id, r->plan->closure);
	}
	return 1;
}

static int
is_tagged(const pb_workflow_template *w)
{
	size_t i;

	for (i = 0; w->metadata != NULL && i < w->metadata->n_tags; i++)
		if (strcmp(w->metadata->tags[i]->key, LOWER_MAP_TAG) == 0)
			return 1;
	return 0;
}

/* What the compiler is to let through. */
static unsigned
flags_of(const struct front *f, const pb_admin_workflow_spec *w)
{
	size_t i;

	if (f->priv->options.strict)
		return 0;
	if (f->priv->has_spec || is_tagged(w->template_))
		return COMPILE_SPEC;
	for (i = 0; i < w->n_sub_workflows; i++)
		if (is_tagged(w->sub_workflows[i]))
			return COMPILE_SPEC;
	return COMPILE_LENIENT;
}

/* Finds what the workflow needs: 1; 0: it is faulty; -1. */
static int
gather(struct gathering *g, struct compile_errors *errors,
    struct diags *diags, struct err *e)
{
	const pb_admin_workflow_spec *w = g->of->entity.workflow;
	struct arena *a = g->front->priv->arena;
	int got;

	g->unit.primary = w->template_;
	g->unit.subs = w->sub_workflows;
	g->unit.n_subs = w->n_sub_workflows;
	g->unit.flags = flags_of(g->front, w);
	if (compile_requirements(&g->unit, a, &g->need, errors) < 0) {
		report(g->front, g->of, errors, diags);
		return 0;
	}
	g->tasks = arena_calloc(a, g->need.n_tasks + 1, sizeof(*g->tasks));
	g->plans = arena_calloc(a, g->need.n_launch_plans + 1,
	    sizeof(*g->plans));
	g->unit.tasks = g->tasks;
	g->unit.launch_plans = g->plans;
	got = gather_tasks(g, e);
	return got <= 0 ? got : gather_plans(g, e);
}

static int
compile_one_workflow(struct front *f, struct front_entity *x,
    struct diags *diags, struct err *e)
{
	c_compile_errors struct compile_errors errors = COMPILE_ERRORS_INIT;
	struct gathering g = { .front = f, .of = x };
	int got = gather(&g, &errors, diags, e);

	if (got <= 0)
		return got;
	if (compile_workflow(&g.unit, f->priv->arena, &x->workflow,
	    &errors) < 0) {
		x->workflow = NULL;
		report(f, x, &errors, diags);
	}
	return 0;
}

/* ---- all ---------------------------------------------------------------- */

/* The first faulty entity of the file that this one uses, or NULL. */
static const struct front_entity *
faulty_use(struct front *f, struct front_entity *x)
{
	c_compile_errors struct compile_errors errors = COMPILE_ERRORS_INIT;
	c_arena struct arena a = ARENA_INIT;
	struct compile_requirements need;
	const struct front_entity *own;
	struct compile_unit u = { .primary = NULL };
	size_t i;

	if (x->plan != NULL) {
		own = front_own(f, ENTITY_WORKFLOW,
		    x->entity.plan->spec->workflow_id);
		return own != NULL && own->faulty ? own : NULL;
	}
	if (x->workflow == NULL)
		return NULL;
	u.primary = x->entity.workflow->template_;
	u.subs = x->entity.workflow->sub_workflows;
	u.n_subs = x->entity.workflow->n_sub_workflows;
	if (compile_requirements(&u, &a, &need, &errors) < 0)
		return NULL;
	for (i = 0; i < need.n_launch_plans; i++) {
		own = front_own(f, ENTITY_LAUNCH_PLAN, need.launch_plans[i]);
		if (own != NULL && own->faulty)
			return own;
	}
	return NULL;
}

/* A fault of a workflow is one of its plans, and of what runs those. */
static void
spread_faults(struct front *f)
{
	const struct front_entity *by;
	size_t i;
	int again = front_faults(f) > 0;

	while (again) {
		again = 0;
		for (i = 0; i < f->n; i++)
			if (!f->at[i].faulty &&
			    (by = faulty_use(f, &f->at[i])) != NULL) {
				spoil(f, &f->at[i], by);
				again = 1;
			}
	}
}

/* Launch plans before workflows: only their interface is needed, and that
 * follows from the workflow's template. */
static int
compile_kind(struct front *f, enum entity_kind kind, struct diags *diags,
    struct err *e)
{
	struct front_entity *x;
	int bad = 0;
	size_t i;

	for (i = 0; i < f->n && !bad; i++) {
		x = &f->at[i];
		if (x->faulty || x->id.kind != kind)
			continue;
		if (kind == ENTITY_TASK)
			compile_one_task(f, x, diags);
		else if (kind == ENTITY_WORKFLOW)
			bad = compile_one_workflow(f, x, diags, e) < 0;
		else
			bad = compile_plan(f, x, diags, e) < 0;
	}
	return bad ? -1 : 0;
}

int
front_compile(struct front *f, struct diags *diags, struct err *e)
{
	if (f->priv->options.check_jq)
		front_check_jq(f, diags);
	if (compile_kind(f, ENTITY_TASK, diags, e) < 0 ||
	    compile_kind(f, ENTITY_LAUNCH_PLAN, diags, e) < 0 ||
	    compile_kind(f, ENTITY_WORKFLOW, diags, e) < 0)
		return -1;
	spread_faults(f);
	return 0;
}

/* ---- what is registered ------------------------------------------------- */

static const ProtobufCMessage *
task_message(const struct front_entity *x, struct arena *a)
{
	pb_admin_task *m = PB_NEW(a, flyteidl__admin__task);

	m->id = entity_id_pb(&x->id, a);
	m->closure = PB_NEW(a, flyteidl__admin__task_closure);
	m->closure->compiled_task = x->task;
	return &m->base;
}

static const ProtobufCMessage *
workflow_message(const struct front_entity *x, struct arena *a)
{
	pb_admin_workflow *m = PB_NEW(a, flyteidl__admin__workflow);

	m->id = entity_id_pb(&x->id, a);
	m->closure = PB_NEW(a, flyteidl__admin__workflow_closure);
	m->closure->compiled_workflow = x->workflow;
	return &m->base;
}

/* As flyteadmin does, default_inputs are completed with what is required
 * (flyte-control-plane.md 5.1). */
static const ProtobufCMessage *
plan_message(const struct front_entity *x, struct arena *a)
{
	pb_admin_launch_plan *m = PB_NEW(a, flyteidl__admin__launch_plan);

	m->id = entity_id_pb(&x->id, a);
	m->spec = PB_NEW(a, flyteidl__admin__launch_plan_spec);
	*m->spec = *x->entity.plan->spec;
	m->spec->default_inputs = x->plan->expected_inputs;
	m->closure = x->plan;
	return &m->base;
}

const ProtobufCMessage *
front_message(const struct front_entity *x, struct arena *a)
{
	if (x->faulty)
		BUG("%s: faulty", x->id.name);
	switch (x->id.kind) {
	case ENTITY_TASK:
		return task_message(x, a);
	case ENTITY_WORKFLOW:
		return workflow_message(x, a);
	case ENTITY_LAUNCH_PLAN:
		return plan_message(x, a);
	case ENTITY_ANY:
	case ENTITY_KIND_MAX:
		break;
	}
	BUG("kind %d", (int)x->id.kind);
}
