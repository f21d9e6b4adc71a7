#ifndef SPEC_INTERFACE_H
#define SPEC_INTERFACE_H

/* Declared variables: name: type, or name: {type, description, ...}. */

#include "spec/shape.h"

/* One declared input or output. */
struct declared {
	char		*name;		/* NULL: it had a fault */
	uint32_t	 key;		/* in the tree */
	pb_variable	*var;		/* NULL: the type had a fault */
	uint32_t	 default_node;	/* or TREE_NONE */
	pb_literal	*default_value;	/* or NULL */
};

struct declared_list {
	struct declared	*at;
	size_t		 n;
};

enum { DECLARED_DEFAULTS = 1 };		/* default: is allowed */

/*
 * The declarations under a key; node may be TREE_NONE.  what is "an input"
 * or "an output".  Faults are reported and leave out the one concerned;
 * -1 if there was any.
 */
int	interface_load(struct load *, uint32_t node, const char *what,
	    unsigned flags, struct declared_list *ret);
/* A type at a node (text, or {type, columns}); NULL with a fault. */
pb_literal_type *interface_type(struct load *, uint32_t node);
/* The message; the variables are shared. */
pb_variable_map *interface_variables(struct load *,
		    const struct declared_list *);

/*
 * A constant of the type at a node, where $ at the front may be doubled
 * (dollars); NULL with a fault.  what names the place: "input \"n\"".
 */
pb_literal *interface_constant(struct load *, uint32_t node,
		    const pb_literal_type *, int dollars, const char *what);

#endif
