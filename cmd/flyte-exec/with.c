#include "exec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/limits.h"
#include "spec/lower.h"
#include "sys/file.h"

/*
 * --with: the folder of the task's code.  Text that is part of the task has
 * its place there too: a file called as the task, with or without an ending.
 */

typedef Flyteidl__Core__TaskTemplate__ConfigEntry config_entry;

static config_entry *
config_of(const pb_task_template *t, const char *key)
{
	size_t i;

	for (i = 0; i < t->n_config; i++)
		if (strcmp(t->config[i]->key, key) == 0)
			return t->config[i];
	return NULL;
}

/* The text that it runs, or NULL: its program lies elsewhere. */
static config_entry *
text_of(const pb_task_template *t)
{
	static const char *const keys[] = {
		LOWER_JQ, LOWER_RUN, LOWER_SCRIPT,
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(keys); i++)
		if (config_of(t, keys[i]) != NULL)
			return config_of(t, keys[i]);
	return NULL;
}

static int
is_called(const char *file, const char *task)
{
	size_t n = strlen(task);

	return strncmp(file, task, n) == 0 && (file[n] == '\0' ||
	    (file[n] == '.' && strchr(file + n + 1, '.') == NULL &&
	    file[n + 1] != '\0'));
}

/* The file of the task in the folder, or NULL; two are one too many. */
static int
find_file(struct exec *x, const char **ret, struct err *e)
{
	const char *task = x->task->id->name;
	const struct dirent *d;
	DIR *dir = opendir(x->code);
	int r = 0, more = 1;

	*ret = NULL;
	if (dir == NULL)
		return err_sys(e, "--with %s", x->with);
	while (r == 0 && (more = file_next_entry(dir, &d)) > 0) {
		if (!is_called(d->d_name, task))
			continue;
		if (*ret != NULL)
			r = err_set(e, ERR_USAGE, "--with %s: both %s and %s "
			    "could be the text of task %s", x->with, *ret,
			    d->d_name, task);
		*ret = arena_strdup(&x->ctx.arena, d->d_name);
	}
	if (more < 0)
		r = err_sys(e, "--with %s", x->with);
	closedir(dir);
	return r;
}

static int
replace_text(struct exec *x, const char *name,
    config_entry *text, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT, b = STRBUF_INIT;

	strbuf_addf(&path, "%s/%s", x->code, name);
	if (file_read(AT_FDCWD, path.p, MAX_SPEC_BYTES, &b, e) < 0)
		return err_wrap(e, "--with %s", x->with);
	if (strlen(b.p) != b.n)
		return err_set(e, ERR_USAGE, "--with %s: %s: expected the text "
		    "of a script, given a NUL byte", x->with, name);
	text->value = arena_strndup(&x->ctx.arena, b.p, b.n);
	if (x->verbose)
		warn(&x->ctx, "%s: runs %s", x->name, path.p);
	return 0;
}

/* What it does may lie in the files that it names or finds there. */
static int
uses_code(const struct exec *x, const config_entry *text, int had_code)
{
	return config_of(x->task, LOWER_FILES) != NULL ||
	    config_of(x->task, LOWER_SCRIPT_FILE) != NULL ||
	    (text == NULL ? had_code :
	    strstr(text->value, "FLYTE_CODE") != NULL);
}

static int
take_text(struct exec *x, int had_code, struct err *e)
{
	config_entry *text = text_of(x->task);
	const char *name;

	if (find_file(x, &name, e) < 0)
		return -1;
	if (text != NULL && name != NULL)
		return replace_text(x, name, text, e);
	if (uses_code(x, text, had_code))
		return 0;
	if (text == NULL)
		return err_set(e, ERR_USAGE, "--with %s: task %s uses no code: "
		    "its command is part of it; change the spec and run "
		    "flyte-exec FILE:%s", x->with, x->task->id->name,
		    x->task->id->name);
	return err_set(e, ERR_USAGE, "--with %s: expected a file called %s, "
	    "such as %s%s, in place of the text of the task", x->with,
	    x->task->id->name, x->task->id->name,
	    strcmp(text->key, LOWER_JQ) == 0 ? ".jq" : ".sh");
}

int
exec_set_with(struct exec *x, struct err *e)
{
	config_entry *kept;
	struct stat st;
	char *dir;
	int had_code;

	if (x->with == NULL)
		return 0;
	dir = realpath(x->with, NULL);
	if (dir == NULL || stat(dir, &st) < 0 || !S_ISDIR(st.st_mode)) {
		free(dir);
		return err_set(e, ERR_USAGE, "--with: expected a folder with "
		    "the code, given \"%s\"", x->with);
	}
	kept = config_of(x->task, LOWER_CODE);
	had_code = x->code != NULL || kept != NULL;
	x->code = arena_strdup(&x->ctx.arena, dir);
	free(dir);
	/* A registered task knows where its own is: not there, this time. */
	if (kept != NULL)
		kept->value = arena_strdup(&x->ctx.arena, x->code);
	return take_text(x, had_code, e);
}
