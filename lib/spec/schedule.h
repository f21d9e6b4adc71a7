#ifndef SPEC_SCHEDULE_H
#define SPEC_SCHEDULE_H

/* schedule: of a launch plan. */

#include "spec/shape.h"

struct schedule {
	pb_admin_schedule *message;
	uint32_t	 kickoff_node;	/* or TREE_NONE */
	const char	*catchup;	/* none, last, all, or NULL */
	int		 skip_overlap;
};

/* Faults are reported; the message is there unless the node is no map. */
void	schedule_load(struct load *, uint32_t node, struct schedule *ret);

#endif
