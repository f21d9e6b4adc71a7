/* Which executions there are: the folders are the list. */
#include "record/execution_p.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/vec.h"
#include "idl/entity.h"
#include "sys/file.h"

struct lister {
	struct arena	*arena;
	const char	*project, *domain;
	VEC(struct execution_row) rows;
};

/* The project or domain of a folder; a name that we never give is one. */
static const char *
part_of(struct arena *a, const char *name)
{
	const char *part = entity_part_parse(str_of(name), a);

	return part == NULL ? arena_strdup(a, name) : part;
}

typedef int folder_fn(int dirfd, const char *name, void *arg, struct err *);

/* Calls fn for each name in the folder; one that is not there has none. */
static int
each_name(int dirfd, const char *path, folder_fn *fn, void *arg,
    struct err *e)
{
	int fd = openat(dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct dirent *d;
	int rc = 0, more = 1;
	DIR *dir;

	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return err_sys(e, "%s", path);
	dir = fdopendir(fd);
	if (dir == NULL) {
		close(fd);
		return err_sys(e, "%s", path);
	}
	while (rc == 0 && (more = file_next_entry(dir, &d)) > 0)
		if (d->d_name[0] != '.' && fn(fd, d->d_name, arg, e) < 0)
			rc = err_wrap(e, "%s", path);
	if (more < 0)
		rc = err_sys(e, "%s", path);
	closedir(dir);
	return rc;
}

static int
list_name(int dirfd, const char *name, void *arg, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	struct lister *l = arg;
	struct execution_row row;
	struct stat st;

	(void)e;
	strbuf_addf(&path, "%s/journal", name);
	if (fstatat(dirfd, path.p, &st, 0) < 0)
		return 0;	/* never came to life */
	row.id = (struct execution_id){ l->project, l->domain,
	    arena_strdup(l->arena, name) };
	row.changed = st.st_mtim.tv_sec;
	VEC_PUSH(&l->rows, row);
	return 0;
}

static int
list_bucket(int dirfd, const char *name, void *arg, struct err *e)
{
	return each_name(dirfd, name, list_name, arg, e);
}

struct wanted {
	struct lister	*lister;
	const char	*project, *domain;
};

static int
list_domain(int dirfd, const char *name, void *arg, struct err *e)
{
	struct wanted *w = arg;

	w->lister->domain = part_of(w->lister->arena, name);
	if (w->domain != NULL && strcmp(w->domain, w->lister->domain) != 0)
		return 0;
	return each_name(dirfd, name, list_bucket, w->lister, e);
}

static int
list_project(int dirfd, const char *name, void *arg, struct err *e)
{
	struct wanted *w = arg;

	w->lister->project = part_of(w->lister->arena, name);
	if (w->project != NULL && strcmp(w->project, w->lister->project) != 0)
		return 0;
	return each_name(dirfd, name, list_domain, w, e);
}

static int
newest_first(const void *a, const void *b)
{
	const struct execution_row *x = a, *y = b;

	if (x->changed != y->changed)
		return x->changed > y->changed ? -1 : 1;
	return strcmp(y->id.name, x->id.name);
}

int
execution_list(const char *home, const char *project, const char *domain,
    struct arena *a, struct execution_row **ret, size_t *ret_n, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	struct lister l = { .arena = a, .rows = VEC_INIT };
	struct wanted w = { &l, project, domain };
	int rc;

	strbuf_addf(&path, "%s/" EXECUTIONS, home);
	rc = each_name(AT_FDCWD, path.p, list_project, &w, e);
	if (rc == 0) {
		if (l.rows.n > 0)
			qsort(l.rows.at, l.rows.n, sizeof(l.rows.at[0]),
			    newest_first);
		*ret_n = l.rows.n;
		*ret = arena_new_n(a, l.rows.n, struct execution_row);
		if (l.rows.n > 0)
			memcpy(*ret, l.rows.at, l.rows.n * sizeof(**ret));
	}
	VEC_RELEASE(&l.rows);
	return rc;
}
