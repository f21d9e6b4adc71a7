#ifndef BASE_DIAG_H
#define BASE_DIAG_H

/*
 * Faults of a spec: many, each at a place, with a stable code and a hint.
 * The catalogue is diag.def; a caller reports and goes on, so that the user
 * sees all of them at once.
 */

#include "base/strbuf.h"

/* A place in a source: bytes from..to of the text of a file. */
struct span {
	uint32_t	from, to;	/* from == to: a point */
};

/* A text that diagnostics point into.  Borrowed by the diags. */
struct source {
	const char	*name;		/* as the user wrote it */
	struct str	 text;
};

enum diag_code {
#define DIAG(id, name, text)	DIAG_##id,
#include "base/diag.def"
#undef DIAG
	DIAG_MAX
};

struct diag {
	enum diag_code	 code;
	const struct source *source;	/* NULL: no place */
	struct span	 span;
	char		*detail;	/* after the fixed text, or NULL */
	char		*hint;		/* or NULL */
};

struct diags {
	struct diag	*at;
	size_t		 n, cap;
	size_t		 more;		/* beyond MAX_DIAGS, counted only */
};

#define DIAGS_INIT	{ NULL, 0, 0, 0 }
#define c_diags		cleanup(diags_release)

void	diags_release(struct diags *);

/*
 * Adds a fault.  fmt gives the detail; the same code at the same place is
 * taken once.  diag_hint adds a next step to the last fault added (nothing
 * if it was dropped).
 */
void	diag_add(struct diags *, enum diag_code, const struct source *,
	    struct span, const char *fmt, ...) printf_like(5, 6);
void	diag_hint(struct diags *, const char *fmt, ...) printf_like(2, 3);

/* The stable name, such as "unknown-key". */
const char *diag_name(enum diag_code);

/*
 * Appends every fault in the order of place:
 *	file:line:col: error: text: detail [code]
 *	  source line (200 bytes around the caret)
 *	  caret
 *	  hint: next step
 * and a last line that counts what was not shown.
 */
void	diags_print(const struct diags *, struct strbuf *);

/* Line and column (in code points, from 1) of an offset. */
void	source_position(const struct source *, size_t offset,
	    unsigned *ret_line, unsigned *ret_col);

/*
 * The word of the list that is meant by a mistyped one: at most two edits
 * away (one for short words), or NULL.
 */
const char *did_you_mean(struct str word, const char *const *list, size_t n);

#endif
