#include "data/json.h"

#include "base/limits.h"
#include "base/utf8.h"

struct parser {
	const char	*begin, *p, *end;
	struct tree	*tree;
	struct {
		uint32_t	node, last;
	}		 stack[MAX_DEPTH];
	unsigned	 depth;
	int		 cuts;		/* long lists are cut */
	/* the fault, once there is one */
	const char	*bad_at;
	enum diag_code	 code;
	const char	*what;
};

static int
fail(struct parser *ps, enum diag_code code, const char *at, const char *what)
{
	ps->code = code;
	ps->bad_at = at;
	ps->what = what;
	return -1;
}

static struct span
span_from(const struct parser *ps, const char *from)
{
	return (struct span){ (uint32_t)(from - ps->begin),
	    (uint32_t)(ps->p - ps->begin) };
}

static void
skip_space(struct parser *ps)
{
	while (ps->p < ps->end && (*ps->p == ' ' || *ps->p == '\n' ||
	    *ps->p == '\t' || *ps->p == '\r'))
		ps->p++;
}

/* Adds a value as the next child of the innermost list or map. */
static int
add(struct parser *ps, enum tree_kind kind, const char *from, struct str text,
    int quoted, uint32_t *ret)
{
	uint32_t node;

	if (ps->tree->n >= MAX_TREE_NODES)
		return fail(ps, DIAG_TOO_LARGE, from, "too many values");
	node = tree_add(ps->tree, kind, span_from(ps, from), text, quoted);
	if (ps->depth > 0) {
		tree_link(ps->tree, ps->stack[ps->depth - 1].node,
		    ps->stack[ps->depth - 1].last, node);
		ps->stack[ps->depth - 1].last = node;
	}
	*ret = node;
	return 0;
}

/* ---- strings ------------------------------------------------------------ */

static int
hex4(const char *p, uint32_t *ret)
{
	uint32_t v = 0;
	int i, c;

	for (i = 0; i < 4; i++) {
		c = (unsigned char)p[i] | 0x20;
		if (p[i] >= '0' && p[i] <= '9')
			v = v << 4 | (uint32_t)(p[i] - '0');
		else if (c >= 'a' && c <= 'f')
			v = v << 4 | (uint32_t)(c - 'a' + 10);
		else
			return -1;
	}
	*ret = v;
	return 0;
}

/* At the 'u' of an escape; leaves p behind it all. */
static int
unicode_escape(struct parser *ps, struct strbuf *b)
{
	uint32_t hi, lo;

	if (ps->end - ps->p < 5 || hex4(ps->p + 1, &hi) < 0)
		return fail(ps, DIAG_SYNTAX, ps->p - 1,
		    "\\u must be followed by four hex digits");
	if (hi >= 0xd800 && hi <= 0xdfff) {
		if (hi >= 0xdc00 || ps->end - ps->p < 11 ||
		    ps->p[5] != '\\' || ps->p[6] != 'u' ||
		    hex4(ps->p + 7, &lo) < 0 || lo < 0xdc00 || lo > 0xdfff)
			return fail(ps, DIAG_SYNTAX, ps->p - 1,
			    "half of a surrogate pair");
		hi = 0x10000 + ((hi - 0xd800) << 10) + (lo - 0xdc00);
		ps->p += 6;
	}
	utf8_add(b, hi);
	ps->p += 5;
	return 0;
}

static int
escape(struct parser *ps, struct strbuf *b)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *at;

	ps->p++;
	if (ps->p == ps->end)
		return 0;
	if (*ps->p == 'u')
		return unicode_escape(ps, b);
	at = memchr(from, *ps->p, sizeof(from) - 1);
	if (at == NULL)
		return fail(ps, DIAG_SYNTAX, ps->p - 1, "unknown escape");
	strbuf_addch(b, to[at - from]);
	ps->p++;
	return 0;
}

/* Up to the next byte that ends a run of plain ones. */
static void
skip_plain(struct parser *ps)
{
	const char *p = ps->p, *end = ps->end;

	while (p < end && *p != '"' && *p != '\\' && (unsigned char)*p >= 0x20)
		p++;
	ps->p = p;
}

/* The rest of a string that has an escape; from is its first byte. */
static int
escaped_string(struct parser *ps, const char *from, struct str *ret)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_add(&b, from, (size_t)(ps->p - from));
	while (ps->p < ps->end && *ps->p == '\\') {
		if (escape(ps, &b) < 0)
			return -1;
		from = ps->p;
		skip_plain(ps);
		strbuf_add(&b, from, (size_t)(ps->p - from));
	}
	*ret = arena_str(&ps->tree->arena, strbuf_str(&b));
	return 0;
}

/* At the opening quote. */
static int
string(struct parser *ps, uint32_t *ret)
{
	const char *open = ps->p++, *from = ps->p;
	struct str text;

	skip_plain(ps);
	text = (struct str){ from, (size_t)(ps->p - from) };
	if (ps->p < ps->end && *ps->p == '\\' &&
	    escaped_string(ps, from, &text) < 0)
		return -1;
	if (ps->p == ps->end)
		return fail(ps, DIAG_SYNTAX, open, "no closing quote");
	if (*ps->p != '"')
		return fail(ps, DIAG_SYNTAX, ps->p, *ps->p == '\n' ?
		    "line break in a string; write \\n" :
		    "control character in a string; write \\uXXXX");
	ps->p++;
	return add(ps, TREE_SCALAR, open, text, 1, ret);
}

/* ---- bare words --------------------------------------------------------- */

static const char *
skip_digits(const char *p, const char *end)
{
	while (p < end && *p >= '0' && *p <= '9')
		p++;
	return p;
}

/* End of the number that begins at p, or NULL. */
static const char *
number_end(const char *p, const char *end)
{
	const char *q;

	if (p < end && *p == '-')
		p++;
	q = skip_digits(p, end);
	if (q == p || (*p == '0' && q > p + 1))
		return NULL;
	p = q;
	if (p < end && *p == '.') {
		q = skip_digits(p + 1, end);
		if (q == p + 1)
			return NULL;
		p = q;
	}
	if (p < end && (*p == 'e' || *p == 'E')) {
		p++;
		if (p < end && (*p == '+' || *p == '-'))
			p++;
		q = skip_digits(p, end);
		if (q == p)
			return NULL;
		p = q;
	}
	return p;
}

int
json_is_number(struct str s)
{
	return s.n > 0 && number_end(s.p, s.p + s.n) == s.p + s.n;
}

static int
is_word_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || c == '-' || c == '+' || c == '.' ||
	    c == '_';
}

static int
word(struct parser *ps, uint32_t *ret)
{
	const char *from = ps->p;
	struct str s;

	while (ps->p < ps->end && is_word_byte(*ps->p))
		ps->p++;
	s = (struct str){ from, (size_t)(ps->p - from) };
	if (s.n == 0)
		return fail(ps, DIAG_SYNTAX, from, *from == '\'' ?
		    "a string is written in \"double quotes\"" :
		    "a value is expected here");
	if (!json_is_number(s) && !str_is(s, "true") && !str_is(s, "false") &&
	    !str_is(s, "null"))
		return fail(ps, DIAG_SYNTAX, from,
		    (*from >= '0' && *from <= '9') || *from == '-' ||
		    *from == '+' || *from == '.' ? "not a JSON number" :
		    "text must be in \"double quotes\"");
	return add(ps, TREE_SCALAR, from, s, 0, ret);
}

/* ---- structure ---------------------------------------------------------- */

static int
open_node(struct parser *ps, enum tree_kind kind)
{
	const char *from = ps->p++;
	uint32_t node;

	if (ps->depth == MAX_DEPTH)
		return fail(ps, DIAG_TOO_DEEP, from, "too many open brackets");
	if (add(ps, kind, from, (struct str){ NULL, 0 }, 0, &node) < 0)
		return -1;
	ps->stack[ps->depth].node = node;
	ps->stack[ps->depth++].last = TREE_NONE;
	return 0;
}

static int
close_node(struct parser *ps)
{
	struct tree *t = ps->tree;
	uint32_t node = ps->stack[--ps->depth].node, twice;

	ps->p++;
	t->at[node].span.to = (uint32_t)(ps->p - ps->begin);
	if (t->at[node].cut) {
		t->at[node].first = TREE_NONE;
		t->n = (size_t)node + 1;
	}
	if (t->at[node].kind != TREE_MAP)
		return 0;
	twice = tree_duplicate_key(t, node, TREE_NONE);
	if (twice != TREE_NONE)
		return fail(ps, DIAG_DUPLICATE_KEY,
		    ps->begin + t->at[twice].span.from, NULL);
	return 0;
}

/*
 * Before another item of a long list the last one is dropped: nothing in the
 * tree comes after the list itself.
 */
static void
cut_list(struct parser *ps)
{
	struct tree *t = ps->tree;
	uint32_t node = ps->stack[ps->depth - 1].node;

	t->at[node].cut = t->cut = 1;
	t->at[node].first = ps->stack[ps->depth - 1].last = TREE_NONE;
	t->n = (size_t)node + 1;
}

/* A key and its colon. */
static int
key(struct parser *ps)
{
	uint32_t node;

	skip_space(ps);
	if (ps->p == ps->end || *ps->p != '"')
		return fail(ps, DIAG_SYNTAX, ps->p,
		    "a key in \"double quotes\" is expected here");
	if (string(ps, &node) < 0)
		return -1;
	skip_space(ps);
	if (ps->p == ps->end || *ps->p != ':')
		return fail(ps, DIAG_SYNTAX, ps->p,
		    "\":\" is expected here");
	ps->p++;
	return 0;
}

/*
 * A value, or the opening of one.  1: its first entry comes next; 0: it is
 * whole.
 */
static int
value(struct parser *ps)
{
	enum tree_kind kind;
	uint32_t node;

	skip_space(ps);
	if (ps->p == ps->end)
		return fail(ps, DIAG_SYNTAX, ps->p, "ends too early");
	if (*ps->p == '"')
		return string(ps, &node);
	if (*ps->p != '{' && *ps->p != '[')
		return word(ps, &node);
	kind = *ps->p == '{' ? TREE_MAP : TREE_SEQ;
	if (open_node(ps, kind) < 0)
		return -1;
	skip_space(ps);
	if (ps->p < ps->end && *ps->p == (kind == TREE_MAP ? '}' : ']'))
		return close_node(ps);
	ps->tree->at[ps->stack[ps->depth - 1].node].n++;
	return kind == TREE_MAP && key(ps) < 0 ? -1 : 1;
}

/* Behind a whole value: 1 a further one comes, 0 the document is whole. */
static int
after_value(struct parser *ps)
{
	struct tree_node *in;

	while (ps->depth > 0) {
		skip_space(ps);
		in = &ps->tree->at[ps->stack[ps->depth - 1].node];
		if (ps->p == ps->end)
			return fail(ps, DIAG_SYNTAX, ps->p, "ends too early");
		if (*ps->p == ',') {
			ps->p++;
			if (++in->n > JSON_LONG_LIST && ps->cuts &&
			    in->kind == TREE_SEQ)
				cut_list(ps);
			return in->kind == TREE_MAP && key(ps) < 0 ? -1 : 1;
		}
		if (*ps->p != (in->kind == TREE_MAP ? '}' : ']'))
			return fail(ps, DIAG_SYNTAX, ps->p,
			    in->kind == TREE_MAP ?
			    "\",\" or \"}\" is expected here" :
			    "\",\" or \"]\" is expected here");
		if (close_node(ps) < 0)
			return -1;
	}
	return 0;
}

static int
document(struct parser *ps)
{
	struct str text = ps->tree->source.text;
	size_t bad;
	int more = 1;

	if (text.n > MAX_SPEC_BYTES)
		return fail(ps, DIAG_TOO_LARGE, ps->begin,
		    "more than 64 MiB of JSON");
	bad = utf8_bad_at(text);
	if (bad < text.n)
		return fail(ps, DIAG_ENCODING, ps->begin + bad, NULL);
	skip_space(ps);
	if (ps->p == ps->end)
		return fail(ps, DIAG_EMPTY, ps->p, "a JSON value is expected");
	while (more > 0) {
		more = value(ps);
		if (more == 0)
			more = after_value(ps);
	}
	if (more < 0)
		return -1;
	skip_space(ps);
	if (ps->p < ps->end)
		return fail(ps, DIAG_SYNTAX, ps->p,
		    "something comes after the end of the value");
	ps->tree->whole = 1;
	return 0;
}

/* The tree's source is set. */
static int
parse(struct parser *ps, struct tree *t, int cuts)
{
	ps->tree = t;
	ps->cuts = cuts;
	ps->begin = ps->p = t->source.text.n > 0 ? t->source.text.p : "";
	ps->end = ps->begin + t->source.text.n;
	ps->depth = 0;
	return document(ps);
}

/* What the diagnostic or message says of the fault. */
static void
add_fault(struct strbuf *b, const struct parser *ps)
{
	const char *to;

	if (ps->code == DIAG_DUPLICATE_KEY) {
		to = memchr(ps->bad_at + 1, '"',
		    (size_t)(ps->end - ps->bad_at - 1));
		strbuf_add(b, ps->bad_at, (size_t)(to + 1 - ps->bad_at));
	} else if (ps->code == DIAG_ENCODING) {
		strbuf_addf(b, "byte 0x%02x", (unsigned char)*ps->bad_at);
	} else {
		strbuf_adds(b, ps->what);
	}
}

int
json_parse(const char *name, struct str text, struct tree *ret,
    struct diags *ds)
{
	c_strbuf struct strbuf what = STRBUF_INIT;
	struct parser ps;
	uint32_t at;

	tree_reset(ret, name, text);
	if (parse(&ps, ret, 0) == 0)
		return 0;
	at = (uint32_t)MIN((size_t)(ps.bad_at - ps.begin), UINT32_MAX);
	add_fault(&what, &ps);
	diag_add(ds, ps.code, &ret->source, (struct span){ at, at }, "%s",
	    what.p);
	return -1;
}

static int
parse_document(struct str text, struct tree *ret, int cuts, struct err *e)
{
	c_strbuf struct strbuf what = STRBUF_INIT;
	struct parser ps;
	unsigned line, col;

	tree_reset(ret, "JSON", text);
	if (parse(&ps, ret, cuts) == 0)
		return 0;
	source_position(&ret->source, (size_t)(ps.bad_at - ps.begin), &line,
	    &col);
	add_fault(&what, &ps);
	return err_set(e, ERR_USAGE, "%u:%u: %s: %s", line, col,
	    ps.code == DIAG_DUPLICATE_KEY ? "key given twice" :
	    ps.code == DIAG_ENCODING ? "not valid UTF-8" :
	    ps.code == DIAG_TOO_DEEP ? "nested too deeply" : "not JSON",
	    what.p);
}

int
json_parse_tree(struct str text, struct tree *ret, struct err *e)
{
	return parse_document(text, ret, 0, e);
}

int
json_parse_long(struct str text, struct tree *ret, struct err *e)
{
	return parse_document(text, ret, 1, e);
}
