#ifndef IDL_LITOUT_H
#define IDL_LITOUT_H

/*
 * Literals to JSON straight from their wire bytes: what is printed is, byte
 * for byte, what value.h and pbjson.h print of the message, but a list of a
 * million items never becomes one.  Only what has a rarer shape (unions with
 * their types, blobs, structs, hashes) is unpacked, value by value.
 */

#include "base/err.h"
#include "base/strbuf.h"

/* Where the text goes. */
struct litout {
	struct strbuf	text;
	/* Takes the text as it grows and leaves the buffer empty; NULL: all
	 * of it stays there.  -1 ends the printing. */
	int		(*flush)(struct litout *, struct err *);
	void		*arg;		/* of flush */
	int		plain;		/* value_add_json, else typed JSON */
	unsigned	depth;		/* while printing */
};

/*
 * A core.Literal, and a core.LiteralMap; the rest of the text is not flushed.
 * 0, or -1: flush failed, or the bytes are none such (ERR_SPEC).
 */
int	litout_literal(struct litout *, struct str literal, struct err *)
	    must_check;
int	litout_map(struct litout *, struct str map, struct err *) must_check;

/*
 * Both into a buffer: typed JSON of a map as pbjson_print has it ("{}" where
 * there is nothing in it).
 */
int	litout_add_typed(struct strbuf *, struct str map, struct err *)
	    must_check;
int	litout_add_plain(struct strbuf *, struct str map, struct err *)
	    must_check;

/* 1 for a list or map: all its bare and plain forms are JSON. */
int	litout_is_json(struct str literal);
/* As value_add_short. */
int	litout_add_short(struct strbuf *, struct str literal, size_t width,
	    struct err *) must_check;

#endif
