#include <inttypes.h>
#include <math.h>
#include <stdarg.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/utf8.h"
#include "data/json.h"
#include "idl/pbjson.h"
#include "idl/pbjson_p.h"
#include "idl/wire.h"

/* Errors and scalars of the reader in pbjson_parse.c. */

/* ---- errors -------------------------------------------------------------- */

static void
add_path(struct strbuf *b, const struct place *at)
{
	const struct place *chain[2 * MAX_MESSAGE_DEPTH + 4];
	size_t n = 0;

	for (; at != NULL && at->up != NULL && n < ARRAY_LEN(chain); at = at->up)
		chain[n++] = at;
	while (n-- > 0) {
		if (chain[n]->key.p == NULL) {
			strbuf_addf(b, "[%zu]", chain[n]->index);
			continue;
		}
		if (b->n > 0 && b->p[b->n - 1] != ' ')
			strbuf_addch(b, '.');
		utf8_add_shown(b, chain[n]->key);
	}
}

int
pbjson_fail(const struct read *r, const struct place *at, const char *fmt, ...)
{
	c_strbuf struct strbuf path = STRBUF_INIT, text = STRBUF_INIT;
	unsigned line = 0, col = 0;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	add_path(&path, at);
	if (path.n > 0)
		strbuf_adds(&path, ": ");
	source_position(&r->t->source, r->t->at[at->node].span.from, &line,
	    &col);
	return err_set(r->e, ERR_SPEC, "%u:%u: %.500s%s", line, col, path.p,
	    text.p);
}

int
pbjson_expected(const struct read *r, const struct place *at, const char *what)
{
	c_strbuf struct strbuf given = STRBUF_INIT;

	tree_add_given(&given, r->t, at->node);
	return pbjson_fail(r, at, "expected %s, given %.200s", what, given.p);
}

/* ---- scalars ------------------------------------------------------------- */

static int
read_magnitude(const struct read *r, const struct place *at,
    int *ret_negative, uint64_t *ret)
{
	const struct tree_node *n = node_at(r, at);
	int got;

	if (n->kind != TREE_SCALAR || !json_is_number(n->text))
		return pbjson_expected(r, at, "an integer");
	got = pbjson_parse_integer(n->text, ret_negative, ret);
	if (got == -1)
		return pbjson_expected(r, at, "an integer");
	if (got == -2)
		return pbjson_fail(r, at, "%.60s is out of range",
		    arena_strndup(r->arena, n->text.p, MIN(n->text.n, 60)));
	return 0;
}

static int
read_signed(const struct read *r, const struct place *at, int64_t min,
    int64_t max, int64_t *ret)
{
	uint64_t v = 0, bound;
	int negative = 0;

	if (read_magnitude(r, at, &negative, &v) < 0)
		return -1;
	bound = negative ? ~(uint64_t)min + 1 : (uint64_t)max;
	if (v > bound)
		return pbjson_fail(r, at, "%s%" PRIu64 " is out of the range %" PRId64
		    "..%" PRId64, negative ? "-" : "", v, min, max);
	*ret = negative ? (int64_t)(~v + 1) : (int64_t)v;
	return 0;
}

static int
read_unsigned(const struct read *r, const struct place *at, uint64_t max,
    uint64_t *ret)
{
	int negative = 0;

	if (read_magnitude(r, at, &negative, ret) < 0)
		return -1;
	if (*ret > (negative ? 0 : max))
		return pbjson_fail(r, at, "%s%" PRIu64 " is out of the range 0..%"
		    PRIu64, negative ? "-" : "", *ret, max);
	return 0;
}

static int
read_double(const struct read *r, const struct place *at, double *ret)
{
	const struct tree_node *n = node_at(r, at);
	int word = str_is(n->text, "NaN") || str_is(n->text, "Infinity") ||
	    str_is(n->text, "-Infinity");

	if (n->kind != TREE_SCALAR ||
	    !((word && is_text(r, n)) || json_is_number(n->text)))
		return pbjson_expected(r, at, "a number");
	if (num_parse_f64(n->text, ret) < 0)
		return pbjson_fail(r, at, "the number is out of the range of a "
		    "double");
	return 0;
}

static int
read_float(const struct read *r, const struct place *at, float *ret)
{
	double v = 0;

	if (read_double(r, at, &v) < 0)
		return -1;
	*ret = (float)v;
	if (isinf(*ret) && !isinf(v))
		return pbjson_fail(r, at, "the number is out of the range of a "
		    "float");
	return 0;
}

static int
read_bool(const struct read *r, const struct place *at, int *ret)
{
	const struct tree_node *n = node_at(r, at);

	if (!is_word(n, "true") && !is_word(n, "false"))
		return pbjson_expected(r, at, "true or false");
	*ret = is_word(n, "true");
	return 0;
}

int
pbjson_read_string(const struct read *r, const struct place *at, char **ret)
{
	const struct tree_node *n = node_at(r, at);

	if (!is_text(r, n))
		return pbjson_expected(r, at, "a string");
	if (n->text.n > 0 && memchr(n->text.p, '\0', n->text.n) != NULL)
		return pbjson_fail(r, at, "the string holds a NUL character");
	*ret = n->text.n == 0 ? wire_empty_string() :
	    arena_strndup(r->arena, n->text.p, n->text.n);
	return 0;
}

int
pbjson_read_bytes(const struct read *r, const struct place *at,
    ProtobufCBinaryData *ret)
{
	const struct tree_node *n = node_at(r, at);
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (!is_text(r, n))
		return pbjson_expected(r, at, "a string of base64");
	if (pbjson_from_base64(&b, n->text) < 0)
		return pbjson_expected(r, at, "base64");
	ret->len = b.n;
	ret->data = b.n == 0 ? NULL :
	    (uint8_t *)arena_strndup(r->arena, b.p, b.n);
	return 0;
}

static int
bad_enum(const struct read *r, const struct place *at,
    const ProtobufCEnumDescriptor *d)
{
	struct str given = node_at(r, at)->text;
	const char *names[PBJSON_MAX_FIELDS], *meant;
	size_t i, n = MIN((size_t)d->n_value_names, ARRAY_LEN(names));
	c_strbuf struct strbuf shown = STRBUF_INIT;

	for (i = 0; i < n; i++)
		names[i] = d->values_by_name[i].name;
	meant = did_you_mean(given, names, n);
	utf8_add_shown(&shown, given);
	if (meant != NULL)
		return pbjson_fail(r, at, "%s has no value \"%.200s\"; did you mean "
		    "\"%s\"?", d->name, shown.p, meant);
	return pbjson_fail(r, at, "%s has no value \"%.200s\"", d->name, shown.p);
}

static int
read_enum(const struct read *r, const struct place *at,
    const ProtobufCEnumDescriptor *d, int *ret)
{
	const struct tree_node *n = node_at(r, at);
	int64_t v = 0;
	unsigned i;

	if (d == &google__protobuf__null_value__descriptor && is_null(r, at)) {
		*ret = 0;
		return 0;
	}
	if (n->kind == TREE_SCALAR && !n->quoted && json_is_number(n->text)) {
		if (read_signed(r, at, INT32_MIN, INT32_MAX, &v) < 0)
			return -1;
		*ret = (int)v;
		return 0;
	}
	if (!is_text(r, n))
		return pbjson_expected(r, at, "the name of an enum value");
	for (i = 0; i < d->n_value_names; i++)
		if (str_is(n->text, d->values_by_name[i].name)) {
			*ret = d->values[d->values_by_name[i].index].value;
			return 0;
		}
	return bad_enum(r, at, d);
}

int
pbjson_read_scalar(const struct read *r, const struct place *at,
    const ProtobufCFieldDescriptor *f, void *slot)
{
	uint64_t u = 0;
	int64_t i = 0;

	switch (f->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		if (read_signed(r, at, INT32_MIN, INT32_MAX, &i) < 0)
			return -1;
		*(int32_t *)slot = (int32_t)i;
		return 0;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		if (read_unsigned(r, at, UINT32_MAX, &u) < 0)
			return -1;
		*(uint32_t *)slot = (uint32_t)u;
		return 0;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		return read_signed(r, at, INT64_MIN, INT64_MAX, slot);
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		return read_unsigned(r, at, UINT64_MAX, slot);
	case PROTOBUF_C_TYPE_FLOAT:
		return read_float(r, at, slot);
	case PROTOBUF_C_TYPE_DOUBLE:
		return read_double(r, at, slot);
	case PROTOBUF_C_TYPE_BOOL:
		return read_bool(r, at, slot);
	case PROTOBUF_C_TYPE_ENUM:
		return read_enum(r, at, f->descriptor, slot);
	case PROTOBUF_C_TYPE_STRING:
		return pbjson_read_string(r, at, slot);
	case PROTOBUF_C_TYPE_BYTES:
		return pbjson_read_bytes(r, at, slot);
	case PROTOBUF_C_TYPE_MESSAGE:
		break;
	}
	BUG("field type %d is no scalar", (int)f->type);
}
