#ifndef PACK_FRAME_H
#define PACK_FRAME_H

/*
 * What a tool and its helper say over a pipe: named runs of bytes, ended by
 * an end or an error, so that a helper that dies is never taken for one that
 * had no more to say.
 *
 * A frame: kind (1 byte), length of the name (4, little endian), length of
 * the data (8), name, data.
 */

#include <stdio.h>

#include "base/err.h"
#include "base/strbuf.h"

enum frame_kind {
	FRAME_MEMBER = 'm',	/* a member of the package */
	FRAME_CODE = 'c',	/* the code archive: data is its path, or "" */
	FRAME_TEXT = 't',	/* a named answer */
	FRAME_END = 'e',
	FRAME_ERROR = 'x'	/* name: the kind's number; data: message */
};

struct frame {
	enum frame_kind	kind;
	struct strbuf	name, data;
};
#define FRAME_INIT	{ FRAME_END, STRBUF_INIT, STRBUF_INIT }
#define c_frame		cleanup(frame_release)
void	frame_release(struct frame *);

/* Trouble with writing is left to ferror(3) at the end. */
void	frame_write(FILE *, enum frame_kind, struct str name, struct str data);
void	frame_write_error(FILE *, const struct err *);
/*
 * The next frame: 1; 0 at FRAME_END; -1 with the helper's own error, or
 * ERR_SYS if the pipe ended or is not what was agreed.
 */
int	frame_read(FILE *, struct frame *, struct err *) must_check;

#endif
