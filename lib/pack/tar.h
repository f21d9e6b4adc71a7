#ifndef PACK_TAR_H
#define PACK_TAR_H

/*
 * Archives: read with every bound checked, written so that equal content
 * gives equal bytes, unpacked without leaving the folder.
 *
 * Reading refuses (ERR_SPEC, naming the member): absolute names, "..", names
 * with control bytes or bad UTF-8, links that lead outside, devices, fifos,
 * members beyond MAX_PACK_MEMBERS, bytes beyond MAX_PACK_BYTES, a ratio
 * beyond MAX_PACK_RATIO, an archive that ends early.
 */

#include <sys/types.h>

#include "base/err.h"
#include "base/str.h"

struct tar_member {
	const char	*name;		/* without leading "./"; never "" */
	mode_t		 type;		/* S_IFREG, S_IFDIR or S_IFLNK */
	mode_t		 mode;		/* permission bits */
	uint64_t	 size;		/* S_IFREG */
	const char	*target;	/* S_IFLNK */
	const char	*same_as;	/* S_IFREG: a hard link; the name of an
					 * earlier member, or NULL */
};

struct tar_reader;

/*
 * Opens a .tar, .tar.gz or .tgz.  NULL and an error, without the path:
 * ERR_MISSING, ERR_SYS, or ERR_SPEC if it is no archive.
 */
struct tar_reader *tar_open(const char *path, struct err *) must_check;
void	tar_close(struct tar_reader *);
/* The next member: 1, 0 at the end, -1.  What *ret points to holds until the
 * next call. */
int	tar_next(struct tar_reader *, struct tar_member *ret, struct err *)
		must_check;
/* Some bytes of the member: their number, 0 at its end, -1. */
ssize_t	tar_read(struct tar_reader *, void *buf, size_t n, struct err *)
		must_check;

/*
 * Unpacks the archive into the folder, which must exist.  Folders are opened
 * part by part and never through a link, and links are such that none leads
 * outside, also not through others (see check_link).  Modes are 0444 or 0555,
 * folders 0755; owners and times are not taken over; an existing file is an
 * error.  What was unpacked before an error stays.
 */
int	tar_extract(const char *path, const char *dir, struct err *)
		must_check;

struct tar_writer;

/*
 * Writes a .tar.gz to fd (not closed): gzip header without time and name,
 * members with owner 0/0, mode 0644 or 0755, the one mtime.
 */
struct tar_writer *tar_create(int fd, int64_t mtime, struct err *) must_check;
/* A file from bytes, or of size bytes from fd.  ERR_SPEC if the file gives
 * fewer or more: it changed under us. */
int	tar_put(struct tar_writer *, const char *name, mode_t mode,
	    struct str bytes, struct err *) must_check;
int	tar_put_fd(struct tar_writer *, const char *name, mode_t mode,
	    uint64_t size, int fd, struct err *) must_check;
int	tar_put_link(struct tar_writer *, const char *name,
	    const char *target, struct err *) must_check;
/* Writes the end and frees; tar_abort only frees. */
int	tar_finish(struct tar_writer *, struct err *) must_check;
void	tar_abort(struct tar_writer *);

#endif
