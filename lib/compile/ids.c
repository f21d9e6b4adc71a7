#include "compile/build.h"
#include "compile/interface.h"

/* Parts end in NUL, which none of them can hold. */
static void
add_key(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s) + 1);
}

struct str
compiler_key(struct compiler *c, const pb_identifier *id)
{
	strbuf_reset(&c->key);
	strbuf_addch(&c->key, '0' + (int)id->resource_type % 64);
	add_key(&c->key, id->name);
	add_key(&c->key, id->version);
	add_key(&c->key, id->project);
	add_key(&c->key, id->domain);
	add_key(&c->key, id->org);
	return strbuf_str(&c->key);
}

const char *
compiler_text(struct compiler *c, const pb_identifier *id)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	interface_add_id(&b, id);
	return arena_strdup(&c->scratch, b.p);
}

uint32_t
builder_intern(struct builder *b, const char *id)
{
	struct str key = str_of(id);
	uint32_t at = map_get(&b->ids, key);

	if (at != MAP_NONE)
		return at;
	at = (uint32_t)b->names.n;
	VEC_PUSH(&b->names, id);
	VEC_PUSH(&b->node_of, NULL);
	VEC_PUSH(&b->has, 0);
	map_put(&b->ids, key, at);
	return at;
}

void
builder_edge(struct builder *b, enum edge_kind kind, uint32_t from, uint32_t to)
{
	VEC_PUSH(&b->up, ((struct edge){ to, from }));
	b->has.at[to] |= HAS_UP;
	if (kind != EDGE_BOTH)
		return;
	VEC_PUSH(&b->down, ((struct edge){ from, to }));
	b->has.at[from] |= HAS_DOWN;
}
