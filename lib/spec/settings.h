#ifndef SPEC_SETTINGS_H
#define SPEC_SETTINGS_H

/* How a task is to be run: keys that tasks and nodes share. */

#include "spec/shape.h"

struct retries;

struct cache_setting {
	uint32_t node;		/* TREE_NONE: not given */
	int	 off;		/* false */
	int	 is_auto;	/* the version is a digest */
	char	*version;	/* else, or NULL */
	int	 serialize;
	char	**ignore;	/* names of inputs */
	size_t	 n_ignore;
	uint32_t ignore_node;
};

struct settings {
	pb_duration	*timeout;	/* or NULL */
	pb_retry_strategy *retries;	/* or NULL */
	struct retries	*rules;		/* by cause, or NULL */
	int		 interruptible;	/* 0, 1, or -1: not given */
	pb_resources	*resources;	/* or NULL */
	char		*image;		/* or NULL */
	struct cache_setting cache;
};

/* The nodes of their keys, for a shape_key table. */
struct settings_nodes {
	uint32_t	timeout, retries, interruptible, resources, image,
			cache;
};
#define SETTINGS_KEYS(s)						\
	{ "timeout", &(s)->timeout }, { "retries", &(s)->retries },	\
	{ "interruptible", &(s)->interruptible },			\
	{ "resources", &(s)->resources }, { "image", &(s)->image },	\
	{ "cache", &(s)->cache }

/* Reads what is given; faults are reported. */
void	settings_load(struct load *, const struct settings_nodes *,
	    struct settings *ret);

#endif
