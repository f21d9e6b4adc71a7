/* Walking the entries of the catalog; pins and removals. */
#include "store/catalog.h"

#include "base/num.h"
#include "store/handle.h"

/* An entry's key: digest of dataset and tag. */
static void
catalog_key(const char *project, const char *domain, const char *name,
    const char *version, const void *tag, unsigned char ret[DIGEST_SIZE])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_update(&h, project, strlen(project) + 1);
	sha256_update(&h, domain, strlen(domain) + 1);
	sha256_update(&h, name, strlen(name) + 1);
	sha256_update(&h, version, strlen(version) + 1);
	sha256_update(&h, tag, TAG_SIZE);
	sha256_final(&h, ret);
}

/* Columns of LIST, in order. */
enum {
	C_PROJECT, C_DOMAIN, C_NAME, C_VERSION, C_CACHE_VERSION, C_INTERFACE,
	C_TAG, C_CREATED, C_USED, C_PINNED, C_SIZE, C_COMMAND, C_SOURCE,
	C_BLOBS, C_INLINE, C_OUTPUTS, C_INPUTS,
};

#define LIST \
	"SELECT d.project, d.domain, d.name, d.version, d.cache_version," \
	" d.interface, e.tag, e.created, e.used, e.pinned, e.size," \
	" e.command, e.source, e.blobs, e.inline, e.outputs, e.inputs" \
	" FROM entry e JOIN dataset d ON d.id=e.dataset" \
	" WHERE (?1 IS NULL OR d.project=?1) AND (?2 IS NULL OR d.domain=?2)" \
	" AND (?3 IS NULL OR d.name=?3)"

static const char *
text(sqlite3_stmt *q, int at)
{
	const unsigned char *p = sqlite3_column_text(q, at);

	return p == NULL ? "" : (const char *)p;
}

/* One row being given out; its texts are reused for the next. */
struct row {
	struct strbuf	tag;
	struct blob_list blobs;
	struct cache_entry e;
};

static void
row_blobs(struct row *r, struct str ids)
{
	struct blob b;
	size_t i;

	r->blobs.n = 0;
	for (i = 0; i + BLOB_ID <= ids.n; i += BLOB_ID) {
		blob_of_id((const unsigned char *)ids.p + i, &b);
		VEC_PUSH(&r->blobs, b);
	}
	r->e.blobs = r->blobs.at;
	r->e.n_blobs = r->blobs.n;
}

/* 1 if the row is whole enough to be shown. */
static int
row_fill(struct row *r, sqlite3_stmt *q)
{
	struct str tag = db_bytes(q, C_TAG), command = db_bytes(q, C_COMMAND);
	c_strbuf struct strbuf hex = STRBUF_INIT;
	unsigned char key[DIGEST_SIZE];
	struct cache_entry *e = &r->e;

	if (tag.n != TAG_SIZE)
		return 0;
	*e = (struct cache_entry){
		.project = text(q, C_PROJECT), .domain = text(q, C_DOMAIN),
		.name = text(q, C_NAME), .version = text(q, C_VERSION),
		.cache_version = text(q, C_CACHE_VERSION),
		.interface = db_bytes(q, C_INTERFACE),
		.inputs = db_bytes(q, C_INPUTS),
		.source = db_bytes(q, C_SOURCE),
		.created = sqlite3_column_int64(q, C_CREATED),
		.used = sqlite3_column_int64(q, C_USED),
		.size = (uint64_t)sqlite3_column_int64(q, C_SIZE),
		.pinned = sqlite3_column_int(q, C_PINNED),
		.outputs_inline = sqlite3_column_int(q, C_INLINE),
	};
	if (e->outputs_inline)
		e->outputs = db_bytes(q, C_OUTPUTS);
	if (command.n == DIGEST_SIZE)
		memcpy(e->command.b, command.p, DIGEST_SIZE);
	strbuf_reset(&r->tag);
	catalog_tag_add(&r->tag, tag.p);
	e->tag = strbuf_str(&r->tag);
	catalog_key(e->project, e->domain, e->name, e->version, tag.p, key);
	hex_add(&hex, key, DIGEST_SIZE);
	memcpy(e->key, hex.p, DIGEST_HEX + 1);
	row_blobs(r, db_bytes(q, C_BLOBS));
	return 1;
}

static int
walk_rows(struct store *s, sqlite3_stmt *q, const struct cache_filter *f,
    cache_entry_fn *fn, void *arg, struct err *e)
{
	struct row r = { .tag = STRBUF_INIT };
	size_t given = 0;
	int rc;

	while ((rc = db_step(s->db, q, e)) == 1) {
		if (!row_fill(&r, q) || (f->key != NULL &&
		    strncmp(r.e.key, f->key, strlen(f->key)) != 0))
			continue;
		rc = fn(arg, &r.e, e);
		if (rc != 0 || ++given == f->limit)
			break;
	}
	strbuf_release(&r.tag);
	blob_list_release(&r.blobs);
	return MIN(rc, 0);
}

int
catalog_list(struct store *s, const struct cache_filter *f,
    cache_entry_fn *fn, void *arg, struct err *e)
{
	c_strbuf struct strbuf name = STRBUF_INIT;
	sqlite3_stmt *q = NULL;
	int rc;

	if (catalog_commit(s, e) < 0)
		return -1;
	rc = store_db(s, 0, e);
	if (rc != 0)
		return MIN(rc, 0);
	/* A statement of its own: fn may list again. */
	if (sqlite3_prepare_v2(s->db->sq, LIST " ORDER BY e.created DESC,"
	    " d.name, e.tag", -1, &q, NULL) != SQLITE_OK)
		return db_err(s->db, e);
	if (f->project != NULL)
		db_bind_text(q, 1, f->project);
	if (f->domain != NULL)
		db_bind_text(q, 2, f->domain);
	if (f->name != NULL) {
		strbuf_addf(&name, "flyte_task-%s", f->name);
		db_bind_text(q, 3, name.p);
	}
	rc = walk_rows(s, q, f, fn, arg, e);
	sqlite3_finalize(q);
	return rc;
}

/* ---- places ------------------------------------------------------------- */

/* Bytes of a tag that tell it from all others of its dataset. */
#define PLACE_TAG	8

void
catalog_place_add(struct strbuf *b, const struct cache_lookup *l)
{
	unsigned char tag[TAG_SIZE];
	struct err e;

	if (catalog_tag_decode(l->key.tag, tag, &e) < 0)
		return;
	strbuf_addf(b, "%lld.", (long long)l->row);
	hex_add(b, tag, PLACE_TAG);
}

void
catalog_key_add(struct store *s, const struct cache_key *k, struct strbuf *b)
{
	const struct dataset *d = &s->datasets.at[k->dataset];
	unsigned char tag[TAG_SIZE], key[DIGEST_SIZE];
	const char *name = d->name;
	struct err e;

	if (catalog_tag_decode(k->tag, tag, &e) < 0)
		return;
	catalog_key(d->project, d->domain, name, d->version, tag, key);
	hex_add(b, key, DIGEST_SIZE);
}

static int
parse_place(struct str place, uint64_t *ret_row,
    unsigned char ret_tag[PLACE_TAG])
{
	const char *dot = memchr(place.p, '.', place.n);
	size_t n = dot == NULL ? 0 : (size_t)(dot - place.p);

	return dot == NULL || place.n - n - 1 != (size_t)2 * PLACE_TAG ||
	    num_parse_u64((struct str){ place.p, n }, 1, INT64_MAX,
	    ret_row) < 0 || hex_parse((struct str){ dot + 1,
	    (size_t)2 * PLACE_TAG }, ret_tag, PLACE_TAG) < 0 ?
	    -1 : 0;
}

int
catalog_at_place(struct store *s, struct str place, cache_entry_fn *fn,
    void *arg, struct err *e)
{
	const struct cache_filter f = { .limit = 1 };
	unsigned char from[TAG_SIZE] = { 0 }, to[TAG_SIZE];
	sqlite3_stmt *q = NULL;
	uint64_t row;
	int rc;

	if (parse_place(place, &row, from) < 0)
		return 0;
	memset(to, 0xff, sizeof(to));
	memcpy(to, from, PLACE_TAG);
	rc = store_db(s, 0, e);
	if (rc != 0)
		return MIN(rc, 0);
	if (sqlite3_prepare_v2(s->db->sq, LIST " AND e.dataset=?4 AND"
	    " e.tag BETWEEN ?5 AND ?6", -1, &q, NULL) != SQLITE_OK)
		return db_err(s->db, e);
	db_bind_int(q, 4, (int64_t)row);
	db_bind_bytes(q, 5, from, TAG_SIZE);
	db_bind_bytes(q, 6, to, TAG_SIZE);
	rc = walk_rows(s, q, &f, fn, arg, e);
	sqlite3_finalize(q);
	return rc;
}

/* ---- changing one ------------------------------------------------------- */

/* Runs a statement for the key; *ret is the number of rows it changed. */
static int
change(struct store *s, sqlite3_stmt *q, int64_t row,
    const unsigned char tag[TAG_SIZE], int *ret, struct err *e)
{
	if (q == NULL)
		return -1;
	db_bind_int(q, 1, row);
	db_bind_bytes(q, 2, tag, TAG_SIZE);
	if (db_step(s->db, q, e) < 0)
		return -1;
	*ret = sqlite3_changes(s->db->sq);
	return 0;
}

/*
 * Where the entry of a key is, in a catalog that is to be changed.  ERR_REFUSED
 * for one that cannot be written; 1: there is none.
 */
static int
find_to_change(struct store *s, const struct cache_key *key, int64_t *ret_row,
    unsigned char tag[TAG_SIZE], struct err *e)
{
	int rc = store_db(s, 0, e);

	if (rc != 0)
		return rc;
	if (s->db->read_only)
		return err_set(e, ERR_REFUSED, "%s: cannot be written",
		    s->db->path);
	if (catalog_commit(s, e) < 0 ||
	    catalog_tag_decode(key->tag, tag, e) < 0)
		return -1;
	return catalog_dataset_row(s, key->dataset, ret_row, e) < 0 ? -1 : 0;
}

static sqlite3_stmt *
drop(struct store *s, struct err *e)
{
	return db_stmt(s->db, SQL_ENTRY_DROP,
	    "DELETE FROM entry WHERE dataset=?1 AND tag=?2", e);
}

int
catalog_remove(struct store *s, const struct cache_key *key, struct err *e)
{
	unsigned char tag[TAG_SIZE];
	int64_t row;
	int rc, n;

	rc = find_to_change(s, key, &row, tag, e);
	if (rc != 0)
		return rc;
	if (change(s, drop(s, e), row, tag, &n, e) < 0)
		return -1;
	return n == 0;
}

struct cache_key
catalog_key_of(struct store *s, const struct cache_entry *x, struct arena *a)
{
	struct cache_dataset d = {
		.project = x->project, .domain = x->domain, .name = x->name,
		.version = x->version, .cache_version = x->cache_version,
		.interface = x->interface,
	};

	return (struct cache_key){
		catalog_dataset(s, &d), arena_str(a, x->tag)
	};
}

int
catalog_pin(struct store *s, const struct cache_key *key, int pinned,
    struct err *e)
{
	unsigned char tag[TAG_SIZE];
	sqlite3_stmt *q;
	int64_t row;
	int rc, n;

	rc = find_to_change(s, key, &row, tag, e);
	if (rc != 0)
		return rc;
	q = db_stmt(s->db, SQL_PIN,
	    "UPDATE entry SET pinned=?3 WHERE dataset=?1 AND tag=?2", e);
	if (q != NULL)
		db_bind_int(q, 3, pinned);
	if (change(s, q, row, tag, &n, e) < 0)
		return -1;
	return n == 0;
}
