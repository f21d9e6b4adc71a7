#ifndef PACK_GIT_H
#define PACK_GIT_H

/*
 * What git knows of the files that are packaged.  Linked only into
 * libexec/flyte/vcs; the tools ask through vcs_state (pack/vcs.h).
 */

#include "base/strbuf.h"
#include "pack/vcs.h"

/*
 * Looks at the repository that holds the first of the files.  Clean: each of
 * them is in HEAD with the same content and execute bit, whatever the index
 * says; so an ignored or untracked file is not clean, and other files do not
 * count.  Nothing is written.  A repository that libgit2 refuses, such as one
 * of another user that safe.directory does not allow, is VCS_REFUSED with the
 * reason in note; an unborn HEAD or a bare repository is VCS_NONE.
 */
int	git_state(const char *const *paths, size_t n, struct vcs *ret,
	    struct err *) must_check;

#endif
