#include "spec/node.h"

#include "base/limits.h"
#include "idl/literal.h"
#include "idl/type.h"

/* ---- reading ------------------------------------------------------------ */

static void
use_workflow(struct workflow *w, const struct target *t)
{
	size_t i;

	if (t->decl != NULL) {
		VEC_PUSH(&w->subs, t->decl->workflow);
		return;
	}
	for (i = 0; i < t->ext.n_sub_workflows; i++)
		VEC_PUSH(&w->outside, t->ext.sub_workflows[i]);
	VEC_PUSH(&w->outside, t->ext.workflow);
}

static void
use_plan(struct workflow *w, const struct target *t)
{
	struct decl *d;

	if (t->decl == NULL || t->decl->plan == NULL)
		return;
	d = load_find(w->f, ENTITY_WORKFLOW,
	    str_of(t->decl->plan->spec->workflow_id->name));
	if (d != NULL && d->id == t->decl->plan->spec->workflow_id)
		VEC_PUSH(&w->plans, d->workflow);
}

/* Finds the target; the workflow then comes after what it uses. */
static void
read_target(struct workflow *w, struct node *n, enum entity_kind kind)
{
	target_find(w->f, kind, n->what, &n->target);
	if (n->target.kind == ENTITY_ANY)
		n->broken = 1;
	else if (kind == ENTITY_WORKFLOW)
		use_workflow(w, &n->target);
	else if (kind == ENTITY_LAUNCH_PLAN)
		use_plan(w, &n->target);
}

/* The one key of those that tell a node's kind. */
static int
read_kind(struct workflow *w, struct node *n, const uint32_t kinds[],
    const char *const names[], size_t n_kinds)
{
	struct load *l = &w->f->l;
	size_t i, found = n_kinds;

	for (i = 0; i < n_kinds; i++) {
		if (kinds[i] == TREE_NONE)
			continue;
		if (found < n_kinds) {
			shape_fault(l, DIAG_EXCLUSIVE, kinds[i], "\"%s\" and "
			    "\"%s\"", names[found], names[i]);
			return -1;
		}
		found = i;
	}
	if (found == n_kinds) {
		shape_fault(l, DIAG_MISSING_KEY, n->at, "what node \"%s\" "
		    "runs", n->id);
		diag_hint(l->ds, "task, workflow, launchplan, map, switch or "
		    "gate");
		return -1;
	}
	n->kind = (enum node_kind)found;
	n->what = kinds[found];
	return 0;
}

/* Keys that only some kinds have. */
static void
refuse_keys(struct workflow *w, const struct node *n)
{
	const struct node_keys *k = &n->k;
	const struct {
		uint32_t	 node;
		const char	*name;
		int		 ok;
	} rules[] = {
		{ k->concurrency, "concurrency", n->kind == NODE_MAP },
		{ k->min_successes, "min_successes", n->kind == NODE_MAP },
		{ k->min_ratio, "min_success_ratio", n->kind == NODE_MAP },
		{ k->bound, "bound", n->kind == NODE_MAP },
		{ k->with, "with", n->kind != NODE_SWITCH },
		{ k->after, "after", n->parent == NULL },
		{ k->settings.resources, "resources", n->kind == NODE_TASK },
		{ k->settings.image, "image", n->kind == NODE_TASK },
		{ k->settings.cache, "cache", n->kind == NODE_TASK ||
		    n->kind == NODE_MAP },
		{ k->settings.retries, "retries", n->kind != NODE_SWITCH &&
		    n->kind != NODE_GATE },
		{ k->settings.interruptible, "interruptible",
		    n->kind != NODE_SWITCH && n->kind != NODE_GATE },
	};
	static const char *const kinds[] = { "task", "workflow", "launchplan",
	    "map", "switch", "gate" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(rules); i++)
		if (rules[i].node != TREE_NONE && !rules[i].ok)
			shape_fault(&w->f->l, DIAG_EXCLUSIVE, rules[i].node,
			    "\"%s\" and \"%s\"", kinds[n->kind],
			    rules[i].name);
}

void
node_read(struct workflow *w, struct node *n, uint32_t at)
{
	static const char *const names[] = { "task", "workflow", "launchplan",
	    "map", "switch", "gate" };
	static const enum entity_kind entities[] = { ENTITY_TASK,
	    ENTITY_WORKFLOW, ENTITY_LAUNCH_PLAN };
	uint32_t kinds[ARRAY_LEN(names)];
	struct node_keys *k = &n->k;
	const struct shape_key keys[] = {
		{ names[0], &kinds[0] }, { names[1], &kinds[1] },
		{ names[2], &kinds[2] }, { names[3], &kinds[3] },
		{ names[4], &kinds[4] }, { names[5], &kinds[5] },
		{ "with", &k->with }, { "after", &k->after },
		{ "aliases", &k->aliases }, { "name", &k->name },
		{ "concurrency", &k->concurrency },
		{ "min_successes", &k->min_successes },
		{ "min_success_ratio", &k->min_ratio },
		{ "bound", &k->bound }, SETTINGS_KEYS(&k->settings),
		/* of a case of a switch only: read there */
		{ "if", &k->cond }, { "error", &k->error },
	};
	size_t faults = w->f->l.faults;

	n->at = at;
	if (shape_keys(&w->f->l, at, "a node", keys, ARRAY_LEN(keys) -
	    (n->parent != NULL ? 0 : 2)) < 0 ||
	    read_kind(w, n, kinds, names, ARRAY_LEN(names)) < 0) {
		n->faulty = n->broken = 1;
		return;
	}
	refuse_keys(w, n);
	if (n == w->failure && n->kind > NODE_LAUNCHPLAN)
		shape_fault(&w->f->l, DIAG_UNSUPPORTED, n->what, "on_failure "
		    "runs a task, a workflow or a launch plan");
	if (n->kind <= NODE_LAUNCHPLAN)
		read_target(w, n, entities[n->kind]);
	else if (n->kind == NODE_MAP)
		mapnode_read(w, n);
	else if (n->kind == NODE_SWITCH)
		switch_read(w, n);
	n->faulty |= w->f->l.faults > faults;
}

/* ---- outputs ------------------------------------------------------------ */

/* With its aliases in place of the names they stand for. */
static const pb_variable_map *
aliased(struct workflow *w, struct node *n, const pb_variable_map *outs)
{
	struct load *l = &w->f->l;
	struct declared_list list = { NULL, outs->n_variables };
	size_t i;

	if (n->k.aliases == TREE_NONE ||
	    l->t->at[n->k.aliases].kind != TREE_MAP)
		return outs;
	list.at = arena_new_n(l->a, list.n, struct declared);
	for (i = 0; i < list.n; i++) {
		list.at[i].name = outs->variables[i]->key;
		list.at[i].var = outs->variables[i]->value;
		TREE_EACH_PAIR(l->t, n->k.aliases, k, v)
			if (tree_is(l->t, v, outs->variables[i]->key))
				list.at[i].name = shape_strdup(l,
				    l->t->at[k].text);
	}
	return interface_variables(l, &list);
}

const pb_variable_map *
spec_node_outputs(struct workflow *w, struct node *n)
{
	const pb_variable_map *outs = NULL;

	if (n->outputs != NULL)
		return n->outputs;
	if (n->broken || n->busy)
		return NULL;
	if (++w->asking > MAX_DEPTH) {
		w->asking--;
		shape_fault(&w->f->l, DIAG_TOO_DEEP, n->key, "too many nodes "
		    "hand each other what is approved");
		return NULL;
	}
	n->busy = 1;
	switch (n->kind) {
	case NODE_TASK:
	case NODE_WORKFLOW:
	case NODE_LAUNCHPLAN:
		outs = target_outputs(w->f, &n->target);
		break;
	case NODE_MAP:
		outs = mapnode_outputs(w, n);
		break;
	case NODE_SWITCH:
		outs = switch_outputs(w, n);
		break;
	case NODE_GATE:
		outs = gate_outputs(w, n);
		break;
	}
	n->busy = 0;
	w->asking--;
	if (outs != NULL)
		n->outputs = aliased(w, n, outs);
	else
		n->faulty = n->broken = 1;
	return n->outputs;
}
