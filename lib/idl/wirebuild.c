#include "idl/wire.h"

/* Taking messages apart and building them, by slices. */

static size_t
varint_size(uint64_t v)
{
	size_t n = 1;

	while ((v >>= 7) > 0)
		n++;
	return n;
}

static void
add_number(struct strbuf *b, uint64_t v)
{
	for (; v >= 0x80; v >>= 7)
		strbuf_addch(b, (int)(v & 0x7f) | 0x80);
	strbuf_addch(b, (int)v);
}

static void
add_head(struct strbuf *b, uint32_t id, size_t n)
{
	add_number(b, (uint64_t)id << 3 | WIRE_BYTES);
	add_number(b, n);
}

void
wire_add_bytes(struct strbuf *b, uint32_t id, struct str s)
{
	add_head(b, id, s.n);
	strbuf_addstr(b, s);
}

void
wire_add_entry(struct strbuf *b, uint32_t id, struct str key,
    struct str value)
{
	add_head(b, id, 2 + varint_size(key.n) + key.n +
	    varint_size(value.n) + value.n);
	wire_add_bytes(b, 1, key);
	wire_add_bytes(b, 2, value);
}

/* Fields of an entry come once each, and both, but for foreign writers. */
int
wire_next_entry(struct wire_reader *r, struct str *ret_key,
    struct str *ret_value, struct err *e)
{
	struct wire_reader in;
	struct wire_field f;
	int got;

	do {
		got = wire_next(r, &f, e);
		if (got <= 0)
			return got;
	} while (f.id != 1 || f.type != WIRE_BYTES);
	*ret_key = *ret_value = STR("");
	in = wire_reader(f.bytes);
	while ((got = wire_next(&in, &f, e)) > 0) {
		if (f.type != WIRE_BYTES)
			continue;
		if (f.id == 1)
			*ret_key = f.bytes;
		else if (f.id == 2)
			*ret_value = f.bytes;
	}
	return got < 0 ? -1 : 1;
}

struct str
wire_map_get(struct str map, struct str name)
{
	struct wire_reader r = wire_reader(map);
	struct str key, value;
	struct err e;

	while (wire_next_entry(&r, &key, &value, &e) > 0)
		if (str_eq(key, name))
			return value;
	return (struct str){ NULL, 0 };
}
