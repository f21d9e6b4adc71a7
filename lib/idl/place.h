#ifndef IDL_PLACE_H
#define IDL_PLACE_H

/*
 * Where inside a value we are, as links on the stack: it costs nothing
 * until an error prints it.  Private to the files that walk values.
 */

#include "base/strbuf.h"
#include "idl/flyteidl.h"

struct err;

struct place {
	const struct place	*up;	/* NULL: the outermost */
	struct str		 name;	/* a key or the variable; p NULL: */
	size_t			 index;	/* in a list */
};

/* "people[3].age", nothing for an outermost place without a name. */
void	place_add(struct strbuf *, const struct place *);

/*
 * "PLACE: expected TYPE, given GIVEN; HINT" as ERR_USAGE; -1.  expected NULL
 * is the name of the type; hint may be NULL.  given is shown whole, so it is
 * to be made by utf8_add_given.
 */
int	place_fail(const struct place *, const pb_literal_type *,
	    const char *expected, const char *given, const char *hint,
	    struct err *e) must_check cold;

#endif
