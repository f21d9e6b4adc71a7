#include "registry/front.h"

#include <fcntl.h>

#include "base/limits.h"
#include "pack/package.h"
#include "registry/front_p.h"
#include "spec/lower.h"
#include "sys/file.h"

/* A package ends in .tgz, .tar.gz or .tar or is a folder (ends in '/'), a
 * spec ends in .yaml, .yml or .json; all else is a script. */
enum front_form
front_form_of(const char *path)
{
	static const char *const package[] = { ".tgz", ".tar.gz", ".tar",
		"/" };
	struct str s = str_of(path);
	size_t i;

	for (i = 0; i < ARRAY_LEN(package); i++)
		if (str_ends(s, package[i]))
			return FRONT_PACKAGE;
	return spec_form_of(path) == SPEC_SCRIPT ? FRONT_SCRIPT : FRONT_SPEC;
}

static struct front_entity *
new_entities(struct front *f, size_t n)
{
	f->at = arena_new_n(f->priv->arena, n, struct front_entity);
	f->n = n;
	return f->at;
}

/* ---- packages ----------------------------------------------------------- */

static int
read_package(struct front *f, struct err *e)
{
	struct front_priv *p = f->priv;
	const struct front_options *o = &p->options;
	const char *uri = NULL;
	struct front_entity *x;
	struct package package;
	size_t i;

	if (package_read(o->pack_helper, f->path, o->code_dir, p->arena,
	    &package, e) < 0)
		return -1;
	x = new_entities(f, package.n);
	for (i = 0; i < package.n; i++) {
		x[i].entity = package.at[i].entity;
		x[i].file = package.at[i].member;
	}
	f->code_path = package.code_path;
	if (f->code_path != NULL && o->keep_code != NULL &&
	    o->keep_code(o->keep_code_arg, f->code_path, p->arena, &uri,
	    e) < 0)
		return -1;
	front_fill_macros(f, uri);
	return 0;
}

/* ---- specs and scripts -------------------------------------------------- */

/* The absolute path of a file, in the arena. */
static int
absolute(const char *path, struct arena *a, char **ret, struct err *e)
{
	c_free char *real = realpath(path, NULL);

	if (real == NULL)
		return err_sys(e, "%s", path);
	*ret = arena_strdup(a, real);
	return 0;
}

static int
read_text(struct front *f, struct err *e)
{
	if (file_read(AT_FDCWD, f->path, MAX_SPEC_BYTES, &f->priv->text,
	    e) == 0)
		return 0;
	/* A file that is there but not to be read as one is a bad spec. */
	if (e->kind == ERR_USAGE)
		e->kind = ERR_SPEC;
	return -1;
}

static void
see_map(void *found, ProtobufCMessage *m)
{
	const pb_array_node *n = (const pb_array_node *)m;

	if (n->is_original_sub_node_interface != NULL &&
	    n->is_original_sub_node_interface->value)
		*(int *)found = 1;
}

/* Marks a workflow with a map that only our compiler takes, see
 * LOWER_MAP_TAG. */
static void
tag_maps(struct pbwalk *walk, pb_workflow_template *w, struct arena *a)
{
	pb_workflow_metadata *m;
	int found = 0;

	pbwalk_each(walk, &w->base, see_map, &found);
	if (!found)
		return;
	if (w->metadata == NULL)
		w->metadata = PB_NEW(a, flyteidl__core__workflow_metadata);
	m = w->metadata;
	if (m->n_tags > 0)
		return;
	m->n_tags = 1;
	m->tags = arena_calloc(a, 1, sizeof(*m->tags));
	m->tags[0] = arena_alloc(a, sizeof(**m->tags));
	flyteidl__core__workflow_metadata__tags_entry__init(m->tags[0]);
	m->tags[0]->key = arena_strdup(a, LOWER_MAP_TAG);
	m->tags[0]->value = arena_strdup(a, "original");
}

static void
take_spec(struct front *f, const char *script)
{
	struct spec *spec = &f->priv->spec;
	struct front_entity *x = new_entities(f, spec->n);
	c_pbwalk struct pbwalk maps =
	    PBWALK_INIT(&flyteidl__core__array_node__descriptor);
	size_t i;

	for (i = 0; i < spec->n; i++) {
		x[i].entity = spec->at[i].entity;
		if (x[i].entity.workflow != NULL)
			tag_maps(&maps, x[i].entity.workflow->template_,
			    f->priv->arena);
		x[i].implied = spec->at[i].implied;
		x[i].faulty = spec->at[i].faulty;
		x[i].file = f->path;
		x[i].script = spec->at[i].id.kind == ENTITY_TASK ? script :
		    NULL;
	}
	f->files = spec->files;
	f->n_files = spec->n_files;
	f->reads = spec->reads;
	f->n_reads = spec->n_reads;
	f->text = strbuf_str(&f->priv->text);
}

static int
read_spec(struct front *f, struct diags *diags, struct err *e)
{
	struct front_priv *p = f->priv;
	struct spec_options o = { .form = spec_form_of(f->path),
		.project = "", .domain = "", .version = "",
		.resolve = front_resolve, .resolve_arg = f };
	char *path, *dir, *slash;

	if (read_text(f, e) < 0 || absolute(f->path, p->arena, &path, e) < 0)
		return -1;
	dir = arena_strdup(p->arena, path);
	slash = strrchr(dir, '/');
	slash[slash == dir] = '\0';
	o.dir = p->folder = dir;
	p->has_spec = 1;
	/* -1 tells of faults, which are in the diags. */
	if (spec_load(f->path, strbuf_str(&p->text), &o, p->arena, &p->spec,
	    diags) < 0 && diags->n == 0)
		BUG("%s: a fault without a diagnostic", f->path);
	take_spec(f, f->form == FRONT_SCRIPT ? path : NULL);
	return 0;
}

/* ---- all ---------------------------------------------------------------- */

int
front_read(const char *path, const struct front_options *o, struct arena *a,
    struct front *ret, struct diags *diags, struct err *e)
{
	struct front_priv *p = xcalloc(1, sizeof(*p));
	int bad;

	p->options = *o;
	p->arena = a;
	strbuf_init(&p->text);
	*ret = (struct front){ .form = front_form_of(path), .path = path,
		.priv = p };
	bad = ret->form == FRONT_PACKAGE ? read_package(ret, e) :
	    read_spec(ret, diags, e);
	if (bad < 0)
		return -1;
	front_index(ret);
	return 0;
}

void
front_release(struct front *f)
{
	struct front_priv *p = f->priv;

	if (p == NULL)
		return;
	if (p->has_spec)
		spec_release(&p->spec);
	strbuf_release(&p->text);
	map_release(&p->index);
	map_release(&p->outside);
	VEC_RELEASE(&p->registered);
	free(p);
	*f = (struct front)FRONT_INIT;
}

int
front_load(const char *path, const char *version,
    const struct front_options *o, struct arena *a, struct front *ret,
    struct diags *diags, struct err *e)
{
	if (front_read(path, o, a, ret, diags, e) < 0)
		return -1;
	front_set_version(ret, o->project, o->domain, version, 0);
	if (front_compile(ret, diags, e) < 0)
		return -1;
	/* Only faults are looked up in it. */
	if (ret->priv->has_spec && diags->n == 0)
		tree_release(&ret->priv->spec.tree);
	return 0;
}

const char *
front_folder(const struct front *f, struct arena *a)
{
	return arena_strdup(a, f->priv->folder);
}

const char *
front_file_path(const struct front *f, const char *path, struct arena *a)
{
	if (path[0] == '/')
		return path;
	return arena_printf(a, "%s/%s", f->priv->folder, path);
}

size_t
front_faults(const struct front *f)
{
	size_t i, n = 0;

	for (i = 0; i < f->n; i++)
		n += f->at[i].faulty != 0;
	return n;
}

/* ---- finding ------------------------------------------------------------ */

/* The sole entity of a kind that somebody wrote; NULL if there is none; *ret_n
 * counts them. */
static const struct front_entity *
sole(const struct front *f, enum entity_kind kind, size_t *ret_n)
{
	const struct front_entity *ret = NULL;
	size_t i;

	*ret_n = 0;
	for (i = 0; i < f->n; i++)
		if (f->at[i].id.kind == kind && !f->at[i].implied) {
			ret = &f->at[i];
			++*ret_n;
		}
	return ret;
}

static void
add_names(const struct front *f, struct strbuf *b)
{
	size_t i, n = 0;
	int workflows;

	/* What is mostly meant goes first. */
	for (workflows = 1; workflows >= 0; workflows--)
		for (i = 0; i < f->n; i++) {
			if (f->at[i].implied || workflows !=
			    (f->at[i].id.kind == ENTITY_WORKFLOW))
				continue;
			if (n == 20) {
				strbuf_adds(b, ", ...");
				return;
			}
			strbuf_addf(b, "%s%s %s", n++ == 0 ? "" : ", ",
			    entity_kind_words(f->at[i].id.kind),
			    f->at[i].id.name);
		}
}

static int
find_sole(const struct front *f, enum entity_kind kind,
    const struct front_entity **ret, struct err *e)
{
	static const enum entity_kind order[] = { ENTITY_WORKFLOW,
		ENTITY_TASK };
	c_strbuf struct strbuf names = STRBUF_INIT;
	size_t i, n;

	for (i = 0; i < ARRAY_LEN(order); i++) {
		if (kind != ENTITY_ANY && kind != order[i])
			continue;
		*ret = sole(f, order[i], &n);
		if (n == 1)
			return 0;
		if (n > 1)
			break;
	}
	add_names(f, &names);
	if (names.n == 0)
		return err_set(e, ERR_SPEC, "%s: nothing in it", f->path);
	return err_set(e, ERR_USAGE, "%s: say which with %s:NAME; there is "
	    "%s", f->path, f->path, names.p);
}

static const char *
name_meant(const struct front *f, enum entity_kind kind, const char *name)
{
	c_free const char **names = xcalloc(f->n + 1, sizeof(*names));
	size_t i, n = 0;

	for (i = 0; i < f->n; i++)
		if (kind == ENTITY_ANY || kind == f->at[i].id.kind)
			names[n++] = f->at[i].id.name;
	return did_you_mean(str_of(name), names, n);
}

int
front_find(const struct front *f, enum entity_kind kind, const char *name,
    const struct front_entity **ret, struct err *e)
{
	static const enum entity_kind order[] = { ENTITY_WORKFLOW,
		ENTITY_TASK, ENTITY_LAUNCH_PLAN };
	c_strbuf struct strbuf names = STRBUF_INIT;
	const char *meant;
	size_t i, k;

	if (name == NULL)
		return find_sole(f, kind, ret, e);
	for (k = 0; k < ARRAY_LEN(order); k++) {
		if (kind != ENTITY_ANY && kind != order[k])
			continue;
		for (i = 0; i < f->n; i++)
			if (f->at[i].id.kind == order[k] &&
			    strcmp(f->at[i].id.name, name) == 0) {
				*ret = &f->at[i];
				return 0;
			}
	}
	meant = name_meant(f, kind, name);
	if (meant != NULL)
		return err_set(e, ERR_MISSING, "%s: no %s %s in it; did you "
		    "mean %s?", f->path, kind == ENTITY_ANY ? "task, workflow "
		    "or launch plan" : entity_kind_words(kind), name, meant);
	add_names(f, &names);
	return err_set(e, ERR_MISSING, "%s: no %s %s in it; there is %s",
	    f->path, kind == ENTITY_ANY ? "task, workflow or launch plan" :
	    entity_kind_words(kind), name, names.n > 0 ? names.p : "nothing");
}
