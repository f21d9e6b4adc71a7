#ifndef FLYTE_CTL_FSCK_H
#define FLYTE_CTL_FSCK_H

/* Between the files of flyte-ctl fsck. */

#include "base/map.h"
#include "ctl.h"
#include "store/blob.h"
#include "store/gc.h"

struct fsck {
	struct ctl	*ctl;
	struct store	*store;
	const char	*name;		/* of what is checked */
	size_t		 faults, executions, entries, versions;
	size_t		 torn, temps;	/* no faults: what kills left */
	struct err	 scarce;	/* what the machine ran out of first, or
					 * ERR_NONE: no verdict, then */
	struct map	 blobs;		/* URI to enum blob_state, if read */
	struct arena	 arena;		/* its keys */
};

/* One fault of what f->name says; the first for use as a fault_fn. */
void	fsck_fault(void *fsck, const char *text);
void	fsck_faultf(struct fsck *, const char *, ...) printf_like(2, 3);

/*
 * 1 if what could not be looked at tells nothing, since we ran out of
 * something: then it is no fault, and the check fails with it.
 */
int	fsck_scarce(struct fsck *, const struct err *);

/* Is it there and whole?  Each blob is read once. */
int	fsck_blob(struct fsck *, struct blob *, enum blob_state *ret,
	    struct err *) must_check;
/* All blobs, the catalog, temporary files. */
int	fsck_store(struct fsck *, struct err *) must_check;
/* What lies in the state folder is of the right kind: 1, or 0 with faults
 * told where no more can be looked at. */
int	fsck_layout(struct fsck *);
int	fsck_execution(struct fsck *, const struct execution_id *,
	    struct err *) must_check;

#endif
