#include "idl/literal.h"
#include "idl/wire.h"
#include "engine/sched_p.h"

/* Branch nodes: reference 3.1. */

static int
fail(struct at *at, const char *code, const char *text)
{
	struct strbuf *b = &at->s->text;

	strbuf_reset(b);
	strbuf_addf(b, "[%s] %s", code, text);
	at->n->error = sched_new_error(at->s, SCHED_USER, code, strbuf_str(b));
	return -1;
}

static int
operand(struct at *at, const struct plan_operand *o, struct arena *a,
    pb_literal **ret)
{
	struct str bytes = o->literal;
	ProtobufCMessage *m;
	struct err e;

	if (o->var.p != NULL)
		bytes = sched_bind_get(at->n->inputs, o->var);
	if (bytes.p == NULL) {
		(void)!err_set(&e, ERR_USAGE, "the condition's variable "
		    STR_FMT " has no value", STR_ARG(o->var));
		return fail(at, "MalformedBranchUserError", e.msg);
	}
	if (wire_unpack(&flyteidl__core__literal__descriptor, bytes, a, &m,
	    &e) != 0)
		return fail(at, "MalformedBranchUserError", e.msg);
	*ret = (pb_literal *)m;
	return 0;
}

static int
compare(struct at *at, const struct plan_cond *c, int *ret)
{
	c_arena struct arena a = ARENA_INIT;
	pb_literal *left, *right;
	struct err e;

	if (operand(at, &c->a, &a, &left) != 0 ||
	    operand(at, &c->b, &a, &right) != 0)
		return -1;
	if (literal_compare(
	    (Flyteidl__Core__ComparisonExpression__Operator)c->op, left, right,
	    at->s->c.rules.compare_none ? LITERAL_COMPARE_NONE : 0, ret,
	    &e) != 0)
		return fail(at, "MalformedBranchUserError", e.msg);
	return 0;
}

/* Both sides are looked at even where one decides.  The plan bounds depth. */
static int
evaluate(struct at *at, uint32_t cond, int *ret)
{
	const struct plan_cond *c = &at->f->plan->conds[cond];
	int left, right;

	switch (c->kind) {
	case PLAN_COMPARE:
		return compare(at, c, ret);
	case PLAN_AND:
	case PLAN_OR:
		if (evaluate(at, c->left, &left) != 0 ||
		    evaluate(at, c->right, &right) != 0)
			return -1;
		*ret = c->kind == PLAN_AND ? left && right : left || right;
		return 0;
	case PLAN_COND_BAD:
		break;
	}
	return fail(at, "MalformedBranchUserError",
	    "a case has no condition");
}

static struct at
child_at(struct at *at, uint32_t node)
{
	struct sched_ref ref = at->ref;
	struct at child;

	ref.node = node;
	if (!sched_find(at->s, ref, &child))
		BUG("a branch without its child %u", node);
	child.ref.attempt = child.n->attempt;
	return child;
}

static void
forget(struct at *at, uint32_t node)
{
	struct at child = child_at(at, node);
	struct node *n = child.n;
	struct node fresh = { .cause = n->cause, .child = SCHED_NONE,
	    .left = n->left, .listed = n->listed, .live = n->live };

	sched_branch_forget(&child);
	sched_node_drop_got(n);
	*n = fresh;
}

void
sched_branch_forget(struct at *at)
{
	const struct plan *p = at->f->plan;
	const struct plan_branch *br;

	if (at->pn->kind != PLAN_BRANCH)
		return;
	br = &p->branches[at->pn->what];
	for (uint32_t i = 0; i < br->cases.n; i++)
		forget(at, p->cases[br->cases.at + i].then);
	if (br->otherwise != PLAN_NONE)
		forget(at, br->otherwise);
}

static void
leave_out(struct at *at, uint32_t node, uint32_t taken)
{
	struct at child = child_at(at, node);

	if (node == taken)
		return;
	child.n->step = STEP_SKIPPED;
	sched_node_show(&child, SCHED_SKIPPED, SCHED_WHY_NOT_TAKEN);
}

static int
decide(struct at *at)
{
	const struct plan *p = at->f->plan;
	const struct plan_branch *br = &p->branches[at->pn->what];
	const struct plan_case *cases = &p->cases[br->cases.at];
	uint32_t taken = SCHED_NONE;
	int yes = 0;

	for (uint32_t i = 0; i < br->cases.n && taken == SCHED_NONE; i++) {
		if (evaluate(at, cases[i].cond, &yes) != 0)
			return -1;
		if (yes)
			taken = cases[i].then;
	}
	if (taken == SCHED_NONE)
		taken = br->otherwise;
	for (uint32_t i = 0; i < br->cases.n; i++)
		leave_out(at, cases[i].then, taken);
	if (br->otherwise != PLAN_NONE)
		leave_out(at, br->otherwise, taken);
	if (taken != SCHED_NONE) {
		at->n->child = taken;
		at->n->decided = 1;
		return 0;
	}
	if (br->has_error)
		return fail(at, "UserProvidedError", br->error.p);
	return fail(at, "MalformedBranchUserError", "No branch satisfied");
}

enum outcome
sched_branch_run(struct at *at)
{
	struct at child;
	int was_over;

	if (!at->n->decided) {
		if (decide(at) != 0)
			return OUT_FAILED;
		/* The child's turn is the next round. */
		sched_wake(at->s, at->ref);
		return OUT_RUNNING;
	}
	child = child_at(at, at->n->child);
	was_over = step_is_over((enum step)child.n->step);
	child.n->listed = 0;
	if (!was_over)
		sched_node_step(&child);
	if (child.n->step == STEP_FAILED) {
		at->n->error = child.n->error;
		return OUT_FAILED;
	}
	if (child.n->step == STEP_TIMED_OUT) {
		at->n->error = sched_new_error(at->s, SCHED_UNKNOWN,
		    "Unknown", STR("the node of the branch timed out"));
		return OUT_FAILED;
	}
	if (!was_over)
		return OUT_RUNNING;
	if (child.n->step == STEP_SKIPPED && at->s->c.rules.branch_skip) {
		at->n->cause = child.n->cause;
		return OUT_SKIP;
	}
	at->n->outputs = child.n->outputs;
	return OUT_OK;
}
