/*
 * A file system that shows a folder and fails on request, also what no
 * LD_PRELOAD reaches: static programs, tasks, the kernel's own writing.
 *
 *	failfs FOLDER CONTROL MOUNTPOINT [-f]
 *
 * The file CONTROL says what fails: "OPERATION N ERROR", the N-th such
 * operation since the file was written; "N-": every later one too.  Nothing
 * fails while it is empty.  OPERATION is write, fsync, flush (close), rename,
 * link, create, mkdir, unlink, read or open.
 */
#define _GNU_SOURCE
#define FUSE_USE_VERSION 31
#include <fuse.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static int base = -1;		/* FOLDER */
static const char *control;

/* 0, or -errno if this operation shall fail. */
static int
fails(const char *operation)
{
	static struct timespec written;
	static unsigned long count;
	char name[16], error[16], onwards;
	unsigned long at;
	struct stat st;
	FILE *f;
	int n;

	if (stat(control, &st) < 0 || st.st_size == 0)
		return 0;
	if (st.st_mtim.tv_sec != written.tv_sec ||
	    st.st_mtim.tv_nsec != written.tv_nsec) {
		written = st.st_mtim;
		count = 0;
	}
	f = fopen(control, "r");
	if (f == NULL)
		return 0;
	n = fscanf(f, "%15s %lu%c%15s", name, &at, &onwards, error);
	fclose(f);
	if (n != 4 || strcmp(name, operation) != 0)
		return 0;
	count++;
	if (count < at || (count > at && onwards != '-'))
		return 0;
	return strcmp(error, "ENOSPC") == 0 ? -ENOSPC :
	    strcmp(error, "EDQUOT") == 0 ? -EDQUOT :
	    strcmp(error, "EROFS") == 0 ? -EROFS : -EIO;
}

/* A name relative to base. */
static const char *
rel(const char *path)
{
	return path[1] == '\0' ? "." : path + 1;
}

#define TRY(operation) do {						\
	int r_ = fails(operation);					\
	if (r_ < 0)							\
		return r_;						\
} while (0)
#define ANSWER(call) return (call) < 0 ? -errno : 0

static int
fs_getattr(const char *p, struct stat *st, struct fuse_file_info *fi)
{
	if (fi != NULL)
		ANSWER(fstat((int)fi->fh, st));
	ANSWER(fstatat(base, rel(p), st, AT_SYMLINK_NOFOLLOW));
}

static int
fs_readlink(const char *p, char *buf, size_t n)
{
	ssize_t got = readlinkat(base, rel(p), buf, n - 1);

	if (got < 0)
		return -errno;
	buf[got] = '\0';
	return 0;
}

static int
fs_mkdir(const char *p, mode_t mode)
{
	TRY("mkdir");
	ANSWER(mkdirat(base, rel(p), mode));
}

static int
fs_unlink(const char *p)
{
	TRY("unlink");
	ANSWER(unlinkat(base, rel(p), 0));
}

static int
fs_rmdir(const char *p)
{
	ANSWER(unlinkat(base, rel(p), AT_REMOVEDIR));
}

static int
fs_symlink(const char *target, const char *p)
{
	TRY("link");
	ANSWER(symlinkat(target, base, rel(p)));
}

static int
fs_rename(const char *from, const char *to, unsigned flags)
{
	TRY("rename");
	ANSWER(renameat2(base, rel(from), base, rel(to), flags));
}

static int
fs_link(const char *from, const char *to)
{
	TRY("link");
	ANSWER(linkat(base, rel(from), base, rel(to), 0));
}

static int
fs_chmod(const char *p, mode_t mode, struct fuse_file_info *fi)
{
	if (fi != NULL)
		ANSWER(fchmod((int)fi->fh, mode));
	ANSWER(fchmodat(base, rel(p), mode, 0));
}

static int
fs_chown(const char *p, uid_t u, gid_t g, struct fuse_file_info *fi)
{
	if (fi != NULL)
		ANSWER(fchown((int)fi->fh, u, g));
	ANSWER(fchownat(base, rel(p), u, g, AT_SYMLINK_NOFOLLOW));
}

static int
fs_truncate(const char *p, off_t n, struct fuse_file_info *fi)
{
	int fd, r;

	if (fi != NULL)
		ANSWER(ftruncate((int)fi->fh, n));
	fd = openat(base, rel(p), O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	r = ftruncate(fd, n) < 0 ? -errno : 0;
	close(fd);
	return r;
}

static int
fs_utimens(const char *p, const struct timespec t[2],
    struct fuse_file_info *fi)
{
	if (fi != NULL)
		ANSWER(futimens((int)fi->fh, t));
	ANSWER(utimensat(base, rel(p), t, AT_SYMLINK_NOFOLLOW));
}

static int
open_as(const char *p, struct fuse_file_info *fi, int flags, mode_t mode)
{
	int fd = openat(base, rel(p), flags | O_CLOEXEC, mode);

	if (fd < 0)
		return -errno;
	fi->fh = (uint64_t)fd;
	return 0;
}

static int
fs_open(const char *p, struct fuse_file_info *fi)
{
	TRY("open");
	return open_as(p, fi, fi->flags & ~(O_CREAT | O_EXCL), 0);
}

static int
fs_opendir(const char *p, struct fuse_file_info *fi)
{
	return open_as(p, fi, O_RDONLY | O_DIRECTORY, 0);
}

static int
fs_create(const char *p, mode_t mode, struct fuse_file_info *fi)
{
	TRY("create");
	return open_as(p, fi, fi->flags | O_CREAT, mode);
}

static int
fs_read(const char *p, char *buf, size_t n, off_t at,
    struct fuse_file_info *fi)
{
	ssize_t got;

	(void)p;
	TRY("read");
	got = pread((int)fi->fh, buf, n, at);
	return got < 0 ? -errno : (int)got;
}

static int
fs_write(const char *p, const char *buf, size_t n, off_t at,
    struct fuse_file_info *fi)
{
	ssize_t put;

	(void)p;
	TRY("write");
	put = pwrite((int)fi->fh, buf, n, at);
	return put < 0 ? -errno : (int)put;
}

static int
fs_statfs(const char *p, struct statvfs *ret)
{
	(void)p;
	ANSWER(fstatvfs(base, ret));
}

static int
fs_flush(const char *p, struct fuse_file_info *fi)
{
	(void)p;
	(void)fi;
	TRY("flush");
	return 0;
}

static int
fs_release(const char *p, struct fuse_file_info *fi)
{
	(void)p;
	close((int)fi->fh);
	return 0;
}

static int
fs_fsync(const char *p, int data, struct fuse_file_info *fi)
{
	(void)p;
	(void)data;
	(void)fi;
	TRY("fsync");
	return 0;
}

static int
fs_readdir(const char *p, void *buf, fuse_fill_dir_t fill, off_t at,
    struct fuse_file_info *fi, enum fuse_readdir_flags flags)
{
	int fd = openat((int)fi->fh, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *de;

	(void)p;
	(void)at;
	(void)flags;
	if (d == NULL)
		return -errno;
	while ((de = readdir(d)) != NULL)
		if (fill(buf, de->d_name, NULL, 0, 0) != 0)
			break;
	closedir(d);
	return 0;
}

/* Names are links of the folder's own files: nothing may be remembered. */
static void *
fs_init(struct fuse_conn_info *conn, struct fuse_config *c)
{
	(void)conn;
	c->use_ino = 1;
	c->nullpath_ok = 1;
	c->hard_remove = 1;
	c->entry_timeout = c->attr_timeout = c->negative_timeout = 0;
	return NULL;
}

static const struct fuse_operations operations = {
	.init = fs_init, .getattr = fs_getattr, .readlink = fs_readlink,
	.mkdir = fs_mkdir, .unlink = fs_unlink, .rmdir = fs_rmdir,
	.symlink = fs_symlink, .rename = fs_rename, .link = fs_link,
	.chmod = fs_chmod, .chown = fs_chown, .truncate = fs_truncate,
	.utimens = fs_utimens, .open = fs_open, .create = fs_create,
	.read = fs_read, .write = fs_write, .statfs = fs_statfs,
	.flush = fs_flush, .release = fs_release, .fsync = fs_fsync,
	.fsyncdir = fs_fsync, .opendir = fs_opendir,
	.readdir = fs_readdir, .releasedir = fs_release,
};

int
main(int argc, char **argv)
{
	char *args[8] = { argv[0], (char *)"-s", (char *)"-o",
		(char *)"default_permissions", NULL };
	int i, n = 4;

	if (argc < 4 || argc > 5) {
		fprintf(stderr, "usage: failfs FOLDER CONTROL MOUNTPOINT [-f]\n");
		return 2;
	}
	base = open(argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	control = realpath(argv[2], NULL);
	if (base < 0 || control == NULL) {
		perror(base < 0 ? argv[1] : argv[2]);
		return 1;
	}
	for (i = 3; i < argc; i++)
		args[n++] = argv[i];
	return fuse_main(n, args, &operations, NULL);
}
