/* literal_attr: the path of a promise (flytepropeller, nodes,
 * attr_path_resolver.go). */

#include "base/err.h"
#include "base/limits.h"
#include "data/msgpack.h"
#include "idl/literal.h"
#include "idl/names.h"

typedef pb_promise_attribute *const *path;

/* An element read as the other kind is "" or 0, as Go's getters have it. */
static const char *
key_of(const pb_promise_attribute *p)
{
	return p->value_case ==
	    FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_STRING_VALUE ?
	    p->string_value : "";
}

static int32_t
index_of(const pb_promise_attribute *p)
{
	return p->value_case ==
	    FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_INT_VALUE ?
	    p->int_value : 0;
}

static int
is_key(const pb_promise_attribute *p)
{
	return p->value_case ==
	    FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_STRING_VALUE;
}

static int
no_key(const char *key, struct err *e)
{
	return err_set(e, ERR_USAGE, "key %s does not exist", key);
}

static int
no_index(int32_t i, size_t n, struct err *e)
{
	return err_set(e, ERR_USAGE, "index %d is outside the %zu elements",
	    (int)i, n);
}

/* ---- google.protobuf.Struct ----------------------------------------------*/

static pb_value *
field(const pb_struct *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->n_fields; i++)
		if (strcmp(s->fields[i]->key, name) == 0)
			return s->fields[i]->value;
	return NULL;
}

static pb_literal *value_literal(const pb_value *, unsigned depth,
		    struct arena *);

static pb_literal *
list_literal(const pb_list_value *list, unsigned depth, struct arena *a)
{
	pb_literal **items = arena_new_n(a, list->n_values, pb_literal *);
	size_t i;

	for (i = 0; i < list->n_values; i++)
		items[i] = value_literal(list->values[i], depth + 1, a);
	return literal_list(a, items, list->n_values);
}

/* Numbers are floats; null is a literal without a value. */
static pb_literal *
value_literal(const pb_value *v, unsigned depth, struct arena *a)
{
	if (depth > MAX_MESSAGE_DEPTH)
		BUG("struct nested beyond what can be unpacked");
	switch ((int)v->kind_case) {
	case KIND_STRING:
		return literal_string(a, str_of(v->string_value));
	case KIND_BOOL:
		return literal_boolean(a, v->bool_value);
	case KIND_NUMBER:
		return literal_float(a, v->number_value);
	case KIND_STRUCT:
		return literal_generic(a, v->struct_value);
	case KIND_LIST:
		return list_literal(v->list_value, depth, a);
	default:
		return PB_NEW(a, flyteidl__core__literal);
	}
}

/* What is left of the path at a leaf is ignored. */
static int
generic_attr(pb_struct *s, path p, size_t n, struct arena *a,
    pb_literal **ret, struct err *e)
{
	pb_value *v = PB_NEW(a, google__protobuf__value);
	const pb_list_value *list;
	size_t i;
	int32_t at;

	v->kind_case = KIND_STRUCT;
	v->struct_value = s;
	for (i = 0; i < n; i++) {
		if (v->kind_case == KIND_STRUCT) {
			v = field(v->struct_value, key_of(p[i]));
			if (v == NULL)
				return no_key(key_of(p[i]), e);
		} else if (v->kind_case == KIND_LIST) {
			list = v->list_value;
			at = index_of(p[i]);
			if (at < 0 || (size_t)at >= list->n_values)
				return no_index(at, list->n_values, e);
			v = list->values[at];
		}
	}
	*ret = value_literal(v, 0, a);
	return 0;
}

/* ---- msgpack -------------------------------------------------------------*/

/* The value of a key of the map whose head was taken off in. */
static int
msgpack_field(struct str in, uint32_t n, const char *name, struct str *ret,
    struct err *e)
{
	struct msgpack_item item;
	struct str key, value, head;

	for (; n > 0; n--) {
		if (msgpack_skip(&in, &key, e) < 0 ||
		    msgpack_skip(&in, &value, e) < 0)
			return -1;
		head = key;
		if (msgpack_next(&head, &item, e) < 0)
			return -1;
		if (item.kind == MSGPACK_STR && str_is(item.text, name)) {
			*ret = value;
			return 0;
		}
	}
	return no_key(name, e);
}

static int
msgpack_element(struct str in, uint32_t n, int32_t at, struct str *ret,
    struct err *e)
{
	int32_t i;

	if (at < 0 || (uint32_t)at >= n)
		return no_index(at, n, e);
	for (i = 0; i <= at; i++)
		if (msgpack_skip(&in, ret, e) < 0)
			return -1;
	return 0;
}

static int
msgpack_step(struct str *value, const pb_promise_attribute *p, struct err *e)
{
	struct str in = *value;
	struct msgpack_item item;

	if (msgpack_next(&in, &item, e) < 0)
		return -1;
	if (item.kind == MSGPACK_MAP && is_key(p))
		return msgpack_field(in, item.n, key_of(p), value, e);
	if (item.kind == MSGPACK_ARRAY && !is_key(p))
		return msgpack_element(in, item.n, index_of(p), value, e);
	if (is_key(p))
		return err_set(e, ERR_USAGE, "%s has no key %s",
		    msgpack_kind_name(item.kind), key_of(p));
	return err_set(e, ERR_USAGE, "%s has no index %d",
	    msgpack_kind_name(item.kind), (int)index_of(p));
}

/* Elements of a list stay binaries; so do maps and nil. */
static int
msgpack_list(struct str in, uint32_t n, struct arena *a, pb_literal **ret,
    struct err *e)
{
	pb_literal **items = arena_new_n(a, n, pb_literal *);
	struct str value;
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (msgpack_skip(&in, &value, e) < 0)
			return -1;
		items[i] = literal_binary(a, value, LITERAL_MSGPACK);
	}
	*ret = literal_list(a, items, n);
	return 0;
}

static int
msgpack_literal(struct str value, struct arena *a, pb_literal **ret,
    struct err *e)
{
	struct str in = value;
	struct msgpack_item item;

	if (msgpack_next(&in, &item, e) < 0)
		return -1;
	switch (item.kind) {
	case MSGPACK_STR:
		if (memchr(item.text.p, '\0', item.text.n) != NULL)
			return err_set(e, ERR_USAGE, "a text with a NUL byte");
		*ret = literal_string(a, item.text);
		return 0;
	case MSGPACK_BOOL:
		*ret = literal_boolean(a, item.i != 0);
		return 0;
	case MSGPACK_INT:
		*ret = literal_integer(a, item.i);
		return 0;
	case MSGPACK_FLOAT:
		*ret = literal_float(a, item.f);
		return 0;
	case MSGPACK_ARRAY:
		return msgpack_list(in, item.n, a, ret, e);
	case MSGPACK_UINT:
		return err_set(e, ERR_USAGE,
		    "InvalidPrimitiveType: %llu does not fit an int",
		    (unsigned long long)item.u);
	case MSGPACK_NIL:
	case MSGPACK_MAP:
		*ret = literal_binary(a, value, LITERAL_MSGPACK);
		return 0;
	case MSGPACK_BIN:
	case MSGPACK_EXT:
	case MSGPACK_KIND_MAX:
	default:
		return err_set(e, ERR_USAGE, "InvalidPrimitiveType: %s",
		    msgpack_kind_name(item.kind));
	}
}

static int
binary_attr(const pb_binary *b, path p, size_t n, struct arena *a,
    pb_literal **ret, struct err *e)
{
	struct str value = { (const char *)b->value.data, b->value.len };
	size_t i;

	if (strcmp(b->tag, LITERAL_MSGPACK) != 0)
		return err_set(e, ERR_USAGE, "a binary with the tag \"%s\" "
		    "has no attributes", b->tag);
	if (msgpack_check(value, e) < 0)
		return -1;
	for (i = 0; i < n; i++)
		if (msgpack_step(&value, p[i], e) < 0)
			return -1;
	return msgpack_literal(value, a, ret, e);
}

/* ---- literals ------------------------------------------------------------*/

/* The value of a step into a list or map. */
static int
step(const pb_literal *l, const pb_promise_attribute *p, pb_literal **ret,
    struct err *e)
{
	int32_t i;

	if (l->value_case == LITERAL_MAP) {
		*ret = literal_map_get(l->map, key_of(p));
		return *ret == NULL ? no_key(key_of(p), e) : 0;
	}
	i = index_of(p);
	if (i < 0 || (size_t)i >= l->collection->n_literals)
		return no_index(i, l->collection->n_literals, e);
	*ret = l->collection->literals[i];
	return 0;
}

int
literal_attr(const pb_literal *from, path p, size_t n, struct arena *a,
    pb_literal **ret, struct err *e)
{
	pb_literal *l;
	size_t i;

	l = PB_NEW(a, flyteidl__core__literal);
	*l = *from;
	for (i = 0; i < n && (l->value_case == LITERAL_MAP ||
	    l->value_case == LITERAL_LIST); i++)
		if (step(l, p[i], &l, e) < 0)
			return -1;
	if (i < n && l->value_case == LITERAL_OFFLOADED)
		return err_set(e, ERR_MISSING, "the literal at %s is not "
		    "fetched yet", l->offloaded_metadata->uri);
	if (n > 0 && l->value_case == LITERAL_SCALAR &&
	    l->scalar->value_case == SCALAR_BINARY)
		return binary_attr(l->scalar->binary, p + i, n - i, a, ret,
		    e);
	if (n > 0 && l->value_case == LITERAL_SCALAR &&
	    l->scalar->value_case == SCALAR_GENERIC)
		return generic_attr(l->scalar->generic, p + i, n - i, a, ret,
		    e);
	*ret = l;
	return 0;
}
