#include "base/err.h"
#include "data/json.h"
#include "data/msgpack.h"

#include "mutate.h"

/*
 * MessagePack: the quick check and the conversion agree on what it is, its
 * JSON is JSON, and that JSON goes back into MessagePack with the same JSON.
 */

/* Numbers may have changed their kind, once: 1.0 is 1 in some JSON. */
static void
back(struct str json)
{
	c_strbuf struct strbuf packed = STRBUF_INIT, again = STRBUF_INIT,
	    third = STRBUF_INIT, last = STRBUF_INIT;
	c_tree struct tree t, u;
	struct err e;

	tree_init(&t);
	tree_init(&u);
	if (json_parse_tree(json, &t, &e) < 0) {
		if (strstr(e.msg, "twice") != NULL)
			return;
		BUG("not JSON: %s: %s", e.msg, json.p);
	}
	if (msgpack_from_tree(&packed, &t, 0, &e) < 0)
		return;
	if (msgpack_check(strbuf_str(&packed), &e) < 0 ||
	    msgpack_add_json(&again, strbuf_str(&packed), &e) < 0)
		BUG("what was packed does not unpack: %s", e.msg);
	if (json_parse_tree(strbuf_str(&again), &u, &e) < 0 ||
	    msgpack_from_tree(&third, &u, 0, &e) < 0 ||
	    msgpack_add_json(&last, strbuf_str(&third), &e) < 0)
		BUG("the second time: %s", e.msg);
	if (!str_eq(strbuf_str(&again), strbuf_str(&last)))
		BUG("%s becomes %s", again.p, last.p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str bytes = { (const char *)data, n };
	c_strbuf struct strbuf json = STRBUF_INIT;
	struct err e;
	int ok;

	ok = msgpack_check(bytes, &e) == 0;
	if (msgpack_add_json(&json, bytes, &e) < 0) {
		if (json.n > 0)
			BUG("JSON in spite of an error");
		return 0;
	}
	if (!ok)
		BUG("converted, but not MessagePack");
	back(strbuf_str(&json));
	return 0;
}
