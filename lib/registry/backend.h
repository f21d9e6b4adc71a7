#ifndef REGISTRY_BACKEND_H
#define REGISTRY_BACKEND_H

/*
 * What a kind of registry provides; registry.c does the rest (defaults,
 * resolution, order) on top of it.  Contracts as in registry/registry.h.
 */

#include "registry/registry.h"

struct registry_ops {
	void	(*close)(struct registry *);
	int	(*get)(struct registry *, const struct entity_id *,
		    struct arena *, struct registered *ret, struct err *);
	/* The newest version, "" if there is no such name. */
	int	(*newest)(struct registry *, const struct entity_id *,
		    struct arena *, const char **ret_version, struct err *);
	int	(*active)(struct registry *, const struct entity_id *,
		    struct arena *, const char **ret_version, struct err *);
	int	(*list)(struct registry *, const struct registry_filter *,
		    struct arena *, struct registry_row **ret, size_t *ret_n,
		    struct err *);
	int	(*put_all)(struct registry *, struct registry_put *at,
		    size_t n, unsigned flags, struct arena *, struct err *);
	int	(*activate)(struct registry *, const struct entity_id *,
		    int on, struct arena *, const char **ret_before,
		    struct err *);
	int	(*keep)(struct registry *, const char *path, int dry_run,
		    struct arena *, const char **ret_uri, struct err *);
	void	(*locate)(struct registry *, pb_task_template *,
		    struct arena *);
};

/* The first member of every kind of registry. */
struct registry {
	const struct registry_ops *ops;
};

/* registry/filereg.c */
int	filereg_open(const char *dir, struct registry **ret, struct err *)
		must_check;

#endif
