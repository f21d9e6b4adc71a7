/* All blobs there are: listing, removing, counting. */
#include "store/gc.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "store/handle.h"

/* ---- listing ------------------------------------------------------------ */

struct listing {
	struct store	*s;
	blob_fn		*fn;
	void		*arg;
	int		 stop;
};

static int
add_size(void *arg, const struct walk_entry *at, struct err *e)
{
	(void)e;
	if (S_ISREG(at->st->st_mode))
		*(uint64_t *)arg += (uint64_t)at->st->st_size;
	return 0;
}

/* "ab/cdef…" as walked to a blob; -1 if it is none. */
static int
blob_of_name(const char *path, struct blob *ret)
{
	struct str s = str_of(path);
	char hex[DIGEST_HEX];

	ret->kind = str_ends(s, ".d") ? BLOB_TREE : BLOB_FILE;
	if (ret->kind == BLOB_TREE)
		s.n -= 2;
	if (s.n != DIGEST_HEX + 1 || s.p[2] != '/')
		return -1;
	memcpy(hex, s.p, 2);
	memcpy(hex + 2, s.p + 3, DIGEST_HEX - 2);
	return hex_parse((struct str){ hex, DIGEST_HEX }, ret->digest.b,
	    DIGEST_SIZE);
}

static int
list_entry(void *arg, const struct walk_entry *at, struct err *e)
{
	struct listing *l = arg;
	struct blob b;
	int rc;

	if (l->stop)
		return 1;
	if (strchr(at->path, '/') == NULL)
		return 0;	/* the root, and ab */
	if (blob_of_name(at->path, &b) < 0)
		return 1;
	b.size = 0;
	if (b.kind == BLOB_FILE)
		b.size = (uint64_t)at->st->st_size;
	else if (file_walk(at->dirfd, at->name, add_size, &b.size, e) < 0 &&
	    e->kind != ERR_MISSING)
		return -1;
	rc = l->fn(l->arg, &b, at->st, e);
	l->stop = rc > 0;
	return rc < 0 ? -1 : 1;		/* not into a tree */
}

int
blob_list_all(struct store *s, blob_fn *fn, void *arg, struct err *e)
{
	struct listing l = { s, fn, arg, 0 };

	if (blob_folders(s, 0, e) < 0)
		return e->kind == ERR_MISSING ? 0 : -1;
	return file_walk(s->sha_fd, ".", list_entry, &l, e);
}

/* ---- removing ----------------------------------------------------------- */

int
blob_remove(struct store *s, const struct blob *b, struct err *e)
{
	struct queued_blob gone = { .blob = *b, .gone = 1 };
	char name[BLOB_NAME_MAX], temp[TEMP_NAME_MAX];

	if (blob_folders(s, 1, e) < 0)
		return -1;
	blob_name(b, name);
	temp_name(temp);
	/* Away in one step, so that half a tree is never met under its
	 * address; and a folder can be moved only if it can be written. */
	if (b->kind == BLOB_TREE && fchmodat(s->sha_fd, name, 0755, 0) < 0 &&
	    errno != ENOENT)
		return err_sys(e, "%s/blobs/sha256/%s", s->home, name);
	if (renameat(s->sha_fd, name, s->tmp_fd, temp) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "%s/blobs/sha256/%s",
		    s->home, name);
	VEC_PUSH(&s->blobs, gone);
	return file_remove(s->tmp_fd, temp, e);
}

/* ---- counting ----------------------------------------------------------- */

static int
count_blob(void *arg, const struct blob *b, const struct stat *st,
    struct err *e)
{
	struct du_report *r = arg;

	(void)st, (void)e;
	if (b->kind == BLOB_FILE) {
		r->files++;
		r->file_bytes += b->size;
	} else {
		r->trees++;
		r->tree_bytes += b->size;
	}
	return 0;
}

static int
count_temp(void *arg, const struct walk_entry *at, struct err *e)
{
	struct du_report *r = arg;

	(void)e;
	r->temps += at->path[0] != '\0' && strchr(at->path, '/') == NULL;
	return add_size(&r->temp_bytes, at, e);
}

static uint64_t
catalog_bytes(const struct store *s)
{
	static const char *const tails[] = { "", "-wal", "-shm" };
	c_free char *path = store_db_path(s);
	c_strbuf struct strbuf b = STRBUF_INIT;
	uint64_t sum = 0;
	struct stat st;
	size_t i;

	for (i = 0; i < ARRAY_LEN(tails); i++) {
		strbuf_reset(&b);
		strbuf_addf(&b, "%s%s", path, tails[i]);
		if (stat(b.p, &st) == 0)
			sum += (uint64_t)st.st_size;
	}
	return sum;
}

static int
count_entry(void *arg, const struct cache_entry *x, struct err *e)
{
	struct du_report *r = arg;

	(void)e;
	r->entries++;
	r->entry_bytes += catalog_entry_bytes(x);
	return 0;
}

static int
count_listing(void *arg, const unsigned char id[LISTING_ID], uint64_t size,
    struct str bytes, struct err *e)
{
	struct du_report *r = arg;

	(void)id, (void)bytes, (void)e;
	r->listings++;
	r->listing_bytes += size;
	return 0;
}

int
store_du(struct store *s, struct du_report *ret, struct err *e)
{
	const struct cache_filter all = { 0 };

	*ret = (struct du_report){ 0 };
	if (s->home_fd < 0)
		return 0;
	if (catalog_list(s, &all, count_entry, ret, e) < 0 ||
	    listings_each(s, 0, count_listing, ret, e) < 0 ||
	    blob_list_all(s, count_blob, ret, e) < 0)
		return -1;
	ret->catalog_bytes = catalog_bytes(s);
	if (file_walk(s->home_fd, "blobs/tmp", count_temp, ret, e) < 0 &&
	    e->kind != ERR_MISSING)
		return -1;
	return 0;
}
