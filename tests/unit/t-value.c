/* Values as people write them, on a command line, in JSON and in YAML. */

#include "unit.h"

#include <stdlib.h>
#include <unistd.h>

#include "data/json.h"
#include "data/tree.h"
#include "data/yaml.h"
#include "idl/pbjson.h"
#include "value.h"

static struct strbuf out = STRBUF_INIT;

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
