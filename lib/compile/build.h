#ifndef COMPILE_BUILD_H
#define COMPILE_BUILD_H

/*
 * The compiler's own structures, shared by its files only.
 *
 * A builder is one workflow being validated; a sub-workflow is validated by
 * a builder of its own when a node of another refers to it.  Ids of nodes
 * are interned to numbers once; edges are pairs of numbers until the
 * connections are written at the end.
 */

#include "base/vec.h"
#include "compile/compile.h"
#include "idl/names.h"

/* Short names for what idl/names.h does not have. */
#define NODE_TASK	FLYTEIDL__CORE__NODE__TARGET_TASK_NODE
#define NODE_WORKFLOW	FLYTEIDL__CORE__NODE__TARGET_WORKFLOW_NODE
#define NODE_BRANCH	FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE
#define NODE_GATE	FLYTEIDL__CORE__NODE__TARGET_GATE_NODE
#define NODE_ARRAY	FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE
#define BINDING_SCALAR	FLYTEIDL__CORE__BINDING_DATA__VALUE_SCALAR
#define BINDING_LIST	FLYTEIDL__CORE__BINDING_DATA__VALUE_COLLECTION
#define BINDING_MAP	FLYTEIDL__CORE__BINDING_DATA__VALUE_MAP
#define BINDING_PROMISE	FLYTEIDL__CORE__BINDING_DATA__VALUE_PROMISE
#define BINDING_OFFLOADED	\
	FLYTEIDL__CORE__BINDING_DATA__VALUE_OFFLOADED_METADATA
#define REF_PLAN	FLYTEIDL__CORE__WORKFLOW_NODE__REFERENCE_LAUNCHPLAN_REF
#define REF_SUB	FLYTEIDL__CORE__WORKFLOW_NODE__REFERENCE_SUB_WORKFLOW_REF
#define GATE_APPROVE	FLYTEIDL__CORE__GATE_NODE__CONDITION_APPROVE
#define GATE_SIGNAL	FLYTEIDL__CORE__GATE_NODE__CONDITION_SIGNAL
#define GATE_SLEEP	FLYTEIDL__CORE__GATE_NODE__CONDITION_SLEEP
#define ELSE_NODE	FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT_ELSE_NODE

/* PB_NEW for the messages inside others, which have no reader of their own. */
#define NEW_INNER(a, type, prefix)	__extension__ ({		\
	type *new_ = arena_alloc((a), sizeof(*new_));			\
	prefix##__init(new_);						\
	new_;								\
})

#define START_NODE	"start-node"
#define END_NODE	"end-node"

/* One variable of an interface. */
struct var {
	const char		*name;
	const pb_literal_type	*type;
	uint32_t		 bound;	/* stamp of the last binder */
};

/* Variables in byte order of their names. */
struct vars {
	struct var	*at;
	size_t		 n;
};

struct iface {
	struct vars	in, out;
	int		unnamed, untyped;	/* has such a variable */
};

struct cnode {
	pb_node			*msg;
	const struct cnode	*parent;	/* the node it is inside of */
	const char		*path;		/* ids as written, by '/' */
	struct iface		*iface;		/* NULL: unknown or in error */
	struct vars		 out;		/* outputs, by their aliases */
	struct cnode		**kids;		/* of a branch: then, else */
	size_t			 n_kids;
	uint32_t		 name;		/* interned id */
	unsigned		 depth;
	/* bits */
	unsigned		 own : 1;	/* msg may be changed */
	unsigned		 iface_done : 1;
	unsigned		 out_done : 1, out_bad : 1;
	unsigned		 start_promise : 1; /* has one without an id */
	unsigned		 kids_done : 1;
};

/* A sub-workflow of the unit. */
struct sub {
	struct str		 key;
	pb_compiled_workflow	*compiled;
	enum { SUB_NEW, SUB_OPEN, SUB_SEEN } walk; /* by the requirements */
	unsigned		 pure : 1;	/* no branch in it or below */
	unsigned		 done : 1, failed : 1;	/* of the last run */
	unsigned		 runs;
};

/* One compilation. */
struct compiler {
	const struct compile_unit *unit;
	struct arena		*arena;		/* of the result */
	struct arena		 scratch;
	struct compile_errors	*errors;
	struct map		 tasks, subs, plans;	/* key of id -> index */
	struct sub		*sub;
	struct iface		**task_ifaces;	/* made when first needed */
	struct strbuf		 key;		/* for look-ups */
	uint32_t		 stamp;
	unsigned		 depth;		/* builders open */
	size_t			 again;		/* nodes compiled again */
};

struct edge {
	uint32_t	of, to;		/* list of `of` gets `to` */
};

enum edge_kind { EDGE_UP, EDGE_BOTH };

struct builder {
	struct compiler		*c;
	pb_workflow_template	*wf;
	pb_compiled_workflow	*compiled;
	const char		*name;		/* of the workflow */
	struct map		 ids;		/* id -> name number */
	VEC(const char *)	 names;
	VEC(struct cnode *)	 node_of;	/* by name number, or NULL */
	VEC(struct cnode *)	 nodes;
	VEC(struct edge)	 up, down;
	VEC(unsigned char)	 has;		/* by name: HAS_UP, HAS_DOWN */
	struct map		 compiled_subs;
};

enum { HAS_UP = 1, HAS_DOWN = 2 };

/* ---- ids (ids.c) -------------------------------------------------------- */
/* The key of an id in the maps, valid until the next call. */
struct str	compiler_key(struct compiler *, const pb_identifier *);
/* The id's text form, in the scratch arena. */
const char	*compiler_text(struct compiler *, const pb_identifier *);
uint32_t	builder_intern(struct builder *, const char *id);
void		builder_edge(struct builder *, enum edge_kind, uint32_t from,
		    uint32_t to);

/* ---- interfaces (vars.c) ------------------------------------------------ */
struct vars	vars_of(struct arena *, const pb_variable_map *);
struct var	*vars_find(const struct vars *, const char *name);
void		vars_sort(struct vars *);
struct iface	*iface_of(struct arena *, const pb_variable_map *in,
		    const pb_variable_map *out);
/* Empty names and missing types; 0 or -1. */
int		iface_report(struct compiler *, const char *node,
		    const struct compile_place *, const struct iface *);
/* The template's interface with both maps there: itself or a copy. */
pb_typed_interface *iface_filled(struct arena *, pb_typed_interface *);

/* ---- errors (vars.c) ---------------------------------------------------- */
struct compile_place builder_place(const struct builder *, const struct cnode *,
		    const char *var);
/* Adds an error whose description is the text alone. */
#define FAULT(b, code, node, place, ...)				\
	compile_error_add((b)->c->errors, COMPILE_##code, (node), (place), \
	    NULL, __VA_ARGS__)

/* ---- bindings (binding.c) ----------------------------------------------- */
/*
 * Checks bindings against params (NULL: untyped, names and types are taken
 * as they come) and adds the edges of the promises in them.  ret_types, if
 * given, gets the inferred types by name.  0 or -1.
 */
int		cnode_bindings(struct builder *, struct cnode *,
		    pb_binding *const *at, size_t n_at, struct vars *params,
		    enum edge_kind kind, struct vars *ret_types);

/* ---- nodes (node.c, branch.c) ------------------------------------------- */
struct cnode	*cnode_new(struct builder *, pb_node *, struct cnode *parent);
/* The interface of what the node runs; NULL after an error. */
struct iface	*cnode_interface(struct builder *, struct cnode *);
/* Outputs by the names consumers see; NULL after an error. */
struct vars	*cnode_outputs(struct builder *, struct cnode *);
void		cnode_check(struct builder *, struct cnode *);
void		cnode_edges(struct builder *, struct cnode *, enum edge_kind);
struct iface	*cbranch_interface(struct builder *, struct cnode *);
void		cbranch_check(struct builder *, struct cnode *);

/* ---- workflows (workflow.c, connect.c) ---------------------------------- */
/* Validates a workflow into compiled, whose template may be changed; 0/-1. */
int		compiler_workflow(struct compiler *, pb_compiled_workflow *,
		    int own);
void		cnode_sub_check(struct builder *, struct cnode *);
/* Cycles and nodes out of reach; then the connections. */
void		builder_reach(struct builder *);
void		builder_connections(struct builder *);
/*
 * Walks the primary and the sub-workflows it needs: missing ones and cycles
 * of them are errors.  0 or -1.
 */
int		compiler_require(struct compiler *,
		    struct compile_requirements *);

#endif
