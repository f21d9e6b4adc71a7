/* MessagePack to JSON, and from a tree. */

#include <math.h>

#include "base/err.h"
#include "base/limits.h"
#include "base/num.h"
#include "base/time.h"
#include "data/json.h"
#include "data/msgpack.h"
#include "data/tree.h"

/* ---- to JSON -------------------------------------------------------------*/

static void
add_base64(struct strbuf *b, struct str s)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789+/";
	uint32_t v;
	size_t i, k;

	for (i = 0; i < s.n; i += 3) {
		for (v = 0, k = 0; k < 3; k++)
			v = v << 8 | (i + k < s.n ?
			    (unsigned char)s.p[i + k] : 0);
		for (k = 0; k < 4; k++)
			strbuf_addch(b, i + k > s.n ? '=' :
			    digits[v >> (18 - 6 * k) & 63]);
	}
}

static uint64_t
big_endian(const char *p, size_t n)
{
	uint64_t v = 0;
	size_t i;

	for (i = 0; i < n; i++)
		v = v << 8 | (unsigned char)p[i];
	return v;
}

/* The timestamp extension, -1, in its three sizes. */
static int
timestamp(struct str s, struct instant *ret)
{
	uint64_t v;

	if (s.n == 4) {
		ret->sec = (int64_t)big_endian(s.p, 4);
		ret->nsec = 0;
	} else if (s.n == 8) {
		v = big_endian(s.p, 8);
		ret->sec = (int64_t)(v & 0x3ffffffff);
		ret->nsec = (int32_t)(v >> 34);
	} else if (s.n == 12) {
		ret->sec = (int64_t)big_endian(s.p + 4, 8);
		ret->nsec = (int32_t)(big_endian(s.p, 4) & 0x7fffffff);
	} else {
		return -1;
	}
	return ret->nsec < 1000000000 && ret->sec >= INSTANT_MIN &&
	    ret->sec <= INSTANT_MAX ? 0 : -1;
}

static void
add_scalar(struct strbuf *b, const struct msgpack_item *item)
{
	struct instant t;

	switch (item->kind) {
	case MSGPACK_BOOL:
		strbuf_adds(b, item->i ? "true" : "false");
		break;
	case MSGPACK_INT:
		strbuf_addf(b, "%lld", (long long)item->i);
		break;
	case MSGPACK_UINT:
		strbuf_addf(b, "%llu", (unsigned long long)item->u);
		break;
	case MSGPACK_FLOAT:
		if (!isfinite(item->f))
			strbuf_addch(b, '"');
		num_add_f64(b, item->f);
		if (!isfinite(item->f))
			strbuf_addch(b, '"');
		break;
	case MSGPACK_STR:
		json_add_string(b, item->text);
		break;
	case MSGPACK_EXT:
	case MSGPACK_BIN:
		strbuf_addch(b, '"');
		if (item->kind == MSGPACK_EXT && item->ext == -1 &&
		    timestamp(item->text, &t) == 0)
			instant_add(b, t);
		else
			add_base64(b, item->text);
		strbuf_addch(b, '"');
		break;
	case MSGPACK_NIL:
	case MSGPACK_ARRAY:
	case MSGPACK_MAP:
	case MSGPACK_KIND_MAX:
	default:
		strbuf_adds(b, "null");
		break;
	}
}

/*
 * What is left to write of a value that msgpack_check took.  The text of a key
 * is quoted, and one inside of it would be again, each level doubling what is
 * there already: so a key has none.
 */
static int
add_value(struct strbuf *b, struct str *in, int in_key, struct err *e)
{
	struct strbuf key c_strbuf = STRBUF_INIT;
	struct msgpack_item item;
	uint32_t i;

	if (msgpack_next(in, &item, e) < 0)
		return -1;
	if (item.kind == MSGPACK_ARRAY) {
		strbuf_addch(b, '[');
		for (i = 0; i < item.n; i++) {
			if (i > 0)
				strbuf_addch(b, ',');
			if (add_value(b, in, in_key, e) < 0)
				return -1;
		}
		strbuf_addch(b, ']');
		return 0;
	}
	if (item.kind != MSGPACK_MAP) {
		add_scalar(b, &item);
		return 0;
	}
	strbuf_addch(b, '{');
	for (i = 0; i < item.n; i++) {
		if (i > 0)
			strbuf_addch(b, ',');
		strbuf_reset(&key);
		if (add_value(&key, in, 1, e) < 0)
			return -1;
		if (key.p[0] == '"')
			strbuf_addstr(b, strbuf_str(&key));
		else if (in_key && (key.p[0] == '[' || key.p[0] == '{'))
			return err_set(e, ERR_USAGE, "msgpack: the key of a "
			    "map inside a key is a list or a map");
		else
			json_add_string(b, strbuf_str(&key));
		strbuf_addch(b, ':');
		if (add_value(b, in, in_key, e) < 0)
			return -1;
	}
	strbuf_addch(b, '}');
	return 0;
}

int
msgpack_add_json(struct strbuf *b, struct str bytes, struct err *e)
{
	size_t start = b->n;

	if (msgpack_check(bytes, e) < 0)
		return -1;
	if (add_value(b, &bytes, 0, e) == 0)
		return 0;
	strbuf_setlen(b, start);
	return -1;
}

/* ---- from a tree ---------------------------------------------------------*/

static int
add_number(struct strbuf *b, struct str text, struct err *e)
{
	int64_t i;
	uint64_t u;
	double f;

	if (memchr(text.p, '.', text.n) == NULL &&
	    memchr(text.p, 'e', text.n) == NULL &&
	    memchr(text.p, 'E', text.n) == NULL) {
		if (num_parse_i64(text, INT64_MIN, INT64_MAX, &i) == 0)
			msgpack_add_int(b, i);
		else if (num_parse_u64(text, 0, UINT64_MAX, &u) == 0)
			msgpack_add_uint(b, u);
		else
			return err_set(e, ERR_USAGE, "whole number " STR_FMT
			    " does not fit 64 bits; a float needs a point, "
			    "a text quotes", STR_ARG(text));
		return 0;
	}
	if (num_parse_f64(text, &f) < 0)
		return err_set(e, ERR_USAGE, "number " STR_FMT " is too "
		    "large for a float", STR_ARG(text));
	msgpack_add_float(b, f);
	return 0;
}

static int
add_node_scalar(struct strbuf *b, const struct tree *t, uint32_t node,
    struct err *e)
{
	const struct tree_node *n = &t->at[node];

	if (tree_is_null(t, node))
		msgpack_add_nil(b);
	else if (n->quoted)
		msgpack_add_str(b, n->text);
	else if (str_is(n->text, "true") || str_is(n->text, "false"))
		msgpack_add_bool(b, n->text.p[0] == 't');
	else if (json_is_number(n->text))
		return add_number(b, n->text, e);
	else
		msgpack_add_str(b, n->text);
	return 0;
}

struct pair {
	struct str	key;
	uint32_t	value;
};

static int
compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return str_cmp(x->key, y->key);
}

static int	add_node(struct strbuf *, const struct tree *, uint32_t node,
		    unsigned depth, struct err *);

/* Sorted by key, so that the order of writing is not part of a cache key. */
static int
add_node_map(struct strbuf *b, const struct tree *t, uint32_t node,
    unsigned depth, struct err *e)
{
	struct pair *pairs = xcalloc(t->at[node].n + (size_t)1,
	    sizeof(*pairs));
	size_t i, n = 0;
	int rc = 0;

	TREE_EACH_PAIR(t, node, k, v)
		pairs[n++] = (struct pair){ t->at[k].text, v };
	qsort(pairs, n, sizeof(*pairs), compare_pairs);
	msgpack_add_map(b, t->at[node].n);
	for (i = 0; i < n && rc == 0; i++) {
		msgpack_add_str(b, pairs[i].key);
		rc = add_node(b, t, pairs[i].value, depth + 1, e);
		if (rc < 0)
			rc = err_wrap(e, STR_FMT, STR_ARG(pairs[i].key));
	}
	free(pairs);
	return rc;
}

static int
add_node(struct strbuf *b, const struct tree *t, uint32_t node,
    unsigned depth, struct err *e)
{
	const struct tree_node *n = &t->at[node];

	if (depth > MAX_DEPTH)
		return err_set(e, ERR_USAGE, "nested deeper than %d levels",
		    MAX_DEPTH);
	if (n->kind == TREE_SCALAR)
		return add_node_scalar(b, t, node, e);
	if (n->kind == TREE_MAP)
		return add_node_map(b, t, node, depth, e);
	msgpack_add_array(b, n->n);
	TREE_EACH(t, node, c)
		if (add_node(b, t, c, depth + 1, e) < 0)
			return -1;
	return 0;
}

int
msgpack_from_tree(struct strbuf *b, const struct tree *t, uint32_t node,
    struct err *e)
{
	return add_node(b, t, node, 0, e);
}
