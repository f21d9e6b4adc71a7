#include "data/jqx.h"

#include <dlfcn.h>
#include <jq.h>

#include "base/num.h"
#include "data/json.h"

/* 2^53 - 1: above it a double skips integers. */
#define MAX_EXACT	INT64_C(9007199254740991)

/*
 * libjq costs every start of a program a fifth of a millisecond, and is
 * needed now and then: it is loaded at first use.
 */
#define LIBJQ	"libjq.so.1"
#define FUNCTIONS(F)							\
	F(jq_init) F(jq_set_error_cb) F(jq_compile) F(jq_teardown)	\
	F(jq_start) F(jq_next) F(jq_halted) F(jv_get_kind)		\
	F(jv_string_value) F(jv_free) F(jv_copy) F(jv_dump_string)	\
	F(jv_invalid_get_msg) F(jv_invalid_has_msg) F(jv_parse_sized)	\
	F(jv_string_length_bytes) F(jq_set_input_cb)		\
	F(jv_invalid_with_msg) F(jv_string)

#define F(name)	__typeof__(name) *name;
static struct {
	void	*handle;
	FUNCTIONS(F)
} lib;
#undef F

struct jqx {
	jq_state	*jq;
	struct strbuf	 messages;	/* of jq's callback */
};

static int
load(struct err *e)
{
	void *handle;

	if (lib.handle != NULL)
		return 0;
	handle = dlopen(LIBJQ, RTLD_NOW | RTLD_LOCAL);
	if (handle == NULL)
		return err_set(e, ERR_REFUSED, "jq: %s", dlerror());
#define F(name)								\
	lib.name = (__typeof__(lib.name))(uintptr_t)dlsym(handle, #name);	\
	if (lib.name == NULL)						\
		return err_set(e, ERR_REFUSED, "jq: %s", dlerror());
	FUNCTIONS(F)
#undef F
	lib.handle = handle;
	return 0;
}

/* ---- the expression ------------------------------------------------------ */

static void
on_message(void *arg, jv msg)
{
	struct jqx *j = arg;

	if (lib.jv_get_kind(msg) == JV_KIND_STRING) {
		strbuf_adds(&j->messages, lib.jv_string_value(msg));
		strbuf_addch(&j->messages, '\n');
	}
	lib.jv_free(msg);
}

/* There is one input; jq calls what is not set. */
static jv
no_more_input(jq_state *jq, void *arg)
{
	(void)jq;
	(void)arg;
	return lib.jv_invalid_with_msg(lib.jv_string("there is one input, "
	    "which is the expression's own: ."));
}

/* The first line of what jq said, without its own name. */
static int
compile_error(struct jqx *j, struct err *e)
{
	static const char lead[] = "jq: error: ";
	const char *p = j->messages.p, *end;

	if (strncmp(p, lead, sizeof(lead) - 1) == 0)
		p += sizeof(lead) - 1;
	end = strstr(p, " (Unix shell quoting issues?)");
	if (end == NULL)
		end = strchrnul(p, '\n');
	return err_set(e, ERR_USAGE, "jq: %.*s", (int)MIN(end - p, 400), p);
}

/*
 * An expression sees its input and nothing else: no environment, and (being
 * no longer the start of the program) no modules from disk.
 */
int
jqx_new(struct str expression, struct jqx **ret, struct err *e)
{
	c_jqx struct jqx *j = xcalloc(1, sizeof(*j));
	c_strbuf struct strbuf text = STRBUF_INIT;

	strbuf_init(&j->messages);
	if (load(e) < 0)
		return -1;
	if (memchr(expression.p, '\0', expression.n) != NULL)
		return err_set(e, ERR_USAGE, "jq: the expression holds a NUL "
		    "byte");
	j->jq = lib.jq_init();
	if (j->jq == NULL)
		return err_set(e, ERR_SYS, "jq: out of memory");
	lib.jq_set_error_cb(j->jq, on_message, j);
	lib.jq_set_input_cb(j->jq, no_more_input, NULL);
	strbuf_adds(&text, "def env: {}; {} as $ENV | (\n");
	strbuf_addstr(&text, expression);
	strbuf_adds(&text, "\n)");
	if (!lib.jq_compile(j->jq, text.p))
		return compile_error(j, e);
	*ret = TAKE(j, NULL);
	return 0;
}

void
jqx_free(struct jqx *j)
{
	if (j == NULL)
		return;
	if (j->jq != NULL)
		lib.jq_teardown(&j->jq);
	strbuf_release(&j->messages);
	free(j);
}

/* ---- its input ----------------------------------------------------------- */

static int
is_inexact(const struct tree_node *n)
{
	int64_t v;

	return n->kind == TREE_SCALAR && !n->quoted &&
	    json_is_number(n->text) &&
	    memchr(n->text.p, '.', n->text.n) == NULL &&
	    memchr(n->text.p, 'e', n->text.n) == NULL &&
	    memchr(n->text.p, 'E', n->text.n) == NULL &&
	    num_parse_i64(n->text, -MAX_EXACT, MAX_EXACT, &v) < 0;
}

/* The same JSON with integers that a double can not hold as strings. */
static int
prepare(struct str json, unsigned flags, struct strbuf *ret, struct err *e)
{
	c_tree struct tree t;
	size_t i, from = 0;

	tree_init(&t);
	if (json_parse_tree(json, &t, e) < 0)
		return -1;
	for (i = 0; i < t.n; i++) {
		const struct tree_node *n = &t.at[i];

		if (!is_inexact(n))
			continue;
		if (!(flags & JQX_INTS_TEXT))
			return err_set(e, ERR_USAGE, "jq: the integer " STR_FMT
			    " is beyond 2^53 and would lose digits; hand such "
			    "integers over as strings (jq_ints: text, "
			    "--jq-ints=text)", STR_ARG(n->text));
		strbuf_add(ret, json.p + from, n->span.from - from);
		strbuf_addf(ret, "\"" STR_FMT "\"", STR_ARG(n->text));
		from = n->span.to;
	}
	strbuf_add(ret, json.p + from, json.n - from);
	return 0;
}

/* ---- running ------------------------------------------------------------- */

static int
run_error(jv value, struct err *e)
{
	jv msg = lib.jv_invalid_get_msg(value), text;

	if (lib.jv_get_kind(msg) != JV_KIND_STRING)
		msg = lib.jv_dump_string(msg, 0);
	text = msg;
	if (err_set(e, ERR_FAILED, "jq: %.400s", lib.jv_string_value(text)) < 0)
		lib.jv_free(text);
	return -1;
}

int
jqx_run(struct jqx *j, struct str json, unsigned flags, struct strbuf *ret,
    size_t *ret_n, struct err *e)
{
	c_strbuf struct strbuf in = STRBUF_INIT;
	size_t n = 0;
	jv value;

	if (prepare(json, flags, &in, e) < 0)
		return -1;
	value = lib.jv_parse_sized(in.p, (int)in.n);
	if (lib.jv_get_kind(value) == JV_KIND_INVALID)
		return run_error(value, e);
	lib.jq_start(j->jq, value, 0);
	for (;;) {
		value = lib.jq_next(j->jq);
		if (lib.jv_get_kind(value) == JV_KIND_INVALID)
			break;
		value = lib.jv_dump_string(value, 0);
		strbuf_add(ret, lib.jv_string_value(value),
		    (size_t)lib.jv_string_length_bytes(lib.jv_copy(value)));
		strbuf_addch(ret, '\n');
		lib.jv_free(value);
		n++;
	}
	if (lib.jv_invalid_has_msg(lib.jv_copy(value)))
		return run_error(value, e);
	lib.jv_free(value);
	if (lib.jq_halted(j->jq))
		return err_set(e, ERR_FAILED, "jq: the expression halted");
	*ret_n = n;
	return 0;
}
