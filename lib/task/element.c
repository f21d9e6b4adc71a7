#include "task/element.h"

static Flyteidl__Core__VariableMap__VariablesEntry *
strip(const Flyteidl__Core__VariableMap__VariablesEntry *from,
    struct arena *a)
{
	Flyteidl__Core__VariableMap__VariablesEntry *entry =
	    arena_alloc(a, sizeof(*entry));
	pb_variable *v = arena_alloc(a, sizeof(*v));

	*entry = *from;
	if (from->value == NULL || from->value->type == NULL ||
	    from->value->type->type_case !=
	    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_COLLECTION_TYPE)
		return entry;
	*v = *from->value;
	v->type = from->value->type->collection_type;
	entry->value = v;
	return entry;
}

pb_typed_interface *
element_interface(const pb_typed_interface *from, struct arena *a)
{
	pb_typed_interface *ret = PB_NEW(a, flyteidl__core__typed_interface);
	const pb_variable_map *outputs;

	if (from == NULL)
		return ret;
	*ret = *from;
	outputs = from->outputs;
	if (outputs == NULL)
		return ret;
	ret->outputs = PB_NEW(a, flyteidl__core__variable_map);
	ret->outputs->n_variables = outputs->n_variables;
	ret->outputs->variables = arena_calloc(a, outputs->n_variables,
	    sizeof(*ret->outputs->variables));
	for (size_t i = 0; i < outputs->n_variables; i++)
		ret->outputs->variables[i] = strip(outputs->variables[i], a);
	return ret;
}
