#ifndef RECORD_JOURNAL_P_H
#define RECORD_JOURNAL_P_H

/* What journal.c, which writes, and journal_read.c share. */

#include <sys/types.h>

#include "record/journal.h"

#define JOURNAL_FILE	"journal"

/* One reading of a journal, from wherever end and next_seq are. */
struct journal_scan {
	const char	*path;
	journal_fn	*fn;
	void		*arg;
	uint64_t	 next_seq;
	off_t		 end;	/* after the last good line */
	/* A bad line is forgiven only as the last one: a torn write. */
	int		 bad;
};

/* Hands every whole record from there on to fn, which may be NULL. */
int	journal_scan_file(int fd, struct journal_scan *, struct err *)
		must_check;
/* The journal in the folder; the caller frees it. */
char	*journal_path(const char *dir);

#endif
