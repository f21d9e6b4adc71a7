#ifndef FLYTE_REGISTER_REGISTER_H
#define FLYTE_REGISTER_REGISTER_H

/* What the files of this program share. */

#include "base/strbuf.h"
#include "common/context.h"
#include "idl/entity.h"
#include "registry/front.h"
#include "registry/registry.h"
#include "sys/scratch.h"

struct settings {
	struct context	 context;
	const char	*type;		/* --type */
	const char	*as;		/* --as */
	const char	*out;		/* -O */
	const char	*copy;		/* --copy: none, auto or all */
	const char	*format;	/* --format: text or json */
	int64_t		 limit;		/* --limit, or 0 */
	int		 dry_run, keep_going, quiet, verbose, all;
	int		 json, jsonl, portable, exit_code;
	const char	*project, *domain;	/* resolved at first use */
};

/* Each carries out one verb and returns the exit status. */
int	do_register(struct settings *, char **args, size_t n);
int	do_check(struct settings *, char **args, size_t n);
int	do_list(struct settings *, char **args, size_t n);
int	do_versions(struct settings *, char **args, size_t n);
int	do_show(struct settings *, char **args, size_t n);
int	do_diff(struct settings *, char **args, size_t n);
int	do_activate(struct settings *, char **args, size_t n);
int	do_deactivate(struct settings *, char **args, size_t n);

/* The registry of -r or the home. */
int	open_registry(struct settings *, struct registry **ret, struct err *)
		must_check;
/* settings.project and .domain. */
int	find_place(struct settings *, struct err *) must_check;
/* What front_read needs, without a place for code. */
int	front_settings(struct settings *, struct registry *,
	    struct front_options *ret, struct err *) must_check;

/*
 * Reads files and folders: *ret_n fronts, in an array that release_fronts
 * frees after the diags.  A folder with .pb files is a package, of another
 * the scripts with a header are taken.
 */
struct fronts {
	struct front	*at;
	size_t		 n, cap;
	struct scratch	 code;		/* for code archives */
	struct diags	 diags;
};
#define FRONTS_INIT	{ NULL, 0, 0, SCRATCH_INIT, DIAGS_INIT }
int	read_fronts(struct settings *, const struct front_options *,
	    char **args, size_t n, struct fronts *ret, struct err *)
		must_check;
void	release_fronts(struct fronts *);
#define c_fronts	cleanup(release_fronts)
/* Prints all faults in the form of --format; the number of faulty entities
 * and diagnostics. */
size_t	print_faults(struct settings *, const struct fronts *);
/* What a Flyte cluster would not take, a line each; their number. */
size_t	print_unportable(const struct fronts *);

/* text.c: an entity for people.  created_at may be NULL. */
struct shown {
	const struct entity_id	*id;
	const pb_task_template	*task;
	const pb_workflow_template *workflow;
	const pb_admin_launch_plan *plan;
	/* Of a workflow: what its own launch plan says of the inputs. */
	const pb_parameter_map	*parameters;
	const struct instant	*created_at;
	int			 active;
};
void	text_entity(struct strbuf *, const struct shown *);
/* One line: its kind, name and interface. */
void	text_line(struct strbuf *, const struct shown *);

#endif
