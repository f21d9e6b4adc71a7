#ifndef RECORD_CONTROL_H
#define RECORD_CONTROL_H

/*
 * The door to a running execution: commands as files in its folder,
 *
 *	DIR/control/1, DIR/control/2, ...
 *
 * each published whole and never changed, JSON:
 *
 *	{"do": "stop", "reason": TEXT}
 *	{"do": "signal", "id": SIGNAL_ID, "value": core.Literal}
 *
 * Whoever may write to the folder may command; no process has to be there.
 * The process that runs the execution takes them in the order of their
 * numbers and remembers in the journal which it took (record_control), in
 * the same commit as what they did; so each is applied once, whenever and by
 * however many processes the execution is run.
 */

#include "base/err.h"
#include "base/strbuf.h"

struct loop;

enum control_do {
	CONTROL_STOP,
	CONTROL_SIGNAL,
	CONTROL_MAX
};

struct control_command {
	uint64_t	number;		/* set by control_read, control_post */
	enum control_do	todo;
	const char	*reason;	/* STOP; or NULL */
	const char	*id;		/* SIGNAL: what the gate waits for */
	struct str	value;		/* SIGNAL: core.Literal, wire form */
};

/*
 * Publishes a command under the next free number, synced.  ERR_REFUSED if the
 * folder may not be written to.  Numbers follow each other: once it is there,
 * none can come before it.
 */
int	control_post(const char *dir, struct control_command *, struct err *)
	    must_check;

/* -1 (e filled) ends the reading. */
typedef int	control_fn(void *arg, const struct control_command *,
		    struct err *);
/*
 * Hands over every command with a number above after, in order; texts live
 * until fn returns.  No folder is no command.  What can not be read as a
 * command (ERR_CORRUPT) ends it; all before were handed over.
 */
int	control_read(const char *dir, uint64_t after, control_fn *, void *arg,
	    struct err *) must_check;

/*
 * Watches the folder from the loop: first all commands above after that are
 * there already (from the loop too, never from inside control_open), then
 * each as it is published.  By inotify, and by looking every second where the
 * file system is one that other machines write to.  A command that can not be
 * read goes to trouble once and is passed over (NULL: nobody is told).
 */
struct control;
typedef void	control_take_fn(void *arg, const struct control_command *);
typedef void	control_trouble_fn(void *arg, const struct err *);
int	control_open(struct loop *, const char *dir, uint64_t after,
	    control_take_fn *take, control_trouble_fn *trouble, void *arg,
	    struct control **ret, struct err *) must_check;
/* NULL is fine.  Not from inside its own callbacks. */
void	control_close(struct control *);

#endif
