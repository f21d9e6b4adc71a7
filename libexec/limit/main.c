/*
 * limit [-g FILE]... [-m BYTES] PROGRAM ARG0 [ARG ...]: becomes PROGRAM inside
 * the control groups whose cgroup.procs are named, with at most so many bytes
 * of data in each process.  Only what must happen in the child itself happens
 * here: the groups are made, and watched, by whoever starts us.
 */
#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/num.h"

/* env(1): 125 our own trouble, 126 not to be run, 127 not there. */
enum { OWN_TROUBLE = 125, NOT_RUNNABLE = 126, NOT_FOUND = 127 };

static int
enter(const char *procs)
{
	int fd = open(procs, O_WRONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : write(fd, "0\n", 2);

	if (n < 0)
		fprintf(stderr, "limit: %s: %s\n", procs, strerror(errno));
	if (fd >= 0)
		close(fd);
	return n < 0 ? -1 : 0;
}

static int
bound_data(const char *text)
{
	struct rlimit r;
	uint64_t n;

	if (num_parse_u64(str_of(text), 1, INT64_MAX, &n) < 0) {
		fprintf(stderr, "limit: -m: not a number of bytes: %s\n",
		    text);
		return -1;
	}
	if (getrlimit(RLIMIT_DATA, &r) < 0)
		return -1;
	r.rlim_cur = n < r.rlim_max ? n : r.rlim_max;
	r.rlim_max = r.rlim_cur;
	if (setrlimit(RLIMIT_DATA, &r) == 0)
		return 0;
	fprintf(stderr, "limit: %s\n", strerror(errno));
	return -1;
}

/* What the kernel does not take is text for the shell, as execvp(3) has it. */
static void
by_shell(const char *path, char **argv, int n)
{
	char **args = calloc((size_t)n + 2, sizeof(*args));
	int i;

	if (args == NULL)
		return;
	args[0] = argv[0];
	args[1] = (char *)(uintptr_t)path;
	for (i = 1; i < n; i++)
		args[i + 1] = argv[i];
	execv(_PATH_BSHELL, args);
	free(args);
}

int
main(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "+g:m:")) != -1)
		if (c == '?' || (c == 'g' ? enter(optarg) :
		    bound_data(optarg)) < 0)
			return OWN_TROUBLE;
	if (argc - optind < 2) {
		fputs("usage: limit [-g FILE]... [-m BYTES] PROGRAM ARG0 "
		    "[ARG ...]\n", stderr);
		return OWN_TROUBLE;
	}
	execv(argv[optind], argv + optind + 1);
	if (errno == ENOEXEC)
		by_shell(argv[optind], argv + optind + 1, argc - optind - 1);
	fprintf(stderr, "%s: %s\n", argv[optind], strerror(errno));
	return errno == ENOENT ? NOT_FOUND : NOT_RUNNABLE;
}
