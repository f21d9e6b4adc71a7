#ifndef STORE_RESERVE_H
#define STORE_RESERVE_H

/*
 * Reservations of cache keys (cache_serializable): of many runs that want
 * the same key one computes it, the others wait and then look it up again.
 *
 * A reservation is a kernel lock (sys/lock.h) on the byte of one file,
 * $FLYTE_HOME/reservations, at an offset made of the key's hash.  It ends
 * with reserve_drop(), or with the process, however that ended.  Two keys
 * with the same offset (one chance in 2^62) merely wait for each other.
 *
 *	reserve_open(s, dataset, tag, &r)
 *	reserve_try(&r): 0 -> run, put, reserve_drop
 *	               : 1 -> spawn reserve_wait_argv() with r.fd as its fd 0;
 *	                      when that child has exited with 0 the lock is
 *	                      ours: look up again, then run or drop
 */

#include "store/catalog.h"
#include "sys/lock.h"

struct reservation {
	int	fd;	/* its own open file description; -1: none */
	int64_t	at;	/* the byte */
};
#define RESERVATION_INIT	{ -1, 0 }

/* ERR_REFUSED: the store cannot be written; then nothing is kept either, and
 * there is nothing to wait for. */
int	reserve_open(struct store *, const struct cache_key *,
	    struct reservation *ret, struct err *e) must_check;
/* 0: ours; 1: another run, or another node of this one, has it. */
int	reserve_try(struct reservation *, struct err *e) must_check;
void	reserve_wait_argv(const struct reservation *, const char *lockwait,
	    char buf[LOCK_WAIT_BUF], const char *argv[4]);
void	reserve_drop(struct reservation *);

#endif
