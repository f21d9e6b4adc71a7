#ifndef FLYTE_CACHE_CACHE_H
#define FLYTE_CACHE_CACHE_H

/* What the parts of flyte-cache share. */

#include "base/vec.h"
#include "common/context.h"
#include "data/json.h"
#include "store/catalog.h"
#include "store/gc.h"

/* Digits of a key that lists show. */
#define KEY_SHORT	12
/* A key may be cut to this many, not further: rm takes keys too. */
#define KEY_LEAST	4

enum form { FORM_TEXT, FORM_JSON, FORM_JSONL };

struct args {
	struct context	*c;
	enum form	 form;
	int		 quiet, verbose, dry_run, all, repair, unpin, link;
	int		 replace;
	size_t		 limit;
	uint64_t	 max_size;
	int64_t		 older;
	const char	*project, *domain;	/* as given, or NULL */
	VEC(const char *) depends, makes, env;	/* of run */
	const char	**words;		/* after the verb */
	size_t		 n;
};

/* Each returns the status to exit with, its errors printed. */
int	cmd_ls(struct args *);
int	cmd_show(struct args *);
int	cmd_explain(struct args *);
int	cmd_rm(struct args *);
int	cmd_pin(struct args *);
int	cmd_gc(struct args *);
int	cmd_verify(struct args *);
int	cmd_du(struct args *);
int	cmd_put(struct args *);
int	cmd_get(struct args *);
int	cmd_run(struct args *);

/*
 * Calls fn with the one entry whose key begins with word.  ERR_MISSING if
 * there is none, ERR_USAGE if there are several.
 */
int	entry_find(struct store *s, const char *word, cache_entry_fn *fn,
	    void *arg, struct err *e) must_check;

/* The fields every list has, into an open object; show adds the values. */
void	entry_json(struct json_writer *, const struct cache_entry *);

/* The blob a word names: its URI, its path in the store, or the hash of a
 * literal.  ERR_REFUSED for schemes that are not there yet. */
int	blob_named(struct store *, const char *word, struct blob *ret,
	    struct err *e) must_check;
/* 1 if the word is meant to name a blob, not an entry. */
int	blob_looks_so(const char *word);

/* "12.3 MiB" */
void	add_size(struct strbuf *, uint64_t bytes);
void	add_time(struct strbuf *, int64_t seconds);
/* Name of the task of a dataset. */
const char *task_name(const struct cache_entry *);

#endif
