#ifndef FLYTE_CTL_H
#define FLYTE_CTL_H

/* Between the files of flyte-ctl. */

#include "common/context.h"
#include "common/look.h"

struct ctl {
	struct context	 ctx;
	const char	*home;
	int		 quiet;
	int		 wait;
	const char	*reason;
	int64_t		 timeout_ms;	/* -1: none */
	struct execution_id id;
	const char	*path;		/* of the node, or NULL */
};

/* Each returns the status to exit with. */
int	ctl_wait(struct ctl *);
int	ctl_stop(struct ctl *);
int	ctl_approve(struct ctl *);
int	ctl_signal(struct ctl *, const char *value);
/* All executions if id.name is NULL. */
int	ctl_fsck(struct ctl *);

/* ---- transitions.c ------------------------------------------------------ */

/* Takes one fault, without newline. */
typedef void	fault_fn(void *arg, const char *text);
/*
 * Reads the journal of the folder record by record: it must be of the
 * execution, every record a legal step from those before.  -1 if it can not
 * be read at all.
 */
int	check_transitions(const char *dir, const struct execution_id *,
	    fault_fn *, void *arg, struct err *) must_check;

#endif
