#ifndef SYS_PROC_H
#define SYS_PROC_H

/*
 * Processes of an earlier run, known only by what was written down.  A pid
 * alone is never trusted: it goes with the boot and the time of start.
 */

#include "sys/spawn.h"

/*
 * Text form of a process for a journal: "PID:MIN-MAX:BOOT", the bounds of
 * its start in clock ticks since boot and the kernel's boot id.
 */
void	proc_add_handle(struct strbuf *, const struct proc *);
/* 1 if the handle is of another boot of the machine: nothing of it runs. */
int	proc_boot_differs(struct str handle);

/*
 * Ends every process of this user whose environment holds "NAME=VALUE"
 * (TERM, after grace_ms KILL) and waits until they are gone.  *ret_n counts
 * them.  Our own process is never one of them.  ERR_BUSY if one can not be
 * ended within ten seconds after KILL.
 */
int	proc_end_marked(const char *name, const char *value, int grace_ms,
	    size_t *ret_n, struct err *) must_check;

/* Signals them and goes on; *ret_n counts them. */
int	proc_signal_marked(const char *name, const char *value, int sig,
	    size_t *ret_n, struct err *) must_check;

#endif
