#include "task/contract_p.h"

#include <fcntl.h>

#include "base/limits.h"
#include "base/num.h"
#include "data/json.h"
#include "data/jqx.h"
#include "idl/literal.h"
#include "idl/litout.h"
#include "idl/value.h"
#include "task/job.h"
#include "sys/file.h"

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
	static const struct value_ctx ctx = { .mode = VALUE_JSON,
		.rounded = 1 };
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

/* What the expression gave, n values, as the outputs. */
static void
take_results(const struct contract *c, struct str results, size_t n,
    struct arena *a, struct collected *ret)
{
	const pb_typed_interface *iface = c->task->interface;
	pb_literal_map *m = literal_map_new(a);
	c_tree struct tree t;
	struct err e;

	tree_init(&t);
	if (iface == NULL || iface->outputs == NULL ||
	    iface->outputs->n_variables == 0) {
		ret->outputs = m;
	} else if (n != 1) {
		(void)!err_set(&e, ERR_USAGE, "the expression gave %zu values "
		    "in place of one", n);
		user_error(ret, a, "OutputsNotFound", e.msg);
	} else if (json_parse_tree(results, &t, &e) < 0 ||
	    bind_result(c, &t, m, a, &e) < 0) {
		user_error(ret, a, "OutputsNotFound", e.msg);
	} else {
		ret->outputs = m;
	}
}

static void
add_inputs(struct strbuf *b, const pb_literal_map *inputs, struct arena *a)
{
	value_map_add_json(b, inputs == NULL ? literal_map_new(a) : inputs, 0);
}

/* Attempts one after the other that did not end in this process: the next
 * ones are not even tried in it. */
#define MANY_LONG_ONES	3

int
contract_run_jq(const struct contract *c, const pb_literal_map *inputs,
    struct str packed,
    struct arena *a, struct collected *ret, struct err *e)
{
	c_strbuf struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;
	unsigned flags = JQX_BRIEFLY | (c->jq_flags ? JQX_INTS_TEXT : 0);
	size_t n;

	*ret = (struct collected){ .outputs = NULL };
	if (c->state->long_ones >= MANY_LONG_ONES)
		return 1;
	if (inputs == NULL && packed.p != NULL) {
		if (litout_add_plain(&in, packed, e) < 0)
			return -1;
	} else {
		add_inputs(&in, inputs, a);
	}
	if (c->state->compiled == NULL &&
	    jqx_new(str_of(c->jq), &c->state->compiled, e) < 0) {
		user_error(ret, a, "JqFailed", e->msg);
		return 0;
	}
	if (jqx_run(c->state->compiled, strbuf_str(&in), flags,
	    MAX_VALUE_BYTES, &out, &n, e) == 0) {
		take_results(c, strbuf_str(&out), n, a, ret);
	} else if (e->kind == ERR_BUSY) {
		c->state->long_ones++;
		return 1;
	} else {
		user_error(ret, a, "JqFailed", e->msg);
	}
	c->state->long_ones = 0;
	return 0;
}

/* ---- in a process of its own --------------------------------------------- */

static int
write_text(const char *path, struct str text, struct err *e)
{
	c_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
	    0600);

	if (fd < 0 || file_write_all(fd, text.p, text.n) < 0)
		return err_sys(e, "%s", path);
	return 0;
}

int
contract_prepare_jq(const struct contract *c, const struct attempt *at,
    struct arena *a, struct command *ret, struct err *e)
{
	c_strbuf struct strbuf in = STRBUF_INIT;
	struct command cmd = { .path = c->world->jqrun, .dir = at->dir };
	char *values = attempt_path(at, a, "jq.in");
	size_t n = 0;

	if (cmd.path == NULL)
		return err_set(e, ERR_REFUSED, "a jq task that takes long, or "
		    "has limits, needs the helper program jqrun");
	add_inputs(&in, at->inputs, a);
	cmd.argv = arena_new_n(a, 4, char *);
	cmd.argv[n++] = arena_strdup(a, "jqrun");
	if (c->jq_flags)
		cmd.argv[n++] = arena_strdup(a, "-t");
	cmd.argv[n++] = attempt_path(at, a, "jq.text");
	cmd.envp = arena_new_n(a, 2, char *);
	if (at->mark != NULL)
		cmd.envp[0] = arena_printf(a, JOB_MARK "=%s", at->mark);
	cmd.stdout_path = attempt_path(at, a, "jq.out");
	if (write_text(values, strbuf_str(&in), e) < 0 ||
	    write_text(cmd.argv[n - 1], str_of(c->jq), e) < 0)
		return -1;
	cmd.in = open(values, O_RDONLY | O_CLOEXEC);
	if (cmd.in < 0)
		return err_sys(e, "%s", values);
	*ret = cmd;
	return 0;
}

int
contract_collect_jq(const struct contract *c, const struct attempt *at,
    struct arena *a, struct collected *ret, struct err *e)
{
	c_strbuf struct strbuf out = STRBUF_INIT;
	const char *end;
	uint64_t n;

	*ret = (struct collected){ .outputs = NULL };
	if (file_read(AT_FDCWD, attempt_path(at, a, "jq.out"),
	    MAX_VALUE_BYTES + 32, &out, e) < 0) {
		if (e->kind != ERR_USAGE)
			return -1;
		user_error(ret, a, "OutputsNotFound", e->msg);
		return 0;
	}
	/* libexec/jqrun: how many results, or "E"; then they or why. */
	end = memchr(out.p, '\n', out.n);
	if (end == NULL)
		return err_set(e, ERR_SYS, "jqrun left no answer");
	end++;
	if (out.p[0] == 'E')
		user_error(ret, a, "JqFailed", end);
	else if (num_parse_u64((struct str){ out.p, (size_t)(end - out.p) -
	    1 }, 0, SIZE_MAX, &n) < 0)
		return err_set(e, ERR_SYS, "jqrun left no answer");
	else
		take_results(c, (struct str){ end, out.n - (size_t)(end -
		    out.p) }, (size_t)n, a, ret);
	return 0;
}
