#ifndef SYS_REWRITE_H
#define SYS_REWRITE_H

/*
 * Small files of our own that are written again and again, one attempt after
 * the other.  The file stays where it can: to remove and make it anew costs
 * two to ten times as much (ext4 without a journal walks past every inode that
 * was freed in the last seconds; with one it writes more of that).
 *
 * It is made anew where what was written would reach somebody else: if it has
 * a second name, is open elsewhere, is a link or no file, or was given to
 * another user or other permissions.  The folder must be ours alone.
 */

#include "base/err.h"
#include "base/str.h"

/* The text and nothing else. */
int	rewrite_file(const char *path, struct str text, struct err *e)
	    must_check;
/* Opens it, empty, for a process to write to. */
int	rewrite_open(const char *path, int *ret_fd, struct err *e) must_check;

#endif
