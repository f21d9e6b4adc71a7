/* flyte-show: executions, their nodes and what tasks printed. */

#include "show.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "base/num.h"
#include "base/utf8.h"
#include "common/args.h"

static const enum opt_id opts[] = {
	OPT_PROJECT, OPT_DOMAIN, OPT_JSON, OPT_JSONL, OPT_COLOR, OPT_LOGS,
	OPT_FOLLOW, OPT_TIMELINE, OPT_LIMIT, OPT_END
};

static const struct opt_program program = {
	.name = "flyte-show",
	.args = "[options]\n"
	    "[options] ID\n"
	    "[options] ID/NODE[/SUB ...][#ATTEMPT]",
	.about = "Look at executions: the newest, the nodes of one, "
	    "everything about a node, and what tasks printed.",
	.opts = opts,
	.examples =
	    "  flyte-show\n"
	    "  flyte-show last\n"
	    "  flyte-show last/pay\n"
	    "  flyte-show --logs --follow last\n"
	    "  flyte-show --json last | jq .outputs\n",
};

static int
set_limit(struct show *s, const char *text, struct err *e)
{
	if (num_parse_i64(str_of(text), 0, INT32_MAX, &s->limit) < 0)
		return err_set(e, ERR_USAGE, "--limit: expected a number (0: "
		    "all), given %s", GIVEN(text));
	return 0;
}

static int
take_option(void *arg, enum opt_id id, const char *v, struct err *e)
{
	struct show *s = arg;

	switch ((int)id) {
	case OPT_JSON:
		s->json = 2;
		break;
	case OPT_JSONL:
		s->json = 1;
		break;
	case OPT_COLOR:
		s->color_option = v;
		break;
	case OPT_LOGS:
		s->logs = 1;
		break;
	case OPT_FOLLOW:
		s->follow = s->logs = 1;
		break;
	case OPT_TIMELINE:
		s->timeline = 1;
		break;
	case OPT_LIMIT:
		return set_limit(s, v, e);
	default:
		BUG("option %s is in no switch", opt_name(id));
	}
	return 0;
}

static int
check(const struct show *s, struct err *e)
{
	if (s->logs && s->address == NULL)
		return err_set(e, ERR_USAGE, "--logs: of which execution? "
		    "(\"last\" is the newest)");
	if (s->logs && s->json != 0)
		return err_set(e, ERR_USAGE, "--logs prints text: it does "
		    "not go with --json or --jsonl");
	if (s->limit >= 0 && s->address != NULL)
		return err_set(e, ERR_USAGE, "--limit is for the list of "
		    "executions, not for one of them");
	return 0;
}

static int
take_word(void *arg, const char *word, struct err *e)
{
	struct show *s = arg;

	if (s->address != NULL)
		return err_set(e, ERR_USAGE, "one execution or node at a "
		    "time; given \"%s\" and \"%s\"", s->address, word);
	s->address = word;
	return 0;
}

/* 0; 1: done already (--help); -1. */
static int
read_args(struct show *s, int argc, char **argv, struct err *e)
{
	struct args_reader reader = { &program, take_option, take_word, s };
	int r = args_read(&s->ctx, &reader, argc, argv, NULL, e);

	return r != 0 ? r : check(s, e);
}

static int
terminal_width(void)
{
	struct winsize w;

	if (!isatty(1))
		return 0;
	if (ioctl(1, TIOCGWINSZ, &w) < 0 || w.ws_col < 20)
		return 80;
	return w.ws_col;
}

static int
show_one(struct show *s)
{
	c_look struct look l;
	struct err e;

	if (look_open(s->home, &s->id, &l, &e) < 0)
		return fail(&s->ctx, &e);
	if (s->path != NULL)
		return s->json != 0 ? show_json_node(s, &l) :
		    show_node(s, &l);
	return s->json != 0 ? show_json(s, &l) : show_tree(s, &l);
}

static int
find(struct show *s, struct err *e)
{
	const char *project, *domain;

	if (context_project(&s->ctx, &project, e) < 0 ||
	    context_domain(&s->ctx, &domain, e) < 0 ||
	    execution_find_address(s->home, s->address, project, domain,
	    &s->ctx.arena, &s->id, &s->path, &s->attempt, e) < 0)
		return -1;
	if (s->attempt >= 0 && s->path == NULL)
		return err_set(e, ERR_USAGE, "%s: attempts are of nodes: "
		    "ID/NODE#ATTEMPT", s->address);
	return 0;
}

static int
run(struct show *s, int argc, char **argv)
{
	struct err e;
	int r = read_args(s, argc, argv, &e);

	if (r > 0)
		return EXIT_DONE;
	if (r < 0 || context_color(s->color_option, 1, &s->color, &e) < 0 ||
	    context_home(&s->ctx, &s->home, &e) < 0)
		return fail(&s->ctx, &e);
	s->width = terminal_width();
	if (s->address == NULL)
		return show_list(s);
	if (find(s, &e) < 0)
		return fail(&s->ctx, &e);
	return s->logs ? show_logs(s) : show_one(s);
}

int
main(int argc, char **argv)
{
	struct show s = { .limit = -1, .attempt = -1 };

	context_init(&s.ctx, "flyte-show");
	return context_end(&s.ctx, run(&s, argc, argv));
}
