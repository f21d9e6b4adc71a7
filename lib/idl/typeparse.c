/* type_parse: the spec's syntax of types, by recursive descent. */

#include "base/diag.h"
#include "base/err.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "idl/names.h"
#include "idl/type.h"
#include "idl/wire.h"

struct parser {
	struct str	 text;
	size_t		 at;
	unsigned	 depth;
	struct arena	*arena;
	struct err	*e;
};

typedef VEC(pb_literal_type *) types;

static int	parse_type(struct parser *, pb_literal_type **ret) must_check;

static int
peek(const struct parser *p)
{
	return p->at < p->text.n ? (unsigned char)p->text.p[p->at] : 0;
}

static void
skip_blanks(struct parser *p)
{
	while (p->at < p->text.n && strchr(" \t\r\n", peek(p)) != NULL &&
	    peek(p) != 0)
		p->at++;
}

/* The next byte that is not blank; 0 at the end. */
static int
look(struct parser *p)
{
	skip_blanks(p);
	return peek(p);
}

/* What is at the place, for a message. */
static int
unexpected(struct parser *p, const char *expected)
{
	int c = look(p);

	if (p->at >= p->text.n)
		return err_set(p->e, ERR_SPEC,
		    "expected %s, but the type ends here", expected);
	if (c <= ' ' || c >= 0x7f)
		return err_set(p->e, ERR_SPEC, "expected %s", expected);
	return err_set(p->e, ERR_SPEC, "expected %s, given \"%c\"", expected,
	    c);
}

static int
take_open(struct parser *p, int *ret_close)
{
	int c = look(p);

	if (c != '(' && c != '[')
		return 0;
	*ret_close = c == '(' ? ')' : ']';
	p->at++;
	return 1;
}

static int
take_close(struct parser *p, int close)
{
	const char expected[] = { '"', (char)close, '"', '\0' };

	if (look(p) != close)
		return unexpected(p, expected);
	p->at++;
	return 0;
}

/* ---- words of enums and formats ------------------------------------------*/

static int
is_bare(int c)
{
	return c >= ' ' && c != 0x7f && strchr("|()[]{}\"'?", c) == NULL;
}

/* The rest of a quoted word; the place is behind the first quote. */
static int
parse_quoted(struct parser *p, int quote, char **ret)
{
	struct strbuf b c_strbuf = STRBUF_INIT;

	for (; p->at < p->text.n && peek(p) != quote; p->at++) {
		if (peek(p) == '\\' && p->at + 1 < p->text.n)
			p->at++;
		if (peek(p) == 0)
			return err_set(p->e, ERR_SPEC, "a NUL byte");
		strbuf_addch(&b, peek(p));
	}
	if (p->at >= p->text.n)
		return err_set(p->e, ERR_SPEC, "the quote is not closed");
	p->at++;
	*ret = arena_strndup(p->arena, b.p, b.n);
	return 0;
}

/* A word up to "|" or a bracket, without the blanks around it. */
static int
parse_word(struct parser *p, const char *what, char **ret)
{
	size_t from, to;
	int c = look(p);

	if (c == '"' || c == '\'') {
		p->at++;
		return parse_quoted(p, c, ret);
	}
	from = p->at;
	while (p->at < p->text.n && is_bare(peek(p)))
		p->at++;
	for (to = p->at; to > from && p->text.p[to - 1] == ' '; to--)
		;
	if (to == from)
		return unexpected(p, what);
	*ret = arena_strndup(p->arena, p->text.p + from, to - from);
	return 0;
}

static int
parse_enum(struct parser *p, int close, pb_literal_type **ret)
{
	VEC(char *) values = VEC_INIT;
	char *word, **copy;
	size_t i, start;
	int rc = -1;

	do {
		skip_blanks(p);
		start = p->at;
		if (parse_word(p, "a value of the enum", &word) < 0)
			goto out;
		for (i = 0; i < values.n; i++)
			if (strcmp(values.at[i], word) == 0) {
				p->at = start;
				rc = err_set(p->e, ERR_SPEC,
				    "value \"%s\" given twice", word);
				goto out;
			}
		if (values.n == MAX_TYPE_CHOICES) {
			rc = err_set(p->e, ERR_SPEC,
			    "more than %d values", MAX_TYPE_CHOICES);
			goto out;
		}
		VEC_PUSH(&values, word);
	} while (look(p) == '|' && p->at++ < p->text.n);
	if (take_close(p, close) < 0)
		goto out;
	copy = arena_new_n(p->arena, values.n, char *);
	memcpy(copy, values.at, values.n * sizeof(*copy));
	*ret = type_enum(p->arena, copy, values.n);
	rc = 0;
out:
	VEC_RELEASE(&values);
	return rc;
}

/* ---- names ---------------------------------------------------------------*/

static const struct {
	const char			*name;
	Flyteidl__Core__SimpleType	 simple;
} simples[] = {
	{ "int", SIMPLE_INTEGER }, { "float", SIMPLE_FLOAT },
	{ "str", SIMPLE_STRING }, { "bool", SIMPLE_BOOLEAN },
	{ "datetime", SIMPLE_DATETIME }, { "duration", SIMPLE_DURATION },
	{ "struct", SIMPLE_STRUCT }, { "none", SIMPLE_NONE },
	{ "binary", SIMPLE_BINARY }, { "error", SIMPLE_ERROR },
};

/* Names of the same things elsewhere, for the hint. */
static const struct {
	const char	*other, *ours;
} others[] = {
	{ "integer", "int" }, { "long", "int" }, { "number", "float" },
	{ "double", "float" }, { "string", "str" }, { "text", "str" },
	{ "boolean", "bool" }, { "date", "datetime" },
	{ "timestamp", "datetime" }, { "timedelta", "duration" },
	{ "dict", "struct" }, { "object", "struct" }, { "json", "struct" },
	{ "null", "none" }, { "bytes", "binary" }, { "array", "list" },
	{ "directory", "dir" }, { "folder", "dir" }, { "table", "dataset" },
	{ "optional", "T?" }, { "union", "A|B" }, { "any", "struct" },
};

static int
unknown(struct parser *p, struct str name)
{
	static const char *const known[] = {
		"int", "float", "str", "bool", "datetime", "duration",
		"struct", "none", "binary", "error", "file", "dir",
		"dataset", "enum", "list", "map",
	};
	const char *hint = did_you_mean(name, known, ARRAY_LEN(known));
	struct strbuf low c_strbuf = STRBUF_INIT, shown c_strbuf = STRBUF_INIT;
	size_t i;

	for (i = 0; i < name.n; i++)
		strbuf_addch(&low, name.p[i] >= 'A' && name.p[i] <= 'Z' ?
		    name.p[i] + 32 : name.p[i]);
	for (i = 0; i < ARRAY_LEN(others); i++)
		if (strcmp(low.p, others[i].other) == 0)
			hint = others[i].ours;
	if (hint == NULL)
		hint = did_you_mean(strbuf_str(&low), known,
		    ARRAY_LEN(known));
	if (hint != NULL)
		return err_set(p->e, ERR_SPEC,
		    "unknown type \"" STR_FMT "\"; did you mean %s?",
		    STR_ARG(name), hint);
	return err_set(p->e, ERR_SPEC, "unknown type \"" STR_FMT "\"",
	    STR_ARG(name));
}

/* file, dir, dataset: with or without a format. */
static int
parse_with_format(struct parser *p, struct str name, pb_literal_type **ret)
{
	char *format = arena_strdup(p->arena, "");
	int close;

	if (take_open(p, &close) &&
	    (parse_word(p, "a format such as csv", &format) < 0 ||
	    take_close(p, close) < 0))
		return -1;
	if (str_is(name, "file"))
		*ret = type_file(p->arena, format);
	else if (str_is(name, "dir"))
		*ret = type_dir(p->arena, format);
	else
		*ret = type_dataset(p->arena, format, NULL, 0);
	return 0;
}

/* list, map, enum: what they hold is required. */
static int
parse_container(struct parser *p, struct str name, pb_literal_type **ret)
{
	pb_literal_type *inner;
	int close;

	if (!take_open(p, &close))
		return unexpected(p, str_is(name, "enum") ?
		    "the values, as in enum(a|b)" :
		    "what it holds, as in list(int)");
	if (str_is(name, "enum"))
		return parse_enum(p, close, ret);
	if (parse_type(p, &inner) < 0 || take_close(p, close) < 0)
		return -1;
	*ret = str_is(name, "list") ? type_list(p->arena, inner) :
	    type_map(p->arena, inner);
	return 0;
}

static int
parse_name(struct parser *p, pb_literal_type **ret)
{
	struct str name = { p->text.p + p->at, 0 };
	size_t i, start = p->at;
	int c;

	for (; (c = peek(p)) != 0 && ((c >= 'a' && c <= 'z') ||
	    (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_');
	    p->at++)
		name.n++;
	if (name.n == 0)
		return unexpected(p, "a type");
	for (i = 0; i < ARRAY_LEN(simples); i++)
		if (str_is(name, simples[i].name)) {
			*ret = type_simple(p->arena, simples[i].simple);
			return 0;
		}
	if (str_is(name, "file") || str_is(name, "dir") ||
	    str_is(name, "dataset"))
		return parse_with_format(p, name, ret);
	if (str_is(name, "enum") || str_is(name, "list") ||
	    str_is(name, "map"))
		return parse_container(p, name, ret);
	p->at = start;
	return unknown(p, name);
}

/* ---- unions --------------------------------------------------------------*/

/*
 * Adds a type, or a union's variants, each once.  The tag is left off here,
 * so that equal variants are equal; type_union puts it on.
 */
static void
add_variant(struct parser *p, types *v, const pb_literal_type *t)
{
	pb_literal_type *copy;
	size_t i;

	if (t->type_case == TYPE_UNION) {
		for (i = 0; i < t->union_type->n_variants; i++)
			add_variant(p, v, t->union_type->variants[i]);
		return;
	}
	copy = PB_NEW(p->arena, flyteidl__core__literal_type);
	*copy = *t;
	copy->structure = NULL;
	for (i = 0; i < v->n; i++)
		if (wire_equal(&v->at[i]->base, &copy->base))
			return;
	VEC_PUSH(v, copy);
}

/* A name or a type in brackets, and the question marks behind it. */
static int
parse_one(struct parser *p, types *v)
{
	pb_literal_type *t = NULL;
	int close;

	if (take_open(p, &close)) {
		if (parse_type(p, &t) < 0 || take_close(p, close) < 0)
			return -1;
	} else if (parse_name(p, &t) < 0) {
		return -1;
	}
	add_variant(p, v, t);
	while (look(p) == '?') {
		p->at++;
		add_variant(p, v, type_simple(p->arena, SIMPLE_NONE));
	}
	return 0;
}

static int
parse_type(struct parser *p, pb_literal_type **ret)
{
	types v = VEC_INIT;
	int rc = -1;

	if (++p->depth > MAX_TYPE_DEPTH)
		return err_set(p->e, ERR_SPEC,
		    "nested too deeply (more than %d levels)",
		    MAX_TYPE_DEPTH);
	skip_blanks(p);
	for (;;) {
		if (parse_one(p, &v) < 0)
			goto out;
		if (v.n > MAX_TYPE_CHOICES) {
			rc = err_set(p->e, ERR_SPEC,
			    "more than %d variants", MAX_TYPE_CHOICES);
			goto out;
		}
		if (look(p) != '|')
			break;
		p->at++;
		skip_blanks(p);
	}
	*ret = v.n == 1 ? v.at[0] : type_union(p->arena, v.at, v.n);
	rc = 0;
out:
	VEC_RELEASE(&v);
	p->depth--;
	return rc;
}

int
type_parse(struct str text, struct arena *a, pb_literal_type **ret,
    size_t *ret_bad_at, struct err *e)
{
	struct parser p = { text, 0, 0, a, e };
	pb_literal_type *t;
	int rc;

	if (!utf8_valid(text)) {
		*ret_bad_at = utf8_bad_at(text);
		return err_set(e, ERR_SPEC, "not valid UTF-8");
	}
	rc = parse_type(&p, &t);
	if (rc == 0 && (look(&p) != 0 || p.at < text.n))
		rc = unexpected(&p, "the end of the type");
	if (rc < 0) {
		*ret_bad_at = p.at;
		return -1;
	}
	*ret = t;
	return 0;
}
