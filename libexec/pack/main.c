/*
 * Archives, read and written for the tools: this program links libarchive
 * and looks at foreign bytes; it speaks frames (pack/frame.h).
 *
 *	pack read PACKAGE [DIR]		members to stdout, the code archive to
 *					a file in DIR
 *	pack write MTIME		members from stdin, .tgz to stdout, answer
 *					to stderr
 *	pack extract ARCHIVE DIR	unpacks
 *	pack code DIR			names and paths of files from stdin,
 *					a code archive to DIR
 *	pack folder FOLDER DIR [FILE]	a code archive of the folder to DIR,
 *					without FILE
 */

#include "pack.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/strbuf.h"
#include "pack/frame.h"
#include "pack/tar.h"
#include "sys/file.h"

#define CHUNK	((size_t)64 * 1024)

static int
is_code(const char *name)
{
	return str_starts(str_of(name), "fast") &&
	    str_ends(str_of(name), ".tar.gz");
}

static const char *
base_of(const char *name)
{
	const char *slash = strrchr(name, '/');

	return slash == NULL ? name : slash + 1;
}

/* The member's bytes into a file of the folder, or nowhere. */
static int
send_code(struct tar_reader *r, const char *name, const char *dir,
    struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	c_temp struct temp out = TEMP_INIT;
	char buf[CHUNK];
	ssize_t n;

	if (dir != NULL) {
		strbuf_addf(&path, "%s/%s", dir, base_of(name));
		if (temp_open(AT_FDCWD, path.p, 0, &out, e) < 0)
			return -1;
	}
	while ((n = tar_read(r, buf, sizeof(buf), e)) > 0)
		if (dir != NULL && file_write_all(out.fd, buf, (size_t)n) < 0)
			return err_sys(e, "%s", path.p);
	if (n < 0 || (dir != NULL && temp_replace(&out, 0, e) < 0))
		return -1;
	frame_write(stdout, FRAME_CODE, str_of(name), strbuf_str(&path));
	return 0;
}

static int
send_entity(struct tar_reader *r, const struct tar_member *m,
    struct strbuf *bytes, uint64_t *total, struct err *e)
{
	ssize_t n;

	*total += m->size;
	if (m->size > MAX_MESSAGE_BYTES || *total > MAX_PACK_ENTITY_BYTES)
		return err_set(e, ERR_SPEC, "member %s: larger than allowed",
		    m->name);
	strbuf_reset(bytes);
	strbuf_grow(bytes, (size_t)m->size + 1);
	while ((n = tar_read(r, bytes->p + bytes->n,
	    (size_t)m->size + 1 - bytes->n, e)) > 0)
		bytes->n += (size_t)n;
	if (n < 0)
		return -1;
	bytes->p[bytes->n] = '\0';
	frame_write(stdout, FRAME_MEMBER, str_of(m->name), strbuf_str(bytes));
	return 0;
}

static int
send_member(struct tar_reader *r, const struct tar_member *m, const char *dir,
    struct strbuf *bytes, uint64_t *total, struct err *e)
{
	if (m->type == S_IFDIR)
		return 0;
	if (m->type != S_IFREG || m->same_as != NULL)
		return err_set(e, ERR_SPEC,
		    "member %s: a link; a package holds only files", m->name);
	if (is_code(base_of(m->name)))
		return send_code(r, m->name, dir, e);
	if (!str_ends(str_of(m->name), ".pb"))
		return err_set(e, ERR_SPEC, "member %s: not a member of a "
		    "package: expected NN_name_{1,2,3}.pb or fast*.tar.gz",
		    m->name);
	return send_entity(r, m, bytes, total, e);
}

static int
read_archive(const char *path, const char *dir, struct err *e)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	struct tar_reader *r;
	struct tar_member m;
	uint64_t total = 0;
	int got;

	r = tar_open(path, e);
	if (r == NULL)
		return -1;
	while ((got = tar_next(r, &m, e)) > 0)
		if (send_member(r, &m, dir, &bytes, &total, e) < 0) {
			got = -1;
			break;
		}
	tar_close(r);
	return got;
}

struct folder {
	struct strbuf	bytes;
	uint64_t	total;
};

static int
send_file(void *arg, const struct walk_entry *w, struct err *e)
{
	struct folder *f = arg;

	if (w->path[0] == '\0' || S_ISDIR(w->st->st_mode))
		return 0;
	if (!str_ends(str_of(w->name), ".pb"))
		return 0;
	if (!S_ISREG(w->st->st_mode))
		return err_set(e, ERR_SPEC, "%s: not a regular file", w->path);
	strbuf_reset(&f->bytes);
	if (file_read(w->dirfd, w->name, MAX_MESSAGE_BYTES, &f->bytes, e) < 0)
		return -1;
	f->total += f->bytes.n;
	if (f->total > MAX_PACK_ENTITY_BYTES)
		return err_set(e, ERR_SPEC, "%s: more than allowed", w->path);
	frame_write(stdout, FRAME_MEMBER, str_of(w->path),
	    strbuf_str(&f->bytes));
	return 0;
}

/* The .pb files of an unpacked package. */
static int
read_folder(const char *path, struct err *e)
{
	struct folder f = { STRBUF_INIT, 0 };
	int ret = file_walk(AT_FDCWD, path, send_file, &f, e);

	strbuf_release(&f.bytes);
	return ret;
}

static int
read_package(const char *path, const char *dir, struct err *e)
{
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return read_folder(path, e);
	return read_archive(path, dir, e);
}

static int
put_code(struct tar_writer *w, const char *path, struct err *e)
{
	c_close int fd = -1;
	struct stat st;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "%s", path);
	return tar_put_fd(w, base_of(path), 0644, (uint64_t)st.st_size, fd,
	    e);
}

static int
put_members(struct tar_writer *w, struct err *e)
{
	c_frame struct frame f = FRAME_INIT;
	int got;

	while ((got = frame_read(stdin, &f, e)) > 0)
		if ((f.kind == FRAME_CODE ? put_code(w, f.data.p, e) :
		    tar_put(w, f.name.p, 0644, strbuf_str(&f.data), e)) < 0)
			return -1;
	return got;
}

static int
write_package(const char *mtime, struct err *e)
{
	struct tar_writer *w;
	int64_t seconds;

	if (num_parse_i64(str_of(mtime), 0, INT64_C(1) << 33, &seconds) < 0)
		return err_set(e, ERR_USAGE, "SOURCE_DATE_EPOCH: %s: expected "
		    "seconds since 1970", mtime);
	w = tar_create(STDOUT_FILENO, seconds, e);
	if (w == NULL)
		return -1;
	if (put_members(w, e) < 0) {
		tar_abort(w);
		return -1;
	}
	return tar_finish(w, e);
}

int
main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "";
	FILE *answer = strcmp(verb, "write") == 0 ? stderr : stdout;
	struct err e;
	int ret;

	if (strcmp(verb, "read") == 0 && (argc == 3 || argc == 4))
		ret = read_package(argv[2], argc == 4 ? argv[3] : NULL, &e);
	else if (strcmp(verb, "write") == 0 && argc == 3)
		ret = write_package(argv[2], &e);
	else if (strcmp(verb, "extract") == 0 && argc == 4)
		ret = tar_extract(argv[2], argv[3], &e);
	else if (strcmp(verb, "code") == 0 && argc == 3)
		ret = make_code(argv[2], &e);
	else if (strcmp(verb, "folder") == 0 && (argc == 4 || argc == 5))
		ret = make_folder(argv[2], argv[3], argc == 5 ? argv[4] :
		    NULL, &e);
	else
		ret = err_set(&e, ERR_USAGE, "pack: a helper of flyte-register"
		    ": read | write | extract | code | folder");
	if (ret < 0)
		frame_write_error(answer, &e);
	else
		frame_write(answer, FRAME_END, STR(""), STR(""));
	return fflush(answer) == 0 && !ferror(answer) ? 0 : EXIT_SYSTEM;
}
