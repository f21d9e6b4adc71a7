#ifndef STORE_STORE_H
#define STORE_STORE_H

/*
 * One open $FLYTE_HOME: its blobs (blob.h) and its catalog (catalog.h).
 * Opening is cheap: folders are made and the catalog is opened when they are
 * first needed.  Not shared between threads, nor used across a spawn.
 *
 * A store that cannot be written is read-only: look-ups and gets work, puts
 * do nothing (catalog) or are ERR_REFUSED (blobs), said once.
 */

#include "base/err.h"

struct store;

/* Takes one line for the user, without newline: what happened once and is
 * no error ("catalog.db is read-only: results are not kept"). */
typedef void store_say(void *arg, const char *line);

struct store_options {
	const char	*home;	/* $FLYTE_HOME, made absolute */
	const char	*local;	/* folder on a disk of this machine, for the
				 * databases if home is on a network file
				 * system; NULL: they are in home anyway */
	store_say	*say;	/* or NULL */
	void		*arg;
	int		 read_only;
	int		 force_local;	/* as if home were on the network */
};

/*
 * Opens the store of a home, an absolute path that need not be there yet: it
 * is made by who first writes.  Databases are opened when asked for.
 */
int	store_open(const struct store_options *, struct store **ret,
	    struct err *e) must_check;
/* Commits what is queued (an error there is said), closes.  NULL is fine. */
void	store_close(struct store *);
static inline void
store_closep(struct store **s)
{
	store_close(*s);
}
#define c_store	cleanup(store_closep)

#endif
