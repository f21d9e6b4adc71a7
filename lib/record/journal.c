#include "record/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/limits.h"
#include "base/num.h"
#include "sys/file.h"
#include "sys/lock.h"

#define NAME_OF_FILE	"journal"
#define READ_BYTES	((size_t)256 * 1024)

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

static char *
path_of(const char *dir)
{
	struct strbuf b = STRBUF_INIT;

	strbuf_addf(&b, "%s/" NAME_OF_FILE, dir);
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
	c_free char *path = path_of(dir);
	char temp[sizeof((*ret)->temp)];

	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return err_sys(e, "%s", dir);
	if (faccessat(dirfd, NAME_OF_FILE, F_OK, 0) == 0)
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

/* Splits "CRC SEQ TIME JSON"; -1 if the line is not a record. */
static int
parse_line(struct str line, struct journal_line *ret)
{
	struct str rest, part;
	const char *sp;
	uint64_t n;
	uint32_t crc = 0;
	size_t i;

	if (line.n < 9 || line.p[8] != ' ')
		return -1;
	for (i = 0; i < 8; i++) {
		const char *hex = "0123456789abcdef", *at;

		at = line.p[i] ? strchr(hex, line.p[i]) : NULL;
		if (at == NULL)
			return -1;
		crc = crc << 4 | (uint32_t)(at - hex);
	}
	rest = (struct str){ line.p + 9, line.n - 9 };
	if (crc32c(0, rest) != crc)
		return -1;
	sp = memchr(rest.p, ' ', rest.n);
	if (sp == NULL)
		return -1;
	part = (struct str){ rest.p, (size_t)(sp - rest.p) };
	if (num_parse_u64(part, 0, UINT64_MAX, &ret->seq) < 0)
		return -1;
	rest.n -= part.n + 1;
	rest.p = sp + 1;
	sp = memchr(rest.p, ' ', rest.n);
	if (sp == NULL)
		return -1;
	part = (struct str){ rest.p, (size_t)(sp - rest.p) };
	if (num_parse_u64(part, 0, INT64_MAX, &n) < 0)
		return -1;
	ret->time_us = (int64_t)n;
	ret->json = (struct str){ sp + 1, rest.n - part.n - 1 };
	return 0;
}

struct scan {
	const char	*path;
	journal_fn	*fn;
	void		*arg;
	uint64_t	 next_seq;
	off_t		 end;	/* after the last good line */
	/* A bad line is forgiven only as the last one: a torn write. */
	int		 bad;
};

static int
scan_line(struct scan *s, struct str line, struct err *e)
{
	struct journal_line rec = { .at = 0 };

	if (s->bad || parse_line(line, &rec) < 0 || rec.seq != s->next_seq) {
		if (!s->bad) {
			s->bad = 1;
			return 0;
		}
		return err_set(e, ERR_CORRUPT, "%s: record %llu is damaged",
		    s->path, (unsigned long long)s->next_seq);
	}
	s->next_seq++;
	rec.at = (int64_t)s->end + (rec.json.p - line.p);
	s->end += (off_t)line.n + 1;
	return s->fn == NULL ? 0 : s->fn(&rec, s->arg, e);
}

/* Hands over each line of buf that ends; what is left stays. */
static int
scan_buffer(struct scan *s, struct strbuf *buf, struct err *e)
{
	size_t from = 0;
	char *nl;

	while ((nl = memchr(buf->p + from, '\n', buf->n - from)) != NULL) {
		struct str line = { buf->p + from,
		    (size_t)(nl - buf->p) - from };

		if (scan_line(s, line, e) < 0)
			return -1;
		from += line.n + 1;
	}
	if (buf->n - from > MAX_JOURNAL_LINE)
		return err_set(e, ERR_CORRUPT, "%s: record %llu is too long",
		    s->path, (unsigned long long)s->next_seq);
	memmove(buf->p, buf->p + from, buf->n - from);
	strbuf_setlen(buf, buf->n - from);
	return 0;
}

static int
scan_file(int fd, struct scan *s, struct err *e)
{
	c_strbuf struct strbuf buf = STRBUF_INIT;
	off_t at = s->end;
	ssize_t n;

	for (;;) {
		strbuf_grow(&buf, READ_BYTES);
		n = pread(fd, buf.p + buf.n, READ_BYTES, at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "%s", s->path);
		if (n == 0)
			return 0;
		at += n;
		buf.n += (size_t)n;
		buf.p[buf.n] = '\0';
		if (scan_buffer(s, &buf, e) < 0)
			return -1;
	}
}

int
journal_open(const char *dir, journal_fn *fn, void *arg, struct journal **ret,
    struct err *e)
{
	c_close int dirfd = -1, fd = -1;
	c_free char *path = path_of(dir);
	struct scan s = { .path = path, .fn = fn, .arg = arg };
	struct stat st;

	dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dirfd >= 0)
		fd = openat(dirfd, NAME_OF_FILE, O_RDWR | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_MISSING, "%s: no such execution", dir);
	if (fd < 0)
		return err_sys(e, "%s", path);
	if (take_lock(fd, path, e) < 0 || scan_file(fd, &s, e) < 0)
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

int
journal_read_on(const char *dir, struct journal_place *place, journal_fn *fn,
    void *arg, struct err *e)
{
	c_close int fd = -1;
	c_free char *path = path_of(dir);
	struct scan s = { .path = path, .fn = fn, .arg = arg,
	    .end = (off_t)place->at, .next_seq = place->seq };

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_MISSING, "%s: no such execution", dir);
	if (fd < 0)
		return err_sys(e, "%s", path);
	if (scan_file(fd, &s, e) < 0)
		return -1;
	*place = (struct journal_place){ s.end, s.next_seq };
	return 0;
}

int
journal_read(const char *dir, journal_fn *fn, void *arg, struct err *e)
{
	struct journal_place place = { 0, 0 };

	return journal_read_on(dir, &place, fn, arg, e);
}

/* Bytes at..at+n of the file, in place of what is in buf. */
static int
read_part(int fd, const char *path, off_t at, size_t n, struct strbuf *buf,
    struct err *e)
{
	ssize_t got;

	strbuf_reset(buf);
	strbuf_grow(buf, n);
	while (buf->n < n) {
		got = pread(fd, buf->p + buf->n, n - buf->n,
		    at + (off_t)buf->n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_sys(e, "%s", path);
		if (got == 0)
			break;
		buf->n += (size_t)got;
	}
	buf->p[buf->n] = '\0';
	return 0;
}

int
journal_read_at(const char *dir, int64_t at, size_t n, struct strbuf *ret,
    struct err *e)
{
	c_close int fd = -1;
	c_free char *path = path_of(dir);

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "%s", path);
	if (read_part(fd, path, (off_t)at, n, ret, e) < 0)
		return -1;
	return ret->n == n ? 0 : err_set(e, ERR_CORRUPT, "%s: has become "
	    "shorter", path);
}

/* The first line; n 0 if there is no whole one. */
static int
first_line(int fd, const char *path, off_t size, struct strbuf *buf,
    struct str *ret, struct err *e)
{
	size_t n = 4096;
	const char *nl;

	for (;; n *= 4) {
		n = MIN(n, (size_t)size);
		if (read_part(fd, path, 0, n, buf, e) < 0)
			return -1;
		nl = memchr(buf->p, '\n', buf->n);
		if (nl != NULL || n == (size_t)size || n > MAX_JOURNAL_LINE)
			break;
	}
	*ret = (struct str){ buf->p, nl == NULL ? 0 :
	    (size_t)(nl - buf->p) };
	return 0;
}

/* The last line that ends; n 0 if there is none or it is the first one. */
static int
last_line(int fd, const char *path, off_t size, struct strbuf *buf,
    struct str *ret, struct err *e)
{
	const char *end = NULL, *from = NULL;
	size_t n = 4096;

	for (;; n *= 4) {
		n = MIN(n, (size_t)size);
		if (read_part(fd, path, size - (off_t)n, n, buf, e) < 0)
			return -1;
		end = memrchr(buf->p, '\n', buf->n);
		from = end == NULL ? NULL :
		    memrchr(buf->p, '\n', (size_t)(end - buf->p));
		if (from != NULL || n == (size_t)size || n > MAX_JOURNAL_LINE)
			break;
	}
	*ret = (struct str){ buf->p, 0 };
	if (from != NULL)
		*ret = (struct str){ from + 1, (size_t)(end - from) - 1 };
	return 0;
}

int
journal_read_ends(const char *dir, journal_fn *fn, void *arg, struct err *e)
{
	c_strbuf struct strbuf buf = STRBUF_INIT;
	c_close int fd = -1;
	c_free char *path = path_of(dir);
	struct journal_line rec = { .at = 0 };
	struct str line;
	struct stat st;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_MISSING, "%s: no such execution", dir);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "%s", path);
	if (first_line(fd, path, st.st_size, &buf, &line, e) < 0)
		return -1;
	if (line.n == 0 || parse_line(line, &rec) < 0 || rec.seq != 0)
		return err_set(e, ERR_CORRUPT, "%s: record 0 is damaged",
		    path);
	if (fn(&rec, arg, e) < 0 ||
	    last_line(fd, path, st.st_size, &buf, &line, e) < 0)
		return -1;
	if (line.n == 0)
		return 0;
	if (parse_line(line, &rec) < 0)
		return err_set(e, ERR_CORRUPT, "%s: its last record is "
		    "damaged", path);
	return fn(&rec, arg, e);
}

int
journal_alive(const char *dir, struct err *e)
{
	c_close int fd = -1;
	c_free char *path = path_of(dir);

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "%s", path);
	return lock_held(fd, 0, 0, e);
}

int
journal_wait(const char *dir, struct err *e)
{
	c_close int fd = -1;
	c_free char *path = path_of(dir);

	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "%s", path);
	return lock_wait(fd, 0, 0, e);
}

void
journal_append(struct journal *j, struct str json, int64_t time_us)
{
	size_t at = j->pending.n;
	struct str rest;
	char crc[9];

	if (journal_records(j) == 0)
		j->began_us = time_us;
	strbuf_adds(&j->pending, "00000000 ");
	strbuf_addu(&j->pending, j->next_seq + j->pending_n);
	strbuf_addch(&j->pending, ' ');
	strbuf_addi(&j->pending, time_us);
	strbuf_addch(&j->pending, ' ');
	strbuf_addstr(&j->pending, json);
	rest = (struct str){ j->pending.p + at + 9, j->pending.n - at - 9 };
	snprintf(crc, sizeof(crc), "%08x", crc32c(0, rest));
	memcpy(j->pending.p + at, crc, 8);
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
		rc = linkat(j->dirfd, j->temp, j->dirfd, NAME_OF_FILE, 0);
	else
		rc = linkat(AT_FDCWD, self, j->dirfd, NAME_OF_FILE,
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
	}
	if (sync == JOURNAL_POWER_SAFE && fdatasync(j->fd) < 0)
		return err_sys(e, "%s", j->path);
	return j->unnamed ? publish(j, sync, e) : 0;
}
