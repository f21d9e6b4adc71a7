#ifndef COMMON_GIVEN_H
#define COMMON_GIVEN_H

/*
 * Values that came by name out of a map, not bound to a type yet: typed ones
 * are literals, plain ones nodes of a document.  Long lists of JSON are left
 * as text until they are bound (json_parse_long); typed values are nodes too
 * where there is one.
 */

#include "base/arena.h"
#include "data/tree.h"
#include "idl/value.h"

struct given {
	const char		*name;
	int			 taken;
	const pb_literal	*literal;	/* typed; or */
	const struct tree	*tree;		/* a node of it, plain */
	uint32_t		 node;
	int			 typed;		/* ... or JSON of a literal */
	enum value_mode		 mode;		/* plain: JSON or YAML */
};

/* What one file gave; what is in it points into the tree. */
struct given_set {
	struct strbuf	 text;
	struct tree	 tree;
	struct given	*at;
	size_t		 n;
};

/*
 * Reads a map from a file ("-": stdin): JSON if its first character is a
 * brace, else YAML.  ERR_USAGE for a file that is not there, is empty or
 * holds no map.  The set must not move; release it even after a failure.
 */
int	given_read(const char *path, enum value_form, struct arena *,
	    struct given_set *ret, struct err *) must_check;
void	given_release(struct given_set *);
/*
 * The value, or the part of it at a path ("a.0.b"; NULL: all), as a literal
 * of the type.
 */
int	given_value(const struct given *, const char *path,
	    const pb_literal_type *, const struct value_ctx *,
	    struct arena *, pb_literal **ret, struct err *) must_check;
/*
 * The same to the bytes of the literal, long lists never being messages.
 * given_is_long: there may be one in it.
 */
int	given_is_long(const struct given *);
int	given_pack(const struct given *, const pb_literal_type *,
	    const struct value_ctx *, struct strbuf *ret, struct err *)
	    must_check;
/* "n: int" of a typed value, "n: 5" or "n: a list" of a plain one. */
void	given_add_name_type(struct strbuf *, const struct given *);

#endif
