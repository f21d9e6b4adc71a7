#include "task/contract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/jqx.h"
#include "idl/infer.h"
#include "idl/literal.h"
#include "idl/type.h"
#include "task/cached.h"
#include "task/contract_p.h"
#include "spec/lower.h"
#include "store/blob.h"
#include "sys/file.h"

static const char *
task_name(const struct contract *c)
{
	return c->task->id == NULL ? "task" : c->task->id->name;
}

/* ---- making one ---------------------------------------------------------- */

/* argv = the n words, then one more (or NULL). */
static void
set_argv(struct contract *c, char *const *words, size_t n, const char *more)
{
	c->argv = arena_new_n(&c->arena, n + 2, char *);
	memcpy(c->argv, words, n * sizeof(*words));
	if (more != NULL)
		c->argv[n++] = arena_strdup(&c->arena, more);
	c->n_argv = n;
}

static int
use_run(struct contract *c, const char *text, struct err *e)
{
	const char *shell = lower_config(c->task, LOWER_SHELL);
	char **words;
	size_t n;

	if (contract_json_words(LOWER_SHELL, str_of(shell != NULL ? shell :
	    "[\"/bin/sh\",\"-eu\",\"-c\"]"), &c->arena, &words, &n, e) < 0)
		return -1;
	if (n == 0)
		return err_set(e, ERR_SPEC, "%s: is empty", LOWER_SHELL);
	set_argv(c, words, n, text);
	c->exports = 1;
	return 0;
}

/* A registered task says where its files are kept. */
const char *
contract_code(const struct contract *c)
{
	const char *kept = lower_config(c->task, LOWER_CODE);

	return kept != NULL && kept[0] == '/' ? kept : c->world->code;
}

/* A script: in place, out of the code archive, or written out each time. */
static int
use_script(struct contract *c, const char *text, const char *file,
    struct err *e)
{
	char *path = NULL;

	c->exports = 1;
	if (c->world->file != NULL)
		path = arena_strdup(&c->arena, c->world->file);
	else if (file != NULL && contract_code(c) != NULL)
		path = arena_printf(&c->arena, "%s/%s", contract_code(c),
		    file);
	else if (file != NULL)
		return err_set(e, ERR_SPEC, "its script %s lies in a code "
		    "archive, which is not here", file);
	else
		c->script = text;
	set_argv(c, &path, path != NULL, NULL);
	return 0;
}

static int
use_command(struct contract *c, const char *json, struct err *e)
{
	char **words;
	size_t n;

	if (contract_json_words(LOWER_COMMAND, str_of(json), &c->arena, &words,
	    &n, e) < 0)
		return -1;
	if (n == 0)
		return err_set(e, ERR_SPEC, "%s: is empty", LOWER_COMMAND);
	set_argv(c, words, n, NULL);
	return 0;
}

/* No local form: the container's own command and arguments. */
static int
use_container(struct contract *c, struct err *e)
{
	const pb_container *k;
	size_t i, n = 0;

	c->kind = CONTRACT_CONTAINER;
	if (c->task->target_case !=
	    FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER)
		return err_set(e, ERR_SPEC, "task type \"%s\" has no command "
		    "and no container: it can not run on this machine",
		    c->task->type);
	k = c->task->container;
	c->argv = arena_new_n(&c->arena, k->n_command + k->n_args + 1, char *);
	for (i = 0; i < k->n_command; i++)
		c->argv[n++] = k->command[i];
	for (i = 0; i < k->n_args; i++)
		c->argv[n++] = k->args[i];
	c->n_argv = n;
	if (n == 0)
		return err_set(e, ERR_SPEC, "the container says no command: "
		    "only its image knows what to run");
	/* Raw containers (copilot) take and leave files. */
	if (c->task->container->data_config != NULL &&
	    c->task->container->data_config->enabled) {
		c->kind = CONTRACT_FILES;
		c->raw = 1;
	}
	return 0;
}

static int
use_jq(struct contract *c, const char *text)
{
	const char *ints = lower_config(c->task, LOWER_JQ_INTS);

	c->kind = CONTRACT_JQ;
	c->jq = text;
	c->state = arena_new(&c->arena, struct jq_state);
	c->jq_flags = ints != NULL && strcmp(ints, "text") == 0;
	return 0;
}

static int
choose(struct contract *c, struct err *e)
{
	const pb_task_template *t = c->task;
	const char *s, *file;

	c->kind = CONTRACT_FILES;
	s = lower_config(t, LOWER_DYNAMIC);
	c->dynamic = s != NULL && strcmp(s, "true") == 0;
	c->stdin_name = lower_config(t, LOWER_STDIN);
	c->stdout_name = lower_config(t, LOWER_STDOUT);
	if ((s = lower_config(t, LOWER_JQ)) != NULL)
		return use_jq(c, s);
	if ((s = lower_config(t, LOWER_RUN)) != NULL)
		return use_run(c, s, e);
	s = lower_config(t, LOWER_SCRIPT);
	file = lower_config(t, LOWER_SCRIPT_FILE);
	if (s != NULL || file != NULL)
		return use_script(c, s, file, e);
	if ((s = lower_config(t, LOWER_COMMAND)) != NULL)
		return use_command(c, s, e);
	return use_container(c, e);
}

/* An element of a map that flytekit made picks its item by an index. */
static int
take_lists(struct contract *c, struct err *e)
{
	const char *s = lower_config(c->task, LOWER_LISTS);
	size_t n;

	return s == NULL ? 0 : contract_json_words(LOWER_LISTS, str_of(s),
	    &c->arena, &c->lists, &n, e);
}

/* Outputs are read by their types, which a package may leave out. */
static int
check_types(const struct contract *c, struct err *e)
{
	const pb_variable_map *v = c->task->interface == NULL ? NULL :
	    c->task->interface->outputs;
	size_t i;

	for (i = 0; v != NULL && i < v->n_variables; i++)
		if (v->variables[i]->value->type == NULL)
			return err_set(e, ERR_SPEC, "output %s has no type",
			    v->variables[i]->key);
	return 0;
}

static int
find_program(struct contract *c, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (c->n_argv == 0 || contract_word_has_template(c, c->argv[0]))
		return 0;
	if (proc_find(c->argv[0], c->path, &b, e) < 0)
		return -1;
	c->program = arena_strdup(&c->arena, b.p);
	return 0;
}

int
contract_new(const pb_task_template *task, const struct contract_world *world,
    struct contract **ret, struct err *e)
{
	c_contract struct contract *c = xcalloc(1, sizeof(*c));

	arena_init(&c->arena);
	c->task = lower_element(task, &c->arena);
	c->world = world;
	if (check_types(c, e) < 0 || choose(c, e) < 0 ||
	    take_lists(c, e) < 0 ||
	    resources_of_task(c->task, &c->limits, &c->requests, e) < 0 ||
	    (c->kind != CONTRACT_JQ && contract_env(c, e) < 0) ||
	    find_program(c, e) < 0)
		return err_wrap(e, "%s", task_name(c));
	*ret = TAKE(c, NULL);
	return 0;
}

void
contract_free(struct contract *c)
{
	if (c == NULL)
		return;
	if (c->state != NULL)
		jqx_free(c->state->compiled);
	VEC_RELEASE(&c->env);
	arena_release(&c->arena);
	free(c);
}

/* ---- looking at one ------------------------------------------------------ */

enum contract_kind
contract_kind(const struct contract *c)
{
	return c->kind;
}

int64_t
contract_timeout(const struct contract *c)
{
	const pb_task_metadata *m = c->task->metadata;
	int64_t ns;

	if (m == NULL || m->timeout == NULL)
		return 0;
	if (__builtin_mul_overflow(m->timeout->seconds, 1000000000, &ns) ||
	    __builtin_add_overflow(ns, (int64_t)m->timeout->nanos, &ns))
		return 0;	/* longer than anybody lives */
	return MAX(ns, 0);
}

const struct resources *
contract_limits(const struct contract *c)
{
	return &c->limits;
}

const struct resources *
contract_requests(const struct contract *c)
{
	return &c->requests;
}

static void
add_quoted(struct strbuf *b, const char *word)
{
	const char *p;

	if (*word != '\0' && strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefgh"
	    "ijklmnopqrstuvwxyz0123456789_-+=:,./@%^") == strlen(word)) {
		strbuf_adds(b, word);
		return;
	}
	strbuf_addch(b, '\'');
	for (p = word; *p != '\0'; p++) {
		if (*p == '\'')
			strbuf_adds(b, "'\\''");
		else
			strbuf_addch(b, *p);
	}
	strbuf_addch(b, '\'');
}

void
contract_add_words(char *const *argv, struct strbuf *b)
{
	size_t i;

	for (i = 0; argv[i] != NULL; i++) {
		if (i > 0)
			strbuf_addch(b, ' ');
		add_quoted(b, argv[i]);
	}
}

void
contract_add_command(const struct contract *c, char *const *argv,
    struct strbuf *b)
{
	if (c->kind == CONTRACT_JQ) {
		strbuf_adds(b, "jq ");
		add_quoted(b, c->jq);
	} else if (c->script != NULL) {
		strbuf_addf(b, "(script of %s)", task_name(c));
	} else {
		contract_add_words(argv != NULL ? argv : c->argv, b);
	}
}

int
contract_add_rendered(const pb_task_template *task, const struct attempt *at,
    struct strbuf *b, struct err *e)
{
	static const struct contract_world nothing = { .code = NULL };
	c_contract struct contract *c = xcalloc(1, sizeof(*c));
	char **argv;
	size_t i;
	int any = 0;

	arena_init(&c->arena);
	c->task = lower_element(task, &c->arena);
	c->world = &nothing;
	if (choose(c, e) < 0)
		return 0;	/* it has none */
	for (i = 0; i < c->n_argv; i++)
		any |= c->raw || contract_word_has_template(c, c->argv[i]);
	if (!any)
		return 0;
	if (contract_words(c, at, &c->arena, &argv, e) < 0)
		return -1;
	contract_add_words(argv, b);
	return 1;
}

int
contract_store(const struct contract *c, struct store **ret, struct err *e)
{
	const struct contract_world *w = c->world;

	if (w->store != NULL) {
		*ret = w->store;
		return 0;
	}
	if (w->open_store == NULL)
		return err_set(e, ERR_REFUSED, "there is no store for files");
	return w->open_store(w->arg, ret, e);
}

void
collected_error(struct collected *ret, struct arena *a,
    Flyteidl__Core__ExecutionError__ErrorKind kind, int recoverable,
    const char *code, const char *fmt, ...)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	pb_execution_error *x = PB_NEW(a, flyteidl__core__execution_error);
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	x->code = arena_strdup(a, code);
	x->message = arena_strdup(a, b.p);
	x->kind = kind;
	*ret = (struct collected){ .error = x, .recoverable = recoverable };
}

/* ---- outputs against the interface --------------------------------------- */

int
contract_check_outputs(const pb_typed_interface *iface,
    const pb_literal_map *m, struct arena *a, const char **ret_fault)
{
	const pb_variable_map *want = iface == NULL ? NULL : iface->outputs;
	c_strbuf struct strbuf type = STRBUF_INIT;
	struct err e;
	size_t i;

	for (i = 0; want != NULL && i < want->n_variables; i++) {
		const char *name = want->variables[i]->key;
		const pb_literal_type *t = want->variables[i]->value->type;
		const pb_literal *l = literal_map_get(m, name);

		if (l == NULL) {
			type_add_name(&type, t);
			*ret_fault = arena_printf(a, "output %s (%s): is "
			    "missing", name, type.p);
			return -1;
		}
		if (literal_check(l, t, &e) < 0) {
			*ret_fault = arena_printf(a, "output %s: %s", name,
			    e.msg);
			return -1;
		}
	}
	return 0;
}
