#include "pack/tar.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/strbuf.h"
#include "sys/file.h"

#define CHUNK	((size_t)64 * 1024)

/*
 * Opens the folder that name lies in, making what is missing, one part at a
 * time and never through a link.  *ret_base is the last part.
 */
static int
open_parent(int root, const char *name, const char **ret_base, struct err *e)
{
	c_close int dir = -1;
	char part[MAX_PATH_BYTES + 1];
	const char *p = name, *slash;
	int next;

	dir = openat(root, ".", O_DIRECTORY | O_PATH | O_CLOEXEC);
	if (dir < 0)
		return err_sys(e, "%s", name);
	while ((slash = strchr(p, '/')) != NULL) {
		memcpy(part, p, (size_t)(slash - p));
		part[slash - p] = '\0';
		p = slash + 1;
		if (mkdirat(dir, part, 0755) < 0 && errno != EEXIST)
			return err_sys(e, "%s", name);
		next = openat(dir, part,
		    O_DIRECTORY | O_NOFOLLOW | O_PATH | O_CLOEXEC);
		if (next < 0 && (errno == ENOTDIR || errno == ELOOP))
			return err_set(e, ERR_SPEC, "member %s: leads through "
			    "a member that is no folder", name);
		if (next < 0)
			return err_sys(e, "%s", name);
		close(dir);
		dir = next;
	}
	*ret_base = p;
	return TAKE(dir, -1);
}

/* EEXIST is a fault of the archive, all else the system's. */
static int
make_trouble(const char *name, struct err *e)
{
	if (errno == EEXIST)
		return err_set(e, ERR_SPEC, "member %s: comes twice", name);
	return err_sys(e, "%s", name);
}

static int
extract_file(struct tar_reader *r, const struct tar_member *m, int dir,
    const char *base, struct err *e)
{
	c_close int fd = -1;
	char buf[CHUNK];
	ssize_t n;

	fd = openat(dir, base,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return make_trouble(m->name, e);
	while ((n = tar_read(r, buf, sizeof(buf), e)) > 0)
		if (file_write_all(fd, buf, (size_t)n) < 0)
			return err_sys(e, "%s", m->name);
	if (n < 0)
		return -1;
	if (fchmod(fd, (m->mode & 0111) != 0 ? 0555 : 0444) < 0)
		return err_sys(e, "%s", m->name);
	return 0;
}

/* A second name of an earlier member, which must be a file. */
static int
extract_same(const struct tar_member *m, int root, int dir, const char *base,
    struct err *e)
{
	c_close int from = -1;
	const char *from_base;
	struct stat st;

	from = open_parent(root, m->same_as, &from_base, e);
	if (from < 0)
		return -1;
	if (fstatat(from, from_base, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    !S_ISREG(st.st_mode))
		return err_set(e, ERR_SPEC,
		    "member %s: a link to what is no earlier member", m->name);
	if (linkat(from, from_base, dir, base, 0) < 0)
		return make_trouble(m->name, e);
	return 0;
}

static int
extract_member(struct tar_reader *r, const struct tar_member *m, int root,
    struct err *e)
{
	c_close int dir = -1;
	const char *base;

	dir = open_parent(root, m->name, &base, e);
	if (dir < 0)
		return -1;
	if (m->same_as != NULL)
		return extract_same(m, root, dir, base, e);
	if (m->type == S_IFDIR) {
		if (mkdirat(dir, base, 0755) < 0 && errno != EEXIST)
			return make_trouble(m->name, e);
		return 0;
	}
	if (m->type == S_IFLNK) {
		if (symlinkat(m->target, dir, base) < 0)
			return make_trouble(m->name, e);
		return 0;
	}
	return extract_file(r, m, dir, base, e);
}

int
tar_extract(const char *path, const char *dir, struct err *e)
{
	c_close int root = -1;
	struct tar_reader *r;
	struct tar_member m;
	int got;

	root = open(dir, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (root < 0)
		return err_sys(e, "%s", dir);
	r = tar_open(path, e);
	if (r == NULL)
		return -1;
	while ((got = tar_next(r, &m, e)) > 0)
		if (extract_member(r, &m, root, e) < 0) {
			got = -1;
			break;
		}
	tar_close(r);
	return got < 0 ? err_wrap(e, "%s", path) : 0;
}
