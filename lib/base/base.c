#include "base/base.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"

void
bug_at(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "BUG: %s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	abort();
}

static _Noreturn void
die_oom(void)
{
	static const char msg[] = "out of memory\n";

	/* Nothing that might allocate. */
	if (write(STDERR_FILENO, msg, sizeof(msg) - 1) < 0)
		_exit(EXIT_SYSTEM);
	_exit(EXIT_SYSTEM);
}

/* From this size on, which malloc maps by itself. */
#define LARGE	((size_t)4 * 1024 * 1024)

/*
 * What is large comes in large pages, where the system has them: in small
 * ones, a third of the time that a spec of 100,000 nodes takes is their
 * faults.  Only advice: nothing depends on it.
 */
static void *
large(void *p, size_t n)
{
	const uintptr_t page = 4096;
	uintptr_t from = ((uintptr_t)p + page - 1) & ~(page - 1);

	if (n >= LARGE)
		(void)!madvise((void *)from,
		    ((uintptr_t)p + n - from) & ~(page - 1), MADV_HUGEPAGE);
	return p;
}

void *
xmalloc(size_t n)
{
	void *p = malloc(n ? n : 1);

	if (p == NULL)
		die_oom();
	return large(p, n);
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = calloc(n ? n : 1, size ? size : 1);

	if (p == NULL)
		die_oom();
	return large(p, n * size);
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	size_t bytes;
	void *q;

	if (__builtin_mul_overflow(n, size, &bytes))
		die_oom();
	q = realloc(p, bytes ? bytes : 1);
	if (q == NULL)
		die_oom();
	return large(q, bytes);
}

char *
xstrdup(const char *s)
{
	return xstrndup(s, strlen(s));
}

char *
xstrndup(const char *s, size_t n)
{
	char *p;

	if (n == SIZE_MAX)
		die_oom();
	p = xmalloc(n + 1);
	if (n > 0)
		memcpy(p, s, n);
	p[n] = '\0';
	return p;
}
