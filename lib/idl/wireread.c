#include <inttypes.h>

#include "base/limits.h"
#include "idl/wire.h"

/* The part of wire.h that reads without unpacking. */

/* WIRE_GROUP's other end; not a type of any field. */
#define END_GROUP	4

static size_t
offset(const struct wire_reader *r)
{
	return r->start == NULL ? 0 : (size_t)(r->p - r->start);
}

int
wire_take_varint(struct wire_reader *r, uint64_t *ret, struct err *e)
{
	uint64_t n = 0;
	unsigned shift;
	unsigned char c;

	/* An empty text may have no place at all. */
	for (shift = 0; r->p != NULL && r->p < r->end; shift += 7) {
		c = (unsigned char)*r->p++;
		/* the tenth byte has room for one bit */
		if (shift == 63 && c > 1)
			return err_set(e, ERR_SPEC,
			    "byte %zu: a number of more than 64 bits",
			    offset(r) - 1);
		n |= (uint64_t)(c & 0x7f) << shift;
		if (c < 0x80) {
			*ret = n;
			return 0;
		}
	}
	return err_set(e, ERR_SPEC, "byte %zu: ends within a number",
	    offset(r));
}

static int
take_tag(struct wire_reader *r, uint32_t *ret_id, unsigned *ret_type,
    struct err *e)
{
	size_t at = offset(r);
	uint64_t tag;

	if (wire_take_varint(r, &tag, e) < 0)
		return -1;
	if (tag >> 3 == 0 || tag >> 32 != 0)
		return err_set(e, ERR_SPEC,
		    "byte %zu: no field has the number %" PRIu64,
		    at, tag >> 3);
	*ret_id = (uint32_t)(tag >> 3);
	*ret_type = (unsigned)(tag & 7);
	return 0;
}

int
wire_take_fixed(struct wire_reader *r, size_t n, uint64_t *ret, struct err *e)
{
	uint64_t v = 0;
	size_t i;

	if ((size_t)(r->end - r->p) < n)
		return err_set(e, ERR_SPEC,
		    "byte %zu: ends within a number of %zu bytes",
		    offset(r), n);
	for (i = n; i-- > 0;)
		v = v << 8 | (unsigned char)r->p[i];
	r->p += n;
	*ret = v;
	return 0;
}

static int
take_bytes(struct wire_reader *r, struct str *ret, struct err *e)
{
	size_t at = offset(r);
	uint64_t n;

	if (wire_take_varint(r, &n, e) < 0)
		return -1;
	if (n > (uint64_t)(r->end - r->p))
		return err_set(e, ERR_SPEC, "byte %zu: says %" PRIu64
		    " bytes follow, but there are %zu", at, n,
		    (size_t)(r->end - r->p));
	*ret = (struct str){ r->p, (size_t)n };
	r->p += n;
	return 0;
}

static int	take_value(struct wire_reader *, struct wire_field *,
		    unsigned type, struct err *);

/* Groups are in no message of ours; they nest, so no recursion here. */
static int
take_group(struct wire_reader *r, struct wire_field *f, struct err *e)
{
	uint32_t open[MAX_MESSAGE_DEPTH], id = 0;
	unsigned n = 1, type = 0;
	const char *from = r->p, *at = from;
	struct wire_field inner = { .id = 0 };

	for (open[0] = f->id; n > 0;) {
		at = r->p;
		if (take_tag(r, &id, &type, e) < 0)
			return -1;
		if (type == END_GROUP) {
			if (id != open[--n])
				return err_set(e, ERR_SPEC, "byte %zu: ends "
				    "another group than began", offset(r));
		} else if (type == WIRE_GROUP) {
			if (n == MAX_MESSAGE_DEPTH)
				return err_set(e, ERR_SPEC, "byte %zu: more "
				    "than %d levels", offset(r),
				    MAX_MESSAGE_DEPTH);
			open[n++] = id;
		} else if (take_value(r, &inner, type, e) < 0) {
			return -1;
		}
	}
	f->bytes = (struct str){ from, (size_t)(at - from) };
	return 0;
}

static int
take_value(struct wire_reader *r, struct wire_field *f, unsigned type,
    struct err *e)
{
	f->n = 0;
	f->bytes = (struct str){ NULL, 0 };
	switch (type) {
	case WIRE_VARINT:
		f->type = WIRE_VARINT;
		return wire_take_varint(r, &f->n, e);
	case WIRE_64:
		f->type = WIRE_64;
		return wire_take_fixed(r, 8, &f->n, e);
	case WIRE_BYTES:
		f->type = WIRE_BYTES;
		return take_bytes(r, &f->bytes, e);
	case WIRE_GROUP:
		f->type = WIRE_GROUP;
		return take_group(r, f, e);
	case WIRE_32:
		f->type = WIRE_32;
		return wire_take_fixed(r, 4, &f->n, e);
	default:
		return err_set(e, ERR_SPEC, "byte %zu: no wire type %u here",
		    offset(r), type);
	}
}

/*
 * Most fields by far are a tag of one byte and a length or a number of one.
 * 0: this is none, or there is something wrong with it.
 */
static int
take_short(struct wire_reader *r, struct wire_field *ret)
{
	size_t left = (size_t)(r->end - r->p), n = 2;
	const char *from = r->p;
	unsigned char tag, c;

	if (left < 2)
		return 0;
	tag = (unsigned char)from[0];
	c = (unsigned char)from[1];
	if (tag < 1 << 3 || ((tag | c) & 0x80) != 0)
		return 0;
	if ((tag & 7) == WIRE_BYTES && c <= left - 2) {
		ret->type = WIRE_BYTES;
		ret->n = 0;
		ret->bytes = (struct str){ from + 2, c };
		n += c;
	} else if ((tag & 7) == WIRE_VARINT) {
		ret->type = WIRE_VARINT;
		ret->n = c;
		ret->bytes = (struct str){ NULL, 0 };
	} else {
		return 0;
	}
	ret->id = tag >> 3;
	ret->whole = (struct str){ from, n };
	r->p += n;
	return 1;
}

int
wire_next(struct wire_reader *r, struct wire_field *ret, struct err *e)
{
	const char *from = r->p;
	struct wire_field f;
	unsigned type;

	if (r->p >= r->end)
		return 0;
	if (take_short(r, ret))
		return 1;
	if (take_tag(r, &f.id, &type, e) < 0 ||
	    take_value(r, &f, type, e) < 0) {
		r->p = r->end;
		return -1;
	}
	f.whole = (struct str){ from, (size_t)(r->p - from) };
	*ret = f;
	return 1;
}

int
wire_find(struct str bytes, uint32_t id, enum wire_type type,
    struct wire_field *ret, struct err *e)
{
	struct wire_reader r = wire_reader(bytes);
	struct wire_field f, last = { .id = id, .type = type };
	int got;

	while ((got = wire_next(&r, &f, e)) > 0)
		if (f.id == id && f.type == type)
			last = f;
	if (got == 0)
		*ret = last;
	return got;
}
