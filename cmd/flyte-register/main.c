/* flyte-register: specs, scripts and packages into versions that stay. */

#include "register.h"

#include <unistd.h>

#include "base/num.h"
#include "base/utf8.h"
#include "base/vec.h"
#include "common/args.h"
#include "common/ref.h"

#define PLACE	OPT_PROJECT, OPT_DOMAIN, OPT_REGISTRY

static const enum opt_id common[] = { PLACE, OPT_HELP, OPT_VERSION, OPT_END };
static const enum opt_id register_opts[] = { OPT_AS, OPT_OUT_FILE,
	OPT_DRY_RUN, OPT_EXIT_CODE, OPT_KEEP_GOING, OPT_QUIET, OPT_COPY,
	OPT_DIAG_FORMAT, OPT_JSONL, OPT_END };
static const enum opt_id check_opts[] = { OPT_PORTABLE, OPT_DIAG_FORMAT,
	OPT_QUIET, OPT_END };
static const enum opt_id list_opts[] = { OPT_TYPE, OPT_ALL, OPT_JSONL,
	OPT_LIMIT, OPT_END };
static const enum opt_id versions_opts[] = { OPT_TYPE, OPT_JSONL, OPT_LIMIT,
	OPT_END };
static const enum opt_id show_opts[] = { OPT_TYPE, OPT_JSON, OPT_END };
static const enum opt_id diff_opts[] = { OPT_TYPE, OPT_EXIT_CODE, OPT_END };
static const enum opt_id activate_opts[] = { OPT_QUIET, OPT_END };

/* The verb without a name: listed last, not shown. */
static const struct opt_verb verbs[] = {
	{ "check", "FILE...", "find all faults, register nothing",
	  check_opts },
	{ "list", "[NAME...]", "what is registered, newest versions",
	  list_opts },
	{ "versions", "NAME", "all versions of one name, newest first",
	  versions_opts },
	{ "show", "NAME[@VERSION] | FILE[:NAME] | PACKAGE[:NAME]",
	  "one entity, or what a file holds", show_opts },
	{ "diff", "A B", "what differs between two versions", diff_opts },
	{ "activate", "NAME[@VERSION]",
	  "make a version of a launch plan the active one", activate_opts },
	{ "deactivate", "NAME", "leave a launch plan without active version",
	  activate_opts },
	{ NULL, NULL, NULL, NULL }
};

static int (*const actions[])(struct settings *, char **, size_t) = {
	do_check, do_list, do_versions, do_show, do_diff, do_activate,
	do_deactivate,
};
_Static_assert(ARRAY_LEN(actions) + 1 == ARRAY_LEN(verbs), "one per verb");

static enum opt_id all_opts[OPT_MAX];

static struct opt_program program = {
	.name = "flyte-register",
	.args = "[-nkq] [-p PROJECT] [-d DOMAIN] [--as VERSION] FILE...\n"
	    "[--as VERSION] [--copy WHAT] -O PACKAGE FILE...",
	.about = "Compile, check and register tasks, workflows and launch "
	    "plans as versions that never change.",
	.verbs = verbs,
	.examples =
	    "flyte-register check spend.yaml\n"
	    "flyte-register -p payroll -d development spend.yaml\n"
	    "flyte-register --as v1 -O spend.tgz spend.yaml\n"
	    "flyte-register show payroll/development/calculate_spend",
};

/* The options of registering are those of the program itself. */
static void
set_options(void)
{
	size_t i, n = 0;

	for (i = 0; common[i] != OPT_END; i++)
		all_opts[n++] = common[i];
	for (i = 0; register_opts[i] != OPT_END; i++)
		all_opts[n++] = register_opts[i];
	all_opts[n] = OPT_END;
	program.opts = all_opts;
}

static int
is_listed(const enum opt_id *opts, enum opt_id id)
{
	while (*opts != OPT_END)
		if (*opts++ == id)
			return 1;
	return 0;
}

static int
set_option(struct settings *s, enum opt_id id, const char *value,
    struct err *e)
{
	if (args_context(&s->context, id, value))
		return 0;
	switch ((int)id) {
	case OPT_TYPE:
		s->type = value;
		return 0;
	case OPT_AS:
		s->as = value;
		return 0;
	case OPT_OUT_FILE:
		s->out = value;
		return 0;
	case OPT_COPY:
		s->copy = value;
		if (strcmp(value, "none") != 0 && strcmp(value, "auto") != 0 &&
		    strcmp(value, "all") != 0)
			return err_set(e, ERR_USAGE,
			    "--copy: expected none, auto or all, given %s",
			    GIVEN(value));
		return 0;
	case OPT_DIAG_FORMAT:
		s->format = value;
		if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0)
			return err_set(e, ERR_USAGE,
			    "--format: expected text or json, given %s",
			    GIVEN(value));
		return 0;
	case OPT_LIMIT:
		if (num_parse_i64(str_of(value), 1, INT32_MAX, &s->limit) < 0)
			return err_set(e, ERR_USAGE,
			    "--limit: %s: expected a number from 1", value);
		return 0;
	default:
		break;
	}
	s->dry_run |= id == OPT_DRY_RUN;
	s->keep_going |= id == OPT_KEEP_GOING;
	s->quiet |= id == OPT_QUIET;
	s->verbose |= id == OPT_VERBOSE;
	s->all |= id == OPT_ALL;
	s->json |= id == OPT_JSON;
	s->jsonl |= id == OPT_JSONL;
	s->portable |= id == OPT_PORTABLE;
	s->exit_code |= id == OPT_EXIT_CODE;
	return 0;
}

/* What was given, in order. */
struct given {
	VEC(char *)	  args;
	VEC(enum opt_id)  ids;
	int		  done;		/* --help and the like */
};

static int
read_options(struct settings *s, int argc, char **argv, struct given *g,
    struct err *e)
{
	struct opt opt;
	enum opt_id id;
	const char *value;
	int got;

	opt_init(&opt, &program, argc, argv);
	while ((got = opt_next(&opt, &id, &value, e)) > 0) {
		if (got == 2) {
			VEC_PUSH(&g->args, opt.argv[opt.next - 1]);
			continue;
		}
		if (context_common_option(&program, id)) {
			g->done = 1;
			return 0;
		}
		VEC_PUSH(&g->ids, id);
		if (set_option(s, id, value, e) < 0)
			return -1;
	}
	return got;
}

/* Options belong to a verb, or to registering where there is none. */
static int
check_options(const struct given *g, const struct opt_verb *verb,
    struct err *e)
{
	const enum opt_id *opts = verb == NULL ? register_opts : verb->opts;
	size_t i;

	for (i = 0; i < g->ids.n; i++)
		if (!is_listed(common, g->ids.at[i]) &&
		    !is_listed(opts, g->ids.at[i]))
			return err_set(e, ERR_USAGE, "%s does not go with %s",
			    opt_name(g->ids.at[i]), verb == NULL ?
			    "registering; it belongs to a verb (--help)" :
			    verb->name);
	return 0;
}

/* A word that is no file and nearly a command. */
static int
is_mistyped(const char *word)
{
	return opt_verb_meant(&program, word) != NULL &&
	    access(word, F_OK) < 0;
}

static int
run(struct settings *s, const struct given *g, struct err *e)
{
	const struct opt_verb *verb = g->args.n == 0 ? NULL :
	    opt_verb(&program, g->args.at[0]);

	if (verb == NULL && g->args.n > 0 && is_mistyped(g->args.at[0]))
		return opt_verb_unknown(&program, g->args.at[0], e) < 0 ?
		    fail(&s->context, e) : EXIT_USAGE;
	if (check_options(g, verb, e) < 0)
		return fail(&s->context, e);
	if (verb != NULL)
		return actions[verb - verbs](s, g->args.at + 1, g->args.n - 1);
	return do_register(s, g->args.at, g->args.n);
}

int
main(int argc, char **argv)
{
	struct settings s = { .copy = "auto", .format = "text" };
	struct given g = { .done = 0 };
	struct err e;
	int status;

	context_init(&s.context, program.name);
	set_options();
	if (read_options(&s, argc, argv, &g, &e) < 0)
		status = fail(&s.context, &e);
	else if (g.done)
		status = EXIT_DONE;
	else
		status = run(&s, &g, &e);
	VEC_RELEASE(&g.args);
	VEC_RELEASE(&g.ids);
	return context_end(&s.context, status);
}
