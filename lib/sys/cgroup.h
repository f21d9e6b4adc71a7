#ifndef SYS_CGROUP_H
#define SYS_CGROUP_H

/*
 * Control groups of the kernel: bounds on the memory and processor time of
 * what runs in them, and the one exact trace of a kill for lack of memory.
 *
 * Version 2 where its memory controller is given to us, else version 1 (where
 * memory and cpu are two trees).  Groups are made below our own group or the
 * nearest one above it that lets us, under names "flyte-NS-PID-N", so that
 * those of a dead process can be told and are removed by the next.
 */

#include "base/err.h"

/* The folders of one group; both NULL: none. */
struct cgroup {
	char	*memory;	/* or NULL */
	char	*cpu;		/* or NULL; v2: the same folder */
	int	 v2;
};

/*
 * Makes a group.  ERR_REFUSED, with the reason, if no group can be made that
 * bounds memory; the cpu part may be missing.
 */
int	cgroup_make(struct cgroup *ret, struct err *) must_check;
/*
 * Sets bounds, 0 for none: memory (with swap, as far as the system accounts
 * for it) in bytes, cpu in thousandths of a processor.
 */
int	cgroup_limit(const struct cgroup *, int64_t memory, int64_t cpu,
	    struct err *) must_check;
/* Processes killed in it for lack of memory so far. */
int64_t	cgroup_oom_kills(const struct cgroup *);
/*
 * Most memory that all in it used at once, in bytes, since it was made or
 * cgroup_forget_peak; -1: the system does not tell.  What the kernel keeps
 * of files that were read counts, as it does against the bound.
 */
int64_t	cgroup_peak(const struct cgroup *);
/* -1: the system can not forget it; a new group knows none. */
int	cgroup_forget_peak(const struct cgroup *);
/* Kills what is in it. */
void	cgroup_kill(const struct cgroup *);
/* Removes it once nothing runs in it; *c is empty then. */
void	cgroup_remove(struct cgroup *c);

/*
 * Memory that we may use: the machine's, or less where a group bounds us.
 * Bytes.
 */
int64_t	cgroup_memory_of_machine(void);

/* Tests only: /proc and what is mounted lie in this folder; "": the root. */
void	cgroup_set_root(const char *);

#endif
