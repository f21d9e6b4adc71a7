/* Walking, removing and copying trees. */
#include "sys/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/vec.h"

#define COPY_SIZE	((size_t)128 * 1024)
/* Folders open at once while a tree is removed. */
#define REMOVE_DEPTH	64

/* A folder being listed. */
struct level {
	DIR	*dir;
	char	**names;	/* sorted */
	size_t	 n, next;
	size_t	 path_len;	/* of its path, and a '/' if not empty */
	struct stat st;
};

struct walker {
	walk_fn		*visit;
	walk_fn		*leave;		/* after a folder's content, or NULL */
	void		*arg;
	struct strbuf	 path;		/* below the root */
	const char	*root;		/* for messages */
	int		 root_dirfd;
	VEC(struct level) levels;
	size_t		 entries;
};

static int
by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
level_release(struct level *l)
{
	while (l->n > 0)
		free(l->names[--l->n]);
	free(l->names);
	if (l->dir != NULL)
		closedir(l->dir);
}

static void
walker_release(struct walker *w)
{
	while (w->levels.n > 0)
		level_release(&VEC_POP(&w->levels));
	VEC_RELEASE(&w->levels);
	strbuf_release(&w->path);
}

static int cold
err_at(struct walker *w, struct err *e)
{
	return err_sys(e, "%s%s%s", w->root, w->path.n > 0 ? "/" : "",
	    w->path.p);
}

int
file_next_entry(DIR *dir, const struct dirent **ret)
{
	errno = 0;
	*ret = readdir(dir);
	return *ret != NULL ? 1 : errno == 0 ? 0 : -1;
}

/* Reads the names of a folder, sorted. */
static int
level_read(struct level *l, struct walker *w, struct err *e)
{
	VEC(char *) names = VEC_INIT;
	const struct dirent *d;
	int more;

	while ((more = file_next_entry(l->dir, &d)) > 0) {
		if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0)
			continue;
		VEC_PUSH(&names, xstrdup(d->d_name));
		if (++w->entries > MAX_TREE_ENTRIES)
			break;
	}
	l->names = names.at;
	l->n = names.n;
	if (w->entries > MAX_TREE_ENTRIES)
		return err_set(e, ERR_USAGE, "%s: more than %zu entries",
		    w->root, MAX_TREE_ENTRIES);
	if (more < 0)
		return err_at(w, e);
	if (l->n > 1)
		qsort(l->names, l->n, sizeof(*l->names), by_bytes);
	return 0;
}

#if defined(__GNUC__) && !defined(__clang__)
/* The analyzer loses sight of a DIR in an array; walker_release closes it. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif
static int
walk_down(struct walker *w, int dirfd, const char *name, const struct stat *st,
    struct err *e)
{
	struct level *l;
	int fd;

	if (w->levels.n >= MAX_TREE_DEPTH)
		return err_set(e, ERR_USAGE, "%s: folders nested deeper than %d",
		    w->root, MAX_TREE_DEPTH);
	fd = openat(dirfd, name,
	    O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT && w->levels.n > 0 ? 0 : err_at(w, e);
	VEC_RESERVE(&w->levels, 1);
	l = &w->levels.at[w->levels.n];
	*l = (struct level){ .dir = fdopendir(fd), .st = *st };
	if (l->dir == NULL) {
		close(fd);
		return err_at(w, e);
	}
	w->levels.n++;		/* released with the others from here on */
	if (w->path.n > 0)
		strbuf_addch(&w->path, '/');
	l->path_len = w->path.n;
	return level_read(l, w, e);
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

/* Looks at one name; goes into it if it is a folder. */
static int
walk_one(struct walker *w, int dirfd, const char *name, struct err *e)
{
	struct stat st;
	struct walk_entry entry = { w->path.p, name, dirfd, &st };
	int rc;

	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		/* Others may remove what we were told of a moment ago. */
		if (errno == ENOENT && w->levels.n > 0)
			return 0;
		rc = err_at(w, e);
		if (e->sys == ENOENT)
			e->kind = ERR_MISSING;
		return rc;
	}
	rc = w->visit(w->arg, &entry, e);
	if (rc != 0 || !S_ISDIR(st.st_mode))
		return MIN(rc, 0);
	return walk_down(w, dirfd, name, &st, e);
}

/* The folder on top is done. */
static int
walk_up(struct walker *w, struct err *e)
{
	struct level l = VEC_POP(&w->levels), *up;
	struct walk_entry at = { NULL, w->root, w->root_dirfd, &l.st };
	int rc = 0;

	strbuf_setlen(&w->path, l.path_len > 0 ? l.path_len - 1 : 0);
	if (w->levels.n > 0) {
		up = &VEC_LAST(&w->levels);
		at.name = up->names[up->next - 1];
		at.dirfd = dirfd(up->dir);
	}
	at.path = w->path.p;
	if (w->leave != NULL)
		rc = w->leave(w->arg, &at, e);
	level_release(&l);
	return rc;
}

static int
walk_all(struct walker *w, struct err *e)
{
	struct level *l;

	if (walk_one(w, w->root_dirfd, w->root, e) < 0)
		return -1;
	while (w->levels.n > 0) {
		l = &VEC_LAST(&w->levels);
		if (l->next == l->n) {
			if (walk_up(w, e) < 0)
				return -1;
			continue;
		}
		strbuf_setlen(&w->path, l->path_len);
		strbuf_adds(&w->path, l->names[l->next++]);
		if (walk_one(w, dirfd(l->dir), l->names[l->next - 1], e) < 0)
			return -1;
	}
	return 0;
}

static int
walk(int dir, const char *path, walk_fn *visit, walk_fn *leave, void *arg,
    struct err *e)
{
	struct walker w = {
		.visit = visit, .leave = leave, .arg = arg,
		.path = STRBUF_INIT, .root = path, .root_dirfd = dir,
		.levels = VEC_INIT,
	};
	int rc = walk_all(&w, e);

	walker_release(&w);
	return rc;
}

int
file_walk(int dir, const char *path, walk_fn *visit, void *arg, struct err *e)
{
	return walk(dir, path, visit, NULL, arg, e);
}

/* ---- removing ----------------------------------------------------------- */

/*
 * A tree may be deeper than a walk goes (a task made it): what is too deep is
 * moved into the root, and the root is walked again.
 */
struct removal {
	int	 root;		/* an open descriptor */
	unsigned moved;		/* names taken in the root so far */
};

static int
remove_move_up(struct removal *r, const struct walk_entry *at, struct err *e)
{
	char name[32];

	do {
		(void)snprintf(name, sizeof(name), ".deep.%u", r->moved++);
	} while (renameat(at->dirfd, at->name, r->root, name) < 0 &&
	    (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR));
	if (faccessat(r->root, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "removing %s", at->name);
	return 1;
}

static size_t
depth_of(const char *path)
{
	size_t n = 0;

	for (; *path != '\0'; path++)
		n += *path == '/';
	return n;
}

static int
remove_visit(void *arg, const struct walk_entry *at, struct err *e)
{
	struct removal *r = arg;

	if (S_ISDIR(at->st->st_mode)) {
		/* So that what it holds can be removed. */
		if ((at->st->st_mode & 0700) != 0700 &&
		    fchmodat(at->dirfd, at->name, 0700, 0) < 0)
			return err_sys(e, "removing %s", at->name);
		if (depth_of(at->path) + 3 > REMOVE_DEPTH)
			return remove_move_up(r, at, e);
		return 0;
	}
	if (unlinkat(at->dirfd, at->name, 0) < 0 && errno != ENOENT)
		return err_sys(e, "removing %s", at->path[0] != '\0' ?
		    at->path : at->name);
	return 0;
}

static int
remove_leave(void *arg, const struct walk_entry *at, struct err *e)
{
	const struct removal *r = arg;

	if (unlinkat(at->dirfd, at->name, AT_REMOVEDIR) == 0 ||
	    errno == ENOENT || (at->path[0] == '\0' && r->moved > 0 &&
	    (errno == ENOTEMPTY || errno == EEXIST)))
		return 0;
	return err_sys(e, "removing %s", at->path[0] != '\0' ?
	    at->path : at->name);
}

int
file_remove(int dir, const char *path, struct err *e)
{
	struct removal r;
	int rc;

	if (unlinkat(dir, path, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return err_sys(e, "removing %s", path);
	do {
		r = (struct removal){ .root = openat(dir, path,
		    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) };
		rc = walk(dir, path, remove_visit, remove_leave, &r, e);
		if (r.root >= 0)
			close(r.root);
	} while (rc == 0 && r.moved > 0);
	return rc < 0 && e->kind != ERR_MISSING ? -1 : 0;
}

/* ---- copying ------------------------------------------------------------ */

static int
copy_by_hand(int in, int out, const char *name, struct err *e)
{
	c_free char *buf = xmalloc(COPY_SIZE);
	ssize_t got;

	for (;;) {
		got = file_read_some(in, buf, COPY_SIZE);
		if (got < 0)
			return err_sys(e, "%s", name);
		if (got == 0)
			return 0;
		if (file_write_all(out, buf, (size_t)got) < 0)
			return err_sys(e, "%s", name);
	}
}

int
file_clone_fd(int in, int out)
{
	return ioctl(out, FICLONE, in);
}

int
file_copy_fd(int in, int out, const char *name, struct err *e)
{
	const size_t most = (size_t)1 << 30;
	ssize_t got;

	if (file_clone_fd(in, out) == 0)
		return 0;
	for (;;) {
		got = copy_file_range(in, NULL, out, NULL, most, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			break;
		if (got < 0 && (errno == ENOSPC || errno == EIO ||
		    errno == EDQUOT || errno == EFBIG))
			return err_sys(e, "%s", name);
		if (got < 0)
			break;	/* not between these two file systems */
	}
	/* What the kernel left, which is also all of a file in /proc. */
	return copy_by_hand(in, out, name, e);
}

struct copy {
	int		 to;	/* folder of the target's name */
	const char	*name;
};

static int
copy_link(const struct walk_entry *at, int to, const char *name,
    struct err *e)
{
	char target[4097];
	ssize_t n = readlinkat(at->dirfd, at->name, target, sizeof(target) - 1);

	if (n < 0)
		return err_sys(e, "%s", at->name);
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0)
		return err_sys(e, "%s", name);
	return 0;
}

static int
copy_file(const struct walk_entry *at, int to, const char *name,
    struct err *e)
{
	c_close int in = -1;
	c_close int out = -1;

	in = openat(at->dirfd, at->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (in < 0)
		return err_sys(e, "%s", at->name);
	out = openat(to, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    at->st->st_mode & 0100 ? 0777 : 0666);
	if (out < 0)
		return err_sys(e, "%s", name);
	return file_copy_fd(in, out, at->name, e);
}

static int
copy_visit(void *arg, const struct walk_entry *at, struct err *e)
{
	const struct copy *c = arg;
	c_free char *name = NULL;
	size_t n = strlen(c->name);

	name = xmalloc(n + strlen(at->path) + 2);
	memcpy(name, c->name, n + 1);
	if (at->path[0] != '\0') {
		name[n] = '/';
		memcpy(name + n + 1, at->path, strlen(at->path) + 1);
	}
	if (S_ISDIR(at->st->st_mode))
		return mkdirat(c->to, name, 0777) == 0 ? 0 :
		    err_sys(e, "%s", name);
	if (S_ISLNK(at->st->st_mode))
		return copy_link(at, c->to, name, e);
	if (S_ISREG(at->st->st_mode))
		return copy_file(at, c->to, name, e);
	return err_set(e, ERR_USAGE, "%s: neither file, folder nor link", name);
}

int
file_copy(int from_dirfd, const char *from, int to_dirfd, const char *to,
    struct err *e)
{
	struct copy c = { to_dirfd, to };

	return file_walk(from_dirfd, from, copy_visit, &c, e);
}
