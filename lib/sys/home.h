#ifndef SYS_HOME_H
#define SYS_HOME_H

/*
 * The folder of all state and the version of its layout: a file "format" in
 * it with the line "flyte-tools 1".  A home without one is new, or was made
 * by hand; another line is a layout that this program does not know.
 */

#include "base/err.h"

/* ERR_CORRUPT if the layout is not ours.  A home that is not there is fine. */
int	home_check(const char *home, struct err *) must_check;
/* Makes the home and its format file, if need be. */
int	home_make(const char *home, struct err *) must_check;

#endif
