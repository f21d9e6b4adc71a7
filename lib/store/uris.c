/* Blobs in literals: absolute paths in memory, URIs without a place on disk. */
#include "store/blob.h"

#include "base/limits.h"
#include "idl/flyteidl.h"
#include "idl/wire.h"
#include "store/handle.h"

struct uris {
	const struct store *s;
	struct arena	*arena;
	struct blob_list *blobs;	/* or NULL */
	int		 to_disk;
	int		 changed;
};

void
blob_list_release(struct blob_list *l)
{
	VEC_RELEASE(l);
}

static void
one_uri(struct uris *u, char **uri)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct blob blob;

	if (*uri == NULL || blob_of_path(u->s, str_of(*uri), &blob) < 0)
		return;
	if (u->to_disk)
		blob_add_uri(&blob, &b);
	else
		blob_add_path(u->s, &blob, &b);
	if (strcmp(b.p, *uri) != 0) {
		*uri = arena_strndup(u->arena, b.p, b.n);
		u->changed = 1;
	}
	if (u->blobs != NULL)
		VEC_PUSH(u->blobs, blob);
}

static void one_map(struct uris *, pb_literal_map *, int depth);

static void
one_scalar(struct uris *u, pb_scalar *s)
{
	if (s->value_case == FLYTEIDL__CORE__SCALAR__VALUE_BLOB)
		one_uri(u, &s->blob->uri);
	else if (s->value_case == FLYTEIDL__CORE__SCALAR__VALUE_SCHEMA)
		one_uri(u, &s->schema->uri);
	else if (s->value_case ==
	    FLYTEIDL__CORE__SCALAR__VALUE_STRUCTURED_DATASET)
		one_uri(u, &s->structured_dataset->uri);
}

/* The depth is bounded by the reader of the wire; this is a second line. */
static void
one_literal(struct uris *u, pb_literal *l, int depth)
{
	size_t i;

	if (l == NULL || depth > MAX_MESSAGE_DEPTH)
		return;
	while (l->value_case == FLYTEIDL__CORE__LITERAL__VALUE_SCALAR &&
	    l->scalar->value_case == FLYTEIDL__CORE__SCALAR__VALUE_UNION &&
	    l->scalar->union_->value != NULL)
		l = l->scalar->union_->value;
	if (l->value_case == FLYTEIDL__CORE__LITERAL__VALUE_SCALAR)
		one_scalar(u, l->scalar);
	else if (l->value_case == FLYTEIDL__CORE__LITERAL__VALUE_MAP)
		one_map(u, l->map, depth + 1);
	else if (l->value_case == FLYTEIDL__CORE__LITERAL__VALUE_COLLECTION)
		for (i = 0; i < l->collection->n_literals; i++)
			one_literal(u, l->collection->literals[i], depth + 1);
	else if (l->value_case ==
	    FLYTEIDL__CORE__LITERAL__VALUE_OFFLOADED_METADATA)
		one_uri(u, &l->offloaded_metadata->uri);
}

static void
one_map(struct uris *u, pb_literal_map *m, int depth)
{
	size_t i;

	for (i = 0; i < m->n_literals; i++)
		one_literal(u, m->literals[i]->value, depth);
}

void
blob_uris_in(const struct store *s, pb_literal_map *m, int to_disk,
    struct arena *a, struct blob_list *blobs)
{
	struct uris u = { s, a, blobs, to_disk, 0 };

	one_map(&u, m, 0);
}

static int
translate(const struct store *s, struct str bytes, int to_disk,
    struct arena *a, struct str *ret, struct blob_list *blobs, struct err *e)
{
	struct uris u = { s, a, blobs, to_disk, 0 };
	c_strbuf struct strbuf out = STRBUF_INIT;
	ProtobufCMessage *m;

	*ret = bytes;
	/* Most maps name no blob, and need not be taken apart to see it. */
	if (memmem(bytes.p, bytes.n, "blob:sha256:", 12) == NULL &&
	    memmem(bytes.p, bytes.n, "/blobs/sha256/", 14) == NULL)
		return 0;
	if (wire_unpack(&flyteidl__core__literal_map__descriptor, bytes, a,
	    &m, e) < 0)
		return -1;
	one_map(&u, (pb_literal_map *)(void *)m, 0);
	if (!u.changed)
		return 0;
	wire_pack(m, &out);
	*ret = arena_str(a, strbuf_str(&out));
	return 0;
}

int
blob_uris_to_disk(const struct store *s, struct str map, struct arena *a,
    struct str *ret, struct blob_list *blobs, struct err *e)
{
	return translate(s, map, 1, a, ret, blobs, e);
}

int
blob_uris_from_disk(const struct store *s, struct str map, struct arena *a,
    struct str *ret, struct blob_list *blobs, struct err *e)
{
	return translate(s, map, 0, a, ret, blobs, e);
}
