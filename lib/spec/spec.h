#ifndef SPEC_SPEC_H
#define SPEC_SPEC_H

/*
 * A spec file (YAML or JSON) or a script with a header, lowered to flyteidl:
 * the entities as they are registered, not yet compiled.  The grammar is
 * flyte-spec(5).  No file name, folder or position is part of an entity;
 * spec_span_of() tells where in the file a thing was said.
 */

#include "base/diag.h"
#include "base/err.h"
#include "data/tree.h"
#include "idl/entity.h"
#include "sys/statcache.h"

enum spec_form {
	SPEC_YAML,
	SPEC_JSON,
	SPEC_SCRIPT	/* one task: keys in the leading comment */
};

/* By the name alone: .json, .yaml and .yml; all else is a script. */
enum spec_form spec_form_of(const char *name);

/*
 * What a name that is not in the file stands for.  All of it is borrowed and
 * must outlive the spec.
 */
struct spec_target {
	pb_identifier		*id;		/* whole */
	const pb_typed_interface *interface;
	const pb_task_metadata	*metadata;	/* of a task */
	const pb_task_template	*task;		/* of a task: wanted by maps */
	pb_workflow_template	*workflow;	/* of a workflow, and the sub-
						 * workflows that it needs */
	pb_workflow_template	**sub_workflows;
	size_t			 n_sub_workflows;
	const pb_parameter_map	*parameters;	/* of a launch plan: inputs it
						 * takes; of a workflow: its
						 * defaults, or NULL */
};
/*
 * Finds what a reference ([PROJECT/DOMAIN/]NAME[@VERSION]) stands for.  0,
 * or -1 with a message; ERR_MISSING if there is no such thing.
 */
typedef int spec_resolve_fn(void *arg, enum entity_kind, struct str ref,
	    struct spec_target *ret, struct err *e);

struct spec_options {
	enum spec_form	 form;
	const char	*project, *domain;	/* of every id */
	const char	*version;		/* may be "" */
	const char	*dir;			/* absolute folder of the file:
						 * relative paths are below it;
						 * NULL: they stay as they are
						 * and no file is read */
	spec_resolve_fn	*resolve;		/* NULL: nothing is outside */
	void		*resolve_arg;
	const pb_variable_map *outputs;		/* spec_load_dynamic(): what
						 * the task declares */
};

struct spec_entity {
	struct entity	 entity;
	struct entity_id id;		/* into the entity */
	int		 faulty;	/* has a diagnostic, or uses what has:
					 * not to be compiled */
	int		 implied;	/* nobody wrote it: the launch plan that
					 * each workflow has under its own
					 * name, the task of a map */
	uint32_t	 key, node;	/* in the tree; node may be
					 * TREE_NONE */
};

/* A file that a task names: goes into the code archive. */
struct spec_file {
	const char	*path;		/* relative to options.dir */
	const char	*task;		/* its name */
};

/* What was read beside the spec. */
struct spec_read {
	const char	*path;		/* relative to options.dir */
	struct stat_id	 before;	/* what lay there before it was read;
					 * all 0: nothing that can be told */
};

struct spec {
	struct tree	 tree;		/* the diagnostics point at it */
	struct arena	*arena;		/* borrowed */
	struct spec_entity *at;		/* tasks, then workflows (what is used
					 * before what uses it), then plans */
	size_t		 n;
	struct spec_file *files;
	size_t		 n_files;
	struct spec_read *reads;	/* files and folders that were read */
	size_t		 n_reads;
	enum spec_form	 form;
	pb_identifier	**ids;		/* the ids of the entities, shared by
					 * all that refer to them */
	char		*text;		/* of a script: its header as YAML */
};
#define c_spec	cleanup(spec_release)

/*
 * Reads and lowers text, called name in diagnostics.  Text and name are
 * borrowed by the spec and the diagnostics.  0, or -1 if there is at least
 * one diagnostic: all faults of the file are reported, and the entities that
 * have none are there.  The messages live in the arena.  *ret must not move
 * afterwards, and be released after the diagnostics.
 */
int	spec_load(const char *name, struct str text,
	    const struct spec_options *, struct arena *, struct spec *ret,
	    struct diags *) must_check;
/*
 * What a dynamic task wrote: nodes: and outputs: of a workflow without
 * inputs, and the tasks: and workflows: that they run; or a file with one
 * workflow, which runs as a node of its name.  The outputs are those
 * that the task declares (options.outputs), whose types constants have.  As
 * spec_load(); *ret_job (set on 0) is what is to run next.
 */
int	spec_load_dynamic(const char *name, struct str text,
	    const struct spec_options *, struct arena *, struct spec *ret,
	    pb_dynamic_job_spec **ret_job, struct diags *) must_check;
void	spec_release(struct spec *);

/* The entity called so, or NULL; ENTITY_ANY: workflow, task, plan. */
const struct spec_entity *spec_find(const struct spec *, enum entity_kind,
	    const char *name);

/*
 * Where the file says it: the node of the workflow (its id; of a branch also
 * "branch-child" as the compiler names it), and there the variable (an input,
 * or an output of the workflow with node_id "end-node").  NULL or unknown
 * parts fall back to what is around them.
 */
struct span	spec_span_of(const struct spec *, const struct spec_entity *,
		    const char *node_id, const char *variable);

/* 1 if the text begins like a script with a task's header ("#%" and so on
 * in its leading comment). */
int	spec_is_script(struct str text);

#endif
