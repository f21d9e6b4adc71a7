/* Entities as text for people: the words of the spec where it has them. */

#include "text.h"

#include "base/limits.h"
#include "base/num.h"
#include "base/utf8.h"
#include "idl/type.h"
#include "idl/value.h"

#define VALUE_WIDTH	60

/* ---- small parts -------------------------------------------------------- */

static void
add_shown(struct strbuf *b, const char *text)
{
	utf8_add_shown(b, str_of(text));
}

/* "  key   text" with the text in a column. */
void
text_add_line(struct strbuf *b, int depth, const char *key,
    const char *fmt, ...)
{
	c_strbuf struct strbuf text = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	strbuf_pad(b, ' ', (size_t)depth * 2);
	strbuf_addf(b, "%-*s ", 14 - depth * 2, key);
	add_shown(b, text.p);
	strbuf_addch(b, '\n');
}

/* Name and version of an id; project and domain where they differ. */
static void
add_target(struct strbuf *b, const pb_identifier *id,
    const struct entity_id *from)
{
	struct entity_id x = entity_id_of(id);

	if (from != NULL && strcmp(x.project, from->project) == 0 &&
	    strcmp(x.domain, from->domain) == 0) {
		entity_part_add(b, x.name);
		if (strcmp(x.version, from->version) != 0 &&
		    x.version[0] != '\0') {
			strbuf_addch(b, '@');
			entity_part_add(b, x.version);
		}
		return;
	}
	if (x.project[0] == '\0')
		entity_part_add(b, x.name);
	else
		entity_id_add(b, &x);
}

void
text_add_duration(struct strbuf *b, const pb_duration *d)
{
	timespan_add(b, (struct timespan){ d->seconds, d->nanos });
}

static void
add_literal(struct strbuf *b, const pb_literal *l)
{
	value_add_short(b, l, VALUE_WIDTH);
}

static void
add_promise(struct strbuf *b, const pb_output_reference *r)
{
	size_t i;

	strbuf_addch(b, '$');
	if (r->node_id[0] != '\0' && strcmp(r->node_id, "start-node") != 0)
		strbuf_addf(b, "%s.", r->node_id);
	strbuf_adds(b, r->var);
	for (i = 0; i < r->n_attr_path; i++) {
		const pb_promise_attribute *p = r->attr_path[i];

		if (p->value_case ==
		    FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_INT_VALUE)
			strbuf_addf(b, ".%d", p->int_value);
		else
			strbuf_addf(b, ".%s", p->string_value);
	}
}

/* As deep as messages are: MAX_MESSAGE_DEPTH. */
static void
add_binding(struct strbuf *b, const pb_binding_data *d)
{
	pb_literal l;
	size_t i;

	flyteidl__core__literal__init(&l);
	switch ((int)d->value_case) {
	case FLYTEIDL__CORE__BINDING_DATA__VALUE_SCALAR:
		l.value_case = FLYTEIDL__CORE__LITERAL__VALUE_SCALAR;
		l.scalar = d->scalar;
		add_literal(b, &l);
		return;
	case FLYTEIDL__CORE__BINDING_DATA__VALUE_PROMISE:
		add_promise(b, d->promise);
		return;
	case FLYTEIDL__CORE__BINDING_DATA__VALUE_COLLECTION:
		strbuf_addch(b, '[');
		for (i = 0; i < d->collection->n_bindings; i++) {
			strbuf_adds(b, i == 0 ? "" : ", ");
			add_binding(b, d->collection->bindings[i]);
		}
		strbuf_addch(b, ']');
		return;
	case FLYTEIDL__CORE__BINDING_DATA__VALUE_MAP:
		strbuf_addch(b, '{');
		for (i = 0; i < d->map->n_bindings; i++) {
			strbuf_addf(b, "%s%s: ", i == 0 ? "" : ", ",
			    d->map->bindings[i]->key);
			add_binding(b, d->map->bindings[i]->value);
		}
		strbuf_addch(b, '}');
		return;
	default:
		strbuf_adds(b, "?");
	}
}

static void
add_bindings(struct strbuf *b, pb_binding *const *at, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		strbuf_addf(b, "%s%s: ", i == 0 ? "" : ", ", at[i]->var);
		if (at[i]->binding != NULL)
			add_binding(b, at[i]->binding);
	}
}

/* ---- interfaces --------------------------------------------------------- */

static void
add_variables(struct strbuf *b, const char *title, const pb_variable_map *m)
{
	size_t i;

	if (m == NULL || m->n_variables == 0)
		return;
	strbuf_addf(b, "  %s\n", title);
	for (i = 0; i < m->n_variables; i++) {
		c_strbuf struct strbuf t = STRBUF_INIT;

		type_add_name(&t, m->variables[i]->value->type);
		if (m->variables[i]->value->description[0] != '\0')
			strbuf_addf(&t, "  # %s",
			    m->variables[i]->value->description);
		text_add_line(b, 2, m->variables[i]->key, "%s", t.p);
	}
}

void
text_add_interface(struct strbuf *b, const pb_typed_interface *i)
{
	if (i == NULL)
		return;
	add_variables(b, "inputs", i->inputs);
	add_variables(b, "outputs", i->outputs);
}

static void
add_parameters(struct strbuf *b, const pb_parameter_map *m)
{
	size_t i;

	if (m == NULL || m->n_parameters == 0)
		return;
	strbuf_adds(b, "  inputs\n");
	for (i = 0; i < m->n_parameters; i++) {
		const pb_parameter *p = m->parameters[i]->value;
		c_strbuf struct strbuf t = STRBUF_INIT;

		type_add_name(&t, p->var == NULL ? NULL : p->var->type);
		if (p->behavior_case ==
		    FLYTEIDL__CORE__PARAMETER__BEHAVIOR_DEFAULT) {
			strbuf_adds(&t, " = ");
			add_literal(&t, p->default_);
		}
		text_add_line(b, 2, m->parameters[i]->key, "%s", t.p);
	}
}

/* ---- workflows ---------------------------------------------------------- */

static void
add_gate(struct strbuf *b, const pb_gate_node *g)
{
	switch ((int)g->condition_case) {
	case FLYTEIDL__CORE__GATE_NODE__CONDITION_APPROVE:
		strbuf_addf(b, "gate approve %s", g->approve->signal_id);
		return;
	case FLYTEIDL__CORE__GATE_NODE__CONDITION_SIGNAL:
		strbuf_addf(b, "gate signal %s", g->signal->signal_id);
		return;
	case FLYTEIDL__CORE__GATE_NODE__CONDITION_SLEEP:
		strbuf_adds(b, "gate sleep ");
		if (g->sleep->duration != NULL)
			text_add_duration(b, g->sleep->duration);
		return;
	default:
		strbuf_adds(b, "gate");
	}
}

static void
add_node_kind(struct strbuf *b, const pb_node *n, const struct entity_id *of)
{
	const pb_workflow_node *w;

	switch ((int)n->target_case) {
	case FLYTEIDL__CORE__NODE__TARGET_TASK_NODE:
		strbuf_adds(b, "task ");
		if (n->task_node->reference_id != NULL)
			add_target(b, n->task_node->reference_id, of);
		return;
	case FLYTEIDL__CORE__NODE__TARGET_WORKFLOW_NODE:
		w = n->workflow_node;
		if (w->reference_case ==
		    FLYTEIDL__CORE__WORKFLOW_NODE__REFERENCE_LAUNCHPLAN_REF) {
			strbuf_adds(b, "launch plan ");
			add_target(b, w->launchplan_ref, of);
		} else if (w->reference_case ==
		    FLYTEIDL__CORE__WORKFLOW_NODE__REFERENCE_SUB_WORKFLOW_REF) {
			strbuf_adds(b, "workflow ");
			add_target(b, w->sub_workflow_ref, of);
		}
		return;
	case FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE:
		strbuf_adds(b, "switch");
		return;
	case FLYTEIDL__CORE__NODE__TARGET_GATE_NODE:
		add_gate(b, n->gate_node);
		return;
	case FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE:
		strbuf_adds(b, "map");
		return;
	default:
		strbuf_adds(b, "?");
	}
}

static void add_node(struct strbuf *, int depth, const char *what,
	    const pb_node *, const struct entity_id *of);

static void
add_case(struct strbuf *b, int depth, const char *word,
    const pb_if_block *block, const struct entity_id *of)
{
	c_strbuf struct strbuf t = STRBUF_INIT;

	text_add_condition(&t, block->condition);
	text_add_line(b, MIN(depth, 5), word, "%s", t.p);
	add_node(b, depth + 1, NULL, block->then_node, of);
}

/* The nodes that hang below a switch or a map. */
static void
add_children(struct strbuf *b, int depth, const pb_node *n,
    const struct entity_id *of)
{
	const pb_if_else_block *block;
	size_t i;

	if (n->target_case == FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE)
		add_node(b, depth, "each", n->array_node->node, of);
	if (n->target_case != FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE ||
	    n->branch_node->if_else == NULL)
		return;
	block = n->branch_node->if_else;
	if (block->case_ != NULL)
		add_case(b, depth, "if", block->case_, of);
	for (i = 0; i < block->n_other; i++)
		add_case(b, depth, "else if", block->other[i], of);
	if (block->default_case ==
	    FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT_ELSE_NODE)
		add_node(b, depth, "else", block->else_node, of);
	if (block->default_case ==
	    FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT_ERROR)
		text_add_line(b, depth, "else", "fail: %s",
		    block->error->message);
}

/* As deep as messages are. */
static void
add_node(struct strbuf *b, int depth, const char *what, const pb_node *n,
    const struct entity_id *of)
{
	c_strbuf struct strbuf t = STRBUF_INIT;
	size_t i;

	if (n == NULL || strcmp(n->id, "start-node") == 0 ||
	    strcmp(n->id, "end-node") == 0)
		return;
	if (what != NULL)
		strbuf_addf(&t, "%s: ", n->id);
	add_node_kind(&t, n, of);
	if (n->n_inputs > 0) {
		strbuf_adds(&t, "  ");
		add_bindings(&t, n->inputs, n->n_inputs);
	}
	for (i = 0; i < n->n_upstream_node_ids; i++)
		strbuf_addf(&t, "%s%s", i == 0 ? "  after " : ", ",
		    n->upstream_node_ids[i]);
	text_add_line(b, MIN(depth, 5), what == NULL ? n->id : what, "%s", t.p);
	add_children(b, depth + 1, n, of);
}

static void
add_workflow(struct strbuf *b, const pb_workflow_template *w,
    const pb_parameter_map *parameters, const struct entity_id *of)
{
	size_t i;

	if (parameters != NULL && w->interface != NULL) {
		add_parameters(b, parameters);
		add_variables(b, "outputs", w->interface->outputs);
	} else {
		text_add_interface(b, w->interface);
	}
	strbuf_adds(b, "  nodes\n");
	for (i = 0; i < w->n_nodes; i++)
		add_node(b, 2, NULL, w->nodes[i], of);
	if (w->failure_node != NULL)
		add_node(b, 2, "on failure", w->failure_node, of);
	for (i = 0; i < w->n_outputs; i++) {
		c_strbuf struct strbuf t = STRBUF_INIT;

		if (i == 0)
			strbuf_adds(b, "  results\n");
		if (w->outputs[i]->binding != NULL)
			add_binding(&t, w->outputs[i]->binding);
		text_add_line(b, 2, w->outputs[i]->var, "%s", t.p);
	}
}

/* ---- launch plans ------------------------------------------------------- */

/* cron_expression is deprecated, which is no reason not to show it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
static void
add_schedule(struct strbuf *b, const pb_admin_schedule *s)
{
	static const char *const units[] = { "minutes", "hours", "days" };

	switch ((int)s->schedule_expression_case) {
	case FLYTEIDL__ADMIN__SCHEDULE__SCHEDULE_EXPRESSION_CRON_SCHEDULE:
		text_add_line(b, 1, "schedule", "cron %s",
		    s->cron_schedule->schedule);
		break;
	case FLYTEIDL__ADMIN__SCHEDULE__SCHEDULE_EXPRESSION_CRON_EXPRESSION:
		text_add_line(b, 1, "schedule", "cron %s", s->cron_expression);
		break;
	case FLYTEIDL__ADMIN__SCHEDULE__SCHEDULE_EXPRESSION_RATE:
		text_add_line(b, 1, "schedule", "every %u %s", s->rate->value,
		    (size_t)s->rate->unit < ARRAY_LEN(units) ?
		    units[s->rate->unit] : "?");
		break;
	default:
		return;
	}
	if (s->kickoff_time_input_arg[0] != '\0')
		text_add_line(b, 1, "kickoff", "%s", s->kickoff_time_input_arg);
}
#pragma GCC diagnostic pop

static void
add_plan(struct strbuf *b, const pb_admin_launch_plan *p,
    const struct entity_id *of)
{
	const pb_admin_launch_plan_spec *s = p->spec;
	c_strbuf struct strbuf t = STRBUF_INIT;
	size_t i;

	if (s == NULL)
		return;
	if (s->workflow_id != NULL)
		add_target(&t, s->workflow_id, of);
	text_add_line(b, 1, "workflow", "%s", t.p);
	add_parameters(b, p->closure != NULL && p->closure->expected_inputs ?
	    p->closure->expected_inputs : s->default_inputs);
	if (s->fixed_inputs != NULL && s->fixed_inputs->n_literals > 0)
		strbuf_adds(b, "  fixed\n");
	for (i = 0; s->fixed_inputs != NULL &&
	    i < s->fixed_inputs->n_literals; i++) {
		strbuf_reset(&t);
		add_literal(&t, s->fixed_inputs->literals[i]->value);
		text_add_line(b, 2, s->fixed_inputs->literals[i]->key, "%s",
		    t.p);
	}
	if (p->closure != NULL)
		add_variables(b, "outputs", p->closure->expected_outputs);
	if (s->entity_metadata == NULL)
		return;
	if (s->entity_metadata->schedule != NULL)
		add_schedule(b, s->entity_metadata->schedule);
	if (s->entity_metadata->n_notifications > 0)
		text_add_line(b, 1, "notifications", "%zu",
		    s->entity_metadata->n_notifications);
}

/* ---- all ---------------------------------------------------------------- */

static void
add_head(struct strbuf *b, const struct shown *x)
{
	c_strbuf struct strbuf id = STRBUF_INIT;

	/* In a package project and domain are left open. */
	if (x->id->project[0] == '\0') {
		entity_part_add(&id, x->id->name);
		if (x->id->version[0] != '\0') {
			strbuf_addch(&id, '@');
			entity_part_add(&id, x->id->version);
		}
	} else {
		entity_id_add(&id, x->id);
	}
	strbuf_addf(b, "%s ", entity_kind_words(x->id->kind));
	add_shown(b, id.p);
}

void
text_entity(struct strbuf *b, const struct shown *x)
{
	c_strbuf struct strbuf t = STRBUF_INIT;

	add_head(b, x);
	strbuf_addch(b, '\n');
	if (x->created_at != NULL) {
		instant_add(&t, *x->created_at);
		text_add_line(b, 1, "registered", "%s", t.p);
	}
	if (x->active)
		text_add_line(b, 1, "state", "active");
	if (x->task != NULL)
		text_add_task(b, x->task);
	if (x->workflow != NULL)
		add_workflow(b, x->workflow, x->parameters, x->id);
	if (x->plan != NULL)
		add_plan(b, x->plan, x->id);
}

void
text_line(struct strbuf *b, const struct shown *x)
{
	const pb_typed_interface *i = x->task != NULL ? x->task->interface :
	    x->workflow != NULL ? x->workflow->interface : NULL;
	c_strbuf struct strbuf t = STRBUF_INIT;

	add_head(b, x);
	if (x->plan != NULL && x->plan->spec != NULL &&
	    x->plan->spec->workflow_id != NULL) {
		strbuf_adds(&t, " of workflow ");
		add_target(&t, x->plan->spec->workflow_id, x->id);
	}
	if (i != NULL) {
		strbuf_adds(&t, "(");
		if (i->inputs != NULL && i->inputs->n_variables > 0)
			type_add_variables(&t, i->inputs);
		strbuf_adds(&t, ")");
		if (i->outputs != NULL && i->outputs->n_variables > 0) {
			strbuf_adds(&t, " -> ");
			type_add_variables(&t, i->outputs);
		}
	}
	add_shown(b, t.p);
	strbuf_addch(b, '\n');
}
