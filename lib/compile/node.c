/*
 * Nodes: the interface of what they run, aliases, explicit edges
 * (flytepropeller, compiler/validators/{node,interface}.go).
 */

#include "base/limits.h"
#include "compile/build.h"
#include "compile/interface.h"
#include "idl/type.h"
#include "idl/wire.h"

struct cnode *
cnode_new(struct builder *b, pb_node *msg, struct cnode *parent)
{
	struct cnode *n = arena_new(&b->c->scratch, struct cnode);

	n->msg = msg;
	n->parent = parent;
	n->depth = parent == NULL ? 0 : parent->depth + 1;
	n->path = parent == NULL ? msg->id : arena_printf(&b->c->scratch,
	    "%s/%s", parent->path, msg->id);
	n->name = UINT32_MAX;
	return n;
}

static void
required(struct builder *b, const struct cnode *n, const char *what)
{
	struct compile_place place = builder_place(b, n, NULL);

	FAULT(b, VALUE_REQUIRED, n->msg->id, &place, "%s is required", what);
}

/* ---- interfaces by kind -------------------------------------------------- */
static struct iface *
task_interface(struct builder *b, struct cnode *n)
{
	const pb_task_node *t = n->msg->task_node;
	struct compile_place place = builder_place(b, n, NULL);
	struct compiler *c = b->c;
	const pb_typed_interface *f;
	uint32_t at;

	if (t->reference_case !=
	    FLYTEIDL__CORE__TASK_NODE__REFERENCE_REFERENCE_ID) {
		required(b, n, "TaskNode.ReferenceId");
		return NULL;
	}
	at = map_get(&c->tasks, compiler_key(c, t->reference_id));
	if (at == MAP_NONE) {
		FAULT(b, TASK_REFERENCE_NOT_FOUND, n->msg->id, &place,
		    "task [%s] not found", compiler_text(c, t->reference_id));
		return NULL;
	}
	if (c->task_ifaces[at] == NULL) {
		f = c->unit->tasks[at]->interface;
		c->task_ifaces[at] = iface_of(&c->scratch,
		    f == NULL ? NULL : f->inputs,
		    f == NULL ? NULL : f->outputs);
	}
	return c->task_ifaces[at];
}

static int
same_id(const pb_identifier *a, const pb_identifier *b)
{
	return a != NULL && b != NULL && wire_equal(&a->base, &b->base);
}

/* Required parameters, and those with a default that the node binds. */
static struct iface *
exposed(struct builder *b, struct cnode *n,
    const struct compile_launch_plan *p)
{
	struct iface *f = iface_of(&b->c->scratch, NULL, p->expected_outputs);
	const pb_parameter_map *m = p->expected_inputs;
	c_map struct map bound = MAP_INIT;
	const pb_node *by = n->msg;
	const pb_parameter *x;
	size_t i;

	/* A mapped plan is bound on the array node. */
	if ((b->c->unit->flags & COMPILE_MAP_ORIGINAL) != 0 &&
	    n->parent != NULL && n->parent->msg->target_case == NODE_ARRAY)
		by = n->parent->msg;
	for (i = 0; i < by->n_inputs; i++)
		map_put(&bound, str_of(by->inputs[i]->var), 1);
	f->in.at = arena_new_n(&b->c->scratch, m->n_parameters, struct var);
	for (i = 0; i < m->n_parameters; i++) {
		x = m->parameters[i]->value;
		if (!(x != NULL && x->behavior_case ==
		    FLYTEIDL__CORE__PARAMETER__BEHAVIOR_REQUIRED &&
		    x->required) && map_get(&bound,
		    str_of(m->parameters[i]->key)) == MAP_NONE)
			continue;
		f->in.at[f->in.n++] = (struct var){ m->parameters[i]->key,
		    x == NULL || x->var == NULL ? NULL : x->var->type, 0 };
		f->unnamed |= *m->parameters[i]->key == '\0';
		f->untyped |= f->in.at[f->in.n - 1].type == NULL;
	}
	vars_sort(&f->in);
	return f;
}

static struct iface *
plan_interface(struct builder *b, struct cnode *n, const pb_identifier *ref)
{
	struct compile_place place = builder_place(b, n, NULL);
	const struct compile_launch_plan *p;
	uint32_t at;

	if (same_id(ref, b->wf->id)) {
		if (b->wf->interface != NULL)
			return iface_of(&b->c->scratch,
			    b->wf->interface->inputs,
			    b->wf->interface->outputs);
		required(b, n, "WorkflowNode.Interface");
		return NULL;
	}
	at = map_get(&b->c->plans, compiler_key(b->c, ref));
	if (at == MAP_NONE) {
		FAULT(b, WORKFLOW_REFERENCE_NOT_FOUND, n->msg->id, &place,
		    "launch plan [%s] not found", compiler_text(b->c, ref));
		return NULL;
	}
	p = &b->c->unit->launch_plans[at];
	if (p->expected_inputs == NULL)
		required(b, n, "WorkflowNode.ExpectedInputs");
	if (p->expected_outputs == NULL)
		required(b, n, "WorkflowNode.ExpectedOutputs");
	return p->expected_inputs == NULL || p->expected_outputs == NULL ?
	    NULL : exposed(b, n, p);
}

static struct iface *
workflow_interface(struct builder *b, struct cnode *n)
{
	const pb_workflow_node *w = n->msg->workflow_node;
	struct compile_place place = builder_place(b, n, NULL);
	pb_workflow_template *t;
	uint32_t at;

	switch ((int)w->reference_case) {
	case REF_PLAN:
		return plan_interface(b, n, w->launchplan_ref);
	case REF_SUB:
		break;
	default:
		FAULT(b, WORKFLOW_REFERENCE_NOT_FOUND, n->msg->id, &place,
		    "the node names neither a launch plan nor a "
		    "sub-workflow");
		return NULL;
	}
	at = map_get(&b->c->subs, compiler_key(b->c, w->sub_workflow_ref));
	if (at == MAP_NONE) {
		FAULT(b, WORKFLOW_REFERENCE_NOT_FOUND, n->msg->id, &place,
		    "workflow [%s] not found",
		    compiler_text(b->c, w->sub_workflow_ref));
		return NULL;
	}
	t = b->c->sub[at].compiled->template_;
	if (t->interface == NULL) {
		required(b, n, "WorkflowNode.Template.Interface");
		return NULL;
	}
	t->interface = iface_filled(b->c->arena, t->interface);
	return iface_of(&b->c->scratch, t->interface->inputs,
	    t->interface->outputs);
}

static struct iface *
signal_interface(struct builder *b, struct cnode *n,
    const Flyteidl__Core__SignalCondition *s)
{
	struct iface *f = arena_new(&b->c->scratch, struct iface);

	if (s->type == NULL)
		required(b, n, "GateNode.Signal.Type");
	if (*s->output_variable_name == '\0')
		required(b, n, "GateNode.Signal.OutputVariableName");
	if (s->type == NULL || *s->output_variable_name == '\0')
		return NULL;
	f->out.at = arena_new(&b->c->scratch, struct var);
	f->out.at[0].name = s->output_variable_name;
	f->out.at[0].type = s->type;
	f->out.n = 1;
	return f;
}

static struct iface *
gate_interface(struct builder *b, struct cnode *n)
{
	const pb_gate_node *g = n->msg->gate_node;
	struct compile_place place = builder_place(b, n, NULL);
	struct iface *f = arena_new(&b->c->scratch, struct iface);

	switch ((int)g->condition_case) {
	case GATE_APPROVE:
		if (cnode_bindings(b, n, n->msg->inputs, n->msg->n_inputs,
		    NULL, EDGE_UP, &f->in) < 0)
			return NULL;
		f->out = f->in;
		return f;
	case GATE_SIGNAL:
		return signal_interface(b, n, g->signal);
	case GATE_SLEEP:
		return f;
	default:
		FAULT(b, NO_CONDITION_FOUND, n->msg->id, &place,
		    "the gate has no condition: approve, signal or sleep");
		return NULL;
	}
}

/* 1 if elements may fail: what they would have given is none then. */
static int
is_partial(const pb_array_node *a)
{
	return a->success_criteria_case ==
	    FLYTEIDL__CORE__ARRAY_NODE__SUCCESS_CRITERIA_MIN_SUCCESSES ||
	    (a->success_criteria_case ==
	    FLYTEIDL__CORE__ARRAY_NODE__SUCCESS_CRITERIA_MIN_SUCCESS_RATIO &&
	    a->min_success_ratio < 1);
}

/* The interface of an array over a sub-node of this one. */
static struct iface *
listed(struct builder *b, const pb_array_node *array, const struct iface *of)
{
	struct arena *a = &b->c->scratch;
	struct iface *f = arena_new(a, struct iface);
	c_map struct map bound = MAP_INIT;
	pb_literal_type *t;
	size_t i;

	for (i = 0; i < array->n_bound_inputs; i++)
		map_put(&bound, str_of(array->bound_inputs[i]), 1);
	f->in.at = arena_new_n(a, of->in.n, struct var);
	f->out.at = arena_new_n(a, of->out.n, struct var);
	f->in.n = of->in.n;
	f->out.n = of->out.n;
	for (i = 0; i < of->in.n; i++) {
		f->in.at[i] = of->in.at[i];
		if (map_get(&bound, str_of(of->in.at[i].name)) == MAP_NONE)
			f->in.at[i].type = type_list(a, (pb_literal_type *)
			    (uintptr_t)of->in.at[i].type);
	}
	for (i = 0; i < of->out.n; i++) {
		t = (pb_literal_type *)(uintptr_t)of->out.at[i].type;
		if (is_partial(array) && !type_takes_none(t))
			t = type_optional(a, t);
		f->out.at[i] = of->out.at[i];
		f->out.at[i].type = type_list(a, t);
	}
	return f;
}

/* As it is: the real compiler does not look at
 * is_original_sub_node_interface (flyte-execution.md, section 0). */
static struct iface *
array_interface(struct builder *b, struct cnode *n)
{
	pb_node *inner = n->msg->array_node->node;
	struct compile_place place = builder_place(b, n, NULL);
	const Google__Protobuf__BoolValue *original;
	struct cnode *in;
	struct iface *f;

	if (inner == NULL) {
		required(b, n, "ArrayNode.Node");
		return NULL;
	}
	in = cnode_new(b, inner, n);
	if (in->depth > MAX_DEPTH) {
		FAULT(b, WORKFLOW_BUILD_ERROR, n->msg->id, &place,
		    "nodes are nested deeper than %d levels", MAX_DEPTH);
		return NULL;
	}
	in->name = builder_intern(b, inner->id);
	f = cnode_interface(b, in);
	if (f == NULL || (b->c->unit->flags & COMPILE_MAP_ORIGINAL) == 0)
		return f;
	original = n->msg->array_node->is_original_sub_node_interface;
	return original != NULL && original->value ?
	    listed(b, n->msg->array_node, f) : f;
}

static struct iface *
target_interface(struct builder *b, struct cnode *n)
{
	switch ((int)n->msg->target_case) {
	case NODE_TASK:
		return task_interface(b, n);
	case NODE_WORKFLOW:
		return workflow_interface(b, n);
	case NODE_BRANCH:
		return cbranch_interface(b, n);
	case NODE_GATE:
		return gate_interface(b, n);
	case NODE_ARRAY:
		return array_interface(b, n);
	default:
		required(b, n, "Target");
		return NULL;
	}
}

struct iface *
cnode_interface(struct builder *b, struct cnode *n)
{
	struct compile_place place = builder_place(b, n, NULL);
	uint64_t before = b->c->errors->calls;
	struct iface *f;

	if (n->iface_done) {
		/* Its errors count again wherever it is asked for. */
		b->c->errors->calls += n->iface == NULL;
		return n->iface;
	}
	n->iface_done = 1;
	f = target_interface(b, n);
	if (f != NULL)
		(void)iface_report(b->c, n->msg->id, &place, f);
	n->iface = b->c->errors->calls == before ? f : NULL;
	return n->iface;
}

/* ---- outputs ------------------------------------------------------------- */
/* The names that aliases took away, unless an alias is called so. */
static void
add_own_names(struct builder *b, struct cnode *n)
{
	const struct vars *own = &n->iface->out;
	struct vars all = { arena_new_n(&b->c->scratch, n->out.n + own->n,
	    struct var), n->out.n };
	size_t i;

	memcpy(all.at, n->out.at, n->out.n * sizeof(*all.at));
	for (i = 0; i < own->n; i++)
		if (vars_find(&n->out, own->at[i].name) == NULL)
			all.at[all.n++] = own->at[i];
	vars_sort(&all);
	n->out = all;
}

/* Renames the outputs that have an alias.  0 or -1. */
static int
alias_outputs(struct builder *b, struct cnode *n)
{
	struct compile_place place = builder_place(b, n, NULL);
	pb_alias *const *al = n->msg->output_aliases;
	c_map struct map seen = MAP_INIT;
	uint64_t before = b->c->errors->calls;
	struct var *v;
	size_t i;

	n->out.at = arena_new_n(&b->c->scratch, n->out.n, struct var);
	if (n->iface != NULL && n->out.n > 0)
		memcpy(n->out.at, n->iface->out.at,
		    n->out.n * sizeof(*n->out.at));
	for (i = 0; i < n->msg->n_output_aliases; i++) {
		place.var = al[i]->var;
		if (map_put(&seen, str_of(al[i]->var), 1) != MAP_NONE) {
			FAULT(b, DUPLICATE_ALIAS, n->msg->id, &place,
			    "the output of alias '%s' has another already",
			    al[i]->alias);
			continue;
		}
		if (n->iface == NULL)
			continue;
		v = vars_find(&n->iface->out, al[i]->var);
		if (v != NULL)
			n->out.at[v - n->iface->out.at].name = al[i]->alias;
		else
			FAULT(b, PARAMETER_NOT_BOUND, n->msg->id, &place,
			    "alias '%s' is of an output '%s' that is not "
			    "there", al[i]->alias, al[i]->var);
	}
	vars_sort(&n->out);
	if ((b->c->unit->flags & COMPILE_OWN_NAMES) != 0 && n->iface != NULL)
		add_own_names(b, n);
	return b->c->errors->calls == before ? 0 : -1;
}

struct vars *
cnode_outputs(struct builder *b, struct cnode *n)
{
	if (!n->out_done) {
		n->out_done = 1;
		if (n->iface != NULL)
			n->out = n->iface->out;
		if (n->msg->n_output_aliases > 0)
			n->out_bad = alias_outputs(b, n) < 0;
	}
	return n->out_bad ? NULL : &n->out;
}

/* ---- the node ------------------------------------------------------------ */
static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Sorted, so that the order of the front end does not show. */
static void
sort_upstream(struct builder *b, struct cnode *n)
{
	size_t i, k = n->msg->n_upstream_node_ids;
	pb_node *copy;
	char **ids;

	for (i = 1; i < k; i++)
		if (strcmp(n->msg->upstream_node_ids[i - 1],
		    n->msg->upstream_node_ids[i]) > 0)
			break;
	if (i >= k)
		return;
	ids = arena_new_n(b->c->arena, k, char *);
	memcpy(ids, n->msg->upstream_node_ids, k * sizeof(*ids));
	qsort(ids, k, sizeof(*ids), by_text);
	if (!n->own) {
		/* Its parts are still the unit's: own stays 0. */
		copy = arena_alloc(b->c->arena, sizeof(*copy));
		*copy = *n->msg;
		n->msg = copy;
	}
	n->msg->upstream_node_ids = ids;
}

void
cnode_check(struct builder *b, struct cnode *n)
{
	struct compile_place place = builder_place(b, n, NULL);

	if (*n->msg->id == '\0')
		FAULT(b, VALUE_REQUIRED, "<node>", &place,
		    "a node has no id (Id)");
	if (strcmp(n->msg->id, START_NODE) == 0 ||
	    strcmp(n->msg->id, END_NODE) == 0)
		return;
	if (cnode_interface(b, n) != NULL)
		(void)cnode_outputs(b, n);
	sort_upstream(b, n);
	if (n->msg->target_case == NODE_BRANCH)
		cbranch_check(b, n);
	else if (n->msg->target_case == NODE_WORKFLOW &&
	    n->msg->workflow_node->reference_case == REF_SUB)
		cnode_sub_check(b, n);
}

void
cnode_edges(struct builder *b, struct cnode *n, enum edge_kind kind)
{
	uint32_t at;
	size_t i;

	if (n->iface == NULL)
		return;
	if (n->name == UINT32_MAX)
		n->name = builder_intern(b, n->msg->id);
	for (i = 0; kind == EDGE_BOTH && i < n->msg->n_upstream_node_ids;
	    i++) {
		at = builder_intern(b, n->msg->upstream_node_ids[i]);
		builder_edge(b, kind, at, n->name);
	}
	(void)cnode_bindings(b, n, n->msg->inputs, n->msg->n_inputs,
	    &n->iface->in, kind, NULL);
}
