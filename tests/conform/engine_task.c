#include "engine.h"

#include "idl/literal.h"
#include "idl/pbjson.h"
#include "idl/wire.h"
#include "run/dynamic.h"

/* The scripted task plugin. */

static struct engine_call *
find_call(struct engine_run *r, const struct sched_action *a)
{
	for (size_t i = r->calls.n; i-- > 0;)
		if (r->calls.at[i].at.attempt == a->at.attempt &&
		    str_eq(r->calls.at[i].path, a->path))
			return &r->calls.at[i];
	return NULL;
}

static struct engine_call *
new_call(struct engine_run *r, const struct sched_action *a)
{
	struct engine_call c = {
		.at = a->at, .path = arena_str(r->w->arena, a->path),
		.task = a->task, .action = TREE_NONE,
		.inputs = arena_str(r->w->arena, a->inputs),
		.interruptible = a->interruptible, .started = r->now,
	};

	VEC_PUSH(&r->calls, c);
	return &VEC_LAST(&r->calls);
}

/* The action of the script for an attempt; TREE_NONE if there is none. */
static uint32_t
find_action(struct engine_run *r, const struct sched_action *a)
{
	const struct tree *t = r->w->row->tree;
	uint32_t task = tree_get_str(t, r->script, a->task->name), list, at;
	char number[16];

	if (task == TREE_NONE)
		return TREE_NONE;
	list = tree_get(t, task, "attempts");
	if (a->at.element != SCHED_NONE &&
	    tree_get(t, task, "index") != TREE_NONE) {
		snprintf(number, sizeof(number), "%u", a->at.element);
		at = tree_get(t, tree_get(t, task, "index"), number);
		if (at != TREE_NONE)
			list = at;
	}
	if (list == TREE_NONE)
		return TREE_NONE;
	at = t->at[list].first;
	for (uint32_t i = 0; i < a->at.attempt && at != TREE_NONE &&
	    t->at[at].next != TREE_NONE; i++)
		at = t->at[at].next;
	return at;
}

void
engine_start(struct engine_run *r, const struct sched_action *a)
{
	struct engine_call *c = new_call(r, a);

	c->action = find_action(r, a);
	c->is_started = c->running = 1;
}

void
engine_stop(struct engine_run *r, const struct sched_action *a)
{
	struct engine_call *c = find_call(r, a);
	struct engine_node *n;

	if (c == NULL) {
		c = new_call(r, a);
		n = engine_node(r, a->path);
		c->no_inputs = n->last.why == SCHED_WHY_INPUTS;
		/* The recorder counts these for the moment of the call. */
		r->stop_peak = MAX(r->stop_peak,
		    sched_n_running(r->s, NULL) + 1);
	}
	c->running = 0;
	c->aborted = 1;
	if (a->unread)
		c->did = NULL;
}

/* ---- outputs ------------------------------------------------------------- */

static int64_t
sum(const pb_literal *l)
{
	int64_t n = 0;

	if (l == NULL)
		return 0;
	if (l->value_case == FLYTEIDL__CORE__LITERAL__VALUE_COLLECTION) {
		for (size_t i = 0; i < l->collection->n_literals; i++)
			n += sum(l->collection->literals[i]);
		return n;
	}
	if (l->value_case == FLYTEIDL__CORE__LITERAL__VALUE_SCALAR &&
	    l->scalar->value_case == FLYTEIDL__CORE__SCALAR__VALUE_PRIMITIVE &&
	    l->scalar->primitive->value_case ==
	    FLYTEIDL__CORE__PRIMITIVE__VALUE_INTEGER)
		return l->scalar->primitive->integer;
	return 0;
}

static pb_literal *
input(const pb_literal_map *in, const struct tree *t, uint32_t name)
{
	char buf[256];

	snprintf(buf, sizeof(buf), "%.*s", (int)t->at[name].text.n,
	    t->at[name].text.p);
	return literal_map_get(in, buf);
}

/* One output as the script has it; NULL if it cannot be made. */
static pb_literal *
output(struct engine_run *r, uint32_t v, const pb_literal_map *in)
{
	const struct tree *t = r->w->row->tree;
	struct arena *a = r->w->arena;
	uint32_t op;
	int64_t n = 0;
	pb_literal *l;
	ProtobufCMessage *m;
	struct err e;

	if ((op = tree_get(t, v, "$echo")) != TREE_NONE)
		return input(in, t, op);
	if ((op = tree_get(t, v, "$count")) != TREE_NONE) {
		l = input(in, t, op);
		n = l != NULL && l->value_case ==
		    FLYTEIDL__CORE__LITERAL__VALUE_COLLECTION ?
		    (int64_t)l->collection->n_literals : 0;
		return literal_integer(a, n);
	}
	if ((op = tree_get(t, v, "$sum")) != TREE_NONE) {
		TREE_EACH(t, op, name)
			n += sum(input(in, t, name));
		return literal_integer(a, n);
	}
	if (pbjson_from_tree(&flyteidl__core__literal__descriptor, t, v, 0, a,
	    &m, &e) != 0)
		return NULL;
	return (pb_literal *)m;
}

static void
make_outputs(struct engine_run *r, struct engine_call *c, struct strbuf *b)
{
	const struct tree *t = r->w->row->tree;
	uint32_t list = tree_get(t, c->action, "outputs");
	pb_literal_map *out = literal_map_new(r->w->arena);
	ProtobufCMessage *in;
	struct err e;

	if (list == TREE_NONE || wire_unpack(
	    &flyteidl__core__literal_map__descriptor, c->inputs, r->w->arena,
	    &in, &e) != 0)
		return;
	TREE_EACH_PAIR(t, list, k, v) {
		pb_literal *l = output(r, v, (pb_literal_map *)in);

		if (l != NULL)
			literal_map_put(out, r->w->arena, arena_strndup(
			    r->w->arena, t->at[k].text.p, t->at[k].text.n), l);
	}
	wire_pack(&out->base, b);
}

/* ---- acting -------------------------------------------------------------- */

static enum sched_kind
kind_of(struct str name)
{
	return str_is(name, "SYSTEM") ? SCHED_SYSTEM :
	    str_is(name, "USER") ? SCHED_USER : SCHED_UNKNOWN;
}

static void
do_action(struct engine_run *r, struct engine_call *c, struct str what)
{
	const struct conform_row *row = r->w->row;
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct sched_result res = { .outputs = { NULL, 0 } };
	ProtobufCMessage *m;
	struct err e;

	if (str_is(what, "ok")) {
		make_outputs(r, c, &b);
		res.end = SCHED_OK;
		res.outputs = strbuf_str(&b);
		c->did = "ok";
	} else if (str_is(what, "noout")) {
		res.end = SCHED_NO_OUTPUTS;
		c->did = "noout";
	} else if (str_is(what, "nilreader")) {
		res.end = SCHED_NO_READER;
		c->did = "nilreader";
	} else if (str_is(what, "futures")) {
		res.end = SCHED_FUTURES;
		if (conform_message(row, c->action, "spec",
		    &flyteidl__core__dynamic_job_spec__descriptor, &m, &e) == 0)
			wire_pack(m, &b);
		res.outputs = strbuf_str(&b);
		c->did = "futures";
	} else {
		res.end = SCHED_ERROR;
		res.retry = conform_true(row, c->action, "retry");
		res.error.kind = kind_of(conform_text(row, c->action, "kind"));
		res.error.code = conform_text(row, c->action, "code");
		res.error.message = conform_text(row, c->action, "message");
		c->did = "fail";
	}
	c->running = 0;
	sched_finished(r->s, c->at, &res);
}

/* The plugin itself breaks down, in every round. */
static void
break_down(struct engine_run *r, struct engine_call *c, struct str what)
{
	struct sched_result res = { .end = SCHED_LOST,
	    .outputs = { NULL, 0 } };

	c->did = str_is(what, "panic") ? "panic" : "error";
	res.error.message = conform_text(r->w->row, c->action, "message");
	sched_finished(r->s, c->at, &res);
}

void
engine_tasks_act(struct engine_run *r)
{
	size_t n = r->calls.n;

	for (size_t i = 0; i < n; i++) {
		struct engine_call *c = &r->calls.at[i];
		struct str what;

		if (!c->running || c->started == r->now ||
		    c->action == TREE_NONE)
			continue;
		what = conform_text(r->w->row, c->action, "do");
		if (str_is(what, "error") || str_is(what, "panic"))
			break_down(r, c, what);
		else if (!str_is(what, "hang") && r->now - c->started >=
		    SECOND * engine_int(r, c->action, "after", 0))
			do_action(r, c, what);
	}
}

/* ---- dynamic ------------------------------------------------------------- */

static int
launch_plan(void *arg, const pb_identifier *id,
    struct compile_launch_plan *ret)
{
	const struct engine_world *w = arg;
	const struct tree *t = w->row->tree;
	uint32_t list = tree_get(t, 0, "launchPlans");

	if (list == TREE_NONE)
		return 0;
	TREE_EACH(t, list, at) {
		ProtobufCMessage *m;
		pb_admin_launch_plan *p;
		struct err e;

		if (pbjson_from_tree(&flyteidl__admin__launch_plan__descriptor,
		    t, at, 0, w->arena, &m, &e) != 0)
			continue;
		p = (pb_admin_launch_plan *)m;
		if (p->id == NULL || p->closure == NULL ||
		    strcmp(p->id->name, id->name) != 0)
			continue;
		*ret = (struct compile_launch_plan){ p->id,
		    p->closure->expected_inputs,
		    p->closure->expected_outputs };
		return 1;
	}
	return 0;
}

void
engine_build(struct engine_run *r, const struct sched_action *a)
{
	c_arena struct arena arena = ARENA_INIT;
	struct dynamic_parent parent = { .node_id = a->node->id.p,
	    .project = "p", .domain = "d", .launch_plan = launch_plan,
	    .arg = r->w };
	struct sched_error error = { SCHED_USER,
	    STR("DynamicWorkflowBuildFailed"), { NULL, 0 } };
	ProtobufCMessage *m;
	struct plan *plan;
	struct err e;

	if (wire_unpack(&flyteidl__core__task_template__descriptor,
	    a->task->template, &arena, &m, &e) == 0) {
		parent.task = (pb_task_template *)m;
		parent.is_element = a->at.element != SCHED_NONE;
		if (dynamic_build(a->outputs, &parent, &plan, &e) == 0) {
			VEC_PUSH(&r->w->plans, plan);
			engine_node(r, a->path)->futures =
			    arena_str(r->w->arena, a->outputs);
			sched_built(r->s, a->at, plan, NULL);
			return;
		}
	}
	error.message = str_of(e.msg);
	sched_built(r->s, a->at, NULL, &error);
}
