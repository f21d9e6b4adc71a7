#include "unit.h"

#include "base/err.h"
#include "base/limits.h"
#include "idl/castable.h"
#include "idl/infer.h"
#include "idl/jsonschema.h"
#include "idl/literal.h"
#include "idl/names.h"
#include "idl/pbjson.h"
#include "idl/type.h"
#include "idl/wire.h"

/* The type as parsed and printed again, or "at N: message". */
static const char *
again(const char *text)
{
	static struct strbuf b = STRBUF_INIT;
	struct arena a c_arena = ARENA_INIT;
	pb_literal_type *t;
	struct err e;
	size_t at;

	strbuf_reset(&b);
	if (type_parse(str_of(text), &a, &t, &at, &e) < 0)
		strbuf_addf(&b, "at %zu: %s", at, e.msg);
	else
		type_add_name(&b, t);
	return b.p;
}

TEST(prints_what_it_parsed)
{
	static const char *const same[] = {
		"int", "float", "str", "bool", "datetime", "duration",
		"struct", "none", "binary", "error", "file", "file(csv)",
		"dir", "dir(parquet)", "dataset", "dataset(parquet)",
		"enum(a|b)", "enum(\"a|b\"|c d)", "list(int)",
		"map(list(str))", "int?", "list(file(csv)?)", "int|str",
		"int|str|none", "enum(\"\"|x)", "map(int|list(str))",
		"file(tar.gz)",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(same); i++)
		CHECK_STR(again(same[i]), same[i]);
}

TEST(other_spellings)
{
	CHECK_STR(again(" list[ int ] "), "list(int)");
	CHECK_STR(again("enum[ a | b ]"), "enum(a|b)");
	CHECK_STR(again("(int|str)?"), "int|str|none");
	CHECK_STR(again("int | str | int"), "int|str");
	CHECK_STR(again("int??"), "int?");
	CHECK_STR(again("(int)"), "int");
	CHECK_STR(again("none|int"), "none|int");
	CHECK_STR(again("none?"), "none");
	CHECK_STR(again("file('c(sv')"), "file(\"c(sv\")");
	CHECK_STR(again("enum(\"a\\\"b\")"), "enum(\"a\\\"b\")");
}

TEST(faults_and_their_places)
{
	CHECK_STR(again(""), "at 0: expected a type, but the type ends here");
	CHECK_STR(again("integer"),
	    "at 0: unknown type \"integer\"; did you mean int?");
	CHECK_STR(again("List(int)"),
	    "at 0: unknown type \"List\"; did you mean list?");
	CHECK_STR(again("list(strng)"),
	    "at 5: unknown type \"strng\"; did you mean str?");
	CHECK_STR(again("list(int]"), "at 8: expected \")\", given \"]\"");
	CHECK_STR(again("list"), "at 4: expected what it holds, as in "
	    "list(int), but the type ends here");
	CHECK_STR(again("enum(a|a)"), "at 7: value \"a\" given twice");
	CHECK_STR(again("enum(a||b)"),
	    "at 7: expected a value of the enum, given \"|\"");
	CHECK_STR(again("int str"),
	    "at 4: expected the end of the type, given \"s\"");
	CHECK_STR(again("file(\"x"), "at 7: the quote is not closed");
	CHECK_STR(again("int|"),
	    "at 4: expected a type, but the type ends here");
	CHECK_STR(again("\001"), "at 0: expected a type");
}

TEST(depth_is_bounded)
{
	struct strbuf b c_strbuf = STRBUF_INIT;
	int i;

	for (i = 0; i < 100000; i++)
		strbuf_adds(&b, "list(");
	CHECK(strstr(again(b.p), "nested too deeply") != NULL);
}

TEST(variants_carry_tags)
{
	static const char *const tags[] = { "int", "Typed List",
	    "Typed Dict", "none" };
	struct arena a c_arena = ARENA_INIT;
	pb_literal_type *t;
	struct err e;
	size_t at, i;

	CHECK_INT(type_parse(STR("int|list(int)|map(int)|none"), &a, &t, &at,
	    &e), 0);
	CHECK_INT(t->union_type->n_variants, 4);
	for (i = 0; i < 4; i++)
		CHECK_STR(t->union_type->variants[i]->structure->tag,
		    tags[i]);
	/* only variants do */
	CHECK(t->structure == NULL);
}

TEST(dataset_with_columns)
{
	struct arena a c_arena = ARENA_INIT;
	struct strbuf b c_strbuf = STRBUF_INIT;
	struct type_column columns[2];

	columns[0].name = "id";
	columns[0].type = type_simple(&a, SIMPLE_INTEGER);
	columns[1].name = "tags";
	columns[1].type = type_list(&a, type_simple(&a, SIMPLE_STRING));
	type_add_name(&b, type_dataset(&a, "parquet", columns, 2));
	CHECK_STR(b.p, "dataset(parquet){id: int, tags: list(str)}");
	strbuf_reset(&b);
	type_add_name(&b, NULL);
	CHECK_STR(b.p, "unset");
}

static int
casts(const char *up, const char *down)
{
	struct arena a c_arena = ARENA_INIT;
	pb_literal_type *u, *d;
	struct err e;
	size_t at;

	if (type_parse(str_of(up), &a, &u, &at, &e) < 0 ||
	    type_parse(str_of(down), &a, &d, &at, &e) < 0)
		return -1;
	return type_castable(u, d);
}

/* The vectors judge the rest. */
TEST(castable)
{
	CHECK_INT(casts("int", "int"), 1);
	CHECK_INT(casts("int", "float"), 0);
	CHECK_INT(casts("int", "int?"), 1);
	CHECK_INT(casts("int?", "int"), 0);
	CHECK_INT(casts("str", "enum(a|b)"), 1);
	CHECK_INT(casts("enum(a|b)", "enum(b|a)"), 0);
	CHECK_INT(casts("dir(csv)", "file"), 1);
	CHECK_INT(casts("list(none)", "list(list(int))"), 1);
	CHECK_INT(casts("none", "dataset?"), 0);
}

/* Unions of one in unions of one: exponential if tried without a count. */
TEST(castable_is_bounded)
{
	struct arena a c_arena = ARENA_INIT;
	pb_literal_type *u = type_simple(&a, SIMPLE_INTEGER);
	pb_literal_type *d = type_simple(&a, SIMPLE_STRING);
	int i;

	for (i = 0; i < 40; i++) {
		u = type_union(&a, &u, 1);
		d = type_union(&a, &d, 1);
	}
	CHECK_INT(type_castable(u, d), 0);
}

static const char *
inferred(const pb_literal *l)
{
	static struct strbuf b = STRBUF_INIT;
	struct arena a c_arena = ARENA_INIT;
	pb_literal_type *t;
	struct err e;

	strbuf_reset(&b);
	if (type_infer(l, &a, &t, &e) < 0)
		strbuf_adds(&b, e.msg);
	else
		type_add_name(&b, t);
	return b.p;
}

TEST(inference)
{
	struct arena a c_arena = ARENA_INIT;
	pb_literal *one[1], *two[2];

	two[0] = literal_integer(&a, 1);
	two[1] = literal_string(&a, STR("x"));
	CHECK_STR(inferred(two[0]), "int");
	CHECK_STR(inferred(literal_list(&a, two, 1)), "list(int)");
	CHECK_STR(inferred(literal_list(&a, NULL, 0)), "list(none)");
	CHECK_STR(inferred(literal_list(&a, two, 2)), "list(int|str)");
	CHECK_STR(inferred(literal_binary(&a, STR(""), "msgpack")), "struct");
	CHECK_STR(inferred(literal_binary(&a, STR(""), "")), "binary");
	CHECK_STR(inferred(literal_none(&a)), "none");
	CHECK_STR(inferred(literal_blob(&a, STR("/x"), "csv", 1)),
	    "dir(csv)");
	CHECK_STR(inferred(PB_NEW(&a, flyteidl__core__literal)),
	    "a literal without a value");
	/* an empty list says nothing beside another */
	one[0] = literal_integer(&a, 1);
	two[0] = literal_list(&a, one, 1);
	two[1] = literal_list(&a, NULL, 0);
	CHECK_STR(inferred(literal_list(&a, two, 2)), "list(list(int))");
}

TEST(checking_says_where)
{
	struct arena a c_arena = ARENA_INIT;
	pb_literal *two[2], *l;
	pb_literal_type *t;
	struct err e;
	size_t at;

	two[0] = literal_string(&a, STR("red"));
	two[1] = literal_string(&a, STR("blue"));
	l = literal_list(&a, two, 2);
	CHECK_INT(type_parse(STR("list(enum(red|green))"), &a, &t, &at, &e),
	    0);
	CHECK_INT(literal_check(l, t, &e), -1);
	CHECK_STR(e.msg, "[1]: expected enum(red|green), given blue");
	CHECK_INT(type_parse(STR("list(int)"), &a, &t, &at, &e), 0);
	CHECK_INT(literal_check(l, t, &e), -1);
	CHECK_STR(e.msg, "[0]: expected int, given str red");
	CHECK_INT(type_parse(STR("list(str)"), &a, &t, &at, &e), 0);
	CHECK_INT(literal_check(l, t, &e), 0);
	/* a union whose value is not of the variant it names */
	CHECK_INT(type_parse(STR("int?"), &a, &t, &at, &e), 0);
	l = literal_union(&a, two[0], t->union_type->variants[0]);
	CHECK_INT(literal_check(l, t, &e), -1);
	CHECK_STR(e.msg, "expected int, given str red");
}

/* The compiler's inference would refuse this one. */
TEST(checking_goes_by_element)
{
	struct arena a c_arena = ARENA_INIT;
	pb_literal_map *m = literal_map_new(&a);
	pb_literal *two[2], *l;
	pb_literal_type *t;
	struct err e;
	size_t at;

	literal_map_put(m, &a, "a", literal_integer(&a, 1));
	two[0] = literal_map(&a, literal_map_new(&a));
	two[1] = literal_map(&a, m);
	l = literal_list(&a, two, 2);
	CHECK_INT(type_parse(STR("list(map(int))?"), &a, &t, &at, &e), 0);
	CHECK_INT(literal_check(l, t, &e), 0);
	CHECK_INT(type_parse(STR("list(map(str))"), &a, &t, &at, &e), 0);
	CHECK_INT(literal_check(l, t, &e), -1);
	CHECK_STR(e.msg, "[1].a: expected str, given int 1");
}

static int
schema_casts(const char *up, const char *down)
{
	struct arena a c_arena = ARENA_INIT;
	ProtobufCMessage *u, *d;
	struct err e;

	if (pbjson_parse(&google__protobuf__struct__descriptor, str_of(up),
	    0, &a, &u, &e) < 0 || pbjson_parse(
	    &google__protobuf__struct__descriptor, str_of(down), 0, &a, &d,
	    &e) < 0)
		return -1;
	return jsonschema_castable((pb_struct *)u, (pb_struct *)d);
}

#define OBJECT(props)	"{\"type\":\"object\",\"properties\":{" props "}}"
#define INT		"{\"type\":\"integer\"}"

TEST(schemas)
{
	CHECK_INT(schema_casts(OBJECT("\"a\":" INT ",\"b\":" INT),
	    OBJECT("\"a\":" INT)), 1);
	CHECK_INT(schema_casts(OBJECT("\"a\":" INT),
	    OBJECT("\"a\":" INT ",\"b\":" INT)), 0);
	CHECK_INT(schema_casts(OBJECT("\"a\":" INT),
	    OBJECT("\"a\":{\"type\":\"string\"}")), 0);
	CHECK_INT(schema_casts(OBJECT("\"a\":{\"type\":[\"null\",\"integer\"]}"),
	    OBJECT("\"a\":{\"type\":[\"integer\",\"null\"]}")), 1);
	CHECK_INT(schema_casts("{\"type\":\"object\",\"required\":[]}",
	    "{\"type\":\"object\",\"required\":[\"a\"]}"), 0);
	CHECK_INT(schema_casts("{\"$schema\":\"http://x\",\"title\":\"A\"}",
	    "{\"$schema\":\"http://x\",\"title\":\"B\"}"), 0);
	CHECK_INT(schema_casts("{\"title\":\"A\"}", "{\"title\":\"B\"}"),
	    1);
	/* a reference is what it leads to */
	CHECK_INT(schema_casts("{\"type\":\"object\",\"properties\":{\"a\":"
	    "{\"$ref\":\"#/definitions/A\"}},\"definitions\":{\"A\":" INT
	    "}}", OBJECT("\"a\":" INT)), 1);
	CHECK_INT(schema_casts("{\"type\":\"object\",\"properties\":{\"a\":"
	    "{\"$ref\":\"#/definitions/B\"}}}", OBJECT("\"a\":" INT)), 0);
}

/* Each of two properties leads back to the whole: 2^depth ways. */
TEST(schemas_in_circles)
{
#define CIRCLE(title)	"{\"title\":\"" title "\",\"definitions\":{\"A\":"	\
	OBJECT("\"x\":{\"$ref\":\"#/definitions/A\"},"			\
	"\"y\":{\"$ref\":\"#/definitions/A\"}") "},"			\
	"\"properties\":{\"a\":{\"$ref\":\"#/definitions/A\"}}}"
	CHECK_INT(schema_casts(CIRCLE("1"), CIRCLE("1")), 1);
	CHECK_INT(schema_casts(CIRCLE("1"), CIRCLE("2")), 0);
}
