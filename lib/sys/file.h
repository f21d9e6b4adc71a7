#ifndef SYS_FILE_H
#define SYS_FILE_H

/*
 * Files as this suite handles them: read whole and bounded, published whole
 * or not at all, found through a folder's descriptor and never by chdir.
 *
 * Every path is taken relative to dirfd (AT_FDCWD for the process's own
 * folder).  Errors name the path.  A name that is not there is ERR_MISSING,
 * a full disk or any other refusal of the system ERR_SYS with err.sys set;
 * a caller that knows better (a bad input value is ERR_USAGE) changes kind.
 *
 * Temporary files are called ".tmp." + something unique and lie in the folder
 * of their target.  Those of this process are on a list: temps_remove() at
 * exit or on a signal leaves nothing behind; after kill -9 a later gc
 * removes them (temp_is_stale).
 */

#include <dirent.h>
#include <sys/stat.h>

#include "base/err.h"
#include "base/strbuf.h"

/* Closes *fd if it is one; keeps errno. */
void	closep(int *fd);
#define c_close	cleanup(closep)

/* ---- reading ------------------------------------------------------------ */

/*
 * The whole of a file, appended to ret; more than max bytes is ERR_USAGE
 * naming the bound, and so is a folder or a device.  file_read_fd takes any
 * descriptor, pipes too.
 */
int	file_read(int dirfd, const char *path, size_t max, struct strbuf *ret,
	    struct err *e) must_check;
int	file_read_fd(int fd, const char *name, size_t max, struct strbuf *ret,
	    struct err *e) must_check;

/* read(2), again after a signal. */
ssize_t	file_read_some(int fd, void *p, size_t n) must_check;
/* Writes all of it, through EINTR and short writes.  0 or -1 with errno. */
int	file_write_all(int fd, const void *p, size_t n) must_check;

/* ---- folders ------------------------------------------------------------ */

/* Makes a folder and its parents (mode 0777 less umask); 0 if it is there. */
int	file_mkdirs(int dirfd, const char *path, struct err *e) must_check;
/* Opens a folder (O_PATH is not set: it can be listed and synced); with
 * make, makes it first if need be.  Returns a descriptor or -1. */
int	file_open_dir(int dirfd, const char *path, int make, struct err *e)
	    must_check;

/*
 * The next entry of a folder, "." and ".." among them: 1; 0 at its end; -1 if
 * it cannot be read on: errno says why.  In place of readdir, whose NULL is
 * both.
 */
int	file_next_entry(DIR *, const struct dirent **ret) must_check;

/* One thing found by file_walk. */
struct walk_entry {
	const char	*path;	/* below the root, "" for the root itself */
	const char	*name;	/* last part; relative to dirfd */
	int		 dirfd;	/* of the folder it lies in */
	const struct stat *st;	/* of itself: links are not followed */
};
/* Below this folder: 1 to skip what is in it (if it is one), 0 to go on,
 * -1 (with e filled) to stop. */
typedef int walk_fn(void *arg, const struct walk_entry *, struct err *e);

/*
 * Visits path and all below it: a folder before what it holds, names in byte
 * order, no symbolic link followed, no mount or depth left out.  What vanishes
 * meanwhile is passed over; only path itself not being there is ERR_MISSING.
 * Deeper than MAX_TREE_DEPTH or more than MAX_TREE_ENTRIES is an error.
 */
int	file_walk(int dir, const char *path, walk_fn *visit, void *arg,
	    struct err *e) must_check;

/* Removes a file or a whole tree, read-only folders too; 0 if it was not
 * there. */
int	file_remove(int dirfd, const char *path, struct err *e) must_check;

/* ---- publishing one file ------------------------------------------------ */

enum {
	FILE_SYNC = 1,		/* on the disk before it returns: fsync of the
				 * file, then of the folder */
	FILE_RDONLY = 2,	/* mode 0444 (else 0666), less umask */
	FILE_EXEC = 4,		/* adds the execute bits */
};

/*
 * Writes path anew or in place of what is there, by rename: a reader sees
 * the old bytes or the new ones.
 */
int	file_replace(int dirfd, const char *path, const void *p, size_t n,
	    unsigned flags, struct err *e) must_check;
/*
 * Writes path only if no such name exists, by link: of many writers one
 * wins.  0: written; 1: there already, with the same bytes; -1 with
 * ERR_CONFLICT: there with other bytes.
 */
int	file_create(int dirfd, const char *path, const void *p, size_t n,
	    unsigned flags, struct err *e) must_check;

/*
 * Renames only to a name that is free: 0, or -1 with errno, EEXIST where it
 * is taken (a folder's may be ENOTEMPTY).  Where the file system has no such
 * call a file is linked, and of two folders renamed to one name at once one
 * still wins.
 */
int	file_rename_new(int from_dirfd, const char *from, int to_dirfd,
	    const char *to) must_check;

/* A file being written, to be published under path or to vanish. */
struct temp {
	int	 fd;		/* -1: none */
	int	 dirfd;		/* borrowed */
	int	 slot;		/* place in the list of temps, or -1 */
	char	*path;		/* target */
	char	*temp;		/* name it has now, or NULL: it has none yet */
};
#define TEMP_INIT	{ -1, -1, -1, NULL, NULL }
#define c_temp		cleanup(temp_discard)

/* Opens a temporary file for path; dirfd must outlive it. */
int	temp_open(int dirfd, const char *path, unsigned flags,
	    struct temp *ret, struct err *e) must_check;
/* Publishes by rename; after 0 the temp is released. */
int	temp_replace(struct temp *, unsigned flags, struct err *e) must_check;
/* Removes it; nothing if it was published. */
void	temp_discard(struct temp *);

/* A new unique name ".tmp.…" (for folders and the like), NUL-terminated. */
#define TEMP_NAME_MAX	64
void	temp_name(char ret[TEMP_NAME_MAX]);
/* Puts a name on the list of what temps_remove() removes (files only), and
 * takes it off; dirfd is borrowed until then. */
int	temp_list_add(int dirfd, const char *name);
void	temp_list_drop(int slot);
/* Removes every temporary file of this process.  Safe in a signal handler
 * and after exit began. */
void	temps_remove(void);
/* 1 if the name is of a temporary file older than a day. */
int	temp_is_stale(const char *name, const struct stat *st, int64_t now);

/* ---- publishing many ---------------------------------------------------- */

/*
 * Thousands of files, durable at the price of a few syncs: all are written
 * under temporary names, one sync puts their bytes on the disk, then each
 * gets its name by link in the order the caller chooses, and the folders are
 * synced once.  At any kill a name is there with all its bytes, or not.
 *
 *	publish_open -> publish_add ... -> publish_sync
 *	    -> publish_link ... -> publish_finish -> publish_free
 */
struct publish;

/* Files are below dirfd, which must outlive it. */
int	publish_open(int dirfd, struct publish **ret, struct err *e)
	    must_check;
/* Writes one more under a temporary name (mode 0444); its folder is made.
 * Its index is the number of files added before it. */
int	publish_add(struct publish *p, const char *path, const void *bytes,
	    size_t n, struct err *e) must_check;
/* The bytes of all added so far are on the disk. */
int	publish_sync(struct publish *, struct err *e) must_check;
/* Gives file i its name.  0; 1: the name is taken (by whatever). */
int	publish_link(struct publish *, size_t i, struct err *e) must_check;
/* Gives file i one more name, in place of what has that one; the folder must
 * be one that a file was added for. */
int	publish_alias(struct publish *, size_t i, const char *path,
	    struct err *e) must_check;
/* The names given are on the disk too. */
int	publish_finish(struct publish *, struct err *e) must_check;
/* Removes what was not linked.  NULL is fine. */
void	publish_free(struct publish *);
static inline void
publish_freep(struct publish **p)
{
	publish_free(*p);
}
#define c_publish	cleanup(publish_freep)

/* ---- copying ------------------------------------------------------------ */

/*
 * The bytes of an open file into another (both at offset 0, out empty): by
 * reflink where the file system can, else in the kernel, else by reading and
 * writing.
 */
int	file_copy_fd(int in, int out, const char *name, struct err *e)
	    must_check;
/* Only by reflink: shares the blocks until one of them is changed.  0, or -1
 * where the file system cannot. */
int	file_clone_fd(int in, int out);
/*
 * A file, link or tree to a name that is not there.  Modes become 0666/0777
 * less umask plus the execute bit of the source; sockets, pipes and devices
 * are refused by name.
 */
int	file_copy(int from_dirfd, const char *from, int to_dirfd,
	    const char *to, struct err *e) must_check;

/* 1 if the file system of path has no room left, for bytes or for names, that
 * this user may take. */
int	file_is_full(const char *path);
/* 1 if the file system of fd is one that several machines share. */
int	file_is_remote(int fd);

#endif
