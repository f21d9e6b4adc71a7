#ifndef STORE_EXPLAIN_P_H
#define STORE_EXPLAIN_P_H

/* What the files of the explainer share.  explain.c: the nearest entry;
 * explain_differ.c: what differs from it; explain_words.c: that in words. */

#include "store/catalog.h"

struct dataset;

/*
 * Names what differs from an entry of the same task in another dataset: the
 * cache version, a variable of the interface, or the command where that is
 * part of the version.  -1 if an interface is not readable.
 */
int	explain_datasets(const struct dataset *mine, const char *version,
	    struct str interface, struct arena *, struct cache_explain *,
	    struct err *) must_check;

/* 1 if the cache version, without what is added to it of the command, is that
 * of the dataset. */
int	explain_same_version(const struct dataset *, const char *version);

#endif
