#include "unit.h"

#include "base/limits.h"
#include "data/json.h"
#include "data/yaml.h"

static struct strbuf out = STRBUF_INIT;

/* The text as JSON, or its diagnostics. */
static const char *
read_str(struct str text)
{
	struct diags ds = DIAGS_INIT;
	struct tree t;

	strbuf_release(&out);
	tree_init(&t);
	if (yaml_parse("f", text, &t, &ds) == 0) {
		CHECK(t.whole);
		json_add_tree(&out, &t, 0, 0);
	} else {
		CHECK(ds.n > 0);
		diags_print(&ds, &out);
	}
	diags_release(&ds);
	tree_release(&t);
	return out.p;
}

static const char *
read(const char *text)
{
	return read_str(str_of(text));
}

TEST(forms)
{
	CHECK_STR(read("a: 1\nb: [x, 'y', null]\nc: {d: e, f: 1.10}\n"),
	    "{\"a\": 1, \"b\": [\"x\", \"y\", null], \"c\": {\"d\": \"e\", "
	    "\"f\": 1.10}}");
	CHECK_STR(read("a:\nb: ~\nc: yes\nd: 12:30\n"), "{\"a\": null, "
	    "\"b\": null, \"c\": \"yes\", \"d\": \"12:30\"}");
	CHECK_STR(read("a: |\n  x\n  \ty\nb: >\n  p\n  q\n"),
	    "{\"a\": \"x\\n\\ty\\n\", \"b\": \"p q\\n\"}");
	CHECK_STR(read("{\"a\": [1, 2], \"b\": \"\\u0041\"}"),
	    "{\"a\": [1, 2], \"b\": \"A\"}");
	CHECK_STR(read("%YAML 1.1\n---\nx\n...\n"), "\"x\"");
	CHECK_STR(read("\xef\xbb\xbf" "a: 1\n"), "{\"a\": 1}");
	CHECK_STR(read("n: !!str 5\n"), "{\"n\": \"5\"}");
	CHECK_STR(read("{a: file(csv), b: int?, c: a|b}\n"),
	    "{\"a\": \"file(csv)\", \"b\": \"int?\", \"c\": \"a|b\"}");
}

TEST(aliases)
{
	CHECK_STR(read("a: &x {k: [1, {z: 2}]}\nb: *x\nc: [*x, *x]\n"),
	    "{\"a\": {\"k\": [1, {\"z\": 2}]}, \"b\": {\"k\": [1, {\"z\": "
	    "2}]}, \"c\": [{\"k\": [1, {\"z\": 2}]}, {\"k\": [1, {\"z\": 2}]}"
	    "]}");
	CHECK_STR(read("- &x 1\n- &x 2\n- *x\n"), "[1, 2, 2]");
	CHECK_STR(read("a: *x\n"), "f:1:4: error: alias not allowed: no "
	    "anchor &x before it [alias]\n  a: *x\n     ^~\n");
	CHECK_STR(read("a: &x [*x]\n"), "f:1:8: error: alias not allowed: *x "
	    "is inside what it names [alias]\n  a: &x [*x]\n         ^~\n");
}

TEST(alias_bomb)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	int i, j;

	strbuf_adds(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
	for (i = 1; i < 12; i++) {
		strbuf_addf(&b, "a%d: &a%d [", i, i);
		for (j = 0; j < 10; j++)
			strbuf_addf(&b, "*a%d%s", i - 1, j < 9 ? ", " : "]\n");
	}
	CHECK(strstr(read(b.p), "aliases make more than 100000 values"));
}

/* Each alias adds a level: the depth counts what they expand to. */
TEST(alias_depth)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	int i;

	strbuf_adds(&b, "a0: &a0 x\n");
	for (i = 1; i < MAX_DEPTH + 5; i++)
		strbuf_addf(&b, "a%d: &a%d [*a%d]\n", i, i, i - 1);
	CHECK(strstr(read(b.p), "nested too deeply: more than 100 levels"));
}

TEST(faults)
{
	CHECK_STR(read(""), "f:1:1: error: nothing here: the file has no "
	    "content [empty]\n");
	CHECK_STR(read("# only\n"), "f:1:1: error: nothing here: the file "
	    "has no content [empty]\n  # only\n  ^\n");
	CHECK_STR(read("a: 1\na: 2\nb: {c: 1, c: 2}\n"),
	    "f:2:1: error: key given twice: \"a\" [duplicate-key]\n  a: 2\n"
	    "  ^\n"
	    "f:3:11: error: key given twice: \"c\" [duplicate-key]\n"
	    "  b: {c: 1, c: 2}\n            ^\n");
	CHECK_STR(read("a:\n\tb: 1\n"), "f:2:1: error: syntax error: a tab "
	    "cannot be used as indentation [syntax]\n   b: 1\n  ^\n"
	    "  hint: use spaces\n");
	CHECK_STR(read("a:\n  b: 1\n \tc: 1\n"), "f:3:2: error: syntax error:"
	    " a tab cannot be used as indentation [syntax]\n    c: 1\n   ^\n"
	    "  hint: use spaces\n");
	CHECK_STR(read("---\na\n---\nb\n"), "f:3:1: error: syntax error: a "
	    "second document; a file holds one [syntax]\n  ---\n  ^~~\n");
	CHECK_STR(read("é: !x 1\n"), "f:1:4: error: unknown tag: !x [tag]\n"
	    "  é: !x 1\n     ^~~~\n  hint: leave the tag out: the declared "
	    "types decide\n");
	CHECK_STR(read("x: &a {b: 1}\ny: {<<: *a}\n"), "f:2:5: error: merge "
	    "keys are not supported: \"<<\" [merge-key]\n  y: {<<: *a}\n"
	    "      ^~\n  hint: repeat the keys, or put an alias where a whole "
	    "value is meant\n");
	CHECK_STR(read("[a, {{.inputs.x}}]\n"), "f:1:6: error: syntax error: "
	    "a key must be a word, not a list or a map [syntax]\n"
	    "  [a, {{.inputs.x}}]\n       ^\n  hint: put a template in "
	    "quotes: \"{{.inputs.x}}\"\n");
	CHECK_STR(read("a: @x\n"), "f:1:4: error: syntax error: found "
	    "character that cannot start any token, while scanning for the "
	    "next token [syntax]\n  a: @x\n     ^\n  hint: put a value that "
	    "begins with @ in quotes\n");
}

TEST(brackets_in_types)
{
	CHECK_STR(read("i: {x: list[int], y: int}\n"), "f:1:12: error: syntax "
	    "error: did not find expected ',' or '}', while parsing a flow "
	    "mapping [syntax]\n  i: {x: list[int], y: int}\n             "
	    "^\n  hint: square brackets begin a YAML list; write list(int), "
	    "or quote it: \"list[int]\"\n");
}

TEST(bytes)
{
	CHECK_STR(read_str(STR("a: 1\nb\0: 2\n")), "f:2:2: error: not valid "
	    "UTF-8 text: control byte 0x00 (is this a text file?) [encoding]\n"
	    "  b?: 2\n   ^\n");
	CHECK_STR(read("a: \xff\n"), "f:1:4: error: not valid UTF-8 text: "
	    "byte 0xff [encoding]\n  a: ?\n     ^\n");
}

TEST(deep)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_pad(&b, '[', 100000);
	CHECK(strstr(read(b.p), "f:1:101: error: nested too deeply: more than"
	    " 100 levels [too-deep]"));
	strbuf_reset(&b);
	strbuf_pad(&b, '{', 100000);
	CHECK(strstr(read(b.p), "f:1:2: error: syntax error"));
	strbuf_reset(&b);
	strbuf_pad(&b, '[', MAX_DEPTH);
	strbuf_pad(&b, ']', MAX_DEPTH);
	CHECK_STR(read(b.p), b.p);
}

TEST(too_large)
{
	char *p = xmalloc(MAX_SPEC_BYTES + 1);

	memset(p, ' ', MAX_SPEC_BYTES + 1);
	p[0] = 'a';
	CHECK(strstr(read_str((struct str){ p, MAX_SPEC_BYTES + 1 }),
	    "too large: 67108865 bytes, and at most 67108864 are read"));
	free(p);
}
