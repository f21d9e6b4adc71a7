#ifndef COMMON_OUTPUTS_H
#define COMMON_OUTPUTS_H

/*
 * Outputs on stdout: one line of typed JSON; on a terminal a short list;
 * --plain ordinary JSON; -o NAME one bare value; -o NAME=PATH its content in
 * a file (temporary file, then rename, so that its time is always new);
 * --jq a filter over the plain form.
 */

#include "base/err.h"
#include "base/vec.h"
#include "idl/flyteidl.h"

struct context;

struct outputs_options {
	int		  plain;
	VEC(const char *) pick;		/* -o, in order */
	const char	 *jq;		/* or NULL */
	const char	 *jq_ints;	/* --jq-ints, or NULL */
	int		  quiet;	/* only what -o, --jq, --plain ask */
};

void	outputs_release(struct outputs_options *);

/*
 * Checks the options against the declared outputs (NULL: none) before
 * anything runs: a NAME in -o that is not declared, two answers for one
 * stdout, a jq expression that does not compile.  ERR_USAGE.
 */
int	outputs_check(const struct outputs_options *,
	    const pb_variable_map *declared, struct err *) must_check;
/*
 * Prints a core.LiteralMap, or writes the files.  Outputs that hold nothing
 * (a workflow without outputs) print as an empty map.
 */
int	outputs_print(struct context *, const struct outputs_options *,
	    struct str map, struct err *) must_check;

#endif
