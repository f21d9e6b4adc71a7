#ifndef FLYTE_RUN_OUTSIDE_H
#define FLYTE_RUN_OUTSIDE_H

/* What dynamic tasks may name: what is in the file that is run, and what is
 * registered. */

#include "launches.h"

struct outside {
	struct context		*c;
	const struct target	*target;	/* with a file, or NULL */
	struct launches		launches;
};

/* A run_resolve_fn; arg is the struct outside. */
int	outside_resolve(void *arg, enum entity_kind, struct str ref,
	    struct run_outside *ret, struct err *e);
void	outside_release(struct outside *);

#endif
