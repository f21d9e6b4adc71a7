/* flyte-ctl: act on executions. */

#include "ctl.h"

#include "common/args.h"

static const enum opt_id common[] = { OPT_PROJECT, OPT_DOMAIN, OPT_QUIET,
    OPT_END };
static const enum opt_id wait_opts[] = { OPT_TIMEOUT, OPT_END };
static const enum opt_id stop_opts[] = { OPT_REASON, OPT_WAIT, OPT_TIMEOUT,
    OPT_END };

static const struct opt_verb verbs[] = {
	{ "wait", "ID", "wait until it has ended; exit 0 if it succeeded, "
	    "1 if it failed", wait_opts },
	{ "stop", "ID", "end it for good: what runs is stopped", stop_opts },
	{ "approve", "ID/NODE", "let a gate that waits for approval pass",
	    NULL },
	{ "signal", "ID/NODE VALUE", "give a gate the value it waits for",
	    NULL },
	{ "fsck", "[ID]", "check all state, or one execution", NULL },
	{ NULL, NULL, NULL, NULL }
};

static const struct opt_program program = {
	.name = "flyte-ctl",
	.about = "Act on executions, whether or not a process runs them.",
	.opts = common,
	.verbs = verbs,
	.examples =
	    "  flyte-ctl wait last --timeout 10m\n"
	    "  flyte-ctl stop nightly-0412 --reason 'wrong input'\n"
	    "  flyte-ctl approve last/release\n"
	    "  flyte-ctl signal last/threshold 0.9\n"
	    "  flyte-ctl fsck\n",
};

struct args {
	struct ctl		*ctl;
	const struct opt_verb	*verb;
	const char		*at[2];
	int			 n;
};

static int
set_timeout(struct ctl *c, const char *text, struct err *e)
{
	int64_t ns;

	if (args_timeout(text, &ns, e) < 0)
		return -1;
	c->timeout_ms = ns / 1000000;
	return 0;
}

static int
take_option(void *arg, enum opt_id id, const char *v, struct err *e)
{
	struct args *a = arg;
	struct ctl *c = a->ctl;

	switch ((int)id) {
	case OPT_QUIET:
		c->quiet = 1;
		break;
	case OPT_REASON:
		c->reason = v;
		break;
	case OPT_WAIT:
		c->wait = 1;
		break;
	case OPT_TIMEOUT:
		return set_timeout(c, v, e);
	default:
		BUG("option %s is in no switch", opt_name(id));
	}
	return 0;
}

static int
take_word(void *arg, const char *word, struct err *e)
{
	struct args *a = arg;

	if (a->n >= 2)
		return err_set(e, ERR_USAGE, "%s: what is \"%s\" for?",
		    a->verb->name, word);
	a->at[a->n++] = word;
	return 0;
}

/* How many arguments the verb takes. */
static int
check_count(const struct args *a, struct err *e)
{
	int least = strcmp(a->verb->name, "fsck") == 0 ? 0 :
	    strcmp(a->verb->name, "signal") == 0 ? 2 : 1;
	int most = least == 0 ? 1 : least;

	if (a->n >= least && a->n <= most)
		return 0;
	return err_set(e, ERR_USAGE, "usage: flyte-ctl %s %s", a->verb->name,
	    a->verb->args);
}

/* 0; 1: done already (--help); -1. */
static int
read_args(struct args *a, int argc, char **argv, struct err *e)
{
	struct args_reader reader = { &program, take_option, take_word, a };
	int r = args_read(&a->ctl->ctx, &reader, argc, argv, &a->verb, e);

	return r != 0 ? r : check_count(a, e);
}

static int
find(struct ctl *c, const struct args *a, struct err *e)
{
	const char *project, *domain;
	int attempt, node = strchr(a->verb->args, '/') != NULL;

	if (context_project(&c->ctx, &project, e) < 0 ||
	    context_domain(&c->ctx, &domain, e) < 0 ||
	    execution_find_address(c->home, a->at[0], project, domain,
	    &c->ctx.arena, &c->id, &c->path, &attempt, e) < 0)
		return -1;
	if (node && c->path == NULL)
		return err_set(e, ERR_USAGE, "%s: of which node? expected "
		    "ID/NODE, given \"%s\"", a->verb->name, a->at[0]);
	if (!node && c->path != NULL)
		return err_set(e, ERR_USAGE, "%s is for a whole execution, "
		    "not for a node: given \"%s\"", a->verb->name, a->at[0]);
	return 0;
}

static int
run(struct ctl *c, int argc, char **argv)
{
	struct args a = { .ctl = c };
	struct err e;
	int r = read_args(&a, argc, argv, &e);

	if (r > 0)
		return EXIT_DONE;
	if (r < 0 || context_home(&c->ctx, &c->home, &e) < 0 ||
	    (a.n > 0 && find(c, &a, &e) < 0))
		return fail(&c->ctx, &e);
	switch (a.verb->name[0]) {
	case 'w':
		return ctl_wait(c);
	case 'a':
		return ctl_approve(c);
	case 'f':
		return ctl_fsck(c);
	default:
		return a.verb->name[1] == 't' ? ctl_stop(c) :
		    ctl_signal(c, a.at[1]);
	}
}

int
main(int argc, char **argv)
{
	struct ctl c = { .timeout_ms = -1 };

	context_init(&c.ctx, "flyte-ctl");
	return context_end(&c.ctx, run(&c, argc, argv));
}
