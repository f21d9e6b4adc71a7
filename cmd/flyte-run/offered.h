#ifndef FLYTE_RUN_OFFERED_H
#define FLYTE_RUN_OFFERED_H

#include "launches.h"

/*
 * What a dynamic task writes may name all that is in the file it is run from.
 * So that goes into the closures and launch plans of its execution: whoever
 * resumes, recovers or repeats that finds what was there then, whatever
 * became of the file.
 */

/* 1 if one of the closure's tasks may write what is to run next. */
int	offered_is_wanted(const pb_compiled_workflow_closure *);
/* Gives the target, and the workflows of its file, what the file has. */
void	offered_add(struct target *, struct arena *);
/* Its launch plans. */
int	offered_add_launches(struct context *, const struct target *,
	    struct launches *to, struct err *) must_check;

#endif
