#ifndef TASK_LOCAL_H
#define TASK_LOCAL_H

/*
 * The executor on this machine: proc_start from the loop, no wrapper.
 *
 * It works in slots.  A slot has one scratch folder, used by one attempt
 * after the other, emptied in between, and append-only log files; so an
 * attempt creates no folder of ours.  What a task leaves running is ended
 * with it.
 */

#include "task/executor.h"
#include "sys/loop.h"

struct local_options {
	unsigned	 slots;		/* jobs at once; at least 1 */
	const char	*scratch;	/* folder of the slots' folders 0, 1,
					 * ...; both made on first need; on the
					 * file system of the store file
					 * outputs need no copy */
	int		 single;	/* one slot, whose folder is scratch
					 * itself: there, empty, and ours */
	int		 keep;		/* the folder of a failed attempt stays,
					 * as SCRATCH/failed-NODE-ATTEMPT
					 * (single: where it is), unless
					 * there is nothing in it */
	const char	*logs;		/* folder of SLOT.out and SLOT.err;
					 * NULL: see out and err */
	int		 out, err;	/* without logs: the descriptors that
					 * tasks write to (borrowed) */
	const char	*here;		/* run in this folder, or NULL */
	int		 foreground;	/* stay in our process group */
	int64_t		 grace;		/* ns between TERM and KILL */
	const char	*limit;		/* helper that bounds a task (libexec
					 * limit); NULL: nothing is bounded */
	int		 no_groups;	/* use no control groups */
};

#define LOCAL_GRACE	(INT64_C(5) * 1000000000)

/*
 * The options and the loop are borrowed.  Nothing is created on disk before
 * the first job that needs it.  Freeing it removes the slots' folders and
 * log files that are empty (and what still runs is killed).
 */
struct executor *local_new(struct loop *, const struct local_options *);

/*
 * Removes the slots' folders, also those that a killed process left, from a
 * folder of options.scratch in which no job runs; folders that are kept stay.
 */
void	local_sweep(const char *scratch);

/*
 * Last lines (at most n, at most 4 KiB) that a job printed to a log; empty
 * if there is no log file.
 */
void	local_add_tail(struct executor *, const struct job_log *, int is_err,
	    unsigned n, struct strbuf *);

#endif
