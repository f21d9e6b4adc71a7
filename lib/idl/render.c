#include "idl/render.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/time.h"
#include "data/msgpack.h"
#include "idl/literal.h"
#include "idl/names.h"
#include "idl/pbjson.h"
#include "idl/place.h"
#include "idl/scalar.h"
#include "idl/type.h"
#include "idl/value.h"

/* ---- floats --------------------------------------------------------------*/

/*
 * The fewest decimal digits that read back the same, without a point, and
 * the exponent of the first: 0.1 is "1" and -1.
 */
static int
shortest(double v, char digits[static 32])
{
	char text[40], *at;
	int n, exponent;
	size_t k = 0;

	/* Up to 15 digits survive any double but a subnormal one. */
	n = fabs(v) < 2.3e-308 ? 1 : 15;
	for (;; n++) {
		snprintf(text, sizeof(text), "%.*e", n - 1, fabs(v));
		if (n >= 17 || strtod(text, NULL) == fabs(v))
			break;
	}
	for (at = text; *at != 'e'; at++)
		if (*at != '.')
			digits[k++] = *at;
	exponent = (int)strtol(at + 1, NULL, 10);
	while (k > 1 && digits[k - 1] == '0')
		k--;
	digits[k] = '\0';
	return exponent;
}

/* 1 for NaN and the infinities, in Go's words. */
static int
add_word(struct strbuf *b, double v)
{
	if (isnan(v))
		strbuf_adds(b, "NaN");
	else if (isinf(v))
		strbuf_adds(b, v < 0 ? "-Inf" : "+Inf");
	else
		return 0;
	return 1;
}

static void
add_fixed(struct strbuf *b, const char *digits, int exponent)
{
	int n = (int)strlen(digits), i;

	if (exponent < 0)
		strbuf_adds(b, "0.");
	for (i = -1; i > exponent; i--)
		strbuf_addch(b, '0');
	for (i = 0; i < n || i <= exponent; i++) {
		if (i > 0 && i == exponent + 1)
			strbuf_addch(b, '.');
		strbuf_addch(b, i < n ? digits[i] : '0');
	}
}

void
render_add_fixed_float(struct strbuf *b, double v)
{
	char digits[32] = "";
	int exponent;

	if (add_word(b, v))
		return;
	if (signbit(v))
		strbuf_addch(b, '-');
	exponent = shortest(v, digits);
	add_fixed(b, digits, exponent);
}

void
render_add_go_float(struct strbuf *b, double v)
{
	char digits[32] = "";
	int exponent;

	if (add_word(b, v))
		return;
	exponent = shortest(v, digits);
	if (exponent >= -4 && exponent < 21) {
		render_add_fixed_float(b, v);
		return;
	}
	if (signbit(v))
		strbuf_addch(b, '-');
	strbuf_addch(b, digits[0]);
	if (digits[1] != '\0')
		strbuf_addf(b, ".%s", digits + 1);
	strbuf_addf(b, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
}

/* ---- msgpack in Go's %v --------------------------------------------------*/

static int	add_go_value(struct strbuf *, struct str *in, struct err *)
		    must_check;

static int
add_go_list(struct strbuf *b, struct str *in, uint32_t n, struct err *e)
{
	uint32_t i;

	strbuf_addch(b, '[');
	for (i = 0; i < n; i++) {
		if (i > 0)
			strbuf_addch(b, ' ');
		if (add_go_value(b, in, e) < 0)
			return -1;
	}
	strbuf_addch(b, ']');
	return 0;
}

/* A pair of a map, written; fmt sorts them by key. */
struct pair {
	struct strbuf	key, value;
};

static int
by_key(const void *a, const void *b)
{
	return str_cmp(strbuf_str(&((const struct pair *)a)->key),
	    strbuf_str(&((const struct pair *)b)->key));
}

static int
add_go_map(struct strbuf *b, struct str *in, uint32_t n, struct err *e)
{
	struct pair *pairs = xcalloc(n, sizeof(*pairs));
	uint32_t i;
	int rc = 0;

	for (i = 0; i < n; i++) {
		strbuf_init(&pairs[i].key);
		strbuf_init(&pairs[i].value);
		if (rc == 0 && (add_go_value(&pairs[i].key, in, e) < 0 ||
		    add_go_value(&pairs[i].value, in, e) < 0))
			rc = -1;
	}
	qsort(pairs, n, sizeof(*pairs), by_key);
	strbuf_adds(b, "map[");
	for (i = 0; i < n; i++) {
		strbuf_addf(b, "%s%s:", i > 0 ? " " : "", pairs[i].key.p);
		strbuf_addstr(b, strbuf_str(&pairs[i].value));
		strbuf_release(&pairs[i].key);
		strbuf_release(&pairs[i].value);
	}
	strbuf_addch(b, ']');
	free(pairs);
	return rc;
}

static void
add_go_bytes(struct strbuf *b, struct str s)
{
	size_t i;

	strbuf_addch(b, '[');
	for (i = 0; i < s.n; i++)
		strbuf_addf(b, "%s%u", i > 0 ? " " : "",
		    (unsigned char)s.p[i]);
	strbuf_addch(b, ']');
}

/* The next value of bytes that msgpack_check took; so depth is bounded. */
static int
add_go_value(struct strbuf *b, struct str *in, struct err *e)
{
	struct msgpack_item item;

	if (msgpack_next(in, &item, e) < 0)
		return -1;
	switch (item.kind) {
	case MSGPACK_NIL:
		strbuf_adds(b, "<nil>");
		break;
	case MSGPACK_BOOL:
		strbuf_adds(b, item.i ? "true" : "false");
		break;
	case MSGPACK_INT:
		strbuf_addf(b, "%lld", (long long)item.i);
		break;
	case MSGPACK_UINT:
		strbuf_addf(b, "%llu", (unsigned long long)item.u);
		break;
	case MSGPACK_FLOAT:
		render_add_go_float(b, item.f);
		break;
	case MSGPACK_STR:
		strbuf_addstr(b, item.text);
		break;
	case MSGPACK_ARRAY:
		return add_go_list(b, in, item.n, e);
	case MSGPACK_MAP:
		return add_go_map(b, in, item.n, e);
	case MSGPACK_BIN:
	case MSGPACK_EXT:
	case MSGPACK_KIND_MAX:
	default:
		add_go_bytes(b, item.text);
		break;
	}
	return 0;
}

/* ---- templates -----------------------------------------------------------*/

/* Protobuf's text form of a Duration: "seconds:3 nanos:5". */
static void
add_proto_duration(struct strbuf *b, const pb_duration *d)
{
	if (d->seconds != 0)
		strbuf_addf(b, "seconds:%lld", (long long)d->seconds);
	if (d->nanos != 0)
		strbuf_addf(b, "%snanos:%d", d->seconds != 0 ? " " : "",
		    (int)d->nanos);
}

static void
add_instant(struct strbuf *b, const pb_timestamp *t)
{
	instant_add(b, (struct instant){ t->seconds, t->nanos });
}

static int
add_primitive(struct strbuf *b, const pb_primitive *p, struct err *e)
{
	switch ((int)p->value_case) {
	case PRIMITIVE_INTEGER:
		strbuf_addf(b, "%lld", (long long)p->integer);
		return 0;
	case PRIMITIVE_FLOAT:
		render_add_go_float(b, p->float_value);
		return 0;
	case PRIMITIVE_STRING:
		strbuf_adds(b, p->string_value);
		return 0;
	case PRIMITIVE_BOOLEAN:
		strbuf_adds(b, p->boolean ? "true" : "false");
		return 0;
	case PRIMITIVE_DATETIME:
		add_instant(b, p->datetime);
		return 0;
	case PRIMITIVE_DURATION:
		add_proto_duration(b, p->duration);
		return 0;
	default:
		return err_set(e, ERR_USAGE, "a primitive without a value");
	}
}

static int
no_form(const pb_literal *l, const char *where, struct err *e)
{
	struct strbuf b c_strbuf = STRBUF_INIT;

	value_add_short(&b, l, 40);
	return err_set(e, ERR_USAGE, "%s has no form %s", b.p, where);
}

static int
template_value(struct strbuf *b, const pb_literal *l, unsigned depth,
    struct err *e)
{
	const pb_primitive *p = literal_primitive(l);
	struct str bytes;
	size_t i;

	if (p != NULL)
		return add_primitive(b, p, e);
	if (l->value_case == LITERAL_LIST && depth <= MAX_MESSAGE_DEPTH) {
		strbuf_addch(b, '[');
		for (i = 0; i < l->collection->n_literals; i++) {
			if (i > 0)
				strbuf_addch(b, ',');
			if (template_value(b, l->collection->literals[i],
			    depth + 1, e) < 0)
				return -1;
		}
		strbuf_addch(b, ']');
		return 0;
	}
	if (l->value_case == LITERAL_SCALAR &&
	    l->scalar->value_case == SCALAR_BLOB) {
		strbuf_adds(b, l->scalar->blob->uri);
		return 0;
	}
	if (l->value_case == LITERAL_SCALAR &&
	    l->scalar->value_case == SCALAR_SCHEMA) {
		strbuf_adds(b, l->scalar->schema->uri);
		return 0;
	}
	if (l->value_case == LITERAL_SCALAR &&
	    l->scalar->value_case == SCALAR_BINARY && literal_is_struct(l)) {
		bytes = (struct str){ (const char *)
		    l->scalar->binary->value.data,
		    l->scalar->binary->value.len };
		if (msgpack_check(bytes, e) < 0)
			return -1;
		return add_go_value(b, &bytes, e);
	}
	return no_form(l, "in a command template; read it from the file "
	    "under $FLYTE_INPUTS", e);
}

int
render_template_value(struct strbuf *b, const pb_literal *l, struct err *e)
{
	return template_value(b, l, 0, e);
}

/* ---- files ---------------------------------------------------------------*/

static int
write_scalar(struct strbuf *b, const pb_literal *l, struct err *e)
{
	const pb_binary *bin;

	switch ((int)l->scalar->value_case) {
	case SCALAR_NONE:
		strbuf_adds(b, "null");
		return 0;
	case SCALAR_ERROR:
		strbuf_adds(b, l->scalar->error->message);
		return 0;
	case SCALAR_GENERIC:
		value_add_json(b, l);
		return 0;
	case SCALAR_BINARY:
		bin = l->scalar->binary;
		if (literal_is_struct(l))
			return msgpack_add_json(b, (struct str){
			    (const char *)bin->value.data, bin->value.len },
			    e);
		strbuf_add(b, bin->value.data, bin->value.len);
		return 0;
	default:
		return no_form(l, "as the text of a file", e);
	}
}

int
literal_write_text(struct strbuf *b, const pb_literal *l, struct err *e)
{
	const pb_primitive *p;

	l = literal_unwrap(l);
	p = literal_primitive(l);
	if (p == NULL) {
		if (l == NULL || l->value_case != LITERAL_SCALAR)
			return no_form(l, "as the text of a file", e);
		return write_scalar(b, l, e);
	}
	if (p->value_case == PRIMITIVE_FLOAT)
		render_add_fixed_float(b, p->float_value);
	else if (p->value_case == PRIMITIVE_DURATION)
		timespan_add(b, (struct timespan){ p->duration->seconds,
		    p->duration->nanos });
	else
		return add_primitive(b, p, e);
	return 0;
}

/* Go's ParseBool: -1 for another word. */
static int
parse_go_bool(struct str s)
{
	static const char *const yes[] = { "1", "t", "T", "true", "TRUE",
	    "True" };
	static const char *const no[] = { "0", "f", "F", "false", "FALSE",
	    "False" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(yes); i++) {
		if (str_is(s, yes[i]))
			return 1;
		if (str_is(s, no[i]))
			return 0;
	}
	return -1;
}

int
literal_read_text(const pb_literal_type *t, struct str text,
    const struct value_ctx *ctx, struct arena *a, pb_literal **ret,
    struct err *e)
{
	struct place p = { NULL, str_of(ctx->name), 0 };
	struct str s = scalar_trim(text);
	struct value_ctx cli = *ctx;

	cli.mode = VALUE_CLI;
	if (text.n > MAX_VALUE_BYTES)
		return place_fail(&p, t, NULL, "more than 16 MiB",
		    "larger data belongs in a file", e);
	if (t->type_case == TYPE_BLOB || t->type_case == TYPE_DATASET ||
	    t->type_case == TYPE_SCHEMA)
		return place_fail(&p, t, NULL, "text", NULL, e);
	if (type_is_simple(t, SIMPLE_BINARY)) {
		*ret = literal_binary(a, text, "");
		return 0;
	}
	if (type_is_simple(t, SIMPLE_NONE)) {
		*ret = literal_none(a);
		return 0;
	}
	if (type_is_simple(t, SIMPLE_BOOLEAN) && parse_go_bool(s) >= 0) {
		*ret = literal_boolean(a, parse_go_bool(s));
		return 0;
	}
	return value_from_text(t, s, &cli, a, ret, e);
}
