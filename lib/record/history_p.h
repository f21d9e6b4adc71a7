#ifndef RECORD_HISTORY_P_H
#define RECORD_HISTORY_P_H

/* What history.c, which reads records, and its other files share. */

#include "record/history.h"

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

/* What the range says of its element i. */
void	history_fill(const struct history_range *, uint32_t i,
	    struct history_node *);
/* Puts the ranges in order. */
void	history_sort(struct history *);
/* The range that has the element; NULL: none. */
const struct history_range *history_range_of(const struct history *,
	    struct str map, uint32_t element);
void	history_cache_free(struct history_cache *);

#endif
