#include "spec/workflow.h"

#include "base/limits.h"
#include "idl/literal.h"
#include "idl/type.h"
#include "spec/node.h"

#define NAME_INPUT	UINT32_C(0x80000000)

/* ---- declaring ---------------------------------------------------------- */

static void
declare_inputs(struct workflow *w, uint32_t inputs)
{
	struct load *l = &w->f->l;
	size_t i;

	if (interface_load(l, inputs, "an input", DECLARED_DEFAULTS,
	    &w->inputs) < 0)
		w->decl->faulty = 1;
	for (i = 0; i < w->inputs.n; i++)
		if (w->inputs.at[i].name != NULL)
			map_put(&w->names, str_of(w->inputs.at[i].name),
			    (uint32_t)i | NAME_INPUT);
}

void
workflow_declare(struct file *f, struct decl *d)
{
	struct load *l = &f->l;
	struct workflow *w = xcalloc(1, sizeof(*w));
	uint32_t inputs = tree_get(l->t, d->node, "inputs");

	d->workflow = w;
	w->f = f;
	w->decl = d;
	w->outputs = TREE_NONE;
	w->t = PB_NEW(l->a, flyteidl__core__workflow_template);
	w->t->id = d->id;
	w->t->metadata = PB_NEW(l->a, flyteidl__core__workflow_metadata);
	w->t->metadata_defaults = PB_NEW(l->a,
	    flyteidl__core__workflow_metadata_defaults);
	w->spec = PB_NEW(l->a, flyteidl__admin__workflow_spec);
	w->spec->template_ = w->t;
	w->t->interface = PB_NEW(l->a, flyteidl__core__typed_interface);
	declare_inputs(w, inputs);
	w->t->interface->inputs = interface_variables(l, &w->inputs);
	w->t->interface->outputs = PB_NEW(l->a, flyteidl__core__variable_map);
}

/* The lists that nodes hold; the nodes themselves are in the arena. */
static void
node_list_release(struct node_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		VEC_RELEASE(&list->at[i].refs);
}

void
workflow_release(struct workflow *w)
{
	if (w == NULL)
		return;
	map_release(&w->names);
	VEC_RELEASE(&w->subs);
	VEC_RELEASE(&w->plans);
	VEC_RELEASE(&w->outside);
	VEC_RELEASE(&w->users);
	node_list_release(&w->nodes);
	free(w);
}

/* ---- reading the nodes -------------------------------------------------- */

static int
name_is_free(struct workflow *w, uint32_t key)
{
	struct load *l = &w->f->l;
	struct str name = l->t->at[key].text;
	uint32_t other = map_get(&w->names, name);

	if (str_is(name, "start-node") || str_is(name, "end-node")) {
		shape_fault(l, DIAG_BAD_NAME, key, "\"" STR_FMT "\" is a "
		    "node of Flyte's own", STR_ARG(name));
		return 0;
	}
	if (other == MAP_NONE)
		return 1;
	shape_fault(l, DIAG_DUPLICATE_NAME, key, "\"" STR_FMT "\" is %s "
	    "already", STR_ARG(name), other & NAME_INPUT ? "an input" :
	    "a node");
	return 0;
}

static void
read_nodes(struct workflow *w, uint32_t nodes)
{
	struct load *l = &w->f->l;
	struct node *n;

	if (shape_need_map(l, nodes, "a map of nodes") < 0)
		return;
	w->nodes.at = arena_new_n(l->a, l->t->at[nodes].n, struct node);
	TREE_EACH_PAIR(l->t, nodes, k, v) {
		if (shape_name(l, k, "a node", 1) < 0 || !name_is_free(w, k))
			continue;
		n = &w->nodes.at[w->nodes.n];
		n->name = l->t->at[k].text;
		n->id = shape_strdup(l, n->name);
		n->key = k;
		map_put(&w->names, n->name, (uint32_t)w->nodes.n++);
		node_read(w, n, v);
	}
}

static void
read_policy(struct workflow *w)
{
	static const char *const policies[] = { "fail_immediately",
	    "fail_after_executable_nodes_complete" };
	size_t i;

	if (w->policy != TREE_NONE && shape_choice(&w->f->l, w->policy,
	    policies, ARRAY_LEN(policies), &i) == 0)
		w->t->metadata->on_failure =
		    (Flyteidl__Core__WorkflowMetadata__OnFailurePolicy)i;
}

static void
read_description(struct workflow *w)
{
	struct load *l = &w->f->l;
	Flyteidl__Admin__DescriptionEntity *d;
	char *text;

	if (w->description == TREE_NONE)
		return;
	text = shape_text(l, w->description, "text");
	if (text == NULL)
		return;
	d = PB_NEW(l->a, flyteidl__admin__description_entity);
	d->short_description = text;
	w->spec->description = d;
}

/* The root of what a dynamic task wrote. */
static int
is_dynamic(const struct workflow *w)
{
	return w->f->dynamic && w->decl->node == 0;
}

/* All but the bindings. */
static void
read_workflow(struct workflow *w)
{
	struct load *l = &w->f->l;
	uint32_t inputs, nodes = TREE_NONE, failure, rest;
	const struct shape_key of_dynamic[] = {
		{ "nodes", &nodes }, { "outputs", &w->outputs },
		{ "tasks", &rest }, { "workflows", &rest },
	};
	const struct shape_key keys[] = {
		{ "inputs", &inputs }, { "nodes", &nodes },
		{ "outputs", &w->outputs }, { "on_failure", &failure },
		{ "failure_policy", &w->policy },
		{ "interruptible", &w->interruptible },
		{ "description", &w->description },
	};
	int interruptible = 0;

	w->policy = w->interruptible = w->description = failure = TREE_NONE;
	if (is_dynamic(w) ? shape_keys(l, w->decl->node, "a dynamic spec",
	    of_dynamic, ARRAY_LEN(of_dynamic)) < 0 : shape_keys(l,
	    w->decl->node, "a workflow", keys, ARRAY_LEN(keys)) < 0)
		return;
	if (nodes == TREE_NONE || l->t->at[nodes].n == 0)
		shape_fault(l, DIAG_MISSING_KEY, w->decl->key, "nodes: a "
		    "workflow has at least one");
	else
		read_nodes(w, nodes);
	if (failure != TREE_NONE) {
		w->failure = arena_new(l->a, struct node);
		w->failure->id = arena_strdup(l->a, "fn0");
		w->failure->name = str_of(w->failure->id);
		w->failure->key = failure;
		if (map_get(&w->names, w->failure->name) != MAP_NONE)
			shape_fault(l, DIAG_BAD_NAME, failure, "\"fn0\" names "
			    "the failure node and another");
		node_read(w, w->failure, failure);
	}
	read_policy(w);
	read_description(w);
	if (w->interruptible != TREE_NONE)
		(void)shape_bool(l, w->interruptible, &interruptible);
	w->t->metadata_defaults->interruptible = interruptible;
}

/* ---- outputs ------------------------------------------------------------ */

/* {type, value} instead of a bare value. */
static int
is_explicit(const struct tree *t, uint32_t node)
{
	return t->at[node].kind == TREE_MAP &&
	    tree_get(t, node, "value") != TREE_NONE &&
	    tree_get(t, node, "type") != TREE_NONE;
}

static pb_variable *
lower_output(struct workflow *w, char *name, uint32_t node)
{
	struct load *l = &w->f->l;
	uint32_t type = TREE_NONE, value = node, description = TREE_NONE;
	const struct shape_key keys[] = {
		{ "type", &type }, { "value", &value },
		{ "description", &description },
	};
	pb_literal_type *t = NULL, *given = NULL;
	pb_binding_data *d;
	pb_variable *v;
	c_strbuf struct strbuf what = STRBUF_INIT;

	if (is_explicit(l->t, node)) {
		shape_keys(l, node, "an output", keys, ARRAY_LEN(keys));
		t = interface_type(l, type);
		if (t == NULL)
			return NULL;
	} else if ((is_dynamic(w) || w->f->whole) && type_variable(l->opt->outputs, name)) {
		t = type_variable(l->opt->outputs, name)->type;
	}
	strbuf_addf(&what, "output \"%s\"", name);
	d = bind_value(w, value, t, what.p, &given);
	if (d == NULL && t == NULL && !bind_is_reference(l->t, value))
		diag_hint(l->ds, "write {type: TYPE, value: ...}");
	if (d == NULL)
		return NULL;
	if (t == NULL && given == NULL) {
		shape_fault(l, DIAG_BAD_TYPE, node, "%s: its type cannot be "
		    "told", what.p);
		diag_hint(l->ds, "write {type: TYPE, value: " STR_FMT "}",
		    STR_ARG(l->t->at[value].text));
		return NULL;
	}
	v = PB_NEW(l->a, flyteidl__core__variable);
	v->type = t != NULL ? t : given;
	if (description != TREE_NONE)
		v->description = shape_text(l, description, "text");
	if (v->description == NULL)
		v->description = arena_strdup(l->a, "");
	w->t->outputs[w->t->n_outputs++] = bind_named(l, name, d);
	return v;
}

static void
lower_outputs(struct workflow *w)
{
	struct load *l = &w->f->l;
	struct declared_list list = { NULL, 0 };
	struct declared *d;

	if (w->outputs == TREE_NONE || tree_is_null(l->t, w->outputs) ||
	    shape_need_map(l, w->outputs, "a map of outputs") < 0)
		return;
	list.at = arena_new_n(l->a, l->t->at[w->outputs].n, struct declared);
	w->t->outputs = arena_new_n(l->a, l->t->at[w->outputs].n,
	    pb_binding *);
	TREE_EACH_PAIR(l->t, w->outputs, k, v) {
		if (shape_name(l, k, "an output", 0) < 0)
			continue;
		d = &list.at[list.n++];
		d->name = shape_strdup(l, l->t->at[k].text);
		d->var = lower_output(w, d->name, v);
	}
	w->t->interface->outputs = interface_variables(l, &list);
}

/* Types that are said, for references in a circle of launch plans. */
static void
foresee_outputs(struct workflow *w)
{
	struct load *l = &w->f->l;
	struct declared_list list = { NULL, 0 };
	struct declared *d;

	if (w->outputs == TREE_NONE ||
	    l->t->at[w->outputs].kind != TREE_MAP)
		return;
	list.at = arena_new_n(l->a, l->t->at[w->outputs].n, struct declared);
	TREE_EACH_PAIR(l->t, w->outputs, k, v) {
		if (!is_explicit(l->t, v))
			continue;
		d = &list.at[list.n++];
		d->name = shape_strdup(l, l->t->at[k].text);
		d->var = PB_NEW(l->a, flyteidl__core__variable);
		d->var->type = interface_type(l, tree_get(l->t, v, "type"));
		if (d->var->type == NULL)
			d->var = NULL;
	}
	w->out_types = interface_variables(l, &list);
}

/* ---- lowering ----------------------------------------------------------- */

/*
 * A branch comes after the nodes it refers to: Flyte's compiler does not
 * look ahead for it.  All others keep their place.
 */
static void
order_nodes(struct workflow *w)
{
	size_t i, n = 0, rounds = 0, left = 0;
	int moved = 1;

	w->t->nodes = arena_new_n(w->f->l.a, w->nodes.n, pb_node *);
	for (i = 0; i < w->nodes.n; i++)
		w->nodes.at[i].placed = 0;
	while (moved && rounds++ < MAX_DEPTH) {
		moved = 0;
		left = 0;
		for (i = 0; i < w->nodes.n; i++) {
			struct node *node = &w->nodes.at[i];

			if (node->placed || node->pb == NULL)
				continue;
			if (node->kind == NODE_SWITCH &&
			    !node_refs_placed(node)) {
				left++;
				continue;
			}
			node->placed = moved = 1;
			w->t->nodes[n++] = node->pb;
		}
		if (left == 0)
			break;
	}
	for (i = 0; left > 0 && i < w->nodes.n; i++)
		if (!w->nodes.at[i].placed && w->nodes.at[i].pb != NULL)
			w->t->nodes[n++] = w->nodes.at[i].pb;
	w->t->n_nodes = n;
}

static void
workflow_lower(struct workflow *w)
{
	size_t i, faults = w->f->l.faults;

	for (i = 0; i < w->nodes.n; i++)
		node_lower(w, &w->nodes.at[i]);
	if (w->failure != NULL) {
		node_lower(w, w->failure);
		w->t->failure_node = w->failure->pb;
	}
	lower_outputs(w);
	order_nodes(w);
	for (i = 0; i < w->nodes.n; i++)
		w->decl->faulty |= w->nodes.at[i].faulty;
	w->decl->faulty |= w->f->l.faults > faults ||
	    (w->failure != NULL && w->failure->faulty);
	w->out_types = w->t->interface->outputs;
	w->done = 1;
}

/* ---- order over the file ------------------------------------------------ */

/* Of those not done: everything whose sub-workflows (and, if strict, plans'
 * workflows) are done, again and again.  The number done. */
static size_t
lower_ready(struct file *f, int strict)
{
	VEC(struct workflow *) queue = VEC_INIT;
	struct workflow *w, *u;
	size_t i, j, head = 0, n = f->decls[ENTITY_WORKFLOW].n;
	struct decl *all = f->decls[ENTITY_WORKFLOW].at;

	for (i = 0; i < n; i++) {
		w = all[i].workflow;
		w->waiting = 0;
		VEC_RELEASE(&w->users);
	}
	for (i = 0; i < n; i++) {
		w = all[i].workflow;
		for (j = 0; j < w->subs.n + (strict ? w->plans.n : 0); j++) {
			u = j < w->subs.n ? w->subs.at[j] :
			    w->plans.at[j - w->subs.n];
			if (u->done)
				continue;
			VEC_PUSH(&u->users, w);
			w->waiting++;
		}
	}
	for (i = 0; i < n; i++)
		if (!all[i].workflow->done && all[i].workflow->waiting == 0)
			VEC_PUSH(&queue, all[i].workflow);
	while (head < queue.n) {
		w = queue.at[head++];
		workflow_lower(w);
		VEC_PUSH(&f->order, w);
		for (j = 0; j < w->users.n; j++)
			if (--w->users.at[j]->waiting == 0 &&
			    !w->users.at[j]->done)
				VEC_PUSH(&queue, w->users.at[j]);
	}
	VEC_RELEASE(&queue);
	return head;
}

typedef VEC(pb_workflow_template *) template_list;

static void
add_template(struct load *l, template_list *all, struct map *seen,
    pb_workflow_template *t)
{
	struct entity_id id = entity_id_of(t->id);
	c_strbuf struct strbuf b = STRBUF_INIT;

	entity_id_add(&b, &id);
	if (map_get(seen, strbuf_str(&b)) != MAP_NONE)
		return;
	map_put(seen, arena_str(l->a, strbuf_str(&b)), 0);
	VEC_PUSH(all, t);
}

/* Every template a workflow needs below it, each once. */
static void
gather_subs(struct workflow *w)
{
	c_map struct map seen = MAP_INIT;
	template_list all = VEC_INIT;
	struct load *l = &w->f->l;
	struct workflow *s;
	size_t i, j;

	for (i = 0; i < w->subs.n; i++) {
		s = w->subs.at[i];
		for (j = 0; j < s->spec->n_sub_workflows; j++)
			add_template(l, &all, &seen,
			    s->spec->sub_workflows[j]);
		add_template(l, &all, &seen, s->t);
	}
	for (i = 0; i < w->outside.n; i++)
		add_template(l, &all, &seen, w->outside.at[i]);
	w->spec->sub_workflows = arena_new_n(l->a, all.n,
	    pb_workflow_template *);
	for (i = 0; i < all.n; i++)
		w->spec->sub_workflows[i] = all.at[i];
	w->spec->n_sub_workflows = all.n;
	VEC_RELEASE(&all);
}

void
workflows_lower(struct file *f)
{
	struct load *l = &f->l;
	size_t i, j, n = f->decls[ENTITY_WORKFLOW].n;
	struct decl *all = f->decls[ENTITY_WORKFLOW].at;
	struct workflow *w;
	size_t faults;

	for (i = 0; i < n; i++) {
		faults = l->faults;
		read_workflow(all[i].workflow);
		foresee_outputs(all[i].workflow);
		all[i].faulty |= l->faults > faults;
	}
	while (lower_ready(f, 1) > 0 || lower_ready(f, 0) > 0)
		;
	for (i = 0; i < n; i++) {
		if (all[i].workflow->done)
			continue;
		shape_fault(l, DIAG_CYCLE, all[i].key, "workflow \"%s\" is "
		    "among its own sub-workflows", all[i].name);
		diag_hint(l->ds, "a workflow may run itself through a launch "
		    "plan");
		all[i].faulty = 1;
	}
	for (i = 0; i < f->order.n; i++) {
		w = f->order.at[i];
		for (j = 0; j < w->subs.n; j++)
			w->decl->faulty |= w->subs.at[j]->decl->faulty;
		gather_subs(w);
	}
}
