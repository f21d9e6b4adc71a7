/*
 * flyte-run: runs a workflow, launch plan or task.  A reference or file is
 * resolved to a closure (target.c), the inputs are bound, and the runner
 * does the rest.
 */

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/num.h"
#include "base/vec.h"
#include "common/args.h"
#include "common/outputs.h"
#include "compile/compile.h"
#include "dryrun.h"
#include "idl/infer.h"
#include "idl/literal.h"
#include "idl/wire.h"
#include "outside.h"
#include "run/cached.h"
#include "run/report.h"
#include "sys/digest.h"
#include "target.h"

static const enum opt_id options[] = {
	OPT_PROJECT, OPT_DOMAIN, OPT_REGISTRY, OPT_TYPE, OPT_INPUTS,
	OPT_OUTPUT, OPT_MAP, OPT_TYPED, OPT_PLAIN_IN, OPT_PLAIN, OPT_JQ,
	OPT_JQ_INTS, OPT_DRY_RUN,
	OPT_EXIT_CODE, OPT_JSON, OPT_JOBS, OPT_KEEP_GOING, OPT_QUIET,
	OPT_VERBOSE, OPT_COLOR, OPT_NAME, OPT_WAIT, OPT_RESUME, OPT_RECOVER,
	OPT_RELAUNCH, OPT_FROM, OPT_FORCE, OPT_CACHE, OPT_DURABLE, OPT_END
};

static const struct opt_program program = {
	.name = "flyte-run",
	.args = "[options] REFERENCE|FILE[:NAME] [input=value ...]\n"
	    "[options] --resume ID\n"
	    "[options] --recover ID [--from NODE] [--force NODE] [REFERENCE]\n"
	    "[options] --relaunch ID",
	.about = "Run a workflow, launch plan or task.",
	.opts = options,
	.examples =
	    "  flyte-run spend.yaml:calculate_spend emp_df=people.csv\n"
	    "  flyte-run -p payroll calculate_spend emp_df=people.csv factor=3\n"
	    "  flyte-run -n -p payroll calculate_spend emp_df=people.csv\n"
	    "  flyte-run --resume last\n",
};

enum again { AGAIN_NOT, AGAIN_RESUME, AGAIN_RECOVER, AGAIN_RELAUNCH };

struct args {
	struct context	 c;
	struct inputs	*inputs;
	struct outputs_options outputs;
	const char	*target;
	const char	*type;
	const char	*name;
	enum again	 again;
	const char	*of;		/* the execution again is about */
	VEC(const char *) from, force;
	unsigned	 jobs;
	enum runner_cache cache;
	const char	*cache_word;
	const char	*color;
	int		 dry_run, exit_code, json, keep_going, quiet, verbose,
			 wait, durable;
	int		 alone;		/* make has no places to give */
	size_t		 n_given;	/* inputs on the command line */
};

/* ---- the command line --------------------------------------------------- */

static int
parse_cache(struct args *a, const char *word, struct err *e)
{
	static const char *const words[] = { "on", "off", "read", "write",
	    "refresh" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(word, words[i]) == 0) {
			a->cache = (enum runner_cache)i;
			a->cache_word = words[i];
			return 0;
		}
	return err_set(e, ERR_USAGE, "--cache: expected on, off, read, write "
	    "or refresh, given '%s'", word);
}

static int
set_again(struct args *a, enum again what, const char *id, struct err *e)
{
	if (a->again != AGAIN_NOT)
		return err_set(e, ERR_USAGE, "--resume, --recover and "
		    "--relaunch exclude each other");
	a->again = what;
	a->of = id;
	return 0;
}

/* Options with an argument; 0, 1 if it was not one, -1. */
static int
valued_option(struct args *a, enum opt_id id, const char *value,
    struct err *e)
{
	uint64_t n;

	if (args_context(&a->c, id, value))
		return 0;
	switch ((int)id) {
	case OPT_TYPE:
		a->type = value;
		return 0;
	case OPT_INPUTS:
		a->n_given++;
		return inputs_add_file(a->inputs, value, e);
	case OPT_MAP:
		return inputs_add_map(a->inputs, value, e);
	case OPT_OUTPUT:
		VEC_PUSH(&a->outputs.pick, value);
		return 0;
	case OPT_JQ:
		a->outputs.jq = value;
		return 0;
	case OPT_JQ_INTS:
		a->outputs.jq_ints = value;
		return 0;
	case OPT_JOBS:
		if (num_parse_u64(str_of(value), 1, 100000, &n) < 0)
			return err_set(e, ERR_USAGE, "-j: expected a number "
			    "from 1 to 100000, given '%s'", value);
		a->jobs = (unsigned)n;
		return 0;
	case OPT_NAME:
		a->name = value;
		return execution_name_check(value, e);
	case OPT_RESUME:
		return set_again(a, AGAIN_RESUME, value, e);
	case OPT_RECOVER:
		return set_again(a, AGAIN_RECOVER, value, e);
	case OPT_RELAUNCH:
		return set_again(a, AGAIN_RELAUNCH, value, e);
	case OPT_FROM:
		VEC_PUSH(&a->from, value);
		return 0;
	case OPT_FORCE:
		VEC_PUSH(&a->force, value);
		return 0;
	case OPT_CACHE:
		return parse_cache(a, value, e);
	case OPT_COLOR:
		a->color = value;
		return 0;
	default:
		return 1;
	}
}

static void
flag_option(struct args *a, enum opt_id id)
{
	switch ((int)id) {
	case OPT_TYPED:
		inputs_set_form(a->inputs, VALUE_TYPED);
		break;
	case OPT_PLAIN_IN:
		inputs_set_form(a->inputs, VALUE_PLAIN);
		break;
	case OPT_PLAIN:
		a->outputs.plain = 1;
		break;
	case OPT_DRY_RUN:
		a->dry_run = 1;
		break;
	case OPT_EXIT_CODE:
		a->exit_code = 1;
		break;
	case OPT_JSON:
		a->json = 1;
		break;
	case OPT_KEEP_GOING:
		a->keep_going = 1;
		break;
	case OPT_QUIET:
		a->quiet = a->outputs.quiet = 1;
		break;
	case OPT_VERBOSE:
		a->verbose = 1;
		break;
	case OPT_WAIT:
		a->wait = 1;
		break;
	case OPT_DURABLE:
		a->durable = 1;
		break;
	default:
		BUG("option %s", opt_name(id));
	}
}

static int
check_args(const struct args *a, struct err *e)
{
	if (a->again == AGAIN_NOT && a->target == NULL)
		return err_set(e, ERR_USAGE,
		    "nothing to run: give a REFERENCE or FILE (see --help)");
	if (a->again == AGAIN_RESUME && (a->target != NULL ||
	    a->n_given > 0 || a->name != NULL))
		return err_set(e, ERR_USAGE, "--resume goes on with an "
		    "execution as it is: no reference, inputs or --name");
	if (a->again != AGAIN_RECOVER && (a->from.n > 0 || a->force.n > 0))
		return err_set(e, ERR_USAGE,
		    "--from and --force need --recover");
	if (a->exit_code && !a->dry_run)
		return err_set(e, ERR_USAGE, "--exit-code needs -n");
	if (a->json && !a->dry_run)
		return err_set(e, ERR_USAGE,
		    "--json needs -n (outputs are JSON already)");
	if (a->wait && a->name == NULL && a->again != AGAIN_RESUME)
		return err_set(e, ERR_USAGE,
		    "--wait needs --name or --resume");
	return 0;
}

/* 0, 1: done already, -1. */
static int
parse_args(struct args *a, int argc, char **argv, struct err *e)
{
	const char *value;
	struct opt o;
	enum opt_id id;
	int r;

	opt_init(&o, &program, argc, argv);
	while ((r = opt_next(&o, &id, &value, e)) > 0) {
		if (r == 1 && context_common_option(&program, id))
			return 1;
		if (r == 1)
			r = valued_option(a, id, value, e);
		else if (a->target == NULL && (a->again == AGAIN_NOT ||
		    strchr(value, '=') == NULL)) {
			a->target = value;
			continue;
		} else {
			a->n_given++;
			r = inputs_add_word(a->inputs, value, e);
		}
		if (r < 0)
			return -1;
		if (r == 1)
			flag_option(a, id);
	}
	return r < 0 ? -1 : check_args(a, e);
}

/* ---- running ------------------------------------------------------------ */

struct running {
	struct args	*a;
	struct runner	*runner;
	struct report	*report;
	struct dryrun	*dry;
	struct outside	 outside;
	struct loop	*loop;
	const char	*home;
	const char	*what;
	int		 signal;	/* that asked to stop */
};

static void
put_err(void *arg, struct str text)
{
	(void)arg;
	fwrite(text.p, 1, text.n, stderr);
	fflush(stderr);
}

static void
on_signal(void *arg, int sig, pid_t from)
{
	struct running *r = arg;

	(void)from;
	runner_stop(r->runner, r->signal != 0);
	r->signal = sig;
}

static int
make_runner(struct running *r, struct err *e)
{
	struct args *a = r->a;
	struct report_options ropts = {
		.quiet = a->quiet, .verbose = a->verbose, .tail = 20,
		.tool = program.name, .put = put_err,
		.terminal = isatty(STDERR_FILENO),
	};
	struct runner_options opts = {
		.loop = r->loop, .jobs = a->jobs, .cache = a->cache,
		.environ = context_environ(), .dry_run = a->dry_run,
		.durable = a->durable, .explain = 1,
		.resolve = outside_resolve, .resolve_arg = &r->outside,
		.lockwait = context_helper(&a->c, "lockwait"),
		.limit = context_helper(&a->c, "limit"),
		.jqrun = context_helper(&a->c, "jqrun"),
		.no_groups = !context_use_groups(&a->c),
		.jobserver = a->c.jobserver,
	};
	sigset_t set;

	if (context_color(a->color, STDERR_FILENO, &ropts.color, e) < 0 ||
	    context_home(&a->c, &r->home, e) < 0 ||
	    context_store(&a->c, &opts.store, e) < 0)
		return -1;
	opts.home = r->home;
	if (opts.jobs == 0)
		opts.jobs = a->alone ? 1 :
		    (unsigned)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1);
	if (a->dry_run) {
		r->dry = dryrun_new(a->json);
		opts.watch = dryrun_watch;
		opts.arg = r->dry;
	} else {
		r->report = report_new(&ropts);
		opts.watch = report_watch;
		opts.arg = r->report;
	}
	r->runner = runner_new(&opts);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return loop_signals(r->loop, &set, on_signal, r, e);
}

static int
print_outputs(struct running *r, struct str bytes, struct err *e)
{
	ProtobufCMessage *m;

	if (wire_unpack(&flyteidl__core__literal_map__descriptor, bytes,
	    &r->a->c.arena, &m, e) < 0)
		return -1;
	return outputs_print(&r->a->outputs, (pb_literal_map *)m, e);
}

/* Reports how the run ended and prints its outputs; the exit status. */
static int
conclude(struct running *r, struct run *run)
{
	c_strbuf struct strbuf text = STRBUF_INIT;
	struct err e;
	uint32_t work;

	if (r->a->dry_run) {
		work = dryrun_print(r->dry, run, r->what, &text);
		if (!r->a->quiet)
			put_out(&text);
		return work > 0 && r->a->exit_code ? EXIT_WORK : EXIT_DONE;
	}
	report_end(r->report, run, r->what);
	if (run_phase(run) != SCHED_WF_SUCCEEDED)
		return EXIT_FAILED;
	if (print_outputs(r, run_outputs(run), &e) < 0)
		return fail(&r->a->c, &e);
	return EXIT_DONE;
}

static int
run_to_end(struct running *r, struct run *run)
{
	struct err e;

	if (runner_run(r->runner, &e) < 0)
		return fail(&r->a->c, &e);
	return conclude(r, run);
}

/* ---- a new execution ---------------------------------------------------- */

/* What one --name must always mean: the thing, its version, its inputs. */
static const char *
identity_of(const struct target *t, const pb_literal_map *inputs,
    struct arena *a)
{
	c_strbuf struct strbuf b = STRBUF_INIT, hex = STRBUF_INIT;
	unsigned char digest[DIGEST_SIZE];
	struct sha256 h;

	sha256_init(&h);
	wire_pack(&t->closure->base, &b);
	sha256_update(&h, b.p, b.n);
	strbuf_reset(&b);
	wire_pack(&inputs->base, &b);
	sha256_update(&h, b.p, b.n);
	sha256_final(&h, digest);
	hex_add(&hex, digest, sizeof(digest));
	return arena_strdup(a, hex.p);
}

static int
check_inputs(const struct target *t, const pb_literal_map *inputs,
    struct err *e)
{
	struct compile_errors errors = COMPILE_ERRORS_INIT;
	c_strbuf struct strbuf text = STRBUF_INIT;
	int rc = 0;

	if (compile_inputs_enum(t->interface == NULL ? NULL :
	    t->interface->inputs, inputs, &errors) < 0) {
		compile_errors_print(&errors, &text);
		rc = err_set(e, ERR_USAGE, "%s: %s", t->what, text.p);
	}
	compile_errors_release(&errors);
	return rc;
}

static int
bind_inputs(struct running *r, struct target *t, pb_literal_map **ret,
    struct err *e)
{
	struct args *a = r->a;
	struct store *store;

	if (outputs_check(&a->outputs, t->interface == NULL ? NULL :
	    t->interface->outputs, e) < 0 ||
	    inputs_bind(a->inputs, &t->wants, ret, e) < 0 ||
	    check_inputs(t, *ret, e) < 0 ||
	    context_store(&a->c, &store, e) < 0)
		return -1;
	return cached_hash_inputs(store, *ret, &a->c.arena, e);
}

/* Goes on with an execution, waiting for another process if asked to. */
static int
take_up(struct running *r, const struct execution_id *id, const char *script,
    struct run **ret, struct err *e)
{
	c_strbuf struct strbuf dir = STRBUF_INIT;
	int rc, tries = 0;

	execution_add_dir(&dir, r->home, id);
	/* One that was killed between fork and exec leaves its lock to the
	 * child for an instant. */
	while ((rc = run_resume(r->runner, id, script, ret, e)) < 0 &&
	    e->kind == ERR_BUSY && (r->a->wait || tries++ < 5))
		if (!r->a->wait)
			usleep(20000);
		else if (journal_wait(dir.p, e) < 0)
			return -1;
	if (rc < 0 && e->kind == ERR_BUSY)
		return err_set(e, ERR_BUSY, "%s: another process runs it "
		    "(--wait waits for its end)", id->name);
	return rc;
}

/* The first input that is not what it was, or NULL. */
static const char *
other_input(struct running *r, const struct history *h,
    const pb_literal_map *inputs)
{
	struct arena *a = &r->a->c.arena;
	const pb_literal *was;
	struct store *store;
	ProtobufCMessage *m;
	struct str bytes;
	struct err e;
	size_t i;

	if (context_store(&r->a->c, &store, &e) < 0 ||
	    history_literals(store, h->inputs, a, &bytes, &e) < 0 ||
	    wire_unpack(&flyteidl__core__literal_map__descriptor, bytes, a,
	    &m, &e) < 0)
		return NULL;
	for (i = 0; i < inputs->n_literals; i++) {
		was = literal_map_get((pb_literal_map *)m,
		    inputs->literals[i]->key);
		if (was == NULL || !wire_equal(&was->base,
		    &inputs->literals[i]->value->base))
			return inputs->literals[i]->key;
	}
	return NULL;
}

static int
name_conflict(struct running *r, const struct run_spec *spec,
    const struct history *h, struct err *e)
{
	const char *input = other_input(r, h, spec->inputs);

	if (strcmp(h->target, spec->record.target) != 0)
		return err_set(e, ERR_CONFLICT, "%s: was run before as %s, "
		    "this is %s", spec->record.id.name, h->target,
		    spec->record.target);
	if (input != NULL)
		return err_set(e, ERR_CONFLICT, "%s: was run before with "
		    "another value of input %s: see flyte-show %s",
		    spec->record.id.name, input, spec->record.id.name);
	return err_set(e, ERR_CONFLICT, "%s: was run before with another "
	    "content of %s", spec->record.id.name, h->target);
}

/*
 * A name that is there already: the same execution if it is of the same
 * thing, else a conflict.
 */
static int
meet_namesake(struct running *r, const struct run_spec *spec,
    struct run **ret, struct err *e)
{
	struct history h;
	int rc;

	rc = history_load(r->home, &spec->record.id, &h, e);
	if (rc == 0 && (h.identity == NULL ||
	    strcmp(h.identity, spec->record.identity) != 0))
		rc = name_conflict(r, spec, &h, e);
	history_release(&h);
	if (rc < 0)
		return -1;
	return take_up(r, &spec->record.id, spec->script, ret, e);
}

static int
start(struct running *r, const struct run_spec *spec, struct run **ret,
    struct err *e)
{
	if (run_start(r->runner, spec, ret, e) == 0)
		return 0;
	if (e->kind != ERR_CONFLICT || r->a->name == NULL)
		return -1;
	return meet_namesake(r, spec, ret, e);
}

static void
fill_record(struct running *r, const struct target *t,
    struct record_execution *rec)
{
	struct args *a = r->a;

	rec->target = t->reference;
	rec->target_kind = entity_kind_name(t->kind);
	rec->file = t->file;
	rec->code = t->code;
	rec->local = t->local;
	rec->keep_going = a->keep_going;
	rec->overwrite_cache = a->cache == RUNNER_CACHE_REFRESH;
	rec->max_parallelism = t->max_parallelism;
	rec->cache = a->cache_word;
}

static int
run_new_target(struct running *r, struct target *t)
{
	struct args *a = r->a;
	char made[EXECUTION_NAME_MAX];
	struct run_spec spec = { .closure = t->closure, .script = t->script,
	    .durable = a->name != NULL || a->durable };
	struct launches launches = { VEC_INIT, VEC_INIT };
	pb_literal_map *inputs;
	struct run *run;
	struct err e;
	int status;

	if (bind_inputs(r, t, &inputs, &e) < 0 ||
	    launches_collect(&a->c, t, &launches, &e) < 0) {
		launches_release(&launches);
		return fail(&a->c, &e);
	}
	spec.inputs = inputs;
	spec.launches = launches.at.at;
	spec.n_launches = launches.at.n;
	fill_record(r, t, &spec.record);
	if (a->name == NULL)
		execution_new_name(made);
	spec.record.id.name = a->name == NULL ? made : a->name;
	spec.record.identity = identity_of(t, inputs, &a->c.arena);
	if (context_project(&a->c, &spec.record.id.project, &e) < 0 ||
	    context_domain(&a->c, &spec.record.id.domain, &e) < 0 ||
	    start(r, &spec, &run, &e) < 0)
		status = fail(&a->c, &e);
	else
		status = run_to_end(r, run);
	launches_release(&launches);
	return status;
}

static int
run_target(struct running *r)
{
	struct args *a = r->a;
	struct target t;
	struct err e;
	int status;

	r->outside.target = &t;
	if (run_target_find(&a->c, a->target, a->type, &t, &e) < 0)
		status = e.kind == ERR_NONE ? EXIT_SPEC : fail(&a->c, &e);
	else
		status = run_new_target(r, &t);
	r->outside.target = NULL;
	run_target_release(&t);
	return status;
}

/* ---- one more time ------------------------------------------------------ */

static int
find_execution(struct running *r, struct execution_id *ret, struct err *e)
{
	struct args *a = r->a;
	const char *project, *domain;

	if (context_project(&a->c, &project, e) < 0 ||
	    context_domain(&a->c, &domain, e) < 0)
		return -1;
	return execution_find(r->home, a->of, project, domain, &a->c.arena,
	    ret, e);
}

static int
resume(struct running *r)
{
	struct execution_id id;
	struct run *run;
	struct err e;

	if (find_execution(r, &id, &e) < 0 ||
	    take_up(r, &id, NULL, &run, &e) < 0)
		return fail(&r->a->c, &e);
	r->what = id.name;
	return run_to_end(r, run);
}

/* The closure, interface and inputs of an execution that was. */
static int
target_of_history(struct running *r, const struct history *h,
    struct target *t, struct err *e)
{
	struct arena *a = &r->a->c.arena;
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	struct str inputs;
	ProtobufCMessage *m, *old;
	struct store *store;
	size_t i;

	*t = (struct target){ .what = h->target, .reference = h->target,
	    .local = h->local, .file = h->file, .code = h->code,
	    .max_parallelism = h->max_parallelism, .diags = DIAGS_INIT };
	if (h->target_kind == NULL || entity_kind_parse(
	    str_of(h->target_kind), &t->kind) < 0 || h->closure == NULL)
		return err_set(e, ERR_CORRUPT, "%s/journal: no target",
		    h->dir);
	if (closure_get(r->home, h->closure, &bytes, e) < 0 ||
	    wire_unpack(&flyteidl__core__compiled_workflow_closure__descriptor,
	    strbuf_str(&bytes), a, &m, e) < 0 ||
	    context_store(&r->a->c, &store, e) < 0 ||
	    history_literals(store, h->inputs, a, &inputs, e) < 0 ||
	    wire_unpack(&flyteidl__core__literal_map__descriptor, inputs, a,
	    &old, e) < 0)
		return -1;
	t->closure = (pb_compiled_workflow_closure *)m;
	t->interface = t->closure->primary->template_->interface;
	wants_of_interface(t->interface == NULL ? NULL :
	    t->interface->inputs, a, &t->wants);
	for (i = 0; i < t->wants.n; i++)
		t->wants.at[i].value = literal_map_get(
		    (pb_literal_map *)old, t->wants.at[i].name);
	return 0;
}

/* Recover and relaunch: a new execution of the same thing; given inputs and a
 * given target (with --recover) take the place of the old ones. */
static int
run_again(struct running *r, struct history *h, struct target *t,
    const struct launches *launches)
{
	struct args *a = r->a;
	char made[EXECUTION_NAME_MAX];
	struct run_spec spec = { .recover = a->again == AGAIN_RECOVER ? h :
	    NULL, .from = a->from.at, .n_from = a->from.n,
	    .force = a->force.at, .n_force = a->force.n };
	c_strbuf struct strbuf of = STRBUF_INIT;
	pb_literal_map *inputs;
	struct run *run;
	struct err e;

	if (bind_inputs(r, t, &inputs, &e) < 0)
		return fail(&a->c, &e);
	spec.launches = launches->at.at;
	spec.n_launches = launches->at.n;
	spec.like = a->target == NULL ? h : NULL;
	r->what = t->what;
	fill_record(r, t, &spec.record);
	spec.closure = t->closure;
	spec.inputs = inputs;
	spec.script = t->script;
	if (a->name == NULL)
		execution_new_name(made);
	spec.durable = a->name != NULL || a->durable;
	spec.record.id = h->id;
	spec.record.id.name = a->name == NULL ? made : a->name;
	spec.record.identity = identity_of(t, inputs, &a->c.arena);
	spec.record.mode = a->again == AGAIN_RECOVER ? RECORD_RECOVERED :
	    RECORD_RELAUNCH;
	strbuf_addf(&of, "%s/%s/%s", h->id.project, h->id.domain,
	    h->id.name);
	spec.record.of = of.p;
	if (start(r, &spec, &run, &e) < 0)
		return fail(&a->c, &e);
	return run_to_end(r, run);
}

/* What succeeds the thing that ran: its inputs stay, where they still fit. */
static int
new_target(struct running *r, const struct history *h, struct target *t,
    struct launches *launches, struct err *e)
{
	struct args *a = r->a;
	ProtobufCMessage *old;
	struct store *store;
	struct str inputs;
	struct err ignored;
	size_t i;

	if (run_target_find(&a->c, a->target, a->type, t, e) < 0 ||
	    launches_collect(&a->c, t, launches, e) < 0 ||
	    context_store(&a->c, &store, e) < 0 ||
	    history_literals(store, h->inputs, &a->c.arena, &inputs, e) < 0 ||
	    wire_unpack(&flyteidl__core__literal_map__descriptor, inputs,
	    &a->c.arena, &old, e) < 0)
		return -1;
	for (i = 0; i < t->wants.n; i++) {
		const pb_literal *l = literal_map_get((pb_literal_map *)old,
		    t->wants.at[i].name);

		if (l != NULL && literal_check(l, t->wants.at[i].type,
		    &ignored) == 0)
			t->wants.at[i].value = l;
	}
	return 0;
}

static int
again(struct running *r, struct history *h)
{
	struct launches launches = { VEC_INIT, VEC_INIT };
	struct target t = { .diags = DIAGS_INIT };
	struct err e;
	int status;

	r->outside.target = &t;
	if ((r->a->target != NULL ? new_target(r, h, &t, &launches, &e) :
	    target_of_history(r, h, &t, &e)) < 0)
		status = e.kind == ERR_NONE ? EXIT_SPEC : fail(&r->a->c, &e);
	else
		status = run_again(r, h, &t, &launches);
	r->outside.target = NULL;
	launches_release(&launches);
	run_target_release(&t);
	return status;
}

static int
recover(struct running *r)
{
	struct execution_id id;
	c_history struct history h = { 0 };
	struct err e;
	int alive;

	if (r->a->target != NULL && r->a->again == AGAIN_RELAUNCH) {
		err_clear(&e);
		(void)!err_set(&e, ERR_USAGE, "%s: --relaunch takes only "
		    "inputs (name=value)", r->a->target);
		return fail(&r->a->c, &e);
	}
	if (find_execution(r, &id, &e) < 0 ||
	    history_load(r->home, &id, &h, &e) < 0)
		return fail(&r->a->c, &e);
	alive = journal_alive(h.dir, &e);
	if (alive > 0 && r->a->again == AGAIN_RECOVER)
		alive = err_set(&e, ERR_BUSY, "%s: is still running",
		    id.name);
	if (alive < 0)
		return fail(&r->a->c, &e);
	return again(r, &h);
}

/* ---- main --------------------------------------------------------------- */

static int
run(struct args *a)
{
	struct running r = { .a = a, .what = a->target,
	    .outside = { .c = &a->c } };
	struct err e;
	int status;

	r.loop = loop_new();
	if (make_runner(&r, &e) < 0)
		status = fail(&a->c, &e);
	else if (a->again == AGAIN_RESUME)
		status = resume(&r);
	else if (a->again != AGAIN_NOT)
		status = recover(&r);
	else
		status = run_target(&r);
	runner_free(r.runner);
	report_free(r.report);
	dryrun_free(r.dry);
	loop_free(r.loop);
	inputs_free(a->inputs);
	outputs_release(&a->outputs);
	VEC_RELEASE(&a->from);
	VEC_RELEASE(&a->force);
	outside_release(&r.outside);
	status = context_end(&a->c, status);
	if (r.signal != 0) {
		signal(r.signal, SIG_DFL);
		raise(r.signal);
	}
	return status;
}

int
main(int argc, char **argv)
{
	struct args a = { .outputs = { .pick = VEC_INIT } };
	struct err e;
	int r;

	context_init(&a.c, program.name);
	a.alone = !context_jobserver(&a.c);
	signal(SIGPIPE, SIG_IGN);
	a.inputs = inputs_new(&a.c);
	r = parse_args(&a, argc, argv, &e);
	if (r == 0)
		return run(&a);
	r = r < 0 ? fail(&a.c, &e) : EXIT_DONE;
	inputs_free(a.inputs);
	outputs_release(&a.outputs);
	VEC_RELEASE(&a.from);
	VEC_RELEASE(&a.force);
	return context_end(&a.c, r);
}
