/* Rows {up, down, castable}. */

#include "base/err.h"
#include "conform.h"
#include "idl/castable.h"
#include "idl/type.h"

enum conform_verdict
conform_castable(const struct conform_row *row, struct strbuf *why)
{
	ProtobufCMessage *up, *down;
	struct err e;
	int given, expected = conform_true(row, 0, "castable");

	if (conform_message(row, 0, "up",
	    &flyteidl__core__literal_type__descriptor, &up, &e) < 0 ||
	    conform_message(row, 0, "down",
	    &flyteidl__core__literal_type__descriptor, &down, &e) < 0) {
		strbuf_adds(why, e.msg);
		return CONFORM_DIFFERENT;
	}
	given = type_castable((pb_literal_type *)up,
	    (pb_literal_type *)down);
	if (given == expected)
		return CONFORM_SAME;
	type_add_name(why, (pb_literal_type *)up);
	strbuf_adds(why, " to ");
	type_add_name(why, (pb_literal_type *)down);
	strbuf_addf(why, ": expected %s, given %s",
	    expected ? "castable" : "not castable",
	    given ? "castable" : "not castable");
	return CONFORM_DIFFERENT;
}
