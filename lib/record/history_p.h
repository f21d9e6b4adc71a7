#ifndef RECORD_HISTORY_P_H
#define RECORD_HISTORY_P_H

/* What the files of histories share.  history.c: a journal as a whole;
 * history_read.c: one record; history_find.c: nodes by their paths;
 * history_value.c: their inputs and outputs. */

#include "base/vec.h"
#include "record/history.h"

/* What grows while reading; moved to the arena at the end, but the nodes. */
struct history_build {
	VEC(struct history_node) nodes;
	VEC(struct history_signal) signals;
	VEC(struct str)		brought;
	VEC(struct history_range) ranges;
	size_t			elements;	/* nodes that look like one */
	const struct journal_line *line;
	struct tree		tree;	/* of the record being read */
	uint64_t		seq;
};

/* Puts a record into the history that is arg (a journal_fn). */
int	history_read_record(const struct journal_line *, void *arg,
	    struct err *) must_check;

/* What was read last, so that elements in turn cost one reading. */
struct history_cache {
	const struct history_range *range;	/* whose outputs they are */
	const struct history_node *map;		/* whose inputs they are */
	struct lists	*inputs, *outputs;
	int		 has_outputs;
	const struct history_range *placed;	/* whose places they are */
	struct strbuf	 places;		/* the record */
	struct tree	 tree;
	struct arena	 arena;			/* paths of elements */
};

/* What the range says of each of its elements. */
void	history_fill(const struct history_range *, struct history_node *);
/* Puts the ranges in order. */
void	history_sort(struct history *);
/* The range that has the element; NULL: none. */
const struct history_range *history_range_of(const struct history *,
	    struct str map, uint32_t element);
void	history_cache_free(struct history_cache *);

#endif
