#ifndef SPEC_PLAN_H
#define SPEC_PLAN_H

/* Launch plans. */

#include "spec/load.h"

/* Lowers what is said at the declaration's node; d->plan stays NULL if there
 * is a fault.  Workflows have been declared. */
void	plan_lower(struct file *, struct decl *);
/* The plan that a workflow has under its own name. */
void	plan_imply(struct file *, struct decl *workflow, struct decl *plan);

#endif
