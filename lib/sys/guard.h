#ifndef SYS_GUARD_H
#define SYS_GUARD_H

/*
 * Around a call of a library that may not come back: it loops, asks for all
 * the memory there is, or calls abort(3) on what it did not expect.
 *
 * One guard at a time; the process has one thread.  Uses SIGPROF, and SIGABRT
 * while a call is guarded.
 */

#include <stddef.h>

struct guard_limits {
	/* Milliseconds of processor time; after one to two of these on_time
	 * is called, from a signal handler and again and again until the call
	 * is over: it tells the library to stop.  From then on there is no
	 * more memory.  0: no end.  All calls give the same. */
	unsigned	 slice;
	void		(*on_time)(void *arg);
	/* Bytes of address space beyond what is in use; 0: no bound. */
	size_t		 memory;
};

enum guard_end {
	GUARD_DONE,
	GUARD_NO_MEMORY,	/* guard_no_memory() was called */
	GUARD_ABORTED		/* abort() was */
};

/*
 * Calls fn.  Unless it is done, what it held is lost and the state it works
 * on must not be touched again.
 */
enum guard_end guard_run(void (*fn)(void *), void *arg,
	    const struct guard_limits *);
/* To be called inside of fn instead of going on without memory; returns if
 * there is no guard. */
void	guard_no_memory(void);

#endif
