#ifndef COMMON_LOOK_H
#define COMMON_LOOK_H

/*
 * An execution to be looked at: its history, whether a process runs it now,
 * and its nodes as a tree, with what the closure declares about each.
 * Nothing here takes a lock or writes; everything works while the execution
 * runs and after its process was killed.
 */

#include "base/vec.h"
#include "common/context.h"
#include "idl/flyteidl.h"
#include "record/history.h"

#define LOOK_NONE	UINT32_MAX

/* Where the references of declared nodes lead. */
struct look_scope {
	pb_node			**nodes;
	size_t			  n_nodes;
	pb_node			 *failure;	/* or NULL */
	pb_task_template	**tasks;
	size_t			  n_tasks;
	pb_workflow_template	**graphs;	/* sub-workflows */
	size_t			  n_graphs;
	int			  as_written;	/* ids of a switch's ways without
					 * those that they lie in: not what the
					 * compiler made of them */
};

struct look_item {
	struct str	 path;		/* "m/0/n1" */
	struct str	 id;		/* "n1", its last part */
	uint32_t	 parent, first, last, next; /* LOOK_NONE; children in the
					 * order they began */
	unsigned	 depth;
	uint32_t	 within;	/* attempt of the parent it is part of */
	int64_t		 element;	/* index in a map, or -1 */
	uint32_t	 n;		/* elements it stands for: 1, or those
					 * of a range */
	const struct history_range *range; /* or NULL */
	const struct history_node *node; /* NULL: has not begun */
	const pb_node	*decl;		/* or NULL: not known */
	const struct look_scope *scope;	/* of decl's references */
};

struct look {
	const char	*home;
	struct history	 history;
	int		 alive;		/* a process runs it */
	int64_t		 now;		/* us, when it was read */
	VEC(struct look_item) items;
	uint32_t	 first, last;	/* of the top level */
	struct map	 by_path;	/* index into items */
	const pb_compiled_workflow_closure *closure; /* or NULL: trouble */
	struct err	 trouble;
	struct arena	 arena;
};

/*
 * Reads it.  A closure that is gone or damaged is no error: ret->trouble
 * says so, and the tree is made of what has begun.  ret needs look_release
 * in any case.
 */
int	look_open(const char *home, const struct execution_id *,
	    struct look *ret, struct err *) must_check;
void	look_release(struct look *);
#define c_look	cleanup(look_release)

/*
 * The node of a path, as whole as it is in the journal or without the
 * attempts between the ids ("m/n1"); ERR_MISSING names those that are near,
 * ERR_USAGE where the short form is ambiguous.
 */
int	look_find(struct look *, const char *path, uint32_t *ret,
	    struct err *) must_check;

/* Element i of an item that stands for a range, as its own item and node. */
void	look_element(const struct look_item *, uint32_t i, struct arena *,
	    struct history_node *ret, struct look_item *ret_item);

/* The task that a node (or element of a map) runs, or NULL. */
const pb_task_template *look_task(const struct look_item *);
/* The same as it is run: with what the node says in place of some of it, and of
 * an element on one item.  NULL also for a map.  A copy in the arena. */
const pb_task_template *look_task_as_run(const struct look *,
	    const struct look_item *, struct arena *);
/* What kind of node it is: "task", "workflow", "map", ...; "" if unknown. */
const char *look_kind(const struct look_item *);
/* The id of the signal a gate waits for, or NULL. */
const char *look_signal(const struct look_item *);

enum look_phase {
	LOOK_RUNNING,
	LOOK_INTERRUPTED,	/* not ended, and no process runs it */
	LOOK_SUCCEEDED,
	LOOK_FAILED,
	LOOK_ABORTED,
	LOOK_PHASE_MAX
};
/* What people call a phase of a workflow that a living process runs or does
 * not; of this one; in words ("running"). */
enum look_phase look_phase_of(enum sched_wf, int alive);
enum look_phase look_phase(const struct look *);
const char *look_phase_name(enum look_phase);
/* The status to exit with at that end; of an interrupted one it is said how to
 * go on, unless quiet.  -1: it has not ended. */
int	look_end_status(struct context *, enum look_phase, const char *name,
	    int quiet);
/* "done", "reused", "waiting", ...: one word or two. */
const char *look_word(const struct look *, const struct look_item *);
/* 1 for a phase of a node that is final. */
int	look_is_final(enum sched_phase);
/*
 * Opens the log of an attempt (stdout, or stderr) and says which bytes of it
 * are its own, so far if it has not ended.  A descriptor, -2 if it printed
 * nothing, or -1.
 */
int	look_open_log(const struct history *, const struct history_attempt *,
	    int is_err, int64_t *ret_from, int64_t *ret_to, struct err *)
	    must_check;
/* How long it took, or has taken so far; us, -1: it has not begun. */
int64_t	look_duration(const struct look *, const struct history_node *);

/* "0.12 s", "3 min 04 s". */
void	look_add_span(struct strbuf *, int64_t us);
/* RFC 3339, to the second. */
void	look_add_time(struct strbuf *, int64_t us);
/* The same, to the microsecond. */
void	look_add_exact(struct strbuf *, int64_t us);

#endif
