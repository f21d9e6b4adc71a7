#include "pack/tar.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "base/utf8.h"
#include "sys/file.h"

#define BLOCK	512		/* of a tar archive */
#define CHUNK	((size_t)64 * 1024)

/*
 * The bytes of the archive come to libarchive through stream_read, which
 * does the gzip layer itself: libarchive passes over gzip's checksum and
 * length, and the ratio is checked where bytes are made, so that a bomb ends
 * before it is unpacked.
 */
struct tar_reader {
	struct archive	*archive;
	int		 fd;
	int		 gzip;
	int		 inflating;	/* inside a gzip stream */
	int		 streams;	/* gzip streams that have ended */
	int		 ended;		/* the file is at its end */
	z_stream	 z;
	uint64_t	 got;		/* bytes read from the file */
	uint64_t	 made;		/* bytes of tar made of them */
	uint64_t	 given;		/* bytes of members handed out */
	size_t		 members;
	size_t		 zeros;		/* zero bytes at the end so far */
	struct err	 trouble;	/* of stream_read */
	struct strbuf	 name, target, same_as;
	unsigned char	 in[CHUNK], out[CHUNK];
};

static int
ratio_check(const struct tar_reader *r, struct err *e)
{
	const uint64_t free_bytes = 16 * 1024 * 1024;

	if (r->made > MAX_PACK_BYTES)
		return err_set(e, ERR_SPEC,
		    "unpacks to more than the %llu GiB that are allowed",
		    (unsigned long long)(MAX_PACK_BYTES >> 30));
	if (r->made > free_bytes && r->made / MAX_PACK_RATIO > r->got)
		return err_set(e, ERR_SPEC,
		    "a compression bomb: unpacks to more than %d times its "
		    "size", MAX_PACK_RATIO);
	return 0;
}

static void
count_zeros(struct tar_reader *r, size_t n)
{
	size_t i = n;

	while (i > 0 && r->out[i - 1] == 0)
		i--;
	r->zeros = i == 0 ? r->zeros + n : n - i;
}

/* More of the file in r->in: 1, 0 at its end, -1. */
static int
fill(struct tar_reader *r)
{
	ssize_t n;

	n = file_read_some(r->fd, r->in, sizeof(r->in));
	if (n < 0)
		return err_sys(&r->trouble, "cannot be read");
	r->z.next_in = r->in;
	r->z.avail_in = (unsigned)n;
	r->got += (uint64_t)n;
	r->ended = n == 0;
	return n > 0;
}

static int
inflate_trouble(struct tar_reader *r, int code)
{
	return err_set(&r->trouble, ERR_SPEC, "damaged: %s",
	    r->z.msg != NULL ? r->z.msg :
	    code == Z_BUF_ERROR ? "the compressed data is cut off" :
	    "not gzip data");
}

/*
 * Behind a gzip stream: zeros, with which writers of tape blocks fill up, are
 * passed over; another stream may follow, but not behind zeros.  0 or -1.
 */
static int
skip_padding(struct tar_reader *r)
{
	int padded = 0, got;

	for (;;) {
		while (r->z.avail_in > 0 && *r->z.next_in == 0) {
			r->z.next_in++;
			r->z.avail_in--;
			padded = 1;
		}
		if (r->z.avail_in > 0 || r->ended)
			break;
		if ((got = fill(r)) < 0)
			return -1;
	}
	if (padded && r->z.avail_in > 0)
		return err_set(&r->trouble, ERR_SPEC,
		    "damaged: bytes behind the end of the archive");
	return 0;
}

/* One step of inflating into r->out: bytes made, 0 at the end, -1. */
static ssize_t
inflate_some(struct tar_reader *r)
{
	int code, got = 1;

	r->z.next_out = r->out;
	r->z.avail_out = sizeof(r->out);
	while (r->z.avail_out == sizeof(r->out)) {
		if (!r->inflating && r->streams > 0 && skip_padding(r) < 0)
			return -1;
		if (r->z.avail_in == 0 && (got = fill(r)) < 0)
			return -1;
		if (got == 0) {
			if (r->inflating)
				return inflate_trouble(r, Z_BUF_ERROR);
			return 0;
		}
		r->inflating = 1;
		code = inflate(&r->z, Z_NO_FLUSH);
		if (code == Z_STREAM_END) {
			/* Streams may follow each other. */
			r->inflating = 0;
			r->streams++;
			inflateReset(&r->z);
		} else if (code != Z_OK) {
			return inflate_trouble(r, code);
		}
	}
	return (ssize_t)(sizeof(r->out) - r->z.avail_out);
}

static ssize_t
plain_some(struct tar_reader *r)
{
	size_t n;
	int got;

	if (r->z.avail_in == 0 && (got = fill(r)) <= 0)
		return got;
	n = r->z.avail_in;
	memcpy(r->out, r->z.next_in, n);
	r->z.avail_in = 0;
	return (ssize_t)n;
}

static ssize_t
stream_some(struct tar_reader *r)
{
	ssize_t n = r->gzip ? inflate_some(r) : plain_some(r);

	if (n <= 0)
		return n;
	r->made += (uint64_t)n;
	count_zeros(r, (size_t)n);
	return ratio_check(r, &r->trouble) < 0 ? -1 : n;
}

static la_ssize_t
stream_read(struct archive *a, void *arg, const void **ret)
{
	struct tar_reader *r = arg;
	ssize_t n;

	*ret = r->out;
	n = r->trouble.kind != ERR_NONE ? -1 : stream_some(r);
	if (n < 0)
		archive_set_error(a, EIO, "%s", r->trouble.msg);
	return n;
}

/* libarchive's trouble, or our own beneath it. */
static int
archive_trouble(struct tar_reader *r, struct err *e)
{
	const char *text;

	if (r->trouble.kind != ERR_NONE) {
		*e = r->trouble;
		return -1;
	}
	text = archive_error_string(r->archive);
	return err_set(e, ERR_SPEC, "not a tar archive, or damaged: %s",
	    text == NULL ? "no reason given" : text);
}

static int
open_stream(struct tar_reader *r, struct err *e)
{
	if (fill(r) < 0) {
		*e = r->trouble;
		return -1;
	}
	if (r->z.avail_in == 0)
		return err_set(e, ERR_SPEC, "empty: not a tar archive");
	r->gzip = r->z.avail_in >= 2 && r->in[0] == 0x1f && r->in[1] == 0x8b;
	if (r->gzip && inflateInit2(&r->z, 15 + 16) != Z_OK)
		return err_set(e, ERR_SYS, "zlib cannot be set up");
	r->archive = archive_read_new();
	if (r->archive == NULL)
		BUG("libarchive: no memory");
	archive_read_support_format_tar(r->archive);
	if (archive_read_open(r->archive, r, NULL, stream_read, NULL) !=
	    ARCHIVE_OK)
		return archive_trouble(r, e);
	return 0;
}

/* A descriptor of the archive, or -1. */
static int
open_file(const char *path, struct err *e)
{
	struct stat st;
	c_close int fd = -1;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return err_set(e, ERR_MISSING, "no such file");
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "cannot be read");
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_SPEC, "not a regular file");
	return TAKE(fd, -1);
}

struct tar_reader *
tar_open(const char *path, struct err *e)
{
	struct tar_reader *r;
	int fd = open_file(path, e);

	if (fd < 0)
		return NULL;
	r = xcalloc(1, sizeof(*r));
	r->fd = fd;
	strbuf_init(&r->name);
	strbuf_init(&r->target);
	strbuf_init(&r->same_as);
	if (open_stream(r, e) == 0)
		return r;
	tar_close(r);
	return NULL;
}

void
tar_close(struct tar_reader *r)
{
	if (r == NULL)
		return;
	if (r->archive != NULL)
		archive_read_free(r->archive);
	if (r->gzip)
		inflateEnd(&r->z);
	close(r->fd);
	strbuf_release(&r->name);
	strbuf_release(&r->target);
	strbuf_release(&r->same_as);
	free(r);
}

static int
name_trouble(const char *raw, const char *what, struct err *e)
{
	c_strbuf struct strbuf shown = STRBUF_INIT;

	utf8_add_shown(&shown, str_of(raw));
	return err_set(e, ERR_SPEC, "member %s: %s", shown.p, what);
}

/* The name with "." and empty parts left out, or an error. */
static int
clean_name(const char *raw, struct strbuf *ret, struct err *e)
{
	const char *p = raw;
	size_t i, n;

	strbuf_reset(ret);
	for (i = 0; raw[i] != '\0'; i++)
		if ((unsigned char)raw[i] < ' ' || raw[i] == 0x7f)
			return name_trouble(raw, "control bytes in its name",
			    e);
	if (i > MAX_PATH_BYTES)
		return err_set(e, ERR_SPEC,
		    "a member's name has %zu bytes; at most %d are allowed",
		    i, MAX_PATH_BYTES);
	if (!utf8_valid(str_of(raw)))
		return name_trouble(raw, "its name is not UTF-8", e);
	if (raw[0] == '/')
		return name_trouble(raw, "an absolute name leads outside", e);
	for (; *p != '\0'; p += n) {
		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			return name_trouble(raw, "its name leads outside", e);
		if (n > NAME_MAX)
			return name_trouble(raw, "its name is too long", e);
		if (n == 0 || (n == 1 && p[0] == '.'))
			continue;
		if (ret->n > 0)
			strbuf_addch(ret, '/');
		strbuf_add(ret, p, n);
	}
	return 0;
}

/*
 * A link may begin with as many ".." as there are folders above it, and have
 * no ".." after that.  Folders of an unpacked archive are never links, so
 * such a link stays inside, however many links follow each other.
 */
static int
check_link(const char *name, const char *target, struct err *e)
{
	const char *p = target;
	size_t depth = 0, i, n;
	int down = 0;

	for (i = 0; name[i] != '\0'; i++)
		depth += name[i] == '/';
	if (target[0] == '/' || target[0] == '\0')
		return name_trouble(name, "a link that leads outside", e);
	for (; *p != '\0'; p += n) {
		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 0 || (n == 1 && p[0] == '.'))
			continue;
		if (n != 2 || p[0] != '.' || p[1] != '.')
			down = 1;
		else if (down || depth-- == 0)
			return name_trouble(name,
			    "a link that leads outside", e);
	}
	return 0;
}

/* What libarchive knows of a text: as it is, or where it came in UTF-8 and
 * the C locale cannot say it, in UTF-8. */
static const char *
either(const char *raw, const char *utf8)
{
	return raw != NULL ? raw : utf8 != NULL ? utf8 : "";
}

static int
take_member(struct tar_reader *r, struct archive_entry *entry,
    struct tar_member *ret, struct err *e)
{
	const char *raw = either(archive_entry_pathname(entry),
	    archive_entry_pathname_utf8(entry));
	int64_t size = archive_entry_size(entry);
	const char *same;

	if (clean_name(raw, &r->name, e) < 0)
		return -1;
	*ret = (struct tar_member){
		.name = r->name.p,
		.type = archive_entry_filetype(entry),
		.mode = archive_entry_perm(entry),
		.size = size < 0 ? 0 : (uint64_t)size,
	};
	same = either(archive_entry_hardlink(entry),
	    archive_entry_hardlink_utf8(entry));
	if (same[0] != '\0') {
		if (clean_name(same, &r->same_as, e) < 0)
			return -1;
		ret->type = S_IFREG;
		ret->same_as = r->same_as.p;
		return 0;
	}
	if (archive_entry_sparse_count(entry) > 0)
		return name_trouble(raw, "a sparse file", e);
	if (ret->type == S_IFREG && ret->size > MAX_PACK_BYTES)
		return name_trouble(raw, "larger than allowed", e);
	if (ret->type == S_IFLNK) {
		strbuf_reset(&r->target);
		strbuf_adds(&r->target, either(archive_entry_symlink(entry),
		    archive_entry_symlink_utf8(entry)));
		ret->target = r->target.p;
		return check_link(ret->name, ret->target, e);
	}
	if (ret->type != S_IFREG && ret->type != S_IFDIR)
		return name_trouble(raw,
		    "a device, pipe or socket; only files, folders and links "
		    "are allowed", e);
	return 0;
}

/* Reads what is behind the last member: checksums are checked, and without
 * the zeros that end a tar archive it was cut. */
static int
drain(struct tar_reader *r, struct err *e)
{
	ssize_t n;

	while (!r->ended && (n = stream_some(r)) != 0)
		if (n < 0) {
			*e = r->trouble;
			return -1;
		}
	if (r->zeros < BLOCK)
		return err_set(e, ERR_SPEC,
		    "truncated: the end of the archive is missing");
	return 0;
}

int
tar_next(struct tar_reader *r, struct tar_member *ret, struct err *e)
{
	struct archive_entry *entry;
	int code;

	for (;;) {
		code = archive_read_next_header(r->archive, &entry);
		if (code == ARCHIVE_EOF)
			return drain(r, e);
		if (code != ARCHIVE_OK && code != ARCHIVE_WARN)
			return archive_trouble(r, e);
		if (++r->members > MAX_PACK_MEMBERS)
			return err_set(e, ERR_SPEC,
			    "more than %zu members", MAX_PACK_MEMBERS);
		if (take_member(r, entry, ret, e) < 0)
			return -1;
		/* The root folder itself is no member. */
		if (ret->name[0] != '\0')
			return 1;
		if (ret->type != S_IFDIR)
			return err_set(e, ERR_SPEC,
			    "a member without a name");
	}
}

ssize_t
tar_read(struct tar_reader *r, void *buf, size_t n, struct err *e)
{
	la_ssize_t got = archive_read_data(r->archive, buf, n);

	if (got < 0)
		return archive_trouble(r, e);
	r->given += (uint64_t)got;
	if (r->given > MAX_PACK_BYTES || r->given > r->made)
		return err_set(e, ERR_SPEC, "more data than there is");
	return got;
}
