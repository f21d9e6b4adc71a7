#include "data/json.h"
#include "idl/flyteidl.h"
#include "idl/pbjson.h"
#include "idl/wire.h"
#include "unit.h"

#include <math.h>

#include "base/limits.h"
#include "data/tree.h"
#include "data/yaml.h"
#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/wrappers.pb-c.h"

#define LITERAL		(&flyteidl__core__literal__descriptor)
#define TYPE		(&flyteidl__core__literal_type__descriptor)
#define STRUCT		(&google__protobuf__struct__descriptor)
#define VALUE		(&google__protobuf__value__descriptor)

static struct arena arena;
static struct err e;

static ProtobufCMessage *
parse(const ProtobufCMessageDescriptor *d, const char *text, unsigned flags)
{
	ProtobufCMessage *m = NULL;

	err_clear(&e);
	return pbjson_parse(d, str_of(text), flags, &arena, &m, &e) < 0 ?
	    NULL : m;
}

/* What the text is after reading and printing. */
static const char *
again(const ProtobufCMessageDescriptor *d, const char *text, unsigned flags)
{
	ProtobufCMessage *m = parse(d, text, flags);
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (m == NULL)
		return arena_strdup(&arena, e.msg);
	pbjson_print(m, flags, &b);
	return arena_strndup(&arena, b.p, b.n);
}

#define SAME(d, text)		CHECK_STR(again(d, text, 0), text)
#define BECOMES(d, text, to)	CHECK_STR(again(d, text, 0), to)
#define REFUSED(d, text, why)	do {				\
	CHECK(parse(d, text, 0) == NULL);			\
	CHECK_INT(e.kind, ERR_SPEC);				\
	CHECK_STR(e.msg, why);					\
} while (0)

#define PRIMITIVE(x)	"{\"scalar\":{\"primitive\":{" x "}}}"

TEST(literals_have_the_form_of_the_reference)
{
	SAME(LITERAL, PRIMITIVE("\"integer\":\"7\""));
	SAME(LITERAL, PRIMITIVE("\"integer\":\"-9223372036854775808\""));
	SAME(LITERAL, PRIMITIVE("\"integer\":\"9007199254740993\""));
	SAME(LITERAL, PRIMITIVE("\"integer\":\"0\""));
	SAME(LITERAL, PRIMITIVE("\"floatValue\":1.5"));
	SAME(LITERAL, PRIMITIVE("\"floatValue\":\"NaN\""));
	SAME(LITERAL, PRIMITIVE("\"floatValue\":\"-Infinity\""));
	SAME(LITERAL, PRIMITIVE("\"stringValue\":\"x\""));
	SAME(LITERAL, PRIMITIVE("\"stringValue\":\"\""));
	SAME(LITERAL, PRIMITIVE("\"boolean\":false"));
	SAME(LITERAL, PRIMITIVE("\"datetime\":\"2024-01-02T03:04:05.678Z\""));
	SAME(LITERAL, PRIMITIVE("\"duration\":\"3.500s\""));
	SAME(LITERAL, "{\"scalar\":{\"noneType\":{}}}");
	SAME(LITERAL, "{\"scalar\":{\"blob\":{\"metadata\":{\"type\":"
	    "{\"dimensionality\":\"MULTIPART\"}},\"uri\":\"s3://b/k\"}}}");
	SAME(LITERAL, "{\"scalar\":{\"binary\":{\"value\":\"gaFhAQ==\","
	    "\"tag\":\"msgpack\"}}}");
	SAME(LITERAL, "{\"scalar\":{\"generic\":{\"a\":1,\"b\":[true,null],"
	    "\"c\":{},\"d\":[],\"e\":\"x\"}}}");
	SAME(LITERAL, "{\"scalar\":{\"union\":{\"value\":{\"scalar\":"
	    "{\"noneType\":{}}},\"type\":{\"simple\":\"NONE\",\"structure\":"
	    "{\"tag\":\"none\"}}}}}");
	SAME(LITERAL, "{\"collection\":{\"literals\":[{},{\"hash\":\"h\"}]}}");
	SAME(LITERAL, "{\"map\":{\"literals\":{\"k\":{}}},\"hash\":\"text\","
	    "\"metadata\":{\"k\":\"v\"}}");
	SAME(LITERAL, "{\"offloadedMetadata\":{\"uri\":\"s3://x\","
	    "\"sizeBytes\":\"12345\",\"inferredType\":{\"simple\":"
	    "\"INTEGER\"}}}");
	BECOMES(LITERAL, "{\"map\":{\"literals\":{\"b\":{},\"a\":{}}}}",
	    "{\"map\":{\"literals\":{\"a\":{},\"b\":{}}}}");
}

TEST(types_have_the_form_of_the_reference)
{
	SAME(TYPE, "{}");
	SAME(TYPE, "{\"simple\":\"NONE\"}");
	SAME(TYPE, "{\"schema\":{\"columns\":[{\"name\":\"a\","
	    "\"type\":\"FLOAT\"}]}}");
	SAME(TYPE, "{\"collectionType\":{\"simple\":\"STRING\"}}");
	SAME(TYPE, "{\"mapValueType\":{\"simple\":\"STRING\"}}");
	SAME(TYPE, "{\"blob\":{\"format\":\"csv\",\"dimensionality\":"
	    "\"MULTIPART\"}}");
	SAME(TYPE, "{\"enumType\":{\"values\":[\"red\",\"green\"]}}");
	SAME(TYPE, "{\"unionType\":{\"variants\":[{\"simple\":\"INTEGER\","
	    "\"structure\":{\"tag\":\"int\"}}]}}");
	SAME(TYPE, "{\"metadata\":{\"$id\":1},\"annotation\":"
	    "{\"annotations\":{\"a\":1.5}}}");
	SAME(TYPE, "{\"structuredDatasetType\":{\"columns\":[{\"name\":\"a\","
	    "\"literalType\":{\"simple\":\"INTEGER\"}}],\"format\":"
	    "\"parquet\",\"externalSchemaType\":\"arrow\","
	    "\"externalSchemaBytes\":\"AAE=\"}}");
}

TEST(integers_are_exact)
{
	static const struct { const char *in, *out; } t[] = {
		{ "1e3", "1000" }, { "12.50e1", "125" }, { "-0", "0" },
		{ "0e999999999999", "0" }, { "1.0", "1" },
		{ "9223372036854775807", "9223372036854775807" },
		{ "-9223372036854775808", "-9223372036854775808" },
		{ "9.223372036854775807e18", "9223372036854775807" },
		{ "\"42\"", "42" }, { "\"1e2\"", "100" },
		{ "0.000000000000000000000000000001e30", "1" },
		{ "100000e-5", "1" },
	};
	char in[200], out[200];
	size_t i;

	for (i = 0; i < ARRAY_LEN(t); i++) {
		snprintf(in, sizeof(in), PRIMITIVE("\"integer\":%s"), t[i].in);
		snprintf(out, sizeof(out), PRIMITIVE("\"integer\":\"%s\""),
		    t[i].out);
		BECOMES(LITERAL, in, out);
	}
	REFUSED(LITERAL, PRIMITIVE("\"integer\":1.5"),
	    "1:35: scalar.primitive.integer: expected an integer, given "
	    "\"1.5\"");
	CHECK(parse(LITERAL, PRIMITIVE("\"integer\":1e-1"), 0) == NULL);
	CHECK(parse(LITERAL, PRIMITIVE("\"integer\":\"\""), 0) == NULL);
	CHECK(parse(LITERAL, PRIMITIVE("\"integer\":\" 1\""), 0) == NULL);
	CHECK(parse(LITERAL, PRIMITIVE("\"integer\":true"), 0) == NULL);
	CHECK(parse(LITERAL, PRIMITIVE("\"integer\":[]"), 0) == NULL);
	REFUSED(LITERAL, PRIMITIVE("\"integer\":9223372036854775808"),
	    "1:35: scalar.primitive.integer: 9223372036854775808 is out of "
	    "the range -9223372036854775808..9223372036854775807");
	REFUSED(LITERAL, PRIMITIVE("\"integer\":1e99999999999"),
	    "1:35: scalar.primitive.integer: 1e99999999999 is out of range");
	BECOMES(&google__protobuf__uint64_value__descriptor,
	    "18446744073709551615", "\"18446744073709551615\"");
	REFUSED(&google__protobuf__uint64_value__descriptor, "-1",
	    "1:1: -1 is out of the range 0..18446744073709551615");
	BECOMES(&google__protobuf__int32_value__descriptor, "-2147483648",
	    "-2147483648");
	CHECK(parse(&google__protobuf__int32_value__descriptor, "2147483648",
	    0) == NULL);
	CHECK(parse(&google__protobuf__uint32_value__descriptor, "4294967296",
	    0) == NULL);
}

static const char *
shown(double v)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	pbjson_add_double(&b, v);
	return arena_strndup(&arena, b.p, b.n);
}

static const char *
shown_float(float v)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	pbjson_add_float(&b, v);
	return arena_strndup(&arena, b.p, b.n);
}

TEST(doubles_are_short_and_as_go_prints_them)
{
	CHECK_STR(shown(0.0), "0");
	CHECK_STR(shown(-0.0), "-0");
	CHECK_STR(shown(2.0), "2");
	CHECK_STR(shown(-1.5), "-1.5");
	CHECK_STR(shown(0.1), "0.1");
	CHECK_STR(shown(1.0 / 3), "0.3333333333333333");
	CHECK_STR(shown(123456.789), "123456.789");
	CHECK_STR(shown(1e-6), "0.000001");
	CHECK_STR(shown(1.5e-7), "1.5e-7");
	CHECK_STR(shown(1e20), "100000000000000000000");
	CHECK_STR(shown(1e21), "1e+21");
	CHECK_STR(shown(1e300), "1e+300");
	CHECK_STR(shown(9007199254740993.0), "9007199254740992");
	CHECK_STR(shown(5e-324), "5e-324");
	CHECK_STR(shown(1.7976931348623157e308), "1.7976931348623157e+308");
	CHECK_STR(shown(2.2250738585072014e-308), "2.2250738585072014e-308");
	CHECK_STR(shown(NAN), "NaN");
	CHECK_STR(shown(-INFINITY), "-Infinity");
	CHECK_STR(shown_float(0.1f), "0.1");
	CHECK_STR(shown_float(16777216.0f), "16777216");
	CHECK_STR(shown_float(3.4028235e38f), "3.4028235e+38");
	CHECK_STR(shown_float(1e-45f), "1e-45");
	BECOMES(VALUE, "1e300", "1e+300");
	BECOMES(&google__protobuf__double_value__descriptor, "\"1.25\"",
	    "1.25");
	CHECK(parse(VALUE, "1e999", 0) == NULL);
	CHECK(parse(&google__protobuf__double_value__descriptor, "\"nan\"",
	    0) == NULL);
	CHECK(parse(&google__protobuf__float_value__descriptor, "1e39",
	    0) == NULL);
}

TEST(base64_both_ways)
{
	const ProtobufCMessageDescriptor *d =
	    &google__protobuf__bytes_value__descriptor;

	SAME(d, "\"\"");
	SAME(d, "\"AA==\"");
	SAME(d, "\"AAE=\"");
	SAME(d, "\"AAEC\"");
	SAME(d, "\"+/+/\"");
	BECOMES(d, "\"-_-_\"", "\"+/+/\"");
	BECOMES(d, "\"AAE\"", "\"AAE=\"");
	REFUSED(d, "\"A\"", "1:1: expected base64, given \"A\"");
	CHECK(parse(d, "\"AA=\"", 0) == NULL);
	CHECK(parse(d, "\"AAE==\"", 0) == NULL);
	CHECK(parse(d, "\"====\"", 0) == NULL);
	CHECK(parse(d, "\"A A=\"", 0) == NULL);
}

TEST(names_of_both_kinds_but_once)
{
	BECOMES(TYPE, "{\"map_value_type\":{\"simple\":\"STRING\"}}",
	    "{\"mapValueType\":{\"simple\":\"STRING\"}}");
	CHECK_STR(again(TYPE, "{\"mapValueType\":{\"enum_type\":{}}}",
	    PBJSON_SNAKE), "{\"map_value_type\":{\"enum_type\":{}}}");
	REFUSED(TYPE, "{\"structure\":{},\n \"annotation\":{}, \"structure\":1}",
	    "2:19: key given twice: \"structure\"");
	REFUSED(TYPE, "{\"mapValueType\":{},\n \"map_value_type\":{}}",
	    "2:2: map_value_type: given twice, by two names");
	REFUSED(TYPE, "{\"simple\":1, \"enumType\":{}}",
	    "1:25: enumType: excludes \"simple\", which is given too");
	REFUSED(TYPE, "{\"MapValueType\":{}}", "1:2: MapValueType: flyteidl."
	    "core.LiteralType has no such field; did you mean "
	    "\"mapValueType\"?");
}

TEST(null_is_unset)
{
	BECOMES(LITERAL, "{\"scalar\":null,\"hash\":null,\"metadata\":null,"
	    "\"collection\":{\"literals\":null}}", "{\"collection\":{}}");
	BECOMES(VALUE, "null", "null");
	BECOMES(STRUCT, "{\"a\":null}", "{\"a\":null}");
	REFUSED(LITERAL, "{\"collection\":{\"literals\":[{},null]}}",
	    "1:31: collection.literals[1]: null is no value here");
	REFUSED(LITERAL, "{\"metadata\":{\"k\":null}}",
	    "1:18: metadata.k: null is no value here");
}

TEST(unknown_names_are_refused_or_skipped)
{
	REFUSED(LITERAL, "{\n  \"scalar\": {\"prim\": 1}}", "2:14: scalar.prim:"
	    " flyteidl.core.Scalar has no such field");
	CHECK_STR(again(LITERAL, "{\"scalar\":{\"x\":[{}]},\"hash\":\"h\"}",
	    PBJSON_SKIP_UNKNOWN), "{\"scalar\":{},\"hash\":\"h\"}");
}

TEST(enums_by_name_and_number)
{
	BECOMES(TYPE, "{\"simple\":7}", "{\"simple\":\"BINARY\"}");
	BECOMES(TYPE, "{\"simple\":77}", "{\"simple\":77}");
	REFUSED(TYPE, "{\"simple\":\"STRNG\"}", "1:11: simple: flyteidl.core."
	    "SimpleType has no value \"STRNG\"; did you mean \"STRING\"?");
	CHECK(parse(TYPE, "{\"simple\":\"7\"}", 0) == NULL);
	CHECK(parse(TYPE, "{\"simple\":true}", 0) == NULL);
	CHECK(parse(TYPE, "{\"simple\":2147483648}", 0) == NULL);
}

TEST(times_and_durations)
{
	BECOMES(LITERAL,
	    PRIMITIVE("\"datetime\":\"2024-01-02T05:04:05.5+02:00\""),
	    PRIMITIVE("\"datetime\":\"2024-01-02T03:04:05.500Z\""));
	SAME(LITERAL, PRIMITIVE("\"datetime\":\"0001-01-01T00:00:00Z\""));
	CHECK(parse(LITERAL, PRIMITIVE("\"datetime\":\"2024-01-02\""), 0) ==
	    NULL);
	CHECK(parse(LITERAL, PRIMITIVE("\"datetime\":5"), 0) == NULL);
	SAME(LITERAL, PRIMITIVE("\"duration\":\"-1.000000001s\""));
	SAME(LITERAL, PRIMITIVE("\"duration\":\"0s\""));
	CHECK(parse(LITERAL, PRIMITIVE("\"duration\":\"1m\""), 0) == NULL);
	CHECK(parse(LITERAL, PRIMITIVE("\"duration\":\"315576000001s\""), 0)
	    == NULL);
}

TEST(strings_of_all_kinds)
{
	SAME(LITERAL, "{\"hash\":\"\\\"\\\\\\n\\u0001\xc3\xa9\"}");
	REFUSED(LITERAL, "{\"hash\":\"a\\u0000\"}",
	    "1:9: hash: the string holds a NUL character");
	REFUSED(LITERAL, "{\"metadata\":{\"a\\u0000\":\"\"}}",
	    "1:13: metadata: a key holds a NUL character");
	CHECK(parse(LITERAL, "{\"hash\":1}", 0) == NULL);
	CHECK_STR(again(LITERAL, "{\"hash\":1}", PBJSON_YAML),
	    "{\"hash\":\"1\"}");
}

TEST(yaml_trees_have_plain_strings)
{
	static const char text[] = "metadata:\n  a: yes\n  b: 1.10\n"
	    "  \"null\": \"null\"\nhash: 0x1f\nscalar: {generic: {x: no, "
	    "y: 1.5, z: ~, t: true, q: \"1\"}}\n";
	c_strbuf struct strbuf b = STRBUF_INIT;
	c_diags struct diags diags = DIAGS_INIT;
	c_tree struct tree t;
	ProtobufCMessage *m;

	tree_init(&t);
	CHECK_INT(yaml_parse("x.yaml", str_of(text), &t, &diags), 0);
	CHECK_INT(pbjson_from_tree(LITERAL, &t, 0, PBJSON_YAML, &arena, &m,
	    &e), 0);
	pbjson_print(m, 0, &b);
	CHECK_STR(b.p, "{\"scalar\":{\"generic\":{\"q\":\"1\",\"t\":true,"
	    "\"x\":\"no\",\"y\":1.5,\"z\":null}},\"hash\":\"0x1f\","
	    "\"metadata\":{\"a\":\"yes\",\"b\":\"1.10\",\"null\":\"null\"}}");
	/* without the flag a plain scalar is a number or a word of JSON */
	CHECK_INT(pbjson_from_tree(LITERAL, &t, 0, 0, &arena, &m, &e), -1);
	CHECK_STR(e.msg, "2:6: metadata.a: expected a string, given \"yes\"");
}

TEST(any_only_by_its_bytes)
{
	const ProtobufCMessageDescriptor *d =
	    &google__protobuf__any__descriptor;

	SAME(d, "{}");
	SAME(d, "{\"@type\":\"t/x\",\"value\":\"AA==\"}");
	REFUSED(d, "{\"@type\":\"t/x\",\"name\":1}", "1:23: name: the content "
	    "of a google.protobuf.Any is taken only as \"value\" with the "
	    "base64 of its bytes");
}

TEST(printing_with_indent_and_defaults)
{
	CHECK_STR(again(LITERAL, "{\"metadata\":{\"a\":\"1\",\"b\":\"\"},"
	    "\"collection\":{\"literals\":[]}}", PBJSON_INDENT),
	    "{\n  \"collection\": {},\n  \"metadata\": {\n    \"a\": \"1\",\n"
	    "    \"b\": \"\"\n  }\n}\n");
	CHECK_STR(again(LITERAL, "{}", PBJSON_DEFAULTS),
	    "{\"hash\":\"\",\"metadata\":{}}");
	CHECK_STR(again(&flyteidl__core__blob__descriptor,
	    "{\"metadata\":{\"type\":{}}}", PBJSON_DEFAULTS),
	    "{\"metadata\":{\"type\":{\"format\":\"\",\"dimensionality\":"
	    "\"SINGLE\"}},\"uri\":\"\"}");
	CHECK_STR(again(&flyteidl__core__blob__descriptor, "{}",
	    PBJSON_DEFAULTS), "{\"metadata\":null,\"uri\":\"\"}");
}

/* n opening texts, then the closing ones. */
static const char *
nested(int n, const char *open, const char *close)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	int i;

	for (i = 0; i < n; i++)
		strbuf_adds(&b, open);
	strbuf_adds(&b, "{}");
	for (i = 0; i < n; i++)
		strbuf_adds(&b, close);
	return arena_strndup(&arena, b.p, b.n);
}

TEST(nesting_is_bounded_as_on_the_wire)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	ProtobufCMessage *m, *back;

	m = parse(TYPE, nested(MAX_MESSAGE_DEPTH - 1,
	    "{\"collectionType\":", "}"), 0);
	CHECK(m != NULL);
	if (m == NULL)
		return;
	wire_pack(m, &b);
	CHECK_INT(wire_unpack(TYPE, strbuf_str(&b), &arena, &back, &e), 0);
	CHECK(wire_equal(m, back));
	CHECK(parse(STRUCT, nested(33, "{\"a\":", "}"), 0) != NULL);
	CHECK(parse(STRUCT, nested(34, "{\"a\":", "}"), 0) == NULL);
	CHECK(strstr(e.msg, "more than 100 levels") != NULL);
	/* how deep a Struct may be is the same on the wire */
	m = parse(STRUCT, nested(33, "{\"a\":", "}"), 0);
	strbuf_reset(&b);
	wire_pack(m, &b);
	CHECK_INT(wire_unpack(STRUCT, strbuf_str(&b), &arena, &back, &e), 0);
}

TEST(a_large_map_is_linear)
{
	c_strbuf struct strbuf b = STRBUF_INIT, out = STRBUF_INIT;
	ProtobufCMessage *m = NULL;
	int i, n = 100000;

	strbuf_adds(&b, "{");
	for (i = 0; i < n; i++)
		strbuf_addf(&b, "%s\"k%06d\":%d", i > 0 ? "," : "", i, i);
	strbuf_adds(&b, "}");
	CHECK_INT(pbjson_parse(STRUCT, strbuf_str(&b), 0, &arena, &m, &e), 0);
	CHECK_STR(e.msg, "");
	if (m == NULL)
		return;
	pbjson_print(m, 0, &out);
	CHECK(str_eq(strbuf_str(&b), strbuf_str(&out)));
}

TEST(bad_json_is_told_by_its_place)
{
	CHECK(parse(LITERAL, "{\"hash\":}", 0) == NULL);
	CHECK_INT(e.kind, ERR_SPEC);
	CHECK(strncmp(e.msg, "1:9: ", 5) == 0);
	CHECK(parse(LITERAL, "[]", 0) == NULL);
	CHECK_STR(e.msg, "1:1: expected a map, given an empty list");
	CHECK(parse(LITERAL, "null", 0) == NULL);
	arena_release(&arena);
}
