#ifndef SYS_STATCACHE_H
#define SYS_STATCACHE_H

/*
 * When may a digest computed earlier stand for a file without reading it?
 * When device, inode, size, mtime and ctime are what they were, and the file
 * had not been touched in the same tick of the clock in which it was read
 * (git's "racy" rule): ctime cannot be set by a user, so any later change
 * shows in it, unless it fell into the same tick.
 *
 * These are the pure rules; the table itself is store/digests.h.
 */

#include <sys/stat.h>

#include "base/base.h"

/* What identifies the state of a file.  All fields matter. */
struct stat_id {
	uint64_t	dev, ino, size;
	int64_t		mtime_ns, ctime_ns;	/* since the epoch */
};

/* That of a file as stat(2) gave it; the same one: untouched between. */
struct stat_id	stat_id_of(const struct stat *);
int		stat_id_equal(const struct stat_id *, const struct stat_id *);

/* The coarsest tick of a local file system, and a guard for the clock of
 * another machine, in nanoseconds. */
#define STAT_SLACK_LOCAL	INT64_C(50000000)
#define STAT_SLACK_REMOTE	INT64_C(120000000000)

/*
 * 1 if the state is safe to remember, given that reading began at now
 * (CLOCK_REALTIME, ns): last touched more than slack before.
 */
int		stat_id_settled(const struct stat_id *, int64_t now,
		    int64_t slack);

/*
 * 1 if the file system of this file gives each change after a stat a ctime
 * of its own (Linux 6.13 multigrain timestamps): then every state is settled
 * as soon as it was stat'ed.  Found out by chmod of fd, a file of our own,
 * to the mode it has; a few microseconds.
 */
int		stat_times_fine(int fd);

/* CLOCK_REALTIME in nanoseconds. */
int64_t		stat_now(void);

#endif
