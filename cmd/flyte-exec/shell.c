#include "exec.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "sys/spawn.h"

/*
 * --shell: the attempt's folder as it would be, with a shell in place of the
 * command.  Nothing is collected, and the folder stays.
 */

/* What the user has to know, on stderr. */
static void
tell(struct exec *x, const struct command *c)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_adds(&b, "the command would be: ");
	contract_add_words(c->argv, &b);
	if (x->quiet)
		return;
	warn(&x->ctx, "%s: a shell in %s", x->name,
	    c->dir == NULL ? "." : c->dir);
	warn_lines(&x->ctx, x->name, b.p);
	warn(&x->ctx, "%s: inputs are in $FLYTE_INPUTS, outputs go to "
	    "$FLYTE_OUTPUTS; the folder is not removed", x->name);
}

static int
wait_for(struct proc *p, int *ret_status, struct err *e)
{
	struct proc_end end;

	/* The terminal's signals are the shell's. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	if (proc_reap(p, &end, e) < 0)
		return -1;
	*ret_status = end.code;
	return 0;
}

int
exec_shell(struct exec *x, int *ret_status, struct err *e)
{
	const char *path = getenv("SHELL");
	char *argv[] = { NULL, NULL };
	struct attempt at = {
		.project = x->project, .domain = x->domain,
		.execution = "shell", .node = x->name, .inputs = x->values,
		.here = x->here ? "." : NULL,
	};
	struct command c;
	struct proc p;
	int r;

	if (contract_kind(x->contract) == CONTRACT_JQ)
		return err_set(e, ERR_USAGE, "--shell: a jq task has no "
		    "command and no folder; jq runs its expression");
	if (path == NULL || path[0] == '\0')
		path = "/bin/sh";
	if (exec_make_scratch(x, e) < 0 || scratch_keep(&x->scratch, e) < 0)
		return -1;
	at.dir = arena_strdup(&x->ctx.arena, x->scratch.dir);
	scratch_release(&x->scratch);	/* it stays */
	if (contract_prepare(x->contract, &at, &x->ctx.arena, &c, e) < 0)
		return -1;
	command_release(&c);
	tell(x, &c);
	argv[0] = arena_strdup(&x->ctx.arena, path);
	r = proc_start(&(struct spawn){ .path = path, .argv = argv,
	    .envp = c.envp, .dir = c.dir, .in = 0, .out = 1, .err = 2,
	    .flags = SPAWN_FOREGROUND }, &p, e);
	return r < 0 ? -1 : wait_for(&p, ret_status, e);
}
