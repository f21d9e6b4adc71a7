#include "args.h"

#include "base/num.h"
#include "base/utf8.h"
#include "common/args.h"
#include "idl/entity.h"
#include "record/execution.h"

static const enum opt_id options[] = {
	OPT_PROJECT, OPT_DOMAIN, OPT_REGISTRY, OPT_TYPE, OPT_INPUTS,
	OPT_OUTPUT, OPT_MAP, OPT_TYPED, OPT_PLAIN_IN, OPT_PLAIN, OPT_JQ,
	OPT_JQ_INTS, OPT_DRY_RUN,
	OPT_EXIT_CODE, OPT_JSON, OPT_JOBS, OPT_KEEP_GOING, OPT_QUIET,
	OPT_VERBOSE, OPT_COLOR, OPT_NAME, OPT_WAIT, OPT_RESUME, OPT_RECOVER,
	OPT_RELAUNCH, OPT_FROM, OPT_FORCE, OPT_CACHE, OPT_DURABLE, OPT_END
};

const struct opt_program flyte_run_program = {
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
	    "or refresh, given %s", GIVEN(word));
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
			    "from 1 to 100000, given %s", GIVEN(value));
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
int
parse_args(struct args *a, int argc, char **argv, struct err *e)
{
	const char *value;
	struct opt o;
	enum opt_id id;
	int r;

	opt_init(&o, &flyte_run_program, argc, argv);
	while ((r = opt_next(&o, &id, &value, e)) > 0) {
		if (r == 1 && context_common_option(&flyte_run_program, id))
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
