/*
 * Runs a command and writes what it took: measure FILE N COMMAND [ARG...]
 * runs it N times, stdin and stdout on /dev/null, and writes "SECONDS KB" to
 * FILE: wall-clock seconds of one run, and the largest peak of memory.  By
 * vfork, so that nothing of this program is counted as the command's.
 */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Its status as a shell has it; memory in KB. */
static int
run(char **argv, long *ret_kb)
{
	struct rusage usage;
	int status;
	pid_t pid;

	pid = vfork();
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || wait4(pid, &status, 0, &usage) < 0)
		return 126;
	if (usage.ru_maxrss > *ret_kb)
		*ret_kb = usage.ru_maxrss;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);
}

int
main(int argc, char **argv)
{
	int n, i, status = 0, null;
	double from, took;
	long kb = 0;
	FILE *f;

	if (argc < 4) {
		fprintf(stderr, "usage: measure FILE N COMMAND [ARG...]\n");
		return 2;
	}
	n = (int)strtol(argv[2], NULL, 10);
	null = open("/dev/null", O_RDWR);
	if (n < 1 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0)
		return 126;
	from = now();
	for (i = 0; i < n && status == 0; i++)
		status = run(argv + 3, &kb);
	took = (now() - from) / n;
	f = fopen(argv[1], "w");
	if (f == NULL || fprintf(f, "%.9f %ld\n", took, kb) < 0 ||
	    fclose(f) != 0)
		return 126;
	return status;
}
