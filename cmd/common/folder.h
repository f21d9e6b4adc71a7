#ifndef COMMON_FOLDER_H
#define COMMON_FOLDER_H

/*
 * An output that is a folder, written where the user says (-o NAME=PATH).
 * What an earlier command of ours wrote there is replaced, since the store has
 * it; anything else that is there is not ours to lose and is moved aside.
 */

#include "base/err.h"

struct context;

/*
 * Before the work: may a folder be written there?  ERR_USAGE if a file has
 * the name.  Slashes at the end of the path do not matter.
 */
int	folder_check(const char *path, struct err *) must_check;
/*
 * Copies the folder from to path: beside it, then in its place by rename.  A
 * folder that is there and whose content the store does not have becomes
 * PATH.~1~ (the first number that is free), which is said.
 */
int	folder_write(struct context *, const char *from, const char *path,
	    struct err *) must_check;

#endif
