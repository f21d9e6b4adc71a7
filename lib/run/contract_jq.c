#include "run/contract_p.h"

#include "data/json.h"
#include "data/jqx.h"
#include "idl/literal.h"
#include "idl/value.h"

static void
user_error(struct collected *ret, struct arena *a, const char *code,
    const char *msg)
{
	collected_error(ret, a,
	    FLYTEIDL__CORE__EXECUTION_ERROR__ERROR_KIND__USER, 0, code, "%s",
	    msg);
}

/* The result as outputs: by name, or the sole output's bare value. */
static int
bind_result(const struct contract *c, const struct tree *t,
    pb_literal_map *m, struct arena *a, struct err *e)
{
	static const struct value_ctx ctx = { .mode = VALUE_JSON };
	const pb_variable_map *v = c->task->interface->outputs;
	size_t i;

	for (i = 0; i < v->n_variables; i++) {
		const char *name = v->variables[i]->key;
		uint32_t node = 0;
		pb_literal *l;

		if (v->n_variables > 1 && t->at[0].kind != TREE_MAP)
			return err_set(e, ERR_USAGE, "expected an object of "
			    "the outputs by name");
		if (v->n_variables > 1)
			node = tree_get(t, 0, name);
		if (node == TREE_NONE)
			return err_set(e, ERR_USAGE, "output %s: is missing",
			    name);
		if (value_from_tree(v->variables[i]->value->type, t, node,
		    &ctx, a, &l, e) < 0)
			return err_wrap(e, "output %s", name);
		literal_map_put(m, a, name, l);
	}
	return 0;
}

int
contract_run_jq(const struct contract *c, const pb_literal_map *inputs,
    struct arena *a, struct collected *ret, struct err *e)
{
	c_strbuf struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;
	const pb_typed_interface *iface = c->task->interface;
	c_tree struct tree t;
	pb_literal_map *m;
	size_t n;

	tree_init(&t);
	*ret = (struct collected){ .outputs = NULL };
	m = literal_map_new(a);
	value_map_add_json(&in, inputs == NULL ? m : inputs, 0);
	if (*c->compiled == NULL &&
	    jqx_new(str_of(c->jq), c->compiled, e) < 0)
		return -1;
	if (jqx_run(*c->compiled, strbuf_str(&in), c->jq_flags ? JQX_INTS_TEXT : 0,
	    &out, &n, e) < 0) {
		user_error(ret, a, "JqFailed", e->msg);
		return 0;
	}
	if (iface == NULL || iface->outputs == NULL ||
	    iface->outputs->n_variables == 0) {
		ret->outputs = m;
		return 0;
	}
	if (n != 1) {
		(void)!err_set(e, ERR_USAGE, "the expression gave %zu values "
		    "in place of one", n);
		user_error(ret, a, "OutputsNotFound", e->msg);
	} else if (json_parse_tree(strbuf_str(&out), &t, e) < 0 ||
	    bind_result(c, &t, m, a, e) < 0) {
		user_error(ret, a, "OutputsNotFound", e->msg);
	} else {
		ret->outputs = m;
	}
	return 0;
}
