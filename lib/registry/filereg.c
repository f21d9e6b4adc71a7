/* The registry in a folder: opening it and looking things up. */

#include "registry/filereg.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "registry/regname.h"
#include "registry/stored.h"
#include "sys/file.h"

static void
filereg_close(struct registry *base)
{
	struct filereg *r = filereg_of(base);

	closep(&r->fd);
	free(r->dir);
	free(r->real);
	free(r);
}

int
filereg_root(struct filereg *r, int make, struct err *e)
{
	if (r->fd >= 0)
		return 1;
	if (make) {
		r->fd = file_open_dir(AT_FDCWD, r->dir, 1, e);
		return r->fd < 0 ? -1 : 1;
	}
	r->fd = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (r->fd < 0 && errno != ENOENT)
		return err_sys(e, "registry %s", r->dir);
	return r->fd >= 0;
}

int
filereg_read(struct filereg *r, const struct entity_id *id,
    struct strbuf *ret, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	int root = filereg_root(r, 0, e);

	if (root <= 0)
		return root;
	regname_add_path(&path, id);
	strbuf_reset(ret);
	if (file_read(r->fd, path.p, MAX_MESSAGE_BYTES, ret, e) == 0)
		return 1;
	if (e->kind == ERR_MISSING)
		return 0;
	return err_wrap(e, "registry %s", r->dir);
}

int
filereg_peek(struct filereg *r, const struct entity_id *folder,
    const char *file, struct strbuf *scratch, struct arena *a,
    struct entity_id *ret_id, struct instant *ret_created, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;

	regname_add_folder(&path, folder);
	strbuf_addf(&path, "/%s", file);
	strbuf_reset(scratch);
	if (file_read(r->fd, path.p, MAX_MESSAGE_BYTES, scratch, e) < 0) {
		if (e->kind == ERR_MISSING)
			return 0;
		return err_wrap(e, "registry %s", r->dir);
	}
	return stored_peek(folder->kind, strbuf_str(scratch), a, ret_id,
	    ret_created) == 0;
}

DIR *
filereg_folder(struct filereg *r, const char *path, int *ret, struct err *e)
{
	int fd = openat(r->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d;

	*ret = 0;
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return NULL;
	if (fd < 0) {
		*ret = err_sys(e, "registry %s/%s", r->dir, path);
		return NULL;
	}
	d = fdopendir(fd);
	if (d == NULL) {
		*ret = err_sys(e, "registry %s/%s", r->dir, path);
		close(fd);
	}
	return d;
}

/* The newest by looking at every version of the name. */
static int
newest_of_all(struct filereg *r, const struct entity_id *id,
    struct arena *a, const char **ret_version, struct instant *ret_created,
    struct err *e)
{
	c_strbuf struct strbuf folder = STRBUF_INIT;
	c_strbuf struct strbuf prefix = STRBUF_INIT;
	c_strbuf struct strbuf scratch = STRBUF_INIT;
	struct entity_id found = { .name = "", .version = "" };
	struct instant created = { 0 };
	const struct dirent *de;
	int got, ret = 0, more = 1;
	DIR *d;

	regname_add_folder(&folder, id);
	regname_add_newest(&prefix, id);
	d = filereg_folder(r, folder.p, &got, e);
	if (d == NULL)
		return got;
	while (ret >= 0 && (more = file_next_entry(d, &de)) > 0) {
		if (strncmp(de->d_name, prefix.p, prefix.n) != 0 ||
		    de->d_name[prefix.n] == '\0' ||
		    de->d_name[prefix.n] == '@')
			continue;
		got = filereg_peek(r, id, de->d_name, &scratch, a, &found,
		    &created, e);
		if (got < 0)
			ret = -1;
		if (got <= 0 || strcmp(found.name, id->name) != 0 ||
		    (ret == 1 && instant_cmp(created, *ret_created) <= 0))
			continue;
		ret = 1;
		*ret_version = found.version;
		*ret_created = created;
	}
	if (more < 0)
		ret = err_sys(e, "registry %s/%s", r->dir, folder.p);
	closedir(d);
	return ret;
}

/*
 * The version that NAME@ or NAME@@active stands for: 1; 0 if there is no
 * such file, or none under the version's own name; -1.
 */
static int
alias(struct filereg *r, const struct entity_id *id, const char *file,
    struct arena *a, struct entity_id *ret, struct instant *ret_created,
    struct err *e)
{
	c_strbuf struct strbuf scratch = STRBUF_INIT;
	c_strbuf struct strbuf path = STRBUF_INIT;
	int got = filereg_peek(r, id, file, &scratch, a, ret, ret_created, e);

	if (got <= 0 || strcmp(ret->name, id->name) != 0)
		return MIN(got, 0);
	regname_add_path(&path, ret);
	return faccessat(r->fd, path.p, F_OK, 0) == 0;
}

int
filereg_newest(struct filereg *r, const struct entity_id *id,
    struct arena *a, const char **ret_version, struct instant *ret_created,
    struct err *e)
{
	c_strbuf struct strbuf name = STRBUF_INIT;
	struct entity_id found;
	int got = filereg_root(r, 0, e);

	if (got <= 0)
		return got;
	regname_add_newest(&name, id);
	got = alias(r, id, name.p, a, &found, ret_created, e);
	if (got < 0)
		return -1;
	if (got > 0) {
		*ret_version = found.version;
		return 1;
	}
	return newest_of_all(r, id, a, ret_version, ret_created, e);
}

static int
ops_newest(struct registry *base, const struct entity_id *id,
    struct arena *a, const char **ret_version, struct err *e)
{
	struct instant created;
	int got;

	*ret_version = "";
	got = filereg_newest(filereg_of(base), id, a, ret_version, &created,
	    e);
	return got < 0 ? -1 : 0;
}

int
filereg_active(struct registry *base, const struct entity_id *id,
    struct arena *a, const char **ret_version, struct err *e)
{
	struct filereg *r = filereg_of(base);
	c_strbuf struct strbuf name = STRBUF_INIT;
	struct entity_id found;
	struct instant created;
	int got = filereg_root(r, 0, e);

	*ret_version = "";
	if (got <= 0 || id->kind != ENTITY_LAUNCH_PLAN)
		return MIN(got, 0);
	regname_add_active(&name, id);
	got = alias(r, id, name.p, a, &found, &created, e);
	if (got > 0)
		*ret_version = found.version;
	return MIN(got, 0);
}

static int
ops_get(struct registry *base, const struct entity_id *id, struct arena *a,
    struct registered *ret, struct err *e)
{
	struct filereg *r = filereg_of(base);
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	const char *active;
	int got = filereg_read(r, id, &bytes, e);

	if (got < 0)
		return -1;
	if (got == 0)
		return err_set(e, ERR_MISSING, "not registered");
	if (stored_unpack(id, strbuf_str(&bytes), a, ret, e) < 0) {
		c_strbuf struct strbuf path = STRBUF_INIT;

		regname_add_path(&path, id);
		return err_wrap(e, "registry %s/%s: damaged", r->dir, path.p);
	}
	if (ret->plan == NULL)
		return 0;
	if (filereg_active(base, id, a, &active, e) < 0)
		return -1;
	if (strcmp(active, id->version) == 0)
		ret->plan->closure->state =
		    FLYTEIDL__ADMIN__LAUNCH_PLAN_STATE__ACTIVE;
	return 0;
}

static const struct registry_ops ops = {
	.close = filereg_close,
	.get = ops_get,
	.newest = ops_newest,
	.active = filereg_active,
	.list = filereg_list,
	.put_all = filereg_put_all,
	.activate = filereg_activate,
	.keep = filereg_keep,
	.locate = filereg_locate,
};

int
filereg_open(const char *dir, struct registry **ret, struct err *e)
{
	struct filereg *r = xcalloc(1, sizeof(*r));

	r->base.ops = &ops;
	r->dir = xstrdup(dir);
	r->fd = -1;
	if (filereg_root(r, 0, e) < 0) {
		filereg_close(&r->base);
		return -1;
	}
	*ret = &r->base;
	return 0;
}
