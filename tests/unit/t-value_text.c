/* Values as tasks are given them and give them back. */

#include "unit.h"

#include <math.h>

#include "base/limits.h"
#include "idl/render.h"
#include "value.h"

static struct strbuf out = STRBUF_INIT;

TEST(go_floats)
{
	static const struct {
		double		 v;
		const char	*go, *fixed;
	} rows[] = {
		{ 0, "0", "0" }, { -0.0, "-0", "-0" }, { 1, "1", "1" },
		{ 0.1, "0.1", "0.1" }, { 100, "100", "100" },
		{ 1e20, "100000000000000000000", "100000000000000000000" },
		{ 1e21, "1e+21", "1000000000000000000000" },
		{ 1e-4, "0.0001", "0.0001" }, { 1e-5, "1e-05", "0.00001" },
		{ 1.5e-7, "1.5e-07", "0.00000015" },
		{ 123.456, "123.456", "123.456" },
		{ 1.0 / 3, "0.3333333333333333", "0.3333333333333333" },
		{ 9007199254740993.0, "9007199254740992",
		    "9007199254740992" },
		{ INFINITY, "+Inf", "+Inf" }, { -INFINITY, "-Inf", "-Inf" },
		{ NAN, "NaN", "NaN" }, { 1e300, "1e+300", NULL },
		{ 5e-324, "5e-324", NULL },
	};
	struct strbuf b c_strbuf = STRBUF_INIT;
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		strbuf_reset(&b);
		render_add_go_float(&b, rows[i].v);
		CHECK_STR(b.p, rows[i].go);
		strbuf_reset(&b);
		render_add_fixed_float(&b, rows[i].v);
		if (rows[i].fixed != NULL)
			CHECK_STR(b.p, rows[i].fixed);
	}
}

static const char *
rendered(const char *type, const char *text)
{
	struct value_ctx ctx = { .mode = VALUE_CLI };
	struct arena a c_arena = ARENA_INIT;
	pb_literal *l;
	struct err e;

	strbuf_reset(&out);
	if (value_from_text(type_of(type, &a), str_of(text), &ctx, &a, &l,
	    &e) < 0 || render_template_value(&out, l, &e) < 0)
		return "error";
	return out.p;
}

TEST(templates)
{
	CHECK_STR(rendered("int", "-7"), "-7");
	CHECK_STR(rendered("bool", "true"), "true");
	CHECK_STR(rendered("float", "1000000"), "1000000");
	CHECK_STR(rendered("str", "a b"), "a b");
	CHECK_STR(rendered("datetime", "2024-01-02"), "2024-01-02T00:00:00Z");
	CHECK_STR(rendered("duration", "20s"), "seconds:20");
	CHECK_STR(rendered("duration", "1500ms"),
	    "seconds:1 nanos:500000000");
	CHECK_STR(rendered("list(list(int))", "[[1,2],[]]"), "[[1,2],[]]");
	CHECK_STR(rendered("struct", "{\"b\":[1,\"x\"],\"a\":1}"),
	    "map[a:1 b:[1 x]]");
	CHECK_STR(rendered("file", "/x"), "/x");
	CHECK_STR(rendered("map(int)", "{}"), "error");
	CHECK_STR(rendered("int?", "1"), "error");
}

static const char *
read_back(const char *type, const char *text)
{
	struct value_ctx ctx = { .mode = VALUE_CLI, .name = "o" };
	struct arena a c_arena = ARENA_INIT;
	pb_literal *l;
	struct err e;

	strbuf_reset(&out);
	if (literal_read_text(type_of(type, &a), str_of(text), &ctx, &a, &l,
	    &e) < 0)
		strbuf_adds(&out, e.msg);
	else
		value_add_json(&out, l);
	return out.p;
}

TEST(output_texts)
{
	CHECK_STR(read_back("int", " 42\n"), "42");
	CHECK_STR(read_back("str", " a b \n"), "\"a b\"");
	CHECK_STR(read_back("bool", "T\n"), "true");
	CHECK_STR(read_back("bool", "0"), "false");
	CHECK_STR(read_back("bool", "no"),
	    "o: expected bool, given \"no\"; write true or false");
	CHECK_STR(read_back("struct", "{\"a\":1}\n"), "{\"a\":1}");
	CHECK_STR(read_back("list(int)", "[1,2]\n"), "[1,2]");
	CHECK_STR(read_back("enum(a|b)", "b\n"), "\"b\"");
	CHECK_STR(read_back("int?", "null\n"), "null");
	CHECK_STR(read_back("int", "4 2"), "o: expected int, given \"4 2\"");
	CHECK_STR(read_back("file", "x"),
	    "o: expected file, given text");
}

TEST(file_and_shell_texts)
{
	struct arena a c_arena = ARENA_INIT;
	struct strbuf b c_strbuf = STRBUF_INIT;
	pb_literal *l = literal_float(&a, 1e21);
	struct err e;

	CHECK_INT(literal_write_text(&b, l, &e), 0);
	CHECK_STR(b.p, "1000000000000000000000");
	strbuf_reset(&b);
	CHECK_INT(literal_write_text(&b, literal_none(&a), &e), 0);
	CHECK_STR(b.p, "null");
	strbuf_reset(&b);
	l = literal_binary(&a, STR("\x81\xa1" "a\x01"), LITERAL_MSGPACK);
	CHECK_INT(literal_write_text(&b, l, &e), 0);
	CHECK_STR(b.p, "{\"a\":1}");
	strbuf_reset(&b);
	CHECK_INT(literal_write_text(&b, literal_list(&a, NULL, 0), &e), -1);

	CHECK_INT(value_add_env(&b, literal_integer(&a, 7)), 0);
	CHECK_STR(b.p, "7");
	strbuf_reset(&b);
	CHECK_INT(value_add_env(&b, literal_blob(&a, STR("file:///x"), "",
	    0)), 0);
	CHECK_STR(b.p, "/x");
	CHECK_INT(value_add_env(&b, l), -1);
	CHECK_STR(b.p, "/x");
	CHECK_INT(value_add_env(&b, literal_none(&a)), 0);
	strbuf_reset(&b);
	strbuf_pad(&b, 'x', MAX_ENV_VALUE + 1);
	l = literal_string(&a, strbuf_str(&b));
	strbuf_reset(&b);
	CHECK_INT(value_add_env(&b, l), -1);
	CHECK_INT(b.n, 0);

	value_add_short(&b, l, 10);
	CHECK_STR(b.p, "xxxxxxx...");
	strbuf_reset(&b);
	value_add_short(&b, literal_string(&a, STR("a\033b\xc3\xa9")), 4);
	CHECK_STR(b.p, "a?b\xc3\xa9");
}
