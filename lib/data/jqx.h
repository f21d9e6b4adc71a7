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

/*
 * Compiles all of them at once, which costs hardly more than one (libjq reads
 * its own library each time): 0, or -1 and the index of the first faulty one
 * with its error as of jqx_new.
 */
int	jqx_check(const struct str *expressions, size_t n, size_t *ret_bad,
	    struct err *e) must_check;

enum {
	JQX_INTS_TEXT = 1,	/* integers beyond 2^53 as strings */
	JQX_BRIEFLY = 2		/* for a moment only: see below */
};

/*
 * Runs it on one JSON value and appends its results as JSON, each followed by
 * a newline (strings are quoted); *ret_n is their number.  ERR_USAGE if the
 * input is not JSON or has an integer that would lose digits, ERR_FAILED if
 * the expression fails (its error() message), if its results have more than
 * max bytes, or if libjq itself breaks off: then memory of it is lost, and
 * the expression is compiled again by the next run.
 *
 * With JQX_BRIEFLY ERR_BUSY if it does not end within JQX_SLICE, has more than
 * a few results, or breaks off: it is then to be run, without the flag, in a
 * process that may take its time and die.
 */
#define JQX_SLICE	50	/* milliseconds of processor time */
int	jqx_run(struct jqx *, struct str json, unsigned flags, size_t max,
	    struct strbuf *ret, size_t *ret_n, struct err *e) must_check;

#endif
