/* The catalog: datasets, keys, look-ups.  Writing is in catalog-write.c. */
#include "store/catalog.h"

#include <time.h>

#include "base/limits.h"
#include "idl/pbhash.h"
#include "store/handle.h"

#define TAG_PREFIX	"flyte_cached-"
/* Rows of other keys to step over before the next key is sought anew: a step
 * costs a tenth of a seek. */
#define STEPS		12

/* ---- datasets and keys -------------------------------------------------- */

uint32_t
catalog_dataset(struct store *s, const struct cache_dataset *d)
{
	c_strbuf struct strbuf id = STRBUF_INIT;
	struct dataset new;
	uint32_t at;

	strbuf_add(&id, d->project, strlen(d->project) + 1);
	strbuf_add(&id, d->domain, strlen(d->domain) + 1);
	strbuf_add(&id, d->name, strlen(d->name) + 1);
	strbuf_adds(&id, d->version);
	at = map_get(&s->by_id, strbuf_str(&id));
	if (at != MAP_NONE)
		return at;
	new = (struct dataset){
		.project = xstrdup(d->project), .domain = xstrdup(d->domain),
		.name = xstrdup(d->name), .version = xstrdup(d->version),
		.cache_version = xstrdup(d->cache_version == NULL ? "" :
		    d->cache_version),
		.interface = xstrndup(d->interface.p, d->interface.n),
		.interface_n = d->interface.n,
	};
	new.id = strbuf_detach(&id, &new.id_n);
	at = (uint32_t)s->datasets.n;
	VEC_PUSH(&s->datasets, new);
	map_put(&s->by_id, (struct str){ new.id, new.id_n }, at);
	return at;
}

/* Values of base64's URL alphabet, plus 1; 0 for what is not in it.  A table:
 * this is done for each key of a run with a hundred thousand. */
static const unsigned char base64[256] = {
	['A'] = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17,
	18, 19, 20, 21, 22, 23, 24, 25, 26,
	['a'] = 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41,
	42, 43, 44, 45, 46, 47, 48, 49, 50, 51, 52,
	['0'] = 53, 54, 55, 56, 57, 58, 59, 60, 61, 62,
	['-'] = 63, ['_'] = 64,
};

uint64_t
catalog_entry_bytes(const struct cache_entry *x)
{
	return x->inputs.n + x->outputs.n + x->source.n + TAG_SIZE;
}

int
catalog_tag_decode(struct str tag, unsigned char ret[TAG_SIZE], struct err *e)
{
	const size_t skip = sizeof(TAG_PREFIX) - 1;
	const unsigned char *p;
	uint32_t bits = 0, v;
	int have = 0, bad = 0;
	size_t i;

	if (!str_starts(tag, TAG_PREFIX) || tag.n != skip + 43)
		bad = 1;
	p = (const unsigned char *)tag.p + skip;
	for (i = 0; !bad && i < 43; i++) {
		v = base64[p[i]];
		bad = v == 0;
		bits = bits << 6 | (v - 1);
		have += 6;
		if (have >= 8) {
			have -= 8;
			*ret++ = (unsigned char)(bits >> have);
		}
	}
	if (bad)
		return err_set(e, ERR_USAGE, "not a tag of the catalog: "
		    STR_FMT, STR_ARG(tag));
	return 0;
}

void
catalog_tag_add(struct strbuf *b, const void *tag)
{
	strbuf_adds(b, TAG_PREFIX);
	pbhash_add_base64_url(b, tag, TAG_SIZE);
}

/* The row of a dataset; 0 if the catalog has none. */
int
catalog_dataset_row(struct store *s, uint32_t i, int64_t *ret, struct err *e)
{
	struct dataset *d = &s->datasets.at[i];
	sqlite3_stmt *q;
	int rc;

	*ret = d->row;
	if (d->row != 0)
		return 0;
	q = db_stmt(s->db, SQL_DATASET_GET, "SELECT id FROM dataset WHERE "
	    "project=?1 AND domain=?2 AND name=?3 AND version=?4", e);
	if (q == NULL)
		return -1;
	db_bind_text(q, 1, d->project);
	db_bind_text(q, 2, d->domain);
	db_bind_text(q, 3, d->name);
	db_bind_text(q, 4, d->version);
	rc = db_step(s->db, q, e);
	if (rc == 1) {
		*ret = d->row = sqlite3_column_int64(q, 0);
		sqlite3_reset(q);
	}
	return MIN(rc, 0);
}

/* ---- looking up --------------------------------------------------------- */

/* One key wanted, with its place in the caller's array. */
struct wanted {
	int64_t		row;
	unsigned char	tag[TAG_SIZE];
	size_t		at;
};

struct look {
	struct store	*s;
	struct cache_lookup *at;
	struct arena	*arena;
	int64_t		 now;
};

static int
by_key(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	if (x->row != y->row)
		return x->row < y->row ? -1 : 1;
	return memcmp(x->tag, y->tag, TAG_SIZE);
}

static int
damaged(struct look *l, const struct wanted *w, struct cache_lookup *c,
    const char *fmt, const struct blob *b)
{
	c_strbuf struct strbuf uri = STRBUF_INIT;
	struct queued_use key = { .row = w->row };

	memcpy(key.tag, w->tag, TAG_SIZE);
	VEC_PUSH(&l->s->damaged, key);
	if (b != NULL)
		blob_add_uri(b, &uri);
	c->state = CACHE_DAMAGED;
	c->why = arena_printf(l->arena, "%s%s%s", uri.p, uri.n > 0 ? " " : "",
	    fmt);
	return 0;
}

/* Every blob of the entry must be there and whole. */
static int
check_blobs(struct look *l, const struct wanted *w, struct cache_lookup *c,
    struct str ids, struct err *e)
{
	enum blob_state state;
	struct blob b;
	size_t i;

	if (ids.n % BLOB_ID != 0)
		return damaged(l, w, c, "the entry is not whole", NULL);
	for (i = 0; i < ids.n; i += BLOB_ID) {
		blob_of_id((const unsigned char *)ids.p + i, &b);
		if (blob_check(l->s, &b, 0, &state, e) < 0) {
			if (e->kind == ERR_SYS)
				return damaged(l, w, c, "cannot be read", &b);
			return -1;
		}
		if (state == BLOB_GONE)
			return damaged(l, w, c, "is gone", &b);
		if (state == BLOB_DAMAGED)
			return damaged(l, w, c, "is damaged", &b);
	}
	return 0;
}

/* Outputs as the caller wants them, out of the row or out of a blob. */
static int
take_outputs(struct look *l, const struct wanted *w, struct cache_lookup *c,
    struct str outputs, int is_inline, int has_blobs, struct err *e)
{
	c_strbuf struct strbuf big = STRBUF_INIT;
	char name[BLOB_NAME_MAX];
	struct blob b;

	if (!is_inline) {
		if (outputs.n != BLOB_ID)
			return damaged(l, w, c, "the entry is not whole", NULL);
		blob_of_id((const unsigned char *)outputs.p, &b);
		blob_name(&b, name);
		if (file_read(l->s->sha_fd, name, MAX_MESSAGE_BYTES, &big,
		    e) < 0)
			return damaged(l, w, c, "cannot be read", &b);
		outputs = strbuf_str(&big);
	}
	outputs = arena_str(l->arena, outputs);
	c->outputs = outputs;
	return !has_blobs ? 0 : blob_uris_from_disk(l->s, outputs, l->arena, &c->outputs, NULL,
	    e);
}

static int
take_row(struct look *l, const struct wanted *w, sqlite3_stmt *q,
    struct err *e)
{
	struct cache_lookup *c = &l->at[w->at];
	struct queued_use use = { .row = w->row };
	struct str command = db_bytes(q, 3), blobs = db_bytes(q, 5);

	c->state = CACHE_HIT;
	c->created = sqlite3_column_int64(q, 1);
	c->used = sqlite3_column_int64(q, 2);
	c->blobs = arena_str(l->arena, blobs);
	c->row = w->row;
	c->command_differs = command.n == DIGEST_SIZE &&
	    !digest_empty(&c->command) &&
	    memcmp(command.p, c->command.b, DIGEST_SIZE) != 0;
	c->source = arena_str(l->arena, db_bytes(q, 4));
	if (blobs.n > 0 && check_blobs(l, w, c, blobs, e) < 0)
		return -1;
	if (c->state == CACHE_HIT && take_outputs(l, w, c, db_bytes(q, 7),
	    sqlite3_column_int(q, 6), blobs.n > 0, e) < 0)
		return -1;
	if (c->state == CACHE_HIT &&
	    c->used < l->now - CACHE_USE_NOTED) {
		c->used = l->now;
		memcpy(use.tag, w->tag, TAG_SIZE);
		VEC_PUSH(&l->s->uses, use);
	}
	return 0;
}

static int
seek(struct look *l, sqlite3_stmt *q, const struct wanted *w, struct err *e)
{
	sqlite3_reset(q);
	db_bind_int(q, 1, w->row);
	db_bind_bytes(q, 2, w->tag, TAG_SIZE);
	return db_step(l->s->db, q, e);
}

/*
 * Finds the keys w..w+n of one dataset, sorted, by walking the rows beside
 * them; over a long stretch of rows that nobody asked for it jumps.
 */
static int
merge(struct look *l, const struct wanted *w, size_t n, struct err *e)
{
	sqlite3_stmt *q = db_stmt(l->s->db, SQL_SCAN,
	    "SELECT tag, created, used, command, source, blobs, inline,"
	    " outputs FROM entry WHERE dataset=?1 AND tag>=?2 ORDER BY tag", e);
	int rc, d, steps = 0;
	struct str tag;
	size_t i = 0;

	if (q == NULL)
		return -1;
	for (rc = seek(l, q, w, e); rc == 1 && i < n;) {
		tag = db_bytes(q, 0);
		d = tag.n == TAG_SIZE ? memcmp(w[i].tag, tag.p, TAG_SIZE) : 1;
		if (d == 0 && take_row(l, &w[i], q, e) < 0) {
			rc = -1;
			break;
		}
		if (d <= 0) {
			i++;	/* found, or not there; duplicates stay */
			steps = 0;
		} else if (++steps <= STEPS) {
			rc = db_step(l->s->db, q, e);
		} else {
			steps = 0;
			rc = seek(l, q, &w[i], e);
		}
	}
	sqlite3_reset(q);
	return MIN(rc, 0);
}

static int
sort_keys(struct look *l, size_t n, struct wanted *w, size_t *ret,
    struct err *e)
{
	size_t i, used = 0;

	for (i = 0; i < n; i++) {
		l->at[i].state = CACHE_MISS;
		l->at[i].command_differs = 0;
		l->at[i].outputs = l->at[i].source = (struct str){ "", 0 };
		l->at[i].blobs = (struct str){ "", 0 };
		l->at[i].why = NULL;
		if (catalog_dataset_row(l->s, l->at[i].key.dataset, &w[used].row,
		    e) < 0 || catalog_tag_decode(l->at[i].key.tag, w[used].tag, e) < 0)
			return -1;
		w[used].at = i;
		used += w[used].row != 0;
	}
	if (used > 1)
		qsort(w, used, sizeof(*w), by_key);
	*ret = used;
	return 0;
}

/* In one read transaction, which is cheaper than one for each statement. */
static int
look_up(struct look *l, size_t n, struct err *e)
{
	c_free struct wanted *w = xcalloc(n, sizeof(*w));
	size_t i, next, used;
	int rc = 0;

	if (db_exec(l->s->db, "BEGIN", e) < 0)
		return -1;
	if (sort_keys(l, n, w, &used, e) < 0) {
		rc = -1;
		used = 0;
	}
	for (i = 0; rc == 0 && i < used; i = next) {
		for (next = i + 1; next < used && w[next].row == w[i].row;)
			next++;
		rc = merge(l, w + i, next - i, e);
	}
	sqlite3_exec(l->s->db->sq, "COMMIT", NULL, NULL, NULL);
	return rc;
}

int
catalog_lookup(struct store *s, struct cache_lookup *at, size_t n,
    struct arena *a, struct err *e)
{
	struct look l = { s, at, a, time(NULL) };
	size_t i;
	int rc;

	for (i = 0; i < n; i++)
		at[i].state = CACHE_MISS;
	/* What this process put is there for it to find. */
	if (n == 0 || (s->puts.n > 0 && catalog_commit(s, e) < 0))
		return n == 0 ? 0 : -1;
	rc = store_db(s, 0, e);
	if (rc != 0)
		return MIN(rc, 0);
	return look_up(&l, n, e);
}
