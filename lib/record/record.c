#include "record/record_p.h"

#include "base/limits.h"
#include "base/time.h"
#include "idl/flyteidl.h"
#include "idl/pbjson.h"
#include "idl/wire.h"
#include "record/journal.h"
#include "record/longlit.h"
#include "store/blob.h"
#include "store/store.h"
#include "sys/digest.h"

const char *
record_mode_name(enum record_mode mode)
{
	static const char *const names[] = {
		[RECORD_MANUAL] = "MANUAL",
		[RECORD_RELAUNCH] = "RELAUNCH",
		[RECORD_CHILD_WORKFLOW] = "CHILD_WORKFLOW",
		[RECORD_RECOVERED] = "RECOVERED",
	};

	_Static_assert(ARRAY_LEN(names) == RECORD_MODE_MAX, "a name each");
	return names[mode];
}

void
recorder_init(struct recorder *r, struct journal *j, struct store *store,
    const char *dir)
{
	r->journal = j;
	r->store = store;
	r->dir = dir;
	r->sync = 0;
	strbuf_init(&r->line);
	strbuf_init(&r->text);
	r->batch = (struct record_batch){ .n = 0 };
	strbuf_init(&r->batch.map);
	err_clear(&r->trouble);
}

void
recorder_release(struct recorder *r)
{
	strbuf_release(&r->line);
	strbuf_release(&r->text);
	record_batch_release(&r->batch);
}

int
record_is(struct str json, const char *kind)
{
	static const char before[] = "{\"r\": \"";
	const size_t at = sizeof(before) - 1, n = strlen(kind);

	return json.n > at + n && str_starts(json, before) &&
	    memcmp(json.p + at, kind, n) == 0 && json.p[at + n] == '"';
}

int64_t
record_now_us(void)
{
	struct instant now = instant_now();

	return now.sec * 1000000 + now.nsec / 1000;
}

/* ---- records ------------------------------------------------------------ */

void
record_execution(struct recorder *r, const struct record_execution *x)
{
	struct json_writer w = record_open(r, "execution");
	size_t i;

	json_key(&w, "v");
	json_int(&w, 1);
	record_put_cstr(&w, "project", x->id.project);
	record_put_cstr(&w, "domain", x->id.domain);
	record_put_cstr(&w, "name", x->id.name);
	record_put_cstr(&w, "kind", x->target_kind);
	record_put_cstr(&w, "target", x->target);
	record_put_cstr(&w, "file", x->file);
	record_put_cstr(&w, "code", x->code);
	record_put_cstr(&w, "closure", x->closure);
	record_put_cstr(&w, "identity", x->identity);
	record_put_cstr(&w, "mode", record_mode_name(x->mode));
	record_put_cstr(&w, "of", x->of);
	json_key(&w, "local");
	json_bool(&w, x->local);
	json_key(&w, "keep_going");
	json_bool(&w, x->keep_going);
	json_key(&w, "overwrite_cache");
	json_bool(&w, x->overwrite_cache);
	json_key(&w, "max_parallelism");
	json_uint(&w, x->max_parallelism);
	record_put_cstr(&w, "cache", x->cache);
	if (x->nesting > 0) {
		json_key(&w, "nesting");
		json_uint(&w, x->nesting);
	}
	record_put_cstr(&w, "recover", x->recover);
	if (x->n_forced > 0) {
		json_key(&w, "forced");
		json_array(&w);
		for (i = 0; i < x->n_forced; i++)
			json_cstr(&w, x->forced[i]);
		json_end(&w);
	}
	record_put_cstr(&w, "repeats", x->repeats);
	record_put_map(r, &w, "i", x->inputs);
	record_put_launches(r, &w, x->launches, x->n_launches);
	record_close(r, &w);
}

void
record_begin(struct recorder *r, int n)
{
	struct json_writer w = record_open(r, "begin");

	json_key(&w, "n");
	json_int(&w, n);
	record_close(r, &w);
}

void
record_start(struct recorder *r, const struct record_started *s)
{
	struct json_writer w = record_open(r, "start");

	record_put_attempt(&w, s->path, s->attempt);
	record_put_cstr(&w, "h", s->handle);
	if (s->interruptible) {
		json_key(&w, "int");
		json_bool(&w, 1);
	}
	if (s->logs != NULL) {
		json_key(&w, "lo");
		json_array(&w);
		json_uint(&w, s->logs->out.slot);
		json_int(&w, s->logs->out.from);
		json_int(&w, s->logs->err.from);
		json_end(&w);
	}
	record_put_map(r, &w, "i", s->inputs);
	record_close(r, &w);
}

static void
put_log(struct json_writer *w, const char *key, const struct job_log *log)
{
	if (log->to <= log->from)
		return;
	json_key(w, key);
	json_array(w);
	json_uint(w, log->slot);
	json_int(w, log->from);
	json_int(w, log->to);
	json_end(w);
}

static void
put_usage(struct json_writer *w, const struct proc_end *end)
{
	json_key(w, "us");
	json_int(w, end->user_us);
	json_key(w, "ss");
	json_int(w, end->system_us);
	json_key(w, "kb");
	json_int(w, end->max_rss_kb);
}

void
record_end(struct recorder *r, struct str path, uint32_t attempt,
    const struct job_result *res)
{
	struct json_writer w = record_open(r, "end");

	record_put_attempt(&w, path, attempt);
	if (res->cause != JOB_OK)
		record_put_cstr(&w, "cause", job_cause_name(res->cause));
	if (res->end.code != 0) {
		json_key(&w, "st");
		json_int(&w, res->end.code);
	}
	if (res->end.sig != 0) {
		json_key(&w, "sig");
		json_int(&w, res->end.sig);
	}
	put_usage(&w, &res->end);
	put_log(&w, "out", &res->out);
	put_log(&w, "err", &res->err);
	record_put_cstr(&w, "scratch", res->scratch);
	record_put_cstr(&w, "deck", res->deck);
	record_put_cstr(&w, "changed", res->changed);
	if (res->error != NULL) {
		struct sched_error error = {
			.kind = (enum sched_kind)res->error->kind,
			.code = str_of(res->error->code),
			.message = str_of(res->error->message),
		};

		record_put_error(&w, &error);
	}
	record_close(r, &w);
}

static const char *const cache_names[] = {
	[SCHED_CACHE_DISABLED] = NULL,
	[SCHED_CACHE_MISS] = "MISS",
	[SCHED_CACHE_HIT] = "HIT",
	[SCHED_CACHE_POPULATED] = "POPULATED",
	[SCHED_CACHE_LOOKUP_FAILURE] = "LOOKUP_FAILURE",
	[SCHED_CACHE_PUT_FAILURE] = "PUT_FAILURE",
	[SCHED_CACHE_SKIPPED] = "SKIPPED",
	[SCHED_CACHE_EVICTED] = "EVICTED",
};

const char *
record_cache_name(enum sched_cache cache)
{
	return cache_names[cache];
}

int
record_digest(struct store *store, struct str inputs,
    char ret[RECORD_DIGEST], struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	c_strbuf struct strbuf hex = STRBUF_INIT;
	unsigned char digest[DIGEST_SIZE];
	struct sha256 h;

	if (store != NULL && blob_uris_to_disk(store, inputs, &a, &inputs,
	    NULL, e) < 0)
		return -1;
	sha256_init(&h);
	sha256_update(&h, inputs.p, inputs.n);
	sha256_final(&h, digest);
	hex_add(&hex, digest, sizeof(digest));
	memcpy(ret, hex.p, RECORD_DIGEST);
	return 0;
}

/* Inputs of a map that each element gets whole. */
static void
put_bound(struct json_writer *w, const struct plan *p,
    const struct plan_node *node)
{
	const struct plan_array *a = &p->arrays[node->what];
	uint32_t i;

	if (a->bound.n == 0)
		return;
	json_key(w, "bound");
	json_array(w);
	for (i = 0; i < a->bound.n; i++)
		json_str(w, p->strs[a->bound.at + i]);
	json_end(w);
}

static void
put_inputs(struct recorder *r, struct json_writer *w,
    const struct sched_action *act, struct str inputs)
{
	char digest[RECORD_DIGEST];
	struct err e;

	if (inputs.p == NULL)
		return;
	if (act->node->kind == PLAN_TASK) {
		record_put_map(r, w, "i", inputs);
	} else if (act->node->kind == PLAN_ARRAY && act->plan != NULL) {
		/* Its elements' are found in them; told when it begins. */
		if (act->phase == SCHED_SUCCEEDED)
			return;
		record_put_map(r, w, "i", inputs);
		put_bound(w, act->plan, act->node);
	} else if (act->node->kind == PLAN_GATE &&
	    act->phase == SCHED_RUNNING && inputs.n > 0) {
		/* For who is to approve them. */
		record_put_map(r, w, "i", inputs);
	} else if (record_digest(r->store, inputs, digest, &e) < 0) {
		record_trouble(r, &e);
	} else {
		record_put_cstr(w, "ih", digest);
	}
}

void
record_node(struct recorder *r, const struct sched_action *act,
    struct str inputs, struct str place)
{
	struct json_writer w = record_open(r, "node");

	record_put_attempt(&w, act->path, act->at.attempt);
	record_put_cstr(&w, "s", sched_phase_name(act->phase));
	record_put_cstr(&w, "w", sched_why_name(act->why));
	if (act->why == SCHED_WHY_UPSTREAM && act->cause != SCHED_NONE)
		record_put_str(&w, "of", act->plan->nodes[act->cause].id);
	if (act->system_failures > 0) {
		json_key(&w, "sf");
		json_uint(&w, act->system_failures);
	}
	record_put_cstr(&w, "c", cache_names[act->cache]);
	if (act->node->kind == PLAN_BRANCH && act->taken != SCHED_NONE)
		record_put_str(&w, "t", act->plan->nodes[act->taken].id);
	record_put_str(&w, "f", place);
	put_inputs(r, &w, act, inputs);
	record_put_map(r, &w, "o", act->outputs);
	record_put_error(&w, &act->error);
	record_close(r, &w);
}

/* ---- the rest ------------------------------------------------------------ */

void
record_why(struct recorder *r, struct str path, const struct why *why)
{
	struct json_writer w = record_open(r, "why");

	record_put_attempt(&w, path, 0);
	record_put_cstr(&w, "k", why_code_name(why->code));
	if (!str_eq(why->text, why_of(why->code).text))
		record_put_str(&w, "x", why->text);
	if (why->detail.p != NULL) {
		json_key(&w, "d");
		json_raw(&w, why->detail);
	}
	record_close(r, &w);
}

void
record_signal(struct recorder *r, struct str id, struct str literal)
{
	struct json_writer w = record_open(r, "signal");

	record_put_str(&w, "id", id);
	record_put_message(r, &w, "value", &flyteidl__core__literal__descriptor,
	    literal);
	record_close(r, &w);
}

void
record_control(struct recorder *r, uint64_t number)
{
	struct json_writer w = record_open(r, "control");

	json_key(&w, "n");
	json_uint(&w, number);
	record_close(r, &w);
}

void
record_child(struct recorder *r, struct str path,
    const struct execution_id *id)
{
	struct json_writer w = record_open(r, "child");

	record_put_attempt(&w, path, 0);
	record_put_cstr(&w, "project", id->project);
	record_put_cstr(&w, "domain", id->domain);
	record_put_cstr(&w, "name", id->name);
	record_close(r, &w);
}

void
record_build(struct recorder *r, struct str path, struct str spec,
    const struct record_launch *brought, size_t n)
{
	struct json_writer w = record_open(r, "build");

	record_put_attempt(&w, path, 0);
	record_put_message(r, &w, "spec",
	    &flyteidl__core__dynamic_job_spec__descriptor, spec);
	record_put_launches(r, &w, brought, n);
	record_close(r, &w);
}

void
record_workflow(struct recorder *r, enum sched_wf phase,
    const struct sched_error *error, struct str outputs)
{
	struct json_writer w = record_open(r, "workflow");

	record_put_cstr(&w, "s", sched_wf_name(phase));
	record_put_map(r, &w, "o", outputs);
	record_put_error(&w, error);
	record_close(r, &w);
}
