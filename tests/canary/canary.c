/*
 * canary KIND: does on purpose what the sanitizers are there to find, so that
 * tests/canary/run can see them find it.  Built with the flags of the variant
 * and nothing else of ours.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int
overflow(volatile size_t n)
{
	char *p = malloc(n);
	int ret;

	if (p == NULL)
		return 0;
	memset(p, 'x', n);
	ret = ((volatile char *)p)[n];
	free(p);
	return ret;
}

static int
undefined(volatile int n)
{
	return INT_MAX - 1 + n;
}

static void *volatile kept;

static int
leak(size_t n)
{
	kept = malloc(n);
	kept = NULL;
	return 0;
}

static int
after_free(size_t n)
{
	volatile char *p = calloc(n, 1);

	free((void *)(size_t)p);
	return p == NULL ? 0 : p[0];
}

int
main(int argc, char **argv)
{
	const char *kind = argc == 2 ? argv[1] : "";
	int ret = 0;

	if (strcmp(kind, "overflow") == 0)
		ret = overflow(16);
	else if (strcmp(kind, "undefined") == 0)
		ret = undefined(argc);
	else if (strcmp(kind, "leak") == 0)
		ret = leak(16);
	else if (strcmp(kind, "after-free") == 0)
		ret = after_free(16);
	else if (strcmp(kind, "nothing") != 0)
		return 2;
	printf("%s: nobody minded (%d)\n", kind, ret == INT_MAX);
	return 0;
}
