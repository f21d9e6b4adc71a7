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
#include "idl/value.h"

/* One variable that wants a value. */
struct want {
	const char		*name;
	const pb_literal_type	*type;
	const pb_literal	*value;	/* default, or NULL: required */
	int			 fixed;	/* may not be given */
};

struct wants {
	struct want	*at;
	size_t		 n;
};

/* From a task's interface (all required) and from a launch plan's. */
void	wants_of_interface(const pb_variable_map *, struct arena *,
	    struct wants *ret);
void	wants_of_parameters(const pb_parameter_map *defaults,
	    const pb_literal_map *fixed, const pb_variable_map *iface,
	    struct arena *, struct wants *ret);

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

#endif
