/* Writing the catalog: a queue, and one transaction per turn. */
#include "store/catalog.h"

#include <time.h>

#include "base/limits.h"
#include "idl/wire.h"
#include "store/handle.h"

/* ---- queueing ----------------------------------------------------------- */

/* LiteralMap.literals, LiteralMapEntry.value, Literal.hash. */
enum { FIELD_LITERALS = 1, FIELD_KEY = 1, FIELD_VALUE = 2, FIELD_HASH = 4 };
/* Literal.collection, Literal.map. */
enum { FIELD_LIST = 2, FIELD_MAP = 3 };

/* Of these it is worth to know which item differs. */
static int
has_items(struct str literal)
{
	struct wire_field f;
	struct err e;

	return (wire_find(literal, FIELD_LIST, WIRE_BYTES, &f, &e) == 0 &&
	    f.whole.p != NULL) || (wire_find(literal, FIELD_MAP, WIRE_BYTES,
	    &f, &e) == 0 && f.whole.p != NULL);
}

/* An entry of the inputs; a long value is replaced by its digest. */
static int
add_input(struct store *s, struct strbuf *out, struct str entry,
    struct err *e)
{
	c_strbuf struct strbuf hash = STRBUF_INIT, value = STRBUF_INIT,
	    short_one = STRBUF_INIT;
	struct wire_field key, v;
	unsigned char d[DIGEST_SIZE];

	if (wire_find(entry, FIELD_KEY, WIRE_BYTES, &key, e) < 0 ||
	    wire_find(entry, FIELD_VALUE, WIRE_BYTES, &v, e) < 0)
		return -1;
	if (v.whole.p == NULL || v.bytes.n <= MAX_PREIMAGE_VALUE) {
		wire_add_bytes(out, FIELD_LITERALS, entry);
		return 0;
	}
	sha256(v.bytes.p, v.bytes.n, d);
	if (s != NULL && has_items(v.bytes))
		listing_want(s, LISTING_VALUE, d, v.bytes);
	strbuf_adds(&hash, "sha256:");
	hex_add(&hash, d, DIGEST_SIZE);
	wire_add_bytes(&value, FIELD_HASH, strbuf_str(&hash));
	wire_add_bytes(&short_one, FIELD_KEY, key.bytes);
	wire_add_bytes(&short_one, FIELD_VALUE, strbuf_str(&value));
	wire_add_bytes(out, FIELD_LITERALS, strbuf_str(&short_one));
	return 0;
}

int
catalog_preimage(struct store *s, struct str inputs, struct arena *a,
    struct str *ret, struct err *e)
{
	c_strbuf struct strbuf out = STRBUF_INIT;
	struct wire_reader r = wire_reader(inputs);
	struct wire_field f;
	int rc;

	*ret = inputs;
	if (inputs.n <= MAX_PREIMAGE_VALUE)
		return 0;
	while ((rc = wire_next(&r, &f, e)) > 0) {
		if (f.id == FIELD_LITERALS && f.type == WIRE_BYTES) {
			if (add_input(s, &out, f.bytes, e) < 0)
				return -1;
		} else {
			strbuf_addstr(&out, f.whole);
		}
	}
	*ret = arena_str(a, strbuf_str(&out));
	return rc;
}

/* Outputs as the row holds them: inline, or the name of a blob. */
static int
set_outputs(struct store *s, struct queued_put *q, struct str outputs,
    struct err *e)
{
	struct blob_list blobs = { NULL, 0, 0 };
	c_strbuf struct strbuf ids = STRBUF_INIT;
	unsigned char id[BLOB_ID];
	enum blob_state state;
	struct blob big;
	size_t i;
	int rc = -1;

	if (blob_uris_to_disk(s, outputs, &s->arena, &q->outputs, &blobs,
	    e) < 0)
		goto out;
	q->is_inline = q->outputs.n <= MAX_INLINE_OUTPUTS;
	q->size = q->outputs.n;
	if (!q->is_inline) {
		if (blob_put_bytes(s, q->outputs.p, q->outputs.n, &big, e) < 0)
			goto out;
		blob_id(&big, id);
		strbuf_add(&ids, id, BLOB_ID);
		q->outputs = arena_str(&s->arena, strbuf_str(&ids));
	}
	for (i = 0; i < blobs.n; i++) {
		if (blob_check(s, &blobs.at[i], 0, &state, e) < 0)
			goto out;
		q->size += blobs.at[i].size;
		blob_id(&blobs.at[i], id);
		strbuf_add(&ids, id, BLOB_ID);
	}
	q->outputs = arena_str(&s->arena, q->outputs);
	q->blobs = arena_str(&s->arena, strbuf_str(&ids));
	rc = 0;
out:
	blob_list_release(&blobs);
	return rc;
}

static int
was_damaged(const struct store *s, const struct dataset *d,
    const unsigned char tag[TAG_SIZE])
{
	size_t i;

	for (i = 0; i < s->damaged.n; i++)
		if (s->damaged.at[i].row == d->row &&
		    memcmp(s->damaged.at[i].tag, tag, TAG_SIZE) == 0)
			return 1;
	return 0;
}

int
catalog_put(struct store *s, const struct cache_put *p, struct err *e)
{
	struct queued_put q = {
		.dataset = p->key.dataset, .command = p->command,
	};
	int rc = store_db(s, 1, e);

	if (rc != 0)
		return MIN(rc, 0);
	if (catalog_tag_decode(p->key.tag, q.tag, e) < 0 ||
	    catalog_preimage(s, p->inputs, &s->arena, &q.inputs, e) < 0 ||
	    set_outputs(s, &q, p->outputs, e) < 0)
		return -1;
	q.replace = p->refresh ||
	    was_damaged(s, &s->datasets.at[q.dataset], q.tag);
	q.inputs = arena_str(&s->arena, q.inputs);
	q.source = arena_str(&s->arena, p->source);
	q.size += q.inputs.n + q.source.n + TAG_SIZE;
	VEC_PUSH(&s->puts, q);
	listing_want_named(s, p->inputs);
	return 0;
}

/* ---- committing --------------------------------------------------------- */

static int
make_dataset(struct store *s, uint32_t at, int64_t *ret, struct err *e)
{
	struct dataset *d = &s->datasets.at[at];
	sqlite3_stmt *q;

	if (catalog_dataset_row(s, at, ret, e) < 0)
		return -1;
	if (*ret != 0)
		return 0;
	q = db_stmt(s->db, SQL_DATASET_ADD, "INSERT INTO dataset (project,"
	    " domain, name, version, cache_version, interface) VALUES"
	    " (?1, ?2, ?3, ?4, ?5, ?6)", e);
	if (q == NULL)
		return -1;
	db_bind_text(q, 1, d->project);
	db_bind_text(q, 2, d->domain);
	db_bind_text(q, 3, d->name);
	db_bind_text(q, 4, d->version);
	db_bind_text(q, 5, d->cache_version);
	db_bind_bytes(q, 6, d->interface, d->interface_n);
	if (db_step(s->db, q, e) < 0)
		return -1;
	*ret = d->row = sqlite3_last_insert_rowid(s->db->sq);
	return 0;
}

#define ENTRY_COLUMNS	"(dataset, tag, created, used, pinned, size, command," \
			" source, blobs, inline, outputs, inputs) VALUES" \
			" (?1, ?2, ?3, ?3, 0, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"

static int
write_put(struct store *s, const struct queued_put *p, int64_t now,
    struct err *e)
{
	sqlite3_stmt *q;
	int64_t row;

	if (make_dataset(s, p->dataset, &row, e) < 0)
		return -1;
	/* An update, and not a new row in the place of the old one: the
	 * triggers of certificate.c see it. */
	if (p->replace)
		q = db_stmt(s->db, SQL_REPLACE, "INSERT INTO entry "
		    ENTRY_COLUMNS " ON CONFLICT (dataset, tag) DO UPDATE SET"
		    " created=?3, used=?3, size=?4, command=?5, source=?6,"
		    " blobs=?7, inline=?8, outputs=?9, inputs=?10", e);
	else
		q = db_stmt(s->db, SQL_PUT,
		    "INSERT OR IGNORE INTO entry " ENTRY_COLUMNS, e);
	if (q == NULL)
		return -1;
	db_bind_int(q, 1, row);
	db_bind_bytes(q, 2, p->tag, TAG_SIZE);
	db_bind_int(q, 3, now);
	db_bind_int(q, 4, (int64_t)p->size);
	db_bind_bytes(q, 5, p->command.b,
	    digest_empty(&p->command) ? 0 : DIGEST_SIZE);
	sqlite3_bind_text(q, 6, p->source.p, (int)p->source.n, SQLITE_STATIC);
	db_bind_bytes(q, 7, p->blobs.p, p->blobs.n);
	db_bind_int(q, 8, p->is_inline);
	db_bind_bytes(q, 9, p->outputs.p, p->outputs.n);
	db_bind_bytes(q, 10, p->inputs.p, p->inputs.n);
	return db_step(s->db, q, e);
}

static int
write_use(struct store *s, const struct queued_use *u, int64_t now,
    struct err *e)
{
	sqlite3_stmt *q = db_stmt(s->db, SQL_USE,
	    "UPDATE entry SET used=?3 WHERE dataset=?1 AND tag=?2", e);

	if (q == NULL)
		return -1;
	db_bind_int(q, 1, u->row);
	db_bind_bytes(q, 2, u->tag, TAG_SIZE);
	db_bind_int(q, 3, now);
	return db_step(s->db, q, e);
}

static int
write_blob(struct store *s, const struct queued_blob *b, int64_t now,
    struct err *e)
{
	unsigned char id[BLOB_ID];
	sqlite3_stmt *q;

	if (b->gone)
		q = db_stmt(s->db, SQL_BLOB_DROP,
		    "DELETE FROM blob WHERE id=?1", e);
	else
		q = db_stmt(s->db, SQL_BLOB_PUT, "INSERT OR REPLACE INTO blob"
		    " (id, size, used, stamp, settled)"
		    " VALUES (?1, ?2, ?3, ?4, ?5)", e);
	if (q == NULL)
		return -1;
	blob_id(&b->blob, id);
	db_bind_bytes(q, 1, id, BLOB_ID);
	if (!b->gone) {
		db_bind_int(q, 2, (int64_t)b->blob.size);
		db_bind_int(q, 3, now);
		db_bind_bytes(q, 4, b->stamp.b, DIGEST_SIZE);
		db_bind_int(q, 5, b->settled);
	}
	return db_step(s->db, q, e);
}

static int
write_file(struct store *s, const struct queued_file *f, int64_t now,
    struct err *e)
{
	sqlite3_stmt *q = db_stmt(s->db, SQL_FILE_PUT,
	    "INSERT OR REPLACE INTO file"
	    " (dev, ino, size, mtime, ctime, digest, noted)"
	    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)", e);

	if (q == NULL)
		return -1;
	db_bind_int(q, 1, (int64_t)f->id.dev);
	db_bind_int(q, 2, (int64_t)f->id.ino);
	db_bind_int(q, 3, (int64_t)f->id.size);
	db_bind_int(q, 4, f->id.mtime_ns);
	db_bind_int(q, 5, f->id.ctime_ns);
	db_bind_bytes(q, 6, f->digest.b, DIGEST_SIZE);
	db_bind_int(q, 7, now);
	return db_step(s->db, q, e);
}

static int
write_queue(struct store *s, struct err *e)
{
	int64_t now = time(NULL);
	size_t i;

	for (i = 0; i < s->puts.n; i++)
		if (write_put(s, &s->puts.at[i], now, e) < 0)
			return -1;
	for (i = 0; i < s->uses.n; i++)
		if (write_use(s, &s->uses.at[i], now, e) < 0)
			return -1;
	for (i = 0; i < s->blobs.n; i++)
		if (write_blob(s, &s->blobs.at[i], now, e) < 0)
			return -1;
	for (i = 0; i < s->files.n; i++)
		if (write_file(s, &s->files.at[i], now, e) < 0)
			return -1;
	return 0;
}

/* Rows of datasets made in a transaction that did not happen. */
static void
forget_rows(struct store *s)
{
	size_t i;

	for (i = 0; i < s->datasets.n; i++)
		s->datasets.at[i].row = 0;
}

static int
commit(struct store *s, struct err *e)
{
	if (db_exec(s->db, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	if (write_queue(s, e) == 0 && db_exec(s->db, "COMMIT", e) == 0)
		return 0;
	sqlite3_exec(s->db->sq, "ROLLBACK", NULL, NULL, NULL);
	forget_rows(s);
	return -1;
}

size_t
catalog_pending(const struct store *s)
{
	return s->puts.n + s->uses.n + s->blobs.n + s->files.n;
}

int
catalog_commit(struct store *s, struct err *e)
{
	int rc = 0;

	if (catalog_pending(s) == 0)
		return 0;
	/* Uses and states alone are not worth a word, nor an error. */
	if (!s->read_only && (s->db == NULL || !s->db->read_only)) {
		rc = store_db(s, 1, e);
		if (rc == 0)
			rc = commit(s, e);
		if (rc == 0)
			listings_commit(s);
	}
	/* A cache may forget: what could not be written is dropped. */
	s->puts.n = s->uses.n = s->blobs.n = s->files.n = 0;
	arena_release(&s->arena);
	s->commit_failed |= rc < 0;
	return MIN(rc, 0);
}
