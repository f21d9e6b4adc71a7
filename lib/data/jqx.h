#ifndef DATA_JQX_H
#define DATA_JQX_H

/*
 * jq (libjq) on plain JSON.  Its numbers are doubles: an integer beyond
 * 2^53 - 1 is refused by name, or handed over as a string.
 */

#include "base/err.h"
#include "base/strbuf.h"

struct jqx;

/*
 * Compiles an expression, to be run any number of times.  ERR_USAGE with
 * jq's own message.
 */
int	jqx_new(struct str expression, struct jqx **ret, struct err *e)
	    must_check;
void	jqx_free(struct jqx *);
static inline void
jqx_freep(struct jqx **j)
{
	jqx_free(*j);
}
#define c_jqx	cleanup(jqx_freep)

enum { JQX_INTS_TEXT = 1 };	/* integers beyond 2^53 as strings */

/*
 * Runs it on one JSON value and appends its results as JSON, each followed by
 * a newline (strings are quoted); *ret_n is their number.  ERR_USAGE if the
 * input is not JSON or has an integer that would lose digits, ERR_FAILED if
 * the expression fails (its error() message).
 */
int	jqx_run(struct jqx *, struct str json, unsigned flags,
	    struct strbuf *ret, size_t *ret_n, struct err *e) must_check;

#endif
