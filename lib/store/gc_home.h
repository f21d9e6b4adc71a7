#ifndef STORE_GC_HOME_H
#define STORE_GC_HOME_H

/* What gc and checks have to know of the state folder besides the store. */

#include "base/err.h"
#include "base/str.h"
#include "sys/file.h"

/* A "blob:sha256:..." in a journal, with "/" behind if it is of a tree. */
typedef void named_fn(void *arg, struct str uri);
/*
 * Tells each blob that is named by the journal of an execution that has not
 * ended, or that was written to after since (seconds).
 */
int	gc_journals(int home_fd, int64_t since, named_fn *, void *arg,
	    struct err *) must_check;

/*
 * Calls fn for the temporary files and folders in the state folder that are
 * older than a day at now: what a kill left.  fn returns 0, or -1 to end.
 */
int	gc_temps(int home_fd, int64_t now, walk_fn *fn, void *arg,
	    struct err *) must_check;

#endif
