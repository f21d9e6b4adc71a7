#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#define READ_SIZE	((size_t)64 * 1024)

void
closep(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

ssize_t
file_read_some(int fd, void *p, size_t n)
{
	ssize_t got;

	do {
		got = read(fd, p, n);
	} while (got < 0 && errno == EINTR);
	return got;
}

int
file_write_all(int fd, const void *p, size_t n)
{
	const char *at = p;
	ssize_t put;

	while (n > 0) {
		put = write(fd, at, n);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return -1;
		at += put;
		n -= (size_t)put;
	}
	return 0;
}

/* As err_sys, but what is not there is ERR_MISSING. */
static int cold
err_path(struct err *e, const char *path)
{
	int missing = errno == ENOENT || errno == ENOTDIR;
	int rc = err_sys(e, "%s", path);

	if (missing)
		e->kind = ERR_MISSING;
	return rc;
}

/* ---- reading ------------------------------------------------------------ */

int
file_read_fd(int fd, const char *name, size_t max, struct strbuf *ret,
    struct err *e)
{
	size_t had = ret->n;
	ssize_t got;

	for (;;) {
		strbuf_grow(ret, READ_SIZE);
		got = file_read_some(fd, ret->p + ret->n, READ_SIZE);
		if (got < 0)
			return err_sys(e, "%s", name);
		if (got == 0)
			return 0;
		ret->n += (size_t)got;
		ret->p[ret->n] = '\0';
		if (ret->n - had > max)
			return err_set(e, ERR_USAGE,
			    "%s: more than %zu bytes", name, max);
	}
}

int
file_read(int dirfd, const char *path, size_t max, struct strbuf *ret,
    struct err *e)
{
	c_close int fd = -1;
	struct stat st;

	/* Not to hang on a pipe that nobody writes to. */
	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return err_path(e, path);
	if (fstat(fd, &st) < 0)
		return err_sys(e, "%s", path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_USAGE, "%s: %s", path,
		    S_ISDIR(st.st_mode) ? "is a directory, not a file" :
		    "is not a regular file");
	if (st.st_size > 0 && (uint64_t)st.st_size > max)
		return err_set(e, ERR_USAGE, "%s: more than %zu bytes", path,
		    max);
	/* One read takes it all and a second sees the end. */
	strbuf_grow(ret, (size_t)st.st_size + READ_SIZE);
	return file_read_fd(fd, path, max, ret, e);
}

/* ---- folders ------------------------------------------------------------ */

/* Makes one folder; 0 also if there is one of the name. */
static int
make_dir(int dirfd, const char *path)
{
	struct stat st;

	if (mkdirat(dirfd, path, 0777) == 0)
		return 0;
	if (errno != EEXIST)
		return -1;
	if (fstatat(dirfd, path, &st, 0) < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		return 0;
	errno = ENOTDIR;
	return -1;
}

int
file_mkdirs(int dirfd, const char *path, struct err *e)
{
	c_free char *part = NULL;
	char *slash;

	if (make_dir(dirfd, path) == 0)
		return 0;
	if (errno != ENOENT)
		return err_sys(e, "%s", path);
	part = xstrdup(path);
	for (slash = part + 1; (slash = strchr(slash, '/')) != NULL; slash++) {
		*slash = '\0';
		if (make_dir(dirfd, part) < 0)
			return err_sys(e, "%s", part);
		*slash = '/';
	}
	if (make_dir(dirfd, path) < 0)
		return err_sys(e, "%s", path);
	return 0;
}

int
file_open_dir(int dirfd, const char *path, int make, struct err *e)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	int fd = openat(dirfd, path, flags);

	if (fd < 0 && errno == ENOENT && make) {
		if (file_mkdirs(dirfd, path, e) < 0)
			return -1;
		fd = openat(dirfd, path, flags);
	}
	if (fd < 0)
		return err_path(e, path);
	return fd;
}

/* ---- file systems ------------------------------------------------------- */

/* A writer that was refused may have left a little. */
#define ALL_BUT_FULL	(64 * 1024)

int
file_is_full(const char *path)
{
	struct statvfs f;
	fsblkcnt_t blocks;

	if (statvfs(path, &f) < 0)
		return 0;
	blocks = geteuid() == 0 ? f.f_bfree : f.f_bavail;
	/* Without numbers (f_files 0) it knows no such bound. */
	return (f.f_blocks > 0 && blocks * f.f_frsize < ALL_BUT_FULL) ||
	    (f.f_files > 0 && (geteuid() == 0 ? f.f_ffree :
	    f.f_favail) == 0);
}

int
file_is_remote(int fd)
{
	/* Magic numbers of linux/magic.h and of the file systems' own
	 * sources; FUSE counts, since most of its kinds are remote. */
	static const uint32_t remote[] = {
		0x6969,		/* NFS */
		0x517b,		/* SMB */
		0xff534d42,	/* CIFS */
		0xfe534d42,	/* SMB2 */
		0x00c36400,	/* Ceph */
		0x65735546,	/* FUSE */
		0x5346414f,	/* OpenAFS */
		0x6b414653,	/* kAFS */
		0x01021997,	/* 9p */
		0x0bd00bd0,	/* Lustre */
		0x47504653,	/* GPFS */
		0x19830326,	/* BeeGFS */
		0x01161970,	/* GFS2 */
		0x7461636f,	/* OCFS2 */
		0x73757245,	/* Coda */
	};
	struct statfs f;
	size_t i;

	if (fstatfs(fd, &f) < 0)
		return 0;
	for (i = 0; i < ARRAY_LEN(remote); i++)
		if ((uint32_t)f.f_type == remote[i])
			return 1;
	return 0;
}
