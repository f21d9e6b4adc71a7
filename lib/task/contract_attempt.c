#include "task/contract_p.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "idl/literal.h"
#include "idl/type.h"
#include "idl/wire.h"
#include "store/blob.h"
#include "sys/file.h"
#include "task/cached.h"

/* One attempt: what the process gets, and what it left. */

static int
make_dir(const char *path, struct err *e)
{
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		return err_sys(e, "%s", path);
	return 0;
}

/* The script of the template, as a file of this attempt. */
static int
write_script(const struct contract *c, const struct attempt *at,
    struct arena *a, struct command *ret, struct err *e)
{
	char *path = attempt_path(at, a, "script");
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	if (fd < 0)
		return err_sys(e, "%s", path);
	if (file_write_all(fd, c->script, strlen(c->script)) < 0) {
		close(fd);
		return err_sys(e, "%s", path);
	}
	close(fd);
	ret->argv = arena_new_n(a, 2, char *);
	ret->argv[0] = path;
	ret->path = path;
	return 0;
}

/*
 * flytekit unpacks the code archive into a folder that is the image's own
 * (/root).  A process has no image: the attempt's own folder takes its place.
 */
static const char *
own_code_folder(const struct attempt *at, struct arena *a, char **argv)
{
	const char *name = strrchr(argv[0], '/');
	size_t i;

	name = name == NULL ? argv[0] : name + 1;
	if (strcmp(name, "pyflyte-fast-execute") != 0)
		return NULL;
	for (i = 1; argv[i] != NULL && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "--dest-dir") != 0 || argv[i + 1] == NULL)
			continue;
		argv[i + 1] = arena_strdup(a, at->here == NULL ? "." :
		    attempt_path(at, a, "code"));
		return at->here == NULL ? NULL : argv[i + 1];
	}
	return NULL;
}

/* The words with all that stands in them; *ret_code: a folder that has to be
 * there, or NULL. */
static int
render_words(const struct contract *c, const struct attempt *at,
    struct arena *a, char ***ret, const char **ret_code, struct err *e)
{
	char **argv = arena_new_n(a, c->n_argv + 1, char *);
	size_t i;

	for (i = 0; i < c->n_argv; i++) {
		/* The text of run: is data for the shell, never a template. */
		if (c->exports)
			argv[i] = c->argv[i];
		else if (contract_render_word(c, at, c->argv[i], a, &argv[i],
		    e) < 0)
			return -1;
	}
	*ret_code = c->n_argv == 0 ? NULL : own_code_folder(at, a, argv);
	*ret = argv;
	return 0;
}

static int
render_argv(const struct contract *c, const struct attempt *at,
    struct arena *a, struct command *ret, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const char *code;

	if (render_words(c, at, a, &ret->argv, &code, e) < 0 ||
	    (code != NULL && make_dir(code, e) < 0))
		return -1;
	ret->path = c->program;
	if (ret->path == NULL) {
		if (proc_find(ret->argv[0], c->path, &b, e) < 0)
			return -1;
		ret->path = arena_strdup(a, b.p);
	}
	return 0;
}

static int
needs_outputs_dir(const struct contract *c)
{
	return c->task->interface != NULL &&
	    c->task->interface->outputs != NULL &&
	    c->task->interface->outputs->n_variables > 0;
}

static int
has_files(const struct contract *c, const struct attempt *at)
{
	return c->kind == CONTRACT_CONTAINER || c->script != NULL ||
	    needs_outputs_dir(c) ||
	    (at->inputs != NULL && at->inputs->n_literals > 0);
}

static int
prepare_folders(const struct contract *c, const struct attempt *at,
    struct arena *a, struct command *ret, struct err *e)
{
	/* Where nothing of ours lies about, the folder itself will do. */
	ret->dir = at->here;
	if (ret->dir == NULL && !has_files(c, at)) {
		ret->dir = at->dir;
	} else if (ret->dir == NULL) {
		ret->dir = attempt_path(at, a, "work");
		if (!(at->has & FOLDER_WORK) && make_dir(ret->dir, e) < 0)
			return -1;
	}
	if ((needs_outputs_dir(c) || c->kind == CONTRACT_CONTAINER) &&
	    !(at->has & FOLDER_OUTPUTS) &&
	    make_dir(attempt_path(at, a, "outputs"), e) < 0)
		return -1;
	if (c->kind == CONTRACT_CONTAINER)
		return contract_write_inputs_pb(c, at, e);
	return contract_write_inputs(c, at, a, e);
}

/* With none for each input that takes it and was left out, so that a program
 * finds it whichever way the node was written. */
static const pb_literal_map *
inputs_with_none(const struct contract *c, const struct attempt *at,
    struct arena *a)
{
	const pb_variable_map *v = c->task->interface == NULL ? NULL :
	    c->task->interface->inputs;
	pb_literal_map *m = NULL;
	size_t i;

	for (i = 0; v != NULL && i < v->n_variables; i++) {
		const pb_literal_type *t = v->variables[i]->value->type;
		const char *name = v->variables[i]->key;

		/* A package may leave types out. */
		if (t == NULL || !type_takes_none(t) ||
		    (at->inputs != NULL &&
		    literal_map_get(at->inputs, name) != NULL))
			continue;
		if (m == NULL)
			m = at->inputs == NULL ?
			    PB_NEW(a, flyteidl__core__literal_map) :
			    (pb_literal_map *)wire_dup(&at->inputs->base, a);
		literal_map_put(m, a, name, literal_none(a));
	}
	return m == NULL ? at->inputs : m;
}

int
contract_words(const struct contract *c, const struct attempt *given,
    struct arena *a, char ***ret, struct err *e)
{
	struct attempt at = *given;
	const char *code;

	if (c->kind == CONTRACT_FILES)
		at.inputs = inputs_with_none(c, given, a);
	return render_words(c, &at, a, ret, &code, e);
}

int
contract_prepare(const struct contract *c, const struct attempt *given,
    struct arena *a, struct command *ret, struct err *e)
{
	struct command cmd = { .in = -1 };
	struct attempt whole = *given, *at = &whole;

	if (c->kind == CONTRACT_FILES)
		whole.inputs = inputs_with_none(c, given, a);
	if (c->kind == CONTRACT_JQ)
		return contract_prepare_jq(c, at, a, ret, e);
	if (prepare_folders(c, at, a, &cmd, e) < 0)
		return -1;
	if ((c->script != NULL ? write_script(c, at, a, &cmd, e) :
	    render_argv(c, at, a, &cmd, e)) < 0 ||
	    contract_attempt_env(c, at, a, &cmd.envp, e) < 0 ||
	    contract_open_stdin(c, at, &cmd.in, e) < 0)
		return -1;
	if (c->stdout_name != NULL)
		cmd.stdout_path = arena_printf(a, "%s/outputs/%s", at->dir,
		    c->stdout_name);
	*ret = cmd;
	return 0;
}

void
command_release(struct command *c)
{
	closep(&c->in);
	c->in = -1;
}

/* The report the task wrote, kept as a file of the store. */
static int
collect_deck(const struct contract *c, const struct attempt *at,
    struct arena *a, struct collected *ret, struct err *e)
{
	const char *path = attempt_path(at, a, c->kind == CONTRACT_CONTAINER ?
	    "outputs/deck.html" : "deck.html");
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct store *store;
	struct blob blob;

	if (access(path, F_OK) < 0)
		return 0;
	if (contract_store(c, &store, e) < 0 || blob_put(store, AT_FDCWD,
	    path, BLOB_ADOPT, &blob, e) < 0)
		return err_wrap(e, "deck");
	blob_add_path(store, &blob, &b);
	ret->deck = arena_strdup(a, b.p);
	return 0;
}

/* An input that changed under the task spoils what is kept of it. */
static const char *
changed_input(const struct contract *c, const struct attempt *at)
{
	if (c->world->store == NULL || c->task->metadata == NULL ||
	    !c->task->metadata->discoverable || at->inputs == NULL)
		return NULL;
	return cached_changed_input(c->world->store, at->inputs);
}

static int
collect_files(const struct contract *c, const struct attempt *at,
    struct arena *a, struct collected *ret, struct err *e)
{
	const char *fault = NULL;
	int r = contract_read_dynamic(c, at, a, ret, e);

	if (r != 0)
		return r < 0 ? -1 : 0;
	if (contract_read_outputs(c, at, a, &ret->outputs, &fault, e) < 0)
		return -1;
	if (fault != NULL)
		collected_error(ret, a,
		    FLYTEIDL__CORE__EXECUTION_ERROR__ERROR_KIND__USER, 1,
		    "OutputsNotFound", "%s", fault);
	return 0;
}

int
contract_collect(const struct contract *c, const struct attempt *at,
    const struct proc_end *end, struct arena *a, struct collected *ret,
    struct err *e)
{
	int r;

	*ret = (struct collected){ .outputs = NULL };
	if (c->kind != CONTRACT_CONTAINER && end != NULL && end->code != 0)
		BUG("outputs of a process that failed");
	if (c->kind == CONTRACT_JQ)
		return contract_collect_jq(c, at, a, ret, e);
	r = c->kind == CONTRACT_CONTAINER ?
	    contract_collect_flyte(c, at, end, a, ret, e) :
	    collect_files(c, at, a, ret, e);
	if (r < 0 || collect_deck(c, at, a, ret, e) < 0)
		return -1;
	if (ret->error == NULL)
		ret->changed = changed_input(c, at);
	return 0;
}
