#ifndef STORE_GC_LISTING_H
#define STORE_GC_LISTING_H

/* What entries name of the listings (listing.h), for gc.c: a listing goes with
 * the last entry that names it. */

#include "store/listing.h"

struct gc_listing {
	unsigned char	*id;
	uint64_t	 size;
	uint32_t	 needed;	/* by entries that are left */
	uint32_t	 first, n;	/* of parts: those it names itself */
};

struct gc_listings {
	struct arena	 arena;
	struct map	 by_id;
	VEC(struct gc_listing) at;
	VEC(uint32_t)	 parts;
	VEC(uint32_t)	 needs;
	size_t		 removed;
};

int	gc_listings_load(struct gc_listings *, struct store *, struct err *e)
	    must_check;
/* Those that the inputs of an entry name are needed once more; they are the
 * rest of needs from here on.  Returns the bytes that were not needed yet. */
uint64_t gc_listings_meet(struct gc_listings *, struct str inputs);
/* An entry goes (or stays after all): the bytes that nobody needs (or that
 * are needed) now. */
uint64_t gc_listings_drop(struct gc_listings *, uint32_t first, uint32_t n);
uint64_t gc_listings_take_back(struct gc_listings *, uint32_t first,
	    uint32_t n);
/* Bytes of those that no entry that was met needs. */
uint64_t gc_listings_unneeded(const struct gc_listings *);
/* Removes those that no entry needs; dry_run: only counts them. */
int	gc_listings_sweep(struct gc_listings *, struct store *, int dry_run,
	    struct err *e) must_check;
void	gc_listings_release(struct gc_listings *);

#endif
