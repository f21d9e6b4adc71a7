#include "store/gc.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "store/gc_home.h"
#include "store/gc_listing.h"
#include "store/handle.h"

/* Something that may go: an entry, or a blob no entry needs. */
struct victim {
	int64_t		used;
	uint32_t	entry;		/* index, or UINT32_MAX */
	uint32_t	blob;		/* index, if no entry */
};

struct gc_blob {
	struct blob	blob;
	int64_t		used;
	uint32_t	needed;		/* by entries that are left */
	int		keep;		/* whatever happens */
	int		gone;
};

struct gc_entry {
	uint32_t	dataset;
	struct str	tag;		/* in the arena */
	int64_t		used;
	uint64_t	size;		/* of the row alone */
	int		keep;
	int		gone;
	uint32_t	first, n;	/* range of needs */
	uint32_t	first_listing, n_listings; /* of listings.needs */
};

struct gc {
	struct store	*s;
	const struct gc_options *o;
	struct gc_report *r;
	struct arena	 arena;
	int64_t		 now;
	int64_t		 since;		/* used later: stays */
	VEC(struct gc_blob) blobs;	/* sorted by blob_id */
	VEC(struct gc_entry) entries;
	VEC(uint32_t)	 needs;		/* indices of blobs */
	VEC(struct victim) victims;
	struct gc_listings listings;
	uint64_t	 size;
};

/* ---- what there is ------------------------------------------------------ */

static int
compare_blobs(const struct blob *a, const struct blob *b)
{
	int d = memcmp(a->digest.b, b->digest.b, DIGEST_SIZE);

	return d != 0 ? d : (int)a->kind - (int)b->kind;
}

static struct gc_blob *
find(struct gc *g, const struct blob *b)
{
	size_t low = 0, high = g->blobs.n, mid;
	int d;

	while (low < high) {
		mid = low + (high - low) / 2;
		d = compare_blobs(&g->blobs.at[mid].blob, b);
		if (d == 0)
			return &g->blobs.at[mid];
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

static int
by_blob(const void *a, const void *b)
{
	const struct gc_blob *x = a, *y = b;

	return compare_blobs(&x->blob, &y->blob);
}

static int
add_blob(void *arg, const struct blob *b, const struct stat *st,
    struct err *e)
{
	struct gc_blob new = { .blob = *b, .used = st->st_ctim.tv_sec };
	struct gc *g = arg;

	(void)e;
	VEC_PUSH(&g->blobs, new);
	g->size += b->size;
	return 0;
}

static int
add_entry(void *arg, const struct cache_entry *x, struct err *e)
{
	struct gc *g = arg;
	struct cache_key key = catalog_key_of(g->s, x, &g->arena);
	struct gc_entry new = {
		.dataset = key.dataset, .tag = key.tag, .used = x->used,
		.keep = x->pinned || x->used > g->since,
		.first = (uint32_t)g->needs.n,
		.first_listing = (uint32_t)g->listings.needs.n,
		.size = catalog_entry_bytes(x),
	};
	struct gc_blob *b;
	size_t i;

	(void)e;
	for (i = 0; i < x->n_blobs; i++) {
		b = find(g, &x->blobs[i]);
		if (b == NULL)
			continue;
		b->needed++;
		b->keep |= new.keep;
		VEC_PUSH(&g->needs, (uint32_t)(b - g->blobs.at));
	}
	new.n = (uint32_t)g->needs.n - new.first;
	g->size += new.size + gc_listings_meet(&g->listings, x->inputs);
	new.n_listings = (uint32_t)g->listings.needs.n - new.first_listing;
	VEC_PUSH(&g->entries, new);
	return 0;
}

/* ---- what executions name ----------------------------------------------- */

static void
keep_named(void *arg, struct str uri)
{
	struct gc_blob *b;
	struct gc *g = arg;
	struct blob blob;

	if (blob_parse_uri(uri, &blob) == 0 && (b = find(g, &blob)) != NULL)
		b->keep = 1;
}

/* ---- deciding ----------------------------------------------------------- */

static int
by_use(const void *a, const void *b)
{
	const struct victim *x = a, *y = b;

	return x->used < y->used ? -1 : x->used > y->used;
}

static void
choose(struct gc *g)
{
	struct victim v;
	size_t i;

	for (i = 0; i < g->entries.n; i++) {
		v = (struct victim){ g->entries.at[i].used, (uint32_t)i, 0 };
		if (g->entries.at[i].keep)
			g->r->kept++;
		else
			VEC_PUSH(&g->victims, v);
	}
	for (i = 0; i < g->blobs.n; i++) {
		struct gc_blob *b = &g->blobs.at[i];

		v = (struct victim){ b->used, UINT32_MAX, (uint32_t)i };
		if (b->used > g->since)
			b->keep = 1;
		if (b->needed > 0)
			continue;	/* its fate is its entries' */
		if (b->keep)
			g->r->kept++;
		else
			VEC_PUSH(&g->victims, v);
	}
	if (g->victims.n > 1)
		qsort(g->victims.at, g->victims.n, sizeof(*g->victims.at),
		    by_use);
}

static void
drop_blob(struct gc *g, struct gc_blob *b)
{
	if (b->keep || b->gone)
		return;
	b->gone = 1;
	g->size -= b->blob.size;
	g->r->freed += b->blob.size;
	g->r->blobs++;
}

/* Takes the entry, and then what nobody needs any more. */
static void
drop_entry(struct gc *g, struct gc_entry *x)
{
	uint64_t size = x->size + gc_listings_drop(&g->listings,
	    x->first_listing, x->n_listings);
	uint32_t i;

	x->gone = 1;
	g->size -= size;
	g->r->freed += size;
	g->r->entries++;
	for (i = x->first; i < x->first + x->n; i++) {
		struct gc_blob *b = &g->blobs.at[g->needs.at[i]];

		if (--b->needed == 0)
			drop_blob(g, b);
	}
}

/* It was used by somebody since it was looked at: it stays, and so do its
 * blobs. */
static void
take_back(struct gc *g, struct gc_entry *x)
{
	uint64_t size = x->size + gc_listings_take_back(&g->listings,
	    x->first_listing, x->n_listings);
	uint32_t i;

	x->gone = 0;
	g->size += size;
	g->r->freed -= size;
	g->r->entries--;
	for (i = x->first; i < x->first + x->n; i++) {
		struct gc_blob *b = &g->blobs.at[g->needs.at[i]];

		b->needed++;
		if (!b->gone)
			continue;
		b->gone = 0;
		g->size += b->blob.size;
		g->r->freed -= b->blob.size;
		g->r->blobs--;
	}
}

static void
drop_victims(struct gc *g)
{
	size_t i;

	for (i = 0; i < g->victims.n && g->size > g->o->max_size; i++) {
		struct victim *v = &g->victims.at[i];

		if (v->entry == UINT32_MAX)
			drop_blob(g, &g->blobs.at[v->blob]);
		else
			drop_entry(g, &g->entries.at[v->entry]);
	}
}

/* 1: removed; 0: used by somebody since it was looked at. */
static int
delete_entry(struct gc *g, const struct gc_entry *x, struct err *e)
{
	unsigned char tag[TAG_SIZE];
	sqlite3_stmt *q;
	int64_t row;

	q = db_stmt(g->s->db, SQL_UNUSED_DROP,
	    "DELETE FROM entry WHERE dataset=?1 AND tag=?2 AND used=?3", e);
	if (q == NULL || catalog_tag_decode(x->tag, tag, e) < 0 ||
	    catalog_dataset_row(g->s, x->dataset, &row, e) < 0)
		return -1;
	db_bind_int(q, 1, row);
	db_bind_bytes(q, 2, tag, TAG_SIZE);
	db_bind_int(q, 3, x->used);
	if (db_step(g->s->db, q, e) < 0)
		return -1;
	return sqlite3_changes(g->s->db->sq) == 1;
}

static int
delete_entries(struct gc *g, struct err *e)
{
	struct gc_entry *x;
	size_t i;
	int rc;

	for (i = 0; i < g->entries.n; i++) {
		x = &g->entries.at[i];
		rc = x->gone ? delete_entry(g, x, e) : 1;
		if (rc < 0)
			return -1;
		if (rc == 0)
			take_back(g, x);
	}
	return 0;
}

/* Entries go first, in one transaction, then the blobs: a kill in between
 * leaves blobs that nobody needs, which is no harm. */
static int
delete_all(struct gc *g, struct err *e)
{
	struct db *db = g->s->db;

	if (db->read_only)
		return err_set(e, ERR_REFUSED, "%s: cannot be written",
		    db->path);
	if (db_exec(db, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	if (delete_entries(g, e) == 0 && db_exec(db, "COMMIT", e) == 0)
		return 0;
	sqlite3_exec(db->sq, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}

/* ---- doing -------------------------------------------------------------- */

static int
remove_blobs(struct gc *g, struct err *e)
{
	size_t i, others = 0;

	for (i = 0; i < g->blobs.n; i++) {
		struct gc_blob *b = &g->blobs.at[i];

		if (!b->gone || blob_remove(g->s, &b->blob, e) == 0)
			continue;
		if (e->sys != EPERM && e->sys != EACCES)
			return -1;
		others++;
		g->size += b->blob.size;
		g->r->freed -= b->blob.size;
		g->r->blobs--;
	}
	if (others > 0)
		store_note(g->s, "%s: %zu blobs may be removed by their owner "
		    "only and are left", g->s->home, others);
	g->r->left = g->size;
	return catalog_commit(g->s, e);
}

/*
 * On a full disk the catalog cannot even be told what goes, so there the
 * blobs go first: until the entries have followed they are misses.
 */
static int
shrink(struct gc *g, struct err *e)
{
	choose(g);
	drop_victims(g);
	if (g->o->dry_run || g->s->db == NULL || delete_all(g, e) == 0)
		return 0;
	if (!err_is_shortage(e))
		return -1;
	return remove_blobs(g, e) < 0 ? -1 : delete_all(g, e);
}

static int
sweep_temp(void *arg, const struct walk_entry *at, struct err *e)
{
	struct gc *g = arg;

	g->r->temps++;
	if (S_ISREG(at->st->st_mode))
		g->r->freed += (uint64_t)at->st->st_size;
	return g->o->dry_run ? 0 : file_remove(at->dirfd, at->name, e);
}

/* The catalog is opened, if there is one.  Shared with others it takes some
 * room, and a full disk is what a gc is for. */
static int
open_catalog(struct gc *g, struct err *e)
{
	int rc = store_db(g->s, 0, e);

	if (rc < 0 && err_is_shortage(e)) {
		g->s->alone = 1;
		rc = store_db(g->s, 0, e);
	}
	return MIN(rc, 0);
}

static int
gather(struct gc *g, struct err *e)
{
	const struct cache_filter all = { 0 };

	if (open_catalog(g, e) < 0 ||
	    blob_list_all(g->s, add_blob, g, e) < 0)
		return -1;
	if (g->blobs.n > 1)
		qsort(g->blobs.at, g->blobs.n, sizeof(*g->blobs.at), by_blob);
	/* Before the entries: whoever adds one adds its listing behind it. */
	if (gc_listings_load(&g->listings, g->s, e) < 0 ||
	    catalog_list(g->s, &all, add_entry, g, e) < 0)
		return -1;
	g->r->freed += gc_listings_unneeded(&g->listings);
	return gc_journals(g->s->home_fd, g->since, keep_named, g, e);
}

/* Entries of the table of digests that were not met for long. */
static int
sweep_table(struct gc *g, struct err *e)
{
	char sql[96];
	int rc = store_db(g->s, 0, e);

	if (rc != 0 || g->o->dry_run || g->s->db->read_only)
		return MIN(rc, 0);
	snprintf(sql, sizeof(sql), "DELETE FROM file WHERE noted < %lld",
	    (long long)(g->since - 60 * GC_GRACE));
	return db_exec(g->s->db, sql, e);
}

static int
run(struct gc *g, struct err *e)
{
	if (gather(g, e) < 0)
		return -1;
	if (g->o->max_size != UINT64_MAX && shrink(g, e) < 0)
		return -1;
	if (g->size <= g->o->max_size)
		g->r->kept = 0;
	g->r->left = g->size;
	if (!g->o->dry_run && remove_blobs(g, e) < 0)
		return -1;
	if (gc_listings_sweep(&g->listings, g->s, g->o->dry_run, e) < 0 &&
	    !err_is_shortage(e))
		return -1;
	g->r->listings = g->listings.removed;
	if (gc_temps(g->s->home_fd, g->now, sweep_temp, g, e) < 0)
		return -1;
	return sweep_table(g, e);
}

int
gc_run(struct store *s, const struct gc_options *o, struct gc_report *ret,
    struct err *e)
{
	struct gc g = {
		.s = s, .o = o, .r = ret, .arena = ARENA_INIT,
		.now = time(NULL),
	};
	int rc = 0;

	g.since = g.now - o->grace;
	*ret = (struct gc_report){ 0 };
	if (s->home_fd >= 0)
		rc = run(&g, e);
	VEC_RELEASE(&g.blobs);
	VEC_RELEASE(&g.entries);
	VEC_RELEASE(&g.needs);
	VEC_RELEASE(&g.victims);
	gc_listings_release(&g.listings);
	arena_release(&g.arena);
	return rc;
}
