#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * What went wrong, for the caller to pass on or to act upon.  A plain value
 * on the caller's stack: no ownership, may be copied, compared and stored.
 *
 * The function that fails fills it (err_set, err_sys) and each level above
 * that knows a name puts it in front (err_wrap), so a message reads
 * "subject: problem".  The kind alone decides the exit status.
 */

#include "base/base.h"

/* One table for the whole suite; flyte(7) prints it. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,	/* the work ran and failed */
	EXIT_USAGE = 2,		/* usage, or a bad input value */
	EXIT_SPEC = 3,		/* invalid spec or package */
	EXIT_CONFLICT = 4,	/* same id, other content */
	EXIT_MISSING = 5,	/* not found */
	EXIT_REFUSED = 6,	/* refused or unreachable */
	EXIT_CORRUPT = 7,	/* corrupt state */
	EXIT_SYSTEM = 8,	/* system error, such as a full disk */
	EXIT_WORK = 9,		/* dry run: there is work to do */
	EXIT_BUSY = 75,		/* try later */
	EXIT_TIMEOUT = 124,	/* flyte-exec: the task's time was up */
	EXIT_SIGNAL = 128,	/* plus the signal's number */
};

enum err_kind {
	ERR_NONE,
	ERR_FAILED,
	ERR_USAGE,
	ERR_SPEC,
	ERR_CONFLICT,
	ERR_MISSING,
	ERR_REFUSED,
	ERR_CORRUPT,
	ERR_SYS,
	ERR_BUSY,
	ERR_TIMEOUT,
	ERR_KIND_MAX
};

struct err {
	enum err_kind	kind;
	int		sys;		/* errno, or 0 */
	char		msg[1008];	/* outermost context first, no newline */
};
_Static_assert(sizeof(struct err) <= 1024, "small enough to copy freely");

/*
 * All three return -1, so that "return err_set(e, ...)" is one line.
 * err_sys adds the text of errno; err_wrap puts "context: " in front of what
 * is there.  An over-long message loses its end.
 *
 *	int err_set(struct err *, enum err_kind, const char *fmt, ...);
 *	int err_sys(struct err *, const char *fmt, ...);
 *	int err_wrap(struct err *, const char *fmt, ...);
 *
 * err_named is err_sys for a thing that the user or a task named: of that
 * kind if errno puts the blame on it (not there, not permitted, no folder),
 * else ERR_SYS.
 *
 *	int err_named(struct err *, enum err_kind, const char *fmt, ...);
 *
 * Macros, so that compilers and analyzers see that it is -1.
 */
#define err_set(...)	(err_set_text(__VA_ARGS__), -1)
#define err_sys(...)	(err_set_sys(__VA_ARGS__), -1)
#define err_named(...)	(err_set_named(__VA_ARGS__), -1)
#define err_wrap(...)	(err_set_context(__VA_ARGS__), -1)
void	err_set_text(struct err *, enum err_kind, const char *fmt, ...)
		printf_like(3, 4) cold;
void	err_set_sys(struct err *, const char *fmt, ...) printf_like(2, 3) cold;
void	err_set_named(struct err *, enum err_kind, const char *fmt, ...)
		printf_like(3, 4) cold;
void	err_set_context(struct err *, const char *fmt, ...)
		printf_like(2, 3) cold;

/* Forgets what was there. */
void	err_clear(struct err *e);
/*
 * 1 if the machine has run out of something (space, descriptors, memory) or
 * does not let us write: nothing that a second try at once would mend, and
 * nobody's mistake.
 */
int	err_is_shortage(const struct err *e);
/* What was read is to blame: ERR_CORRUPT, unless we ran out of something. */
void	err_blame_state(struct err *e);
enum exit_status err_exit_status(const struct err *e);

#endif
