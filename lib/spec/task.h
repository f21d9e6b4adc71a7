#ifndef SPEC_TASK_H
#define SPEC_TASK_H

/* One task of a spec, lowered. */

#include "spec/shape.h"

/* A program that does not come from the keys: the script itself. */
struct task_script {
	const char	*path;	/* relative to the folder of the spec */
	struct str	 text;
};

/*
 * Lowers the keys at node.  script NULL: the keys say what runs.  NULL if
 * there was a fault.
 */
pb_admin_task_spec *task_lower(struct load *, pb_identifier *id,
		    uint32_t node, const struct task_script *script);

#endif
