#include "engine.h"

#include "compile/compile.h"
#include "idl/pbjson.h"
#include "idl/wire.h"

/* The virtual clock starts here, so that no time is 0. */
#define EPOCH	(1000 * SECOND)

struct engine_node *
engine_node(struct engine_run *r, struct str path)
{
	uint32_t i = map_get(&r->node_of, path);

	if (i == MAP_NONE) {
		struct engine_node n = { .path = arena_str(r->w->arena, path),
		    .futures = { NULL, 0 }, .last = { .cause = SCHED_NONE,
		    .taken = SCHED_NONE, .child = SCHED_NONE,
		    .at = { SCHED_NONE, SCHED_NONE, SCHED_NONE, 0 } } };

		i = (uint32_t)r->nodes.n;
		VEC_PUSH(&r->nodes, n);
		map_put(&r->node_of, n.path, i);
	}
	return &r->nodes.at[i];
}

static struct str
keep(struct engine_run *r, struct str s)
{
	return s.p == NULL ? s : arena_str(r->w->arena, s);
}

/* An event: what the control plane remembers of a node. */
static void
note(struct engine_run *r, const struct sched_action *a)
{
	struct engine_node *n;

	if (r->round_failed && a->phase == SCHED_QUEUED)
		return;
	n = engine_node(r, a->path);
	if (a->phase == SCHED_QUEUED)
		n->queued_at = r->now;
	if (a->phase == SCHED_RUNNING)
		n->started_at = r->now;
	n->last = *a;
	n->is_element = a->at.element != SCHED_NONE;
	n->last.inputs = keep(r, a->inputs);
	n->last.outputs = keep(r, a->outputs);
	n->last.error.code = keep(r, a->error.code);
	n->last.error.message = keep(r, a->error.message);
}

static void
act(struct engine_run *r, const struct sched_action *a)
{
	switch (a->todo) {
	case SCHED_LOOKUP:
		if (!r->round_failed)
			engine_lookup(r, a);
		break;
	case SCHED_RESERVE:
		engine_reserve(r, a);
		break;
	case SCHED_RELEASE:
		engine_release(r, a);
		break;
	case SCHED_PUT:
		engine_put(r, a);
		break;
	case SCHED_START:
		engine_start(r, a);
		break;
	case SCHED_STOP:
		engine_stop(r, a);
		break;
	case SCHED_BUILD:
		engine_build(r, a);
		break;
	case SCHED_LAUNCH:
		engine_launch(r, a);
		break;
	case SCHED_KILL:
		engine_kill(r, a);
		break;
	case SCHED_NODE:
		note(r, a);
		break;
	case SCHED_WAIT:
	case SCHED_WORKFLOW:
		break;
	}
}

/* ---- recovery ------------------------------------------------------------ */

static int
recover(void *arg, struct str path, struct sched_record *ret)
{
	struct engine_run *before = ((struct engine_run *)arg)->before;
	uint32_t i = map_get(&before->node_of, path);
	const struct engine_node *n;

	if (i == MAP_NONE)
		return 0;
	n = &before->nodes.at[i];
	ret->phase = n->last.phase;
	ret->attempt = n->last.at.attempt;
	ret->cache = n->last.cache;
	ret->inputs = n->last.inputs;
	ret->outputs = n->last.outputs;
	ret->futures = n->futures;
	return 1;
}

/* ---- options ------------------------------------------------------------- */

static void
read_config(struct engine_run *r, struct sched_config *c)
{
	const struct tree *t = r->w->row->tree;
	uint32_t o = r->options, config;
	struct str text;

	c->rules = *r->w->rules;
	c->arg = r;
	if (o == TREE_NONE)
		return;
	c->max_parallelism = (uint32_t)engine_int(r, o, "maxParallelism", 0);
	if (tree_get(t, o, "interruptible") != TREE_NONE)
		c->interruptible = conform_true(r->w->row, o, "interruptible") ?
		    PLAN_YES : PLAN_NO;
	c->overwrite_cache = conform_true(r->w->row, o, "overwriteCache");
	if (conform_true(r->w->row, o, "recover") && r->before != NULL) {
		c->recover = recover;
	}
	config = tree_get(t, o, "config");
	if (config == TREE_NONE)
		return;
	c->max_system_retries = (uint32_t)engine_int(r, config,
	    "maxSystemRetries", 3);
	c->default_max_attempts = (uint32_t)engine_int(r, config,
	    "defaultMaxAttempts", 1);
	c->interruptible_threshold = (int32_t)engine_int(r, config,
	    "interruptibleThreshold", -1);
	c->ignore_retry_cause = conform_true(r->w->row, config,
	    "ignoreRetryCause");
	c->active_deadline = SECOND * engine_int(r, config,
	    "activeDeadline", 0);
	c->execution_deadline = SECOND * engine_int(r, config,
	    "executionDeadline", 0);
	c->max_failed_rounds = (uint32_t)engine_int(r, config,
	    "maxWorkflowRetries", 10);
	text = conform_text(r->w->row, config, "parallelism");
	c->map_limit = str_is(text, "hybrid") ? SCHED_MAP_HYBRID :
	    str_is(text, "workflow") ? SCHED_MAP_WORKFLOW : SCHED_MAP_UNLIMITED;
}

static void
give_signals(struct engine_run *r)
{
	const struct tree *t = r->w->row->tree;
	uint32_t list = r->options == TREE_NONE ? TREE_NONE :
	    tree_get(t, r->options, "signals");

	if (list == TREE_NONE)
		return;
	TREE_EACH(t, list, one) {
		c_strbuf struct strbuf b = STRBUF_INIT;
		ProtobufCMessage *m;
		struct err e;

		if (EPOCH + SECOND * engine_int(r, one, "at", 0) > r->now ||
		    conform_message(r->w->row, one, "value",
		    &flyteidl__core__literal__descriptor, &m, &e) != 0)
			continue;
		wire_pack(m, &b);
		sched_signal(r->s, conform_text(r->w->row, one, "id"),
		    strbuf_str(&b));
	}
}

/* ---- the loop ------------------------------------------------------------ */

static int
is_over(enum sched_wf wf)
{
	return wf == SCHED_WF_SUCCEEDED || wf == SCHED_WF_FAILED ||
	    wf == SCHED_WF_ABORTED;
}

/* One second after a round that changed something, else five. */
static void
loop(struct engine_run *r, struct sched_config *c)
{
	const struct sched_action *a;
	int64_t abort_at = engine_int(r, r->options, "abortAt", INT64_MAX);
	int64_t limit = SECOND * engine_int(r, r->options, "limit", 4 * 3600);
	unsigned rounds = 0;
	int changed;

	for (r->now = EPOCH; !is_over(sched_phase(r->s));
	    r->now += changed ? SECOND : 5 * SECOND) {
		if (r->now - EPOCH > limit) {
			r->stuck = 1;
			break;
		}
		if (abort_at != INT64_MAX &&
		    r->now - EPOCH >= SECOND * abort_at)
			sched_abort(r->s, STR("Workflow aborted."));
		give_signals(r);
		engine_children_act(r);
		engine_tasks_act(r);
		r->round_failed = 0;
		changed = sched_round(r->s, r->now, SCHED_NONE);
		while ((a = sched_action(r->s)) != NULL)
			act(r, a);
		if (++rounds == r->w->kill_at &&
		    !is_over(sched_phase(r->s)))
			engine_kill_and_resume(r, c);
	}
}

static int
check_inputs(struct engine_run *r, const pb_literal_map *inputs)
{
	const pb_workflow_template *t = r->w->closure->primary->template_;
	c_compile_errors struct compile_errors errors = COMPILE_ERRORS_INIT;
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (compile_inputs(t->interface != NULL ? t->interface->inputs : NULL,
	    inputs, &errors) == 0)
		return 0;
	r->not_built = 1;
	compile_errors_print(&errors, &b);
	r->not_built_why = keep(r, strbuf_str(&b));
	return -1;
}

/* What the workflow object would hold in the end. */
static void
look_at_end(struct engine_run *r)
{
	struct sched_view v;

	r->wf = sched_phase(r->s);
	(void)sched_n_running(r->s, &r->peak);
	for (size_t i = 0; i < r->nodes.n; i++) {
		struct engine_node *n = &r->nodes.at[i];

		if (n->is_element || n->last.phase == SCHED_UNDEFINED)
			continue;
		sched_view(r->s, n->last.at, &v);
		n->last.at.attempt = v.attempt;
		n->last.system_failures = v.system_failures;
	}
	/* A result that nobody took is none. */
	for (size_t i = 0; i < r->calls.n; i++) {
		struct engine_call *c = &r->calls.at[i];

		sched_view(r->s, c->at, &v);
		if (v.unread && v.attempt == c->at.attempt) {
			c->did = NULL;
			c->running = 1;
		}
	}
}

int
engine_run(struct engine_run *r, struct err *e)
{
	struct sched_config c;
	c_strbuf struct strbuf b = STRBUF_INIT;
	ProtobufCMessage *inputs;

	r->outputs = (struct str){ NULL, 0 };
	if (conform_message(r->w->row, r->json, "inputs",
	    &flyteidl__core__literal_map__descriptor, &inputs, e) != 0)
		return -1;
	if (check_inputs(r, (const pb_literal_map *)inputs) != 0)
		return 0;
	wire_pack(inputs, &b);
	sched_config_init(&c);
	read_config(r, &c);
	c.inputs = keep(r, strbuf_str(&b));
	c.name = r->name;
	r->reserved_until = EPOCH + SECOND * engine_int(r, r->options,
	    "reserved", 0);
	r->s = sched_new(r->w->plan, &c, EPOCH);
	loop(r, &c);
	look_at_end(r);
	if (sched_error(r->s) != NULL) {
		r->error = *sched_error(r->s);
		r->error.code = keep(r, r->error.code);
		r->error.message = keep(r, r->error.message);
	}
	r->outputs = keep(r, sched_outputs(r->s));
	return 0;
}

void
engine_run_release(struct engine_run *r)
{
	sched_free(r->s);
	VEC_RELEASE(&r->nodes);
	map_release(&r->node_of);
	VEC_RELEASE(&r->calls);
	VEC_RELEASE(&r->launches);
}
