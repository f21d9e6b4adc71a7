#ifndef FLYTE_RUN_TARGET_H
#define FLYTE_RUN_TARGET_H

/* What is to be run: a reference or file, up to a closure and its inputs. */

#include "common/context.h"
#include "common/inputs.h"
#include "idl/entity.h"
#include "registry/front.h"
#include "registry/registry.h"

/* What is said of it lies in its own arena, but for texts of the journal. */
struct target {
	struct arena		 arena;
	const char		*what;		/* as the user named it */
	const char		*reference;	/* in full, with its version */
	enum entity_kind	 kind;
	const pb_compiled_workflow_closure *closure;
	/* What of its inputs is known: those of a launch plan, or NULL, which
	 * leaves the interface's; wants follows from it. */
	const pb_parameter_map	*expected;
	const pb_literal_map	*fixed;
	struct wants		 wants;
	const pb_typed_interface *interface;	/* of the workflow */
	int			 local;		/* from a file, unregistered */
	const char		*file, *script, *code;
	uint32_t		 max_parallelism;
	struct front		 front;
	int			 loaded;	/* front is to be released */
	int64_t			 began;		/* stat_now() before it was */
	struct diags		 diags;
};

/*
 * Finds it; type is that of --type or NULL; with dry_run the code of a package
 * is not kept.  On -1 with e->kind ERR_NONE the faults of a spec have been
 * printed already and the status is 3.
 */
int	run_target_find(struct context *, const char *text, const char *type,
	    int dry_run, struct target *ret, struct err *) must_check;
/* Sets wants from interface, expected and fixed. */
void	target_set_wants(struct target *, struct arena *);
/*
 * 1 if nothing of it is needed once the run was made: no task brings nodes
 * that may name what else is in the file.
 */
int	run_target_is_done(const struct target *);
/* Once or twice. */
void	run_target_release(struct target *);

#endif
