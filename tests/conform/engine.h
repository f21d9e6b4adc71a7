#ifndef TESTS_CONFORM_ENGINE_H
#define TESTS_CONFORM_ENGINE_H

/*
 * Between the files of the engine's judge: a world in memory around the
 * scheduler, with scripted tasks, a catalog, child executions, signals and a
 * clock, as tests/corpus/engine/README.md tells of the recorded runs.
 */

#include "base/err.h"
#include "base/map.h"
#include "base/vec.h"
#include "conform.h"
#include "engine/sched.h"

#define SECOND	INT64_C(1000000000)

/* What the control plane knows of a node: its last event. */
struct engine_node {
	struct str	path;
	struct sched_action last;	/* slices in the world's arena */
	int		is_element, misfit;
	int64_t		queued_at, started_at;
	struct str	futures;	/* job spec it wrote, or NULL p */
};

/* An attempt that reached the task plugin. */
struct engine_call {
	struct sched_ref at;
	struct str	path;
	const struct plan_task *task;
	struct str	inputs;		/* core.LiteralMap */
	int64_t		started;
	uint32_t	action;		/* of the script, in the row's tree */
	const char	*did;
	int		is_started, running, aborted, interruptible;
	int		no_inputs;
};

struct engine_launch {
	struct sched_ref at;
	struct str	plan, node;	/* names */
	struct str	path;
	struct str	inputs;
	int64_t		started;
	int		is_kill, refused, done;
	struct str	reason;
};

struct engine_entry {
	struct str	key, outputs;
	struct str	owner;		/* reservation, or NULL p */
	int64_t		expires;
};

/* What the runs of one row share. */
struct engine_world {
	const struct conform_row *row;
	struct arena	*arena;
	const pb_compiled_workflow_closure *closure;
	struct plan	*plan;
	const struct sched_rules *rules;
	unsigned	kill_at;	/* the round; 0: never killed */
	VEC(struct engine_entry) catalog;
	VEC(struct plan *) plans;	/* of dynamic tasks */
};

/* One run. */
struct engine_run {
	struct engine_world *w;
	uint32_t	json, script, options;	/* in the row's tree */
	unsigned	number;
	struct sched	*s;
	int64_t		now;
	struct str	name;
	struct engine_run *before;
	int		not_built, stuck;
	int		round_failed;	/* a look-up did: what the machine did
					 * after it in this round, a walk that
					 * waits for answers has not done */
	struct str	not_built_why;
	enum sched_wf	wf;
	struct sched_error error;	/* code.p NULL: none */
	struct str	outputs;	/* NULL p: none */
	VEC(struct engine_node) nodes;
	struct map	node_of;	/* path to nodes */
	VEC(struct engine_call) calls;
	VEC(struct engine_launch) launches;
	uint32_t	peak, stop_peak;	/* the latter of stops */
	unsigned	misfits;	/* cached results that did not fit */
	int64_t		reserved_until;
};

/* engine_world.c: one run from its inputs to its end. */
int	engine_run(struct engine_run *, struct err *) must_check;
void	engine_run_release(struct engine_run *);
struct engine_node *engine_node(struct engine_run *, struct str path);

/* engine_resume.c: the machine is thrown away and rebuilt from what the
 * control plane knows. */
void	engine_kill_and_resume(struct engine_run *, struct sched_config *);

/* engine_task.c */
void	engine_start(struct engine_run *, const struct sched_action *);
void	engine_stop(struct engine_run *, const struct sched_action *);
/* Attempts whose time has come act. */
void	engine_tasks_act(struct engine_run *);
void	engine_build(struct engine_run *, const struct sched_action *);

/* engine_catalog.c */
void	engine_lookup(struct engine_run *, const struct sched_action *);
void	engine_put(struct engine_run *, const struct sched_action *);
void	engine_reserve(struct engine_run *, const struct sched_action *);
void	engine_release(struct engine_run *, const struct sched_action *);

/* engine_child.c */
void	engine_launch(struct engine_run *, const struct sched_action *);
void	engine_kill(struct engine_run *, const struct sched_action *);
void	engine_children_act(struct engine_run *);

/* How what is expected of ours differs from what is recorded of one run. */
enum engine_free {
	ENGINE_STRICT,
	ENGINE_VALUES,		/* inputs, outputs and errors may differ */
	ENGINE_ALL,		/* anything may differ, here and below */
};
struct engine_edits {
	int		stopped;	/* what was left running is stopped */
	int		end_runs;	/* end-node is run, not recovered */
	int		no_stray_ids;	/* ids with an empty attempt are none */
	int		calls_less;	/* calls of elements may be missing */
	enum engine_free workflow;	/* phase, error and outputs */
	struct map	free;		/* path to enum engine_free */
	VEC(struct str)	paths;		/* those in it */
};
/* What holds for a path: of itself, or ENGINE_ALL of what it is inside. */
enum engine_free engine_free_of(const struct engine_edits *, struct str path);

/* engine_compare.c: appends to why what differs; how many. */
unsigned engine_compare(struct engine_run *, const struct engine_edits *,
	    struct strbuf *why);

/* The words of a row. */
struct str engine_cache_name(enum sched_cache);
struct str engine_reservation_name(enum sched_reservation);
struct str engine_branch_name(const struct sched_action *);
const char *engine_phase_name(const struct engine_run *);
const char *engine_kind_name(enum sched_kind);

/* engine.c: all runs of the row by these rules, in a world of their own. */
struct engine_runs {
	struct engine_world w;
	struct engine_run *at;
	unsigned	n;
};
int	engine_runs_make(struct engine_runs *, const struct conform_row *,
	    const struct sched_rules *, unsigned kill_at, struct err *)
	    must_check;
void	engine_runs_release(struct engine_runs *);

/* engine_record.c: what each run came to, as a JSON list of results. */
void	engine_record(struct engine_runs *, struct strbuf *out);

/* engine_rules.c: 1 if the runs differ from what is recorded by our rules
 * alone and are what those say; their names are appended to why. */
int	engine_better(struct engine_runs *, struct strbuf *why);

/* Helpers on the row's tree. */
static inline int64_t
engine_int(const struct engine_run *r, uint32_t map, const char *key,
    int64_t otherwise)
{
	struct str text = conform_text(r->w->row, map, key);
	int64_t n;

	if (map == TREE_NONE || text.n == 0)
		return otherwise;
	n = strtoll(text.p, NULL, 10);
	return n;
}

#endif
