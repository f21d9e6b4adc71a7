/*
 * Branches: their interface follows from their children's, their conditions
 * from their bindings (flytepropeller, compiler/validators/{branch,
 * condition}.go).
 */

#include "base/err.h"
#include "base/limits.h"
#include "compile/build.h"
#include "idl/infer.h"
#include "idl/type.h"
#include "idl/wire.h"

static int
same_type(const pb_literal_type *a, const pb_literal_type *b)
{
	return wire_equal(&a->base, &b->base);
}

static void
required(struct builder *b, const struct cnode *n, const char *what)
{
	struct compile_place place = builder_place(b, n, NULL);

	FAULT(b, VALUE_REQUIRED, n->msg->id, &place, "%s is required", what);
}

static const pb_if_else_block *
if_else(const struct cnode *n)
{
	return n->msg->branch_node->if_else;
}

/* The blocks in order: the case (which may be missing), then the others. */
static const pb_if_block *
block_at(const pb_if_else_block *f, size_t i)
{
	return i == 0 ? f->case_ : f->other[i - 1];
}

static void
add_kid(struct builder *b, struct cnode *n, pb_node *msg)
{
	struct cnode *kid;

	if (msg == NULL)
		return;
	kid = cnode_new(b, msg, n);
	kid->own = 1;
	msg->id = arena_printf(b->c->arena, "%s-%s", n->msg->id, msg->id);
	kid->name = builder_intern(b, msg->id);
	n->kids[n->n_kids++] = kid;
}

/* Makes the children, which get their compiled ids: BRANCH-CHILD. */
static void
make_kids(struct builder *b, struct cnode *n)
{
	const pb_if_else_block *f;
	size_t i;

	if (n->kids_done)
		return;
	n->kids_done = 1;
	if (!n->own) {
		n->msg = (pb_node *)wire_dup(&n->msg->base, b->c->arena);
		n->own = 1;
	}
	f = if_else(n);
	if (f == NULL)
		return;
	n->kids = arena_new_n(&b->c->scratch, f->n_other + 2, struct cnode *);
	for (i = 0; i <= f->n_other; i++)
		if (block_at(f, i) != NULL)
			add_kid(b, n, block_at(f, i)->then_node);
	if (f->default_case == ELSE_NODE)
		add_kid(b, n, f->else_node);
}

/* ---- interface ----------------------------------------------------------- */
static int
has_shape(struct builder *b, struct cnode *n)
{
	const pb_if_else_block *f = if_else(n);
	const char *lacks = NULL;

	if (f == NULL)
		lacks = "Branch.IfElse";
	else if (f->case_ == NULL)
		lacks = "Branch.IfElse.Case";
	else if (f->case_->then_node == NULL)
		lacks = "Branch.IfElse.Case.ThenNode";
	if (lacks == NULL)
		return 1;
	required(b, n, lacks);
	return 0;
}

static void
fault_output(struct builder *b, const struct cnode *kid, const struct var *a,
    const struct var *x)
{
	struct compile_place place = builder_place(b, kid, x->name);
	c_strbuf struct strbuf key = STRBUF_INIT, s = STRBUF_INIT,
	    t = STRBUF_INIT;

	strbuf_adds(&key, x->name);
	wire_pack(&a->type->base, &key);
	strbuf_addch(&key, '\n');
	wire_pack(&x->type->base, &key);
	type_add_name(&s, a->type);
	type_add_name(&t, x->type);
	compile_error_add(b->c->errors, COMPILE_MISMATCHING_TYPES,
	    kid->msg->id, &place, &key, "output '%s' is %s here and %s in "
	    "another case of the branch", x->name, t.p, s.p);
}

/* Keeps of the outputs so far those the child has too, of one type. */
static void
intersect(struct builder *b, const struct cnode *kid, struct vars *out,
    const struct iface *f)
{
	const struct var *v;
	size_t i, n = 0;

	for (i = 0; i < out->n; i++) {
		v = vars_find(&f->out, out->at[i].name);
		if (v == NULL)
			continue;
		if (!same_type(out->at[i].type, v->type))
			fault_output(b, kid, &out->at[i], v);
		out->at[n++] = out->at[i];
	}
	out->n = n;
}

struct iface *
cbranch_interface(struct builder *b, struct cnode *n)
{
	struct compile_place place = builder_place(b, n, NULL);
	uint64_t before = b->c->errors->calls;
	struct iface *f, *kid;
	int first = 1;
	size_t i;

	if (!has_shape(b, n))
		return NULL;
	if (n->depth >= MAX_DEPTH) {
		FAULT(b, WORKFLOW_BUILD_ERROR, n->msg->id, &place,
		    "nodes are nested deeper than %d levels", MAX_DEPTH);
		return NULL;
	}
	make_kids(b, n);
	f = arena_new(&b->c->scratch, struct iface);
	for (i = 0; i < if_else(n)->n_other; i++)
		if (if_else(n)->other[i]->then_node == NULL)
			required(b, n, "IfElse.Case.ThenNode");
	for (i = 0; i < n->n_kids; i++) {
		kid = cnode_interface(b, n->kids[i]);
		if (kid == NULL)
			continue;
		if (!first) {
			intersect(b, n->kids[i], &f->out, kid);
			continue;
		}
		first = 0;
		f->out.n = kid->out.n;
		f->out.at = arena_new_n(&b->c->scratch, kid->out.n,
		    struct var);
		if (kid->out.n > 0)
			memcpy(f->out.at, kid->out.at,
			    kid->out.n * sizeof(*f->out.at));
	}
	(void)cnode_bindings(b, n, n->msg->inputs, n->msg->n_inputs, NULL,
	    EDGE_UP, &f->in);
	return b->c->errors->calls == before ? f : NULL;
}

/* ---- conditions ---------------------------------------------------------- */
static const pb_literal_type *
primitive_type(struct builder *b, const pb_primitive *p)
{
	Flyteidl__Core__SimpleType t = SIMPLE_NONE;

	switch ((int)p->value_case) {
	case PRIMITIVE_INTEGER:
		t = SIMPLE_INTEGER;
		break;
	case PRIMITIVE_FLOAT:
		t = SIMPLE_FLOAT;
		break;
	case PRIMITIVE_STRING:
		t = SIMPLE_STRING;
		break;
	case PRIMITIVE_BOOLEAN:
		t = SIMPLE_BOOLEAN;
		break;
	case PRIMITIVE_DATETIME:
		t = SIMPLE_DATETIME;
		break;
	case PRIMITIVE_DURATION:
		t = SIMPLE_DURATION;
		break;
	default:
		break;
	}
	return type_simple(&b->c->scratch, t);
}

static int
is_bound(const struct cnode *n, const char *var)
{
	size_t i;

	for (i = 0; i < n->msg->n_inputs; i++)
		if (strcmp(n->msg->inputs[i]->var, var) == 0)
			return 1;
	return 0;
}

/* The type of a variable of the branch; NULL: not known, or an error. */
static const pb_literal_type *
var_type(struct builder *b, struct cnode *n, const char *var)
{
	struct compile_place place = builder_place(b, n, var);
	const struct var *v;

	if (n->iface == NULL) {
		FAULT(b, VALUE_REQUIRED, n->msg->id, &place,
		    "the type of '%s' is not known, since the branch itself "
		    "is at fault", var);
		return NULL;
	}
	v = vars_find(&n->iface->in, var);
	if (v == NULL && !is_bound(n, var))
		FAULT(b, VARIABLE_NAME_NOT_FOUND, n->msg->id, &place,
		    "the condition refers to '%s', which the branch does "
		    "not bind", var);
	return v == NULL ? NULL : v->type;
}

static const pb_literal_type *
operand_type(struct builder *b, struct cnode *n, const char *side,
    const pb_operand *o)
{
	struct compile_place place = builder_place(b, n, side);
	pb_literal_type *t;
	struct err e;

	if (o == NULL) {
		FAULT(b, VALUE_REQUIRED, n->msg->id, &place,
		    "%s is required", side);
		return NULL;
	}
	switch ((int)o->val_case) {
	case FLYTEIDL__CORE__OPERAND__VAL_PRIMITIVE:
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
		/* Deprecated in flyteidl, and what flytekit writes. */
		return primitive_type(b, o->primitive);
#pragma GCC diagnostic pop
	case FLYTEIDL__CORE__OPERAND__VAL_VAR:
		if (*o->var != '\0')
			return var_type(b, n, o->var);
		break;
	case FLYTEIDL__CORE__OPERAND__VAL_SCALAR:
		if ((b->c->unit->flags & COMPILE_COMPARE_NONE) != 0 &&
		    type_infer_scalar(o->scalar, &b->c->scratch, &t, &e) == 0)
			return t;
		break;
	default:
		break;
	}
	FAULT(b, VALUE_REQUIRED, n->msg->id, &place,
	    "%s.Val is required: a primitive or a variable", side);
	return NULL;
}

/* With none anything may be compared, with an optional its value. */
static int
optional_of(const pb_literal_type *a, const pb_literal_type *b)
{
	size_t i;

	if (type_is_simple(a, SIMPLE_NONE))
		return 1;
	for (i = 0; a->type_case == TYPE_UNION &&
	    i < a->union_type->n_variants; i++)
		if (a->union_type->variants[i]->type_case == TYPE_SIMPLE &&
		    b->type_case == TYPE_SIMPLE &&
		    a->union_type->variants[i]->simple == b->simple)
			return 1;
	return 0;
}

static int
comparable(const struct builder *b, const pb_literal_type *l,
    const pb_literal_type *r)
{
	if (same_type(l, r))
		return 1;
	return (b->c->unit->flags & COMPILE_COMPARE_NONE) != 0 &&
	    (optional_of(l, r) || optional_of(r, l));
}

static void
check_comparison(struct builder *b, struct cnode *n,
    const pb_comparison_expression *x)
{
	struct compile_place place = builder_place(b, n, "RightValue");
	const pb_literal_type *l, *r;
	c_strbuf struct strbuf s = STRBUF_INIT, t = STRBUF_INIT,
	    key = STRBUF_INIT;

	l = operand_type(b, n, "LeftValue", x->left_value);
	r = operand_type(b, n, "RightValue", x->right_value);
	if (l == NULL || r == NULL || comparable(b, l, r))
		return;
	wire_pack(&l->base, &key);
	strbuf_addch(&key, '\n');
	wire_pack(&r->base, &key);
	type_add_name(&s, l);
	type_add_name(&t, r);
	compile_error_add(b->c->errors, COMPILE_MISMATCHING_TYPES,
	    n->msg->id, &place, &key,
	    "the condition compares %s with %s", s.p, t.p);
}

static void
check_condition(struct builder *b, struct cnode *n,
    const pb_boolean_expression *x, unsigned depth)
{
	struct compile_place place = builder_place(b, n, NULL);

	if (x == NULL) {
		FAULT(b, BRANCH_NODE_HAS_NO_CONDITION, n->msg->id, &place,
		    "one of the cases has no condition");
		return;
	}
	if (depth > MAX_DEPTH) {
		FAULT(b, WORKFLOW_BUILD_ERROR, n->msg->id, &place,
		    "a condition is nested deeper than %d levels", MAX_DEPTH);
		return;
	}
	switch ((int)x->expr_case) {
	case FLYTEIDL__CORE__BOOLEAN_EXPRESSION__EXPR_COMPARISON:
		check_comparison(b, n, x->comparison);
		return;
	case FLYTEIDL__CORE__BOOLEAN_EXPRESSION__EXPR_CONJUNCTION:
		check_condition(b, n, x->conjunction->left_expression,
		    depth + 1);
		check_condition(b, n, x->conjunction->right_expression,
		    depth + 1);
		return;
	case FLYTEIDL__CORE__BOOLEAN_EXPRESSION__EXPR__NOT_SET:
	default:
		FAULT(b, VALUE_REQUIRED, n->msg->id, &place,
		    "Expr is required: a comparison or a conjunction");
	}
}

/* ---- the branch ---------------------------------------------------------- */
static void
check_block(struct builder *b, struct cnode *n, const pb_if_block *x)
{
	struct compile_place place = builder_place(b, n, NULL);

	check_condition(b, n, x->condition, 0);
	if (x->then_node == NULL)
		FAULT(b, BRANCH_NODE_ID_NOT_FOUND, n->msg->id, &place,
		    "one of the cases has no node");
}

static void
check_blocks(struct builder *b, struct cnode *n)
{
	struct compile_place place = builder_place(b, n, NULL);
	const pb_if_else_block *f = if_else(n);
	size_t i;

	if (f == NULL || f->case_ == NULL)
		FAULT(b, BRANCH_NODE_HAS_NO_CONDITION, n->msg->id, &place,
		    "one of the cases has no condition");
	for (i = 0; f != NULL && i <= f->n_other; i++)
		if (block_at(f, i) != NULL)
			check_block(b, n, block_at(f, i));
	if (f == NULL || f->default_case ==
	    FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT__NOT_SET)
		FAULT(b, BRANCH_NODE_HAS_NO_DEFAULT, n->msg->id, &place,
		    "a branch needs an else node or a default error");
}

void
cbranch_check(struct builder *b, struct cnode *n)
{
	uint64_t before = b->c->errors->calls;
	size_t i;

	check_blocks(b, n);
	if (b->c->errors->calls != before || n->depth >= MAX_DEPTH)
		return;
	make_kids(b, n);
	/* Only upstream: at run time the branch decides who runs. */
	for (i = 0; i < n->n_kids; i++) {
		cnode_check(b, n->kids[i]);
		cnode_edges(b, n->kids[i], EDGE_UP);
	}
}
