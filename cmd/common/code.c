#include "common/code.h"

#include <sys/stat.h>

#include <fcntl.h>

#include "common/context.h"
#include "data/json.h"
#include "pack/code.h"
#include "spec/lower.h"
#include "sys/file.h"
#include "sys/scratch.h"

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
files_of(const struct code_keeper *k, const struct front *f,
    const char **ret, struct err *e)
{
	struct arena *a = &k->context->arena;

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
	return code_extract(context_helper(k->context, "pack"), f->code_path,
	    *ret, e);
}

static int
keep_of_task(const struct code_keeper *k, pb_task_template *t,
    const char *files, const char *from, const char *to, struct err *e)
{
	struct arena *a = &k->context->arena;
	const char *uri;

	if (gather(files, from, to, a, e) < 0 ||
	    registry_keep(k->registry, to, k->dry_run, a, &uri, e) < 0)
		return err_wrap(e, "task %s", t->id->name);
	set_config(t, LOWER_CODE, uri, a);
	return 0;
}

int
code_keep(struct code_keeper *k, const struct front *f, struct err *e)
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
		if (from == NULL && files_of(k, f, &from, e) < 0)
			return -1;
		if (from == NULL)
			return err_set(e, ERR_SPEC, "%s: task %s names files, "
			    "and the package has no code archive (it was made "
			    "with --copy none)", f->path, t->id->name);
		if (keep_of_task(k, t, files, from, arena_printf(
		    &k->context->arena, "%s/task%zu", k->dir, k->count++),
		    e) < 0)
			return -1;
	}
	return 0;
}

int
code_keep_archive(void *arg, const char *path, struct arena *a,
    const char **ret, struct err *e)
{
	const struct code_keeper *k = arg;

	return registry_keep(k->registry, path, k->dry_run, a, ret, e);
}

static int
load_package(struct code_keeper *k, const char *path,
    const struct front_options *o, struct arena *a, struct front *ret,
    struct diags *diags, struct err *e)
{
	struct front_options with_code = *o;

	with_code.code_dir = k->dir;
	with_code.keep_code = code_keep_archive;
	with_code.keep_code_arg = k;
	if (front_read(path, &with_code, a, ret, diags, e) < 0)
		return -1;
	front_set_version(ret, o->project, o->domain, "", 0);
	if (code_keep(k, ret, e) < 0)
		return -1;
	return front_compile(ret, diags, e);
}

int
code_load(struct context *c, const char *path, const struct front_options *o,
    int dry_run, struct arena *a, struct front *ret, struct diags *diags,
    struct err *e)
{
	struct code_keeper k = { .context = c, .registry = o->registry,
		.dry_run = dry_run };
	struct scratch s = SCRATCH_INIT;
	int bad;

	if (front_form_of(path) != FRONT_PACKAGE || o->registry == NULL)
		return front_load(path, "", o, a, ret, diags, e);
	if (scratch_make_private(context_tmpdir(c), "code", NULL, NULL, &s,
	    e) < 0)
		return -1;
	k.dir = s.dir;
	bad = load_package(&k, path, o, a, ret, diags, e);
	scratch_remove(&s);
	return bad;
}
