#ifndef COMMON_CODE_H
#define COMMON_CODE_H

/*
 * Code that goes with tasks: each task that names files gets a folder of its
 * own, kept by the registry, whatever else came with it; so is the code
 * archive of a package.
 */

#include "registry/front.h"
#include "registry/registry.h"

struct context;

struct code_keeper {
	struct context	*context;
	struct registry	*registry;
	const char	*dir;		/* for what is made on the way */
	int		 dry_run;	/* keep nothing, find out its name */
	size_t		 count;		/* of folders made in dir */
};

/* front_options.keep_code, with a keeper: a package's archive. */
int	code_keep_archive(void *keeper, const char *path, struct arena *,
	    const char **ret, struct err *) must_check;
/*
 * The files that the tasks of a front name are kept, and their place is said
 * in the tasks: to be called when the ids are whole, before compiling.
 */
int	code_keep(struct code_keeper *, const struct front *, struct err *)
	    must_check;
/*
 * front_load for what is run out of its file: with the code of a package,
 * which stays where a later resume or replay finds it.  registry_locate then
 * turns it into paths.
 */
int	code_load(struct context *, const char *path,
	    const struct front_options *, int dry_run, struct arena *,
	    struct front *ret, struct diags *, struct err *) must_check;

#endif
