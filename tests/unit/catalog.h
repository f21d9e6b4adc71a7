/* What tests of the catalog share: entries of a task, made of one integer. */
#ifndef UNIT_CATALOG_H
#define UNIT_CATALOG_H

/* Not each of them needs all of it. */
#pragma GCC diagnostic ignored "-Wunused-function"

#include "idl/cachekey.h"
#include "idl/literal.h"
#include "idl/wire.h"
#include "store.h"
#include "store/handle.h"

static struct arena arena = ARENA_INIT;

__attribute__((destructor)) static void
release_arena(void)
{
	arena_release(&arena);
}

static uint32_t
dataset(struct store *s, const char *version)
{
	struct cache_dataset d = {
		.project = "p", .domain = "d", .name = "flyte_task-t",
		.version = version, .cache_version = "1.0",
	};

	return catalog_dataset(s, &d);
}

static struct str
packed(const pb_literal_map *m)
{
	struct strbuf b = STRBUF_INIT;
	struct str ret;

	wire_pack(&m->base, &b);
	ret = arena_str(&arena, strbuf_str(&b));
	strbuf_release(&b);
	return ret;
}

static pb_literal_map *
ints(const char *name, int64_t v)
{
	pb_literal_map *m = literal_map_new(&arena);

	literal_map_put(m, &arena, name, literal_integer(&arena, v));
	return m;
}

static struct cache_key
key_of(struct store *s, const char *version, const pb_literal_map *inputs)
{
	struct strbuf b = STRBUF_INIT;
	struct cache_key key = { dataset(s, version), { NULL, 0 } };
	struct err e;

	CHECK(ok(cachekey_tag(inputs, NULL, 0, &b, &e), &e));
	key.tag = arena_str(&arena, strbuf_str(&b));
	strbuf_release(&b);
	return key;
}

static void
put(struct store *s, int64_t in, const pb_literal_map *outputs,
    const char *source, int refresh)
{
	pb_literal_map *inputs = ints("n", in);
	struct cache_put p = {
		.key = key_of(s, "1.0-a-b", inputs),
		.inputs = packed(inputs), .outputs = packed(outputs),
		.source = str_of(source), .refresh = refresh,
	};
	struct err e;

	CHECK(ok(catalog_put(s, &p, &e), &e));
}

static struct cache_lookup
look(struct store *s, int64_t in)
{
	struct cache_lookup l = {
		.key = key_of(s, "1.0-a-b", ints("n", in)),
	};
	struct err e;

	CHECK(ok(catalog_lookup(s, &l, 1, &arena, &e), &e));
	return l;
}

/* The integer o0 of the outputs found, or -1. */
static int64_t
answer(const struct cache_lookup *l)
{
	ProtobufCMessage *m;
	struct err e;

	if (l->state != CACHE_HIT || wire_unpack(
	    &flyteidl__core__literal_map__descriptor, l->outputs, &arena, &m,
	    &e) < 0)
		return -1;
	return literal_primitive(literal_map_get((pb_literal_map *)m,
	    "o0"))->integer;
}

static struct blob
put_text(struct store *s, const char *words)
{
	struct blob b;
	struct err e;

	CHECK(ok(blob_put_bytes(s, words, strlen(words), &b, &e), &e));
	return b;
}

static pb_literal_map *
file_output(struct store *s, const struct blob *b)
{
	pb_literal_map *m = literal_map_new(&arena);
	struct strbuf path = STRBUF_INIT;

	blob_add_path(s, b, &path);
	literal_map_put(m, &arena, "o0", literal_blob(&arena,
	    strbuf_str(&path), "csv", 0));
	strbuf_release(&path);
	return m;
}

#endif
