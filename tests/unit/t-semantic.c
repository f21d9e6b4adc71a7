#include "unit.h"

#include "base/err.h"
#include "idl/diff.h"
#include "idl/flyteidl.h"
#include "idl/pbjson.h"
#include "idl/semantic.h"
#include "idl/wire.h"

#define TASK	(&flyteidl__core__task_template__descriptor)
#define FLOW	(&flyteidl__admin__workflow_spec__descriptor)

static struct arena arena;

static ProtobufCMessage *
read_json(const ProtobufCMessageDescriptor *d, const char *json)
{
	ProtobufCMessage *m = NULL;
	struct err e;

	if (pbjson_parse(d, str_of(json), 0, &arena, &m, &e) < 0) {
		printf("%s\n", e.msg);
		abort();
	}
	return m;
}

/* 1 if the two are the same to both functions, 0 if they differ to both. */
static int
same(const ProtobufCMessageDescriptor *d, const char *a, const char *b)
{
	ProtobufCMessage *x = read_json(d, a), *y = read_json(d, b);
	c_strbuf struct strbuf out = STRBUF_INIT;
	int equal = semantic_equal(x, y);
	size_t lines = diff_add(x, y, &out);

	CHECK_INT(lines == 0, equal);
	CHECK_INT(out.n == 0, equal);
	return equal;
}

static const char *
difference(const ProtobufCMessageDescriptor *d, const char *a, const char *b)
{
	c_strbuf struct strbuf out = STRBUF_INIT;

	diff_add(read_json(d, a), read_json(d, b), &out);
	return arena_strdup(&arena, out.p);
}

#define NODE(in, up)	"{\"template\": {\"nodes\": [{\"id\": \"n\", "	\
	"\"inputs\": [" in "], \"upstreamNodeIds\": [" up "]}]}}"
#define BIND(v, n)	"{\"var\": \"" v "\", \"binding\": {\"scalar\": "	\
	"{\"primitive\": {\"integer\": \"" n "\"}}}}"
#define SUB(n)		"{\"id\": {\"name\": \"" n "\"}}"

TEST(what_has_no_order)
{
	CHECK(same(FLOW, NODE(BIND("a", "1") "," BIND("b", "2"), ""),
	    NODE(BIND("b", "2") "," BIND("a", "1"), "")));
	CHECK(!same(FLOW, NODE(BIND("a", "1") "," BIND("b", "2"), ""),
	    NODE(BIND("a", "2") "," BIND("b", "1"), "")));
	CHECK(same(FLOW, NODE("", "\"x\", \"y\", \"x\""),
	    NODE("", "\"y\", \"x\"")));
	CHECK(!same(FLOW, NODE("", "\"x\""), NODE("", "\"y\"")));
	CHECK(same(FLOW,
	    "{\"subWorkflows\": [" SUB("a") "," SUB("b") "]}",
	    "{\"subWorkflows\": [" SUB("b") "," SUB("a") "]}"));
	CHECK(same(TASK, "{\"config\": {\"a\": \"1\", \"b\": \"2\"}}",
	    "{\"config\": {\"b\": \"2\", \"a\": \"1\"}}"));
	arena_release(&arena);
}

TEST(order_that_counts)
{
	CHECK(!same(TASK, "{\"container\": {\"args\": [\"a\", \"b\"]}}",
	    "{\"container\": {\"args\": [\"b\", \"a\"]}}"));
	CHECK(!same(FLOW,
	    "{\"template\": {\"nodes\": [{\"id\": \"a\"}, {\"id\": \"b\"}]}}",
	    "{\"template\": {\"nodes\": [{\"id\": \"b\"}]}}"));
	arena_release(&arena);
}

TEST(times_and_state)
{
	const ProtobufCMessageDescriptor *d =
	    &flyteidl__admin__launch_plan__descriptor;

	CHECK(same(d, "{\"closure\": {\"state\": \"ACTIVE\", "
	    "\"createdAt\": \"2024-01-01T00:00:00Z\"}}",
	    "{\"closure\": {\"updatedAt\": \"2024-01-02T00:00:00Z\"}}"));
	CHECK(!same(d, "{\"spec\": {\"maxParallelism\": 1}}",
	    "{\"spec\": {\"maxParallelism\": 2}}"));
	arena_release(&arena);
}

/* gzip of {"source_root": "/a", "version": "1", "x": {"b": 1, "a": 2}}, of
 * {"x": {"a": 2, "b": 1}, "version": "1", "source_root": "/other"}, and of
 * {"source_root": "/a", "version": "2"}, by Python's gzip and base64. */
#define ENV(v)	"{\"container\": {\"env\": [{\"key\": \"_F_SS_C\", "	\
	"\"value\": \"" v "\"}]}}"
#define SET_1	"H4sIAAAAAAACA6tWKs4vLUpOjS/Kzy9RslJQ0k9U0lFQKkstKs7MzwMJGIL4"	\
	"FUBWtVISkDQE8hKBtFFtLQCGVcYcPAAAAA=="
#define SET_2	"H4sIAAAAAAACA6tWqlCyUqhWSgSSRjoKSklA2rAWyChLLSrOzM8DcpUMlYD8"	\
	"4vzSouTU+KL8/BKQmH5+SUZqkVItAD2ghL9AAAAA"
#define SET_3	"H4sIAAAAAAACA6tWKs4vLUpOjS/Kzy9RslJQ0k9U0lFQKkstKs7MzwMJGCnV"	\
	"AgBG2dr7JQAAAA=="

TEST(folder_of_the_packager)
{
	CHECK(same(TASK, ENV(SET_1), ENV(SET_2)));
	CHECK(!same(TASK, ENV(SET_1), ENV(SET_3)));
	/* What is no such thing is compared as text. */
	CHECK(!same(TASK, ENV("abc"), ENV("abd")));
	CHECK(same(TASK, ENV("abc"), ENV("abc")));
	arena_release(&arena);
}

TEST(paths)
{
	CHECK_STR(difference(TASK, "{\"id\": {\"name\": \"a\"}}",
	    "{\"id\": {\"name\": \"b\"}}"), "id.name: \"a\" | \"b\"\n");
	CHECK_STR(difference(TASK, "{}", "{\"container\": {\"image\": "
	    "\"i\"}}"), "container: absent | {\"image\":\"i\"}\n");
	CHECK_STR(difference(FLOW, NODE(BIND("a", "1"), ""),
	    NODE(BIND("a", "2"), "")), "template.nodes[n].inputs[a].binding."
	    "scalar.primitive.integer: 1 | 2\n");
	CHECK_STR(difference(TASK,
	    "{\"interface\": {\"inputs\": {\"variables\": {\"x\": "
	    "{\"type\": {\"simple\": \"INTEGER\"}}}}}}",
	    "{\"interface\": {\"inputs\": {\"variables\": {\"x\": "
	    "{\"type\": {\"simple\": \"STRING\"}}}}}}"),
	    "interface.inputs.variables[x].type: int | str\n");
	CHECK_STR(difference(TASK, "{\"config\": {\"a\": \"1\"}}",
	    "{\"config\": {\"b\": \"1\"}}"),
	    "config[a]: \"1\" | absent\nconfig[b]: absent | \"1\"\n");
	CHECK_STR(difference(TASK,
	    "{\"container\": {\"resources\": {\"limits\": [{\"name\": "
	    "\"CPU\", \"value\": \"1\"}]}}}",
	    "{\"container\": {\"resources\": {\"limits\": [{\"name\": "
	    "\"MEMORY\", \"value\": \"1\"}]}}}"),
	    "container.resources.limits[0].name: CPU | MEMORY\n");
	CHECK_STR(difference(TASK, "{\"custom\": {\"a\": {\"b\": 1}}}",
	    "{\"custom\": {\"a\": {\"b\": [2]}}}"),
	    "custom[a][b]: 1 | [2]\n");
	CHECK_STR(difference(TASK, "{\"metadata\": {\"timeout\": \"1s\"}}",
	    "{\"metadata\": {\"timeout\": \"2s\"}}"),
	    "metadata.timeout: \"1s\" | \"2s\"\n");
	arena_release(&arena);
}

TEST(bounded)
{
	c_strbuf struct strbuf a = STRBUF_INIT, out = STRBUF_INIT;
	size_t i;

	strbuf_adds(&a, "{\"container\": {\"args\": [");
	for (i = 0; i < 1000; i++)
		strbuf_addf(&a, "%s\"%zu\"", i > 0 ? "," : "", i);
	strbuf_adds(&a, "]}}");
	CHECK_INT(diff_add(read_json(TASK, a.p), read_json(TASK,
	    "{\"container\": {\"args\": [\"x\"]}}"), &out), 101);
	CHECK(strstr(out.p, "... and more differences\n") != NULL);
	strbuf_reset(&a);
	strbuf_adds(&a, "{\"type\": \"");
	strbuf_pad(&a, 'x', 5000);
	strbuf_adds(&a, "\"}");
	strbuf_reset(&out);
	diff_add(read_json(TASK, a.p), read_json(TASK, "{}"), &out);
	CHECK(out.n < 300);
	CHECK(strstr(out.p, "x... | absent") != NULL);
	arena_release(&arena);
}
