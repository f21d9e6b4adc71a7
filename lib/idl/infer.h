#ifndef IDL_INFER_H
#define IDL_INFER_H

#include "idl/flyteidl.h"

struct err;

/*
 * The type of a literal, as Flyte's compiler infers it.  Parts may be shared
 * with the literal.  -1 (ERR_USAGE) for a literal without a value or a
 * primitive without one.
 */
int	type_infer(const pb_literal *, struct arena *, pb_literal_type **ret,
	    struct err *e) must_check;
int	type_infer_scalar(const pb_scalar *, struct arena *,
	    pb_literal_type **ret, struct err *e) must_check;

/* 1 if it is a primitive and the type the simple type of the same kind: the
 * quick answer for most elements of a list. */
int	literal_is_plainly(const pb_literal *, const pb_literal_type *);

/*
 * 0 if the literal may be bound to a variable of the type: each part of it
 * castable, each enum value a member, each union of the variant it names.
 * -1 (ERR_USAGE) names the place inside the value, what was expected and what
 * was given.
 */
int	literal_check(const pb_literal *, const pb_literal_type *,
	    struct err *e) must_check;

#endif
