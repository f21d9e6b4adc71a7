#ifndef DATA_JSON_H
#define DATA_JSON_H

/*
 * JSON (RFC 8259), strictly: no comments, no trailing commas, no lone
 * surrogates, valid UTF-8 only, a key given twice is an error, and so is
 * anything after the document.  Nesting is bounded by MAX_DEPTH; the reader
 * does not recurse.  Numbers stay text, exactly as written.
 */

#include "base/err.h"
#include "data/tree.h"

/*
 * Reads one document into ret (tree_init() done before; reset here).  The
 * text is borrowed.  0, or -1 with ERR_USAGE "line:col: what is wrong"; ret
 * may then be released or used again.  Bounded by MAX_SPEC_BYTES.
 */
int	json_parse_tree(struct str text, struct tree *ret, struct err *e)
		must_check;
/* The same for a file called name; the fault becomes a diagnostic. */
int	json_parse(const char *name, struct str text, struct tree *ret,
	    struct diags *) must_check;

/*
 * The same for documents whose data is long: a list of more than
 * JSON_LONG_LIST items is checked as all else is, but its items are not kept.
 * Its node is cut, has n, and its span is the list's text, which json_items
 * takes apart.
 */
#define JSON_LONG_LIST	1000
int	json_parse_long(struct str text, struct tree *ret, struct err *e)
		must_check;
/*
 * The items of a list that was read before:
 *	struct json_items it = json_items(text of the list);
 *	while (json_item_next(&it, &item)) ...
 */
struct json_items {
	const char	*p, *end;
};
struct json_items json_items(struct str list);
int	json_item_next(struct json_items *, struct str *ret);

/*
 * Lines of a JSON Lines text: 1 and the next line that is not blank, its
 * number (from 1) in .line; 0 at the end.  The line is to be parsed by
 * json_parse_tree().
 */
struct jsonl {
	struct str	rest;
	unsigned	line;
};
int	jsonl_next(struct jsonl *, struct str *ret_line);

/*
 * Quoted and escaped; what is not UTF-8 becomes U+FFFD.  Control bytes are
 * \u00XX but for \b \t \n \f \r; everything else is itself.
 */
void	json_add_string(struct strbuf *, struct str);
/*
 * A node and all below it.  Compact, or with indent > 0 that many spaces a
 * level.  Unquoted scalars that are JSON numbers, true, false or null are
 * written bare, all others as strings.
 */
void	json_add_tree(struct strbuf *, const struct tree *, uint32_t node,
	    int indent);

/* 1 if the text is a JSON number. */
int	json_is_number(struct str);

/*
 * A writer that puts the commas:
 *	struct json_writer w = json_writer(&b, 0);
 *	json_object(&w);
 *	json_key(&w, "name"); json_str(&w, name);
 *	json_key(&w, "n"); json_int(&w, 7);
 *	json_end(&w);
 * An own fault such as a value without its key, or nesting beyond MAX_DEPTH,
 * is a BUG().
 */
struct json_writer {
	struct strbuf	*out;
	int		 indent;	/* spaces a level; 0: one line */
	unsigned	 depth;
	int		 keyed;		/* a key waits for its value */
	unsigned char	 level[128];	/* '{' or '[', | 0x80 if not empty */
};

struct json_writer json_writer(struct strbuf *out, int indent);
void	json_object(struct json_writer *);
void	json_array(struct json_writer *);
void	json_end(struct json_writer *);
void	json_key(struct json_writer *, const char *key);
void	json_key_str(struct json_writer *, struct str key);
void	json_str(struct json_writer *, struct str);
void	json_cstr(struct json_writer *, const char *);	/* NULL: null */
void	json_int(struct json_writer *, int64_t);
void	json_uint(struct json_writer *, uint64_t);
void	json_bool(struct json_writer *, int);
/* A value that is JSON already. */
void	json_raw(struct json_writer *, struct str);

#endif
