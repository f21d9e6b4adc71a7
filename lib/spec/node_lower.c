#include "spec/node.h"

#include "base/limits.h"
#include "idl/literal.h"
#include "idl/type.h"

/* Nodes to flyteidl. */

void
node_add_ref(struct workflow *w, struct node *n, struct node *to)
{
	size_t i;

	(void)w;
	for (; n->parent != NULL; n = n->parent)
		;
	if (n->kind != NODE_SWITCH || to == NULL)
		return;
	for (i = n->refs.n; i > 0 && i + 8 > n->refs.n; i--)
		if (n->refs.at[i - 1] == to)
			return;
	VEC_PUSH(&n->refs, to);
}

int
node_refs_placed(const struct node *n)
{
	size_t i;

	for (i = 0; i < n->refs.n; i++)
		if (!n->refs.at[i]->placed)
			return 0;
	return 1;
}

static const pb_task_metadata *
task_metadata(const struct node *n)
{
	if (n->target.kind != ENTITY_TASK)
		return NULL;
	if (n->target.decl == NULL)
		return n->target.ext.metadata;
	return n->target.decl->task == NULL ? NULL :
	    n->target.decl->task->template_->metadata;
}

static void
set_cache(struct workflow *w, const struct node *n,
    const struct cache_setting *c, pb_node_metadata *m)
{
	if (c->node == TREE_NONE)
		return;
	if (c->is_auto || c->n_ignore > 0) {
		shape_fault(&w->f->l, DIAG_BAD_VALUE, c->node, "%s is the "
		    "task's to say", c->is_auto ? "cache: auto" : "ignore");
		return;
	}
	(void)n;
	m->cacheable_value_case =
	    FLYTEIDL__CORE__NODE_METADATA__CACHEABLE_VALUE_CACHEABLE;
	m->cacheable = !c->off;
	if (c->version != NULL && !c->off) {
		m->cache_version_value_case =
	    FLYTEIDL__CORE__NODE_METADATA__CACHE_VERSION_VALUE_CACHE_VERSION;
		m->cache_version = c->version;
		m->cache_serializable_value_case =
FLYTEIDL__CORE__NODE_METADATA__CACHE_SERIALIZABLE_VALUE_CACHE_SERIALIZABLE;
		m->cache_serializable = c->serialize;
	}
}

/* What the node says, else what its task says: Flyte's engine reads only the
 * node's timeout and interruptible. */
void
node_set_metadata(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	const pb_task_metadata *task = task_metadata(n);
	pb_node_metadata *m = PB_NEW(l->a, flyteidl__core__node_metadata);

	n->pb->metadata = m;
	m->name = n->id;
	if (n->k.name != TREE_NONE)
		m->name = shape_text(l, n->k.name, "a name to show");
	if (m->name == NULL)
		m->name = n->id;
	settings_load(l, &n->k.settings, &n->set);
	if (n->set.rules != NULL) {
		shape_fault(l, DIAG_EXCLUSIVE, n->k.settings.retries,
		    "rules for retries are the task's");
		diag_hint(l->ds, "a node may only say how many: retries: 2");
	}
	m->timeout = n->set.timeout;
	m->retries = n->set.retries;
	if (n->set.interruptible >= 0) {
		m->interruptible_value_case =
	FLYTEIDL__CORE__NODE_METADATA__INTERRUPTIBLE_VALUE_INTERRUPTIBLE;
		m->interruptible = n->set.interruptible;
	}
	set_cache(w, n, &n->set.cache, m);
	if (task == NULL)
		return;
	if (m->timeout == NULL)
		m->timeout = task->timeout;
	if (m->retries == NULL)
		m->retries = task->retries;
	if (n->set.interruptible < 0 && task->interruptible_value_case ==
	    FLYTEIDL__CORE__TASK_METADATA__INTERRUPTIBLE_VALUE_INTERRUPTIBLE) {
		m->interruptible_value_case =
	FLYTEIDL__CORE__NODE_METADATA__INTERRUPTIBLE_VALUE_INTERRUPTIBLE;
		m->interruptible = task->interruptible;
	}
}

static void
set_overrides(struct workflow *w, const struct node *n, pb_task_node *t)
{
	Flyteidl__Core__TaskNodeOverrides *o;

	if (n->set.resources == NULL && n->set.image == NULL)
		return;
	o = PB_NEW(w->f->l.a, flyteidl__core__task_node_overrides);
	o->resources = n->set.resources;
	if (n->set.image != NULL)
		o->container_image = n->set.image;
	t->overrides = o;
}

void
node_set_target(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	pb_workflow_node *wn;
	pb_task_node *tn;

	if (n->target.kind == ENTITY_TASK) {
		tn = PB_NEW(l->a, flyteidl__core__task_node);
		tn->reference_case =
		    FLYTEIDL__CORE__TASK_NODE__REFERENCE_REFERENCE_ID;
		tn->reference_id = target_id(&n->target);
		set_overrides(w, n, tn);
		n->pb->target_case = FLYTEIDL__CORE__NODE__TARGET_TASK_NODE;
		n->pb->task_node = tn;
		return;
	}
	wn = PB_NEW(l->a, flyteidl__core__workflow_node);
	if (n->target.kind == ENTITY_WORKFLOW) {
		wn->reference_case =
	    FLYTEIDL__CORE__WORKFLOW_NODE__REFERENCE_SUB_WORKFLOW_REF;
		wn->sub_workflow_ref = target_id(&n->target);
	} else {
		wn->reference_case =
	    FLYTEIDL__CORE__WORKFLOW_NODE__REFERENCE_LAUNCHPLAN_REF;
		wn->launchplan_ref = target_id(&n->target);
	}
	n->pb->target_case = FLYTEIDL__CORE__NODE__TARGET_WORKFLOW_NODE;
	n->pb->workflow_node = wn;
}

/* A switch has those that its cases use already. */
static int
waits_for(const pb_node *n, const char *id)
{
	size_t i;

	for (i = 0; i < n->n_upstream_node_ids; i++)
		if (strcmp(n->upstream_node_ids[i], id) == 0)
			return 1;
	return 0;
}

static void
lower_after(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	size_t count, had = n->pb->n_upstream_node_ids, i;
	char **names, **ids;
	uint32_t at;

	if (n->k.after == TREE_NONE || shape_words(l, n->k.after,
	    "the name of a node", &names, &count) < 0)
		return;
	ids = arena_new_n(l->a, had + count, char *);
	for (i = 0; i < had; i++)
		ids[i] = n->pb->upstream_node_ids[i];
	n->pb->upstream_node_ids = ids;
	for (i = 0; i < count; i++) {
		at = map_get(&w->names, str_of(names[i]));
		if (at == MAP_NONE || at >= w->nodes.n) {
			shape_fault(l, DIAG_BAD_REFERENCE, n->k.after,
			    "no node is called \"%s\"", names[i]);
			continue;
		}
		if (!waits_for(n->pb, w->nodes.at[at].id))
			ids[n->pb->n_upstream_node_ids++] =
			    w->nodes.at[at].id;
	}
}

static void
lower_aliases(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	pb_alias *a;

	if (n->k.aliases == TREE_NONE ||
	    shape_need_map(l, n->k.aliases, "a map of new names to outputs") < 0)
		return;
	n->pb->output_aliases = arena_new_n(l->a, l->t->at[n->k.aliases].n,
	    pb_alias *);
	TREE_EACH_PAIR(l->t, n->k.aliases, k, v) {
		if (shape_name(l, k, "an output", 0) < 0)
			continue;
		a = PB_NEW(l->a, flyteidl__core__alias);
		a->alias = shape_strdup(l, l->t->at[k].text);
		a->var = shape_text(l, v, "the name of an output");
		if (a->var != NULL)
			n->pb->output_aliases[n->pb->n_output_aliases++] = a;
	}
}

static int
is_error(const pb_literal_type *t)
{
	size_t i;

	if (t->type_case == FLYTEIDL__CORE__LITERAL_TYPE__TYPE_UNION_TYPE)
		for (i = 0; i < t->union_type->n_variants; i++)
			if (type_is_simple(t->union_type->variants[i],
			    FLYTEIDL__CORE__SIMPLE_TYPE__ERROR))
				return 1;
	return type_is_simple(t, FLYTEIDL__CORE__SIMPLE_TYPE__ERROR);
}

/* Stands for the error until the engine puts it there. */
static pb_literal *
no_error_yet(struct load *l, const pb_literal_type *t)
{
	size_t i;

	if (t->type_case == FLYTEIDL__CORE__LITERAL_TYPE__TYPE_UNION_TYPE)
		for (i = 0; i < t->union_type->n_variants; i++)
			if (type_is_simple(t->union_type->variants[i],
			    FLYTEIDL__CORE__SIMPLE_TYPE__NONE))
				return literal_union(l->a, literal_none(l->a),
				    t->union_type->variants[i]);
	return literal_error(l->a, "", "");
}

/* A failure node is given the error as err, and by name the inputs of the
 * workflow that it does not name itself. */
static void
bind_failure(struct workflow *w, struct node *n, const pb_variable_map *params)
{
	struct load *l = &w->f->l;
	pb_output_reference *p;
	pb_binding_data *d;
	size_t i;
	char *var;

	for (i = 0; i < params->n_variables; i++) {
		var = params->variables[i]->key;
		if (n->k.with != TREE_NONE &&
		    tree_get(l->t, n->k.with, var) != TREE_NONE)
			continue;
		if (strcmp(var, "err") == 0 &&
		    is_error(params->variables[i]->value->type)) {
			d = bind_literal(l, no_error_yet(l,
			    params->variables[i]->value->type));
		} else if (type_variable(w->t->interface->inputs, var)) {
			p = PB_NEW(l->a, flyteidl__core__output_reference);
			p->var = var;
			d = PB_NEW(l->a, flyteidl__core__binding_data);
			d->value_case =
			    FLYTEIDL__CORE__BINDING_DATA__VALUE_PROMISE;
			d->promise = p;
		} else {
			continue;
		}
		n->pb->inputs[n->pb->n_inputs++] = bind_named(l, var, d);
	}
}

static void
lower_simple(struct workflow *w, struct node *n)
{
	const pb_variable_map *params = target_inputs(w->f, &n->target);

	if (params == NULL) {
		n->faulty = 1;
		return;
	}
	node_set_metadata(w, n);
	node_set_target(w, n);
	spec_bind_inputs(w, n, params);
	if (n == w->failure)
		bind_failure(w, n, params);
}

void
node_lower(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	struct node *outer = w->current;
	size_t faults = l->faults;

	if (n->broken) {
		n->faulty = 1;
		return;
	}
	n->pb = PB_NEW(l->a, flyteidl__core__node);
	n->pb->id = n->id;
	w->current = n;
	switch (n->kind) {
	case NODE_TASK:
	case NODE_WORKFLOW:
	case NODE_LAUNCHPLAN:
		lower_simple(w, n);
		break;
	case NODE_MAP:
		mapnode_lower(w, n);
		break;
	case NODE_SWITCH:
		switch_lower(w, n);
		break;
	case NODE_GATE:
		gate_lower(w, n);
		break;
	}
	w->current = n;
	lower_after(w, n);
	lower_aliases(w, n);
	w->current = outer;
	n->faulty |= l->faults > faults;
	if (n->faulty)
		n->pb = NULL;
}
