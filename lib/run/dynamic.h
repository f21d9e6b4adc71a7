#ifndef RUN_DYNAMIC_H
#define RUN_DYNAMIC_H

/*
 * What a dynamic task wrote (core.DynamicJobSpec, "futures.pb") as a graph to
 * run, compiled and checked as Flyte does (reference 4).
 */

#include "base/err.h"
#include "base/str.h"
#include "compile/compile.h"
#include "plan/plan.h"

struct dynamic_parent {
	const pb_task_template	*task;	/* its outputs are the graph's */
	int			 is_spec;	/* a spec of our own */
	int			 is_element;	/* it is one of a map */
	const char		*node_id;
	const char		*project, *domain;	/* of the execution */
	/*
	 * The interface of a launch plan the spec refers to: 1 and *ret
	 * filled, or 0 if there is none.  NULL: there are none.
	 */
	int			(*launch_plan)(void *arg,
				    const pb_identifier *,
				    struct compile_launch_plan *ret);
	void			*arg;
};

/*
 * Compiles the spec and makes the plan of it (plan_free()).  0, or -1 with
 * ERR_SPEC that lists what the compiler found: the node then fails for good
 * with code DynamicWorkflowBuildFailed, kind USER.
 */
int	dynamic_build(struct str spec, const struct dynamic_parent *,
	    struct plan **ret, struct err *e) must_check;

#endif
