#include "idl/pbhash.h"

#include <math.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/time.h"
#include "idl/names.h"
#include "idl/pbjson.h"
#include "idl/wire.h"
#include "sys/digest.h"

/*
 * objecthash: SHA-256 of a letter for the kind and the value's bytes; for a
 * list the hashes of its elements, for an object the hashes of key and value
 * of each entry, in the order of the keys' hashes.  The value is what Go's
 * reader of JSON makes of jsonpb's text, so int64, bytes, enums, instants
 * and NaN are strings and every other number is a double.
 */

struct hash {
	unsigned char	b[PBHASH_SIZE];
};
_Static_assert(PBHASH_SIZE == DIGEST_SIZE, "both are SHA-256");

/* One entry of an object. */
struct pair {
	struct hash	key, value;
};

static void	hash_message(const ProtobufCMessage *, unsigned depth,
		    struct hash *ret);

/* ---- plain values --------------------------------------------------------*/

static void
hash_tagged(char tag, const void *p, size_t n, struct hash *ret)
{
	unsigned char small[128];
	struct sha256 s;

	if (n < sizeof(small)) {
		small[0] = (unsigned char)tag;
		if (n > 0)
			memcpy(small + 1, p, n);
		sha256(small, n + 1, ret->b);
		return;
	}
	sha256_init(&s);
	sha256_update(&s, &tag, 1);
	sha256_update(&s, p, n);
	sha256_final(&s, ret->b);
}

static void
hash_text(struct str text, struct hash *ret)
{
	hash_tagged('u', text.p, text.n, ret);
}

static void
hash_bool(int v, struct hash *ret)
{
	hash_tagged('b', v ? "1" : "0", 1, ret);
}

/*
 * objecthash's own text of a double: the exponent that brings it into
 * (0.5, 1], then its binary digits.  A double has at most 53 of them.
 */
static void
hash_number(double v, struct hash *ret)
{
	char text[128];
	int exponent, n;

	if (v == 0) {
		hash_tagged('f', "+0:", 3, ret);
		return;
	}
	text[0] = v < 0 ? '-' : '+';
	v = frexp(fabs(v), &exponent);		/* 0.5 <= v < 1 */
	if (v == 0.5) {
		v = 1;
		exponent--;
	}
	n = 1 + snprintf(text + 1, 16, "%d:", exponent);
	for (; v != 0 && n < (int)sizeof(text); v *= 2) {
		text[n++] = v >= 1 ? '1' : '0';
		if (v >= 1)
			v -= 1;
	}
	hash_tagged('f', text, (size_t)n, ret);
}

static void
hash_double(double v, struct hash *ret)
{
	if (isnan(v))
		hash_text(STR("NaN"), ret);
	else if (isinf(v))
		hash_text(v < 0 ? STR("-Infinity") : STR("Infinity"), ret);
	else
		hash_number(v, ret);
}

/* What is hashed is the number that its shortest text reads as. */
static void
hash_float(float x, struct hash *ret)
{
	c_strbuf struct strbuf text = STRBUF_INIT;

	if (!isfinite(x)) {
		hash_double((double)x, ret);
		return;
	}
	pbjson_add_float(&text, x);
	hash_double(strtod(text.p, NULL), ret);
}

static void
hash_i64(int64_t v, struct hash *ret)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%lld", (long long)v);

	hash_tagged('u', text, (size_t)n, ret);
}

static void
hash_u64(uint64_t v, struct hash *ret)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%llu", (unsigned long long)v);

	hash_tagged('u', text, (size_t)n, ret);
}

static void
hash_enum(const ProtobufCEnumDescriptor *type, int v, struct hash *ret)
{
	const ProtobufCEnumValue *name =
	    protobuf_c_enum_descriptor_get_value(type, v);

	if (name == NULL)
		hash_number(v, ret);
	else
		hash_text(str_of(name->name), ret);
}

static void
hash_bytes(const ProtobufCBinaryData *data, struct hash *ret)
{
	struct strbuf b c_strbuf = STRBUF_INIT;

	pbjson_add_base64(&b, (struct str){ (const char *)data->data,
	    data->len });
	hash_text(strbuf_str(&b), ret);
}

/* ---- objects and lists ---------------------------------------------------*/

static int
by_key(const void *a, const void *b)
{
	return memcmp(((const struct pair *)a)->key.b,
	    ((const struct pair *)b)->key.b, PBHASH_SIZE);
}

static void
hash_pairs(struct pair *pairs, size_t n, struct hash *ret)
{
	if (n > 1)
		qsort(pairs, n, sizeof(*pairs), by_key);
	hash_tagged('d', pairs, n * sizeof(*pairs), ret);
}

/*
 * The hash of a field's name in lowerCamelCase.  Few names are used and each
 * many times, so they are kept by descriptor; a slot is whole or empty.
 */
static void
hash_name(const ProtobufCFieldDescriptor *f, struct hash *ret)
{
	static struct {
		const ProtobufCFieldDescriptor	*of;
		struct hash			 hash;
	} kept[512];
	size_t i, n = 0, slot = ((uintptr_t)f / sizeof(*f)) %
	    ARRAY_LEN(kept);
	char name[128];
	int up = 0;

	if (kept[slot].of != f) {
		for (i = 0; f->name[i] != '\0' && n < sizeof(name); i++) {
			if (f->name[i] == '_') {
				up = 1;
				continue;
			}
			name[n] = f->name[i];
			if (up && name[n] >= 'a' && name[n] <= 'z')
				name[n] = (char)(name[n] - 'a' + 'A');
			up = 0;
			n++;
		}
		hash_tagged('u', name, n, &kept[slot].hash);
		kept[slot].of = f;
	}
	*ret = kept[slot].hash;
}

/* One element of a field, or its value. */
static void
hash_element(const ProtobufCFieldDescriptor *f, const void *at,
    unsigned depth, struct hash *ret)
{
	switch (f->type) {
	case PROTOBUF_C_TYPE_STRING:
		hash_text(str_of(*(char *const *)at), ret);
		break;
	case PROTOBUF_C_TYPE_BYTES:
		hash_bytes(at, ret);
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		hash_message(*(ProtobufCMessage *const *)at, depth + 1, ret);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		hash_bool(*(const protobuf_c_boolean *)at, ret);
		break;
	case PROTOBUF_C_TYPE_ENUM:
		hash_enum(f->descriptor, *(const int32_t *)at, ret);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		hash_double(*(const double *)at, ret);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		hash_float(*(const float *)at, ret);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		hash_i64(*(const int64_t *)at, ret);
		break;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		hash_u64(*(const uint64_t *)at, ret);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		hash_number(*(const uint32_t *)at, ret);
		break;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	default:
		hash_number(*(const int32_t *)at, ret);
		break;
	}
}

/* The key of a map's entry is a string in JSON, whatever its type. */
static void
hash_map_key(const ProtobufCMessage *entry, struct hash *ret)
{
	const ProtobufCFieldDescriptor *f = &entry->descriptor->fields[0];
	const void *at = wire_at(entry, f, 0);

	switch ((int)f->type) {
	case PROTOBUF_C_TYPE_BOOL:
		hash_text(*(const protobuf_c_boolean *)at ? STR("true") :
		    STR("false"), ret);
		break;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		hash_i64(*(const int32_t *)at, ret);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		hash_u64(*(const uint32_t *)at, ret);
		break;
	default:
		hash_element(f, at, 0, ret);
		break;
	}
}

static void
hash_map(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
    unsigned depth, struct hash *ret)
{
	size_t i, n = wire_count(m, f);
	struct pair small[4] = { 0 }, *pairs = small;
	const ProtobufCMessage *entry;

	if (n > ARRAY_LEN(small))
		pairs = xcalloc(n, sizeof(*pairs));
	for (i = 0; i < n; i++) {
		entry = *(ProtobufCMessage *const *)wire_at(m, f, i);
		hash_map_key(entry, &pairs[i].key);
		hash_element(&entry->descriptor->fields[1],
		    wire_at(entry, &entry->descriptor->fields[1], 0),
		    depth + 1, &pairs[i].value);
	}
	hash_pairs(pairs, n, ret);
	if (pairs != small)
		free(pairs);
}

static void
hash_list(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
    unsigned depth, struct hash *ret)
{
	size_t i, n = wire_count(m, f);
	struct hash one;
	struct sha256 s;

	sha256_init(&s);
	sha256_update(&s, "l", 1);
	for (i = 0; i < n; i++) {
		hash_element(f, wire_at(m, f, i), depth, &one);
		sha256_update(&s, one.b, sizeof(one.b));
	}
	sha256_final(&s, ret->b);
}

/* ---- messages ------------------------------------------------------------*/

/* google.protobuf types whose JSON is not an object of their fields. */
static void
hash_timestamp(const pb_timestamp *t, struct hash *ret)
{
	struct strbuf b c_strbuf = STRBUF_INIT;

	instant_add(&b, (struct instant){ t->seconds, t->nanos });
	hash_text(strbuf_str(&b), ret);
}

static void
hash_duration(const pb_duration *d, struct hash *ret)
{
	struct strbuf b c_strbuf = STRBUF_INIT;

	timespan_add_json(&b, (struct timespan){ d->seconds, d->nanos });
	hash_text(strbuf_str(&b), ret);
}

static void
hash_value(const pb_value *v, unsigned depth, struct hash *ret)
{
	switch ((int)v->kind_case) {
	case KIND_NUMBER:
		hash_double(v->number_value, ret);
		break;
	case KIND_STRING:
		hash_text(str_of(v->string_value), ret);
		break;
	case KIND_BOOL:
		hash_bool(v->bool_value, ret);
		break;
	case KIND_STRUCT:
		hash_message(&v->struct_value->base, depth + 1, ret);
		break;
	case KIND_LIST:
		hash_message(&v->list_value->base, depth + 1, ret);
		break;
	default:
		hash_tagged('n', NULL, 0, ret);
		break;
	}
}

/* 1 if the message is one of those, and hashed. */
static int
hash_special(const ProtobufCMessage *m, unsigned depth, struct hash *ret)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;

	if (strcmp(d->package_name, "google.protobuf") != 0)
		return 0;
	if (d == &google__protobuf__timestamp__descriptor)
		hash_timestamp((const pb_timestamp *)m, ret);
	else if (d == &google__protobuf__duration__descriptor)
		hash_duration((const pb_duration *)m, ret);
	else if (d == &google__protobuf__struct__descriptor)
		hash_map(m, &d->fields[0], depth, ret);
	else if (d == &google__protobuf__list_value__descriptor)
		hash_list(m, &d->fields[0], depth, ret);
	else if (d == &google__protobuf__value__descriptor)
		hash_value((const pb_value *)m, depth, ret);
	else if (d->n_fields == 1 && strcmp(d->fields[0].name, "value") == 0)
		hash_element(&d->fields[0], wire_at(m, &d->fields[0], 0),
		    depth, ret);	/* BoolValue and its like */
	else
		return 0;
	return 1;
}

static void
hash_message(const ProtobufCMessage *m, unsigned depth, struct hash *ret)
{
	const ProtobufCFieldDescriptor *f;
	struct pair small[4] = { 0 }, *pairs = small;
	size_t n = 0;
	unsigned i;

	if (m == NULL) {	/* an entry without a value */
		hash_pairs(NULL, 0, ret);
		return;
	}
	if (depth > 3 * MAX_MESSAGE_DEPTH)
		BUG("message nested beyond what can be unpacked");
	if (hash_special(m, depth, ret))
		return;
	for (i = 0; i < m->descriptor->n_fields; i++)
		n += (size_t)wire_has(m, &m->descriptor->fields[i]);
	if (n > ARRAY_LEN(small))
		pairs = xcalloc(n, sizeof(*pairs));
	n = 0;
	for (i = 0; i < m->descriptor->n_fields; i++) {
		f = &m->descriptor->fields[i];
		if (!wire_has(m, f))
			continue;
		hash_name(f, &pairs[n].key);
		if (f->label != PROTOBUF_C_LABEL_REPEATED)
			hash_element(f, wire_at(m, f, 0), depth,
			    &pairs[n].value);
		else if (wire_is_map(m->descriptor, f))
			hash_map(m, f, depth, &pairs[n].value);
		else
			hash_list(m, f, depth, &pairs[n].value);
		n++;
	}
	hash_pairs(pairs, n, ret);
	if (pairs != small)
		free(pairs);
}

void
pbhash(const ProtobufCMessage *m, unsigned char ret[PBHASH_SIZE])
{
	struct hash h;

	hash_message(m, 0, &h);
	memcpy(ret, h.b, PBHASH_SIZE);
}

void
pbhash_add_base64_url(struct strbuf *b, const void *p, size_t n)
{
	size_t i, start = b->n;

	pbjson_add_base64(b, (struct str){ p, n });
	while (b->n > start && b->p[b->n - 1] == '=')
		strbuf_setlen(b, b->n - 1);
	for (i = start; i < b->n; i++)
		if (b->p[i] == '+')
			b->p[i] = '-';
		else if (b->p[i] == '/')
			b->p[i] = '_';
}
