#include "store/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "store/handle.h"

#define PREFIX		"blob:sha256:"

/* As err_sys; a store that is not ours to write to is ERR_REFUSED. */
int
blob_err(struct err *e, const char *what)
{
	int refused = errno == EACCES || errno == EROFS || errno == EPERM;
	int rc = err_sys(e, "%s", what);

	if (refused)
		e->kind = ERR_REFUSED;
	return rc;
}

int
blob_folders(struct store *s, int make, struct err *e)
{
	if (s->sha_fd >= 0 && (s->tmp_fd >= 0 || !make))
		return 0;
	if (make && s->read_only)
		return err_set(e, ERR_REFUSED, "%s: is used read-only",
		    s->home);
	if (s->home_fd < 0 && make && store_want_home(s, e) < 0)
		return -1;
	if (s->home_fd < 0)
		return err_set(e, ERR_MISSING, "%s: no blobs there", s->home);
	if (s->sha_fd < 0)
		s->sha_fd = file_open_dir(s->home_fd, "blobs/sha256", make, e);
	if (s->sha_fd >= 0 && make)
		s->tmp_fd = file_open_dir(s->home_fd, "blobs/tmp", 1, e);
	if (s->sha_fd >= 0 && (!make || s->tmp_fd >= 0))
		return 0;
	if (e->sys == EACCES || e->sys == EROFS)
		e->kind = ERR_REFUSED;
	return err_wrap(e, "%s", s->home);
}

/* ---- names -------------------------------------------------------------- */

void
blob_name(const struct blob *b, char ret[BLOB_NAME_MAX])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < DIGEST_SIZE; i++) {
		*ret++ = digits[b->digest.b[i] >> 4];
		*ret++ = digits[b->digest.b[i] & 15];
		if (i == 0)
			*ret++ = '/';
	}
	memcpy(ret, b->kind == BLOB_TREE ? ".d" : "\0\0", 3);
}

void
blob_id(const struct blob *b, unsigned char ret[BLOB_ID])
{
	memcpy(ret, b->digest.b, DIGEST_SIZE);
	ret[DIGEST_SIZE] = b->kind == BLOB_TREE ? 'd' : 'f';
}

void
blob_of_id(const unsigned char id[BLOB_ID], struct blob *ret)
{
	memcpy(ret->digest.b, id, DIGEST_SIZE);
	ret->kind = id[DIGEST_SIZE] == 'd' ? BLOB_TREE : BLOB_FILE;
	ret->size = 0;
}

void
blob_add_path(const struct store *s, const struct blob *b, struct strbuf *out)
{
	char name[BLOB_NAME_MAX];

	blob_name(b, name);
	strbuf_addf(out, "%s/blobs/sha256/%s", s->home, name);
}

int
blob_of_path(const struct store *s, struct str path, struct blob *ret)
{
	static const char below[] = "/blobs/sha256/";
	size_t n = strlen(s->home);
	char hex[DIGEST_HEX];

	if (blob_parse_uri(path, ret) == 0)
		return 0;
	if (str_starts(path, "file:///"))
		path = (struct str){ path.p + 7, path.n - 7 };
	if (!str_starts(path, s->home))
		return -1;
	path = (struct str){ path.p + n, path.n - n };
	if (!str_starts(path, below))
		return -1;
	path = (struct str){ path.p + sizeof(below) - 1,
	    path.n - (sizeof(below) - 1) };
	if (str_ends(path, "/"))
		path.n--;
	ret->kind = str_ends(path, ".d") ? BLOB_TREE : BLOB_FILE;
	if (ret->kind == BLOB_TREE)
		path.n -= 2;
	if (path.n != DIGEST_HEX + 1 || path.p[2] != '/')
		return -1;
	memcpy(hex, path.p, 2);
	memcpy(hex + 2, path.p + 3, DIGEST_HEX - 2);
	ret->size = 0;
	return hex_parse((struct str){ hex, DIGEST_HEX }, ret->digest.b,
	    DIGEST_SIZE);
}

void
blob_add_uri(const struct blob *b, struct strbuf *out)
{
	strbuf_adds(out, PREFIX);
	hex_add(out, b->digest.b, DIGEST_SIZE);
	if (b->kind == BLOB_TREE)
		strbuf_addch(out, '/');
}

int
blob_parse_uri(struct str uri, struct blob *ret)
{
	const size_t skip = sizeof(PREFIX) - 1;

	if (!str_starts(uri, PREFIX))
		return -1;
	ret->size = 0;
	ret->kind = uri.p[uri.n - 1] == '/' ? BLOB_TREE : BLOB_FILE;
	uri = (struct str){ uri.p + skip,
	    uri.n - skip - (ret->kind == BLOB_TREE) };
	return hex_parse(uri, ret->digest.b, DIGEST_SIZE);
}

void
blob_add_hash(const struct blob *b, struct strbuf *out)
{
	strbuf_adds(out, b->kind == BLOB_TREE ? "sha256-tree:" : "sha256:");
	hex_add(out, b->digest.b, DIGEST_SIZE);
}

/* ---- checking ----------------------------------------------------------- */

struct known {
	struct digest	stamp;
	uint64_t	size;
	int		settled;
};

/* What the catalog knows of a blob.  1: something. */
static int
known_get(struct store *s, const unsigned char id[BLOB_ID], struct known *ret)
{
	struct err ignored;
	sqlite3_stmt *q;
	struct str stamp;
	size_t i;
	int rc;

	for (i = s->blobs.n; i-- > 0;) {
		struct queued_blob *b = &s->blobs.at[i];
		unsigned char other[BLOB_ID];

		blob_id(&b->blob, other);
		if (memcmp(other, id, BLOB_ID) != 0)
			continue;
		*ret = (struct known){ b->stamp, b->blob.size, b->settled };
		return !b->gone;
	}
	/* A catalog in trouble only means that the blob is read. */
	if (store_db(s, 0, &ignored) != 0)
		return 0;
	q = db_stmt(s->db, SQL_BLOB_GET,
	    "SELECT stamp, size, settled FROM blob WHERE id=?1", &ignored);
	if (q == NULL)
		return 0;
	db_bind_bytes(q, 1, id, BLOB_ID);
	if (db_step(s->db, q, &ignored) != 1)
		return 0;
	stamp = db_bytes(q, 0);
	rc = stamp.n == DIGEST_SIZE;
	if (rc)
		memcpy(ret->stamp.b, stamp.p, DIGEST_SIZE);
	ret->size = (uint64_t)sqlite3_column_int64(q, 1);
	ret->settled = sqlite3_column_int(q, 2);
	sqlite3_reset(q);
	return rc;
}

/* Does this file system tell every change apart?  Tried on a new temp. */
static int
times_fine(struct store *s)
{
	char name[TEMP_NAME_MAX];
	c_close int fd = -1;

	if (s->times_fine >= 0)
		return s->times_fine;
	s->times_fine = 0;
	if (s->tmp_fd < 0 || file_is_remote(s->tmp_fd))
		return 0;
	temp_name(name);
	fd = openat(s->tmp_fd, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC,
	    0600);
	if (fd >= 0) {
		unlinkat(s->tmp_fd, name, 0);
		s->times_fine = stat_times_fine(fd);
	}
	return s->times_fine;
}

void
blob_known_put(struct store *s, const struct blob *b, const struct digest *stamp,
    int64_t newest, int64_t began)
{
	struct queued_blob q = { .blob = *b, .stamp = *stamp };

	if (s->read_only)
		return;
	q.settled = newest < began - STAT_SLACK_LOCAL || times_fine(s);
	VEC_PUSH(&s->blobs, q);
}

/* Reads all of a blob: its true digest and size. */
static int
blob_read(struct store *s, const char *name, enum blob_kind kind, int fresh,
    struct blob *ret, struct err *e)
{
	struct stat st;

	if (kind == BLOB_TREE)
		return tree_digest(s, s->sha_fd, name, fresh, ret, NULL,
		    e);
	if (fstatat(s->sha_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(e, "%s", name);
	ret->kind = BLOB_FILE;
	ret->size = (uint64_t)st.st_size;
	return digests_file(s, s->sha_fd, name, &st, fresh, &ret->digest, e);
}

int
blob_check(struct store *s, struct blob *b, int full, enum blob_state *ret,
    struct err *e)
{
	int64_t began = stat_now(), newest;
	char name[BLOB_NAME_MAX];
	unsigned char id[BLOB_ID];
	struct digest stamp;
	struct blob real = { .size = 0 };
	struct known k;
	struct stat st;

	*ret = BLOB_GONE;
	if (blob_folders(s, 0, e) < 0)
		return e->kind == ERR_MISSING ? 0 : -1;
	blob_name(b, name);
	if (fstatat(s->sha_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_sys(e, "%s", name);
	*ret = BLOB_DAMAGED;
	if (b->kind == BLOB_TREE ? !S_ISDIR(st.st_mode) : !S_ISREG(st.st_mode))
		return 0;
	if (blob_stamp(s->sha_fd, name, &stamp, &newest, e) < 0)
		return -1;
	blob_id(b, id);
	if (!full && known_get(s, id, &k) && k.settled &&
	    digest_equal(&k.stamp, &stamp)) {
		b->size = k.size;
		*ret = BLOB_OK;
		return 0;
	}
	if (blob_read(s, name, b->kind, full, &real, e) < 0)
		return -1;
	if (!digest_equal(&real.digest, &b->digest))
		return 0;
	b->size = real.size;
	*ret = BLOB_OK;
	blob_known_put(s, b, &stamp, newest, began);
	return 0;
}
