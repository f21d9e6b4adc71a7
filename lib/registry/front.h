#ifndef REGISTRY_FRONT_H
#define REGISTRY_FRONT_H

/*
 * From a file to what can be registered or run: a spec, a script with a
 * header, or a package is read, its entities are given full ids and compiled.
 * The three front ends meet here; what comes out does not tell which it was.
 */

#include "base/diag.h"
#include "idl/entity.h"

struct front_priv;
struct registry;
struct spec_file;
struct spec_read;

/* Keeps the code archive of a package: *ret_uri, in the arena, is what
 * stands for it in the tasks. */
typedef int front_code_fn(void *arg, const char *path, struct arena *,
	    const char **ret_uri, struct err *e);

struct front_options {
	/* Of the entities of specs, and of packages whatever they say (as
	 * flytectl); also where references begin to look.  "" leaves them
	 * open: a package to be written. */
	const char	*project, *domain;
	/* Where references to what the file itself does not hold resolve;
	 * NULL: nowhere. */
	struct registry	*registry;
	const char	*pack_helper;	/* libexec/flyte/pack */
	const char	*code_dir;	/* where a package's code archive is
					 * put; NULL: nowhere */
	/* Refuse what only Flyte's own compiler refuses, too. */
	int		 strict;
	/* Compile jq expressions, too: that loads libjq and takes some 20 ms
	 * for a file that has any.  Without libjq nothing is said of them. */
	int		 check_jq;
	front_code_fn	*keep_code;	/* NULL: tasks keep pyflyte's
					 * {{ .remote_package_path }} */
	void		*keep_code_arg;
};

/* An entity with its full id and, unless it is faulty, compiled. */
struct front_entity {
	struct entity	 entity;
	struct entity_id id;		/* into the entity */
	const char	*file;		/* as given; of a package the member */
	int		 implied;	/* nobody wrote it: the launch plan each
					 * workflow of a spec has under its own
					 * name, the task of a map */
	/* What the compiler made of it; NULL if it found a fault. */
	pb_compiled_task *task;
	pb_compiled_workflow_closure *workflow;
	pb_admin_launch_plan_closure *plan;	/* expected inputs, outputs */
	/* A script that is run where it lies, absolute; or NULL.  Only for
	 * running the file itself: registered, its text goes along. */
	const char	*script;
	int		 faulty;	/* not compiled: the diags tell why (a
					 * spec), or errors (a package) */
	const char	*errors;	/* lines, each with a newline; or NULL */
};

enum front_form {
	FRONT_SPEC,
	FRONT_SCRIPT,
	FRONT_PACKAGE
};

struct front {
	enum front_form	 form;
	const char	*path;
	struct front_entity *at;	/* tasks, workflows, plans: each after
					 * what it uses */
	size_t		 n;
	const char	*code_path;	/* the package's code archive */
	const struct spec_file *files;	/* that tasks of a spec name */
	size_t		 n_files;
	/* What else it was made of: a spec's text, the files and folders that
	 * were read beside it (as front_file_path takes them), and whether
	 * the registry was asked. */
	struct str	 text;
	const struct spec_read *reads;
	size_t		 n_reads;
	int		 asked;
	struct front_priv *priv;
};
/* By the name alone. */
enum front_form front_form_of(const char *path);

#define FRONT_INIT	{ .priv = NULL }
#define c_front	cleanup(front_release)

/*
 * Reads one file; the ids have no version yet where the file gives none.
 * 0 also if the file has faults, which are in the diags (of a spec: those
 * entities are marked faulty); -1: it could not be read at all, or is no
 * package.  ret must not move.  The messages and all texts live in the
 * arena; the diags point into *ret, so release it after them.
 */
int	front_read(const char *path, const struct front_options *,
	    struct arena *, struct front *ret, struct diags *, struct err *)
		must_check;
void	front_release(struct front *);
/*
 * Gives the ids the version, and project and domain where front_read left
 * them open.  With force also those of the file's own entities that have a
 * version of their own.
 */
void	front_set_version(struct front *, const char *project,
	    const char *domain, const char *version, int force);
/*
 * Compiles all that is not faulty.  Faults go to the diags (specs and
 * scripts, at their place) or to front_entity.errors (packages); what uses a
 * faulty entity of the file is faulty as well.  -1: only for trouble with
 * the registry.
 */
int	front_compile(struct front *, struct diags *, struct err *)
		must_check;
/* All three; version "" where nothing is registered. */
int	front_load(const char *path, const char *version,
	    const struct front_options *, struct arena *, struct front *ret,
	    struct diags *, struct err *) must_check;
/* Of a spec or script: its folder, and where a file lies that a task names;
 * absolute, in the arena. */
const char *front_folder(const struct front *, struct arena *);
const char *front_file_path(const struct front *, const char *path,
	    struct arena *);
/* How many entities are faulty. */
size_t	front_faults(const struct front *);
/* The message to register: admin.Task and so on; in the arena. */
const ProtobufCMessage *front_message(const struct front_entity *,
	    struct arena *);

/*
 * The entity called so: of the kind, or with ENTITY_ANY the one there is
 * (workflow before its default launch plan).  name NULL: the sole workflow,
 * else the sole task.  ERR_MISSING (or ERR_USAGE where several fit) lists
 * what there is.
 */
int	front_find(const struct front *, enum entity_kind, const char *name,
	    const struct front_entity **ret, struct err *) must_check;

#endif
