/* The writing half of data/json.h. */
#include "data/json.h"

#include "base/limits.h"
#include "base/utf8.h"

_Static_assert(MAX_DEPTH < ARRAY_LEN(((struct json_writer *)0)->level),
    "a level for each depth");

static void
add_escaped_byte(struct strbuf *b, unsigned char c)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *at = memchr(from, c, sizeof(from) - 1);

	if (at != NULL) {
		strbuf_addch(b, '\\');
		strbuf_addch(b, to[at - from]);
	} else {
		strbuf_addf(b, "\\u%04x", c);
	}
}

/* Text without bad UTF-8. */
static void
add_valid(struct strbuf *b, struct str s)
{
	size_t i, from = 0;
	unsigned char c;

	for (i = 0; i < s.n; i++) {
		c = (unsigned char)s.p[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		strbuf_add(b, s.p + from, i - from);
		add_escaped_byte(b, c);
		from = i + 1;
	}
	strbuf_add(b, s.p + from, s.n - from);
}

void
json_add_string(struct strbuf *b, struct str s)
{
	size_t good;

	strbuf_addch(b, '"');
	while (s.n > 0) {
		good = utf8_bad_at(s);
		add_valid(b, (struct str){ s.p, good });
		if (good == s.n)
			break;
		utf8_add(b, 0xfffd);
		s.p += good + 1;
		s.n -= good + 1;
	}
	strbuf_addch(b, '"');
}

static void
add_line(struct strbuf *b, int indent, unsigned depth)
{
	if (indent <= 0)
		return;
	strbuf_addch(b, '\n');
	strbuf_pad(b, ' ', (size_t)indent * depth);
}

static void
add_scalar(struct strbuf *b, const struct tree *t, uint32_t node)
{
	const struct tree_node *n = &t->at[node];

	if (tree_is_null(t, node))
		strbuf_adds(b, "null");
	else if (!n->quoted && (json_is_number(n->text) ||
	    str_is(n->text, "true") || str_is(n->text, "false")))
		strbuf_addstr(b, n->text);
	else
		json_add_string(b, n->text);
}

/* ---- the writer --------------------------------------------------------- */

struct json_writer
json_writer(struct strbuf *out, int indent)
{
	struct json_writer w = { .out = out, .indent = indent };

	return w;
}

#define KIND	0x7f
#define FILLED	0x80

/* What stands before an entry. */
static void
before_entry(struct json_writer *w)
{
	unsigned char *level;

	if (w->depth == 0)
		return;
	level = &w->level[w->depth - 1];
	if (*level & FILLED)
		strbuf_adds(w->out, w->indent > 0 ? "," : ", ");
	*level |= FILLED;
	add_line(w->out, w->indent, w->depth);
}

static void
before_value(struct json_writer *w)
{
	if (w->depth > 0 && (w->level[w->depth - 1] & KIND) == '{') {
		if (!w->keyed)
			BUG("JSON value without a key");
		w->keyed = 0;
	} else {
		before_entry(w);
	}
}

static void
open_level(struct json_writer *w, char c)
{
	before_value(w);
	if (w->depth == ARRAY_LEN(w->level))
		BUG("JSON nested too deeply");
	w->level[w->depth++] = (unsigned char)c;
	strbuf_addch(w->out, c);
}

void
json_object(struct json_writer *w)
{
	open_level(w, '{');
}

void
json_array(struct json_writer *w)
{
	open_level(w, '[');
}

void
json_end(struct json_writer *w)
{
	unsigned char level;

	if (w->depth == 0 || w->keyed)
		BUG("JSON ended out of turn");
	level = w->level[--w->depth];
	if (level & FILLED)
		add_line(w->out, w->indent, w->depth);
	strbuf_addch(w->out, (level & KIND) == '{' ? '}' : ']');
}

void
json_key_str(struct json_writer *w, struct str key)
{
	if (w->depth == 0 || (w->level[w->depth - 1] & KIND) != '{' ||
	    w->keyed)
		BUG("JSON key out of turn");
	before_entry(w);
	json_add_string(w->out, key);
	strbuf_adds(w->out, ": ");
	w->keyed = 1;
}

void
json_key(struct json_writer *w, const char *key)
{
	json_key_str(w, str_of(key));
}

void
json_raw(struct json_writer *w, struct str s)
{
	before_value(w);
	strbuf_addstr(w->out, s);
}

void
json_str(struct json_writer *w, struct str s)
{
	before_value(w);
	json_add_string(w->out, s);
}

void
json_cstr(struct json_writer *w, const char *s)
{
	if (s == NULL)
		json_raw(w, STR("null"));
	else
		json_str(w, str_of(s));
}

void
json_int(struct json_writer *w, int64_t i)
{
	before_value(w);
	strbuf_addi(w->out, i);
}

void
json_uint(struct json_writer *w, uint64_t i)
{
	before_value(w);
	strbuf_addu(w->out, i);
}

void
json_bool(struct json_writer *w, int yes)
{
	json_raw(w, yes ? STR("true") : STR("false"));
}

/*
 * A walk without recursion: the path from the root of the walk is a stack
 * of the nodes being written, bounded by the depth of any tree.
 */
void
json_add_tree(struct strbuf *b, const struct tree *t, uint32_t node,
    int indent)
{
	struct json_writer w = json_writer(b, indent);
	uint32_t stack[MAX_DEPTH + 1], at = node;
	unsigned depth = 0;

	for (;;) {
		if (at == TREE_NONE) {
			json_end(&w);
			at = stack[--depth];
		} else {
			if (w.depth > 0 && !w.keyed &&
			    (w.level[w.depth - 1] & KIND) == '{') {
				json_key_str(&w, t->at[at].text);
				at = t->at[at].next;
			}
			if (t->at[at].kind != TREE_SCALAR) {
				if (depth == ARRAY_LEN(stack))
					BUG("tree nested too deeply");
				open_level(&w, t->at[at].kind == TREE_MAP ?
				    '{' : '[');
				stack[depth++] = at;
				at = t->at[at].first;
				continue;
			}
			before_value(&w);
			add_scalar(b, t, at);
		}
		if (depth == 0)
			break;
		at = t->at[at].next;
	}
}
