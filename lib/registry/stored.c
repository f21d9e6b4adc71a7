#include "registry/stored.h"

#include "idl/wire.h"

/* Where id and creation time lie: admin/{task,workflow,launch_plan}.proto. */
enum {
	FIELD_ID = 1,
	FIELD_TASK_CLOSURE = 2,
	FIELD_PLAN_CLOSURE = 3,
	FIELD_TASK_CREATED = 2,
	FIELD_PLAN_CREATED = 4
};

static const ProtobufCMessageDescriptor *
stored_descriptor(enum entity_kind kind)
{
	switch (kind) {
	case ENTITY_TASK:
		return &flyteidl__admin__task__descriptor;
	case ENTITY_WORKFLOW:
		return &flyteidl__admin__workflow__descriptor;
	case ENTITY_LAUNCH_PLAN:
		return &flyteidl__admin__launch_plan__descriptor;
	case ENTITY_ANY:
	case ENTITY_KIND_MAX:
		break;
	}
	BUG("kind %d", (int)kind);
}

static struct instant
instant_of(const pb_timestamp *t)
{
	if (t == NULL)
		return (struct instant){ 0, 0 };
	return (struct instant){ t->seconds, t->nanos };
}

static const pb_identifier *
take(enum entity_kind kind, ProtobufCMessage *m, struct registered *r)
{
	switch (kind) {
	case ENTITY_TASK:
		r->task = (pb_admin_task *)m;
		if (r->task->closure != NULL)
			r->created_at = instant_of(
			    r->task->closure->created_at);
		return r->task->id;
	case ENTITY_WORKFLOW:
		r->workflow = (pb_admin_workflow *)m;
		if (r->workflow->closure != NULL)
			r->created_at = instant_of(
			    r->workflow->closure->created_at);
		return r->workflow->id;
	case ENTITY_LAUNCH_PLAN:
		r->plan = (pb_admin_launch_plan *)m;
		if (r->plan->closure != NULL)
			r->created_at = instant_of(
			    r->plan->closure->created_at);
		return r->plan->id;
	case ENTITY_ANY:
	case ENTITY_KIND_MAX:
		break;
	}
	BUG("kind %d", (int)kind);
}

/* What a reader relies on is there. */
static int
is_whole(const struct registered *r)
{
	if (r->task != NULL)
		return r->task->closure != NULL &&
		    r->task->closure->compiled_task != NULL &&
		    r->task->closure->compiled_task->template_ != NULL;
	if (r->workflow != NULL)
		return r->workflow->closure != NULL &&
		    r->workflow->closure->compiled_workflow != NULL &&
		    r->workflow->closure->compiled_workflow->primary != NULL &&
		    r->workflow->closure->compiled_workflow->primary->
		    template_ != NULL;
	return r->plan->spec != NULL && r->plan->closure != NULL &&
	    r->plan->spec->workflow_id != NULL;
}

int
stored_unpack(const struct entity_id *id, struct str bytes, struct arena *a,
    struct registered *ret, struct err *e)
{
	struct registered r = { .task = NULL };
	const pb_identifier *in;
	ProtobufCMessage *m;

	if (wire_unpack(stored_descriptor(id->kind), bytes, a, &m, e) < 0) {
		err_blame_state(e);
		return -1;
	}
	in = take(id->kind, m, &r);
	if (in == NULL || !is_whole(&r))
		return err_set(e, ERR_CORRUPT, "parts of it are missing");
	r.id = entity_id_of(in);
	r.id.kind = id->kind;
	if (entity_id_cmp(&r.id, id) != 0)
		return err_set(e, ERR_CORRUPT,
		    "it holds %s/%s/%s@%s instead", r.id.project, r.id.domain,
		    r.id.name, r.id.version);
	*ret = r;
	return 0;
}

static int
peek_time(struct str bytes, struct instant *ret)
{
	struct wire_field f;
	struct err e;

	*ret = (struct instant){ 0, 0 };
	if (wire_find(bytes, 1, WIRE_VARINT, &f, &e) < 0)
		return -1;
	ret->sec = (int64_t)f.n;
	if (wire_find(bytes, 2, WIRE_VARINT, &f, &e) < 0)
		return -1;
	ret->nsec = (int32_t)f.n;
	return 0;
}

int
stored_peek(enum entity_kind kind, struct str bytes, struct arena *a,
    struct entity_id *ret_id, struct instant *ret_created)
{
	int plan = kind == ENTITY_LAUNCH_PLAN;
	struct wire_field f;
	ProtobufCMessage *m;
	struct err e;

	if (wire_find(bytes, FIELD_ID, WIRE_BYTES, &f, &e) < 0 ||
	    wire_unpack(&flyteidl__core__identifier__descriptor, f.bytes, a,
	    &m, &e) < 0)
		return -1;
	*ret_id = entity_id_of((const pb_identifier *)m);
	ret_id->kind = kind;
	if (wire_find(bytes, plan ? FIELD_PLAN_CLOSURE : FIELD_TASK_CLOSURE,
	    WIRE_BYTES, &f, &e) < 0 || f.whole.p == NULL)
		return -1;
	if (wire_find(f.bytes, plan ? FIELD_PLAN_CREATED : FIELD_TASK_CREATED,
	    WIRE_BYTES, &f, &e) < 0 || f.whole.p == NULL)
		return -1;
	return peek_time(f.bytes, ret_created);
}

static void
pack_task(const pb_admin_task *given, pb_timestamp *t, struct strbuf *ret)
{
	pb_admin_task m = *given;
	pb_admin_task_closure c = FLYTEIDL__ADMIN__TASK_CLOSURE__INIT;

	if (m.closure != NULL)
		c = *m.closure;
	c.created_at = t;
	m.closure = &c;
	wire_pack(&m.base, ret);
}

static void
pack_workflow(const pb_admin_workflow *given, pb_timestamp *t,
    struct strbuf *ret)
{
	pb_admin_workflow m = *given;
	pb_admin_workflow_closure c = FLYTEIDL__ADMIN__WORKFLOW_CLOSURE__INIT;

	if (m.closure != NULL)
		c = *m.closure;
	c.created_at = t;
	m.closure = &c;
	wire_pack(&m.base, ret);
}

static void
pack_plan(const pb_admin_launch_plan *given, pb_timestamp *t,
    struct strbuf *ret)
{
	pb_admin_launch_plan m = *given;
	pb_admin_launch_plan_closure c =
	    FLYTEIDL__ADMIN__LAUNCH_PLAN_CLOSURE__INIT;

	if (m.closure != NULL)
		c = *m.closure;
	c.state = FLYTEIDL__ADMIN__LAUNCH_PLAN_STATE__INACTIVE;
	c.created_at = t;
	c.updated_at = t;
	m.closure = &c;
	wire_pack(&m.base, ret);
}

void
stored_pack(enum entity_kind kind, const ProtobufCMessage *m,
    struct instant created_at, struct strbuf *ret)
{
	pb_timestamp t = GOOGLE__PROTOBUF__TIMESTAMP__INIT;

	t.seconds = created_at.sec;
	t.nanos = created_at.nsec;
	switch (kind) {
	case ENTITY_TASK:
		pack_task((const pb_admin_task *)m, &t, ret);
		return;
	case ENTITY_WORKFLOW:
		pack_workflow((const pb_admin_workflow *)m, &t, ret);
		return;
	case ENTITY_LAUNCH_PLAN:
		pack_plan((const pb_admin_launch_plan *)m, &t, ret);
		return;
	case ENTITY_ANY:
	case ENTITY_KIND_MAX:
		break;
	}
	BUG("kind %d", (int)kind);
}
