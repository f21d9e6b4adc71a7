/* What the closure declares about the nodes of an execution. */
#include "common/look_p.h"

#include "base/num.h"
#include "idl/pbjson.h"
#include "idl/wire.h"
#include "record/closure.h"

static pb_workflow_template *
graph_of(const struct look_scope *s, const pb_identifier *id)
{
	size_t i;

	for (i = 0; i < s->n_graphs; i++)
		if (s->graphs[i]->id != NULL &&
		    wire_equal(&s->graphs[i]->id->base, &id->base))
			return s->graphs[i];
	return NULL;
}

/* The scope of a graph in another. */
static struct look_scope *
scope_within(struct look *l, const struct look_scope *outer,
    const pb_workflow_template *graph)
{
	struct look_scope *s = arena_new(&l->arena, struct look_scope);

	*s = *outer;
	s->nodes = graph->nodes;
	s->n_nodes = graph->n_nodes;
	s->failure = graph->failure_node;
	return s;
}

static struct look_scope *
scope_of_closure(struct look *l)
{
	const pb_compiled_workflow_closure *c = l->closure;
	struct look_scope outer = { .n_tasks = 0 };
	size_t i;

	outer.tasks = arena_new_n(&l->arena, c->n_tasks, pb_task_template *);
	for (i = 0; i < c->n_tasks; i++)
		if (c->tasks[i]->template_ != NULL)
			outer.tasks[outer.n_tasks++] = c->tasks[i]->template_;
	outer.graphs = arena_new_n(&l->arena, c->n_sub_workflows,
	    pb_workflow_template *);
	for (i = 0; i < c->n_sub_workflows; i++)
		if (c->sub_workflows[i]->template_ != NULL)
			outer.graphs[outer.n_graphs++] =
			    c->sub_workflows[i]->template_;
	return scope_within(l, &outer, c->primary->template_);
}

/* What a dynamic task wrote. */
static struct look_scope *
scope_of_spec(struct look *l, struct str json)
{
	const Flyteidl__Core__DynamicJobSpec *spec;
	struct look_scope *s = arena_new(&l->arena, struct look_scope);
	ProtobufCMessage *m;
	struct err e;

	if (pbjson_parse(&flyteidl__core__dynamic_job_spec__descriptor, json,
	    PBJSON_SKIP_UNKNOWN, &l->arena, &m, &e) < 0) {
		if (l->trouble.kind == ERR_NONE)
			l->trouble = e;
		return s;
	}
	spec = (const void *)m;
	s->as_written = 1;
	s->nodes = spec->nodes;
	s->n_nodes = spec->n_nodes;
	s->tasks = spec->tasks;
	s->n_tasks = spec->n_tasks;
	s->graphs = spec->subworkflows;
	s->n_graphs = spec->n_subworkflows;
	return s;
}

/* The item of a node declared inside another (LOOK_NONE: at the top). */
static uint32_t
declared_item(struct look *l, uint32_t parent, uint32_t within,
    const char *id, int make)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	uint32_t at;

	if (parent != LOOK_NONE) {
		strbuf_addstr(&path, l->items.at[parent].path);
		strbuf_addf(&path, "/%u/", within);
	}
	strbuf_adds(&path, id);
	at = map_get(&l->by_path, strbuf_str(&path));
	if (at == MAP_NONE)
		at = !make ? LOOK_NONE : look_add_item(l, strbuf_str(&path),
		    parent, within);
	return at;
}

static void
declare(struct look *l, uint32_t parent, uint32_t within,
    const struct look_scope *s, const pb_node *node, int make)
{
	uint32_t at;

	if (node == NULL || strcmp(node->id, "start-node") == 0 ||
	    strcmp(node->id, "end-node") == 0)
		return;
	at = declared_item(l, parent, within, node->id, make);
	if (at == LOOK_NONE)
		return;
	l->items.at[at].decl = node;
	l->items.at[at].scope = s;
}

static void
declare_all(struct look *l, uint32_t parent, uint32_t within,
    const struct look_scope *s)
{
	size_t i;

	for (i = 0; i < s->n_nodes; i++)
		declare(l, parent, within, s, s->nodes[i], 1);
	declare(l, parent, within, s, s->failure, 0);
}

/* A way of a switch, under the id that the compiler gives it. */
static void
declare_way(struct look *l, uint32_t at, uint32_t within,
    const struct look_scope *s, const pb_node *node)
{
	pb_node *own;

	if (s->as_written && node != NULL) {
		own = arena_new(&l->arena, pb_node);
		*own = *node;
		own->id = arena_printf(&l->arena, "%s-%s",
		    l->items.at[at].decl->id, node->id);
		node = own;
	}
	declare(l, at, within, s, node, 0);
}

static void
declare_branch(struct look *l, uint32_t at, uint32_t within,
    const struct look_scope *s, const pb_branch_node *branch)
{
	const Flyteidl__Core__IfElseBlock *b = branch->if_else;
	size_t i;

	if (b == NULL)
		return;
	if (b->case_ != NULL)
		declare_way(l, at, within, s, b->case_->then_node);
	for (i = 0; i < b->n_other; i++)
		declare_way(l, at, within, s, b->other[i]->then_node);
	if (b->default_case ==
	    FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT_ELSE_NODE)
		declare_way(l, at, within, s, b->else_node);
}

static int
by_element(const void *a, const void *b, void *arg)
{
	const struct look_item *items = arg;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;

	if (items[i].element != items[k].element)
		return items[i].element < items[k].element ? -1 : 1;
	return i < k ? -1 : i > k;
}

/* Links the children of a map in the order of their index. */
static void
sort_elements(struct look *l, uint32_t at)
{
	VEC(uint32_t) children = VEC_INIT;
	struct look_item *items = l->items.at;
	uint32_t i;
	size_t k;

	for (i = items[at].first; i != LOOK_NONE; i = items[i].next)
		VEC_PUSH(&children, i);
	if (children.n == 0)
		return;
	qsort_r(children.at, children.n, sizeof(uint32_t), by_element, items);
	items[at].first = children.at[0];
	items[at].last = VEC_LAST(&children);
	for (k = 0; k < children.n; k++)
		items[children.at[k]].next = k + 1 < children.n ?
		    children.at[k + 1] : LOOK_NONE;
	VEC_RELEASE(&children);
}

static void
declare_elements(struct look *l, uint32_t at, const struct look_scope *s,
    const pb_array_node *array)
{
	uint32_t i;
	uint64_t n;

	for (i = l->items.at[at].first; i != LOOK_NONE;
	    i = l->items.at[i].next) {
		struct look_item *it = &l->items.at[i];

		if (it->id.n < 2 || it->id.p[0] != 'n' ||
		    num_parse_u64((struct str){ it->id.p + 1, it->id.n - 1 },
		    0, UINT32_MAX, &n) < 0)
			continue;
		it->element = (int64_t)n;
		it->decl = array->node;
		it->scope = s;
	}
	sort_elements(l, at);
}

/* What is declared inside an item that has begun. */
static void
declare_inside(struct look *l, uint32_t at)
{
	const struct look_item it = l->items.at[at];
	uint32_t within = it.node == NULL ? 0 : it.node->attempt;
	pb_workflow_template *graph;

	if (it.node == NULL && it.first == LOOK_NONE)
		return;
	if (it.node != NULL && it.node->spec.p != NULL) {
		declare_all(l, at, within, scope_of_spec(l, it.node->spec));
		return;
	}
	if (it.decl == NULL)
		return;
	switch (it.decl->target_case) {
	case FLYTEIDL__CORE__NODE__TARGET_WORKFLOW_NODE:
		if (it.decl->workflow_node->reference_case !=
		    FLYTEIDL__CORE__WORKFLOW_NODE__REFERENCE_SUB_WORKFLOW_REF)
			return;
		graph = graph_of(it.scope,
		    it.decl->workflow_node->sub_workflow_ref);
		if (graph != NULL && it.first != LOOK_NONE)
			declare_all(l, at, within,
			    scope_within(l, it.scope, graph));
		return;
	case FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE:
		declare_branch(l, at, within, it.scope,
		    it.decl->branch_node);
		return;
	case FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE:
		declare_elements(l, at, it.scope, it.decl->array_node);
		return;
	case FLYTEIDL__CORE__NODE__TARGET__NOT_SET:
	case FLYTEIDL__CORE__NODE__TARGET_TASK_NODE:
	case FLYTEIDL__CORE__NODE__TARGET_GATE_NODE:
	case _FLYTEIDL__CORE__NODE__TARGET__CASE_IS_INT_SIZE:
	default:
		return;
	}
}

static int
read_closure(struct look *l)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	const pb_compiled_workflow_closure *c;
	ProtobufCMessage *m;

	if (l->history.closure == NULL)
		return err_set(&l->trouble, ERR_CORRUPT,
		    "the journal names no closure");
	if (closure_get(l->home, l->history.closure, &bytes,
	    &l->trouble) < 0 || wire_unpack(
	    &flyteidl__core__compiled_workflow_closure__descriptor,
	    strbuf_str(&bytes), &l->arena, &m, &l->trouble) < 0)
		return -1;
	c = (const void *)m;
	if (c->primary == NULL || c->primary->template_ == NULL)
		return err_set(&l->trouble, ERR_CORRUPT,
		    "closure %s: without a workflow", l->history.closure);
	l->closure = c;
	return 0;
}

void
look_declare(struct look *l)
{
	size_t i;

	if (read_closure(l) < 0)
		return;
	declare_all(l, LOOK_NONE, 0, scope_of_closure(l));
	for (i = 0; i < l->items.n; i++)
		declare_inside(l, (uint32_t)i);
}
