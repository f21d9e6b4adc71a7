/* flyte: "flyte x ..." runs "flyte-x ...", ours or any other on the path. */

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/opt.h"
#include "base/utf8.h"

static const enum opt_id opts[] = { OPT_HELP, OPT_VERSION, OPT_END };

static const struct opt_program program = {
	.name = "flyte",
	.args = "COMMAND [ARGUMENTS]",
	.about = "Run flyte-COMMAND, with all that follows.",
	.opts = opts,
	.examples =
	    "flyte register spend.yaml\n"
	    "flyte run spend.yaml:calculate_spend emp_df=employees.csv\n"
	    "man 7 flyte",
};

/* Those of the suite, for --help and for what was mistyped. */
static const struct {
	const char *name, *help;
} commands[] = {
	{ "register", "compile, check and register what stays" },
	{ "run", "run a workflow, launch plan or task" },
	{ "exec", "run one task as a typed filter" },
	{ "cache", "look into the results that are kept" },
	{ "show", "look at executions" },
	{ "ctl", "act on executions" },
};

static int
complain(const char *fmt, ...) printf_like(1, 2);
static int
complain(const char *fmt, ...)
{
	c_strbuf struct strbuf text = STRBUF_INIT;
	c_strbuf struct strbuf shown = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	utf8_add_shown(&shown, strbuf_str(&text));
	fprintf(stderr, "flyte: %s\n", shown.p);
	return EXIT_USAGE;
}

static void
print_help(void)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	opt_help(&program, &b);
	strbuf_adds(&b, "\nCommands:\n");
	for (i = 0; i < ARRAY_LEN(commands); i++)
		strbuf_addf(&b, "  %-10s %s\n", commands[i].name,
		    commands[i].help);
	fwrite(b.p, 1, b.n, stdout);
}

/* The folder of this program with a slash, or "". */
static void
own_folder(struct strbuf *ret)
{
	char path[4096];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path));

	while (n > 0 && path[n - 1] != '/')
		n--;
	if (n > 0)
		strbuf_add(ret, path, (size_t)n);
}

/* Beside this program, else on the path.  Returns only if there is none. */
static int
run(char **argv)
{
	const char *names[ARRAY_LEN(commands)], *meant;
	c_strbuf struct strbuf path = STRBUF_INIT;
	char *name = argv[0];
	size_t i;

	if (strchr(name, '/') != NULL || name[0] == '\0')
		return complain("%s: not a command", name);
	own_folder(&path);
	strbuf_addf(&path, "flyte-%s", name);
	argv[0] = strrchr(path.p, '/') == NULL ? path.p :
	    strrchr(path.p, '/') + 1;
	if (path.p[0] == '/')
		execv(path.p, argv);
	if (errno == ENOENT || path.p[0] != '/')
		execvp(argv[0], argv);
	if (errno != ENOENT && errno != EACCES) {
		complain("%s: %s", name, strerror(errno));
		return EXIT_SYSTEM;
	}
	for (i = 0; i < ARRAY_LEN(commands); i++)
		names[i] = commands[i].name;
	meant = did_you_mean(str_of(name), names, ARRAY_LEN(names));
	if (meant != NULL)
		return complain("%s: no such command; did you mean %s?", name,
		    meant);
	return complain("%s: no such command: there is no flyte-%s (flyte "
	    "--help lists them)", name, name);
}

static int
option(enum opt_id id)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (id == OPT_HELP)
		print_help();
	if (id == OPT_VERSION)
		puts("flyte (flyte-tools) " VERSION);
	if (id == OPT_COMPLETION) {
		opt_completion(&program, &b);
		fwrite(b.p, 1, b.n, stdout);
	}
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_SYSTEM;
}

int
main(int argc, char **argv)
{
	enum opt_id id;
	const char *value;
	struct opt opt;
	struct err e;
	int got;

	opt_init(&opt, &program, argc, argv);
	opt.stop_at_arg = 1;
	got = opt_next(&opt, &id, &value, &e);
	if (got < 0)
		return complain("%s", e.msg);
	if (got == 1)
		return option(id);
	if (got == 0 || strcmp(value, "help") == 0) {
		print_help();
		return got == 0 ? EXIT_USAGE : EXIT_DONE;
	}
	return run(argv + opt.next - 1);
}
