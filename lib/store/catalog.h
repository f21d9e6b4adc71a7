#ifndef STORE_CATALOG_H
#define STORE_CATALOG_H

/*
 * What was computed before.  An entry's identity is Flyte's own: a dataset
 * (project, domain, "flyte_task-NAME", version + interface hashes) and a tag
 * (hash of the inputs); idl/cachekey.h computes both, this module only keeps
 * them.  Each entry holds its pre-image too, so that a miss can be explained.
 *
 * SQLite in WAL mode, synchronous=NORMAL: a kill loses nothing committed, a
 * power cut at most the last commits, never the file.  Look-ups of all ready
 * nodes go in one call, puts are queued and written in one transaction per
 * turn of the loop, or some turns that follow quickly (catalog_commit).  The
 * first writer of a key wins.
 *
 * Errors of the database are ERR_SYS (full disk), ERR_BUSY (locked for
 * longer than 10 s), ERR_CORRUPT (with how to repair).  A caller that runs
 * tasks may say the error once and go on without a cache.
 */

#include "base/arena.h"
#include "store/blob.h"
#include "store/store.h"

struct store;

/* A task as far as caching goes.  Texts are copied when interned. */
struct cache_dataset {
	const char	*project, *domain;	/* of the task's id */
	const char	*name;		/* "flyte_task-NAME" */
	const char	*version;	/* "1.0-GKw-c0Pw-GKw-c0Pw" */
	/* For explanations; may be empty. */
	const char	*cache_version;	/* "1.0" */
	struct str	 interface;	/* TypedInterface in wire form */
};

/* Interns a dataset for this process; cheap to repeat.  No I/O. */
uint32_t catalog_dataset(struct store *, const struct cache_dataset *);

/* A use is noted at most this often, so that hits do not write: seconds. */
#define CACHE_USE_NOTED	(24 * 60 * 60)

struct cache_key {
	uint32_t	dataset;	/* from catalog_dataset() */
	struct str	tag;		/* "flyte_cached-..." */
};

enum cache_state {
	CACHE_MISS,
	CACHE_HIT,
	CACHE_DAMAGED,	/* an entry is there, but a blob of it is gone or not
			 * whole: a miss that says so; a put repairs it */
};

struct cache_lookup {
	struct cache_key key;		/* in */
	struct digest	 command;	/* in: digest of what would run (script,
					 * command, image); empty: unknown */
	/* out; texts and bytes are in the arena given */
	enum cache_state state;
	int		 command_differs; /* hit, but made by another command
					   * under the same version */
	int64_t		 created, used;	/* seconds since the epoch */
	struct str	 blobs;		/* it needs, as certificates list them */
	int64_t		 row;		/* hit: for catalog_place_add() */
	struct str	 outputs;	/* LiteralMap in wire form, blobs as
					 * absolute paths */
	struct str	 source;	/* "project/domain/ID/NODE#ATTEMPT" */
	const char	*why;		/* CACHE_DAMAGED: one line */
};

/*
 * Looks all of them up, in one pass over the sorted keys.  The order of the
 * array stays.  A hit counts as a use (noted at most once a day).
 */
int	catalog_lookup(struct store *, struct cache_lookup *at, size_t n,
	    struct arena *, struct err *e) must_check;

/* Appends where a key is in the catalog, as short as can be: what a journal
 * keeps of a hit, for catalog_at_place(). */
void	catalog_place_add(struct strbuf *, const struct cache_lookup *);
/* Appends the key of an entry, in hex, as flyte-cache ls shows it. */
void	catalog_key_add(struct store *, const struct cache_key *,
	    struct strbuf *);

struct cache_put {
	struct cache_key key;
	struct digest	 command;	/* or empty */
	struct str	 inputs;	/* LiteralMap in wire form, reduced to
					 * what the key was made of */
	const pb_literal_map *given;	/* the inputs as they were, for
					 * explainer_ask(), or NULL */
	struct str	 outputs;	/* LiteralMap in wire form */
	struct str	 source;
	int		 refresh;	/* replace what is there */
};

/* Queues an entry.  Outputs that do not fit inline become a blob now. */
int	catalog_put(struct store *, const struct cache_put *, struct err *e)
	    must_check;
/* Writes what is queued (entries, last uses, digests), if anything. */
int	catalog_commit(struct store *, struct err *e) must_check;

/* How much of it is queued. */
size_t	catalog_pending(const struct store *);

/* Forgets one entry.  1 if there was none. */
int	catalog_remove(struct store *, const struct cache_key *,
	    struct err *e) must_check;

/* ---- explaining --------------------------------------------------------- */

enum cache_reason {
	REASON_HIT,		/* it is there */
	REASON_DAMAGED,		/* it is there, a blob is not */
	REASON_NEVER,		/* nothing of this task was ever kept */
	REASON_INPUT,		/* an input differs from the nearest entry */
	REASON_VERSION,		/* the cache version differs */
	REASON_COMMAND,		/* the command, where it is in the version */
	REASON_INTERFACE,	/* a variable or its type differs */
	REASON_MAX
};

/* Members of a folder that are named of those that differ. */
#define CACHE_MEMBERS_MAX	16

enum cache_member_what { MEMBER_CHANGED, MEMBER_NEW, MEMBER_GONE };

struct cache_member {
	enum cache_member_what what;
	struct str	 path;		/* below the folder; any bytes */
	char		 is, was;	/* 'f', 'x', 'l', 'd' (blob.h), or 0 */
	struct str	 is_content, was_content; /* digest, target or "" */
};

struct cache_members {
	struct cache_member *at;	/* in the order of the paths */
	size_t		 n;
	size_t		 differ;	/* in all; 0: not known */
	size_t		 of;		/* that are there now or were */
};

struct cache_explain {
	enum cache_reason reason;
	const char	*field;		/* input or variable, or NULL */
	const char	*was, *is;	/* short texts of the values, or NULL */
	const char	*path;		/* of a file or folder; or NULL */
	struct cache_members members;	/* of a folder */
	size_t		 differences;	/* fields that differ, this one too */
	const char	*others;	/* the first few of the rest, or NULL */
	size_t		 entries;	/* entries of this task */
	int		 command_differs;
	/* the nearest entry */
	char		 key[17];	/* for flyte-cache show; "" if none */
	int64_t		 created;
	struct str	 source;
	const char	*why;		/* REASON_DAMAGED */
};

/*
 * Answers such questions.  The entries of a task are read when it is first
 * asked for, the newest few thousand, and seen as they were then.
 */
struct explainer;
struct explainer *explainer_new(struct store *);
void	explainer_free(struct explainer *);

/*
 * 1 if nothing of the task of this key was kept, as seen at the first question
 * about it: the answer is REASON_NEVER then, and no pre-image is needed.
 */
int	explainer_knows_none(struct explainer *, const struct cache_key *);
/*
 * Why would this key hit or miss?  outputs and refresh are not looked at.
 * source: who asks; entries of the same execution are passed over, and of
 * those that are as near that of the same node is taken.
 */
int	explainer_ask(struct explainer *, const struct cache_put *,
	    struct arena *, struct cache_explain *ret, struct err *e)
	    must_check;
/* Inputs to be compared. */
struct cache_sides {
	struct store	*store;		/* for what digests stand for */
	const pb_literal_map *is, *was;
	const pb_literal_map *whole;	/* "is" with what is kept as a digest
					 * since it is long, or NULL */
	const pb_literal_map *given;	/* what "is" was reduced from, for the
					 * paths of files, or NULL */
};
/*
 * Sets reason, field, was, is, path, members, differences and others of inputs
 * that are not equal: of lists and maps the first item that differs.
 */
void	cache_explain_inputs(const struct cache_sides *, struct arena *,
	    struct cache_explain *);
/* One line: "input n differs: 5, was 4 in p/d/ID/pay (entry 9f86…)". */
void	cache_explain_add(struct strbuf *, const struct cache_explain *);
/* The same as a JSON object: entry, source, field, was, is, ... */
void	cache_explain_json(struct strbuf *, const struct cache_explain *);

/* A value of a pre-image, short: what was reduced to a hash shows as the
 * beginning of that. */
void	cache_value_add(struct strbuf *, const pb_literal *, size_t width);

/* ---- looking around ----------------------------------------------------- */

/* An entry as stored; everything is in the arena or borrowed until the next
 * row. */
struct cache_entry {
	char		 key[65];	/* hex digest of dataset and tag; any
					 * unique beginning names the entry */
	const char	*project, *domain, *name, *version, *cache_version;
	struct str	 tag;		/* "flyte_cached-..." */
	struct str	 interface, inputs; /* wire forms */
	struct str	 outputs;	/* wire form with blob: URIs; if not
					 * inline, the first blob holds it */
	int		 outputs_inline;
	struct digest	 command;
	struct str	 source;
	int64_t		 created, used;	/* seconds since the epoch */
	uint64_t	 size;		/* bytes, its blobs included */
	int		 pinned;
	struct blob	*blobs;		/* it needs */
	size_t		 n_blobs;
};
/* 0 to go on, 1 to stop, -1 (e filled) to fail. */
typedef int cache_entry_fn(void *arg, const struct cache_entry *,
	    struct err *e);

/* What to list; NULL and 0 do not select.  name without "flyte_task-". */
struct cache_filter {
	const char	*project, *domain, *name;
	const char	*key;		/* beginning of a key, in hex */
	size_t		 limit;
};
/*
 * Newest first.  Sees one state of the catalog throughout; the function may
 * look, but not change: collect first.
 */
int	catalog_list(struct store *s, const struct cache_filter *f,
	    cache_entry_fn *fn, void *arg, struct err *e) must_check;
/* Gives fn the entry that is at that place; nothing if there is none. */
int	catalog_at_place(struct store *, struct str place, cache_entry_fn *fn,
	    void *arg, struct err *e) must_check;
/* The key of an entry, for catalog_remove() and catalog_pin(); its tag is in
 * the arena. */
struct cache_key catalog_key_of(struct store *, const struct cache_entry *,
	    struct arena *);
/* Pins (or unpins) an entry, so that gc keeps it.  1 if there is none. */
int	catalog_pin(struct store *, const struct cache_key *, int pinned,
	    struct err *e) must_check;

#endif
