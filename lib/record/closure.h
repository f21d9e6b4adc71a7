#ifndef RECORD_CLOSURE_H
#define RECORD_CLOSURE_H

/*
 * What executions run, kept once for all that run the same:
 *
 *	$FLYTE_HOME/closures/XX/REST	a CompiledWorkflowClosure by digest
 */

#include "base/err.h"
#include "base/strbuf.h"

/* The address of a closure: 64 hexadecimal digits, a digest of its bytes. */
#define CLOSURE_ADDRESS	65
void	closure_address(struct str bytes, char ret[CLOSURE_ADDRESS]);
/* Stores the bytes once, under their address. */
int	closure_put(const char *home, struct str bytes, const char *address,
	    struct err *) must_check;
/* 1 if there is one of that address. */
int	closure_is_kept(const char *home, const char *address);
/* Reads it back, checking every byte: ERR_CORRUPT, ERR_MISSING. */
int	closure_get(const char *home, const char *address,
	    struct strbuf *ret, struct err *) must_check;

#endif
