/*
 * A foreign package: the archive's reader, and the members it gives.  What is
 * taken for a package is one again under the names that members are given,
 * with the same digest; what is unpacked leaves nothing outside of its folder,
 * nor a link that leads there.
 */

#include <sys/mman.h>
#include <sys/stat.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/limits.h"
#include "idl/wire.h"
#include "pack/package.h"
#include "pack/tar.h"
#include "sys/file.h"

#include "mutate.h"

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

static void
add_digest(const struct package *p, struct strbuf *hex)
{
	struct entity *all = xcalloc(p->n, sizeof(*all));
	size_t i;

	for (i = 0; i < p->n; i++)
		all[i] = p->at[i].entity;
	package_digest(all, p->n, str_of(p->code == NULL ? "" : p->code), hex);
	free(all);
}

/* Written as package_write would and read again it is the same. */
static void
check_package(const struct package *p, struct arena *a)
{
	c_strbuf struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
	struct package_reader r;
	struct package again;
	struct err e;
	size_t i;

	if (p->n == 0)
		BUG("a package without entities");
	package_reader_init(&r, &again, a);
	for (i = 0; i < p->n; i++) {
		const struct entity *x = &p->at[i].entity;
		c_strbuf struct strbuf name = STRBUF_INIT;
		c_strbuf struct strbuf bytes = STRBUF_INIT;

		package_member_name(&name, i, p->n, x);
		wire_pack(entity_message(x), &bytes);
		if (strchr(name.p, '/') != NULL || name.n > NAME_MAX ||
		    package_add(&r, name.p, strbuf_str(&bytes), &e) < 0)
			BUG("%s: not taken again: %s", name.p, e.msg);
	}
	again.code = p->code;
	if (package_end(&r, &e) < 0 || again.n != p->n)
		BUG("%zu of %zu entities", again.n, p->n);
	add_digest(p, &one);
	add_digest(&again, &two);
	if (strcmp(one.p, two.p) != 0)
		BUG("another digest");
	package_reader_release(&r);
}

static void
read_package(const char *path)
{
	c_arena struct arena a = ARENA_INIT;
	struct package_reader r;
	struct package package;
	struct tar_reader *t;
	struct tar_member m;
	struct err e;
	int got = 1;

	t = tar_open(path, &e);
	if (t == NULL)
		return;
	package_reader_init(&r, &package, &a);
	while (got > 0 && (got = tar_next(t, &m, &e)) > 0)
		got = take(t, &m, &r, &e) < 0 ? -1 : 1;
	if (got == 0 && package_end(&r, &e) == 0)
		check_package(&package, &a);
	package_reader_release(&r);
	tar_close(t);
}

static char base[128], to[160];

static int
check_file(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	c_free char *where = NULL;

	(void)st;
	(void)ftw;
	if (flag != FTW_SL && flag != FTW_SLN)
		return 0;
	where = realpath(path, NULL);
	if (where != NULL && strncmp(where, to, strlen(to)) != 0)
		BUG("%s leads to %s", path, where);
	return 0;
}

static void
unpack(const char *path)
{
	struct err e;

	snprintf(base, sizeof(base), "%s/tar", fuzz_dir());
	snprintf(to, sizeof(to), "%s/to", base);
	if (file_mkdirs(AT_FDCWD, to, &e) < 0)
		BUG("%s", e.msg);
	(void)!tar_extract(path, to, &e);
	nftw(to, check_file, 16, FTW_PHYS);
	if (file_remove(AT_FDCWD, to, &e) < 0 || rmdir(base) < 0)
		BUG("something beside the folder unpacked to: %s", e.msg);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	c_close int fd = memfd_create("fuzz", MFD_CLOEXEC);
	char path[32];

	if (fd < 0 || file_write_all(fd, data, n) < 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	read_package(path);
	unpack(path);
	return 0;
}

/* ---- archives that stay archives ------------------------------------------ */

#ifdef FUZZING

#include <zlib.h>

#define BLOCK		512
#define MAX_INNER	((size_t)1 << 18)

/* Places and sizes of a header's fields: POSIX, ustar Interchange Format. */
static const struct { unsigned short at, n; } fields[] = {
	{ 0, 100 }, { 100, 8 }, { 124, 12 }, { 156, 1 }, { 157, 100 },
	{ 257, 8 }, { 329, 16 }, { 345, 155 },
};
#define CHECKSUM	148
#define SIZE		124

/* Bytes of the member's content, with what fills its last block. */
static size_t
content_of(const uint8_t *header)
{
	char text[13] = { 0 };
	unsigned long n;

	memcpy(text, header + SIZE, 12);
	n = strtoul(text, NULL, 8);
	return n > MAX_INNER ? 0 : (n + BLOCK - 1) / BLOCK * BLOCK;
}

static void
set_checksum(uint8_t *header)
{
	char text[8];
	unsigned sum = 0, i;

	memset(header + CHECKSUM, ' ', 8);
	for (i = 0; i < BLOCK; i++)
		sum += header[i];
	snprintf(text, sizeof(text), "%06o", sum & 0777777);
	memcpy(header + CHECKSUM, text, 7);
}

/* The headers' places, as far as they follow each other; their number. */
static size_t
headers(const uint8_t *tar, size_t n, size_t *at, size_t max)
{
	size_t i, found = 0;

	for (i = 0; i + BLOCK <= n && found < max && tar[i] != 0;
	    i += BLOCK + content_of(tar + i))
		at[found++] = i;
	return found;
}

/* Changes a field of a header or some of what lies behind it. */
static size_t
change_tar(uint8_t *tar, size_t n, size_t max, unsigned seed)
{
	size_t at[64], found = headers(tar, n, at, ARRAY_LEN(at)), i, k;
	unsigned what = seed >> 8;

	if (found == 0 || what % 8 == 0) {
		n = LLVMFuzzerMutate(tar, n, max);
		found = headers(tar, n, at, ARRAY_LEN(at));
	} else {
		i = at[(seed >> 16) % found];
		k = what % ARRAY_LEN(fields);
		if (what % 3 != 0)
			LLVMFuzzerMutate(tar + i + fields[k].at, fields[k].n,
			    fields[k].n);
		else if (i + 2 * BLOCK <= n)
			LLVMFuzzerMutate(tar + i + BLOCK, BLOCK, BLOCK);
	}
	for (i = 0; i < found; i++)
		set_checksum(tar + at[i]);
	return n;
}

/* All of a gzip stream, or 0. */
static size_t
inflated(const uint8_t *data, size_t n, uint8_t *ret, size_t max)
{
	z_stream z = { 0 };
	size_t made;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return 0;
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)n;
	z.next_out = ret;
	z.avail_out = (uInt)max;
	made = inflate(&z, Z_FINISH) == Z_STREAM_END ? z.total_out : 0;
	inflateEnd(&z);
	return made;
}

/* A gzip stream of it, or 0 if it has no room. */
static size_t
deflated(const uint8_t *data, size_t n, uint8_t *ret, size_t max)
{
	z_stream z = { 0 };
	size_t made;

	if (deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8,
	    Z_DEFAULT_STRATEGY) != Z_OK)
		return 0;
	z.next_in = (Bytef *)(uintptr_t)data;
	z.avail_in = (uInt)n;
	z.next_out = ret;
	z.avail_out = (uInt)max;
	made = deflate(&z, Z_FINISH) == Z_STREAM_END ? z.total_out : 0;
	deflateEnd(&z);
	return made;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max,
    unsigned int seed)
{
	uint8_t *inner;
	size_t made = 0;

	if (seed % 8 == 0)
		return LLVMFuzzerMutate(data, n, max);
	if (n < 2 || data[0] != 0x1f || data[1] != 0x8b)
		return change_tar(data, n, max, seed);
	inner = xcalloc(MAX_INNER, 1);
	made = inflated(data, n, inner, MAX_INNER);
	if (made > 0)
		made = change_tar(inner, made, MAX_INNER, seed);
	if (made > 0)
		made = deflated(inner, made, data, max);
	free(inner);
	return made > 0 ? made : LLVMFuzzerMutate(data, n, max);
}

#endif
