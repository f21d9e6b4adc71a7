#include "sys/rewrite.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "sys/file.h"

/*
 * 1 if nobody else has it open: only then a lease for writing is given, and
 * given back at once.  Whoever opens it in between costs us a signal that is
 * ignored, not the SIGIO that would end us.
 */
static int
is_open_here_only(int fd)
{
	return fcntl(fd, F_SETSIG, SIGURG) == 0 &&
	    fcntl(fd, F_SETLEASE, F_WRLCK) == 0 &&
	    fcntl(fd, F_SETLEASE, F_UNLCK) == 0;
}

/* Regular, read and written by its owner, no name but this. */
static int
is_ours_alone(int fd, const struct stat *st)
{
	return S_ISREG(st->st_mode) && st->st_nlink == 1 &&
	    st->st_uid == geteuid() && (st->st_mode & 07711) == 0600 &&
	    is_open_here_only(fd);
}

/* What is there, with what it holds, or a new one. */
static int
open_own(const char *path, off_t *ret_size)
{
	int flags = O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY |
	    O_CLOEXEC;
	int fd = open(path, flags, 0666);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && is_ours_alone(fd, &st)) {
		*ret_size = st.st_size;
		return fd;
	}
	if (fd < 0 && errno != ELOOP && errno != EACCES && errno != ENXIO)
		return -1;
	closep(&fd);
	if (unlink(path) < 0 && errno != ENOENT)
		return -1;
	*ret_size = 0;
	return open(path, flags | O_EXCL, 0666);
}

int
rewrite_file(const char *path, struct str text, struct err *e)
{
	off_t had;
	c_close int fd = open_own(path, &had);

	if (fd < 0 || file_write_all(fd, text.p, text.n) < 0 ||
	    (had > (off_t)text.n && ftruncate(fd, (off_t)text.n) < 0))
		return err_sys(e, "%s", path);
	return 0;
}

int
rewrite_open(const char *path, int *ret_fd, struct err *e)
{
	off_t had;
	c_close int fd = open_own(path, &had);

	if (fd < 0)
		return err_sys(e, "%s", path);
	if (had > 0) {
		/* Closed in between: what was cut to nothing and then written
		 * is put on the disk by ext4 when it is closed. */
		if (ftruncate(fd, 0) < 0)
			return err_sys(e, "%s", path);
		closep(&fd);
		fd = open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "%s", path);
	}
	*ret_fd = TAKE(fd, -1);
	return 0;
}
