#ifndef RECORD_BRIEF_H
#define RECORD_BRIEF_H

/*
 * An execution in a line, from the two ends of its journal: what a list of
 * thousands can afford.
 */

#include "record/execution.h"
#include "engine/sched.h"

struct brief {
	struct execution_id id;
	const char	*target, *target_kind, *file, *mode, *of;
	enum sched_wf	 phase;		/* as last recorded; while not ended
					 * only whether it has */
	int		 alive;		/* a process runs it */
	int64_t		 created, updated, ended;	/* us; ended 0: not */
	struct sched_error error;	/* code.p NULL: none */
};

/* Text goes to the arena. */
int	brief_load(const char *home, const struct execution_id *,
	    struct arena *, struct brief *ret, struct err *) must_check;

#endif
