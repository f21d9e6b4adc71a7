#ifndef PLAN_BUILD_H
#define PLAN_BUILD_H

/* Between the files that build a plan; nobody else includes it. */

#include "base/map.h"
#include "base/strbuf.h"
#include "base/vec.h"
#include "plan/plan.h"

/* A plan that grows, and where its names are found. */
struct build {
	struct plan	*p;
	VEC(struct plan_graph) graphs;
	VEC(struct plan_node) nodes;
	VEC(uint32_t) edges;
	VEC(struct plan_bind) binds;
	VEC(struct plan_path) paths;
	VEC(struct plan_alias) aliases;
	VEC(struct plan_var) vars;
	VEC(struct str) strs;
	VEC(struct plan_task) tasks;
	VEC(struct plan_launch) launches;
	VEC(struct plan_gate) gates;
	VEC(struct plan_array) arrays;
	VEC(struct plan_branch) branches;
	VEC(struct plan_case) cases;
	VEC(struct plan_cond) conds;
	struct map	 task_of;	/* id key to task */
	struct map	 graph_of;	/* id key to graph */
	struct map	 node_of;	/* node id, of the graph being built */
	struct strbuf	 text;		/* scratch */
	struct err	*e;
};

/* A copy in the plan's arena. */
struct str plan_build_text(struct build *, const char *);
/* The canonical bytes of a message, in the plan's arena. */
struct str plan_build_message(struct build *, const ProtobufCMessage *);
/* The number of the node called so in the graph being built, or -1. */
int	plan_build_node_ref(struct build *, const char *id, const char *whose,
	    uint32_t *ret) must_check;

/* The number an identifier has in the map of what. */
int	plan_build_lookup(struct build *, const struct map *,
	    const pb_identifier *, const char *what, const char *whose,
	    uint32_t *ret) must_check;
/*
 * build_node.c.  First: numbers for the node and all inside of it.  Second,
 * in the same order: what refers to others; *at is the node's number and
 * becomes the next one's.
 */
int	plan_build_number(struct build *, const pb_node *, uint32_t graph,
	    uint32_t branch, uint32_t array, int depth, uint32_t *ret)
	    must_check;
int	plan_build_resolve(struct build *,
	    const pb_compiled_workflow_closure *, const pb_node *,
	    uint32_t *at) must_check;
/* build_bind.c: the bindings of one node, after all nodes have numbers. */
int	plan_build_bindings(struct build *, pb_binding *const *, size_t n,
	    const char *whose, struct plan_range *ret) must_check;
/* build_cond.c */
int	plan_build_condition(struct build *, const pb_boolean_expression *,
	    uint32_t *ret) must_check;
/* order.c: ranks of all nodes; refuses cycles. */
int	plan_build_order(struct build *) must_check;

#endif
