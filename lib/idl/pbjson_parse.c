#include "base/limits.h"
#include "base/time.h"
#include "data/json.h"
#include "idl/pbjson.h"
#include "idl/pbjson_p.h"
#include "idl/wire.h"

/* The reading half of pbjson.h; pbjson_scalar.c reads what is no message. */

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
		return pbjson_fail(r, at, "more than %d levels of messages",
		    MAX_MESSAGE_DEPTH);
	if (r->arena->total - r->before > MAX_MESSAGE_MEMORY)
		return pbjson_fail(r, at, "the message needs more than %zu "
		    "MiB of memory", MAX_MESSAGE_MEMORY >> 20);
	*ret = wire_new(d, r->arena);
	return read_message(r, &deeper, *ret);
}

static int
read_value(const struct read *r, const struct place *at,
    const ProtobufCFieldDescriptor *f, void *slot)
{
	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return read_sub(r, at, f->descriptor, slot);
	return pbjson_read_scalar(r, at, f, slot);
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
	if (is_null(r, at) && !takes_null(f))
		return pbjson_fail(r, at, "null is no value here");
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
		return pbjson_expected(r, at, "a list");
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
		return pbjson_fail(r, up, "a key holds a NUL character");
	if (++at.depth > MAX_MESSAGE_DEPTH)
		return pbjson_fail(r, &at, "more than %d levels of messages",
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
		return pbjson_expected(r, at, "a map");
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
			return pbjson_fail(r, at, "excludes \"%s\", which is given "
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
	const char *names[PBJSON_MAX_FIELDS], *meant;
	size_t i, n = MIN((size_t)d->n_fields, ARRAY_LEN(names));

	for (i = 0; i < n; i++)
		names[i] = camel(r->arena, d->fields[i].name);
	meant = did_you_mean(at->key, names, n);
	if (meant != NULL)
		return pbjson_fail(r, at, "%s has no such field; did you mean "
		    "\"%s\"?", d->name, meant);
	return pbjson_fail(r, at, "%s has no such field", d->name);
}

static int
read_fields(const struct read *r, const struct place *up, ProtobufCMessage *m)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	const ProtobufCFieldDescriptor *f;
	uint64_t seen = 0, bit;
	struct place at;

	if (d->n_fields > PBJSON_MAX_FIELDS)
		BUG("%s: %u fields", d->name, d->n_fields);
	if (node_at(r, up)->kind != TREE_MAP)
		return pbjson_expected(r, up, "a map");
	TREE_EACH_PAIR(r->t, up->node, k, v) {
		at = below(up, r->t->at[k].text, 0, k);
		f = field_named(d, at.key);
		if (f == NULL && (r->flags & PBJSON_SKIP_UNKNOWN))
			continue;
		if (f == NULL)
			return unknown_field(r, &at, d);
		bit = (uint64_t)1 << (f - d->fields);
		if (seen & bit)
			return pbjson_fail(r, &at, "given twice, by two names");
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
		return pbjson_expected(r, at,
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
		return pbjson_expected(r, at, "a duration such as \"1.5s\"");
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
		return pbjson_expected(r, up, "a map");
	TREE_EACH_PAIR(r->t, up->node, k, v) {
		at = below(up, r->t->at[k].text, 0, v);
		if (str_is(at.key, "@type")) {
			if (pbjson_read_string(r, &at, &ret->type_url) < 0)
				return -1;
		} else if (!str_is(at.key, "value") ||
		    !is_text(r, node_at(r, &at))) {
			return pbjson_fail(r, &at, "the content of a "
			    "google.protobuf.Any is taken only as \"value\" "
			    "with the base64 of its bytes");
		} else if (pbjson_read_bytes(r, &at, &ret->value) < 0) {
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
	struct read r = { t, flags, a, a->total, e };
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
