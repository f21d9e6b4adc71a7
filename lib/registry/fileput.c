/* The registry in a folder: registering and activating. */

#include "registry/filereg.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/map.h"
#include "idl/diff.h"
#include "idl/semantic.h"
#include "registry/regname.h"
#include "registry/stored.h"
#include "sys/file.h"
#include "sys/lock.h"

#define LOCK_FILE	".lock"

/*
 * What is in the folders that a registration is about, read once: paths of
 * entities, and NAME@ for each name that has a version.  A lookup in it is
 * a hundred times cheaper than one on the disk, of which 21,000 are made.
 */
struct batch {
	struct filereg	*reg;
	struct arena	*arena;		/* for what the caller gets */
	struct arena	 scratch;	/* keys of present */
	struct map	 present;	/* folders too: read already */
	struct registry_put *at;
	size_t		 n;
	struct instant	 now;
	size_t		 counts[PUT_MAX];
};

static void
batch_release(struct batch *b)
{
	map_release(&b->present);
	arena_release(&b->scratch);
}

static void
remember(struct batch *b, struct str text)
{
	if (map_get(&b->present, text) == MAP_NONE)
		map_put(&b->present, arena_str(&b->scratch, text), 1);
}

/* Reads the folder of the id, unless it was. */
static int
read_folder(struct batch *b, const struct entity_id *id, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	const struct dirent *de;
	const char *sep;
	size_t folder;
	int ret, more;
	DIR *d;

	regname_add_folder(&path, id);
	if (map_get(&b->present, strbuf_str(&path)) != MAP_NONE)
		return 0;
	remember(b, strbuf_str(&path));
	d = filereg_folder(b->reg, path.p, &ret, e);
	if (d == NULL)
		return ret;
	strbuf_addch(&path, '/');
	folder = path.n;
	while ((more = file_next_entry(d, &de)) > 0) {
		sep = strchr(de->d_name, '@');
		if (de->d_name[0] == '.' || sep == NULL || sep[1] == '\0' ||
		    sep[1] == '@')
			continue;
		strbuf_setlen(&path, folder);
		strbuf_adds(&path, de->d_name);
		remember(b, strbuf_str(&path));
		strbuf_setlen(&path, folder + (size_t)(sep + 1 - de->d_name));
		remember(b, strbuf_str(&path));
	}
	strbuf_setlen(&path, folder);
	if (more < 0)
		more = err_sys(e, "registry %s/%s", b->reg->dir, path.p);
	closedir(d);
	return more;
}

/* Compares with the version that is there: sets the outcome. */
static int
compare(struct batch *b, struct registry_put *put, struct err *e)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	c_strbuf struct strbuf lines = STRBUF_INIT;
	c_arena struct arena a = ARENA_INIT;
	struct registered there;
	const ProtobufCMessage *m;
	int got = filereg_read(b->reg, &put->id, &bytes, e);

	if (got < 0)
		return -1;
	if (got == 0) {
		put->outcome = PUT_NEW;
		return 0;
	}
	if (stored_unpack(&put->id, strbuf_str(&bytes), &a, &there, e) < 0)
		return err_wrap(e, "registry %s: %s@%s: damaged", b->reg->dir,
		    put->id.name, put->id.version);
	m = there.task != NULL ? &there.task->base : there.workflow != NULL ?
	    &there.workflow->base : &there.plan->base;
	put->outcome = PUT_UNCHANGED;
	if (semantic_equal(m, put->message))
		return 0;
	put->outcome = PUT_CONFLICT;
	diff_add(m, put->message, &lines);
	put->diff = arena_strndup(b->arena, lines.p, lines.n);
	return 0;
}

static int
look_up(struct batch *b, struct registry_put *put, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;

	if (read_folder(b, &put->id, e) < 0)
		return -1;
	regname_add_path(&path, &put->id);
	put->outcome = PUT_NEW;
	put->diff = NULL;
	if (map_get(&b->present, strbuf_str(&path)) != MAP_NONE &&
	    compare(b, put, e) < 0)
		return -1;
	return 0;
}

static int
look_up_all(struct batch *b, struct err *e)
{
	int root = filereg_root(b->reg, 0, e);
	size_t i;

	if (root < 0)
		return -1;
	batch_release(b);
	memset(b->counts, 0, sizeof(b->counts));
	for (i = 0; i < b->n; i++) {
		b->at[i].outcome = PUT_NEW;
		if (root > 0 && look_up(b, &b->at[i], e) < 0)
			return -1;
		b->counts[b->at[i].outcome]++;
	}
	return 0;
}

static struct instant
later(struct instant t, int64_t nsec)
{
	nsec += t.nsec;
	t.sec += nsec / 1000000000;
	t.nsec = (int32_t)(nsec % 1000000000);
	return t;
}

/* The time of a new version: now, but after the newest of its name. */
static int
creation_time(struct batch *b, size_t i, struct instant *ret, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	const struct entity_id *id = &b->at[i].id;
	struct instant newest;
	const char *version;
	int got;

	/* Versions registered at once differ, too. */
	*ret = later(b->now, (int64_t)i);
	regname_add_folder(&path, id);
	strbuf_addch(&path, '/');
	regname_add_newest(&path, id);
	if (map_get(&b->present, strbuf_str(&path)) == MAP_NONE)
		return 0;
	got = filereg_newest(b->reg, id, &b->scratch, &version, &newest, e);
	if (got > 0 && instant_cmp(*ret, newest) <= 0)
		*ret = later(newest, 1);
	return got < 0 ? -1 : 0;
}

/*
 * The newest gets that name before its own: a kill between leaves NAME@ with
 * a version that is not there, which readers see through, and never one that
 * is not the newest.
 */
static int
name_it(struct batch *b, struct publish *p, size_t item,
    struct registry_put *put, struct err *e)
{
	c_strbuf struct strbuf newest = STRBUF_INIT;
	int taken;

	regname_add_folder(&newest, &put->id);
	strbuf_addch(&newest, '/');
	regname_add_newest(&newest, &put->id);
	if (publish_alias(p, item, newest.p, e) < 0)
		return -1;
	taken = publish_link(p, item, e);
	if (taken < 0)
		return -1;
	return taken ? compare(b, put, e) : 0;
}

static int
publish_bytes(struct batch *b, struct publish *p, size_t i, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	struct registry_put *put = &b->at[i];
	struct instant created;

	if (creation_time(b, i, &created, e) < 0)
		return -1;
	regname_add_path(&path, &put->id);
	stored_pack(put->id.kind, put->message, created, &bytes);
	return publish_add(p, path.p, bytes.p, bytes.n, e);
}

static int
publish_new(struct batch *b, struct err *e)
{
	c_publish struct publish *p = NULL;
	c_free size_t *item = xcalloc(b->n, sizeof(*item));
	size_t i, n = 0;
	int kind;

	if (publish_open(b->reg->fd, &p, e) < 0)
		return -1;
	for (i = 0; i < b->n; i++) {
		if (b->at[i].outcome != PUT_NEW)
			continue;
		item[i] = n++;
		if (publish_bytes(b, p, i, e) < 0)
			return -1;
	}
	if (publish_sync(p, e) < 0)
		return -1;
	for (kind = ENTITY_TASK; kind < ENTITY_KIND_MAX; kind++)
		for (i = 0; i < b->n; i++)
			if (b->at[i].outcome == PUT_NEW &&
			    (int)b->at[i].id.kind == kind &&
			    name_it(b, p, item[i], &b->at[i], e) < 0)
				return -1;
	return publish_finish(p, e);
}

/* A descriptor that holds the registry's lock until it is closed. */
static int
lock_registry(struct filereg *r, struct err *e)
{
	c_close int fd = -1;

	if (filereg_root(r, 1, e) < 0)
		return -1;
	fd = lock_open(r->fd, LOCK_FILE, e);
	if (fd < 0 || lock_wait(fd, 0, 0, e) < 0) {
		if (e->sys == EACCES || e->sys == EROFS)
			e->kind = ERR_REFUSED;
		return err_wrap(e, "registry %s", r->dir);
	}
	return TAKE(fd, -1);
}

/* 1 if there is something to write. */
static int
to_write(const struct batch *b, unsigned flags)
{
	return (flags & PUT_DRY_RUN) == 0 && b->counts[PUT_NEW] > 0 &&
	    (b->counts[PUT_CONFLICT] == 0 || (flags & PUT_KEEP_GOING) != 0);
}

static int
put_batch(struct batch *b, unsigned flags, struct err *e)
{
	c_close int lock = -1;

	if (look_up_all(b, e) < 0)
		return -1;
	if (!to_write(b, flags))
		return 0;
	/* Another may have come first: with the lock nobody can any more. */
	lock = lock_registry(b->reg, e);
	if (lock < 0 || look_up_all(b, e) < 0)
		return -1;
	if (!to_write(b, flags))
		return 0;
	b->now = instant_now();
	return publish_new(b, e);
}

int
filereg_put_all(struct registry *base, struct registry_put *at, size_t n,
    unsigned flags, struct arena *a, struct err *e)
{
	struct batch b = { .reg = filereg_of(base), .arena = a, .at = at,
		.n = n };
	int ret;

	ret = n == 0 ? 0 : put_batch(&b, flags, e);
	batch_release(&b);
	return ret;
}

static int
sync_folder(struct filereg *r, const char *folder, struct err *e)
{
	c_close int fd = -1;

	fd = openat(r->fd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fsync(fd) < 0)
		return err_sys(e, "registry %s/%s", r->dir, folder);
	return 0;
}

/* Makes NAME@@active another name of the version, or nothing. */
static int
set_active(struct filereg *r, const struct entity_id *id, int on,
    struct err *e)
{
	c_strbuf struct strbuf folder = STRBUF_INIT;
	c_strbuf struct strbuf active = STRBUF_INIT;
	c_strbuf struct strbuf temp = STRBUF_INIT;
	c_strbuf struct strbuf file = STRBUF_INIT;
	char unique[TEMP_NAME_MAX];
	int bad;

	regname_add_folder(&folder, id);
	strbuf_addf(&active, "%s/", folder.p);
	regname_add_active(&active, id);
	regname_add_path(&file, id);
	temp_name(unique);
	strbuf_addf(&temp, "%s/%s", folder.p, unique);
	if (on)
		bad = linkat(r->fd, file.p, r->fd, temp.p, 0) < 0 ||
		    renameat(r->fd, temp.p, r->fd, active.p) < 0;
	else
		bad = unlinkat(r->fd, active.p, 0) < 0 && errno != ENOENT;
	if (bad)
		(void)!err_sys(e, "registry %s/%s", r->dir, active.p);
	/* Left where both were the same file, or where it failed. */
	unlinkat(r->fd, temp.p, 0);
	return bad ? -1 : sync_folder(r, folder.p, e);
}

int
filereg_activate(struct registry *base, const struct entity_id *id, int on,
    struct arena *a, const char **ret_before, struct err *e)
{
	struct filereg *r = filereg_of(base);
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	c_close int lock = -1;
	int got = filereg_read(r, id, &bytes, e);

	if (got < 0)
		return -1;
	if (got == 0)
		return err_set(e, ERR_MISSING, "not registered");
	lock = lock_registry(r, e);
	if (lock < 0 || filereg_active(base, id, a, ret_before, e) < 0)
		return -1;
	if (on == (strcmp(*ret_before, id->version) == 0))
		return 0;
	return set_active(r, id, on, e);
}
