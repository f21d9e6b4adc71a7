#include "idl/literal.h"

#include "base/err.h"
#include "idl/names.h"
#include "idl/wire.h"

/* ---- making --------------------------------------------------------------*/

pb_literal *
literal_scalar(struct arena *a, pb_scalar *s)
{
	pb_literal *l = PB_NEW(a, flyteidl__core__literal);

	l->value_case = LITERAL_SCALAR;
	l->scalar = s;
	return l;
}

/* A literal with a primitive to fill. */
static pb_literal *
new_primitive(struct arena *a, pb_primitive **ret)
{
	pb_scalar *s = PB_NEW(a, flyteidl__core__scalar);

	s->value_case = SCALAR_PRIMITIVE;
	s->primitive = *ret = PB_NEW(a, flyteidl__core__primitive);
	return literal_scalar(a, s);
}

pb_literal *
literal_integer(struct arena *a, int64_t v)
{
	pb_primitive *p;
	pb_literal *l = new_primitive(a, &p);

	p->value_case = PRIMITIVE_INTEGER;
	p->integer = v;
	return l;
}

pb_literal *
literal_float(struct arena *a, double v)
{
	pb_primitive *p;
	pb_literal *l = new_primitive(a, &p);

	p->value_case = PRIMITIVE_FLOAT;
	p->float_value = v;
	return l;
}

pb_literal *
literal_string(struct arena *a, struct str s)
{
	pb_primitive *p;
	pb_literal *l = new_primitive(a, &p);

	p->value_case = PRIMITIVE_STRING;
	p->string_value = arena_strndup(a, s.p, s.n);
	return l;
}

pb_literal *
literal_boolean(struct arena *a, int v)
{
	pb_primitive *p;
	pb_literal *l = new_primitive(a, &p);

	p->value_case = PRIMITIVE_BOOLEAN;
	p->boolean = v != 0;
	return l;
}

pb_literal *
literal_datetime(struct arena *a, struct instant t)
{
	pb_primitive *p;
	pb_literal *l = new_primitive(a, &p);

	p->value_case = PRIMITIVE_DATETIME;
	p->datetime = PB_NEW(a, google__protobuf__timestamp);
	p->datetime->seconds = t.sec;
	p->datetime->nanos = t.nsec;
	return l;
}

pb_literal *
literal_duration(struct arena *a, struct timespan t)
{
	pb_primitive *p;
	pb_literal *l = new_primitive(a, &p);

	p->value_case = PRIMITIVE_DURATION;
	p->duration = PB_NEW(a, google__protobuf__duration);
	p->duration->seconds = t.sec;
	p->duration->nanos = t.nsec;
	return l;
}

pb_literal *
literal_none(struct arena *a)
{
	pb_scalar *s = PB_NEW(a, flyteidl__core__scalar);

	s->value_case = SCALAR_NONE;
	s->none_type = PB_NEW(a, flyteidl__core__void);
	return literal_scalar(a, s);
}

pb_literal *
literal_binary(struct arena *a, struct str bytes, const char *tag)
{
	pb_scalar *s = PB_NEW(a, flyteidl__core__scalar);
	pb_binary *b = PB_NEW(a, flyteidl__core__binary);

	b->value.len = bytes.n;
	b->value.data = (uint8_t *)arena_strndup(a, bytes.p, bytes.n);
	b->tag = arena_strdup(a, tag);
	s->value_case = SCALAR_BINARY;
	s->binary = b;
	return literal_scalar(a, s);
}

pb_literal *
literal_generic(struct arena *a, pb_struct *v)
{
	pb_scalar *s = PB_NEW(a, flyteidl__core__scalar);

	s->value_case = SCALAR_GENERIC;
	s->generic = v;
	return literal_scalar(a, s);
}

pb_literal *
literal_blob(struct arena *a, struct str uri, const char *format,
    int multipart)
{
	pb_scalar *s = PB_NEW(a, flyteidl__core__scalar);
	pb_blob_type *t = PB_NEW(a, flyteidl__core__blob_type);

	t->format = arena_strdup(a, format);
	t->dimensionality = multipart ? BLOB_MULTIPART : BLOB_SINGLE;
	s->value_case = SCALAR_BLOB;
	s->blob = PB_NEW(a, flyteidl__core__blob);
	s->blob->uri = arena_strndup(a, uri.p, uri.n);
	s->blob->metadata = PB_NEW(a, flyteidl__core__blob_metadata);
	s->blob->metadata->type = t;
	return literal_scalar(a, s);
}

pb_literal *
literal_error(struct arena *a, const char *failed_node_id,
    const char *message)
{
	pb_scalar *s = PB_NEW(a, flyteidl__core__scalar);

	s->value_case = SCALAR_ERROR;
	s->error = PB_NEW(a, flyteidl__core__error);
	s->error->failed_node_id = arena_strdup(a, failed_node_id);
	s->error->message = arena_strdup(a, message);
	return literal_scalar(a, s);
}

pb_literal *
literal_union(struct arena *a, pb_literal *value, pb_literal_type *type)
{
	pb_scalar *s = PB_NEW(a, flyteidl__core__scalar);

	s->value_case = SCALAR_UNION;
	s->union_ = PB_NEW(a, flyteidl__core__union);
	s->union_->value = value;
	s->union_->type = type;
	return literal_scalar(a, s);
}

pb_literal *
literal_list(struct arena *a, pb_literal **items, size_t n)
{
	pb_literal *l = PB_NEW(a, flyteidl__core__literal);

	l->value_case = LITERAL_LIST;
	l->collection = PB_NEW(a, flyteidl__core__literal_collection);
	l->collection->n_literals = n;
	l->collection->literals = items;
	return l;
}

pb_literal *
literal_map(struct arena *a, pb_literal_map *map)
{
	pb_literal *l = PB_NEW(a, flyteidl__core__literal);

	l->value_case = LITERAL_MAP;
	l->map = map;
	return l;
}

pb_literal *
literal_dup(const pb_literal *l, struct arena *a)
{
	return (pb_literal *)wire_dup(&l->base, a);
}

int
literal_equal(const pb_literal *a, const pb_literal *b)
{
	return wire_equal(&a->base, &b->base);
}

/* ---- maps ----------------------------------------------------------------*/

pb_literal_map *
literal_map_new(struct arena *a)
{
	return PB_NEW(a, flyteidl__core__literal_map);
}

pb_literal *
literal_map_get(const pb_literal_map *map, const char *name)
{
	size_t i;

	for (i = 0; map != NULL && i < map->n_literals; i++)
		if (strcmp(map->literals[i]->key, name) == 0)
			return map->literals[i]->value;
	return NULL;
}

typedef Flyteidl__Core__LiteralMap__LiteralsEntry entry;

static entry *
new_entry(struct arena *a, const char *name, pb_literal *value)
{
	entry *e = arena_new(a, entry);

	flyteidl__core__literal_map__literals_entry__init(e);
	e->key = arena_strdup(a, name);
	e->value = value;
	return e;
}

pb_literal_map *
literal_map_of(struct arena *a, const char *const *names,
    pb_literal *const *values, size_t n)
{
	pb_literal_map *map = literal_map_new(a);
	size_t i;

	map->literals = arena_new_n(a, n, entry *);
	for (i = 0; i < n; i++)
		map->literals[i] = new_entry(a, names[i], values[i]);
	map->n_literals = n;
	return map;
}

void
literal_map_put(pb_literal_map *map, struct arena *a, const char *name,
    pb_literal *value)
{
	size_t i, n = map->n_literals;
	entry **grown;

	for (i = 0; i < n; i++)
		if (strcmp(map->literals[i]->key, name) == 0) {
			map->literals[i]->value = value;
			return;
		}
	/* Whether there is room behind a map made elsewhere is not known. */
	grown = arena_new_n(a, n + 1, entry *);
	if (n > 0)
		memcpy(grown, map->literals, n * sizeof(entry *));
	grown[n] = new_entry(a, name, value);
	map->literals = grown;
	map->n_literals = n + 1;
}

static int
by_key(const void *a, const void *b, void *arg)
{
	const pb_literal_map *map = arg;

	return strcmp(map->literals[*(const size_t *)a]->key,
	    map->literals[*(const size_t *)b]->key);
}

size_t *
literal_map_order(const pb_literal_map *map, struct arena *a)
{
	size_t *order = arena_new_n(a, map->n_literals, size_t), i;

	for (i = 0; i < map->n_literals; i++)
		order[i] = i;
	qsort_r(order, map->n_literals, sizeof(*order), by_key,
	    (void *)(uintptr_t)map);
	return order;
}

/* ---- looking in ----------------------------------------------------------*/

static const pb_scalar *
scalar_of(const pb_literal *l)
{
	return l != NULL && l->value_case == LITERAL_SCALAR ? l->scalar :
	    NULL;
}

const pb_literal *
literal_unwrap(const pb_literal *l)
{
	const pb_scalar *s;

	while ((s = scalar_of(l)) != NULL && s->value_case == SCALAR_UNION &&
	    s->union_->value != NULL)
		l = s->union_->value;
	return l;
}

const pb_primitive *
literal_primitive(const pb_literal *l)
{
	const pb_scalar *s = scalar_of(l);

	return s != NULL && s->value_case == SCALAR_PRIMITIVE ?
	    s->primitive : NULL;
}

const pb_blob *
literal_as_blob(const pb_literal *l)
{
	const pb_scalar *s = scalar_of(l);

	return s != NULL && s->value_case == SCALAR_BLOB ? s->blob : NULL;
}

int
literal_is_none(const pb_literal *l)
{
	const pb_scalar *s = scalar_of(l);

	return s != NULL && s->value_case == SCALAR_NONE;
}

int
literal_is_struct(const pb_literal *l)
{
	const pb_scalar *s = scalar_of(l);

	return s != NULL && (s->value_case == SCALAR_GENERIC ||
	    (s->value_case == SCALAR_BINARY &&
	    strcmp(s->binary->tag, LITERAL_MSGPACK) == 0));
}
