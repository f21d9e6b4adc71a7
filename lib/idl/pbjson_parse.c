#include <inttypes.h>
#include <math.h>
#include <stdarg.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"
#include "data/json.h"
#include "idl/pbjson.h"
#include "idl/pbjson_inner.h"
#include "idl/wire.h"

/* The reading half of pbjson.h. */

/* Fields of one message; flyteidl's largest has about thirty. */
#define MAX_FIELDS	64

struct read {
	const struct tree	*t;
	unsigned		 flags;
	struct arena		*arena;
	struct err		*e;
};

/* Where a node is, for errors: a chain on the stack. */
struct place {
	const struct place	*up;
	struct str		 key;	/* .p == NULL: an index */
	size_t			 index;
	uint32_t		 node;
	unsigned		 depth;	/* messages around and of this one */
};

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

/* "LINE:COL: PATH: problem" */
static int	fail(const struct read *, const struct place *,
		    const char *fmt, ...) printf_like(3, 4) cold must_check;
static int
fail(const struct read *r, const struct place *at, const char *fmt, ...)
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

static int
expected(const struct read *r, const struct place *at, const char *what)
{
	c_strbuf struct strbuf given = STRBUF_INIT;

	tree_add_given(&given, r->t, at->node);
	return fail(r, at, "expected %s, given %.200s", what, given.p);
}

/* ---- scalars ------------------------------------------------------------- */

static const struct tree_node *
node_at(const struct read *r, const struct place *at)
{
	return &r->t->at[at->node];
}

/* An unquoted word or number that is exactly this. */
static int
is_word(const struct tree_node *n, const char *word)
{
	return n->kind == TREE_SCALAR && !n->quoted && str_is(n->text, word);
}

static int
is_null(const struct read *r, const struct place *at)
{
	return is_word(node_at(r, at), "null") ||
	    ((r->flags & PBJSON_YAML) && tree_is_null(r->t, at->node));
}

static int
is_text(const struct read *r, const struct tree_node *n)
{
	return n->kind == TREE_SCALAR &&
	    (n->quoted || (r->flags & PBJSON_YAML));
}

static int
read_magnitude(const struct read *r, const struct place *at,
    int *ret_negative, uint64_t *ret)
{
	const struct tree_node *n = node_at(r, at);
	int got;

	if (n->kind != TREE_SCALAR || !json_is_number(n->text))
		return expected(r, at, "an integer");
	got = pbjson_parse_integer(n->text, ret_negative, ret);
	if (got == -1)
		return expected(r, at, "an integer");
	if (got == -2)
		return fail(r, at, "%.60s is out of range",
		    arena_strndup(r->arena, n->text.p, MIN(n->text.n, 60)));
	return 0;
}

static int
read_signed(const struct read *r, const struct place *at, int64_t min,
    int64_t max, int64_t *ret)
{
	uint64_t v, bound;
	int negative;

	if (read_magnitude(r, at, &negative, &v) < 0)
		return -1;
	bound = negative ? ~(uint64_t)min + 1 : (uint64_t)max;
	if (v > bound)
		return fail(r, at, "%s%" PRIu64 " is out of the range %" PRId64
		    "..%" PRId64, negative ? "-" : "", v, min, max);
	*ret = negative ? (int64_t)(~v + 1) : (int64_t)v;
	return 0;
}

static int
read_unsigned(const struct read *r, const struct place *at, uint64_t max,
    uint64_t *ret)
{
	int negative;

	if (read_magnitude(r, at, &negative, ret) < 0)
		return -1;
	if (*ret > (negative ? 0 : max))
		return fail(r, at, "%s%" PRIu64 " is out of the range 0..%"
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
		return expected(r, at, "a number");
	if (num_parse_f64(n->text, ret) < 0)
		return fail(r, at, "the number is out of the range of a "
		    "double");
	return 0;
}

static int
read_float(const struct read *r, const struct place *at, float *ret)
{
	double v;

	if (read_double(r, at, &v) < 0)
		return -1;
	*ret = (float)v;
	if (isinf(*ret) && !isinf(v))
		return fail(r, at, "the number is out of the range of a "
		    "float");
	return 0;
}

static int
read_bool(const struct read *r, const struct place *at, int *ret)
{
	const struct tree_node *n = node_at(r, at);

	if (!is_word(n, "true") && !is_word(n, "false"))
		return expected(r, at, "true or false");
	*ret = is_word(n, "true");
	return 0;
}

static int
read_string(const struct read *r, const struct place *at, char **ret)
{
	const struct tree_node *n = node_at(r, at);

	if (!is_text(r, n))
		return expected(r, at, "a string");
	if (n->text.n > 0 && memchr(n->text.p, '\0', n->text.n) != NULL)
		return fail(r, at, "the string holds a NUL character");
	*ret = n->text.n == 0 ? wire_empty_string() :
	    arena_strndup(r->arena, n->text.p, n->text.n);
	return 0;
}

static int
read_bytes(const struct read *r, const struct place *at,
    ProtobufCBinaryData *ret)
{
	const struct tree_node *n = node_at(r, at);
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (!is_text(r, n))
		return expected(r, at, "a string of base64");
	if (pbjson_from_base64(&b, n->text) < 0)
		return expected(r, at, "base64");
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
	const char *names[MAX_FIELDS], *meant;
	size_t i, n = MIN((size_t)d->n_value_names, ARRAY_LEN(names));
	c_strbuf struct strbuf shown = STRBUF_INIT;

	for (i = 0; i < n; i++)
		names[i] = d->values_by_name[i].name;
	meant = did_you_mean(given, names, n);
	utf8_add_shown(&shown, given);
	if (meant != NULL)
		return fail(r, at, "%s has no value \"%.200s\"; did you mean "
		    "\"%s\"?", d->name, shown.p, meant);
	return fail(r, at, "%s has no value \"%.200s\"", d->name, shown.p);
}

static int
read_enum(const struct read *r, const struct place *at,
    const ProtobufCEnumDescriptor *d, int *ret)
{
	const struct tree_node *n = node_at(r, at);
	int64_t v;
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
		return expected(r, at, "the name of an enum value");
	for (i = 0; i < d->n_value_names; i++)
		if (str_is(n->text, d->values_by_name[i].name)) {
			*ret = d->values[d->values_by_name[i].index].value;
			return 0;
		}
	return bad_enum(r, at, d);
}

/* ---- values and fields --------------------------------------------------- */

static int	read_message(const struct read *, const struct place *,
		    ProtobufCMessage *);

static struct place
below(const struct place *up, struct str key, size_t index, uint32_t node)
{
	return (struct place){ up, key, index, node, up->depth };
}

static int
read_sub(const struct read *r, const struct place *at,
    const ProtobufCMessageDescriptor *d, ProtobufCMessage **ret)
{
	struct place deeper = *at;

	if (++deeper.depth > MAX_MESSAGE_DEPTH)
		return fail(r, at, "more than %d levels of messages",
		    MAX_MESSAGE_DEPTH);
	*ret = wire_new(d, r->arena);
	return read_message(r, &deeper, *ret);
}

static int
read_value(const struct read *r, const struct place *at,
    const ProtobufCFieldDescriptor *f, void *slot)
{
	uint64_t u;
	int64_t i;

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
		return read_string(r, at, slot);
	case PROTOBUF_C_TYPE_BYTES:
		return read_bytes(r, at, slot);
	case PROTOBUF_C_TYPE_MESSAGE:
		return read_sub(r, at, f->descriptor, slot);
	}
	BUG("field type %d", (int)f->type);
}

/* Null is a value of its own for these; elsewhere it means unset. */
static int
takes_null(const ProtobufCFieldDescriptor *f)
{
	return f->descriptor == &google__protobuf__value__descriptor ||
	    f->descriptor == &google__protobuf__null_value__descriptor;
}

static int
read_element(const struct read *r, const struct place *at,
    const ProtobufCFieldDescriptor *f, void *slot)
{
	if (is_null(r, at) && !takes_null(f) &&
	    !(f->type == PROTOBUF_C_TYPE_STRING && (r->flags & PBJSON_YAML) &&
	    node_at(r, at)->quoted))
		return fail(r, at, "null is no value here");
	return read_value(r, at, f, slot);
}

static void
set_array(ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, void *array,
    size_t n)
{
	*(size_t *)((char *)m + f->quantifier_offset) = n;
	*(void **)((char *)m + f->offset) = array;
}

static int
read_list(const struct read *r, const struct place *at,
    const ProtobufCFieldDescriptor *f, ProtobufCMessage *m)
{
	size_t n = 0, size = wire_size_of(f->type);
	struct place item;
	char *array;

	if (node_at(r, at)->kind != TREE_SEQ)
		return expected(r, at, "a list");
	if (node_at(r, at)->n == 0)
		return 0;
	array = arena_calloc(r->arena, node_at(r, at)->n, size);
	TREE_EACH(r->t, at->node, child) {
		item = below(at, (struct str){ NULL, 0 }, n, child);
		if (read_element(r, &item, f, array + n * size) < 0)
			return -1;
		n++;
	}
	set_array(m, f, array, n);
	return 0;
}

static int
read_entry(const struct read *r, const struct place *up, uint32_t key,
    uint32_t value, ProtobufCMessage *entry)
{
	const ProtobufCFieldDescriptor *kv = entry->descriptor->fields;
	struct place at = below(up, r->t->at[key].text, 0, value);
	struct str text = at.key;

	if (text.n > 0 && memchr(text.p, '\0', text.n) != NULL)
		return fail(r, up, "a key holds a NUL character");
	if (++at.depth > MAX_MESSAGE_DEPTH)
		return fail(r, &at, "more than %d levels of messages",
		    MAX_MESSAGE_DEPTH);
	*(char **)((char *)entry + kv[0].offset) =
	    arena_strndup(r->arena, text.p, text.n);
	return read_element(r, &at, &kv[1], (char *)entry + kv[1].offset);
}

static int
read_map(const struct read *r, const struct place *at,
    const ProtobufCFieldDescriptor *f, ProtobufCMessage *m)
{
	ProtobufCMessage **entries;
	size_t n = 0;

	if (node_at(r, at)->kind != TREE_MAP)
		return expected(r, at, "a map");
	if (node_at(r, at)->n == 0)
		return 0;
	entries = arena_new_n(r->arena, node_at(r, at)->n, ProtobufCMessage *);
	TREE_EACH_PAIR(r->t, at->node, k, v) {
		entries[n] = wire_new(f->descriptor, r->arena);
		if (read_entry(r, at, k, v, entries[n]) < 0)
			return -1;
		n++;
	}
	set_array(m, f, entries, n);
	return 0;
}

static const ProtobufCFieldDescriptor *
chosen(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	return protobuf_c_message_descriptor_get_field(m->descriptor,
	    *(const uint32_t *)((const char *)m + f->quantifier_offset));
}

static int
read_field(const struct read *r, const struct place *at,
    const ProtobufCFieldDescriptor *f, ProtobufCMessage *m)
{
	uint32_t *quantifier = (uint32_t *)((char *)m + f->quantifier_offset);
	const ProtobufCFieldDescriptor *other;
	int repeated = f->label == PROTOBUF_C_LABEL_REPEATED;

	if (is_null(r, at) && (repeated || !takes_null(f)))
		return 0;
	if (wire_is_map(m->descriptor, f))
		return read_map(r, at, f, m);
	if (repeated)
		return read_list(r, at, f, m);
	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		other = chosen(m, f);
		if (other != NULL)
			return fail(r, at, "excludes \"%s\", which is given "
			    "too", other->name);
		*quantifier = f->id;
	} else if (f->label == PROTOBUF_C_LABEL_OPTIONAL &&
	    f->type != PROTOBUF_C_TYPE_STRING &&
	    f->type != PROTOBUF_C_TYPE_MESSAGE) {
		*quantifier = 1;
	}
	return read_value(r, at, f, (char *)m + f->offset);
}

/* ---- messages ------------------------------------------------------------ */

/* By either name, the one of the .proto file or lowerCamelCase. */
static int
is_name(const char *name, struct str given)
{
	const char *s = name;
	size_t i;

	if (str_is(given, name))
		return 1;
	for (i = 0; i < given.n; i++)
		if (camel_next(&s) != given.p[i])
			return 0;
	return given.n > 0 && camel_next(&s) == '\0';
}

static const ProtobufCFieldDescriptor *
field_named(const ProtobufCMessageDescriptor *d, struct str name)
{
	unsigned k;

	for (k = 0; k < d->n_fields; k++)
		if (is_name(d->fields[k].name, name))
			return &d->fields[k];
	return NULL;
}

static const char *
camel(struct arena *a, const char *name)
{
	char *ret = arena_strdup(a, name), *p = ret;

	while ((*p = camel_next(&name)) != '\0')
		p++;
	return ret;
}

static int
unknown_field(const struct read *r, const struct place *at,
    const ProtobufCMessageDescriptor *d)
{
	const char *names[MAX_FIELDS], *meant;
	size_t i, n = MIN((size_t)d->n_fields, ARRAY_LEN(names));

	for (i = 0; i < n; i++)
		names[i] = camel(r->arena, d->fields[i].name);
	meant = did_you_mean(at->key, names, n);
	if (meant != NULL)
		return fail(r, at, "%s has no such field; did you mean "
		    "\"%s\"?", d->name, meant);
	return fail(r, at, "%s has no such field", d->name);
}

static int
read_fields(const struct read *r, const struct place *up, ProtobufCMessage *m)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	const ProtobufCFieldDescriptor *f;
	uint64_t seen = 0, bit;
	struct place at;

	if (d->n_fields > MAX_FIELDS)
		BUG("%s: %u fields", d->name, d->n_fields);
	if (node_at(r, up)->kind != TREE_MAP)
		return expected(r, up, "a map");
	TREE_EACH_PAIR(r->t, up->node, k, v) {
		at = below(up, r->t->at[k].text, 0, k);
		f = field_named(d, at.key);
		if (f == NULL && (r->flags & PBJSON_SKIP_UNKNOWN))
			continue;
		if (f == NULL)
			return unknown_field(r, &at, d);
		bit = (uint64_t)1 << (f - d->fields);
		if (seen & bit)
			return fail(r, &at, "given twice, by two names");
		seen |= bit;
		at.node = v;
		if (read_field(r, &at, f, m) < 0)
			return -1;
	}
	return 0;
}

static int
read_timestamp(const struct read *r, const struct place *at,
    Google__Protobuf__Timestamp *ret)
{
	const struct tree_node *n = node_at(r, at);
	struct instant t;

	if (!is_text(r, n) || instant_parse(n->text, 0, &t) < 0)
		return expected(r, at,
		    "a time such as \"2024-01-02T03:04:05Z\"");
	ret->seconds = t.sec;
	ret->nanos = t.nsec;
	return 0;
}

static int
read_duration(const struct read *r, const struct place *at,
    Google__Protobuf__Duration *ret)
{
	const struct tree_node *n = node_at(r, at);
	struct timespan t;

	if (!is_text(r, n) || timespan_parse_json(n->text, &t) < 0)
		return expected(r, at, "a duration such as \"1.5s\"");
	ret->seconds = t.sec;
	ret->nanos = t.nsec;
	return 0;
}

/* Which member of google.protobuf.Value a JSON value is. */
static Google__Protobuf__Value__KindCase
kind_of(const struct read *r, const struct place *at)
{
	const struct tree_node *n = node_at(r, at);

	if (n->kind == TREE_MAP)
		return GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE;
	if (n->kind == TREE_SEQ)
		return GOOGLE__PROTOBUF__VALUE__KIND_LIST_VALUE;
	if (n->quoted)
		return GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE;
	if (is_null(r, at))
		return GOOGLE__PROTOBUF__VALUE__KIND_NULL_VALUE;
	if (is_word(n, "true") || is_word(n, "false"))
		return GOOGLE__PROTOBUF__VALUE__KIND_BOOL_VALUE;
	if (json_is_number(n->text) || !(r->flags & PBJSON_YAML))
		return GOOGLE__PROTOBUF__VALUE__KIND_NUMBER_VALUE;
	return GOOGLE__PROTOBUF__VALUE__KIND_STRING_VALUE;
}

static int
read_json_value(const struct read *r, const struct place *at,
    Google__Protobuf__Value *ret)
{
	const ProtobufCFieldDescriptor *f;

	ret->kind_case = kind_of(r, at);
	f = protobuf_c_message_descriptor_get_field(ret->base.descriptor,
	    (unsigned)ret->kind_case);
	return read_value(r, at, f, (char *)ret + f->offset);
}

static int
read_any(const struct read *r, const struct place *up,
    Google__Protobuf__Any *ret)
{
	struct place at;

	if (node_at(r, up)->kind != TREE_MAP)
		return expected(r, up, "a map");
	TREE_EACH_PAIR(r->t, up->node, k, v) {
		at = below(up, r->t->at[k].text, 0, v);
		if (str_is(at.key, "@type")) {
			if (read_string(r, &at, &ret->type_url) < 0)
				return -1;
		} else if (!str_is(at.key, "value") ||
		    !is_text(r, node_at(r, &at))) {
			return fail(r, &at, "the content of a "
			    "google.protobuf.Any is taken only as \"value\" "
			    "with the base64 of its bytes");
		} else if (read_bytes(r, &at, &ret->value) < 0) {
			return -1;
		}
	}
	return 0;
}

static int
read_message(const struct read *r, const struct place *at, ProtobufCMessage *m)
{
	const ProtobufCFieldDescriptor *f = m->descriptor->fields;

	switch (wkt_of(m->descriptor)) {
	case WKT_TIMESTAMP:
		return read_timestamp(r, at, (Google__Protobuf__Timestamp *)m);
	case WKT_DURATION:
		return read_duration(r, at, (Google__Protobuf__Duration *)m);
	case WKT_STRUCT:
		return read_map(r, at, f, m);
	case WKT_VALUE:
		return read_json_value(r, at, (Google__Protobuf__Value *)m);
	case WKT_LIST:
		return read_list(r, at, f, m);
	case WKT_ANY:
		return read_any(r, at, (Google__Protobuf__Any *)m);
	case WKT_WRAPPER:
		return read_value(r, at, f, (char *)m + f->offset);
	case WKT_NONE:
		return read_fields(r, at, m);
	}
	BUG("unreachable");
}

int
pbjson_from_tree(const ProtobufCMessageDescriptor *d, const struct tree *t,
    uint32_t node, unsigned flags, struct arena *a, ProtobufCMessage **ret,
    struct err *e)
{
	struct read r = { t, flags, a, e };
	struct place at = { NULL, { NULL, 0 }, 0, node, 1 };
	ProtobufCMessage *m = wire_new(d, a);

	if (read_message(&r, &at, m) < 0)
		return -1;
	*ret = m;
	return 0;
}

int
pbjson_parse(const ProtobufCMessageDescriptor *d, struct str text,
    unsigned flags, struct arena *a, ProtobufCMessage **ret, struct err *e)
{
	c_tree struct tree t;

	tree_init(&t);
	if (json_parse_tree(text, &t, e) < 0) {
		e->kind = ERR_SPEC;
		return -1;
	}
	return pbjson_from_tree(d, &t, 0, flags, a, ret, e);
}
