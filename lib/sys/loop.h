#ifndef SYS_LOOP_H
#define SYS_LOOP_H

/*
 * One thread's waiting: descriptors (pidfds among them), deadlines and
 * signals, by poll(2) and signalfd(2).  Nothing is ever done in a signal
 * handler.
 *
 * Watches and timers belong to the caller and lie inside its own records, so
 * that the loop allocates nothing per event; they must be taken out before
 * the record goes away.  Callbacks may add and remove any of them, their own
 * included.
 */

#include <poll.h>
#include <signal.h>

#include "base/err.h"

struct loop;
struct loop_watch;
struct loop_timer;

typedef void loop_watch_fn(struct loop_watch *, short revents);
typedef void loop_timer_fn(struct loop_timer *);
/* from is the sender's pid, 0 for the kernel or the terminal. */
typedef void loop_signal_fn(void *arg, int sig, pid_t from);

struct loop_watch {
	int		 fd;
	short		 events;	/* as poll(2) */
	loop_watch_fn	*fn;
	void		*arg;
	uint32_t	 at;		/* place in the loop + 1; 0: not in */
};

struct loop_timer {
	int64_t		 when;		/* loop_now() time it is due */
	loop_timer_fn	*fn;
	void		*arg;
	uint32_t	 at;		/* place in the heap + 1; 0: not set */
};

/* Nothing to release beyond loop_free. */
struct loop *loop_new(void);
/* Restores the signal mask that loop_signals found.  NULL is fine. */
void	loop_free(struct loop *);
static inline void
loop_freep(struct loop **l)
{
	loop_free(*l);
}
#define c_loop	cleanup(loop_freep)

/* Nanoseconds of CLOCK_MONOTONIC. */
int64_t	loop_now(void);

/* Calls fn whenever the events are there, until it is removed. */
void	loop_add(struct loop *, struct loop_watch *);
/* Nothing if it is not in. */
void	loop_remove(struct loop *, struct loop_watch *);

/* Sets, or moves, a timer to an absolute time; called once. */
void	loop_timer_set(struct loop *, struct loop_timer *, int64_t when);
void	loop_timer_stop(struct loop *, struct loop_timer *);

/*
 * From now on the signals of the set are blocked and handed to fn by
 * loop_step.  Once per loop.
 */
int	loop_signals(struct loop *, const sigset_t *, loop_signal_fn *,
	    void *arg, struct err *) must_check;

/*
 * Waits for at least one event, at most max_wait nanoseconds (-1: no bound,
 * 0: not at all), and calls what is due: watches first, so that work that
 * ended in time counts as such, then timers, then signals.  Returns the
 * number of callbacks made, or -1.
 */
int	loop_step(struct loop *, int64_t max_wait, struct err *) must_check;

#endif
