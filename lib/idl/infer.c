#include "idl/infer.h"

#include "base/err.h"
#include "base/limits.h"
#include "idl/literal.h"
#include "idl/names.h"
#include "idl/type.h"
#include "idl/wire.h"

static int	infer(const pb_literal *, unsigned depth, struct arena *,
		    pb_literal_type **ret, struct err *e) must_check;

static const Flyteidl__Core__SimpleType simple_of[] = {
	[PRIMITIVE_INTEGER] = SIMPLE_INTEGER,
	[PRIMITIVE_FLOAT] = SIMPLE_FLOAT,
	[PRIMITIVE_STRING] = SIMPLE_STRING,
	[PRIMITIVE_BOOLEAN] = SIMPLE_BOOLEAN,
	[PRIMITIVE_DATETIME] = SIMPLE_DATETIME,
	[PRIMITIVE_DURATION] = SIMPLE_DURATION,
};

/* Without a value it is none, to Flyte's compiler. */
static pb_literal_type *
infer_primitive(const pb_primitive *p, struct arena *a)
{
	if (p->value_case == PRIMITIVE_UNSET ||
	    (size_t)p->value_case >= ARRAY_LEN(simple_of))
		return type_simple(a, SIMPLE_NONE);
	return type_simple(a, simple_of[p->value_case]);
}

static pb_literal_type *
infer_blob(const pb_blob *b, struct arena *a)
{
	pb_literal_type *t = PB_NEW(a, flyteidl__core__literal_type);

	t->type_case = TYPE_BLOB;
	if (b->metadata != NULL && b->metadata->type != NULL)
		t->blob = b->metadata->type;
	else
		t->blob = PB_NEW(a, flyteidl__core__blob_type);
	return t;
}

static pb_literal_type *
infer_schema(const pb_schema *s, struct arena *a)
{
	pb_literal_type *t = PB_NEW(a, flyteidl__core__literal_type);

	t->type_case = TYPE_SCHEMA;
	t->schema = s->type != NULL ? s->type :
	    PB_NEW(a, flyteidl__core__schema_type);
	return t;
}

static pb_literal_type *
infer_dataset(const pb_structured_dataset *d, struct arena *a)
{
	pb_literal_type *t = PB_NEW(a, flyteidl__core__literal_type);

	t->type_case = TYPE_DATASET;
	if (d->metadata != NULL &&
	    d->metadata->structured_dataset_type != NULL)
		t->structured_dataset_type =
		    d->metadata->structured_dataset_type;
	else
		t->structured_dataset_type = PB_NEW(a,
		    flyteidl__core__structured_dataset_type);
	return t;
}

/* A union of exactly the stored variant. */
static pb_literal_type *
infer_union(const pb_union *u, struct arena *a)
{
	pb_literal_type *t = PB_NEW(a, flyteidl__core__literal_type);

	t->type_case = TYPE_UNION;
	t->union_type = PB_NEW(a, flyteidl__core__union_type);
	t->union_type->variants = arena_new_n(a, 1, pb_literal_type *);
	t->union_type->variants[0] = u->type != NULL ? u->type :
	    PB_NEW(a, flyteidl__core__literal_type);
	t->union_type->n_variants = 1;
	return t;
}

int
type_infer_scalar(const pb_scalar *s, struct arena *a,
    pb_literal_type **ret, struct err *e)
{
	switch ((int)s->value_case) {
	case SCALAR_PRIMITIVE:
		*ret = infer_primitive(s->primitive, a);
		return 0;
	case SCALAR_BLOB:
		*ret = infer_blob(s->blob, a);
		return 0;
	case SCALAR_BINARY:
		*ret = type_simple(a, strcmp(s->binary->tag,
		    LITERAL_MSGPACK) == 0 ? SIMPLE_STRUCT : SIMPLE_BINARY);
		return 0;
	case SCALAR_SCHEMA:
		*ret = infer_schema(s->schema, a);
		return 0;
	case SCALAR_NONE:
		*ret = type_simple(a, SIMPLE_NONE);
		return 0;
	case SCALAR_ERROR:
		*ret = type_simple(a, SIMPLE_ERROR);
		return 0;
	case SCALAR_GENERIC:
		*ret = type_simple(a, SIMPLE_STRUCT);
		return 0;
	case SCALAR_DATASET:
		*ret = infer_dataset(s->structured_dataset, a);
		return 0;
	case SCALAR_UNION:
		*ret = infer_union(s->union_, a);
		return 0;
	default:
		return err_set(e, ERR_USAGE, "a scalar without a value");
	}
}

/* ---- elements of lists and maps ------------------------------------------*/

/* The distinct types of the elements, in the order they were met. */
struct elements {
	pb_literal_type	**at;
	size_t		  n, cap;
	pb_literal_type	 *empty;	/* of an empty list among them */
};

static int
same_type(const pb_literal_type *x, const pb_literal_type *y)
{
	if (x->type_case != y->type_case)
		return 0;
	if (x->type_case == TYPE_SIMPLE && x->simple != y->simple)
		return 0;
	return wire_equal(&x->base, &y->base);
}

static void
elements_add(struct elements *s, pb_literal_type *t, struct arena *a)
{
	pb_literal_type **grown;
	size_t i;

	for (i = 0; i < s->n; i++)
		if (same_type(s->at[i], t))
			return;
	if (s->n == s->cap) {
		s->cap = s->cap * 2 + 4;
		grown = arena_new_n(a, s->cap, pb_literal_type *);
		if (s->n > 0)
			memcpy(grown, s->at, s->n * sizeof(*grown));
		s->at = grown;
	}
	s->at[s->n++] = t;
}

/*
 * The type of one element into the set.  An empty list says nothing of its
 * elements, so it counts only where there is nothing else.
 */
static int
elements_take(struct elements *s, const pb_literal *l, unsigned depth,
    struct arena *a, struct err *e)
{
	pb_literal_type *t;

	/* keeps a list of a million from making a million types */
	if (s->n > 0 && s->at[s->n - 1]->structure == NULL &&
	    literal_is_plainly(l, s->at[s->n - 1]))
		return 0;
	if (infer(l, depth, a, &t, e) < 0)
		return -1;
	if (l->value_case == LITERAL_LIST && l->collection->n_literals == 0)
		s->empty = t;
	else
		elements_add(s, t, a);
	return 0;
}

struct sortable {
	pb_literal_type	*type;
	struct strbuf	 bytes;
};

static int
by_bytes(const void *a, const void *b)
{
	const struct sortable *x = a, *y = b;

	return str_cmp(strbuf_str(&x->bytes), strbuf_str(&y->bytes));
}

static void
sort_types(pb_literal_type **types, size_t n, struct arena *a)
{
	struct sortable *s = arena_new_n(a, n, struct sortable);
	size_t i;

	for (i = 0; i < n; i++) {
		s[i].type = types[i];
		strbuf_init(&s[i].bytes);
		wire_pack(&types[i]->base, &s[i].bytes);
	}
	qsort(s, n, sizeof(*s), by_bytes);
	for (i = 0; i < n; i++) {
		types[i] = s[i].type;
		strbuf_release(&s[i].bytes);
	}
}

static pb_union_type *
element_union(const pb_literal_type *t)
{
	if (t->type_case != TYPE_LIST ||
	    t->collection_type->type_case != TYPE_UNION)
		return NULL;
	return t->collection_type->union_type;
}

/*
 * One type for several: a union of them.  Lists of unions are joined into
 * one list of all their variants, as Flyte's compiler does.
 */
static pb_literal_type *
join(pb_literal_type **types, size_t n, struct arena *a)
{
	pb_literal_type *t = PB_NEW(a, flyteidl__core__literal_type);
	pb_union_type *u, *all = PB_NEW(a, flyteidl__core__union_type);
	size_t i, k, total = 0;
	int nested = 0;

	for (i = 0; i < n; i++) {
		u = element_union(types[i]);
		total += u != NULL ? u->n_variants : 1;
		nested |= u != NULL;
	}
	all->variants = arena_new_n(a, total, pb_literal_type *);
	for (i = 0; i < n; i++) {
		u = element_union(types[i]);
		for (k = 0; u != NULL && k < u->n_variants; k++)
			all->variants[all->n_variants++] = u->variants[k];
		if (u == NULL)
			all->variants[all->n_variants++] = types[i];
	}
	t->type_case = TYPE_UNION;
	t->union_type = all;
	return nested ? type_list(a, t) : t;
}

static pb_literal_type *
elements_type(struct elements *s, struct arena *a)
{
	if (s->n == 0)
		return s->empty != NULL ? s->empty :
		    type_simple(a, SIMPLE_NONE);
	if (s->n == 1)
		return s->at[0];
	sort_types(s->at, s->n, a);
	return join(s->at, s->n, a);
}

static int
infer(const pb_literal *l, unsigned depth, struct arena *a,
    pb_literal_type **ret, struct err *e)
{
	struct elements s = { 0 };
	size_t i;

	if (depth > MAX_MESSAGE_DEPTH)
		return err_set(e, ERR_USAGE, "nested too deeply");
	if (l == NULL)
		return err_set(e, ERR_USAGE, "no value");
	switch ((int)l->value_case) {
	case LITERAL_SCALAR:
		return type_infer_scalar(l->scalar, a, ret, e);
	case LITERAL_LIST:
		for (i = 0; i < l->collection->n_literals; i++)
			if (elements_take(&s, l->collection->literals[i],
			    depth + 1, a, e) < 0)
				return err_wrap(e, "[%zu]", i);
		*ret = type_list(a, elements_type(&s, a));
		return 0;
	case LITERAL_MAP:
		for (i = 0; i < l->map->n_literals; i++)
			if (elements_take(&s, l->map->literals[i]->value,
			    depth + 1, a, e) < 0)
				return err_wrap(e, "%s",
				    l->map->literals[i]->key);
		*ret = type_map(a, elements_type(&s, a));
		return 0;
	case LITERAL_OFFLOADED:
		*ret = l->offloaded_metadata->inferred_type != NULL ?
		    l->offloaded_metadata->inferred_type :
		    PB_NEW(a, flyteidl__core__literal_type);
		return 0;
	default:
		return err_set(e, ERR_USAGE, "a literal without a value");
	}
}

int
type_infer(const pb_literal *l, struct arena *a, pb_literal_type **ret,
    struct err *e)
{
	return infer(l, 0, a, ret, e);
}

int
literal_is_plainly(const pb_literal *l, const pb_literal_type *t)
{
	const pb_primitive *p = literal_primitive(l);

	return p != NULL && t->type_case == TYPE_SIMPLE &&
	    p->value_case != PRIMITIVE_UNSET &&
	    (size_t)p->value_case < ARRAY_LEN(simple_of) &&
	    simple_of[p->value_case] == t->simple;
}
