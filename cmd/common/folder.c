#include "common/folder.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "common/context.h"
#include "store/blob.h"
#include "sys/file.h"

/* The path without slashes at the end, to be freed. */
static char *
bare_path(const char *path)
{
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		n--;
	return xstrndup(path, n);
}

int
folder_check(const char *path, struct err *e)
{
	c_free char *bare = bare_path(path);
	struct stat st;

	if (stat(bare, &st) < 0 || S_ISDIR(st.st_mode))
		return 0;
	return err_set(e, ERR_USAGE, "-o: %s: is a file, and the output a "
	    "folder", bare);
}

/* What was begun goes away again; what went wrong before that counts. */
static int cold
give_up(const char *temp)
{
	struct err ignored;

	if (file_remove(AT_FDCWD, temp, &ignored) < 0)
		err_clear(&ignored);
	return -1;
}

/* 1 if nothing is lost with the folder: the store has all that is in it. */
static int
is_kept(struct context *c, const char *path)
{
	enum blob_state state = BLOB_GONE;
	struct store *store;
	struct blob b;
	struct err e;

	if (context_store(c, &store, &e) == 0 &&
	    blob_digest(store, AT_FDCWD, path, &b, &e) == 0 &&
	    blob_check(store, &b, 0, &state, &e) == 0)
		return state == BLOB_OK;
	err_clear(&e);
	return 0;
}

/* Renames what is there: to a name of its own if it is to stay. */
static int
move_away(const char *path, int stays, struct strbuf *ret, struct err *e)
{
	char name[TEMP_NAME_MAX];
	const char *slash = strrchr(path, '/');
	struct stat st;
	unsigned i;

	if (!stays) {
		temp_name(name);
		strbuf_add(ret, path, slash == NULL ? 0 :
		    (size_t)(slash - path) + 1);
		strbuf_adds(ret, name);
		return rename(path, ret->p) < 0 ? err_sys(e, "%s", path) : 0;
	}
	for (i = 1; i <= MAX_ASIDE; i++) {
		strbuf_reset(ret);
		strbuf_addf(ret, "%s.~%u~", path, i);
		if (lstat(ret->p, &st) < 0)
			return rename(path, ret->p) < 0 ? err_sys(e, "%s",
			    path) : 0;
	}
	return err_set(e, ERR_CONFLICT, "%s: holds what the store does not "
	    "have, and so do %u folders beside it, up to %s: remove some",
	    path, MAX_ASIDE, ret->p);
}

/* The temporary folder gets the name; what has it goes out of the way. */
static int
take_place(struct context *c, const char *temp, const char *path,
    struct err *e)
{
	c_strbuf struct strbuf old = STRBUF_INIT;
	struct stat st;
	int stays;

	/* Nothing is there, or an empty folder. */
	if (rename(temp, path) == 0)
		return 0;
	if (errno != ENOTEMPTY && errno != EEXIST && errno != ENOTDIR)
		return err_sys(e, "%s", path);
	stays = lstat(path, &st) < 0 || !S_ISLNK(st.st_mode);
	stays = stays && !is_kept(c, path);
	if (move_away(path, stays, &old, e) < 0)
		return -1;
	if (rename(temp, path) < 0) {
		(void)!err_sys(e, "%s", path);
		(void)!rename(old.p, path);
		return -1;
	}
	if (!stays)
		return file_remove(AT_FDCWD, old.p, e);
	warn(c, "%s: held what the store does not have: that is now %s", path,
	    old.p);
	return 0;
}

int
folder_write(struct context *c, const char *from, const char *path,
    struct err *e)
{
	c_strbuf struct strbuf temp = STRBUF_INIT;
	c_free char *bare = bare_path(path);
	const char *slash = strrchr(bare, '/');
	char name[TEMP_NAME_MAX];

	temp_name(name);
	strbuf_add(&temp, bare, slash == NULL ? 0 :
	    (size_t)(slash - bare) + 1);
	strbuf_adds(&temp, name);
	if (file_copy(AT_FDCWD, from, AT_FDCWD, temp.p, e) < 0 ||
	    take_place(c, temp.p, bare, e) < 0)
		return give_up(temp.p);
	return 0;
}
