#ifndef SYS_ORPHAN_H
#define SYS_ORPHAN_H

#include <sys/types.h>

/*
 * What our children leave behind when they end.  A process that made itself
 * independent of its parent by setsid(2) is known by no number of ours; once
 * adopted it is at least our child, so that asking whether there is any costs
 * nothing where there is none.
 */

/* From now on they become ours; for the whole process, and for good. */
void	orphan_adopt(void);
/*
 * 1 if there may be one that runs.  Only children made by proc_start and not
 * yet reaped are known not to be one.
 */
int	orphan_left(void);
/* Reaps those that have ended; proc_reap does. */
void	orphan_reap(void);

/* Of proc_start and proc_reap: a child of our own, and no more. */
void	orphan_not(pid_t);
void	orphan_forget(pid_t);

#endif
