#ifndef BASE_ARENA_H
#define BASE_ARENA_H

/*
 * Memory with the lifetime of a phase: everything is freed at once.  Holds
 * memory only, never a descriptor or a library's handle.  Allocation cannot
 * fail.  With the address sanitizer each allocation is a malloc of its own,
 * so that overruns and use after release still show.
 */

#include "base/str.h"

struct arena {
	struct arena_block	*blocks;	/* newest first */
	size_t			 left;		/* bytes free in the newest */
	size_t			 total;		/* bytes handed out */
};

#define ARENA_INIT	{ NULL, 0, 0 }
#define c_arena		cleanup(arena_release)

void	arena_init(struct arena *);
/* Frees all and is ready for use again. */
void	arena_release(struct arena *);

/* Aligned for any type; arena_alloc's bytes are not set, the others' zero. */
void	*arena_alloc(struct arena *, size_t n)
		__attribute__((returns_nonnull));
void	*arena_zalloc(struct arena *, size_t n)
		__attribute__((returns_nonnull));
void	*arena_calloc(struct arena *, size_t n, size_t size)
		__attribute__((returns_nonnull));
#define arena_new(a, type)	((type *)arena_zalloc((a), sizeof(type)))
#define arena_new_n(a, n, type)	((type *)arena_calloc((a), (n), sizeof(type)))

/* Copies with a NUL behind them. */
char	*arena_strdup(struct arena *, const char *s)
		__attribute__((returns_nonnull));
char	*arena_strndup(struct arena *, const char *p, size_t n)
		__attribute__((returns_nonnull));
/* left, between and right in one: a path, or NAME=VALUE. */
char	*arena_join(struct arena *, const char *left, char between,
		const char *right) __attribute__((returns_nonnull));
char	*arena_printf(struct arena *, const char *fmt, ...)
		printf_like(2, 3) __attribute__((returns_nonnull));
struct str arena_str(struct arena *, struct str s);

#endif
