#ifndef TASK_CACHED_H
#define TASK_CACHED_H

/*
 * A task as the catalog knows it: which entries are its own, and which of
 * them a set of inputs means.  Used by every program that runs tasks, so that
 * they share their results.
 *
 * The identity is Flyte's (idl/cachekey.h) with one rule on top, which
 * Flyte's wire allows: a local file or folder carries the digest of its
 * content in Literal.hash.  Tasks that are run from a file, unregistered,
 * are kept in the project "local", and the digest of what they would run is
 * part of the version: an edit never meets a stale entry.
 */

#include "idl/flyteidl.h"
#include "store/catalog.h"

#define CACHED_LOCAL_PROJECT	"local"

struct cached_task {
	uint32_t	 dataset;
	char		**ignored;	/* inputs left out of the key */
	size_t		 n_ignored;
	struct digest	 command;	/* of what would run */
};

/*
 * Interns the task, which is discoverable, in the store.  local: it is not
 * registered.  The template is borrowed.  ERR_USAGE: no cache version.
 */
int	cached_task_init(struct cached_task *, struct store *,
	    const pb_task_template *, int local, struct arena *,
	    struct err *) must_check;

/* The key of the inputs; its tag is in the arena. */
int	cached_key(const struct cached_task *, const pb_literal_map *inputs,
	    struct arena *, struct cache_key *ret, struct err *) must_check;

/* The inputs as the key sees them, in wire form, for the entry. */
struct str cached_preimage(const struct cached_task *,
	    const pb_literal_map *inputs, struct arena *);

/*
 * Gives every local file and folder in the map the hash of its content, in
 * place of whatever hash it came with; URIs of other places keep theirs.
 * ERR_USAGE for a file that is not there.
 */
int	cached_hash_inputs(struct store *, pb_literal_map *, struct arena *,
	    struct err *) must_check;

/*
 * The same for those that have no hash yet: constants of a spec, which say
 * only where a file lies.
 */
int	cached_hash_missing(struct store *, pb_literal_map *, struct arena *,
	    struct err *) must_check;

/*
 * The name of an input whose file or folder is not what its hash says any
 * more, or NULL.
 */
const char *cached_changed_input(struct store *, const pb_literal_map *);

#endif
