#include "idl/value.h"

#include "base/err.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "data/json.h"
#include "data/msgpack.h"
#include "data/tree.h"
#include "idl/literal.h"
#include "idl/names.h"
#include "idl/place.h"
#include "idl/scalar.h"
#include "idl/type.h"

/* A value on its way to a literal. */
struct reader {
	const struct value_ctx	*ctx;
	const struct tree	*tree;
	struct arena		*arena;
	struct err		*e;
};

static int	read_node(struct reader *, const pb_literal_type *,
		    uint32_t node, const struct place *, pb_literal **ret)
		    must_check;
static int	read_text(struct reader *, const pb_literal_type *,
		    struct str, const struct place *, pb_literal **ret)
		    must_check;

static struct place
item_of(const struct place *up, size_t index)
{
	return (struct place){ up, { NULL, 0 }, index };
}

static struct place
key_of(const struct place *up, struct str name)
{
	return (struct place){ up, name, 0 };
}

/* ---- from nodes ----------------------------------------------------------*/

static int
fail_node(struct reader *r, const struct place *p, const pb_literal_type *t,
    uint32_t node, const char *hint)
{
	const struct tree_node *n = &r->tree->at[node];
	struct strbuf b c_strbuf = STRBUF_INIT;

	if (n->kind == TREE_SEQ)
		strbuf_adds(&b, "a list");
	else if (n->kind == TREE_MAP)
		strbuf_adds(&b, "a map");
	else if (tree_is_null(r->tree, node))
		strbuf_adds(&b, "null");
	else
		utf8_add_given(&b, n->text);
	return place_fail(p, t, NULL, b.p, hint, r->e);
}

static int
read_list(struct reader *r, const pb_literal_type *t, uint32_t node,
    const struct place *p, pb_literal **ret)
{
	const struct tree_node *n = &r->tree->at[node];
	pb_literal **items;
	struct place at;
	size_t i = 0;

	if (n->kind != TREE_SEQ)
		return fail_node(r, p, t, node, NULL);
	items = arena_new_n(r->arena, n->n, pb_literal *);
	TREE_EACH(r->tree, node, c) {
		at = item_of(p, i);
		if (read_node(r, t->collection_type, c, &at, &items[i]) < 0)
			return -1;
		i++;
	}
	*ret = literal_list(r->arena, items, i);
	return 0;
}

static int
read_map(struct reader *r, const pb_literal_type *t, uint32_t node,
    const struct place *p, pb_literal **ret)
{
	const struct tree_node *n = &r->tree->at[node];
	pb_literal **values;
	const char **names;
	struct place at;
	struct str key;
	size_t i = 0;

	if (n->kind != TREE_MAP)
		return fail_node(r, p, t, node, NULL);
	names = arena_new_n(r->arena, n->n, const char *);
	values = arena_new_n(r->arena, n->n, pb_literal *);
	TREE_EACH_PAIR(r->tree, node, k, v) {
		key = r->tree->at[k].text;
		at = key_of(p, key);
		if (key.n > 0 && memchr(key.p, '\0', key.n) != NULL)
			return place_fail(&at, NULL, "a key",
			    "one with a NUL byte", NULL, r->e);
		names[i] = arena_strndup(r->arena, key.p, key.n);
		if (read_node(r, t->map_value_type, v, &at, &values[i]) < 0)
			return -1;
		i++;
	}
	*ret = literal_map(r->arena, literal_map_of(r->arena, names, values,
	    i));
	return 0;
}

static int
read_struct(struct reader *r, const pb_literal_type *t, uint32_t node,
    const struct place *p, pb_literal **ret)
{
	struct strbuf b c_strbuf = STRBUF_INIT, where c_strbuf = STRBUF_INIT;

	if (r->tree->at[node].kind != TREE_MAP)
		return fail_node(r, p, t, node,
		    "a struct is a map such as {\"a\": 1}");
	if (msgpack_from_tree(&b, r->tree, node, r->e) < 0) {
		place_add(&where, p);
		return where.n == 0 ? -1 : err_wrap(r->e, "%s", where.p);
	}
	*ret = literal_binary(r->arena, strbuf_str(&b), LITERAL_MSGPACK);
	return 0;
}

/* {"message": ..., "failed_node_id": ...}, or the message alone. */
static int
read_error(struct reader *r, const pb_literal_type *t, uint32_t node,
    const struct place *p, pb_literal **ret)
{
	const struct tree_node *n = &r->tree->at[node];
	struct str text[2] = { { "", 0 }, { "", 0 } };

	if (n->kind == TREE_SEQ)
		return fail_node(r, p, t, node, NULL);
	if (n->kind == TREE_SCALAR)
		text[0] = n->text;
	TREE_EACH_PAIR(r->tree, node, k, v) {
		if (n->kind != TREE_MAP)
			break;
		if (r->tree->at[v].kind != TREE_SCALAR ||
		    (!tree_is(r->tree, k, "message") &&
		    !tree_is(r->tree, k, "failed_node_id")))
			return fail_node(r, p, t, node, "an error is "
			    "{\"failed_node_id\": ..., \"message\": ...}");
		text[tree_is(r->tree, k, "failed_node_id")] =
		    r->tree->at[v].text;
	}
	*ret = literal_error(r->arena,
	    arena_strndup(r->arena, text[1].p, text[1].n),
	    arena_strndup(r->arena, text[0].p, text[0].n));
	return 0;
}

/* ---- unions --------------------------------------------------------------*/

/* What a union's variants are tried with: a node, or a text. */
struct given {
	uint32_t	node;		/* TREE_NONE: text */
	struct str	text;
};

static int
read_given(struct reader *r, const pb_literal_type *t,
    const struct given *g, const struct place *p, pb_literal **ret)
{
	if (g->node == TREE_NONE)
		return read_text(r, t, g->text, p, ret);
	return read_node(r, t, g->node, p, ret);
}

static int
fail_given(struct reader *r, const struct place *p, const pb_literal_type *t,
    const struct given *g, const char *hint)
{
	struct strbuf b c_strbuf = STRBUF_INIT;

	if (g->node != TREE_NONE)
		return fail_node(r, p, t, g->node, hint);
	utf8_add_given(&b, g->text);
	return place_fail(p, t, NULL, b.p, hint, r->e);
}

static pb_literal_type *
find_variant(const pb_literal_type *t, Flyteidl__Core__SimpleType simple)
{
	size_t i;

	for (i = 0; i < t->union_type->n_variants; i++)
		if (type_is_simple(t->union_type->variants[i], simple))
			return t->union_type->variants[i];
	return NULL;
}

/* The variants that take it, none and str left out. */
struct matches {
	size_t		 tried, n;
	pb_literal_type	*type;		/* the first that takes it */
	pb_literal	*value;
	pb_literal_type	*only;		/* the last one tried */
	struct strbuf	 names;
};

/*
 * Whole numbers are taken by int and float; they are the int, since a float
 * can be told by its point.
 */
static void
add_match(struct matches *m, pb_literal_type *t, pb_literal *value)
{
	if (m->n == 1 && type_is_simple(m->type, SIMPLE_INTEGER) &&
	    type_is_simple(t, FLYTEIDL__CORE__SIMPLE_TYPE__FLOAT))
		return;
	if (m->n == 1 && type_is_simple(t, SIMPLE_INTEGER) &&
	    type_is_simple(m->type, FLYTEIDL__CORE__SIMPLE_TYPE__FLOAT))
		m->n = 0;
	if (m->n++ == 0) {
		m->type = t;
		m->value = value;
		strbuf_reset(&m->names);
	} else {
		strbuf_adds(&m->names, " and ");
	}
	type_add_name(&m->names, t);
}

static void
match(struct reader *r, const pb_literal_type *t, const struct given *g,
    const struct place *p, struct matches *m)
{
	struct reader quiet = *r;
	pb_literal_type *v;
	pb_literal *value;
	struct err ignored;
	size_t i;

	quiet.e = &ignored;
	for (i = 0; i < t->union_type->n_variants; i++) {
		v = t->union_type->variants[i];
		if (type_is_simple(v, SIMPLE_NONE) ||
		    type_is_simple(v, SIMPLE_STRING))
			continue;
		m->tried++;
		m->only = v;
		if (read_given(&quiet, v, g, p, &value) == 0)
			add_match(m, v, value);
	}
}

/* The variant other than none and str that takes it, or the complaint. */
static int
take_match(struct reader *r, const pb_literal_type *t,
    const struct given *g, const struct place *p, struct matches *m,
    pb_literal **ret)
{
	struct strbuf hint c_strbuf = STRBUF_INIT;
	pb_literal_type *text = find_variant(t, SIMPLE_STRING);
	pb_literal *value;

	if (m->n == 1) {
		*ret = literal_union(r->arena, m->value, m->type);
		return 0;
	}
	if (m->n > 1) {
		strbuf_addf(&hint, "it could be %s: give it as typed JSON",
		    m->names.p);
		return fail_given(r, p, t, g, hint.p);
	}
	if (text != NULL && (g->node == TREE_NONE ||
	    r->tree->at[g->node].kind == TREE_SCALAR)) {
		if (read_given(r, text, g, p, &value) < 0)
			return -1;
		*ret = literal_union(r->arena, value, text);
		return 0;
	}
	/* With one way to read it, its own complaint says more. */
	if (m->tried == 1 && read_given(r, m->only, g, p, &value) < 0)
		return -1;
	return fail_given(r, p, t, g, NULL);
}

static int
is_quoted(const struct reader *r, const struct given *g)
{
	return g->node != TREE_NONE &&
	    r->tree->at[g->node].kind == TREE_SCALAR &&
	    r->tree->at[g->node].quoted;
}

static int
is_null(const struct reader *r, const struct given *g)
{
	if (g->node != TREE_NONE)
		return tree_is_null(r->tree, g->node);
	return str_is(g->text, "null") || str_is(g->text, "~");
}

static int
read_union(struct reader *r, const pb_literal_type *t,
    const struct given *g, const struct place *p, pb_literal **ret)
{
	pb_literal_type *none = find_variant(t, SIMPLE_NONE);
	pb_literal_type *text = find_variant(t, SIMPLE_STRING);
	struct matches m = { 0 };
	pb_literal *value = NULL;
	int rc;

	if (none != NULL && (is_null(r, g) || (g->node == TREE_NONE &&
	    g->text.n == 0 && text == NULL))) {
		*ret = literal_union(r->arena, literal_none(r->arena), none);
		return 0;
	}
	if (text != NULL && is_quoted(r, g)) {
		if (read_given(r, text, g, p, &value) < 0)
			return -1;
		*ret = literal_union(r->arena, value, text);
		return 0;
	}
	strbuf_init(&m.names);
	match(r, t, g, p, &m);
	rc = take_match(r, t, g, p, &m, ret);
	strbuf_release(&m.names);
	return rc;
}

/* ---- both ----------------------------------------------------------------*/

static int
read_node(struct reader *r, const pb_literal_type *t, uint32_t node,
    const struct place *p, pb_literal **ret)
{
	const struct tree_node *n = &r->tree->at[node];
	struct given g = { node, { NULL, 0 } };

	switch ((int)t->type_case) {
	case TYPE_LIST:
		return read_list(r, t, node, p, ret);
	case TYPE_MAP:
		return read_map(r, t, node, p, ret);
	case TYPE_UNION:
		return read_union(r, t, &g, p, ret);
	default:
		break;
	}
	if (type_is_simple(t, SIMPLE_STRUCT))
		return read_struct(r, t, node, p, ret);
	if (type_is_simple(t, SIMPLE_ERROR))
		return read_error(r, t, node, p, ret);
	if (n->kind != TREE_SCALAR ||
	    (tree_is_null(r->tree, node) && !type_is_simple(t, SIMPLE_NONE)))
		return fail_node(r, p, t, node, NULL);
	return scalar_read(t, n->text, n->quoted, r->ctx, p, r->arena, ret,
	    r->e);
}

/* How a list of such a type is written, where that is short to say. */
static const char *
example_of(const pb_literal_type *t)
{
	const pb_literal_type *item = t->type_case == TYPE_LIST ?
	    t->collection_type : NULL;

	if (item == NULL)
		return "";
	if (type_is_simple(item, FLYTEIDL__CORE__SIMPLE_TYPE__INTEGER) ||
	    type_is_simple(item, FLYTEIDL__CORE__SIMPLE_TYPE__FLOAT))
		return ", such as [1, 2]";
	if (type_is_simple(item, SIMPLE_STRING) ||
	    item->type_case == TYPE_BLOB)
		return ", such as [\"a\", \"b\"]";
	return "";
}

/* A list, map or struct in a text is JSON. */
static int
read_json(struct reader *r, const pb_literal_type *t, struct str text,
    const struct place *p, pb_literal **ret)
{
	struct strbuf b c_strbuf = STRBUF_INIT, hint c_strbuf = STRBUF_INIT;
	struct value_ctx strict = *r->ctx;
	struct tree tree c_tree;
	struct reader inner = { &strict, &tree, r->arena, r->e };
	struct err e;

	strict.mode = VALUE_JSON;
	tree_init(&tree);
	if (json_parse_tree(text, &tree, &e) < 0) {
		utf8_add_given(&b, text);
		strbuf_addf(&hint, "it is read as JSON%s: %s", example_of(t),
		    e.msg);
		return place_fail(p, t, NULL, b.p, hint.p, r->e);
	}
	return read_node(&inner, t, 0, p, ret);
}

static int
read_text(struct reader *r, const pb_literal_type *t, struct str text,
    const struct place *p, pb_literal **ret)
{
	struct given g = { TREE_NONE, text };

	switch ((int)t->type_case) {
	case TYPE_LIST:
	case TYPE_MAP:
		return read_json(r, t, text, p, ret);
	case TYPE_UNION:
		return read_union(r, t, &g, p, ret);
	default:
		break;
	}
	if (type_is_simple(t, SIMPLE_STRUCT))
		return read_json(r, t, text, p, ret);
	return scalar_read(t, text, 0, r->ctx, p, r->arena, ret, r->e);
}

int
value_from_tree(const pb_literal_type *t, const struct tree *tree,
    uint32_t node, const struct value_ctx *ctx, struct arena *a,
    pb_literal **ret, struct err *e)
{
	struct reader r = { ctx, tree, a, e };
	struct place p = { NULL, str_of(ctx->name), 0 };

	return read_node(&r, t, node, &p, ret);
}

int
value_from_text(const pb_literal_type *t, struct str text,
    const struct value_ctx *ctx, struct arena *a, pb_literal **ret,
    struct err *e)
{
	struct reader r = { ctx, NULL, a, e };
	struct place p = { NULL, str_of(ctx->name), 0 };

	return read_text(&r, t, text, &p, ret);
}

int
value_from_content(const pb_literal_type *t, struct str bytes,
    const struct value_ctx *ctx, struct arena *a, pb_literal **ret,
    struct err *e)
{
	struct place p = { NULL, str_of(ctx->name), 0 };
	struct str text = bytes;

	if (bytes.n > MAX_VALUE_BYTES)
		return place_fail(&p, t, NULL, "more than 16 MiB",
		    "larger data belongs in a file", e);
	if (t->type_case == TYPE_BLOB || t->type_case == TYPE_DATASET ||
	    t->type_case == TYPE_SCHEMA)
		return place_fail(&p, t, NULL, "content", "give a path", e);
	if (type_is_simple(t, SIMPLE_BINARY)) {
		*ret = literal_binary(a, bytes, "");
		return 0;
	}
	if (!type_is_simple(t, SIMPLE_STRING))
		text = scalar_trim(text);
	return value_from_text(t, text, ctx, a, ret, e);
}
