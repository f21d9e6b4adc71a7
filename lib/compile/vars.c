#include "compile/build.h"

static int
by_name(const void *a, const void *b)
{
	const struct var *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void
vars_sort(struct vars *v)
{
	if (v->n > 1)
		qsort(v->at, v->n, sizeof(*v->at), by_name);
}

struct vars
vars_of(struct arena *a, const pb_variable_map *m)
{
	struct vars v = { NULL, m == NULL ? 0 : m->n_variables };
	size_t i;

	v.at = arena_new_n(a, v.n, struct var);
	for (i = 0; i < v.n; i++) {
		v.at[i].name = m->variables[i]->key;
		v.at[i].type = m->variables[i]->value == NULL ? NULL :
		    m->variables[i]->value->type;
	}
	vars_sort(&v);
	return v;
}

struct var *
vars_find(const struct vars *v, const char *name)
{
	size_t lo = 0, hi = v->n, mid;
	int d;

	while (lo < hi) {
		mid = lo + (hi - lo) / 2;
		d = strcmp(name, v->at[mid].name);
		if (d == 0)
			return &v->at[mid];
		if (d < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

static void
look_over(struct iface *f, const struct vars *v)
{
	size_t i;

	for (i = 0; i < v->n; i++) {
		f->unnamed |= v->at[i].name[0] == '\0';
		f->untyped |= v->at[i].type == NULL;
	}
}

struct iface *
iface_of(struct arena *a, const pb_variable_map *in,
    const pb_variable_map *out)
{
	struct iface *f = arena_new(a, struct iface);

	f->in = vars_of(a, in);
	f->out = vars_of(a, out);
	look_over(f, &f->in);
	look_over(f, &f->out);
	return f;
}

int
iface_report(struct compiler *c, const char *node,
    const struct compile_place *place, const struct iface *f)
{
	if (f->unnamed)
		compile_error_add(c->errors, COMPILE_VALUE_REQUIRED, node,
		    place, NULL, "a variable of the interface has no name "
		    "(paramName)");
	if (f->untyped)
		compile_error_add(c->errors, COMPILE_VALUE_REQUIRED, node,
		    place, NULL, "a variable of the interface has no type "
		    "(param.Type)");
	return f->unnamed || f->untyped ? -1 : 0;
}

pb_typed_interface *
iface_filled(struct arena *a, pb_typed_interface *old)
{
	pb_typed_interface *f;

	if (old != NULL && old->inputs != NULL && old->outputs != NULL)
		return old;
	f = PB_NEW(a, flyteidl__core__typed_interface);
	f->inputs = old != NULL && old->inputs != NULL ? old->inputs :
	    PB_NEW(a, flyteidl__core__variable_map);
	f->outputs = old != NULL && old->outputs != NULL ? old->outputs :
	    PB_NEW(a, flyteidl__core__variable_map);
	return f;
}

struct compile_place
builder_place(const struct builder *b, const struct cnode *n, const char *var)
{
	return (struct compile_place){ b->name, n == NULL ? "" : n->path,
	    var == NULL ? "" : var, "", NULL };
}
