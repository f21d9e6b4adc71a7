#ifndef RUN_RUNNER_H
#define RUN_RUNNER_H

/*
 * Runs executions: carries the actions of the engine (engine/sched.h) out and
 * tells it what became of them.  One loop, one executor and one store serve
 * any number of executions at once (a workflow and the launch plans it
 * launches); each has its own engine and journal.
 *
 * The order in one turn makes a kill at any instant harmless: what the engine
 * decided is journalled, committed, and only then acted on.
 */

#include "task/executor.h"
#include "record/history.h"
#include "record/record.h"
#include "sys/digest.h"
#include "sys/loop.h"

struct runner;
struct run;
struct front;
struct jobserver;
struct registry;

/* What happens, for whoever reports it.  Slices live until fn returns. */
struct run_event {
	enum run_event_kind {
		RUN_NODE,	/* action: another phase of a node */
		RUN_STARTED,	/* path, attempt, why: an attempt runs */
		RUN_ENDED,	/* path, attempt, result, command */
		RUN_WOULD,	/* dry run: path, why: it would run */
		RUN_WAITING,	/* action, path: a gate waits for text */
		RUN_WORKFLOW,	/* action: another phase of the workflow */
		RUN_SAY,	/* text: worth a line */
		RUN_WARN,	/* text: also where all else is silent */
	}		 kind;
	const struct sched_action *action;
	struct str	 path;
	uint32_t	 attempt;
	const struct job_result *result;
	const struct contract *contract;
	const struct why *why;
	struct str	 place;		/* of the entry, if a copied journal
					 * tells of a hit */
	struct str	 text;
};
typedef void	run_watch_fn(void *arg, struct run *,
		    const struct run_event *);

enum runner_cache {
	RUNNER_CACHE_ON,	/* look up and store */
	RUNNER_CACHE_OFF,
	RUNNER_CACHE_READ,	/* look up only */
	RUNNER_CACHE_WRITE,	/* store only */
	RUNNER_CACHE_REFRESH,	/* replace what is there */
};

struct run_launch;

/* What is outside of an execution (FILE, registry), for dynamic tasks. */
struct run_outside {
	struct contract_outside found;
	const struct run_launch *launches;	/* a launch plan, and those that
						 * are reached from it */
	size_t		 n_launches;
};
/* As spec_resolve_fn; what it gives lives as long as the runner. */
typedef int	run_resolve_fn(void *arg, enum entity_kind, struct str ref,
		    struct run_outside *ret, struct err *e);

struct runner_options {
	const char	*home;
	struct store	*store;
	struct loop	*loop;
	unsigned	 jobs;		/* at once */
	char *const	*environ;	/* of the user */
	const char	*lockwait;	/* program, see sys/lock.h */
	const char	*limit;		/* program, see task/local.h */
	int		 no_groups;	/* the same */
	const char	*jqrun;		/* program, see task/contract.h */
	struct jobserver *jobserver;	/* places beyond the first are taken
					 * from it; or NULL */
	enum runner_cache cache;
	int		 dry_run;
	int		 durable;	/* sync every record */
	int		 silent;	/* nobody wants to hear of nodes that
					 * were reused */
	run_watch_fn	*watch;
	void		*arg;
	run_resolve_fn	*resolve;	/* NULL: nothing is outside */
	void		*resolve_arg;
};

struct runner	*runner_new(const struct runner_options *);
void		 runner_free(struct runner *);
static inline void
runner_freep(struct runner **r)
{
	runner_free(*r);
}
#define c_runner	cleanup(runner_freep)

/* A launch plan that nodes may launch, with the workflow it runs. */
struct run_launch {
	const pb_admin_launch_plan *plan;	/* with its closure */
	const pb_compiled_workflow_closure *closure;
};

/* The plan as what a node names.  The result lives in the arena. */
void		 run_launch_target(const struct run_launch *, struct arena *,
		    struct spec_target *ret);

/*
 * Leave to certify a run that needed nothing but the cache (store/
 * certificate.h), so that the same again is a copy of its journal.  Each key
 * stands for all that decides what is run and how, but for the catalog.
 */
struct run_certify {
	struct digest	 key;		/* of target, options and inputs */
	struct digest	 about_key;	/* of what is known before the inputs */
	struct str	 about;		/* the caller's, kept under that */
};

/* What to run.  All borrowed until the run ends. */
struct run_spec {
	struct record_execution record;	/* inputs: p NULL, see below */
	const pb_compiled_workflow_closure *closure;
	struct str	 inputs;	/* core.LiteralMap, complete */
	const char	*script;	/* run in place, or NULL */
	int		 durable;	/* creation and end are synced */
	/* The closure packed, with its address, if that is known already. */
	struct str	 packed;
	const char	*address;
	const struct run_certify *certify;	/* or NULL */
	/* Every launch plan reached from it; they are kept with the execution,
	 * so that it can be resumed whatever is registered by then. */
	const struct run_launch *launches;
	size_t		 n_launches;
	/* Its launch plans are used too, after those above; or NULL. */
	const struct history *like;
	/* Reuse what succeeded there and would be done just so again. */
	const struct history *recover;
	/* With recover: run these paths again; from: the nodes after them
	 * too.  ERR_USAGE if the workflow has no such node. */
	const char	**force;
	size_t		 n_force;
	const char	**from;
	size_t		 n_from;
};

/*
 * Starts a new execution: its folder and journal are made.  ERR_CONFLICT if
 * there is one of that name.
 */
int	run_start(struct runner *, const struct run_spec *, struct run **ret,
	    struct err *) must_check;
/*
 * A new execution that is, by its certificate, the same as one before: ended
 * when this returns.  Of the spec it takes record (with the closure's
 * address), inputs, durable and certify.  1: there is no such certificate,
 * nothing was done; ERR_CONFLICT as above.
 */
int	run_repeat(struct runner *, const struct run_spec *, struct run **ret,
	    struct err *) must_check;
/*
 * Goes on with one: ends what a dead process left running, then runs what is
 * not done.  ERR_BUSY if another process runs it.  A finished one is ready
 * at once.  The closure comes from the store of closures.
 */
int	run_resume(struct runner *, const struct execution_id *,
	    const char *script, struct run **ret, struct err *) must_check;

/*
 * Runs until every execution has ended, or until runner_stop and what runs
 * has ended.  -1: the journal or loop failed; nothing more can be promised,
 * the executions can be resumed.
 */
int	runner_run(struct runner *, struct err *) must_check;
/* Starts nothing more and ends what runs (now: by KILL); may be resumed. */
void	runner_stop(struct runner *, int now);

/* The executions it runs or ran, one after the other; NULL: first, none. */
const struct run *runner_next(const struct runner *, const struct run *);

/* ---- an execution, during and after ------------------------------------- */

/* What they give lives as long as the run. */
const struct execution_id *run_id(const struct run *);
/* "" or, of an execution launched by a node, what to put before its paths. */
const char	*run_label(const struct run *);
/* As last recorded, of one that was over before; the error of one that did
 * not succeed (code.p NULL: none). */
enum sched_wf	run_phase(const struct run *);
const struct sched_error *run_error(const struct run *);
/* What its journal told when it was resumed; NULL for a new one. */
const struct history *run_history(const struct run *);
/* 1 if it had ended before: there was nothing to do. */
int	run_was_over(const struct run *);
/* core.LiteralMap of a succeeded run, absolute paths. */
struct str	run_outputs(const struct run *);
/* NULL: it was over before. */
const struct sched *run_sched(const struct run *);
/*
 * What becomes of a node by a RUN_NODE event of a final phase, and why: the
 * words may be in the arena.
 */
enum fate	run_why_ended(struct run *, const struct run_event *,
		    struct arena *, struct why *ret);
/* Where its tasks run, for the tails of logs. */
struct executor	*run_executor(const struct run *);

struct run_counts {
	uint32_t	nodes;		/* tasks, and elements of maps */
	uint32_t	ran, reused, recovered, failed, skipped;
	uint32_t	would_run;	/* dry run */
	int64_t		started_us, ended_us;
};
const struct run_counts *run_counts(const struct run *);
/* Aborts it for good (flyte-ctl stop): ABORTED. */
void	run_abort(struct run *, const char *reason);

#endif
