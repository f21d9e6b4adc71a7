#ifndef BASE_QUANTITY_H
#define BASE_QUANTITY_H

/* Amounts of resources as Kubernetes writes them: "2", "500m", "1.5Gi", "3e2"
 * (apimachinery, pkg/api/resource), without a sign. */

#include "base/str.h"

/*
 * The amount in units of 1/scale, rounded up; scale 1 for bytes, 1000 for
 * thousandths of a processor.  Too large is INT64_MAX.  0, or -1 if the text
 * is no quantity.
 */
int	quantity_parse(struct str, unsigned scale, int64_t *ret);

#endif
