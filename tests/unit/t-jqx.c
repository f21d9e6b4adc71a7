#include "unit.h"

#include "data/jqx.h"

#define LIMIT	((size_t)1 << 20)	/* bytes of results */

static int
jq(const char *expression, const char *json, unsigned flags,
    struct strbuf *out, struct err *e)
{
	c_jqx struct jqx *j = NULL;
	size_t n;

	strbuf_reset(out);
	if (jqx_new(str_of(expression), &j, e) < 0)
		return -1;
	if (jqx_run(j, str_of(json), flags, LIMIT, out, &n, e) < 0)
		return -2;
	return (int)n;
}

TEST(results)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err e;

	CHECK_INT(jq(".a + 1", "{\"a\": 41}", 0, &b, &e), 1);
	CHECK_STR(b.p, "42\n");
	CHECK_INT(jq(".[]", "[1, \"x\", null]", 0, &b, &e), 3);
	CHECK_STR(b.p, "1\n\"x\"\nnull\n");
	CHECK_INT(jq("empty", "1", 0, &b, &e), 0);
	CHECK_INT(jq("def f: . * 2; f # twice", "4", 0, &b, &e), 1);
	CHECK_STR(b.p, "8\n");
}

TEST(errors)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err e;

	CHECK_INT(jq(".a |", "1", 0, &b, &e), -1);
	CHECK_INT(e.kind, ERR_USAGE);
	CHECK(strncmp(e.msg, "jq: syntax error", 16) == 0);
	CHECK_INT(jq("nope", "1", 0, &b, &e), -1);
	CHECK(strstr(e.msg, "nope/0 is not defined") != NULL);
	CHECK_INT(jq("error(\"no\")", "1", 0, &b, &e), -2);
	CHECK_INT(e.kind, ERR_FAILED);
	CHECK_STR(e.msg, "jq: no");
	CHECK_INT(jq(".a", "1", 0, &b, &e), -2);
	CHECK_STR(e.msg, "jq: Cannot index number with string \"a\"");
	CHECK_INT(jq(".", "{", 0, &b, &e), -2);
	CHECK_INT(e.kind, ERR_USAGE);
	CHECK_INT(jq("halt", "1", 0, &b, &e), -2);
	CHECK_INT(jq("error({a: 1})", "1", 0, &b, &e), -2);
	CHECK_STR(e.msg, "jq: {\"a\":1}");
}

TEST(integers_are_exact_or_refused)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err e;

	CHECK_INT(jq(".", "9007199254740991", 0, &b, &e), 1);
	CHECK_STR(b.p, "9007199254740991\n");
	CHECK_INT(jq(".", "[-9007199254740992]", 0, &b, &e), -2);
	CHECK_INT(e.kind, ERR_USAGE);
	CHECK(strstr(e.msg, "-9007199254740992 is beyond 2^53") != NULL);
	CHECK_INT(jq(".[0]", "[9223372036854775807, 1]", JQX_INTS_TEXT, &b,
	    &e), 1);
	CHECK_STR(b.p, "\"9223372036854775807\"\n");
	CHECK_INT(jq(".", "\"9223372036854775807\"", 0, &b, &e), 1);
	CHECK_INT(jq(".", "1e300", 0, &b, &e), 1);
}

TEST(nothing_of_the_world_around)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err e;

	CHECK_INT(jq("[env, $ENV]", "1", 0, &b, &e), 1);
	CHECK_STR(b.p, "[{},{}]\n");
	CHECK_INT(jq("import \"a\" as a; 1", "1", 0, &b, &e), -1);
	CHECK_INT(jq("input", "1", 0, &b, &e), -2);
	CHECK_STR(e.msg, "jq: there is one input, which is the expression's own: .");
}

TEST(one_expression_many_inputs)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	c_jqx struct jqx *j = NULL;
	struct err e;
	size_t n;
	int i;

	CHECK_INT(jqx_new(STR(". + 1"), &j, &e), 0);
	for (i = 0; i < 3; i++)
		CHECK_INT(jqx_run(j, STR("1"), 0, LIMIT, &b, &n, &e), 0);
	CHECK_INT(jqx_run(j, STR("[]"), 0, LIMIT, &b, &n, &e), -1);
	CHECK_INT(jqx_run(j, STR("2"), 0, LIMIT, &b, &n, &e), 0);
	CHECK_STR(b.p, "2\n2\n2\n3\n");
}

/* Each of these would end, block or fill the program; afterwards the same
 * expression can be run again. */
/* What was stopped before runs again; the sanitizer takes its time for it. */
#ifdef __SANITIZE_ADDRESS__
#define AGAIN	0
#else
#define AGAIN	JQX_BRIEFLY
#endif

TEST(what_does_not_end_is_stopped)
{
	static const char *const bad[] = {
		"if . == 1 then 1 else (def f: f; f) end",
		"if . == 1 then 1 else (def f: 1 + f; f) end",
		"if . == 1 then 1 else [range(infinite)] end",
		"if . == 1 then 1 else (\"x\" * 1e9 | length) end",
		"if . == 1 then 1 else repeat(1) end",
#ifndef __SANITIZE_ADDRESS__	/* which has no bound on memory */
		"if . == 1 then 1 else ([0] | .[100000000] = 1) end",
#endif
	};
	struct err e;
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(bad); i++) {
		c_strbuf struct strbuf b = STRBUF_INIT;
		c_jqx struct jqx *j = NULL;

		CHECK_INT(jqx_new(str_of(bad[i]), &j, &e), 0);
		CHECK_INT(jqx_run(j, STR("2"), JQX_BRIEFLY, LIMIT, &b, &n, &e),
		    -1);
		CHECK_INT(e.kind, ERR_BUSY);
		strbuf_reset(&b);
		CHECK_INT(jqx_run(j, STR("1"), AGAIN, LIMIT, &b, &n, &e), 0);
		CHECK_STR(b.p, "1\n");
	}
}

TEST(results_are_bounded)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err e;

	CHECK_INT(jq("repeat(1)", "1", 0, &b, &e), -2);
	CHECK_STR(e.msg, "jq: the results have more than 1048576 bytes");
	CHECK_INT(e.kind, ERR_FAILED);
}

TEST(many_are_checked_together)
{
	const struct str good[] = { STR(".a"), STR("1 # one"), STR("{b: .}") };
	const struct str bad[] = { STR(".a"), STR("nosuch"), STR("1)") };
	const struct str open[] = { STR("1), (2"), STR("3) | (4") };
	const struct str close[] = { STR("1), (def f: 2; f") };
	struct err e;
	size_t at = 9;

	CHECK_INT(jqx_check(good, 3, &at, &e), 0);
	CHECK_INT(jqx_check(NULL, 0, &at, &e), 0);
	CHECK_INT(jqx_check(bad, 3, &at, &e), -1);
	CHECK_INT(at, 1);
	CHECK_STR(e.msg, "jq: nosuch/0 is not defined at <top-level>, line 1");
	CHECK_INT(jqx_check(open, 2, &at, &e), 0);
	CHECK_INT(jqx_check(close, 1, &at, &e), 0);
}
