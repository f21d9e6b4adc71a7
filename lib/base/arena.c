#include "base/arena.h"

#include <stdarg.h>
#include <stdio.h>

#if defined(__SANITIZE_ADDRESS__)
#define BLOCK_SIZE	((size_t)0)
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define BLOCK_SIZE	((size_t)0)
#endif
#endif
#ifndef BLOCK_SIZE
#define BLOCK_SIZE	((size_t)16 * 1024)
#endif
#define BLOCK_MAX	((size_t)16 * 1024 * 1024)

struct arena_block {
	struct arena_block	*next;
	size_t			 cap;
	_Alignas(max_align_t) char data[];
};

void
arena_init(struct arena *a)
{
	a->blocks = NULL;
	a->left = 0;
	a->total = 0;
}

void
arena_release(struct arena *a)
{
	struct arena_block *b, *next;

	for (b = a->blocks; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	arena_init(a);
}

static void
add_block(struct arena *a, size_t need)
{
	size_t cap = a->blocks == NULL ? BLOCK_SIZE :
	    MIN(a->blocks->cap * 2, BLOCK_MAX);
	struct arena_block *b;
	size_t bytes;

	cap = BLOCK_SIZE == 0 ? need : MAX(MAX(cap, BLOCK_SIZE), need);
	if (__builtin_add_overflow(cap, sizeof(*b), &bytes))
		bytes = SIZE_MAX;
	b = xmalloc(bytes);
	b->cap = cap;
	b->next = a->blocks;
	a->blocks = b;
	a->left = cap;
}

void *
arena_alloc(struct arena *a, size_t n)
{
	const size_t align = _Alignof(max_align_t);
	size_t need;
	void *p;

	n = MAX(n, (size_t)1);	/* a place of its own even so */
	if (__builtin_add_overflow(n, align - 1, &need))
		need = SIZE_MAX;
	else
		need &= ~(align - 1);
	if (BLOCK_SIZE == 0 || need > a->left)
		add_block(a, BLOCK_SIZE == 0 ? n : need);
	p = a->blocks->data + (a->blocks->cap - a->left);
	a->left -= BLOCK_SIZE == 0 ? a->left : need;
	a->total += n;
	return p;
}

void *
arena_zalloc(struct arena *a, size_t n)
{
	void *p = arena_alloc(a, n);

	return memset(p, 0, n);
}

void *
arena_calloc(struct arena *a, size_t n, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		bytes = SIZE_MAX;
	return arena_zalloc(a, bytes);
}

char *
arena_strndup(struct arena *a, const char *p, size_t n)
{
	char *s = arena_alloc(a, n + 1);

	if (n > 0)
		memcpy(s, p, n);
	s[n] = '\0';
	return s;
}

char *
arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, strlen(s));
}

char *
arena_join(struct arena *a, const char *left, char between, const char *right)
{
	size_t n = strlen(left), m = strlen(right);
	char *s = arena_alloc(a, n + 1 + m + 1);

	memcpy(s, left, n);
	s[n] = between;
	memcpy(s + n + 1, right, m + 1);
	return s;
}

struct str
arena_str(struct arena *a, struct str s)
{
	return (struct str){ arena_strndup(a, s.p, s.n), s.n };
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap, again;
	char *s;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		BUG("bad format");
	s = arena_alloc(a, (size_t)n + 1);
	vsnprintf(s, (size_t)n + 1, fmt, again);
	va_end(again);
	return s;
}
