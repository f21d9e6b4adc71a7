#ifndef PACK_IGNORE_H
#define PACK_IGNORE_H

/*
 * What a folder's own files say is not to be packed: .gitignore in each
 * folder (gitignore(5)), .dockerignore and .flyteignore in the first
 * (Docker's patterns).  A path is left out if any of the three says so, or
 * the list built in: .git, .cache, __pycache__ and *.pyc.
 */

#include "base/strbuf.h"

struct ignore;

struct ignore *ignore_new(void);
void	ignore_free(struct ignore *);
/* Takes the lines of a .gitignore that lies in dir ("" is the first folder,
 * else with no slash at its end). */
void	ignore_add_git(struct ignore *, const char *dir, struct str text);
/* Takes the lines of a .dockerignore or .flyteignore. */
void	ignore_add_docker(struct ignore *, struct str text);
/*
 * 1 if the path (relative, no slash at the end) is left out.  For a folder:
 * 1 only if nothing in it can be wanted, so that it need not be looked into.
 */
int	ignore_match(const struct ignore *, const char *path, int is_dir);

/*
 * Shell patterns of paths: "*" and "?" stop at a slash, "**" between slashes
 * or at an end is any number of parts, [a-z] and [!a-z] are sets, a backslash
 * takes the next byte as it is.  1 if all of the path matches.
 */
int	ignore_glob(const char *pattern, const char *path);

#endif
