#include "idl/pbjson.h"

#include <math.h>

#include "base/time.h"
#include "data/json.h"
#include "idl/pbjson_p.h"
#include "idl/wire.h"

/* Printing; pbjson_parse.c reads, pbjson_text.c has the scalars. */

/* ---- messages ------------------------------------------------------------ */

struct print {
	struct strbuf	*out;
	unsigned	 flags;
	unsigned	 depth;		/* open brackets */
};

static void	print_message(struct print *, const ProtobufCMessage *);

static void
line_break(struct print *p)
{
	if (!(p->flags & PBJSON_INDENT))
		return;
	strbuf_addch(p->out, '\n');
	strbuf_pad(p->out, ' ', (size_t)2 * p->depth);
}

static void
print_open(struct print *p, int bracket)
{
	strbuf_addch(p->out, bracket);
	p->depth++;
}

/* Before each entry; n counts them. */
static void
print_next(struct print *p, size_t *n)
{
	if ((*n)++ > 0)
		strbuf_addch(p->out, ',');
	line_break(p);
}

static void
print_close(struct print *p, int bracket, size_t n)
{
	p->depth--;
	if (n > 0)
		line_break(p);
	strbuf_addch(p->out, bracket);
}

static void
print_colon(struct print *p)
{
	strbuf_addch(p->out, ':');
	if (p->flags & PBJSON_INDENT)
		strbuf_addch(p->out, ' ');
}

static void
print_name(struct print *p, const char *name)
{
	char c;

	strbuf_addch(p->out, '"');
	if (p->flags & PBJSON_SNAKE)
		strbuf_adds(p->out, name);
	else
		while ((c = camel_next(&name)) != '\0')
			strbuf_addch(p->out, c);
	strbuf_addch(p->out, '"');
	print_colon(p);
}

static void
print_enum(struct print *p, const ProtobufCEnumDescriptor *d, int value)
{
	const ProtobufCEnumValue *v;

	if (d == &google__protobuf__null_value__descriptor) {
		strbuf_adds(p->out, "null");
		return;
	}
	v = protobuf_c_enum_descriptor_get_value(d, value);
	if (v == NULL)
		strbuf_addf(p->out, "%d", value);
	else
		strbuf_addf(p->out, "\"%s\"", v->name);
}

static void
print_text(struct print *p, const char *s)
{
	json_add_string(p->out, s == NULL ? STR("") : str_of(s));
}

static void
print_base64(struct print *p, const ProtobufCBinaryData *data)
{
	strbuf_addch(p->out, '"');
	pbjson_add_base64(p->out,
	    (struct str){ (const char *)data->data, data->len });
	strbuf_addch(p->out, '"');
}

static void
print_double(struct print *p, double v)
{
	const char *quote = isfinite(v) ? "" : "\"";

	strbuf_adds(p->out, quote);
	pbjson_add_double(p->out, v);
	strbuf_adds(p->out, quote);
}

static void
print_float(struct print *p, float v)
{
	const char *quote = isfinite(v) ? "" : "\"";

	strbuf_adds(p->out, quote);
	pbjson_add_float(p->out, v);
	strbuf_adds(p->out, quote);
}

static void
print_value(struct print *p, const ProtobufCFieldDescriptor *f, const void *at)
{
	const ProtobufCMessage *sub;

	switch (f->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		strbuf_addi(p->out, *(const int32_t *)at);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		strbuf_addu(p->out, *(const uint32_t *)at);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		strbuf_addch(p->out, '"');
		strbuf_addi(p->out, *(const int64_t *)at);
		strbuf_addch(p->out, '"');
		break;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		strbuf_addch(p->out, '"');
		strbuf_addu(p->out, *(const uint64_t *)at);
		strbuf_addch(p->out, '"');
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		print_float(p, *(const float *)at);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		print_double(p, *(const double *)at);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		strbuf_adds(p->out, *(const int *)at ? "true" : "false");
		break;
	case PROTOBUF_C_TYPE_ENUM:
		print_enum(p, f->descriptor, *(const int *)at);
		break;
	case PROTOBUF_C_TYPE_STRING:
		print_text(p, *(char *const *)at);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		print_base64(p, at);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		sub = *(ProtobufCMessage *const *)at;
		if (sub != NULL)
			print_message(p, sub);
		else	/* a set oneof member, a map's value: an empty one */
			strbuf_adds(p->out,
			    wkt_of(f->descriptor) == WKT_NONE ? "{}" : "null");
		break;
	}
}

static void
print_array(struct print *p, const ProtobufCMessage *m,
    const ProtobufCFieldDescriptor *f)
{
	size_t i, n = 0, count = wire_count(m, f);

	print_open(p, '[');
	for (i = 0; i < count; i++) {
		print_next(p, &n);
		print_value(p, f, wire_at(m, f, i));
	}
	print_close(p, ']', n);
}

static void
print_map(struct print *p, const ProtobufCMessage *m,
    const ProtobufCFieldDescriptor *f)
{
	const ProtobufCMessage **entries = wire_sorted(m, f);
	const ProtobufCFieldDescriptor *kv;
	size_t i, n = 0, count = wire_count(m, f);

	print_open(p, '{');
	for (i = 0; i < count; i++) {
		kv = entries[i]->descriptor->fields;
		print_next(p, &n);
		print_value(p, &kv[0], wire_at(entries[i], &kv[0], 0));
		print_colon(p);
		print_value(p, &kv[1], wire_at(entries[i], &kv[1], 0));
	}
	print_close(p, '}', n);
	free(entries);
}

/* With PBJSON_DEFAULTS also what is not set, save oneof members. */
static int
is_printed(const struct print *p, const ProtobufCMessage *m,
    const ProtobufCFieldDescriptor *f)
{
	return wire_has(m, f) || ((p->flags & PBJSON_DEFAULTS) &&
	    !(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF));
}

static void
print_fields(struct print *p, const ProtobufCMessage *m)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	const ProtobufCFieldDescriptor *f;
	size_t n = 0;
	unsigned k;

	print_open(p, '{');
	for (k = 0; k < d->n_fields; k++) {
		f = &d->fields[k];
		if (!is_printed(p, m, f))
			continue;
		print_next(p, &n);
		print_name(p, f->name);
		if (wire_is_map(d, f))
			print_map(p, m, f);
		else if (f->label == PROTOBUF_C_LABEL_REPEATED)
			print_array(p, m, f);
		else if (f->type == PROTOBUF_C_TYPE_MESSAGE && !wire_has(m, f))
			strbuf_adds(p->out, "null");
		else
			print_value(p, f, wire_at(m, f, 0));
	}
	print_close(p, '}', n);
}

static void
print_timestamp(struct print *p, const Google__Protobuf__Timestamp *t)
{
	struct instant at = {
		.sec = MAX(INSTANT_MIN, MIN(INSTANT_MAX, t->seconds)),
		.nsec = MAX(0, MIN(999999999, t->nanos)),
	};

	strbuf_addch(p->out, '"');
	instant_add(p->out, at);
	strbuf_addch(p->out, '"');
}

static void
print_duration(struct print *p, const Google__Protobuf__Duration *d)
{
	struct timespan span = {
		.sec = MAX(-TIMESPAN_MAX, MIN(TIMESPAN_MAX, d->seconds)),
		.nsec = MAX(-999999999, MIN(999999999, d->nanos)),
	};

	/* parts of unlike sign are nobody's span: seconds decide */
	if ((span.sec > 0 && span.nsec < 0) || (span.sec < 0 && span.nsec > 0))
		span.nsec = 0;
	strbuf_addch(p->out, '"');
	timespan_add_json(p->out, span);
	strbuf_addch(p->out, '"');
}

static void
print_json_value(struct print *p, const Google__Protobuf__Value *v)
{
	const ProtobufCMessageDescriptor *d = v->base.descriptor;
	const ProtobufCFieldDescriptor *f;
	unsigned k;

	for (k = 0; k < d->n_fields; k++) {
		f = &d->fields[k];
		if (wire_has(&v->base, f)) {
			print_value(p, f, wire_at(&v->base, f, 0));
			return;
		}
	}
	strbuf_adds(p->out, "null");
}

static void
print_any(struct print *p, const Google__Protobuf__Any *any)
{
	size_t n = 0;

	print_open(p, '{');
	if (any->type_url != NULL && any->type_url[0] != '\0') {
		print_next(p, &n);
		strbuf_adds(p->out, "\"@type\"");
		print_colon(p);
		print_text(p, any->type_url);
	}
	if (any->value.len > 0) {
		print_next(p, &n);
		print_name(p, "value");
		print_base64(p, &any->value);
	}
	print_close(p, '}', n);
}

static void
print_message(struct print *p, const ProtobufCMessage *m)
{
	const ProtobufCFieldDescriptor *f = m->descriptor->fields;

	switch (wkt_of(m->descriptor)) {
	case WKT_TIMESTAMP:
		print_timestamp(p, (const Google__Protobuf__Timestamp *)m);
		break;
	case WKT_DURATION:
		print_duration(p, (const Google__Protobuf__Duration *)m);
		break;
	case WKT_STRUCT:
		print_map(p, m, f);
		break;
	case WKT_VALUE:
		print_json_value(p, (const Google__Protobuf__Value *)m);
		break;
	case WKT_LIST:
		print_array(p, m, f);
		break;
	case WKT_ANY:
		print_any(p, (const Google__Protobuf__Any *)m);
		break;
	case WKT_WRAPPER:
		print_value(p, f, wire_at(m, f, 0));
		break;
	case WKT_NONE:
		print_fields(p, m);
		break;
	}
}

void
pbjson_print(const ProtobufCMessage *m, unsigned flags, struct strbuf *out)
{
	struct print p = { out, flags, 0 };

	print_message(&p, m);
	if (flags & PBJSON_INDENT)
		strbuf_addch(out, '\n');
}
