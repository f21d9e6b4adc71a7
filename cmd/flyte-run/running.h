#ifndef FLYTE_RUN_RUNNING_H
#define FLYTE_RUN_RUNNING_H

/* What one use of flyte-run holds together, and its steps: running.c runs and
 * concludes, fresh.c starts something new, again.c takes up what was. */

#include "args.h"
#include "dryrun.h"
#include "outside.h"
#include "run/report.h"
#include "target.h"

struct running {
	struct args	*a;
	struct runner	*runner;
	struct report	*report;
	struct dryrun	*dry;
	struct outside	 outside;
	struct loop	*loop;
	const char	*home;
	const char	*what;
	int		 signal;	/* that asked to stop */
	struct strbuf	 inputs;	/* of what runs: a core.LiteralMap */
	/* Bound by certified.c for what has this name, or p NULL. */
	struct str	 bound;
	struct digest	 about;
};

/* Runner, report and signals. */
int	make_runner(struct running *, struct err *) must_check;
/* Runs till nothing is left, reports, prints the outputs; the exit status. */
int	run_to_end(struct running *, struct run *);

/*
 * Fills in what follows from target, inputs and command line: the record and
 * whether it is durable.  made, of EXECUTION_NAME_MAX, must live as long as
 * the spec.  spec->address is the closure's.
 */
int	fill_spec(struct running *, const struct target *, struct run_spec *,
	    char *made, struct err *) must_check;
/* Packs the closure into the spec; the bytes live as long as the buffer. */
void	pack_closure(struct run_spec *, struct strbuf *, struct arena *);
/* What one --name must always mean: the thing, its version, its inputs. */
const char	*identity_of(const struct run_spec *, struct arena *);
/* The inputs given, checked, with the digests of their files; they live as
 * long as r, or until the next call. */
int	bind_inputs(struct running *r, struct target *t, struct str *ret,
	    struct err *e) must_check;
/* Goes on with an execution, waiting for another process if asked to. */
int	take_up(struct running *r, const struct execution_id *id,
	    const char *script, struct run **ret, struct err *e) must_check;
/* A new execution, or the namesake that is there already. */
int	start(struct running *r, const struct run_spec *spec,
	    struct run **ret, struct err *e) must_check;
/* What the journal tells of the target. */
void	fill_record(struct running *r, const struct target *t,
	    struct record_execution *rec);
/* The reference or file of the command line; the exit status. */
int	run_target(struct running *);

/* --resume; --recover and --relaunch: the exit status. */
int	resume(struct running *);
int	recover(struct running *);

#endif
