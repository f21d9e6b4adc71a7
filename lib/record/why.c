#include "record/why.h"

#include "data/json.h"
#include "idl/nodepath.h"
#include "record/history.h"

/* ---- words -------------------------------------------------------------- */

static const struct {
	const char	*name, *words;
} whys[] = {
#define WHY(code, words)	{ #code, words },
#include "record/why.def"
#undef WHY
};

_Static_assert(ARRAY_LEN(whys) == WHY_MAX, "a name each");

const char *
why_code_name(enum why_code code)
{
	return whys[code].name;
}

const char *
fate_name(enum fate fate)
{
	static const char *const names[] = {
		[FATE_RUN] = "run", [FATE_REUSE] = "reuse",
		[FATE_RECOVER] = "recover", [FATE_SKIP] = "skip",
		[FATE_WAIT] = "wait", [FATE_DEPEND] = "depends",
		[FATE_FAIL] = "fail", [FATE_STOP] = "stop",
	};

	_Static_assert(ARRAY_LEN(names) == FATE_MAX, "a name each");
	return names[fate];
}

const char *
fate_past(enum fate fate)
{
	static const char *const names[] = {
		[FATE_RUN] = "ran", [FATE_REUSE] = "reused",
		[FATE_RECOVER] = "recovered", [FATE_SKIP] = "skipped",
		[FATE_WAIT] = "waited", [FATE_DEPEND] = "depended",
		[FATE_FAIL] = "failed", [FATE_STOP] = "stopped",
	};

	_Static_assert(ARRAY_LEN(names) == FATE_MAX, "a name each");
	return names[fate];
}

struct why
why_of(enum why_code code)
{
	return (struct why){ code, str_of(whys[code].words), { NULL, 0 } };
}

struct why
why_of_miss(const struct cache_explain *x, struct arena *a)
{
	static const enum why_code codes[] = {
		[REASON_HIT] = WHY_MISS,	/* since it was looked up */
		[REASON_DAMAGED] = WHY_DAMAGED,
		[REASON_NEVER] = WHY_NEVER,
		[REASON_INPUT] = WHY_INPUT,
		[REASON_VERSION] = WHY_VERSION,
		[REASON_COMMAND] = WHY_COMMAND,
		[REASON_INTERFACE] = WHY_INTERFACE,
	};
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct why ret = why_of(codes[x->reason]);

	_Static_assert(ARRAY_LEN(codes) == REASON_MAX, "a code each");
	if (x->reason == REASON_HIT || x->reason == REASON_NEVER)
		return ret;
	cache_explain_add(&b, x);
	ret.text = arena_str(a, strbuf_str(&b));
	strbuf_reset(&b);
	cache_explain_json(&b, x);
	ret.detail = arena_str(a, strbuf_str(&b));
	return ret;
}

struct why
why_of_hit(struct str source, const char *key, struct arena *a)
{
	struct cache_explain x = { .reason = REASON_HIT, .source = source };
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct why ret = why_of(WHY_HIT);

	memcpy(x.key, key, strnlen(key, sizeof(x.key) - 1));
	cache_explain_add(&b, &x);
	ret.text = arena_str(a, strbuf_str(&b));
	strbuf_reset(&b);
	cache_explain_json(&b, &x);
	ret.detail = arena_str(a, strbuf_str(&b));
	return ret;
}

struct why
why_of_node(enum why_code code, const char *key, struct str name,
    const char *before, const char *after, struct arena *a)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct json_writer w = json_writer(&b, 0);
	struct why ret = { .code = code };

	json_object(&w);
	json_key(&w, key);
	json_str(&w, name);
	json_end(&w);
	ret.detail = arena_str(a, strbuf_str(&b));
	strbuf_reset(&b);
	strbuf_adds(&b, before);
	strbuf_addstr(&b, name);
	strbuf_adds(&b, after);
	ret.text = arena_str(a, strbuf_str(&b));
	return ret;
}

void
why_put(struct json_writer *w, const struct why *why)
{
	json_key(w, "code");
	json_cstr(w, why_code_name(why->code));
	json_key(w, "why");
	json_str(w, why->text);
	if (why->detail.p != NULL) {
		json_key(w, "detail");
		json_raw(w, why->detail);
	}
}

/* ---- by the journal ----------------------------------------------------- */

/* WHY_MISS for a name that is none. */
static enum why_code
code_called(const char *name)
{
	unsigned i;

	for (i = 0; i < WHY_MAX; i++)
		if (strcmp(whys[i].name, name) == 0)
			return (enum why_code)i;
	return WHY_MISS;
}

/* Why it ran.  Without a record that goes without saying. */
static struct why
why_ran(const struct history_node *n)
{
	struct why ret;

	if (n->code == NULL)
		return why_of(n->cache == NULL ? WHY_NOT_CACHED : WHY_MISS);
	ret = why_of(code_called(n->code));
	if (n->explained != NULL)
		ret.text = str_of(n->explained);
	ret.detail = n->detail;
	return ret;
}

struct str
why_words(const struct history_node *n)
{
	return n->code == NULL ? (struct str){ "", 0 } : why_ran(n).text;
}

/* Not a task: what is in it, or what it launched, has reasons of its own. */
static struct why
why_holds(const struct history_node *n, struct arena *a)
{
	if (n->child.name != NULL)
		return why_of_node(WHY_LAUNCHED, "execution",
		    str_of(arena_printf(a, "%s/%s/%s", n->child.project,
		    n->child.domain, n->child.name)), "as ", "", a);
	if (n->taken != NULL)
		return why_of_node(WHY_TAKEN, "taken", str_of(n->taken),
		    "took ", "", a);
	return why_of(WHY_INSIDE);
}

static struct why
why_recovered(const struct history *h, const struct history_node *n,
    struct arena *a)
{
	c_strbuf struct strbuf source = STRBUF_INIT;

	strbuf_addf(&source, "%s/", h->recover == NULL ? "?" : h->recover);
	nodepath_add(&source, n->path);
	return why_of_node(WHY_RECOVERED, "source",
	    arena_str(a, strbuf_str(&source)), "from ", "", a);
}

static struct why
why_skipped(const struct history_node *n, struct arena *a)
{
	if (n->why != NULL && strcmp(n->why, "not-taken") == 0)
		return why_of(WHY_NOT_TAKEN);
	if (n->of == NULL)
		return why_of(WHY_UPSTREAM);
	return why_of_node(WHY_UPSTREAM, "of", str_of(n->of), "",
	    " did not succeed", a);
}

/* No attempt was made of it, and nothing inside it began. */
static enum fate
why_not_begun(const struct history_node *n, struct why *ret)
{
	const char *why = n->why == NULL ? "" : n->why;

	if (n->phase == SCHED_FAILED || n->phase == SCHED_TIMED_OUT) {
		*ret = why_of(n->phase == SCHED_FAILED ? WHY_ERROR :
		    WHY_DEADLINE);
		if (n->error.message.p != NULL)
			ret->text = n->error.message;
		return FATE_FAIL;
	}
	*ret = why_of(strcmp(why, "policy") == 0 ? WHY_POLICY :
	    strcmp(why, "abort") == 0 ? WHY_ABORT : WHY_NOT_REACHED);
	return FATE_STOP;
}

/* It failed by what is in it; a switch without a case that fits did not. */
static int
is_of_children(const struct history_node *n, enum plan_kind kind)
{
	return n->why != NULL && strcmp(n->why, "child") == 0 &&
	    (kind != PLAN_BRANCH || n->taken != NULL);
}

enum fate
why_was(const struct history *h, const struct history_node *n,
    enum plan_kind kind, const char *entry, struct str source, struct arena *a, struct why *ret)
{
	if (n->cache != NULL && strcmp(n->cache, "HIT") == 0) {
		*ret = entry == NULL ? why_of(WHY_HIT) :
		    why_of_hit(source, entry, a);
		if (entry == NULL)
			ret->text = STR("the entry is gone by now");
		return FATE_REUSE;
	}
	if (n->phase == SCHED_RECOVERED) {
		*ret = why_recovered(h, n, a);
		return FATE_RECOVER;
	}
	if (n->phase == SCHED_SKIPPED) {
		*ret = why_skipped(n, a);
		return FATE_SKIP;
	}
	if (n->n_attempts > 0 || (kind == PLAN_TASK &&
	    n->phase == SCHED_SUCCEEDED)) {
		*ret = why_ran(n);
		return FATE_RUN;
	}
	if (kind != PLAN_TASK && (n->phase == SCHED_SUCCEEDED ||
	    is_of_children(n, kind))) {
		*ret = why_holds(n, a);
		return FATE_RUN;
	}
	return why_not_begun(n, ret);
}
