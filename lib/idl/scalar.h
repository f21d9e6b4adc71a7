#ifndef IDL_SCALAR_H
#define IDL_SCALAR_H

/* Texts to literals of types that are one text.  Private to lib/idl. */

#include "base/str.h"
#include "idl/flyteidl.h"

struct err;
struct place;
struct value_ctx;

/*
 * The literal of a scalar for any type but lists, maps, unions and structs.
 * quoted: it stood in quotes (JSON's strings do).
 */
int	scalar_read(const pb_literal_type *, struct str text, int quoted,
	    const struct value_ctx *, const struct place *, struct arena *,
	    pb_literal **ret, struct err *e) must_check;
/* Without the blanks, tabs and line ends around it. */
struct str scalar_trim(struct str);

#endif
