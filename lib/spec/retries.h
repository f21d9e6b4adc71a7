#ifndef SPEC_RETRIES_H
#define SPEC_RETRIES_H

/*
 * The mapping form of retries: (flyte-spec(5)), the same in a spec and in
 * TaskTemplate.config:
 *
 *	count: 2		# causes without a rule of their own, together
 *	backoff: 1s		# before the next attempt, and so
 *	factor: 2		# many times longer before each one after
 *	max: 5m			# but never longer
 *	on:
 *	  oom: {count: 3, memory: x2}
 *	  timeout: {count: 1, time: x2}
 *	  signal: 1
 *	  lost: 2
 *	  output: 0
 *	  exit: 1		# any status
 *	  "exit:75": {count: 5, backoff: 10s}
 */

#include "base/limits.h"
#include "data/tree.h"

struct retry_rule {
	char	 cause[16];	/* "oom", ... "exit"; of .other: "" */
	int	 status;	/* of exit: that one, or -1 */
	uint32_t count;
	int64_t	 backoff, max;	/* ns; max 0: no bound */
	double	 factor;	/* of the backoff, each time; 1 or more */
	double	 memory, time;	/* of limit and timeout, each time */
};

struct retries {
	struct retry_rule other;
	struct retry_rule at[MAX_RETRY_RULES];
	size_t		 n;
};

/*
 * Reads the map at a node.  -1: *ret_bad is the node at fault and *ret_want
 * what is expected there.
 */
int	retries_read(const struct tree *, uint32_t map, struct retries *ret,
	    uint32_t *ret_bad, const char **ret_want);

/*
 * The rule for a cause; an exit's own status comes before "exit".  NULL: none
 * of its own.
 */
const struct retry_rule *retries_rule(const struct retries *,
	    const char *cause, int status);

#endif
