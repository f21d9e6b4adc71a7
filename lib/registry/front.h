#ifndef REGISTRY_FRONT_H
#define REGISTRY_FRONT_H

/*
 * From a file to what can be registered or run: a spec, a script with a
 * header, or a package is read, its entities are given full ids and compiled.
 * The three front ends meet here; what comes out does not tell which it was.
 */

#include "base/diag.h"
#include "idl/entity.h"

struct registry;

struct front_options {
	/* For ids that leave them open (packages do, specs always). */
	const char	*project, *domain;
	const char	*version;	/* "" where nothing is registered */
	/* Where references to what the file itself does not hold resolve;
	 * NULL: nowhere. */
	struct registry	*registry;
	const char	*pack_helper;	/* libexec/flyte/pack */
	const char	*code_dir;	/* where a package's code archive is
					 * put; NULL: nowhere */
	int		 no_compile;	/* only read, for show */
};

/* An entity with its full id and, unless it is faulty, compiled. */
struct front_entity {
	struct entity	 entity;
	struct entity_id id;		/* into the entity */
	const char	*file;		/* as given; of a package the member */
	/* What the compiler made of it; NULL if it found a fault. */
	pb_compiled_task *task;
	pb_compiled_workflow_closure *workflow;
	pb_admin_launch_plan_closure *plan;	/* expected inputs, outputs */
	/* A script that is run where it lies, absolute; or NULL.  Only for
	 * running the file itself: registered, its text goes along. */
	const char	*script;
	int		 faults;	/* in the diags (a spec) or in errors */
	char		*errors;	/* lines of text; of a package */
};

enum front_form {
	FRONT_SPEC,
	FRONT_SCRIPT,
	FRONT_PACKAGE
};

struct front {
	enum front_form	 form;
	const char	*path;
	struct front_entity *at;	/* in the order of registration */
	size_t		 n;
	const char	*code_path;	/* the package's code archive */
	struct front_priv *priv;	/* sources the diags point into */
};
#define c_front	cleanup(front_release)

/* By the name alone: a package ends in .tgz, .tar.gz or .tar, a spec in
 * .yaml, .yml or .json; all else is a script. */
enum front_form front_form_of(const char *path);

/*
 * Loads one file.  0 with every entity compiled; or 0 with faults: in the
 * diags for specs and scripts, in front_entity.errors for packages, so look
 * at front_faults().  -1: the file could not be read at all.  The messages
 * live in the arena; the diags point into *ret, so release it after them.
 */
int	front_load(const char *path, const struct front_options *,
	    struct arena *, struct front *ret, struct diags *, struct err *)
		must_check;
void	front_release(struct front *);
/* How many entities, and faults outside them, are in the way. */
size_t	front_faults(const struct front *, const struct diags *);

/*
 * The entity called so: of the kind, or with ENTITY_ANY the one there is
 * (workflow before its default launch plan).  name NULL: the sole workflow,
 * else the sole task.  ERR_MISSING (or ERR_USAGE where several fit) lists
 * what there is.
 */
int	front_find(const struct front *, enum entity_kind, const char *name,
	    const struct front_entity **ret, struct err *) must_check;

#endif
