/*
 * Promises: an output of another node, and the way into it
 * (flytepropeller, compiler/validators/{bindings,vars}.go and typing).
 */

#include "base/num.h"
#include "compile/binding.h"
struct promise_var {
	const char	*name;
	int		 indexed;
};

/* "[3].name" or "name": digits; letters, digits and underscores. */
static int
parse_var(const char *text, struct promise_var *ret)
{
	const char *p = text;
	uint64_t n;

	ret->indexed = 0;
	if (*p == '[') {
		size_t len = strspn(p + 1, "0123456789");

		if (len == 0 || p[1 + len] != ']' || p[2 + len] != '.' ||
		    num_parse_u64((struct str){ p + 1, len }, 0, INT64_MAX,
		    &n) < 0)
			return -1;
		ret->indexed = 1;
		p += len + 3;
	}
	ret->name = p;
	for (; *p != '\0'; p++)
		if (!((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
		    (*p >= '0' && *p <= '9') || *p == '_'))
			return -1;
	return p > ret->name ? 0 : -1;
}

static const char *
field_name(const pb_promise_attribute *a)
{
	return a->value_case ==
	    FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_STRING_VALUE ?
	    a->string_value : "";
}

/* The field of a dataclass, or NULL. */
static const pb_literal_type *
field_of(const pb_type_structure *st, const pb_promise_attribute *a)
{
	const char *name = field_name(a);
	size_t i;

	for (i = 0; i < st->n_dataclass_type; i++)
		if (strcmp(st->dataclass_type[i]->key, name) == 0)
			return st->dataclass_type[i]->value;
	return NULL;
}

static int
no_field(struct check *k, const pb_output_reference *p, const struct step *s,
    const pb_promise_attribute *a, const pb_literal_type *t)
{
	c_strbuf struct strbuf key = STRBUF_INIT, name = STRBUF_INIT;

	if (k->silent) {
		k->bad++;
		return -1;
	}
	binding_key(&key, p->var, field_name(a), t, NULL);
	return binding_fault(k, COMPILE_FIELD_NOT_FOUND, k->n->msg->id, s, &key,
	    "'%s.%s' (%s) has no field '%s'", p->node_id, p->var,
	    binding_type_name(&name, t), field_name(a));
}

static int
walk_path(struct check *k, const pb_output_reference *p,
    const struct step *s, const pb_literal_type **t)
{
	const pb_promise_attribute *a;
	const pb_literal_type *up;
	size_t i;

	for (i = 0; i < p->n_attr_path; i++) {
		up = *t;
		a = p->attr_path[i];
		if (up->type_case == TYPE_LIST)
			*t = up->collection_type;
		else if (up->type_case == TYPE_MAP)
			*t = up->map_value_type;
		else if (up->structure == NULL ||
		    up->structure->n_dataclass_type == 0)
			continue;
		else if ((*t = field_of(up->structure, a)) == NULL)
			return no_field(k, p, s, a, up);
	}
	return 0;
}

/* The producer's output, or NULL with the errors of a bad promise. */
static const struct var *
find_output(struct check *k, const struct promise_var *v, struct cnode *up,
    const struct step *s)
{
	const struct vars *all = cnode_outputs(k->b, up);
	const struct var *out = all == NULL ? NULL : vars_find(all, v->name);

	/* Without a list its aliases are at fault, and said so. */
	if (all == NULL)
		k->bad++;
	else if (out == NULL)
		(void)binding_fault(k, COMPILE_VARIABLE_NAME_NOT_FOUND,
		    up->msg->id, s, NULL, "node '%s' has no output '%s'",
		    up->msg->id, v->name);
	if (out == NULL)
		(void)binding_fault(k, COMPILE_PARAMETER_NOT_BOUND,
		    k->n->msg->id, s, NULL, "'%s' is not bound", k->var);
	return out;
}

static const char *
promise_text(struct strbuf *b, const pb_output_reference *p)
{
	strbuf_addf(b, "%s.%s", *p->node_id == '\0' ? START_NODE : p->node_id,
	    p->var);
	return b->p;
}

int
binding_promise(struct check *k, const pb_binding_data *d,
    const pb_literal_type *expected, const struct step *s,
    const pb_literal_type **ret)
{
	const pb_output_reference *p = d->promise;
	c_strbuf struct strbuf text = STRBUF_INIT;
	const char *id = *p->node_id == '\0' ? START_NODE : p->node_id;
	uint32_t at = map_get(&k->b->ids, str_of(id));
	struct cnode *up = at == MAP_NONE ? NULL : k->b->node_of.at[at];
	const struct var *out;
	const pb_literal_type *t;
	struct promise_var v;

	if (up == NULL) {
		(void)binding_fault(k, COMPILE_NODE_REFERENCE_NOT_FOUND, id, s,
		    NULL, "there is no node '%s'", id);
		return binding_fault(k, COMPILE_PARAMETER_NOT_BOUND,
		    k->n->msg->id, s, NULL, "'%s' is not bound", k->var);
	}
	if (parse_var(p->var, &v) < 0) {
		strbuf_adds(&text, k->var);
		strbuf_addch(&text, '\n');
		strbuf_adds(&text, p->var);
		return binding_fault(k, COMPILE_SYNTAX_ERROR, k->n->msg->id, s,
		    &text, "'%s' is bound to the output '%s': expected a word, "
		    "or [number].word", k->var, p->var);
	}
	out = find_output(k, &v, up, s);
	if (out == NULL)
		return -1;
	t = out->type;
	if (v.indexed) {
		if (t->type_case != TYPE_LIST)
			return binding_fault_types(k, s, promise_text(&text, p),
			    t, expected);
		t = t->collection_type;
	}
	if (walk_path(k, p, s, &t) < 0)
		return -1;
	if (k->typed && !binding_castable(t, expected))
		return binding_fault_types(k, s, promise_text(&text, p), t,
		    expected);
	if (*p->node_id == '\0')
		k->n->start_promise = 1;
	VEC_PUSH(&k->from, at);
	*ret = t;
	return 0;
}
