#include "engine.h"

#include "idl/pbjson.h"
#include "idl/wire.h"

/* Child executions of launch plans. */

static uint32_t
option_of(struct engine_run *r, struct str plan)
{
	const struct tree *t = r->w->row->tree;
	uint32_t list = r->options == TREE_NONE ? TREE_NONE :
	    tree_get(t, r->options, "launchPlans");

	return list == TREE_NONE ? TREE_NONE : tree_get_str(t, list, plan);
}

void
engine_launch(struct engine_run *r, const struct sched_action *a)
{
	uint32_t o = option_of(r, a->launch->name);
	struct str how = o == TREE_NONE ? STR("") :
	    conform_text(r->w->row, o, "launch");
	struct engine_launch l = { .at = a->at, .plan = a->launch->name,
	    .node = a->node->id, .started = r->now,
	    .path = arena_str(r->w->arena, a->path),
	    .inputs = arena_str(r->w->arena, a->inputs) };
	struct sched_error error = { SCHED_USER, STR("launch"), { NULL, 0 } };
	enum sched_child_state state = SCHED_CHILD_RUNNING;

	if (str_is(how, "user")) {
		error.message = STR("[UserError] bad launch plan");
		state = SCHED_CHILD_REFUSED;
		l.refused = l.done = 1;
	} else if (str_is(how, "system")) {
		error.message = STR("[SystemError] control plane is away");
		state = SCHED_CHILD_LATER;
		l.refused = l.done = 1;
	}
	/* What was launched before the runner was killed is adopted. */
	for (size_t i = 0; i < r->launches.n; i++) {
		struct engine_launch *old = &r->launches.at[i];

		if (old->is_kill || old->done || !str_eq(old->path, l.path) ||
		    old->at.attempt != a->at.attempt)
			continue;
		old->at = a->at;
		sched_child(r->s, a->at, SCHED_CHILD_RUNNING,
		    (struct str){ NULL, 0 }, NULL);
		return;
	}
	/* One that never reached the control plane is not recorded. */
	if (state != SCHED_CHILD_LATER)
		VEC_PUSH(&r->launches, l);
	sched_child(r->s, a->at, state, (struct str){ NULL, 0 }, &error);
}

void
engine_kill(struct engine_run *r, const struct sched_action *a)
{
	struct engine_launch l = { .at = a->at, .plan = STR(""),
	    .node = a->node->id, .is_kill = 1, .done = 1,
	    .inputs = { NULL, 0 },
	    .reason = arena_str(r->w->arena, a->reason) };

	for (size_t i = 0; i < r->launches.n; i++)
		if (memcmp(&r->launches.at[i].at, &a->at,
		    sizeof(a->at)) == 0) {
			r->launches.at[i].done = 1;
			l.plan = a->launch->name;
		}
	VEC_PUSH(&r->launches, l);
}

static void
finish(struct engine_run *r, struct engine_launch *l, uint32_t o)
{
	const struct conform_row *row = r->w->row;
	uint32_t err = tree_get(row->tree, o, "error");
	struct str phase = conform_text(row, o, "phase"), kind;
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct sched_error error = { SCHED_USER, { NULL, 0 }, { NULL, 0 } };
	enum sched_child_state state;
	ProtobufCMessage *m;
	struct err e;

	if (conform_true(row, o, "gone"))
		state = SCHED_CHILD_GONE;
	else if (str_is(phase, "SUCCEEDED"))
		state = SCHED_CHILD_SUCCEEDED;
	else if (str_is(phase, "FAILED"))
		state = SCHED_CHILD_FAILED;
	else if (str_is(phase, "ABORTED"))
		state = SCHED_CHILD_ABORTED;
	else
		return;	/* any other phase counts as running */
	l->done = 1;
	if (tree_get(row->tree, o, "outputs") != TREE_NONE &&
	    conform_message(row, o, "outputs",
	    &flyteidl__core__literal_map__descriptor, &m, &e) == 0)
		wire_pack(m, &b);
	if (err != TREE_NONE) {
		kind = conform_text(row, err, "kind");
		error.kind = str_is(kind, "SYSTEM") ? SCHED_SYSTEM :
		    str_is(kind, "USER") ? SCHED_USER : SCHED_UNKNOWN;
		error.code = conform_text(row, err, "code");
		error.message = conform_text(row, err, "message");
	}
	sched_child(r->s, l->at, state, tree_get(row->tree, o, "outputs") ==
	    TREE_NONE ? (struct str){ NULL, 0 } : strbuf_str(&b), &error);
}

void
engine_children_act(struct engine_run *r)
{
	for (size_t i = 0; i < r->launches.n; i++) {
		struct engine_launch *l = &r->launches.at[i];
		uint32_t o = option_of(r, l->plan);

		if (!l->done && l->started < r->now && o != TREE_NONE &&
		    r->now - l->started >=
		    SECOND * engine_int(r, o, "after", 0))
			finish(r, l, o);
	}
}
