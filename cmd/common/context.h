#ifndef COMMON_CONTEXT_H
#define COMMON_CONTEXT_H

/*
 * What every program of the suite knows about its surroundings: the one
 * place that reads the environment and the configuration.  lib/ gets it
 * passed in.
 */

#include "base/arena.h"
#include "base/diag.h"
#include "base/opt.h"
#include "base/strbuf.h"

struct store;

struct context {
	const char	*tool;		/* for messages: "flyte-exec" */
	struct arena	 arena;		/* lives as long as the program */
	const char	*project_option; /* -p and -d, or NULL: set these */
	const char	*domain_option;
	const char	*registry_option; /* -r, or NULL */
	const char	*home;		/* see context_home */
	const char	*config_project; /* of config.yaml, once read */
	const char	*config_domain;
	int		 config_read;
	struct store	*store;		/* once opened */
	struct jobserver *jobserver;	/* make's, see context_jobserver */
};

/*
 * First thing in main: descriptors 0-2 are made open (on /dev/null), the
 * locale stays C.  Reads no file.
 */
void	context_init(struct context *, const char *tool);
void	context_release(struct context *);
/*
 * Right after it: make's jobserver, if $MAKEFLAGS has one.  0 if there is one
 * that can not be used, which was said; then only one job is run at once, as
 * make itself does.
 */
int	context_jobserver(struct context *);

/*
 * The state folder as an absolute path: $FLYTE_HOME, else
 * $XDG_STATE_HOME/flyte, else $HOME/.local/state/flyte.  Not created here.
 * ERR_USAGE if none of the three is set, ERR_CORRUPT if its layout is of
 * another version.  In the context's arena.
 */
int	context_home(struct context *, const char **ret, struct err *)
		must_check;
/* home/name, the same. */
int	context_path(struct context *, const char *name, const char **ret,
	    struct err *) must_check;
/* The registry: that of -r, else home/registry. */
int	context_registry(struct context *, const char **ret, struct err *)
	    must_check;

/*
 * Project and domain: option, environment (FLYTE_PROJECT, FLYTE_DOMAIN),
 * config.yaml (keys project, domain), default/development.  Checked against
 * Flyte's rules for such names.
 */
int	context_project(struct context *, const char **ret, struct err *)
		must_check;
int	context_domain(struct context *, const char **ret, struct err *)
		must_check;

/* A folder for temporary files: $TMPDIR, else /tmp. */
const char *context_tmpdir(struct context *);
/* The environment, for what tasks may see of it. */
char *const *context_environ(void);
/*
 * A helper program of the suite: $FLYTE_LIBEXEC/NAME, else
 * ../libexec/flyte/NAME beside the folder of the program itself.  Not looked
 * for: who starts it finds out.
 */
const char *context_helper(struct context *, const char *name);

/* 0 if $FLYTE_CGROUPS is "off": limits without control groups. */
int	context_use_groups(struct context *);

/*
 * The store in context_home(), opened on first use and closed by
 * context_end.  What it has to say goes to stderr.
 */
int	context_store(struct context *, struct store **ret, struct err *)
		must_check;

/*
 * --color: auto, always or never; NULL is auto: a terminal, NO_COLOR unset and
 * TERM other than dumb.  ERR_USAGE for any other word.
 */
int	context_color(const char *option, int fd, int *ret, struct err *)
		must_check;
/* Prints the diagnostics to stderr; the status for them (3, or 0). */
int	complain_diags(const struct diags *);

/*
 * Options that every program answers the same way: --help, --version,
 * --completion-helper.  1: done, exit with 0 through context_end.
 */
int	context_common_option(const struct opt_program *, enum opt_id);

/* "tool: message" on stderr, control bytes shown as "?". */
void	complain(const struct context *, const struct err *);
void	warn(const struct context *, const char *fmt, ...) printf_like(2, 3);
/* "tool: subject: text", whose further lines follow below it. */
void	warn_lines(const struct context *, const char *subject,
	    const char *text);
/* Prints the error and returns its exit status. */
int	fail(const struct context *, const struct err *) cold;

/*
 * Flushes stdout and releases the context.  The status to exit with: the
 * given one, or 8 with a message if stdout could not be written (a full
 * disk), which a program must never hide.
 */
int	context_end(struct context *, int status);

/* Writes all of a buffer to stdout's stream; context_end sees failures. */
void	put_out(const struct strbuf *);

#endif
