#ifndef REGISTRY_REGISTRY_H
#define REGISTRY_REGISTRY_H

/*
 * Where registered versions live: immutable, created once, found by
 * [PROJECT/DOMAIN/]NAME[@VERSION].  The file registry is one folder
 * (DESIGN: PROJECT/DOMAIN/{task,workflow,launch_plan}/NAME@VERSION, each a
 * plain admin.Task, admin.Workflow or admin.LaunchPlan with its closure); an
 * HTTP registry fills the same table of functions (registry/backend.h).
 *
 * Identity is semantic (idl/semantic.h): registering the same again is
 * "unchanged", other content under the same id is a conflict.
 */

#include "base/time.h"
#include "idl/entity.h"

struct registry;

/*
 * The file registry in a folder, which need not exist yet: it is made by the
 * first registration.  A location http(s)://... is ERR_REFUSED by name.
 */
int	registry_open(const char *location, struct registry **ret,
	    struct err *) must_check;
void	registry_close(struct registry *);
static inline void
registry_closep(struct registry **r)
{
	registry_close(*r);
}
#define c_registry	cleanup(registry_closep)

/* One registered version: the pointer its kind tells of is set. */
struct registered {
	struct entity_id	 id;		/* into the message */
	pb_admin_task		*task;
	pb_admin_workflow	*workflow;
	pb_admin_launch_plan	*plan;		/* closure.state is as of now */
	struct instant		 created_at;
};

/*
 * The version of an exact id (kind and version given).  ERR_MISSING names
 * what there is instead, if anything; ERR_CORRUPT for a file that does not
 * hold what its name says.
 */
int	registry_get(struct registry *, const struct entity_id *,
	    struct arena *, struct registered *ret, struct err *) must_check;

/*
 * Fills the version of an id that leaves it open, and the kind of ENTITY_ANY:
 * the version of the active launch plan of that name (for a workflow the
 * version which that plan runs, if it runs this workflow), else the newest.
 * ENTITY_ANY prefers workflow over launch plan of the same name and version,
 * since a workflow and its default plan share their name; a task beside
 * either is ERR_USAGE: give --type.  An id that has both is only checked for
 * being there.  ERR_MISSING lists near names.  Texts are put in the arena.
 */
int	registry_resolve(struct registry *, struct entity_id *,
	    struct arena *, struct err *) must_check;

/* Fills an open version with the newest of the name, active or not; the kind
 * is given.  ERR_MISSING as registry_resolve. */
int	registry_newest(struct registry *, struct entity_id *,
	    struct arena *, struct err *) must_check;

/* What to list; NULL or ENTITY_ANY: all of them. */
struct registry_filter {
	enum entity_kind kind;
	const char	*project, *domain, *name;
	int		 all_versions;	/* else the newest of each name */
	int		 brief;		/* names alone: no version, no time */
};

struct registry_row {
	struct entity_id id;
	struct instant	 created_at;
	int		 active;	/* a launch plan's state */
};

/*
 * The rows, in the arena, sorted by project, domain, kind and name, the
 * newest version first.  What is not a registered version is passed over.
 */
int	registry_list(struct registry *, const struct registry_filter *,
	    struct arena *, struct registry_row **ret, size_t *ret_n,
	    struct err *) must_check;

enum put_outcome {
	PUT_NEW,		/* registered now (dry run: would be) */
	PUT_UNCHANGED,		/* was there with the same content */
	PUT_CONFLICT,		/* is there with other content */
	PUT_MAX
};

/* One version to register, in full: id, spec and closure.  created_at is set
 * by the registry; that of the message given is not looked at. */
struct registry_put {
	struct entity_id	 id;
	const ProtobufCMessage	*message;	/* admin.Task and so on */
	enum put_outcome	 outcome;	/* set by registry_put_all */
	char			*diff;		/* PUT_CONFLICT: what differs, in
						 * lines, from there to here; in
						 * the arena */
};

enum {
	PUT_DRY_RUN = 1,	/* find out, write nothing */
	PUT_KEEP_GOING = 2	/* register what does not conflict */
};

/*
 * Registers all of them or, where one conflicts (and not PUT_KEEP_GOING),
 * none: nothing is published before every id has been looked up.  Durable on
 * return.  Tasks, then workflows, then launch plans, so that a crash between
 * leaves nothing that refers to what is not there.  Two writers of one id:
 * one wins, the other sees its content.  0 also with conflicts; -1 for
 * trouble with the registry itself.
 */
int	registry_put_all(struct registry *, struct registry_put *at, size_t n,
	    unsigned flags, struct arena *, struct err *) must_check;

/*
 * Keeps a file or a folder as long as the registry lives: code that tasks
 * need.  *ret_uri, in the arena, stands for it in what is registered
 * ("code:NAME"; the same content has the same name); with dry_run it is only
 * found out.  registry_locate puts absolute paths in the place of such texts
 * in all tasks of a message, before it is run; the new texts are in the
 * arena.
 */
int	registry_keep(struct registry *, const char *path, int dry_run,
	    struct arena *, const char **ret_uri, struct err *) must_check;
void	registry_locate(struct registry *, pb_task_template *,
	    struct arena *);
/* The same of each task of a closure. */
void	registry_locate_all(struct registry *,
	    pb_compiled_workflow_closure *, struct arena *);

/*
 * Makes a version of a launch plan the active one of its name (on), or no
 * version if it is the active one (!on).  *ret_before: the version active
 * before, "" if none; in the arena.
 */
int	registry_activate(struct registry *, const struct entity_id *, int on,
	    struct arena *, const char **ret_before, struct err *) must_check;

#endif
