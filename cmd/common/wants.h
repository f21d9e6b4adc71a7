#ifndef COMMON_WANTS_H
#define COMMON_WANTS_H

/* The inputs that a task, workflow or launch plan takes. */

#include "base/strbuf.h"
#include "idl/value.h"

/* One variable that wants a value. */
struct want {
	const char		*name;
	const pb_literal_type	*type;
	const pb_literal	*value;	/* default, or NULL: required */
	struct str		 packed; /* p not NULL: its bytes, which the
					 * value only stands for; borrowed */
	int			 fixed;	/* may not be given */
};

struct wants {
	struct want	*at;
	size_t		 n;
};

/* From a task's interface (all required) and from a launch plan's. */
void	wants_of_interface(const pb_variable_map *, struct arena *,
	    struct wants *ret);
void	wants_of_parameters(const pb_parameter_map *defaults,
	    const pb_literal_map *fixed, const pb_variable_map *iface,
	    struct arena *, struct wants *ret);

/* The one called so, or NULL. */
struct want *wants_find(const struct wants *, const char *name);
/* "name: type, ..." of those that may be given. */
void	wants_add_list(struct strbuf *, const struct wants *);

#endif
