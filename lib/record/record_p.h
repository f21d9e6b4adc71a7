#ifndef RECORD_RECORD_P_H
#define RECORD_RECORD_P_H

/* What the files of the recorder share.  record.c: the records; record_put.c:
 * their parts; record_range.c: elements that follow each other. */

#include <protobuf-c/protobuf-c.h>

#include "data/json.h"
#include "record/record.h"

/* Begins a record, after what waits in the batch; ends it, for the next
 * commit. */
struct json_writer record_open(struct recorder *, const char *kind);
void	record_close(struct recorder *, struct json_writer *);

/* A member of the open object; left out if value is NULL or empty. */
void	record_put_cstr(struct json_writer *, const char *key,
	    const char *value);
void	record_put_str(struct json_writer *, const char *key, struct str value);
/* A message as JSON; a long one lies beside the journal.  p NULL: left out. */
void	record_put_message(struct recorder *, struct json_writer *,
	    const char *key, const ProtobufCMessageDescriptor *,
	    struct str bytes);
/* The same of a core.LiteralMap: its blobs become URIs without a place. */
void	record_put_map(struct recorder *, struct json_writer *,
	    const char *key, struct str bytes);
/* "e", unless it is NULL or empty. */
void	record_put_error(struct json_writer *, const struct sched_error *);
/* "p" and "a": the path, and the attempt if it is not the first. */
void	record_put_attempt(struct json_writer *, struct str path,
	    uint32_t attempt);
/* "launches", unless there are none. */
void	record_put_launches(struct recorder *, struct json_writer *,
	    const struct record_launch *at, size_t n);

/* The name of what the cache did, as flyteidl has it (core.catalog). */
const char *record_cache_name(enum sched_cache);
/* Our own fault, or a full disk: the first is kept, and the commit fails. */
void	record_trouble(struct recorder *, const struct err *);
void	record_batch_release(struct record_batch *);

#endif
