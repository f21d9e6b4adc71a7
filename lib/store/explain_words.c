/* Explanations for people and for programs. */
#include "store/explain_p.h"

#include "base/utf8.h"
#include "data/json.h"
#include "idl/nodepath.h"

/* "project/domain/ID/" of a source; all of it if there is no more. */
static size_t
execution_of(struct str source)
{
	size_t i, slashes = 0;

	for (i = 0; i < source.n; i++)
		if (source.p[i] == '/' && ++slashes == 3)
			return i + 1;
	return source.n;
}

/* "p/d/ID/pay (entry 9f86d081884c)"; key "": only the first. */
static void
add_source(struct strbuf *b, struct str source, const char *key)
{
	c_strbuf struct strbuf brief = STRBUF_INIT;
	size_t n;

	/* The first attempt is the rule. */
	if (source.n > 2 && source.p[source.n - 2] == '#' &&
	    source.p[source.n - 1] == '0')
		source.n -= 2;
	n = execution_of(source);
	strbuf_add(&brief, source.p, n);
	nodepath_add(&brief, (struct str){ source.p + n, source.n - n });
	utf8_add_shown(b, strbuf_str(&brief));
	if (key[0] != '\0')
		strbuf_addf(b, " (entry %.12s)", key);
}

static void
add_difference(struct strbuf *b, const struct cache_explain *x)
{
	strbuf_addf(b, "%s%s differs: %s, was %s",
	    x->reason == REASON_INPUT ? "input " : "",
	    x->field == NULL ? "interface" : x->field,
	    x->is == NULL ? "?" : x->is, x->was == NULL ? "?" : x->was);
	if (x->source.n > 0) {
		strbuf_adds(b, " in ");
		add_source(b, x->source, x->key);
	}
	if (x->others != NULL)
		strbuf_addf(b, "; %s differ%s too", x->others,
		    x->differences == 2 ? "s" : "");
}

void
cache_explain_add(struct strbuf *b, const struct cache_explain *x)
{
	switch (x->reason) {
	case REASON_HIT:
		strbuf_adds(b, "from ");
		add_source(b, x->source, x->key);
		break;
	case REASON_DAMAGED:
		strbuf_addf(b, "it was kept, but %s", x->why);
		break;
	case REASON_NEVER:
	case REASON_MAX:
		strbuf_adds(b, "nothing of this task was kept before");
		break;
	case REASON_INPUT:
	case REASON_VERSION:
	case REASON_COMMAND:
	case REASON_INTERFACE:
		add_difference(b, x);
		break;
	}
	if (x->command_differs && x->reason != REASON_COMMAND)
		strbuf_adds(b, x->reason == REASON_HIT ?
		    "; it was made by another command" :
		    "; the command differs too");
}

static void
put_text(struct json_writer *w, const char *key, const char *value)
{
	if (value == NULL || value[0] == '\0')
		return;
	json_key(w, key);
	json_cstr(w, value);
}

void
cache_explain_json(struct strbuf *b, const struct cache_explain *x)
{
	struct json_writer w = json_writer(b, 0);

	json_object(&w);
	put_text(&w, "entry", x->key);
	if (x->source.n > 0) {
		json_key(&w, "source");
		json_str(&w, x->source);
	}
	put_text(&w, "field", x->field);
	put_text(&w, "is", x->is);
	put_text(&w, "was", x->was);
	put_text(&w, "others", x->others);
	if (x->differences > 0) {
		json_key(&w, "differences");
		json_uint(&w, x->differences);
	}
	if (x->command_differs) {
		json_key(&w, "command_differs");
		json_bool(&w, 1);
	}
	put_text(&w, "trouble", x->why);
	json_end(&w);
}
