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

/* ---- members of a folder ------------------------------------------------ */

/* Members named in a line, and bytes of a path there: its end tells more. */
#define MAX_NAMED	3
#define MAX_SHOWN	60

static void
add_member_path(struct strbuf *b, struct str path)
{
	size_t cut = path.n > MAX_SHOWN ? path.n - (MAX_SHOWN - 3) : 0;

	/* Not in the middle of a character. */
	while (cut > 0 && cut < path.n && (path.p[cut] & 0xc0) == 0x80)
		cut++;
	strbuf_adds(b, cut > 0 ? "..." : "");
	utf8_add_shown(b, (struct str){ path.p + cut, path.n - cut });
}

/* "is a link now": it is of another kind. */
static const char *
kind_now(const struct cache_member *m)
{
	switch (m->is) {
	case 'l':
		return " is a link now";
	case 'd':
		return " is an empty folder now";
	case 'x':
		return m->was != 'f' ? " is a file now" : str_eq(
		    m->is_content, m->was_content) ? " is executable now" :
		    " changed";
	default:
		return m->was != 'x' ? " is a file now" : str_eq(
		    m->is_content, m->was_content) ?
		    " is not executable now" : " changed";
	}
}

static void
add_member(struct strbuf *b, const struct cache_member *m)
{
	add_member_path(b, m->path);
	strbuf_adds(b, m->what == MEMBER_NEW ? " is new" :
	    m->what == MEMBER_GONE ? " is gone" :
	    m->is == m->was ? " changed" : kind_now(m));
}

/* "b changed, c/x is new, old.txt is gone and 9 more (12 of 400 members)" */
static void
add_members(struct strbuf *b, const struct cache_members *m)
{
	size_t i, n = MIN(m->n, (size_t)MAX_NAMED);

	for (i = 0; i < n; i++) {
		strbuf_adds(b, i > 0 ? ", " : "");
		add_member(b, &m->at[i]);
	}
	if (m->differ > n)
		strbuf_addf(b, " and %zu more", m->differ - n);
	strbuf_addf(b, " (%zu of %zu member%s)", m->differ, m->of,
	    m->of == 1 ? "" : "s");
}

static void
put_side(struct json_writer *w, const char *key, const char *kind_key,
    char kind, struct str content)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (kind == 0)
		return;
	json_key(w, kind_key);
	json_cstr(w, kind == 'f' ? "file" : kind == 'x' ? "executable" :
	    kind == 'l' ? "link" : "directory");
	if (kind == 'd')
		return;
	strbuf_addf(&b, "%s" STR_FMT, kind == 'l' ? "" : "sha256:",
	    STR_ARG(content));
	json_key(w, key);
	json_str(w, strbuf_str(&b));
}

static void
put_members(struct json_writer *w, const struct cache_members *m)
{
	static const char *const what[] = {
		[MEMBER_CHANGED] = "changed", [MEMBER_NEW] = "new",
		[MEMBER_GONE] = "gone",
	};
	size_t i;

	if (m->differ == 0)
		return;
	json_key(w, "members");
	json_array(w);
	for (i = 0; i < m->n; i++) {
		json_object(w);
		json_key(w, "member");
		json_str(w, m->at[i].path);
		json_key(w, "what");
		json_cstr(w, what[m->at[i].what]);
		put_side(w, "is", "is_kind", m->at[i].is,
		    m->at[i].is_content);
		put_side(w, "was", "was_kind", m->at[i].was,
		    m->at[i].was_content);
		json_end(w);
	}
	json_end(w);
	json_key(w, "members_differ");
	json_uint(w, m->differ);
	json_key(w, "members_total");
	json_uint(w, m->of);
}

/* ---- all of it ---------------------------------------------------------- */

/* What it is and was; of a folder what in it is another. */
static void
add_values(struct strbuf *b, const struct cache_explain *x)
{
	const char *since = " in ";

	if (x->members.differ > 0) {
		if (x->path != NULL)
			strbuf_addf(b, "%s: ", x->path);
		add_members(b, &x->members);
		since = " since ";
	} else {
		strbuf_addf(b, "%s, was %s", x->is == NULL ? "?" : x->is,
		    x->was == NULL ? "?" : x->was);
	}
	if (x->source.n == 0)
		return;
	strbuf_adds(b, since);
	add_source(b, x->source, x->key);
}

static void
add_difference(struct strbuf *b, const struct cache_explain *x)
{
	strbuf_addf(b, "%s%s differs: ",
	    x->reason == REASON_INPUT ? "input " : "",
	    x->field == NULL ? "interface" : x->field);
	add_values(b, x);
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
	put_members(&w, &x->members);
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
