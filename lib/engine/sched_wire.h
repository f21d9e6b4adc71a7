#ifndef ENGINE_SCHED_WIRE_H
#define ENGINE_SCHED_WIRE_H

/*
 * Writing wire bytes into memory of a known size, so that lists of a million
 * literals are written once.  Only fields of bytes with numbers below 16.
 */

#include <string.h>

#include "base/str.h"

static inline size_t
wire_size_number(uint64_t n)
{
	size_t k = 1;

	while ((n >>= 7) > 0)
		k++;
	return k;
}

/* Bytes of a field of n bytes. */
static inline size_t
wire_size_field(size_t n)
{
	return 1 + wire_size_number(n) + n;
}

/* Writes tag and length; the n bytes follow. */
static inline char *
wire_put_head(char *p, uint32_t id, size_t n)
{
	*p++ = (char)(id << 3 | 2);
	for (; n >= 0x80; n >>= 7)
		*p++ = (char)(n | 0x80);
	*p++ = (char)n;
	return p;
}

static inline char *
wire_put_field(char *p, uint32_t id, struct str s)
{
	p = wire_put_head(p, id, s.n);
	if (s.n > 0)
		memcpy(p, s.p, s.n);
	return p + s.n;
}

#endif
