#ifndef TASK_OVERRIDES_H
#define TASK_OVERRIDES_H

#include "idl/flyteidl.h"

/*
 * What a node says of its task in place of what the task says itself
 * (core.TaskNodeOverrides): resources, extended resources and image.  The
 * template then shares parts with the overrides.
 */
void	overrides_apply(pb_task_template *,
	    const Flyteidl__Core__TaskNodeOverrides *);

#endif
