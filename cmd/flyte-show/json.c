/* An execution as one JSON object: everything, for other programs. */

#include "show.h"

#include "idl/litout.h"
#include "idl/nodepath.h"

struct json_view {
	struct show		*show;
	const struct look	*look;
	struct json_writer	 w;
	struct strbuf		 text;	/* for values */
	struct store		*store;
};

/* Written out once there is as much. */
#define FLUSH_BYTES	((size_t)64 * 1024)

static void
put_cstr(struct json_writer *w, const char *key, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	json_key(w, key);
	json_cstr(w, value);
}

static void
put_time(struct json_view *v, const char *key, int64_t us)
{
	if (us == 0)
		return;
	strbuf_reset(&v->text);
	look_add_exact(&v->text, us);
	put_cstr(&v->w, key, v->text.p);
}

static void
put_int(struct json_view *v, const char *key, int64_t value)
{
	json_key(&v->w, key);
	json_int(&v->w, value);
}

/* map.p NULL: there are none. */
static int
put_literals(struct json_view *v, const char *key, struct str map,
    struct err *e)
{
	if (map.p == NULL)
		return 0;
	json_key(&v->w, key);
	json_raw(&v->w, STR(""));
	if (map.n > 0)
		return litout_add_typed(v->w.out, map, e);
	strbuf_adds(v->w.out, "{\"literals\":{}}");
	return 0;
}

static void
put_error(struct json_view *v, const struct sched_error *error)
{
	static const char *const kinds[] = { "UNKNOWN", "USER", "SYSTEM" };

	if (error->code.p == NULL && error->message.p == NULL)
		return;
	json_key(&v->w, "error");
	json_object(&v->w);
	put_cstr(&v->w, "kind", kinds[error->kind]);
	json_key(&v->w, "code");
	json_str(&v->w, error->code);
	json_key(&v->w, "message");
	json_str(&v->w, error->message);
	json_end(&v->w);
}

static void
put_log(struct json_view *v, const char *key, const struct job_log *log,
    const char *suffix)
{
	if (log->to <= log->from)
		return;
	json_key(&v->w, key);
	json_object(&v->w);
	strbuf_reset(&v->text);
	strbuf_addf(&v->text, "%s/logs/%u.%s", v->look->history.dir,
	    log->slot, suffix);
	put_cstr(&v->w, "file", v->text.p);
	put_int(v, "from", log->from);
	put_int(v, "to", log->to);
	json_end(&v->w);
}

static void
put_attempt(struct json_view *v, const struct history_attempt *a)
{
	struct json_writer *w = &v->w;

	json_object(w);
	put_int(v, "attempt", a->number);
	if (a->interruptible) {
		json_key(w, "interruptible");
		json_bool(w, 1);
	}
	put_time(v, "started", a->started);
	if (a->ended != 0) {
		put_time(v, "ended", a->ended);
		put_cstr(w, "cause", a->cause == NULL ? "ok" : a->cause);
		put_int(v, "status", a->status);
		if (a->sig != 0)
			put_int(v, "signal", a->sig);
		put_int(v, "user_us", a->user_us);
		put_int(v, "system_us", a->system_us);
		put_int(v, "max_rss_kb", a->max_rss_kb);
		put_log(v, "stdout", &a->out, "out");
		put_log(v, "stderr", &a->err, "err");
	}
	put_cstr(w, "scratch", a->scratch);
	put_cstr(w, "deck", a->deck);
	put_cstr(w, "changed", a->changed);
	if (a->failed)
		put_error(v, &a->error);
	json_end(w);
}

static void
put_child(struct json_view *v, const struct execution_id *id)
{
	if (id->name == NULL)
		return;
	json_key(&v->w, "execution");
	json_object(&v->w);
	put_cstr(&v->w, "project", id->project);
	put_cstr(&v->w, "domain", id->domain);
	put_cstr(&v->w, "id", id->name);
	json_end(&v->w);
}

/* What counts against the task's retries, and what against the system's. */
static void
put_failures(struct json_view *v, const struct history_node *n)
{
	uint32_t user, system;

	history_failures(n, &user, &system);
	if (user + system == 0)
		return;
	json_key(&v->w, "failures");
	json_object(&v->w);
	put_int(v, "user", user);
	put_int(v, "system", system);
	json_end(&v->w);
}

static int
put_history(struct json_view *v, const struct history_node *n, struct err *e)
{
	const struct history *h = &v->look->history;
	struct json_writer *w = &v->w;
	c_arena struct arena a = ARENA_INIT;
	struct str inputs, outputs;
	size_t i;

	put_cstr(w, "why", n->why);
	put_cstr(w, "upstream", n->of);
	put_cstr(w, "taken", n->taken);
	put_cstr(w, "cache", n->cache);
	put_cstr(w, "code", n->code);
	if (n->code != NULL) {
		json_key(w, "explained");
		json_str(w, why_words(n));
	}
	if (n->detail.p != NULL) {
		json_key(w, "detail");
		json_raw(w, n->detail);
	}
	put_time(v, "started", n->started);
	put_time(v, "ended", n->ended);
	put_child(v, &n->child);
	if (history_inputs(h, v->store, n, &a, &inputs, e) < 0 ||
	    history_outputs(h, v->store, n, &a, &outputs, e) < 0 ||
	    put_literals(v, "inputs", inputs, e) < 0 ||
	    put_literals(v, "outputs", outputs, e) < 0)
		return -1;
	put_error(v, &n->error);
	put_failures(v, n);
	if (n->n_attempts == 0)
		return 0;
	json_key(w, "attempts");
	json_array(w);
	for (i = 0; i < n->n_attempts; i++)
		put_attempt(v, &n->attempts[i]);
	json_end(w);
	return 0;
}

static int
put_command(struct json_view *v, const struct look_item *it, struct err *e)
{
	c_strbuf struct strbuf command = STRBUF_INIT, template = STRBUF_INIT;
	c_arena struct arena a = ARENA_INIT;
	struct str inputs = { NULL, 0 };

	if (it->node != NULL && history_inputs(&v->look->history, v->store,
	    it->node, &a, &inputs, e) < 0)
		return -1;
	add_command(&command, &template, v->look, it, inputs,
	    v->show->attempt);
	put_cstr(&v->w, "command", command.p);
	put_cstr(&v->w, "template", template.p);
	return 0;
}

static int
put_node(struct json_view *v, const struct look_item *it, int whole,
    struct err *e)
{
	struct json_writer *w = &v->w;
	const pb_task_template *t = look_task(it);

	json_object(w);
	strbuf_reset(&v->text);
	nodepath_add(&v->text, it->path);
	put_cstr(w, "node", v->text.p);
	json_key(w, "path");
	json_str(w, it->path);
	if (it->element >= 0)
		put_int(v, "element", it->element);
	put_cstr(w, "kind", look_kind(it));
	if (t != NULL && t->id != NULL)
		put_cstr(w, "task", t->id->name);
	put_cstr(w, "signal", look_signal(it));
	put_cstr(w, "state", look_word(v->look, it));
	put_cstr(w, "phase", it->node == NULL ? "UNDEFINED" :
	    sched_phase_name(it->node->phase));
	put_waits(w, v->look, it);
	if (whole && put_command(v, it, e) < 0)
		return -1;
	if (it->node != NULL && put_history(v, it->node, e) < 0)
		return -1;
	json_end(w);
	return 0;
}

static void
put_head(struct json_view *v)
{
	const struct history *h = &v->look->history;
	struct json_writer *w = &v->w;

	put_cstr(w, "id", h->id.name);
	put_cstr(w, "project", h->id.project);
	put_cstr(w, "domain", h->id.domain);
	put_cstr(w, "phase", look_phase_name(look_phase(v->look)));
	put_cstr(w, "kind", h->target_kind);
	put_cstr(w, "target", h->target);
	put_cstr(w, "file", h->file);
	put_cstr(w, "closure", h->closure);
	put_cstr(w, "mode", h->mode);
	put_cstr(w, "of", h->of);
	put_cstr(w, "folder", h->dir);
	put_int(v, "processes", h->begins);
	put_time(v, "started", h->created);
	put_time(v, "updated", h->updated);
	put_time(v, "ended", h->ended);
}

static int
put_own(struct json_view *v, const char *key, struct str json, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	struct str bytes;

	if (history_literals(&v->look->history, v->store, json, &a, &bytes,
	    e) < 0)
		return -1;
	return put_literals(v, key, bytes, e);
}

/* A range of elements is written element by element. */
static int
put_item(struct json_view *v, const struct look_item *it, struct err *e)
{
	struct look_item one = *it;
	struct history_node n;
	uint32_t i;
	int rc = 0;

	for (i = 0; i < it->n && rc == 0; i++) {
		c_arena struct arena a = ARENA_INIT;

		if (it->n > 1) {
			look_element(it, i, &a, &n, &one);
			one.node = &n;
		}
		rc = put_node(v, &one, 0, e);
		if (v->w.out->n >= FLUSH_BYTES) {
			put_out(v->w.out);
			strbuf_reset(v->w.out);
		}
	}
	return rc;
}

static int
put_execution(struct json_view *v, struct err *e)
{
	const struct look *l = v->look;
	struct json_writer *w = &v->w;
	size_t i;

	json_object(w);
	put_head(v);
	if (put_own(v, "inputs", l->history.inputs, e) < 0 ||
	    put_own(v, "outputs", l->history.outputs, e) < 0)
		return -1;
	put_error(v, &l->history.error);
	json_key(w, "nodes");
	json_array(w);
	for (i = 0; i < l->items.n; i++)
		if (put_item(v, &l->items.at[i], e) < 0)
			return -1;
	json_end(w);
	json_end(w);
	return 0;
}

static int
print(struct show *s, const struct look *l, const struct look_item *it)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct json_view v = { .show = s, .look = l, .text = STRBUF_INIT };
	struct err e;
	int rc;

	if (context_store(&s->ctx, &v.store, &e) < 0)
		return fail(&s->ctx, &e);
	v.w = json_writer(&b, s->json == 2 ? 2 : 0);
	rc = it == NULL ? put_execution(&v, &e) : put_node(&v, it, 1, &e);
	strbuf_release(&v.text);
	if (rc < 0)
		return fail(&s->ctx, &e);
	strbuf_addch(&b, '\n');
	put_out(&b);
	return EXIT_DONE;
}

int
show_json(struct show *s, const struct look *l)
{
	return print(s, l, NULL);
}

int
show_json_node(struct show *s, struct look *l)
{
	struct err e;
	uint32_t at;

	if (look_find(l, s->path, &at, &e) < 0)
		return fail(&s->ctx, &e);
	return print(s, l, &l->items.at[at]);
}
