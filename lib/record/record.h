#ifndef RECORD_RECORD_H
#define RECORD_RECORD_H

/*
 * The records of a journal as JSON; flyte-store(5) documents them.  "r" names
 * the kind; short keys, since there are many:
 *
 *	execution	what is run: written first, once
 *	begin		a process runs it (again)
 *	start		an attempt was started: p, a, h handle, i inputs,
 *			lo slot and where in SLOT.out and SLOT.err it begins,
 *			int whether it is interruptible
 *	end		an attempt ended: p, a, cause, status, usage, logs
 *	node		a node has another phase: p, s, w why, a, c, o, e;
 *			f place of the entry that a hit came from
 *	elements	consecutive elements of the map p, n of them from from
 *			on, succeeded or were recovered: o a literal map of
 *			lists, one item an element, f a list of places; the
 *			rest as node
 *	why		why a node runs: k code, x words and d detail, where
 *			they are not those of the code (record/why.h)
 *	signal		a gate's value arrived
 *	control		the commands up to n have been applied (record/control.h)
 *	child		an execution launched by a node
 *	build		the graph a dynamic task wrote
 *	workflow	the workflow has another phase; with a final one o or e
 *
 * p is the path of a node or map element (sched.h), a the attempt.  Literal
 * maps are typed JSON with blob: URIs, so that the whole home can be moved;
 * long literals lie beside the journal (record/longlit.h).  The inputs of a map
 * are in the record of its begin, with bound, the names of those that every
 * element gets whole; no record of an element repeats its own.
 */

#include "base/strbuf.h"
#include "base/vec.h"
#include "record/execution.h"
#include "task/job.h"
#include "engine/sched.h"
#include "record/why.h"

struct journal;
struct store;

/* How an execution came to be; the names are flyteadmin's. */
enum record_mode {
	RECORD_MANUAL,
	RECORD_RELAUNCH,
	RECORD_CHILD_WORKFLOW,
	RECORD_RECOVERED,
	RECORD_MODE_MAX
};
const char	*record_mode_name(enum record_mode);

/* A launch plan of an execution: the plan's bytes, its closure's address. */
struct record_launch {
	struct str	 plan;		/* admin.LaunchPlan */
	const char	*closure;
};

struct record_execution {
	struct execution_id id;
	const char	*target;	/* reference: "payroll/development/w@v" */
	const char	*target_kind;	/* "workflow", "task", "launch_plan" */
	const char	*file;		/* what was run unregistered, or NULL */
	const char	*code;		/* its code archive unpacked, or NULL */
	const char	*closure;	/* address of the closure */
	const char	*identity;	/* digest of target and inputs: what
					 * --name must not change */
	struct str	 inputs;	/* core.LiteralMap, or p NULL */
	const struct record_launch *launches;
	size_t		 n_launches;
	unsigned	 nesting;	/* executions above it */
	enum record_mode mode;
	const char	*of;		/* execution it repeats or belongs to */
	int		 local;		/* unregistered: cached under "local" */
	int		 keep_going, overwrite_cache;
	uint32_t	 max_parallelism;
	const char	*cache;		/* "off", "read", ... or NULL */
	const char	*recover;	/* PROJECT/DOMAIN/NAME whose results it
					 * takes, or NULL; but not of: */
	const char	**forced;
	size_t		 n_forced;
	const char	*repeats;	/* PROJECT/DOMAIN/NAME that it is a copy
					 * of, all from the cache; or NULL */
};

/* An output of elements. */
struct record_column {
	struct strbuf	 name;
	struct strbuf	 items;		/* JSON, by commas */
};

/* Elements of a map that ended one after the other, not yet a record. */
struct record_batch {
	uint32_t	 from, n;	/* n 0: none */
	uint32_t	 attempt;
	enum sched_phase phase;
	enum sched_why	 why;
	enum sched_cache cache;
	int		 has_places;
	int		 has_outputs;
	struct strbuf	 map;		/* path up to the element's id */
	VEC(struct record_column) columns;	/* reused: n_columns count */
	size_t		 n_columns;
	struct strbuf	 places;	/* JSON, by commas */
};

/* Writes records to a journal; of I/O only that of long literals. */
struct recorder {
	struct journal	*journal;
	struct store	*store;		/* for blob: URIs; NULL: as they are */
	const char	*dir;		/* the execution's, borrowed; NULL: all
					 * literals stay in the records */
	int		 sync;		/* they are synced when written */
	struct strbuf	 line;		/* reused */
	struct strbuf	 text;		/* the same */
	struct record_batch batch;
	struct err	 trouble;	/* first fault of a conversion */
};
void	recorder_init(struct recorder *, struct journal *, struct store *,
	    const char *dir);
void	recorder_release(struct recorder *);

/* Each adds a record to the journal, which is written by its commit; what goes
 * wrong is in trouble.  begin: n counts the processes that ran it, from 1. */
void	record_execution(struct recorder *, const struct record_execution *);
void	record_begin(struct recorder *, int n);
/* An attempt that starts. */
struct record_started {
	struct str	 path;
	uint32_t	 attempt;
	const char	*handle;	/* of the executor */
	int		 interruptible;
	struct str	 inputs;	/* core.LiteralMap */
	const struct job_result *logs;	/* from where in which log files it
					 * prints; NULL: in none */
};
void	record_start(struct recorder *, const struct record_started *);
void	record_end(struct recorder *, struct str path, uint32_t attempt,
	    const struct job_result *);
/* A SCHED_NODE action; inputs (p NULL: none) where no attempt had them.  Of
 * what is no task or map their digest is kept.  place: of the entry it came
 * from (catalog_place_add), or n 0. */
void	record_node(struct recorder *, const struct sched_action *,
	    struct str inputs, struct str place);
/*
 * The same of an element of a map that succeeded or was recovered, in one
 * record with those that come right after it.  It is in the journal once
 * another record or record_flush follows.
 */
void	record_element(struct recorder *, const struct sched_action *,
	    struct str place);
/* To be called before the journal is committed. */
void	record_flush(struct recorder *);
#define RECORD_DIGEST	65
/* That digest: 64 hexadecimal digits, of the inputs as they are on disk. */
int	record_digest(struct store *, struct str inputs,
	    char ret[RECORD_DIGEST], struct err *) must_check;
void	record_why(struct recorder *, struct str path, const struct why *);
void	record_signal(struct recorder *, struct str id, struct str literal);
/* In the same commit as what the command did. */
void	record_control(struct recorder *, uint64_t number);
void	record_child(struct recorder *, struct str path,
	    const struct execution_id *);
/* brought: launch plans that the graph needs beyond the execution's own. */
void	record_build(struct recorder *, struct str path, struct str spec,
	    const struct record_launch *brought, size_t n);
/* A final phase carries outputs or error. */
void	record_workflow(struct recorder *, enum sched_wf,
	    const struct sched_error *, struct str outputs);

/* 1 if the record is of that kind. */
int	record_is(struct str json, const char *kind);

/* Microseconds since 1970: the clock of the journal. */
int64_t	record_now_us(void);

#endif
