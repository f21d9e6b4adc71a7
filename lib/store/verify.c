/* Reading everything, and mending what can be mended. */
#include "store/gc.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "store/handle.h"

struct verify {
	struct store	*s;
	int		 repair;
	verify_fn	*fn;
	void		*arg;
	struct verify_report *r;
	struct blob_list bad;
	VEC(struct cache_key) dangling;
	VEC(unsigned char *) lost;	/* ids of listings */
	struct arena	 arena;
};

static void printf_like(2, 3)
tell(struct verify *v, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	if (v->fn != NULL)
		v->fn(v->arg, line);
}

/* ---- blobs -------------------------------------------------------------- */

static int
verify_blob(void *arg, const struct blob *b, const struct stat *st,
    struct err *e)
{
	c_strbuf struct strbuf uri = STRBUF_INIT;
	enum blob_state state;
	struct verify *v = arg;
	struct blob mine = *b;
	int rc;

	(void)st;
	rc = blob_check(v->s, &mine, 1, &state, e);
	if (rc == 0 && state == BLOB_GONE)
		return 0;	/* removed by somebody meanwhile */
	if (rc < 0 && err_is_shortage(e))
		return -1;	/* that tells nothing of it */
	v->r->blobs++;
	if (rc == 0 && state == BLOB_OK)
		return 0;
	blob_add_uri(b, &uri);
	if (rc < 0)
		tell(v, "%s: cannot be read: %s", uri.p, e->msg);
	else
		tell(v, "%s: damaged: its bytes are not those of its name",
		    uri.p);
	v->r->damaged++;
	VEC_PUSH(&v->bad, *b);
	return 0;
}

static int
remove_bad(struct verify *v, struct err *e)
{
	size_t i;

	for (i = 0; i < v->bad.n; i++) {
		if (blob_remove(v->s, &v->bad.at[i], e) < 0)
			return -1;
		v->r->repaired++;
	}
	return 0;
}

/* ---- entries ------------------------------------------------------------ */

static int
is_bad(const struct verify *v, const struct blob *b)
{
	size_t i;

	for (i = 0; i < v->bad.n; i++)
		if (v->bad.at[i].kind == b->kind &&
		    digest_equal(&v->bad.at[i].digest, &b->digest))
			return 1;
	return 0;
}

static int
verify_entry(void *arg, const struct cache_entry *x, struct err *e)
{
	c_strbuf struct strbuf uri = STRBUF_INIT;
	struct verify *v = arg;
	enum blob_state state;
	struct blob b;
	size_t i;
	int rc;

	v->r->entries++;
	for (i = 0; i < x->n_blobs; i++) {
		b = x->blobs[i];
		rc = is_bad(v, &b) ? 1 : blob_check(v->s, &b, 0, &state, e);
		if (rc < 0 && err_is_shortage(e))
			return -1;
		if (rc == 0 && state == BLOB_OK)
			continue;
		blob_add_uri(&b, &uri);
		tell(v, "entry %.16s of %s/%s/%s: needs %s, which is gone or "
		    "damaged", x->key, x->project, x->domain, x->name, uri.p);
		v->r->dangling++;
		VEC_PUSH(&v->dangling, catalog_key_of(v->s, x, &v->arena));
		break;
	}
	return 0;
}

static int
remove_dangling(struct verify *v, struct err *e)
{
	size_t i;

	for (i = 0; i < v->dangling.n; i++) {
		if (catalog_remove(v->s, &v->dangling.at[i], e) < 0)
			return -1;
		v->r->repaired++;
	}
	return 0;
}

/* ---- listings ----------------------------------------------------------- */

static int
verify_listing(void *arg, const unsigned char id[LISTING_ID], uint64_t size,
    struct str bytes, struct err *e)
{
	c_strbuf struct strbuf hex = STRBUF_INIT;
	unsigned char sum[DIGEST_SIZE];
	struct verify *v = arg;
	struct str kept;

	(void)e;
	v->r->listings++;
	sha256(bytes.p, bytes.n, sum);
	if (memcmp(sum, id, DIGEST_SIZE) == 0 && size == bytes.n)
		return 0;
	hex_add(&hex, id, DIGEST_SIZE);
	tell(v, "listing of sha256%s:%s: damaged: its bytes are not those of "
	    "its name", id[DIGEST_SIZE] == LISTING_TREE ? "-tree" : "",
	    hex.p);
	v->r->lost++;
	kept = arena_str(&v->arena, (struct str){ (const char *)id,
	    LISTING_ID });
	VEC_PUSH(&v->lost, (unsigned char *)(uintptr_t)kept.p);
	return 0;
}

static int
remove_lost(struct verify *v, struct err *e)
{
	size_t i;

	for (i = 0; i < v->lost.n; i++) {
		if (listing_remove(v->s, v->lost.at[i], e) < 0)
			return -1;
		v->r->repaired++;
	}
	return 0;
}

int
listings_check(struct store *s, verify_fn *fn, void *arg, struct err *e)
{
	struct verify_report r = { .blobs = 0 };
	struct verify v = {
		.s = s, .fn = fn, .arg = arg, .r = &r, .arena = ARENA_INIT,
	};
	int rc = listings_each(s, 1, verify_listing, &v, e);

	VEC_RELEASE(&v.lost);
	arena_release(&v.arena);
	return rc;
}

/* ---- the catalog -------------------------------------------------------- */

/* Copies the rows one statement gives into another's parameters; stops at
 * the first that cannot be read. */
static size_t
copy_rows(sqlite3 *from, const char *select, sqlite3 *to, const char *insert)
{
	sqlite3_stmt *in = NULL, *out = NULL;
	size_t n = 0;
	int i;

	if (sqlite3_prepare_v2(from, select, -1, &in, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(to, insert, -1, &out, NULL) == SQLITE_OK)
		while (sqlite3_step(in) == SQLITE_ROW) {
			for (i = 0; i < sqlite3_column_count(in); i++)
				sqlite3_bind_value(out, i + 1,
				    sqlite3_column_value(in, i));
			if (sqlite3_step(out) == SQLITE_DONE)
				n += (size_t)sqlite3_changes(to);
			sqlite3_reset(out);
		}
	sqlite3_finalize(in);
	sqlite3_finalize(out);
	return n;
}

#define DATASETS	"SELECT id, project, domain, name, version," \
			" cache_version, interface FROM dataset ORDER BY id"
#define ENTRIES		"SELECT dataset, tag, created, used, pinned, size," \
			" command, source, blobs, inline, outputs, inputs" \
			" FROM entry ORDER BY dataset"

#define LISTINGS	"SELECT id, size, noted, bytes FROM listing"

/* From both ends, so that one bad page costs only what lies on it. */
static size_t
salvage(sqlite3 *from, sqlite3 *to)
{
	static const char dataset[] =
	    "INSERT OR IGNORE INTO dataset VALUES (?1,?2,?3,?4,?5,?6,?7)";
	static const char entry[] = "INSERT OR IGNORE INTO entry VALUES"
	    " (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12)";
	static const char listing[] =
	    "INSERT OR IGNORE INTO listing VALUES (?1,?2,?3,?4)";
	size_t n;

	copy_rows(from, DATASETS, to, dataset);
	copy_rows(from, DATASETS " DESC", to, dataset);
	n = copy_rows(from, ENTRIES ", tag", to, entry);
	n += copy_rows(from, ENTRIES " DESC, tag DESC", to, entry);
	sqlite3_exec(to, listing_make_sql, NULL, NULL, NULL);
	copy_rows(from, LISTINGS, to, listing);
	sqlite3_exec(to, "DELETE FROM entry WHERE dataset NOT IN"
	    " (SELECT id FROM dataset)", NULL, NULL, NULL);
	return n - (size_t)sqlite3_changes(to);
}

/* The old database with its log goes aside, the new one takes its name. */
static int
swap_in(const char *path, const char *new, struct strbuf *kept, struct err *e)
{
	static const char *const tails[] = { "-wal", "-shm", "" };
	c_strbuf struct strbuf from = STRBUF_INIT, to = STRBUF_INIT;
	size_t start = kept->n, i;

	strbuf_addf(kept, "%s.damaged-%lld", path, (long long)time(NULL));
	for (i = 0; i < ARRAY_LEN(tails); i++) {
		strbuf_reset(&from);
		strbuf_reset(&to);
		strbuf_addf(&from, "%s%s", path, tails[i]);
		strbuf_addf(&to, "%s%s", kept->p + start, tails[i]);
		if (rename(from.p, to.p) < 0 && errno != ENOENT)
			return err_sys(e, "%s", from.p);
	}
	if (rename(new, path) < 0)
		return err_sys(e, "%s", path);
	return 0;
}

/* Builds the catalog anew from what can be read; the name the old one has now
 * is appended to kept. */
static int
rebuild(struct store *s, struct strbuf *kept, size_t *ret_saved,
    struct err *e)
{
	c_free char *path = store_db_path(s);
	c_strbuf struct strbuf new = STRBUF_INIT;
	char name[TEMP_NAME_MAX];
	sqlite3 *old = NULL;
	struct db *db;
	size_t i;

	for (i = 0; i < s->datasets.n; i++)
		s->datasets.at[i].row = 0;
	if (s->read_only)
		return err_set(e, ERR_REFUSED, "%s: is used read-only", path);
	db_close(TAKE(s->db, NULL));
	temp_name(name);
	/* Beside it, under a name that gc knows. */
	strbuf_add(&new, path, (size_t)(strrchr(path, '/') + 1 - path));
	strbuf_adds(&new, name);
	if (store_db_at(new.p, &db, e) < 0)
		return -1;
	*ret_saved = 0;
	sqlite3_exec(db->sq, "BEGIN", NULL, NULL, NULL);
	if (sqlite3_open_v2(path, &old, SQLITE_OPEN_READONLY |
	    SQLITE_OPEN_NOMUTEX, NULL) == SQLITE_OK)
		*ret_saved = salvage(old, db->sq);
	sqlite3_close(old);
	if (db_exec(db, "COMMIT", e) < 0) {
		db_close(db);
		unlink(new.p);
		return -1;
	}
	/* The last to close it also ends its log. */
	db_close(db);
	return swap_in(path, new.p, kept, e);
}

/* What SQLite finds; 1 and the text, or 0. */
static int
integrity(struct db *db, struct strbuf *ret, struct err *e)
{
	static const char heading[] = "*** in database main ***\n";
	sqlite3_stmt *q = NULL;
	const char *text = NULL;
	int bad = 1;

	if (sqlite3_prepare_v2(db->sq, "PRAGMA integrity_check(1)", -1, &q,
	    NULL) == SQLITE_OK && sqlite3_step(q) == SQLITE_ROW) {
		text = (const char *)sqlite3_column_text(q, 0);
		bad = text == NULL || strcmp(text, "ok") != 0;
	} else {
		bad = db_err(db, e) < 0 && e->kind == ERR_CORRUPT ? 1 : -1;
		text = sqlite3_errmsg(db->sq);
	}
	if (text != NULL && strncmp(text, heading, sizeof(heading) - 1) == 0)
		text += sizeof(heading) - 1;
	if (bad > 0)
		strbuf_addf(ret, "%s: damaged: %s", db->path,
		    text == NULL ? "cannot be read" : text);
	sqlite3_finalize(q);
	return bad;
}

int
catalog_check(struct store *s, verify_fn *fn, void *arg, struct err *e)
{
	c_strbuf struct strbuf text = STRBUF_INIT;
	int rc = store_db(s, 0, e);

	if (rc < 0 && e->kind != ERR_CORRUPT)
		return -1;
	if (rc > 0)
		return 0;
	if (rc < 0)
		strbuf_adds(&text, e->msg);
	else if ((rc = integrity(s->db, &text, e)) <= 0)
		return rc;
	if (fn != NULL)
		fn(arg, text.p);
	return 1;
}

static int
verify_catalog(struct verify *v, struct err *e)
{
	c_strbuf struct strbuf kept = STRBUF_INIT;
	int rc = catalog_check(v->s, v->fn, v->arg, e);

	if (rc <= 0)
		return rc;
	v->r->catalog_damaged = 1;
	if (!v->repair)
		return 1;
	if (rebuild(v->s, &kept, &v->r->saved, e) < 0)
		return -1;
	v->r->rebuilt = 1;
	tell(v, "the catalog was built anew with %zu entries; the damaged one "
	    "is kept as %s", v->r->saved, kept.p);
	return 0;
}

static int
verify_all(struct verify *v, struct err *e)
{
	const struct cache_filter all = { 0 };
	int rc = verify_catalog(v, e);

	if (rc < 0 || blob_list_all(v->s, verify_blob, v, e) < 0)
		return -1;
	if (rc == 1)		/* nothing can be noted in it */
		v->s->blobs.n = v->s->files.n = 0;
	else if (catalog_list(v->s, &all, verify_entry, v, e) < 0 ||
	    listings_each(v->s, 1, verify_listing, v, e) < 0)
		return -1;
	if (!v->repair)
		return 0;
	if (remove_bad(v, e) < 0 || remove_dangling(v, e) < 0 ||
	    remove_lost(v, e) < 0)
		return -1;
	return catalog_commit(v->s, e);
}

int
store_verify(struct store *s, int repair, verify_fn *fn, void *arg,
    struct verify_report *ret, struct err *e)
{
	struct verify v = {
		.s = s, .repair = repair, .fn = fn, .arg = arg, .r = ret,
		.arena = ARENA_INIT,
	};
	int rc;

	*ret = (struct verify_report){ 0 };
	rc = verify_all(&v, e);
	blob_list_release(&v.bad);
	VEC_RELEASE(&v.dangling);
	VEC_RELEASE(&v.lost);
	arena_release(&v.arena);
	return rc;
}
