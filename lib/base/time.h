#ifndef BASE_TIME_H
#define BASE_TIME_H

/*
 * Instants and spans of time as protobuf has them: whole seconds and
 * nanoseconds.  A span's parts have the same sign.
 */

#include "base/strbuf.h"

struct instant {
	int64_t	sec;	/* since 1970-01-01 UTC, may be negative */
	int32_t	nsec;	/* 0..999,999,999 */
};

struct timespan {
	int64_t	sec;
	int32_t	nsec;
};

/* Bounds of google.protobuf.Timestamp: years 1 to 9999. */
#define INSTANT_MIN	INT64_C(-62135596800)
#define INSTANT_MAX	INT64_C(253402300799)
/* Bound of google.protobuf.Duration: about 10,000 years. */
#define TIMESPAN_MAX	INT64_C(315576000000)

/*
 * RFC 3339 with any offset, at most nine digits of fraction; date alone is
 * midnight UTC when date_ok.  0, or -1 if the text is not one.
 */
int	instant_parse(struct str s, int date_ok, struct instant *ret);
/* RFC 3339 in UTC with 0, 3, 6 or 9 digits of fraction, ending in Z. */
void	instant_add(struct strbuf *, struct instant);
struct instant instant_now(void);

/* protobuf JSON: "1.5s".  0 or -1. */
int	timespan_parse_json(struct str s, struct timespan *ret);
/* protobuf JSON with 0, 3, 6 or 9 digits of fraction. */
void	timespan_add_json(struct strbuf *, struct timespan);
/*
 * Go's syntax ("1h2m3.5s", "300ms", "-1.5h", "0"), plus days ("2d") and a
 * protobuf span, which is a subset.  0 or -1.
 */
int	timespan_parse(struct str s, struct timespan *ret);
/* Go's form: "1h0m0s", "1m30.5s", "250ms", "0s". */
void	timespan_add(struct strbuf *, struct timespan);

#endif
