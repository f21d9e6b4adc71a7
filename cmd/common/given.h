#ifndef COMMON_GIVEN_H
#define COMMON_GIVEN_H

/*
 * Values that came by name out of a map, not bound to a type yet: typed ones
 * are literals, plain ones nodes of a document.
 */

#include "base/arena.h"
#include "data/tree.h"
#include "idl/value.h"

struct given {
	const char		*name;
	int			 taken;
	const pb_literal	*literal;	/* typed; or */
	const struct tree	*tree;		/* plain: a node of it */
	uint32_t		 node;
	enum value_mode		 mode;		/* plain: JSON or YAML */
};

/*
 * Reads a map from a file ("-": stdin): JSON if its first character is a
 * brace, else YAML.  Everything lies in the arena.  ERR_USAGE for a file that
 * is not there, is empty or holds no map.
 */
int	given_read(const char *path, enum value_form, struct arena *,
	    struct given ***ret, size_t *ret_n, struct err *) must_check;
/*
 * The value, or the part of it at a path ("a.0.b"; NULL: all), as a literal
 * of the type.
 */
int	given_value(const struct given *, const char *path,
	    const pb_literal_type *, const struct value_ctx *,
	    struct arena *, pb_literal **ret, struct err *) must_check;
/* "n: int" */
void	given_add_name_type(struct strbuf *, const struct given *);

#endif
