/* Code archives: fast<md5>.tar.gz of some files or of a folder. */

#include "pack.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/vec.h"
#include "pack/frame.h"
#include "pack/ignore.h"
#include "pack/tar.h"
#include "sys/digest.h"
#include "sys/file.h"

/* Of every member, as pyflyte has it: 1980-01-01. */
#define CODE_MTIME	INT64_C(315532800)
#define CHUNK		((size_t)64 * 1024)

struct member {
	char	*name;		/* in the archive */
	char	*path;		/* where it lies */
	char	*target;	/* of a link, else NULL */
};

struct members {
	struct member	*at;
	size_t		 n, cap;
};

static void
members_release(struct members *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		free(m->at[i].name);
		free(m->at[i].path);
		free(m->at[i].target);
	}
	VEC_RELEASE(m);
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct member *)a)->name,
	    ((const struct member *)b)->name);
}

/* Sorts, and drops what is there twice. */
static int
settle(struct members *m, struct err *e)
{
	size_t i, n = 0;

	if (m->n == 0)
		return err_set(e, ERR_SPEC, "a code archive without files");
	qsort(m->at, m->n, sizeof(*m->at), by_name);
	for (i = 0; i < m->n; i++) {
		if (n > 0 && strcmp(m->at[n - 1].name, m->at[i].name) == 0) {
			if (strcmp(m->at[n - 1].path, m->at[i].path) != 0)
				return err_set(e, ERR_SPEC, "%s: two files "
				    "of this name for the code archive",
				    m->at[i].name);
			free(m->at[i].name);
			free(m->at[i].path);
			free(m->at[i].target);
			continue;
		}
		m->at[n++] = m->at[i];
	}
	m->n = n;
	return 0;
}

/* Its bytes, then its name without the separators. */
static int
hash_member(struct md5 *h, const struct member *m, struct err *e)
{
	c_close int fd = -1;
	char buf[CHUNK];
	const char *p;
	ssize_t n = 0;

	if (m->target == NULL) {
		fd = open(m->path, O_RDONLY | O_CLOEXEC);
		while (fd >= 0 && (n = read(fd, buf, sizeof(buf))) > 0)
			md5_update(h, buf, (size_t)n);
		if (fd < 0 || n < 0)
			return err_sys(e, "%s", m->path);
	} else {
		md5_update(h, m->target, strlen(m->target));
	}
	for (p = m->name; *p != '\0'; p++)
		if (*p != '/')
			md5_update(h, p, 1);
	return 0;
}

static int
put_member(struct tar_writer *w, const struct member *m, struct err *e)
{
	c_close int fd = -1;
	struct stat st;

	if (m->target != NULL)
		return tar_put_link(w, m->name, m->target, e);
	fd = open(m->path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "%s", m->path);
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_SPEC, "%s: not a regular file", m->path);
	return tar_put_fd(w, m->name, st.st_mode, (uint64_t)st.st_size, fd,
	    e);
}

static int
put_members(struct tar_writer *w, const struct members *m, struct err *e)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (put_member(w, &m->at[i], e) < 0)
			return -1;
	return 0;
}

static int
write_archive(const struct members *m, const char *dir, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	c_temp struct temp out = TEMP_INIT;
	unsigned char digest[MD5_SIZE];
	struct tar_writer *w;
	struct md5 hash;
	size_t i;

	md5_init(&hash);
	for (i = 0; i < m->n; i++)
		if (hash_member(&hash, &m->at[i], e) < 0)
			return -1;
	md5_final(&hash, digest);
	strbuf_addf(&path, "%s/fast", dir);
	hex_add(&path, digest, sizeof(digest));
	strbuf_adds(&path, ".tar.gz");
	if (temp_open(AT_FDCWD, path.p, 0, &out, e) < 0)
		return -1;
	w = tar_create(out.fd, CODE_MTIME, e);
	if (w == NULL)
		return -1;
	if (put_members(w, m, e) < 0) {
		tar_abort(w);
		return -1;
	}
	if (tar_finish(w, e) < 0 || temp_replace(&out, 0, e) < 0)
		return -1;
	frame_write(stdout, FRAME_CODE, STR("code"), strbuf_str(&path));
	return 0;
}

static int
settle_and_write(struct members *m, const char *dir, struct err *e)
{
	if (settle(m, e) < 0)
		return -1;
	return write_archive(m, dir, e);
}

/* A folder that is named stands for all that lies in it. */
struct named {
	struct members	*all;
	const struct member *folder;
};

static int
add_below(void *arg, const struct walk_entry *w, struct err *e)
{
	const struct named *x = arg;
	struct member m = { NULL, NULL, NULL };

	(void)e;
	if (S_ISDIR(w->st->st_mode))
		return 0;
	m.name = xmalloc(strlen(x->folder->name) + strlen(w->path) + 2);
	stpcpy(stpcpy(stpcpy(m.name, x->folder->name), "/"), w->path);
	m.path = xmalloc(strlen(x->folder->path) + strlen(w->path) + 2);
	stpcpy(stpcpy(stpcpy(m.path, x->folder->path), "/"), w->path);
	VEC_PUSH(x->all, m);
	return 0;
}

static int
add_named(struct members *all, struct member *m, struct err *e)
{
	struct named x = { all, m };
	struct stat st;
	int ret;

	if (stat(m->path, &st) < 0 || !S_ISDIR(st.st_mode)) {
		VEC_PUSH(all, *m);
		return 0;
	}
	ret = file_walk(AT_FDCWD, m->path, add_below, &x, e);
	free(m->name);
	free(m->path);
	return ret;
}

int
make_code(const char *dir, struct err *e)
{
	struct members all = { NULL, 0, 0 };
	c_frame struct frame f = FRAME_INIT;
	int got;

	while ((got = frame_read(stdin, &f, e)) > 0) {
		struct member m = { xstrdup(f.name.p), xstrdup(f.data.p),
			NULL };

		if (add_named(&all, &m, e) < 0) {
			got = -1;
			break;
		}
	}
	if (got == 0)
		got = settle_and_write(&all, dir, e);
	members_release(&all);
	return got;
}

/* ---- a folder ----------------------------------------------------------- */

struct folder {
	struct members	 all;
	struct ignore	*ignore;
	const char	*root;
	struct stat	 skip;		/* the package itself */
	int		 has_skip;
};

/* Reads a file with patterns in the folder at dirfd/name, if there is one. */
static int
read_patterns(struct folder *f, int dirfd, const char *dir, const char *name,
    int git, struct err *e)
{
	c_strbuf struct strbuf text = STRBUF_INIT;
	c_strbuf struct strbuf path = STRBUF_INIT;

	strbuf_addf(&path, "%s/%s", dir[0] == '\0' ? "." : dir, name);
	if (file_read(dirfd, path.p, MAX_SPEC_BYTES, &text, e) < 0)
		return e->kind == ERR_MISSING ? 0 : -1;
	if (git)
		ignore_add_git(f->ignore, dir, strbuf_str(&text));
	else
		ignore_add_docker(f->ignore, strbuf_str(&text));
	return 0;
}

static int
enter_folder(struct folder *f, const char *path, struct err *e)
{
	c_close int root = -1;

	root = open(f->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(e, "%s", f->root);
	if (read_patterns(f, root, path, ".gitignore", 1, e) < 0)
		return -1;
	if (path[0] != '\0')
		return 0;
	if (read_patterns(f, root, "", ".dockerignore", 0, e) < 0)
		return -1;
	return read_patterns(f, root, "", ".flyteignore", 0, e);
}

static int
visit(void *arg, const struct walk_entry *w, struct err *e)
{
	struct folder *f = arg;
	struct member m = { NULL, NULL, NULL };
	char target[4096];
	ssize_t n;

	if (w->path[0] == '\0')
		return enter_folder(f, "", e);
	if (ignore_match(f->ignore, w->path, S_ISDIR(w->st->st_mode)))
		return 1;
	if (S_ISDIR(w->st->st_mode))
		return enter_folder(f, w->path, e);
	if (f->has_skip && w->st->st_dev == f->skip.st_dev &&
	    w->st->st_ino == f->skip.st_ino)
		return 0;
	if (S_ISLNK(w->st->st_mode)) {
		n = readlinkat(w->dirfd, w->name, target, sizeof(target) - 1);
		if (n < 0)
			return err_sys(e, "%s", w->path);
		m.target = xstrndup(target, (size_t)n);
	} else if (!S_ISREG(w->st->st_mode)) {
		return 0;	/* sockets and the like, as pyflyte */
	}
	m.name = xstrdup(w->path);
	m.path = xmalloc(strlen(f->root) + strlen(w->path) + 2);
	stpcpy(stpcpy(stpcpy(m.path, f->root), "/"), w->path);
	VEC_PUSH(&f->all, m);
	return 0;
}

int
make_folder(const char *folder, const char *dir, const char *not_this,
    struct err *e)
{
	struct folder f = { .root = folder, .ignore = ignore_new() };
	int ret;

	f.has_skip = not_this != NULL && stat(not_this, &f.skip) == 0;
	ret = file_walk(AT_FDCWD, folder, visit, &f, e);
	if (ret == 0)
		ret = settle_and_write(&f.all, dir, e);
	ignore_free(f.ignore);
	members_release(&f.all);
	return ret;
}
