#ifndef IDL_CASTABLE_H
#define IDL_CASTABLE_H

#include "idl/flyteidl.h"

/*
 * 1 if a value of type up may be bound to a variable of type down, exactly
 * as Flyte's compiler decides (flytepropeller, compiler/validators,
 * typing.go, 1.16).  Neither is changed.  Types nested beyond
 * MAX_MESSAGE_DEPTH are castable to nothing.
 */
int	type_castable(const pb_literal_type *up, const pb_literal_type *down);

#endif
