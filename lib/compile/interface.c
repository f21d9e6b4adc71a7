#include "compile/interface.h"

#include "base/err.h"
#include "idl/castable.h"
#include "idl/infer.h"
#include "idl/names.h"
#include "idl/type.h"

/* Go's prototext quotes: what is not printable ASCII or UTF-8 is escaped. */
static void
add_quoted(struct strbuf *out, const char *s)
{
	strbuf_addch(out, '"');
	for (; *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\')
			strbuf_addf(out, "\\%c", c);
		else if (c == '\n')
			strbuf_adds(out, "\\n");
		else if (c == '\r')
			strbuf_adds(out, "\\r");
		else if (c == '\t')
			strbuf_adds(out, "\\t");
		else if (c < 0x20 || c == 0x7f)
			strbuf_addf(out, "\\x%02x", c);
		else
			strbuf_addch(out, c);
	}
	strbuf_addch(out, '"');
}

static void
add_part(struct strbuf *out, size_t from, const char *name, const char *value)
{
	if (value == NULL || *value == '\0')
		return;
	if (out->n > from)
		strbuf_addch(out, ' ');
	strbuf_addf(out, "%s:", name);
	add_quoted(out, value);
}

void
interface_add_id(struct strbuf *out, const pb_identifier *id)
{
	const ProtobufCEnumValue *v;
	size_t from = out->n;

	if (id == NULL) {
		strbuf_adds(out, "<nil>");
		return;
	}
	if (id->resource_type != 0) {
		v = protobuf_c_enum_descriptor_get_value(
		    &flyteidl__core__resource_type__descriptor,
		    (int)id->resource_type);
		if (v != NULL)
			strbuf_addf(out, "resource_type:%s", v->name);
		else
			strbuf_addf(out, "resource_type:%d",
			    (int)id->resource_type);
	}
	add_part(out, from, "project", id->project);
	add_part(out, from, "domain", id->domain);
	add_part(out, from, "name", id->name);
	add_part(out, from, "version", id->version);
	add_part(out, from, "org", id->org);
}

int
interface_optional(const pb_literal_type *t)
{
	size_t i;

	if (t == NULL || t->type_case != TYPE_UNION)
		return 0;
	for (i = 0; i < t->union_type->n_variants; i++) {
		const pb_literal_type *v = t->union_type->variants[i];

		if (v->type_case != TYPE_SIMPLE ||
		    v->simple == SIMPLE_NONE)
			return 1;
	}
	return 0;
}

/* A given value against the workflow's variable of that name. */
static void
check_given(const char *what, const char *name, const pb_literal *value,
    const pb_variable *var, struct arena *a, struct compile_errors *es)
{
	struct compile_place place = { "", "", name, "", NULL };
	c_strbuf struct strbuf up = STRBUF_INIT, down = STRBUF_INIT;
	pb_literal_type *type;
	struct err e;

	if (var == NULL) {
		compile_error_add(es, COMPILE_VARIABLE_NAME_NOT_FOUND,
		    "launch plan", &place, NULL,
		    "unexpected %s input '%s': the workflow has none of that "
		    "name", what, name);
		return;
	}
	if (value == NULL)
		return;
	if (type_infer(value, a, &type, &e) < 0) {
		compile_error_add(es, COMPILE_INVALID_LITERAL_TYPE,
		    "launch plan", &place, NULL, "%s input '%s': %s", what,
		    name, e.msg);
		return;
	}
	if (type_castable(type, var->type))
		return;
	type_add_name(&up, type);
	type_add_name(&down, var->type);
	compile_error_add(es, COMPILE_MISMATCHING_TYPES, "launch plan",
	    &place, NULL, "%s input '%s' is %s, the workflow expects %s",
	    what, name, up.p, down.p);
}

static const pb_literal *
default_of(const pb_parameter *p)
{
	return p != NULL && p->behavior_case ==
	    FLYTEIDL__CORE__PARAMETER__BEHAVIOR_DEFAULT ? p->default_ : NULL;
}

/* Names to their place in the map, so that no look-up is a walk. */
struct names {
	struct map	in, defaults, fixed;
};

static void
names_release(struct names *n)
{
	map_release(&n->in);
	map_release(&n->defaults);
	map_release(&n->fixed);
}

static const pb_variable *
variable_at(const pb_variable_map *in, uint32_t at)
{
	return in == NULL || at == MAP_NONE ? NULL : in->variables[at]->value;
}

static void
check_launch_plan(const pb_admin_launch_plan_spec *spec,
    const pb_variable_map *in, struct names *names, struct arena *a,
    struct compile_errors *es)
{
	const pb_parameter_map *d = spec->default_inputs;
	const pb_literal_map *f = spec->fixed_inputs;
	const char *name;
	uint32_t at;
	size_t i;

	for (i = 0; in != NULL && i < in->n_variables; i++)
		map_put(&names->in, str_of(in->variables[i]->key),
		    (uint32_t)i);
	for (i = 0; d != NULL && i < d->n_parameters; i++) {
		name = d->parameters[i]->key;
		map_put(&names->defaults, str_of(name), (uint32_t)i);
		at = map_get(&names->in, str_of(name));
		check_given("default", name,
		    default_of(d->parameters[i]->value),
		    variable_at(in, at), a, es);
	}
	for (i = 0; f != NULL && i < f->n_literals; i++) {
		name = f->literals[i]->key;
		map_put(&names->fixed, str_of(name), (uint32_t)i);
		at = map_get(&names->in, str_of(name));
		check_given("fixed", name, f->literals[i]->value,
		    variable_at(in, at), a, es);
	}
}

static pb_parameter *
required_param(pb_variable *var, struct arena *a)
{
	pb_parameter *p = PB_NEW(a, flyteidl__core__parameter);

	p->var = var;
	p->behavior_case = FLYTEIDL__CORE__PARAMETER__BEHAVIOR_REQUIRED;
	p->required = 1;
	return p;
}

static pb_parameter_map *
expected_inputs(const pb_admin_launch_plan_spec *spec,
    const pb_variable_map *in, const struct names *names, struct arena *a)
{
	pb_parameter_map *m = PB_NEW(a, flyteidl__core__parameter_map);
	Flyteidl__Core__ParameterMap__ParametersEntry *entry;
	uint32_t at;
	size_t i;

	if (in == NULL)
		return m;
	m->parameters = arena_calloc(a, in->n_variables,
	    sizeof(*m->parameters));
	for (i = 0; i < in->n_variables; i++) {
		struct str name = str_of(in->variables[i]->key);

		at = map_get(&names->defaults, name);
		if (at == MAP_NONE && map_get(&names->fixed, name) != MAP_NONE)
			continue;
		entry = arena_alloc(a, sizeof(*entry));
		flyteidl__core__parameter_map__parameters_entry__init(entry);
		entry->key = in->variables[i]->key;
		entry->value = at == MAP_NONE ?
		    required_param(in->variables[i]->value, a) :
		    spec->default_inputs->parameters[at]->value;
		m->parameters[m->n_parameters++] = entry;
	}
	return m;
}

int
interface_launch_plan(const pb_admin_launch_plan_spec *spec,
    const pb_typed_interface *iface, struct arena *a,
    pb_parameter_map **ret_inputs, pb_variable_map **ret_outputs,
    struct compile_errors *es)
{
	cleanup(names_release) struct names names = { MAP_INIT, MAP_INIT,
	    MAP_INIT };
	const pb_variable_map *in = iface == NULL ? NULL : iface->inputs;
	uint64_t before = es->calls;

	check_launch_plan(spec, in, &names, a, es);
	if (es->calls != before) {
		compile_errors_sort(es);
		return -1;
	}
	*ret_inputs = expected_inputs(spec, in, &names, a);
	*ret_outputs = iface == NULL || iface->outputs == NULL ?
	    PB_NEW(a, flyteidl__core__variable_map) : iface->outputs;
	return 0;
}
