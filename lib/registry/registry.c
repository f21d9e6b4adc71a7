#include "registry/registry.h"

#include "base/diag.h"
#include "base/map.h"
#include "registry/backend.h"

int
registry_open(const char *location, struct registry **ret, struct err *e)
{
	struct str at = str_of(location);
	const char *colon = strstr(location, "://");

	if (str_starts(at, "file://"))
		return filereg_open(location + strlen("file://"), ret, e);
	if (colon != NULL)
		return err_set(e, ERR_REFUSED, "registry %s: a registry by "
		    "%.*s is not there yet; give a folder", location,
		    (int)(colon - location), location);
	return filereg_open(location, ret, e);
}

void
registry_close(struct registry *r)
{
	if (r != NULL)
		r->ops->close(r);
}

/* "task PROJECT/DOMAIN/NAME@VERSION", for messages. */
static void
add_subject(struct strbuf *b, const struct entity_id *id)
{
	strbuf_addf(b, "%s ", entity_kind_words(id->kind));
	entity_id_add(b, id);
}

/* Up to this many names or versions stand in a message. */
#define SHOWN	5

/* Appends the versions there are of the name, if any. */
static int
add_versions(struct registry *r, const struct entity_id *id,
    struct strbuf *b, struct err *e)
{
	struct registry_filter f = { .kind = id->kind, .project = id->project,
		.domain = id->domain, .name = id->name, .all_versions = 1 };
	c_arena struct arena a = ARENA_INIT;
	struct registry_row *rows;
	c_map struct map seen = MAP_INIT;
	struct str version;
	size_t n, i, some = 0;

	if (id->version[0] == '\0')
		return 0;
	if (r->ops->list(r, &f, &a, &rows, &n, e) < 0)
		return -1;
	for (i = 0; i < n; i++) {
		/* A workflow and its launch plan have the same ones. */
		version = str_of(rows[i].id.version);
		if (map_get(&seen, version) != MAP_NONE)
			continue;
		map_put(&seen, version, 1);
		if (++some > SHOWN)
			continue;
		strbuf_adds(b, some == 1 ? "; there is @" : ", @");
		entity_part_add(b, rows[i].id.version);
	}
	if (some > SHOWN)
		strbuf_addf(b, " and %zu more", some - SHOWN);
	return (int)MIN(some, (size_t)SHOWN);
}

/* Appends where else the name is, or what is called nearly so. */
static int
add_near(struct registry *r, const struct entity_id *id, struct strbuf *b,
    struct err *e)
{
	struct registry_filter f = { .kind = id->kind, .brief = 1 };
	c_arena struct arena a = ARENA_INIT;
	c_free const char **names = NULL;
	struct registry_row *rows;
	const char *meant;
	size_t n, i, m = 0;

	if (r->ops->list(r, &f, &a, &rows, &n, e) < 0)
		return -1;
	names = xcalloc(n + 1, sizeof(*names));
	for (i = 0; i < n; i++) {
		if (strcmp(rows[i].id.name, id->name) == 0) {
			strbuf_addf(b, "; there is one in %s/%s",
			    rows[i].id.project, rows[i].id.domain);
			return 0;
		}
		if (strcmp(rows[i].id.project, id->project) == 0 &&
		    strcmp(rows[i].id.domain, id->domain) == 0)
			names[m++] = rows[i].id.name;
	}
	meant = did_you_mean(str_of(id->name), names, m);
	if (meant != NULL)
		strbuf_addf(b, "; did you mean %s?", meant);
	else
		strbuf_addf(b, m == 0 ? "; nothing is registered in %s/%s" :
		    "; flyte-register list shows what is in %s/%s",
		    id->project, id->domain);
	return 0;
}

static int
missing(struct registry *r, const struct entity_id *id, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	int n;

	if (id->kind == ENTITY_ANY) {
		entity_id_add(&b, id);
		strbuf_adds(&b, ": no such task, workflow or launch plan");
	} else {
		add_subject(&b, id);
		strbuf_adds(&b, ": not registered");
	}
	n = add_versions(r, id, &b, e);
	if (n < 0 || (n == 0 && add_near(r, id, &b, e) < 0))
		return -1;
	return err_set(e, ERR_MISSING, "%s", b.p);
}

int
registry_get(struct registry *r, const struct entity_id *id, struct arena *a,
    struct registered *ret, struct err *e)
{
	if (id->kind == ENTITY_ANY || id->version[0] == '\0')
		BUG("registry_get: %s: not resolved", id->name);
	if (r->ops->get(r, id, a, ret, e) == 0)
		return 0;
	return e->kind == ERR_MISSING ? missing(r, id, e) : -1;
}

/* The version of the workflow that the active plan of its name runs, "" if
 * there is none. */
static int
active_workflow(struct registry *r, const struct entity_id *id,
    struct arena *a, const char **ret, struct err *e)
{
	struct entity_id plan = *id;
	const pb_identifier *runs;
	struct registered got;

	plan.kind = ENTITY_LAUNCH_PLAN;
	*ret = "";
	if (r->ops->active(r, &plan, a, &plan.version, e) < 0)
		return -1;
	if (plan.version[0] == '\0')
		return 0;
	if (r->ops->get(r, &plan, a, &got, e) < 0)
		return -1;
	runs = got.plan->spec->workflow_id;
	if (strcmp(runs->name, id->name) == 0 &&
	    strcmp(runs->project, id->project) == 0 &&
	    strcmp(runs->domain, id->domain) == 0)
		*ret = runs->version;
	return 0;
}

/* The version of a name of a kind: "" if there is none. */
static int
pick_version(struct registry *r, const struct entity_id *id, struct arena *a,
    const char **ret, struct err *e)
{
	*ret = "";
	if (id->kind == ENTITY_LAUNCH_PLAN &&
	    r->ops->active(r, id, a, ret, e) < 0)
		return -1;
	if (id->kind == ENTITY_WORKFLOW &&
	    active_workflow(r, id, a, ret, e) < 0)
		return -1;
	if ((*ret)[0] != '\0')
		return 0;
	return r->ops->newest(r, id, a, ret, e);
}

/* 1 and a whole id if it is there as this kind; 0; -1. */
static int
try_kind(struct registry *r, enum entity_kind kind, struct entity_id *id,
    struct arena *a, struct err *e)
{
	struct entity_id full = *id;
	struct registered got;

	full.kind = kind;
	if (full.version[0] == '\0') {
		if (pick_version(r, &full, a, &full.version, e) < 0)
			return -1;
		if (full.version[0] == '\0')
			return 0;
	} else if (r->ops->get(r, &full, a, &got, e) < 0) {
		return e->kind == ERR_MISSING ? 0 : -1;
	}
	*id = full;
	return 1;
}

int
registry_resolve(struct registry *r, struct entity_id *id, struct arena *a,
    struct err *e)
{
	static const enum entity_kind order[] = { ENTITY_WORKFLOW,
		ENTITY_LAUNCH_PLAN };
	struct entity_id task = *id, other = *id;
	size_t i;
	int is_task, is_other = 0;

	if (id->kind != ENTITY_ANY) {
		is_task = try_kind(r, id->kind, id, a, e);
		return is_task < 0 ? -1 : is_task > 0 ? 0 : missing(r, id, e);
	}
	is_task = try_kind(r, ENTITY_TASK, &task, a, e);
	if (is_task < 0)
		return -1;
	for (i = 0; i < ARRAY_LEN(order) && is_other == 0; i++)
		is_other = try_kind(r, order[i], &other, a, e);
	if (is_other < 0)
		return -1;
	if (is_task && is_other)
		return err_set(e, ERR_USAGE, "%s: both a task and a %s are "
		    "called so; say which with --type", id->name,
		    entity_kind_words(other.kind));
	if (!is_task && !is_other)
		return missing(r, id, e);
	*id = is_task ? task : other;
	return 0;
}

int
registry_newest(struct registry *r, struct entity_id *id, struct arena *a,
    struct err *e)
{
	const char *version;

	if (r->ops->newest(r, id, a, &version, e) < 0)
		return -1;
	if (version[0] == '\0')
		return missing(r, id, e);
	id->version = version;
	return 0;
}

int
registry_list(struct registry *r, const struct registry_filter *filter,
    struct arena *a, struct registry_row **ret, size_t *ret_n, struct err *e)
{
	return r->ops->list(r, filter, a, ret, ret_n, e);
}

int
registry_put_all(struct registry *r, struct registry_put *at, size_t n,
    unsigned flags, struct arena *a, struct err *e)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (entity_id_check(&at[i].id, 0, e) < 0)
			return -1;
	return r->ops->put_all(r, at, n, flags, a, e);
}

int
registry_activate(struct registry *r, const struct entity_id *id, int on,
    struct arena *a, const char **ret_before, struct err *e)
{
	if (r->ops->activate(r, id, on, a, ret_before, e) == 0)
		return 0;
	return e->kind == ERR_MISSING ? missing(r, id, e) : -1;
}

int
registry_keep(struct registry *r, const char *path, int dry_run,
    struct arena *a, const char **ret_uri, struct err *e)
{
	return r->ops->keep(r, path, dry_run, a, ret_uri, e);
}

void
registry_locate(struct registry *r, pb_task_template *t, struct arena *a)
{
	r->ops->locate(r, t, a);
}

void
registry_locate_all(struct registry *r, pb_compiled_workflow_closure *c,
    struct arena *a)
{
	size_t i;

	for (i = 0; i < c->n_tasks; i++)
		r->ops->locate(r, c->tasks[i]->template_, a);
}
