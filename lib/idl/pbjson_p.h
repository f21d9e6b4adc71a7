#ifndef IDL_PBJSON_P_H
#define IDL_PBJSON_P_H

/*
 * What the files of pbjson share: the messages of google.protobuf whose JSON
 * is not that of their fields, names, integers.
 */

#include "base/err.h"
#include "data/tree.h"
#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "google/protobuf/wrappers.pb-c.h"
#include "idl/pbjson.h"

enum wkt {
	WKT_NONE,	/* an ordinary message */
	WKT_TIMESTAMP,
	WKT_DURATION,
	WKT_STRUCT,
	WKT_VALUE,
	WKT_LIST,
	WKT_ANY,
	WKT_WRAPPER,	/* one field, "value", which is the JSON */
};

static inline enum wkt
wkt_of(const ProtobufCMessageDescriptor *d)
{
	if (strcmp(d->package_name, "google.protobuf") != 0)
		return WKT_NONE;
	if (d == &google__protobuf__timestamp__descriptor)
		return WKT_TIMESTAMP;
	if (d == &google__protobuf__duration__descriptor)
		return WKT_DURATION;
	if (d == &google__protobuf__struct__descriptor)
		return WKT_STRUCT;
	if (d == &google__protobuf__value__descriptor)
		return WKT_VALUE;
	if (d == &google__protobuf__list_value__descriptor)
		return WKT_LIST;
	if (d == &google__protobuf__any__descriptor)
		return WKT_ANY;
	if (d->n_fields == 1 && strcmp(d->fields[0].name, "value") == 0)
		return WKT_WRAPPER;
	return WKT_NONE;
}

/* Where the JSON name of a field, lowerCamelCase, goes on: the next letter. */
static inline char
camel_next(const char **name)
{
	const char *s = *name;
	int upper = 0;

	for (; *s == '_'; s++)
		upper = 1;
	*name = *s == '\0' ? s : s + 1;
	return upper && *s >= 'a' && *s <= 'z' ? (char)(*s - 'a' + 'A') : *s;
}

/*
 * A JSON number that is an integer, however it is written (1e3, 12.50e1), as
 * sign and magnitude.  0, -1 if it is not integral, -2 if it is too large.
 */
int	pbjson_parse_integer(struct str s, int *ret_negative, uint64_t *ret);

/* ---- reading ------------------------------------------------------------- */

/* Fields of one message; flyteidl's largest has about thirty. */
#define PBJSON_MAX_FIELDS	64

struct read {
	const struct tree	*t;
	unsigned		 flags;
	struct arena		*arena;
	size_t			 before;	/* its bytes at the start */
	struct err		*e;
};

/* Where a node is, for errors: a chain on the stack. */
struct place {
	const struct place	*up;
	struct str		 key;	/* .p == NULL: an index */
	size_t			 index;
	uint32_t		 node;
	unsigned		 depth;	/* messages around and of this one */
};

static inline const struct tree_node *
node_at(const struct read *r, const struct place *at)
{
	return &r->t->at[at->node];
}

/* An unquoted word or number that is exactly this. */
static inline int
is_word(const struct tree_node *n, const char *word)
{
	return n->kind == TREE_SCALAR && !n->quoted && str_is(n->text, word);
}

static inline int
is_null(const struct read *r, const struct place *at)
{
	return is_word(node_at(r, at), "null") ||
	    ((r->flags & PBJSON_YAML) && tree_is_null(r->t, at->node));
}

static inline int
is_text(const struct read *r, const struct tree_node *n)
{
	return n->kind == TREE_SCALAR &&
	    (n->quoted || (r->flags & PBJSON_YAML));
}

/* ERR_SPEC "LINE:COL: PATH: problem"; "expected WHAT, given ...". */
int	pbjson_fail(const struct read *, const struct place *,
	    const char *fmt, ...) printf_like(3, 4) cold must_check;
int	pbjson_expected(const struct read *, const struct place *,
	    const char *what) cold must_check;

/* Read the node at the place into the slot of a field. */
int	pbjson_read_string(const struct read *, const struct place *,
	    char **ret) must_check;
int	pbjson_read_bytes(const struct read *, const struct place *,
	    ProtobufCBinaryData *ret) must_check;
int	pbjson_read_scalar(const struct read *, const struct place *,
	    const ProtobufCFieldDescriptor *, void *slot) must_check;

#endif
