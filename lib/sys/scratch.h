#ifndef SYS_SCRATCH_H
#define SYS_SCRATCH_H

/*
 * Folders for what a process needs while it lives.  Each is held by a lock of
 * the kernel; one whose process was killed is removed by the next that makes
 * one beside it.  Where the file system has no such locks (flock(2) of a
 * folder, NFS) none is held, and none removed.
 */

#include "base/err.h"

struct scratch {
	char	*dir;		/* NULL: none */
	int	 fd;		/* holds it */
	int	 own_base;	/* what it lies in goes once it is empty */
};
#define SCRATCH_INIT	{ NULL, -1, 0 }

/*
 * Told of a folder that is about to be removed, so that what may still use it
 * is ended: 0; 1 to leave it alone.
 */
typedef int	scratch_left_fn(void *arg, const char *dir);

/*
 * Makes base, if need be, and a new folder in it, mode 0700, whose name
 * begins with prefix and a dot.  fn may be NULL.
 */
int	scratch_make(const char *base, const char *prefix,
	    scratch_left_fn *fn, void *arg, struct scratch *ret,
	    struct err *) must_check;

/*
 * The same in a folder that anyone may write to: the base is PLACE/flyte-UID,
 * if that is ours alone.  Else the folder lies in place itself, and stays
 * there if we are killed.
 */
int	scratch_make_private(const char *place, const char *prefix,
	    scratch_left_fn *fn, void *arg, struct scratch *ret,
	    struct err *) must_check;

/*
 * Gives it another name, which begins with "kept-", so that it stays for
 * good.  dir is changed.
 */
int	scratch_keep(struct scratch *, struct err *) must_check;
/* Removes the folder, as far as that is possible, if it was not kept. */
void	scratch_remove(struct scratch *);
/* Frees the memory and the lock, and leaves the folder. */
void	scratch_release(struct scratch *);

#endif
