#ifndef PACK_HELPER_H
#define PACK_HELPER_H

/*
 * A run of one of our helper programs: they parse foreign bytes and link the
 * libraries for it, so that the tools start quickly and a fault in a parser
 * stays in a process that has nothing to lose.
 */

#include <stdio.h>

#include "base/err.h"
#include "sys/spawn.h"

struct helper {
	const char	*home;		/* its HOME; NULL: it has none */
	const char	*path;
	struct proc	 proc;
	FILE		*answer;	/* frames from the helper */
};
#define HELPER_INIT	{ NULL, NULL, PROC_INIT, NULL }
#define c_helper	cleanup(helper_abort)

/*
 * Starts it with the arguments (ending with NULL; the program itself left
 * out, at most HELPER_ARGS) and nothing in its environment but PATH, LC_ALL
 * and HOME.  in is its stdin (-1: nothing).  It answers on stdout; where out
 * is given, that is its stdout and it answers on stderr.  Both stay the
 * caller's.
 */
#define HELPER_ARGS	8
int	helper_start(struct helper *, const char *path,
	    const char *const *args, int in, int out, struct err *)
		must_check;
/* After FRAME_END: reaps it; ERR_SYS if it did not end well. */
int	helper_end(struct helper *, struct err *) must_check;
/* Stops reading and reaps it; nothing if it has ended. */
void	helper_abort(struct helper *);

#endif
