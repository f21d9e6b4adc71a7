#include "idl/wire.h"

#include <inttypes.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/utf8.h"

/* Fields of one message; flyteidl's largest has about thirty. */
#define MAX_FIELDS	64
/* Maps up to this size are searched for duplicate keys pair by pair. */
#define FEW_KEYS	8

/* Unpacking; wireread.c walks slices, wirepack.c packs. */

struct unpack {
	struct arena	*arena;
	size_t		 before;	/* arena's bytes at the start */
	const char	*start;
	int		 strict;
	size_t		 merged;	/* of MAX_MESSAGE_MERGED */
	struct err	*e;
};

static enum wire_type
wire_type_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		return WIRE_32;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return WIRE_64;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		return WIRE_BYTES;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_BOOL:
	case PROTOBUF_C_TYPE_ENUM:
		return WIRE_VARINT;
	}
	BUG("field type %d", (int)type);
}

static int
is_repeated(const ProtobufCFieldDescriptor *f)
{
	return f->label == PROTOBUF_C_LABEL_REPEATED;
}

/* A packed array: numbers without their tags, in one value. */
static int
is_packed(const ProtobufCFieldDescriptor *f, const struct wire_field *w)
{
	return is_repeated(f) && w->type == WIRE_BYTES &&
	    wire_type_of(f->type) != WIRE_BYTES;
}

static int
bad_field(const struct unpack *u, const ProtobufCMessageDescriptor *d,
    const ProtobufCFieldDescriptor *f, const struct wire_field *w,
    const char *problem)
{
	return err_set(u->e, ERR_SPEC, "%s.%s: byte %zu: %s", d->name,
	    f->name, (size_t)(w->whole.p - u->start), problem);
}

static int
check_memory(const struct unpack *u)
{
	if (u->arena->total - u->before <= MAX_MESSAGE_MEMORY)
		return 0;
	return err_set(u->e, ERR_SPEC,
	    "the message needs more than %zu MiB of memory",
	    MAX_MESSAGE_MEMORY >> 20);
}

static void
store_number(ProtobufCType type, uint64_t n, void *slot)
{
	uint32_t half = (uint32_t)n;

	switch (type) {
	case PROTOBUF_C_TYPE_SINT32:
		half = half >> 1 ^ (~(half & 1) + 1);
		memcpy(slot, &half, sizeof(half));
		break;
	case PROTOBUF_C_TYPE_BOOL:
		half = n != 0;
		memcpy(slot, &half, sizeof(half));
		break;
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		memcpy(slot, &half, sizeof(half));
		break;
	case PROTOBUF_C_TYPE_SINT64:
		n = n >> 1 ^ (~(n & 1) + 1);
		memcpy(slot, &n, sizeof(n));
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		memcpy(slot, &n, sizeof(n));
		break;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		BUG("not a number");
	}
}

static int
store_string(const struct unpack *u, const ProtobufCMessageDescriptor *d,
    const ProtobufCFieldDescriptor *f, const struct wire_field *w, char **slot)
{
	struct str s = w->bytes;

	if (s.n > 0 && memchr(s.p, '\0', s.n) != NULL)
		return bad_field(u, d, f, w, "a string holds a NUL byte");
	if (!utf8_valid(s))
		return bad_field(u, d, f, w, "a string is not UTF-8");
	*slot = s.n == 0 ? wire_empty_string() :
	    arena_strndup(u->arena, s.p, s.n);
	return 0;
}

static int	unpack_message(struct unpack *, struct str bytes,
		    ProtobufCMessage *, unsigned depth);

static int
store_value(struct unpack *u, const ProtobufCMessageDescriptor *d,
    const ProtobufCFieldDescriptor *f, const struct wire_field *w,
    unsigned depth, void *slot)
{
	ProtobufCBinaryData *data;
	ProtobufCMessage **sub;

	if (w->type != wire_type_of(f->type))
		return bad_field(u, d, f, w, "has another wire type");
	if (f->type == PROTOBUF_C_TYPE_STRING)
		return store_string(u, d, f, w, slot);
	if (f->type == PROTOBUF_C_TYPE_BYTES) {
		data = slot;
		data->len = w->bytes.n;
		data->data = w->bytes.n == 0 ? NULL : (uint8_t *)
		    arena_strndup(u->arena, w->bytes.p, w->bytes.n);
		return 0;
	}
	if (f->type != PROTOBUF_C_TYPE_MESSAGE) {
		store_number(f->type, w->n, slot);
		return 0;
	}
	if (depth == MAX_MESSAGE_DEPTH)
		return bad_field(u, d, f, w, "nested too deep");
	sub = slot;
	if (*sub == NULL)
		*sub = wire_new(f->descriptor, u->arena);
	if (check_memory(u) < 0)
		return -1;
	return unpack_message(u, w->bytes, *sub, depth + 1);
}

/* One element more of an array that has the room. */
static int
store_element(struct unpack *u, const ProtobufCFieldDescriptor *f,
    const struct wire_field *w, ProtobufCMessage *m, unsigned depth)
{
	size_t *n = (size_t *)((char *)m + f->quantifier_offset);
	char *at = *(char **)((char *)m + f->offset);
	size_t size = wire_size_of(f->type);
	struct wire_reader r;
	uint64_t v = 0;

	if (!is_packed(f, w)) {
		if (store_value(u, m->descriptor, f, w, depth,
		    at + *n * size) < 0)
			return -1;
		++*n;
		return 0;
	}
	r = wire_reader(w->bytes);
	while (r.p < r.end) {
		if (wire_type_of(f->type) == WIRE_VARINT ?
		    wire_take_varint(&r, &v, u->e) < 0 :
		    wire_take_fixed(&r, size, &v, u->e) < 0)
			return bad_field(u, m->descriptor, f, w,
			    "a packed array ends within a number");
		store_number(f->type, v, at + *n * size);
		++*n;
	}
	return 0;
}

static int
store_singular(struct unpack *u, const ProtobufCFieldDescriptor *f,
    const struct wire_field *w, ProtobufCMessage *m, unsigned depth)
{
	void *slot = (char *)m + f->offset;
	uint32_t *quantifier = (uint32_t *)((char *)m + f->quantifier_offset);

	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) {
		if (*quantifier != f->id)
			memset(slot, 0, wire_size_of(f->type));
		*quantifier = f->id;
	} else if (f->label == PROTOBUF_C_LABEL_OPTIONAL &&
	    f->type != PROTOBUF_C_TYPE_STRING &&
	    f->type != PROTOBUF_C_TYPE_MESSAGE) {
		*quantifier = 1;
	}
	return store_value(u, m->descriptor, f, w, depth, slot);
}

/* Upper bound of the elements that a field of an array brings. */
static size_t
elements(const ProtobufCFieldDescriptor *f, const struct wire_field *w)
{
	size_t i, n = 0;

	if (!is_packed(f, w))
		return 1;
	if (wire_type_of(f->type) != WIRE_VARINT)
		return w->bytes.n / wire_size_of(f->type);
	for (i = 0; i < w->bytes.n; i++)
		n += (unsigned char)w->bytes.p[i] < 0x80;
	return n;
}

/* Gives the arrays of m room for what comes on top of what they have. */
static int
make_room(struct unpack *u, ProtobufCMessage *m, const uint32_t *more)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	const ProtobufCFieldDescriptor *f;
	char **at, *room;
	size_t n, size;
	unsigned i;

	for (i = 0; i < d->n_fields; i++) {
		f = &d->fields[i];
		if (more[i] == 0)
			continue;
		n = *(size_t *)((char *)m + f->quantifier_offset);
		at = (char **)((char *)m + f->offset);
		size = wire_size_of(f->type);
		room = arena_calloc(u->arena, n + more[i], size);
		if (n > 0)
			memcpy(room, *at, n * size);
		*at = room;
		u->merged += n;
		if (u->merged > MAX_MESSAGE_MERGED)
			return err_set(u->e, ERR_SPEC,
			    "%s.%s: comes in too many pieces", d->name,
			    f->name);
		if (check_memory(u) < 0)
			return -1;
	}
	return 0;
}

static const char *
entry_key(const ProtobufCMessage *entry)
{
	return *(const char *const *)((const char *)entry +
	    entry->descriptor->fields[0].offset);
}

static int
duplicate_key(const struct unpack *u, const ProtobufCMessageDescriptor *d,
    const ProtobufCFieldDescriptor *f, const char *key)
{
	c_strbuf struct strbuf shown = STRBUF_INIT;

	utf8_add_shown(&shown, str_of(key));
	return err_set(u->e, ERR_SPEC, "%s.%s: the key \"%.200s\" is there "
	    "twice", d->name, f->name, shown.p);
}

static int
check_keys(const struct unpack *u, const ProtobufCMessageDescriptor *d,
    const ProtobufCFieldDescriptor *f, ProtobufCMessage **entries, size_t n)
{
	c_map struct map seen = MAP_INIT;
	size_t i, j;

	for (i = 1; n <= FEW_KEYS && i < n; i++)
		for (j = 0; j < i; j++)
			if (strcmp(entry_key(entries[i]),
			    entry_key(entries[j])) == 0)
				return duplicate_key(u, d, f,
				    entry_key(entries[i]));
	for (i = 0; n > FEW_KEYS && i < n; i++)
		if (map_put(&seen, str_of(entry_key(entries[i])), 0) !=
		    MAP_NONE)
			return duplicate_key(u, d, f, entry_key(entries[i]));
	return 0;
}

/* Maps that have more now: every entry has its value and a key of its own. */
static int
finish_maps(const struct unpack *u, ProtobufCMessage *m, const uint32_t *more)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	const ProtobufCFieldDescriptor *f, *value;
	ProtobufCMessage **entries, **slot;
	size_t i, n;
	unsigned k;

	for (k = 0; k < d->n_fields; k++) {
		f = &d->fields[k];
		if (more[k] == 0 || !wire_is_map(d, f))
			continue;
		n = wire_count(m, f);
		if (n == 0)
			continue;
		entries = *(ProtobufCMessage ***)((char *)m + f->offset);
		value = &entries[0]->descriptor->fields[1];
		for (i = 0; value->type == PROTOBUF_C_TYPE_MESSAGE && i < n;
		    i++) {
			slot = (ProtobufCMessage **)((char *)entries[i] +
			    value->offset);
			if (*slot == NULL)
				*slot = wire_new(value->descriptor, u->arena);
		}
		if (check_memory(u) < 0 ||
		    check_keys(u, d, f, entries, n) < 0)
			return -1;
	}
	return 0;
}

/* First pass over the fields: their form, and how many of each array. */
static int
count_fields(const struct unpack *u, const ProtobufCMessageDescriptor *d,
    struct str bytes, uint32_t *more)
{
	struct wire_reader r = wire_reader(bytes);
	const ProtobufCFieldDescriptor *f;
	struct wire_field w;
	int got;

	r.start = u->start;
	while ((got = wire_next(&r, &w, u->e)) > 0) {
		f = protobuf_c_message_descriptor_get_field(d, w.id);
		if (f == NULL && u->strict)
			return err_set(u->e, ERR_SPEC, "%s: byte %zu: unknown "
			    "field number %" PRIu32, d->name,
			    (size_t)(w.whole.p - u->start), w.id);
		if (f != NULL && is_repeated(f))
			more[f - d->fields] += (uint32_t)elements(f, &w);
	}
	return got < 0 ? err_wrap(u->e, "%s", d->name) : 0;
}

static int
unpack_message(struct unpack *u, struct str bytes, ProtobufCMessage *m,
    unsigned depth)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	struct wire_reader r = wire_reader(bytes);
	const ProtobufCFieldDescriptor *f;
	uint32_t more[MAX_FIELDS];
	struct wire_field w;

	if (d->n_fields > MAX_FIELDS)
		BUG("%s: %u fields", d->name, d->n_fields);
	memset(more, 0, d->n_fields * sizeof(*more));
	if (count_fields(u, d, bytes, more) < 0 || make_room(u, m, more) < 0)
		return -1;
	while (wire_next(&r, &w, u->e) > 0) {
		f = protobuf_c_message_descriptor_get_field(d, w.id);
		if (f != NULL && (is_repeated(f) ?
		    store_element(u, f, &w, m, depth) :
		    store_singular(u, f, &w, m, depth)) < 0)
			return -1;
	}
	return finish_maps(u, m, more);
}

static int
unpack(const ProtobufCMessageDescriptor *d, struct str bytes, int strict,
    struct arena *a, ProtobufCMessage **ret, struct err *e)
{
	struct unpack u = { a, a->total, bytes.p, strict, 0, e };
	ProtobufCMessage *m;

	if (bytes.n > MAX_MESSAGE_BYTES)
		return err_set(e, ERR_SPEC,
		    "%s: %zu bytes; a message may have %zu", d->name, bytes.n,
		    MAX_MESSAGE_BYTES);
	m = wire_new(d, a);
	if (unpack_message(&u, bytes, m, 1) < 0)
		return -1;
	*ret = m;
	return 0;
}

int
wire_unpack(const ProtobufCMessageDescriptor *d, struct str bytes,
    struct arena *a, ProtobufCMessage **ret, struct err *e)
{
	return unpack(d, bytes, 0, a, ret, e);
}

int
wire_unpack_strict(const ProtobufCMessageDescriptor *d, struct str bytes,
    struct arena *a, ProtobufCMessage **ret, struct err *e)
{
	return unpack(d, bytes, 1, a, ret, e);
}
