#include "engine.h"

#include "idl/pbjson.h"
#include "idl/wire.h"

/*
 * "=record": what our engine does, in the form of a row's result, so that
 * rows of our own are written by a program and not by hand.  Events are left
 * out, for none are compared.
 */

const char *
engine_kind_name(enum sched_kind kind)
{
	return kind == SCHED_SYSTEM ? "SYSTEM" : kind == SCHED_USER ? "USER" :
	    "UNKNOWN";
}

static void
add_map(struct json_writer *w, const char *key, struct engine_run *r,
    struct str map)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	ProtobufCMessage *m;
	struct err e;

	if (map.p == NULL || wire_unpack(
	    &flyteidl__core__literal_map__descriptor, map, r->w->arena, &m,
	    &e) != 0)
		return;
	pbjson_print(m, 0, &b);
	json_key(w, key);
	json_raw(w, strbuf_str(&b));
}

static void
add_error(struct json_writer *w, const struct sched_error *e)
{
	if (e->code.p == NULL)
		return;
	json_key(w, "error");
	json_object(w);
	json_key(w, "code");
	json_str(w, e->code);
	json_key(w, "kind");
	json_cstr(w, engine_kind_name(e->kind));
	json_key(w, "message");
	json_str(w, e->message);
	json_end(w);
}

static void
add_text(struct json_writer *w, const char *key, struct str text)
{
	if (text.n == 0)
		return;
	json_key(w, key);
	json_str(w, text);
}

static void
add_number(struct json_writer *w, const char *key, uint32_t n)
{
	if (n == 0)
		return;
	json_key(w, key);
	json_uint(w, n);
}

static void
add_node(struct json_writer *w, struct engine_run *r,
    const struct engine_node *n)
{
	const struct sched_action *a = &n->last;

	json_object(w);
	json_key(w, "phase");
	json_cstr(w, sched_phase_name(a->phase));
	add_number(w, "attempts", a->at.attempt);
	add_number(w, "systemFailures", a->system_failures);
	if (n->is_element) {
		json_key(w, "element");
		json_bool(w, 1);
	} else {
		add_error(w, &a->error);
		add_text(w, "cache", engine_cache_name(a->cache));
		add_text(w, "reservation",
		    engine_reservation_name(a->reservation));
		add_text(w, "branch", engine_branch_name(a));
		add_map(w, "inputs", r, a->inputs);
		add_map(w, "outputs", r, a->outputs);
	}
	json_end(w);
}

static void
add_calls(struct json_writer *w, struct engine_run *r)
{
	json_key(w, "calls");
	json_array(w);
	for (size_t i = 0; i < r->calls.n; i++) {
		const struct engine_call *c = &r->calls.at[i];

		json_object(w);
		json_key(w, "node");
		json_str(w, c->path);
		json_key(w, "task");
		json_str(w, c->task->name);
		json_key(w, "attempt");
		json_uint(w, c->at.attempt);
		if (c->at.element != SCHED_NONE) {
			json_key(w, "index");
			json_uint(w, c->at.element);
		}
		if (c->no_inputs) {
			json_key(w, "inputsError");
			json_bool(w, 1);
		} else
			add_map(w, "inputs", r, c->inputs);
		if (c->did != NULL)
			add_text(w, "did", str_of(c->did));
		if (c->aborted) {
			json_key(w, "aborted");
			json_bool(w, 1);
		}
		if (c->interruptible) {
			json_key(w, "interruptible");
			json_bool(w, 1);
		}
		json_end(w);
	}
	json_end(w);
}

static void
add_launches(struct json_writer *w, struct engine_run *r)
{
	if (r->launches.n == 0)
		return;
	json_key(w, "launches");
	json_array(w);
	for (size_t i = 0; i < r->launches.n; i++) {
		const struct engine_launch *l = &r->launches.at[i];

		json_object(w);
		if (l->is_kill) {
			json_key(w, "kill");
			json_str(w, l->plan);
			add_text(w, "reason", l->reason);
		} else {
			json_key(w, "launchPlan");
			json_str(w, l->plan);
			json_key(w, "node");
			json_str(w, l->node);
			if (l->refused)
				add_text(w, "refused", STR("user"));
			add_map(w, "inputs", r, l->inputs);
		}
		json_end(w);
	}
	json_end(w);
}

static void
add_run(struct json_writer *w, struct engine_run *r)
{
	json_object(w);
	json_key(w, "phase");
	json_cstr(w, engine_phase_name(r));
	if (r->not_built) {
		json_key(w, "error");
		json_str(w, r->not_built_why);
	} else {
		if (r->stuck) {
			json_key(w, "stuck");
			json_bool(w, 1);
		}
		add_error(w, &r->error);
		add_map(w, "outputs", r, r->outputs);
	}
	json_key(w, "nodes");
	json_object(w);
	for (size_t i = 0; i < r->nodes.n; i++) {
		json_key_str(w, r->nodes.at[i].path);
		add_node(w, r, &r->nodes.at[i]);
	}
	json_end(w);
	add_calls(w, r);
	add_launches(w, r);
	json_key(w, "peak");
	json_uint(w, MAX(r->peak, r->stop_peak));
	json_end(w);
}

void
engine_record(struct engine_runs *runs, struct strbuf *out)
{
	struct json_writer w = json_writer(out, 0);

	json_array(&w);
	for (unsigned i = 0; i < runs->n; i++)
		add_run(&w, &runs->at[i]);
	json_end(&w);
}
