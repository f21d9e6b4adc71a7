/*
 * literal_check: may a literal be bound to a variable, and if not, where.
 * Element by element: the one type that Flyte's compiler infers for a whole
 * list refuses [{}, {"a": 1}] as a list of maps.
 */

#include "base/err.h"
#include "base/limits.h"
#include "idl/castable.h"
#include "idl/infer.h"
#include "idl/literal.h"
#include "idl/names.h"
#include "idl/place.h"
#include "idl/type.h"
#include "idl/value.h"

static int	check(const pb_literal *, const pb_literal_type *,
		    const struct place *, unsigned depth, struct err *)
		    must_check;

static int
fail(const pb_literal *l, const pb_literal_type *t, const struct place *p,
    const pb_literal_type *inferred, const char *hint, struct err *e)
{
	struct strbuf b c_strbuf = STRBUF_INIT;

	if (inferred != NULL) {
		type_add_name(&b, inferred);
		strbuf_addch(&b, ' ');
	}
	value_add_short(&b, l, 60);
	return place_fail(p, t, NULL, b.p, hint, e);
}

static int
castable(const pb_literal *l, const pb_literal_type *t,
    const struct place *p, struct err *e)
{
	struct arena a c_arena = ARENA_INIT;
	pb_literal_type *inferred;
	struct err inner;

	if (type_infer(l, &a, &inferred, &inner) < 0)
		return fail(l, t, p, NULL, inner.msg, e);
	if (!type_castable(inferred, t))
		return fail(l, t, p, inferred, NULL, e);
	return 0;
}

static int
check_enum(const pb_literal *l, const pb_literal_type *t,
    const struct place *p, struct err *e)
{
	const pb_primitive *text = literal_primitive(literal_unwrap(l));
	size_t i;

	if (castable(l, t, p, e) < 0)
		return -1;
	if (text == NULL || text->value_case != PRIMITIVE_STRING)
		return fail(l, t, p, NULL, NULL, e);
	for (i = 0; i < t->enum_type->n_values; i++)
		if (strcmp(t->enum_type->values[i], text->string_value) == 0)
			return 0;
	return fail(l, t, p, NULL, NULL, e);
}

/* A value that names no variant must fit exactly one. */
static int
check_bare(const pb_literal *l, const pb_literal_type *t,
    const struct place *p, unsigned depth, struct err *e)
{
	struct err ignored;
	size_t i, n = 0;

	for (i = 0; i < t->union_type->n_variants; i++)
		n += check(l, t->union_type->variants[i], p, depth + 1,
		    &ignored) == 0;
	return n == 1 ? 0 : castable(l, t, p, e);
}

/* A union's value must be of the variant that it names. */
static int
check_union(const pb_literal *l, const pb_literal_type *t,
    const struct place *p, unsigned depth, struct err *e)
{
	const pb_union *u;

	if (l->value_case != LITERAL_SCALAR ||
	    l->scalar->value_case != SCALAR_UNION)
		return check_bare(l, t, p, depth, e);
	if (castable(l, t, p, e) < 0)
		return -1;
	u = l->scalar->union_;
	if (u->value == NULL || u->type == NULL)
		return fail(l, t, p, NULL, "a union needs value and type", e);
	return check(u->value, u->type, p, depth + 1, e);
}

static int
check(const pb_literal *l, const pb_literal_type *t, const struct place *p,
    unsigned depth, struct err *e)
{
	struct place at = { p, { NULL, 0 }, 0 };

	if (literal_is_plainly(l, t))
		return 0;
	if (depth > MAX_MESSAGE_DEPTH)
		return fail(l, t, p, NULL, "nested too deeply", e);
	if (t->type_case == TYPE_LIST && l->value_case == LITERAL_LIST) {
		for (; at.index < l->collection->n_literals; at.index++)
			if (check(l->collection->literals[at.index],
			    t->collection_type, &at, depth + 1, e) < 0)
				return -1;
		return 0;
	}
	if (t->type_case == TYPE_MAP && l->value_case == LITERAL_MAP) {
		for (; at.index < l->map->n_literals; at.index++) {
			at.name = str_of(l->map->literals[at.index]->key);
			if (check(l->map->literals[at.index]->value,
			    t->map_value_type, &at, depth + 1, e) < 0)
				return -1;
		}
		return 0;
	}
	if (t->type_case == TYPE_ENUM)
		return check_enum(l, t, p, e);
	if (t->type_case == TYPE_UNION)
		return check_union(l, t, p, depth, e);
	return castable(l, t, p, e);
}

int
literal_check(const pb_literal *l, const pb_literal_type *t, struct err *e)
{
	struct place p = { NULL, { NULL, 0 }, 0 };

	return check(l, t, &p, 0, e);
}
