#ifndef COMMON_REF_H
#define COMMON_REF_H

/*
 * What a word on the command line names: a registered entity
 *	[PROJECT/DOMAIN/]NAME[@VERSION]
 * or something in a file
 *	FILE[:NAME]
 * It is a file only if it begins with "./", "../" or "/", or if it (or the
 * part before a colon) ends in a known suffix.  Nobody looks at the disk to
 * find out: what a script names does not change with what lies around.
 */

#include "base/arena.h"
#include "base/err.h"
#include "base/strbuf.h"

struct ref {
	const char	*file;		/* or NULL: registered */
	const char	*name;		/* NULL only with file */
	const char	*project;	/* NULL: not said */
	const char	*domain;
	const char	*version;	/* NULL: not said */
};

/*
 * ERR_USAGE for what is neither.  The last "@" splits name and version; in
 * every part of a registered name %XX stands for a byte, so "%2F" is a slash
 * within a name and "%40" an "@".
 */
int	ref_parse(const char *text, struct arena *, struct ref *ret,
	    struct err *) must_check;
/* The reverse, with escapes where needed. */
void	ref_add(struct strbuf *, const struct ref *);
/* 1 if the text is a FILE in the sense above. */
int	ref_is_file(struct str text);

#endif
