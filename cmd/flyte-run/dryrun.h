#ifndef FLYTE_RUN_DRYRUN_H
#define FLYTE_RUN_DRYRUN_H

/* What a run would do, node by node, and why. */

#include "run/runner.h"

struct dryrun;
struct dryrun	*dryrun_new(int json);
void		 dryrun_free(struct dryrun *);
/* A run_watch_fn. */
void		 dryrun_watch(void *arg, struct run *,
		    const struct run_event *);
/* Appends the list, unless the buffer is NULL; returns how many nodes would or
 * may run. */
uint32_t	 dryrun_print(struct dryrun *, struct runner *,
		    const char *what, struct strbuf *);

#endif
