/* The element of a mapped task. */
#include "base/strbuf.h"
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

static pb_typed_interface *
interface_of(const pb_task_template *mapped, const struct tree *bound,
    struct arena *a)
{
	static const struct tree none;
	pb_typed_interface *f = PB_NEW(a, flyteidl__core__typed_interface);

	if (mapped->interface == NULL)
		return f;
	f->inputs = elements(mapped->interface->inputs, bound, a);
	f->outputs = elements(mapped->interface->outputs, &none, a);
	return f;
}

/* The entries but for the one of this key, with room for another. */
static size_t
copy_config(const pb_task_template *from, const char *without,
    pb_task_template *t, struct arena *a)
{
	size_t i, n = 0;

	t->config = arena_calloc(a, from->n_config + 1, sizeof(*t->config));
	for (i = 0; i < from->n_config; i++)
		if (strcmp(from->config[i]->key, without) != 0)
			t->config[n++] = from->config[i];
	return t->n_config = n;
}

/* The names of the lists that an element has one of, as JSON. */
static char *
lists_json(const pb_variable_map *of, const struct tree *bound,
    struct arena *a)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct json_writer w = json_writer(&b, 0);
	const pb_literal_type *t;
	size_t i;

	json_array(&w);
	for (i = 0; of != NULL && i < of->n_variables; i++) {
		t = of->variables[i]->value == NULL ? NULL :
		    of->variables[i]->value->type;
		if (t != NULL && t->type_case ==
		    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_COLLECTION_TYPE &&
		    !lists(bound, of->variables[i]->key))
			json_cstr(&w, of->variables[i]->key);
	}
	json_end(&w);
	return arena_strdup(a, b.p);
}

const pb_task_template *
lower_element_of(const pb_task_template *mapped, char *const *bound,
    size_t n_bound, struct arena *a)
{
	typedef Flyteidl__Core__TaskTemplate__ConfigEntry config_entry;
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct json_writer w = json_writer(&b, 0);
	struct tree names c_tree = { .n = 0 };
	pb_task_template *t;
	config_entry *e;
	struct err ignored;
	size_t i;

	if (lower_config(mapped, LOWER_MAP) != NULL)
		return lower_element(mapped, a);
	json_array(&w);
	for (i = 0; i < n_bound; i++)
		json_cstr(&w, bound[i]);
	json_end(&w);
	tree_init(&names);
	(void)!json_parse_tree(strbuf_str(&b), &names, &ignored);
	t = arena_alloc(a, sizeof(*t));
	*t = *mapped;
	e = arena_alloc(a, sizeof(*e));
	flyteidl__core__task_template__config_entry__init(e);
	e->key = arena_strdup(a, LOWER_LISTS);
	e->value = lists_json(mapped->interface == NULL ? NULL :
	    mapped->interface->inputs, &names, a);
	i = copy_config(mapped, LOWER_LISTS, t, a);
	t->config[i] = e;
	t->n_config++;
	t->interface = interface_of(mapped, &names, a);
	return t;
}

const pb_task_template *
lower_element(const pb_task_template *mapped, struct arena *a)
{
	const char *list = lower_config(mapped, LOWER_MAP_BOUND);
	struct tree bound c_tree = { .n = 0 };
	pb_task_template *t;
	struct err e;

	if (lower_config(mapped, LOWER_MAP) == NULL ||
	    mapped->interface == NULL)
		return mapped;
	tree_init(&bound);
	/* a list that cannot be read binds nothing */
	if (list != NULL && json_parse_tree(str_of(list), &bound, &e) < 0)
		bound.n = 0;
	t = arena_alloc(a, sizeof(*t));
	*t = *mapped;
	t->interface = interface_of(mapped, &bound, a);
	/* an element is no mapped task */
	(void)copy_config(mapped, LOWER_MAP, t, a);
	return t;
}
