/* Literals: conditions, paths of promises, maps and their hash. */

#include "unit.h"

#include <math.h>

#include "idl/pbhash.h"
#include "idl/pbjson.h"
#include "idl/wire.h"
#include "value.h"

static struct strbuf out = STRBUF_INIT;

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
