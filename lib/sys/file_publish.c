/* Publishing thousands of files with a few syncs. */
#include "sys/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/map.h"
#include "base/vec.h"

/* Up to here a sync of each file is cheaper, and kinder to the rest of the
 * machine, than one of the whole file system. */
#define FEW		48

#define ALIAS		"alias"	/* in the folder of the temps, for a moment */

struct item {
	char	*path;
	uint32_t folder;
	int	 left;		/* its temp is still there */
};

struct folder {
	char	*path;		/* "" for the base */
	int	 named;		/* got a name since the last sync */
};

struct publish {
	int		 dirfd;		/* borrowed */
	int		 tmpfd;		/* folder of the temps */
	char		 tmp[TEMP_NAME_MAX];
	VEC(struct item) items;
	VEC(struct folder) folders;
	struct map	 by_path;	/* folder's path to its index */
	size_t		 synced;	/* items whose bytes are on the disk */
};

int
publish_open(int dirfd, struct publish **ret, struct err *e)
{
	struct publish *p = xcalloc(1, sizeof(*p));

	p->dirfd = dirfd;
	p->tmpfd = -1;
	temp_name(p->tmp);
	if (mkdirat(dirfd, p->tmp, 0777) == 0)
		p->tmpfd = openat(dirfd, p->tmp,
		    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (p->tmpfd < 0) {
		(void)!err_sys(e, "making a temporary folder");
		/* Made, perhaps, even if the answer was that it was not. */
		unlinkat(dirfd, p->tmp, AT_REMOVEDIR);
		free(p);
		return -1;
	}
	*ret = p;
	return 0;
}

static void
name_of(size_t i, char ret[24])
{
	snprintf(ret, 24, "%zx", i);
}

/* The index of the folder a path lies in, made if it is new. */
static int
folder_of(struct publish *p, const char *path, uint32_t *ret, struct err *e)
{
	const char *slash = strrchr(path, '/');
	struct str s = { path, slash == NULL ? 0 : (size_t)(slash - path) };
	struct folder f = { NULL, 0 };

	*ret = map_get(&p->by_path, s);
	if (*ret != MAP_NONE)
		return 0;
	f.path = xstrndup(s.p, s.n);
	if (s.n > 0 && file_mkdirs(p->dirfd, f.path, e) < 0) {
		free(f.path);
		return -1;
	}
	*ret = (uint32_t)p->folders.n;
	VEC_PUSH(&p->folders, f);
	map_put(&p->by_path, (struct str){ f.path, s.n }, *ret);
	return 0;
}

int
publish_add(struct publish *p, const char *path, const void *bytes, size_t n,
    struct err *e)
{
	struct item it = { NULL, 0, 1 };
	c_close int fd = -1;
	char name[24];

	if (folder_of(p, path, &it.folder, e) < 0)
		return -1;
	name_of(p->items.n, name);
	fd = openat(p->tmpfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
	    0444);
	if (fd < 0)
		return err_sys(e, "%s", path);
	it.path = xstrdup(path);
	VEC_PUSH(&p->items, it);
	if (file_write_all(fd, bytes, n) < 0)
		return err_sys(e, "%s", path);
	return 0;
}

static int
sync_item(struct publish *p, size_t i)
{
	c_close int fd = -1;
	char name[24];

	name_of(i, name);
	fd = openat(p->tmpfd, name, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -1 : fdatasync(fd);
}

int
publish_sync(struct publish *p, struct err *e)
{
	size_t i;

	if (p->items.n - p->synced > FEW) {
		if (syncfs(p->tmpfd) < 0)
			return err_sys(e, "sync");
	} else {
		for (i = p->synced; i < p->items.n; i++)
			if (sync_item(p, i) < 0)
				return err_sys(e, "%s", p->items.at[i].path);
	}
	p->synced = p->items.n;
	return 0;
}

int
publish_link(struct publish *p, size_t i, struct err *e)
{
	struct item *it = &p->items.at[i];
	char name[24];

	name_of(i, name);
	if (linkat(p->tmpfd, name, p->dirfd, it->path, 0) < 0)
		return errno == EEXIST ? 1 : err_sys(e, "%s", it->path);
	p->folders.at[it->folder].named = 1;
	return 0;
}

/* The folder is ours: what has the name is of a link whose reply was lost. */
static int
link_alias(struct publish *p, const char *name)
{
	if (linkat(p->tmpfd, name, p->tmpfd, ALIAS, 0) == 0)
		return 0;
	if (errno != EEXIST || unlinkat(p->tmpfd, ALIAS, 0) < 0)
		return -1;
	return linkat(p->tmpfd, name, p->tmpfd, ALIAS, 0);
}

int
publish_alias(struct publish *p, size_t i, const char *path, struct err *e)
{
	uint32_t folder;
	char name[24];

	if (folder_of(p, path, &folder, e) < 0)
		return -1;
	p->folders.at[folder].named = 1;
	name_of(i, name);
	if (linkat(p->tmpfd, name, p->dirfd, path, 0) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(e, "%s", path);
	if (link_alias(p, name) < 0 ||
	    renameat(p->tmpfd, ALIAS, p->dirfd, path) < 0) {
		(void)!err_sys(e, "%s", path);
		unlinkat(p->tmpfd, ALIAS, 0);
		return -1;
	}
	/* Nothing is renamed if both were the same file already. */
	unlinkat(p->tmpfd, ALIAS, 0);
	return 0;
}

static int
sync_folder(int dirfd, const char *path)
{
	c_close int fd = openat(dirfd, path[0] == '\0' ? "." : path,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? -1 : fsync(fd);
}

/* A folder made on the way is an entry of its parent, up to the base. */
static int
sync_up(struct publish *p, const char *path)
{
	c_free char *part = xstrdup(path);
	char *slash;

	for (;;) {
		if (sync_folder(p->dirfd, part) < 0)
			return -1;
		if (part[0] == '\0')
			return 0;
		slash = strrchr(part, '/');
		*(slash == NULL ? part : slash) = '\0';
	}
}

int
publish_finish(struct publish *p, struct err *e)
{
	size_t i;

	for (i = 0; i < p->folders.n; i++) {
		if (!p->folders.at[i].named)
			continue;
		if (sync_up(p, p->folders.at[i].path) < 0)
			return err_sys(e, "%s", p->folders.at[i].path);
		p->folders.at[i].named = 0;
	}
	return 0;
}

void
publish_free(struct publish *p)
{
	char name[24];
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < p->items.n; i++) {
		name_of(i, name);
		if (p->items.at[i].left)
			unlinkat(p->tmpfd, name, 0);
		free(p->items.at[i].path);
	}
	closep(&p->tmpfd);
	unlinkat(p->dirfd, p->tmp, AT_REMOVEDIR);
	for (i = 0; i < p->folders.n; i++)
		free(p->folders.at[i].path);
	VEC_RELEASE(&p->items);
	VEC_RELEASE(&p->folders);
	map_release(&p->by_path);
	free(p);
}
