#ifndef RECORD_FIELD_H
#define RECORD_FIELD_H

/*
 * The members of a record, or of a command, as read: node 0 of its tree.
 * What is not there, or is of another kind, is the empty value.
 */

#include "base/arena.h"
#include "data/tree.h"
#include "engine/sched.h"

/* A scalar's text, in the tree; p NULL: none. */
struct str	field_text(const struct tree *, const char *key);
/* The same in the arena; NULL: none. */
const char	*field_cstr(const struct tree *, const char *key,
		    struct arena *);
/* 0: none. */
int64_t		field_int(const struct tree *, const char *key);
/* 1 and a list of three numbers, none of them negative; else 0. */
int		field_three(const struct tree *, const char *key,
		    int64_t ret[3]);
/* "s" of a node, of the workflow, "w": UNDEFINED or NONE if it is no name. */
enum sched_phase field_phase(const struct tree *);
enum sched_wf	field_wf(const struct tree *);
enum sched_why	field_why(const struct tree *);
/* "e", its text in the arena; code.p NULL: none. */
struct sched_error field_error(const struct tree *, struct arena *);

#endif
