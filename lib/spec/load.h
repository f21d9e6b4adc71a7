#ifndef SPEC_LOAD_H
#define SPEC_LOAD_H

/* The whole file while it is being lowered.  Internal to spec/. */

#include "base/map.h"
#include "base/vec.h"
#include "spec/interface.h"
#include "spec/shape.h"

struct workflow;

/* A name of the file, once per kind. */
struct decl {
	enum entity_kind kind;
	char		*name;
	uint32_t	 key, node;
	pb_identifier	*id;		/* shared by all that refer to it */
	int		 faulty;
	pb_admin_task_spec *task;
	struct workflow	*workflow;
	pb_admin_launch_plan *plan;
	int		 implied;
};

/* The name that the root of a dynamic spec has as a workflow. */
#define LOAD_DYNAMIC	".dynamic"

struct file {
	struct load	 l;
	VEC(struct decl) decls[ENTITY_KIND_MAX];	/* by kind */
	struct map	 by_name[ENTITY_KIND_MAX];	/* to the index */
	VEC(struct decl) derived;	/* tasks made for maps */
	VEC(struct workflow *) order;	/* used before using */
	VEC(struct spec_file) files;
	VEC(struct spec_read) reads;	/* all that was opened beside it */
	int		 dynamic;	/* what a dynamic task wrote */
	int		 whole;		/* the same: a file with a workflow */
};

/* The loader is the first member of its file. */
static inline struct file *
file_of(struct load *l)
{
	return (struct file *)l;
}

void	load_add_file(struct load *, const struct spec_file *);
/* A file or folder was read, relative to options.dir. */
void	load_add_read(struct load *, const char *path);
/* A new declaration; moves those of its kind. */
struct decl *load_declare(struct file *, enum entity_kind, struct str name,
		    uint32_t key, uint32_t node);
/* A task made from another; its id. */
pb_identifier *load_derive(struct file *, char *name, uint32_t key,
		    const pb_admin_task_spec *of, pb_task_template *);
/* The declaration called so, or NULL. */
struct decl *load_find(struct file *, enum entity_kind, struct str name);

/* dynamic.c */
/* What is outside of the workflow of a whole file; faults are reported. */
void	dynamic_check(struct file *);
/* What is to run next, of a file without faults. */
pb_dynamic_job_spec *dynamic_job(struct file *);

#endif
