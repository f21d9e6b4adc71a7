#ifndef SYS_LOCK_H
#define SYS_LOCK_H

/*
 * Locks of the kernel on ranges of a file (F_OFD_SETLK).  They belong to the
 * open file description: another descriptor of the same process does not
 * share them, a child that inherits this one does, and the kernel drops them
 * when the last copy is closed - also when every holder was killed.  So no
 * lock is ever stale and nothing has to be unlocked by hand.
 *
 * Waiting without blocking the loop and without polling: lock_wait_argv
 * gives the command of a small program (libexec lockwait) that inherits the
 * descriptor as its stdin, blocks until the kernel grants the range, and
 * exits with 0.  The lock was taken on the shared description, so once that
 * child is done it is the parent's.  The parent watches the child like any
 * other (pidfd); killing the child gives up waiting.  The child asks to be
 * killed when its parent ends.
 */

#include "base/err.h"

/* Opens (making it if need be) a file to lock; a descriptor or -1. */
int	lock_open(int dirfd, const char *path, struct err *e) must_check;

/*
 * Takes bytes at..at+len of fd for writing, without waiting; len 0 is up to
 * the end, so (0, 0) is the whole file.  0: taken; 1: held by another
 * description; -1: the system refused.  fd must be open for writing.
 */
int	lock_try(int fd, int64_t at, int64_t len, struct err *e) must_check;
/* Waits; for programs without a loop and for lockwait itself. */
int	lock_wait(int fd, int64_t at, int64_t len, struct err *e) must_check;
void	lock_drop(int fd, int64_t at, int64_t len);
/* 1 if somebody else holds any of it, 0 if free, -1: the system refused. */
int	lock_held(int fd, int64_t at, int64_t len, struct err *e) must_check;

/*
 * argv of the waiting child, to be spawned with fd as its descriptor 0.
 * program is the path of lockwait; the texts are written to buf.
 */
#define LOCK_WAIT_BUF	64
void	lock_wait_argv(const char *program, int64_t at, int64_t len,
	    char buf[LOCK_WAIT_BUF], const char *argv[4]);

#endif
