#ifndef BASE_STR_H
#define BASE_STR_H

/* Borrowed text: bytes and a length, no NUL promised, never freed. */

#include <string.h>

#include "base/base.h"

struct str {
	const char	*p;
	size_t		 n;
};

#define STR(lit)	((struct str){ (lit), sizeof(lit) - 1 })
#define STR_FMT		"%.*s"
#define STR_ARG(s)	((int)MIN((s).n, (size_t)INT32_MAX)), ((s).p)

static inline struct str
str_of(const char *s)
{
	return (struct str){ s, s == NULL ? 0 : strlen(s) };
}

static inline int
str_eq(struct str a, struct str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline int
str_is(struct str a, const char *b)
{
	return str_eq(a, str_of(b));
}

/* Byte order, shorter first where one begins the other. */
static inline int
str_cmp(struct str a, struct str b)
{
	size_t n = MIN(a.n, b.n);
	int d = n == 0 ? 0 : memcmp(a.p, b.p, n);

	return d != 0 ? d : a.n < b.n ? -1 : a.n > b.n;
}

static inline int
str_starts(struct str a, const char *prefix)
{
	size_t n = strlen(prefix);

	return a.n >= n && memcmp(a.p, prefix, n) == 0;
}

static inline int
str_ends(struct str a, const char *suffix)
{
	size_t n = strlen(suffix);

	return a.n >= n && memcmp(a.p + a.n - n, suffix, n) == 0;
}

#endif
