#ifndef IDL_VALUE_H
#define IDL_VALUE_H

/*
 * Plain values, as people and other programs write them, to literals by the
 * declared type, and back.  Strict: an int is an exact int64, a bool is true
 * or false, nothing is converted silently.  Every error names the place
 * inside the value (people[3].age), what was expected, what was given and,
 * where there is one, the next step; its kind is ERR_USAGE.
 */

#include "base/strbuf.h"
#include "idl/flyteidl.h"

struct err;
struct tree;

enum value_mode {
	/* YAML: scalars are text and the type decides; in a union a quoted
	 * scalar is a string; plain null and ~ are none. */
	VALUE_YAML,
	/* JSON: a string is a string, a number a number. */
	VALUE_JSON,
	/* A word of a command line: text; for a union the one variant other
	 * than a string that takes it, else the string; a list, map or struct
	 * is JSON; "now" and "today" are datetimes. */
	VALUE_CLI,
};

struct value_ctx {
	enum value_mode	 mode;
	const char	*name;		/* of the variable: begins the places in
					 * errors; or NULL */
	const char	*base_dir;	/* absolute; relative paths of files and
					 * directories are put behind it.
					 * NULL: they stay as they are */
	int		 path_check;	/* local ones must be there and of the
					 * kind that the type says */
	int		 rounded;	/* numbers were doubles: an int beyond
					 * 2^53 lost digits and is refused, and
					 * taken where it is in quotes */
};

/* The literal for a node of a tree (data/tree.h). */
int	value_from_tree(const pb_literal_type *, const struct tree *,
	    uint32_t node, const struct value_ctx *, struct arena *,
	    pb_literal **ret, struct err *e) must_check;
/* The literal for a text, all of it, taken as an unquoted scalar. */
int	value_from_text(const pb_literal_type *, struct str text,
	    const struct value_ctx *, struct arena *, pb_literal **ret,
	    struct err *e) must_check;
/*
 * The literal for the content of a file or of stdin (name=@file): strings
 * and binaries take the bytes as they are, other types the text without the
 * blanks around it.  Blob types are refused: their caller stores the content.
 */
int	value_from_content(const pb_literal_type *, struct str bytes,
	    const struct value_ctx *, struct arena *, pb_literal **ret,
	    struct err *e) must_check;

/*
 * The same for JSON read by json_parse_long: appends the canonical bytes of
 * the literal.  A list that was cut becomes no message, but its items one
 * after the other.  The typed form is checked against the type.
 */
int	value_pack_tree(const pb_literal_type *, const struct tree *,
	    uint32_t node, const struct value_ctx *, struct strbuf *out,
	    struct err *e) must_check;
int	value_pack_typed(const pb_literal_type *, const struct tree *,
	    uint32_t node, struct strbuf *out, struct err *e) must_check;
/*
 * 1 if its values are nothing but values: no blobs, whose content counts, and
 * no enums, which are checked elsewhere.
 */
int	value_is_plain_type(const pb_literal_type *);

/* How a map of inputs is to be read: DESIGN's typed or plain. */
enum value_form {
	VALUE_AUTO,	/* typed if value_tree_is_typed says so, else plain */
	VALUE_TYPED,	/* JSON of a LiteralMap, with or without "literals" */
	VALUE_PLAIN,
};

/*
 * 1 if the map's sole key is "literals" and each value under it has the
 * shape of a Literal.
 */
int	value_tree_is_typed(const struct tree *, uint32_t node);

/*
 * A typed map, unchecked against any interface (-1 if it is not one).
 */
int	value_typed_from_tree(const struct tree *, uint32_t node,
	    struct arena *, pb_literal_map **ret, struct err *e) must_check;

/*
 * Plain JSON of a literal, on one line: exact integers; NaN and infinities,
 * datetimes, durations ("1h0m0s"), binaries (base64) as strings; blobs,
 * schemas and datasets as their URI, file:// dropped; unions as what they
 * hold; an error as {"failed_node_id", "message"}; maps in byte order.
 * value_from_tree with the literal's type reads it back.
 */
void	value_add_json(struct strbuf *, const pb_literal *);
/* {"name": value, ...} and the same with a line and two blanks an entry. */
void	value_map_add_json(struct strbuf *, const pb_literal_map *,
	    int indent);

/* -o NAME: a primitive's bare text, a blob its path or URI, none nothing,
 * a binary that is not msgpack its bytes; all else JSON. */
void	value_add_bare(struct strbuf *, const pb_literal *);
/*
 * At most width columns for a terminal: control bytes shown as "?", long
 * ones cut with "...", lists and maps as JSON.
 */
void	value_add_short(struct strbuf *, const pb_literal *, size_t width);
/* The same for a text. */
void	value_add_cut(struct strbuf *, struct str text, size_t width);
/*
 * $NAME of a script: the bare text of a primitive, of a float without an
 * exponent or a point it does not need, as in its file (flyte-execution.md,
 * raw containers); the local path or URI of a blob, nothing for none.  0, or
 * -1 with nothing appended if there is no such form: other kinds, a text over
 * MAX_ENV_VALUE.
 */
int	value_add_env(struct strbuf *, const pb_literal *) must_check;

/* The path of a URI without a scheme or with file://, or NULL for another. */
const char *value_local_path(const char *uri);

#endif
