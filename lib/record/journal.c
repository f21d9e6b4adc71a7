#include "record/journal_p.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "sys/file.h"
#include "sys/lock.h"

struct journal {
	int		 dirfd;
	int		 fd;
	char		*path;		/* for messages */
	uint64_t	 next_seq;
	int64_t		 began_us;
	off_t		 end;		/* bytes that count as written */
	int		 unnamed;	/* not yet linked into the folder */
	char		 temp[48];	/* its name till then, or "" */
	struct strbuf	 pending;
	size_t		 pending_n;	/* records in it */
};

static struct journal *
journal_new(int dirfd, int fd, char *path)
{
	struct journal *j = xcalloc(1, sizeof(*j));

	j->dirfd = dirfd;
	j->fd = fd;
	j->path = path;
	strbuf_init(&j->pending);
	return j;
}

void
journal_close(struct journal *j)
{
	if (j == NULL)
		return;
	if (j->temp[0] != '\0')
		unlinkat(j->dirfd, j->temp, 0);
	closep(&j->fd);
	closep(&j->dirfd);
	strbuf_release(&j->pending);
	free(j->path);
	free(j);
}

void
journal_closep(struct journal **j)
{
	journal_close(*j);
}

/* The writer's lock: whole file, released by the kernel when it dies. */
static int
take_lock(int fd, const char *path, struct err *e)
{
	int rc = lock_try(fd, 0, 0, e);

	if (rc < 0)
		return err_wrap(e, "%s", path);
	if (rc > 0)
		return err_set(e, ERR_BUSY, "%s: in use by another process",
		    path);
	return 0;
}

char *
journal_path(const char *dir)
{
	struct strbuf b = STRBUF_INIT;

	strbuf_addf(&b, "%s/" JOURNAL_FILE, dir);
	return strbuf_detach(&b, NULL);
}

/*
 * A new file that vanishes if we die before it is published; under a
 * temporary name where the file system has no O_TMPFILE.
 */
static int
open_unnamed(int dirfd, char *temp, size_t size)
{
	int fd = openat(dirfd, ".", O_RDWR | O_TMPFILE | O_CLOEXEC, 0666);

	temp[0] = '\0';
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR &&
	    errno != EINVAL && errno != ENOENT))
		return fd;
	snprintf(temp, size, ".journal.%ld", (long)getpid());
	unlinkat(dirfd, temp, 0);
	fd = openat(dirfd, temp, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		temp[0] = '\0';
	return fd;
}

int
journal_create(const char *dir, struct journal **ret, struct err *e)
{
	c_close int dirfd = -1, fd = -1;
	c_free char *path = journal_path(dir);
	char temp[sizeof((*ret)->temp)];

	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return err_sys(e, "%s", dir);
	if (faccessat(dirfd, JOURNAL_FILE, F_OK, 0) == 0)
		return err_set(e, ERR_CONFLICT, "%s: exists", path);
	fd = open_unnamed(dirfd, temp, sizeof(temp));
	if (fd < 0)
		return err_sys(e, "%s", path);
	*ret = journal_new(TAKE(dirfd, -1), TAKE(fd, -1), TAKE(path, NULL));
	(*ret)->unnamed = 1;
	memcpy((*ret)->temp, temp, sizeof(temp));
	if (take_lock((*ret)->fd, (*ret)->path, e) < 0) {
		journal_close(TAKE(*ret, NULL));
		return -1;
	}
	return 0;
}

int
journal_open(const char *dir, journal_fn *fn, void *arg, struct journal **ret,
    struct err *e)
{
	c_close int dirfd = -1, fd = -1;
	c_free char *path = journal_path(dir);
	struct journal_scan s = { .path = path, .fn = fn, .arg = arg };
	struct stat st;

	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd >= 0)
		fd = openat(dirfd, JOURNAL_FILE, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_MISSING, "%s: no such execution", dir);
	if (fd < 0)
		return err_sys(e, "%s", path);
	if (take_lock(fd, path, e) < 0 || journal_scan_file(fd, &s, e) < 0)
		return -1;
	if (fstat(fd, &st) < 0)
		return err_sys(e, "%s", path);
	if (st.st_size > s.end && ftruncate(fd, s.end) < 0)
		return err_sys(e, "%s: cut the torn end off", path);
	*ret = journal_new(TAKE(dirfd, -1), TAKE(fd, -1), TAKE(path, NULL));
	(*ret)->next_seq = s.next_seq;
	(*ret)->end = s.end;
	return 0;
}

/* A descriptor of the journal, not the one that holds its lock. */
static int
open_file(const char *dir, int flags, struct err *e)
{
	c_free char *path = journal_path(dir);
	int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 ? err_sys(e, "%s", path) : fd;
}

int
journal_alive(const char *dir, struct err *e)
{
	c_close int fd = open_file(dir, O_RDONLY, e);

	return fd < 0 ? -1 : lock_held(fd, 0, 0, e);
}

int
journal_wait(const char *dir, struct err *e)
{
	c_close int fd = open_file(dir, O_RDWR, e);

	return fd < 0 ? -1 : lock_wait(fd, 0, 0, e);
}

void
journal_append(struct journal *j, struct str json, int64_t time_us)
{
	size_t at = j->pending.n;
	struct str rest;
	uint32_t crc;
	int i;

	if (journal_records(j) == 0)
		j->began_us = time_us;
	strbuf_adds(&j->pending, "00000000 ");
	strbuf_addu(&j->pending, j->next_seq + j->pending_n);
	strbuf_addch(&j->pending, ' ');
	strbuf_addi(&j->pending, time_us);
	strbuf_addch(&j->pending, ' ');
	strbuf_addstr(&j->pending, json);
	rest = (struct str){ j->pending.p + at + 9, j->pending.n - at - 9 };
	crc = crc32c(0, rest);
	for (i = 7; i >= 0; i--, crc >>= 4)
		j->pending.p[at + (size_t)i] = "0123456789abcdef"[crc & 15];
	strbuf_addch(&j->pending, '\n');
	j->pending_n++;
}

uint64_t
journal_records(const struct journal *j)
{
	return j->next_seq + j->pending_n;
}

int64_t
journal_began(const struct journal *j)
{
	return j->began_us;
}

size_t
journal_pending(const struct journal *j)
{
	return j->pending.n;
}

static int
write_pending(struct journal *j, struct err *e)
{
	size_t done = 0;
	ssize_t n;

	while (done < j->pending.n) {
		n = pwrite(j->fd, j->pending.p + done, j->pending.n - done,
		    j->end + (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "%s", j->path);
		done += (size_t)n;
	}
	return 0;
}

/* Gives a new journal its name, with its first records already in it. */
static int
publish(struct journal *j, enum journal_sync sync, struct err *e)
{
	char self[64];
	int rc;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", j->fd);
	if (j->temp[0] != '\0')
		rc = linkat(j->dirfd, j->temp, j->dirfd, JOURNAL_FILE, 0);
	else
		rc = linkat(AT_FDCWD, self, j->dirfd, JOURNAL_FILE,
		    AT_SYMLINK_FOLLOW);
	if (rc < 0) {
		if (errno == EEXIST)
			return err_set(e, ERR_CONFLICT, "%s: exists", j->path);
		return err_sys(e, "%s", j->path);
	}
	j->unnamed = 0;
	if (j->temp[0] != '\0')
		unlinkat(j->dirfd, j->temp, 0);
	j->temp[0] = '\0';
	if (sync == JOURNAL_POWER_SAFE && fsync(j->dirfd) < 0)
		return err_sys(e, "%s", j->path);
	return 0;
}

/* What is written to it then, nobody will ever read. */
static int
is_removed(const struct journal *j)
{
	struct stat st;

	return fstat(j->fd, &st) == 0 && st.st_nlink == 0;
}

int
journal_commit(struct journal *j, enum journal_sync sync, struct err *e)
{
	if (j->pending.n > 0) {
		if (write_pending(j, e) < 0)
			return -1;
		j->end += (off_t)j->pending.n;
		j->next_seq += j->pending_n;
		strbuf_reset(&j->pending);
		j->pending_n = 0;
		if (!j->unnamed && is_removed(j))
			return err_set(e, ERR_SYS, "%s: was removed while the "
			    "execution ran", j->path);
	}
	if (sync == JOURNAL_POWER_SAFE && fdatasync(j->fd) < 0)
		return err_sys(e, "%s", j->path);
	return j->unnamed ? publish(j, sync, e) : 0;
}
