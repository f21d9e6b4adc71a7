/* The condition of a case, as it is written in a spec. */

#include "text.h"

#include "idl/value.h"

/* Operand.primitive is marked so in the proto, yet it is what flytekit sends. */
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

static void
add_operand(struct strbuf *b, const pb_operand *o)
{
	pb_literal l;
	pb_scalar s;

	flyteidl__core__literal__init(&l);
	flyteidl__core__scalar__init(&s);
	l.value_case = FLYTEIDL__CORE__LITERAL__VALUE_SCALAR;
	l.scalar = &s;
	if (o != NULL && o->val_case == FLYTEIDL__CORE__OPERAND__VAL_VAR) {
		/* ".n" is the workflow's input n. */
		strbuf_addf(b, "$%s", o->var + (o->var[0] == '.'));
		return;
	}
	if (o != NULL && o->val_case ==
	    FLYTEIDL__CORE__OPERAND__VAL_PRIMITIVE) {
		s.value_case = FLYTEIDL__CORE__SCALAR__VALUE_PRIMITIVE;
		s.primitive = o->primitive;
	} else if (o != NULL && o->val_case ==
	    FLYTEIDL__CORE__OPERAND__VAL_SCALAR) {
		l.scalar = o->scalar;
	} else {
		strbuf_addch(b, '?');
		return;
	}
	if (l.scalar->value_case ==
	    FLYTEIDL__CORE__SCALAR__VALUE_NONE_TYPE)
		strbuf_adds(b, "none");
	else
		value_add_json(b, &l);
}

static void
add_comparison(struct strbuf *b, const pb_comparison_expression *x)
{
	static const char *const words[] = { "==", "!=", ">", ">=", "<",
		"<=" };
	size_t op = (size_t)x->operator_;

	add_operand(b, x->left_value);
	strbuf_addf(b, " %s ", op < ARRAY_LEN(words) ? words[op] : "?");
	add_operand(b, x->right_value);
}

static void
add_expression(struct strbuf *b, const pb_boolean_expression *x, int inside)
{
	const pb_conjunction_expression *c;

	if (x != NULL && x->expr_case ==
	    FLYTEIDL__CORE__BOOLEAN_EXPRESSION__EXPR_COMPARISON) {
		add_comparison(b, x->comparison);
		return;
	}
	if (x == NULL || x->expr_case !=
	    FLYTEIDL__CORE__BOOLEAN_EXPRESSION__EXPR_CONJUNCTION) {
		strbuf_addch(b, '?');
		return;
	}
	c = x->conjunction;
	strbuf_adds(b, inside ? "(" : "");
	add_expression(b, c->left_expression, 1);
	strbuf_adds(b, c->operator_ ==
	    FLYTEIDL__CORE__CONJUNCTION_EXPRESSION__LOGICAL_OPERATOR__AND ?
	    " and " : " or ");
	add_expression(b, c->right_expression, 1);
	strbuf_adds(b, inside ? ")" : "");
}

void
text_add_condition(struct strbuf *b, const pb_boolean_expression *x)
{
	add_expression(b, x, 0);
}
