#include "data/jqx.h"

#include <dlfcn.h>
#include <jq.h>

#include "base/limits.h"
#include "base/num.h"
#include "data/json.h"
#include "sys/guard.h"

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
	F(jq_set_debug_cb)						\
	F(jv_invalid_with_msg) F(jv_string) F(jq_halt) F(jv_true)	\
	F(jv_null) F(jq_set_nomem_handler)

#define F(name)	__typeof__(name) *name;
static struct {
	void	*handle;
	FUNCTIONS(F)
} lib;
#undef F

struct jqx {
	jq_state	*jq;		/* NULL: lost */
	struct strbuf	 text;		/* the expression, as compiled */
	struct strbuf	 messages;	/* of jq's callback */
	int		 grows;		/* see may_grow */
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
	if (end > p && end[-1] == ':')
		end--;
	return err_set(e, ERR_USAGE, "jq: %.*s", (int)MIN(end - p, 400), p);
}

/* What is not set is what lay in the memory before. */
static void
on_debug(void *arg, jv msg)
{
	(void)arg;
	lib.jv_free(msg);
}

static void
on_no_memory(void *arg)
{
	(void)arg;
	guard_no_memory();
}

static int
compile(struct jqx *j, struct err *e)
{
	j->messages.n = 0;
	j->jq = lib.jq_init();
	if (j->jq == NULL)
		return err_set(e, ERR_SYS, "jq: out of memory");
	lib.jq_set_error_cb(j->jq, on_message, j);
	lib.jq_set_debug_cb(j->jq, on_debug, NULL);
	lib.jq_set_input_cb(j->jq, no_more_input, NULL);
	lib.jq_set_nomem_handler(j->jq, on_no_memory, NULL);
	return lib.jq_compile(j->jq, j->text.p) ? 0 : compile_error(j, e);
}

/*
 * A single operation can ask for any amount of memory only where it repeats a
 * text, or sets an element that is not there yet.  Bounding memory costs two
 * system calls a run, which others need not pay.
 */
static int
may_grow(struct str expression)
{
	static const char *const words[] = { "*", "=", "setpath", "stream" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(words); i++)
		if (memmem(expression.p, expression.n, words[i],
		    strlen(words[i])) != NULL)
			return 1;
	return 0;
}

static int
check_text(struct str expression, struct err *e)
{
	if (memchr(expression.p, '\0', expression.n) != NULL)
		return err_set(e, ERR_USAGE, "jq: the expression holds a NUL "
		    "byte");
	if (expression.n > MAX_JQ_BYTES)
		return err_set(e, ERR_USAGE, "jq: the expression has %zu bytes; "
		    "at most %zu are taken", expression.n, MAX_JQ_BYTES);
	return 0;
}

/*
 * An expression sees its input and nothing else: no environment, and (being
 * no longer the start of the program) no modules from disk.
 */
static int
new_of(const struct str *expressions, size_t n, struct jqx **ret,
    struct err *e)
{
	c_jqx struct jqx *j = xcalloc(1, sizeof(*j));
	size_t i;

	strbuf_init(&j->messages);
	strbuf_init(&j->text);
	if (load(e) < 0)
		return -1;
	strbuf_adds(&j->text, "def env: {}; {} as $ENV | (");
	for (i = 0; i < n; i++) {
		if (check_text(expressions[i], e) < 0)
			return -1;
		strbuf_adds(&j->text, i == 0 ? "" : "\n), (");
		strbuf_addstr(&j->text, expressions[i]);
		j->grows |= may_grow(expressions[i]);
	}
	strbuf_adds(&j->text, "\n)");
	if (compile(j, e) < 0)
		return -1;
	*ret = TAKE(j, NULL);
	return 0;
}

int
jqx_new(struct str expression, struct jqx **ret, struct err *e)
{
	return new_of(&expression, 1, ret, e);
}

int
jqx_check(const struct str *expressions, size_t n, size_t *ret_bad,
    struct err *e)
{
	c_jqx struct jqx *all = NULL;
	struct err together;
	size_t i;

	if (n == 0 || new_of(expressions, n, &all, &together) == 0)
		return 0;
	for (i = 0; i < n; i++) {
		c_jqx struct jqx *one = NULL;

		*ret_bad = i;
		if (jqx_new(expressions[i], &one, e) < 0)
			return -1;
	}
	/* Together they are too much: each alone is what counts. */
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
	strbuf_release(&j->text);
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

/* Values that are taken out of libjq at a time: JQX_BRIEFLY is once. */
#define STEP	16

/* One run; what libjq does of it happens in step(). */
struct jq_run {
	struct jqx	*j;
	struct str	 in;
	int		 started;
	volatile int	 late;
	jv		 value;		/* invalid: the end, or a failure */
	jv		 text[STEP];
	size_t		 n;
};

static void
on_time(void *arg)
{
	struct jq_run *r = arg;

	r->late = 1;
	if (!lib.jq_halted(r->j->jq))
		lib.jq_halt(r->j->jq, lib.jv_true(), lib.jv_null());
}

static void
step(void *arg)
{
	struct jq_run *r = arg;

	r->n = 0;
	if (!r->started) {
		r->started = 1;
		r->value = lib.jv_parse_sized(r->in.p, (int)r->in.n);
		if (lib.jv_get_kind(r->value) == JV_KIND_INVALID)
			return;
		lib.jq_start(r->j->jq, r->value, 0);
	}
	while (r->n < STEP && !r->late) {
		r->value = lib.jq_next(r->j->jq);
		if (lib.jv_get_kind(r->value) == JV_KIND_INVALID)
			return;
		r->text[r->n++] = lib.jv_dump_string(r->value, 0);
	}
}

static void
take(struct jq_run *r, struct strbuf *ret)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		strbuf_add(ret, lib.jv_string_value(r->text[i]),
		    (size_t)lib.jv_string_length_bytes(lib.jv_copy(
		    r->text[i])));
		strbuf_addch(ret, '\n');
		lib.jv_free(r->text[i]);
	}
}

/*
 * What libjq holds is lost with it.  Which of its allocations fails decides
 * whether it tells us or aborts, so the reasons can not be told apart.
 */
static int
broke_off(struct jqx *j, int briefly, struct err *e)
{
	j->jq = NULL;
	if (briefly)
		return err_set(e, ERR_BUSY, "jq: broke off");
	return err_set(e, ERR_FAILED, "jq: libjq broke off: the expression "
	    "calls itself too often, needs more memory than it may have, or "
	    "meets a value that libjq can not take");
}

static int
run_step(struct jq_run *r, unsigned flags, struct err *e)
{
	const struct guard_limits limits = {
		.slice = flags & JQX_BRIEFLY ? JQX_SLICE : 0,
		.on_time = on_time,
		.memory = (flags & JQX_BRIEFLY) && r->j->grows ?
		    MAX_JQ_GROWTH : 0,
	};

	return guard_run(step, r, &limits) == GUARD_DONE ? 0 :
	    broke_off(r->j, (flags & JQX_BRIEFLY) != 0, e);
}

static int
run_end(struct jq_run *r, struct err *e)
{
	if (r->late)
		return err_set(e, ERR_BUSY, "jq: takes its time");
	if (lib.jv_invalid_has_msg(lib.jv_copy(r->value)))
		return run_error(r->value, e);
	lib.jv_free(r->value);
	if (lib.jq_halted(r->j->jq))
		return err_set(e, ERR_FAILED, "jq: the expression halted");
	return 0;
}

int
jqx_run(struct jqx *j, struct str json, unsigned flags, size_t max,
    struct strbuf *ret, size_t *ret_n, struct err *e)
{
	c_strbuf struct strbuf in = STRBUF_INIT;
	struct jq_run r = { .j = j };
	size_t before = ret->n;

	*ret_n = 0;
	if (prepare(json, flags, &in, e) < 0 ||
	    (j->jq == NULL && compile(j, e) < 0))
		return -1;
	r.in = strbuf_str(&in);
	do {
		if (run_step(&r, flags, e) < 0)
			return -1;
		take(&r, ret);
		*ret_n += r.n;
		if (ret->n - before > max)
			return err_set(e, ERR_FAILED, "jq: the results have "
			    "more than %zu bytes", max);
		r.late |= r.n == STEP && (flags & JQX_BRIEFLY) != 0;
	} while (r.n == STEP && !r.late);
	return run_end(&r, e);
}
