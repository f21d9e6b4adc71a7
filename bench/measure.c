/*
 * Runs a command and writes what it took: measure FILE N COMMAND [ARG...]
 * runs it N times, stdin and stdout on /dev/null, and writes "WALL CPU KB" to
 * FILE: seconds of one run by the clock and of the processors (of all that the
 * command waited for, too), and the largest peak of memory.  By vfork, so that
 * nothing of this program is counted as the command's.
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

static double
seconds(struct timeval t)
{
	return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* Its status as a shell has it; adds to the time, memory in KB. */
static int
run(char **argv, double *cpu, long *ret_kb)
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
	*cpu += seconds(usage.ru_utime) + seconds(usage.ru_stime);
	if (usage.ru_maxrss > *ret_kb)
		*ret_kb = usage.ru_maxrss;
	return WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);
}

int
main(int argc, char **argv)
{
	int n, i, status = 0, null;
	double from, took, cpu = 0;
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
		status = run(argv + 3, &cpu, &kb);
	took = (now() - from) / n;
	f = fopen(argv[1], "w");
	if (f == NULL || fprintf(f, "%.9f %.9f %ld\n", took, cpu / n, kb) < 0 ||
	    fclose(f) != 0)
		return 126;
	return status;
}
