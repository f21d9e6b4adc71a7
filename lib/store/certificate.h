#ifndef STORE_CERTIFICATE_H
#define STORE_CERTIFICATE_H

/*
 * What a whole run found in the catalog, on one sheet.  A run in which every
 * node was a hit would be one again as long as nothing it is made of has
 * changed (its key, which is the caller's to make) and every entry it used is
 * there as it was.  The latter is what a certificate tells in one look-up:
 * the catalog has a generation, drawn anew by triggers of the database
 * whenever an entry is removed or replaced, whoever does it; a certificate of
 * another generation is none.  New entries change nothing, since the first
 * one of a key stays.
 *
 * A certificate ends when the first of the uses that it stands for has to be
 * noted again, so that gc knows what is in use.  Blobs are not in the
 * database: they are listed, and checked each time.
 *
 * A catalog in trouble has no certificates.  Nothing here is an error worth
 * telling: without one the run does as it always did.
 */

#include "base/arena.h"
#include "sys/digest.h"

struct store;

/* What the catalog holds, as one random number. */
struct generation {
	unsigned char	b[16];
};

/*
 * The generation now, to be read before the first look-up of a run that may
 * be certified.  -1: there is no catalog, or one that cannot be written.
 */
int	certificate_generation(struct store *, struct generation *ret);

struct certificate {
	struct digest	key;
	int64_t		until;		/* seconds since the epoch */
	struct str	blobs;		/* it needs: ids, one after the other */
	struct str	value;		/* the caller's */
};

/* Keeps them, if the catalog is still of that generation. */
void	certificate_put(struct store *, const struct generation *,
	    const struct certificate *, size_t n);
/*
 * 0, the texts in the arena: it holds, and its blobs are there and whole;
 * -1: there is none.
 */
int	certificate_get(struct store *, const struct digest *key,
	    struct arena *, struct certificate *ret);

#endif
