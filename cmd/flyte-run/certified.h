#ifndef FLYTE_RUN_CERTIFIED_H
#define FLYTE_RUN_CERTIFIED_H

/*
 * Doing again what needs nothing but the cache, without reading the spec:
 * what a certificate (run/runner.h, run_certify) is kept under.
 *
 * What is to be run follows from the spec's text, its place, the command line
 * and this very program; so a digest of these names what they come to: the
 * closure, its inputs and defaults.  That, the inputs with the digests of
 * their files, and the options name the run.  A spec that took anything from
 * the registry has no certificate; files that it read (scripts, digests) must
 * be in the state they were read in.
 */

#include "running.h"

/*
 * 1 if that was the whole run: *ret_status is the exit status.  0: go on as
 * usual; the inputs may have been bound (r->bound).
 */
int	certified_run(struct running *, int *ret_status);
/* 1 if what was bound is for this target: its text is what was read then. */
int	certified_is_about(struct running *, const struct target *);
/*
 * What the run of the target may be certified under; NULL if it may not.
 * address is the closure's.
 */
const struct run_certify *certified_leave(struct running *,
	    const struct target *, const char *address,
	    struct str inputs);

#endif
