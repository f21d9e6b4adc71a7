#ifndef SYS_SPAWN_H
#define SYS_SPAWN_H

/*
 * The only place that creates processes.  A child gets exactly what its
 * record says: descriptors 0-2 and no other; the empty signal mask and default
 * handlers; a process group of its own unless it is to stay in the foreground
 * one (then what was ignored for us, as by nohup, stays ignored).  No wrapper
 * process; between clone and exec there are only system calls.  Whoever
 * handles or ignores a signal adds it to the list there.
 */

#include <sys/types.h>

#include "base/err.h"
#include "base/strbuf.h"

enum spawn_flags {
	SPAWN_FOREGROUND = 1,	/* stay in our process group */
};

struct spawn {
	const char	*path;		/* the program's file, see proc_find;
					 * relative: to dir */
	char *const	*argv;		/* ends with NULL */
	char *const	*envp;		/* ends with NULL; all of it */
	const char	*dir;		/* working folder; NULL: ours */
	int		 in, out, err;	/* -1: /dev/null; stay the caller's */
	unsigned	 flags;		/* enum spawn_flags */
};

/*
 * A running child.  pidfd becomes readable when it has ended; until it is
 * reaped its pid, and its group's, can not be used again.
 */
struct proc {
	pid_t	pid;		/* 0: none */
	int	pidfd;		/* owned; -1: none */
	int	group;		/* 1: leads a process group of its own */
	/*
	 * The kernel's start time of the process lies between the two:
	 * CLOCK_BOOTTIME in clock ticks, before and after the start.
	 */
	uint64_t started_min, started_max;
};

#define PROC_INIT	{ 0, -1, 0, 0, 0 }

/* How it ended, and what it used. */
struct proc_end {
	int	 code;		/* exit status, or 128 + signal */
	int	 sig;		/* signal that ended it, or 0 */
	int	 core;		/* 1: dumped core */
	int64_t	 user_us, system_us;
	int64_t	 max_rss_kb;
};

/*
 * Starts a child.  On failure nothing runs: ERR_MISSING if the program (or
 * the folder) is not there, ERR_USAGE if it can not be executed, ERR_SYS
 * otherwise; the message begins with the program's name.  A program that the
 * kernel does not take as such (ENOEXEC: text without "#!") is given to
 * /bin/sh, as execvp(3) does.
 */
int	proc_start(const struct spawn *, struct proc *ret, struct err *)
		must_check;

/*
 * Waits for the end (at once if pidfd is readable), closes pidfd; *p is
 * PROC_INIT again.
 */
int	proc_reap(struct proc *p, struct proc_end *ret, struct err *)
		must_check;

/*
 * Signals the whole group, or the one process if it has none.  Only before
 * proc_reap, which is safe also when the leader has ended: unreaped, it keeps
 * the group's number.  A process that has ended already is no error.
 */
void	proc_signal(const struct proc *, int sig);

/*
 * The file that name means: itself if it holds a slash, else the first
 * executable file of that name in the folders of path (as $PATH; NULL is
 * "/usr/local/bin:/usr/bin:/bin").  ERR_MISSING if there is none.
 */
int	proc_find(const char *name, const char *path, struct strbuf *ret,
	    struct err *) must_check;

#endif
