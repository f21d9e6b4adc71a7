#ifndef IDL_PBJSON_H
#define IDL_PBJSON_H

/*
 * Messages to proto3 JSON and back by walking descriptors, so that no message
 * has JSON code of its own.  The mapping is protobuf's ("ProtoJSON format");
 * where writers are free, the text is that of Go's protojson without its
 * random spaces.
 */

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"

struct tree;

enum {
	PBJSON_SNAKE = 1,	/* print: names as in the .proto file */
	PBJSON_INDENT = 2,	/* print: two spaces a level; else one line */
	PBJSON_DEFAULTS = 4,	/* print: zero scalars, empty lists and maps,
				 * null for unset messages; no oneof members */
	PBJSON_SKIP_UNKNOWN = 8,/* parse: unknown names are passed over */
	PBJSON_YAML = 16,	/* parse: plain scalars are strings where strings
				 * are wanted, and where nothing else fits */
};

/*
 * Appends the JSON of the message; a newline at the end only with
 * PBJSON_INDENT.  Fields in the order of their numbers, map entries sorted by
 * key, unset fields left out, set oneof members kept even when zero.  int64
 * and uint64 are strings, bytes standard base64 with padding, enums names
 * (a number if there is none).
 *
 * Doubles are the shortest text that reads back the same: 2.0 is 2, plain
 * from 1e-6 to below 1e21 and else 1e+300, 1e-7; NaN and the infinities are
 * strings.  Timestamps and durations outside protobuf's range are clamped; an
 * Any prints as {"@type": ..., "value": base64 of its bytes} since its type is
 * not known here.
 */
void	pbjson_print(const ProtobufCMessage *, unsigned flags,
	    struct strbuf *);

/*
 * Reads one JSON document, or the node of a tree, into the arena.  0, or -1
 * with ERR_SPEC (ERR_USAGE is the caller's to choose) that reads
 * "LINE:COL: PATH: problem".  Nothing in the result points into the text.
 *
 * Taken: names in lowerCamelCase and as in the .proto file; numbers as
 * strings and as numbers (1e3 is an integer, 1.5 is not one); enums by name or
 * number; base64 of both alphabets with or without padding; null as unset
 * (except google.protobuf.Value and NullValue).  Refused: unknown names unless
 * skipped, a field or two members of a oneof given twice, null in lists and
 * maps, numbers out of range, text with a NUL, an Any other than the empty
 * one and the form printed above, more than MAX_MESSAGE_DEPTH levels.
 */
int	pbjson_parse(const ProtobufCMessageDescriptor *, struct str text,
	    unsigned flags, struct arena *, ProtobufCMessage **ret,
	    struct err *) must_check;
int	pbjson_from_tree(const ProtobufCMessageDescriptor *,
	    const struct tree *, uint32_t node, unsigned flags,
	    struct arena *, ProtobufCMessage **ret, struct err *) must_check;

/* Appends a double, or a float, in the form given above, without quotes. */
void	pbjson_add_double(struct strbuf *, double);
void	pbjson_add_float(struct strbuf *, float);
/* Appends the bytes as standard base64 with padding, without quotes. */
void	pbjson_add_base64(struct strbuf *, struct str);
/*
 * Appends the bytes that base64 text stands for (both alphabets, padding
 * optional but then right).  0, or -1 if it is none.
 */
int	pbjson_from_base64(struct strbuf *, struct str text);

#endif
