#include "idl/semantic.h"

#include <zlib.h>

#include "base/limits.h"
#include "data/json.h"
#include "idl/flyteidl.h"
#include "idl/pbjson.h"
#include "idl/wire.h"
#include "sys/digest.h"

#define SETTINGS_KEY	"_F_SS_C"	/* flytekit, serialization settings */
#define SETTINGS_ROOT	"source_root"

/* ---- settings of dynamic tasks ------------------------------------------- */
/* One gzip member, up to MAX_SETTINGS_BYTES.  0 or -1. */
static int
gunzip(struct str in, struct strbuf *out)
{
	z_stream z = { 0 };
	Bytef piece[16 * 1024];
	int rc;

	if (in.n > UINT32_MAX || inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return -1;
	z.next_in = (Bytef *)(uintptr_t)in.p;
	z.avail_in = (uInt)in.n;
	do {
		z.next_out = piece;
		z.avail_out = sizeof(piece);
		rc = inflate(&z, Z_NO_FLUSH);
		strbuf_add(out, piece, sizeof(piece) - z.avail_out);
	} while (rc == Z_OK && out->n <= MAX_SETTINGS_BYTES);
	inflateEnd(&z);
	return rc == Z_STREAM_END && out->n <= MAX_SETTINGS_BYTES ? 0 : -1;
}

struct pair {
	struct str	key;
	uint32_t	value;
};

static int
by_key(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return str_cmp(x->key, y->key);
}

static void add_sorted(struct strbuf *, const struct tree *, uint32_t,
    const char *skip);

static void
add_map(struct strbuf *out, const struct tree *t, uint32_t map,
    const char *skip)
{
	uint32_t i, n = t->at[map].n, at = t->at[map].first, some = 0;
	c_free struct pair *all = xcalloc(n + 1, sizeof(*all));

	for (i = 0; i < n; i++) {
		all[i].key = t->at[at].text;
		all[i].value = t->at[at].next;
		at = t->at[all[i].value].next;
	}
	if (n > 1)
		qsort(all, n, sizeof(*all), by_key);
	strbuf_addch(out, '{');
	for (i = 0; i < n; i++) {
		if (skip != NULL && str_is(all[i].key, skip))
			continue;
		if (some++ > 0)
			strbuf_addch(out, ',');
		json_add_string(out, all[i].key);
		strbuf_addch(out, ':');
		add_sorted(out, t, all[i].value, NULL);
	}
	strbuf_addch(out, '}');
}

/* JSON with sorted keys; the reader has bounded the depth. */
static void
add_sorted(struct strbuf *out, const struct tree *t, uint32_t node,
    const char *skip)
{
	uint32_t at, i;

	switch (t->at[node].kind) {
	case TREE_MAP:
		add_map(out, t, node, skip);
		return;
	case TREE_SEQ:
		strbuf_addch(out, '[');
		for (i = 0, at = t->at[node].first; i < t->at[node].n;
		    i++, at = t->at[at].next) {
			if (i > 0)
				strbuf_addch(out, ',');
			add_sorted(out, t, at, NULL);
		}
		strbuf_addch(out, ']');
		return;
	case TREE_SCALAR:
	default:
		json_add_tree(out, t, node, 0);
	}
}

/* The settings as sorted JSON without the folder; what does not read as
 * such stays as it is. */
static void
normal_settings(Flyteidl__Core__KeyValuePair *kv, struct arena *a)
{
	c_strbuf struct strbuf packed = STRBUF_INIT, json = STRBUF_INIT,
	    out = STRBUF_INIT;
	c_tree struct tree tree;
	struct err e;

	tree_init(&tree);
	if (pbjson_from_base64(&packed, str_of(kv->value)) < 0 ||
	    gunzip(strbuf_str(&packed), &json) < 0 ||
	    json_parse_tree(strbuf_str(&json), &tree, &e) < 0 ||
	    tree.at[0].kind != TREE_MAP)
		return;
	add_map(&out, &tree, 0, SETTINGS_ROOT);
	kv->value = arena_strdup(a, out.p);
}

/* ---- what has no order --------------------------------------------------- */
static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static int
by_var(const void *a, const void *b)
{
	const pb_binding *x = *(pb_binding *const *)a;
	const pb_binding *y = *(pb_binding *const *)b;

	return strcmp(x->var, y->var);
}

static void
normal_node(pb_node *n)
{
	size_t i, k = 0;
	char **ids = n->upstream_node_ids;

	if (n->n_inputs > 1)
		qsort(n->inputs, n->n_inputs, sizeof(*n->inputs), by_var);
	if (n->n_upstream_node_ids < 2)
		return;
	qsort(ids, n->n_upstream_node_ids, sizeof(*ids), by_text);
	for (i = 0; i < n->n_upstream_node_ids; i++)
		if (i == 0 || strcmp(ids[i], ids[k - 1]) != 0)
			ids[k++] = ids[i];
	n->n_upstream_node_ids = k;
}

static int
by_id(const pb_identifier *x, const pb_identifier *y)
{
	int d;

	if (x == NULL || y == NULL)
		return (x != NULL) - (y != NULL);
	if ((d = strcmp(x->name, y->name)) != 0 ||
	    (d = strcmp(x->version, y->version)) != 0 ||
	    (d = strcmp(x->project, y->project)) != 0 ||
	    (d = strcmp(x->domain, y->domain)) != 0)
		return d;
	return strcmp(x->org, y->org);
}

static int
by_template_id(const void *a, const void *b)
{
	return by_id((*(pb_workflow_template *const *)a)->id,
	    (*(pb_workflow_template *const *)b)->id);
}

static int
by_compiled_id(const void *a, const void *b)
{
	const pb_workflow_template *x =
	    (*(pb_compiled_workflow *const *)a)->template_;
	const pb_workflow_template *y =
	    (*(pb_compiled_workflow *const *)b)->template_;

	return by_id(x == NULL ? NULL : x->id, y == NULL ? NULL : y->id);
}

/* This message's own part of the normal form. */
static void
normal_message(ProtobufCMessage *m, struct arena *a)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;

	if (d == &flyteidl__core__node__descriptor) {
		normal_node((pb_node *)m);
	} else if (d == &flyteidl__core__key_value_pair__descriptor) {
		pb_key_value_pair *kv = (pb_key_value_pair *)m;

		if (strcmp(kv->key, SETTINGS_KEY) == 0)
			normal_settings(kv, a);
	} else if (d == &flyteidl__admin__workflow_spec__descriptor) {
		pb_admin_workflow_spec *s = (pb_admin_workflow_spec *)m;

		if (s->n_sub_workflows > 1)
			qsort(s->sub_workflows, s->n_sub_workflows,
			    sizeof(*s->sub_workflows), by_template_id);
	} else if (d ==
	    &flyteidl__core__compiled_workflow_closure__descriptor) {
		pb_compiled_workflow_closure *c =
		    (pb_compiled_workflow_closure *)m;

		if (c->n_sub_workflows > 1)
			qsort(c->sub_workflows, c->n_sub_workflows,
			    sizeof(*c->sub_workflows), by_compiled_id);
	} else if (d == &flyteidl__admin__task_closure__descriptor) {
		((pb_admin_task_closure *)m)->created_at = NULL;
	} else if (d == &flyteidl__admin__workflow_closure__descriptor) {
		((pb_admin_workflow_closure *)m)->created_at = NULL;
	} else if (d == &flyteidl__admin__launch_plan_closure__descriptor) {
		pb_admin_launch_plan_closure *c =
		    (pb_admin_launch_plan_closure *)m;

		c->created_at = c->updated_at = NULL;
		c->state = 0;
	}
}

static void
normalise(ProtobufCMessage *m, struct arena *a, unsigned depth)
{
	const ProtobufCMessageDescriptor *d = m->descriptor;
	const ProtobufCFieldDescriptor *f;
	ProtobufCMessage *inner;
	size_t i, n;
	unsigned k;

	normal_message(m, a);
	if (depth >= MAX_MESSAGE_DEPTH)
		return;
	for (k = 0; k < d->n_fields; k++) {
		f = &d->fields[k];
		if (f->type != PROTOBUF_C_TYPE_MESSAGE)
			continue;
		n = wire_count(m, f);
		for (i = 0; i < n; i++) {
			inner = *(ProtobufCMessage *const *)wire_at(m, f, i);
			if (inner != NULL)
				normalise(inner, a, depth + 1);
		}
	}
}

/* ---- the contract -------------------------------------------------------- */
ProtobufCMessage *
semantic_normal(const ProtobufCMessage *m, struct arena *a)
{
	ProtobufCMessage *copy = wire_dup(m, a);

	normalise(copy, a, 0);
	return copy;
}

void
semantic_digest(const ProtobufCMessage *m, unsigned char ret[SEMANTIC_SIZE])
{
	c_arena struct arena a = ARENA_INIT;
	c_strbuf struct strbuf bytes = STRBUF_INIT;

	strbuf_adds(&bytes, m->descriptor->name);
	strbuf_addch(&bytes, '\0');
	wire_pack(semantic_normal(m, &a), &bytes);
	sha256(bytes.p, bytes.n, ret);
}

int
semantic_equal(const ProtobufCMessage *x, const ProtobufCMessage *y)
{
	unsigned char a[SEMANTIC_SIZE], b[SEMANTIC_SIZE];

	if (x->descriptor != y->descriptor)
		return 0;
	if (wire_equal(x, y))
		return 1;
	semantic_digest(x, a);
	semantic_digest(y, b);
	return memcmp(a, b, sizeof(a)) == 0;
}
