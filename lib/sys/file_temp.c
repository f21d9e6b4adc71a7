/* Temporary files, and publishing one file. */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define STALE_SECONDS	(24 * 60 * 60)

/*
 * Temps of this process.  A slot is filled name last and emptied name first,
 * so that a signal between any two stores sees a whole entry or none.
 */
static struct {
	volatile int		 dirfd;
	char *volatile		 name;
} temps[64];

void
temp_name(char ret[TEMP_NAME_MAX])
{
	static unsigned long count;
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	snprintf(ret, TEMP_NAME_MAX, ".tmp.%lx.%lx.%lx", (long)getpid(),
	    (unsigned long)t.tv_sec * 1000000000 + (unsigned long)t.tv_nsec,
	    ++count);
}

int
temp_list_add(int dirfd, const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(temps); i++) {
		if (temps[i].name != NULL)
			continue;
		temps[i].dirfd = dirfd;
		temps[i].name = xstrdup(name);
		return (int)i;
	}
	return -1;	/* more than 64 at once: gc removes it after a kill */
}

void
temp_list_drop(int slot)
{
	char *name;

	if (slot < 0)
		return;
	name = temps[slot].name;
	temps[slot].name = NULL;
	free(name);
}

void
temps_remove(void)
{
	int saved = errno;
	size_t i;

	for (i = 0; i < ARRAY_LEN(temps); i++)
		if (temps[i].name != NULL)
			unlinkat(temps[i].dirfd, temps[i].name, 0);
	errno = saved;
}

int
temp_is_stale(const char *name, const struct stat *st, int64_t now)
{
	return strncmp(name, ".tmp.", 5) == 0 &&
	    st->st_mtim.tv_sec < now - STALE_SECONDS;
}

int
file_rename_new(int from_dirfd, const char *from, int to_dirfd,
    const char *to)
{
	struct stat st;

	if (renameat2(from_dirfd, from, to_dirfd, to, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (fstatat(from_dirfd, from, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -1;
	if (!S_ISDIR(st.st_mode))
		return linkat(from_dirfd, from, to_dirfd, to, 0) < 0 ? -1 :
		    unlinkat(from_dirfd, from, 0);
	/* rename(2) replaces an empty folder: looked for first. */
	if (fstatat(to_dirfd, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		errno = EEXIST;
		return -1;
	}
	return renameat(from_dirfd, from, to_dirfd, to);
}

static mode_t
mode_of(unsigned flags)
{
	mode_t mode = flags & FILE_RDONLY ? 0444 : 0666;

	return flags & FILE_EXEC ? mode | 0111 : mode;
}

/* A new name in the folder of path; the caller frees it. */
static char *
temp_beside(const char *path)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	char *ret = xmalloc(n + TEMP_NAME_MAX);

	memcpy(ret, path, n);
	temp_name(ret + n);
	return ret;
}

int
temp_open(int dirfd, const char *path, unsigned flags, struct temp *ret,
    struct err *e)
{
	struct temp t = TEMP_INIT;
	int missing;

	t.temp = temp_beside(path);
	t.slot = temp_list_add(dirfd, t.temp);
	t.fd = openat(dirfd, t.temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    mode_of(flags));
	if (t.fd < 0) {
		missing = errno == ENOENT;
		temp_list_drop(t.slot);
		free(t.temp);
		if (err_sys(e, "%s", path) < 0 && missing)
			e->kind = ERR_MISSING;
		return -1;
	}
	t.dirfd = dirfd;
	t.path = xstrdup(path);
	*ret = t;
	return 0;
}

static void
temp_release(struct temp *t)
{
	temp_list_drop(t->slot);
	closep(&t->fd);
	free(t->path);
	free(t->temp);
	*t = (struct temp)TEMP_INIT;
}

void
temp_discard(struct temp *t)
{
	int saved = errno;

	if (t->temp != NULL)
		unlinkat(t->dirfd, t->temp, 0);
	temp_release(t);
	errno = saved;
}

static int
sync_folder_of(int dirfd, const char *path)
{
	const char *slash = strrchr(path, '/');
	c_free char *folder = NULL;
	c_close int fd = -1;

	if (slash == NULL)
		folder = xstrdup(".");
	else
		folder = xstrndup(path, (size_t)(slash - path) + 1);
	fd = openat(dirfd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -1 : fsync(fd);
}

/* Bytes on the disk first, if they shall be there before the name. */
static int
settle(struct temp *t, unsigned flags, struct err *e)
{
	if ((flags & FILE_SYNC) && fsync(t->fd) < 0)
		return err_sys(e, "%s", t->path);
	return 0;
}

static int
settle_name(struct temp *t, unsigned flags, struct err *e)
{
	if ((flags & FILE_SYNC) && sync_folder_of(t->dirfd, t->path) < 0)
		return err_sys(e, "%s", t->path);
	return 0;
}

int
temp_replace(struct temp *t, unsigned flags, struct err *e)
{
	if (settle(t, flags, e) < 0)
		return -1;
	if (renameat(t->dirfd, t->temp, t->dirfd, t->path) < 0)
		return err_sys(e, "%s", t->path);
	temp_list_drop(TAKE(t->slot, -1));
	free(TAKE(t->temp, NULL));
	if (settle_name(t, flags, e) < 0)
		return -1;
	temp_release(t);
	return 0;
}

/* Publishes under a new name; 1: it is taken, the temp stays. */
static int
temp_create(struct temp *t, unsigned flags, struct err *e)
{
	if (settle(t, flags, e) < 0)
		return -1;
	if (linkat(t->dirfd, t->temp, t->dirfd, t->path, 0) < 0)
		return errno == EEXIST ? 1 : err_sys(e, "%s", t->path);
	if (settle_name(t, flags, e) < 0)
		return -1;
	temp_discard(t);
	return 0;
}

static int
write_temp(int dirfd, const char *path, const void *p, size_t n,
    unsigned flags, struct temp *ret, struct err *e)
{
	if (temp_open(dirfd, path, flags, ret, e) < 0)
		return -1;
	if (file_write_all(ret->fd, p, n) < 0)
		return err_sys(e, "%s", path);
	return 0;
}

int
file_replace(int dirfd, const char *path, const void *p, size_t n,
    unsigned flags, struct err *e)
{
	c_temp struct temp t = TEMP_INIT;

	if (write_temp(dirfd, path, p, n, flags, &t, e) < 0)
		return -1;
	return temp_replace(&t, flags, e);
}

/* 1 if the file holds these bytes, 0 if not (or cannot be read). */
static int
same_bytes(int dirfd, const char *path, const void *p, size_t n)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err ignored;

	return file_read(dirfd, path, n, &b, &ignored) == 0 && b.n == n &&
	    memcmp(b.p, p, n) == 0;
}

int
file_create(int dirfd, const char *path, const void *p, size_t n,
    unsigned flags, struct err *e)
{
	c_temp struct temp t = TEMP_INIT;
	int rc = 1;

	/* What is there most often settles it without a write. */
	if (faccessat(dirfd, path, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		if (write_temp(dirfd, path, p, n, flags, &t, e) < 0)
			return -1;
		rc = temp_create(&t, flags, e);
	}
	if (rc <= 0)
		return rc;
	if (same_bytes(dirfd, path, p, n))
		return 1;
	return err_set(e, ERR_CONFLICT,
	    "%s: is there already, with other content", path);
}
