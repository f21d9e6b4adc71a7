#include "common/wants.h"

#include <string.h>

#include "idl/literal.h"
#include "idl/type.h"

struct want *
wants_find(const struct wants *w, const char *name)
{
	size_t i;

	for (i = 0; i < w->n; i++)
		if (strcmp(w->at[i].name, name) == 0)
			return &w->at[i];
	return NULL;
}

void
wants_add_list(struct strbuf *b, const struct wants *w)
{
	size_t i, n = 0;

	for (i = 0; i < w->n; i++) {
		if (w->at[i].fixed)
			continue;
		strbuf_addf(b, "%s%s: ", n++ == 0 ? "" : ", ", w->at[i].name);
		type_add_name(b, w->at[i].type);
		if (w->at[i].value != NULL)
			strbuf_adds(b, " (has a default)");
	}
	if (n == 0)
		strbuf_adds(b, "nothing");
}

void
wants_of_interface(const pb_variable_map *m, struct arena *a,
    struct wants *ret)
{
	size_t i;

	*ret = (struct wants){ NULL, m == NULL ? 0 : m->n_variables };
	ret->at = arena_new_n(a, ret->n + 1, struct want);
	for (i = 0; m != NULL && i < m->n_variables; i++)
		ret->at[i] = (struct want){
			.name = m->variables[i]->key,
			.type = m->variables[i]->value->type,
			/* What is optional need not be given. */
			.value = type_takes_none(m->variables[i]->value->type)
			    ? literal_none(a) : NULL,
		};
}

void
wants_of_parameters(const pb_parameter_map *defaults,
    const pb_literal_map *fixed, const pb_variable_map *iface,
    struct arena *a, struct wants *ret)
{
	size_t i, n = 0, cap;

	cap = (defaults == NULL ? 0 : defaults->n_parameters) +
	    (fixed == NULL ? 0 : fixed->n_literals);
	ret->at = arena_new_n(a, cap + 1, struct want);
	for (i = 0; defaults != NULL && i < defaults->n_parameters; i++) {
		const pb_parameter *p = defaults->parameters[i]->value;

		ret->at[n++] = (struct want){
			.name = defaults->parameters[i]->key,
			.type = p->var->type,
			.value = p->behavior_case ==
			    FLYTEIDL__CORE__PARAMETER__BEHAVIOR_DEFAULT ?
			    p->default_ : NULL,
		};
	}
	ret->n = n;
	for (i = 0; fixed != NULL && i < fixed->n_literals; i++) {
		struct want *w = wants_find(ret, fixed->literals[i]->key);
		const pb_variable *v;

		if (w == NULL) {
			w = &ret->at[n++];
			ret->n = n;
			w->name = fixed->literals[i]->key;
			v = type_variable(iface, w->name);
			if (v != NULL)
				w->type = v->type;
		}
		w->value = fixed->literals[i]->value;
		w->fixed = 1;
	}
}
