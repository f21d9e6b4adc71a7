#ifndef RECORD_RECORD_P_H
#define RECORD_RECORD_P_H

/* What record.c and record_range.c share. */

#include "data/json.h"
#include "record/record.h"

/* Begins the line, after what waits in the batch; ends it. */
struct json_writer record_open(struct recorder *, const char *kind);
void	record_close(struct recorder *, struct json_writer *);
/* Left out if NULL or empty. */
void	record_put_cstr(struct json_writer *, const char *key,
	    const char *value);
void	record_put_attempt(struct json_writer *, struct str path,
	    uint32_t attempt);
const char *record_cache_name(enum sched_cache);
void	record_trouble(struct recorder *, const struct err *);
void	record_batch_release(struct record_batch *);

#endif
