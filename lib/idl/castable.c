#include "idl/castable.h"

#include <strings.h>

#include "base/limits.h"
#include "idl/jsonschema.h"
#include "idl/names.h"
#include "idl/type.h"
#include "idl/wire.h"

/*
 * The recursion is as deep as the types; trying a union of one both wrapped
 * and unwrapped doubles the work at each level, so it is counted too, and so
 * are the columns that are looked at.
 */
struct walk {
	unsigned	depth;
	size_t		steps;
};
#define MAX_STEPS	((size_t)10000000)

static int	casts_from(struct walk *, const pb_literal_type *up,
		    const pb_literal_type *down);

/* The outer rule: a union of exactly one variant is first tried as it. */
static int
castable(struct walk *w, const pb_literal_type *up,
    const pb_literal_type *down)
{
	int yes = 0;

	if (w->depth >= MAX_MESSAGE_DEPTH)
		return 0;
	w->depth++;
	if (up->type_case == TYPE_UNION && up->union_type->n_variants == 1)
		yes = castable(w, up->union_type->variants[0], down);
	if (!yes)
		yes = casts_from(w, up, down);
	w->depth--;
	return yes;
}

static const char *
tag_of(const pb_literal_type *t)
{
	return t->structure == NULL ? "" : t->structure->tag;
}

static int
is_none(const pb_literal_type *t)
{
	return t != NULL && type_is_simple(t, SIMPLE_NONE);
}

/* Equal but for side data. */
static int
equal_kernel(const pb_literal_type *up, const pb_literal_type *down)
{
	pb_literal_type a = *up, b = *down;

	a.structure = b.structure = NULL;
	a.metadata = b.metadata = NULL;
	a.annotation = b.annotation = NULL;
	return wire_equal(&a.base, &b.base);
}

/* Simple types and enums. */
static int
plain_from(const pb_literal_type *up, const pb_literal_type *down)
{
	if (up->type_case == TYPE_ENUM && type_is_simple(down, SIMPLE_STRING))
		return 1;
	if (down->type_case == TYPE_ENUM && type_is_simple(up, SIMPLE_STRING))
		return 1;
	if (tag_of(up)[0] != '\0' && strcmp(tag_of(up), tag_of(down)) != 0)
		return 0;
	if (type_is_simple(up, SIMPLE_STRUCT) &&
	    type_is_simple(down, SIMPLE_STRUCT))
		return up->metadata == NULL || down->metadata == NULL ||
		    jsonschema_castable(up->metadata, down->metadata);
	return equal_kernel(up, down);
}

static int
element_from(struct walk *w, const pb_literal_type *up,
    const pb_literal_type *down)
{
	return is_none(up) || casts_from(w, up, down);
}

static int
blob_from(const pb_literal_type *up, const pb_literal_type *down)
{
	const char *a, *b;

	if (up->type_case != TYPE_BLOB)
		return 0;
	a = up->blob->format;
	b = down->blob->format;
	return a[0] == '\0' || b[0] == '\0' || strcmp(a, b) == 0;
}

static int
union_from(struct walk *w, const pb_literal_type *up,
    const pb_literal_type *down)
{
	const pb_union_type *u = up->union_type, *d = down->union_type;
	size_t i, k, found = 0;

	if (up->type_case != TYPE_UNION) {
		for (k = 0; k < d->n_variants && found < 2; k++)
			found += (size_t)castable(w, up, d->variants[k]);
		return found == 1;
	}
	for (i = 0; i < u->n_variants; i++) {
		for (k = 0; k < d->n_variants; k++)
			if (castable(w, u->variants[i], d->variants[k]))
				break;
		if (k == d->n_variants)
			return 0;
	}
	return 1;
}

/* ---- tables --------------------------------------------------------------*/

static int
is_parquet(const char *format)
{
	return format[0] == '\0' || strcasecmp(format, "parquet") == 0;
}

/* The simple type of the same name as a schema column's type. */
static Flyteidl__Core__SimpleType
column_simple(int type)
{
	static const Flyteidl__Core__SimpleType simple[] = {
		SIMPLE_INTEGER, SIMPLE_FLOAT, SIMPLE_STRING, SIMPLE_BOOLEAN,
		SIMPLE_DATETIME, SIMPLE_DURATION,
	};

	return (size_t)type < ARRAY_LEN(simple) ? simple[type] : SIMPLE_NONE;
}

/* A column of either kind of table; of two with one name the last counts. */
struct column {
	const pb_literal_type	*type;	/* of a dataset, or NULL */
	int			 schema;/* else a schema column's type */
};

static size_t
n_columns(const pb_literal_type *t)
{
	return t->type_case == TYPE_SCHEMA ? t->schema->n_columns :
	    t->structured_dataset_type->n_columns;
}

static const char *
column_name(const pb_literal_type *t, size_t i)
{
	return t->type_case == TYPE_SCHEMA ? t->schema->columns[i]->name :
	    t->structured_dataset_type->columns[i]->name;
}

static struct column
column_at(const pb_literal_type *t, size_t i)
{
	struct column c = { NULL, 0 };

	if (t->type_case == TYPE_SCHEMA)
		c.schema = (int)t->schema->columns[i]->type;
	else
		c.type = t->structured_dataset_type->columns[i]->literal_type;
	return c;
}

/* Of a schema's column and a dataset's only the simple type is compared. */
static Flyteidl__Core__SimpleType
simple_of(struct column c)
{
	if (c.type == NULL)
		return column_simple(c.schema);
	return c.type->type_case == TYPE_SIMPLE ? c.type->simple : SIMPLE_NONE;
}

static int
column_from(struct walk *w, struct column up, struct column down,
    int schemas)
{
	if (schemas == 2)
		return up.schema == down.schema;
	if (schemas == 1)
		return simple_of(up) == simple_of(down);
	return casts_from(w, up.type, down.type);
}

/* Down's columns are among up's; no columns at all are any columns. */
static int
columns_from(struct walk *w, const pb_literal_type *up,
    const pb_literal_type *down)
{
	int schemas = (up->type_case == TYPE_SCHEMA) +
	    (down->type_case == TYPE_SCHEMA);
	size_t i, k;

	if (n_columns(up) == 0 || n_columns(down) == 0)
		return 1;
	for (i = 0; i < n_columns(down); i++) {
		w->steps += n_columns(up);
		if (w->steps >= MAX_STEPS)
			return 0;
		for (k = n_columns(up); k > 0; k--)
			if (strcmp(column_name(up, k - 1),
			    column_name(down, i)) == 0)
				break;
		if (k == 0 || !column_from(w, column_at(up, k - 1),
		    column_at(down, i), schemas))
			return 0;
	}
	return 1;
}

static int
table_from(struct walk *w, const pb_literal_type *up,
    const pb_literal_type *down)
{
	const char *a, *b;

	if (down->type_case == TYPE_DATASET && is_none(up))
		return 1;
	if (up->type_case != TYPE_SCHEMA && up->type_case != TYPE_DATASET)
		return 0;
	a = up->type_case == TYPE_DATASET ?
	    up->structured_dataset_type->format : NULL;
	b = down->type_case == TYPE_DATASET ?
	    down->structured_dataset_type->format : NULL;
	/* A schema is always parquet. */
	if (a != NULL && b != NULL) {
		if (a[0] != '\0' && b[0] != '\0' && strcasecmp(a, b) != 0)
			return 0;
	} else if ((a != NULL && !is_parquet(a)) ||
	    (b != NULL && !is_parquet(b))) {
		return 0;
	}
	return columns_from(w, up, down);
}

static int
casts_from(struct walk *w, const pb_literal_type *up,
    const pb_literal_type *down)
{
	int yes;

	if (up == NULL || down == NULL || w->depth >= MAX_MESSAGE_DEPTH ||
	    w->steps++ >= MAX_STEPS)
		return 0;
	w->depth++;
	switch ((int)down->type_case) {
	case TYPE_LIST:
		yes = up->type_case == TYPE_LIST && element_from(w,
		    up->collection_type, down->collection_type);
		break;
	case TYPE_MAP:
		yes = up->type_case == TYPE_MAP && element_from(w,
		    up->map_value_type, down->map_value_type);
		break;
	case TYPE_BLOB:
		yes = blob_from(up, down);
		break;
	case TYPE_SCHEMA:
	case TYPE_DATASET:
		yes = table_from(w, up, down);
		break;
	case TYPE_UNION:
		yes = union_from(w, up, down);
		break;
	default:
		yes = is_none(down) ? is_none(up) : plain_from(up, down);
		break;
	}
	w->depth--;
	return yes;
}

int
type_castable(const pb_literal_type *up, const pb_literal_type *down)
{
	struct walk w = { 0, 0 };

	return castable(&w, up, down);
}
