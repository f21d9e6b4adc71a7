#ifndef IDL_WIRE_H
#define IDL_WIRE_H

/*
 * Protobuf bytes to messages and back, by walking descriptors.  The only
 * reader and writer of protobuf in the suite: protobuf-c's own reader
 * recurses without limit and takes bad UTF-8 and duplicate map keys, its
 * writer depends on the order of map entries.
 *
 * Messages live in arenas: never give one to protobuf-c's free functions.
 */

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"

/*
 * Unpacks all of bytes into the arena (nothing in the result points into
 * bytes).  0, or -1 with ERR_SPEC naming message, field and byte offset.
 *
 * Bounded by MAX_MESSAGE_BYTES, MAX_MESSAGE_DEPTH, MAX_MESSAGE_MEMORY and
 * MAX_MESSAGE_MERGED, and so linear.
 * Refused: truncated or over-long values, a known field of another wire type,
 * strings that are not UTF-8 or hold a NUL (protobuf-c's strings end there),
 * duplicate map keys.  Unknown fields are checked for form and dropped; the
 * strict variant refuses them.
 *
 * As in all readers of protobuf the last one of a repeated singular scalar
 * or oneof member wins, singular messages merge, packed and unpacked arrays
 * are both taken, enums are open.  The value of a map entry is never NULL.
 * Map entries keep the order of the wire.
 */
int	wire_unpack(const ProtobufCMessageDescriptor *, struct str bytes,
	    struct arena *, ProtobufCMessage **ret, struct err *) must_check;
int	wire_unpack_strict(const ProtobufCMessageDescriptor *,
	    struct str bytes, struct arena *, ProtobufCMessage **ret,
	    struct err *) must_check;

/*
 * Appends the canonical bytes: fields by number, map entries sorted by key
 * with key and value always written, plain zero values left out, set oneof
 * members kept.  Equal messages give equal bytes, and the bytes are those of
 * Go's and C++'s deterministic writers.  Linear in the size.
 */
void	wire_pack(const ProtobufCMessage *, struct strbuf *out);
/* An empty message, through its init function: strings are "". */
ProtobufCMessage *wire_new(const ProtobufCMessageDescriptor *, struct arena *);
/* The "" of unset strings, as the init functions put it; never written to. */
char	*wire_empty_string(void);
/* A deep copy that shares nothing with the original. */
ProtobufCMessage *wire_dup(const ProtobufCMessage *, struct arena *);
/*
 * 1 if both have the same canonical bytes: maps unordered, NaN equal to the
 * same NaN, 0.0 unlike -0.0.  Two NULLs are equal.
 */
int	wire_equal(const ProtobufCMessage *, const ProtobufCMessage *);

/* ---- walking a message ---------------------------------------------------
 * For code that treats all messages alike (JSON, hashes, diffs).
 */

/*
 * 1 if f of message m is a map: protobuf-c shows it as a repeated message
 * M.XxxEntry, with fields key = 1 and value = 2 only, where xxx is the
 * field's name.  (protoc refuses a handwritten message of that name beside
 * a map, and tests/interop/descriptors checks all of ours.)
 */
int	wire_is_map(const ProtobufCMessageDescriptor *m,
	    const ProtobufCFieldDescriptor *f);
/*
 * 1 if the field is set: a oneof member that is the chosen one, a message
 * that is there, a plain scalar that is not zero or empty, an optional that
 * is present, a non-empty array.
 */
int	wire_has(const ProtobufCMessage *, const ProtobufCFieldDescriptor *);
/* Elements of an array or map; 1 or 0 as wire_has for other fields. */
size_t	wire_count(const ProtobufCMessage *, const ProtobufCFieldDescriptor *);
/*
 * Where element i of an array, or the value of any other field (i = 0), is
 * stored: a char *, ProtobufCMessage *, ProtobufCBinaryData, int32_t (enums
 * and bools too), int64_t, float or double, by f->type.
 */
const void *wire_at(const ProtobufCMessage *,
	    const ProtobufCFieldDescriptor *, size_t i);
/* Bytes of one such element. */
size_t	wire_size_of(ProtobufCType);
/*
 * The entries of a map in the order of their keys (strings by bytes, numbers
 * by value), in an array of wire_count() the caller frees with free(3).
 */
const ProtobufCMessage **wire_sorted(const ProtobufCMessage *,
	    const ProtobufCFieldDescriptor *);

/* ---- reading without unpacking -------------------------------------------
 * Walks the fields of one message; sub-messages are slices to be read in
 * turn or kept.  Never allocates.
 *
 *	struct wire_reader r = wire_reader(bytes);
 *	struct wire_field f;
 *	while ((got = wire_next(&r, &f, e)) > 0)
 *		if (f.id == 1 && f.type == WIRE_BYTES) ... f.bytes ...
 */
enum wire_type {
	WIRE_VARINT = 0,	/* n */
	WIRE_64 = 1,		/* n */
	WIRE_BYTES = 2,		/* bytes: string, bytes, message or packed */
	WIRE_GROUP = 3,		/* bytes: its fields */
	WIRE_32 = 5,		/* n */
};

struct wire_field {
	uint32_t	id;
	enum wire_type	type;
	uint64_t	n;
	struct str	bytes;	/* points into what is read */
	struct str	whole;	/* tag and value, as they are */
};

struct wire_reader {
	const char	*p, *end;
	const char	*start;		/* for the offsets in errors */
};

static inline struct wire_reader
wire_reader(struct str bytes)
{
	/* What is not there has no address to count from. */
	if (bytes.n == 0)
		bytes.p = "";
	return (struct wire_reader){ bytes.p, bytes.p + bytes.n, bytes.p };
}

/* A number of either form, such as the elements of a packed array. */
int	wire_take_varint(struct wire_reader *, uint64_t *ret, struct err *)
	    must_check;
/* n is 4 or 8 bytes. */
int	wire_take_fixed(struct wire_reader *, size_t n, uint64_t *ret,
	    struct err *) must_check;
/* 1 and a field, 0 at the end, -1 with ERR_SPEC; stays at the end then. */
int	wire_next(struct wire_reader *, struct wire_field *ret, struct err *)
	    must_check;
/*
 * The last field of this number and type, or NULL bytes and 0 for none
 * (ret->whole.p == NULL).  0 or -1.
 */
int	wire_find(struct str bytes, uint32_t id, enum wire_type,
	    struct wire_field *ret, struct err *) must_check;

/*
 * The next entry (field 1) of a map's message; a key or value that is not
 * written is empty.  1, 0 at the end, -1.
 */
int	wire_next_entry(struct wire_reader *, struct str *ret_key,
	    struct str *ret_value, struct err *) must_check;
/* The value in the entries (field 1) of a map's message; p NULL: no such
 * name.  For bytes that are known to be well-formed. */
struct str wire_map_get(struct str map, struct str name);

/* Appends one field, for building messages out of slices. */
void	wire_add_bytes(struct strbuf *, uint32_t id, struct str);
/* Appends an entry of a map in field id whose values are messages or text. */
void	wire_add_entry(struct strbuf *, uint32_t id, struct str key,
	    struct str value);

#endif
