/* Listings: held, written, found again. */
#include "store/listing.h"

#include <time.h>

#include "base/limits.h"
#include "store/handle.h"

/* Held at once; more are forgotten when nothing of them is to be written. */
#define MAX_HELD	((uint64_t)16 * 1024 * 1024)
/* Read by one process: a fraction of a second to compare. */
#define MAX_READ	((uint64_t)256 * 1024 * 1024)
/* The time of use is noted at most once in so many seconds: to note it means
 * to write all of it. */
#define NOTED		(24 * 60 * 60)

/* ---- holding ------------------------------------------------------------ */

static void
make_id(enum listing_kind kind, const unsigned char digest[DIGEST_SIZE],
    unsigned char ret[LISTING_ID])
{
	memcpy(ret, digest, DIGEST_SIZE);
	ret[DIGEST_SIZE] = (unsigned char)kind;
}

static struct held_listing *
held(const struct listings *l, const unsigned char id[LISTING_ID])
{
	uint32_t i = l->at.n == 0 ? MAP_NONE : map_get(&l->by_id,
	    (struct str){ (const char *)id, LISTING_ID });

	return i == MAP_NONE ? NULL : &l->at.at[i];
}

static void
forget(struct listings *l)
{
	map_release(&l->by_id);
	VEC_RELEASE(&l->at);
	arena_release(&l->arena);
	l->held = 0;
	l->wanted = 0;
}

void
listings_release(struct listings *l)
{
	forget(l);
	arena_release(&l->last_arena);
	l->last_is = l->last_was = NULL;
}

static struct held_listing *
hold(struct store *s, enum listing_kind kind,
    const unsigned char digest[DIGEST_SIZE], struct str bytes)
{
	struct listings *l = &s->listings;
	unsigned char id[LISTING_ID];
	struct held_listing new = { .state = LISTING_HELD }, *old;
	struct str key;

	make_id(kind, digest, id);
	old = held(l, id);
	if (old != NULL || bytes.n > MAX_LISTING_BYTES)
		return old;
	if (l->held + bytes.n > MAX_HELD && l->wanted > 0)
		return NULL;
	if (l->held + bytes.n > MAX_HELD)
		forget(l);
	key = arena_str(&l->arena, (struct str){ (const char *)id,
	    LISTING_ID });
	new.id = (unsigned char *)(uintptr_t)key.p;
	new.bytes = arena_str(&l->arena, bytes);
	l->held += bytes.n;
	map_put(&l->by_id, key, (uint32_t)l->at.n);
	VEC_PUSH(&l->at, new);
	return &VEC_LAST(&l->at);
}

static void
want(struct listings *l, struct held_listing *x)
{
	if (x == NULL || x->state != LISTING_HELD || l->off)
		return;
	x->state = LISTING_WANTED;
	l->wanted++;
}

void
listing_note(struct store *s, enum listing_kind kind,
    const unsigned char digest[DIGEST_SIZE], struct str bytes)
{
	hold(s, kind, digest, bytes);
}

void
listing_want(struct store *s, enum listing_kind kind,
    const unsigned char digest[DIGEST_SIZE], struct str bytes)
{
	want(&s->listings, hold(s, kind, digest, bytes));
}

int
listing_next_ref(struct str *rest, unsigned char ret[LISTING_ID])
{
	static const char prefix[] = "sha256", tree[] = "-tree:";
	struct str hex;
	const char *p;

	while ((p = memmem(rest->p, rest->n, prefix, sizeof(prefix) - 1)) !=
	    NULL) {
		p += sizeof(prefix) - 1;
		*rest = (struct str){ p, (size_t)(rest->p + rest->n - p) };
		hex = *rest;
		ret[DIGEST_SIZE] = str_starts(hex, tree) ? LISTING_TREE :
		    LISTING_VALUE;
		if (ret[DIGEST_SIZE] == LISTING_TREE) {
			hex.p += sizeof(tree) - 1;
			hex.n -= sizeof(tree) - 1;
		} else if (str_starts(hex, ":")) {
			hex.p++;
			hex.n--;
		} else {
			continue;
		}
		if (hex.n >= DIGEST_HEX && hex_parse((struct str){ hex.p,
		    DIGEST_HEX }, ret, DIGEST_SIZE) == 0)
			return 1;
	}
	return 0;
}

void
listing_want_named(struct store *s, struct str inputs)
{
	unsigned char id[LISTING_ID];

	if (s->listings.at.n == 0)
		return;
	while (listing_next_ref(&inputs, id))
		if (id[DIGEST_SIZE] == LISTING_TREE)
			want(&s->listings, held(&s->listings, id));
}

/* ---- writing ------------------------------------------------------------ */

/* Made when first needed, so that catalogs made before have it too. */
const char listing_make_sql[] =
    "CREATE TABLE IF NOT EXISTS listing ("
    " id BLOB PRIMARY KEY, size INTEGER NOT NULL, noted INTEGER NOT NULL,"
    " bytes BLOB NOT NULL) STRICT";

static int
write_one(struct store *s, const struct held_listing *x, int64_t now,
    struct err *e)
{
	sqlite3_stmt *q = db_stmt(s->db, SQL_LISTING_PUT,
	    "INSERT INTO listing (id, size, noted, bytes)"
	    " VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE"
	    " SET size=?2, noted=?3, bytes=?4 WHERE noted<?5", e);

	if (q == NULL)
		return -1;
	db_bind_bytes(q, 1, x->id, LISTING_ID);
	db_bind_int(q, 2, (int64_t)x->bytes.n);
	db_bind_int(q, 3, now);
	db_bind_bytes(q, 4, x->bytes.p, x->bytes.n);
	db_bind_int(q, 5, now - NOTED);
	return db_step(s->db, q, e);
}

/* Over the bound those that were noted longest ago go, a quarter of all, so
 * that it is not done again at once. */
static int
trim(struct store *s, struct err *e)
{
	sqlite3_stmt *q = db_stmt(s->db, SQL_LISTING_TRIM,
	    "DELETE FROM listing WHERE (SELECT sum(size) FROM listing)>?1"
	    " AND id IN (SELECT id FROM (SELECT id, sum(size) OVER"
	    " (ORDER BY noted DESC, id) AS upto FROM listing)"
	    " WHERE upto>?2)", e);

	if (q == NULL)
		return -1;
	db_bind_int(q, 1, (int64_t)MAX_LISTINGS_BYTES);
	db_bind_int(q, 2, (int64_t)(MAX_LISTINGS_BYTES / 4 * 3));
	return db_step(s->db, q, e);
}

static int
write_wanted(struct store *s, struct err *e)
{
	struct listings *l = &s->listings;
	int64_t now = time(NULL);
	size_t i;

	if (db_exec(s->db, listing_make_sql, e) < 0)
		return -1;
	for (i = 0; i < l->at.n; i++) {
		if (l->at.at[i].state != LISTING_WANTED)
			continue;
		if (write_one(s, &l->at.at[i], now, e) < 0)
			return -1;
		l->at.at[i].state = LISTING_WRITTEN;
		l->written += l->at.at[i].bytes.n;
	}
	return trim(s, e);
}

void
listings_commit(struct store *s)
{
	struct listings *l = &s->listings;
	struct err e;

	if (l->wanted == 0)
		return;
	l->wanted = 0;
	if (db_exec(s->db, "BEGIN IMMEDIATE", &e) < 0 ||
	    write_wanted(s, &e) < 0 || db_exec(s->db, "COMMIT", &e) < 0) {
		sqlite3_exec(s->db->sq, "ROLLBACK", NULL, NULL, NULL);
		l->off = 1;
	}
	/* A run whose every node has a long list of its own would write
	 * little else. */
	if (l->written > MAX_LISTINGS_BYTES / 2)
		l->off = 1;
	if (l->held > MAX_HELD / 2)
		forget(l);
}

/* ---- finding ------------------------------------------------------------ */

static int
is_whole(const struct strbuf *b, size_t from,
    const unsigned char digest[DIGEST_SIZE])
{
	unsigned char sum[DIGEST_SIZE];

	sha256(b->p + from, b->n - from, sum);
	return memcmp(sum, digest, DIGEST_SIZE) == 0;
}

static int
get_kept(struct store *s, const unsigned char id[LISTING_ID],
    struct strbuf *ret)
{
	size_t from = ret->n;
	struct err ignored;
	sqlite3_stmt *q;

	if (store_db(s, 0, &ignored) != 0)
		return 0;
	/* No table is no listing. */
	q = db_stmt(s->db, SQL_LISTING_GET,
	    "SELECT bytes FROM listing WHERE id=?1", &ignored);
	if (q == NULL)
		return 0;
	db_bind_bytes(q, 1, id, LISTING_ID);
	if (db_step(s->db, q, &ignored) != 1)
		return 0;
	strbuf_addstr(ret, db_bytes(q, 0));
	sqlite3_reset(q);
	if (is_whole(ret, from, id))
		return 1;
	strbuf_setlen(ret, from);
	return 0;
}

/* A folder that is a blob is its own listing. */
static int
get_blob(struct store *s, const unsigned char id[LISTING_ID],
    struct strbuf *ret)
{
	c_strbuf struct strbuf list = STRBUF_INIT;
	char name[BLOB_NAME_MAX];
	struct err ignored;
	struct blob b, real;

	if (blob_folders(s, 0, &ignored) < 0)
		return 0;
	blob_of_id(id, &b);
	blob_name(&b, name);
	if (tree_digest(s, s->sha_fd, name, 0, &real, &list, &ignored) < 0)
		return 0;
	if (list.n == 0)	/* too long, and that took its time */
		s->listings.read += MAX_LISTING_BYTES;
	if (list.n == 0 || !digest_equal(&b.digest, &real.digest))
		return 0;
	strbuf_addstr(ret, strbuf_str(&list));
	return 1;
}

int
listing_get(struct store *s, enum listing_kind kind,
    const unsigned char digest[DIGEST_SIZE], struct strbuf *ret)
{
	unsigned char id[LISTING_ID];
	struct held_listing *x;
	size_t from = ret->n;
	int rc, is_blob;

	if (s->listings.read > MAX_READ)
		return 0;
	make_id(kind, digest, id);
	x = held(&s->listings, id);
	if (x != NULL) {
		strbuf_addstr(ret, x->bytes);
		rc = 1;
	} else {
		rc = get_kept(s, id, ret);
		is_blob = !rc && kind == LISTING_TREE && get_blob(s, id, ret);
		if (rc || is_blob)
			x = hold(s, kind, digest, (struct str){
			    ret->p + from, ret->n - from });
		/* No second copy of what is in the store. */
		if (x != NULL && is_blob)
			x->state = LISTING_WRITTEN;
		rc |= is_blob;
	}
	s->listings.read += ret->n - from;
	return rc;
}

/* ---- looking after them ------------------------------------------------- */

/* 1: there is none. */
static int
no_table(struct store *s, struct err *e)
{
	sqlite3_stmt *q = NULL;
	int rc = store_db(s, 0, e);

	if (rc != 0)
		return rc;
	if (sqlite3_prepare_v2(s->db->sq, "SELECT 1 FROM sqlite_master WHERE"
	    " type='table' AND name='listing'", -1, &q, NULL) != SQLITE_OK)
		return db_err(s->db, e);
	rc = db_step(s->db, q, e);
	sqlite3_finalize(q);
	return rc < 0 ? -1 : rc == 0;
}

int
listings_each(struct store *s, int with_bytes, listing_fn *fn, void *arg,
    struct err *e)
{
	sqlite3_stmt *q = NULL;
	struct str id;
	int rc = no_table(s, e);

	if (rc != 0)
		return MIN(rc, 0);
	if (sqlite3_prepare_v2(s->db->sq, with_bytes ?
	    "SELECT id, size, bytes FROM listing ORDER BY id" :
	    "SELECT id, size, x'' FROM listing ORDER BY id", -1, &q,
	    NULL) != SQLITE_OK)
		return db_err(s->db, e);
	while ((rc = db_step(s->db, q, e)) == 1) {
		id = db_bytes(q, 0);
		if (id.n == LISTING_ID && fn(arg, (const unsigned char *)id.p,
		    (uint64_t)sqlite3_column_int64(q, 1), db_bytes(q, 2),
		    e) < 0) {
			rc = -1;
			break;
		}
	}
	sqlite3_finalize(q);
	return MIN(rc, 0);
}

int
listing_remove(struct store *s, const unsigned char id[LISTING_ID],
    struct err *e)
{
	sqlite3_stmt *q = db_stmt(s->db, SQL_LISTING_DROP,
	    "DELETE FROM listing WHERE id=?1", e);

	if (q == NULL)
		return -1;
	db_bind_bytes(q, 1, id, LISTING_ID);
	return db_step(s->db, q, e);
}
