#ifndef PACK_CODE_H
#define PACK_CODE_H

/*
 * The code archive of a package: fast<md5>.tar.gz, named as pyflyte names it:
 * over each file its bytes, then its path with the separators left out
 * (flyte-control-plane.md 2.4).
 */

#include "base/arena.h"
#include "base/err.h"

struct code_file {
	const char	*name;		/* in the archive */
	const char	*path;		/* where it lies */
};

/*
 * Makes the archive of the files in the folder dir, through the helper: in
 * the order of the names, a name given twice once.  *ret_path is in the
 * arena.  The same files give the same bytes.
 */
int	code_archive(const char *helper, const struct code_file *at, size_t n,
	    const char *dir, struct arena *, const char **ret_path,
	    struct err *) must_check;
/*
 * The same of a whole folder (--copy all), without what .gitignore,
 * .dockerignore and .flyteignore leave out, .git folders, Python's caches,
 * and the file not_this (the package itself), which may be NULL.
 */
int	code_folder(const char *helper, const char *folder,
	    const char *not_this, const char *dir, struct arena *,
	    const char **ret_path, struct err *) must_check;
/* Unpacks an archive into a folder: tar_extract, through the helper. */
int	code_extract(const char *helper, const char *archive,
	    const char *dir, struct err *) must_check;

#endif
