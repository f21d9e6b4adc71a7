/* Files that tasks name: each task gets a folder of its own files, kept by
 * the registry, whatever else was registered with it. */

#include "register.h"

#include <sys/stat.h>

#include <fcntl.h>

#include "data/json.h"
#include "pack/code.h"
#include "spec/lower.h"
#include "sys/file.h"

static void
set_config(pb_task_template *t, const char *key, const char *value,
    struct arena *a)
{
	size_t n = t->n_config;
	__typeof__(t->config) at;

	at = arena_calloc(a, n + 1, sizeof(*at));
	if (n > 0)
		memcpy(at, t->config, n * sizeof(*at));
	at[n] = arena_alloc(a, sizeof(**at));
	flyteidl__core__task_template__config_entry__init(at[n]);
	at[n]->key = arena_strdup(a, key);
	at[n]->value = arena_strdup(a, value);
	t->config = at;
	t->n_config = n + 1;
}

/* Names come from a package, too: none may lead outside. */
static int
is_inside(const char *name)
{
	const char *p = name;
	size_t n;

	if (name[0] == '/' || name[0] == '\0')
		return 0;
	for (; *p != '\0'; p += n) {
		p += strspn(p, "/");
		n = strcspn(p, "/");
		if (n == 2 && p[0] == '.' && p[1] == '.')
			return 0;
	}
	return 1;
}

/* Copies one file or folder to the same place below to. */
static int
copy_one(const char *from, const char *to, const char *name, struct arena *a,
    struct err *e)
{
	const char *source = arena_printf(a, "%s/%s", from, name);
	char *target = arena_printf(a, "%s/%s", to, name);
	char *slash = strrchr(target, '/');

	*slash = '\0';
	if (file_mkdirs(AT_FDCWD, target, e) < 0)
		return -1;
	*slash = '/';
	if (file_copy(AT_FDCWD, source, AT_FDCWD, target, e) == 0)
		return 0;
	if (e->kind == ERR_MISSING)
		e->kind = ERR_SPEC;
	return -1;
}

/* The folder of a task's files, made below the temporary one. */
static int
gather(const char *files, const char *from, const char *to, struct arena *a,
    struct err *e)
{
	struct tree tree;
	int bad = 0;

	tree_init(&tree);
	if (json_parse_tree(str_of(files), &tree, e) < 0 ||
	    tree.at[0].kind != TREE_MAP) {
		tree_release(&tree);
		return err_set(e, ERR_SPEC, "%s: expected a JSON object",
		    LOWER_FILES);
	}
	TREE_EACH_PAIR(&tree, 0, k, v) {
		const char *name = arena_strndup(a, tree.at[k].text.p,
		    tree.at[k].text.n);

		if (bad == 0 && !is_inside(name))
			bad = err_set(e, ERR_SPEC, "%s: %s leads outside",
			    LOWER_FILES, name);
		if (bad == 0)
			bad = copy_one(from, to, name, a, e);
	}
	tree_release(&tree);
	return bad;
}

/* Where the files of a front lie: the spec's folder, or its archive
 * unpacked.  NULL: it has none. */
static int
files_of(struct settings *s, const struct front *f, const char **ret,
    struct err *e)
{
	struct arena *a = &s->context.arena;

	*ret = NULL;
	if (f->form != FRONT_PACKAGE) {
		*ret = front_folder(f, a);
		return 0;
	}
	if (f->code_path == NULL)
		return 0;
	*ret = arena_printf(a, "%s.d", f->code_path);
	if (file_mkdirs(AT_FDCWD, *ret, e) < 0)
		return -1;
	return code_extract(context_helper(&s->context, "pack"), f->code_path,
	    *ret, e);
}

static int
keep_of_task(struct settings *s, struct registry *r, pb_task_template *t,
    const char *files, const char *from, const char *to, struct err *e)
{
	const char *uri;

	if (gather(files, from, to, &s->context.arena, e) < 0 ||
	    registry_keep(r, to, s->dry_run, &s->context.arena, &uri, e) < 0)
		return err_wrap(e, "task %s", t->id->name);
	set_config(t, LOWER_CODE, uri, &s->context.arena);
	return 0;
}

static int
keep_of_front(struct settings *s, struct registry *r, const struct front *f,
    const char *dir, size_t *count, struct err *e)
{
	const char *files, *from = NULL;
	pb_task_template *t;
	size_t i;

	for (i = 0; i < f->n; i++) {
		t = f->at[i].entity.task == NULL ? NULL :
		    f->at[i].entity.task->template_;
		files = t == NULL || f->at[i].faulty ? NULL :
		    lower_config(t, LOWER_FILES);
		if (files == NULL || lower_config(t, LOWER_CODE) != NULL)
			continue;
		if (from == NULL && files_of(s, f, &from, e) < 0)
			return -1;
		if (from == NULL)
			return err_set(e, ERR_SPEC, "%s: task %s names files, "
			    "and the package has no code archive (it was made "
			    "with --copy none)", f->path, t->id->name);
		if (keep_of_task(s, r, t, files, from, arena_printf(
		    &s->context.arena, "%s/task%zu", dir, (*count)++), e) < 0)
			return -1;
	}
	return 0;
}

int
keep_code(struct settings *s, struct registry *r, struct fronts *all,
    struct err *e)
{
	size_t i, count = 0;

	for (i = 0; i < all->n; i++)
		if (keep_of_front(s, r, &all->at[i], all->code.dir, &count,
		    e) < 0)
			return -1;
	return 0;
}
