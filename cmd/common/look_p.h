#ifndef COMMON_LOOK_P_H
#define COMMON_LOOK_P_H

/* What look.c, which has what happened, and look_declared.c share. */

#include "common/look.h"

/* Appends an item below the parent (LOOK_NONE: at the top), part of its
 * attempt within; its index. */
uint32_t look_add_item(struct look *, struct str path, uint32_t parent,
	    uint32_t within);
/* Reads the closure and says of each item what it declares; items that have
 * not begun are added.  If it cannot be read: closure NULL and trouble. */
void	look_declare(struct look *);

#endif
