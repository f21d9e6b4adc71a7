/* Which listings no entry needs any more. */
#include "store/gc_listing.h"

#include "store/handle.h"

static uint32_t
find(const struct gc_listings *l, const unsigned char id[LISTING_ID])
{
	return map_get(&l->by_id, (struct str){ (const char *)id,
	    LISTING_ID });
}

static int
add(void *arg, const unsigned char id[LISTING_ID], uint64_t size,
    struct str bytes, struct err *e)
{
	struct gc_listings *l = arg;
	struct str key = arena_str(&l->arena, (struct str){
	    (const char *)id, LISTING_ID });
	struct gc_listing new = {
		.id = (unsigned char *)(uintptr_t)key.p, .size = size,
	};

	(void)bytes, (void)e;
	map_put(&l->by_id, key, (uint32_t)l->at.n);
	VEC_PUSH(&l->at, new);
	return 0;
}

/* The folders in a list are named by its listing. */
static int
add_parts(void *arg, const unsigned char id[LISTING_ID], uint64_t size,
    struct str bytes, struct err *e)
{
	unsigned char part[LISTING_ID];
	struct gc_listings *l = arg;
	uint32_t i = find(l, id), k;

	(void)size, (void)e;
	if (i == MAP_NONE || id[DIGEST_SIZE] != LISTING_VALUE)
		return 0;
	l->at.at[i].first = (uint32_t)l->parts.n;
	while (listing_next_ref(&bytes, part)) {
		k = find(l, part);
		if (k != MAP_NONE && part[DIGEST_SIZE] == LISTING_TREE)
			VEC_PUSH(&l->parts, k);
	}
	l->at.at[i].n = (uint32_t)l->parts.n - l->at.at[i].first;
	return 0;
}

int
gc_listings_load(struct gc_listings *l, struct store *s, struct err *e)
{
	return listings_each(s, 0, add, l, e) < 0 ||
	    (l->at.n > 0 && listings_each(s, 1, add_parts, l, e) < 0) ?
	    -1 : 0;
}

void
gc_listings_release(struct gc_listings *l)
{
	map_release(&l->by_id);
	VEC_RELEASE(&l->at);
	VEC_RELEASE(&l->parts);
	VEC_RELEASE(&l->needs);
	arena_release(&l->arena);
}

static uint64_t
need(struct gc_listings *l, uint32_t i)
{
	VEC_PUSH(&l->needs, i);
	return l->at.at[i].needed++ == 0 ? l->at.at[i].size : 0;
}

uint64_t
gc_listings_meet(struct gc_listings *l, struct str inputs)
{
	unsigned char id[LISTING_ID];
	uint64_t sum = 0;
	uint32_t i, k;

	while (l->at.n > 0 && listing_next_ref(&inputs, id)) {
		i = find(l, id);
		if (i == MAP_NONE)
			continue;
		sum += need(l, i);
		for (k = 0; k < l->at.at[i].n; k++)
			sum += need(l, l->parts.at[l->at.at[i].first + k]);
	}
	return sum;
}

uint64_t
gc_listings_drop(struct gc_listings *l, uint32_t first, uint32_t n)
{
	struct gc_listing *x;
	uint64_t sum = 0;
	uint32_t i;

	for (i = first; i < first + n; i++) {
		x = &l->at.at[l->needs.at[i]];
		if (--x->needed == 0)
			sum += x->size;
	}
	return sum;
}

uint64_t
gc_listings_take_back(struct gc_listings *l, uint32_t first, uint32_t n)
{
	struct gc_listing *x;
	uint64_t sum = 0;
	uint32_t i;

	for (i = first; i < first + n; i++) {
		x = &l->at.at[l->needs.at[i]];
		if (x->needed++ == 0)
			sum += x->size;
	}
	return sum;
}

uint64_t
gc_listings_unneeded(const struct gc_listings *l)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < l->at.n; i++)
		if (l->at.at[i].needed == 0)
			sum += l->at.at[i].size;
	return sum;
}

int
gc_listings_sweep(struct gc_listings *l, struct store *s, int dry_run,
    struct err *e)
{
	size_t i;

	for (i = 0; i < l->at.n; i++)
		l->removed += l->at.at[i].needed == 0;
	if (dry_run || l->removed == 0 || s->db->read_only)
		return 0;
	if (db_exec(s->db, "BEGIN IMMEDIATE", e) < 0)
		return -1;
	for (i = 0; i < l->at.n; i++)
		if (l->at.at[i].needed == 0 &&
		    listing_remove(s, l->at.at[i].id, e) < 0)
			break;
	if (i == l->at.n && db_exec(s->db, "COMMIT", e) == 0)
		return 0;
	sqlite3_exec(s->db->sq, "ROLLBACK", NULL, NULL, NULL);
	return -1;
}
