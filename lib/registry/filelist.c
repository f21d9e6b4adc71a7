/* What there is in the registry of a folder. */

#include "registry/filereg.h"

#include "base/limits.h"
#include "base/vec.h"
#include "registry/regname.h"
#include "sys/file.h"

/* A walk over what matches a filter. */
struct listing {
	struct filereg		*reg;
	const struct registry_filter *filter;
	struct arena		*arena;
	struct strbuf		 scratch;
	VEC(struct registry_row) rows;
	const char		*project, *domain;
};

static int
by_row(const void *va, const void *vb)
{
	const struct registry_row *a = va, *b = vb;
	int d;

	if ((d = strcmp(a->id.project, b->id.project)) != 0 ||
	    (d = strcmp(a->id.domain, b->id.domain)) != 0)
		return d;
	if (a->id.kind != b->id.kind)
		return a->id.kind < b->id.kind ? -1 : 1;
	if ((d = strcmp(a->id.name, b->id.name)) != 0)
		return d;
	d = instant_cmp(b->created_at, a->created_at);
	return d != 0 ? d : strcmp(a->id.version, b->id.version);
}

/* Takes one file of a kind's folder, if it is an entity that is wanted. */
static int
list_file(struct listing *l, enum entity_kind kind, const char *file,
    struct err *e)
{
	struct entity_id folder = { kind, l->project, l->domain, "", "" };
	c_strbuf struct strbuf name = STRBUF_INIT;
	struct registry_row row = { .active = 0 };
	const char *at = strchr(file, '@');
	struct str part;
	int known, got;

	if (file[0] == '.' || at == NULL || at[1] == '\0' || at[1] == '@')
		return 0;
	part = (struct str){ file, (size_t)(at - file) };
	known = regname_parse(part, &name) == 0;
	if (known && l->filter->name != NULL &&
	    strcmp(name.p, l->filter->name) != 0)
		return 0;
	if (known && l->filter->brief) {
		row.id = folder;
		row.id.name = arena_strdup(l->arena, name.p);
		VEC_PUSH(&l->rows, row);
		return 0;
	}
	got = filereg_peek(l->reg, &folder, file, &l->scratch, l->arena,
	    &row.id, &row.created_at, e);
	if (got <= 0)
		return got;
	if (l->filter->name == NULL ||
	    strcmp(row.id.name, l->filter->name) == 0)
		VEC_PUSH(&l->rows, row);
	return 0;
}

static int
list_kind(struct listing *l, enum entity_kind kind, struct err *e)
{
	struct entity_id folder = { kind, l->project, l->domain, "", "" };
	c_strbuf struct strbuf path = STRBUF_INIT;
	const struct dirent *de;
	int ret, more = 1;
	DIR *d;

	if (l->filter->kind != ENTITY_ANY && l->filter->kind != kind)
		return 0;
	regname_add_folder(&path, &folder);
	d = filereg_folder(l->reg, path.p, &ret, e);
	if (d == NULL)
		return ret;
	while (ret == 0 && (more = file_next_entry(d, &de)) > 0)
		ret = list_file(l, kind, de->d_name, e);
	if (more < 0)
		ret = err_sys(e, "registry %s/%s", l->reg->dir, path.p);
	closedir(d);
	return ret;
}

/*
 * Calls fn for the folder of the wanted name, or for each there is.  parent
 * is "" or the project.
 */
static int
each_folder(struct listing *l, const char *parent, const char *wanted,
    int (*fn)(struct listing *, const char *name, struct err *),
    struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	c_strbuf struct strbuf name = STRBUF_INIT;
	const struct dirent *de;
	int ret, more = 1;
	DIR *d;

	if (wanted != NULL)
		return fn(l, wanted, e);
	strbuf_adds(&path, "./");
	regname_add(&path, parent, MAX_FILE_NAME);
	d = filereg_folder(l->reg, path.p, &ret, e);
	if (d == NULL)
		return ret;
	while (ret == 0 && (more = file_next_entry(d, &de)) > 0) {
		strbuf_reset(&name);
		if (de->d_name[0] == '.' ||
		    regname_parse(str_of(de->d_name), &name) < 0)
			continue;
		ret = fn(l, arena_strdup(l->arena, name.p), e);
	}
	if (more < 0)
		ret = err_sys(e, "registry %s/%s", l->reg->dir, path.p);
	closedir(d);
	return ret;
}

static int
list_domain(struct listing *l, const char *domain, struct err *e)
{
	int kind;

	l->domain = domain;
	for (kind = ENTITY_TASK; kind < ENTITY_KIND_MAX; kind++)
		if (list_kind(l, (enum entity_kind)kind, e) < 0)
			return -1;
	return 0;
}

static int
list_project(struct listing *l, const char *project, struct err *e)
{
	l->project = project;
	return each_folder(l, project, l->filter->domain, list_domain, e);
}

/* Leaves the newest of each name (rows are sorted), or each name once. */
static void
keep_newest(struct listing *l)
{
	struct registry_row *at = l->rows.at;
	size_t i, n = 0;

	for (i = 0; i < l->rows.n; i++) {
		struct entity_id a = at[i].id, b;

		if (n > 0) {
			b = at[n - 1].id;
			a.version = b.version = "";
			if (entity_id_cmp(&a, &b) == 0)
				continue;
		}
		at[n++] = at[i];
	}
	l->rows.n = n;
}

static int
mark_active(struct listing *l, struct err *e)
{
	const char *active;
	size_t i;

	for (i = 0; i < l->rows.n; i++) {
		struct registry_row *row = &l->rows.at[i];

		if (row->id.kind != ENTITY_LAUNCH_PLAN || l->filter->brief)
			continue;
		if (filereg_active(&l->reg->base, &row->id, l->arena, &active,
		    e) < 0)
			return -1;
		row->active = strcmp(active, row->id.version) == 0;
	}
	return 0;
}

int
filereg_list(struct registry *base, const struct registry_filter *filter,
    struct arena *a, struct registry_row **ret, size_t *ret_n,
    struct err *e)
{
	struct listing l = { .reg = filereg_of(base), .filter = filter,
		.arena = a, .scratch = STRBUF_INIT };
	int got = filereg_root(l.reg, 0, e);

	*ret = NULL;
	*ret_n = 0;
	if (got <= 0)
		return got;
	got = each_folder(&l, "", filter->project, list_project, e);
	if (got == 0 && l.rows.n > 0) {
		qsort(l.rows.at, l.rows.n, sizeof(*l.rows.at), by_row);
		if (!filter->all_versions || filter->brief)
			keep_newest(&l);
		got = mark_active(&l, e);
		*ret_n = l.rows.n;
		*ret = arena_new_n(a, l.rows.n, struct registry_row);
		memcpy(*ret, l.rows.at, l.rows.n * sizeof(**ret));
	}
	strbuf_release(&l.scratch);
	VEC_RELEASE(&l.rows);
	return got;
}
