#ifndef COMMON_ARGS_H
#define COMMON_ARGS_H

/* Command lines, as every program of the suite reads them. */

#include "common/context.h"

/* Who gets what is on a command line.  Both return 0 or -1 with an error. */
struct args_reader {
	const struct opt_program *program;
	int	(*option)(void *arg, enum opt_id, const char *value,
		    struct err *);
	int	(*word)(void *arg, const char *word, struct err *);
	void	*arg;
};

/*
 * Walks over a command line; options that all programs answer alike
 * (context_common_option) and those of the context (-p, -d, -r) are taken
 * here.  ret_verb is given by programs with verbs, whose first word is one
 * (set before word() gets the others); it must take every option, also those
 * before it.  0; 1: done already, exit with 0; -1.
 */
int	args_read(struct context *, const struct args_reader *, int argc,
	    char **argv, const struct opt_verb **ret_verb, struct err *)
	    must_check;

/* -p, -d or -r: 1 if it was one of them, which the context keeps. */
int	args_context(struct context *, enum opt_id, const char *value);

/* --timeout: nanoseconds, 0 or more. */
int	args_timeout(const char *value, int64_t *ret_ns, struct err *)
	    must_check;

#endif
