#include "task/contract_p.h"

#include "idl/literal.h"
#include "idl/value.h"
#include "task/job.h"
#include "spec/lower.h"

#define DEFAULT_PATH	"/usr/local/bin:/usr/bin:/bin"

static const char *const from_user[] = {
	"PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR",
};

static size_t
find(const env_list *l, const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		if (strncmp(l->at[i], name, n) == 0 && l->at[i][n] == '=')
			break;
	return i;
}

static void
put_entry(env_list *l, char *entry, size_t n_name)
{
	size_t i = find(l, entry, n_name);

	if (i < l->n)
		l->at[i] = entry;
	else
		VEC_PUSH(l, entry);
}

/* Sets name to value, in place of what it had. */
static void
env_put(env_list *l, struct arena *a, const char *name, const char *value)
{
	put_entry(l, arena_join(a, name, '=', value), strlen(name));
}

static const char *
env_get(const env_list *l, const char *name)
{
	size_t n = strlen(name), i = find(l, name, n);

	return i < l->n ? l->at[i] + n + 1 : NULL;
}

/* Copies the user's variable, if there is one. */
static void
take(struct contract *c, const char *name)
{
	size_t n = strlen(name);
	char *const *p;

	for (p = c->world->environ; p != NULL && *p != NULL; p++)
		if (strncmp(*p, name, n) == 0 && (*p)[n] == '=')
			put_entry(&c->env, *p, n);
}

static void
take_locale(struct contract *c)
{
	char *const *p;

	for (p = c->world->environ; p != NULL && *p != NULL; p++)
		if (strncmp(*p, "LC_", 3) == 0 && strchr(*p, '=') != NULL)
			put_entry(&c->env, *p,
			    (size_t)(strchr(*p, '=') - *p));
}

/* Flyte's own: who this task is (k8s_resource_adds.go). */
static void
put_task_id(struct contract *c)
{
	const pb_identifier *id = c->task->id;
	struct arena *a = &c->arena;

	if (id == NULL)
		return;
	env_put(&c->env, a, "FLYTE_INTERNAL_TASK_PROJECT", id->project);
	env_put(&c->env, a, "FLYTE_INTERNAL_TASK_DOMAIN", id->domain);
	env_put(&c->env, a, "FLYTE_INTERNAL_TASK_NAME", id->name);
	env_put(&c->env, a, "FLYTE_INTERNAL_TASK_VERSION", id->version);
	env_put(&c->env, a, "FLYTE_INTERNAL_PROJECT", id->project);
	env_put(&c->env, a, "FLYTE_INTERNAL_DOMAIN", id->domain);
	env_put(&c->env, a, "FLYTE_INTERNAL_NAME", id->name);
	env_put(&c->env, a, "FLYTE_INTERNAL_VERSION", id->version);
}

static int
take_passed(struct contract *c, struct err *e)
{
	const pb_task_template *t = c->task;
	char **names;
	size_t i, j, n;

	for (i = 0; i < t->n_config; i++) {
		if (strcmp(t->config[i]->key, LOWER_PASS_ENV) != 0)
			continue;
		if (contract_json_words(LOWER_PASS_ENV,
		    str_of(t->config[i]->value), &c->arena, &names, &n,
		    e) < 0)
			return -1;
		for (j = 0; j < n; j++)
			take(c, names[j]);
	}
	return 0;
}

int
contract_env(struct contract *c, struct err *e)
{
	const pb_task_template *t = c->task;
	size_t i;

	for (i = 0; i < ARRAY_LEN(from_user); i++)
		take(c, from_user[i]);
	take_locale(c);
	if (env_get(&c->env, "PATH") == NULL)
		env_put(&c->env, &c->arena, "PATH", DEFAULT_PATH);
	if (t->target_case == FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER)
		for (i = 0; i < t->container->n_env; i++)
			env_put(&c->env, &c->arena, t->container->env[i]->key,
			    t->container->env[i]->value);
	if (take_passed(c, e) < 0)
		return -1;
	if (c->kind == CONTRACT_CONTAINER)
		put_task_id(c);
	if (contract_code(c) != NULL)
		env_put(&c->env, &c->arena, "FLYTE_CODE", contract_code(c));
	c->path = env_get(&c->env, "PATH");
	return 0;
}

/* ---- of one attempt ------------------------------------------------------ */

static void
put_execution_id(env_list *l, const struct attempt *at, struct arena *a)
{
	env_put(l, a, "FLYTE_INTERNAL_EXECUTION_ID", at->execution);
	env_put(l, a, "FLYTE_INTERNAL_EXECUTION_PROJECT", at->project);
	env_put(l, a, "FLYTE_INTERNAL_EXECUTION_DOMAIN", at->domain);
	if (at->workflow != NULL)
		env_put(l, a, "FLYTE_INTERNAL_EXECUTION_WORKFLOW",
		    arena_printf(a, "%s:%s:%s", at->project, at->domain,
		    at->workflow));
}

/* See as_lists() in contract_flyte.c. */
static void
put_index(env_list *l, struct arena *a)
{
	env_put(l, a, "BATCH_JOB_ARRAY_INDEX_VAR_NAME",
	    "FLYTE_K8S_ARRAY_INDEX");
	env_put(l, a, "FLYTE_K8S_ARRAY_INDEX", "0");
}

static void
put_files(env_list *l, const struct contract *c, const struct attempt *at,
    struct arena *a)
{
	env_put(l, a, "FLYTE_INPUTS", attempt_path(at, a, "inputs"));
	env_put(l, a, "FLYTE_OUTPUTS", attempt_path(at, a, "outputs"));
	if (c->dynamic)
		env_put(l, a, "FLYTE_DYNAMIC", attempt_path(at, a,
		    "dynamic"));
	env_put(l, a, "FLYTE_DECK", attempt_path(at, a, "deck.html"));
	env_put(l, a, "FLYTE_CHECKPOINT", attempt_path(at, a, "checkpoint"));
	if (at->prev_checkpoint != NULL)
		env_put(l, a, "FLYTE_PREV_CHECKPOINT", at->prev_checkpoint);
}

/* Inputs as $NAME, as far as they have such a form. */
static void
put_inputs(env_list *l, const struct contract *c, const struct attempt *at,
    struct arena *a)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	for (i = 0; at->inputs != NULL && i < at->inputs->n_literals; i++) {
		const char *name = at->inputs->literals[i]->key;
		const char *path = contract_input_path(c, at, name,
		    at->inputs->literals[i]->value, a);

		strbuf_reset(&b);
		if (!lower_is_exported(str_of(name)))
			continue;
		if (path != NULL)
			strbuf_adds(&b, path);
		else if (value_add_env(&b, at->inputs->literals[i]->value) < 0)
			continue;
		if (strlen(b.p) != b.n)
			continue;
		env_put(l, a, name, b.p);
	}
}

int
contract_attempt_env(const struct contract *c, const struct attempt *at,
    struct arena *a, char ***ret, struct err *e)
{
	c_strbuf struct strbuf number = STRBUF_INIT;
	env_list l = VEC_INIT;
	size_t i;

	(void)e;
	strbuf_addu(&number, at->number);
	VEC_RESERVE(&l, c->env.n + 16);
	for (i = 0; i < c->env.n; i++)
		VEC_PUSH(&l, c->env.at[i]);
	if (c->kind == CONTRACT_FILES)
		put_files(&l, c, at, a);
	else
		put_execution_id(&l, at, a);
	if (c->lists != NULL)
		put_index(&l, a);
	if (c->exports)
		put_inputs(&l, c, at, a);
	env_put(&l, a, "FLYTE_ATTEMPT_NUMBER", number.p);
	if (at->mark != NULL)
		env_put(&l, a, JOB_MARK, at->mark);
	if (at->run_mark != NULL)
		env_put(&l, a, JOB_RUN_MARK, at->run_mark);
	*ret = arena_new_n(a, l.n + 1, char *);
	memcpy(*ret, l.at, l.n * sizeof(*l.at));
	VEC_RELEASE(&l);
	return 0;
}
