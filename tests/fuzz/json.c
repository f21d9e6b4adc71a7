#include "base/limits.h"
#include "data/json.h"

/*
 * JSON: what reads must be written and read back the same, by all at once or
 * value by value, and has the same items where long lists are cut; what does
 * not read must say why and where.
 */

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
round_trip(const struct tree *t)
{
	c_strbuf struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	struct tree again;
	struct err e;

	tree_init(&again);
	json_add_tree(&first, t, 0, 2);
	if (json_parse_tree(strbuf_str(&first), &again, &e) < 0)
		BUG("what was written does not read: %s", e.msg);
	json_add_tree(&second, &again, 0, 2);
	if (!str_eq(strbuf_str(&first), strbuf_str(&second)))
		BUG("reads back as another");
	tree_release(&again);
}

/* Value by value, without recursion: the parents of the node at hand. */
static void
write_node(struct json_writer *w, const struct tree *t, uint32_t root)
{
	uint32_t stack[MAX_DEPTH + 1], node = root;
	unsigned depth = 0;

	for (;;) {
		const struct tree_node *n = &t->at[node];
		int key = depth > 0 && t->at[stack[depth - 1]].kind ==
		    TREE_MAP && !w->keyed;

		if (key)
			json_key_str(w, n->text);
		else if (n->kind == TREE_SCALAR && n->quoted)
			json_str(w, n->text);
		else if (n->kind == TREE_SCALAR)
			json_raw(w, n->text);
		else if (n->kind == TREE_MAP)
			json_object(w);
		else
			json_array(w);
		if (n->kind != TREE_SCALAR && n->first != TREE_NONE) {
			stack[depth++] = node;
			node = n->first;
			continue;
		}
		if (n->kind != TREE_SCALAR)
			json_end(w);
		while (depth > 0 && t->at[node].next == TREE_NONE) {
			node = stack[--depth];
			json_end(w);
		}
		if (depth == 0)
			return;
		node = t->at[node].next;
	}
}

static void
write_values(const struct tree *t)
{
	c_strbuf struct strbuf whole = STRBUF_INIT, parts = STRBUF_INIT;
	struct json_writer w = json_writer(&parts, 2);

	json_add_tree(&whole, t, 0, 2);
	write_node(&w, t, 0);
	if (!str_eq(strbuf_str(&whole), strbuf_str(&parts)))
		BUG("written in two ways");
}

/* The items of a list are those of its tree, each of them a document. */
static void
check_items(const struct tree *whole, uint32_t node, struct str list)
{
	struct json_items it = json_items(list);
	uint32_t c = whole->at[node].first;
	struct str item;

	for (; json_item_next(&it, &item); c = whole->at[c].next)
		if (c == TREE_NONE || item.p != whole->source.text.p +
		    whole->at[c].span.from || item.n !=
		    whole->at[c].span.to - whole->at[c].span.from)
			BUG("another item: " STR_FMT, STR_ARG(item));
	if (c != TREE_NONE)
		BUG("items are left out");
}

static void
check_long(const struct tree *whole, struct str text)
{
	struct tree cut;
	struct err e;
	uint32_t i;

	tree_init(&cut);
	if (json_parse_long(text, &cut, &e) < 0)
		BUG("refused only where lists are cut: %s", e.msg);
	if (!cut.cut && cut.n != whole->n)
		BUG("%zu of %zu nodes", cut.n, whole->n);
	for (i = 0; i < whole->n; i++)
		if (whole->at[i].kind == TREE_SEQ)
			check_items(whole, i, (struct str){ text.p +
			    whole->at[i].span.from, whole->at[i].span.to -
			    whole->at[i].span.from });
	tree_release(&cut);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = { (const char *)data, n };
	struct jsonl lines = { text, 0 };
	struct diags ds = DIAGS_INIT;
	struct strbuf out = STRBUF_INIT;
	struct str line;
	struct tree t;

	tree_init(&t);
	if (json_parse("fuzz", text, &t, &ds) == 0) {
		round_trip(&t);
		write_values(&t);
		check_long(&t, text);
	} else if (ds.n == 0) {
		BUG("refused without a reason");
	}
	diags_print(&ds, &out);
	diags_release(&ds);
	while (jsonl_next(&lines, &line))
		if (line.n == 0)
			BUG("an empty line");
	strbuf_release(&out);
	tree_release(&t);
	return 0;
}
