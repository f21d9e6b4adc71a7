/*
 * Bindings: what a node's inputs are bound to, the types of it, and the
 * edges that follow (flytepropeller, compiler/validators/bindings.go).
 */

#include "base/limits.h"
#include "compile/binding.h"
#include "compile/interface.h"
#include "idl/castable.h"
#include "idl/infer.h"
#include "idl/type.h"
#include "idl/wire.h"

static int check_data(struct check *, pb_binding_data *,
    const pb_literal_type *expected, const struct step *,
    const pb_literal_type **ret);

static void
add_steps(struct strbuf *out, const struct step *s)
{
	const struct step *all[MAX_MESSAGE_DEPTH + 1];
	size_t n = 0;

	for (; s != NULL && n < ARRAY_LEN(all); s = s->up)
		all[n++] = s;
	while (n-- > 0) {
		if (all[n]->key == NULL)
			strbuf_addf(out, "[%zu]", all[n]->index);
		else
			strbuf_addf(out, ".%s", all[n]->key);
	}
}

/* Always -1: "return binding_fault(...)". */
int
binding_fault(struct check *k, enum compile_code code, const char *node,
    const struct step *s, const struct strbuf *key, const char *fmt, ...)
{
	c_strbuf struct strbuf path = STRBUF_INIT, text = STRBUF_INIT;
	struct compile_place place;
	va_list ap;

	k->bad++;
	if (k->silent)
		return -1;
	add_steps(&path, s);
	place = builder_place(k->b, k->n, k->var);
	place.path = path.p;
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	compile_error_add(k->b->c->errors, code, node, &place, key, "%s",
	    text.p);
	return -1;
}

const char *
binding_type_name(struct strbuf *b, const pb_literal_type *t)
{
	type_add_name(b, t);
	return b->p;
}

/* Types in full, so that only errors about the same ones are one. */
void
binding_key(struct strbuf *key, const char *a, const char *b,
    const pb_literal_type *up, const pb_literal_type *down)
{
	strbuf_addf(key, "%s\n%s\n", a, b);
	if (up != NULL)
		wire_pack(&up->base, key);
	strbuf_addch(key, '\n');
	if (down != NULL)
		wire_pack(&down->base, key);
}

int
binding_fault_types(struct check *k, const struct step *s, const char *source,
    const pb_literal_type *up, const pb_literal_type *down)
{
	/* Nobody wrote this node. */
	static const char start[] = "start-node.";
	const size_t start_n = sizeof(start) - 1;
	int is_input = strncmp(source, start, start_n) == 0;
	c_strbuf struct strbuf key = STRBUF_INIT, a = STRBUF_INIT,
	    b = STRBUF_INIT;

	if (k->silent) {
		k->bad++;
		return -1;
	}
	binding_key(&key, source, k->var, up, down);
	return binding_fault(k, COMPILE_MISMATCHING_TYPES, k->n->msg->id, s,
	    &key, "'%s' expects %s, given %s%s of type %s", k->var,
	    binding_type_name(&a, down), *source == '\0' ? "a value" :
	    is_input ? "input " : "", source + (is_input ? start_n : 0),
	    binding_type_name(&b, up));
}

/* A binding of the wrong shape. */
static int
fault_shape(struct check *k, enum compile_code code, const struct step *s,
    const pb_literal_type *down, const pb_binding_data *d, const char *what)
{
	c_strbuf struct strbuf key = STRBUF_INIT, name = STRBUF_INIT;

	if (k->silent) {
		k->bad++;
		return -1;
	}
	binding_key(&key, k->var, "", NULL, down);
	wire_pack(&d->base, &key);
	return binding_fault(k, code, k->n->msg->id, s, &key,
	    "'%s' expects %s, %s", k->var, binding_type_name(&name, down),
	    what);
}

int
binding_castable(const pb_literal_type *up, const pb_literal_type *down)
{
	if (down == NULL)
		return 0;
	if (up->type_case == TYPE_SIMPLE && down->type_case == TYPE_SIMPLE &&
	    up->simple == down->simple && up->simple != SIMPLE_STRUCT &&
	    up->structure == NULL)
		return 1;
	return type_castable(up, down);
}

/* ---- lists and maps ------------------------------------------------------ */
static int
is_union(const pb_literal_type *t)
{
	return t != NULL && t->type_case == TYPE_UNION;
}

/* Exactly one variant has to take the list or map. */
static int
check_union(struct check *k, pb_binding_data *d,
    const pb_literal_type *expected, const struct step *s,
    const pb_literal_type **ret)
{
	const pb_literal_type *got = NULL, *t;
	size_t i, hits = 0, from = k->from.n;
	uint64_t bad = k->bad;
	int silent = k->silent;

	k->silent = 1;
	for (i = 0; i < expected->union_type->n_variants && hits < 2; i++) {
		if (check_data(k, d, expected->union_type->variants[i], s,
		    &t) == 0) {
			got = t;
			hits++;
		}
	}
	k->silent = silent;
	k->bad = bad;
	if (hits == 1) {
		*ret = got;
		return 0;
	}
	k->from.n = from;
	if (hits > 1)
		return fault_shape(k, COMPILE_AMBIGUOUS_BINDING_UNION_VALUE,
		    s, expected, d, "more than one variant takes this value");
	return fault_shape(k, COMPILE_INCOMPATIBLE_BINDING_UNION_VALUE, s,
	    expected, d, "no variant takes this value");
}

static int
too_deep(struct check *k, const struct step *s)
{
	return binding_fault(k, COMPILE_WORKFLOW_BUILD_ERROR, k->n->msg->id, s,
	    NULL, "'%s' is nested deeper than %d levels", k->var,
	    MAX_MESSAGE_DEPTH);
}

static int
check_list(struct check *k, pb_binding_data *d,
    const pb_literal_type *expected, const struct step *s,
    const pb_literal_type **ret)
{
	const pb_binding_data_collection *c = d->collection;
	const pb_literal_type *t = NULL, *last = NULL;
	struct step at = { s, NULL, 0, s == NULL ? 1 : s->depth + 1 };
	size_t i, from = k->from.n;
	uint64_t bad = k->bad;

	if (expected == NULL || expected->type_case != TYPE_LIST)
		return fault_shape(k, COMPILE_MISMATCHING_BINDINGS, s,
		    expected, d, "given a list");
	if (at.depth > MAX_MESSAGE_DEPTH)
		return too_deep(k, s);
	for (i = 0; i < c->n_bindings; i++) {
		at.index = i;
		if (check_data(k, c->bindings[i], expected->collection_type,
		    &at, &t) == 0)
			last = t;
	}
	if (k->bad != bad) {
		k->from.n = from;
		return -1;
	}
	*ret = type_list(&k->b->c->scratch, (pb_literal_type *)(uintptr_t)
	    last);
	return 0;
}

static int
check_map(struct check *k, pb_binding_data *d,
    const pb_literal_type *expected, const struct step *s,
    const pb_literal_type **ret)
{
	const pb_binding_data_map *m = d->map;
	const pb_literal_type *t = NULL, *last = NULL;
	struct step at = { s, "", 0, s == NULL ? 1 : s->depth + 1 };
	size_t i, from = k->from.n;
	uint64_t bad = k->bad;

	if (expected == NULL || expected->type_case != TYPE_MAP)
		return fault_shape(k, COMPILE_MISMATCHING_BINDINGS, s,
		    expected, d, "given a map");
	if (at.depth > MAX_MESSAGE_DEPTH)
		return too_deep(k, s);
	for (i = 0; i < m->n_bindings; i++) {
		at.key = m->bindings[i]->key;
		if (check_data(k, m->bindings[i]->value,
		    expected->map_value_type, &at, &t) == 0)
			last = t;
	}
	if (k->bad != bad) {
		k->from.n = from;
		return -1;
	}
	*ret = type_map(&k->b->c->scratch, (pb_literal_type *)(uintptr_t)
	    last);
	return 0;
}

/* ---- scalars and the rest ------------------------------------------------ */
static int
check_enum(struct check *k, const pb_scalar *v,
    const pb_literal_type *expected, const struct step *s)
{
	const pb_enum_type *t = expected->enum_type;
	c_strbuf struct strbuf name = STRBUF_INIT;
	const char *text = "";
	size_t i;

	if (v->value_case == SCALAR_PRIMITIVE &&
	    v->primitive->value_case == PRIMITIVE_STRING)
		text = v->primitive->string_value;
	for (i = 0; i < t->n_values; i++)
		if (strcmp(t->values[i], text) == 0)
			return 0;
	return binding_fault(k, COMPILE_ILLEGAL_ENUM_VALUE, k->n->msg->id, s,
	    NULL, "'%s' expects %s, given '%s'", k->var,
	    binding_type_name(&name, expected), text);
}

static int
check_scalar(struct check *k, pb_binding_data *d,
    const pb_literal_type *expected, const struct step *s,
    const pb_literal_type **ret)
{
	uint64_t bad = k->bad;
	pb_literal_type *t = NULL;
	struct err e;

	if (type_infer_scalar(d->scalar, &k->b->c->scratch, &t, &e) < 0)
		(void)binding_fault(k, COMPILE_UNRECOGNIZED_VALUE,
		    k->n->msg->id, s, NULL, "'%s': %s", k->var, e.msg);
	else if (k->typed && !binding_castable(t, expected))
		(void)binding_fault_types(k, s, "", t, expected);
	if (expected != NULL && expected->type_case == TYPE_ENUM)
		(void)check_enum(k, d->scalar, expected, s);
	*ret = t;
	return k->bad == bad ? 0 : -1;
}

static int
check_data(struct check *k, pb_binding_data *d,
    const pb_literal_type *expected, const struct step *s,
    const pb_literal_type **ret)
{
	switch ((int)d->value_case) {
	case BINDING_SCALAR:
		return check_scalar(k, d, expected, s, ret);
	case BINDING_PROMISE:
		return binding_promise(k, d, expected, s, ret);
	case BINDING_LIST:
		return is_union(expected) ?
		    check_union(k, d, expected, s, ret) :
		    check_list(k, d, expected, s, ret);
	case BINDING_MAP:
		return is_union(expected) ?
		    check_union(k, d, expected, s, ret) :
		    check_map(k, d, expected, s, ret);
	case BINDING_OFFLOADED:
	default:
		return fault_shape(k, COMPILE_MISMATCHING_BINDINGS, s,
		    expected, d, "given nothing a binding can hold");
	}
}

/* ---- all bindings of a node ---------------------------------------------- */
/*
 * Whether the binding is to be looked into: its parameter exists, it holds
 * something and it is the first.  The parameter goes to *ret.
 */
static int
check_head(struct check *k, const pb_binding *bind, struct vars *params,
    struct map *names, struct var **ret)
{
	struct var *v = NULL;
	int again;

	if (params != NULL) {
		v = vars_find(params, bind->var);
		if (v == NULL)
			return binding_fault(k, COMPILE_VARIABLE_NAME_NOT_FOUND,
			    k->n->msg->id, NULL, NULL, "node '%s' has no "
			    "input '%s'", k->n->msg->id, bind->var);
	}
	if (bind->binding == NULL)
		return binding_fault(k, COMPILE_VALUE_REQUIRED, k->n->msg->id,
		    NULL, &(struct strbuf){ strbuf_empty, 0, 0 },
		    "the binding of '%s' is empty (Binding)", bind->var);
	if (v == NULL) {
		again = map_put(names, str_of(bind->var), 1) != MAP_NONE;
	} else {
		again = v->bound == k->b->c->stamp;
		v->bound = k->b->c->stamp;
	}
	if (again)
		return binding_fault(k, COMPILE_PARAMETER_BOUND_MORE_THAN_ONCE,
		    k->n->msg->id, NULL, NULL, "'%s' is bound more than once",
		    bind->var);
	*ret = v;
	return 0;
}

static void
check_unbound(struct check *k, const struct vars *params)
{
	size_t i;

	for (i = 0; i < params->n; i++) {
		k->var = params->at[i].name;
		if (params->at[i].bound != k->b->c->stamp &&
		    !interface_optional(params->at[i].type))
			(void)binding_fault(k, COMPILE_PARAMETER_NOT_BOUND,
			    k->n->msg->id, NULL, NULL, "'%s' is not bound",
			    k->var);
	}
}

int
cnode_bindings(struct builder *b, struct cnode *n, pb_binding *const *at,
    size_t n_at, struct vars *params, enum edge_kind kind,
    struct vars *ret_types)
{
	struct check k = { b, n, "", params != NULL, 0, 0, VEC_INIT };
	c_map struct map names = MAP_INIT;
	const pb_literal_type *t;
	struct var *v = NULL;
	size_t i, j;

	b->c->stamp++;
	if (ret_types != NULL) {
		ret_types->at = arena_new_n(&b->c->scratch, n_at, struct var);
		ret_types->n = 0;
	}
	for (i = 0; i < n_at; i++) {
		k.var = at[i]->var;
		k.from.n = 0;
		if (check_head(&k, at[i], params, &names, &v) < 0 ||
		    check_data(&k, at[i]->binding,
		    v == NULL ? NULL : v->type, NULL, &t) < 0)
			continue;
		for (j = 0; j < k.from.n; j++)
			builder_edge(b, kind, k.from.at[j], n->name);
		if (ret_types != NULL)
			ret_types->at[ret_types->n++] =
			    (struct var){ at[i]->var, t, 0 };
	}
	if (params != NULL)
		check_unbound(&k, params);
	if (ret_types != NULL)
		vars_sort(ret_types);
	VEC_RELEASE(&k.from);
	return k.bad == 0 ? 0 : -1;
}
