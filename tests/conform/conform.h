#ifndef TESTS_CONFORM_CONFORM_H
#define TESTS_CONFORM_CONFORM_H

/*
 * The judge: rows of recorded answers of the real Flyte, one JSON object a
 * line, each given to a topic's function.  A topic is one file
 * tests/conform/TOPIC.c with the function conform_TOPIC and a line in the
 * table of main.c.
 */

#include "data/json.h"
#include "data/tree.h"
#include "idl/flyteidl.h"

struct err;

enum conform_verdict {
	CONFORM_SAME,
	CONFORM_DIFFERENT,	/* why says how */
	CONFORM_UNSUPPORTED,	/* needs what is not built; why names it */
	CONFORM_BETTER,		/* differs on purpose, by a rule, as it says */
	CONFORM_SKIPPED,	/* not asked for: not counted */
	CONFORM_RECORDED,	/* not judged: why is what ours comes to, JSON */
	CONFORM_VERDICT_MAX
};

struct conform_row {
	const struct tree *tree;	/* the row; node 0 is the object */
	struct str	   text;	/* its line */
	unsigned	   line;	/* from 1 */
	struct arena	  *arena;	/* freed after the row */
	char *const	  *args;	/* what followed the file's name */
	int		   n_args;
};

/* Judges one row; appends to why one line or more, without a newline at the
 * end, unless all is the same. */
typedef enum conform_verdict conform_fn(const struct conform_row *,
    struct strbuf *why);

conform_fn	conform_castable, conform_pbhash, conform_cachekey, conform_pbjson;
/* There once their owners' files are. */
conform_fn	conform_compiler __attribute__((weak));
conform_fn	conform_engine __attribute__((weak));

/* The scalar under a key of a map node, or an empty text. */
struct str conform_text(const struct conform_row *, uint32_t map,
	    const char *key);
/* 1 if the scalar is true. */
int	conform_true(const struct conform_row *, uint32_t map,
	    const char *key);
/*
 * The message under a key, in the row's arena; an empty message if the key
 * is not there.  -1 if it is not one.
 */
int	conform_message(const struct conform_row *, uint32_t map,
	    const char *key, const ProtobufCMessageDescriptor *,
	    ProtobufCMessage **ret, struct err *e) must_check;

#endif
