#include "base/err.h"
#include "data/json.h"
#include "data/msgpack.h"
#include "data/tree.h"
#include "data/yaml.h"
#include "idl/infer.h"
#include "idl/literal.h"
#include "idl/pbhash.h"
#include "idl/render.h"
#include "idl/type.h"
#include "idl/value.h"
#include "idl/wire.h"

#include "mutate.h"

/*
 * A line with a type, then a value.  A type prints as what reads back the
 * same; a value that is read fits its type, and its plain JSON reads back.
 * The first byte chooses how the value is written; M is MessagePack.
 */

static void
check_type(const pb_literal_type *t, struct arena *a)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	pb_literal_type *again;
	struct err e;
	size_t at;

	type_add_name(&b, t);
	if (type_parse(strbuf_str(&b), a, &again, &at, &e) < 0)
		BUG("type %s does not read back: %s", b.p, e.msg);
	if (!wire_equal(&t->base, &again->base))
		BUG("type %s reads back as another", b.p);
}

/* Every writer, for its bounds. */
static void
file_write_all(const pb_literal *l)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	unsigned char hash[PBHASH_SIZE];
	struct err e;
	int rc = 0;

	value_add_short(&b, l, 40);
	value_add_bare(&b, l);
	rc += value_add_env(&b, l);
	rc += render_template_value(&b, l, &e);
	rc += literal_write_text(&b, l, &e);
	if (rc < -3)
		BUG("a writer returned %d", rc);
	pbhash(&l->base, hash);
}

static void
check_json(const pb_literal *l, const pb_literal_type *t, struct arena *a)
{
	const struct value_ctx ctx = { .mode = VALUE_JSON };
	c_strbuf struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	c_tree struct tree tree;
	pb_literal *again;
	struct err e;

	value_add_json(&first, l);
	tree_init(&tree);
	if (json_parse_tree(strbuf_str(&first), &tree, &e) < 0)
		BUG("%s is not JSON: %s", first.p, e.msg);
	/* a file:// is dropped, so what is left may have another meaning */
	if (strstr(first.p, "file://") != NULL)
		return;
	if (value_from_tree(t, &tree, 0, &ctx, a, &again, &e) < 0)
		BUG("%s does not read back: %s", first.p, e.msg);
	value_add_json(&second, again);
	if (!str_eq(strbuf_str(&first), strbuf_str(&second)))
		BUG("%s reads back as %s", first.p, second.p);
}

static void
try_value(const pb_literal_type *t, struct str text, int how,
    struct arena *a)
{
	const struct value_ctx ctx = {
		.mode = how == 'Y' ? VALUE_YAML : how == 'J' ? VALUE_JSON :
		    VALUE_CLI,
		.name = "v", .base_dir = "/b"
	};
	c_diags struct diags d = DIAGS_INIT;
	c_tree struct tree tree;
	pb_literal *l;
	struct err e;
	int rc;

	tree_init(&tree);
	if (how == 'Y')
		rc = yaml_parse("v", text, &tree, &d);
	else
		rc = how == 'J' ? json_parse_tree(text, &tree, &e) : 0;
	if (rc < 0)
		return;
	if (how == 'Y' || how == 'J')
		rc = value_from_tree(t, &tree, 0, &ctx, a, &l, &e);
	else
		rc = value_from_text(t, text, &ctx, a, &l, &e);
	if (rc < 0)
		return;
	if (literal_check(l, t, &e) < 0)
		BUG("what was read does not fit: %s", e.msg);
	file_write_all(l);
	if (how == 'J')
		check_json(l, t, a);
}

static void
try_msgpack(struct str bytes)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err e;

	if (msgpack_add_json(&b, bytes, &e) < 0)
		return;
	if (b.n == 0)
		BUG("no JSON for %zu bytes", bytes.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	c_arena struct arena a = ARENA_INIT;
	struct str text = { (const char *)data, n }, type;
	pb_literal_type *t;
	const char *line;
	struct err e;
	size_t at;
	int how;

	if (n == 0)
		return 0;
	how = data[0];
	text.p++;
	text.n--;
	if (how == 'M') {
		try_msgpack(text);
		return 0;
	}
	line = text.n == 0 ? NULL : memchr(text.p, '\n', text.n);
	if (line == NULL)
		return 0;
	type = (struct str){ text.p, (size_t)(line - text.p) };
	text.n -= type.n + 1;
	text.p = line + 1;
	if (type_parse(type, &a, &t, &at, &e) < 0) {
		if (at > type.n)
			BUG("a fault at %zu of %zu", at, type.n);
		return 0;
	}
	check_type(t, &a);
	try_value(t, text, how, &a);
	return 0;
}

#ifdef FUZZING
/* Another type for the value now and then, else libFuzzer's own change of the
 * value alone. */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max,
    unsigned int seed)
{
	static const char *const types[] = {
		"int", "float", "str", "bool", "datetime", "duration",
		"struct", "list(int)", "map(list(str))", "enum(a, b)",
		"int | str", "list(float | none)", "binary", "file(csv)",
		"dir", "dataset(parquet)", "none", "map(struct)",
		"list(datetime | duration | bool)", "error",
	};
	const char *type = types[seed / 8 % ARRAY_LEN(types)];
	uint8_t *line = n < 2 ? NULL : memchr(data + 1, '\n', n - 1);
	size_t head = strlen(type) + 2, rest;

	if (line == NULL || seed % 16 == 0)
		return LLVMFuzzerMutate(data, n, max);
	rest = (size_t)(data + n - line) - 1;
	if (seed % 8 != 1 || head + rest > max)
		return (size_t)(line + 1 - data) + LLVMFuzzerMutate(line + 1,
		    rest, max - (size_t)(line + 1 - data));
	memmove(data + head, line + 1, rest);
	memcpy(data + 1, type, head - 2);
	data[head - 1] = '\n';
	return head + rest;
}
#endif
