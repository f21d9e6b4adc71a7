#ifndef RECORD_HISTORY_H
#define RECORD_HISTORY_H

/*
 * An execution as its journal tells it: for resuming and recovering it, for
 * looking at it, for running one of its attempts again.
 */

#include "base/map.h"
#include "record/journal.h"
#include "record/record.h"

struct history_attempt {
	uint32_t	 number;
	const char	*handle;	/* of the executor, or NULL */
	int64_t		 started, ended;	/* us; ended 0: not known to */
	const char	*cause;		/* NULL: ended well */
	int		 status, sig;
	int64_t		 user_us, system_us, max_rss_kb;
	struct job_log	 out, err;	/* not ended: to is 0 */
	int		 prints;	/* not ended: out and err are known */
	const char	*scratch, *deck, *changed;	/* or NULL */
	int		 failed, interruptible;
	struct sched_error error;	/* if failed */
};

struct history_node {
	struct str	 path;
	enum sched_phase phase;
	const char	*why;		/* sched_why_name, or NULL */
	const char	*of;		/* upstream to blame, or NULL */
	const char	*taken;		/* branch: id of the way taken */
	uint32_t	 attempt, system_failures;
	const char	*cache;		/* "HIT", ... or NULL */
	int64_t		 first, started, ended;	/* us; 0: not yet */
	struct str	 inputs;	/* JSON as recorded, or p NULL: read by
					 * history_inputs */
	struct str	 bound;		/* of a map: JSON list of the inputs that
					 * each element gets whole */
	const char	*digest;	/* of the inputs, of what is no task */
	struct str	 outputs;	/* JSON: history_outputs */
	struct str	 spec;		/* JSON of the job spec it wrote */
	struct sched_error error;	/* code.p NULL: none */
	/* Why it ran (record/why.h): code NULL goes without saying; words where
	 * they are not those of the code; detail: a JSON object or p NULL. */
	const char	*code, *explained;
	struct str	 detail;
	struct str	 place;		/* of the entry a hit came from */
	struct execution_id child;	/* name NULL: none */
	struct history_attempt *attempts;
	size_t		 n_attempts;
};

/*
 * Elements of a map that ended alike in one record: there may be a million,
 * so they are no nodes.  (Some of them may be nodes too, if their attempts
 * have records.)
 */
struct history_range {
	struct str	 map;		/* their paths up to "/nI" */
	uint32_t	 from, n, attempt;
	uint32_t	 reach;		/* end of it and of all before it, of
					 * the same map */
	enum sched_phase phase;		/* succeeded or recovered */
	const char	*why, *cache;	/* as in the node */
	int64_t		 time;		/* us */
	int64_t		 at;		/* of the record in the journal */
	size_t		 len;
};

struct history_signal {
	const char	*id;
	struct str	 value;		/* JSON of the literal */
};

struct history {
	struct execution_id id;
	const char	*dir;
	const char	*target, *target_kind, *file, *code;
	const char	*closure, *identity, *mode, *of, *cache;
	int		 local, keep_going, overwrite_cache;
	uint32_t	 max_parallelism;
	struct str	 inputs;	/* JSON: history_literals */
	struct str	 launches;	/* JSON list of {closure, plan}; p NULL */
	const char	*recover;	/* takes the results of this one, */
	const char	**forced;	/* but not of these nodes */
	size_t		 n_forced;
	struct str	*brought;	/* the same by dynamic tasks */
	size_t		 n_brought;
	unsigned	 nesting;
	enum sched_wf	 phase;
	struct str	 outputs;	/* p NULL: none */
	struct sched_error error;
	int64_t		 created, updated;	/* us */
	int64_t		 ended;		/* us; 0: not ended */
	int		 begins;	/* processes that ran it */
	struct history_node *nodes;	/* in the order they first appear */
	size_t		 n_nodes;
	struct history_range *ranges;	/* by map, then by number */
	size_t		 n_ranges;
	struct history_signal *signals;
	size_t		 n_signals;
	uint64_t	 controlled;	/* commands applied: up to this one */
	struct map	 by_path;	/* index into nodes */
	struct map	 by_map;	/* first of its ranges */
	struct history_cache *recent;	/* what was read last */
	struct arena	 arena;		/* all of the text */
	struct history_build *build;	/* while reading */
};

/*
 * Reads the journal of an execution.  ERR_MISSING, ERR_CORRUPT (also for
 * records that make no sense).  ret needs history_release in any case.
 */
int	history_load(const char *home, const struct execution_id *,
	    struct history *ret, struct err *) must_check;
void	history_release(struct history *);
#define c_history	cleanup(history_release)

/* The same while the journal is opened to go on with it. */
int	history_open(const char *home, const struct execution_id *,
	    struct history *ret, struct journal **ret_journal, struct err *)
	    must_check;

/*
 * The node or element of a path as it is in the journal, or NULL.  An element
 * of a range is put into room.
 */
const struct history_node *history_find(const struct history *,
	    struct str path, struct history_node *room);
/* The same where a node inside others may be given without the attempts
 * between ("m/n1" for "m/0/n1") if that is unambiguous. */
const struct history_node *history_node(const struct history *,
	    const char *path, struct history_node *room);
/* 1 and "a/0", 7 for the path of an element, "a/0/n7". */
int	history_split(struct str path, struct str *ret_map,
	    uint32_t *ret_element);
/* Element i of a range, its path in the arena (NULL: left empty). */
void	history_element(const struct history_range *, uint32_t i,
	    struct arena *, struct history_node *ret);

/*
 * Literals of a record: JSON to canonical wire bytes in the arena, blob: URIs
 * made absolute by the store (NULL: as they are).  p NULL stays so.
 */
int	history_literals(const struct history *, struct store *,
	    struct str json, struct arena *, struct str *ret, struct err *)
	    must_check;
/*
 * The inputs and outputs of a node or element in the same form; p NULL: there
 * are none.  Those of elements are cut out of what is known of the map.
 */
int	history_inputs(const struct history *, struct store *,
	    const struct history_node *, struct arena *, struct str *ret,
	    struct err *) must_check;
int	history_outputs(const struct history *, struct store *,
	    const struct history_node *, struct arena *, struct str *ret,
	    struct err *) must_check;
/* Where the entry is that a hit came from; n 0: not known. */
int	history_place(const struct history *, const struct history_node *,
	    struct arena *, struct str *ret, struct err *) must_check;
/* The outputs of a whole range: a map of lists, URIs as they are. */
int	history_range_outputs(const struct history *,
	    const struct history_range *, struct arena *, struct str *ret,
	    struct err *) must_check;
/* The value of a signal, to wire bytes. */
int	history_literal(const struct history *, struct str json,
	    struct arena *, struct str *ret, struct err *) must_check;
/* A job spec of a record, to canonical wire bytes. */
int	history_spec(const struct history *, struct str json, struct arena *,
	    struct str *ret, struct err *) must_check;
/*
 * How many of its attempts failed by fault of the task, and of the system:
 * those that nobody saw the end of, since their runner died, among them.
 */
void	history_failures(const struct history_node *, uint32_t *ret_user,
	    uint32_t *ret_system);
/* 1 if the phase is final. */
int	history_is_final(enum sched_wf);

#endif
