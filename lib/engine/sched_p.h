#ifndef ENGINE_SCHED_P_H
#define ENGINE_SCHED_P_H

/*
 * The insides of the engine, between its own files only.
 *
 * A round (sched_round) walks each frame that has something to do: the nodes
 * on its list, in the order of their rank.  A node makes at most one step in
 * a round, as in flytepropeller; what it wakes is on the list of the next
 * one.  A node that runs a frame or a map, and a branch, is on its own
 * frame's list whenever something inside is.
 */

#include "base/limits.h"
#include "base/vec.h"
#include "engine/sched.h"

/* The steps of a node, flytepropeller's NodePhase. */
enum step {
	STEP_NEW, STEP_QUEUED, STEP_RUNNING, STEP_DYNAMIC, STEP_RETRY,
	STEP_SUCCEEDING, STEP_FAILING, STEP_TIMING_OUT,
	/* over: */
	STEP_SUCCEEDED, STEP_FAILED, STEP_TIMED_OUT, STEP_SKIPPED,
	STEP_RECOVERED, STEP_ABORTED
};

static inline int
step_is_over(enum step s)
{
	return s >= STEP_SUCCEEDED;
}

/* Over, and what comes after it may go on. */
static inline int
step_is_good(enum step s)
{
	return s == STEP_SUCCEEDED || s == STEP_RECOVERED;
}

/* What the driver said of an attempt or child, until the next round. */
struct got {
	enum sched_end	end;
	enum sched_child_state child;
	int		retry;
	struct str	outputs;	/* in bytes */
	struct sched_error *error;
	char		bytes[];
};

struct node {
	uint8_t		step;		/* enum step */
	uint8_t		shown;		/* enum sched_phase, as reported */
	uint8_t		why;		/* enum sched_why */
	uint8_t		cache;		/* enum sched_cache */
	uint8_t		reservation;	/* enum sched_reservation */
	uint8_t		building;	/* rounds until its graph is built */
	unsigned	listed : 1;	/* on a list for the next round */
	unsigned	live : 1;	/* the workflow waits for it */
	unsigned	asked : 1;	/* an answer is awaited */
	unsigned	putting : 1;	/* done; the cache is told */
	unsigned	started : 1;	/* this attempt was handed out */
	unsigned	running : 1;	/* ... and has not ended */
	unsigned	held : 1;	/* waits for a free start */
	unsigned	waited : 1;	/* waited for a reservation */
	unsigned	failing : 1;	/* what is inside it failed */
	unsigned	late : 1;	/* this attempt's time was up */
	unsigned	recovered : 1;	/* inputs of the execution before */
	unsigned	no_inputs : 1;	/* they could not be resolved */
	unsigned	decided : 1;	/* branch: the way is chosen */
	unsigned	is_map : 1;	/* child is the number of its elements */
	unsigned	built : 1;	/* dynamic: has its graph */
	uint32_t	queued_in;	/* round */
	uint32_t	granted_in;	/* round for which it has a start */
	uint32_t	attempt, system_failures;
	uint32_t	left;		/* upstream nodes that are not over */
	uint32_t	cause;		/* upstream that did not succeed */
	uint32_t	child;		/* frame, map or way taken */
	int64_t		queued_at, started_at;
	struct str	inputs, outputs;
	struct sched_error *error;
	struct got	*got;		/* an element's outputs are in it */
};

enum frame_state {
	FRAME_RUN, FRAME_FAILING, FRAME_HANDLER, FRAME_DONE, FRAME_FAILED,
	FRAME_ABORTED
};

typedef VEC(uint32_t) u32_list;

struct frame {
	struct sched	*owner;
	const struct plan *plan;
	const struct plan_graph *g;
	struct node	*nodes;		/* g->n of them */
	uint32_t	 number, depth;
	struct sched_ref parent;	/* what it runs inside of */
	struct str	 prefix;	/* of its nodes' paths */
	struct str	 inputs;	/* start-node's outputs; NULL p: none */
	struct str	 outputs;	/* end-node's */
	u32_list	 now, next;	/* nodes to look at */
	u32_list	 blocked;	/* a heap by rank: nodes that wait for the
					 * parallelism limit */
	uint32_t	 open;		/* live nodes that are not over */
	uint32_t	 changed_in;	/* the last round a node got done */
	uint32_t	 bad;		/* node whose failure ends it */
	enum frame_state state;
	int		 go_on, interruptible;
	struct sched_error *error;
};

/* An input of a map: one literal for all, or one for each element. */
struct map_input {
	struct str	name, literal;
	uint32_t	*at;		/* where the field of every
					 * MAP_STRIDE-th element begins, NULL:
					 * the same for all */
	uint32_t	last, last_at;	/* element asked for last, and where
					 * its field begins */
};
#define MAP_STRIDE	64

struct map_error {
	uint32_t	element, round;
	int		fatal;		/* the element failed for good */
	struct sched_error *error;
};

#define NO_SLOT	UINT16_MAX

struct elements {
	struct sched_ref of;		/* the map node */
	const struct plan_node *inner;
	uint32_t	n, min, parallel;	/* parallel 0: no limit */
	uint32_t	next_new;	/* elements from here on are new */
	uint32_t	live;		/* opened and not over */
	uint32_t	succeeded, failed, failing;
	struct map_input *inputs;
	uint32_t	n_inputs;
	/* for each element */
	uint8_t		*shown, *cache, *steps;
	uint16_t	*attempts, *system_failures;
	uint16_t	*slot;		/* index in nodes while live */
	struct columns	*columns;	/* outputs of those up to gathered */
	uint32_t	gathered;
	const char	**out;		/* of those that ended out of turn:
					 * length, data; untouched else */
	VEC(char *)	chunks;		/* what they lie in */
	size_t		chunk_left;
	char		*chunk_end;
	VEC(struct node *) nodes;	/* of the live elements */
	u32_list	free_slots;
	u32_list	now, next;
	VEC(struct map_error) errors;
	int		failing_now, done_now;	/* its outcome is decided */
};

/* A node or element being worked on. */
struct at {
	struct sched	*s;
	struct frame	*f;
	struct node	*n;
	const struct plan_node *pn;
	struct elements	*map;		/* it is an element of */
	struct sched_ref ref;
};

struct timer {
	int64_t		at;
	struct sched_ref ref;
};

struct signal_value {
	struct str	id, literal;
};

struct sched {
	struct sched_config c;
	const struct plan *plan;
	struct arena	arena;		/* lives as long as the machine */
	struct arena	turn;		/* text of the waiting actions */
	struct strbuf	text;
	int64_t		now;
	enum sched_wf	wf;
	uint32_t	round, starts_left, used;
	uint32_t	running, peak;
	uint32_t	failed_rounds;
	uint32_t	first_failed;	/* round, of those in a row, or 0 */
	int		changed, stop, aborted, troubled;
	struct sched_ref trouble;	/* asks again, or frame SCHED_NONE */
	struct str	abort_reason, last_trouble;
	struct sched_error *error;
	VEC(struct frame *) frames;
	VEC(struct elements *) maps;
	VEC(struct sched_action) actions;
	size_t		next_action;
	VEC(struct timer) timers;	/* a heap */
	VEC(struct sched_ref) held;	/* wait for a free start, in order */
	size_t		next_held;
	VEC(struct signal_value) signals;
	VEC(struct sched_ref) gates;	/* that wait for a signal */
};

/* What a handler says after a look at its node. */
enum outcome {
	OUT_BUSY,		/* stays as it is */
	OUT_RUNNING,
	OUT_DYNAMIC,
	OUT_OK,
	OUT_FAILED,		/* for good, with at->n->error */
	OUT_RETRY,		/* unless attempts are used up */
	OUT_AGAIN,		/* another attempt, which is not counted */
	OUT_SKIP,
};

/* sched.c */
/* The action filled with what at is. */
struct sched_action *sched_emit_at(struct at *, enum sched_do);
void	sched_wake(struct sched *, struct sched_ref);
/* at->n and the rest for a reference, or 0. */
int	sched_find(struct sched *, struct sched_ref, struct at *);
void	sched_timer(struct sched *, int64_t at, struct sched_ref);
/* The round has failed: it ends here, and nothing else goes on before the
 * node it failed at (or nobody) does. */
void	sched_trouble(struct sched *, struct sched_ref, struct str message);
extern const struct sched_ref sched_nobody;
struct sched_error *sched_new_error(struct sched *, enum sched_kind,
	    const char *code, struct str message);
struct sched_error *sched_dup_error(struct sched *,
	    const struct sched_error *);
/* A copy that lives as long as the machine; a NULL p stays one. */
struct str sched_keep(struct sched *, struct str);

/* sched_frame.c */
struct frame *sched_frame_open(struct sched *, const struct plan *, uint32_t graph,
	    struct str inputs, const struct sched_ref *parent);
void	sched_frame_free(struct frame *);
/* One round: FRAME_DONE and FRAME_FAILED are the end. */
enum frame_state sched_frame_step(struct sched *, struct frame *);
/* Stops all that runs in it. */
void	sched_frame_abort(struct sched *, struct frame *, struct str reason,
	    enum sched_why);
/* The node is looked at when the parallelism limit lets it. */
void	sched_frame_block(struct frame *, uint32_t node);
/* A node of the frame is over: tells those that wait for it. */
void	sched_frame_node_over(struct at *);

/* sched_node.c, sched_end.c */
void	sched_node_step(struct at *);
void	sched_node_show(struct at *, enum sched_phase, enum sched_why);
/* Queued, or over by what a lookup found. */
void	sched_node_ready(struct at *);
void	sched_node_to(struct at *, enum step, enum sched_why);
void	sched_node_abort(struct at *, struct str reason, enum sched_why);
void	sched_node_fail_inputs(struct at *, struct str message);
void	sched_node_outcome(struct at *, enum outcome);
/* The next attempt after one that may be tried again. */
void	sched_node_retry(struct at *);
void	sched_node_time_out(struct at *);
/* A look at a node that is queued or runs. */
void	sched_node_work(struct at *);
void	sched_node_drop_got(struct node *);
/* Stops what runs inside of it, before a retry or since it is over. */
void	sched_node_clean(struct at *, struct str reason, enum sched_why);
/* After the first attempt, or the only one. */
int	sched_node_is_interruptible(const struct at *);

/* sched_task.c */
enum outcome sched_task_run(struct at *);
/* It ended well and has its outputs: the cache is next. */
enum outcome sched_task_succeeded(struct at *);
/* Its resolved inputs; those of an element are valid for this turn. */
struct str sched_task_inputs(struct at *);
void	sched_task_stop(struct at *, struct str reason);
int	sched_task_is_cached(const struct at *);
void	sched_task_look_up(struct at *);

/* sched_bind.c: the resolved inputs as a core.LiteralMap; -1: e says why. */
int	sched_bind_inputs(struct at *, struct str *ret, struct err *) must_check;
/* A core.LiteralMap of n names, in order, and literals. */
struct str sched_bind_map(struct arena *, const struct str *names,
	    const struct str *values, uint32_t n);
/* The literal called name in a core.LiteralMap, or NULL p. */
struct str sched_bind_get(struct str map, struct str name);
/* Replaces an input called err, if there is one, by the error. */
struct str sched_bind_error(struct at *, struct str inputs,
	    const struct sched_error *);

/* The other kinds of nodes. */
enum outcome sched_branch_run(struct at *);
/* Of a branch: its next attempt finds its children as new. */
void	sched_branch_forget(struct at *);
enum outcome sched_gate_run(struct at *);
enum outcome sched_launch_run(struct at *);
enum outcome sched_workflow_run(struct at *);
enum outcome sched_array_run(struct at *);
enum outcome sched_dynamic_run(struct at *);
void	sched_launch_stop(struct at *, struct str reason);
void	sched_array_abort(struct at *, struct str reason, enum sched_why);
/* 1 once the outcome of an open map is known. */
int	sched_array_is_decided(const struct at *);
/* An element takes this step next; is over. */
void	sched_array_element_step(struct at *, enum step);
void	sched_array_element_over(struct at *);
/* sched_array_open.c: the map of the node, not yet any element; -1: its inputs
 * have no common length, and the node has failed. */
int	sched_array_open(struct at *);
/* Item i of an input, or the whole literal of one that every element gets. */
struct str sched_array_item(struct map_input *, uint32_t i);
void	sched_array_free(struct elements *);
struct elements *sched_array_of(const struct sched *, const struct node *);
struct str sched_array_element_inputs(struct sched *, struct elements *,
	    uint32_t element);
/* The outputs of an element that ended out of turn, or NULL p. */
struct str sched_array_element_outputs(const struct elements *, uint32_t element);
void	sched_array_drop_outputs(struct elements *);
/* sched_gather.c: the element is over: its outputs (NULL p: none) join those
 * before it.  0: it is not its turn, they must be kept. */
int	sched_gather_over(struct at *, struct str outputs);
/* The map's outputs: lists of the elements' outputs; they live as long. */
struct str sched_array_gather(struct at *, struct elements *);
void	sched_gather_free(struct columns *);
/* Its error: the messages of failed elements with their indices. */
struct sched_error *sched_array_error(struct sched *, struct elements *);

/* sched_recover.c: 1 if what is known of the node settles it. */
int	sched_recall_resumed(struct at *);
int	sched_recall_recovered(struct at *);
/* A new node that will not be met any more. */
void	sched_recall_left(struct at *, struct str reason, enum sched_why);
/* A recovered node whose lookup did not hit. */
void	sched_recall_settle(struct at *);

#endif
