#include "exec.h"

#include "base/limits.h"
#include "idl/wire.h"
#include "run/history.h"

/*
 * The task of a node that ran, found by its path in the closure of the
 * execution: ids, and below a node with nodes of its own the attempt.
 */

static const pb_node *	find_in_list(pb_node *const *, size_t n,
			    struct str id, unsigned depth);

/* Branches hold the nodes of their ways. */
static const pb_node *
find_in_branch(const pb_if_else_block *b, struct str id, unsigned depth)
{
	const pb_node *found = NULL;
	size_t i;

	if (b == NULL || depth > MAX_DEPTH)
		return NULL;
	if (b->case_ != NULL)
		found = find_in_list(&b->case_->then_node, 1, id, depth);
	for (i = 0; found == NULL && i < b->n_other; i++)
		found = find_in_list(&b->other[i]->then_node, 1, id, depth);
	if (found == NULL && b->default_case ==
	    FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT_ELSE_NODE)
		found = find_in_list(&b->else_node, 1, id, depth);
	return found;
}

static const pb_node *
find_in_list(pb_node *const *nodes, size_t n, struct str id, unsigned depth)
{
	const pb_node *found = NULL;
	size_t i;

	for (i = 0; found == NULL && i < n; i++) {
		const pb_node *node = nodes[i];

		if (node == NULL)
			continue;
		if (str_is(id, node->id))
			return node;
		if (node->target_case ==
		    FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE)
			found = find_in_branch(node->branch_node->if_else, id,
			    depth + 1);
	}
	return found;
}

static const pb_node *
find_node(const pb_workflow_template *w, struct str id)
{
	const pb_node *node = find_in_list(w->nodes, w->n_nodes, id, 0);

	if (node == NULL && w->failure_node != NULL)
		node = find_in_list(&w->failure_node, 1, id, 0);
	return node;
}

static const pb_workflow_template *
find_workflow(const pb_compiled_workflow_closure *c, const pb_identifier *id)
{
	size_t i;

	for (i = 0; i < c->n_sub_workflows; i++)
		if (wire_equal(&c->sub_workflows[i]->template_->id->base,
		    &id->base))
			return c->sub_workflows[i]->template_;
	return NULL;
}

static const pb_task_template *
find_task(const pb_compiled_workflow_closure *c, const pb_identifier *id)
{
	size_t i;

	for (i = 0; i < c->n_tasks; i++)
		if (wire_equal(&c->tasks[i]->template_->id->base, &id->base))
			return c->tasks[i]->template_;
	return NULL;
}

/* Up to the next slash, which is taken too. */
static struct str
next_word(struct str *path)
{
	const char *p = memchr(path->p, '/', path->n);
	struct str word = *path;

	if (p == NULL) {
		*path = (struct str){ path->p + path->n, 0 };
		return word;
	}
	word.n = (size_t)(p - path->p);
	*path = (struct str){ p + 1, path->n - word.n - 1 };
	return word;
}

static int
walk(const pb_compiled_workflow_closure *c, struct str path,
    const pb_task_template **ret, struct err *e)
{
	const pb_workflow_template *w = c->primary->template_;
	const pb_node *node = NULL;

	while (path.n > 0) {
		struct str word = next_word(&path);

		node = find_node(w, word);
		if (node == NULL)
			return err_set(e, ERR_MISSING, "there is no node "
			    STR_FMT " in its graph", STR_ARG(word));
		/* An element of a map: the node inside, with what follows. */
		if (node->target_case ==
		    FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE && path.n > 0) {
			next_word(&path);
			next_word(&path);
			node = node->array_node->node;
		}
		if (path.n == 0)
			break;
		next_word(&path);
		/* The ways of a branch were searched with the graph. */
		if (node->target_case ==
		    FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE)
			continue;
		if (node->target_case !=
		    FLYTEIDL__CORE__NODE__TARGET_WORKFLOW_NODE ||
		    node->workflow_node->reference_case !=
		    FLYTEIDL__CORE__WORKFLOW_NODE__REFERENCE_SUB_WORKFLOW_REF)
			return err_set(e, ERR_REFUSED, "node %s: what it made "
			    "while it ran can not be replayed yet", node->id);
		w = find_workflow(c, node->workflow_node->sub_workflow_ref);
		if (w == NULL)
			return err_set(e, ERR_CORRUPT, "node %s: its workflow "
			    "is not in the closure", node->id);
	}
	if (node == NULL || node->target_case !=
	    FLYTEIDL__CORE__NODE__TARGET_TASK_NODE)
		return err_set(e, ERR_USAGE, "is not a node that runs a task");
	*ret = find_task(c, node->task_node->reference_id);
	if (*ret == NULL)
		return err_set(e, ERR_CORRUPT, "node %s: its task is not in "
		    "the closure", node->id);
	return 0;
}

static int
read_inputs(struct exec *x, const struct history_node *n, struct err *e)
{
	ProtobufCMessage *m;
	struct store *store;
	struct str bytes;

	if (n->inputs.p == NULL)
		return err_set(e, ERR_MISSING, "its inputs were not recorded: "
		    "it was %s", n->cache != NULL &&
		    strcmp(n->cache, "HIT") == 0 ?
		    "reused from the cache" : "not started");
	if (context_store(&x->ctx, &store, e) < 0 ||
	    history_literals(store, n->inputs, &x->ctx.arena, &bytes, e) < 0 ||
	    wire_unpack(&flyteidl__core__literal_map__descriptor, bytes,
	    &x->ctx.arena, &m, e) < 0)
		return -1;
	x->recorded = (pb_literal_map *)m;
	return 0;
}

static int
read_closure(struct exec *x, const char *home, const char *address,
    pb_compiled_workflow_closure **ret, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	ProtobufCMessage *m;

	if (address == NULL)
		return err_set(e, ERR_CORRUPT, "its journal names no closure");
	if (closure_get(home, address, &b, e) < 0 ||
	    wire_unpack(&flyteidl__core__compiled_workflow_closure__descriptor,
	    strbuf_str(&b), &x->ctx.arena, &m, e) < 0)
		return -1;
	*ret = (pb_compiled_workflow_closure *)m;
	return 0;
}

static int
find(struct exec *x, struct history *h, struct err *e)
{
	const char *home, *project, *domain, *path;
	struct arena *a = &x->ctx.arena;
	pb_compiled_workflow_closure *closure;
	const struct history_node *n;
	struct execution_id id;
	int attempt;

	if (context_home(&x->ctx, &home, e) < 0 ||
	    context_project(&x->ctx, &project, e) < 0 ||
	    context_domain(&x->ctx, &domain, e) < 0 ||
	    execution_find_address(home, x->replay, project, domain, a, &id,
	    &path, &attempt, e) < 0)
		return -1;
	if (path == NULL)
		return err_set(e, ERR_USAGE, "which node? (ID/NODE)");
	if (history_load(home, &id, h, e) < 0)
		return -1;
	n = history_node(h, path);
	if (n == NULL)
		return err_set(e, ERR_MISSING, "nothing is known of a node %s",
		    path);
	if (read_inputs(x, n, e) < 0 ||
	    read_closure(x, home, h->closure, &closure, e) < 0 ||
	    walk(closure, n->path, &x->task, e) < 0)
		return -1;
	x->name = arena_str(a, n->path).p;
	x->project = id.project;
	x->domain = id.domain;
	x->code = h->code == NULL ? NULL : arena_strdup(a, h->code);
	return 0;
}

int
exec_find_replay(struct exec *x)
{
	struct history h = { .dir = NULL };
	struct err e;
	int r = find(x, &h, &e);

	if (r < 0)
		r = err_wrap(&e, "--replay %s", x->replay);
	history_release(&h);
	x->cache = 0;
	return r < 0 ? fail(&x->ctx, &e) : 0;
}
