#include "common/given.h"

#include <fcntl.h>

#include "base/limits.h"
#include "base/num.h"
#include "data/json.h"
#include "data/yaml.h"
#include "idl/infer.h"
#include "idl/literal.h"
#include "idl/pbjson.h"
#include "idl/type.h"
#include "sys/file.h"

/* The first fault as one line. */
static int
diag_error(const struct diags *d, const char *name, struct err *e)
{
	unsigned line = 0, col = 0;

	if (d->n == 0)
		return err_set(e, ERR_USAGE, "%s: not valid YAML", name);
	source_position(d->at[0].source, d->at[0].span.from, &line, &col);
	return err_set(e, ERR_USAGE, "%s:%u:%u: %s%s%s", name, line, col,
	    diag_name(d->at[0].code), d->at[0].detail == NULL ? "" : ": ",
	    d->at[0].detail == NULL ? "" : d->at[0].detail);
}

static int
parse(const char *name, struct str text, struct tree *t, int is_json,
    struct err *e)
{
	c_diags struct diags d = DIAGS_INIT;

	if (is_json)
		return json_parse_long(text, t, e) < 0 ?
		    err_wrap(e, "%s", name) : 0;
	if (yaml_parse(name, text, t, &d) < 0 || d.n > 0)
		return diag_error(&d, name, e);
	return 0;
}

static int
typed_givens(const char *name, struct arena *a, struct given_set *ret,
    struct err *e)
{
	pb_literal_map *m;
	size_t i;

	if (value_typed_from_tree(&ret->tree, 0, a, &m, e) < 0)
		return err_wrap(e, "%s", name);
	ret->at = arena_new_n(a, m->n_literals + 1, struct given);
	for (i = 0; i < m->n_literals; i++) {
		ret->at[i].name = m->literals[i]->key;
		ret->at[i].literal = m->literals[i]->value;
	}
	ret->n = m->n_literals;
	return 0;
}

/* The entries of a map of the document. */
static void
node_givens(uint32_t map, enum value_mode mode, int typed, struct arena *a,
    struct given_set *ret)
{
	const struct tree *t = &ret->tree;

	ret->at = arena_new_n(a, (size_t)t->at[map].n + 1, struct given);
	TREE_EACH_PAIR(t, map, k, v) {
		struct given *g = &ret->at[ret->n++];

		g->name = arena_str(a, t->at[k].text).p;
		g->tree = t;
		g->node = v;
		g->mode = mode;
		g->typed = typed;
	}
}

/* The map of typed values: with or without the key "literals". */
static uint32_t
typed_map(const struct tree *t)
{
	uint32_t map = t->at[0].n == 1 ? tree_get(t, 0, "literals") :
	    TREE_NONE;

	return map != TREE_NONE && t->at[map].kind == TREE_MAP ? map : 0;
}

static int
read_text(const char *path, const char *name, struct strbuf *ret,
    struct err *e)
{
	int r;

	r = strcmp(path, "-") == 0 ?
	    file_read_fd(0, name, MAX_SPEC_BYTES, ret, e) :
	    file_read(AT_FDCWD, path, MAX_SPEC_BYTES, ret, e);
	if (r < 0)
		e->kind = ERR_USAGE;
	return r;
}

int
given_read(const char *path, enum value_form form, struct arena *a,
    struct given_set *ret, struct err *e)
{
	int is_stdin = strcmp(path, "-") == 0, is_json;
	const char *name = is_stdin ? "stdin" : path;
	struct str text;
	size_t blank;

	*ret = (struct given_set){ .text = STRBUF_INIT };
	tree_init(&ret->tree);
	if (read_text(path, name, &ret->text, e) < 0)
		return -1;
	text = strbuf_str(&ret->text);
	blank = strspn(text.p, " \t\r\n");
	if (blank == text.n && is_stdin)
		return err_set(e, ERR_USAGE, "stdin: got no input (did the "
		    "stage before fail?)");
	if (blank == text.n)
		return err_set(e, ERR_USAGE, "%s: is empty", name);
	is_json = text.p[blank] == '{';
	if (parse(name, text, &ret->tree, is_json, e) < 0)
		return -1;
	if (ret->tree.at[0].kind != TREE_MAP)
		return err_set(e, ERR_USAGE, "%s: expected a map of inputs "
		    "by name", name);
	if (form == VALUE_TYPED || (form == VALUE_AUTO &&
	    value_tree_is_typed(&ret->tree, 0))) {
		if (!ret->tree.cut)
			return typed_givens(name, a, ret, e);
		node_givens(typed_map(&ret->tree), VALUE_JSON, 1, a, ret);
		return 0;
	}
	node_givens(0, is_json ? VALUE_JSON : VALUE_YAML, 0, a, ret);
	return 0;
}

void
given_release(struct given_set *s)
{
	tree_release(&s->tree);
	strbuf_release(&s->text);
}

/* ---- values -------------------------------------------------------------- */

/* Steps of "a.0.b"; a step of digits is an index where a list is met. */
static pb_promise_attribute **
path_steps(const char *path, struct arena *a, size_t *ret_n)
{
	pb_promise_attribute **steps;
	size_t n = 1, i;
	const char *p;
	int64_t index;

	for (p = path; *p != '\0'; p++)
		n += *p == '.';
	steps = arena_new_n(a, n, pb_promise_attribute *);
	for (i = 0, p = path; i < n; i++) {
		const char *end = strchrnul(p, '.');
		struct str s = { p, (size_t)(end - p) };
		pb_promise_attribute *at =
		    PB_NEW(a, flyteidl__core__promise_attribute);

		if (num_parse_i64(s, 0, INT32_MAX, &index) == 0) {
			at->value_case = FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_INT_VALUE;
			at->int_value = (int32_t)index;
		} else {
			at->value_case = FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_STRING_VALUE;
			at->string_value =
			    arena_strndup(a, s.p, s.n);
		}
		steps[i] = at;
		p = end + 1;
	}
	*ret_n = n;
	return steps;
}

static int
tree_at(const struct tree *t, uint32_t node, const char *path,
    uint32_t *ret, struct err *e)
{
	const char *p = path, *end;
	int64_t index;

	for (;; p = end + 1) {
		struct str s;

		end = strchrnul(p, '.');
		s = (struct str){ p, (size_t)(end - p) };
		if (t->at[node].kind == TREE_MAP) {
			node = tree_get_str(t, node, s);
		} else if (t->at[node].kind == TREE_SEQ &&
		    num_parse_i64(s, 0, INT32_MAX, &index) == 0) {
			uint32_t c = t->at[node].first;

			while (c != TREE_NONE && index-- > 0)
				c = t->at[c].next;
			node = c;
		} else {
			node = TREE_NONE;
		}
		if (node == TREE_NONE)
			return err_set(e, ERR_USAGE, "no \"" STR_FMT "\" in "
			    "the value (path %s)", STR_ARG(s), path);
		if (*end == '\0')
			break;
	}
	*ret = node;
	return 0;
}

/* Typed values may name files as their writer saw them: below base. */
static void
make_absolute(pb_literal *l, const char *base, struct arena *a,
    unsigned depth)
{
	const pb_blob *b = literal_as_blob(l);
	const char *path;
	size_t i;

	if (base == NULL || depth > MAX_DEPTH)
		return;
	if (l->value_case == FLYTEIDL__CORE__LITERAL__VALUE_COLLECTION) {
		for (i = 0; i < l->collection->n_literals; i++)
			make_absolute(l->collection->literals[i], base, a,
			    depth + 1);
	} else if (l->value_case == FLYTEIDL__CORE__LITERAL__VALUE_MAP) {
		for (i = 0; i < l->map->n_literals; i++)
			make_absolute(l->map->literals[i]->value, base, a,
			    depth + 1);
	} else if (b != NULL && (path = value_local_path(b->uri)) != NULL &&
	    *path != '/') {
		((pb_blob *)(uintptr_t)b)->uri = arena_printf(a, "%s/%s",
		    base, path);
	}
}

static int
typed_value(const pb_literal *given, const char *path,
    const pb_literal_type *type, const struct value_ctx *ctx,
    struct arena *a, pb_literal **ret, struct err *e)
{
	pb_literal *l = (pb_literal *)(uintptr_t)given;
	pb_promise_attribute **steps;
	size_t n;

	if (path != NULL) {
		steps = path_steps(path, a, &n);
		if (literal_attr(given, steps, n, a, &l, e) < 0)
			return -1;
	}
	if (literal_check(l, type, e) < 0)
		return -1;
	make_absolute(l, ctx->base_dir, a, 0);
	*ret = l;
	return 0;
}

static int
plain_value(const struct given *g, const char *path,
    const pb_literal_type *type, const struct value_ctx *ctx,
    struct arena *a, pb_literal **ret, struct err *e)
{
	struct value_ctx c = *ctx;
	uint32_t node = g->node;

	if (path != NULL && tree_at(g->tree, g->node, path, &node, e) < 0)
		return -1;
	c.mode = g->mode;
	return value_from_tree(type, g->tree, node, &c, a, ret, e);
}

static struct str
text_of(const struct given *g)
{
	const struct span *s = &g->tree->at[g->node].span;

	return (struct str){ g->tree->source.text.p + s->from,
	    s->to - s->from };
}

int
given_value(const struct given *g, const char *path,
    const pb_literal_type *type, const struct value_ctx *ctx,
    struct arena *a, pb_literal **ret, struct err *e)
{
	struct given whole = *g;
	c_tree struct tree t;
	ProtobufCMessage *m;

	tree_init(&t);
	if (g->literal != NULL)
		return typed_value(g->literal, path, type, ctx, a, ret, e);
	if (!g->tree->cut)
		return plain_value(g, path, type, ctx, a, ret, e);
	/* What was left out of the tree is read after all. */
	if (json_parse_tree(text_of(g), &t, e) < 0)
		return -1;
	whole.tree = &t;
	whole.node = 0;
	if (!g->typed)
		return plain_value(&whole, path, type, ctx, a, ret, e);
	if (pbjson_from_tree(&flyteidl__core__literal__descriptor, &t, 0, 0, a,
	    &m, e) < 0) {
		e->kind = ERR_USAGE;
		return err_wrap(e, "%s: not a typed literal", g->name);
	}
	return typed_value((pb_literal *)m, path, type, ctx, a, ret, e);
}

int
given_is_long(const struct given *g)
{
	return g->literal == NULL && g->tree->cut;
}

int
given_pack(const struct given *g, const pb_literal_type *type,
    const struct value_ctx *ctx, struct strbuf *ret, struct err *e)
{
	struct value_ctx c = *ctx;

	c.mode = g->mode;
	return g->typed ? value_pack_typed(type, g->tree, g->node, ret, e) :
	    value_pack_tree(type, g->tree, g->node, &c, ret, e);
}

void
given_add_name_type(struct strbuf *b, const struct given *g)
{
	struct arena scratch;
	pb_literal_type *t;
	struct err e;

	strbuf_adds(b, g->name);
	strbuf_adds(b, ": ");
	if (g->literal == NULL) {
		const struct tree_node *n = &g->tree->at[g->node];

		if (n->kind == TREE_SCALAR && !n->quoted && n->text.n <= 40)
			strbuf_addstr(b, n->text);
		else
			tree_add_given(b, g->tree, g->node);
		return;
	}
	arena_init(&scratch);
	if (type_infer(g->literal, &scratch, &t, &e) < 0)
		strbuf_adds(b, "no value");
	else
		type_add_name(b, t);
	arena_release(&scratch);
}
