#ifndef BASE_BASE_H
#define BASE_BASE_H

/*
 * What every file of the suite may rely on: attributes, small macros, and
 * the allocation functions that never return NULL.
 *
 * Three kinds of trouble are never mixed: bad input is reported through
 * struct err or diagnostics, a failing system through struct err, and a
 * fault of our own stops the program at once through BUG().
 */

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#define printf_like(fmt, args)	__attribute__((format(printf, fmt, args)))
/* A plain (void) cast does not silence this one in gcc: errors are seen. */
#define must_check	__attribute__((warn_unused_result))
#define cold		__attribute__((cold))
#define unused		__attribute__((unused))
#define fallthrough	__attribute__((fallthrough))

#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define MAX(a, b)	((a) > (b) ? (a) : (b))

/* Runs fn(&var) when var goes out of scope. */
#define cleanup(fn)	__attribute__((cleanup(fn)))
/* Hands the value over and leaves the empty one behind for the cleanup. */
#define TAKE(v, empty)	__extension__ ({	\
	__typeof__(v) take_ = (v);		\
	(v) = (empty);				\
	take_;					\
})

/* Prints where and what, then aborts: only for faults of our own. */
#define BUG(...)	bug_at(__FILE__, __LINE__, __VA_ARGS__)
_Noreturn void	bug_at(const char *file, int line, const char *fmt, ...)
		printf_like(3, 4) cold;

/*
 * Allocation.  Running out of memory ends the program with status 8; so no
 * caller has a branch for it.  Sizes are multiplied with a check.  All of it
 * is released with free(3).
 */
void	*xmalloc(size_t n) __attribute__((malloc, returns_nonnull));
void	*xcalloc(size_t n, size_t size) __attribute__((malloc, returns_nonnull));
void	*xreallocarray(void *p, size_t n, size_t size)
		__attribute__((returns_nonnull));
char	*xstrdup(const char *s) __attribute__((malloc, returns_nonnull));
/* A copy of n bytes with a NUL after it. */
char	*xstrndup(const char *s, size_t n)
		__attribute__((malloc, returns_nonnull));

/* For cleanup(): frees *p. */
static inline void
freep(void *p)
{
	free(*(void **)p);
}
#define c_free	cleanup(freep)

#include "base/banned.h"

#endif
