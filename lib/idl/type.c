#include "idl/type.h"

#include "base/err.h"
#include "base/limits.h"
#include "idl/names.h"
#include "idl/wire.h"

/* ---- making --------------------------------------------------------------*/

pb_literal_type *
type_simple(struct arena *a, Flyteidl__Core__SimpleType simple)
{
	pb_literal_type *t = PB_NEW(a, flyteidl__core__literal_type);

	t->type_case = TYPE_SIMPLE;
	t->simple = simple;
	return t;
}

pb_literal_type *
type_list(struct arena *a, pb_literal_type *element)
{
	pb_literal_type *t = PB_NEW(a, flyteidl__core__literal_type);

	t->type_case = TYPE_LIST;
	t->collection_type = element;
	return t;
}

pb_literal_type *
type_map(struct arena *a, pb_literal_type *value)
{
	pb_literal_type *t = PB_NEW(a, flyteidl__core__literal_type);

	t->type_case = TYPE_MAP;
	t->map_value_type = value;
	return t;
}

static pb_literal_type *
new_blob(struct arena *a, const char *format, int multipart)
{
	pb_literal_type *t = PB_NEW(a, flyteidl__core__literal_type);

	t->type_case = TYPE_BLOB;
	t->blob = PB_NEW(a, flyteidl__core__blob_type);
	t->blob->format = arena_strdup(a, format);
	t->blob->dimensionality = multipart ? BLOB_MULTIPART : BLOB_SINGLE;
	return t;
}

pb_literal_type *
type_file(struct arena *a, const char *format)
{
	return new_blob(a, format, 0);
}

pb_literal_type *
type_dir(struct arena *a, const char *format)
{
	return new_blob(a, format, 1);
}

pb_literal_type *
type_enum(struct arena *a, char **values, size_t n)
{
	pb_literal_type *t = PB_NEW(a, flyteidl__core__literal_type);

	t->type_case = TYPE_ENUM;
	t->enum_type = PB_NEW(a, flyteidl__core__enum_type);
	t->enum_type->values = values;
	t->enum_type->n_values = n;
	return t;
}

/* flytekit's name for the transformer of a type, its structure.tag. */
static const char *
type_tag(const pb_literal_type *t)
{
	static const char *const simple[] = {
		[SIMPLE_NONE] = "none", [SIMPLE_INTEGER] = "int",
		[SIMPLE_FLOAT] = "float", [SIMPLE_STRING] = "str",
		[SIMPLE_BOOLEAN] = "bool", [SIMPLE_DATETIME] = "datetime",
		[SIMPLE_DURATION] = "timedelta", [SIMPLE_BINARY] = "bytes",
		[SIMPLE_ERROR] = "FlyteError", [SIMPLE_STRUCT] = "Typed Dict",
	};

	switch ((int)t->type_case) {
	case TYPE_SIMPLE:
		return (size_t)t->simple < ARRAY_LEN(simple) ?
		    simple[t->simple] : "";
	case TYPE_LIST:
		return "Typed List";
	case TYPE_MAP:
		return "Typed Dict";
	case TYPE_BLOB:
		return t->blob->dimensionality == BLOB_MULTIPART ?
		    "FlyteDirectory" : "FlyteFilePath";
	case TYPE_ENUM:
		return "DefaultEnumTransformer";
	case TYPE_SCHEMA:
		return "FlyteSchema Transformer";
	case TYPE_DATASET:
		return "StructuredDataset Transformer";
	case TYPE_UNION:
		return "Typed Union";
	default:
		return "";
	}
}

/* The variant with a tag: itself if it has one, else a copy. */
static pb_literal_type *
tagged(struct arena *a, pb_literal_type *t)
{
	pb_literal_type *copy;

	if (t->structure != NULL && t->structure->tag[0] != '\0')
		return t;
	copy = PB_NEW(a, flyteidl__core__literal_type);
	*copy = *t;
	copy->structure = PB_NEW(a, flyteidl__core__type_structure);
	if (t->structure != NULL)
		*copy->structure = *t->structure;
	copy->structure->tag = arena_strdup(a, type_tag(t));
	return copy;
}

pb_literal_type *
type_union(struct arena *a, pb_literal_type **variants, size_t n)
{
	pb_literal_type *t = PB_NEW(a, flyteidl__core__literal_type);
	size_t i;

	t->type_case = TYPE_UNION;
	t->union_type = PB_NEW(a, flyteidl__core__union_type);
	t->union_type->variants = arena_new_n(a, n, pb_literal_type *);
	t->union_type->n_variants = n;
	for (i = 0; i < n; i++)
		t->union_type->variants[i] = tagged(a, variants[i]);
	return t;
}

pb_literal_type *
type_optional(struct arena *a, pb_literal_type *t)
{
	pb_literal_type *both[2] = { t, NULL };

	if (type_takes_none(t))
		return t;
	both[1] = type_simple(a, SIMPLE_NONE);
	return type_union(a, both, 2);
}

pb_literal_type *
type_dataset(struct arena *a, const char *format,
    const struct type_column *columns, size_t n)
{
	typedef Flyteidl__Core__StructuredDatasetType__DatasetColumn column;
	pb_literal_type *t = PB_NEW(a, flyteidl__core__literal_type);
	pb_structured_dataset_type *d =
	    PB_NEW(a, flyteidl__core__structured_dataset_type);
	column *c;
	size_t i;

	d->format = arena_strdup(a, format);
	d->columns = arena_new_n(a, n, column *);
	d->n_columns = n;
	for (i = 0; i < n; i++) {
		c = arena_new(a, column);
		flyteidl__core__structured_dataset_type__dataset_column__init(
		    c);
		c->name = arena_strdup(a, columns[i].name);
		c->literal_type = columns[i].type;
		d->columns[i] = c;
	}
	t->type_case = TYPE_DATASET;
	t->structured_dataset_type = d;
	return t;
}

/* ---- asking --------------------------------------------------------------*/

int
type_is_simple(const pb_literal_type *t, Flyteidl__Core__SimpleType simple)
{
	return t->type_case == TYPE_SIMPLE && t->simple == simple;
}

int
type_takes_none(const pb_literal_type *t)
{
	size_t i;

	if (type_is_simple(t, SIMPLE_NONE))
		return 1;
	if (t->type_case != TYPE_UNION)
		return 0;
	for (i = 0; i < t->union_type->n_variants; i++)
		if (type_is_simple(t->union_type->variants[i], SIMPLE_NONE))
			return 1;
	return 0;
}

const pb_variable *
type_variable(const pb_variable_map *map, const char *name)
{
	size_t i;

	for (i = 0; map != NULL && i < map->n_variables; i++)
		if (strcmp(map->variables[i]->key, name) == 0)
			return map->variables[i]->value;
	return NULL;
}

/* ---- printing ------------------------------------------------------------*/

static void	add_name(struct strbuf *, const pb_literal_type *,
		    unsigned depth);

static const char *const simple_names[] = {
	[SIMPLE_NONE] = "none", [SIMPLE_INTEGER] = "int",
	[SIMPLE_FLOAT] = "float", [SIMPLE_STRING] = "str",
	[SIMPLE_BOOLEAN] = "bool", [SIMPLE_DATETIME] = "datetime",
	[SIMPLE_DURATION] = "duration", [SIMPLE_BINARY] = "binary",
	[SIMPLE_ERROR] = "error", [SIMPLE_STRUCT] = "struct",
};

/* 1 for a byte that type_parse takes in a bare enum value or format. */
static int
is_bare(int c)
{
	return (unsigned char)c >= ' ' && c != 0x7f &&
	    strchr("|()[]{}\"'?", c) == NULL;
}

/* A word of an enum or a format, in quotes where it must be. */
static void
add_word(struct strbuf *b, const char *word)
{
	size_t i, n = strlen(word);
	int bare = n > 0 && word[0] != ' ' && word[n - 1] != ' ';

	for (i = 0; i < n && bare; i++)
		bare = is_bare(word[i]);
	if (bare) {
		strbuf_adds(b, word);
		return;
	}
	strbuf_addch(b, '"');
	for (i = 0; i < n; i++) {
		if (word[i] == '"' || word[i] == '\\')
			strbuf_addch(b, '\\');
		strbuf_addch(b, word[i]);
	}
	strbuf_addch(b, '"');
}

static void
add_with_format(struct strbuf *b, const char *name, const char *format)
{
	strbuf_adds(b, name);
	if (format[0] == '\0')
		return;
	strbuf_addch(b, '(');
	add_word(b, format);
	strbuf_addch(b, ')');
}

static void
add_enum(struct strbuf *b, const pb_enum_type *t)
{
	size_t i;

	strbuf_adds(b, "enum(");
	for (i = 0; i < t->n_values; i++) {
		if (i > 0)
			strbuf_addch(b, '|');
		add_word(b, t->values[i]);
	}
	strbuf_addch(b, ')');
}

static void
add_schema(struct strbuf *b, const pb_schema_type *t)
{
	static const char *const types[] = {
		"int", "float", "str", "bool", "datetime", "duration"
	};
	size_t i;

	strbuf_adds(b, "schema(");
	for (i = 0; i < t->n_columns; i++)
		strbuf_addf(b, "%s%s: %s", i > 0 ? ", " : "",
		    t->columns[i]->name,
		    (size_t)t->columns[i]->type < ARRAY_LEN(types) ?
		    types[t->columns[i]->type] : "?");
	strbuf_addch(b, ')');
}

static void
add_dataset(struct strbuf *b, const pb_structured_dataset_type *t,
    unsigned depth)
{
	size_t i;

	add_with_format(b, "dataset", t->format);
	if (t->n_columns == 0)
		return;
	strbuf_addch(b, '{');
	for (i = 0; i < t->n_columns; i++) {
		strbuf_addf(b, "%s%s: ", i > 0 ? ", " : "",
		    t->columns[i]->name);
		add_name(b, t->columns[i]->literal_type, depth);
	}
	strbuf_addch(b, '}');
}

static void
add_variant(struct strbuf *b, const pb_literal_type *t, unsigned depth)
{
	int nested = t != NULL && t->type_case == TYPE_UNION;

	if (nested)
		strbuf_addch(b, '(');
	add_name(b, t, depth);
	if (nested)
		strbuf_addch(b, ')');
}

static void
add_union(struct strbuf *b, const pb_union_type *t, unsigned depth)
{
	size_t i;

	if (t->n_variants == 2 &&
	    type_is_simple(t->variants[1], SIMPLE_NONE) &&
	    !type_is_simple(t->variants[0], SIMPLE_NONE)) {
		add_variant(b, t->variants[0], depth);
		strbuf_addch(b, '?');
		return;
	}
	for (i = 0; i < t->n_variants; i++) {
		if (i > 0)
			strbuf_addch(b, '|');
		add_variant(b, t->variants[i], depth);
	}
}

static void
add_name(struct strbuf *b, const pb_literal_type *t, unsigned depth)
{
	if (depth > MAX_MESSAGE_DEPTH) {
		strbuf_adds(b, "...");
		return;
	}
	switch (t == NULL ? TYPE_UNSET : (int)t->type_case) {
	case TYPE_SIMPLE:
		strbuf_adds(b, (size_t)t->simple < ARRAY_LEN(simple_names) ?
		    simple_names[t->simple] : "unknown");
		break;
	case TYPE_LIST:
	case TYPE_MAP:
		strbuf_adds(b, t->type_case == TYPE_LIST ? "list(" : "map(");
		add_name(b, t->type_case == TYPE_LIST ? t->collection_type :
		    t->map_value_type, depth + 1);
		strbuf_addch(b, ')');
		break;
	case TYPE_BLOB:
		add_with_format(b,
		    t->blob->dimensionality == BLOB_MULTIPART ? "dir" :
		    "file", t->blob->format);
		break;
	case TYPE_ENUM:
		add_enum(b, t->enum_type);
		break;
	case TYPE_SCHEMA:
		add_schema(b, t->schema);
		break;
	case TYPE_DATASET:
		add_dataset(b, t->structured_dataset_type, depth + 1);
		break;
	case TYPE_UNION:
		add_union(b, t->union_type, depth + 1);
		break;
	default:
		strbuf_adds(b, "unset");
		break;
	}
}

void
type_add_name(struct strbuf *b, const pb_literal_type *t)
{
	add_name(b, t, 0);
}

static int
by_name(const void *a, const void *b)
{
	typedef Flyteidl__Core__VariableMap__VariablesEntry entry;

	return strcmp((*(entry *const *)a)->key, (*(entry *const *)b)->key);
}

void
type_add_variables(struct strbuf *b, const pb_variable_map *map)
{
	typedef Flyteidl__Core__VariableMap__VariablesEntry entry;
	entry **sorted c_free = NULL;
	size_t i;

	if (map == NULL || map->n_variables == 0) {
		strbuf_adds(b, "nothing");
		return;
	}
	sorted = xcalloc(map->n_variables, sizeof(entry *));
	memcpy(sorted, map->variables, map->n_variables * sizeof(entry *));
	qsort(sorted, map->n_variables, sizeof(entry *), by_name);
	for (i = 0; i < map->n_variables; i++) {
		strbuf_addf(b, "%s%s: ", i > 0 ? ", " : "", sorted[i]->key);
		add_name(b, sorted[i]->value->type, 0);
	}
}
