#include "sys/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

int
lock_open(int dirfd, const char *path, struct err *e)
{
	int fd = openat(dirfd, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY,
	    0666);

	if (fd < 0)
		return err_sys(e, "%s", path);
	return fd;
}

static struct flock
range(short type, int64_t at, int64_t len)
{
	return (struct flock){
		.l_type = type, .l_whence = SEEK_SET,
		.l_start = at, .l_len = len,
	};
}

int
lock_try(int fd, int64_t at, int64_t len, struct err *e)
{
	struct flock l = range(F_WRLCK, at, len);

	if (fcntl(fd, F_OFD_SETLK, &l) == 0)
		return 0;
	if (errno == EAGAIN || errno == EACCES)
		return 1;
	return err_sys(e, "lock");
}

int
lock_wait(int fd, int64_t at, int64_t len, struct err *e)
{
	struct flock l = range(F_WRLCK, at, len);

	while (fcntl(fd, F_OFD_SETLKW, &l) < 0)
		if (errno != EINTR)
			return err_sys(e, "lock");
	return 0;
}

void
lock_drop(int fd, int64_t at, int64_t len)
{
	struct flock l = range(F_UNLCK, at, len);

	/* Fails only for a descriptor that is no file: our own fault. */
	if (fcntl(fd, F_OFD_SETLK, &l) < 0 && errno == EBADF)
		BUG("lock_drop: not a descriptor: %d", fd);
}

int
lock_held(int fd, int64_t at, int64_t len, struct err *e)
{
	struct flock l = range(F_WRLCK, at, len);

	if (fcntl(fd, F_OFD_GETLK, &l) < 0)
		return err_sys(e, "lock");
	return l.l_type != F_UNLCK;
}

void
lock_wait_argv(const char *program, int64_t at, int64_t len,
    char buf[LOCK_WAIT_BUF], const char *argv[4])
{
	int n = snprintf(buf, LOCK_WAIT_BUF, "%" PRId64, at) + 1;

	snprintf(buf + n, (size_t)(LOCK_WAIT_BUF - n), "%" PRId64, len);
	argv[0] = program;
	argv[1] = buf;
	argv[2] = buf + n;
	argv[3] = NULL;
}
