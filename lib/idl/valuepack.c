/* Values of long lists to wire bytes, item by item. */

#include "base/err.h"
#include "data/json.h"
#include "idl/infer.h"
#include "idl/literal.h"
#include "idl/names.h"
#include "idl/pbjson.h"
#include "idl/type.h"
#include "idl/value.h"
#include "idl/wire.h"

/* Field numbers of core.Literal and LiteralCollection. */
enum { COLLECTION = 2, ITEMS = 1 };

struct packer {
	const pb_literal_type	*type;
	const struct value_ctx	*ctx;
	int			 typed;
};

int
value_is_plain_type(const pb_literal_type *t)
{
	size_t i;

	switch ((int)t->type_case) {
	case TYPE_SIMPLE:
		return 1;
	case TYPE_LIST:
		return value_is_plain_type(t->collection_type);
	case TYPE_MAP:
		return value_is_plain_type(t->map_value_type);
	case TYPE_UNION:
		for (i = 0; i < t->union_type->n_variants; i++)
			if (!value_is_plain_type(t->union_type->variants[i]))
				return 0;
		return 1;
	default:
		return 0;
	}
}

/* {"collection": {"literals": [...]}} and no more: the list's node. */
static uint32_t
typed_list(const struct tree *t, uint32_t node)
{
	uint32_t in;

	if (t->at[node].kind != TREE_MAP || t->at[node].n != 1)
		return TREE_NONE;
	in = tree_get(t, node, "collection");
	if (in == TREE_NONE || t->at[in].kind != TREE_MAP || t->at[in].n != 1)
		return TREE_NONE;
	in = tree_get(t, in, "literals");
	return in != TREE_NONE && t->at[in].kind == TREE_SEQ ? in : TREE_NONE;
}

static int
read_whole(const struct packer *p, const struct tree *t, uint32_t node,
    struct arena *a, pb_literal **ret, struct err *e)
{
	ProtobufCMessage *m;

	if (!p->typed)
		return value_from_tree(p->type, t, node, p->ctx, a, ret, e);
	if (pbjson_from_tree(&flyteidl__core__literal__descriptor, t, node, 0,
	    a, &m, e) < 0) {
		e->kind = ERR_USAGE;
		return err_wrap(e, "not a typed literal");
	}
	*ret = (pb_literal *)m;
	return literal_check(*ret, p->type, e);
}

static struct str
text_of(const struct tree *t, uint32_t node)
{
	const struct span *s = &t->at[node].span;

	return (struct str){ t->source.text.p + s->from, s->to - s->from };
}

/* As a message; what was cut out of it is read after all. */
static int
pack_whole(const struct packer *p, const struct tree *t, uint32_t node,
    struct strbuf *out, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	c_tree struct tree full;
	pb_literal *l;

	tree_init(&full);
	if (t->cut) {
		if (json_parse_tree(text_of(t, node), &full, e) < 0)
			return -1;
		t = &full;
		node = 0;
	}
	if (read_whole(p, t, node, &a, &l, e) < 0)
		return -1;
	wire_pack(&l->base, out);
	return 0;
}

static int	pack(const struct packer *, const struct tree *, uint32_t node,
		    struct strbuf *out, struct err *) must_check;

static int
pack_item(const struct packer *p, struct str text, struct tree *t,
    struct strbuf *out, struct err *e)
{
	if (json_parse_long(text, t, e) < 0)
		return -1;
	return pack(p, t, 0, out, e);
}

/* Once more, for an error that names the item. */
static int
fail_item(const struct packer *p, size_t i, struct tree *t, struct err *e)
{
	c_strbuf struct strbuf name = STRBUF_INIT, none = STRBUF_INIT;
	struct value_ctx ctx = *p->ctx;
	struct packer q = { p->type, &ctx, 0 };

	if (p->typed)
		return err_wrap(e, "[%zu]", i);
	strbuf_addf(&name, "%s[%zu]", ctx.name == NULL ? "" : ctx.name, i);
	ctx.name = name.p;
	return pack(&q, t, 0, &none, e);
}

static int
pack_list(const struct packer *p, struct str text, struct strbuf *out,
    struct err *e)
{
	c_strbuf struct strbuf body = STRBUF_INIT, one = STRBUF_INIT;
	struct packer q = { p->type->collection_type, p->ctx, p->typed };
	struct json_items it = json_items(text);
	c_tree struct tree t;
	struct str item;
	size_t i;

	tree_init(&t);
	for (i = 0; json_item_next(&it, &item); i++) {
		strbuf_reset(&one);
		if (pack_item(&q, item, &t, &one, e) < 0)
			return fail_item(&q, i, &t, e);
		wire_add_bytes(&body, ITEMS, strbuf_str(&one));
	}
	wire_add_bytes(out, COLLECTION, strbuf_str(&body));
	return 0;
}

static int
pack(const struct packer *p, const struct tree *t, uint32_t node,
    struct strbuf *out, struct err *e)
{
	uint32_t list = p->typed ? typed_list(t, node) : node;

	if (p->type->type_case == TYPE_LIST && list != TREE_NONE &&
	    t->at[list].cut)
		return pack_list(p, text_of(t, list), out, e);
	return pack_whole(p, t, node, out, e);
}

int
value_pack_tree(const pb_literal_type *type, const struct tree *t,
    uint32_t node, const struct value_ctx *ctx, struct strbuf *out,
    struct err *e)
{
	struct packer p = { type, ctx, 0 };

	return pack(&p, t, node, out, e);
}

int
value_pack_typed(const pb_literal_type *type, const struct tree *t,
    uint32_t node, struct strbuf *out, struct err *e)
{
	static const struct value_ctx none = { .mode = VALUE_JSON };
	struct packer p = { type, &none, 1 };

	return pack(&p, t, node, out, e);
}
