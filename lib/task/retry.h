#ifndef TASK_RETRY_H
#define TASK_RETRY_H

/*
 * Whether an attempt that ended badly is made again, when, and with how much:
 * the rules of retries: by measured cause (spec/retries.h).  Pure: the same
 * ends in the same order give the same answer, so a run that goes on tells it
 * the ends that the journal has.
 */

#include "base/arena.h"
#include "base/err.h"
#include "task/job.h"
#include "spec/retries.h"

/* System errors (lost, killed from outside) without a rule: Flyte's own
 * bound, flytepropeller node-config max-node-retries-system-failures. */
#define RETRY_SYSTEM	3

struct retry_state {
	uint32_t	used[MAX_RETRY_RULES];	/* by rule */
	uint32_t	other, system;
	double		memory, time;	/* grown so many times; 0: not yet */
	/* Of the last decision: */
	int		again;
	uint32_t	now, most;	/* attempts of its rule, and how many
					 * there may be */
	int64_t		delay;		/* ns */
};

/* What ended. */
struct retry_end {
	enum job_cause	cause;
	int		status;		/* of JOB_EXIT */
	int		recoverable;
	int		system;		/* not the task's fault */
	int		unseen;		/* its runner died with it */
};

/* The rules of TaskTemplate.config; *ret NULL where it has none. */
int	retry_of_task(const pb_task_template *, struct arena *,
	    struct retries **ret, struct err *) must_check;

/* count is how often causes without a rule are tried again.  1: again. */
int	retry_decide(const struct retries *, uint32_t count,
	    const struct retry_end *, struct retry_state *);

#endif
