#ifndef TASK_EXECUTOR_H
#define TASK_EXECUTOR_H

/*
 * Where tasks run.  The engine knows only this record; the local spawner
 * (task/local.h) is one instance, an agent behind a socket, a batch system or
 * a plugin are others.
 *
 * A job is submitted under a token (execution/node/attempt) and gets an
 * opaque handle, which the caller writes to its journal before it acts on
 * anything else, so that after a crash the job is found again.  One process
 * may serve many jobs.
 */

#include "task/job.h"

struct executor_ops {
	const char *name;
	/*
	 * Starts, or queues.  Memory of the result comes from the arena.  fn
	 * is called from the loop, never from inside submit, once the job has
	 * ended (and, where there is a queue, when it starts).  -1: nothing
	 * was started because of the executor itself (ERR_SYS, ERR_REFUSED);
	 * a task that can not be started is an ended job with JOB_START.
	 */
	int	(*submit)(struct executor *, const struct job_spec *,
		    struct arena *, job_fn *, void *arg, struct job **ret,
		    struct err *);
	/* Appends the handle, valid once submitted. */
	void	(*handle)(const struct job *, struct strbuf *);
	/*
	 * Asks the job to end (TERM, after the grace time KILL); fn follows
	 * with JOB_CANCELLED.  now: KILL at once.
	 */
	void	(*cancel)(struct job *, int now);
	/* After JOB_ENDED and once the result was taken: frees the job. */
	void	(*release)(struct job *);
	/*
	 * After a crash: makes sure that the job of the handle and token (the
	 * latter alone if handle is NULL) runs no more.  *ret_n counts what
	 * was ended.
	 */
	int	(*reclaim)(struct executor *, const char *handle,
		    const char *token, size_t *ret_n, struct err *);
	/*
	 * The same for all that an execution left, also what was started and
	 * not yet written down.  run as in job_spec.  NULL: there is no way.
	 */
	int	(*reclaim_run)(struct executor *, const char *run,
		    size_t *ret_n, struct err *);
	/*
	 * Ends at once what attempts that ended left behind, however it hid:
	 * those of run, or where that is NULL the one of the token.  *ret_n
	 * counts it.
	 */
	int	(*end_left)(struct executor *, const char *run,
		    const char *token, size_t *ret_n, struct err *);
	void	(*free)(struct executor *);
	/* How many jobs it takes at once. */
	unsigned (*capacity)(const struct executor *);
};

struct executor {
	const struct executor_ops *ops;
};

/* "PROJECT/DOMAIN/EXECUTION/NODE/ATTEMPT": the idempotency token. */
void	executor_add_token(struct strbuf *, const struct job_spec *);
/*
 * What tells the execution of this folder from every other on the machine,
 * under whatever $FLYTE_HOME.  -1: the folder is not there.
 */
int	executor_add_run_mark(struct strbuf *, const char *dir, struct err *)
		must_check;

static inline int
executor_submit(struct executor *x, const struct job_spec *spec,
    struct arena *a, job_fn *fn, void *arg, struct job **ret, struct err *e)
{
	return x->ops->submit(x, spec, a, fn, arg, ret, e);
}

static inline void
executor_free(struct executor *x)
{
	if (x != NULL)
		x->ops->free(x);
}

#endif
