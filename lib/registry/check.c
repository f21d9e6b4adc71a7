#include "registry/check.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "registry/filereg.h"
#include "registry/regname.h"
#include "registry/stored.h"
#include "sys/file.h"

struct check {
	const char		*dir;
	int			 fd;
	registry_fault_fn	*fn;
	void			*arg;
	size_t			 n;
};

static void fault(struct check *, const char *path, const char *, ...)
    printf_like(3, 4);
static void
fault(struct check *c, const char *path, const char *fmt, ...)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	va_list ap;

	strbuf_addf(&b, "%s: ", path);
	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	c->fn(c->arg, b.p);
}

/* ---- a version ----------------------------------------------------------- */

/* What is referred to must be registered: tasks come before workflows, these
 * before launch plans. */
static void
check_need(struct check *c, const char *path, enum entity_kind kind,
    const pb_identifier *need)
{
	c_strbuf struct strbuf file = STRBUF_INIT, name = STRBUF_INIT;
	struct entity_id id;

	if (need == NULL)
		return;
	id = entity_id_of(need);
	id.kind = kind;
	regname_add_path(&file, &id);
	if (faccessat(c->fd, file.p, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return;
	entity_id_add(&name, &id);
	fault(c, path, "needs the %s %s, which is not registered",
	    entity_kind_words(id.kind), name.p);
}

static void
check_code_of(struct check *c, const char *path, const char *text)
{
	c_strbuf struct strbuf name = STRBUF_INIT;

	if (filereg_code_name(text, &name) &&
	    faccessat(c->fd, name.p, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		fault(c, path, "its code %s is not there", name.p);
}

static void
check_task_code(struct check *c, const char *path,
    const pb_task_template *t)
{
	size_t i;

	for (i = 0; i < t->n_config; i++)
		check_code_of(c, path, t->config[i]->value);
	if (t->target_case == FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER)
		for (i = 0; i < t->container->n_args; i++)
			check_code_of(c, path, t->container->args[i]);
}

static void
check_needs(struct check *c, const char *path, const struct registered *r)
{
	const pb_compiled_workflow_closure *w;
	size_t i;

	if (r->task != NULL)
		check_task_code(c, path,
		    r->task->closure->compiled_task->template_);
	if (r->plan != NULL)
		check_need(c, path, ENTITY_WORKFLOW,
		    r->plan->spec->workflow_id);
	if (r->workflow == NULL)
		return;
	w = r->workflow->closure->compiled_workflow;
	for (i = 0; i < w->n_tasks; i++)
		if (w->tasks[i]->template_ != NULL)
			check_need(c, path, ENTITY_TASK,
			    w->tasks[i]->template_->id);
}

/* NAME@ and NAME@@active are other names of a version. */
static void
check_alias(struct check *c, const char *path, const char *file,
    const struct entity_id *id)
{
	c_strbuf struct strbuf want = STRBUF_INIT, own = STRBUF_INIT;
	int active = str_ends(str_of(file), "@@active");

	if (active)
		regname_add_active(&want, id);
	else
		regname_add_newest(&want, id);
	if (strcmp(want.p, file) != 0) {
		fault(c, path, "holds %s@%s instead", id->name, id->version);
		return;
	}
	/* A kill in the middle of a registration leaves NAME@ so. */
	regname_add_path(&own, id);
	if (active && faccessat(c->fd, own.p, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		fault(c, path, "its version %s is not there", id->version);
}

static void
check_bytes(struct check *c, const struct walk_entry *w, const char *version,
    struct entity_id folder, struct str bytes)
{
	c_strbuf struct strbuf own = STRBUF_INIT;
	c_arena struct arena a = ARENA_INIT;
	struct registered r;
	struct entity_id id;
	struct instant created;
	struct err e;

	if (stored_peek(folder.kind, bytes, &a, &id, &created) < 0) {
		fault(c, w->path, "damaged: no registered %s",
		    entity_kind_words(folder.kind));
		return;
	}
	if (stored_unpack(&id, bytes, &a, &r, &e) < 0) {
		fault(c, w->path, "damaged: %s", e.msg);
		return;
	}
	if (version[0] == '\0' || version[0] == '@') {
		check_alias(c, w->path, w->name, &id);
		return;
	}
	c->n++;
	regname_add_path(&own, &id);
	if (strcmp(own.p, w->path) != 0)
		fault(c, w->path, "holds %s/%s/%s@%s instead", id.project,
		    id.domain, id.name, id.version);
	else
		check_needs(c, w->path, &r);
}

static int
check_version(struct check *c, const struct walk_entry *w, const char *kind,
    struct err *e)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	struct entity_id folder = { .kind = ENTITY_ANY };
	const char *at = strchr(w->name, '@');

	if (!S_ISREG(w->st->st_mode))
		fault(c, w->path, "is no file");
	else if (entity_kind_parse((struct str){ kind, strcspn(kind, "/") },
	    &folder.kind) < 0 || at == NULL)
		fault(c, w->path, "is no name of a version");
	else if (file_read(w->dirfd, w->name, MAX_MESSAGE_BYTES, &bytes,
	    e) == 0)
		check_bytes(c, w, at + 1, folder, strbuf_str(&bytes));
	else if (err_is_shortage(e))
		return -1;
	else if (e->kind != ERR_MISSING)
		fault(c, w->path, "cannot be read: %s", e->msg);
	return 1;
}

/* ---- all ----------------------------------------------------------------- */

static int
check_code(struct check *c, const struct walk_entry *w, struct err *e)
{
	c_strbuf struct strbuf name = STRBUF_INIT, path = STRBUF_INIT;
	int rc;

	strbuf_addf(&path, "%s/%s", c->dir, w->path);
	rc = filereg_add_code_name(&name, path.p, e);
	if (rc < 0 && err_is_shortage(e))
		return -1;
	if (rc < 0)
		fault(c, w->path, "cannot be read: %s", e->msg);
	else if (strcmp(name.p, w->name) != 0)
		fault(c, w->path, "damaged: its content is not that of its "
		    "name");
	return 1;
}

static int
visit(void *arg, const struct walk_entry *w, struct err *e)
{
	const char *kind;

	if (w->path[0] == '\0')
		return 0;
	if (strncmp(w->path, ".code/", 6) == 0)
		return w->name[0] == '.' ? 1 : check_code(arg, w, e);
	if (w->name[0] == '.')
		return strcmp(w->path, ".code") != 0;
	/* PROJECT/DOMAIN/KIND/FILE */
	kind = strchr(w->path, '/');
	kind = kind == NULL ? NULL : strchr(kind + 1, '/');
	return kind == NULL || strchr(kind + 1, '/') == NULL ? 0 :
	    check_version(arg, w, kind + 1, e);
}

int
registry_check(const char *dir, registry_fault_fn *fn, void *arg,
    size_t *ret_n, struct err *e)
{
	struct check c = { .dir = dir, .fn = fn, .arg = arg };
	c_close int fd = -1;
	int rc;

	*ret_n = 0;
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, "registry %s", dir);
	c.fd = fd;
	rc = file_walk(fd, ".", visit, &c, e);
	*ret_n = c.n;
	return rc < 0 ? err_wrap(e, "registry %s", dir) : 0;
}
