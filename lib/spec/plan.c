#include "spec/plan.h"

#include "idl/literal.h"
#include "idl/type.h"
#include "spec/lower.h"
#include "spec/pb.h"
#include "spec/schedule.h"
#include "spec/workflow.h"

typedef Flyteidl__Core__ParameterMap__ParametersEntry parameters_entry;
typedef Flyteidl__Admin__Labels__ValuesEntry labels_entry;
typedef Flyteidl__Admin__Annotations__ValuesEntry annotations_entry;
typedef Flyteidl__Admin__Notification notification;

struct plan_nodes {
	uint32_t	workflow, defaults, fixed, schedule, notify, labels,
			annotations, max_parallelism, interruptible,
			overwrite_cache, env;
};

struct plan {
	struct file	*f;
	struct load	*l;
	struct decl	*d;
	struct plan_nodes at;
	struct target	 target;
	const pb_variable_map *inputs;
	pb_admin_launch_plan_spec *spec;
	struct schedule	 schedule;
};

/* ---- parameters --------------------------------------------------------- */

/* What the workflow itself has as the default of an input, or NULL. */
static const pb_literal *
own_default(const struct target *t, const char *name)
{
	const pb_parameter_map *p = t->ext.parameters;
	size_t i;

	if (t->decl != NULL) {
		const struct declared_list *list = &t->decl->workflow->inputs;

		for (i = 0; i < list->n; i++)
			if (list->at[i].name != NULL &&
			    strcmp(list->at[i].name, name) == 0)
				return list->at[i].default_value;
		return NULL;
	}
	for (i = 0; p != NULL && i < p->n_parameters; i++)
		if (strcmp(p->parameters[i]->key, name) == 0 &&
		    p->parameters[i]->value->behavior_case ==
		    FLYTEIDL__CORE__PARAMETER__BEHAVIOR_DEFAULT)
			return p->parameters[i]->value->default_;
	return NULL;
}

static pb_parameter *
new_parameter(struct load *l, pb_variable *var, const pb_literal *value)
{
	pb_parameter *p = PB_NEW(l->a, flyteidl__core__parameter);

	p->var = var;
	if (value != NULL) {
		p->behavior_case = FLYTEIDL__CORE__PARAMETER__BEHAVIOR_DEFAULT;
		p->default_ = literal_dup(value, l->a);
	} else {
		p->behavior_case =
		    FLYTEIDL__CORE__PARAMETER__BEHAVIOR_REQUIRED;
		p->required = 1;
	}
	return p;
}

static void
add_parameter(struct load *l, pb_parameter_map *map, char *name,
    pb_parameter *p)
{
	parameters_entry *e = PB_NEW_NESTED(l->a, parameters_entry,
	    flyteidl__core__parameter_map__parameters_entry);

	e->key = name;
	e->value = p;
	map->parameters[map->n_parameters++] = e;
}

/* Constants for inputs of the workflow, by name; faults are reported. */
static pb_literal_map *
load_values(struct plan *p, uint32_t node, const char *key)
{
	pb_literal_map *map = literal_map_new(p->l->a);
	c_strbuf struct strbuf what = STRBUF_INIT, list = STRBUF_INIT;
	const pb_variable *v;
	pb_literal *lit;
	char *name;

	if (node == TREE_NONE || tree_is_null(p->l->t, node) ||
	    shape_need_map(p->l, node, "a map of inputs") < 0)
		return map;
	TREE_EACH_PAIR(p->l->t, node, k, val) {
		name = shape_strdup(p->l, p->l->t->at[k].text);
		v = type_variable(p->inputs, name);
		if (v == NULL) {
			shape_fault(p->l, DIAG_BAD_REFERENCE, k, "the "
			    "workflow has no input \"%s\"", name);
			strbuf_reset(&list);
			type_add_variables(&list, p->inputs);
			diag_hint(p->l->ds, "its inputs: %s", list.p);
			continue;
		}
		strbuf_reset(&what);
		strbuf_addf(&what, "%s \"%s\"", key, name);
		lit = interface_constant(p->l, val, v->type, 0, what.p);
		if (lit != NULL)
			literal_map_put(map, p->l->a, name, lit);
	}
	return map;
}

static void
lower_parameters(struct plan *p)
{
	pb_literal_map *defaults = load_values(p, p->at.defaults, "default");
	pb_literal_map *fixed = load_values(p, p->at.fixed, "fixed");
	const pb_literal *value;
	pb_parameter_map *params;
	const char *name;
	size_t i;

	params = PB_NEW(p->l->a, flyteidl__core__parameter_map);
	params->parameters = arena_new_n(p->l->a, p->inputs->n_variables,
	    parameters_entry *);
	for (i = 0; i < p->inputs->n_variables; i++) {
		name = p->inputs->variables[i]->key;
		value = literal_map_get(defaults, name);
		if (literal_map_get(fixed, name) != NULL) {
			if (value != NULL)
				shape_fault(p->l, DIAG_EXCLUSIVE, p->at.fixed,
				    "input \"%s\" is fixed and has a default",
				    name);
			continue;
		}
		if (value == NULL)
			value = own_default(&p->target, name);
		/* interface.py transform_inputs_to_parameters: what is
		 * optional need not be given. */
		if (value == NULL && type_takes_none(
		    p->inputs->variables[i]->value->type))
			value = literal_none(p->l->a);
		add_parameter(p->l, params, p->inputs->variables[i]->key,
		    new_parameter(p->l, p->inputs->variables[i]->value,
		    value));
	}
	p->spec->default_inputs = params;
	p->spec->fixed_inputs = fixed;
}

/* ---- the other keys ----------------------------------------------------- */

/* A scheduled run has nobody to give inputs. */
static void
check_scheduled(struct plan *p)
{
	const char *kickoff = p->schedule.message->kickoff_time_input_arg;
	const pb_parameter_map *params = p->spec->default_inputs;
	const pb_variable *v;
	size_t i;

	if (p->schedule.kickoff_node != TREE_NONE && kickoff[0] != '\0') {
		v = type_variable(p->inputs, kickoff);
		if (v == NULL || !type_is_simple(v->type,
		    FLYTEIDL__CORE__SIMPLE_TYPE__DATETIME) ||
		    literal_map_get(p->spec->fixed_inputs, kickoff) != NULL)
			shape_fault(p->l, DIAG_BAD_REFERENCE,
			    p->schedule.kickoff_node, "kickoff: \"%s\" is not "
			    "a datetime input that is left open", kickoff);
	}
	for (i = 0; i < params->n_parameters; i++) {
		if (params->parameters[i]->value->behavior_case ==
		    FLYTEIDL__CORE__PARAMETER__BEHAVIOR_DEFAULT ||
		    strcmp(params->parameters[i]->key, kickoff) == 0)
			continue;
		shape_fault(p->l, DIAG_MISSING_KEY, p->at.schedule, "a value "
		    "for input \"%s\", which a scheduled run needs",
		    params->parameters[i]->key);
		diag_hint(p->l->ds, "put it under fixed: or defaults:");
	}
}

static void
lower_schedule(struct plan *p)
{
	Flyteidl__Admin__ConcurrencyPolicy *c;

	if (p->at.schedule == TREE_NONE)
		return;
	schedule_load(p->l, p->at.schedule, &p->schedule);
	if (p->schedule.message == NULL)
		return;
	p->spec->entity_metadata->schedule = p->schedule.message;
	check_scheduled(p);
	if (!p->schedule.skip_overlap)
		return;
	c = PB_NEW(p->l->a, flyteidl__admin__concurrency_policy);
	c->max = 1;
	c->behavior = FLYTEIDL__ADMIN__CONCURRENCY_LIMIT_BEHAVIOR__CONCURRENCY_LIMIT_BEHAVIOR_SKIP;
	p->spec->concurrency_policy = c;
}

static void
load_phases(struct plan *p, uint32_t node, notification *n)
{
	static const char *const words[] = { "succeeded", "failed", "aborted",
	    "timed_out" };
	static const Flyteidl__Core__WorkflowExecution__Phase phases[] = {
		FLYTEIDL__CORE__WORKFLOW_EXECUTION__PHASE__SUCCEEDED,
		FLYTEIDL__CORE__WORKFLOW_EXECUTION__PHASE__FAILED,
		FLYTEIDL__CORE__WORKFLOW_EXECUTION__PHASE__ABORTED,
		FLYTEIDL__CORE__WORKFLOW_EXECUTION__PHASE__TIMED_OUT,
	};
	size_t i;

	if (p->l->t->at[node].kind != TREE_SEQ ||
	    p->l->t->at[node].n == 0) {
		shape_wrong(p->l, node, "a list of succeeded, failed, "
		    "aborted, timed_out");
		return;
	}
	n->phases = arena_new_n(p->l->a, p->l->t->at[node].n,
	    Flyteidl__Core__WorkflowExecution__Phase);
	TREE_EACH(p->l->t, node, c)
		if (shape_choice(p->l, c, words, ARRAY_LEN(words), &i) == 0)
			n->phases[n->n_phases++] = phases[i];
}

static notification *
new_notification(struct plan *p, const notification *of)
{
	notification *n = PB_NEW(p->l->a, flyteidl__admin__notification);

	n->phases = of->phases;
	n->n_phases = of->n_phases;
	return n;
}

/* Each way of telling is a message of its own. */
static size_t
load_notification(struct plan *p, uint32_t node, notification **ret)
{
	uint32_t phases, email, slack, pager;
	const struct shape_key keys[] = {
		{ "phases", &phases }, { "email", &email },
		{ "slack", &slack }, { "pagerduty", &pager },
	};
	notification *of = PB_NEW(p->l->a, flyteidl__admin__notification);
	size_t n = 0;

	if (shape_keys(p->l, node, "a notification", keys,
	    ARRAY_LEN(keys)) < 0)
		return 0;
	if (phases == TREE_NONE)
		shape_fault(p->l, DIAG_MISSING_KEY, node, "phases");
	else
		load_phases(p, phases, of);
	if (email == TREE_NONE && slack == TREE_NONE && pager == TREE_NONE)
		shape_fault(p->l, DIAG_MISSING_KEY, node, "email, slack or "
		    "pagerduty");
#define WAY(at, field, CASE, prefix) do {				\
	if ((at) == TREE_NONE)						\
		break;							\
	ret[n] = new_notification(p, of);				\
	ret[n]->type_case = FLYTEIDL__ADMIN__NOTIFICATION__TYPE_##CASE;	\
	ret[n]->field = PB_NEW(p->l->a, prefix);			\
	(void)shape_words(p->l, (at), "an address",			\
	    &ret[n]->field->recipients_email,				\
	    &ret[n]->field->n_recipients_email);			\
	n++;								\
} while (0)
	WAY(email, email, EMAIL, flyteidl__admin__email_notification);
	WAY(slack, slack, SLACK, flyteidl__admin__slack_notification);
	WAY(pager, pager_duty, PAGER_DUTY,
	    flyteidl__admin__pager_duty_notification);
#undef WAY
	return n;
}

static void
lower_notify(struct plan *p)
{
	pb_admin_launch_plan_metadata *m = p->spec->entity_metadata;
	uint32_t node = p->at.notify;

	if (node == TREE_NONE)
		return;
	if (p->l->t->at[node].kind != TREE_SEQ) {
		shape_wrong(p->l, node, "a list of notifications");
		return;
	}
	m->notifications = arena_new_n(p->l->a,
	    (size_t)p->l->t->at[node].n * 3, notification *);
	TREE_EACH(p->l->t, node, c)
		m->n_notifications += load_notification(p, c,
		    m->notifications + m->n_notifications);
}

static void
lower_labels(struct plan *p)
{
	Flyteidl__Admin__Labels *labels = PB_NEW(p->l->a,
	    flyteidl__admin__labels);
	labels_entry *e;

	p->spec->labels = labels;
	if (p->at.labels == TREE_NONE || shape_need_map(p->l, p->at.labels,
	    "a map of names and texts") < 0)
		return;
	labels->values = arena_new_n(p->l->a,
	    p->l->t->at[p->at.labels].n, labels_entry *);
	TREE_EACH_PAIR(p->l->t, p->at.labels, k, v) {
		e = PB_NEW_NESTED(p->l->a, labels_entry,
		    flyteidl__admin__labels__values_entry);
		e->key = shape_strdup(p->l, p->l->t->at[k].text);
		e->value = shape_text(p->l, v, "text");
		if (e->value != NULL)
			labels->values[labels->n_values++] = e;
	}
}

static void
add_annotation(struct plan *p, char *key, char *value)
{
	Flyteidl__Admin__Annotations *a = p->spec->annotations;
	annotations_entry *e;

	if (value == NULL)
		return;
	e = PB_NEW_NESTED(p->l->a, annotations_entry,
	    flyteidl__admin__annotations__values_entry);
	e->key = key;
	e->value = value;
	a->values[a->n_values++] = e;
}

static void
lower_annotations(struct plan *p)
{
	uint32_t node = p->at.annotations;
	size_t n = 1;

	p->spec->annotations = PB_NEW(p->l->a, flyteidl__admin__annotations);
	if (node != TREE_NONE && shape_need_map(p->l, node,
	    "a map of names and texts") < 0)
		node = TREE_NONE;
	if (node != TREE_NONE)
		n += p->l->t->at[node].n;
	p->spec->annotations->values = arena_new_n(p->l->a, n,
	    annotations_entry *);
	if (node != TREE_NONE)
		TREE_EACH_PAIR(p->l->t, node, k, v)
			add_annotation(p, shape_strdup(p->l,
			    p->l->t->at[k].text), shape_text(p->l, v,
			    "text"));
	if (p->schedule.catchup != NULL)
		add_annotation(p, arena_strdup(p->l->a, LOWER_CATCHUP),
		    arena_strdup(p->l->a, p->schedule.catchup));
}

static void
lower_env(struct plan *p)
{
	Flyteidl__Admin__Envs *envs;
	pb_key_value_pair *kv;

	if (p->at.env == TREE_NONE || shape_need_map(p->l, p->at.env,
	    "a map of names and texts") < 0)
		return;
	envs = PB_NEW(p->l->a, flyteidl__admin__envs);
	envs->values = arena_new_n(p->l->a, p->l->t->at[p->at.env].n,
	    pb_key_value_pair *);
	TREE_EACH_PAIR(p->l->t, p->at.env, k, v) {
		if (shape_name(p->l, k, "an environment variable", 0) < 0)
			continue;
		kv = PB_NEW(p->l->a, flyteidl__core__key_value_pair);
		kv->key = shape_strdup(p->l, p->l->t->at[k].text);
		kv->value = shape_text(p->l, v, "text");
		if (kv->value != NULL)
			envs->values[envs->n_values++] = kv;
	}
	p->spec->envs = envs;
}

static void
lower_limits(struct plan *p)
{
	uint32_t u;
	int yes;

	if (p->at.max_parallelism != TREE_NONE && shape_uint(p->l,
	    p->at.max_parallelism, 0, INT32_MAX, &u) == 0)
		p->spec->max_parallelism = (int32_t)u;
	if (p->at.interruptible != TREE_NONE && shape_bool(p->l,
	    p->at.interruptible, &yes) == 0) {
		p->spec->interruptible = PB_NEW(p->l->a,
		    google__protobuf__bool_value);
		p->spec->interruptible->value = yes;
	}
	if (p->at.overwrite_cache != TREE_NONE && shape_bool(p->l,
	    p->at.overwrite_cache, &yes) == 0)
		p->spec->overwrite_cache = yes;
}

static pb_admin_launch_plan *
new_plan(struct load *l, pb_identifier *id)
{
	pb_admin_launch_plan *p = PB_NEW(l->a, flyteidl__admin__launch_plan);

	p->id = id;
	p->spec = PB_NEW(l->a, flyteidl__admin__launch_plan_spec);
	p->spec->entity_metadata = PB_NEW(l->a,
	    flyteidl__admin__launch_plan_metadata);
	p->spec->raw_output_data_config = PB_NEW(l->a,
	    flyteidl__admin__raw_output_data_config);
	return p;
}

static void
lower_keys(struct plan *p)
{
	lower_parameters(p);
	lower_schedule(p);
	lower_notify(p);
	lower_labels(p);
	lower_annotations(p);
	lower_env(p);
	lower_limits(p);
}

void
plan_lower(struct file *f, struct decl *d)
{
	struct plan p = { .f = f, .l = &f->l, .d = d };
	struct plan_nodes *at = &p.at;
	const struct shape_key keys[] = {
		{ "workflow", &at->workflow }, { "defaults", &at->defaults },
		{ "fixed", &at->fixed }, { "schedule", &at->schedule },
		{ "notify", &at->notify }, { "labels", &at->labels },
		{ "annotations", &at->annotations },
		{ "max_parallelism", &at->max_parallelism },
		{ "interruptible", &at->interruptible },
		{ "overwrite_cache", &at->overwrite_cache },
		{ "env", &at->env },
	};
	pb_admin_launch_plan *plan;
	size_t faults = f->l.faults;

	if (shape_keys(p.l, d->node, "a launch plan", keys,
	    ARRAY_LEN(keys)) < 0)
		return;
	if (at->workflow == TREE_NONE) {
		shape_fault(p.l, DIAG_MISSING_KEY, d->key, "workflow");
		return;
	}
	target_find(f, ENTITY_WORKFLOW, at->workflow, &p.target);
	p.inputs = target_inputs(f, &p.target);
	if (p.inputs == NULL)
		return;
	if (load_find(f, ENTITY_WORKFLOW, str_of(d->name)) != NULL &&
	    strcmp(target_id(&p.target)->name, d->name) != 0)
		shape_fault(p.l, DIAG_DUPLICATE_NAME, d->key, "\"%s\" is the "
		    "plan that the workflow of this name has", d->name);
	plan = new_plan(p.l, d->id);
	p.spec = plan->spec;
	p.spec->workflow_id = target_id(&p.target);
	if (p.target.decl == NULL && p.target.ext.interface != NULL) {
		plan->closure = PB_NEW(p.l->a,
		    flyteidl__admin__launch_plan_closure);
		plan->closure->expected_outputs =
		    p.target.ext.interface->outputs;
	}
	lower_keys(&p);
	d->faulty |= p.l->faults > faults ||
	    (p.target.decl != NULL && p.target.decl->faulty);
	d->plan = plan;
}

void
plan_imply(struct file *f, struct decl *workflow, struct decl *d)
{
	struct plan p = { .f = f, .l = &f->l, .d = d };

	memset(&p.at, 0xff, sizeof(p.at));
	p.target.kind = ENTITY_WORKFLOW;
	p.target.decl = workflow;
	p.inputs = target_inputs(f, &p.target);
	d->plan = new_plan(p.l, d->id);
	p.spec = d->plan->spec;
	p.spec->workflow_id = workflow->id;
	lower_keys(&p);
	d->faulty = workflow->faulty;
}
