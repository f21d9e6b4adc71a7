#ifndef SPEC_WORKFLOW_H
#define SPEC_WORKFLOW_H

/*
 * Workflows of a spec.  In three steps over the whole file: declare (names,
 * inputs, what each node runs), order (what is used before what uses it),
 * lower (bindings, conditions, outputs).
 */

#include "spec/load.h"
#include "spec/settings.h"

enum node_kind {
	NODE_TASK,
	NODE_WORKFLOW,
	NODE_LAUNCHPLAN,
	NODE_MAP,
	NODE_SWITCH,
	NODE_GATE
};

/* What a node runs, from the file or from outside. */
struct target {
	enum entity_kind kind;		/* ENTITY_ANY: none, a fault */
	struct decl	*decl;		/* in the file, or NULL */
	struct spec_target ext;		/* else */
};

struct node;

struct node_list {
	struct node	*at;
	size_t		 n;
};

struct node_keys {
	uint32_t	with, after, aliases, name;
	uint32_t	concurrency, min_successes, min_ratio, bound; /* map */
	uint32_t	cond, error;		/* a case of a switch */
	struct settings_nodes settings;
};

struct node {
	struct str	 name;		/* in the file */
	char		*id;
	uint32_t	 key, at;	/* in the tree */
	enum node_kind	 kind;
	uint32_t	 what;		/* value of the key that tells the
					 * kind */
	struct target	 target;
	struct node_keys k;
	struct settings	 set;
	struct node_list cases;		/* of a switch: the children */
	struct node	*parent;	/* of a child: its switch */
	VEC(struct node *) refs;	/* of an outermost switch: the nodes
					 * that it and its children use */
	pb_node		*pb;
	const pb_variable_map *outputs;	/* once asked for */
	int		 broken;	/* what it runs is not known */
	int		 faulty;
	int		 busy;		/* its outputs are being told */
	int		 placed;	/* in the template's list */
};

struct workflow {
	struct file	*f;
	struct decl	*decl;
	struct declared_list inputs;
	struct node_list nodes;
	struct node	*failure;	/* on_failure, or NULL */
	struct map	 names;		/* inputs first, then nodes */
	uint32_t	 outputs, policy, description, interruptible;
	pb_workflow_template *t;
	pb_admin_workflow_spec *spec;
	pb_variable_map	*out_types;	/* once lowered */
	VEC(struct workflow *) subs;	/* of the file, directly */
	VEC(struct workflow *) plans;	/* through launch plans */
	VEC(pb_workflow_template *) outside; /* not of the file */
	VEC(struct workflow *) users;	/* for the order */
	struct node	*current;	/* being lowered, or NULL */
	uint32_t	 waiting;	/* for the order too */
	unsigned	 asking;	/* nodes asked for outputs in turn */
	int		 done;
};

/* Makes the workflow of a declaration, with its inputs; nodes follow later. */
void	workflow_declare(struct file *, struct decl *);
void	workflow_release(struct workflow *);
/* Lowers all in their order; cycles are faults. */
void	workflows_lower(struct file *);

/* The interface of a target; maps are never NULL, unless it is a fault or
 * (outputs) not known yet. */
const pb_variable_map *target_inputs(struct file *, const struct target *);
const pb_variable_map *target_outputs(struct file *, const struct target *);
/* Finds what a node names. */
void	target_find(struct file *, enum entity_kind, uint32_t node,
	    struct target *ret);
pb_identifier *target_id(const struct target *);

/* The outputs of a node, or NULL when it has a fault. */
const pb_variable_map *spec_node_outputs(struct workflow *, struct node *);

/* ---- bindings (reference.c, bind.c) ------------------------------------- */

/* What a reference stands for. */
struct reference {
	pb_output_reference *promise;	/* node_id "" for an input */
	pb_literal_type	*type;		/* NULL: not known */
	struct node	*from;		/* NULL: an input */
};

/* 1 if the node is a scalar that is a reference ($name...). */
int	bind_is_reference(const struct tree *, uint32_t node);
/* Resolves it; -1 with a fault (or when what it names has one). */
int	bind_reference(struct workflow *, uint32_t node,
	    struct reference *ret);
/* The same for a part of the scalar's text; it begins with $. */
int	bind_reference_in(struct workflow *, uint32_t node, struct str text,
	    struct reference *ret);
/*
 * The binding of a parameter of the type at a node: references, constants,
 * lists and maps of both.  type NULL: whatever it is.  NULL with a fault.
 */
pb_binding_data *bind_value(struct workflow *, uint32_t node,
		    const pb_literal_type *type, const char *what,
		    pb_literal_type **ret_type);
/* A constant; a binding of the input var.  Messages are referred to. */
pb_binding_data *bind_literal(struct load *, const pb_literal *);
pb_binding *bind_named(struct load *, char *var, pb_binding_data *);
/* with: of a node against the inputs of what it runs. */
void	spec_bind_inputs(struct workflow *, struct node *,
	    const pb_variable_map *params);

#endif
