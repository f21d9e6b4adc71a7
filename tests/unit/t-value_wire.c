/* Wire bytes and JSON without messages between them. */

#include "unit.h"

#include "data/json.h"
#include "data/tree.h"
#include "idl/litout.h"
#include "idl/pbjson.h"
#include "idl/wire.h"
#include "value.h"

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
