#include "unit.h"

#include "base/err.h"
#include "base/limits.h"
#include "data/json.h"
#include "data/msgpack.h"
#include "data/tree.h"
#include "sys/digest.h"

static const char *
to_json(struct str bytes)
{
	static struct strbuf b = STRBUF_INIT;
	struct err e;

	strbuf_reset(&b);
	if (msgpack_add_json(&b, bytes, &e) < 0) {
		strbuf_reset(&b);
		strbuf_adds(&b, e.msg);
	}
	return b.p;
}

static const char *
hex_to_json(const char *hex)
{
	unsigned char bytes[256];
	size_t n = strlen(hex) / 2;

	if (hex_parse(str_of(hex), bytes, n) < 0)
		return "bad hex";
	return to_json((struct str){ (const char *)bytes, n });
}

static const char *
from_json(const char *json)
{
	static struct strbuf hex = STRBUF_INIT;
	struct strbuf b c_strbuf = STRBUF_INIT;
	struct tree t c_tree;
	struct err e;

	strbuf_reset(&hex);
	tree_init(&t);
	if (json_parse_tree(str_of(json), &t, &e) < 0 ||
	    msgpack_from_tree(&b, &t, 0, &e) < 0)
		strbuf_adds(&hex, e.msg);
	else
		hex_add(&hex, b.p, b.n);
	return hex.p;
}

TEST(flytekits_bytes)
{
	/* {"a": 1}, as flytekit 1.16 packs a dict */
	CHECK_STR(hex_to_json("81a16101"), "{\"a\":1}");
	CHECK_STR(from_json("{\"a\": 1}"), "81a16101");
	/* floats are always nine bytes, None is nil */
	CHECK_STR(from_json("{\"n\":null,\"x\":1.5}"),
	    "82a16ec0a178cb3ff8000000000000");
	CHECK_STR(hex_to_json("82a178cb3ff8000000000000a16ec0"),
	    "{\"x\":1.5,\"n\":null}");
}

/* flytekit keeps the order of writing, and so has two cache keys for one
 * value (flyte#2924). */
TEST(order_of_writing_is_not_kept)
{
	CHECK_STR(from_json("{\"x\":1.5,\"n\":{\"b\":1,\"a\":2}}"),
	    "82a16e82a16102a16201a178cb3ff8000000000000");
}

TEST(integers_take_the_smallest_form)
{
	CHECK_STR(from_json("127"), "7f");
	CHECK_STR(from_json("128"), "cc80");
	CHECK_STR(from_json("256"), "cd0100");
	CHECK_STR(from_json("65536"), "ce00010000");
	CHECK_STR(from_json("4294967296"), "cf0000000100000000");
	CHECK_STR(from_json("-1"), "ff");
	CHECK_STR(from_json("-32"), "e0");
	CHECK_STR(from_json("-33"), "d0df");
	CHECK_STR(from_json("-129"), "d1ff7f");
	CHECK_STR(from_json("-32769"), "d2ffff7fff");
	CHECK_STR(from_json("-2147483649"), "d3ffffffff7fffffff");
	CHECK_STR(from_json("9223372036854775807"), "cf7fffffffffffffff");
	CHECK_STR(from_json("18446744073709551615"), "cfffffffffffffffff");
	CHECK_STR(hex_to_json("cfffffffffffffffff"), "18446744073709551615");
	CHECK_STR(hex_to_json("d38000000000000000"), "-9223372036854775808");
	CHECK_STR(hex_to_json("d0df"), "-33");
	CHECK_STR(hex_to_json("d2ffff7fff"), "-32769");
	CHECK(strstr(from_json("18446744073709551616"), "64 bits") != NULL);
}

TEST(other_kinds)
{
	CHECK_STR(hex_to_json("9301c2c3"), "[1,false,true]");
	CHECK_STR(hex_to_json("ca3fc00000"), "1.5");
	CHECK_STR(hex_to_json("cb7ff8000000000000"), "\"NaN\"");
	CHECK_STR(hex_to_json("c40300ff10"), "\"AP8Q\"");
	CHECK_STR(hex_to_json("c402aabb"), "\"qrs=\"");
	CHECK_STR(hex_to_json("8101a178"), "{\"1\":\"x\"}");
	CHECK_STR(hex_to_json("d6ff65920080"), "\"2024-01-01T00:00:00Z\"");
	CHECK_STR(hex_to_json("d90161"), "\"a\"");
	CHECK_STR(hex_to_json("dc000101"), "[1]");
	CHECK_STR(hex_to_json("de0001a16101"), "{\"a\":1}");
	CHECK_STR(from_json("[true,\"x\",\"1\",-0.5]"),
	    "94c3a178a131cbbfe0000000000000");
	CHECK_STR(from_json("2.0"), "cb4000000000000000");
}

TEST(bad_bytes)
{
	CHECK_STR(hex_to_json(""), "msgpack: cut short");
	CHECK_STR(hex_to_json("81a161"), "msgpack: cut short");
	CHECK_STR(hex_to_json("0101"), "msgpack: 1 bytes after the value");
	CHECK_STR(hex_to_json("c1"), "msgpack: unknown byte 0xc1");
	CHECK_STR(hex_to_json("dbffffffff"), "msgpack: cut short");
	CHECK_STR(hex_to_json("ddffffffff01"), "msgpack: cut short");
	CHECK_STR(hex_to_json("dfffffffff0101"), "msgpack: cut short");
}

TEST(depth_is_bounded)
{
	struct strbuf b c_strbuf = STRBUF_INIT;
	int i;

	for (i = 0; i < MAX_DEPTH; i++)
		strbuf_addch(&b, 0x91);
	strbuf_addch(&b, 1);
	CHECK(to_json(strbuf_str(&b))[0] == '[');
	strbuf_reset(&b);
	for (i = 0; i < 100000; i++)
		strbuf_addch(&b, 0x91);
	strbuf_addch(&b, 1);
	CHECK_STR(to_json(strbuf_str(&b)),
	    "msgpack: nested deeper than 100 levels");
}

/* Each key inside a key would double the text once more. */
TEST(keys_inside_keys_are_bounded)
{
	/* {[1]: 2}, {{1: 2}: 3}, {{{}: 1}: 2} and 90 levels of it */
	c_strbuf struct strbuf deep = STRBUF_INIT;
	unsigned i;

	CHECK_STR(hex_to_json("81910102"), "{\"[1]\":2}");
	CHECK_STR(hex_to_json("8181010203"), "{\"{\\\"1\\\":2}\":3}");
	CHECK_STR(hex_to_json("8181800102"),
	    "msgpack: the key of a map inside a key is a list or a map");
	for (i = 0; i < 90; i++)
		msgpack_add_map(&deep, 1);
	for (i = 0; i < 91; i++)
		msgpack_add_int(&deep, 1);
	CHECK_STR(to_json(strbuf_str(&deep)),
	    "msgpack: the key of a map inside a key is a list or a map");
}

TEST(long_texts_and_lists)
{
	struct strbuf b c_strbuf = STRBUF_INIT, text c_strbuf = STRBUF_INIT;
	static const size_t sizes[] = { 31, 32, 255, 256, 65535, 65536 };
	struct msgpack_item item;
	struct str in, value;
	struct err e;
	size_t i, k;

	for (i = 0; i < ARRAY_LEN(sizes); i++) {
		strbuf_reset(&b);
		strbuf_reset(&text);
		strbuf_pad(&text, 'x', sizes[i]);
		msgpack_add_str(&b, strbuf_str(&text));
		msgpack_add_bin(&b, strbuf_str(&text));
		msgpack_add_array(&b, (uint32_t)sizes[i]);
		for (k = 0; k < sizes[i]; k++)
			msgpack_add_nil(&b);
		in = strbuf_str(&b);
		CHECK_INT(msgpack_next(&in, &item, &e), 0);
		CHECK(item.kind == MSGPACK_STR && item.text.n == sizes[i]);
		CHECK_INT(msgpack_next(&in, &item, &e), 0);
		CHECK(item.kind == MSGPACK_BIN && item.text.n == sizes[i]);
		CHECK_INT(msgpack_skip(&in, &value, &e), 0);
		CHECK_INT(in.n, 0);
	}
}
