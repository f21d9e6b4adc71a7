#ifndef STORE_GC_H
#define STORE_GC_H

/*
 * Keeping the store small.  What is removed, longest unused first: entries
 * of the catalog with the blobs that only they need, blobs nothing refers
 * to, temps a crash left behind.  What stays in any case: pinned entries,
 * what executions that are alive refer to, what is younger than a day.
 */

#include "store/catalog.h"

struct gc_options {
	uint64_t	 max_size;	/* bytes of blobs and entries to leave;
					 * UINT64_MAX: only sweep garbage */
	int64_t		 grace;		/* seconds; younger things stay */
	int		 dry_run;
};

struct gc_report {
	size_t		entries, blobs, temps;	/* removed */
	uint64_t	freed;			/* bytes */
	uint64_t	left;			/* bytes that remain */
	size_t		kept_pinned;	/* blobs over the limit that stay */
};

int	gc_run(struct store *, const struct gc_options *,
	    struct gc_report *ret, struct err *e) must_check;

struct du_report {
	size_t		entries, files, trees, temps;
	uint64_t	catalog_bytes, file_bytes, tree_bytes, temp_bytes;
};
int	store_du(struct store *, struct du_report *ret, struct err *e)
	    must_check;

#endif
