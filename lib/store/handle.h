#ifndef STORE_HANDLE_H
#define STORE_HANDLE_H

/* What is behind struct store; for the modules of store/ only. */

#include "base/map.h"
#include "base/vec.h"
#include "store/blob.h"
#include "store/catalog.h"
#include "store/db.h"
#include "store/listing.h"
#include "store/store.h"
#include "sys/file.h"
#include "sys/statcache.h"

/* The databases' application_id: "FlyC". */
#define STORE_APP	0x466c7943

/* A blob as the catalog keys it: the digest, then 'f' or 'd'. */
#define BLOB_ID		(DIGEST_SIZE + 1)
/* A tag without its constant beginning, decoded. */
#define TAG_SIZE	32

/* A dataset of this process, by its index. */
struct dataset {
	char	*project, *domain, *name, *version, *cache_version;
	char	*interface;
	size_t	 interface_n;
	char	*id;		/* project NUL domain NUL name NUL version */
	size_t	 id_n;
	int64_t	 row;		/* in the catalog; 0: not known to be there */
};

/* Queued for the next transaction; bytes are in the queue's arena. */
struct queued_put {
	uint32_t	dataset;
	unsigned char	tag[TAG_SIZE];
	int		replace, is_inline;
	uint64_t	size;
	struct digest	command;
	struct str	inputs, outputs, source, blobs;
};

struct queued_use {
	int64_t		row;
	unsigned char	tag[TAG_SIZE];
};

struct queued_blob {
	struct blob	blob;
	struct digest	stamp;
	int		settled;
	int		gone;		/* its row is to go */
};

struct queued_file {
	struct stat_id	id;
	struct digest	digest;
};

struct store {
	char		*home;
	char		*local;
	store_say	*say;
	void		*arg;
	int		 read_only, force_local;
	int		 home_fd;	/* -1: no such folder yet */
	int		 sha_fd;	/* blobs/sha256, -1: not opened */
	int		 tmp_fd;	/* blobs/tmp, -1: not opened */
	int		 commit_failed;	/* and whoever asked for it was told */
	int		 said_read_only;
	int		 alone;		/* the catalog is to be ours alone */
	int		 times_fine;	/* -1: not known; see statcache.h */
	struct db	*db;
	int		 no_db;		/* nothing to read, not writing yet */
	VEC(struct dataset) datasets;
	struct map	 by_id;		/* dataset's id to its index */
	/* keys met damaged: their next put replaces */
	VEC(struct queued_use) damaged;
	/* the queue */
	struct arena	 arena;
	VEC(struct queued_put) puts;
	VEC(struct queued_use) uses;
	VEC(struct queued_blob) blobs;
	VEC(struct queued_file) files;
	struct listings	 listings;
};

/* Statements of the catalog, by number. */
enum {
	SQL_DATASET_GET, SQL_DATASET_ADD, SQL_SCAN, SQL_PUT, SQL_REPLACE,
	SQL_USE, SQL_BLOB_GET, SQL_BLOB_PUT, SQL_BLOB_DROP, SQL_FILE_GET,
	SQL_FILE_PUT, SQL_ENTRY_DROP, SQL_UNUSED_DROP, SQL_PIN,
	SQL_GENERATION, SQL_CERTIFICATE_GET, SQL_CERTIFICATE_PUT,
	SQL_CERTIFICATE_DROP, SQL_LISTING_GET, SQL_LISTING_PUT,
	SQL_LISTING_TRIM, SQL_LISTING_DROP,
	SQL_MAX
};
_Static_assert(SQL_MAX <= DB_STATEMENTS, "room for each statement");

void	store_note(struct store *, const char *fmt, ...) printf_like(2, 3);
/* Makes home if need be.  ERR_REFUSED if read-only. */
int	store_want_home(struct store *, struct err *e) must_check;
/*
 * The open catalog.  1: there is none and to_write is not set (all is a
 * miss).  To write in one that is read-only: also 1, said once.
 */
int	store_db(struct store *, int to_write, struct err *e) must_check;
/* Opens a catalog at another path, making it. */
int	store_db_at(const char *path, struct db **ret, struct err *e)
	    must_check;
/* The path of the catalog's file, in memory of the caller. */
char	*store_db_path(const struct store *);

/* The 32 bytes of a tag "flyte_cached-…", and back. */
/* What an entry takes, without its blobs. */
uint64_t catalog_entry_bytes(const struct cache_entry *);
int	catalog_tag_decode(struct str tag, unsigned char ret[TAG_SIZE], struct err *e)
	    must_check;
void	catalog_tag_add(struct strbuf *, const void *tag);
/* The row of a dataset of this process; 0 if the open catalog has none. */
int	catalog_dataset_row(struct store *, uint32_t dataset, int64_t *ret,
	    struct err *e) must_check;
/* Inputs as an entry keeps them: long values as their digests.  With a store
 * listings of those that are lists and maps are to be written. */
int	catalog_preimage(struct store *, struct str inputs, struct arena *,
	    struct str *ret, struct err *e) must_check;

/* blob folders; with make they are made */
int	blob_folders(struct store *, int make, struct err *e) must_check;
/* Turns errno into an error; no right to write is ERR_REFUSED.  -1. */
int	blob_err(struct err *e, const char *what) must_check cold;
/* Path below blobs/sha256: "ab/cdef…" or "ab/cdef….d". */
#define BLOB_NAME_MAX	72
void	blob_name(const struct blob *, char ret[BLOB_NAME_MAX]);
void	blob_id(const struct blob *, unsigned char ret[BLOB_ID]);
void	blob_of_id(const unsigned char id[BLOB_ID], struct blob *ret);

/* The blob was whole in this state, as found out since began. */
void	blob_known_put(struct store *, const struct blob *,
	    const struct digest *stamp, int64_t newest, int64_t began);

/*
 * The digest of a regular file, from the table or by reading; st is its
 * state.  Remembers what it read.  With fresh it reads in any case.
 */
int	digests_file(struct store *, int dirfd, const char *name,
	    const struct stat *st, int fresh, struct digest *ret,
	    struct err *e) must_check;
/* 1 if the digest of a file in this state is remembered. */
int	digests_find(struct store *, const struct stat_id *,
	    struct digest *ret);
/* A file's digest is known (it was just read in this state since began). */
void	digests_note(struct store *, const struct stat_id *, int64_t began,
	    const struct digest *);

/* The digest of a tree by its manifest; blob.h says how.  ret_list, if not
 * NULL and empty, gets the manifest, unless that is longer than a listing. */
int	tree_digest(struct store *, int dirfd, const char *path, int fresh,
	    struct blob *ret, struct strbuf *ret_list, struct err *e)
	    must_check;
/* Makes what is in it read-only, its root left out. */
int	tree_seal(int dirfd, const char *path, struct err *e) must_check;
/* All that stat tells about a blob, as one digest; *ret_newest is the latest
 * change in it. */
int	blob_stamp(int dirfd, const char *path, struct digest *ret,
	    int64_t *ret_newest, struct err *e) must_check;

#endif
