/* Inputs of an execution against an interface. */

#include "base/err.h"
#include "base/limits.h"
#include "compile/build.h"
#include "idl/castable.h"
#include "idl/infer.h"
#include "idl/literal.h"
#include "idl/type.h"

#define ROOT	"root"

static void
check_input(const struct var *v, const pb_literal *value,
    struct arena *scratch, struct compile_errors *es)
{
	struct compile_place place = { "", "", v->name, "", NULL };
	c_strbuf struct strbuf a = STRBUF_INIT, b = STRBUF_INIT;
	pb_literal_type *t;
	struct err e;

	if (value == NULL || type_infer(value, scratch, &t, &e) < 0) {
		compile_error_add(es, COMPILE_INVALID_LITERAL_TYPE, ROOT,
		    &place, NULL, "input '%s': %s", v->name,
		    value == NULL ? "no value" : e.msg);
		return;
	}
	if (type_castable(t, v->type))
		return;
	type_add_name(&a, v->type);
	type_add_name(&b, t);
	compile_error_add(es, COMPILE_MISMATCHING_TYPES, ROOT, &place, NULL,
	    "input '%s' expects %s, given a value of type %s", v->name, a.p,
	    b.p);
}

static void
fault_input(struct compile_errors *es, enum compile_code code,
    const char *name, const char *text)
{
	struct compile_place place = { "", "", name, "", NULL };

	compile_error_add(es, code, ROOT, &place, NULL, "input '%s' %s",
	    name, text);
}

int
compile_inputs(const pb_variable_map *m, const pb_literal_map *given,
    struct compile_errors *es)
{
	c_arena struct arena scratch = ARENA_INIT;
	struct vars vars = vars_of(&scratch, m);
	uint64_t before = es->calls;
	struct var *v;
	size_t i;

	if (given == NULL && vars.n > 0) {
		compile_error_add(es, COMPILE_VALUE_REQUIRED, ROOT, NULL,
		    NULL, "inputs are required");
		return -1;
	}
	for (i = 0; given != NULL && i < given->n_literals; i++) {
		v = vars_find(&vars, given->literals[i]->key);
		if (v == NULL) {
			fault_input(es, COMPILE_VARIABLE_NAME_NOT_FOUND,
			    given->literals[i]->key, "is not expected");
			continue;
		}
		v->bound = 1;
		check_input(v, given->literals[i]->value, &scratch, es);
	}
	for (i = 0; i < vars.n; i++)
		if (!vars.at[i].bound)
			fault_input(es, COMPILE_PARAMETER_NOT_BOUND,
			    vars.at[i].name, "is missing");
	compile_errors_sort(es);
	return es->calls == before ? 0 : -1;
}

/* ---- enums --------------------------------------------------------------- */
/* One literal against its type, with the place inside the input. */
struct enum_check {
	struct compile_errors	*es;
	const char		*name;
	struct strbuf		 path;
};

static void
check_member(struct enum_check *k, const pb_literal *l,
    const pb_enum_type *t)
{
	const pb_primitive *p = literal_primitive(l);
	struct compile_place place = { "", "", k->name, k->path.p, NULL };
	c_strbuf struct strbuf all = STRBUF_INIT;
	size_t i;

	if (p == NULL || p->value_case != PRIMITIVE_STRING)
		return;
	for (i = 0; i < t->n_values; i++) {
		if (strcmp(t->values[i], p->string_value) == 0)
			return;
		strbuf_addf(&all, "%s%s", i > 0 ? ", " : "", t->values[i]);
	}
	compile_error_add(k->es, COMPILE_ILLEGAL_ENUM_VALUE, ROOT, &place,
	    NULL, "input '%s%s' expects one of %s, given '%s'", k->name,
	    k->path.p, all.p, p->string_value);
}

/* The one enum among the variants of a union, or NULL: with a string or a
 * second enum beside it the value may have been meant for that. */
static const pb_literal_type *
sole_enum(const pb_union_type *u)
{
	const pb_literal_type *found = NULL;
	size_t i;

	for (i = 0; i < u->n_variants; i++) {
		if (type_is_simple(u->variants[i],
		    SIMPLE_STRING))
			return NULL;
		if (u->variants[i]->type_case != TYPE_ENUM)
			continue;
		if (found != NULL)
			return NULL;
		found = u->variants[i];
	}
	return found;
}

static void
check_enums(struct enum_check *k, const pb_literal *l,
    const pb_literal_type *t, unsigned depth)
{
	size_t i, n = k->path.n;

	l = literal_unwrap(l);
	if (l == NULL || t == NULL || depth > MAX_MESSAGE_DEPTH)
		return;
	if (t->type_case == TYPE_UNION)
		t = sole_enum(t->union_type);
	if (t == NULL)
		return;
	if (t->type_case == TYPE_ENUM) {
		check_member(k, l, t->enum_type);
	} else if (t->type_case == TYPE_LIST &&
	    l->value_case == LITERAL_LIST) {
		for (i = 0; i < l->collection->n_literals; i++) {
			strbuf_addf(&k->path, "[%zu]", i);
			check_enums(k, l->collection->literals[i],
			    t->collection_type, depth + 1);
			strbuf_setlen(&k->path, n);
		}
	} else if (t->type_case == TYPE_MAP &&
	    l->value_case == LITERAL_MAP) {
		for (i = 0; i < l->map->n_literals; i++) {
			strbuf_addf(&k->path, ".%s", l->map->literals[i]->key);
			check_enums(k, l->map->literals[i]->value,
			    t->map_value_type, depth + 1);
			strbuf_setlen(&k->path, n);
		}
	}
}

int
compile_inputs_enum(const pb_variable_map *m, const pb_literal_map *given,
    struct compile_errors *es)
{
	c_arena struct arena scratch = ARENA_INIT;
	struct vars vars = vars_of(&scratch, m);
	struct enum_check k = { es, "", STRBUF_INIT };
	uint64_t before = es->calls;
	struct var *v;
	size_t i;

	for (i = 0; given != NULL && i < given->n_literals; i++) {
		v = vars_find(&vars, given->literals[i]->key);
		if (v == NULL)
			continue;
		k.name = v->name;
		check_enums(&k, given->literals[i]->value, v->type, 0);
	}
	strbuf_release(&k.path);
	compile_errors_sort(es);
	return es->calls == before ? 0 : -1;
}
