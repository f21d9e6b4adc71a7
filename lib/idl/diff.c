#include "idl/diff.h"

#include "base/limits.h"
#include "base/map.h"
#include "data/json.h"
#include "idl/flyteidl.h"
#include "idl/pbjson.h"
#include "idl/semantic.h"
#include "idl/type.h"
#include "idl/wire.h"

struct diff {
	struct strbuf	*out;
	struct strbuf	 path;
	size_t		 lines;
};

static void diff_message(struct diff *, const ProtobufCMessage *,
    const ProtobufCMessage *, unsigned depth);

/* ---- values -------------------------------------------------------------- */
static void
add_scalar(struct strbuf *b, const ProtobufCFieldDescriptor *f,
    const void *at)
{
	const ProtobufCEnumValue *v;
	const ProtobufCBinaryData *bin;

	switch (f->type) {
	case PROTOBUF_C_TYPE_INT32:
	case PROTOBUF_C_TYPE_SINT32:
	case PROTOBUF_C_TYPE_SFIXED32:
		strbuf_addf(b, "%d", *(const int32_t *)at);
		break;
	case PROTOBUF_C_TYPE_UINT32:
	case PROTOBUF_C_TYPE_FIXED32:
		strbuf_addf(b, "%u", *(const uint32_t *)at);
		break;
	case PROTOBUF_C_TYPE_INT64:
	case PROTOBUF_C_TYPE_SINT64:
	case PROTOBUF_C_TYPE_SFIXED64:
		strbuf_addf(b, "%lld", (long long)*(const int64_t *)at);
		break;
	case PROTOBUF_C_TYPE_UINT64:
	case PROTOBUF_C_TYPE_FIXED64:
		strbuf_addf(b, "%llu",
		    (unsigned long long)*(const uint64_t *)at);
		break;
	case PROTOBUF_C_TYPE_FLOAT:
		pbjson_add_float(b, *(const float *)at);
		break;
	case PROTOBUF_C_TYPE_DOUBLE:
		pbjson_add_double(b, *(const double *)at);
		break;
	case PROTOBUF_C_TYPE_BOOL:
		strbuf_adds(b, *(const protobuf_c_boolean *)at ? "true" :
		    "false");
		break;
	case PROTOBUF_C_TYPE_ENUM:
		v = protobuf_c_enum_descriptor_get_value(f->descriptor,
		    *(const int *)at);
		if (v != NULL)
			strbuf_adds(b, v->name);
		else
			strbuf_addf(b, "%d", *(const int *)at);
		break;
	case PROTOBUF_C_TYPE_STRING:
		json_add_string(b, str_of(*(char *const *)at));
		break;
	case PROTOBUF_C_TYPE_BYTES:
		bin = at;
		strbuf_addch(b, '"');
		pbjson_add_base64(b, (struct str){ (const char *)bin->data,
		    bin->len });
		strbuf_addch(b, '"');
		break;
	case PROTOBUF_C_TYPE_MESSAGE:
		pbjson_print(*(ProtobufCMessage *const *)at, 0, b);
		break;
	default:
		BUG("field %s: type %d", f->name, (int)f->type);
	}
}

/* Cut at a whole character. */
static void
shorten(struct strbuf *b, size_t from)
{
	size_t n = from + MAX_DIFF_VALUE;

	if (b->n <= n)
		return;
	while (n > from && ((unsigned char)b->p[n] & 0xc0) == 0x80)
		n--;
	strbuf_setlen(b, n);
	strbuf_adds(b, "...");
}

/* One line; NULL is absent. */
static void
line(struct diff *d, const ProtobufCFieldDescriptor *f, const void *x,
    const void *y)
{
	const void *side[2] = { x, y };
	size_t from;
	int i;

	if (d->lines++ >= MAX_DIFF_LINES)
		return;
	strbuf_addstr(d->out, strbuf_str(&d->path));
	strbuf_adds(d->out, ": ");
	for (i = 0; i < 2; i++) {
		from = d->out->n;
		if (side[i] == NULL)
			strbuf_adds(d->out, "absent");
		else
			add_scalar(d->out, f, side[i]);
		shorten(d->out, from);
		if (i == 0)
			strbuf_adds(d->out, " | ");
	}
	strbuf_addch(d->out, '\n');
}

static void
line_text(struct diff *d, struct str x, struct str y)
{
	size_t from;

	if (d->lines++ >= MAX_DIFF_LINES)
		return;
	strbuf_addstr(d->out, strbuf_str(&d->path));
	strbuf_adds(d->out, ": ");
	from = d->out->n;
	strbuf_addstr(d->out, x);
	shorten(d->out, from);
	strbuf_adds(d->out, " | ");
	from = d->out->n;
	strbuf_addstr(d->out, y);
	shorten(d->out, from);
	strbuf_addch(d->out, '\n');
}

/* ---- paths --------------------------------------------------------------- */
/* The field's JSON name: snake_case in lowerCamelCase. */
static void
add_field(struct strbuf *path, const char *name)
{
	if (path->n > 0)
		strbuf_addch(path, '.');
	for (; *name != '\0'; name++) {
		if (*name == '_' && name[1] >= 'a' && name[1] <= 'z')
			strbuf_addch(path, *++name - 'a' + 'A');
		else
			strbuf_addch(path, *name);
	}
}

/* What names an element of a list, or NULL: then its index does. */
static const char *
name_of(const ProtobufCMessage *m)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	const pb_identifier *id = NULL;

	if (d == &flyteidl__core__node__descriptor)
		return ((const pb_node *)m)->id;
	if (d == &flyteidl__core__binding__descriptor)
		return ((const pb_binding *)m)->var;
	if (d == &flyteidl__core__alias__descriptor)
		return ((const pb_alias *)m)->var;
	if (d == &flyteidl__core__key_value_pair__descriptor)
		return ((const pb_key_value_pair *)m)->key;
	if (d == &flyteidl__core__workflow_template__descriptor)
		id = ((const pb_workflow_template *)m)->id;
	else if (d == &flyteidl__core__compiled_workflow__descriptor &&
	    ((const pb_compiled_workflow *)m)->template_ != NULL)
		id = ((const pb_compiled_workflow *)m)->template_->id;
	else if (d == &flyteidl__core__compiled_task__descriptor &&
	    ((const pb_compiled_task *)m)->template_ != NULL)
		id = ((const pb_compiled_task *)m)->template_->id;
	return id == NULL ? NULL : id->name;
}

static const char *
map_key(const ProtobufCMessage *entry)
{
	/* All maps of flyteidl have text keys, in the entry's first field. */
	if (entry->descriptor->fields[0].type != PROTOBUF_C_TYPE_STRING)
		BUG("%s: key is no text", entry->descriptor->name);
	return *(char *const *)wire_at(entry, &entry->descriptor->fields[0],
	    0);
}

/* ---- lists and maps ------------------------------------------------------ */
static const ProtobufCMessage *
element(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
    size_t i)
{
	return *(ProtobufCMessage *const *)wire_at(m, f, i);
}

/* Names to indices; -1 if an element has none or two have the same. */
static int
index_names(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
    const char *(*name)(const ProtobufCMessage *), struct map *ret)
{
	size_t i, n = wire_count(m, f);
	const char *s;

	for (i = 0; i < n; i++) {
		s = name(element(m, f, i));
		if (s == NULL || map_put(ret, str_of(s), (uint32_t)i) !=
		    MAP_NONE)
			return -1;
	}
	return 0;
}

/* Whether two values of a field that is no message are the same. */
static int
same_scalar(const ProtobufCFieldDescriptor *f, const void *x, const void *y)
{
	const ProtobufCBinaryData *a = x, *b = y;

	if (f->type == PROTOBUF_C_TYPE_STRING)
		return strcmp(*(char *const *)x, *(char *const *)y) == 0;
	if (f->type == PROTOBUF_C_TYPE_BYTES)
		return a->len == b->len &&
		    (a->len == 0 || memcmp(a->data, b->data, a->len) == 0);
	return memcmp(x, y, wire_size_of(f->type)) == 0;
}

static void
diff_value(struct diff *d, const ProtobufCFieldDescriptor *f, const void *x,
    const void *y, unsigned depth)
{
	const ProtobufCMessage *a, *b;

	if (f->type != PROTOBUF_C_TYPE_MESSAGE) {
		if (!same_scalar(f, x, y))
			line(d, f, x, y);
		return;
	}
	a = *(ProtobufCMessage *const *)x;
	b = *(ProtobufCMessage *const *)y;
	if (a != NULL && b != NULL)
		diff_message(d, a, b, depth + 1);
	else if (a != b)
		line(d, f, a == NULL ? NULL : x, b == NULL ? NULL : y);
}

/*
 * Where the content of element i is: of a map the entry's value, of which
 * *ret_f is the field.
 */
static const void *
content(const ProtobufCMessage *m, const ProtobufCFieldDescriptor *f,
    size_t i, int is_map, const ProtobufCFieldDescriptor **ret_f)
{
	const ProtobufCMessage *entry;

	*ret_f = f;
	if (!is_map)
		return wire_at(m, f, i);
	entry = element(m, f, i);
	*ret_f = &entry->descriptor->fields[1];
	return wire_at(entry, *ret_f, 0);
}

/* Elements matched by name. */
static void
diff_named(struct diff *d, const ProtobufCMessage *x,
    const ProtobufCMessage *y, const ProtobufCFieldDescriptor *f,
    const struct map *in_x, const struct map *in_y, int is_map,
    unsigned depth)
{
	const char *(*name)(const ProtobufCMessage *) =
	    is_map ? map_key : name_of;
	const ProtobufCFieldDescriptor *v;
	const void *a, *b;
	const char *s;
	size_t i, n = d->path.n;
	uint32_t at;

	for (i = 0; i < wire_count(x, f); i++) {
		s = name(element(x, f, i));
		at = map_get(in_y, str_of(s));
		strbuf_addf(&d->path, "[%s]", s);
		a = content(x, f, i, is_map, &v);
		if (at == MAP_NONE)
			line(d, v, a, NULL);
		else
			diff_value(d, v, a, content(y, f, at, is_map, &v),
			    depth);
		strbuf_setlen(&d->path, n);
	}
	for (i = 0; i < wire_count(y, f); i++) {
		s = name(element(y, f, i));
		if (map_get(in_x, str_of(s)) != MAP_NONE)
			continue;
		strbuf_addf(&d->path, "[%s]", s);
		b = content(y, f, i, is_map, &v);
		line(d, v, NULL, b);
		strbuf_setlen(&d->path, n);
	}
}

static void
diff_list(struct diff *d, const ProtobufCMessage *x,
    const ProtobufCMessage *y, const ProtobufCFieldDescriptor *f,
    unsigned depth)
{
	int is_map = wire_is_map(x->descriptor, f);
	c_map struct map in_x = MAP_INIT, in_y = MAP_INIT;
	size_t i, nx = wire_count(x, f), ny = wire_count(y, f);
	size_t n = d->path.n;

	if (f->type == PROTOBUF_C_TYPE_MESSAGE &&
	    index_names(x, f, is_map ? map_key : name_of, &in_x) == 0 &&
	    index_names(y, f, is_map ? map_key : name_of, &in_y) == 0) {
		diff_named(d, x, y, f, &in_x, &in_y, is_map, depth);
		return;
	}
	for (i = 0; i < MAX(nx, ny); i++) {
		strbuf_addf(&d->path, "[%zu]", i);
		if (i < nx && i < ny)
			diff_value(d, f, wire_at(x, f, i), wire_at(y, f, i),
			    depth);
		else
			line(d, f, i < nx ? wire_at(x, f, i) : NULL,
			    i < ny ? wire_at(y, f, i) : NULL);
		strbuf_setlen(&d->path, n);
	}
}

/* ---- messages ------------------------------------------------------------ */
static void
diff_field(struct diff *d, const ProtobufCMessage *x,
    const ProtobufCMessage *y, const ProtobufCFieldDescriptor *f,
    unsigned depth)
{
	int in_x = wire_has(x, f), in_y = wire_has(y, f);
	size_t n = d->path.n;

	if (!in_x && !in_y)
		return;
	/* Structs look in JSON like what they hold. */
	if (x->descriptor != &google__protobuf__struct__descriptor &&
	    x->descriptor != &google__protobuf__value__descriptor)
		add_field(&d->path, f->name);
	if (f->label == PROTOBUF_C_LABEL_REPEATED)
		diff_list(d, x, y, f, depth);
	else if (in_x && in_y)
		diff_value(d, f, wire_at(x, f, 0), wire_at(y, f, 0), depth);
	else
		line(d, f, in_x ? wire_at(x, f, 0) : NULL,
		    in_y ? wire_at(y, f, 0) : NULL);
	strbuf_setlen(&d->path, n);
}

/* Types by their names, where those tell them apart. */
static int
diff_type(struct diff *d, const ProtobufCMessage *x,
    const ProtobufCMessage *y)
{
	c_strbuf struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;

	if (x->descriptor != &flyteidl__core__literal_type__descriptor)
		return 0;
	type_add_name(&a, (const pb_literal_type *)x);
	type_add_name(&b, (const pb_literal_type *)y);
	if (str_eq(strbuf_str(&a), strbuf_str(&b)))
		return 0;
	line_text(d, strbuf_str(&a), strbuf_str(&b));
	return 1;
}

/* Times, numbers in boxes and the like read best as one value. */
static int
is_leaf(const ProtobufCMessage *x, const ProtobufCMessage *y)
{
	const pb_value *a = (const pb_value *)x, *b = (const pb_value *)y;

	if (x->descriptor == &google__protobuf__value__descriptor)
		return a->kind_case !=
		    GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE ||
		    b->kind_case != GOOGLE__PROTOBUF__VALUE__KIND_STRUCT_VALUE;
	return strncmp(x->descriptor->name, "google.protobuf.", 16) == 0 &&
	    x->descriptor != &google__protobuf__struct__descriptor;
}

static void
diff_leaf(struct diff *d, const ProtobufCMessage *x,
    const ProtobufCMessage *y)
{
	c_strbuf struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;

	pbjson_print(x, 0, &a);
	pbjson_print(y, 0, &b);
	line_text(d, strbuf_str(&a), strbuf_str(&b));
}

static void
diff_message(struct diff *d, const ProtobufCMessage *x,
    const ProtobufCMessage *y, unsigned depth)
{
	unsigned i;

	if (d->lines > MAX_DIFF_LINES || wire_equal(x, y))
		return;
	if (is_leaf(x, y) || depth > MAX_MESSAGE_DEPTH) {
		diff_leaf(d, x, y);
		return;
	}
	if (diff_type(d, x, y))
		return;
	for (i = 0; i < x->descriptor->n_fields; i++)
		diff_field(d, x, y, &x->descriptor->fields[i], depth);
}

size_t
diff_add(const ProtobufCMessage *from, const ProtobufCMessage *to,
    struct strbuf *out)
{
	c_arena struct arena a = ARENA_INIT;
	struct diff d = { out, STRBUF_INIT, 0 };

	if (from->descriptor != to->descriptor)
		BUG("messages of two types: %s, %s", from->descriptor->name,
		    to->descriptor->name);
	diff_message(&d, semantic_normal(from, &a), semantic_normal(to, &a),
	    0);
	strbuf_release(&d.path);
	if (d.lines > MAX_DIFF_LINES) {
		strbuf_adds(out, "... and more differences\n");
		return MAX_DIFF_LINES + 1;
	}
	return d.lines;
}
