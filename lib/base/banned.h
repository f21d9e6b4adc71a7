#ifndef BASE_BANNED_H
#define BASE_BANNED_H

/*
 * Calls with no safe use, or with a better one beside them: a use is a
 * compile error.  The headers that declare them come first, so that only
 * our own code is affected.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets
#pragma GCC poison strtok atoi atol atoll atof
#pragma GCC poison localtime gmtime ctime asctime

/*
 * Not poisoned, since other headers use the words.  clang does not let a
 * later declaration add the attribute.
 */
#ifndef __clang__
extern int	 system(const char *)
	__attribute__((error("use proc_start: no shell by accident")));
extern FILE	*popen(const char *, const char *)
	__attribute__((error("use proc_start: no shell by accident")));
#endif

#endif
