#include "idl/litout.h"

#include <math.h>

#include "base/limits.h"
#include "base/num.h"
#include "data/json.h"
#include "idl/flyteidl.h"
#include "idl/pbjson.h"
#include "idl/value.h"
#include "idl/wire.h"

/* Field numbers of core.Literal, Scalar, Primitive, Union and of a map. */
enum { SCALAR = 1, COLLECTION = 2, MAP = 3 };
enum { PRIMITIVE = 1, NONE_TYPE = 5, UNION = 9 };
enum { INTEGER = 1, FLOAT = 2, STRING = 3, BOOLEAN = 4 };
enum { UNION_VALUE = 1 };
enum { ITEMS = 1 };

/* Handed on once there is as much as this. */
#define FLUSH_AT	((size_t)64 * 1024)

/*
 * Each printer gives 1 if it printed, 0 if the shape is not one of its own
 * (nothing is printed then), -1 for an error.
 */

/* The only field of a message. */
static int
sole_field(struct str bytes, struct wire_field *ret, struct err *e)
{
	struct wire_reader r = wire_reader(bytes);

	return wire_next(&r, ret, e) > 0 && r.p == r.end;
}

static int
flush(struct litout *o, struct err *e)
{
	if (o->flush == NULL || o->text.n < FLUSH_AT)
		return 0;
	return o->flush(o, e);
}

/* ---- scalars ------------------------------------------------------------- */

static void
add_float(struct litout *o, uint64_t bits)
{
	const char *quote;
	double v;

	memcpy(&v, &bits, sizeof(v));
	quote = isfinite(v) ? "" : "\"";
	strbuf_adds(&o->text, quote);
	if (o->plain)
		num_add_f64(&o->text, v);
	else
		pbjson_add_double(&o->text, v);
	strbuf_adds(&o->text, quote);
}

static void
add_integer(struct litout *o, uint64_t n)
{
	int64_t v;

	memcpy(&v, &n, sizeof(v));
	strbuf_adds(&o->text, o->plain ? "" : "\"");
	strbuf_addi(&o->text, v);
	strbuf_adds(&o->text, o->plain ? "" : "\"");
}

static int
print_primitive(struct litout *o, struct str bytes, struct err *e)
{
	static const char *const names[] = {
		[INTEGER] = "integer", [FLOAT] = "floatValue",
		[STRING] = "stringValue", [BOOLEAN] = "boolean",
	};
	struct wire_field f;

	if (!sole_field(bytes, &f, e) || !((f.id == INTEGER &&
	    f.type == WIRE_VARINT) || (f.id == FLOAT && f.type == WIRE_64) ||
	    (f.id == STRING && f.type == WIRE_BYTES) ||
	    (f.id == BOOLEAN && f.type == WIRE_VARINT)))
		return 0;
	if (!o->plain) {
		strbuf_adds(&o->text, "{\"scalar\":{\"primitive\":{\"");
		strbuf_adds(&o->text, names[f.id]);
		strbuf_adds(&o->text, "\":");
	}
	if (f.id == INTEGER)
		add_integer(o, f.n);
	else if (f.id == FLOAT)
		add_float(o, f.n);
	else if (f.id == STRING)
		json_add_string(&o->text, f.bytes);
	else
		strbuf_adds(&o->text, f.n != 0 ? "true" : "false");
	if (!o->plain)
		strbuf_adds(&o->text, "}}}");
	return 1;
}

static int	print_literal(struct litout *, struct str, struct err *);

static int
print_scalar(struct litout *o, struct str bytes, struct err *e)
{
	struct wire_field f;

	if (!sole_field(bytes, &f, e) || f.type != WIRE_BYTES)
		return 0;
	if (f.id == PRIMITIVE)
		return print_primitive(o, f.bytes, e);
	if (f.id == NONE_TYPE && f.bytes.n == 0) {
		strbuf_adds(&o->text, o->plain ? "null" :
		    "{\"scalar\":{\"noneType\":{}}}");
		return 1;
	}
	if (f.id == UNION && o->plain) {
		if (wire_find(f.bytes, UNION_VALUE, WIRE_BYTES, &f, e) < 0 ||
		    f.whole.p == NULL)
			return 0;
		return print_literal(o, f.bytes, e) < 0 ? -1 : 1;
	}
	return 0;
}

/* ---- lists and maps ------------------------------------------------------ */

static int
print_list(struct litout *o, struct str bytes, struct err *e)
{
	struct wire_reader r = wire_reader(bytes);
	struct wire_field f;
	int got, first = 1;

	if (!o->plain)
		strbuf_adds(&o->text, bytes.n == 0 ? "{\"collection\":{" :
		    "{\"collection\":{\"literals\":");
	if (o->plain || bytes.n > 0)
		strbuf_addch(&o->text, '[');
	while ((got = wire_next(&r, &f, e)) > 0) {
		if (f.id != ITEMS || f.type != WIRE_BYTES)
			continue;
		if (!first)
			strbuf_addch(&o->text, ',');
		first = 0;
		if (print_literal(o, f.bytes, e) < 0)
			return -1;
	}
	if (o->plain || bytes.n > 0)
		strbuf_addch(&o->text, ']');
	if (!o->plain)
		strbuf_adds(&o->text, "}}");
	return got < 0 ? -1 : 1;
}

/* 1 if it is a map as our writer makes it: its keys are in order. */
static int
is_canonical(struct str map, struct err *e)
{
	struct wire_reader r = wire_reader(map);
	struct str key, value, last = { NULL, 0 };
	int got;

	while ((got = wire_next_entry(&r, &key, &value, e)) > 0) {
		if (last.p != NULL && str_cmp(last, key) >= 0)
			return 0;
		last = key;
	}
	return got < 0 ? -1 : 1;
}

static int
print_entries(struct litout *o, struct str map, struct err *e)
{
	struct wire_reader r = wire_reader(map);
	struct str key, value;
	int got, first = 1;

	strbuf_addch(&o->text, '{');
	while ((got = wire_next_entry(&r, &key, &value, e)) > 0) {
		if (!first)
			strbuf_addch(&o->text, ',');
		first = 0;
		json_add_string(&o->text, key);
		strbuf_addch(&o->text, ':');
		if (print_literal(o, value, e) < 0)
			return -1;
	}
	strbuf_addch(&o->text, '}');
	return got;
}

static int
print_map(struct litout *o, struct str bytes, struct err *e)
{
	int r = is_canonical(bytes, e);

	if (r <= 0)
		return r;
	if (!o->plain)
		strbuf_adds(&o->text, bytes.n == 0 ? "{\"map\":{" :
		    "{\"map\":{\"literals\":");
	if ((o->plain || bytes.n > 0) && print_entries(o, bytes, e) < 0)
		return -1;
	if (!o->plain)
		strbuf_adds(&o->text, "}}");
	return 1;
}

/* ---- what is unpacked ---------------------------------------------------- */

static int
print_unpacked(struct litout *o, const ProtobufCMessageDescriptor *d,
    struct str bytes, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;

	if (wire_unpack(d, bytes, &a, &m, e) < 0)
		return -1;
	if (!o->plain)
		pbjson_print(m, 0, &o->text);
	else if (d == &flyteidl__core__literal__descriptor)
		value_add_json(&o->text, (pb_literal *)m);
	else
		value_map_add_json(&o->text, (pb_literal_map *)m, 0);
	return 0;
}

static int
print_shape(struct litout *o, struct str bytes, struct err *e)
{
	struct wire_field f;

	if (!sole_field(bytes, &f, e) || f.type != WIRE_BYTES)
		return 0;
	switch (f.id) {
	case SCALAR:
		return print_scalar(o, f.bytes, e);
	case COLLECTION:
		return print_list(o, f.bytes, e);
	case MAP:
		return print_map(o, f.bytes, e);
	default:
		return 0;
	}
}

static int
print_literal(struct litout *o, struct str bytes, struct err *e)
{
	int r;

	if (o->depth >= MAX_MESSAGE_DEPTH)
		return err_set(e, ERR_SPEC, "nested too deeply");
	o->depth++;
	r = print_shape(o, bytes, e);
	if (r == 0)
		r = print_unpacked(o, &flyteidl__core__literal__descriptor,
		    bytes, e);
	o->depth--;
	return r < 0 ? -1 : flush(o, e);
}

/* ---- from outside -------------------------------------------------------- */

int
litout_literal(struct litout *o, struct str literal, struct err *e)
{
	o->depth = 0;
	return print_literal(o, literal, e);
}

int
litout_map(struct litout *o, struct str map, struct err *e)
{
	int r = is_canonical(map, e);

	o->depth = 0;
	if (r < 0)
		return -1;
	if (r == 0)
		return print_unpacked(o,
		    &flyteidl__core__literal_map__descriptor, map, e);
	if (o->plain)
		return print_entries(o, map, e) < 0 ? -1 : 0;
	strbuf_adds(&o->text, map.n == 0 ? "{" : "{\"literals\":");
	if (map.n > 0 && print_entries(o, map, e) < 0)
		return -1;
	strbuf_addch(&o->text, '}');
	return 0;
}

static int
add_to(struct strbuf *b, struct str map, int plain, struct err *e)
{
	struct litout o = { .text = *b, .plain = plain };
	int r = litout_map(&o, map, e);

	*b = o.text;
	return r;
}

int
litout_add_typed(struct strbuf *b, struct str map, struct err *e)
{
	return add_to(b, map, 0, e);
}

int
litout_add_plain(struct strbuf *b, struct str map, struct err *e)
{
	return add_to(b, map, 1, e);
}

/* ---- short --------------------------------------------------------------- */

/* What is longer than a line is not printed to its end. */
static int
stop_printing(struct litout *o, struct err *e)
{
	return err_set(e, ERR_USAGE, "%zu bytes are enough", o->text.n);
}

int
litout_is_json(struct str literal)
{
	struct wire_field f;
	struct err e;

	return sole_field(literal, &f, &e) && f.type == WIRE_BYTES &&
	    (f.id == COLLECTION || f.id == MAP);
}

int
litout_add_short(struct strbuf *b, struct str literal, size_t width,
    struct err *e)
{
	struct litout o = { .text = STRBUF_INIT, .plain = 1,
	    .flush = stop_printing };
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;

	if (litout_is_json(literal)) {
		(void)!litout_literal(&o, literal, e);
		value_add_cut(b, strbuf_str(&o.text), width);
		strbuf_release(&o.text);
		return 0;
	}
	if (wire_unpack(&flyteidl__core__literal__descriptor, literal, &a, &m,
	    e) < 0)
		return -1;
	value_add_short(b, (pb_literal *)m, width);
	return 0;
}
