#ifndef SYS_JOBSERVER_H
#define SYS_JOBSERVER_H

/*
 * GNU make's jobserver, as a client (GNU make manual, "POSIX Jobserver
 * Interaction"): a pipe or a fifo with one byte for each job that may run
 * beside the first.  Who starts a further job takes a byte and writes the
 * same one back when it has ended.
 *
 * Never blocks: the pipe is opened anew, so that not blocking is ours alone.
 * What is held is given back by jobserver_close; only a SIGKILL loses it, as
 * with every client.
 */

#include "base/err.h"
#include "base/str.h"

struct jobserver;

/*
 * The one that the text of $MAKEFLAGS names; *ret NULL if it names none.  To
 * be called before any other file is opened: make may have closed its own.
 * ERR_REFUSED, with what to do, if it can not be used.
 */
int	jobserver_open(struct str makeflags, struct jobserver **ret,
	    struct err *) must_check;
/* Gives back everything.  NULL is fine. */
void	jobserver_close(struct jobserver *);
static inline void
jobserver_closep(struct jobserver **j)
{
	jobserver_close(*j);
}
#define c_jobserver	cleanup(jobserver_closep)

/* Takes n tokens, or none if there are not so many now.  1 if taken. */
int	jobserver_take(struct jobserver *, unsigned n);
/* Gives back so many that n are held. */
void	jobserver_keep(struct jobserver *, unsigned n);
unsigned jobserver_held(const struct jobserver *);
/* Readable when there may be a token. */
int	jobserver_fd(const struct jobserver *);

#endif
