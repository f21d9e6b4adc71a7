#ifndef BASE_NUM_H
#define BASE_NUM_H

/* Numbers as text, both ways, exactly and in no locale. */

#include "base/strbuf.h"

/*
 * Decimal, optional minus (and plus if the text has one); the whole text must
 * be the number.  0, or -1 if it is not one or outside min..max.
 */
int	num_parse_i64(struct str s, int64_t min, int64_t max, int64_t *ret);
int	num_parse_u64(struct str s, uint64_t min, uint64_t max, uint64_t *ret);
/*
 * JSON's number grammar plus NaN, Infinity, -Infinity, inf, nan (any case
 * for the words).  Rounds to nearest; an overflow is -1.
 */
int	num_parse_f64(struct str s, double *ret);
/*
 * The shortest text that reads back the same; always with '.', 'e' or a
 * word (NaN, Infinity, -Infinity), so that it stays a float: 2 is "2.0".
 */
void	num_add_f64(struct strbuf *, double);

#endif
