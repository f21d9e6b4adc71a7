#ifndef IDL_NODEPATH_H
#define IDL_NODEPATH_H

/*
 * Paths of nodes.  Whole, as journals have them, the attempt of what a node
 * lies in is between the ids: "m/0/n1".  People name it without: "m/n1".
 */

#include "base/strbuf.h"

/* Appends the path as people name it. */
void	nodepath_add(struct strbuf *, struct str path);
/* The same for one that somebody gave, which may be either form. */
void	nodepath_add_given(struct strbuf *, struct str path);

#endif
