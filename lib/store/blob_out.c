/* Handing blobs out, and the digests of what lies elsewhere. */
#include "store/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "store/handle.h"

int
blob_digest(struct store *s, int dirfd, const char *path, struct blob *ret,
    struct err *e)
{
	c_strbuf struct strbuf list = STRBUF_INIT;
	c_close int fd = -1;
	struct blob own;
	struct stat st;
	int rc;

	if (fstatat(dirfd, path, &st, 0) < 0) {
		rc = errno == ENOENT || errno == ENOTDIR;
		if (err_sys(e, "%s", path) < 0 && rc)
			e->kind = ERR_MISSING;
		return -1;
	}
	if (S_ISREG(st.st_mode)) {
		ret->kind = BLOB_FILE;
		ret->size = (uint64_t)st.st_size;
		return digests_file(s, dirfd, path, &st, 0, &ret->digest, e);
	}
	if (!S_ISDIR(st.st_mode))
		return err_set(e, ERR_USAGE, "%s: neither file nor folder",
		    path);
	fd = file_open_dir(dirfd, path, 0, e);
	if (fd < 0)
		return -1;
	/* A blob is there to be listed at any time. */
	if (blob_of_path(s, str_of(path), &own) == 0)
		rc = tree_digest(s, fd, ".", 0, ret, NULL, e);
	else
		rc = tree_digest(s, fd, ".", 0, ret, &list, e);
	if (rc < 0)
		return err_wrap(e, "%s", path);
	if (list.n > 0)
		listing_note(s, LISTING_TREE, ret->digest.b, strbuf_str(&list));
	return 0;
}

/* ERR_MISSING or ERR_CORRUPT unless the blob is there and whole. */
static int
want(struct store *s, struct blob *b, struct err *e)
{
	c_strbuf struct strbuf uri = STRBUF_INIT;
	enum blob_state state;

	if (blob_check(s, b, 0, &state, e) < 0)
		return -1;
	if (state == BLOB_OK)
		return 0;
	blob_add_uri(b, &uri);
	if (state == BLOB_GONE)
		return err_set(e, ERR_MISSING, "%s: not in the store", uri.p);
	return err_set(e, ERR_CORRUPT, "%s: damaged: its bytes are not those "
	    "of its name; 'flyte-cache verify --repair' removes it", uri.p);
}

static int
put_link(const struct store *s, const struct blob *b, int dirfd,
    const char *name, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;

	blob_add_path(s, b, &path);
	if (symlinkat(path.p, dirfd, name) < 0)
		return err_sys(e, "%s", name);
	return 0;
}

/* In place of what has the name; a folder there is moved aside first, since
 * rename(2) does not replace one that holds something. */
static int
put_over(int dirfd, const char *temp, const char *path, struct err *e)
{
	c_free char *aside = NULL;
	size_t n = strlen(temp);

	if (renameat(dirfd, temp, dirfd, path) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST && errno != EISDIR &&
	    errno != ENOTDIR)
		return err_sys(e, "%s", path);
	aside = xmalloc(n + 3);
	memcpy(aside, temp, n);
	memcpy(aside + n, ".o", 3);
	if (renameat(dirfd, path, dirfd, aside) < 0 ||
	    renameat(dirfd, temp, dirfd, path) < 0)
		return err_sys(e, "%s", path);
	return file_remove(dirfd, aside, e);
}

int
blob_get(struct store *s, struct blob *b, enum blob_out how, int dirfd,
    const char *path, int replace, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : (size_t)(slash - path) + 1;
	char name[BLOB_NAME_MAX];
	c_free char *temp = NULL;
	struct err ignored;
	int rc;

	if (want(s, b, e) < 0)
		return -1;
	temp = xmalloc(n + TEMP_NAME_MAX);
	memcpy(temp, path, n);
	temp_name(temp + n);
	blob_name(b, name);
	if (how == BLOB_LINK)
		rc = put_link(s, b, dirfd, temp, e);
	else
		rc = file_copy(s->sha_fd, name, dirfd, temp, e);
	if (rc == 0 && replace)
		rc = put_over(dirfd, temp, path, e);
	else if (rc == 0 && file_rename_new(dirfd, temp, dirfd, path) < 0) {
		rc = err_sys(e, "%s", path);
		if (e->sys == EEXIST || e->sys == ENOTEMPTY)
			e->kind = ERR_CONFLICT;
	}
	if (rc < 0 && file_remove(dirfd, temp, &ignored) < 0)
		return rc;	/* the first trouble is the one to tell */
	return rc;
}

int
blob_read_all(struct store *s, struct blob *b, struct strbuf *ret,
    struct err *e)
{
	char name[BLOB_NAME_MAX];

	if (b->kind == BLOB_TREE)
		return err_set(e, ERR_USAGE, "a directory has no bytes");
	if (want(s, b, e) < 0)
		return -1;
	blob_name(b, name);
	return file_read(s->sha_fd, name, MAX_MESSAGE_BYTES, ret, e);
}

int
blob_write(struct store *s, struct blob *b, int out, struct err *e)
{
	const size_t most = (size_t)128 * 1024;
	c_free char *buf = xmalloc(most);
	char name[BLOB_NAME_MAX];
	c_close int in = -1;
	struct sha256 sum;
	struct digest d;
	ssize_t got;

	if (b->kind == BLOB_TREE)
		return err_set(e, ERR_USAGE,
		    "a directory cannot be written to a stream");
	if (want(s, b, e) < 0)
		return -1;
	blob_name(b, name);
	in = openat(s->sha_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (in < 0)
		return err_sys(e, "%s", name);
	sha256_init(&sum);
	for (;;) {
		got = file_read_some(in, buf, most);
		if (got < 0)
			return err_sys(e, "%s", name);
		if (got == 0)
			break;
		sha256_update(&sum, buf, (size_t)got);
		if (file_write_all(out, buf, (size_t)got) < 0)
			return err_sys(e, "writing");
	}
	sha256_final(&sum, d.b);
	if (!digest_equal(&d, &b->digest))
		return err_set(e, ERR_CORRUPT, "%s: damaged: what was written "
		    "is not what was stored", name);
	return 0;
}
