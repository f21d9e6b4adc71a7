#ifndef FLYTE_RUN_ARGS_H
#define FLYTE_RUN_ARGS_H

/* The command line of flyte-run. */

#include "base/vec.h"
#include "common/context.h"
#include "common/inputs.h"
#include "common/outputs.h"
#include "run/runner.h"

enum again { AGAIN_NOT, AGAIN_RESUME, AGAIN_RECOVER, AGAIN_RELAUNCH };

struct args {
	struct context	 c;
	struct inputs	*inputs;
	struct outputs_options outputs;
	const char	*target;
	const char	*type;
	const char	*name;
	enum again	 again;
	const char	*of;		/* the execution again is about */
	VEC(const char *) from, force;
	unsigned	 jobs;
	enum runner_cache cache;
	const char	*cache_word;
	const char	*color;
	int		 dry_run, exit_code, json, keep_going, quiet, verbose,
			 wait, durable;
	int		 alone;		/* make has no places to give */
	size_t		 n_given;	/* inputs on the command line */
};

extern const struct opt_program flyte_run_program;

/* 0, 1: all is done (--help and the like), or -1: wrong usage. */
int	parse_args(struct args *, int argc, char **argv, struct err *)
		must_check;

#endif
