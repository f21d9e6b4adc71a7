#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/base.h"

/*
 * Runs a fuzz target over files, and over all files of the folders, given as
 * arguments; prints "N inputs".  With V=fuzz libFuzzer stands in its place.
 */

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static unsigned long inputs;

static void
die(const char *path)
{
	perror(path);
	exit(1);
}

static void
run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t n = 0, cap = 0, got = 1;

	if (f == NULL)
		die(path);
	while (got > 0) {
		if (n == cap) {
			cap = MAX(cap * 2, (size_t)4096);
			data = xreallocarray(data, cap, 1);
		}
		got = fread(data + n, 1, cap - n, f);
		n += got;
	}
	if (ferror(f))
		die(path);
	fclose(f);
	/* exactly as large as the input, so that overruns show */
	data = xreallocarray(data, MAX(n, (size_t)1), 1);
	LLVMFuzzerTestOneInput(data, n);
	free(data);
	inputs++;
}

static void
run_folder(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *entry;
	char name[4096];

	if (d == NULL)
		die(path);
	while ((entry = readdir(d)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		run_file(name);
	}
	closedir(d);
}

int
main(int argc, char **argv)
{
	struct stat st;
	int i;

	for (i = 1; i < argc; i++) {
		if (stat(argv[i], &st) < 0)
			die(argv[i]);
		if (S_ISDIR(st.st_mode))
			run_folder(argv[i]);
		else
			run_file(argv[i]);
	}
	printf("%lu inputs\n", inputs);
	return 0;
}
