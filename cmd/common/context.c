#include "common/context.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "data/yaml.h"
#include "store/store.h"
#include "sys/file.h"
#include "sys/home.h"
#include "sys/jobserver.h"

extern char **environ;

/* A variable of the environment; an empty one counts as unset. */
static const char *
env(const char *name)
{
	const char *s = getenv(name);

	return s != NULL && *s != '\0' ? s : NULL;
}

/*
 * A closed descriptor would be given to the next file we open.  Standard
 * output is opened for reading, so that writing to it fails and is seen.
 */
static void
open_std_fds(void)
{
	int fd;

	for (fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd == 2 ? O_WRONLY : O_RDONLY) != fd)
			_exit(EXIT_SYSTEM);
}

void
context_init(struct context *c, const char *tool)
{
	open_std_fds();
	signal(SIGCHLD, SIG_DFL);
	/* Over ulimit -f a write fails as on a full disk. */
	signal(SIGXFSZ, SIG_IGN);
	/* What is large is always mapped by itself: it grows without being
	 * copied, and is given back when it is freed. */
	mallopt(M_MMAP_THRESHOLD, 1024 * 1024);
	mallopt(M_TRIM_THRESHOLD, 4 * 1024 * 1024);
	*c = (struct context){ .tool = tool };
	arena_init(&c->arena);
	/* What is large goes back to the system once it is freed; glibc's own
	 * bound grows with the first such block. */
#ifdef M_MMAP_THRESHOLD
	mallopt(M_MMAP_THRESHOLD, 512 * 1024);
#endif
}

void
context_release(struct context *c)
{
	store_close(TAKE(c->store, NULL));
	jobserver_close(TAKE(c->jobserver, NULL));
	arena_release(&c->arena);
}

int
context_jobserver(struct context *c)
{
	struct err e;

	if (jobserver_open(str_of(env("MAKEFLAGS")), &c->jobserver, &e) == 0)
		return 1;
	warn(c, "%s; one job at once", e.msg);
	return 0;
}

char *const *
context_environ(void)
{
	return environ;
}

/* ---- places -------------------------------------------------------------- */

/* A variable that by the XDG Base Directory Specification counts only if it is
 * an absolute path. */
static const char *
xdg(const char *name)
{
	const char *s = env(name);

	return s != NULL && *s == '/' ? s : NULL;
}

static const char *
absolute(struct context *c, const char *path)
{
	c_free char *cwd = NULL;

	if (*path == '/')
		return path;
	cwd = getcwd(NULL, 0);
	return arena_printf(&c->arena, "%s/%s", cwd == NULL ? "" : cwd, path);
}

int
context_home(struct context *c, const char **ret, struct err *e)
{
	const char *s;

	if (c->home == NULL) {
		if ((s = env("FLYTE_HOME")) != NULL)
			c->home = absolute(c, s);
		else if ((s = xdg("XDG_STATE_HOME")) != NULL)
			c->home = arena_printf(&c->arena, "%s/flyte", s);
		else if ((s = env("HOME")) != NULL)
			c->home = arena_printf(&c->arena,
			    "%s/.local/state/flyte", absolute(c, s));
		else
			return err_set(e, ERR_USAGE, "HOME is not set; set "
			    "FLYTE_HOME to the folder to keep state in");
		if (home_check(c->home, e) < 0) {
			c->home = NULL;
			return -1;
		}
	}
	*ret = c->home;
	return 0;
}

int
context_path(struct context *c, const char *name, const char **ret,
    struct err *e)
{
	const char *home;

	if (context_home(c, &home, e) < 0)
		return -1;
	*ret = arena_printf(&c->arena, "%s/%s", home, name);
	return 0;
}

int
context_registry(struct context *c, const char **ret, struct err *e)
{
	*ret = c->registry_option;
	return *ret == NULL ? context_path(c, "registry", ret, e) : 0;
}

/* $XDG_CONFIG_HOME/flyte, else $HOME/.config/flyte; NULL if neither is set. */
static const char *
context_config_dir(struct context *c)
{
	const char *s;

	if ((s = xdg("XDG_CONFIG_HOME")) != NULL)
		return arena_printf(&c->arena, "%s/flyte", s);
	if ((s = env("HOME")) != NULL)
		return arena_printf(&c->arena, "%s/.config/flyte", s);
	return NULL;
}

const char *
context_tmpdir(struct context *c)
{
	const char *s = env("TMPDIR");

	return s == NULL ? "/tmp" : absolute(c, s);
}

const char *
context_helper(struct context *c, const char *name)
{
	const char *dir = env("FLYTE_LIBEXEC");
	char self[4096];
	ssize_t n;

	if (dir != NULL)
		return arena_printf(&c->arena, "%s/%s", dir, name);
	n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (n <= 0)
		return arena_strdup(&c->arena, name);
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	return arena_printf(&c->arena, "%s/../libexec/flyte/%s", self, name);
}

int
context_use_groups(struct context *c)
{
	const char *s = env("FLYTE_CGROUPS");

	(void)c;
	return s == NULL || strcmp(s, "off") != 0;
}

static void
say(void *arg, const char *line)
{
	warn(arg, "%s", line);
}

int
context_store(struct context *c, struct store **ret, struct err *e)
{
	struct store_options o = { .say = say, .arg = c };
	const char *s;

	if (c->store == NULL) {
		if (context_home(c, &o.home, e) < 0)
			return -1;
		if ((s = xdg("XDG_RUNTIME_DIR")) != NULL)
			o.local = arena_printf(&c->arena, "%s/flyte", s);
		if (store_open(&o, &c->store, e) < 0)
			return -1;
	}
	*ret = c->store;
	return 0;
}

/* ---- configuration ------------------------------------------------------- */

static int
config_value(struct context *c, const struct tree *t, const char *path,
    const char *key, const char **ret, struct err *e)
{
	uint32_t node = tree_get(t, 0, key);

	if (node == TREE_NONE)
		return 0;
	if (t->at[node].kind != TREE_SCALAR)
		return err_set(e, ERR_USAGE, "%s: %s: expected a name", path,
		    key);
	*ret = arena_str(&c->arena, t->at[node].text).p;
	return 0;
}

static int
parse_config(struct context *c, const char *path, struct str text,
    struct err *e)
{
	c_diags struct diags d = DIAGS_INIT;
	c_tree struct tree t;
	unsigned line = 0, col = 0;

	tree_init(&t);
	if (text.n == strspn(text.p, " \t\r\n"))
		return 0;
	if (yaml_parse(path, text, &t, &d) < 0 || d.n > 0) {
		if (d.n > 0)
			source_position(d.at[0].source, d.at[0].span.from,
			    &line, &col);
		return err_set(e, ERR_USAGE, "%s:%u:%u: not valid YAML", path,
		    line, col);
	}
	if (t.n == 0 || tree_is_null(&t, 0))
		return 0;
	if (t.at[0].kind != TREE_MAP)
		return err_set(e, ERR_USAGE, "%s: expected a map", path);
	if (config_value(c, &t, path, "project", &c->config_project, e) < 0 ||
	    config_value(c, &t, path, "domain", &c->config_domain, e) < 0)
		return -1;
	return 0;
}

static int
read_config(struct context *c, struct err *e)
{
	c_strbuf struct strbuf text = STRBUF_INIT;
	const char *dir = context_config_dir(c), *path;

	if (c->config_read || dir == NULL)
		return 0;
	path = arena_printf(&c->arena, "%s/config.yaml", dir);
	if (file_read(AT_FDCWD, path, MAX_CONFIG_BYTES, &text, e) < 0) {
		if (e->kind != ERR_MISSING)
			return -1;
		err_clear(e);
	} else if (parse_config(c, path, strbuf_str(&text), e) < 0) {
		return -1;
	}
	c->config_read = 1;
	return 0;
}

/*
 * flyteadmin, manager/impl/validation: what Kubernetes takes as a label,
 * lower case; both at most 63 bytes.
 */
static int
check_project_name(const char *what, const char *s, struct err *e)
{
	size_t n = strlen(s), i;

	for (i = 0; i < n && n <= 63; i++) {
		int inner = i > 0 && i + 1 < n;
		char ch = s[i];

		if (!((ch >= 'a' && ch <= 'z') || (ch >= '0' && ch <= '9') ||
		    (inner && (ch == '-' || ch == '_' || ch == '.'))))
			break;
	}
	if (i == n && n > 0)
		return 0;
	return err_set(e, ERR_USAGE, "%s: expected at most 63 of a-z, 0-9 "
	    "and, inside, - _ ., given %s", what, GIVEN(s));
}

static int
project_or_domain(struct context *c, const char *what, const char *option,
    const char *variable, const char *const *config, const char *fallback,
    const char **ret, struct err *e)
{
	const char *s = option != NULL ? option : env(variable);

	if (s == NULL) {
		if (read_config(c, e) < 0)
			return -1;
		s = *config != NULL ? *config : fallback;
	}
	if (check_project_name(what, s, e) < 0)
		return -1;
	*ret = s;
	return 0;
}

int
context_project(struct context *c, const char **ret, struct err *e)
{
	return project_or_domain(c, "project", c->project_option,
	    "FLYTE_PROJECT", &c->config_project, "default", ret, e);
}

int
context_domain(struct context *c, const char **ret, struct err *e)
{
	return project_or_domain(c, "domain", c->domain_option,
	    "FLYTE_DOMAIN", &c->config_domain, "development", ret, e);
}

/* ---- words --------------------------------------------------------------- */

int
context_color(const char *option, int fd, int *ret, struct err *e)
{
	const char *term = env("TERM");

	if (option == NULL || strcmp(option, "auto") == 0)
		*ret = isatty(fd) && env("NO_COLOR") == NULL &&
		    term != NULL && strcmp(term, "dumb") != 0;
	else if (strcmp(option, "always") == 0)
		*ret = 1;
	else if (strcmp(option, "never") == 0)
		*ret = 0;
	else
		return err_set(e, ERR_USAGE, "--color: expected auto, always "
		    "or never, given %s", GIVEN(option));
	return 0;
}

int
context_common_option(const struct opt_program *p, enum opt_id id)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (id == OPT_HELP)
		opt_help(p, &b);
	else if (id == OPT_VERSION)
		strbuf_addf(&b, "%s (flyte-tools) %s\n", p->name, VERSION);
	else if (id == OPT_COMPLETION)
		opt_completion(p, &b);
	else
		return 0;
	put_out(&b);
	return 1;
}

/* In one write, so that lines of several programs do not mix. */
static void
put_err(const struct strbuf *b)
{
	fflush(stdout);
	if (file_write_all(2, b->p, b->n) < 0)
		return;		/* there is nowhere left to say it */
}

static void
put_line(const char *tool, const char *msg)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_addf(&b, "%s: ", tool);
	utf8_add_shown(&b, str_of(msg));
	strbuf_addch(&b, '\n');
	put_err(&b);
}

void
complain(const struct context *c, const struct err *e)
{
	put_line(c->tool, e->msg);
}

void
warn(const struct context *c, const char *fmt, ...)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	put_line(c->tool, b.p);
}

void
warn_lines(const struct context *c, const char *subject, const char *text)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t n;

	strbuf_addf(&b, "%s: ", c->tool);
	utf8_add_shown(&b, str_of(subject));
	strbuf_adds(&b, ": ");
	for (;;) {
		n = strcspn(text, "\n");
		utf8_add_shown(&b, (struct str){ text, n });
		strbuf_addch(&b, '\n');
		text += n;
		if (*text == '\0' || *++text == '\0')
			break;
		strbuf_adds(&b, "  | ");
	}
	put_err(&b);
}

int
fail(const struct context *c, const struct err *e)
{
	complain(c, e);
	return err_exit_status(e);
}

int
complain_diags(const struct diags *d)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	diags_print(d, &b);
	fflush(stdout);
	if (file_write_all(2, b.p, b.n) < 0)
		return EXIT_SYSTEM;
	return d->n > 0 ? EXIT_SPEC : EXIT_DONE;
}

void
put_out(const struct strbuf *b)
{
	fwrite(b->p, 1, b->n, stdout);
}

int
context_end(struct context *c, int status)
{
	int failed = ferror(stdout);

	if (fflush(stdout) != 0 || failed) {
		warn(c, "standard output: %s", strerror(errno));
		status = EXIT_SYSTEM;
	}
	context_release(c);
	return status;
}
