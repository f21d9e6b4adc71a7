#ifndef PACK_VCS_H
#define PACK_VCS_H

/* The version that version control gives to a set of files. */

#include "base/err.h"
#include "base/strbuf.h"

enum vcs_state {
	VCS_NONE,	/* no repository, or one without a commit */
	VCS_CLEAN,	/* each file is as in the commit */
	VCS_DIRTY,	/* some file differs, or is not tracked */
	VCS_REFUSED	/* there is one that may not be read (see note) */
};

struct vcs {
	enum vcs_state	state;
	char		commit[65];	/* hex of HEAD, or "" */
	char		note[512];	/* VCS_REFUSED: why */
};

/*
 * Asks libexec/flyte/vcs, the helper: pack/git.h says what it looks at.  home
 * is the user's folder, for git's configuration; NULL: none is read.
 */
int	vcs_ask(const char *helper, const char *home,
	    const char *const *paths, size_t n,
	    struct vcs *ret, struct err *) must_check;

/*
 * The version to register: the commit if clean, COMMIT-dirty-DIGEST (twelve
 * digits of the package's digest) if not, else the first 40 digits of the
 * digest.
 */
void	vcs_add_version(const struct vcs *, const char *package_digest,
	    struct strbuf *);

#endif
