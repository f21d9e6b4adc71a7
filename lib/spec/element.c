/* The element of a mapped task. */
#include "data/json.h"
#include "spec/lower.h"
#include "spec/pb.h"

typedef Flyteidl__Core__VariableMap__VariablesEntry variables_entry;

/* 1 if the list, which may be NULL, names it. */
static int
lists(const struct tree *bound, const char *name)
{
	if (bound->n == 0 || bound->at[0].kind != TREE_SEQ)
		return 0;
	TREE_EACH(bound, 0, c)
		if (tree_is(bound, c, name))
			return 1;
	return 0;
}

/* The variables one list less, but for the bound ones. */
static pb_variable_map *
elements(const pb_variable_map *of, const struct tree *bound,
    struct arena *a)
{
	pb_variable_map *map = PB_NEW(a, flyteidl__core__variable_map);
	const pb_literal_type *t;
	variables_entry *e;
	pb_variable *v;
	size_t i;

	if (of == NULL)
		return map;
	map->variables = arena_new_n(a, of->n_variables, variables_entry *);
	for (i = 0; i < of->n_variables; i++) {
		e = PB_NEW_NESTED(a, variables_entry,
		    flyteidl__core__variable_map__variables_entry);
		*e = *of->variables[i];
		t = e->value->type;
		if (t != NULL && t->type_case ==
		    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_COLLECTION_TYPE &&
		    !lists(bound, e->key)) {
			v = PB_NEW(a, flyteidl__core__variable);
			*v = *e->value;
			v->type = t->collection_type;
			e->value = v;
		}
		map->variables[map->n_variables++] = e;
	}
	return map;
}

const pb_task_template *
lower_element(const pb_task_template *mapped, struct arena *a)
{
	const char *list = lower_config(mapped, LOWER_MAP_BOUND);
	pb_typed_interface *iface;
	struct tree bound, none;
	pb_task_template *t;
	struct err e;

	if (lower_config(mapped, LOWER_MAP) == NULL ||
	    mapped->interface == NULL)
		return mapped;
	tree_init(&bound);
	tree_init(&none);
	/* a list that cannot be read binds nothing */
	if (list != NULL && json_parse_tree(str_of(list), &bound, &e) < 0)
		bound.n = 0;
	t = arena_alloc(a, sizeof(*t));
	*t = *mapped;
	iface = PB_NEW(a, flyteidl__core__typed_interface);
	iface->inputs = elements(mapped->interface->inputs, &bound, a);
	iface->outputs = elements(mapped->interface->outputs, &none, a);
	t->interface = iface;
	tree_release(&bound);
	return t;
}
