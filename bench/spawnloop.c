/*
 * The floor: N times COMMAND at -j J by posix_spawn and wait, nothing else.
 * spawnloop N J COMMAND [ARG...]; an argument "{}" becomes the number.
 */

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

static void
start(int i, int argc, char **argv)
{
	static char number[16];
	char *args[64];
	pid_t pid;
	int k;

	snprintf(number, sizeof(number), "%d", i);
	for (k = 0; k < argc && k < 63; k++)
		args[k] = strcmp(argv[k], "{}") == 0 ? number : argv[k];
	args[k] = NULL;
	if (posix_spawnp(&pid, args[0], NULL, NULL, args, environ) != 0) {
		perror(args[0]);
		exit(1);
	}
}

int
main(int argc, char **argv)
{
	int n, jobs, i, running = 0, status, failed = 0;

	if (argc < 4) {
		fprintf(stderr, "usage: spawnloop N J COMMAND [ARG...]\n");
		return 2;
	}
	n = (int)strtol(argv[1], NULL, 10);
	jobs = (int)strtol(argv[2], NULL, 10);
	for (i = 0; i < n || running > 0;) {
		if (i < n && running < jobs) {
			start(i++, argc - 3, argv + 3);
			running++;
			continue;
		}
		if (wait(&status) > 0) {
			running--;
			failed += status != 0;
		}
	}
	return failed > 0;
}
