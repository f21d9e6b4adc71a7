#ifndef FLYTE_RUN_LAUNCHES_H
#define FLYTE_RUN_LAUNCHES_H

/* The launch plans that a closure's nodes may launch, and those that these
 * launch in turn. */

#include "base/vec.h"
#include "run/runner.h"
#include "target.h"

struct launches {
	VEC(struct run_launch)	 at;
	VEC(const pb_identifier *) missing;	/* named, but nowhere */
};

/*
 * Looks for them in the target's file first, then in the registry.  What is
 * not there is no error yet: the node may never be reached.
 */
int	launches_collect(struct context *, const struct target *,
	    struct launches *ret, struct err *) must_check;
/* The same for one launch plan; t may be NULL (no file). */
int	launches_add(struct context *, const struct target *,
	    const pb_identifier *, struct launches *to, struct err *)
	    must_check;
int	launches_same(const pb_identifier *, const pb_identifier *);
void	launches_release(struct launches *);

#endif
