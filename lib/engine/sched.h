#ifndef ENGINE_SCHED_H
#define ENGINE_SCHED_H

/*
 * The engine: a plan and what happened in, what to do next out.  Pure: no
 * system calls, no clock, no randomness; so the same events give the same
 * actions, and a run that was killed is rebuilt by telling it again what had
 * been done (struct sched_record).
 *
 * Work is done in frames.  A frame is one graph being run: the workflow
 * itself, a sub-workflow, the graph a dynamic task wrote.  Within a frame
 * nodes are numbers of its plan; a map keeps its elements as bits and small
 * numbers, never as nodes.
 *
 * The driver's loop:
 *
 *	for (;;) {
 *		more = sched_step(s, now, free_slots);
 *		while ((a = sched_action(s)) != NULL)
 *			... do it; answer at once or later ...
 *		if (sched_phase(s) is terminal)
 *			break;
 *		if (!more)
 *			... wait for a job, a signal or sched_deadline(s) ...
 *	}
 *
 * Semantics are flytepropeller's (flyte-execution.md) except for the rules
 * below.  As in flytepropeller a run proceeds in rounds, but a round touches
 * only the nodes that have something to do; sched_step runs rounds until
 * nothing is left that needs no answer, sched_round runs one.
 */

#include "base/strbuf.h"
#include "plan/plan.h"

struct sched;

#define SCHED_NONE	UINT32_MAX

/* Node phases, with the numbers of core.NodeExecution.Phase. */
enum sched_phase {
	SCHED_UNDEFINED,	/* not evaluated yet */
	SCHED_QUEUED,
	SCHED_RUNNING,
	SCHED_SUCCEEDED,
	SCHED_FAILING,
	SCHED_FAILED,
	SCHED_ABORTED,
	SCHED_SKIPPED,
	SCHED_TIMED_OUT,
	SCHED_DYNAMIC_RUNNING,
	SCHED_RECOVERED,
	SCHED_PHASE_MAX
};

/* Workflow phases, with the numbers of core.WorkflowExecution.Phase. */
enum sched_wf {
	SCHED_WF_UNDEFINED,
	SCHED_WF_QUEUED,
	SCHED_WF_RUNNING,
	SCHED_WF_SUCCEEDING,
	SCHED_WF_SUCCEEDED,
	SCHED_WF_FAILING,
	SCHED_WF_FAILED,
	SCHED_WF_ABORTED,
	SCHED_WF_MAX
};

/* Kinds of errors, with the numbers of core.ExecutionError.ErrorKind. */
enum sched_kind { SCHED_UNKNOWN, SCHED_USER, SCHED_SYSTEM };

struct sched_error {
	enum sched_kind	kind;
	struct str	code, message;
};

/* core.CatalogCacheStatus */
enum sched_cache {
	SCHED_CACHE_DISABLED,
	SCHED_CACHE_MISS,
	SCHED_CACHE_HIT,
	SCHED_CACHE_POPULATED,
	SCHED_CACHE_LOOKUP_FAILURE,
	SCHED_CACHE_PUT_FAILURE,
	SCHED_CACHE_SKIPPED,
	SCHED_CACHE_EVICTED
};

/* core.CatalogReservation.Status */
enum sched_reservation {
	SCHED_RESERVE_DISABLED,
	SCHED_RESERVE_ACQUIRED,
	SCHED_RESERVE_EXISTS,	/* somebody else has it */
	SCHED_RESERVE_RELEASED,
	SCHED_RESERVE_FAILURE
};

/* Why a node has the phase it has. */
enum sched_why {
	SCHED_WHY_NONE,
	SCHED_WHY_READY,	/* all it waits for is there */
	SCHED_WHY_UPSTREAM,	/* an upstream node did not succeed: cause */
	SCHED_WHY_HIT,		/* its result was in the cache */
	SCHED_WHY_MISS,		/* it was not: the attempt starts */
	SCHED_WHY_OVERWRITE,	/* the cache was not asked */
	SCHED_WHY_UNCACHED,	/* its task is not cached */
	SCHED_WHY_WAITING,	/* for the reservation of its cache entry */
	SCHED_WHY_RECOVERED,	/* taken from the execution recovered */
	SCHED_WHY_RESTORED,	/* done before this run was interrupted */
	SCHED_WHY_RETRY,	/* the last attempt failed */
	SCHED_WHY_DONE,		/* its work ended well */
	SCHED_WHY_ERROR,	/* its work failed */
	SCHED_WHY_INPUTS,	/* its inputs could not be resolved */
	SCHED_WHY_DEADLINE,
	SCHED_WHY_CHILD,	/* what runs inside it failed */
	SCHED_WHY_NOT_TAKEN,	/* its branch took another way */
	SCHED_WHY_TAKEN,	/* its branch took this way */
	SCHED_WHY_POLICY,	/* stopped since another node failed */
	SCHED_WHY_ABORT,	/* stopped on request */
	SCHED_WHY_MAX
};
const char	*sched_why_name(enum sched_why);
const char	*sched_phase_name(enum sched_phase);	/* "SUCCEEDED" */
const char	*sched_wf_name(enum sched_wf);
/* The other way; the MAX for a name that is none. */
enum sched_why	 sched_why_called(struct str name);
enum sched_phase sched_phase_called(struct str name);
enum sched_wf	 sched_wf_called(struct str name);

/* One node, map element or attempt.  Numbers are stable within one run of
 * the machine; the path is stable for ever. */
struct sched_ref {
	uint32_t	frame;
	uint32_t	node;		/* of the frame's plan */
	uint32_t	element;	/* index in a map, else SCHED_NONE */
	uint32_t	attempt;
};

/* ---- configuration ------------------------------------------------------ */

/* Where to be better than Flyte on purpose: each is one line of flyte(7).
 * All 0 is Flyte's own behaviour. */
struct sched_rules {
	unsigned	clean_timeout : 1;	/* what runs inside a node that
				 * timed out is stopped with it */
	unsigned	handler_retries : 1;	/* a failure node has its retries,
				 * and is stopped by an abort */
	unsigned	branch_skip : 1;	/* a branch whose taken child is
				 * skipped is itself skipped */
	unsigned	all_errors : 1;		/* a map's error names every
				 * failed element */
	unsigned	keep_indices : 1;	/* an element without one output
				 * leaves none in its place */
	unsigned	check_cached : 1;	/* a cached result that does not
				 * fit is a miss */
	unsigned	recover_end : 1;	/* end-node is never recovered */
	unsigned	any_element : 1;	/* map elements may be launch
				 * plans and dynamic tasks */
	unsigned	reread_cache : 1;	/* elements that waited for a
				 * reservation look again */
	unsigned	compare_none : 1;	/* conditions on none */
};
extern const struct sched_rules sched_rules_flyte, sched_rules_ours;

enum sched_map_limit {	/* what a map without a parallelism of its own has */
	SCHED_MAP_UNLIMITED,
	SCHED_MAP_HYBRID,	/* unset: the workflow's; 0: no limit */
	SCHED_MAP_WORKFLOW	/* both: the workflow's */
};

/*
 * What was known of a node before: when resuming, by this execution's own
 * journal (done: terminal phases are final); when recovering, by the
 * execution recovered.  Slices must stay valid until the next call.
 */
struct sched_record {
	enum sched_phase phase;
	uint32_t	attempt;	/* resuming: the attempt to go on with */
	uint32_t	system_failures;
	int64_t		queued_at, started_at;
	enum sched_cache cache;
	struct str	inputs;		/* core.LiteralMap; NULL p: resolve them */
	struct str	outputs;	/* core.LiteralMap; NULL p: none */
	struct sched_error error;
	const struct plan *dynamic;	/* the graph it wrote, or NULL */
	struct str	futures;	/* or core.DynamicJobSpec to build it */
	int		child_launched;	/* a child execution exists */
	uint32_t	taken;		/* branch: node of the way taken; any
					 * other number: not known */
};

struct sched_config {
	struct sched_rules rules;
	struct str	name;		/* of the execution, for messages */
	struct str	inputs;		/* core.LiteralMap, complete */
	uint32_t	max_parallelism;	/* 0: no limit */
	enum plan_tristate interruptible;	/* of the execution */
	int		overwrite_cache;
	int		keep_going;	/* as if the policy were to go on */
	uint32_t	max_system_retries;	/* 3 */
	uint32_t	default_max_attempts;	/* 1 */
	int32_t		interruptible_threshold;	/* -1 */
	int		ignore_retry_cause;
	int64_t		active_deadline, execution_deadline; /* ns, 0: off */
	int		attempt_clock;	/* who runs the attempts of tasks
				 * watches their time, which does not pass
				 * while they wait for a place to run */
	enum sched_map_limit map_limit;
	int		all_at_once;	/* maps start all their elements,
					 * whatever their parallelism */
	uint32_t	max_failed_rounds;	/* 10 */
	int64_t		recheck;	/* ns until somebody else's reservation
					 * is looked at again; 0: only when
					 * sched_reservation_freed says so */
	/*
	 * Asked once for each node when it becomes ready (and for each
	 * element when its map opens).  1 and *ret filled, or 0: unknown.
	 * Must answer from memory.  NULL: nothing is known.
	 */
	int		(*resume)(void *arg, struct str path,
			    struct sched_record *ret);
	int		(*recover)(void *arg, struct str path,
			    struct sched_record *ret);
	/*
	 * Asked before a node is recovered, once its inputs are resolved: 0
	 * if what runs now is not what ran then, so that it runs (again).
	 * With it elements of maps are recovered each for itself.  NULL: as
	 * Flyte, which never asks.
	 */
	int		(*same)(void *arg, struct str path,
			    const struct plan *, const struct plan_node *,
			    struct str inputs);
	void		*arg;
};
/* Flyte's defaults and our rules. */
void	sched_config_init(struct sched_config *);

/* The plan and what config points at must outlive the machine. */
struct sched *sched_new(const struct plan *, const struct sched_config *,
	    int64_t now);
void	sched_free(struct sched *);
static inline void
sched_freep(struct sched **s)
{
	sched_free(*s);
}
#define c_sched	cleanup(sched_freep)

/* ---- running ------------------------------------------------------------ */

/*
 * Runs one round at the time now (nanoseconds of any steady clock), handing
 * out at most max_starts starts of attempts (SCHED_NONE: no limit; what is
 * held back comes in a later round).  now is greater than 0 and never goes
 * back.  1 if anything changed, else 0.  Actions are then waiting.
 */
int	sched_round(struct sched *, int64_t now, uint32_t max_starts);
/*
 * Rounds until nothing changes or actions that want an answer wait.  1: it
 * stopped earlier, since so many actions wait, and is to be called again once
 * they are taken: a resumed map may have a million elements that are over.
 */
int	sched_step(struct sched *, int64_t now, uint32_t max_starts);

/*
 * 1 if starts are held back, for a round that may hand some out; never in an
 * engine that is over, which has no more rounds.
 */
int	sched_holds_back(const struct sched *);

/* Where the workflow is. */
enum sched_wf sched_phase(const struct sched *);
/* Of a failed or aborted run; valid as long as the machine. */
const struct sched_error *sched_error(const struct sched *);
/* core.LiteralMap, of a run that succeeded; NULL p: it declares none. */
struct str sched_outputs(const struct sched *);
/* When sched_step must be called though nothing happened; INT64_MAX: never. */
int64_t	sched_deadline(const struct sched *);

/* Ends the run: what runs is stopped, the workflow is ABORTED. */
void	sched_abort(struct sched *, struct str reason);

/* ---- actions ------------------------------------------------------------ */

enum sched_do {
	/*
	 * Wants sched_looked_up().  All nodes that became ready in a round
	 * are handed out together.  key: task and inputs.
	 */
	SCHED_LOOKUP,
	/* Wants sched_reserved(): get or extend the reservation. */
	SCHED_RESERVE,
	SCHED_RELEASE,		/* give the reservation back; no answer */
	/* Wants sched_put_done(): store outputs under the key. */
	SCHED_PUT,
	/* Wants sched_finished() at last: run the attempt. */
	SCHED_START,
	/*
	 * The attempt is over for the engine: stop it if it runs, clean up.
	 * Also for attempts that were never started, and for each that
	 * failed and is tried again.  No answer (one that comes is ignored).
	 */
	SCHED_STOP,
	/* Wants sched_built(): make a plan of the job spec in outputs. */
	SCHED_BUILD,
	/* Wants sched_child(): start the launch plan or adopt its execution. */
	SCHED_LAUNCH,
	SCHED_KILL,		/* stop the child execution; reason */
	/* Wants sched_signal() when the value is there. */
	SCHED_WAIT,
	/* A node or element has another phase: for journal and report. */
	SCHED_NODE,
	/* The workflow has another phase. */
	SCHED_WORKFLOW,
};

/* Everything not named with its action is unset.  Slices are valid until
 * the next sched_round(), sched_step() or sched_free(). */
struct sched_action {
	enum sched_do	todo;
	struct sched_ref at;
	const struct plan *plan;	/* of the frame */
	const struct plan_node *node;	/* for an element: the sub-node */
	const struct plan_task *task;	/* of LOOKUP, RESERVE, PUT, START */
	const struct plan_launch *launch;	/* of LAUNCH, KILL */
	const struct plan_gate *gate;	/* of WAIT */
	struct str	path;		/* "m/0/n1": ids and attempts of what
					 * it is inside; elements n<i> */
	struct str	inputs;		/* core.LiteralMap of LOOKUP, PUT,
					 * START, LAUNCH; an element's own */
	struct str	whole_inputs;	/* of an element: the map's */
	struct str	outputs;	/* PUT; NODE of a success; BUILD: the
					 * DynamicJobSpec */
	int		interruptible;	/* START, STOP */
	int		unread;		/* STOP: its result came too late */
	struct str	reason;		/* STOP, KILL */
	/* NODE */
	enum sched_phase phase;
	enum sched_why	why;
	uint32_t	cause;		/* node that did not succeed */
	uint32_t	system_failures;
	uint32_t	taken;		/* branch: node of the way taken */
	enum sched_cache cache;
	enum sched_reservation reservation;
	struct sched_error error;	/* NODE and WORKFLOW, code.p NULL: none */
	uint32_t	child;		/* frame it runs, or SCHED_NONE */
	/* WORKFLOW */
	enum sched_wf	wf;
};

/* The next action, or NULL; handed out once. */
const struct sched_action *sched_action(struct sched *);

/* ---- events -------------------------------------------------------------
 * Answers that come too late (the attempt was stopped) are ignored.  Slices
 * are copied.  What an event changes is worked on in the next round, but for
 * SCHED_LOOKUP and SCHED_RESERVE, whose answers belong to the round that
 * asked.
 */

/*
 * SCHED_CACHE_HIT with outputs, SCHED_CACHE_MISS, or
 * SCHED_CACHE_LOOKUP_FAILURE: the round has failed and is tried again.
 */
void	sched_looked_up(struct sched *, struct sched_ref, enum sched_cache,
	    struct str outputs);
/* SCHED_RESERVE_ACQUIRED, _EXISTS or _FAILURE. */
void	sched_reserved(struct sched *, struct sched_ref,
	    enum sched_reservation);
/* After SCHED_RESERVE_EXISTS: it may be free now, so look again. */
void	sched_reservation_freed(struct sched *, struct sched_ref);
void	sched_put_done(struct sched *, struct sched_ref, int ok);

enum sched_end {
	SCHED_OK,		/* with outputs */
	SCHED_NO_OUTPUTS,	/* ended well, wrote no outputs */
	SCHED_NO_READER,	/* ended well, cannot have outputs */
	SCHED_FUTURES,		/* wrote a job spec: outputs is it */
	SCHED_ERROR,		/* failed, with error and retry */
	SCHED_LOST		/* the executor itself failed: no round counts,
				 * the attempt goes on */
};
/* Try again whatever the attempts so far: the driver counts them. */
#define SCHED_RETRY_NOW	2
struct sched_result {
	enum sched_end	end;
	struct str	outputs;	/* core.LiteralMap or DynamicJobSpec */
	struct sched_error error;
	int		retry;		/* the error is recoverable; or
				 * SCHED_RETRY_NOW */
};
void	sched_finished(struct sched *, struct sched_ref,
	    const struct sched_result *);

/* The plan is owned by the caller and outlives the machine; NULL: the spec
 * is bad, and error says so. */
void	sched_built(struct sched *, struct sched_ref, const struct plan *,
	    const struct sched_error *error);

enum sched_child_state {
	SCHED_CHILD_RUNNING,	/* it was launched or adopted */
	SCHED_CHILD_SUCCEEDED,	/* with outputs */
	SCHED_CHILD_FAILED,	/* with error (code.p NULL: none recorded) */
	SCHED_CHILD_ABORTED,	/* with error.message its cause */
	SCHED_CHILD_GONE,
	SCHED_CHILD_REFUSED,	/* could not be launched: error, for good */
	SCHED_CHILD_LATER	/* could not be launched now: the round has
				 * failed and is tried again */
};
void	sched_child(struct sched *, struct sched_ref, enum sched_child_state,
	    struct str outputs, const struct sched_error *error);

/*
 * A value (core.Literal) for the signal id: every gate that waits for it
 * now or later takes it.  A later one takes its place for those that come
 * later.  The caller has checked its type; a literal without a value is
 * none.
 */
void	sched_signal(struct sched *, struct str id, struct str literal);

/* ---- looking ------------------------------------------------------------ */

/* The state of a node or element, for reports. */
struct sched_view {
	enum sched_phase phase;
	enum sched_why	why;
	uint32_t	cause;
	uint32_t	attempt, system_failures;
	enum sched_cache cache;
	enum sched_reservation reservation;
	struct str	inputs, outputs;	/* no inputs of an element */
	struct sched_error error;	/* code.p NULL: none */
	uint32_t	taken, child;	/* as in the action */
	int		unread;		/* its attempt's result waits */
};
void	sched_view(const struct sched *, struct sched_ref,
	    struct sched_view *ret);
uint32_t sched_n_frames(const struct sched *);
/* The plan and graph a frame runs and the node it is inside of (frame
 * SCHED_NONE for the first). */
const struct plan *sched_frame(const struct sched *, uint32_t frame,
	    uint32_t *ret_graph, struct sched_ref *ret_parent);
/* Appends the path of a node or element. */
void	sched_add_path(const struct sched *, struct sched_ref,
	    struct strbuf *);
/* Elements of a map that is open, else 0. */
uint32_t sched_n_elements(const struct sched *, struct sched_ref map);
/* Attempts running now, and most that ever did at once. */
uint32_t sched_n_running(const struct sched *, uint32_t *ret_peak);

#endif
