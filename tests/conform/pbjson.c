#include "conform.h"

#include "base/num.h"
#include "flyteidl/admin/node_execution.pb-c.h"
#include "flyteidl/admin/project.pb-c.h"
#include "idl/pbjson.h"
#include "idl/wire.h"

/*
 * Rows {"type", "binary": base64 of deterministic bytes, "json", "snake"} as
 * tests/interop/protojson.py makes them with the real protobuf: our bytes
 * must be those, and our JSON the same values.  "defaults", if there, is what
 * the real flyteadmin printed for the message.
 */

static const ProtobufCMessageDescriptor *const types[] = {
	&flyteidl__admin__execution__descriptor,
	&flyteidl__admin__execution_list__descriptor,
	&flyteidl__admin__launch_plan__descriptor,
	&flyteidl__admin__launch_plan_list__descriptor,
	&flyteidl__admin__node_execution_list__descriptor,
	&flyteidl__admin__projects__descriptor,
	&flyteidl__admin__task__descriptor,
	&flyteidl__admin__task_list__descriptor,
	&flyteidl__admin__task_spec__descriptor,
	&flyteidl__admin__workflow__descriptor,
	&flyteidl__admin__workflow_list__descriptor,
	&flyteidl__admin__workflow_spec__descriptor,
	&flyteidl__core__literal_map__descriptor,
	&flyteidl__core__literal_type__descriptor,
};

static int
same_scalar(const struct tree_node *x, const struct tree_node *y)
{
	double dx, dy;

	if (x->quoted != y->quoted)
		return 0;
	if (str_eq(x->text, y->text))
		return 1;
	return !x->quoted && num_parse_f64(x->text, &dx) == 0 &&
	    num_parse_f64(y->text, &dy) == 0 && dx == dy;
}

/* The depth of both trees is bounded by their parser. */
static int
same_value(const struct tree *x, uint32_t at, const struct tree *y,
    uint32_t other)
{
	const struct tree_node *a = &x->at[at], *b = &y->at[other];
	uint32_t item = b->first, found;

	if (a->kind != b->kind || a->n != b->n)
		return 0;
	if (a->kind == TREE_SCALAR)
		return same_scalar(a, b);
	if (a->kind == TREE_SEQ) {
		TREE_EACH(x, at, child) {
			if (!same_value(x, child, y, item))
				return 0;
			item = y->at[item].next;
		}
		return 1;
	}
	TREE_EACH_PAIR(x, at, k, v) {
		found = tree_get_str(y, other, x->at[k].text);
		if (found == TREE_NONE || !same_value(x, v, y, found))
			return 0;
	}
	return 1;
}

static int
check_print(const struct conform_row *row, const char *key,
    const ProtobufCMessage *m, unsigned flags, struct strbuf *why)
{
	struct strbuf text c_strbuf = STRBUF_INIT;
	uint32_t expected = tree_get(row->tree, 0, key);
	struct tree t c_tree;
	struct err e;
	int same;

	tree_init(&t);
	pbjson_print(m, flags, &text);
	same = expected != TREE_NONE &&
	    json_parse_tree(strbuf_str(&text), &t, &e) == 0 &&
	    same_value(row->tree, expected, &t, 0);
	if (!same)
		strbuf_addf(why, "%s: given %.2000s", key, text.p);
	return same;
}

static int
check_parse(const struct conform_row *row, const char *key,
    const ProtobufCMessage *m, struct strbuf *why)
{
	ProtobufCMessage *other;
	struct err e;

	if (conform_message(row, 0, key, m->descriptor, &other, &e) < 0) {
		strbuf_addf(why, "%s: %s", key, e.msg);
		return 0;
	}
	if (!wire_equal(m, other)) {
		strbuf_addf(why, "%s: reads as another message", key);
		return 0;
	}
	return 1;
}

static int
check_bytes(const ProtobufCMessage *m, struct str expected,
    struct strbuf *why)
{
	struct strbuf given c_strbuf = STRBUF_INIT;

	wire_pack(m, &given);
	if (str_eq(strbuf_str(&given), expected))
		return 1;
	strbuf_addf(why, "%zu bytes that differ from the %zu expected",
	    given.n, expected.n);
	return 0;
}

enum conform_verdict
conform_pbjson(const struct conform_row *row, struct strbuf *why)
{
	const ProtobufCMessageDescriptor *type = NULL;
	struct strbuf bytes c_strbuf = STRBUF_INIT;
	ProtobufCMessage *m;
	struct err e;
	size_t i;

	for (i = 0; i < ARRAY_LEN(types); i++)
		if (str_is(conform_text(row, 0, "type"), types[i]->name))
			type = types[i];
	if (type == NULL || pbjson_from_base64(&bytes,
	    conform_text(row, 0, "binary")) < 0) {
		strbuf_adds(why, "no such type, or no base64");
		return CONFORM_DIFFERENT;
	}
	if (wire_unpack_strict(type, strbuf_str(&bytes), row->arena, &m,
	    &e) < 0) {
		strbuf_adds(why, e.msg);
		return CONFORM_DIFFERENT;
	}
	return check_bytes(m, strbuf_str(&bytes), why) &&
	    check_print(row, "json", m, 0, why) &&
	    check_print(row, "snake", m, PBJSON_SNAKE | PBJSON_INDENT, why) &&
	    (tree_get(row->tree, 0, "defaults") == TREE_NONE ||
	    check_print(row, "defaults", m, PBJSON_SNAKE | PBJSON_DEFAULTS,
	    why)) &&
	    check_parse(row, "json", m, why) &&
	    check_parse(row, "snake", m, why) ?
	    CONFORM_SAME : CONFORM_DIFFERENT;
}
