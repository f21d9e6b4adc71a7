#ifndef STORE_LISTING_H
#define STORE_LISTING_H

/*
 * Listings: what a digest in the inputs of an entry was made of, so that an
 * explanation can name the part that differs.  Of a folder its manifest
 * (blob.h), of a list or map that is kept as a digest its wire form; either
 * way the SHA-256 of the bytes is the digest.
 *
 * They are an aid: bounded, and whatever goes wrong with one leaves it out.
 * Those that were met are held in memory; those that an entry names are
 * written behind its transaction, in one of their own.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/map.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "store/catalog.h"

struct store;

enum listing_kind {
	LISTING_TREE = 'd',
	LISTING_VALUE = 'v',
};

/* The digest, then the kind. */
#define LISTING_ID	(DIGEST_SIZE + 1)

struct held_listing {
	unsigned char	*id;
	struct str	 bytes;
	enum { LISTING_HELD, LISTING_WANTED, LISTING_WRITTEN } state;
};

/* Those of an open store. */
struct listings {
	struct arena	 arena;
	struct map	 by_id;
	VEC(struct held_listing) at;
	uint64_t	 held;		/* bytes in the arena */
	size_t		 wanted;	/* to be written */
	uint64_t	 written, read;	/* bytes, by this process */
	int		 off;		/* writing failed once */
	/* The last comparison: many nodes may be given the same folder. */
	struct arena	 last_arena;
	const char	*last_is, *last_was;
	struct cache_members last;
};

/* Takes note of one; what is too long is passed over. */
void	listing_note(struct store *, enum listing_kind,
	    const unsigned char digest[DIGEST_SIZE], struct str bytes);
/* The same, and it is to be written with what is queued. */
void	listing_want(struct store *, enum listing_kind,
	    const unsigned char digest[DIGEST_SIZE], struct str bytes);
/* Those of the folders that the inputs name and that were met are to be
 * written. */
void	listing_want_named(struct store *, struct str inputs);
/* Writes those that are to be written, the entries being there. */
void	listings_commit(struct store *);
void	listings_release(struct listings *);

/*
 * Appends the bytes of a listing: held, kept, or of a folder among the blobs.
 * 0 if it is not known, or if this process has read as many as it may.
 */
int	listing_get(struct store *, enum listing_kind,
	    const unsigned char digest[DIGEST_SIZE], struct strbuf *ret);

/* The next digest that some inputs in wire form name, as an id; 0: no more. */
int	listing_next_ref(struct str *rest, unsigned char ret[LISTING_ID]);

/* ---- members ------------------------------------------------------------ */

struct listing_member {
	char		 type;		/* as in the manifest */
	struct str	 path, content;	/* content: digest in hex, target */
};
/* The next member of a manifest without its first line; 0: no more. */
int	listing_next_member(struct str *rest, struct listing_member *ret);

/*
 * Which members of two folders differ, given as Literal.hash has them.  1, or 0
 * if either is no folder or its listing is not known.  Texts are in the arena.
 */
int	listing_compare(struct store *, const char *is, const char *was,
	    struct arena *, struct cache_members *ret);

/* ---- looking after them ------------------------------------------------- */

/* Makes the table; a new database has none. */
extern const char listing_make_sql[];

/* 0 to go on, -1 (e filled) to stop. */
typedef int listing_fn(void *arg, const unsigned char id[LISTING_ID],
	    uint64_t size, struct str bytes, struct err *e);
/* All that the catalog has; without with_bytes bytes are empty. */
int	listings_each(struct store *, int with_bytes, listing_fn *fn,
	    void *arg, struct err *e) must_check;
/* Takes one out of the catalog. */
int	listing_remove(struct store *, const unsigned char id[LISTING_ID],
	    struct err *e) must_check;

#endif
