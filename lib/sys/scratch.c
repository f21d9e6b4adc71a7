#include "sys/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/strbuf.h"
#include "sys/file.h"

#define KEPT	"kept-"
#define TRIES	100

/* flock(2), whose header has the name of one of ours.  0 or -1. */
static int
lock_folder(int fd)
{
	return (int)syscall(SYS_flock, fd, LOCK_EX | LOCK_NB);
}

/* ---- what others left ---------------------------------------------------- */

/* Ours if its process is gone: 1, locked by *ret_fd. */
static int
take(int dirfd, const char *name, int *ret_fd)
{
	int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC |
	    O_NOFOLLOW);

	if (fd < 0)
		return 0;
	if (lock_folder(fd) < 0) {
		close(fd);
		return 0;
	}
	*ret_fd = fd;
	return 1;
}

static void
sweep_one(int dirfd, const char *base, const char *name,
    scratch_left_fn *fn, void *arg)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	c_close int lock = -1;
	struct err ignored;

	if (!take(dirfd, name, &lock))
		return;
	strbuf_addf(&path, "%s/%s", base, name);
	if ((fn == NULL || fn(arg, path.p) == 0) &&
	    file_remove(dirfd, name, &ignored) < 0)
		err_clear(&ignored);	/* the next one tries again */
}

static void
sweep(const char *base, const char *prefix, scratch_left_fn *fn, void *arg)
{
	size_t n = strlen(prefix);
	DIR *d = opendir(base);
	const struct dirent *de;

	if (d == NULL)
		return;
	/* What is not seen now is swept by the next. */
	while (file_next_entry(d, &de) > 0)
		if (strncmp(de->d_name, prefix, n) == 0 &&
		    de->d_name[n] == '.')
			sweep_one(dirfd(d), base, de->d_name, fn, arg);
	closedir(d);
}

/* ---- our own ------------------------------------------------------------- */

/*
 * Locks what was just made.  1: somebody who swept was faster, and it is
 * gone.
 */
static int
hold(struct scratch *s)
{
	struct stat st;

	s->fd = open(s->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (s->fd < 0)
		return errno == ENOENT;
	if (lock_folder(s->fd) < 0)
		return errno == EWOULDBLOCK;
	return fstat(s->fd, &st) == 0 && st.st_nlink == 0;
}

static int
make(const char *base, int own_base, const char *prefix, struct scratch *ret,
    struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	struct scratch s = { NULL, -1, own_base };
	int i;

	for (i = 0; i < TRIES; i++) {
		strbuf_reset(&path);
		strbuf_addf(&path, "%s/%s.XXXXXX", base, prefix);
		if (mkdtemp(path.p) == NULL) {
			if (errno != ENOENT || !own_base)
				return err_sys(e, "%s", path.p);
			if (mkdir(base, 0700) < 0 && errno == ENOENT &&
			    file_mkdirs(AT_FDCWD, base, e) < 0)
				return -1;
			continue;
		}
		s.dir = path.p;
		if (hold(&s) == 0) {
			s.dir = strbuf_detach(&path, NULL);
			*ret = s;
			return 0;
		}
		closep(&s.fd);
	}
	return err_set(e, ERR_BUSY, "%s: no folder could be made in it",
	    base);
}

int
scratch_make(const char *base, const char *prefix, scratch_left_fn *fn,
    void *arg, struct scratch *ret, struct err *e)
{
	sweep(base, prefix, fn, arg);
	return make(base, 1, prefix, ret, e);
}

/* A folder in which nobody else can put anything; made, if need be. */
static int
is_private(const char *path)
{
	struct stat st;

	if (mkdir(path, 0700) == 0)
		return 1;
	return errno == EEXIST && lstat(path, &st) == 0 &&
	    S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	    (st.st_mode & 022) == 0;
}

int
scratch_make_private(const char *place, const char *prefix,
    scratch_left_fn *fn, void *arg, struct scratch *ret, struct err *e)
{
	c_strbuf struct strbuf base = STRBUF_INIT;

	strbuf_addf(&base, "%s/flyte-%u", place, (unsigned)geteuid());
	if (is_private(base.p))
		return scratch_make(base.p, prefix, fn, arg, ret, e);
	strbuf_reset(&base);
	strbuf_addf(&base, "flyte-%s", prefix);
	return make(place, 0, base.p, ret, e);
}

int
scratch_keep(struct scratch *s, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	const char *name = strrchr(s->dir, '/') + 1;

	strbuf_add(&path, s->dir, (size_t)(name - s->dir));
	strbuf_addf(&path, KEPT "%s", name);
	if (rename(s->dir, path.p) < 0)
		return err_sys(e, "%s", s->dir);
	free(s->dir);
	s->dir = strbuf_detach(&path, NULL);
	return 0;
}

void
scratch_release(struct scratch *s)
{
	closep(&s->fd);
	free(s->dir);
	s->dir = NULL;
}

void
scratch_remove(struct scratch *s)
{
	struct err ignored;

	if (s->dir != NULL && file_remove(AT_FDCWD, s->dir, &ignored) < 0)
		err_clear(&ignored);	/* a later one sweeps it */
	if (s->dir != NULL && s->own_base) {
		*strrchr(s->dir, '/') = '\0';
		rmdir(s->dir);
	}
	scratch_release(s);
}
