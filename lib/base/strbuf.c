#include "base/strbuf.h"

#include <stdio.h>

char strbuf_empty[1];

void
strbuf_init(struct strbuf *b)
{
	b->p = strbuf_empty;
	b->n = 0;
	b->cap = 0;
}

void
strbuf_release(struct strbuf *b)
{
	if (b->cap > 0)
		free(b->p);
	strbuf_init(b);
}

void
strbuf_grow(struct strbuf *b, size_t extra)
{
	size_t need, cap;

	if (__builtin_add_overflow(b->n, extra, &need) ||
	    __builtin_add_overflow(need, (size_t)1, &need))
		need = SIZE_MAX;	/* fails in the allocator */
	if (need <= b->cap)
		return;
	cap = b->cap > SIZE_MAX / 2 ? SIZE_MAX : b->cap * 2;
	cap = MAX(MAX(cap, need), (size_t)64);
	b->p = xreallocarray(b->cap > 0 ? b->p : NULL, cap, 1);
	b->cap = cap;
	b->p[b->n] = '\0';
}

void
strbuf_reset(struct strbuf *b)
{
	strbuf_setlen(b, 0);
}

void
strbuf_setlen(struct strbuf *b, size_t n)
{
	if (n > b->n)
		BUG("strbuf_setlen: %zu of %zu", n, b->n);
	b->n = n;
	if (b->cap > 0)
		b->p[n] = '\0';
}

char *
strbuf_detach(struct strbuf *b, size_t *ret_n)
{
	char *p;

	strbuf_grow(b, 0);
	p = b->p;
	if (ret_n != NULL)
		*ret_n = b->n;
	strbuf_init(b);
	return p;
}

void
strbuf_add(struct strbuf *b, const void *p, size_t n)
{
	if (n == 0)
		return;
	strbuf_grow(b, n);
	memcpy(b->p + b->n, p, n);
	b->n += n;
	b->p[b->n] = '\0';
}

void
strbuf_addch(struct strbuf *b, int c)
{
	if (b->cap - b->n < 2)
		strbuf_grow(b, 1);
	b->p[b->n++] = (char)c;
	b->p[b->n] = '\0';
}

void
strbuf_adds(struct strbuf *b, const char *s)
{
	strbuf_add(b, s, strlen(s));
}

void
strbuf_addstr(struct strbuf *b, struct str s)
{
	strbuf_add(b, s.p, s.n);
}

void
strbuf_vaddf(struct strbuf *b, const char *fmt, va_list ap)
{
	va_list again;
	size_t room;
	int n;

	/* Most of the time it fits at once. */
	strbuf_grow(b, 32);
	room = b->cap - b->n;
	va_copy(again, ap);
	n = vsnprintf(b->p + b->n, room, fmt, ap);
	if (n < 0)
		BUG("bad format");
	if ((size_t)n >= room) {
		b->p[b->n] = '\0';
		strbuf_grow(b, (size_t)n);
		vsnprintf(b->p + b->n, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	b->n += (size_t)n;
}

void
strbuf_addi(struct strbuf *b, int64_t v)
{
	uint64_t n = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

	if (v < 0)
		strbuf_addch(b, '-');
	strbuf_addu(b, n);
}

void
strbuf_addu(struct strbuf *b, uint64_t n)
{
	char digits[20], *p = digits + sizeof(digits);

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	strbuf_add(b, p, (size_t)(digits + sizeof(digits) - p));
}

void
strbuf_addf(struct strbuf *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(b, fmt, ap);
	va_end(ap);
}

void
strbuf_pad(struct strbuf *b, int c, size_t n)
{
	strbuf_grow(b, n);
	memset(b->p + b->n, c, n);
	b->n += n;
	b->p[b->n] = '\0';
}
