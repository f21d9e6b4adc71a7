#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

/*
 * What is run: a compiled closure as flat arrays of 32-bit indices.  A plan
 * owns all it points at, so the closure's arena may be freed once it is
 * built.  Read-only after that, and shared by all frames that run it.
 *
 * Node numbers count through the whole plan; the nodes of graph g are
 * g.first .. g.first + g.n - 1.  Children of branches and the sub-nodes of
 * arrays are nodes of the graph they are written in; so is the failure node.
 *
 * Literals and types are slices of canonical wire bytes (core.Literal,
 * core.LiteralMap, core.LiteralType), unpacked by whoever needs more.
 */

#include "base/err.h"
#include "base/str.h"
#include "idl/flyteidl.h"

#define PLAN_NONE	UINT32_MAX

struct plan_range {
	uint32_t	at, n;		/* at .. at + n - 1 of some array */
};

enum plan_kind {
	PLAN_START,
	PLAN_END,
	PLAN_TASK,	/* what: index into tasks */
	PLAN_WORKFLOW,	/* what: index into graphs */
	PLAN_LAUNCH,	/* what: index into launches */
	PLAN_BRANCH,	/* what: index into branches */
	PLAN_GATE,	/* what: index into gates */
	PLAN_ARRAY,	/* what: index into arrays */
	PLAN_KIND_MAX
};

enum plan_tristate { PLAN_UNSET, PLAN_NO, PLAN_YES };

struct plan_node {
	struct str	id;		/* as compiled: branch children prefixed */
	struct str	name;		/* metadata.name, may be empty */
	enum plan_kind	kind;
	enum plan_tristate interruptible;
	uint32_t	graph, what;
	uint32_t	branch;		/* the branch node it is a child of, or
					 * PLAN_NONE */
	uint32_t	array;		/* the array node it is the element of,
					 * or PLAN_NONE */
	uint32_t	attempts;	/* most attempts: retries + 1, never 0 */
	uint32_t	rank;		/* place in the walk: depth first from
					 * start-node, in the order of the
					 * connections */
	uint32_t	mirror;		/* the same with that order reversed */
	int64_t		timeout;	/* nanoseconds, 0: none of its own */
	struct plan_range up, down;	/* into edges, as the connections say */
	struct plan_range inner;	/* into edges: children of branches that
					 * wait for it (no connection says so) */
	struct plan_range binds;	/* into binds: one for each input */
	struct plan_range aliases;	/* into aliases */
	struct str	overrides;	/* core.TaskNodeOverrides, or empty */
	enum plan_tristate cache, serialize;	/* metadata's, see */
	struct str	cache_version;		/* plan_apply_cache() */
};

/* A workflow: the primary is graph 0. */
struct plan_graph {
	struct str	project, domain, name, version;
	uint32_t	first, n;	/* its nodes */
	uint32_t	start, end;	/* PLAN_NONE end: nothing is walked */
	uint32_t	failure;	/* failure node, or PLAN_NONE */
	int		go_on;		/* FAIL_AFTER_EXECUTABLE_NODES_COMPLETE */
	int		interruptible;	/* metadata_defaults */
	struct plan_range inputs;	/* into vars */
	struct plan_range outputs;	/* into vars */
};

struct plan_var {
	struct str	name;
	struct str	type;		/* core.LiteralType */
};

struct plan_task {
	struct str	project, domain, name, version;
	struct str	type;
	struct str	template;	/* core.TaskTemplate */
	struct str	cache_version;
	struct plan_range inputs, outputs;	/* into vars */
	struct plan_range ignored;	/* into strs: inputs left out of the key */
	int		cacheable;	/* discoverable */
	int		serialize;	/* cache_serializable */
	int		deck;		/* generates_deck unset or true */
};

struct plan_launch {
	struct str	project, domain, name, version;
	/* Names of its outputs.  A closure does not have them: who runs the
	 * plan sets them, where it knows what is launched. */
	struct str	*outputs;
	uint32_t	n_outputs;
};

enum plan_gate_kind { PLAN_APPROVE, PLAN_SIGNAL, PLAN_SLEEP };
struct plan_gate {
	enum plan_gate_kind kind;
	struct str	signal;		/* signal id */
	struct str	type;		/* core.LiteralType of the value */
	struct str	output;		/* variable that takes it */
	int64_t		sleep;		/* nanoseconds */
};

struct plan_array {
	uint32_t	node;		/* the sub-node */
	int64_t		parallelism;	/* -1: not given */
	int64_t		min_successes;	/* -1: not given */
	double		min_ratio;	/* negative: not given */
	struct plan_range bound;	/* into strs: inputs taken whole */
};

struct plan_branch {
	struct plan_range cases;	/* into cases, in order */
	uint32_t	otherwise;	/* else node, or PLAN_NONE */
	int		has_error;
	struct str	error;		/* message of the error default */
};
struct plan_case {
	uint32_t	cond;		/* into conds */
	uint32_t	then;		/* node */
};

/* A condition: both sides of a conjunction are conditions, else operands. */
enum plan_cond_kind { PLAN_COMPARE, PLAN_AND, PLAN_OR, PLAN_COND_BAD };
struct plan_operand {
	struct str	var;		/* NULL p: a constant */
	struct str	literal;	/* core.Literal */
};
struct plan_cond {
	enum plan_cond_kind kind;
	int		op;		/* core.ComparisonExpression.Operator */
	uint32_t	left, right;	/* conditions of a conjunction */
	struct plan_operand a, b;	/* operands of a comparison */
};

/* Where a value comes from.  Lists and maps own a range of further binds. */
enum plan_bind_kind {
	PLAN_LITERAL,	/* text is a core.Literal */
	PLAN_PROMISE,	/* output var of node, then path */
	PLAN_LIST,
	PLAN_MAP,	/* name of each entry is its key; sorted by it */
};
struct plan_bind {
	enum plan_bind_kind kind;
	struct str	name;		/* input, or key in a map */
	struct str	text;		/* literal, or output variable */
	uint32_t	node;		/* producer */
	int64_t		index;		/* "[i].var" of a promise, or -1 */
	struct plan_range sub;		/* into binds, or paths of a promise */
};
struct plan_path {
	int		is_int;
	int32_t		index;
	struct str	key;
};
struct plan_alias {
	struct str	var, alias;
};

struct plan {
	struct plan_graph	*graphs;
	struct plan_node	*nodes;
	uint32_t		*edges;		/* node numbers */
	struct plan_bind	*binds;
	struct plan_path	*paths;
	struct plan_alias	*aliases;
	struct plan_var		*vars;
	struct str		*strs;
	struct plan_task	*tasks;
	struct plan_launch	*launches;
	struct plan_gate	*gates;
	struct plan_array	*arrays;
	struct plan_branch	*branches;
	struct plan_case	*cases;
	struct plan_cond	*conds;
	uint32_t n_graphs, n_nodes, n_edges, n_binds, n_paths, n_aliases,
	    n_vars, n_strs, n_tasks, n_launches, n_gates, n_arrays,
	    n_branches, n_cases, n_conds;
	struct arena		arena;		/* all text */
};

/*
 * Builds the plan of a closure that the compiler made or that came from a
 * package.  Linear in its size.  0 and a plan for plan_free(), or -1 with
 * ERR_SPEC: a reference to what is not there (task, workflow, node of an
 * edge), two nodes of one id in a graph (ValueCollision), no edge from
 * start-node (NoEntryNodeFound), a cycle, sub-workflows nested in
 * themselves, more than MAX_PLAN_NODES nodes.  Nothing else is checked: that
 * is the compiler's work.
 */
int	plan_build(const pb_compiled_workflow_closure *, struct plan **ret,
	    struct err *e) must_check;
void	plan_free(struct plan *);
static inline void
plan_freep(struct plan **p)
{
	plan_free(*p);
}
#define c_plan	cleanup(plan_freep)

/*
 * Lets nodes that say whether and under which version they are cached have
 * tasks of their own that say so.  Flyte's engine passes over what nodes say.
 */
void	plan_apply_cache(struct plan *);

/* The node of this id in the graph, or PLAN_NONE; a search through all. */
uint32_t	plan_find(const struct plan *, uint32_t graph, struct str id);

static inline const struct plan_task *
plan_task_of(const struct plan *p, uint32_t node)
{
	const struct plan_node *n = &p->nodes[node];

	if (n->kind == PLAN_ARRAY)
		n = &p->nodes[p->arrays[n->what].node];
	return n->kind == PLAN_TASK ? &p->tasks[n->what] : NULL;
}

#endif
