/*
 * One workflow (flytepropeller, compiler/workflow_compiler.go,
 * ValidateWorkflow), and the sub-workflows it refers to.
 */

#include "base/limits.h"
#include "compile/build.h"
#include "idl/wire.h"

static void
builder_release(struct builder *b)
{
	map_release(&b->ids);
	map_release(&b->compiled_subs);
	VEC_RELEASE(&b->names);
	VEC_RELEASE(&b->node_of);
	VEC_RELEASE(&b->nodes);
	VEC_RELEASE(&b->up);
	VEC_RELEASE(&b->down);
	VEC_RELEASE(&b->has);
	b->c->depth--;
}

/* ---- nodes --------------------------------------------------------------- */
static struct cnode *
add_node(struct builder *b, pb_node *msg, unsigned own)
{
	struct cnode *n = cnode_new(b, msg, NULL);

	n->own = own & 1;
	n->name = builder_intern(b, msg->id);
	/* A second node of the same id is checked and dropped: a quirk of
	 * the real compiler. */
	if (b->node_of.at[n->name] != NULL)
		return n;
	b->node_of.at[n->name] = n;
	VEC_PUSH(&b->nodes, n);
	return n;
}

static struct cnode *
add_sentinel(struct builder *b, const char *id)
{
	pb_node *msg = PB_NEW(b->c->arena, flyteidl__core__node);

	msg->id = (char *)(uintptr_t)id;
	return add_node(b, msg, 1);
}

/* start-node gives the workflow's inputs, end-node takes its outputs. */
static void
add_sentinels(struct builder *b, struct iface *f)
{
	struct cnode *start = add_sentinel(b, START_NODE);
	struct cnode *end = add_sentinel(b, END_NODE);

	start->iface = arena_new(&b->c->scratch, struct iface);
	start->iface->out = f->in;
	end->iface = arena_new(&b->c->scratch, struct iface);
	end->iface->in = f->out;
	start->iface_done = end->iface_done = 1;
	end->msg->inputs = b->wf->outputs;
	end->msg->n_inputs = b->wf->n_outputs;
}

/* Nodes nobody waits for, or that wait for nobody. */
static void
add_orphan_edges(struct builder *b)
{
	uint32_t start = builder_intern(b, START_NODE);
	uint32_t end = builder_intern(b, END_NODE), at;
	size_t i;

	if (b->nodes.n == 2 && (b->has.at[end] & HAS_UP) == 0)
		builder_edge(b, EDGE_BOTH, start, end);
	for (i = 0; i < b->nodes.n; i++) {
		at = b->nodes.at[i]->name;
		if (at == start || at == end)
			continue;
		if ((b->has.at[at] & HAS_UP) == 0)
			builder_edge(b, EDGE_BOTH, start, at);
		if ((b->has.at[at] & HAS_DOWN) == 0)
			builder_edge(b, EDGE_BOTH, at, end);
	}
}

/* ---- what the compiler changes ------------------------------------------- */
/* An empty node id means start-node, and is written so. */
static void
name_start(pb_binding_data *d, unsigned depth)
{
	size_t i;

	if (d == NULL || depth > MAX_MESSAGE_DEPTH)
		return;
	switch ((int)d->value_case) {
	case BINDING_PROMISE:
		if (*d->promise->node_id == '\0')
			d->promise->node_id = (char *)(uintptr_t)START_NODE;
		break;
	case BINDING_LIST:
		for (i = 0; i < d->collection->n_bindings; i++)
			name_start(d->collection->bindings[i], depth + 1);
		break;
	case BINDING_MAP:
		for (i = 0; i < d->map->n_bindings; i++)
			name_start(d->map->bindings[i]->value, depth + 1);
		break;
	case BINDING_SCALAR:
	case BINDING_OFFLOADED:
	default:
		break;
	}
}

static pb_node *
settle_node(struct builder *b, struct cnode *n)
{
	size_t i;

	for (i = 0; i < n->n_kids; i++)
		(void)settle_node(b, n->kids[i]);
	if (!n->start_promise)
		return n->msg;
	if (!n->own)
		n->msg = (pb_node *)wire_dup(&n->msg->base, b->c->arena);
	for (i = 0; i < n->msg->n_inputs; i++)
		name_start(n->msg->inputs[i]->binding, 0);
	return n->msg;
}

/* end-node's bindings are the workflow's own outputs. */
static void
settle_outputs(struct builder *b, struct cnode *end)
{
	size_t i, n = b->wf->n_outputs;
	pb_binding **copy;

	if (!end->start_promise)
		return;
	copy = arena_new_n(b->c->arena, n, pb_binding *);
	for (i = 0; i < n; i++) {
		copy[i] = (pb_binding *)wire_dup(&b->wf->outputs[i]->base,
		    b->c->arena);
		name_start(copy[i]->binding, 0);
	}
	b->wf->outputs = end->msg->inputs = copy;
	end->start_promise = 0;
}

static void
settle(struct builder *b, struct cnode *failure)
{
	size_t i;

	settle_outputs(b, b->nodes.at[1]);
	b->wf->n_nodes = b->nodes.n;
	b->wf->nodes = arena_new_n(b->c->arena, b->nodes.n, pb_node *);
	for (i = 0; i < b->nodes.n; i++)
		b->wf->nodes[i] = settle_node(b, b->nodes.at[i]);
	if (failure != NULL)
		b->wf->failure_node = settle_node(b, failure);
	builder_connections(b);
}

/* ---- the workflow -------------------------------------------------------- */
static int
check_interface(struct builder *b, struct iface **ret)
{
	struct compile_place place = builder_place(b, NULL, NULL);

	b->wf->interface = iface_filled(b->c->arena, b->wf->interface);
	*ret = iface_of(&b->c->scratch, b->wf->interface->inputs,
	    b->wf->interface->outputs);
	return iface_report(b->c, START_NODE, &place, *ret);
}

static void
check_nodes(struct builder *b, unsigned own)
{
	size_t i;

	for (i = 0; i < b->wf->n_nodes; i++)
		cnode_check(b, add_node(b, b->wf->nodes[i], own));
	for (i = 0; i < b->nodes.n; i++)
		if (strcmp(b->nodes.at[i]->msg->id, START_NODE) != 0)
			cnode_edges(b, b->nodes.at[i], EDGE_BOTH);
}

static struct cnode *
check_failure_node(struct builder *b, unsigned own)
{
	struct cnode *n;

	if (b->wf->failure_node == NULL)
		return NULL;
	n = cnode_new(b, b->wf->failure_node, NULL);
	n->own = own & 1;
	/* A branch or gate adds edges of its own while it is looked at. */
	n->name = builder_intern(b, n->msg->id);
	cnode_check(b, n);
	cnode_edges(b, n, EDGE_UP);
	return n;
}

int
compiler_workflow(struct compiler *c, pb_compiled_workflow *w, int own)
{
	cleanup(builder_release) struct builder b = { .c = c,
	    .compiled = w, .wf = w->template_, .ids = MAP_INIT,
	    .compiled_subs = MAP_INIT };
	struct compile_place place;
	uint64_t before = c->errors->calls;
	struct cnode *failure;
	struct iface *f;

	c->depth++;
	b.name = b.wf->id == NULL ? "" : b.wf->id->name;
	place = builder_place(&b, NULL, NULL);
	if (b.wf->n_nodes == 0 && (b.wf->n_outputs == 0 ||
	    (c->unit->flags & COMPILE_PASS_THROUGH) == 0)) {
		FAULT(&b, NO_NODES_FOUND, compiler_text(c, b.wf->id), &place,
		    "workflow '%s' has no nodes", b.name);
		return -1;
	}
	if (check_interface(&b, &f) < 0)
		return -1;
	add_sentinels(&b, f);
	check_nodes(&b, own != 0);
	failure = check_failure_node(&b, own != 0);
	add_orphan_edges(&b);
	builder_reach(&b);
	settle(&b, failure);
	return c->errors->calls == before ? 0 : -1;
}

void
cnode_sub_check(struct builder *b, struct cnode *n)
{
	const pb_identifier *id = n->msg->workflow_node->sub_workflow_ref;
	struct compile_place place = builder_place(b, n, NULL);
	struct compiler *c = b->c;
	uint32_t at = map_get(&c->subs, compiler_key(c, id));
	struct sub *s;

	if (at == MAP_NONE)
		return;
	s = &c->sub[at];
	if (map_get(&b->compiled_subs, s->key) != MAP_NONE)
		return;
	/* Without branches another run would find the same. */
	if (!s->pure || (!s->done && !s->failed)) {
		c->again += s->runs == 0 ? 0 : s->compiled->template_->n_nodes;
		if (s->runs++ >= MAX_SUB_RUNS || c->depth > MAX_DEPTH ||
		    c->again > MAX_SUB_RUN_NODES) {
			/* One error, however many ways there are. */
			FAULT(b, WORKFLOW_BUILD_ERROR, START_NODE, &place,
			    "a sub-workflow with branches is used in too "
			    "many ways");
			return;
		}
		s->done = compiler_workflow(c, s->compiled, s->runs > 1) == 0;
		s->failed = !s->done;
	}
	if (s->failed)
		c->errors->calls++;
	else
		map_put(&b->compiled_subs, s->key, 1);
}
