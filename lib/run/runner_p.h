#ifndef RUN_RUNNER_P_H
#define RUN_RUNNER_P_H

/* What the files of the runner share.  runner.c: the loop; runner_run.c: one
 * execution and its actions; runner_make.c: how it comes and goes;
 * runner_view.c: what it tells;
 * runner_task.c: tasks of a plan, their contracts and keys; runner_why.c: why
 * they run; runner_reserve.c: one at a time per key; runner_graph.c: dynamic
 * graphs and child executions; runner_outside.c: what dynamic tasks name;
 * runner_recover.c: what another execution had done; runner_same.c: whether it
 * would do the same; runner_old.c: its graphs;
 * runner_job.c: attempts; runner_retry.c: whether another, and when;
 * runner_admit.c: which may start now; runner_control.c: what others ask of
 * it; runner_certify.c: runs that are copies of others. */

#include "base/vec.h"
#include "compile/compile.h"
#include "record/closure.h"
#include "task/cached.h"
#include "task/contract.h"
#include "task/local.h"
#include "task/retry.h"
#include "run/runner.h"
#include "store/store.h"

/* A task as this process runs it; made when first needed. */
struct run_task {
	int			 ready;
	pb_task_template	*template;	/* overrides applied */
	struct contract		*contract;
	struct cached_task	 cached;
	int			 keyed;		/* cached is set */
	int			 brief;		/* its attempts run in this process:
						 * known once one has */
	int			 too_large;	/* for the machine: told */
	struct retries		*retries;	/* rules by cause, or NULL */
	struct err		 trouble;	/* it can not run here */
};

/* A plan and its tasks: the workflow's own, or a dynamic one. */
struct run_plan {
	const struct plan	*plan;
	struct plan		*owned;		/* freed with the run */
	struct run_task		*tasks;		/* by task */
	struct run_task		**by_node;	/* nodes with overrides, and
						 * the elements of maps */
};

/* An attempt on its way. */
struct run_job {
	struct run		*run;
	struct sched_ref	 at;
	char			*path;
	struct run_task		*task;
	pb_literal_map		*inputs;
	struct str		 input_bytes;	/* the same, on the wire */
	struct arena		 arena;
	struct job		*job;		/* NULL: not submitted yet */
	unsigned		 places;	/* it takes, while it runs */
	int64_t			 memory;	/* bytes, the same */
	uint32_t		 retries;	/* for causes without a rule */
	int			 interruptible;
	double			 grown;		/* times its memory limit; 0: 1 */
	struct loop_timer	 due;		/* set: it is among the delayed */
	const char		*workflow;
	int64_t			 timeout;	/* ns; 0: the task's own */
	int			 stopped;	/* the engine wants no answer */
	struct sched_action	*last;		/* the node's end, to be
						 * recorded after the job's */
	int			 brief;		/* runs in this process; its
						 * start is told only if it
						 * does not succeed */
	struct run_job		*next;
};

/* A look-up to be answered. */
struct run_lookup {
	struct sched_ref	 at;
	struct str		 path;
	struct run_task		*task;
	pb_literal_map		*inputs;
	struct cache_lookup	 lookup;
};

/* Dry run: the node that would compute a key. */
struct run_would {
	struct run		*run;
	struct sched_ref	 at;
	struct str		 path;	/* without the label of its run */
};

/* Where a hit came from, until the node's end is recorded. */
struct run_hit {
	struct sched_ref	 at;
	struct cache_key	 key;
	struct str		 source, place;
};

/* What became of the attempts of a node whose task has rules for retries. */
struct run_retry {
	struct retry_state	 state;
	int64_t			 ended;	/* the last one, loop_now() */
};

struct run {
	struct runner		*runner;
	struct execution_id	 id;
	const char		*dir;
	const char		*script, *code;
	const char		*mark;		/* job_spec.run */
	int			 local;
	int			 has_constant_files;
	int			 durable;
	struct record_execution	 record;	/* what children inherit */
	VEC(struct run_launch)	 launches;
	size_t			 n_recorded;	/* launches in the journal */
	const char		*closure_address;
	const pb_compiled_workflow_closure *closure;	/* once needed */
	struct run		*parent;	/* to be told of the end */
	struct sched_ref	 parent_at;
	uint32_t		 max_parallelism;	/* 0: no limit */
	struct str		 parent_path;	/* of the node in it */
	const char		*label;
	struct plan		*plan;
	struct sched		*sched;
	struct history		 history;	/* when resumed */
	struct err		 damage;	/* what cannot be read of it */
	const struct history	*recover;
	struct history		 recovered;	/* if it is our own */
	struct plan		*recovered_plan;	/* what ran then */
	int			 same_code, same_inputs;	/* all of it */
	struct map		 reasons;	/* paths to reason_list: why
						 * they run */
	VEC(struct why)		 reason_list;
	struct explainer	*explainer;	/* NULL: not asked yet */
	VEC(struct run_hit)	 hits;		/* of this turn */
	size_t			 next_hit;	/* to be recorded, likely */
	struct arena		 hit_arena;
	struct map		 continued;	/* "PATH/0/" of dynamic tasks */
	struct map		 old_of;	/* paths, to old_plans: what dynamic
						 * tasks wrote then */
	VEC(struct plan *)	 old_plans;	/* NULL: of no use */
	struct map		 forced;	/* not to recover, as people
					 * name them */
	VEC(const char *)	 forced_list;
	int64_t			 clock_offset;	/* steady minus real, ns */
	struct journal		*journal;
	struct recorder		 recorder;
	VEC(struct run_plan)	 plans;
	VEC(struct sched_ref)	 uncached;	/* results not to be kept */
	struct contract_world	 world;
	struct local_options	 places;
	struct executor		*executor;
	struct run_job		*waiting, **waiting_end; /* to be started */
	struct run_job		*delayed;	/* until their time has come */
	struct run_job		*running;
	struct map		 retry_of;	/* by path, into retries */
	VEC(struct run_retry)	 retries;
	struct run_reserve	*reserves;	/* held and waited for */
	uint32_t		 explained;	/* misses looked into */
	struct run_sheet	*sheet;		/* for its certificate, or NULL */
	int			 repeated;	/* it is a copy of another */
	struct loop_timer	 timer;
	struct control		*control;	/* commands, or NULL */
	uint64_t		 controlled;	/* applied: up to this one */
	struct sched_error	 aborted;	/* why, once it was */
	uint64_t		 stop_command;	/* to be recorded at the end */
	struct map		 signalled;	/* signals given */
	int			 stopping;	/* jobs that the engine stopped */
	int			 dirty;		/* the engine has news */
	int			 full;		/* it was left no place for more:
						 * it may hold attempts back */
	int			 ended;
	int			 error_set;
	struct str		 outputs;
	struct arena		 arena;
	struct arena		 recalled;	/* what the engine was told last
						 * of a node from before */
	struct run_counts	 counts;
	struct run		*next;
};

struct runner {
	struct runner_options	 opts;
	struct run		*runs;
	unsigned		 running;	/* jobs submitted */
	unsigned		 brief;		/* of them, those that run in this
						 * process: they have ended */
	unsigned		 places;	/* of opts.jobs that they take */
	int64_t			 memory;	/* bytes that they asked for */
	int64_t			 all_memory;	/* of the machine; 0: not
						 * known yet */
	struct loop_watch	 tokens;	/* of the jobserver */
	int64_t			 committed;	/* loop_now() when the catalog
						 * last was */
	unsigned		 passed;	/* jobs that went before a
						 * larger one */
	int			 stopping;
	struct err		 trouble;	/* why it breaks off, if it has a
						 * kind */
	const char		*cache_trouble;	/* what was said last */
	struct map		 would;		/* dry run: keys that would be
						 * computed, into would_list */
	VEC(struct run_would)	 would_list;	/* by which nodes */
	struct arena		 arena;
};

/* Hands the event to whoever watches; run_say: a RUN_SAY of the text. */
void	run_tell(struct run *, const struct run_event *);
void	run_say(struct run *, const char *fmt, ...) printf_like(2, 3);
/* No node's fault: runner_run ends with it, and what runs is made again when
 * the executions are resumed. */
void	run_break_off(struct run *, struct str path, const struct err *);
/* The same trouble with the cache is said once. */
void	run_say_cache(struct run *, const struct err *);

/* Writes what is queued for the catalog; trouble is told. */
void	run_commit_cache(struct run *);

/* runner_run.c */
/* Lets the engine go as far as it can and does what it says; once it is over,
 * and all jobs are, the end is recorded.  -1: the journal could not be
 * written. */
int	run_turn(struct run *, struct err *) must_check;
/* Ends processes that made themselves independent of their task. */
void	run_end_left(struct run *, int tell);
/* Writes what was recorded; -1 also for a record that could not be made. */
int	run_commit(struct run *, enum journal_sync, struct err *) must_check;

/* runner_make.c */
/* One of the runner's from then on, without plan, engine or journal. */
struct run *run_new(struct runner *, const struct execution_id *);
void	run_free(struct run *);
/* A run that could not be made is not one of the runner's. */
void	run_drop(struct run *);

/* runner_certify.c */
/* What a certificate needs to know, from the first look-up to the end. */
struct run_sheet *run_sheet_new(struct run *, const struct run_certify *);
void	run_sheet_free(struct run_sheet *);
/* Takes note of an action, or of a hit.  What no certificate may stand for
 * ends the sheet. */
void	run_sheet_action(struct run *, const struct sched_action *);
void	run_sheet_hit(struct run *, const struct cache_lookup *);
/* The run has ended, and its journal is written: certifies it. */
void	run_certify(struct run *);

/* runner_task.c */
/* What is known of a node's task, made the first time; the run's. */
struct run_task *run_task_of(struct run *, const struct plan *,
	    const struct plan_node *);
void	run_plans_release(struct run *);
/* Why an attempt is made. */
struct why run_why_it_runs(const struct run *, const struct run_task *,
	    struct str path, uint32_t attempt);
/* The same, noted as it is found out: the first reason stays. */
void	run_keep_why(struct run *, struct str path, const struct why *);
/* The hit that a node's end stands for, or NULL. */
const struct run_hit *run_hit_of(struct run *, struct sched_ref);
/* Dry run: this node would compute that key. */
void	run_note_key(struct run *, const struct run_lookup *);
void	run_keep_hit(struct run *, const struct run_lookup *);
void	run_explain_miss(struct run *, const struct run_lookup *,
	    struct arena *);
/* What was kept of hits is no longer needed. */
void	run_forget_hits(struct run *);
void	run_whys_release(struct run *);
/* Asks the catalog for all of them at once and tells the engine; a catalog
 * out of order is said, and misses.  -1: a key could not be made. */
int	run_look_up(struct run *, struct run_lookup *at, size_t n,
	    struct arena *, struct err *) must_check;
/* 1 if it was kept. */
int	run_put(struct run *, const struct sched_action *);

/* No task of the plan is looked up or kept. */
void	run_forget_caching(struct plan *);
/* Files that a spec names as constants count by their content now. */
void	run_hash_constants(struct run *, struct plan *);
/* Takes a plan over, for as long as the run. */
void	run_own_plan(struct run *, struct plan *);

/* runner_graph.c */
/* Tells a plan what the executions that it launches put out. */
void	run_declare_launches(const struct run *, struct plan *);
/* Launch plans that its nodes may launch; borrowed. */
void	run_add_launches(struct run *, const struct run_launch *, size_t n);
/* Keeps their closures, from the given one on; *ret: as they are recorded. */
int	run_put_launches(struct run *, size_t from,
	    struct record_launch **ret, struct err *) must_check;
/* The same back from a record's "launches"; json.p NULL: none. */
int	run_restore_launches(struct run *, struct str json, struct err *)
	    must_check;
/* SCHED_LAUNCH, SCHED_KILL: the execution of a node begins or is taken up;
 * is ended. */
void	run_launch(struct run *, const struct sched_action *);
void	run_kill(struct run *, const struct sched_action *);
/* It has ended: the node that launched it is told. */
void	run_tell_parent(struct run *child);
/* SCHED_BUILD: the graph a dynamic task wrote becomes a plan. */
void	run_build(struct run *, const struct sched_action *);
/* 1 if it writes specs of our own, not of flytekit. */
int	run_writes_spec(const pb_task_template *);
/* For struct dynamic_parent; arg is the run. */
int	run_launch_interface(void *arg, const pb_identifier *,
	    struct compile_launch_plan *ret);

/* runner_outside.c */
contract_resolve_fn run_resolve;

/* runner_recover.c */
/* What --recover gives a new run, and a resumed one by its journal: nothing
 * where it asked for none, or the other execution is gone (said). */
int	run_recover_set(struct run *, const struct run_spec *, struct err *)
	    must_check;
int	run_recover_resume(struct run *, struct str inputs, struct err *)
	    must_check;
/* The execution that a node had launched then; dir NULL: none. */
void	run_recover_child(struct run *, struct str path, struct history *ret);
/* The engine asks it of every node. */
void	run_recover_config(struct run *, struct sched_config *);
void	run_recover_release(struct run *);
/* 1 if --force or --from names the node or what it lies in. */
int	run_is_forced(const struct run *, struct str path);

/* runner_same.c */
/*
 * 1 if the node would do what it did then, else 0, *ret_why (or WHY_MAX: it is
 * looked into), and what differs is kept as the node's reason.
 */
int	run_same_code(struct run *, struct str path, const struct plan *,
	    const struct plan_node *, enum why_code *ret_why);
/* The same of its inputs; -1: what they were cannot be read. */
int	run_same_inputs(struct run *, const struct history_node *,
	    struct str inputs);
/* 1 if two literal maps in wire form are equal. */
int	run_same_literals(struct str, struct str);

/* runner_old.c */
/*
 * The node at a path in the graphs of the execution that is recovered, and
 * its plan; or NULL.  *ret_inside: it is in the graph of a dynamic task that
 * goes on with what it had written.
 */
const struct plan_node *run_find_old(struct run *, struct str path,
	    const struct plan **ret_plan, int *ret_inside);
/* Whatever the tasks are called, and whichever version that is. */
int	run_same_template(struct str, struct str);
/* 1 if the names in the spec that a dynamic task wrote mean what they did. */
int	run_same_names(struct run *, const struct history_node *);
void	run_old_release(struct run *);
/* Up to the next slash, which is taken too. */
struct str run_next_word(struct str *path);

/* runner_reserve.c */
/* SCHED_RESERVE: takes the lock of the key, or waits for who has it; without
 * locks there (said) as if it were taken. */
void	run_reserve(struct run *, const struct sched_action *);
/* Lets go what was taken, or waited for; of all nodes. */
void	run_release(struct run *, struct sched_ref);
void	run_release_all(struct run *);

/* runner_control.c */
/* Gives the engine the values that came for gates, and watches for commands
 * (record/control.h) from now on. */
int	run_listen(struct run *, struct err *) must_check;

/* runner_job.c */
/* The node's end comes before that of its job, which is on its way: 1 if it
 * is kept to be recorded then. */
int	run_keep_for_job(struct run *, const struct sched_action *);
/* SCHED_START: the attempt is made as soon as there is a place. */
void	run_queue_start(struct run *, const struct sched_action *);
/* Starts what is queued while there are places.  -1: the executor cannot. */
int	run_start_waiting(struct run *, struct err *) must_check;
/* 1 if an attempt that waits to be started is one of a process. */
int	run_waits_to_be_seen(const struct run *);
/* SCHED_STOP: ends it, or takes it out of the queue. */
void	run_stop_attempt(struct run *, struct sched_ref);
/* Ends all that run (now: by KILL). */
void	run_jobs_cancel(struct run *, int now);
void	run_jobs_free(struct run *);
int	run_same_ref(struct sched_ref, struct sched_ref);
/* Among those to be started. */
void	run_queue_job(struct run_job *);

/* runner_retry.c */
/*
 * Before another attempt: what the rules give it.  1: it is to be queued; 0:
 * it waits for its time and is queued then; -1: no more attempts, e says why.
 */
int	run_retry_begin(struct run_job *, struct err *);
/* After one: whether there is another. */
void	run_retry_end(struct run_job *, struct sched_result *);
/* Takes the job out of the delayed. */
void	run_undelay(struct run_job *);

/* runner_admit.c */
/* 1 if the job may start now beside what runs. */
int	run_admits(const struct run_job *);
/* It starts; it has ended. */
void	run_admit(struct run_job *);
void	run_dismiss(struct run_job *);
/* No longer waits for a token. */
void	run_admit_end(struct runner *);
/* Sets what the job takes, by what its task asks for. */
void	run_measure(struct run_job *);

#endif
