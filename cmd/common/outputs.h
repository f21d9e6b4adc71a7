#ifndef COMMON_OUTPUTS_H
#define COMMON_OUTPUTS_H

/*
 * Outputs on stdout: one line of typed JSON; on a terminal a short list;
 * --plain ordinary JSON; -o NAME one bare value; -o NAME=PATH its content in
 * a file (temporary file, then rename, so that its time is always new);
 * --jq a filter over the plain form.
 */

#include "base/arena.h"
#include "base/err.h"
#include "idl/flyteidl.h"

struct outputs_options {
	int		  plain;
	const char	**pick;		/* -o, in order */
	size_t		  n_pick;
	const char	 *jq;		/* or NULL */
	int		  jq_ints_text;
	int		  quiet;	/* print nothing but what -o asks */
};

/*
 * Checks the options against the declared outputs before anything runs: an
 * unknown NAME in -o, or two that both want stdout, is ERR_USAGE.
 */
int	outputs_check(const struct outputs_options *,
	    const pb_variable_map *declared, struct err *) must_check;
/* Prints, or writes the files.  An empty map prints what an empty map is. */
int	outputs_print(const struct outputs_options *, const pb_literal_map *,
	    struct arena *, struct err *) must_check;

#endif
