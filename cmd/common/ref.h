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

#include "common/context.h"
#include "idl/entity.h"

struct ref {
	const char	*file;		/* or NULL: registered */
	const char	*name;		/* in the file; NULL: the sole one */
	struct entity_id id;		/* without file: project and domain
					 * NULL, version "" where not said */
};

/* ERR_USAGE for what is neither.  Escapes in registered names are those of
 * entity_ref_parse; there are none in FILE and its NAME. */
int	ref_parse(const char *text, struct arena *, struct ref *ret,
	    struct err *) must_check;
/* 1 if the text is a FILE in the sense above. */
int	ref_is_file(struct str text);
/*
 * The id with project and domain of the context where they are not said, and
 * the kind of --type (NULL: any).
 */
int	ref_entity_id(struct context *, const struct ref *, const char *type,
	    struct entity_id *ret, struct err *) must_check;

#endif
