#ifndef SPEC_FILES_H
#define SPEC_FILES_H

/* Files that a task names: they go along and count for auto versions. */

#include "base/strbuf.h"
#include "spec/shape.h"

/*
 * A relative path below the spec's folder ("a/b", no "..", not absolute);
 * a fault if it is none.  NULL then.
 */
char	*files_path(struct load *, uint32_t node);
/*
 * Notes the file or folder for the code archive and appends "path":
 * "sha256:..." (a member of a JSON object).  Without options.dir nothing is
 * read and the digest is empty.  -1 with a fault.
 */
int	files_add(struct load *, uint32_t node, const char *path,
	    const char *task, struct strbuf *json);
/* The content of a file; -1 with a fault. */
int	files_read(struct load *, uint32_t node, const char *path,
	    struct str *ret);

#endif
