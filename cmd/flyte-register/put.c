/* Registering, and packing what would be registered. */

#include "register.h"

#include <fcntl.h>

#include "base/map.h"
#include "base/num.h"
#include "base/vec.h"
#include "common/code.h"
#include "data/json.h"
#include "idl/wire.h"
#include "pack/code.h"
#include "pack/package.h"
#include "pack/vcs.h"
#include "spec/spec.h"
#include "sys/home.h"

static const char open_version[] = "{{ registration.version }}";

/* ---- the version -------------------------------------------------------- */

static int
is_open(const struct front_entity *x)
{
	return x->id.version[0] == '\0' ||
	    strcmp(x->id.version, open_version) == 0;
}

/* 1 if some entity has no version of its own.  What a package leaves open
 * stays so in one that is made of it. */
static int
needs_version(const struct settings *s, const struct fronts *all)
{
	size_t i, k;

	for (i = 0; i < all->n; i++) {
		if (s->out != NULL && all->at[i].form == FRONT_PACKAGE)
			continue;
		for (k = 0; k < all->at[i].n; k++)
			if (is_open(&all->at[i].at[k]))
				return 1;
	}
	return 0;
}

static void
all_entities(const struct fronts *all, struct arena *a, struct entity **ret,
    size_t *ret_n)
{
	size_t i, k, n = 0;
	struct entity *at;

	for (i = 0; i < all->n; i++)
		n += all->at[i].n;
	at = *ret = arena_new_n(a, n + 1, struct entity);
	*ret_n = n;
	for (i = 0; i < all->n; i++)
		for (k = 0; k < all->at[i].n; k++)
			*at++ = all->at[i].at[k].entity;
}

/* The files that a front was made of, for version control. */
static int
ask_vcs(struct settings *s, const struct fronts *all, struct vcs *ret,
    struct err *e)
{
	VEC(const char *) paths = VEC_INIT;
	size_t i, k;
	int bad = 0;

	*ret = (struct vcs){ .state = VCS_NONE };
	for (i = 0; i < all->n; i++) {
		const struct front *f = &all->at[i];

		if (f->form == FRONT_PACKAGE)
			continue;
		VEC_PUSH(&paths, f->path);
		for (k = 0; k < f->n_files; k++)
			VEC_PUSH(&paths, front_file_path(f, f->files[k].path,
			    &s->context.arena));
	}
	if (paths.n > 0)
		bad = vcs_ask(context_helper(&s->context, "vcs"),
		    getenv("HOME"), paths.at, paths.n, ret, e);
	VEC_RELEASE(&paths);
	if (bad == 0 && ret->state == VCS_REFUSED)
		warn(&s->context, "git is not used for the version: %s; "
		    "the package's digest is taken", ret->note);
	return bad;
}

static int
pick_version(struct settings *s, const struct fronts *all, const char *code,
    const char **ret, struct err *e)
{
	c_strbuf struct strbuf digest = STRBUF_INIT;
	c_strbuf struct strbuf version = STRBUF_INIT;
	struct entity *at;
	struct vcs vcs;
	size_t n;

	*ret = s->as == NULL ? "" : s->as;
	if (s->as != NULL || !needs_version(s, all))
		return 0;
	if (ask_vcs(s, all, &vcs, e) < 0)
		return -1;
	all_entities(all, &s->context.arena, &at, &n);
	package_digest(at, n, str_of(code == NULL ? "" : code), &digest);
	vcs_add_version(&vcs, digest.p, &version);
	*ret = arena_strdup(&s->context.arena, version.p);
	return 0;
}

/* ---- registering -------------------------------------------------------- */

struct batch {
	VEC(struct registry_put) puts;
	VEC(const struct front *) from;		/* a put's front */
};

/* Adds an entity; the same one given by two files counts once. */
static int
add_put(struct settings *s, struct batch *b, struct map *seen,
    const struct front *f, const struct front_entity *x, struct err *e)
{
	c_strbuf struct strbuf key = STRBUF_INIT;
	struct registry_put put = { .id = x->id };
	uint32_t i;

	strbuf_addf(&key, "%d ", (int)x->id.kind);
	entity_id_add(&key, &x->id);
	put.message = front_message(x, &s->context.arena);
	i = map_get(seen, strbuf_str(&key));
	if (i == MAP_NONE || i >= b->puts.n) {
		map_put(seen, arena_str(&s->context.arena, strbuf_str(&key)),
		    (uint32_t)b->puts.n);
		VEC_PUSH(&b->puts, put);
		VEC_PUSH(&b->from, f);
		return 0;
	}
	if (wire_equal(b->puts.at[i].message, put.message))
		return 0;
	return err_set(e, ERR_CONFLICT, "%s %s is in %s and in %s with other "
	    "content", entity_kind_words(x->id.kind), x->id.name,
	    b->from.at[i]->path, f->path);
}

static int
make_batch(struct settings *s, const struct fronts *all, struct batch *b,
    struct err *e)
{
	c_map struct map seen = MAP_INIT;
	size_t i, k;

	for (i = 0; i < all->n; i++)
		for (k = 0; k < all->at[i].n; k++)
			if (!all->at[i].at[k].faulty &&
			    add_put(s, b, &seen, &all->at[i],
			    &all->at[i].at[k], e) < 0)
				return -1;
	return 0;
}

static void
print_outcome(struct settings *s, const struct registry_put *p)
{
	static const char *const words[PUT_MAX] = {
		[PUT_NEW] = "registered", [PUT_UNCHANGED] = "unchanged",
		[PUT_CONFLICT] = "conflict",
	};
	const char *word = s->dry_run && p->outcome == PUT_NEW ? "new" :
	    words[p->outcome];
	c_strbuf struct strbuf b = STRBUF_INIT;
	c_strbuf struct strbuf id = STRBUF_INIT;

	entity_id_add(&id, &p->id);
	if (s->jsonl) {
		strbuf_addf(&b, "{\"outcome\": \"%s\", \"kind\": \"%s\", "
		    "\"id\": ", word, entity_kind_name(p->id.kind));
		json_add_string(&b, strbuf_str(&id));
		strbuf_adds(&b, "}\n");
	} else {
		strbuf_addf(&b, "%-10s %-11s %s\n", word,
		    entity_kind_name(p->id.kind), id.p);
	}
	put_out(&b);
}

/* A conflict: what differs, a line each, and what to do. */
static void
print_conflict(struct settings *s, const struct registry_put *p)
{
	c_strbuf struct strbuf id = STRBUF_INIT;
	const char *line, *end;

	entity_id_add(&id, &p->id);
	warn(&s->context, "%s %s: registered before with other content; a "
	    "version never changes: give another with --as",
	    entity_kind_words(p->id.kind), id.p);
	for (line = p->diff; line != NULL && *line != '\0'; line = end) {
		end = strchrnul(line, '\n');
		warn(&s->context, "  %.*s", (int)(end - line), line);
		end += *end == '\n';
	}
}

/* Prints what became of each; the status to exit with. */
static int
print_batch(struct settings *s, const struct batch *b)
{
	size_t i, counts[PUT_MAX] = { 0 };
	int none;

	for (i = 0; i < b->puts.n; i++)
		counts[b->puts.at[i].outcome]++;
	/* One conflict, and nothing was registered at all. */
	none = counts[PUT_CONFLICT] > 0 && !s->keep_going && !s->dry_run;
	for (i = 0; i < b->puts.n; i++) {
		if (b->puts.at[i].outcome == PUT_CONFLICT)
			print_conflict(s, &b->puts.at[i]);
		else if (!s->quiet && !none)
			print_outcome(s, &b->puts.at[i]);
	}
	if (counts[PUT_CONFLICT] > 0) {
		if (none)
			warn(&s->context, "nothing was registered");
		return EXIT_CONFLICT;
	}
	if (s->dry_run && s->exit_code && counts[PUT_NEW] > 0)
		return EXIT_WORK;
	return EXIT_DONE;
}

static int
put_fronts(struct settings *s, struct registry *r, const struct fronts *all,
    struct err *e)
{
	struct batch b = { .puts = VEC_INIT };
	unsigned flags = (s->dry_run ? PUT_DRY_RUN : 0u) |
	    (s->keep_going ? PUT_KEEP_GOING : 0u);
	const char *home;
	int status;

	if ((s->context.registry_option == NULL && !s->dry_run &&
	    (context_home(&s->context, &home, e) < 0 ||
	    home_make(home, e) < 0)) || make_batch(s, all, &b, e) < 0 ||
	    registry_put_all(r, b.puts.at, b.puts.n, flags,
	    &s->context.arena, e) < 0)
		status = fail(&s->context, e);
	else
		status = print_batch(s, &b);
	VEC_RELEASE(&b.puts);
	VEC_RELEASE(&b.from);
	return status;
}

/* ---- packing ------------------------------------------------------------ */

static int
mtime_of(int64_t *ret, struct err *e)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");

	*ret = 0;
	if (epoch == NULL || *epoch == '\0')
		return 0;
	if (num_parse_i64(str_of(epoch), 0, UINT32_MAX, ret) < 0)
		return err_set(e, ERR_USAGE, "SOURCE_DATE_EPOCH=%s: expected "
		    "seconds since 1970", epoch);
	return 0;
}

static int
write_out(struct settings *s, const struct fronts *all, const char *code,
    struct err *e)
{
	struct entity *at;
	int64_t mtime;
	size_t n;

	all_entities(all, &s->context.arena, &at, &n);
	if (mtime_of(&mtime, e) < 0)
		return fail(&s->context, e);
	if (!s->dry_run && package_write(context_helper(&s->context, "pack"),
	    s->out, at, n, code, mtime, e) < 0)
		return fail(&s->context, e);
	if (!s->quiet) {
		c_strbuf struct strbuf b = STRBUF_INIT;

		strbuf_addf(&b, "%s: %zu entities%s\n", s->out, n,
		    code == NULL ? "" : " and a code archive");
		put_out(&b);
	}
	return EXIT_DONE;
}

/*
 * The code archive of a package to be written: the one of a package that is
 * packed again, or the files that the tasks of specs name.
 */
static int
find_code(struct settings *s, const struct fronts *all, const char **ret,
    struct err *e)
{
	struct code_file *files;
	size_t i, k, n = 0;

	*ret = NULL;
	for (i = 0; i < all->n; i++) {
		const struct front *f = &all->at[i];

		if (f->code_path != NULL && (*ret != NULL || all->n > 1))
			return err_set(e, ERR_USAGE, "%s: has a code archive; "
			    "pack it alone", f->path);
		if (f->code_path != NULL)
			*ret = f->code_path;
		n += f->n_files;
	}
	if (s->out == NULL || *ret != NULL || strcmp(s->copy, "none") == 0)
		return 0;
	files = arena_new_n(&s->context.arena, n + 1, struct code_file);
	for (i = n = 0; i < all->n; i++)
		for (k = 0; k < all->at[i].n_files; k++, n++) {
			files[n].name = all->at[i].files[k].path;
			files[n].path = front_file_path(&all->at[i],
			    all->at[i].files[k].path, &s->context.arena);
		}
	if (strcmp(s->copy, "all") != 0)
		return n == 0 ? 0 : code_archive(context_helper(&s->context,
		    "pack"), files, n, all->code.dir, &s->context.arena, ret,
		    e);
	if (all->n != 1 || all->at[0].form == FRONT_PACKAGE)
		return err_set(e, ERR_USAGE, "--copy all takes the folder of "
		    "one spec or script");
	return code_folder(context_helper(&s->context, "pack"),
	    front_folder(&all->at[0], &s->context.arena), s->out,
	    all->code.dir, &s->context.arena, ret, e);
}

/* ---- all ---------------------------------------------------------------- */

/* Reads and gives ids; *ret_code is the code archive, or NULL. */
static int
prepare(struct settings *s, struct registry *r, char **args, size_t n,
    struct fronts *all, const char **ret_code, struct err *e)
{
	struct code_keeper k = { .context = &s->context, .registry = r,
		.dry_run = s->dry_run };
	struct front_options o;
	const char *version, *base;
	size_t i;

	if (front_settings(s, r, &o, e) < 0 ||
	    scratch_make_private(context_tmpdir(&s->context), "register",
	    NULL, NULL, &all->code, e) < 0)
		return -1;
	o.code_dir = k.dir = all->code.dir;
	if (s->out == NULL) {
		o.keep_code = code_keep_archive;
		o.keep_code_arg = &k;
	}
	if (read_fronts(s, &o, args, n, all, e) < 0 ||
	    find_code(s, all, ret_code, e) < 0)
		return -1;
	base = *ret_code == NULL ? NULL : strrchr(*ret_code, '/') + 1;
	if (pick_version(s, all, base, &version, e) < 0)
		return -1;
	for (i = 0; i < all->n; i++)
		front_set_version(&all->at[i], s->out == NULL ? s->project :
		    "", s->out == NULL ? s->domain : "", version,
		    s->as != NULL);
	for (i = 0; i < all->n && s->out == NULL; i++)
		if (code_keep(&k, &all->at[i], e) < 0)
			return -1;
	return 0;
}

static int
compile_all(struct fronts *all, struct err *e)
{
	size_t i;

	for (i = 0; i < all->n; i++)
		if (front_compile(&all->at[i], &all->diags, e) < 0)
			return -1;
	return 0;
}

static int
register_with(struct settings *s, struct registry *r, char **args, size_t n)
{
	c_fronts struct fronts all = FRONTS_INIT;
	const char *code;
	struct err e;
	int faulty, status;

	if (prepare(s, r, args, n, &all, &code, &e) < 0 ||
	    compile_all(&all, &e) < 0) {
		(void)print_faults(s, &all);
		return fail(&s->context, &e);
	}
	faulty = print_faults(s, &all) > 0;
	if (faulty && (!s->keep_going || s->out != NULL)) {
		if (!s->dry_run)
			warn(&s->context, "nothing was %s", s->out == NULL ?
			    "registered" : "packed");
		return EXIT_SPEC;
	}
	status = s->out != NULL ? write_out(s, &all, code, &e) :
	    put_fronts(s, r, &all, &e);
	return status == EXIT_DONE && faulty ? EXIT_SPEC : status;
}

int
do_register(struct settings *s, char **args, size_t n)
{
	c_registry struct registry *r = NULL;
	struct err e;

	if (n == 0 && err_set(&e, ERR_USAGE, "nothing to register: give a "
	    "spec, a script, a folder or a package (--help)") < 0)
		return fail(&s->context, &e);
	if (open_registry(s, &r, &e) < 0)
		return fail(&s->context, &e);
	return register_with(s, r, args, n);
}

int
do_check(struct settings *s, char **args, size_t n)
{
	c_registry struct registry *r = NULL;
	c_fronts struct fronts all = FRONTS_INIT;
	struct front_options o;
	struct err e;
	size_t i, bad;

	if (n == 0 && err_set(&e, ERR_USAGE, "check: nothing to check: give "
	    "a spec, a script, a folder or a package") < 0)
		return fail(&s->context, &e);
	if (open_registry(s, &r, &e) < 0 || front_settings(s, r, &o, &e) < 0)
		return fail(&s->context, &e);
	o.strict = s->portable;
	if (read_fronts(s, &o, args, n, &all, &e) < 0) {
		(void)print_faults(s, &all);
		return fail(&s->context, &e);
	}
	for (i = 0; i < all.n; i++)
		front_set_version(&all.at[i], s->project, s->domain, "check",
		    0);
	if (compile_all(&all, &e) < 0)
		return fail(&s->context, &e);
	bad = print_faults(s, &all);
	if (s->portable)
		bad += print_unportable(&all);
	return bad > 0 ? EXIT_SPEC : EXIT_DONE;
}
