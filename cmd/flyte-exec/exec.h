#ifndef FLYTE_EXEC_EXEC_H
#define FLYTE_EXEC_EXEC_H

/* The parts of flyte-exec: one task, from its reference to its outputs. */

#include "base/diag.h"
#include "common/context.h"
#include "common/inputs.h"
#include "common/outputs.h"
#include "common/ref.h"
#include "record/why.h"
#include "registry/front.h"
#include "registry/registry.h"
#include "task/cached.h"
#include "task/contract.h"
#include "task/job.h"
#include "store/reserve.h"
#include "sys/scratch.h"

enum cache_mode {
	CACHE_READ = 1,		/* look results up */
	CACHE_WRITE = 2,	/* keep them */
	CACHE_REPLACE = 4,	/* also where there is one */
};

struct exec {
	struct context	 ctx;
	/* what was asked */
	const char	*reference, *type, *replay, *with;
	struct inputs	*inputs;
	struct outputs_options out;
	unsigned	 cache;		/* enum cache_mode */
	int		 shell, here, dry_run, json, exit_code;
	int		 verbose, quiet;
	int64_t		 timeout;	/* ns; 0: the task's own */
	/* the task */
	struct front	 front;
	struct diags	 diags;
	int		 has_front;
	struct registry	*registry;
	const pb_task_template *task;
	const char	*name;		/* for messages */
	const char	*script;	/* run in place, or NULL */
	const char	*code;		/* its code archive unpacked, or NULL */
	const pb_literal_map *recorded;	/* replay: inputs it had, or NULL */
	const char	*project, *domain;
	int		 local;		/* from a file, not registered */
	pb_literal_map	*values;	/* its inputs */
	/* running it */
	struct contract_world world;
	struct contract	*contract;
	struct cached_task cached;
	struct cache_key key;
	struct reservation reserved;
	int		 caching;	/* key is set */
	struct why	 why;		/* it is reused, or runs */
	struct job_result result;
	struct scratch	 scratch;	/* the attempt's folder */
};

/*
 * Finds the task that the reference means.  0; or the exit status, with all
 * said.
 */
int	exec_find_task(struct exec *);
/* The same for --replay: its task and the inputs it had. */
int	exec_find_replay(struct exec *);
void	exec_release_task(struct exec *);

/*
 * Looks the result up.  1 with *ret if it is there (and whole and of the
 * right types), 0 if the task has to run, -1.
 */
int	exec_look_up(struct exec *, pb_literal_map **ret, struct err *)
		must_check;
/* Keeps the result, if that is wanted.  What is in the way is said. */
void	exec_keep(struct exec *, const pb_literal_map *outputs);

/*
 * Runs it.  0 with the result filled; -1: it was not run.  *ret_sig is the
 * signal that ended us meanwhile, or 0.
 */
int	exec_run(struct exec *, int *ret_sig, struct err *) must_check;
/* A new folder of our own for an attempt: x->scratch. */
int	exec_make_scratch(struct exec *, struct err *) must_check;

/*
 * --with: its folder is the task's code; a file in it that is called as the
 * task takes the place of the text that the task has.
 */
int	exec_set_with(struct exec *, struct err *) must_check;
/* --shell: runs it; its status. */
int	exec_shell(struct exec *, int *ret_status, struct err *) must_check;

#endif
