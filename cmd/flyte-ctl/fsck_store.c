/* What the store holds, and of which kind things are. */

#include "fsck.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "idl/wire.h"
#include "record/closure.h"
#include "store/catalog.h"
#include "store/gc_home.h"

/* ---- blobs -------------------------------------------------------------- */

int
fsck_blob(struct fsck *f, struct blob *b, enum blob_state *ret,
    struct err *e)
{
	c_strbuf struct strbuf uri = STRBUF_INIT;
	uint32_t known;

	blob_add_uri(b, &uri);
	known = map_get(&f->blobs, strbuf_str(&uri));
	if (known != MAP_NONE) {
		*ret = (enum blob_state)known;
		return 0;
	}
	if (blob_check(f->store, b, 1, ret, e) < 0)
		return -1;
	map_put(&f->blobs, arena_str(&f->arena, strbuf_str(&uri)),
	    (uint32_t)*ret);
	return 0;
}

static int
check_stored(void *arg, const struct blob *b, const struct stat *st,
    struct err *e)
{
	c_strbuf struct strbuf uri = STRBUF_INIT;
	struct fsck *f = arg;
	struct blob mine = *b;
	enum blob_state state;

	(void)st;
	if (fsck_blob(f, &mine, &state, e) < 0)
		return -1;
	blob_add_uri(b, &uri);
	if (state == BLOB_DAMAGED)
		fsck_faultf(f, "%s is damaged", uri.p);
	return 0;
}

/* ---- the catalog -------------------------------------------------------- */

static int
has_blob(const struct cache_entry *x, const struct blob *b)
{
	size_t i;

	for (i = 0; i < x->n_blobs; i++)
		if (x->blobs[i].kind == b->kind &&
		    digest_equal(&x->blobs[i].digest, &b->digest))
			return 1;
	return 0;
}

/* What outputs name must be what the entry keeps from gc. */
static void
check_outputs(struct fsck *f, struct str key, const struct cache_entry *x)
{
	c_arena struct arena a = ARENA_INIT;
	struct blob_list named = { NULL, 0, 0 };
	ProtobufCMessage *m;
	struct str absolute;
	struct err e;
	size_t i;

	if (!x->outputs_inline)
		return;
	if (wire_unpack(&flyteidl__core__literal_map__descriptor, x->outputs,
	    &a, &m, &e) < 0 || blob_uris_from_disk(f->store, x->outputs, &a,
	    &absolute, &named, &e) < 0)
		fsck_faultf(f, STR_FMT ": outputs: %s", STR_ARG(key), e.msg);
	for (i = 0; i < named.n; i++) {
		c_strbuf struct strbuf uri = STRBUF_INIT;

		blob_add_uri(&named.at[i], &uri);
		if (!has_blob(x, &named.at[i]))
			fsck_faultf(f, STR_FMT ": outputs name %s, which is "
			    "not in its list", STR_ARG(key), uri.p);
	}
	blob_list_release(&named);
}

static int
check_entry(void *arg, const struct cache_entry *x, struct err *e)
{
	struct str key = { x->key, strnlen(x->key, 12) };
	struct fsck *f = arg;
	enum blob_state state;
	size_t i;

	f->entries++;
	for (i = 0; i < x->n_blobs; i++) {
		c_strbuf struct strbuf uri = STRBUF_INIT;

		if (fsck_blob(f, &x->blobs[i], &state, e) < 0)
			return -1;
		blob_add_uri(&x->blobs[i], &uri);
		if (state != BLOB_OK)
			fsck_faultf(f, STR_FMT ": outputs: %s is %s",
			    STR_ARG(key), uri.p, state == BLOB_GONE ?
			    "not there" : "damaged");
	}
	check_outputs(f, key, x);
	return 0;
}

static int
check_catalog(struct fsck *f, struct err *e)
{
	const struct cache_filter all = { .project = NULL };
	int rc;

	f->name = "catalog";
	rc = catalog_check(f->store, fsck_fault, f, e);
	if (rc != 0)
		return MIN(rc, 0);
	if (catalog_list(f->store, &all, check_entry, f, e) < 0)
		return -1;
	return listings_check(f->store, fsck_fault, f, e);
}

/* ---- other files -------------------------------------------------------- */

static int
check_closure(void *arg, const struct walk_entry *at, struct err *e)
{
	c_strbuf struct strbuf address = STRBUF_INIT, bytes = STRBUF_INIT;
	struct fsck *f = arg;

	if (S_ISDIR(at->st->st_mode) || at->name[0] == '.')
		return 0;
	strbuf_addf(&address, "%.2s%s", at->path, at->name);
	if (closure_get(f->ctl->home, address.p, &bytes, e) == 0)
		return 0;
	if (err_is_shortage(e))
		return -1;
	fsck_fault(f, e->msg);
	return 0;
}

static int
count_temp(void *arg, const struct walk_entry *at, struct err *e)
{
	struct fsck *f = arg;

	(void)at;
	(void)e;
	f->temps++;
	return 0;
}

static int
check_files(struct fsck *f, struct err *e)
{
	c_close int fd = -1;

	fd = open(f->ctl->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;	/* nothing was ever kept */
	if (fd < 0)
		return err_sys(e, "%s", f->ctl->home);
	f->name = "closures";
	if (file_walk(fd, "closures", check_closure, f, e) < 0 &&
	    e->kind != ERR_MISSING)
		return -1;
	return gc_temps(fd, time(NULL), count_temp, f, e);
}

int
fsck_store(struct fsck *f, struct err *e)
{
	f->name = "blobs";
	if (blob_list_all(f->store, check_stored, f, e) < 0 ||
	    check_catalog(f, e) < 0)
		return -1;
	return check_files(f, e);
}

/* ---- kinds -------------------------------------------------------------- */

int
fsck_layout(struct fsck *f)
{
	static const struct {
		const char	*name;
		int		 is_folder;
	} things[] = {
		{ "format", 0 }, { "catalog.db", 0 }, { "reservations", 0 },
		{ "blobs", 1 }, { "blobs/sha256", 1 }, { "blobs/tmp", 1 },
		{ "closures", 1 }, { "executions", 1 }, { "registry", 1 },
		{ "scratch", 1 },
	};
	size_t i, before = f->faults;

	f->name = "state folder";
	for (i = 0; i < ARRAY_LEN(things); i++) {
		c_strbuf struct strbuf path = STRBUF_INIT;
		struct stat st;

		strbuf_addf(&path, "%s/%s", f->ctl->home, things[i].name);
		if (stat(path.p, &st) < 0)
			continue;
		if (!things[i].is_folder != !S_ISDIR(st.st_mode))
			fsck_faultf(f, "%s: expected a %s, found a %s",
			    things[i].name, things[i].is_folder ? "folder" :
			    "file", things[i].is_folder ? "file" : "folder");
	}
	return f->faults == before;
}
