#include "base/limits.h"
#include "data/json.h"

/*
 * JSON: what reads must be written and read back the same; what does not
 * must say why and where.
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
	if (json_parse("fuzz", text, &t, &ds) == 0)
		round_trip(&t);
	else if (ds.n == 0)
		BUG("refused without a reason");
	diags_print(&ds, &out);
	diags_release(&ds);
	while (jsonl_next(&lines, &line))
		if (line.n == 0)
			BUG("an empty line");
	strbuf_release(&out);
	tree_release(&t);
	return 0;
}
