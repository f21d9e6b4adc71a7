#ifndef RUN_LOCAL_P_H
#define RUN_LOCAL_P_H

/* Between the files of the local executor; nobody else includes it. */

#include "run/local.h"

struct local_job;

struct slot {
	unsigned	 index;
	struct local_job *job;		/* NULL: free */
	char		*dir;		/* path, once needed */
	int		 made;		/* dir is there */
	int		 dirty;		/* something may be in it */
	int		 out, err;	/* logs; -1: not opened yet */
};

struct local {
	struct executor	 executor;	/* first: it is what callers see */
	struct loop	*loop;
	const struct local_options *options;
	struct slot	*slots;
	int64_t		 oom_kills;	/* of the system so far; -1 unknown */
};

struct local_job {
	struct job	 job;		/* first: it is what callers see */
	struct local	*local;
	struct slot	*slot;
	const char	*token;
	struct attempt	 attempt;
	struct command	 command;
	struct proc	 proc;
	struct loop_watch watch;
	struct loop_timer deadline, kill;
	int64_t		 timeout;	/* ns; 0 or less: none */
	int		 cancelled, timed_out;
};

/* local_judge.c: fills the result. */
/* The process has ended: result.end says how. */
void	local_judge(struct local_job *);
/* It could not be waited for. */
void	local_lost(struct local_job *, const struct err *);
/* It could not be started, by the task's own fault. */
void	local_not_started(struct local_job *, const struct err *);
/* A jq task, all of it. */
int	local_run_jq(struct local_job *, struct err *) must_check;

/*
 * Processes that the kernel killed for memory since boot (/proc/vmstat), or
 * -1: the only trace that a kill without a cgroup of its own leaves.
 */
int64_t	local_oom_kills(void);

void	local_job_ended(struct local_job *);

#endif
