/* Reading journals, whole or by their ends. */
#include "record/journal_p.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32c.h"
#include "base/limits.h"
#include "base/num.h"
#include "sys/file.h"

#define READ_BYTES	((size_t)256 * 1024)

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

static int
scan_line(struct journal_scan *s, struct str line, struct err *e)
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
scan_buffer(struct journal_scan *s, struct strbuf *buf, struct err *e)
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

int
journal_scan_file(int fd, struct journal_scan *s, struct err *e)
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
journal_read_on(const char *dir, struct journal_place *place, journal_fn *fn,
    void *arg, struct err *e)
{
	c_close int fd = -1;
	c_free char *path = journal_path(dir);
	struct journal_scan s = { .path = path, .fn = fn, .arg = arg,
	    .end = (off_t)place->at, .next_seq = place->seq };

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_MISSING, "%s: no such execution", dir);
	if (fd < 0)
		return err_sys(e, "%s", path);
	if (journal_scan_file(fd, &s, e) < 0)
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
	c_free char *path = journal_path(dir);

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

/* The last line that ends, or, skip 1, the one before it; n 0 if there is none
 * or it is the first one. */
static int
last_line(int fd, const char *path, off_t size, int skip, struct strbuf *buf,
    struct str *ret, struct err *e)
{
	const char *end = NULL, *from = NULL;
	size_t n = 4096;

	for (;; n *= 4) {
		n = MIN(n, (size_t)size);
		if (read_part(fd, path, size - (off_t)n, n, buf, e) < 0)
			return -1;
		end = memrchr(buf->p, '\n', buf->n);
		if (skip && end != NULL)
			end = memrchr(buf->p, '\n', (size_t)(end - buf->p));
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
	c_free char *path = journal_path(dir);
	struct journal_line rec = { .at = 0 };
	struct str line;
	struct stat st;
	int skip;

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
	if (fn(&rec, arg, e) < 0)
		return -1;
	/* A bad line at the end was never acknowledged, as in scan_line. */
	for (skip = 0; skip < 2; skip++) {
		if (last_line(fd, path, st.st_size, skip, &buf, &line, e) < 0)
			return -1;
		if (line.n == 0)
			return 0;
		if (parse_line(line, &rec) == 0)
			return fn(&rec, arg, e);
	}
	return err_set(e, ERR_CORRUPT, "%s: its last record is damaged", path);
}
