#include "unit.h"

#include "base/limits.h"
#include "data/json.h"

/* What reading the text says: "" or the message. */
static const char *
fault(const char *text)
{
	static char msg[1024];
	struct tree t;
	struct err e;

	tree_init(&t);
	msg[0] = '\0';
	if (json_parse_tree(str_of(text), &t, &e) < 0)
		snprintf(msg, sizeof(msg), "%s", e.msg);
	tree_release(&t);
	return msg;
}

/* The text read and written again. */
static const char *
again(const char *text, int indent)
{
	static struct strbuf b = STRBUF_INIT;
	struct tree t;
	struct err e;

	strbuf_release(&b);
	tree_init(&t);
	if (json_parse_tree(str_of(text), &t, &e) < 0)
		strbuf_adds(&b, e.msg);
	else
		json_add_tree(&b, &t, 0, indent);
	tree_release(&t);
	return b.p;
}

TEST(round_trip)
{
	CHECK_STR(again("{ \"a\":[1,-0.5e+3 , true,null,\"x\\n\"],\"b\":{}}",
	    0), "{\"a\": [1, -0.5e+3, true, null, \"x\\n\"], \"b\": {}}");
	CHECK_STR(again("[[],[[]],{}]", 0), "[[], [[]], {}]");
	CHECK_STR(again("{\"a\":[1,2],\"b\":{}}", 2),
	    "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
	CHECK_STR(again(" 9007199254740993 ", 0), "9007199254740993");
	CHECK_STR(again("\"\\ud83d\\ude00\\u0041\\/\"", 0), "\"😀A/\"");
	CHECK_STR(again("\"\\u0000\\u001f\\b\"", 0), "\"\\u0000\\u001f\\b\"");
}

TEST(refused)
{
	CHECK_STR(fault(""), "1:1: not JSON: a JSON value is expected");
	CHECK_STR(fault("{\"a\": 1}\n x"),
	    "2:2: not JSON: something comes after the end of the value");
	CHECK_STR(fault("{\"a\":1,\n\"b\":2,\"a\":3}"),
	    "2:7: key given twice: \"a\"");
	CHECK_STR(fault("[1,]"), "1:4: not JSON: a value is expected here");
	CHECK_STR(fault("[01]"), "1:2: not JSON: not a JSON number");
	CHECK_STR(fault("[1 2]"),
	    "1:4: not JSON: \",\" or \"]\" is expected here");
	CHECK_STR(fault("{a: 1}"), "1:2: not JSON: a key in \"double quotes\" "
	    "is expected here");
	CHECK_STR(fault("{\"a\" 1}"),
	    "1:6: not JSON: \":\" is expected here");
	CHECK_STR(fault("nan"),
	    "1:1: not JSON: text must be in \"double quotes\"");
	CHECK_STR(fault("\"ab"), "1:1: not JSON: no closing quote");
	CHECK_STR(fault("\"ab\\"), "1:1: not JSON: no closing quote");
	CHECK_STR(fault("\"\\ud800x\""),
	    "1:2: not JSON: half of a surrogate pair");
	CHECK_STR(fault("\"\\udc00\""),
	    "1:2: not JSON: half of a surrogate pair");
	CHECK_STR(fault("\"\\q\""), "1:2: not JSON: unknown escape");
	CHECK_STR(fault("\"a\nb\""),
	    "1:3: not JSON: line break in a string; write \\n");
	CHECK_STR(fault("\"\xff\""), "1:2: not valid UTF-8: byte 0xff");
	CHECK_STR(fault("[1,\n"), "2:1: not JSON: ends too early");
	CHECK_STR(fault("{'a': 1}"), "1:2: not JSON: a key in \"double "
	    "quotes\" is expected here");
}

TEST(depth)
{
	char text[MAX_DEPTH * 2 + 3];
	size_t i, n = MAX_DEPTH;

	for (i = 0; i < n; i++) {
		text[i] = '[';
		text[n + i] = ']';
	}
	text[2 * n] = '\0';
	CHECK_STR(fault(text), "");
	CHECK_STR(again(text, 0), text);
	text[n] = '[';
	CHECK_STR(fault(text),
	    "1:101: nested too deeply: too many open brackets");
}

TEST(many_keys)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	char expected[64];
	int i;

	strbuf_adds(&b, "{");
	for (i = 0; i < 1000; i++)
		strbuf_addf(&b, "%s\"k%d\": %d", i > 0 ? "," : "", i, i);
	strbuf_adds(&b, "}");
	CHECK_STR(fault(b.p), "");
	strbuf_setlen(&b, b.n - 1);
	snprintf(expected, sizeof(expected), "1:%zu: key given twice: \"k7\"",
	    b.n + 2);
	strbuf_adds(&b, ",\"k7\":1}");
	CHECK_STR(fault(b.p), expected);
}

TEST(lookup)
{
	const char text[] = "{\"a\": {\"b\": \"5\"}, \"c\": null, \"d\": 1}";
	struct tree t;
	struct err e;
	uint32_t a;

	tree_init(&t);
	CHECK(json_parse_tree(STR(text), &t, &e) == 0);
	CHECK_INT(t.at[0].n, 3);
	a = tree_get(&t, 0, "a");
	CHECK(a != TREE_NONE);
	CHECK(tree_is(&t, tree_get(&t, a, "b"), "5"));
	CHECK(t.at[tree_get(&t, a, "b")].quoted);
	CHECK_INT(t.at[tree_get(&t, a, "b")].span.from, 12);
	CHECK_INT(t.at[tree_get(&t, a, "b")].span.to, 15);
	CHECK(tree_is_null(&t, tree_get(&t, 0, "c")));
	CHECK(tree_get(&t, 0, "x") == TREE_NONE);
	CHECK(tree_get(&t, tree_get(&t, 0, "d"), "x") == TREE_NONE);
	tree_release(&t);
}

TEST(lines)
{
	struct jsonl in = { STR("{}\n\n \r\n[1]\r\n2"), 0 };
	struct str line;

	CHECK(jsonl_next(&in, &line) && str_is(line, "{}") && in.line == 1);
	CHECK(jsonl_next(&in, &line) && in.line == 4);
	CHECK(jsonl_next(&in, &line) && str_is(line, "2") && in.line == 5);
	CHECK(!jsonl_next(&in, &line));
}

TEST(writer)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct json_writer w = json_writer(&b, 0);

	json_object(&w);
	json_key(&w, "a");
	json_array(&w);
	json_int(&w, INT64_MIN);
	json_uint(&w, UINT64_MAX);
	json_end(&w);
	json_key(&w, "b");
	json_cstr(&w, NULL);
	json_key(&w, "c");
	json_str(&w, STR("\xff\"\n"));
	json_key(&w, "d");
	json_bool(&w, 0);
	json_end(&w);
	CHECK_STR(b.p, "{\"a\": [-9223372036854775808, 18446744073709551615], "
	    "\"b\": null, \"c\": \"\xef\xbf\xbd\\\"\\n\", \"d\": false}");
}

/* What a document comes to where long lists are cut. */
TEST(long_lists)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	c_tree struct tree t;
	struct json_items it;
	struct str item;
	struct err e;
	uint32_t list, after;
	int i, n = 0, same = 1;

	strbuf_adds(&b, "{\"a\": [");
	for (i = 0; i < 3 * JSON_LONG_LIST; i++)
		strbuf_addf(&b, "%s%d , [\"]\\\",\", {\"x\": [%d]}]",
		    i > 0 ? "," : "", i, i);
	strbuf_adds(&b, "], \"b\": [1, 2]}");
	tree_init(&t);
	CHECK_INT(json_parse_long(strbuf_str(&b), &t, &e), 0);
	CHECK(t.cut);
	CHECK(t.n < 10);
	list = tree_get(&t, 0, "a");
	after = tree_get(&t, 0, "b");
	CHECK(list != TREE_NONE && t.at[list].cut);
	CHECK_INT(t.at[list].n, 6 * JSON_LONG_LIST);
	CHECK(t.at[list].first == TREE_NONE);
	CHECK(after != TREE_NONE && !t.at[after].cut && t.at[after].n == 2);
	it = json_items((struct str){ b.p + t.at[list].span.from,
	    t.at[list].span.to - t.at[list].span.from });
	for (; json_item_next(&it, &item); n++) {
		c_strbuf struct strbuf want = STRBUF_INIT;

		strbuf_addf(&want, n % 2 == 0 ? "%d" :
		    "[\"]\\\",\", {\"x\": [%d]}]", n / 2);
		same &= str_eq(item, strbuf_str(&want));
	}
	CHECK_INT(n, 6 * JSON_LONG_LIST);
	CHECK(same);

	/* What is left out is checked all the same. */
	b.p[b.n / 2] = '\x01';
	CHECK_INT(json_parse_long(strbuf_str(&b), &t, &e), -1);
}
