#include "idl/cachekey.h"

#include "base/err.h"
#include "base/limits.h"
#include "idl/literal.h"
#include "idl/names.h"
#include "idl/pbhash.h"
#include "idl/wire.h"

#define KEPT_ANNOTATION	"cache-key-metadata"

/* ---- the interface -------------------------------------------------------*/

static pb_literal_type *strip_type(const pb_literal_type *, unsigned depth,
			    struct arena *);

static pb_type_annotation *
strip_annotation(const pb_type_annotation *given, struct arena *a)
{
	pb_type_annotation *t;
	size_t i;

	for (i = 0; given != NULL && given->annotations != NULL &&
	    i < given->annotations->n_fields; i++)
		if (strcmp(given->annotations->fields[i]->key,
		    KEPT_ANNOTATION) == 0)
			break;
	if (given == NULL || given->annotations == NULL ||
	    i == given->annotations->n_fields)
		return NULL;
	t = PB_NEW(a, flyteidl__core__type_annotation);
	t->annotations = PB_NEW(a, google__protobuf__struct);
	t->annotations->fields = &given->annotations->fields[i];
	t->annotations->n_fields = 1;
	return t;
}

static pb_type_structure *
strip_structure(const pb_type_structure *given, unsigned depth,
    struct arena *a)
{
	typedef Flyteidl__Core__TypeStructure__DataclassTypeEntry entry;
	pb_type_structure *s;
	size_t i;

	if (given == NULL)
		return NULL;
	s = PB_NEW(a, flyteidl__core__type_structure);
	s->tag = given->tag;
	s->n_dataclass_type = given->n_dataclass_type;
	s->dataclass_type = arena_new_n(a, s->n_dataclass_type, entry *);
	for (i = 0; i < s->n_dataclass_type; i++) {
		s->dataclass_type[i] = arena_new(a, entry);
		*s->dataclass_type[i] = *given->dataclass_type[i];
		s->dataclass_type[i]->value = strip_type(
		    given->dataclass_type[i]->value, depth + 1, a);
	}
	return s;
}

static pb_union_type *
strip_union(const pb_union_type *given, unsigned depth, struct arena *a)
{
	pb_union_type *u = PB_NEW(a, flyteidl__core__union_type);
	size_t i;

	u->n_variants = given->n_variants;
	u->variants = arena_new_n(a, u->n_variants, pb_literal_type *);
	for (i = 0; i < u->n_variants; i++)
		u->variants[i] = strip_type(given->variants[i], depth + 1, a);
	return u;
}

static pb_structured_dataset_type *
strip_dataset(const pb_structured_dataset_type *given, unsigned depth,
    struct arena *a)
{
	typedef Flyteidl__Core__StructuredDatasetType__DatasetColumn column;
	pb_structured_dataset_type *d =
	    PB_NEW(a, flyteidl__core__structured_dataset_type);
	size_t i;

	*d = *given;
	d->columns = arena_new_n(a, d->n_columns, column *);
	for (i = 0; i < d->n_columns; i++) {
		d->columns[i] = arena_new(a, column);
		*d->columns[i] = *given->columns[i];
		d->columns[i]->literal_type = strip_type(
		    given->columns[i]->literal_type, depth + 1, a);
	}
	return d;
}

static pb_literal_type *
strip_type(const pb_literal_type *given, unsigned depth, struct arena *a)
{
	pb_literal_type *t;

	if (given == NULL)
		return NULL;
	if (depth > MAX_MESSAGE_DEPTH)
		BUG("type nested beyond what can be unpacked");
	t = PB_NEW(a, flyteidl__core__literal_type);
	*t = *given;
	t->metadata = NULL;
	t->annotation = strip_annotation(given->annotation, a);
	t->structure = strip_structure(given->structure, depth, a);
	switch ((int)t->type_case) {
	case TYPE_LIST:
		t->collection_type = strip_type(given->collection_type,
		    depth + 1, a);
		break;
	case TYPE_MAP:
		t->map_value_type = strip_type(given->map_value_type,
		    depth + 1, a);
		break;
	case TYPE_UNION:
		t->union_type = strip_union(given->union_type, depth, a);
		break;
	case TYPE_DATASET:
		t->structured_dataset_type = strip_dataset(
		    given->structured_dataset_type, depth, a);
		break;
	default:
		break;
	}
	return t;
}

static pb_variable_map *
strip_variables(const pb_variable_map *given, struct arena *a)
{
	typedef Flyteidl__Core__VariableMap__VariablesEntry entry;
	pb_variable_map *map;
	pb_variable *v;
	size_t i;

	if (given == NULL)
		return NULL;
	map = PB_NEW(a, flyteidl__core__variable_map);
	map->n_variables = given->n_variables;
	map->variables = arena_new_n(a, map->n_variables, entry *);
	for (i = 0; i < map->n_variables; i++) {
		v = PB_NEW(a, flyteidl__core__variable);
		if (given->variables[i]->value != NULL)
			*v = *given->variables[i]->value;
		v->description = PB_NEW(a,
		    flyteidl__core__variable)->description;
		v->type = strip_type(v->type, 0, a);
		map->variables[i] = arena_new(a, entry);
		*map->variables[i] = *given->variables[i];
		map->variables[i]->value = v;
	}
	return map;
}

pb_typed_interface *
cachekey_strip(const pb_typed_interface *given, struct arena *a)
{
	pb_typed_interface *t = PB_NEW(a, flyteidl__core__typed_interface);

	if (given != NULL) {
		t->inputs = strip_variables(given->inputs, a);
		t->outputs = strip_variables(given->outputs, a);
	}
	return t;
}

/* ---- the dataset ---------------------------------------------------------*/

/* "-" and the first eight characters of the hash; of an empty map if NULL. */
static void
add_signature(struct strbuf *b, const pb_variable_map *map)
{
	const pb_variable_map none = FLYTEIDL__CORE__VARIABLE_MAP__INIT;
	unsigned char hash[PBHASH_SIZE];
	size_t start;

	pbhash(map == NULL ? &none.base : &map->base, hash);
	strbuf_addch(b, '-');
	start = b->n;
	pbhash_add_base64_url(b, hash, sizeof(hash));
	strbuf_setlen(b, start + 8);
}

int
cachekey_version(const pb_typed_interface *t, const char *cache_version,
    struct strbuf *ret, struct err *e)
{
	struct str v = str_of(cache_version);

	/* Spaces only: a tab stays, as strings.Trim(version, " ") has it. */
	while (v.n > 0 && v.p[0] == ' ') {
		v.p++;
		v.n--;
	}
	while (v.n > 0 && v.p[v.n - 1] == ' ')
		v.n--;
	if (v.n == 0)
		return err_set(e, ERR_USAGE, "the cache version is empty");
	strbuf_addstr(ret, v);
	add_signature(ret, t == NULL ? NULL : t->inputs);
	add_signature(ret, t == NULL ? NULL : t->outputs);
	return 0;
}

int
cachekey_dataset(const pb_identifier *task, const pb_typed_interface *t,
    const char *cache_version, struct strbuf *ret_name,
    struct strbuf *ret_version, struct err *e)
{
	struct arena a c_arena = ARENA_INIT;

	if (cachekey_version(cachekey_strip(t, &a), cache_version,
	    ret_version, e) < 0)
		return -1;
	strbuf_addf(ret_name, "flyte_task-%s", task->name);
	return 0;
}

/* ---- the tag -------------------------------------------------------------*/

static pb_literal *reduce(const pb_literal *, unsigned depth, struct arena *);

static pb_literal *
reduce_list(const pb_literal_collection *given, unsigned depth,
    struct arena *a)
{
	pb_literal **items = arena_new_n(a, given->n_literals, pb_literal *);
	size_t i;

	for (i = 0; i < given->n_literals; i++)
		items[i] = reduce(given->literals[i], depth + 1, a);
	return literal_list(a, items, given->n_literals);
}

static pb_literal_map *
reduce_map(const pb_literal_map *given, char *const *ignore,
    size_t n_ignore, unsigned depth, struct arena *a)
{
	typedef Flyteidl__Core__LiteralMap__LiteralsEntry entry;
	pb_literal_map *map = literal_map_new(a);
	size_t i, k;
	entry *one;

	map->literals = arena_new_n(a, given->n_literals, entry *);
	for (i = 0; i < given->n_literals; i++) {
		for (k = 0; k < n_ignore; k++)
			if (strcmp(ignore[k], given->literals[i]->key) == 0)
				break;
		if (k < n_ignore)
			continue;
		one = arena_new(a, entry);
		*one = *given->literals[i];
		one->value = reduce(one->value, depth + 1, a);
		map->literals[map->n_literals++] = one;
	}
	return map;
}

/* A literal with a hash is that hash; others keep all they have. */
static pb_literal *
reduce(const pb_literal *given, unsigned depth, struct arena *a)
{
	pb_literal *l;

	if (given == NULL)
		return NULL;
	if (depth > MAX_MESSAGE_DEPTH)
		BUG("literal nested beyond what can be unpacked");
	if (given->hash[0] != '\0') {
		l = PB_NEW(a, flyteidl__core__literal);
		l->hash = given->hash;
		return l;
	}
	if (given->value_case == LITERAL_LIST)
		return reduce_list(given->collection, depth, a);
	if (given->value_case == LITERAL_MAP)
		return literal_map(a, reduce_map(given->map, NULL, 0, depth,
		    a));
	l = PB_NEW(a, flyteidl__core__literal);
	*l = *given;
	return l;
}

pb_literal_map *
cachekey_reduce(const pb_literal_map *inputs, char *const *ignore,
    size_t n_ignore, struct arena *a)
{
	if (inputs == NULL)
		return literal_map_new(a);
	return reduce_map(inputs, ignore, n_ignore, 0, a);
}

int
cachekey_tag(const pb_literal_map *inputs, char *const *ignore,
    size_t n_ignore, struct strbuf *ret, struct err *e unused)
{
	struct arena a c_arena = ARENA_INIT;
	unsigned char hash[PBHASH_SIZE];

	pbhash(&cachekey_reduce(inputs, ignore, n_ignore, &a)->base, hash);
	strbuf_adds(ret, "flyte_cached-");
	pbhash_add_base64_url(ret, hash, sizeof(hash));
	return 0;
}
