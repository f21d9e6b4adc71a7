#include "plan/build.h"

#include "base/limits.h"

/* Operand.primitive is marked so in the proto, yet it is what flytekit sends. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static struct plan_operand
operand(struct build *b, const pb_operand *o)
{
	struct plan_operand ret = { { NULL, 0 }, { "", 0 } };
	c_arena struct arena a = ARENA_INIT;
	pb_literal *l = PB_NEW(&a, flyteidl__core__literal);

	if (o == NULL)
		return ret;
	switch (o->val_case) {
	case FLYTEIDL__CORE__OPERAND__VAL_VAR:
		ret.var = plan_build_text(b, o->var);
		return ret;
	case FLYTEIDL__CORE__OPERAND__VAL_PRIMITIVE:
		l->value_case = FLYTEIDL__CORE__LITERAL__VALUE_SCALAR;
		l->scalar = PB_NEW(&a, flyteidl__core__scalar);
		l->scalar->value_case =
		    FLYTEIDL__CORE__SCALAR__VALUE_PRIMITIVE;
		l->scalar->primitive = o->primitive;
		break;
	case FLYTEIDL__CORE__OPERAND__VAL_SCALAR:
		l->value_case = FLYTEIDL__CORE__LITERAL__VALUE_SCALAR;
		l->scalar = o->scalar;
		break;
	case FLYTEIDL__CORE__OPERAND__VAL__NOT_SET:
	case _FLYTEIDL__CORE__OPERAND__VAL__CASE_IS_INT_SIZE:
	default:
		break;
	}
	ret.literal = plan_build_message(b, &l->base);
	return ret;
}

static int
condition(struct build *b, const pb_boolean_expression *x, int depth,
    uint32_t *ret)
{
	struct plan_cond c = { .kind = PLAN_COND_BAD, .left = PLAN_NONE,
	    .right = PLAN_NONE };

	if (depth > MAX_MESSAGE_DEPTH)
		return err_set(b->e, ERR_SPEC, "a condition nests deeper "
		    "than %d", MAX_MESSAGE_DEPTH);
	if (x != NULL &&
	    x->expr_case == FLYTEIDL__CORE__BOOLEAN_EXPRESSION__EXPR_COMPARISON) {
		c.kind = PLAN_COMPARE;
		c.op = (int)x->comparison->operator_;
		c.a = operand(b, x->comparison->left_value);
		c.b = operand(b, x->comparison->right_value);
	} else if (x != NULL && x->expr_case ==
	    FLYTEIDL__CORE__BOOLEAN_EXPRESSION__EXPR_CONJUNCTION) {
		c.kind = x->conjunction->operator_ ==
		    FLYTEIDL__CORE__CONJUNCTION_EXPRESSION__LOGICAL_OPERATOR__AND
		    ? PLAN_AND : PLAN_OR;
		if (condition(b, x->conjunction->left_expression, depth + 1,
		    &c.left) != 0 || condition(b,
		    x->conjunction->right_expression, depth + 1, &c.right) != 0)
			return -1;
	}
	*ret = (uint32_t)b->conds.n;
	VEC_PUSH(&b->conds, c);
	return 0;
}

int
plan_build_condition(struct build *b, const pb_boolean_expression *x, uint32_t *ret)
{
	return condition(b, x, 0, ret);
}
