#ifndef TESTS_UNIT_STORE_H
#define TESTS_UNIT_STORE_H

/* A store in a folder of its own, for the tests of lib/store. */

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "store/catalog.h"
#include "store/gc.h"
#include "sys/file.h"

static char home[] = "/tmp/t-store.XXXXXX";
static int made, dir = -1;
static struct strbuf said = STRBUF_INIT;

static void
remove_home(void)
{
	struct err e;

	if (dir >= 0)
		close(dir);
	dir = -1;
	if (made && file_remove(AT_FDCWD, home, &e) < 0)
		printf("%s\n", e.msg);
	made = 0;
	strbuf_release(&said);
}

/* An empty home for the test, and nothing said yet. */
static void
fresh(void)
{
	remove_home();
	memcpy(home + sizeof(home) - 7, "XXXXXX", 6);
	if (mkdtemp(home) == NULL)
		abort();
	made = 1;
	dir = open(home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

__attribute__((destructor)) static void
at_end(void)
{
	remove_home();
}

static void
say(void *arg, const char *line)
{
	(void)arg;
	strbuf_addf(&said, "%s\n", line);
}

static struct store *
open_store(int read_only)
{
	struct store_options o = {
		.home = home, .say = say, .read_only = read_only,
	};
	struct store *s;
	struct err e;

	if (store_open(&o, &s, &e) < 0) {
		printf("%s\n", e.msg);
		abort();
	}
	return s;
}

/* 1 if rc is 0; else prints the error. */
static int
ok(int rc, const struct err *e)
{
	if (rc != 0)
		printf("%d: %s\n", rc, rc < 0 ? e->msg : "");
	return rc == 0;
}

static void
write_file(const char *path, const char *text)
{
	struct err e;

	CHECK(ok(file_replace(dir, path, text, strlen(text), 0, &e), &e));
}

static int unused
exists(const char *path)
{
	return faccessat(dir, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

#endif
