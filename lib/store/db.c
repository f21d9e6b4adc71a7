#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int
db_err(struct db *db, struct err *e)
{
	int code = sqlite3_extended_errcode(db->sq), sys = errno, rc;
	const char *text = sqlite3_errmsg(db->sq);

	/* It takes a file that cannot be read for a damaged one. */
	if ((code & 0xff) == SQLITE_CORRUPT && sys == EIO) {
		errno = sys;
		return err_sys(e, "%s", db->path);
	}
	sys = sqlite3_system_errno(db->sq);
	switch (code & 0xff) {
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		rc = err_set(e, ERR_CORRUPT, "%s: damaged (%s); %s", db->path,
		    text, db->repair);
		break;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		rc = err_set(e, ERR_BUSY,
		    "%s: in use by another process for more than %d s",
		    db->path, DB_BUSY_MS / 1000);
		break;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		rc = err_set(e, ERR_REFUSED, "%s: cannot be written: %s",
		    db->path, text);
		break;
	default:
		if ((code & 0xff) == SQLITE_FULL)
			sys = ENOSPC;
		rc = err_set(e, ERR_SYS, "%s: %s%s%s", db->path, text,
		    sys != 0 ? ": " : "", sys != 0 ? strerror(sys) : "");
		break;
	}
	e->sys = sys;
	return rc;
}

int
db_exec(struct db *db, const char *sql, struct err *e)
{
	errno = 0;
	return sqlite3_exec(db->sq, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 :
	    db_err(db, e);
}

sqlite3_stmt *
db_stmt(struct db *db, unsigned i, const char *sql, struct err *e)
{
	if (db->stmt[i] != NULL) {
		sqlite3_reset(db->stmt[i]);
		return db->stmt[i];
	}
	errno = 0;
	if (sqlite3_prepare_v3(db->sq, sql, -1, SQLITE_PREPARE_PERSISTENT,
	    &db->stmt[i], NULL) == SQLITE_OK)
		return db->stmt[i];
	if (db_err(db, e) == 0)
		BUG("no error");
	return NULL;
}

int
db_step(struct db *db, sqlite3_stmt *s, struct err *e)
{
	int rc;

	errno = 0;
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		return 1;
	if (rc != SQLITE_DONE)
		rc = db_err(db, e);
	else
		rc = 0;
	sqlite3_reset(s);
	return rc;
}

void
db_bind_bytes(sqlite3_stmt *s, int at, const void *p, size_t n)
{
	/* A NULL pointer would bind SQL's NULL. */
	sqlite3_bind_blob64(s, at, n == 0 ? "" : p, n, SQLITE_STATIC);
}

void
db_bind_text(sqlite3_stmt *s, int at, const char *text)
{
	sqlite3_bind_text(s, at, text, -1, SQLITE_STATIC);
}

void
db_bind_int(sqlite3_stmt *s, int at, int64_t v)
{
	sqlite3_bind_int64(s, at, v);
}

struct str
db_bytes(sqlite3_stmt *s, int at)
{
	const char *p = sqlite3_column_blob(s, at);
	int n = sqlite3_column_bytes(s, at);

	return p == NULL ? (struct str){ "", 0 } : (struct str){ p, (size_t)n };
}

/* A pragma's number. */
static int
pragma(struct db *db, const char *sql, int *ret, struct err *e)
{
	sqlite3_stmt *s = NULL;
	int rc;

	errno = 0;
	if (sqlite3_prepare_v2(db->sq, sql, -1, &s, NULL) != SQLITE_OK)
		return db_err(db, e);
	rc = sqlite3_step(s);
	if (rc == SQLITE_ROW)
		*ret = sqlite3_column_int(s, 0);
	else
		rc = db_err(db, e);
	sqlite3_finalize(s);
	return rc == SQLITE_ROW ? 0 : -1;
}

/* Makes the schema; of many that try at once one does. */
static int
create(struct db *db, const struct db_schema *schema, struct err *e)
{
	char sql[80];
	int version = 0;

	if (db_exec(db, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	if (pragma(db, "PRAGMA user_version", &version, e) < 0)
		goto fail;
	if (version == 0 && db_exec(db, schema->create, e) < 0)
		goto fail;
	snprintf(sql, sizeof(sql),
	    "PRAGMA user_version=%d; PRAGMA application_id=%d",
	    schema->version, schema->app);
	if (version == 0 && db_exec(db, sql, e) < 0)
		goto fail;
	if (db_exec(db, "COMMIT", e) == 0)
		return 0;
fail:
	sqlite3_exec(db->sq, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

static int
check_schema(struct db *db, const struct db_schema *schema, struct err *e)
{
	int version = 0, app = 0;

	if (pragma(db, "PRAGMA user_version", &version, e) < 0)
		return -1;
	if (version == 0 && !db->read_only) {
		if (db_exec(db, "PRAGMA journal_mode=WAL", e) < 0 ||
		    create(db, schema, e) < 0)
			return -1;
		version = schema->version;
	}
	if (pragma(db, "PRAGMA application_id", &app, e) < 0)
		return -1;
	if (version != 0 && app != schema->app)
		return err_set(e, ERR_CORRUPT,
		    "%s: not a database of this kind; move it away", db->path);
	if (version > schema->version)
		return err_set(e, ERR_REFUSED, "%s: written by a newer "
		    "flyte-tools (layout %d; this one knows %d)", db->path,
		    version, schema->version);
	if (version < schema->version)
		return err_set(e, ERR_MISSING, "%s: empty", db->path);
	return 0;
}

static int
open_as(struct db *db, const char *name, int flags, struct err *e)
{
	if (sqlite3_open_v2(name, &db->sq, flags | SQLITE_OPEN_NOMUTEX |
	    SQLITE_OPEN_EXRESCODE, NULL) != SQLITE_OK) {
		int rc = db_err(db, e);

		sqlite3_close(TAKE(db->sq, NULL));
		return rc;
	}
	sqlite3_busy_timeout(db->sq, DB_BUSY_MS);
	return 0;
}

/* "file:PATH?immutable=1" with what means something in a URI escaped. */
static char *
immutable_uri(const char *path)
{
	static const char tail[] = "?immutable=1";
	char *ret = xmalloc(3 * strlen(path) + 5 + sizeof(tail)), *at = ret;

	memcpy(at, "file:", 5);
	for (at += 5; *path != '\0'; path++) {
		if (*path == '?' || *path == '#' || *path == '%')
			at += snprintf(at, 4, "%%%02x", (unsigned char)*path);
		else
			*at++ = *path;
	}
	memcpy(at, tail, sizeof(tail));
	return ret;
}

/*
 * For reading.  In a folder that cannot be written SQLite cannot make the
 * shared memory of WAL mode; the file alone is then read as one that does
 * not change, which is so unless its owner works in it at this moment.
 */
static int
open_to_read(struct db *db, const struct db_schema *schema, struct err *e)
{
	c_free char *uri = NULL;

	db->read_only = 1;
	if (access(db->path, F_OK) < 0)
		return err_set(e, ERR_MISSING, "%s: not there", db->path);
	if (open_as(db, db->path, SQLITE_OPEN_READONLY, e) == 0 &&
	    check_schema(db, schema, e) == 0)
		return 0;
	if (e->kind == ERR_CORRUPT || e->kind == ERR_MISSING ||
	    access(db->path, R_OK) < 0)
		return -1;
	sqlite3_close(TAKE(db->sq, NULL));
	uri = immutable_uri(db->path);
	if (open_as(db, uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, e) < 0)
		return -1;
	return check_schema(db, schema, e);
}

/*
 * SQLite makes files with mode 0644 whatever the umask lets a group do, and
 * gives -wal and -shm the mode of the database.  If it cannot be made, the
 * open says why.
 */
static void
make_empty(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);

	if (fd >= 0)
		close(fd);
}

static int
open_any(struct db *db, const struct db_schema *schema, unsigned flags,
    struct err *e)
{
	if (flags & DB_READ_ONLY)
		return open_to_read(db, schema, e);
	make_empty(db->path);
	if (open_as(db, db->path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
	    e) == 0 && sqlite3_db_readonly(db->sq, "main") == 0 &&
	    ((flags & DB_ALONE) == 0 ||
	    db_exec(db, "PRAGMA locking_mode=EXCLUSIVE", e) == 0) &&
	    check_schema(db, schema, e) == 0)
		return db_exec(db, "PRAGMA synchronous=NORMAL;"
		    "PRAGMA wal_autocheckpoint=4000;"
		    "PRAGMA temp_store=MEMORY", e);
	/* Written by another user, or on a read-only file system? */
	if (db->sq != NULL && sqlite3_db_readonly(db->sq, "main") == 0 &&
	    e->kind != ERR_REFUSED)
		return -1;
	if (db->sq != NULL && sqlite3_db_readonly(db->sq, "main") == 1 &&
	    access(db->path, W_OK) == 0) {
		/* SQLite makes do with reading whatever the reason was. */
		errno = sqlite3_system_errno(db->sq);
		return errno != 0 ? err_sys(e, "%s", db->path) : err_set(e,
		    ERR_SYS, "%s: cannot be opened for writing", db->path);
	}
	if (access(db->path, F_OK) < 0 || access(db->path, W_OK) == 0)
		return -1;
	sqlite3_close(TAKE(db->sq, NULL));
	return open_to_read(db, schema, e);
}

int
db_open(const char *path, const struct db_schema *schema, unsigned flags,
    const char *repair, struct db **ret, struct err *e)
{
	struct db *db = xcalloc(1, sizeof(*db));

	db->path = xstrdup(path);
	db->repair = repair;
	if (open_any(db, schema, flags, e) < 0) {
		db_close(db);
		return -1;
	}
	*ret = db;
	return 0;
}

void
db_close(struct db *db)
{
	size_t i;

	if (db == NULL)
		return;
	for (i = 0; i < DB_STATEMENTS; i++)
		sqlite3_finalize(db->stmt[i]);
	if (db->sq != NULL)
		sqlite3_close(db->sq);
	free(db->path);
	free(db);
}
