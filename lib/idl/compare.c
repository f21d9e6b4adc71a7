/* literal_compare: operands of a branch's conditions (flytepropeller,
 * nodes/branch, comparator.go). */

#include "base/err.h"
#include "idl/infer.h"
#include "idl/literal.h"
#include "idl/names.h"
#include "idl/type.h"

#define OP(x)	FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__##x

/* What one kind of primitive answers: greater and equal. */
struct order {
	int	gt, eq;
};

static struct order
order_i64(int64_t a, int64_t b)
{
	return (struct order){ a > b, a == b };
}

/* Both are of the same kind.  NaN is neither greater nor equal. */
static struct order
order_of(const pb_primitive *a, const pb_primitive *b)
{
	int d;

	switch ((int)a->value_case) {
	case PRIMITIVE_INTEGER:
		return order_i64(a->integer, b->integer);
	case PRIMITIVE_FLOAT:
		return (struct order){ a->float_value > b->float_value,
		    a->float_value == b->float_value };
	case PRIMITIVE_STRING:
		d = strcmp(a->string_value, b->string_value);
		return (struct order){ d > 0, d == 0 };
	case PRIMITIVE_BOOLEAN:
		return (struct order){ 0, !a->boolean == !b->boolean };
	case PRIMITIVE_DATETIME:
		return order_i64(a->datetime->seconds, b->datetime->seconds);
	case PRIMITIVE_DURATION:
		return order_i64(a->duration->seconds, b->duration->seconds);
	default:
		return (struct order){ 0, 0 };
	}
}

static int
answer(int op, struct order o, int *ret, struct err *e)
{
	switch (op) {
	case OP(EQ):
		*ret = o.eq;
		break;
	case OP(NEQ):
		*ret = !o.eq;
		break;
	case OP(GT):
		*ret = o.gt;
		break;
	case OP(GTE):
		*ret = o.gt || o.eq;
		break;
	case OP(LT):
		*ret = !(o.gt || o.eq);
		break;
	case OP(LTE):
		*ret = !o.gt;
		break;
	default:
		return err_set(e, ERR_USAGE, "unknown comparison %d", op);
	}
	return 0;
}

static void
add_kind(struct strbuf *b, const pb_literal *l)
{
	struct arena a c_arena = ARENA_INIT;
	pb_literal_type *t;
	struct err ignored;

	type_add_name(b, l == NULL || type_infer(l, &a, &t, &ignored) < 0 ?
	    NULL : t);
}

static int
cannot(const pb_literal *a, const pb_literal *b, const char *why,
    struct err *e)
{
	struct strbuf x c_strbuf = STRBUF_INIT, y c_strbuf = STRBUF_INIT;

	add_kind(&x, a);
	add_kind(&y, b);
	return err_set(e, ERR_USAGE, "cannot compare %s with %s: %s", x.p,
	    y.p, why);
}

int
literal_compare(Flyteidl__Core__ComparisonExpression__Operator op,
    const pb_literal *a, const pb_literal *b, unsigned flags, int *ret,
    struct err *e)
{
	const pb_primitive *x, *y;
	int equality = op == OP(EQ) || op == OP(NEQ), none;

	if (flags & LITERAL_COMPARE_NONE) {
		a = literal_unwrap(a);
		b = literal_unwrap(b);
		none = literal_is_none(a) + literal_is_none(b);
		if (none > 0 && !equality)
			return cannot(a, b, "none is only equal or not", e);
		if (none > 0)
			return answer(op, (struct order){ 0, none == 2 },
			    ret, e);
	}
	x = literal_primitive(a);
	y = literal_primitive(b);
	if (x == NULL || y == NULL)
		return cannot(a, b, "only primitive values compare", e);
	if (x->value_case == PRIMITIVE_UNSET ||
	    y->value_case == PRIMITIVE_UNSET)
		return cannot(a, b, "one has no value", e);
	if (x->value_case != y->value_case)
		return cannot(a, b, "they are of different types", e);
	if (x->value_case == PRIMITIVE_BOOLEAN && !equality)
		return cannot(a, b, "booleans are only equal or not", e);
	return answer((int)op, order_of(x, y), ret, e);
}
