#include "store/certificate.h"

#include <time.h>

#include "store/handle.h"

/* Those that are kept; the oldest go first. */
#define MAX_CERTIFICATES	"1000"

/*
 * Made when first needed, so that catalogs made before have them too.  A
 * replaced row is an update (catalog-write.c): SQLite would not fire the
 * trigger for one that INSERT OR REPLACE drops.
 */
static const char make_sql[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS generation ("
    " one INTEGER PRIMARY KEY CHECK (one = 1), number BLOB NOT NULL)"
    " STRICT;"
    "INSERT OR IGNORE INTO generation VALUES (1, randomblob(16));"
    "CREATE TABLE IF NOT EXISTS certificate ("
    " key BLOB PRIMARY KEY, generation BLOB NOT NULL,"
    " made INTEGER NOT NULL, until INTEGER NOT NULL,"
    " blobs BLOB NOT NULL, value BLOB NOT NULL) WITHOUT ROWID, STRICT;"
    "CREATE TRIGGER IF NOT EXISTS entry_gone AFTER DELETE ON entry BEGIN"
    " UPDATE generation SET number = randomblob(16); END;"
    "CREATE TRIGGER IF NOT EXISTS entry_other AFTER UPDATE OF"
    " dataset, tag, command, blobs, inline, outputs ON entry BEGIN"
    " UPDATE generation SET number = randomblob(16); END;"
    "CREATE TRIGGER IF NOT EXISTS dataset_other AFTER UPDATE ON dataset BEGIN"
    " UPDATE generation SET number = randomblob(16); END;"
    "COMMIT";

static const char generation_sql[] = "SELECT number FROM generation";

/* 0, or -1: no table yet, or trouble. */
static int
read_generation(struct store *s, struct generation *ret)
{
	sqlite3_stmt *q;
	struct err e;
	struct str b;
	int rc = -1;

	q = db_stmt(s->db, SQL_GENERATION, generation_sql, &e);
	if (q == NULL || db_step(s->db, q, &e) != 1)
		return -1;
	b = db_bytes(q, 0);
	if (b.n == sizeof(ret->b)) {
		memcpy(ret->b, b.p, sizeof(ret->b));
		rc = 0;
	}
	sqlite3_reset(q);
	return rc;
}

int
certificate_generation(struct store *s, struct generation *ret)
{
	struct err e;

	if (store_db(s, 0, &e) != 0 || s->db->read_only || s->read_only)
		return -1;
	if (read_generation(s, ret) == 0)
		return 0;
	if (db_exec(s->db, make_sql, &e) < 0) {
		sqlite3_exec(s->db->sq, "ROLLBACK", NULL, NULL, NULL);
		return -1;
	}
	return read_generation(s, ret);
}

/* Those that do not hold any more, and those that are too many. */
static int
drop_old(struct store *s, const struct generation *g, int64_t now)
{
	struct err e;
	sqlite3_stmt *q = db_stmt(s->db, SQL_CERTIFICATE_DROP,
	    "DELETE FROM certificate WHERE generation<>?1 OR until<=?2 OR"
	    " key IN (SELECT key FROM certificate ORDER BY made DESC LIMIT -1"
	    " OFFSET " MAX_CERTIFICATES ")", &e);

	if (q == NULL)
		return -1;
	db_bind_bytes(q, 1, g->b, sizeof(g->b));
	db_bind_int(q, 2, now);
	return db_step(s->db, q, &e);
}

static int
put(struct store *s, const struct generation *g, const struct certificate *c,
    int64_t now)
{
	struct err e;
	sqlite3_stmt *q = db_stmt(s->db, SQL_CERTIFICATE_PUT,
	    "INSERT OR REPLACE INTO certificate"
	    " (key, generation, made, until, blobs, value)"
	    " SELECT ?1, number, ?3, ?4, ?5, ?6 FROM generation"
	    " WHERE number=?2", &e);

	if (q == NULL)
		return -1;
	db_bind_bytes(q, 1, c->key.b, DIGEST_SIZE);
	db_bind_bytes(q, 2, g->b, sizeof(g->b));
	db_bind_int(q, 3, now);
	db_bind_int(q, 4, c->until);
	db_bind_bytes(q, 5, c->blobs.p, c->blobs.n);
	db_bind_bytes(q, 6, c->value.p, c->value.n);
	return db_step(s->db, q, &e);
}

static int
put_all(struct store *s, const struct generation *g,
    const struct certificate *c, size_t n)
{
	int64_t now = time(NULL);
	size_t i;

	if (drop_old(s, g, now) < 0)
		return -1;
	for (i = 0; i < n; i++)
		if (put(s, g, &c[i], now) < 0)
			return -1;
	return 0;
}

void
certificate_put(struct store *s, const struct generation *g,
    const struct certificate *c, size_t n)
{
	struct err e;

	if (store_db(s, 1, &e) != 0 ||
	    db_exec(s->db, "BEGIN IMMEDIATE", &e) < 0)
		return;
	if (put_all(s, g, c, n) == 0 && db_exec(s->db, "COMMIT", &e) == 0)
		return;
	sqlite3_exec(s->db->sq, "ROLLBACK", NULL, NULL, NULL);
}

/* Each of them must be there and whole. */
static int
blobs_whole(struct store *s, struct str ids)
{
	enum blob_state state;
	struct blob b;
	struct err e;
	size_t i;

	if (ids.n % BLOB_ID != 0)
		return 0;
	for (i = 0; i < ids.n; i += BLOB_ID) {
		blob_of_id((const unsigned char *)ids.p + i, &b);
		if (blob_check(s, &b, 0, &state, &e) < 0 || state != BLOB_OK)
			return 0;
	}
	return 1;
}

int
certificate_get(struct store *s, const struct digest *key, struct arena *a,
    struct certificate *ret)
{
	sqlite3_stmt *q;
	struct err e;

	if (store_db(s, 0, &e) != 0)
		return -1;
	q = db_stmt(s->db, SQL_CERTIFICATE_GET,
	    "SELECT until, blobs, value FROM certificate, generation"
	    " WHERE key=?1 AND generation=number AND until>?2 AND made<=?2",
	    &e);
	if (q == NULL)
		return -1;
	db_bind_bytes(q, 1, key->b, DIGEST_SIZE);
	db_bind_int(q, 2, time(NULL));
	if (db_step(s->db, q, &e) != 1)
		return -1;
	ret->key = *key;
	ret->until = sqlite3_column_int64(q, 0);
	ret->blobs = arena_str(a, db_bytes(q, 1));
	ret->value = arena_str(a, db_bytes(q, 2));
	sqlite3_reset(q);
	return blobs_whole(s, ret->blobs) ? 0 : -1;
}
