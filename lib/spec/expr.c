#include "spec/expr.h"

#include "base/limits.h"
#include "idl/literal.h"
#include "idl/type.h"
#include "idl/value.h"

typedef Flyteidl__Core__ComparisonExpression__Operator comparison;
typedef Flyteidl__Core__ConjunctionExpression__LogicalOperator conjunction;

enum token {
	T_END,
	T_REFERENCE,
	T_WORD,		/* a number, a word or a text in quotes */
	T_OPERATOR,
	T_OPEN,
	T_CLOSE,
	T_AND,
	T_OR,
	T_NOT,
	T_BAD
};

struct parser {
	struct workflow	*w;
	struct load	*l;
	uint32_t	 node;
	struct expr_inputs *inputs;
	struct str	 all;
	size_t		 pos;		/* behind the token */
	enum token	 token;
	struct str	 text;		/* of the token, quotes taken off */
	int		 quoted;
	comparison	 op;
	unsigned	 depth;
};

/* ---- tokens ------------------------------------------------------------- */

static int
is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' &&
	    strchr("_.-+:/", c) != NULL) || (unsigned char)c >= 0x80;
}

static int
operator(struct parser *p)
{
	static const struct {
		const char	*text;
		comparison	 op;
	} ops[] = {
		{ "==", FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__EQ },
		{ "!=", FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__NEQ },
		{ ">=", FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__GTE },
		{ "<=", FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__LTE },
		{ ">", FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__GT },
		{ "<", FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__LT },
	};
	struct str rest = { p->all.p + p->pos, p->all.n - p->pos };
	size_t i;

	for (i = 0; i < ARRAY_LEN(ops); i++)
		if (str_starts(rest, ops[i].text)) {
			p->op = ops[i].op;
			p->text = (struct str){ rest.p, strlen(ops[i].text) };
			return 1;
		}
	return 0;
}

static enum token
quoted_text(struct parser *p)
{
	const char *from = p->all.p + p->pos;
	const char *end = memchr(from + 1, *from, p->all.n - p->pos - 1);

	if (end == NULL) {
		p->text = (struct str){ from, p->all.n - p->pos };
		return T_BAD;
	}
	p->text = (struct str){ from + 1, (size_t)(end - from - 1) };
	p->quoted = 1;
	p->pos += p->text.n + 2;
	return T_WORD;
}

static enum token
bare_text(struct parser *p)
{
	size_t from = p->pos;
	int reference = p->all.p[from] == '$';

	p->pos += (size_t)reference;
	while (p->pos < p->all.n && is_word_byte(p->all.p[p->pos]))
		p->pos++;
	p->text = (struct str){ p->all.p + from, p->pos - from };
	if (p->text.n <= (size_t)reference) {
		p->text.n = 1;
		return T_BAD;
	}
	if (reference)
		return T_REFERENCE;
	return str_is(p->text, "and") ? T_AND : str_is(p->text, "or") ? T_OR :
	    str_is(p->text, "not") ? T_NOT : T_WORD;
}

static void
next(struct parser *p)
{
	char c;

	while (p->pos < p->all.n && strchr(" \t\n\r", p->all.p[p->pos]))
		p->pos++;
	p->quoted = 0;
	p->text = (struct str){ p->all.p + p->pos, 0 };
	if (p->pos == p->all.n) {
		p->token = T_END;
		return;
	}
	c = p->all.p[p->pos];
	if (c == '(' || c == ')') {
		p->token = c == '(' ? T_OPEN : T_CLOSE;
		p->text.n = 1;
		p->pos++;
	} else if (operator(p)) {
		p->token = T_OPERATOR;
		p->pos += p->text.n;
	} else {
		p->token = c == '"' || c == '\'' ? quoted_text(p) :
		    bare_text(p);
	}
}

static void
unexpected(struct parser *p, const char *what)
{
	size_t at = (size_t)(p->text.p - p->all.p) - (p->quoted ? 1 : 0);

	shape_fault_at(p->l, DIAG_BAD_VALUE, shape_inside(p->l, p->node, at,
	    MAX(p->text.n, (size_t)1)), "condition: expected %s%s", what,
	    p->token == T_END ? " at the end" : "");
}

/* ---- operands ----------------------------------------------------------- */

struct side {
	struct str	text;
	int		quoted, is_reference;
	struct reference ref;
	char		*var;		/* name of the branch's input */
};

/* "node.output.field" or ".input", as flytekit names them. */
static char *
input_name(struct parser *p, const pb_output_reference *r)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	strbuf_addf(&b, "%s.%s", r->node_id, r->var);
	for (i = 0; i < r->n_attr_path; i++)
		if (r->attr_path[i]->value_case ==
		    FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_INT_VALUE)
			strbuf_addf(&b, ".%d", r->attr_path[i]->int_value);
		else
			strbuf_addf(&b, ".%s", r->attr_path[i]->string_value);
	return shape_strdup(p->l, strbuf_str(&b));
}

static void
add_input(struct parser *p, const struct side *s)
{
	struct expr_inputs *in = p->inputs;
	pb_binding_data *d;
	pb_binding **old = in->at;
	size_t i;

	if (map_put(&in->seen, str_of(s->var), 1) != MAP_NONE)
		return;
	if (in->n == in->cap) {
		in->cap = MAX(in->cap * 2, (size_t)4);
		in->at = arena_new_n(p->l->a, in->cap, pb_binding *);
		for (i = 0; i < in->n; i++)
			in->at[i] = old[i];
	}
	d = PB_NEW(p->l->a, flyteidl__core__binding_data);
	d->value_case = FLYTEIDL__CORE__BINDING_DATA__VALUE_PROMISE;
	d->promise = s->ref.promise;
	in->at[in->n++] = bind_named(p->l, s->var, d);
}

static int
operand(struct parser *p, struct side *ret)
{
	*ret = (struct side){ .text = p->text, .quoted = p->quoted };
	if (p->token != T_REFERENCE && p->token != T_WORD) {
		unexpected(p, "a reference or a constant");
		return -1;
	}
	if (p->token == T_REFERENCE) {
		ret->is_reference = 1;
		if (bind_reference_in(p->w, p->node, p->text, &ret->ref) < 0)
			return -1;
		ret->var = input_name(p, ret->ref.promise);
		add_input(p, ret);
	}
	next(p);
	return 0;
}

/* The variant of an optional type that is not none. */
static const pb_literal_type *
without_none(const pb_literal_type *t)
{
	size_t i;

	if (t != NULL && t->type_case ==
	    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_UNION_TYPE)
		for (i = 0; i < t->union_type->n_variants; i++)
			if (!type_is_simple(t->union_type->variants[i],
			    FLYTEIDL__CORE__SIMPLE_TYPE__NONE))
				return t->union_type->variants[i];
	return t;
}

/* Deprecated in the protos, and yet the only form that Flyte's compiler
 * takes and flytekit writes. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static void
set_primitive(pb_operand *o, pb_primitive *p)
{
	o->val_case = FLYTEIDL__CORE__OPERAND__VAL_PRIMITIVE;
	o->primitive = p;
}
#pragma GCC diagnostic pop

static pb_operand *
constant(struct parser *p, const struct side *s, const struct side *other)
{
	pb_operand *o = PB_NEW(p->l->a, flyteidl__core__operand);
	struct value_ctx ctx = { .mode = VALUE_YAML };
	const pb_literal_type *type = without_none(other->ref.type);
	pb_literal *lit;
	struct err e;

	if (!s->quoted && (str_is(s->text, "none") ||
	    str_is(s->text, "null"))) {
		o->val_case = FLYTEIDL__CORE__OPERAND__VAL_SCALAR;
		o->scalar = literal_none(p->l->a)->scalar;
		return o;
	}
	if (type == NULL)
		type = type_simple(p->l->a,
		    FLYTEIDL__CORE__SIMPLE_TYPE__STRING);
	if (value_from_text(type, s->text, &ctx, p->l->a, &lit, &e) < 0 ||
	    literal_primitive(lit) == NULL) {
		shape_fault_at(p->l, DIAG_BAD_VALUE, shape_inside(p->l,
		    p->node, (size_t)(s->text.p - p->all.p), s->text.n),
		    "condition: %s", e.kind != ERR_NONE ? e.msg :
		    "only simple values can be compared");
		return NULL;
	}
	set_primitive(o, lit->scalar->primitive);
	return o;
}

static pb_operand *
make_operand(struct parser *p, const struct side *s, const struct side *other)
{
	pb_operand *o;

	if (!s->is_reference)
		return constant(p, s, other);
	o = PB_NEW(p->l->a, flyteidl__core__operand);
	o->val_case = FLYTEIDL__CORE__OPERAND__VAL_VAR;
	o->var = s->var;
	return o;
}

/* ---- expressions -------------------------------------------------------- */

static comparison
inverse(comparison op)
{
	static const comparison of[] = {
		[FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__EQ] =
		    FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__NEQ,
		[FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__NEQ] =
		    FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__EQ,
		[FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__GT] =
		    FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__LTE,
		[FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__LTE] =
		    FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__GT,
		[FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__LT] =
		    FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__GTE,
		[FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__GTE] =
		    FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__LT,
	};

	return of[op];
}

static pb_boolean_expression *
compare(struct parser *p, int negated)
{
	pb_boolean_expression *e;
	pb_comparison_expression *c;
	struct side left, right;
	comparison op = FLYTEIDL__CORE__COMPARISON_EXPRESSION__OPERATOR__EQ;

	if (operand(p, &left) < 0)
		return NULL;
	if (p->token == T_OPERATOR) {
		op = p->op;
		next(p);
		if (operand(p, &right) < 0)
			return NULL;
	} else if (left.ref.type != NULL && !type_is_simple(left.ref.type,
	    FLYTEIDL__CORE__SIMPLE_TYPE__BOOLEAN)) {
		unexpected(p, "== != < <= > or >=");
		return NULL;
	} else {
		right = (struct side){ .text = STR("true") };
	}
	if (!left.is_reference && !right.is_reference) {
		shape_fault(p->l, DIAG_BAD_VALUE, p->node, "condition: a "
		    "comparison needs a reference");
		return NULL;
	}
	c = PB_NEW(p->l->a, flyteidl__core__comparison_expression);
	c->operator_ = negated ? inverse(op) : op;
	c->left_value = make_operand(p, &left, &right);
	c->right_value = make_operand(p, &right, &left);
	if (c->left_value == NULL || c->right_value == NULL)
		return NULL;
	e = PB_NEW(p->l->a, flyteidl__core__boolean_expression);
	e->expr_case = FLYTEIDL__CORE__BOOLEAN_EXPRESSION__EXPR_COMPARISON;
	e->comparison = c;
	return e;
}

static pb_boolean_expression *
join(struct parser *p, conjunction op, pb_boolean_expression *a,
    pb_boolean_expression *b)
{
	pb_boolean_expression *e;
	pb_conjunction_expression *c;

	c = PB_NEW(p->l->a, flyteidl__core__conjunction_expression);
	c->operator_ = op;
	c->left_expression = a;
	c->right_expression = b;
	e = PB_NEW(p->l->a, flyteidl__core__boolean_expression);
	e->expr_case = FLYTEIDL__CORE__BOOLEAN_EXPRESSION__EXPR_CONJUNCTION;
	e->conjunction = c;
	return e;
}

/* A long chain as a flat tree: messages may not be nested deeply. */
static pb_boolean_expression *
join_all(struct parser *p, conjunction op, pb_boolean_expression **at,
    size_t n)
{
	size_t i;

	for (; n > 1; n = (n + 1) / 2) {
		for (i = 0; i + 1 < n; i += 2)
			at[i / 2] = join(p, op, at[i], at[i + 1]);
		if (i < n)
			at[i / 2] = at[i];
	}
	return at[0];
}

static pb_boolean_expression *chain(struct parser *, enum token, int negated);

/* Depth: brackets and nots, at most MAX_DEPTH / 8 of them. */
static pb_boolean_expression *
unary(struct parser *p, int negated)
{
	pb_boolean_expression *e;

	while (p->token == T_NOT) {
		negated = !negated;
		next(p);
	}
	if (p->token != T_OPEN)
		return compare(p, negated);
	if (++p->depth > MAX_DEPTH / 8) {
		shape_fault(p->l, DIAG_TOO_DEEP, p->node, "condition");
		return NULL;
	}
	next(p);
	e = chain(p, T_OR, negated);
	p->depth--;
	if (e == NULL)
		return NULL;
	if (p->token != T_CLOSE) {
		unexpected(p, "\")\"");
		return NULL;
	}
	next(p);
	return e;
}

static pb_boolean_expression *
chain(struct parser *p, enum token sign, int negated)
{
	VEC(pb_boolean_expression *) terms = VEC_INIT;
	pb_boolean_expression *e;
	int is_or = (sign == T_OR) != negated;

	for (;;) {
		e = sign == T_OR ? chain(p, T_AND, negated) :
		    unary(p, negated);
		if (e == NULL)
			break;
		VEC_PUSH(&terms, e);
		if (p->token != sign) {
			e = join_all(p, is_or ?
	    FLYTEIDL__CORE__CONJUNCTION_EXPRESSION__LOGICAL_OPERATOR__OR :
	    FLYTEIDL__CORE__CONJUNCTION_EXPRESSION__LOGICAL_OPERATOR__AND,
			    terms.at, terms.n);
			break;
		}
		next(p);
	}
	VEC_RELEASE(&terms);
	return e;
}

pb_boolean_expression *
expr_load(struct workflow *w, uint32_t node, struct expr_inputs *inputs)
{
	struct parser p = { .w = w, .l = &w->f->l, .node = node,
	    .inputs = inputs };
	pb_boolean_expression *e;

	if (p.l->t->at[node].kind != TREE_SCALAR) {
		shape_wrong(p.l, node, "a condition such as $n > 10");
		return NULL;
	}
	p.all = p.l->t->at[node].text;
	next(&p);
	e = chain(&p, T_OR, 0);
	if (e != NULL && p.token != T_END) {
		unexpected(&p, "and, or, or the end");
		return NULL;
	}
	return e;
}
