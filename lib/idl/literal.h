#ifndef IDL_LITERAL_H
#define IDL_LITERAL_H

/*
 * Literals: make, look into, compare, walk.  Constructors take the arena
 * first; text is copied, messages are referred to.
 */

#include "base/time.h"
#include "idl/flyteidl.h"

struct err;

#define LITERAL_MSGPACK	"msgpack"	/* tag of a binary that is a struct */

pb_literal *literal_integer(struct arena *, int64_t);
pb_literal *literal_float(struct arena *, double);
pb_literal *literal_string(struct arena *, struct str);
pb_literal *literal_boolean(struct arena *, int);
pb_literal *literal_datetime(struct arena *, struct instant);
pb_literal *literal_duration(struct arena *, struct timespan);
pb_literal *literal_none(struct arena *);
pb_literal *literal_binary(struct arena *, struct str bytes, const char *tag);
pb_literal *literal_generic(struct arena *, pb_struct *);
/* A file, or with multipart a directory; the metadata's type is made. */
pb_literal *literal_blob(struct arena *, struct str uri, const char *format,
		int multipart);
pb_literal *literal_error(struct arena *, const char *failed_node_id,
		const char *message);
/* type is the variant taken, with its tag. */
pb_literal *literal_union(struct arena *, pb_literal *value,
		pb_literal_type *type);
pb_literal *literal_list(struct arena *, pb_literal **items, size_t n);
pb_literal *literal_map(struct arena *, pb_literal_map *);
pb_literal *literal_scalar(struct arena *, pb_scalar *);

/* A copy of all of it. */
pb_literal *literal_dup(const pb_literal *, struct arena *);
/* The same message, maps without order; NaN is equal to itself. */
int	literal_equal(const pb_literal *, const pb_literal *);

pb_literal_map *literal_map_new(struct arena *);
/* The literal called so, or NULL; the map may be NULL. */
pb_literal *literal_map_get(const pb_literal_map *, const char *name);
/* A map of n different names, which are copied. */
pb_literal_map *literal_map_of(struct arena *, const char *const *names,
		pb_literal *const *values, size_t n);
/* Sets it, whether or not the name is there.  The name is copied.  Linear
 * in the entries: large maps are made by literal_map_of. */
void	literal_map_put(pb_literal_map *, struct arena *, const char *name,
	    pb_literal *);
/* The indices of the entries in byte order of the names: n_literals of them. */
size_t	*literal_map_order(const pb_literal_map *, struct arena *);

/* What a union holds, through any number of them; else the literal. */
const pb_literal *literal_unwrap(const pb_literal *);
/* The primitive, blob or other scalar inside, or NULL. */
const pb_primitive *literal_primitive(const pb_literal *);
const pb_blob *literal_as_blob(const pb_literal *);
int	literal_is_none(const pb_literal *);
/* A binary with the tag msgpack, or a generic struct. */
int	literal_is_struct(const pb_literal *);

/*
 * Compares two operands of a branch condition as flytepropeller does:
 * primitives of exactly one kind; booleans only equal or not; datetimes and
 * durations by whole seconds; LT and LTE as the negation of GTE and GT.
 * 0 and *ret 0 or 1, or -1 (ERR_USAGE): MalformedBranchUserError.
 * With LITERAL_COMPARE_NONE unions are unwrapped and none may be compared
 * for equality with anything.
 */
enum { LITERAL_COMPARE_NONE = 1 };
int	literal_compare(
	    Flyteidl__Core__ComparisonExpression__Operator,
	    const pb_literal *a, const pb_literal *b, unsigned flags,
	    int *ret, struct err *e) must_check;

/*
 * Follows a promise's path into a literal exactly as flytepropeller's
 * attr_path_resolver does; parts of the result may be shared with the
 * literal.  -1 (ERR_USAGE): PromiseAttributeResolveError.  An offloaded
 * literal on the way must have been fetched by the caller: -1 (ERR_MISSING).
 */
int	literal_attr(const pb_literal *, pb_promise_attribute *const *path,
	    size_t n, struct arena *, pb_literal **ret, struct err *e)
	    must_check;

#endif
