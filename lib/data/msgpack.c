#include "data/msgpack.h"

#include "base/err.h"
#include "base/limits.h"

/* ---- reading -------------------------------------------------------------*/

static const char *const kind_names[] = {
	"nil", "a boolean", "an integer", "an integer", "a float",
	"a string", "bytes", "a list", "a map", "an extension",
};
_Static_assert(ARRAY_LEN(kind_names) == MSGPACK_KIND_MAX, "a name each");

const char *
msgpack_kind_name(enum msgpack_kind kind)
{
	return kind_names[kind];
}

static int
cut_short(struct err *e)
{
	return err_set(e, ERR_USAGE, "msgpack: cut short");
}

/* n bytes, most significant first, off the front. */
static int
take_uint(struct str *in, size_t n, uint64_t *ret, struct err *e)
{
	uint64_t v = 0;
	size_t i;

	if (in->n < n)
		return cut_short(e);
	for (i = 0; i < n; i++)
		v = v << 8 | (unsigned char)in->p[i];
	in->p += n;
	in->n -= n;
	*ret = v;
	return 0;
}

static int
take_bytes(struct str *in, uint64_t n, struct str *ret, struct err *e)
{
	if (in->n < n)
		return cut_short(e);
	*ret = (struct str){ in->p, (size_t)n };
	in->p += n;
	in->n -= (size_t)n;
	return 0;
}

static int
take_text(struct str *in, enum msgpack_kind kind, uint64_t n,
    struct msgpack_item *ret, struct err *e)
{
	ret->kind = kind;
	return take_bytes(in, n, &ret->text, e);
}

/* The head of a list or map; each item is a byte at least. */
static int
take_head(struct str *in, enum msgpack_kind kind, uint64_t n,
    struct msgpack_item *ret, struct err *e)
{
	if ((kind == MSGPACK_MAP ? n * 2 : n) > in->n)
		return cut_short(e);
	ret->kind = kind;
	ret->n = (uint32_t)n;
	return 0;
}

static int
take_ext(struct str *in, uint64_t n, struct msgpack_item *ret,
    struct err *e)
{
	uint64_t type = 0;

	if (take_uint(in, 1, &type, e) < 0)
		return -1;
	ret->ext = (int8_t)type;
	return take_text(in, MSGPACK_EXT, n, ret, e);
}

static void
set_unsigned(uint64_t v, struct msgpack_item *ret)
{
	ret->kind = v > (uint64_t)INT64_MAX ? MSGPACK_UINT : MSGPACK_INT;
	ret->u = v;
	ret->i = (int64_t)v;
}

/* n bytes (1, 2, 4 or 8) of two's complement. */
static void
set_signed(uint64_t v, size_t n, struct msgpack_item *ret)
{
	ret->kind = MSGPACK_INT;
	ret->i = n == 1 ? (int8_t)v : n == 2 ? (int16_t)v :
	    n == 4 ? (int32_t)v : (int64_t)v;
}

static void
set_float(uint64_t v, size_t n, struct msgpack_item *ret)
{
	uint32_t bits = (uint32_t)v;
	float f;

	ret->kind = MSGPACK_FLOAT;
	if (n == 8) {
		memcpy(&ret->f, &v, sizeof(ret->f));
		return;
	}
	memcpy(&f, &bits, sizeof(f));
	ret->f = (double)f;
}

/* Bytes 0xc4 to 0xdf: a length or number of 1, 2, 4 or 8 bytes follows. */
static int
next_long(struct str *in, unsigned c, struct msgpack_item *ret,
    struct err *e)
{
	static const unsigned char sizes[] = {
		1, 2, 4, 1, 2, 4, 4, 8,		/* c4 bin, ext; float */
		1, 2, 4, 8, 1, 2, 4, 8,		/* cc uint, int */
		0, 0, 0, 0, 0, 1, 2, 4,		/* d4 fixext; str */
		2, 4, 2, 4,			/* dc array, map */
	};
	size_t n = sizes[c - 0xc4];
	uint64_t v = 0;

	if (take_uint(in, n, &v, e) < 0)
		return -1;
	if (c <= 0xc6)
		return take_text(in, MSGPACK_BIN, v, ret, e);
	if (c <= 0xc9)
		return take_ext(in, v, ret, e);
	if (c <= 0xcb)
		set_float(v, n, ret);
	else if (c <= 0xcf)
		set_unsigned(v, ret);
	else if (c <= 0xd3)
		set_signed(v, n, ret);
	else if (c <= 0xd8)
		return take_ext(in, (uint64_t)1 << (c - 0xd4), ret, e);
	else if (c <= 0xdb)
		return take_text(in, MSGPACK_STR, v, ret, e);
	else
		return take_head(in, c <= 0xdd ? MSGPACK_ARRAY : MSGPACK_MAP,
		    v, ret, e);
	return 0;
}

int
msgpack_next(struct str *in, struct msgpack_item *ret, struct err *e)
{
	uint64_t byte = 0;
	unsigned c;

	memset(ret, 0, sizeof(*ret));
	if (take_uint(in, 1, &byte, e) < 0)
		return -1;
	c = (unsigned)byte;
	if (c < 0x80) {
		set_unsigned(c, ret);
	} else if (c < 0x90) {
		return take_head(in, MSGPACK_MAP, c & 0x0f, ret, e);
	} else if (c < 0xa0) {
		return take_head(in, MSGPACK_ARRAY, c & 0x0f, ret, e);
	} else if (c < 0xc0) {
		return take_text(in, MSGPACK_STR, c & 0x1f, ret, e);
	} else if (c >= 0xe0) {
		set_signed(c, 1, ret);
	} else if (c == 0xc0) {
		ret->kind = MSGPACK_NIL;
	} else if (c == 0xc1) {
		return err_set(e, ERR_USAGE, "msgpack: unknown byte 0xc1");
	} else if (c <= 0xc3) {
		ret->kind = MSGPACK_BOOL;
		ret->i = c == 0xc3;
	} else {
		return next_long(in, c, ret, e);
	}
	return 0;
}

int
msgpack_skip(struct str *in, struct str *ret_value, struct err *e)
{
	uint64_t left[MAX_DEPTH + 1];	/* items to come, by level */
	struct str start = *in;
	struct msgpack_item item;
	unsigned depth = 0;

	left[0] = 1;
	for (;;) {
		while (left[depth] == 0) {
			if (depth == 0) {
				ret_value->p = start.p;
				ret_value->n = start.n - in->n;
				return 0;
			}
			depth--;
		}
		left[depth]--;
		if (msgpack_next(in, &item, e) < 0)
			return -1;
		if (item.kind != MSGPACK_ARRAY && item.kind != MSGPACK_MAP)
			continue;
		if (depth == MAX_DEPTH)
			return err_set(e, ERR_USAGE,
			    "msgpack: nested deeper than %d levels",
			    MAX_DEPTH);
		left[++depth] = item.kind == MSGPACK_MAP ?
		    (uint64_t)item.n * 2 : item.n;
	}
}

int
msgpack_check(struct str bytes, struct err *e)
{
	struct str value;

	if (msgpack_skip(&bytes, &value, e) < 0)
		return -1;
	if (bytes.n > 0)
		return err_set(e, ERR_USAGE,
		    "msgpack: %zu bytes after the value", bytes.n);
	return 0;
}

/* ---- writing -------------------------------------------------------------*/

static void
add_be(struct strbuf *b, uint64_t v, int n)
{
	while (n-- > 0)
		strbuf_addch(b, (int)(v >> (8 * n) & 0xff));
}

void
msgpack_add_nil(struct strbuf *b)
{
	strbuf_addch(b, 0xc0);
}

void
msgpack_add_bool(struct strbuf *b, int v)
{
	strbuf_addch(b, v ? 0xc3 : 0xc2);
}

void
msgpack_add_uint(struct strbuf *b, uint64_t v)
{
	int size = v < 0x80 ? 0 : v <= UINT8_MAX ? 1 : v <= UINT16_MAX ? 2 :
	    v <= UINT32_MAX ? 4 : 8;

	if (size == 0) {
		strbuf_addch(b, (int)v);
		return;
	}
	strbuf_addch(b, size == 1 ? 0xcc : size == 2 ? 0xcd : size == 4 ?
	    0xce : 0xcf);
	add_be(b, v, size);
}

void
msgpack_add_int(struct strbuf *b, int64_t v)
{
	int size = v >= INT8_MIN ? 1 : v >= INT16_MIN ? 2 : v >= INT32_MIN ?
	    4 : 8;

	if (v >= 0) {
		msgpack_add_uint(b, (uint64_t)v);
		return;
	}
	if (v >= -32) {
		strbuf_addch(b, (int)(v & 0xff));
		return;
	}
	strbuf_addch(b, size == 1 ? 0xd0 : size == 2 ? 0xd1 : size == 4 ?
	    0xd2 : 0xd3);
	add_be(b, (uint64_t)v, size);
}

void
msgpack_add_float(struct strbuf *b, double v)
{
	uint64_t bits;

	memcpy(&bits, &v, sizeof(bits));
	strbuf_addch(b, 0xcb);
	add_be(b, bits, 8);
}

/* A length of at most 2^32-1 with its first byte: c8, c8 + 1, c8 + 2. */
static void
add_length(struct strbuf *b, int c8, size_t n)
{
	int size = n <= UINT8_MAX ? 1 : n <= UINT16_MAX ? 2 : 4;

	if (n > UINT32_MAX)
		BUG("a text of %zu bytes", n);
	strbuf_addch(b, c8 + (size == 1 ? 0 : size == 2 ? 1 : 2));
	add_be(b, n, size);
}

void
msgpack_add_str(struct strbuf *b, struct str s)
{
	if (s.n < 32)
		strbuf_addch(b, 0xa0 | (int)s.n);
	else
		add_length(b, 0xd9, s.n);
	strbuf_addstr(b, s);
}

void
msgpack_add_bin(struct strbuf *b, struct str s)
{
	add_length(b, 0xc4, s.n);
	strbuf_addstr(b, s);
}

static void
add_head(struct strbuf *b, int fix, int c16, uint32_t n)
{
	if (n < 16) {
		strbuf_addch(b, fix | (int)n);
		return;
	}
	strbuf_addch(b, n <= UINT16_MAX ? c16 : c16 + 1);
	add_be(b, n, n <= UINT16_MAX ? 2 : 4);
}

void
msgpack_add_array(struct strbuf *b, uint32_t n)
{
	add_head(b, 0x90, 0xdc, n);
}

void
msgpack_add_map(struct strbuf *b, uint32_t n)
{
	add_head(b, 0x80, 0xde, n);
}
