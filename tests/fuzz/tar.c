/* A foreign package: the archive's reader, and the members it gives. */

#include <sys/mman.h>
#include <sys/stat.h>

#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "pack/package.h"
#include "pack/tar.h"
#include "sys/file.h"

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

/* Members are read whole up to here: enough for what a fuzzer makes. */
#define MAX_MEMBER	((uint64_t)4 << 20)

static int
take(struct tar_reader *t, const struct tar_member *m,
    struct package_reader *r, struct err *e)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	char buf[8192];
	ssize_t got;

	if (m->name[0] == '\0' || m->name[0] == '/')
		BUG("a name that should have been refused");
	if (m->type != S_IFREG || m->same_as != NULL)
		return 0;
	while ((got = tar_read(t, buf, sizeof(buf), e)) > 0) {
		strbuf_add(&bytes, buf, (size_t)got);
		if (bytes.n > MAX_MEMBER)
			return -1;
	}
	return got < 0 ? -1 : package_add(r, m->name, strbuf_str(&bytes), e);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	c_arena struct arena a = ARENA_INIT;
	c_close int fd = -1;
	struct package_reader r;
	struct package package;
	struct tar_reader *t;
	struct tar_member m;
	char path[32];
	struct err e;
	int got = 1;

	fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || file_write_all(fd, data, n) < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	t = tar_open(path, &e);
	if (t == NULL)
		return 0;
	package_reader_init(&r, &package, &a);
	while (got > 0 && (got = tar_next(t, &m, &e)) > 0)
		got = take(t, &m, &r, &e) < 0 ? -1 : 1;
	if (got == 0 && package_end(&r, &e) == 0 && package.n == 0)
		BUG("a package without entities");
	package_reader_release(&r);
	tar_close(t);
	return 0;
}
