#ifndef DATA_MSGPACK_H
#define DATA_MSGPACK_H

/*
 * MessagePack, the form in which flytekit writes dicts and dataclasses.
 * A pull reader over borrowed bytes, a writer into a strbuf that takes the
 * smallest form of integers, lengths and the 9-byte form of floats, as
 * flytekit does; and both ways to JSON.
 */

#include "base/strbuf.h"

struct err;
struct tree;

enum msgpack_kind {
	MSGPACK_NIL,
	MSGPACK_BOOL,
	MSGPACK_INT,	/* fits int64_t */
	MSGPACK_UINT,	/* above INT64_MAX */
	MSGPACK_FLOAT,
	MSGPACK_STR,
	MSGPACK_BIN,
	MSGPACK_ARRAY,	/* n items follow */
	MSGPACK_MAP,	/* n keys and values follow */
	MSGPACK_EXT,
	MSGPACK_KIND_MAX
};

struct msgpack_item {
	enum msgpack_kind kind;
	int64_t		  i;	/* BOOL, INT */
	uint64_t	  u;	/* UINT */
	double		  f;
	struct str	  text;	/* STR, BIN, EXT: borrowed */
	uint32_t	  n;	/* ARRAY, MAP; never more than bytes are left */
	int		  ext;	/* EXT: its type */
};

/* Takes one item off the front of *in.  -1 (ERR_USAGE) if it is cut short
 * or not MessagePack. */
int	msgpack_next(struct str *in, struct msgpack_item *ret, struct err *e)
	    must_check;
/* Takes a whole value, with all in it, off the front; at most MAX_DEPTH
 * deep.  *ret_value are its bytes. */
int	msgpack_skip(struct str *in, struct str *ret_value, struct err *e)
	    must_check;
/* 0 if the bytes are exactly one value, at most MAX_DEPTH deep. */
int	msgpack_check(struct str bytes, struct err *e) must_check;
/* The name of a kind for messages: "an integer", "a map". */
const char *msgpack_kind_name(enum msgpack_kind);

void	msgpack_add_nil(struct strbuf *);
void	msgpack_add_bool(struct strbuf *, int);
void	msgpack_add_int(struct strbuf *, int64_t);
void	msgpack_add_uint(struct strbuf *, uint64_t);
void	msgpack_add_float(struct strbuf *, double);
void	msgpack_add_str(struct strbuf *, struct str);
void	msgpack_add_bin(struct strbuf *, struct str);
void	msgpack_add_array(struct strbuf *, uint32_t n);
void	msgpack_add_map(struct strbuf *, uint32_t n);

/*
 * Appends the value as JSON on one line: exact integers; NaN and infinities
 * as strings; bytes and extensions as base64; a timestamp as RFC 3339; map
 * keys that are no strings as their JSON text.  Maps keep their order.
 * Refuses a list or map as the key of a map that is itself in a key.  Appends
 * nothing on -1.
 */
int	msgpack_add_json(struct strbuf *, struct str bytes, struct err *e)
	    must_check;
/*
 * Appends a node of a tree.  Quoted scalars are strings; unquoted ones are
 * null (or ~, or empty), true, false, an integer of 64 bits or a float, and
 * other words strings.  Maps are sorted by key.  -1 (ERR_USAGE) for a whole number beyond that.
 */
int	msgpack_from_tree(struct strbuf *, const struct tree *,
	    uint32_t node, struct err *e) must_check;

#endif
