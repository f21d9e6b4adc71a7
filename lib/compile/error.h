#ifndef COMPILE_ERROR_H
#define COMPILE_ERROR_H

/*
 * What the compiler has to say of a task or workflow: Flyte's own codes, so
 * that clients of a real Flyte see the same, each with the place it is about.
 *
 * The errors are a set.  As in Flyte (flytepropeller, compiler/errors) two
 * with the same code, node and description are one; where they come from
 * several places, all places are kept.
 */

#include "base/arena.h"
#include "base/map.h"
#include "base/strbuf.h"

enum compile_code {
#define CODE(id, text)	COMPILE_##id,
#include "compile/code.def"
#undef CODE
	COMPILE_CODE_MAX
};

/*
 * Where the author has to look.  Texts are "" where they do not apply.  A
 * node's id is the one of the template (children of a branch: as written,
 * below parents joined by '/', such as "check/then1"), so that a front end
 * finds it in what it made.
 */
struct compile_place {
	const char	*workflow;	/* its id's name; "" outside one */
	const char	*node;		/* "end-node": the workflow's outputs */
	const char	*var;		/* input, output or operand name */
	const char	*path;		/* inside its binding: "[2].key" */
	struct compile_place *next;	/* another place of the same error */
};

struct compile_error {
	enum compile_code	 code;
	const char		*node;	/* Flyte's "Node Id" of this error */
	const char		*text;	/* what is wrong: expected and given */
	struct compile_place	 place;
};

struct compile_errors {
	struct compile_error	*at;
	size_t			 n, cap;
	/* the rest is the module's own */
	uint64_t		 calls;	/* additions, with the repeated */
	struct map		 seen;	/* code, node, description -> at[] */
	struct arena		 arena;	/* of all texts */
};

#define COMPILE_ERRORS_INIT	{ NULL, 0, 0, 0, MAP_INIT, ARENA_INIT }
#define c_compile_errors	cleanup(compile_errors_release)

void	compile_errors_release(struct compile_errors *);

/* Flyte's text of a code, such as "MismatchingTypes". */
const char *compile_code_text(enum compile_code);

/*
 * Adds an error.  key is what tells its description from others of the same
 * code and node (types in full, where text names them in short); the text
 * itself serves if key is NULL.  place may be NULL.  All texts are copied.
 */
void	compile_error_add(struct compile_errors *, enum compile_code,
	    const char *node, const struct compile_place *place,
	    const struct strbuf *key, const char *fmt, ...)
	    printf_like(6, 7) cold;

/* Flyte's order: by code, then by text.  The compile functions do it. */
void	compile_errors_sort(struct compile_errors *);

/*
 * Appends Flyte's own form:
 *	Collected Errors: 2
 *		Error 0: Code: C, Node Id: N, Description: D
 */
void	compile_errors_print(const struct compile_errors *, struct strbuf *);

#endif
