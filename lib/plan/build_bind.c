#include "plan/build.h"

#include "base/limits.h"
#include "base/num.h"
#include "idl/wire.h"

static int build_value(struct build *, const pb_binding_data *,
    const char *whose, uint32_t at, int depth) must_check;

static int
is_constant(const pb_binding_data *b, int depth)
{
	if (b == NULL)
		return 1;
	switch (b->value_case) {
	case FLYTEIDL__CORE__BINDING_DATA__VALUE_SCALAR:
		return 1;
	case FLYTEIDL__CORE__BINDING_DATA__VALUE_COLLECTION:
		if (depth > MAX_MESSAGE_DEPTH)
			return 0;
		for (size_t i = 0; i < b->collection->n_bindings; i++)
			if (!is_constant(b->collection->bindings[i], depth + 1))
				return 0;
		return 1;
	case FLYTEIDL__CORE__BINDING_DATA__VALUE_MAP:
		if (depth > MAX_MESSAGE_DEPTH)
			return 0;
		for (size_t i = 0; i < b->map->n_bindings; i++)
			if (!is_constant(b->map->bindings[i]->value, depth + 1))
				return 0;
		return 1;
	case FLYTEIDL__CORE__BINDING_DATA__VALUE_PROMISE:
		return 0;
	case FLYTEIDL__CORE__BINDING_DATA__VALUE_OFFLOADED_METADATA:
	case FLYTEIDL__CORE__BINDING_DATA__VALUE__NOT_SET:
	case _FLYTEIDL__CORE__BINDING_DATA__VALUE__CASE_IS_INT_SIZE:
	default:
		return 1;
	}
}

/*
 * The literal a constant stands for.  What flytepropeller's resolver does not
 * know (offloaded metadata) is a literal with no value.
 */
static pb_literal *
constant(const pb_binding_data *b, struct arena *a)
{
	pb_literal *l = PB_NEW(a, flyteidl__core__literal);

	if (b == NULL)
		return l;
	if (b->value_case == FLYTEIDL__CORE__BINDING_DATA__VALUE_SCALAR) {
		l->value_case = FLYTEIDL__CORE__LITERAL__VALUE_SCALAR;
		l->scalar = b->scalar;
	} else if (b->value_case ==
	    FLYTEIDL__CORE__BINDING_DATA__VALUE_COLLECTION) {
		l->value_case = FLYTEIDL__CORE__LITERAL__VALUE_COLLECTION;
		l->collection = PB_NEW(a, flyteidl__core__literal_collection);
		l->collection->n_literals = b->collection->n_bindings;
		l->collection->literals = arena_new_n(a,
		    b->collection->n_bindings, pb_literal *);
		for (size_t i = 0; i < b->collection->n_bindings; i++)
			l->collection->literals[i] =
			    constant(b->collection->bindings[i], a);
	} else if (b->value_case == FLYTEIDL__CORE__BINDING_DATA__VALUE_MAP) {
		l->value_case = FLYTEIDL__CORE__LITERAL__VALUE_MAP;
		l->map = PB_NEW(a, flyteidl__core__literal_map);
		l->map->n_literals = b->map->n_bindings;
		l->map->literals = arena_new_n(a, b->map->n_bindings,
		    Flyteidl__Core__LiteralMap__LiteralsEntry *);
		for (size_t i = 0; i < b->map->n_bindings; i++) {
			l->map->literals[i] = arena_alloc(a,
			    sizeof(**l->map->literals));
			flyteidl__core__literal_map__literals_entry__init(
			    l->map->literals[i]);
			l->map->literals[i]->key = b->map->bindings[i]->key;
			l->map->literals[i]->value =
			    constant(b->map->bindings[i]->value, a);
		}
	}
	return l;
}

/* "[3].o" is element 3 of output o. */
static int
split_index(const char *var, int64_t *ret_index, const char **ret_var)
{
	const char *end = var[0] == '[' ? strstr(var, "].") : NULL;

	*ret_index = -1;
	*ret_var = var;
	if (end == NULL)
		return 0;
	*ret_var = end + 2;
	return num_parse_i64((struct str){ var + 1, (size_t)(end - var - 1) },
	    0, INT64_MAX, ret_index);
}

static int
promise(struct build *b, const pb_output_reference *ref, const char *whose,
    struct plan_bind *ret)
{
	const char *var;

	ret->kind = PLAN_PROMISE;
	if (plan_build_node_ref(b, ref->node_id[0] == '\0' ? "start-node" :
	    ref->node_id, whose, &ret->node) != 0)
		return -1;
	if (split_index(ref->var, &ret->index, &var) != 0)
		return err_set(b->e, ERR_SPEC, "node %s: output '%s' of node "
		    "%s: a bad index", whose, ref->var, ref->node_id);
	ret->text = plan_build_text(b, var);
	ret->sub.at = (uint32_t)b->paths.n;
	ret->sub.n = (uint32_t)ref->n_attr_path;
	for (size_t i = 0; i < ref->n_attr_path; i++) {
		const pb_promise_attribute *a = ref->attr_path[i];
		struct plan_path path = { 0, 0, { "", 0 } };

		if (a->value_case ==
		    FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_INT_VALUE) {
			path.is_int = 1;
			path.index = a->int_value;
		} else if (a->value_case ==
		    FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_STRING_VALUE)
			path.key = plan_build_text(b, a->string_value);
		VEC_PUSH(&b->paths, path);
	}
	return 0;
}

/* Room for n binds in a row; the numbers of the first is returned. */
static uint32_t
reserve(struct build *b, size_t n)
{
	uint32_t at = (uint32_t)b->binds.n;

	VEC_RESERVE(&b->binds, n);
	if (n > 0)
		memset(b->binds.at + b->binds.n, 0, n * sizeof(*b->binds.at));
	b->binds.n += n;
	return at;
}

static int
build_many(struct build *b, const pb_binding_data *v, const char *whose,
    struct plan_bind *ret, int depth)
{
	if (v->value_case == FLYTEIDL__CORE__BINDING_DATA__VALUE_COLLECTION) {
		ret->kind = PLAN_LIST;
		ret->sub.n = (uint32_t)v->collection->n_bindings;
		ret->sub.at = reserve(b, ret->sub.n);
		for (uint32_t i = 0; i < ret->sub.n; i++)
			if (build_value(b, v->collection->bindings[i], whose,
			    ret->sub.at + i, depth + 1) != 0)
				return -1;
		return 0;
	}
	ret->kind = PLAN_MAP;
	ret->sub.n = (uint32_t)v->map->n_bindings;
	ret->sub.at = reserve(b, ret->sub.n);

	c_free const ProtobufCMessage **entries = wire_sorted(&v->map->base,
	    protobuf_c_message_descriptor_get_field_by_name(
	    v->map->base.descriptor, "bindings"));
	for (uint32_t i = 0; i < ret->sub.n; i++) {
		const Flyteidl__Core__BindingDataMap__BindingsEntry *entry =
		    (const void *)entries[i];

		b->binds.at[ret->sub.at + i].name = plan_build_text(b, entry->key);
		if (build_value(b, entry->value, whose, ret->sub.at + i,
		    depth + 1) != 0)
			return -1;
	}
	return 0;
}

/* Fills the bind at that number, keeping its name. */
static int
build_value(struct build *b, const pb_binding_data *v, const char *whose,
    uint32_t at, int depth)
{
	struct plan_bind bind = b->binds.at[at];

	bind.index = -1;
	bind.node = PLAN_NONE;
	if (depth > MAX_MESSAGE_DEPTH)
		return err_set(b->e, ERR_SPEC, "node %s: a binding nests "
		    "deeper than %d", whose, MAX_MESSAGE_DEPTH);
	if (is_constant(v, depth)) {
		c_arena struct arena a = ARENA_INIT;

		bind.kind = PLAN_LITERAL;
		bind.text = plan_build_message(b, &constant(v, &a)->base);
	} else if (v->value_case ==
	    FLYTEIDL__CORE__BINDING_DATA__VALUE_PROMISE) {
		if (promise(b, v->promise, whose, &bind) != 0)
			return -1;
	} else if (build_many(b, v, whose, &bind, depth) != 0)
		return -1;
	b->binds.at[at] = bind;
	return 0;
}

static int
by_name(const void *a, const void *b)
{
	const pb_binding *const *x = a, *const *y = b;

	return strcmp((*x)->var, (*y)->var);
}

/* In the order of names, so that resolved inputs are canonical bytes. */
int
plan_build_bindings(struct build *b, pb_binding *const *list, size_t n,
    const char *whose, struct plan_range *ret)
{
	c_free const pb_binding **sorted = xcalloc(n + 1, sizeof(*sorted));

	ret->at = reserve(b, n);
	ret->n = (uint32_t)n;
	for (size_t i = 0; i < n; i++)
		sorted[i] = list[i];
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (size_t i = 0; i < n; i++) {
		b->binds.at[ret->at + i].name = plan_build_text(b, sorted[i]->var);
		if (build_value(b, sorted[i]->binding, whose,
		    ret->at + (uint32_t)i, 0) != 0)
			return -1;
	}
	return 0;
}
