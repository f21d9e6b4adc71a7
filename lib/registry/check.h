#ifndef REGISTRY_CHECK_H
#define REGISTRY_CHECK_H

/* Is a registry in a folder whole? */

#include "base/err.h"

/* Takes one fault, without newline: "PATH: what is wrong". */
typedef void	registry_fault_fn(void *arg, const char *text);

/*
 * Reads every file: that it is a version and the one of its name, that what
 * it needs is there, that code is what its name says.  No registry there has
 * no faults.  *ret_n: versions read.  -1 if it cannot be read at all.
 */
int	registry_check(const char *dir, registry_fault_fn *fn, void *arg,
	    size_t *ret_n, struct err *) must_check;

#endif
