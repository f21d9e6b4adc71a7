/* Looking at what is registered, and at what a file holds. */

#include "register.h"

#include <stdio.h>

#include "base/utf8.h"
#include "base/vec.h"
#include "common/ref.h"
#include "data/json.h"
#include "idl/diff.h"
#include "idl/pbjson.h"
#include "idl/wire.h"

/* ---- lists -------------------------------------------------------------- */

static void
row_json(struct strbuf *b, const struct registry_row *r)
{
	c_strbuf struct strbuf id = STRBUF_INIT;

	entity_id_add(&id, &r->id);
	strbuf_addf(b, "{\"kind\": \"%s\", \"id\": ",
	    entity_kind_name(r->id.kind));
	json_add_string(b, strbuf_str(&id));
	strbuf_adds(b, ", \"project\": ");
	json_add_string(b, str_of(r->id.project));
	strbuf_adds(b, ", \"domain\": ");
	json_add_string(b, str_of(r->id.domain));
	strbuf_adds(b, ", \"name\": ");
	json_add_string(b, str_of(r->id.name));
	strbuf_adds(b, ", \"version\": ");
	json_add_string(b, str_of(r->id.version));
	strbuf_adds(b, ", \"created_at\": \"");
	instant_add(b, r->created_at);
	strbuf_adds(b, "\"");
	if (r->id.kind == ENTITY_LAUNCH_PLAN)
		strbuf_addf(b, ", \"active\": %s",
		    r->active ? "true" : "false");
	strbuf_adds(b, "}\n");
}

static void
row_text(struct strbuf *b, const struct registry_row *r)
{
	struct instant t = r->created_at;

	/* Seconds are enough to look at; --jsonl has them all. */
	t.nsec = 0;
	strbuf_addf(b, "%-11s ", entity_kind_name(r->id.kind));
	instant_add(b, t);
	strbuf_addch(b, ' ');
	entity_id_add(b, &r->id);
	strbuf_adds(b, r->active ? " (active)\n" : "\n");
}

static int
print_rows(struct settings *s, const struct registry_row *rows, size_t n)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	if (s->limit > 0)
		n = MIN(n, (size_t)s->limit);
	for (i = 0; i < n; i++) {
		strbuf_reset(&b);
		if (s->jsonl)
			row_json(&b, &rows[i]);
		else
			row_text(&b, &rows[i]);
		put_out(&b);
	}
	return EXIT_DONE;
}

static int
filter_kind(struct settings *s, enum entity_kind *ret, struct err *e)
{
	*ret = ENTITY_ANY;
	if (s->type != NULL && entity_kind_parse(str_of(s->type), ret) < 0)
		return err_set(e, ERR_USAGE, "--type: expected task, "
		    "workflow or launch_plan, given %s", GIVEN(s->type));
	return 0;
}

static int
list_all(struct settings *s, struct registry *r, struct registry_filter *f,
    struct err *e)
{
	struct registry_row *rows;
	size_t n;

	if (registry_list(r, f, &s->context.arena, &rows, &n, e) < 0)
		return fail(&s->context, e);
	if (n == 0 && s->all)
		warn(&s->context, "nothing is registered");
	else if (n == 0)
		warn(&s->context, "nothing is registered in %s/%s; --all "
		    "lists all projects", s->project, s->domain);
	return print_rows(s, rows, n);
}

/* One name: ERR_MISSING, with what there is instead, if it is nowhere. */
static int
list_name(struct settings *s, struct registry *r, const char *name,
    struct registry_filter *f, struct err *e)
{
	struct entity_id id;
	struct ref ref;
	struct registry_row *rows;
	size_t n;

	if (ref_parse(name, &s->context.arena, &ref, e) < 0)
		return fail(&s->context, e);
	if (ref.file != NULL && err_set(e, ERR_USAGE, "%s: a file; show "
	    "lists what is in it", name) < 0)
		return fail(&s->context, e);
	if (ref_entity_id(&s->context, &ref, s->type, &id, e) < 0)
		return fail(&s->context, e);
	f->project = id.project;
	f->domain = id.domain;
	f->name = id.name;
	if (registry_list(r, f, &s->context.arena, &rows, &n, e) < 0 ||
	    (n == 0 && registry_resolve(r, &id, &s->context.arena, e) < 0))
		return fail(&s->context, e);
	return print_rows(s, rows, n);
}

static int
list_some(struct settings *s, char **args, size_t n, int all_versions)
{
	c_registry struct registry *r = NULL;
	struct registry_filter f = { .all_versions = all_versions };
	int status = EXIT_DONE;
	struct err e;
	size_t i;

	if (filter_kind(s, &f.kind, &e) < 0 || open_registry(s, &r, &e) < 0 ||
	    (!s->all && find_place(s, &e) < 0))
		return fail(&s->context, &e);
	f.project = s->project;
	f.domain = s->domain;
	if (n == 0)
		return list_all(s, r, &f, &e);
	for (i = 0; i < n && status == EXIT_DONE; i++)
		status = list_name(s, r, args[i], &f, &e);
	return status;
}

int
do_list(struct settings *s, char **args, size_t n)
{
	return list_some(s, args, n, 0);
}

int
do_versions(struct settings *s, char **args, size_t n)
{
	struct err e;

	if (n == 0 && err_set(&e, ERR_USAGE, "versions: of which name?") < 0)
		return fail(&s->context, &e);
	return list_some(s, args, n, 1);
}

/* ---- one entity --------------------------------------------------------- */

static int
find_registered(struct settings *s, struct registry *r, const char *text,
    struct registered *ret, struct err *e)
{
	struct entity_id id;
	struct ref ref;

	if (ref_parse(text, &s->context.arena, &ref, e) < 0)
		return -1;
	if (ref.file != NULL)
		return err_set(e, ERR_USAGE, "%s: a file; expected what is "
		    "registered: [PROJECT/DOMAIN/]NAME[@VERSION]", text);
	if (ref_entity_id(&s->context, &ref, s->type, &id, e) < 0 ||
	    registry_resolve(r, &id, &s->context.arena, e) < 0)
		return -1;
	return registry_get(r, &id, &s->context.arena, ret, e);
}

static const ProtobufCMessage *
message_of(const struct registered *r)
{
	return r->task != NULL ? &r->task->base : r->workflow != NULL ?
	    &r->workflow->base : &r->plan->base;
}

static void
print_json(const ProtobufCMessage *m)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	pbjson_print(m, PBJSON_INDENT, &b);
	put_out(&b);
}

/* The launch plan of the same name and version, where the defaults are. */
static const pb_parameter_map *
own_parameters(struct settings *s, struct registry *r,
    const struct entity_id *workflow)
{
	struct entity_id id = *workflow;
	struct registered plan;
	struct err e;

	id.kind = ENTITY_LAUNCH_PLAN;
	if (registry_get(r, &id, &s->context.arena, &plan, &e) < 0 ||
	    strcmp(plan.plan->spec->workflow_id->name, id.name) != 0 ||
	    (plan.plan->spec->fixed_inputs != NULL &&
	    plan.plan->spec->fixed_inputs->n_literals > 0))
		return NULL;
	return plan.plan->closure->expected_inputs;
}

static void
print_registered(struct settings *s, struct registry *reg,
    const struct registered *r)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct shown x = { .id = &r->id, .created_at = &r->created_at };

	if (s->json) {
		print_json(message_of(r));
		return;
	}
	if (r->task != NULL)
		x.task = r->task->closure->compiled_task->template_;
	if (r->workflow != NULL)
		x.workflow = r->workflow->closure->compiled_workflow->
		    primary->template_;
	if (r->workflow != NULL)
		x.parameters = own_parameters(s, reg, &r->id);
	x.plan = r->plan;
	x.active = r->plan != NULL && r->plan->closure->state ==
	    FLYTEIDL__ADMIN__LAUNCH_PLAN_STATE__ACTIVE;
	text_entity(&b, &x);
	put_out(&b);
}

static struct shown
shown_of(const struct front *f, const struct front_entity *x)
{
	struct shown ret = { .id = &x->id };
	size_t i;

	for (i = 0; x->entity.workflow != NULL && i < f->n; i++)
		if (f->at[i].implied && f->at[i].entity.plan != NULL && strcmp(f->at[i].id.name,
		    x->id.name) == 0)
			ret.parameters = f->at[i].entity.plan->spec->
			    default_inputs;

	if (x->entity.task != NULL)
		ret.task = x->entity.task->template_;
	if (x->entity.workflow != NULL)
		ret.workflow = x->entity.workflow->template_;
	ret.plan = x->entity.plan;
	return ret;
}

static void
print_front_entity(struct settings *s, const struct front *f,
    const struct front_entity *x, int line)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct shown shown = shown_of(f, x);

	if (s->json) {
		print_json(entity_message(&x->entity));
		return;
	}
	if (line)
		text_line(&b, &shown);
	else
		text_entity(&b, &shown);
	put_out(&b);
}

static int
print_front(struct settings *s, const struct ref *ref,
    const struct front *f, struct err *e)
{
	const struct front_entity *x;
	enum entity_kind kind;
	size_t i;

	if (filter_kind(s, &kind, e) < 0)
		return fail(&s->context, e);
	if (ref->name != NULL) {
		if (front_find(f, kind, ref->name, &x, e) < 0)
			return fail(&s->context, e);
		print_front_entity(s, f, x, 0);
		return EXIT_DONE;
	}
	for (i = 0; i < f->n; i++)
		if (kind == ENTITY_ANY || f->at[i].id.kind == kind)
			print_front_entity(s, f, &f->at[i], 1);
	return EXIT_DONE;
}

/* Only reads: what does not compile is shown all the same. */
static int
show_file(struct settings *s, struct registry *r, const struct ref *ref)
{
	c_fronts struct fronts all = FRONTS_INIT;
	char *path = arena_strdup(&s->context.arena, ref->file);
	struct front_options o;
	struct err e;
	int status = EXIT_DONE;
	size_t i;

	if (front_settings(s, r, &o, &e) < 0)
		return fail(&s->context, &e);
	o.project = o.domain = "";
	if (read_fronts(s, &o, &path, 1, &all, &e) < 0) {
		(void)print_faults(s, &all);
		return fail(&s->context, &e);
	}
	for (i = 0; i < all.n && status == EXIT_DONE; i++)
		status = print_front(s, ref, &all.at[i], &e);
	if (print_faults(s, &all) > 0 && status == EXIT_DONE)
		status = EXIT_SPEC;
	return status;
}

static int
show_one(struct settings *s, struct registry *r, const char *text)
{
	struct registered got;
	struct ref ref;
	struct err e;

	if (ref_parse(text, &s->context.arena, &ref, &e) < 0)
		return fail(&s->context, &e);
	if (ref.file != NULL)
		return show_file(s, r, &ref);
	if (find_registered(s, r, text, &got, &e) < 0)
		return fail(&s->context, &e);
	print_registered(s, r, &got);
	return EXIT_DONE;
}

int
do_show(struct settings *s, char **args, size_t n)
{
	c_registry struct registry *r = NULL;
	int status = EXIT_DONE;
	struct err e;
	size_t i;

	if (n == 0 && err_set(&e, ERR_USAGE, "show: what? give "
	    "[PROJECT/DOMAIN/]NAME[@VERSION], FILE[:NAME] or a package") < 0)
		return fail(&s->context, &e);
	if (open_registry(s, &r, &e) < 0)
		return fail(&s->context, &e);
	for (i = 0; i < n && status == EXIT_DONE; i++)
		status = show_one(s, r, args[i]);
	return status;
}

/* ---- two entities ------------------------------------------------------- */

/* The version compared stands in many ids; that it differs says nothing. */
static void
blank_version(void *version, ProtobufCMessage *m)
{
	pb_identifier *id = (pb_identifier *)m;

	if (strcmp(id->version, version) == 0)
		id->version = strbuf_empty;
}

static ProtobufCMessage *
without_version(struct settings *s, const struct registered *r)
{
	ProtobufCMessage *m = wire_dup(message_of(r), &s->context.arena);

	entity_each(m, &flyteidl__core__identifier__descriptor,
	    blank_version, arena_strdup(&s->context.arena, r->id.version));
	return m;
}

int
do_diff(struct settings *s, char **args, size_t n)
{
	c_registry struct registry *r = NULL;
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct registered a, z;
	struct err e;

	if (n != 2 && err_set(&e, ERR_USAGE, "diff: expected two entities, "
	    "A and B; given %zu", n) < 0)
		return fail(&s->context, &e);
	if (open_registry(s, &r, &e) < 0 ||
	    find_registered(s, r, args[0], &a, &e) < 0 ||
	    find_registered(s, r, args[1], &z, &e) < 0)
		return fail(&s->context, &e);
	if (a.id.kind != z.id.kind && err_set(&e, ERR_USAGE, "diff: %s is a "
	    "%s, %s a %s", args[0], entity_kind_words(a.id.kind), args[1],
	    entity_kind_words(z.id.kind)) < 0)
		return fail(&s->context, &e);
	diff_add(without_version(s, &a), without_version(s, &z), &b);
	put_out(&b);
	return b.n > 0 && s->exit_code ? EXIT_WORK : EXIT_DONE;
}

/* ---- activating --------------------------------------------------------- */

static int
set_active(struct settings *s, struct registry *r, const char *text, int on)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct entity_id id;
	const char *before;
	struct ref ref;
	struct err e;

	if (ref_parse(text, &s->context.arena, &ref, &e) < 0 ||
	    (ref.file != NULL && err_set(&e, ERR_USAGE, "%s: a file; register "
	    "it first", text) < 0) ||
	    ref_entity_id(&s->context, &ref, "launch_plan", &id, &e) < 0)
		return fail(&s->context, &e);
	/* Activating means the newest version, not the one active already. */
	if (id.version[0] == '\0' && on &&
	    registry_newest(r, &id, &s->context.arena, &e) < 0)
		return fail(&s->context, &e);
	if (registry_resolve(r, &id, &s->context.arena, &e) < 0 ||
	    registry_activate(r, &id, on, &s->context.arena, &before, &e) < 0)
		return fail(&s->context, &e);
	if (s->quiet)
		return EXIT_DONE;
	strbuf_addf(&b, "%s ", on ? "active" : "inactive");
	entity_id_add(&b, &id);
	if (on && before[0] != '\0' && strcmp(before, id.version) != 0) {
		strbuf_adds(&b, " instead of ");
		entity_part_add(&b, before);
	}
	strbuf_addch(&b, '\n');
	put_out(&b);
	return EXIT_DONE;
}

static int
activate_all(struct settings *s, char **args, size_t n, int on)
{
	c_registry struct registry *r = NULL;
	int status = EXIT_DONE;
	struct err e;
	size_t i;

	if (n == 0 && err_set(&e, ERR_USAGE, "%s: which launch plan?",
	    on ? "activate" : "deactivate") < 0)
		return fail(&s->context, &e);
	if (open_registry(s, &r, &e) < 0)
		return fail(&s->context, &e);
	for (i = 0; i < n && status == EXIT_DONE; i++)
		status = set_active(s, r, args[i], on);
	return status;
}

int
do_activate(struct settings *s, char **args, size_t n)
{
	return activate_all(s, args, n, 1);
}

int
do_deactivate(struct settings *s, char **args, size_t n)
{
	return activate_all(s, args, n, 0);
}
