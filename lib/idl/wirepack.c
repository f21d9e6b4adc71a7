#include "idl/wire.h"

/* The writing and walking half of wire.h. */

/* ---- walking ------------------------------------------------------------- */

/* 1 if type is what protoc calls the entries of a map field of this name. */
static int
is_entry_name(const char *parent, const char *field, const char *type)
{
	size_t n = strlen(parent);
	int upper = 1;

	if (strncmp(type, parent, n) != 0 || type[n] != '.')
		return 0;
	for (type += n + 1; *field != '\0'; field++) {
		if (*field == '_') {
			upper = 1;
			continue;
		}
		if (*type++ != (upper && *field >= 'a' && *field <= 'z' ?
		    *field - 'a' + 'A' : *field))
			return 0;
		upper = 0;
	}
	return strcmp(type, "Entry") == 0;
}

int
wire_is_map(const ProtobufCMessageDescriptor *m,
    const ProtobufCFieldDescriptor *f)
{
	const ProtobufCMessageDescriptor *entry = f->descriptor;

	return f->label == PROTOBUF_C_LABEL_REPEATED &&
	    f->type == PROTOBUF_C_TYPE_MESSAGE && entry->n_fields == 2 &&
	    entry->fields[0].id == 1 && entry->fields[1].id == 2 &&
	    entry->fields[0].type == PROTOBUF_C_TYPE_STRING &&
	    entry->fields[0].label == PROTOBUF_C_LABEL_NONE &&
	    entry->fields[1].label == PROTOBUF_C_LABEL_NONE &&
	    strcmp(entry->fields[0].name, "key") == 0 &&
	    strcmp(entry->fields[1].name, "value") == 0 &&
	    is_entry_name(m->name, f->name, entry->name);
}

size_t
wire_size_of(ProtobufCType type)
{
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
	case PROTOBUF_C_TYPE_ENUM:
	case PROTOBUF_C_TYPE_BOOL:
		return 4;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		return 8;
	case PROTOBUF_C_TYPE_STRING:
		return sizeof(char *);
	case PROTOBUF_C_TYPE_BYTES:
		return sizeof(ProtobufCBinaryData);
	case PROTOBUF_C_TYPE_MESSAGE:
		return sizeof(ProtobufCMessage *);
	}
	BUG("field type %d", (int)type);
}

const void *
wire_at(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f, size_t i)
{
	const char *at = (const char *)m + f->offset;

	if (f->label != PROTOBUF_C_LABEL_REPEATED)
		return at;
	return *(const char *const *)at + i * wire_size_of(f->type);
}

static uint32_t
quantifier(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	return *(const uint32_t *)((const char *)m + f->quantifier_offset);
}

int
wire_has(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	static const char zero[8];
	const void *at = (const char *)m + f->offset;
	const char *s;

	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		return *(const size_t *)((const char *)m +
		    f->quantifier_offset) > 0;
	if (f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF)
		return quantifier(m, f) == f->id;
	if (f->type == PROTOBUF_C_TYPE_MESSAGE)
		return *(ProtobufCMessage *const *)at != NULL;
	if (f->type == PROTOBUF_C_TYPE_STRING) {
		s = *(char *const *)at;
		return s != NULL && *s != '\0';
	}
	if (f->label == PROTOBUF_C_LABEL_OPTIONAL)
		return quantifier(m, f) != 0;
	if (f->type == PROTOBUF_C_TYPE_BYTES)
		return ((const ProtobufCBinaryData *)at)->len > 0;
	return memcmp(at, zero, wire_size_of(f->type)) != 0;
}

size_t
wire_count(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	if (f->label != PROTOBUF_C_LABEL_REPEATED)
		return (size_t)wire_has(m, f);
	return *(const size_t *)((const char *)m + f->quantifier_offset);
}

static const char *
entry_key(const ProtobufCMessage *entry)
{
	const char *key = *(const char *const *)wire_at(entry,
	    &entry->descriptor->fields[0], 0);

	return key == NULL ? "" : key;
}

/* The key beside its entry: a comparison follows no other pointer. */
struct keyed {
	const char		*key;
	const ProtobufCMessage	*entry;
};

static int
by_key(const void *a, const void *b)
{
	return strcmp(((const struct keyed *)a)->key,
	    ((const struct keyed *)b)->key);
}

const ProtobufCMessage **
wire_sorted(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f)
{
	size_t i, n = wire_count(m, f);
	const ProtobufCMessage **ret = xcalloc(MAX(n, (size_t)1),
	    sizeof(*ret));
	struct keyed *all c_free = NULL;
	int sorted = 1;

	if (n == 0)
		return ret;
	memcpy(ret, wire_at(m, f, 0), n * sizeof(*ret));
	all = xcalloc(n, sizeof(*all));
	for (i = 0; i < n; i++) {
		all[i] = (struct keyed){ entry_key(ret[i]), ret[i] };
		sorted = sorted && (i == 0 || by_key(&all[i - 1], &all[i]) < 0);
	}
	if (sorted)
		return ret;
	qsort(all, n, sizeof(*all), by_key);
	for (i = 0; i < n; i++)
		ret[i] = all[i].entry;
	return ret;
}

/* ---- making -------------------------------------------------------------- */

/* protobuf-c's own, which is never written to. */
char *
wire_empty_string(void)
{
	return (char *)(uintptr_t)protobuf_c_empty_string;
}

ProtobufCMessage *
wire_new(const ProtobufCMessageDescriptor *d, struct arena *a)
{
	ProtobufCMessage *m = arena_alloc(a, d->sizeof_message);

	protobuf_c_message_init(d, m);
	return m;
}

static void
dup_value(ProtobufCType type, void *slot, struct arena *a)
{
	ProtobufCBinaryData *data;
	ProtobufCMessage **sub;
	char **s;

	if (type == PROTOBUF_C_TYPE_STRING) {
		s = slot;
		*s = *s == NULL || **s == '\0' ? wire_empty_string() :
		    arena_strdup(a, *s);
	} else if (type == PROTOBUF_C_TYPE_BYTES) {
		data = slot;
		data->data = data->len == 0 ? NULL : (uint8_t *)
		    arena_strndup(a, (const char *)data->data, data->len);
	} else if (type == PROTOBUF_C_TYPE_MESSAGE) {
		sub = slot;
		*sub = *sub == NULL ? NULL : wire_dup(*sub, a);
	}
}

ProtobufCMessage *
wire_dup(const ProtobufCMessage *m, struct arena *a)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	ProtobufCMessage *ret = arena_alloc(a, d->sizeof_message);
	const ProtobufCFieldDescriptor *f;
	size_t i, n, size;
	char *at;
	unsigned k;

	memcpy(ret, m, d->sizeof_message);
	ret->n_unknown_fields = 0;
	ret->unknown_fields = NULL;
	for (k = 0; k < d->n_fields; k++) {
		f = &d->fields[k];
		if (f->label != PROTOBUF_C_LABEL_REPEATED) {
			if (!(f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) ||
			    wire_has(m, f))
				dup_value(f->type, (char *)ret + f->offset, a);
			continue;
		}
		n = wire_count(m, f);
		size = wire_size_of(f->type);
		at = n == 0 ? NULL : arena_alloc(a, n * size);
		if (n > 0)
			memcpy(at, wire_at(m, f, 0), n * size);
		for (i = 0; i < n; i++)
			dup_value(f->type, at + i * size, a);
		memcpy((char *)ret + f->offset, &at, sizeof(at));
	}
	return ret;
}

/* ---- packing ------------------------------------------------------------- */

/*
 * Bytes written from the end to the front: the length of a sub-message is
 * known when its tag is written, so no size is ever computed twice.
 */
struct back {
	char	*p;
	size_t	 cap;
	size_t	 at;	/* bytes in use: p[at .. cap) */
};

static void
back_put(struct back *b, const void *p, size_t n)
{
	size_t used = b->cap - b->at, cap;
	char *room;

	if (n == 0)
		return;
	if (n > b->at) {
		cap = MAX(b->cap * 2, MAX(used + n, (size_t)256));
		room = xmalloc(cap);
		if (used > 0)
			memcpy(room + cap - used, b->p + b->at, used);
		free(b->p);
		b->p = room;
		b->cap = cap;
		b->at = cap - used;
	}
	b->at -= n;
	memcpy(b->p + b->at, p, n);
}

static size_t
varint(unsigned char ret[10], uint64_t v)
{
	size_t n = 0;

	for (; v >= 0x80; v >>= 7)
		ret[n++] = (unsigned char)(v | 0x80);
	ret[n++] = (unsigned char)v;
	return n;
}

static void
back_varint(struct back *b, uint64_t v)
{
	unsigned char text[10];

	back_put(b, text, varint(text, v));
}

static void
back_fixed(struct back *b, uint64_t v, size_t n)
{
	unsigned char text[8];
	size_t i;

	for (i = 0; i < n; i++)
		text[i] = (unsigned char)(v >> (8 * i));
	back_put(b, text, n);
}

static void
back_tag(struct back *b, uint32_t id, enum wire_type type)
{
	back_varint(b, (uint64_t)id << 3 | type);
}

static void	pack_message(struct back *, const ProtobufCMessage *);

/* Writes the number, returns its wire type. */
static enum wire_type
pack_number(struct back *b, ProtobufCType type, const void *at)
{
	uint64_t v = 0;
	uint32_t half = 0;

	if (wire_size_of(type) == 4)
		memcpy(&half, at, 4);
	else
		memcpy(&v, at, 8);
	switch (type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_ENUM:
		v = (uint64_t)(int64_t)(int32_t)half;
		break;
	case PROTOBUF_C_TYPE_SINT32:
		v = half << 1 ^ (~(half >> 31) + 1);
		break;
	case PROTOBUF_C_TYPE_UINT32:
		v = half;
		break;
	case PROTOBUF_C_TYPE_BOOL:
		v = half != 0;
		break;
	case PROTOBUF_C_TYPE_SINT64:
		v = v << 1 ^ (~(v >> 63) + 1);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_UINT64:
		break;
	case PROTOBUF_C_TYPE_SFIXED32:
	case PROTOBUF_C_TYPE_FIXED32:
	case PROTOBUF_C_TYPE_FLOAT:
		back_fixed(b, half, 4);
		return WIRE_32;
	case PROTOBUF_C_TYPE_SFIXED64:
	case PROTOBUF_C_TYPE_FIXED64:
	case PROTOBUF_C_TYPE_DOUBLE:
		back_fixed(b, v, 8);
		return WIRE_64;
	case PROTOBUF_C_TYPE_STRING:
	case PROTOBUF_C_TYPE_BYTES:
	case PROTOBUF_C_TYPE_MESSAGE:
		BUG("not a number");
	}
	back_varint(b, v);
	return WIRE_VARINT;
}

/* Tag and value. */
static void
pack_value(struct back *b, const ProtobufCFieldDescriptor *f, const void *at)
{
	const ProtobufCBinaryData *data;
	const ProtobufCMessage *sub;
	size_t end = b->cap - b->at;
	const char *s;

	if (f->type == PROTOBUF_C_TYPE_STRING) {
		s = *(const char *const *)at;
		if (s != NULL)
			back_put(b, s, strlen(s));
	} else if (f->type == PROTOBUF_C_TYPE_BYTES) {
		data = at;
		back_put(b, data->data, data->len);
	} else if (f->type == PROTOBUF_C_TYPE_MESSAGE) {
		sub = *(const ProtobufCMessage *const *)at;
		if (sub != NULL)
			pack_message(b, sub);
	} else {
		back_tag(b, f->id, pack_number(b, f->type, at));
		return;
	}
	back_varint(b, b->cap - b->at - end);
	back_tag(b, f->id, WIRE_BYTES);
}

static void
pack_map(struct back *b, const ProtobufCMessage *m,
    const ProtobufCFieldDescriptor *f)
{
	const ProtobufCMessage **entries = wire_sorted(m, f);
	const ProtobufCFieldDescriptor *kv;
	size_t i, end;

	for (i = wire_count(m, f); i-- > 0;) {
		kv = entries[i]->descriptor->fields;
		end = b->cap - b->at;
		pack_value(b, &kv[1], wire_at(entries[i], &kv[1], 0));
		pack_value(b, &kv[0], wire_at(entries[i], &kv[0], 0));
		back_varint(b, b->cap - b->at - end);
		back_tag(b, f->id, WIRE_BYTES);
	}
	free(entries);
}

static void
pack_array(struct back *b, const ProtobufCMessage *m,
    const ProtobufCFieldDescriptor *f)
{
	size_t i = wire_count(m, f), end = b->cap - b->at;

	if (f->type == PROTOBUF_C_TYPE_STRING ||
	    f->type == PROTOBUF_C_TYPE_BYTES ||
	    f->type == PROTOBUF_C_TYPE_MESSAGE) {
		while (i-- > 0)
			pack_value(b, f, wire_at(m, f, i));
		return;
	}
	/* proto3 packs arrays of numbers */
	while (i-- > 0)
		pack_number(b, f->type, wire_at(m, f, i));
	back_varint(b, b->cap - b->at - end);
	back_tag(b, f->id, WIRE_BYTES);
}

static void
pack_message(struct back *b, const ProtobufCMessage *m)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	const ProtobufCFieldDescriptor *f;
	unsigned k;

	for (k = d->n_fields; k-- > 0;) {
		f = &d->fields[k];
		if (!wire_has(m, f))
			continue;
		if (f->label != PROTOBUF_C_LABEL_REPEATED)
			pack_value(b, f, wire_at(m, f, 0));
		else if (wire_is_map(d, f))
			pack_map(b, m, f);
		else
			pack_array(b, m, f);
	}
}

void
wire_pack(const ProtobufCMessage *m, struct strbuf *out)
{
	struct back b = { NULL, 0, 0 };

	pack_message(&b, m);
	if (b.p != NULL)
		strbuf_add(out, b.p + b.at, b.cap - b.at);
	free(b.p);
}

int
wire_equal(const ProtobufCMessage *x, const ProtobufCMessage *y)
{
	struct back bx = { NULL, 0, 0 }, by = { NULL, 0, 0 };
	size_t n;
	int equal;

	if (x == NULL || y == NULL || x == y)
		return x == y;
	if (x->descriptor != y->descriptor)
		return 0;
	pack_message(&bx, x);
	pack_message(&by, y);
	n = bx.cap - bx.at;
	equal = n == by.cap - by.at &&
	    (n == 0 || memcmp(bx.p + bx.at, by.p + by.at, n) == 0);
	free(bx.p);
	free(by.p);
	return equal;
}
