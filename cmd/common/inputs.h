#ifndef COMMON_INPUTS_H
#define COMMON_INPUTS_H

/*
 * Inputs from the command line and the pipe, bound to an interface:
 *	name=value  name=@file  name=@-  name=@@text	one input each
 *	-i FILE, -i -					a JSON or YAML map
 *	-m INPUT=NAME[.path]				a value of another name
 * Everything is collected first and bound at once, so that an error can list
 * both sides.  All errors are ERR_USAGE and come before anything runs.
 */

#include "common/context.h"
#include "common/wants.h"
#include "idl/value.h"

struct inputs;
/* Lies in the context's arena.  The store is opened only for name=@- of a
 * file input. */
struct inputs *inputs_new(struct context *);
/* After the literals were used up.  NULL is fine. */
void	inputs_free(struct inputs *);
/* --typed, --plain-in. */
void	inputs_set_form(struct inputs *, enum value_form);
/* "name=value"; ERR_USAGE if there is no "=". */
int	inputs_add_word(struct inputs *, const char *word, struct err *)
		must_check;
/* -i; "-" is stdin, which may be read once in all. */
int	inputs_add_file(struct inputs *, const char *path, struct err *)
		must_check;
/* -m */
int	inputs_add_map(struct inputs *, const char *rule, struct err *)
		must_check;

/*
 * Reads the files and binds.  Literals lie in the context's arena.  A value
 * that nobody takes, an input without one, a wrong type: one error that lists
 * both sides.
 */
int	inputs_bind(struct inputs *, const struct wants *,
	    pb_literal_map **ret, struct err *) must_check;

/*
 * For maps of a million elements: after it inputs_bind leaves an empty list
 * where a long one of simple values is, and inputs_pack gives the bytes of
 * the whole map.  That forgets the documents, and is called once.
 */
void	inputs_keep_packed(struct inputs *);
void	inputs_pack(struct inputs *, const pb_literal_map *bound,
	    struct strbuf *ret);

#endif
