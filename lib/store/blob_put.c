/* Putting files and trees into the store. */
#include "store/blob.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "store/handle.h"

/*
 * The blob's own folder, if it is missing.  A file server may have moved the
 * temp and then, asked again, not found it: then the blob is there.
 */
static int
make_folder(struct store *s, int from_fd, const char *from, const char *name,
    struct err *e)
{
	char folder[3] = { name[0], name[1], '\0' };

	if (faccessat(from_fd, from, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return faccessat(s->sha_fd, name, F_OK,
		    AT_SYMLINK_NOFOLLOW) == 0 ? 1 : err_sys(e, "%s", from);
	if (mkdirat(s->sha_fd, folder, 0777) < 0 && errno != EEXIST)
		return err_sys(e, "%s", name);
	return 0;
}

/*
 * Has the temp under its address, in place of a damaged one.  1: the blob was
 * there already, the temp is gone.
 */
static int
move_in(struct store *s, int from_fd, const char *from, struct blob *b,
    struct err *e)
{
	char name[BLOB_NAME_MAX];
	enum blob_state state;
	int again, moved;

	blob_name(b, name);
	for (again = 0; again < 8; again++) {
		if (file_rename_new(from_fd, from, s->sha_fd, name) == 0)
			return 0;
		if (errno == ENOENT) {
			moved = make_folder(s, from_fd, from, name, e);
			if (moved != 0)
				return MIN(moved, 0);
			continue;
		}
		if (errno != EEXIST && errno != ENOTEMPTY)
			return err_sys(e, "%s", name);
		if (blob_check(s, b, 0, &state, e) < 0)
			return -1;
		if (state == BLOB_OK)
			return file_remove(from_fd, from, e) < 0 ? -1 : 1;
		if (state == BLOB_DAMAGED) {
			store_note(s, "blob %s was damaged and is replaced",
			    name);
			if (file_remove(s->sha_fd, name, e) < 0)
				return -1;
		}
	}
	return err_set(e, ERR_BUSY, "%s: others keep changing it", name);
}

/*
 * What lies under a name of ours, sealed and hashed, becomes a blob.  seen
 * tells the state it was hashed in: a file's mtime and size, a tree's stamp;
 * if it was touched since it is not trusted, so the next use reads it.
 */
struct seen {
	const struct stat_id	*file;
	const struct digest	*tree;
};

static int
settle(struct store *s, int from_fd, const char *from, struct blob *b,
    struct seen seen, struct err *e)
{
	int64_t newest, began = stat_now();
	char name[BLOB_NAME_MAX];
	struct stat_id id;
	struct digest now;
	struct stat st;
	int rc;

	rc = move_in(s, from_fd, from, b, e);
	if (rc != 0)
		return MIN(rc, 0);
	blob_name(b, name);
	if (b->kind == BLOB_TREE && fchmodat(s->sha_fd, name, 0555, 0) < 0 &&
	    errno != ENOENT)
		return err_sys(e, "%s", name);
	if (fstatat(s->sha_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    blob_stamp(s->sha_fd, name, &now, &newest, e) < 0)
		return 0;	/* gone again: whoever uses it will see */
	id = stat_id_of(&st);
	if (seen.file != NULL && (seen.file->mtime_ns != id.mtime_ns ||
	    seen.file->size != id.size))
		return 0;
	if (seen.tree == NULL || digest_equal(seen.tree, &now))
		blob_known_put(s, b, &now, newest, began);
	return 0;
}

/* A temp in blobs/tmp that goes away unless it became a blob. */
struct own_temp {
	struct store	*s;
	char		 name[TEMP_NAME_MAX];
	int		 fd;		/* of a file, or -1 */
	int		 slot;
};

static void
own_temp_release(struct own_temp *t)
{
	struct err ignored;

	temp_list_drop(t->slot);
	closep(&t->fd);
	if (t->name[0] != '\0' &&
	    file_remove(t->s->tmp_fd, t->name, &ignored) < 0)
		return;		/* gc will */
}
#define c_own_temp	cleanup(own_temp_release)
#define OWN_TEMP(s)	{ (s), "", -1, -1 }

static int
own_temp_open(struct own_temp *t, struct err *e)
{
	temp_name(t->name);
	t->slot = temp_list_add(t->s->tmp_fd, t->name);
	t->fd = openat(t->s->tmp_fd, t->name,
	    O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0444);
	if (t->fd < 0 && blob_err(e, "blobs/tmp") < 0)
		return err_wrap(e, "%s", t->s->home);
	return 0;
}

/* A closed, hashed temp file goes to its place. */
static int
own_temp_settle(struct own_temp *t, struct blob *b, struct err *e)
{
	const struct seen ours = { NULL, NULL };

	if (settle(t->s, t->s->tmp_fd, t->name, b, ours, e) < 0)
		return -1;
	t->name[0] = '\0';
	return 0;
}

/* Copies what is read into the temp, hashing it on the way: the bytes pass
 * the processor's cache once. */
static int
copy_hashed(struct own_temp *t, int fd, const char *name, struct blob *ret,
    struct err *e)
{
	const size_t most = (size_t)128 * 1024;
	c_free char *buf = xmalloc(most);
	struct sha256 sum;
	ssize_t got;

	sha256_init(&sum);
	for (;;) {
		got = file_read_some(fd, buf, most);
		if (got < 0)
			return err_sys(e, "%s", name);
		if (got == 0)
			break;
		sha256_update(&sum, buf, (size_t)got);
		if (file_write_all(t->fd, buf, (size_t)got) < 0)
			return err_sys(e, "%s/blobs: storing %s", t->s->home,
			    name);
		ret->size += (uint64_t)got;
	}
	sha256_final(&sum, ret->digest.b);
	return 0;
}

int
blob_put_fd(struct store *s, int fd, const char *name, struct blob *ret,
    struct err *e)
{
	c_own_temp struct own_temp t = OWN_TEMP(s);
	int rc;

	if (blob_folders(s, 1, e) < 0 || own_temp_open(&t, e) < 0)
		return -1;
	ret->kind = BLOB_FILE;
	ret->size = 0;
	if (lseek(fd, 0, SEEK_CUR) == 0 && file_clone_fd(fd, t.fd) == 0)
		rc = sha256_fd(t.fd, name, &ret->digest, &ret->size, e);
	else
		rc = copy_hashed(&t, fd, name, ret, e);
	return rc < 0 ? -1 : own_temp_settle(&t, ret, e);
}

int
blob_put_bytes(struct store *s, const void *p, size_t n, struct blob *ret,
    struct err *e)
{
	c_own_temp struct own_temp t = OWN_TEMP(s);
	enum blob_state state;

	ret->kind = BLOB_FILE;
	ret->size = n;
	sha256(p, n, ret->digest.b);
	if (blob_check(s, ret, 0, &state, e) < 0)
		return -1;
	if (state == BLOB_OK)
		return 0;
	if (blob_folders(s, 1, e) < 0 || own_temp_open(&t, e) < 0)
		return -1;
	if (file_write_all(t.fd, p, n) < 0)
		return err_sys(e, "%s/blobs", s->home);
	return own_temp_settle(&t, ret, e);
}

/*
 * May what path names be renamed into the store as it is?  Not through a
 * link, not with a second name, not between file systems.
 */
static int
may_adopt(struct store *s, int dirfd, const char *path, const struct stat *st)
{
	struct stat here, self;

	return fstat(s->tmp_fd, &here) == 0 && here.st_dev == st->st_dev &&
	    fstatat(dirfd, path, &self, AT_SYMLINK_NOFOLLOW) == 0 &&
	    self.st_dev == st->st_dev && self.st_ino == st->st_ino &&
	    st->st_uid == geteuid() &&
	    (S_ISDIR(st->st_mode) || st->st_nlink == 1);
}

static int
adopt_file(struct store *s, int dirfd, const char *path, int fd,
    struct blob *ret, struct err *e)
{
	struct stat a, b;
	struct stat_id before, after;

	if (fchmod(fd, 0444) < 0 || fstat(fd, &a) < 0)
		return err_sys(e, "%s", path);
	if (sha256_fd(fd, path, &ret->digest, &ret->size, e) < 0)
		return -1;
	if (fstat(fd, &b) < 0)
		return err_sys(e, "%s", path);
	before = stat_id_of(&a);
	after = stat_id_of(&b);
	if (!stat_id_equal(&before, &after))
		return err_set(e, ERR_BUSY, "%s: changed while it was stored",
		    path);
	ret->kind = BLOB_FILE;
	return settle(s, dirfd, path, ret, (struct seen){ &after, NULL }, e);
}

static int
adopt_tree(struct store *s, int dirfd, const char *path, struct blob *ret,
    struct err *e)
{
	struct digest stamp, again;
	int64_t newest;

	if (tree_seal(dirfd, path, e) < 0 ||
	    blob_stamp(dirfd, path, &stamp, &newest, e) < 0 ||
	    tree_digest(s, dirfd, path, 0, ret, NULL, e) < 0 ||
	    blob_stamp(dirfd, path, &again, &newest, e) < 0)
		return -1;
	if (!digest_equal(&stamp, &again))
		return err_set(e, ERR_BUSY, "%s: changed while it was stored",
		    path);
	return settle(s, dirfd, path, ret, (struct seen){ NULL, &stamp }, e);
}

/* fd is the folder, whatever links led to it. */
static int
copy_tree(struct store *s, int fd, const char *path, struct blob *ret,
    struct err *e)
{
	c_own_temp struct own_temp t = OWN_TEMP(s);

	temp_name(t.name);
	if (file_copy(fd, ".", s->tmp_fd, t.name, e) < 0)
		return err_wrap(e, "%s", path);
	if (adopt_tree(s, s->tmp_fd, t.name, ret, e) < 0)
		return -1;
	t.name[0] = '\0';
	return 0;
}

/* The blob of a file whose digest is remembered, if it is there.  1: yes. */
static int
put_known(struct store *s, const struct stat *st, struct blob *ret,
    struct err *e)
{
	struct stat_id id = stat_id_of(st);
	enum blob_state state;

	ret->kind = BLOB_FILE;
	ret->size = id.size;
	if (digests_find(s, &id, &ret->digest) != 1)
		return 0;
	if (blob_check(s, ret, 0, &state, e) < 0)
		return -1;
	return state == BLOB_OK;
}

static int
put_file(struct store *s, int dirfd, const char *path, int fd,
    const struct stat *st, unsigned flags, struct blob *ret, struct err *e)
{
	struct stat_id before = stat_id_of(st), after;
	int64_t began = stat_now();
	struct stat now;
	int rc;

	if ((flags & BLOB_ADOPT) && may_adopt(s, dirfd, path, st))
		return adopt_file(s, dirfd, path, fd, ret, e);
	rc = put_known(s, st, ret, e);
	if (rc != 0)
		return MIN(rc, 0);
	if (blob_put_fd(s, fd, path, ret, e) < 0)
		return -1;
	if (fstat(fd, &now) == 0) {
		after = stat_id_of(&now);
		if (stat_id_equal(&before, &after))
			digests_note(s, &after, began, &ret->digest);
	}
	return 0;
}

static int
put_tree(struct store *s, int dirfd, const char *path, int fd,
    const struct stat *st, unsigned flags, struct blob *ret, struct err *e)
{
	if ((flags & BLOB_ADOPT) && may_adopt(s, dirfd, path, st)) {
		if (adopt_tree(s, dirfd, path, ret, e) == 0)
			return 0;
		if (e->kind != ERR_CONFLICT)
			return -1;
	}
	return copy_tree(s, fd, path, ret, e);
}

int
blob_put(struct store *s, int dirfd, const char *path, unsigned flags,
    struct blob *ret, struct err *e)
{
	c_close int fd = -1;
	struct stat st;
	int rc;

	fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0) {
		rc = errno == ENOENT || errno == ENOTDIR;
		if (err_sys(e, "%s", path) < 0 && rc)
			e->kind = ERR_MISSING;
		return -1;
	}
	if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return err_set(e, ERR_USAGE, "%s: neither file nor folder",
		    path);
	if (blob_folders(s, 1, e) < 0)
		return -1;
	if (S_ISDIR(st.st_mode))
		rc = put_tree(s, dirfd, path, fd, &st, flags, ret, e);
	else
		rc = put_file(s, dirfd, path, fd, &st, flags, ret, e);
	/* What was copied, or was there already, is gone from its place too. */
	if (rc == 0 && (flags & BLOB_ADOPT))
		return file_remove(dirfd, path, e);
	return rc;
}
