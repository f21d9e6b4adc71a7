/*
 * flyte-cache: what was computed before, and the files it needs.
 */
#include <signal.h>
#include <unistd.h>

#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cache.h"
#include "sys/file.h"

static const enum opt_id common_opts[] = {
	OPT_HELP, OPT_VERSION, OPT_COMPLETION, OPT_QUIET, OPT_END,
};
static const enum opt_id ls_opts[] = {
	OPT_PROJECT, OPT_DOMAIN, OPT_LIMIT, OPT_JSON, OPT_JSONL, OPT_END,
};
static const enum opt_id show_opts[] = { OPT_JSON, OPT_END };
static const enum opt_id explain_opts[] = {
	OPT_PROJECT, OPT_DOMAIN, OPT_JSON, OPT_END,
};
static const enum opt_id rm_opts[] = {
	OPT_PROJECT, OPT_DOMAIN, OPT_ALL, OPT_DRY_RUN, OPT_END,
};
static const enum opt_id pin_opts[] = { OPT_UNPIN, OPT_END };
static const enum opt_id gc_opts[] = {
	OPT_MAX_SIZE, OPT_OLDER, OPT_DRY_RUN, OPT_JSON, OPT_END,
};
static const enum opt_id verify_opts[] = { OPT_REPAIR, OPT_JSON, OPT_END };
static const enum opt_id du_opts[] = { OPT_JSON, OPT_END };
static const enum opt_id put_opts[] = { OPT_JSONL, OPT_END };
static const enum opt_id run_opts[] = {
	OPT_DEPENDS, OPT_MAKES, OPT_LOOKS_AT, OPT_VERBOSE, OPT_END,
};
static const enum opt_id get_opts[] = { OPT_LINK, OPT_REPLACE, OPT_END };

static const struct opt_verb verbs[] = {
	{ "ls", "[TASK]", "list entries, newest first", ls_opts },
	{ "show", "KEY|URI ...", "show entries or blobs", show_opts },
	{ "explain", "ID[/NODE]", "say why nodes were reused or not",
	    explain_opts },
	{ "rm", "KEY ... | --all [TASK]", "forget entries", rm_opts },
	{ "pin", "KEY ...", "keep entries from gc", pin_opts },
	{ "gc", "", "remove the longest unused", gc_opts },
	{ "verify", "", "read everything and report damage", verify_opts },
	{ "du", "", "say how much there is", du_opts },
	{ "put", "FILE|DIR|- ...", "store files and folders", put_opts },
	{ "get", "URI [PATH]", "write a blob to stdout or to PATH", get_opts },
	{ "run", "-- COMMAND ...", "run a command once for the same inputs",
	    run_opts },
	{ NULL, NULL, NULL, NULL },
};

static const struct opt_program program = {
	.name = "flyte-cache",
	.about = "Look at, explain, check and shrink what was computed before.",
	.opts = common_opts,
	.verbs = verbs,
	.examples = "flyte-cache ls\n"
	    "flyte-cache explain last/pay\n"
	    "flyte-cache gc --max-size 1G\n"
	    "flyte-cache get $(flyte-cache put big.csv) copy.csv\n"
	    "flyte-cache run --depends in.csv --makes out.csv -- "
	    "./clean in.csv out.csv\n",
};

static const struct {
	const char	*name;
	int		(*run)(struct args *);
} commands[] = {
	{ "ls", cmd_ls }, { "show", cmd_show }, { "explain", cmd_explain },
	{ "rm", cmd_rm }, { "pin", cmd_pin }, { "gc", cmd_gc },
	{ "verify", cmd_verify }, { "du", cmd_du }, { "put", cmd_put },
	{ "get", cmd_get }, { "run", cmd_run },
};
_Static_assert(ARRAY_LEN(commands) == ARRAY_LEN(verbs) - 1,
    "a function for each verb");

/* "1G", "500M", "100 K", "12": powers of 1024, whole numbers. */
static int
parse_size(const char *text, uint64_t *ret, struct err *e)
{
	static const char units[] = "KMGTP";
	size_t digits = strspn(text, "0123456789");
	const char *unit = text + digits, *at;
	unsigned shift = 0;

	if (*unit != '\0' && *unit != 'B') {
		at = strchr(units, *unit & ~0x20);
		if (at == NULL)
			goto bad;
		shift = 10 * (unsigned)(at - units + 1);
		unit++;
		if (*unit == 'i')
			unit++;
	}
	if (*unit == 'B')
		unit++;
	if (*unit != '\0' || num_parse_u64((struct str){ text, digits }, 0,
	    UINT64_MAX >> shift, ret) < 0)
		goto bad;
	*ret <<= shift;
	return 0;
bad:
	return err_set(e, ERR_USAGE, "%s: expected a size such as 500M or 1G, "
	    "given %s", opt_name(OPT_MAX_SIZE), GIVEN(text));
}

static int
parse_older(const char *text, int64_t *ret, struct err *e)
{
	struct timespan t;

	if (timespan_parse(str_of(text), &t) < 0 || t.sec < 0)
		return err_set(e, ERR_USAGE, "%s: expected a time such as 36h "
		    "or 7d, given %s", opt_name(OPT_OLDER), GIVEN(text));
	*ret = t.sec;
	return 0;
}

static int
parse_limit(const char *text, size_t *ret, struct err *e)
{
	uint64_t v;

	if (num_parse_u64(str_of(text), 1, UINT32_MAX, &v) < 0)
		return err_set(e, ERR_USAGE, "%s: expected a number from 1, "
		    "given %s", opt_name(OPT_LIMIT), GIVEN(text));
	*ret = (size_t)v;
	return 0;
}

static int
set_option(struct args *a, enum opt_id id, const char *value, struct err *e)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wswitch-enum"	/* the table says which */
	switch (id) {
	case OPT_QUIET:
		a->quiet = 1;
		break;
	case OPT_JSON:
		a->form = FORM_JSON;
		break;
	case OPT_JSONL:
		a->form = FORM_JSONL;
		break;
	case OPT_DRY_RUN:
		a->dry_run = 1;
		break;
	case OPT_ALL:
		a->all = 1;
		break;
	case OPT_REPAIR:
		a->repair = 1;
		break;
	case OPT_UNPIN:
		a->unpin = 1;
		break;
	case OPT_LINK:
		a->link = 1;
		break;
	case OPT_REPLACE:
		a->replace = 1;
		break;
	case OPT_VERBOSE:
		a->verbose = 1;
		break;
	case OPT_DEPENDS:
		VEC_PUSH(&a->depends, value);
		break;
	case OPT_MAKES:
		VEC_PUSH(&a->makes, value);
		break;
	case OPT_LOOKS_AT:
		VEC_PUSH(&a->env, value);
		break;
	case OPT_PROJECT:
		a->project = a->c->project_option = value;
		break;
	case OPT_DOMAIN:
		a->domain = a->c->domain_option = value;
		break;
	case OPT_LIMIT:
		return parse_limit(value, &a->limit, e);
	case OPT_MAX_SIZE:
		return parse_size(value, &a->max_size, e);
	case OPT_OLDER:
		return parse_older(value, &a->older, e);
	default:
		BUG("option %d", (int)id);
	}
#pragma GCC diagnostic pop
	return 0;
}

/* An option may stand before the verb, which then must take it. */
static int
parse(struct args *a, struct opt *o, const struct opt_verb **ret_verb,
    int *ret_done, struct err *e)
{
	enum opt_id id, early[16];
	const char *value;
	size_t n_early = 0, i;
	int got;

	*ret_verb = NULL;
	while ((got = opt_next(o, &id, &value, e)) > 0) {
		if (got == 2 && *ret_verb == NULL) {
			*ret_verb = opt_verb(&program, value);
			if (*ret_verb == NULL)
				return opt_verb_unknown(&program, value, e);
			/* What follows "run" is not ours. */
			if (strcmp(value, "run") == 0)
				o->stop_at_arg = 1;
		} else if (got == 2) {
			a->words[a->n++] = value;
		} else if (context_common_option(&program, id)) {
			*ret_done = 1;
			return 0;
		} else {
			if (n_early < ARRAY_LEN(early))
				early[n_early++] = id;
			if (set_option(a, id, value, e) < 0)
				return -1;
		}
	}
	if (got < 0)
		return -1;
	while (o->stop_at_arg && o->next < o->argc)
		a->words[a->n++] = o->argv[o->next++];
	if (*ret_verb == NULL)
		return err_set(e, ERR_USAGE,
		    "which command?  See flyte-cache --help");
	for (i = 0; i < n_early; i++)
		if (!opt_allowed(&program, *ret_verb, early[i]))
			return err_set(e, ERR_USAGE, "'%s' takes no %s",
			    (*ret_verb)->name, opt_name(early[i]));
	return 0;
}

static void
on_signal(int sig)
{
	temps_remove();
	signal(sig, SIG_DFL);
	raise(sig);
}

int
main(int argc, char **argv)
{
	const struct opt_verb *verb;
	struct context c;
	struct args a = { .c = &c, .max_size = UINT64_MAX, .older = GC_GRACE };
	struct opt o;
	struct err e;
	int done = 0, status;

	context_init(&c, program.name);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGHUP, on_signal);
	a.words = arena_new_n(&c.arena, (size_t)argc + 1, const char *);
	opt_init(&o, &program, argc, argv);
	if (parse(&a, &o, &verb, &done, &e) < 0)
		return context_end(&c, fail(&c, &e));
	if (done)
		return context_end(&c, EXIT_DONE);
	status = commands[verb - verbs].run(&a);
	VEC_RELEASE(&a.depends);
	VEC_RELEASE(&a.makes);
	VEC_RELEASE(&a.env);
	return context_end(&c, status);
}
