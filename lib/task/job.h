#ifndef TASK_JOB_H
#define TASK_JOB_H

/*
 * One attempt of one task, from its inputs to its outputs or error: prepare,
 * start, watch, collect.  The same record whatever runs it; executor.h says
 * how it gets there.
 */

#include "base/time.h"
#include "task/contract.h"
#include "sys/spawn.h"

enum job_phase {
	JOB_NEW,
	JOB_QUEUED,		/* submitted, not started yet */
	JOB_RUNNING,
	JOB_ENDED,		/* result is set */
	JOB_PHASE_MAX
};

/* What ended it, as measured; retry rules go by it. */
enum job_cause {
	JOB_OK,
	JOB_EXIT,		/* status other than 0 */
	JOB_SIGNAL,		/* ended by a signal not ours */
	JOB_TIMEOUT,		/* its time was up: we ended it */
	JOB_OOM,		/* the kernel killed it for memory */
	JOB_OUTPUT,		/* an output missing or of the wrong type */
	JOB_REPORTED,		/* it reported an error itself (error.pb) */
	JOB_CANCELLED,		/* ended on request */
	JOB_START,		/* it could not be started */
	JOB_LOST,		/* nobody knows how it ended */
	JOB_CAUSE_MAX
};
/* The mark that each process of an attempt carries: its token. */
#define JOB_MARK	"FLYTE_ATTEMPT"

/* And by which all that belong to one execution are found, whatever its
 * journal knows of them: job_spec.run. */
#define JOB_RUN_MARK	"FLYTE_RUN"

/* "exit", "signal", "timeout" and so on. */
const char *job_cause_name(enum job_cause);

/* What is to be done.  All borrowed until the job has ended. */
struct job_spec {
	const struct contract	*contract;
	const pb_literal_map	*inputs;	/* or NULL: on the wire only */
	struct str		 packed;	/* the same; p NULL: inputs only */
	const char		*project, *domain, *execution, *node;
	const char		*workflow;	/* name, or NULL */
	const char		*run;		/* executor_add_run_mark, or NULL */
	unsigned		 attempt;	/* from 0 */
	int64_t			 timeout;	/* ns; 0: the task's own; -1:
						 * none, another watches */
	int64_t			 memory;	/* bytes, in place of the task's
						 * limit if it has one; 0: that */
	const char		*prev_checkpoint;	/* or NULL */
};

/* Bytes from..to of a log file. */
struct job_log {
	unsigned	slot;		/* which file: SLOT.out, SLOT.err */
	int64_t		from, to;
};

struct job_result {
	enum job_cause	 cause;
	pb_literal_map	*outputs;	/* JOB_OK, unless futures or
					 * written is set */
	pb_execution_error *error;	/* otherwise */
	int		 recoverable;	/* another attempt may succeed */
	struct str	 futures;	/* a DynamicJobSpec; p NULL: none */
	int		 futures_own;	/* of our own spec: COMPILE_SPEC; else of
					 * flytekit: COMPILE_LENIENT */
	struct str	 written;	/* as collected.written */
	const char	*deck;		/* path, or NULL */
	const char	*changed;	/* why it must not be cached, or NULL */
	const char	*scratch;	/* folder kept for a look, or NULL */
	const char	*checkpoint;	/* what it left at $FLYTE_CHECKPOINT, for
					 * prev_checkpoint of the next; or NULL */
	const char	*command;	/* as run, quoted for a shell; set when it
				 * failed */
	struct proc_end	 end;
	struct instant	 started, ended;
	struct job_log	 out, err;	/* what it printed */
	const char	*note;		/* worth telling the user, or NULL */
	const struct err *trouble;	/* JOB_LOST, where the system is at
					 * fault; or NULL */
};

struct executor;
struct job;
/* Called from the loop when the phase has changed. */
typedef void job_fn(struct job *, void *arg);

struct job {
	struct executor	*executor;
	enum job_phase	 phase;
	struct job_spec	 spec;
	struct job_result result;	/* in the arena given to submit */
	struct arena	*arena;
	job_fn		*fn;
	void		*arg;
};

#endif
