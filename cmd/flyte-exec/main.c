#include "exec.h"

#include <signal.h>

#include "base/utf8.h"
#include "common/args.h"
#include "data/json.h"
#include "idl/literal.h"
#include "idl/pbjson.h"
#include "idl/wire.h"

static const enum opt_id opts[] = {
	OPT_PROJECT, OPT_DOMAIN, OPT_REGISTRY, OPT_TYPE, OPT_INPUTS,
	OPT_OUTPUT, OPT_MAP, OPT_TYPED, OPT_PLAIN_IN, OPT_PLAIN, OPT_JQ,
	OPT_JQ_INTS, OPT_DRY_RUN, OPT_JSON, OPT_EXIT_CODE, OPT_QUIET,
	OPT_VERBOSE, OPT_CACHE, OPT_HERE, OPT_TIMEOUT, OPT_REPLAY, OPT_SHELL, OPT_WITH,
	OPT_END
};

static const struct opt_program program = {
	.name = "flyte-exec",
	.args = "[options] REFERENCE|FILE[:NAME] [NAME=VALUE ...]\n"
	    "[options] --replay ID/NODE [NAME=VALUE ...]",
	.about = "Run one task: a typed filter.",
	.opts = opts,
	.examples =
	    "  flyte-exec ./square.sh n=7\n"
	    "  echo '{\"n\": 7}' | flyte-exec -i - ./square.sh | "
	    "flyte-exec -i - t.yaml:add_one\n"
	    "  cat people.csv | flyte-exec -p payroll -o total total_spend "
	    "df=@-\n"
	    "  flyte-exec -o rows=clean.csv ./clean.sh people=people.csv\n",
};

/* ---- what is asked ------------------------------------------------------- */

static int
set_cache(struct exec *x, const char *mode, struct err *e)
{
	if (strcmp(mode, "on") == 0)
		x->cache = CACHE_READ | CACHE_WRITE;
	else if (strcmp(mode, "off") == 0)
		x->cache = 0;
	else if (strcmp(mode, "read") == 0)
		x->cache = CACHE_READ;
	else if (strcmp(mode, "write") == 0)
		x->cache = CACHE_WRITE;
	else if (strcmp(mode, "refresh") == 0)
		x->cache = CACHE_WRITE | CACHE_REPLACE;
	else
		return err_set(e, ERR_USAGE, "--cache: expected on, off, "
		    "read, write or refresh, given %s", GIVEN(mode));
	return 0;
}

static int
set_timeout(struct exec *x, const char *text, struct err *e)
{
	if (args_timeout(text, &x->timeout, e) < 0)
		return -1;
	if (x->timeout == 0)
		return err_set(e, ERR_USAGE, "--timeout: expected more than "
		    "no time at all, given %s", GIVEN(text));
	return 0;
}

/* The options about values. */
static int
value_option(struct exec *x, enum opt_id id, const char *v, struct err *e)
{
	switch ((int)id) {
	case OPT_INPUTS:
		return inputs_add_file(x->inputs, v, e);
	case OPT_MAP:
		return inputs_add_map(x->inputs, v, e);
	case OPT_TYPED:
		inputs_set_form(x->inputs, VALUE_TYPED);
		break;
	case OPT_PLAIN_IN:
		inputs_set_form(x->inputs, VALUE_PLAIN);
		break;
	case OPT_OUTPUT:
		VEC_PUSH(&x->out.pick, v);
		break;
	case OPT_PLAIN:
		x->out.plain = 1;
		break;
	case OPT_JQ:
		x->out.jq = v;
		break;
	case OPT_JQ_INTS:
		x->out.jq_ints = v;
		break;
	default:
		BUG("option %s is in no switch", opt_name(id));
	}
	return 0;
}

static int
take_option(void *arg, enum opt_id id, const char *v, struct err *e)
{
	struct exec *x = arg;

	switch ((int)id) {
	case OPT_TYPE:
		x->type = v;
		break;
	case OPT_DRY_RUN:
		x->dry_run = 1;
		break;
	case OPT_JSON:
		x->json = 1;
		break;
	case OPT_EXIT_CODE:
		x->exit_code = 1;
		break;
	case OPT_QUIET:
		x->quiet = x->out.quiet = 1;
		break;
	case OPT_VERBOSE:
		x->verbose = 1;
		break;
	case OPT_CACHE:
		return set_cache(x, v, e);
	case OPT_HERE:
		x->here = 1;
		break;
	case OPT_TIMEOUT:
		return set_timeout(x, v, e);
	case OPT_REPLAY:
		x->replay = v;
		break;
	case OPT_SHELL:
		x->shell = 1;
		break;
	case OPT_WITH:
		x->with = v;
		break;
	default:
		return value_option(x, id, v, e);
	}
	return 0;
}

static int
take_word(void *arg, const char *word, struct err *e)
{
	struct exec *x = arg;

	if (x->reference != NULL || strchr(word, '=') != NULL)
		return inputs_add_word(x->inputs, word, e);
	x->reference = word;
	return 0;
}

/* 0; 1: done already (--help); -1. */
static int
read_args(struct exec *x, int argc, char **argv, struct err *e)
{
	struct args_reader reader = { &program, take_option, take_word, x };
	int r = args_read(&x->ctx, &reader, argc, argv, NULL, e);

	if (r != 0)
		return r;
	if (x->replay != NULL && x->reference != NULL)
		return err_set(e, ERR_USAGE, "%s: --replay names the task "
		    "already", x->reference);
	if (x->replay == NULL && (x->shell || x->with != NULL))
		return err_set(e, ERR_USAGE, "--shell and --with go with "
		    "--replay");
	if (x->json && !x->dry_run)
		return err_set(e, ERR_USAGE,
		    "--json needs -n (outputs are JSON already)");
	if (x->reference == NULL && x->replay == NULL)
		return err_set(e, ERR_USAGE, "which task? (--help shows how "
		    "to name one)");
	return 0;
}

/* ---- running it ---------------------------------------------------------- */

static int
open_store(void *arg, struct store **ret, struct err *e)
{
	return context_store(arg, ret, e);
}

/* The environment and the program.  A task that can not run here is 3. */
static int
make_contract(struct exec *x, struct err *e)
{
	x->world = (struct contract_world){
		.environ = context_environ(), .file = x->script,
		.code = x->code, .jqrun = context_helper(&x->ctx, "jqrun"),
		.open_store = open_store, .arg = &x->ctx, .look_only = 1,
	};
	if (contract_new(x->task, &x->world, &x->contract, e) == 0)
		return 0;
	if (e->kind == ERR_MISSING)
		e->kind = ERR_SPEC;
	return -1;
}

/* What the task did wrong, on stderr; its status. */
static int
report(struct exec *x)
{
	const struct job_result *r = &x->result;

	warn_lines(&x->ctx, x->name, r->error->message);
	if (x->verbose && r->command != NULL)
		warn(&x->ctx, "%s: the command was: %s", x->name, r->command);
	if (r->scratch != NULL)
		warn(&x->ctx, "%s: its folder is kept: %s", x->name,
		    r->scratch);
	if (r->cause == JOB_TIMEOUT)
		return EXIT_TIMEOUT;
	if (r->trouble != NULL)
		return err_exit_status(r->trouble);
	return r->cause == JOB_START ? EXIT_USAGE : EXIT_FAILED;
}

static int
print(struct exec *x, const pb_literal_map *outputs)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	struct err e;

	wire_pack(&outputs->base, &bytes);
	return outputs_print(&x->ctx, &x->out, strbuf_str(&bytes), &e) < 0 ?
	    fail(&x->ctx, &e) : EXIT_DONE;
}

/* A dynamic task has no outputs of its own: what it wrote is shown. */
static int
print_spec(struct exec *x)
{
	const struct job_result *r = &x->result;
	c_strbuf struct strbuf b = STRBUF_INIT;
	ProtobufCMessage *m;
	struct err e;

	if (x->out.pick.n > 0 || x->out.plain || x->out.jq != NULL) {
		warn(&x->ctx, "%s: wrote a spec of what runs next, so it has "
		    "no outputs yet: run it with flyte-run", x->name);
		return EXIT_REFUSED;
	}
	if (r->written.p != NULL) {
		strbuf_addstr(&b, r->written);
	} else {
		if (wire_unpack(&flyteidl__core__dynamic_job_spec__descriptor,
		    r->futures, &x->ctx.arena, &m, &e) < 0)
			return fail(&x->ctx, &e);
		pbjson_print(m, 0, &b);
		strbuf_addch(&b, '\n');
	}
	put_out(&b);
	if (!x->quiet)
		warn(&x->ctx, "%s: wrote a spec of what runs next, which "
		    "flyte-run runs", x->name);
	return EXIT_DONE;
}

/* As flyte-run -n has it of a node, with the command. */
static void
add_plan_json(const struct exec *x, enum fate fate, struct str command,
    struct strbuf *b)
{
	struct json_writer w = json_writer(b, 0);

	json_object(&w);
	json_key(&w, "node");
	json_cstr(&w, x->name);
	json_key(&w, "fate");
	json_cstr(&w, fate_name(fate));
	why_put(&w, &x->why);
	json_key(&w, "command");
	json_str(&w, command);
	json_end(&w);
	strbuf_addch(b, '\n');
}

static void
add_plan(const struct exec *x, enum fate fate, struct str command,
    struct strbuf *b)
{
	strbuf_addf(b, "%-8s%s  (", fate_name(fate), x->name);
	utf8_add_shown(b, x->why.text);
	strbuf_adds(b, ")\n");
	if (fate == FATE_RUN)
		utf8_add_lines(b, "        ", command);
}

static int
dry_run(const struct exec *x, int found)
{
	c_strbuf struct strbuf b = STRBUF_INIT, command = STRBUF_INIT;
	enum fate fate = found ? FATE_REUSE : FATE_RUN;
	/* What is not there yet has no name. */
	struct attempt at = { .project = x->project, .domain = x->domain,
		.execution = "ID", .node = x->name, .dir = "DIR",
		.inputs = x->values };
	struct err e;

	if (contract_add_rendered(x->task, &at, &command, &e) <= 0)
		contract_add_command(x->contract, NULL, &command);
	if (x->json)
		add_plan_json(x, fate, strbuf_str(&command), &b);
	else
		add_plan(x, fate, strbuf_str(&command), &b);
	put_out(&b);
	return !found && x->exit_code ? EXIT_WORK : EXIT_DONE;
}

static void
say_why(const struct exec *x, const char *what)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	utf8_add_shown(&b, x->why.text);
	warn(&x->ctx, "%s: %s: %s", x->name, what, b.p);
}

static int
run(struct exec *x, int *ret_sig)
{
	pb_literal_map *outputs = NULL;
	struct err e;

	if (exec_look_up(x, &outputs, &e) < 0)
		return fail(&x->ctx, &e);
	if (x->dry_run)
		return dry_run(x, outputs != NULL);
	if (x->verbose)
		say_why(x, outputs != NULL ? "reused" : "runs");
	if (outputs != NULL)
		return print(x, outputs);
	if (exec_run(x, ret_sig, &e) < 0)
		return fail(&x->ctx, &e);
	if (*ret_sig != 0)
		return EXIT_SIGNAL + *ret_sig;
	if (x->result.cause != JOB_OK)
		return report(x);
	if (x->result.outputs == NULL)
		return print_spec(x);
	exec_keep(x, x->result.outputs);
	return print(x, x->result.outputs);
}

static int
bind(struct exec *x, struct err *e)
{
	const pb_typed_interface *iface = x->task->interface;
	struct wants wants;
	size_t i;

	wants_of_interface(iface == NULL ? NULL : iface->inputs,
	    &x->ctx.arena, &wants);
	for (i = 0; i < wants.n; i++)
		wants.at[i].value = literal_map_get(x->recorded,
		    wants.at[i].name);
	if (outputs_check(&x->out, iface == NULL ? NULL : iface->outputs,
	    e) < 0 || inputs_bind(x->inputs, &wants, &x->values, e) < 0)
		return -1;
	return make_contract(x, e);
}

static int
main_status(struct exec *x, int argc, char **argv, int *ret_sig)
{
	struct err e;
	int status, r = read_args(x, argc, argv, &e);

	if (r != 0)
		return r > 0 ? EXIT_DONE : fail(&x->ctx, &e);
	status = x->replay != NULL ? exec_find_replay(x) : exec_find_task(x);
	if (status != 0)
		return status;
	if (exec_set_with(x, &e) < 0 || bind(x, &e) < 0 ||
	    (x->shell && exec_shell(x, &status, &e) < 0))
		return fail(&x->ctx, &e);
	if (x->shell)
		return status;
	return run(x, ret_sig);
}

int
main(int argc, char **argv)
{
	struct exec x = { .cache = CACHE_READ | CACHE_WRITE,
		.scratch = SCRATCH_INIT,
	    .reserved = RESERVATION_INIT };
	int status, sig = 0;

	context_init(&x.ctx, program.name);
	signal(SIGPIPE, SIG_DFL);
	x.inputs = inputs_new(&x.ctx);
	status = main_status(&x, argc, argv, &sig);
	reserve_drop(&x.reserved);
	exec_release_task(&x);
	inputs_free(x.inputs);
	outputs_release(&x.out);
	status = context_end(&x.ctx, status);
	if (sig != 0) {
		/* So that who started us sees what ended us. */
		signal(sig, SIG_DFL);
		raise(sig);
	}
	return status;
}
