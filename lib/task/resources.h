#ifndef TASK_RESOURCES_H
#define TASK_RESOURCES_H

/* What a task may use, and what it asks for. */

#include "base/err.h"
#include "idl/flyteidl.h"

struct resources {
	int64_t	memory;		/* bytes; 0: not said */
	int64_t	cpu;		/* thousandths of a processor; 0: not said */
};

/*
 * Of a task's container.  As in Kubernetes, what is not requested is as much
 * as the limit.  ERR_SPEC names an amount that is none.
 */
int	resources_of_task(const pb_task_template *, struct resources *limits,
	    struct resources *requests, struct err *) must_check;

#endif
