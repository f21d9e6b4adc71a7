#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "store/handle.h"
#include "sys/home.h"

static const char schema_sql[] =
    "CREATE TABLE dataset ("
    " id INTEGER PRIMARY KEY,"
    " project TEXT NOT NULL, domain TEXT NOT NULL, name TEXT NOT NULL,"
    " version TEXT NOT NULL, cache_version TEXT NOT NULL,"
    " interface BLOB NOT NULL,"
    " UNIQUE (project, domain, name, version)) STRICT;"
    "CREATE TABLE entry ("
    " dataset INTEGER NOT NULL, tag BLOB NOT NULL,"
    " created INTEGER NOT NULL, used INTEGER NOT NULL,"
    " pinned INTEGER NOT NULL, size INTEGER NOT NULL,"
    " command BLOB NOT NULL, source TEXT NOT NULL, blobs BLOB NOT NULL,"
    " inline INTEGER NOT NULL, outputs BLOB NOT NULL,"
    " inputs BLOB NOT NULL,"
    " PRIMARY KEY (dataset, tag)) WITHOUT ROWID, STRICT;"
    "CREATE TABLE blob ("
    " id BLOB PRIMARY KEY, size INTEGER NOT NULL, used INTEGER NOT NULL,"
    " stamp BLOB NOT NULL, settled INTEGER NOT NULL)"
    " WITHOUT ROWID, STRICT;"
    "CREATE TABLE file ("
    " dev INTEGER NOT NULL, ino INTEGER NOT NULL, size INTEGER NOT NULL,"
    " mtime INTEGER NOT NULL, ctime INTEGER NOT NULL,"
    " digest BLOB NOT NULL, noted INTEGER NOT NULL,"
    " PRIMARY KEY (dev, ino)) WITHOUT ROWID, STRICT;";

static const struct db_schema schema = { 1, STORE_APP, schema_sql };

void
store_note(struct store *s, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (s->say == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	s->say(s->arg, line);
}

int
store_open(const struct store_options *o, struct store **ret, struct err *e)
{
	struct store *s;

	if (o->home == NULL || o->home[0] != '/')
		return err_set(e, ERR_USAGE,
		    "the state folder is not an absolute path: %s",
		    o->home == NULL ? "" : o->home);
	s = xcalloc(1, sizeof(*s));
	s->home = xstrdup(o->home);
	while (strlen(s->home) > 1 && s->home[strlen(s->home) - 1] == '/')
		s->home[strlen(s->home) - 1] = '\0';
	s->local = o->local == NULL ? NULL : xstrdup(o->local);
	s->say = o->say;
	s->arg = o->arg;
	s->read_only = o->read_only;
	s->force_local = o->force_local;
	s->sha_fd = s->tmp_fd = -1;
	s->times_fine = -1;
	arena_init(&s->arena);
	s->home_fd = open(s->home, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->home_fd < 0 && errno != ENOENT) {
		int rc = err_sys(e, "%s", s->home);

		store_close(s);
		return rc;
	}
	*ret = s;
	return 0;
}

static void
release_queue(struct store *s)
{
	VEC_RELEASE(&s->puts);
	VEC_RELEASE(&s->uses);
	VEC_RELEASE(&s->blobs);
	VEC_RELEASE(&s->files);
	VEC_RELEASE(&s->damaged);
	listings_release(&s->listings);
	arena_release(&s->arena);
}

void
store_close(struct store *s)
{
	struct err e;
	size_t i;
	int told;

	if (s == NULL)
		return;
	told = s->commit_failed;
	if (catalog_commit(s, &e) < 0 && !told)
		store_note(s, "%s", e.msg);
	db_close(s->db);
	release_queue(s);
	for (i = 0; i < s->datasets.n; i++) {
		struct dataset *d = &s->datasets.at[i];

		free(d->project);
		free(d->domain);
		free(d->name);
		free(d->version);
		free(d->cache_version);
		free(d->interface);
		free(d->id);
	}
	VEC_RELEASE(&s->datasets);
	map_release(&s->by_id);
	closep(&s->home_fd);
	closep(&s->sha_fd);
	closep(&s->tmp_fd);
	free(s->home);
	free(s->local);
	free(s);
}

int
store_want_home(struct store *s, struct err *e)
{
	if (s->home_fd >= 0)
		return 0;
	if (!s->read_only && home_make(s->home, e) < 0)
		return -1;
	s->home_fd = file_open_dir(AT_FDCWD, s->home, !s->read_only, e);
	return s->home_fd < 0 ? -1 : 0;
}

char *
store_db_path(const struct store *s)
{
	struct strbuf b = STRBUF_INIT;
	unsigned char d[DIGEST_SIZE];

	if (s->local == NULL || s->home_fd < 0 ||
	    (!s->force_local && !file_is_remote(s->home_fd))) {
		strbuf_addf(&b, "%s/catalog.db", s->home);
		return strbuf_detach(&b, NULL);
	}
	/* Several homes may share the local folder. */
	sha256(s->home, strlen(s->home), d);
	strbuf_addf(&b, "%s/", s->local);
	hex_add(&b, d, 8);
	strbuf_adds(&b, "/catalog.db");
	return strbuf_detach(&b, NULL);
}

#define HOW_TO_REPAIR	\
	"'flyte-cache verify --repair' saves what can be read of it"

int
store_db_at(const char *path, struct db **ret, struct err *e)
{
	return db_open(path, &schema, 0, HOW_TO_REPAIR, ret, e);
}

static int
open_db(struct store *s, int to_write, struct err *e)
{
	c_free char *path = store_db_path(s);
	size_t n = strlen(s->home);
	char *slash;

	/* Another process may make it: asked anew each time. */
	if (!to_write && access(path, F_OK) < 0 && errno == ENOENT)
		return 1;
	if (strncmp(path, s->home, n) != 0 ||
	    strcmp(path + n, "/catalog.db") != 0) {
		if (access(path, F_OK) < 0)
			store_note(s, "%s is on a network file system: the "
			    "catalog is kept on this machine, in %s", s->home,
			    path);
		slash = strrchr(path, '/');
		*slash = '\0';
		if (file_mkdirs(AT_FDCWD, path, e) < 0)
			return -1;
		*slash = '/';
	}
	if (db_open(path, &schema, (s->read_only ? DB_READ_ONLY : 0) |
	    (s->alone ? DB_ALONE : 0), HOW_TO_REPAIR, &s->db, e) == 0)
		return 0;
	if (to_write && access(s->home, W_OK) < 0 &&
	    (errno == EACCES || errno == EROFS)) {
		if (!s->said_read_only++)
			store_note(s, "%s cannot be written: results are not "
			    "kept", s->home);
		s->read_only = 1;
		s->no_db = 1;
		return 1;
	}
	if (e->kind != ERR_MISSING || to_write)
		return -1;
	s->no_db = 1;
	return 1;
}

int
store_db(struct store *s, int to_write, struct err *e)
{
	int rc;

	if (s->db == NULL && s->no_db && (!to_write || s->read_only))
		return 1;
	if (s->db == NULL) {
		if (to_write && !s->read_only && store_want_home(s, e) < 0)
			return -1;
		rc = open_db(s, to_write, e);
		if (rc != 0)
			return rc;
	}
	if (!to_write || !s->db->read_only)
		return 0;
	if (!s->said_read_only++)
		store_note(s, "%s cannot be written: results are not kept",
		    s->db->path);
	return 1;
}
