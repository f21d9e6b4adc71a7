#ifndef REGISTRY_FILEREG_H
#define REGISTRY_FILEREG_H

/* What filereg.c (reading) and fileput.c (writing) share. */

#include <dirent.h>

#include "registry/backend.h"

struct filereg {
	struct registry	 base;
	char		*dir;
	char		*real;	/* dir, absolute; NULL: not needed yet */
	int		 fd;	/* of dir; -1: it does not exist yet */
};

static inline struct filereg *
filereg_of(struct registry *r)
{
	return (struct filereg *)(void *)r;
}

/* Opens dir, with make creates it: 1; 0 if it is not there; -1. */
int	filereg_root(struct filereg *, int make, struct err *) must_check;
/* The bytes of an entity: 1, 0 if there is no such version, -1. */
int	filereg_read(struct filereg *, const struct entity_id *,
	    struct strbuf *ret, struct err *) must_check;
/*
 * Version and time of the newest of a name: 1, 0 if there is none, -1.  In
 * the arena.  NAME@ is only a hint: where its version is not there (a crash
 * between the two names) all versions are looked at.
 */
int	filereg_newest(struct filereg *, const struct entity_id *,
	    struct arena *, const char **ret_version,
	    struct instant *ret_created, struct err *) must_check;

/*
 * Id and time of the entity in a file of the folder of an id: 1, 0 if there
 * is no such file or it is no entity, -1.
 */
int	filereg_peek(struct filereg *, const struct entity_id *folder,
	    const char *file, struct strbuf *scratch, struct arena *,
	    struct entity_id *ret_id, struct instant *ret_created,
	    struct err *) must_check;
/* A folder below the root, to be read; NULL with *ret 0 if it is not there,
 * NULL with *ret -1 on trouble. */
DIR	*filereg_folder(struct filereg *, const char *path, int *ret,
	    struct err *);

static inline int
instant_cmp(struct instant a, struct instant b)
{
	if (a.sec != b.sec)
		return a.sec < b.sec ? -1 : 1;
	return (a.nsec > b.nsec) - (a.nsec < b.nsec);
}

/* The active version of a launch plan, "" if none; in the arena. */
int	filereg_active(struct registry *, const struct entity_id *,
	    struct arena *, const char **ret_version, struct err *)
		must_check;
int	filereg_list(struct registry *, const struct registry_filter *,
	    struct arena *, struct registry_row **ret, size_t *ret_n,
	    struct err *) must_check;
int	filereg_put_all(struct registry *, struct registry_put *at, size_t n,
	    unsigned flags, struct arena *, struct err *) must_check;
int	filereg_keep(struct registry *, const char *path, int dry_run,
	    struct arena *, const char **ret_uri, struct err *) must_check;
/* The name under .code of the file or folder at the path. */
int	filereg_add_code_name(struct strbuf *, const char *path,
	    struct err *) must_check;
/* Appends ".code/NAME" if the text of a template names code: 1, else 0. */
int	filereg_code_name(const char *text, struct strbuf *ret);
void	filereg_locate(struct registry *, pb_task_template *,
	    struct arena *);
int	filereg_activate(struct registry *, const struct entity_id *, int on,
	    struct arena *, const char **ret_before, struct err *) must_check;

#endif
