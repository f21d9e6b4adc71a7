#include "spec/load.h"

#include "base/limits.h"
#include "data/json.h"
#include "data/yaml.h"
#include "spec/header.h"
#include "spec/plan.h"
#include "spec/task.h"
#include "spec/workflow.h"

enum spec_form
spec_form_of(const char *name)
{
	struct str s = str_of(name);

	if (str_ends(s, ".json"))
		return SPEC_JSON;
	return str_ends(s, ".yaml") || str_ends(s, ".yml") ? SPEC_YAML :
	    SPEC_SCRIPT;
}

void
load_add_file(struct load *l, const struct spec_file *file)
{
	VEC_PUSH(&file_of(l)->files, *file);
}

void
load_add_read(struct load *l, const char *path)
{
	struct spec_read r = { .path = path };
	struct stat st;

	if (stat(arena_printf(l->a, "%s/%s", l->opt->dir, path), &st) == 0)
		r.before = stat_id_of(&st);
	VEC_PUSH(&file_of(l)->reads, r);
}

/* ---- declaring ---------------------------------------------------------- */

static pb_identifier *
new_id(struct load *l, enum entity_kind kind, char *name)
{
	struct entity_id id = { .kind = kind, .project = l->opt->project,
	    .domain = l->opt->domain, .name = name,
	    .version = l->opt->version };

	return entity_id_pb(&id, l->a);
}

struct decl *
load_declare(struct file *f, enum entity_kind kind, struct str name,
    uint32_t key, uint32_t node)
{
	struct decl d = { .kind = kind, .key = key, .node = node };

	d.name = shape_strdup(&f->l, name);
	d.id = new_id(&f->l, kind, d.name);
	map_put(&f->by_name[kind], str_of(d.name),
	    (uint32_t)f->decls[kind].n);
	VEC_PUSH(&f->decls[kind], d);
	return &VEC_LAST(&f->decls[kind]);
}

struct decl *
load_find(struct file *f, enum entity_kind kind, struct str name)
{
	uint32_t i = map_get(&f->by_name[kind], name);

	return i == MAP_NONE ? NULL : &f->decls[kind].at[i];
}

pb_identifier *
load_derive(struct file *f, char *name, uint32_t key,
    const pb_admin_task_spec *of, pb_task_template *t)
{
	struct decl d = { .kind = ENTITY_TASK, .name = name, .key = key,
	    .node = TREE_NONE, .implied = 1 };

	d.id = new_id(&f->l, ENTITY_TASK, name);
	d.task = PB_NEW(f->l.a, flyteidl__admin__task_spec);
	d.task->template_ = t;
	d.task->description = of->description;
	VEC_PUSH(&f->derived, d);
	return d.id;
}

static int
check_name(struct load *l, uint32_t key, enum entity_kind kind)
{
	struct entity_id id = { .kind = kind, .project = "p", .domain = "d",
	    .version = "" };
	struct err e;

	id.name = shape_strdup(l, l->t->at[key].text);
	if (entity_id_check(&id, 1, &e) == 0)
		return 0;
	shape_fault(l, DIAG_BAD_NAME, key, "%s", e.msg);
	return -1;
}

static void
declare(struct file *f, uint32_t map, enum entity_kind kind, const char *what)
{
	if (map == TREE_NONE || tree_is_null(f->l.t, map) ||
	    shape_need_map(&f->l, map, what) < 0)
		return;
	TREE_EACH_PAIR(f->l.t, map, k, v)
		if (check_name(&f->l, k, kind) == 0)
			load_declare(f, kind, f->l.t->at[k].text, k,
			    v);
}

/* ---- lowering ----------------------------------------------------------- */

static void
lower_tasks(struct file *f)
{
	struct decl *d;
	size_t i;

	for (i = 0; i < f->decls[ENTITY_TASK].n; i++) {
		d = &f->decls[ENTITY_TASK].at[i];
		d->task = task_lower(&f->l, d->id, d->node, NULL);
		d->faulty = d->task == NULL;
	}
}

static void
lower_plans(struct file *f)
{
	struct decl *d;
	size_t i, faults;

	for (i = 0; i < f->decls[ENTITY_LAUNCH_PLAN].n; i++) {
		d = &f->decls[ENTITY_LAUNCH_PLAN].at[i];
		faults = f->l.faults;
		plan_lower(f, d);
		d->faulty |= f->l.faults > faults || d->plan == NULL;
	}
}

/* Each workflow without a plan of its own name gets one. */
static void
imply_plans(struct file *f)
{
	struct decl *w, *d;
	size_t i, n = f->decls[ENTITY_WORKFLOW].n;

	VEC_RESERVE(&f->decls[ENTITY_LAUNCH_PLAN], n);
	for (i = 0; i < n; i++) {
		w = &f->decls[ENTITY_WORKFLOW].at[i];
		if (load_find(f, ENTITY_LAUNCH_PLAN, str_of(w->name)) != NULL)
			continue;
		d = load_declare(f, ENTITY_LAUNCH_PLAN, str_of(w->name), w->key,
		    TREE_NONE);
		d->implied = 1;
		plan_imply(f, w, d);
	}
}

/* Plans made before their workflow was found faulty. */
static void
spread_faults(struct file *f)
{
	struct decl *d, *w;
	size_t i;

	for (i = 0; i < f->decls[ENTITY_LAUNCH_PLAN].n; i++) {
		d = &f->decls[ENTITY_LAUNCH_PLAN].at[i];
		if (d->plan == NULL)
			continue;
		w = load_find(f, ENTITY_WORKFLOW,
		    str_of(d->plan->spec->workflow_id->name));
		if (w != NULL && w->id == d->plan->spec->workflow_id)
			d->faulty |= w->faulty;
	}
}

/* Tasks, then what each workflow takes, then plans, then nodes. */
static void
lower_all(struct file *f)
{
	size_t i;

	lower_tasks(f);
	for (i = 0; i < f->decls[ENTITY_WORKFLOW].n; i++)
		workflow_declare(f, &f->decls[ENTITY_WORKFLOW].at[i]);
	lower_plans(f);
	if (!f->dynamic)
		imply_plans(f);
	workflows_lower(f);
	spread_faults(f);
}

/*
 * A workflow's nodes and outputs: it is one too, under a name that no key of
 * a map has twice.  Or a file with one workflow.
 */
static void
load_dynamic(struct file *f)
{
	struct load *l = &f->l;

	if (shape_need_map(l, 0, "the keys of a dynamic spec") < 0)
		return;
	declare(f, tree_get(l->t, 0, "tasks"), ENTITY_TASK, "a map of tasks");
	declare(f, tree_get(l->t, 0, "workflows"), ENTITY_WORKFLOW,
	    "a map of workflows");
	f->whole = tree_get(l->t, 0, "nodes") == TREE_NONE &&
	    tree_get(l->t, 0, "outputs") == TREE_NONE &&
	    f->decls[ENTITY_WORKFLOW].n > 0;
	if (f->whole)
		dynamic_check(f);
	else if (load_find(f, ENTITY_WORKFLOW, STR(LOAD_DYNAMIC)) != NULL)
		shape_fault(l, DIAG_BAD_NAME, 0, "\"%s\" is the name of the "
		    "whole", LOAD_DYNAMIC);
	else
		(void)load_declare(f, ENTITY_WORKFLOW, STR(LOAD_DYNAMIC), 0,
		    0);
	lower_all(f);
}

static void
load_document(struct file *f)
{
	struct load *l = &f->l;
	uint32_t tasks, workflows, plans, types;
	const struct shape_key keys[] = {
		{ "tasks", &tasks }, { "workflows", &workflows },
		{ "launchplans", &plans }, { "types", &types },
	};

	if (shape_keys(l, 0, "a spec", keys, ARRAY_LEN(keys)) < 0)
		return;
	if (types != TREE_NONE)
		shape_fault(l, DIAG_UNSUPPORTED, types, "types: is reserved "
		    "for types of one's own");
	if (l->t->at[0].n == 0 || (tasks == TREE_NONE && plans == TREE_NONE &&
	    workflows == TREE_NONE && types == TREE_NONE && l->faults == 0))
		shape_fault(l, DIAG_EMPTY, 0, "a spec has tasks:, workflows: "
		    "or launchplans:");
	declare(f, tasks, ENTITY_TASK, "a map of tasks");
	declare(f, workflows, ENTITY_WORKFLOW, "a map of workflows");
	declare(f, plans, ENTITY_LAUNCH_PLAN, "a map of launch plans");
	lower_all(f);
}

/* ---- the result --------------------------------------------------------- */

static void
add_entity(struct spec *s, const struct decl *d)
{
	struct spec_entity *e = &s->at[s->n];

	e->entity.kind = d->kind;
	e->entity.task = d->task;
	e->entity.workflow = d->workflow != NULL ? d->workflow->spec : NULL;
	e->entity.plan = d->plan;
	e->node = d->node;
	e->key = d->key;
	e->faulty = d->faulty;
	e->implied = d->implied;
	if (d->task == NULL && d->workflow == NULL && d->plan == NULL)
		return;
	e->id = entity_id_of(d->id);
	e->id.kind = d->kind;
	s->ids[s->n++] = d->id;
}

static void
finish(struct file *f)
{
	struct spec *s = f->l.spec;
	size_t i, n;
	int kind;

	n = f->derived.n;
	for (kind = 0; kind < ENTITY_KIND_MAX; kind++)
		n += f->decls[kind].n;
	s->at = arena_new_n(s->arena, n, struct spec_entity);
	s->ids = arena_new_n(s->arena, n, pb_identifier *);
	for (i = 0; i < f->decls[ENTITY_TASK].n; i++)
		add_entity(s, &f->decls[ENTITY_TASK].at[i]);
	for (i = 0; i < f->derived.n; i++)
		add_entity(s, &f->derived.at[i]);
	for (i = 0; i < f->order.n; i++)
		add_entity(s, f->order.at[i]->decl);
	for (i = 0; i < f->decls[ENTITY_LAUNCH_PLAN].n; i++) {
		/* what was for our own use */
		if (f->decls[ENTITY_LAUNCH_PLAN].at[i].plan != NULL)
			f->decls[ENTITY_LAUNCH_PLAN].at[i].plan->closure =
			    NULL;
		add_entity(s, &f->decls[ENTITY_LAUNCH_PLAN].at[i]);
	}
	s->n_files = f->files.n;
	s->files = arena_new_n(s->arena, f->files.n, struct spec_file);
	for (i = 0; i < f->files.n; i++)
		s->files[i] = f->files.at[i];
	s->n_reads = f->reads.n;
	s->reads = arena_new_n(s->arena, f->reads.n, struct spec_read);
	for (i = 0; i < f->reads.n; i++)
		s->reads[i] = f->reads.at[i];
}

static void
file_release(struct file *f)
{
	size_t i;
	int kind;

	for (i = 0; i < f->decls[ENTITY_WORKFLOW].n; i++)
		workflow_release(f->decls[ENTITY_WORKFLOW].at[i].workflow);
	for (kind = 0; kind < ENTITY_KIND_MAX; kind++) {
		VEC_RELEASE(&f->decls[kind]);
		map_release(&f->by_name[kind]);
	}
	VEC_RELEASE(&f->derived);
	VEC_RELEASE(&f->order);
	VEC_RELEASE(&f->files);
	VEC_RELEASE(&f->reads);
}

/* A C string cannot hold a NUL, and no value of a spec needs one. */
static void
refuse_nuls(struct load *l)
{
	const struct tree *t = l->t;
	size_t i;

	for (i = 0; i < t->n; i++)
		if (t->at[i].text.n > 0 && memchr(t->at[i].text.p, '\0',
		    t->at[i].text.n) != NULL)
			shape_fault(l, DIAG_ENCODING, (uint32_t)i, "a NUL "
			    "character");
}

static void
begin(struct file *f, const struct spec_options *opt, struct arena *a,
    struct spec *ret, struct diags *ds)
{
	memset(ret, 0, sizeof(*ret));
	tree_init(&ret->tree);
	ret->arena = a;
	ret->form = opt->form;
	f->l = (struct load){ .t = &ret->tree, .ds = ds, .a = a, .opt = opt,
	    .spec = ret };
}

/* 0 if the text is a document at all. */
static int
parse(struct file *f, const char *name, struct str text)
{
	struct tree *t = &f->l.spec->tree;
	int r;

	r = f->l.opt->form == SPEC_JSON ?
	    json_parse(name, text, t, f->l.ds) :
	    yaml_parse(name, text, t, f->l.ds);
	if (r < 0)
		f->l.faults++;
	if (!t->whole)
		return -1;
	refuse_nuls(&f->l);
	return 0;
}

int
spec_load(const char *name, struct str text, const struct spec_options *opt,
    struct arena *a, struct spec *ret, struct diags *ds)
{
	struct file f = { .dynamic = 0 };

	begin(&f, opt, a, ret, ds);
	if (opt->form == SPEC_SCRIPT) {
		if (header_load(&f, name, text) < 0)
			f.l.faults++;
	} else if (parse(&f, name, text) == 0) {
		load_document(&f);
	}
	finish(&f);
	file_release(&f);
	return f.l.faults > 0 ? -1 : 0;
}

int
spec_load_dynamic(const char *name, struct str text,
    const struct spec_options *opt, struct arena *a, struct spec *ret,
    pb_dynamic_job_spec **ret_job, struct diags *ds)
{
	struct file f = { .dynamic = 1 };

	begin(&f, opt, a, ret, ds);
	if (opt->form == SPEC_SCRIPT)
		BUG("a dynamic spec is YAML or JSON");
	if (parse(&f, name, text) == 0)
		load_dynamic(&f);
	if (f.l.faults == 0)
		*ret_job = dynamic_job(&f);
	finish(&f);
	file_release(&f);
	return f.l.faults > 0 ? -1 : 0;
}

void
spec_release(struct spec *s)
{
	tree_release(&s->tree);
	free(s->text);
	memset(s, 0, sizeof(*s));
}

const struct spec_entity *
spec_find(const struct spec *s, enum entity_kind kind, const char *name)
{
	static const enum entity_kind order[] = { ENTITY_WORKFLOW,
	    ENTITY_TASK, ENTITY_LAUNCH_PLAN };
	size_t i, k;

	for (k = 0; k < ARRAY_LEN(order); k++)
		for (i = 0; i < s->n; i++)
			if ((kind == order[k] || kind == ENTITY_ANY) &&
			    s->at[i].id.kind == order[k] &&
			    strcmp(s->at[i].id.name, name) == 0)
				return &s->at[i];
	return NULL;
}
