#ifndef STORE_GC_H
#define STORE_GC_H

/*
 * Keeping the store small, and whole.  What gc removes, longest unused
 * first: entries of the catalog with the blobs that only they need, and
 * blobs that no entry needs (results that were not cached, files put by
 * hand).  A listing goes with the last entry that names it.  What stays in
 * any case: pinned entries, what the journal of an execution names that has
 * not ended, what was used within the grace.  Temps that a crash left behind
 * go after a day.
 */

#include <sys/stat.h>

#include "store/catalog.h"

#define GC_GRACE	(24 * 60 * 60)

struct gc_options {
	uint64_t	 max_size;	/* bytes of blobs and entries to leave;
					 * UINT64_MAX: only sweep what is of
					 * no use */
	int64_t		 grace;		/* seconds; what was used since stays */
	int		 dry_run;
};

struct gc_report {
	size_t		entries, blobs, temps;	/* removed */
	size_t		listings;		/* (listing.h) removed */
	uint64_t	freed;			/* bytes */
	uint64_t	left;			/* bytes that remain */
	size_t		kept;		/* blobs and entries that had to stay
					 * although the limit is exceeded */
};

/*
 * Removes until max_size is left, or only says what it would (dry_run).  It
 * is no error that more had to stay.
 */
int	gc_run(struct store *, const struct gc_options *,
	    struct gc_report *ret, struct err *e) must_check;

struct du_report {
	size_t		entries, files, trees, temps, listings;
	uint64_t	entry_bytes;	/* as gc counts them */
	uint64_t	listing_bytes;
	uint64_t	catalog_bytes;	/* of the database's files, in which
					 * both are */
	uint64_t	file_bytes, tree_bytes, temp_bytes;
};
/* What the store holds, by kinds; nothing is changed. */
int	store_du(struct store *, struct du_report *ret, struct err *e)
	    must_check;

/* Every blob that lies in the store, in the order of addresses; size is its
 * size on disk.  0 to go on, 1 to stop, -1 to fail. */
typedef int blob_fn(void *arg, const struct blob *, const struct stat *,
	    struct err *e);
int	blob_list_all(struct store *s, blob_fn *fn, void *arg, struct err *e)
	    must_check;
/* Takes a blob out of the store; 0 also if it is gone. */
int	blob_remove(struct store *, const struct blob *, struct err *e)
	    must_check;

struct verify_report {
	size_t		blobs, damaged;		/* read; of these not whole */
	size_t		entries, dangling;	/* an entry whose blob is gone
						 * or damaged */
	size_t		listings, lost;		/* read; of these not whole */
	size_t		repaired;		/* things taken away */
	int		catalog_damaged;
	int		rebuilt;		/* the catalog was */
	size_t		saved;			/* entries it kept */
};
/* Told about each fault found. */
typedef void verify_fn(void *arg, const char *line);
/*
 * Reads every blob and listing and looks at every entry.  With repair, damaged
 * blobs, listings and entries that need what is not there are removed (blobs
 * and entries would be misses), and a damaged catalog is built anew from what
 * can be read of it; the damaged one is kept beside it.
 */
int	store_verify(struct store *s, int repair, verify_fn *fn, void *arg,
	    struct verify_report *ret, struct err *e) must_check;

/* Reads every listing and tells fn of those that are not whole. */
int	listings_check(struct store *, verify_fn *fn, void *arg,
	    struct err *e) must_check;

/* 1 if the catalog is damaged, which fn (may be NULL) is told; 0: it is whole
 * or not there. */
int	catalog_check(struct store *, verify_fn *fn, void *arg, struct err *)
	    must_check;

#endif
