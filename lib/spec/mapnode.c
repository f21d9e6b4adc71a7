/*
 * map: nodes become array nodes.  As flytekit does, a mapped task is a task
 * of its own, the same but for its interface: Flyte's compiler checks the
 * lists against that.
 */
#include "base/num.h"
#include "data/json.h"
#include "idl/castable.h"
#include "idl/type.h"
#include "spec/lower.h"
#include "spec/node.h"
#include "spec/pb.h"

typedef Flyteidl__Core__TaskTemplate__ConfigEntry config_entry;

/* ---- reading ------------------------------------------------------------ */

static void
note_plan(struct workflow *w, struct node *n)
{
	struct decl *d = n->target.decl, *of;

	if (d == NULL || d->plan == NULL)
		return;
	of = load_find(w->f, ENTITY_WORKFLOW,
	    str_of(d->plan->spec->workflow_id->name));
	if (of != NULL && of->id == d->plan->spec->workflow_id)
		VEC_PUSH(&w->plans, of->workflow);
}

/* map: TASK, or map: {task|workflow|launchplan: NAME}. */
void
mapnode_read(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	uint32_t task = TREE_NONE, plan = TREE_NONE, flow = TREE_NONE;
	const struct shape_key keys[] = {
		{ "task", &task }, { "launchplan", &plan },
		{ "workflow", &flow },
	};
	enum entity_kind kind;

	if (l->t->at[n->what].kind == TREE_MAP)
		shape_keys(l, n->what, "a map", keys, ARRAY_LEN(keys));
	else
		task = n->what;
	if ((task != TREE_NONE) + (plan != TREE_NONE) +
	    (flow != TREE_NONE) != 1) {
		shape_fault(l, DIAG_MISSING_KEY, n->what, "one of task, "
		    "launchplan or workflow");
		n->broken = 1;
		return;
	}
	/* A workflow is mapped by the launch plan of its own name. */
	kind = task != TREE_NONE ? ENTITY_TASK : ENTITY_LAUNCH_PLAN;
	target_find(w->f, kind, task != TREE_NONE ? task : plan != TREE_NONE ?
	    plan : flow, &n->target);
	n->broken = n->target.kind == ENTITY_ANY;
	if (n->target.kind == ENTITY_LAUNCH_PLAN)
		note_plan(w, n);
}

/* ---- which inputs are lists of elements --------------------------------- */

static int
is_listed(struct workflow *w, const struct node *n, const char *name)
{
	struct load *l = &w->f->l;

	if (n->k.bound == TREE_NONE)
		return 0;
	if (l->t->at[n->k.bound].kind == TREE_SCALAR)
		return tree_is(l->t, n->k.bound, name);
	TREE_EACH(l->t, n->k.bound, c)
		if (tree_is(l->t, c, name))
			return 1;
	return 0;
}

/* A value that is no list is the same for every element. */
static int
is_bound(struct workflow *w, const struct node *n, const char *name,
    pb_literal_type *type)
{
	struct load *l = &w->f->l;
	struct reference r;
	uint32_t value;

	if (is_listed(w, n, name))
		return 1;
	if (n->k.with == TREE_NONE)
		return 0;
	value = tree_get(l->t, n->k.with, name);
	if (value == TREE_NONE)
		return 0;
	if (!bind_is_reference(l->t, value))
		return l->t->at[value].kind != TREE_SEQ;
	if (bind_reference(w, value, &r) < 0 || r.type == NULL)
		return 0;
	return type_castable(r.type, type) &&
	    !type_castable(r.type, type_list(l->a, type));
}

static void
check_bound_names(struct workflow *w, struct node *n,
    const pb_variable_map *params)
{
	struct load *l = &w->f->l;
	char **names;
	size_t count, i;

	if (n->k.bound == TREE_NONE || shape_words(l, n->k.bound,
	    "the name of an input", &names, &count) < 0)
		return;
	for (i = 0; i < count; i++)
		if (type_variable(params, names[i]) == NULL)
			shape_fault(l, DIAG_BAD_REFERENCE, n->k.bound,
			    "what is mapped has no input \"%s\"", names[i]);
}

/* ---- interfaces --------------------------------------------------------- */

static pb_variable *
variable_of(struct load *l, const pb_variable *of, pb_literal_type *type)
{
	pb_variable *v = PB_NEW(l->a, flyteidl__core__variable);

	v->type = type;
	v->description = of->description;
	return v;
}

/* Elements that may fail are none in place. */
static int
is_partial(struct workflow *w, const struct node *n)
{
	double ratio;

	return n->k.min_successes != TREE_NONE ||
	    (n->k.min_ratio != TREE_NONE && num_parse_f64(
	    w->f->l.t->at[n->k.min_ratio].text, &ratio) == 0 && ratio < 1);
}

pb_variable_map *
mapnode_outputs(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	const pb_variable_map *of = target_outputs(w->f, &n->target);
	struct declared_list list;
	pb_literal_type *type;
	size_t i;

	if (of == NULL)
		return NULL;
	list.n = of->n_variables;
	list.at = arena_new_n(l->a, list.n, struct declared);
	for (i = 0; i < list.n; i++) {
		type = of->variables[i]->value->type;
		if (is_partial(w, n) && !type_takes_none(type))
			type = type_optional(l->a, type);
		list.at[i].name = of->variables[i]->key;
		list.at[i].var = variable_of(l, of->variables[i]->value,
		    type_list(l->a, type));
	}
	return interface_variables(l, &list);
}

/* The inputs as lists, but for the bound ones, which the array names. */
static pb_variable_map *
listed_inputs(struct workflow *w, struct node *n, const pb_variable_map *of,
    pb_array_node *array)
{
	struct load *l = &w->f->l;
	struct declared_list list;
	const pb_variable *v;
	size_t i;
	int bound;

	list.n = of->n_variables;
	list.at = arena_new_n(l->a, list.n, struct declared);
	array->bound_inputs = arena_new_n(l->a, list.n, char *);
	for (i = 0; i < list.n; i++) {
		v = of->variables[i]->value;
		bound = is_bound(w, n, of->variables[i]->key, v->type);
		if (bound)
			array->bound_inputs[array->n_bound_inputs++] =
			    of->variables[i]->key;
		list.at[i].name = of->variables[i]->key;
		list.at[i].var = variable_of(l, v, bound ? v->type :
		    type_list(l->a, v->type));
	}
	return interface_variables(l, &list);
}

/* ---- the mapped task ---------------------------------------------------- */

/* "name.map", then what makes its interface another one. */
static char *
mapped_name(struct workflow *w, const struct node *n, const char *name,
    const pb_array_node *array)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	strbuf_addf(&b, "%s.map", name);
	for (i = 0; i < array->n_bound_inputs; i++)
		strbuf_addf(&b, ".%s", array->bound_inputs[i]);
	strbuf_adds(&b, is_partial(w, n) ? ".partial" : "");
	return shape_strdup(&w->f->l, strbuf_str(&b));
}

static const pb_admin_task_spec *
mapped_from(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	pb_admin_task_spec *s;

	if (n->target.decl != NULL)
		return n->target.decl->task;
	if (n->target.ext.task == NULL ||
	    strcmp(n->target.ext.task->type, LOWER_TASK_TYPE) != 0) {
		shape_fault(l, DIAG_UNSUPPORTED, n->what, "map over a "
		    "registered task that does not come from a spec");
		return NULL;
	}
	s = PB_NEW(l->a, flyteidl__admin__task_spec);
	s->template_ = arena_alloc(l->a, sizeof(*s->template_));
	*s->template_ = *n->target.ext.task;
	return s;
}

static void
add_config(struct load *l, pb_task_template *t, const char *key, char *value)
{
	config_entry *e = PB_NEW_NESTED(l->a, config_entry,
	    flyteidl__core__task_template__config_entry);

	e->key = arena_strdup(l->a, key);
	e->value = value;
	t->config[t->n_config++] = e;
}

static char *
bound_json(struct load *l, const pb_array_node *array)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct json_writer w = json_writer(&b, 0);
	size_t i;

	json_array(&w);
	for (i = 0; i < array->n_bound_inputs; i++)
		json_cstr(&w, array->bound_inputs[i]);
	json_end(&w);
	return shape_strdup(l, strbuf_str(&b));
}

static pb_identifier *
mapped_task(struct workflow *w, struct node *n, pb_variable_map *inputs,
    const pb_array_node *array)
{
	struct load *l = &w->f->l;
	const pb_admin_task_spec *of = mapped_from(w, n);
	pb_task_template *t;
	char *name;
	size_t i;

	if (of == NULL) {
		n->faulty = 1;
		return NULL;
	}
	name = mapped_name(w, n, of->template_->id->name, array);
	if (load_find(w->f, ENTITY_TASK, str_of(name)) != NULL)
		shape_fault(l, DIAG_DUPLICATE_NAME, n->what, "\"%s\" is also "
		    "the name of what this map runs", name);
	for (i = 0; i < w->f->derived.n; i++)
		if (strcmp(w->f->derived.at[i].name, name) == 0)
			return w->f->derived.at[i].id;
	t = arena_alloc(l->a, sizeof(*t));
	*t = *of->template_;
	t->id = load_derive(w->f, name, n->key, of, t);
	t->task_type_version = 1;
	t->interface = PB_NEW(l->a, flyteidl__core__typed_interface);
	t->interface->inputs = inputs;
	t->interface->outputs = mapnode_outputs(w, n);
	t->config = arena_new_n(l->a, t->n_config + 2, config_entry *);
	for (i = 0; i < t->n_config; i++)
		t->config[i] = of->template_->config[i];
	add_config(l, t, LOWER_MAP, of->template_->id->name);
	if (array->n_bound_inputs > 0)
		add_config(l, t, LOWER_MAP_BOUND, bound_json(l, array));
	return t->id;
}

/* ---- lowering ----------------------------------------------------------- */

static void
lower_criteria(struct workflow *w, struct node *n, pb_array_node *a)
{
	struct load *l = &w->f->l;
	double ratio;

	if (n->k.concurrency != TREE_NONE) {
		a->parallelism_option_case =
		    FLYTEIDL__CORE__ARRAY_NODE__PARALLELISM_OPTION_PARALLELISM;
		(void)shape_uint(l, n->k.concurrency, 0, INT32_MAX,
		    &a->parallelism);
	}
	if (n->k.min_successes != TREE_NONE &&
	    n->k.min_ratio != TREE_NONE) {
		shape_fault(l, DIAG_EXCLUSIVE, n->k.min_ratio,
		    "\"min_successes\" and \"min_success_ratio\"");
	} else if (n->k.min_successes != TREE_NONE) {
		a->success_criteria_case =
		FLYTEIDL__CORE__ARRAY_NODE__SUCCESS_CRITERIA_MIN_SUCCESSES;
		(void)shape_uint(l, n->k.min_successes, 0, INT32_MAX,
		    &a->min_successes);
	} else if (n->k.min_ratio != TREE_NONE) {
		if (l->t->at[n->k.min_ratio].kind != TREE_SCALAR ||
		    num_parse_f64(l->t->at[n->k.min_ratio].text, &ratio) < 0 ||
		    !(ratio >= 0 && ratio <= 1)) {
			shape_wrong(l, n->k.min_ratio, "a number from 0 to 1");
			return;
		}
		a->success_criteria_case =
	    FLYTEIDL__CORE__ARRAY_NODE__SUCCESS_CRITERIA_MIN_SUCCESS_RATIO;
		a->min_success_ratio = (float)ratio;
	}
}

/* Retries and the like are those of each element. */
static void
lower_inner(struct workflow *w, struct node *n, pb_variable_map *inputs,
    pb_array_node *a)
{
	struct load *l = &w->f->l;
	struct node inner = *n;

	inner.pb = a->node = PB_NEW(l->a, flyteidl__core__node);
	inner.id = a->node->id = arena_strdup(l->a, "n0");
	node_set_metadata(w, &inner);
	a->node->metadata->name = n->id;
	node_set_target(w, &inner);
	a->is_original_sub_node_interface = PB_NEW(l->a,
	    google__protobuf__bool_value);
	if (n->target.kind == ENTITY_TASK) {
		a->node->task_node->reference_id = mapped_task(w, n, inputs,
		    a);
		return;
	}
	a->is_original_sub_node_interface->value = 1;
	a->execution_mode =
	    FLYTEIDL__CORE__ARRAY_NODE__EXECUTION_MODE__FULL_STATE;
}

void
mapnode_lower(struct workflow *w, struct node *n)
{
	struct load *l = &w->f->l;
	const pb_variable_map *of = target_inputs(w->f, &n->target);
	pb_array_node *a = PB_NEW(l->a, flyteidl__core__array_node);
	pb_variable_map *inputs;
	pb_node_metadata *m;

	if (of == NULL || mapnode_outputs(w, n) == NULL) {
		n->faulty = 1;
		return;
	}
	check_bound_names(w, n, of);
	inputs = listed_inputs(w, n, of, a);
	m = n->pb->metadata = PB_NEW(l->a, flyteidl__core__node_metadata);
	m->name = n->id;
	if (n->k.name != TREE_NONE)
		m->name = shape_text(l, n->k.name, "a name to show");
	if (m->name == NULL)
		m->name = n->id;
	lower_criteria(w, n, a);
	lower_inner(w, n, inputs, a);
	spec_bind_inputs(w, n, inputs);
	if (of->n_variables > 0 && a->n_bound_inputs == of->n_variables)
		shape_fault(l, DIAG_BAD_VALUE, n->what, "no input is a list "
		    "to map over");
	n->pb->target_case = FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE;
	n->pb->array_node = a;
}
