#ifndef STORE_BLOB_H
#define STORE_BLOB_H

/*
 * Content-addressed files and directory trees:
 *
 *	$FLYTE_HOME/blobs/sha256/ab/cdef...	a file, mode 0444
 *	$FLYTE_HOME/blobs/sha256/ab/cdef...d	a tree: its files 0444 or
 *						0555, its folders 0555
 *	$FLYTE_HOME/blobs/tmp/			what is being written
 *
 * A file's address is the SHA-256 of its bytes.  A tree's is the SHA-256 of
 * its manifest: the line "flyte-tree 1", then per entry below the root, in
 * byte order of the paths with '/' below all other bytes, one of
 *
 *	d NUL path LF		an empty folder (others follow from paths)
 *	f NUL path NUL digest in hex LF		a file
 *	x NUL path NUL digest in hex LF		a file its owner may execute
 *	l NUL path NUL target LF		a symbolic link
 *
 * On disk and in journals a blob is named by a URI without a place:
 *
 *	blob:sha256:<64 hex digits>		a file
 *	blob:sha256:<64 hex digits>/		a tree
 *
 * In memory a literal carries the absolute path of the blob, so that tasks
 * and users can open it; blob_uris_* turn one into the other at the edges.
 * Whoever makes a literal of a blob sets Literal.hash to blob_add_hash(), so
 * that the same bytes are the same cache key wherever they lie.
 *
 * A blob comes to life by one rename of a whole temp, so a kill leaves it
 * there or not.  It is not synced: whoever uses one checks it (blob_check),
 * and a damaged one counts as missing.
 */

#include "base/arena.h"
#include "base/strbuf.h"
#include "idl/flyteidl.h"
#include "sys/digest.h"

struct store;

enum blob_kind { BLOB_FILE, BLOB_TREE };

struct blob {
	struct digest	digest;
	enum blob_kind	kind;
	uint64_t	size;	/* bytes of content; a tree's files together */
};

enum {
	BLOB_ADOPT = 1,	/* the path is ours and may be renamed away; falls
			 * back to copying across file systems */
};

/*
 * Puts a file or a whole tree (path is relative to dirfd; a link as the path
 * itself is followed, links inside a tree are kept).  What is there already
 * and whole is not written again.  With BLOB_ADOPT the path is gone
 * afterwards in any case of success.  Device, socket or pipe: ERR_USAGE.
 */
int	blob_put(struct store *, int dirfd, const char *path, unsigned flags,
	    struct blob *ret, struct err *e) must_check;
/* Puts bytes as a file. */
int	blob_put_bytes(struct store *, const void *p, size_t n,
	    struct blob *ret, struct err *e) must_check;
/* Puts all that can be read from a descriptor (stdin). */
int	blob_put_fd(struct store *, int fd, const char *name,
	    struct blob *ret, struct err *e) must_check;

/*
 * The digest of a file or tree wherever it lies, remembered by (device,
 * inode, size, mtime, ctime) with the racy rule of sys/statcache.h.  Does
 * not store it.  This is what gives a by-reference input its Literal.hash;
 * call it again after the task: another digest means the input changed.
 */
int	blob_digest(struct store *, int dirfd, const char *path,
	    struct blob *ret, struct err *e) must_check;

enum blob_state {
	BLOB_OK,
	BLOB_GONE,	/* not there */
	BLOB_DAMAGED,	/* there, but not these bytes */
};
/*
 * Is the blob there and whole?  Only size and kind of *b may be unset; they
 * are filled when it is there.  Looks at stat alone where that is
 * trustworthy; full reads every byte.  -1: could not be read.
 */
int	blob_check(struct store *, struct blob *b, int full,
	    enum blob_state *ret, struct err *e) must_check;

/* Appends the absolute path of a blob, whether or not it is there. */
void	blob_add_path(const struct store *, const struct blob *,
	    struct strbuf *);
/* The blob that an absolute path (or file:// URI) of this store, or a blob:
 * URI, names.  0, or -1 if it is none of these; size is not filled. */
int	blob_of_path(const struct store *, struct str path, struct blob *ret);
void	blob_add_uri(const struct blob *, struct strbuf *);
int	blob_parse_uri(struct str uri, struct blob *ret);
/* What goes into Literal.hash: "sha256:<hex>" ("sha256-tree:<hex>"). */
void	blob_add_hash(const struct blob *, struct strbuf *);

/*
 * A LiteralMap in wire form with the blobs' absolute paths turned into blob:
 * URIs (for the disk), and back.  *ret is in the arena, or is the input
 * itself where nothing had to change.  The blobs met are appended to blobs
 * (may be NULL).
 */
struct blob_list {
	struct blob	*at;
	size_t		 n, cap;
};
void	blob_list_release(struct blob_list *);
int	blob_uris_to_disk(const struct store *, struct str literal_map,
	    struct arena *, struct str *ret, struct blob_list *blobs,
	    struct err *e) must_check;
int	blob_uris_from_disk(const struct store *, struct str literal_map,
	    struct arena *, struct str *ret, struct blob_list *blobs,
	    struct err *e) must_check;
/* The same on messages, in place; new texts are in the arena. */
void	blob_uris_in(const struct store *, pb_literal_map *, int to_disk,
	    struct arena *, struct blob_list *blobs);

/*
 * Hands a blob out under a new name: as a symbolic link to the read-only
 * blob, or as a copy the user may write to (by reflink where possible).
 * Checked first: gone or damaged is ERR_MISSING or ERR_CORRUPT.  With
 * replace, what has the name is replaced, by rename.
 */
enum blob_out { BLOB_LINK, BLOB_COPY };
int	blob_get(struct store *, struct blob *, enum blob_out, int dirfd,
	    const char *path, int replace, struct err *e) must_check;
/* The bytes of a file blob, appended; more than MAX_MESSAGE_BYTES is refused. */
int	blob_read_all(struct store *, struct blob *, struct strbuf *ret,
	    struct err *e) must_check;
/* Writes the bytes of a file blob, checking them on the way: a mismatch is
 * known only at the end and is ERR_CORRUPT. */
int	blob_write(struct store *, struct blob *, int fd, struct err *e)
	    must_check;

#endif
