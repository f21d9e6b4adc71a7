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

/* ---- lowering ----------------------------------------------------------- */

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

static void
lower_after(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	char **names;
	size_t count, i;
	uint32_t at;

	if (n->k.after == TREE_NONE || shape_words(l, n->k.after,
	    "the name of a node", &names, &count) < 0)
		return;
	n->pb->upstream_node_ids = arena_new_n(l->a, count, char *);
	for (i = 0; i < count; i++) {
		at = map_get(&w->names, str_of(names[i]));
		if (at == MAP_NONE || at >= w->nodes.n) {
			shape_fault(l, DIAG_BAD_REFERENCE, n->k.after,
			    "no node is called \"%s\"", names[i]);
			continue;
		}
		n->pb->upstream_node_ids[n->pb->n_upstream_node_ids++] =
		    w->nodes.at[at].id;
	}
}

static void
lower_aliases(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	pb_alias *a;

	if (n->k.aliases == TREE_NONE ||
	    shape_is_map(l, n->k.aliases, "a map of new names to outputs") < 0)
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
