/* Trees: their manifest, their state as stat tells it, their modes. */
#include "store/handle.h"

#include <errno.h>
#include <limits.h>
#include <unistd.h>

#include "base/limits.h"

struct manifest {
	struct store	*s;
	int		 fresh;		/* read every byte */
	struct sha256	 sum;
	struct strbuf	*list;		/* or NULL */
	struct strbuf	 folder;	/* the last one met */
	int		 open;		/* nothing was seen in it yet */
	uint64_t	 size;
};

static void
add_bytes(struct manifest *m, const char *p, size_t n)
{
	sha256_update(&m->sum, p, n);
	if (m->list == NULL)
		return;
	strbuf_add(m->list, p, n);
	if (m->list->n > MAX_LISTING_BYTES) {
		strbuf_reset(m->list);
		m->list = NULL;
	}
}

static void
add_field(struct manifest *m, const char *p, size_t n, char end)
{
	add_bytes(m, p, n);
	add_bytes(m, &end, 1);
}

static void
add_head(struct manifest *m, char type, const char *path)
{
	add_field(m, &type, 1, '\0');
	add_field(m, path, strlen(path), type == 'd' ? '\n' : '\0');
}

/* The folder before path, if it turned out to be empty. */
static void
end_folder(struct manifest *m, const char *path)
{
	if (!m->open)
		return;
	if (strncmp(path, m->folder.p, m->folder.n) != 0 ||
	    path[m->folder.n] != '/')
		add_head(m, 'd', m->folder.p);
	m->open = 0;
}

static int
add_link(struct manifest *m, const struct walk_entry *at, struct err *e)
{
	char target[PATH_MAX + 1];
	ssize_t n = readlinkat(at->dirfd, at->name, target, sizeof(target));

	if (n < 0)
		return err_sys(e, "%s", at->path);
	add_head(m, 'l', at->path);
	add_field(m, target, (size_t)n, '\n');
	return 0;
}

static int
add_file(struct manifest *m, const struct walk_entry *at, struct err *e)
{
	char type = at->st->st_mode & 0100 ? 'x' : 'f';
	struct strbuf hex = STRBUF_INIT;
	struct digest d;

	if (digests_file(m->s, at->dirfd, at->name, at->st, m->fresh, &d, e) < 0)
		return -1;
	hex_add(&hex, d.b, DIGEST_SIZE);
	add_head(m, type, at->path);
	add_field(m, hex.p, hex.n, '\n');
	strbuf_release(&hex);
	m->size += (uint64_t)at->st->st_size;
	return 0;
}

static int
add_entry(void *arg, const struct walk_entry *at, struct err *e)
{
	struct manifest *m = arg;

	if (at->path[0] == '\0')
		return 0;
	end_folder(m, at->path);
	if (S_ISDIR(at->st->st_mode)) {
		strbuf_reset(&m->folder);
		strbuf_adds(&m->folder, at->path);
		m->open = 1;
		return 0;
	}
	if (S_ISLNK(at->st->st_mode))
		return add_link(m, at, e);
	if (S_ISREG(at->st->st_mode))
		return add_file(m, at, e);
	return err_set(e, ERR_USAGE, "%s: neither file, folder nor link",
	    at->path);
}

int
tree_digest(struct store *s, int dirfd, const char *path, int fresh,
    struct blob *ret, struct strbuf *ret_list, struct err *e)
{
	struct manifest m = { .s = s, .fresh = fresh, .list = ret_list,
	    .folder = STRBUF_INIT };
	static const char head[] = "flyte-tree 1\n";
	int rc;

	sha256_init(&m.sum);
	add_bytes(&m, head, sizeof(head) - 1);
	rc = file_walk(dirfd, path, add_entry, &m, e);
	end_folder(&m, "");
	strbuf_release(&m.folder);
	if (rc < 0)
		return -1;
	ret->kind = BLOB_TREE;
	ret->size = m.size;
	sha256_final(&m.sum, ret->digest.b);
	return 0;
}

/* ---- read-only ---------------------------------------------------------- */

static int
seal_entry(void *arg, const struct walk_entry *at, struct err *e)
{
	mode_t mode = at->st->st_mode & 0100 ? 0555 : 0444;

	(void)arg;
	if (S_ISLNK(at->st->st_mode) || at->path[0] == '\0')
		return 0;
	if (S_ISDIR(at->st->st_mode))
		mode = 0555;
	else if (!S_ISREG(at->st->st_mode))
		return err_set(e, ERR_USAGE,
		    "%s: neither file, folder nor link", at->path);
	if (S_ISREG(at->st->st_mode) && at->st->st_nlink > 1)
		return err_set(e, ERR_CONFLICT,
		    "%s: has another name elsewhere", at->path);
	if ((at->st->st_mode & 07777) != mode &&
	    fchmodat(at->dirfd, at->name, mode, 0) < 0)
		return err_sys(e, "%s", at->path);
	return 0;
}

int
tree_seal(int dirfd, const char *path, struct err *e)
{
	return file_walk(dirfd, path, seal_entry, NULL, e);
}

/* ---- stamps ------------------------------------------------------------- */

struct stamp {
	struct sha256	sum;
	int64_t		newest;
};

static int
stamp_entry(void *arg, const struct walk_entry *at, struct err *e)
{
	struct stat_id id = stat_id_of(at->st);
	uint64_t words[5] = { id.ino, id.size, (uint64_t)id.mtime_ns,
	    (uint64_t)id.ctime_ns, at->st->st_mode & (S_IFMT | 0100) };
	struct stamp *s = arg;

	(void)e;
	/* A folder's size is up to the file system; renaming a tree changes
	 * its root's ctime.  What was added or removed shows in mtime. */
	if (S_ISDIR(at->st->st_mode))
		words[1] = words[3] = words[4] = 0;
	else
		s->newest = MAX(s->newest, id.ctime_ns);
	sha256_update(&s->sum, at->path, strlen(at->path) + 1);
	sha256_update(&s->sum, words, sizeof(words));
	s->newest = MAX(s->newest, id.mtime_ns);
	return 0;
}

int
blob_stamp(int dirfd, const char *path, struct digest *ret,
    int64_t *ret_newest, struct err *e)
{
	struct stamp s = { .newest = INT64_MIN };

	sha256_init(&s.sum);
	if (file_walk(dirfd, path, stamp_entry, &s, e) < 0)
		return -1;
	sha256_final(&s.sum, ret->b);
	*ret_newest = s.newest;
	return 0;
}
