#include "unit.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/err.h"
#include "base/limits.h"
#include "data/json.h"
#include "data/tree.h"
#include "data/yaml.h"
#include "idl/literal.h"
#include "idl/litout.h"
#include "idl/names.h"
#include "idl/pbhash.h"
#include "idl/pbjson.h"
#include "idl/render.h"
#include "idl/type.h"
#include "idl/value.h"
#include "idl/wire.h"

static struct strbuf out = STRBUF_INIT;

static pb_literal_type *
type_of(const char *text, struct arena *a)
{
	pb_literal_type *t;
	struct err e;
	size_t at;

	if (type_parse(str_of(text), a, &t, &at, &e) < 0) {
		printf("type %s: %s\n", text, e.msg);
		abort();
	}
	return t;
}

/* The plain JSON of a CLI text read as a type, or the error. */
static const char *
cli(const char *type, const char *text)
{
	struct value_ctx ctx = { .mode = VALUE_CLI, .base_dir = "/base" };
	struct arena a c_arena = ARENA_INIT;
	pb_literal *l;
	struct err e;

	strbuf_reset(&out);
	if (value_from_text(type_of(type, &a), str_of(text), &ctx, &a, &l,
	    &e) < 0)
		strbuf_adds(&out, e.msg);
	else
		value_add_json(&out, l);
	return out.p;
}

/* The same with JSON or YAML; typed adds the typed JSON instead. */
static const char *
from(enum value_mode mode, const char *type, const char *text, int typed)
{
	struct value_ctx ctx = { .mode = mode };
	struct arena a c_arena = ARENA_INIT;
	struct diags d c_diags = DIAGS_INIT;
	struct tree t c_tree;
	pb_literal *l;
	struct err e;
	int rc;

	strbuf_reset(&out);
	tree_init(&t);
	rc = mode == VALUE_YAML ? yaml_parse("x", str_of(text), &t, &d) :
	    json_parse_tree(str_of(text), &t, &e);
	if (rc < 0) {
		strbuf_adds(&out, "no tree");
	} else if (value_from_tree(type_of(type, &a), &t, 0, &ctx, &a, &l,
	    &e) < 0) {
		strbuf_adds(&out, e.msg);
	} else if (typed) {
		pbjson_print(&l->base, 0, &out);
	} else {
		value_add_json(&out, l);
	}
	return out.p;
}

static const char *
json(const char *type, const char *text)
{
	return from(VALUE_JSON, type, text, 0);
}

static const char *
yaml(const char *type, const char *text)
{
	return from(VALUE_YAML, type, text, 0);
}

TEST(int_is_exact)
{
	CHECK_STR(cli("int", "9223372036854775807"), "9223372036854775807");
	CHECK_STR(cli("int", "-9223372036854775808"),
	    "-9223372036854775808");
	CHECK_STR(cli("int", "9223372036854775808"), "expected int, given "
	    "\"9223372036854775808\"; an int is from -9223372036854775808 "
	    "to 9223372036854775807");
	CHECK_STR(cli("int", "1e3"), "expected int, given \"1e3\"; an int "
	    "is written in digits only");
	CHECK_STR(cli("int", "1.0"), "expected int, given \"1.0\"; an int "
	    "is written in digits only");
	CHECK_STR(cli("int", ""), "expected int, given \"\"");
	CHECK_STR(cli("int", "x"), "expected int, given \"x\"");
	CHECK_STR(cli("int", " 7\n"), "7");
	CHECK_STR(json("int", "9007199254740993"), "9007199254740993");
	CHECK_STR(json("int", "\"7\""), "expected int, given string \"7\"; "
	    "write it without quotes");
	CHECK_STR(json("int", "1e3"), "expected int, given 1e3; an int "
	    "is written in digits only");
	CHECK_STR(json("int", "null"), "expected int, given null");
	CHECK_STR(json("int", "[7]"), "expected int, given a list");
	CHECK_STR(yaml("int", "7"), "7");
}

TEST(float_bool)
{
	CHECK_STR(cli("float", "2"), "2.0");
	CHECK_STR(cli("float", "1e3"), "1000.0");
	CHECK_STR(cli("float", "nan"), "\"NaN\"");
	CHECK_STR(json("float", "\"Infinity\""), "\"Infinity\"");
	CHECK_STR(json("float", "\"1.5\""), "expected float, given string "
	    "\"1.5\"; write it without quotes");
	CHECK_STR(json("float", "1e999"), "expected float, given 1e999; "
	    "it is too large for a float");
	CHECK_STR(yaml("float", ".inf"), "\"Infinity\"");
	CHECK_STR(cli("bool", "true"), "true");
	CHECK_STR(cli("bool", "yes"),
	    "expected bool, given \"yes\"; write true or false");
	CHECK_STR(yaml("bool", "yes"),
	    "expected bool, given \"yes\"; write true or false");
	CHECK_STR(yaml("bool", "false"), "false");
}

TEST(text)
{
	CHECK_STR(cli("str", ""), "\"\"");
	CHECK_STR(cli("str", "null"), "\"null\"");
	CHECK_STR(cli("str", " a\"b\n"), "\" a\\\"b\\n\"");
	CHECK_STR(yaml("str", "1.10"), "\"1.10\"");
	CHECK_STR(yaml("str", "no"), "\"no\"");
	CHECK_STR(yaml("str", "~"), "expected str, given null");
	CHECK_STR(yaml("str", "'~'"), "\"~\"");
	CHECK_STR(json("str", "7"),
	    "expected str, given 7; write it in quotes");
	CHECK_STR(json("str", "\"a\\u0000b\""), "expected str, given string "
	    "\"a?b\"; a NUL byte cannot be in it");
	CHECK_STR(cli("str", "\xff"), "expected str, given \"?\"; it is not "
	    "valid UTF-8");
}

TEST(times)
{
	CHECK_STR(cli("datetime", "2024-01-02T03:04:05+01:00"),
	    "\"2024-01-02T02:04:05Z\"");
	CHECK_STR(cli("datetime", "2024-01-02"), "\"2024-01-02T00:00:00Z\"");
	CHECK_STR(cli("datetime", "2024-01-02 03:04:05"),
	    "\"2024-01-02T03:04:05Z\"");
	CHECK_STR(cli("datetime", "2024-01-02 - 1h0.5s"),
	    "\"2024-01-01T22:59:59.500Z\"");
	CHECK_STR(cli("datetime", "2024-01-02 + 2d"),
	    "\"2024-01-04T00:00:00Z\"");
	CHECK_STR(cli("datetime", "2024-02-30"), "expected datetime, given "
	    "\"2024-02-30\"; write it as 2024-01-31T12:00:00Z");
	CHECK_STR(json("datetime", "\"2024-01-02\""), "expected datetime, "
	    "given string \"2024-01-02\"; write it as 2024-01-31T12:00:00Z");
	CHECK_STR(yaml("datetime", "2024-01-02"),
	    "\"2024-01-02T00:00:00Z\"");
	CHECK(strlen(cli("datetime", "now")) > 20);
	CHECK(strstr(cli("datetime", "today"), "T00:00:00Z") != NULL);
	CHECK_STR(cli("duration", "90s"), "\"1m30s\"");
	CHECK_STR(json("duration", "\"1h\""), "\"1h0m0s\"");
	CHECK_STR(cli("duration", "20"), "expected duration, given \"20\"; "
	    "write it as 1h30m, 90s or 250ms");
}

TEST(enums)
{
	CHECK_STR(cli("enum(red|green)", "red"), "\"red\"");
	CHECK_STR(cli("enum(red|green)", "gren"), "expected enum(red|green),"
	    " given \"gren\"; did you mean green?");
	CHECK_STR(cli("enum(red|green)", "x"),
	    "expected enum(red|green), given \"x\"");
}

TEST(containers_and_places)
{
	CHECK_STR(cli("list(int)", "[1, 2]"), "[1,2]");
	CHECK_STR(cli("list(int)", "[1, 2"), "expected list(int), given "
	    "\"[1, 2\"; it is read as JSON, such as [1, 2]: 1:6: not JSON: ends too "
	    "early");
	CHECK_STR(cli("list(map(int))", "[{}, {}, {}, {\"age\": \"x\"}]"),
	    "[3].age: expected int, given string \"x\"; write it without "
	    "quotes");
	CHECK_STR(json("map(list(int))", "{\"b\": [1], \"a\": []}"),
	    "{\"a\":[],\"b\":[1]}");
	CHECK_STR(json("map(int)", "[1]"), "expected map(int), given a list");
	CHECK_STR(yaml("list(str)", "[a, 1, 'c']"), "[\"a\",\"1\",\"c\"]");
}

TEST(structs)
{
	CHECK_STR(json("struct", "{\"a\": 9007199254740993, \"b\": [1.0]}"),
	    "{\"a\":9007199254740993,\"b\":[1.0]}");
	CHECK_STR(from(VALUE_JSON, "struct", "{\"a\": 1}", 1),
	    "{\"scalar\":{\"binary\":{\"value\":\"gaFhAQ==\","
	    "\"tag\":\"msgpack\"}}}");
	CHECK_STR(json("struct", "[1]"), "expected struct, given a list; a "
	    "struct is a map such as {\"a\": 1}");
	CHECK_STR(yaml("struct", "{a: 1, b: x, c: ~, d: '1', e: true}"),
	    "{\"a\":1,\"b\":\"x\",\"c\":null,\"d\":\"1\",\"e\":true}");
	CHECK(strstr(json("list(struct)", "[{\"a\":99999999999999999999}]"),
	    "[0]: a: whole number 99999999999999999999") != NULL);
}

TEST(unions)
{
	CHECK_STR(from(VALUE_JSON, "int?", "7", 1),
	    "{\"scalar\":{\"union\":{\"value\":{\"scalar\":{\"primitive\":"
	    "{\"integer\":\"7\"}}},\"type\":{\"simple\":\"INTEGER\","
	    "\"structure\":{\"tag\":\"int\"}}}}}");
	CHECK_STR(from(VALUE_JSON, "int?", "null", 1),
	    "{\"scalar\":{\"union\":{\"value\":{\"scalar\":{\"noneType\":{}}"
	    "},\"type\":{\"simple\":\"NONE\",\"structure\":"
	    "{\"tag\":\"none\"}}}}}");
	/* a command line's text: the one other variant, else the string */
	CHECK_STR(cli("int|str", "7"), "7");
	CHECK_STR(cli("int|str", "7x"), "\"7x\"");
	CHECK_STR(cli("int|float", "7"), "7");
	CHECK_STR(cli("float|int", "7"), "7");
	CHECK_STR(cli("int|float", "7.5"), "7.5");
	CHECK_STR(cli("int?", "null"), "null");
	CHECK_STR(cli("int?", ""), "null");
	CHECK_STR(cli("str?", ""), "\"\"");
	CHECK_STR(cli("int?", "x"), "expected int, given \"x\"");
	CHECK_STR(cli("enum(a)|enum(b)", "c"),
	    "expected enum(a)|enum(b), given \"c\"");
	CHECK_STR(cli("file|dir", "x"), "expected file|dir, given \"x\"; "
	    "it could be file and dir: give it as typed JSON");
	/* quotes make a string */
	CHECK_STR(json("int|str", "\"7\""), "\"7\"");
	CHECK_STR(json("int|str", "7"), "7");
	CHECK_STR(yaml("int|str", "7"), "7");
	CHECK_STR(yaml("int|str", "'7'"), "\"7\"");
	CHECK_STR(yaml("str?", "~"), "null");
	CHECK_STR(yaml("str?", "'~'"), "\"~\"");
	CHECK_STR(json("list(int)?", "[\"x\"]"), "[0]: expected int, given "
	    "string \"x\"; write it without quotes");
	CHECK_STR(json("bool?", "3"), "expected bool, given 3; write "
	    "true or false");
}

TEST(others)
{
	CHECK_STR(cli("none", "null"), "null");
	CHECK_STR(cli("none", "x"), "expected none, given \"x\"; write null");
	CHECK_STR(cli("binary", "AP8Q"), "\"AP8Q\"");
	CHECK_STR(cli("binary", "*"), "expected binary, given \"*\"; write "
	    "the bytes as base64, or give a file as NAME=@FILE");
	CHECK_STR(json("error", "{\"message\":\"boom\"}"),
	    "{\"failed_node_id\":\"\",\"message\":\"boom\"}");
	CHECK(strncmp(json("error", "{\"x\":1}"), "expected error", 14) == 0);
}

TEST(paths)
{
	CHECK_STR(cli("file(csv)", "x.csv"), "\"/base/x.csv\"");
	CHECK_STR(cli("file(csv)", "./x.csv"), "\"/base/x.csv\"");
	CHECK_STR(cli("dir", "."), "\"/base\"");
	CHECK_STR(cli("file", "/abs"), "\"/abs\"");
	CHECK_STR(cli("file", "s3://b/k"), "\"s3://b/k\"");
	CHECK_STR(cli("file", "file:///k"), "\"/k\"");
	CHECK_STR(cli("file", ""), "expected file, given \"\"; give a path");
	CHECK_STR(cli("dataset(parquet)", "d"), "\"/base/d\"");
	CHECK_STR(cli("list(file)", "[\"a\",\"/b\"]"),
	    "[\"/base/a\",\"/b\"]");
	CHECK(value_local_path("http://x") == NULL);
	CHECK_STR(value_local_path("a:b"), "a:b");
}

TEST(paths_are_checked)
{
	struct value_ctx ctx = { .mode = VALUE_CLI, .name = "in",
		.path_check = 1 };
	char dir[] = "/tmp/t-value.XXXXXX";
	struct arena a c_arena = ARENA_INIT;
	pb_literal *l;
	struct err e;

	CHECK(mkdtemp(dir) != NULL);
	CHECK_INT(value_from_text(type_of("dir", &a), str_of(dir), &ctx, &a,
	    &l, &e), 0);
	CHECK_INT(value_from_text(type_of("file", &a), str_of(dir), &ctx, &a,
	    &l, &e), -1);
	CHECK(strstr(e.msg, "that is a directory") != NULL);
	CHECK_INT(value_from_text(type_of("file", &a), STR("/nowhere/x"),
	    &ctx, &a, &l, &e), -1);
	CHECK_STR(e.msg, "in: expected file, given \"/nowhere/x\"; there is "
	    "no such file");
	CHECK_INT(value_from_text(type_of("dir", &a), STR("/dev/null"), &ctx,
	    &a, &l, &e), -1);
	CHECK(strstr(e.msg, "that is not a directory") != NULL);
	rmdir(dir);
}

TEST(contents)
{
	struct value_ctx ctx = { .mode = VALUE_CLI, .name = "x" };
	struct arena a c_arena = ARENA_INIT;
	struct strbuf b c_strbuf = STRBUF_INIT;
	pb_literal *l;
	struct err e;

	CHECK_INT(value_from_content(type_of("str", &a), STR("a b\n"), &ctx,
	    &a, &l, &e), 0);
	value_add_bare(&b, l);
	CHECK_STR(b.p, "a b\n");
	strbuf_reset(&b);
	CHECK_INT(value_from_content(type_of("int", &a), STR(" 7\n"), &ctx,
	    &a, &l, &e), 0);
	value_add_bare(&b, l);
	CHECK_STR(b.p, "7");
	CHECK_INT(value_from_content(type_of("binary", &a), STR("\0\xff"),
	    &ctx, &a, &l, &e), 0);
	CHECK_INT(l->scalar->binary->value.len, 2);
	CHECK_INT(value_from_content(type_of("file", &a), STR("x"), &ctx, &a,
	    &l, &e), -1);
	CHECK_STR(e.msg, "x: expected file, given content; give a path");
}

TEST(long_types_are_cut)
{
	struct value_ctx ctx = { .mode = VALUE_CLI };
	struct arena a c_arena = ARENA_INIT;
	struct strbuf b c_strbuf = STRBUF_INIT;
	pb_literal *l;
	struct err e;
	int i;

	strbuf_adds(&b, "enum(x");
	for (i = 0; i < 900; i++)
		strbuf_addf(&b, "|value%d", i);
	strbuf_addch(&b, ')');
	CHECK_INT(value_from_text(type_of(b.p, &a), STR("value900"), &ctx, &a,
	    &l, &e), -1);
	CHECK(strlen(e.msg) < 300);
	CHECK(strstr(e.msg, "..., given \"value900\"; did you mean") != NULL);
}

/* ---- texts ---------------------------------------------------------------*/

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

/* ---- comparing -----------------------------------------------------------*/

/* 0, 1, or -1 for MalformedBranchUserError. */
static int
compare(int op, const pb_literal *a, const pb_literal *b, unsigned flags)
{
	struct err e;
	int yes;

	if (literal_compare((Flyteidl__Core__ComparisonExpression__Operator)
	    op, a, b, flags, &yes, &e) < 0)
		return -1;
	return yes;
}

TEST(conditions)
{
	enum { EQ, NEQ, GT, GTE, LT, LTE };
	struct arena a c_arena = ARENA_INIT;
	pb_literal *one = literal_integer(&a, 1), *two = literal_integer(&a,
	    2);
	pb_literal *f = literal_float(&a, 1), *nan = literal_float(&a, NAN);
	pb_literal *no = literal_boolean(&a, 0), *none = literal_none(&a);
	pb_literal *early = literal_datetime(&a, (struct instant){ 5, 1 });
	pb_literal *late = literal_datetime(&a, (struct instant){ 5, 2 });
	pb_literal *wrapped = literal_union(&a, one, type_of("int", &a));

	CHECK_INT(compare(LT, one, two, 0), 1);
	CHECK_INT(compare(GTE, two, two, 0), 1);
	CHECK_INT(compare(NEQ, one, two, 0), 1);
	CHECK_INT(compare(EQ, one, f, 0), -1);
	CHECK_INT(compare(LT, nan, f, 0), 1);
	CHECK_INT(compare(LTE, nan, f, 0), 1);
	CHECK_INT(compare(GT, nan, f, 0), 0);
	CHECK_INT(compare(EQ, nan, nan, 0), 0);
	CHECK_INT(compare(EQ, early, late, 0), 1);
	CHECK_INT(compare(EQ, no, no, 0), 1);
	CHECK_INT(compare(LT, no, no, 0), -1);
	CHECK_INT(compare(EQ, none, none, 0), -1);
	CHECK_INT(compare(9, one, one, 0), -1);
	CHECK_INT(compare(EQ, wrapped, one, 0), -1);
	CHECK_INT(compare(EQ, wrapped, one, LITERAL_COMPARE_NONE), 1);
	CHECK_INT(compare(EQ, none, none, LITERAL_COMPARE_NONE), 1);
	CHECK_INT(compare(NEQ, none, one, LITERAL_COMPARE_NONE), 1);
	CHECK_INT(compare(LT, none, one, LITERAL_COMPARE_NONE), -1);
}

/* ---- paths of promises ---------------------------------------------------*/

/* Path elements that begin with a digit are indices. */
static const char *
attr(const pb_literal *l, const char *const *path, size_t n)
{
	struct arena a c_arena = ARENA_INIT;
	pb_promise_attribute **p = arena_new_n(&a, n,
	    pb_promise_attribute *);
	pb_literal *found;
	struct err e;
	size_t i;

	for (i = 0; i < n; i++) {
		p[i] = PB_NEW(&a, flyteidl__core__promise_attribute);
		if (path[i][0] >= '0' && path[i][0] <= '9') {
			p[i]->value_case = FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_INT_VALUE;
			p[i]->int_value = path[i][0] - '0';
		} else {
			p[i]->value_case = FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_STRING_VALUE;
			p[i]->string_value = arena_strdup(&a, path[i]);
		}
	}
	strbuf_reset(&out);
	if (literal_attr(l, p, n, &a, &found, &e) < 0)
		strbuf_adds(&out, e.msg);
	else
		pbjson_print(&found->base, 0, &out);
	return out.p;
}
#define ATTR(l, ...)	attr((l), (const char *const[]){ __VA_ARGS__ },	\
	sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

TEST(promise_paths)
{
	struct value_ctx ctx = { .mode = VALUE_CLI };
	struct arena a c_arena = ARENA_INIT;
	ProtobufCMessage *m;
	pb_literal *l;
	struct err e;

	CHECK_INT(value_from_text(type_of("map(list(int))", &a),
	    STR("{\"a\":[4,5]}"), &ctx, &a, &l, &e), 0);
	CHECK_STR(ATTR(l, "a", "1"),
	    "{\"scalar\":{\"primitive\":{\"integer\":\"5\"}}}");
	CHECK_STR(ATTR(l, "a", "2"), "index 2 is outside the 2 elements");
	CHECK_STR(ATTR(l, "b"), "key b does not exist");
	/* a scalar swallows the rest; a word as an index is 0 */
	CHECK_STR(ATTR(l, "a", "x", "more"),
	    "{\"scalar\":{\"primitive\":{\"integer\":\"4\"}}}");

	CHECK_INT(value_from_text(type_of("struct", &a),
	    STR("{\"a\":{\"b\":[7,{\"c\":1}]},\"n\":null}"), &ctx, &a, &l,
	    &e), 0);
	CHECK_STR(ATTR(l, "a", "b", "0"),
	    "{\"scalar\":{\"primitive\":{\"integer\":\"7\"}}}");
	CHECK_STR(ATTR(l, "a", "b", "1"), "{\"scalar\":{\"binary\":"
	    "{\"value\":\"gaFjAQ==\",\"tag\":\"msgpack\"}}}");
	CHECK_STR(ATTR(l, "a", "b"), "{\"collection\":{\"literals\":[{"
	    "\"scalar\":{\"binary\":{\"value\":\"Bw==\",\"tag\":\"msgpack\"}"
	    "}},{\"scalar\":{\"binary\":{\"value\":\"gaFjAQ==\",\"tag\":"
	    "\"msgpack\"}}}]}}");
	CHECK_STR(ATTR(l, "n"), "{\"scalar\":{\"binary\":{\"value\":\"wA==\""
	    ",\"tag\":\"msgpack\"}}}");
	CHECK_STR(ATTR(l, "a", "b", "0", "x"), "an integer has no key x");
	CHECK_STR(ATTR(l, "a", "1"), "a map has no index 1");
	CHECK_STR(ATTR(l, "x"), "key x does not exist");

	CHECK_INT(pbjson_parse(&flyteidl__core__literal__descriptor,
	    STR("{\"scalar\":{\"generic\":{\"a\":[1,{\"b\":null}]}}}"), 0,
	    &a, &m, &e), 0);
	l = (pb_literal *)m;
	CHECK_STR(ATTR(l, "a", "0"),
	    "{\"scalar\":{\"primitive\":{\"floatValue\":1}}}");
	CHECK_STR(ATTR(l, "a", "0", "more"),
	    "{\"scalar\":{\"primitive\":{\"floatValue\":1}}}");
	CHECK_STR(ATTR(l, "a", "1", "b"), "{}");
	CHECK_STR(ATTR(l, "a", "2"), "index 2 is outside the 2 elements");
}

/* ---- hashes --------------------------------------------------------------*/

TEST(hash_of_nothing)
{
	struct arena a c_arena = ARENA_INIT;
	struct strbuf b c_strbuf = STRBUF_INIT;
	unsigned char hash[PBHASH_SIZE];

	pbhash(&literal_map_new(&a)->base, hash);
	pbhash_add_base64_url(&b, hash, sizeof(hash));
	CHECK_STR(b.p, "GKw-c0PwFokMUQ6T-TUmEWnZ4_VlQ2Qpgw-vCTT0-OQ");
}

TEST(maps)
{
	struct arena a c_arena = ARENA_INIT;
	pb_literal_map *m = literal_map_new(&a), *other = literal_map_new(&a);

	literal_map_put(m, &a, "x", literal_integer(&a, 1));
	literal_map_put(m, &a, "y", literal_integer(&a, 2));
	literal_map_put(m, &a, "x", literal_integer(&a, 3));
	literal_map_put(other, &a, "y", literal_integer(&a, 2));
	literal_map_put(other, &a, "x", literal_integer(&a, 3));
	CHECK_INT(m->n_literals, 2);
	CHECK_INT(literal_primitive(literal_map_get(m, "x"))->integer, 3);
	CHECK(literal_map_get(m, "z") == NULL);
	CHECK(literal_map_get(NULL, "z") == NULL);
	CHECK(wire_equal(&m->base, &other->base));
}

/* ---- wire bytes and JSON without messages ---------------------------------*/

static const char *const shapes[] = {
	"{}",
	"{\"literals\":{\"a\":{\"scalar\":{\"primitive\":{\"integer\":\"-9223372036854775808\"}}}}}",
	"{\"literals\":{\"a\":{\"scalar\":{\"primitive\":{\"integer\":\"0\"}}},"
	"\"b\":{\"scalar\":{\"primitive\":{\"floatValue\":\"NaN\"}}},"
	"\"c\":{\"scalar\":{\"primitive\":{\"floatValue\":1e300}}},"
	"\"d\":{\"scalar\":{\"primitive\":{\"floatValue\":2}}}}}",
	"{\"literals\":{\"s\":{\"scalar\":{\"primitive\":{\"stringValue\":\"\\\"\\n\\u0001\\u00e4\"}}},"
	"\"t\":{\"scalar\":{\"primitive\":{\"boolean\":false}}},"
	"\"u\":{\"scalar\":{\"primitive\":{\"stringValue\":\"\"}}}}}",
	"{\"literals\":{\"l\":{\"collection\":{}},\"m\":{\"map\":{}},\"n\":{\"scalar\":{\"noneType\":{}}}}}",
	"{\"literals\":{\"l\":{\"collection\":{\"literals\":["
	"{\"map\":{\"literals\":{\"y\":{\"scalar\":{\"primitive\":{\"integer\":\"1\"}}},"
	"\"x\":{\"collection\":{\"literals\":[{\"scalar\":{\"noneType\":{}}},{}]}}}}},"
	"{\"scalar\":{\"primitive\":{}}},{\"scalar\":{}}]}}}}",
	"{\"literals\":{\"u\":{\"scalar\":{\"union\":{\"value\":{\"scalar\":{\"primitive\":"
	"{\"integer\":\"5\"}}},\"type\":{\"simple\":\"INTEGER\",\"structure\":{\"tag\":\"int\"}}}}}}}",
	"{\"literals\":{\"f\":{\"scalar\":{\"blob\":{\"metadata\":{\"type\":{\"format\":\"csv\"}},"
	"\"uri\":\"file:///x\"}},\"hash\":\"h\"},"
	"\"g\":{\"scalar\":{\"generic\":{\"@\":[1,null]}}},"
	"\"h\":{\"collection\":{\"literals\":[{\"scalar\":{\"primitive\":{\"integer\":\"1\"}}}]},\"hash\":\"q\"},"
	"\"t\":{\"scalar\":{\"primitive\":{\"datetime\":\"2026-01-01T00:00:00Z\"}}},"
	"\"v\":{\"scalar\":{\"primitive\":{\"duration\":\"1.5s\"}}}}}",
};

TEST(printing_from_wire)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(shapes); i++) {
		struct arena a c_arena = ARENA_INIT;
		struct strbuf wire c_strbuf = STRBUF_INIT;
		struct strbuf want c_strbuf = STRBUF_INIT;
		struct strbuf got c_strbuf = STRBUF_INIT;
		ProtobufCMessage *m;
		struct err e;

		CHECK_INT(pbjson_parse(
		    &flyteidl__core__literal_map__descriptor,
		    str_of(shapes[i]), 0, &a, &m, &e), 0);
		wire_pack(m, &wire);
		pbjson_print(m, 0, &want);
		CHECK_INT(litout_add_typed(&got, strbuf_str(&wire), &e), 0);
		CHECK_STR(got.p, want.p);
		strbuf_reset(&want);
		strbuf_reset(&got);
		value_map_add_json(&want, (pb_literal_map *)m, 0);
		CHECK_INT(litout_add_plain(&got, strbuf_str(&wire), &e), 0);
		CHECK_STR(got.p, want.p);
	}
}

TEST(printing_bad_bytes)
{
	static const char *const bad[] = { "\x0a", "\x0a\x05\x0a\x01", "\x0b",
	    "\x0a\x03\x12\x09\x01" };
	struct strbuf got c_strbuf = STRBUF_INIT;
	struct err e;
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(litout_add_typed(&got, str_of(bad[i]), &e), -1);
}

/* The literal of a value of JSON, packed list by list and as a message. */
static void
check_pack(const char *type, struct str json)
{
	struct value_ctx ctx = { .mode = VALUE_JSON, .name = "v" };
	struct arena a c_arena = ARENA_INIT;
	struct strbuf got c_strbuf = STRBUF_INIT, want c_strbuf = STRBUF_INIT;
	struct strbuf typed c_strbuf = STRBUF_INIT;
	struct tree whole c_tree, cut c_tree;
	pb_literal *l;
	struct err e;

	tree_init(&whole);
	tree_init(&cut);
	CHECK_INT(json_parse_tree(json, &whole, &e), 0);
	CHECK_INT(json_parse_long(json, &cut, &e), 0);
	CHECK(cut.cut);
	CHECK_INT(value_from_tree(type_of(type, &a), &whole, 0, &ctx, &a, &l,
	    &e), 0);
	wire_pack(&l->base, &want);
	CHECK_INT(value_pack_tree(type_of(type, &a), &cut, 0, &ctx, &got, &e),
	    0);
	CHECK(str_eq(strbuf_str(&got), strbuf_str(&want)));

	pbjson_print(&l->base, 0, &typed);
	strbuf_reset(&got);
	CHECK_INT(json_parse_long(strbuf_str(&typed), &cut, &e), 0);
	CHECK(cut.cut);
	CHECK_INT(value_pack_typed(type_of(type, &a), &cut, 0, &got, &e), 0);
	CHECK(str_eq(strbuf_str(&got), strbuf_str(&want)));
}

TEST(packing_long_lists)
{
	struct value_ctx ctx = { .mode = VALUE_JSON, .name = "v" };
	struct arena a c_arena = ARENA_INIT;
	struct strbuf b c_strbuf = STRBUF_INIT, got c_strbuf = STRBUF_INIT;
	struct strbuf nested c_strbuf = STRBUF_INIT;
	struct tree t c_tree;
	struct err e;
	int i;

	for (i = 0; i < 2500; i++)
		strbuf_addf(&b, "%s%d", i == 0 ? "[" : ",", i);
	strbuf_addch(&b, ']');
	check_pack("list(int)", strbuf_str(&b));
	check_pack("list(float)", strbuf_str(&b));
	check_pack("list(int?)", strbuf_str(&b));
	strbuf_addf(&nested, "[[],%s,[1]]", b.p);
	check_pack("list(list(int))", strbuf_str(&nested));
	strbuf_reset(&nested);
	strbuf_addf(&nested, "{\"k\":%s,\"a\":[7]}", b.p);
	check_pack("map(list(int))", strbuf_str(&nested));

	b.p[b.n - 1] = ',';
	strbuf_adds(&b, "\"x\"]");
	tree_init(&t);
	CHECK_INT(json_parse_long(strbuf_str(&b), &t, &e), 0);
	CHECK_INT(value_pack_tree(type_of("list(int)", &a), &t, 0, &ctx, &got,
	    &e), -1);
	CHECK_STR(e.msg, "v[2500]: expected int, given string \"x\"; "
	    "write it without quotes");
}
