#ifndef STORE_DB_H
#define STORE_DB_H

/*
 * SQLite as this suite uses it: WAL, one schema with a version, statements
 * prepared once, errors as struct err.  Used by the modules of store/ only.
 */

#include <sqlite3.h>

#include "base/err.h"
#include "base/str.h"

/* Milliseconds to wait for another process's transaction, which is short. */
#define DB_BUSY_MS	10000
#define DB_STATEMENTS	32

struct db {
	sqlite3		*sq;
	char		*path;
	const char	*repair;	/* what to do about damage */
	int		 read_only;
	sqlite3_stmt	*stmt[DB_STATEMENTS];
};

struct db_schema {
	int		 version;	/* > 0, kept in user_version */
	int32_t		 app;		/* application_id */
	const char	*create;	/* statements that make it */
};

enum {
	DB_READ_ONLY = 1,
	/* Shuts everybody else out, for as long as it is open; then it needs
	 * no room for memory shared with others. */
	DB_ALONE = 2,
};

/*
 * Opens path, making it with the schema if it is not there.  With DB_READ_ONLY,
 * or if it cannot be written, for reading only (ret->read_only); then a
 * file that is not there is ERR_MISSING.  A newer schema is ERR_REFUSED, no
 * database or a damaged one ERR_CORRUPT.
 */
int	db_open(const char *path, const struct db_schema *, unsigned flags,
	    const char *repair, struct db **ret, struct err *e) must_check;
void	db_close(struct db *);

/* Statement number i < DB_STATEMENTS with this text, reset and unbound; NULL on failure. */
sqlite3_stmt *db_stmt(struct db *, unsigned i, const char *sql,
	    struct err *e) must_check;
/* 1: a row, 0: done (the statement is reset), -1: error. */
int	db_step(struct db *, sqlite3_stmt *, struct err *e) must_check;
/* Runs statements without results. */
int	db_exec(struct db *, const char *sql, struct err *e) must_check;
/* The last error of the handle as struct err. */
int	db_err(struct db *, struct err *e) must_check cold;

/* Bytes are borrowed until the statement is reset. */
void	db_bind_bytes(sqlite3_stmt *, int at, const void *p, size_t n);
void	db_bind_text(sqlite3_stmt *, int at, const char *text);
void	db_bind_int(sqlite3_stmt *, int at, int64_t v);
/* A column's bytes, valid until the next step. */
struct str db_bytes(sqlite3_stmt *, int at);

#endif
