#include "spec/task_p.h"

#include "data/json.h"
#include "spec/files.h"
#include "spec/load.h"
#include "spec/lower.h"
#include "spec/pb.h"
#include "spec/retries.h"
#include "sys/digest.h"

typedef Flyteidl__Core__TaskTemplate__ConfigEntry config_entry;

/* TaskMetadata.runtime: says how to read the template's config. */
#define RUNTIME_FLAVOR	"flyte-tools"
#define RUNTIME_VERSION	"1"

void
task_add_config(struct task *t, const char *key, struct str value)
{
	config_entry *e = PB_NEW_NESTED(t->l->a, config_entry,
	    flyteidl__core__task_template__config_entry);

	e->key = arena_strdup(t->l->a, key);
	e->value = shape_strdup(t->l, value);
	if (t->t->config == NULL)
		t->t->config = arena_new_n(t->l->a, 16, config_entry *);
	t->t->config[t->t->n_config++] = e;
}

void
task_add_config_list(struct task *t, const char *key, char **words, size_t n)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct json_writer w = json_writer(&b, 0);
	size_t i;

	json_array(&w);
	for (i = 0; i < n; i++)
		json_cstr(&w, words[i]);
	json_end(&w);
	task_add_config(t, key, strbuf_str(&b));
}

const struct declared *
task_declared(const struct declared_list *list, struct str name)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (list->at[i].name != NULL &&
		    str_is(name, list->at[i].name))
			return &list->at[i];
	return NULL;
}

const char *
task_meant(const struct declared_list *list, struct str name)
{
	const char *names[64];
	size_t i, n = 0;

	for (i = 0; i < list->n && n < ARRAY_LEN(names); i++)
		if (list->at[i].name != NULL)
			names[n++] = list->at[i].name;
	return did_you_mean(name, names, n);
}

/* ---- streams, environment ----------------------------------------------- */

static int
is_dir(const pb_literal_type *t)
{
	return t->type_case == FLYTEIDL__CORE__LITERAL_TYPE__TYPE_BLOB &&
	    t->blob->dimensionality ==
	    FLYTEIDL__CORE__BLOB_TYPE__BLOB_DIMENSIONALITY__MULTIPART;
}

/* The variable that a standard stream is; NULL if none, or with a fault. */
static char *
stream(struct task *t, uint32_t node, const char *key,
    const struct declared_list *list, const char *what)
{
	const struct declared *d;
	struct str name;

	if (node == TREE_NONE || shape_text(t->l, node, what) == NULL)
		return NULL;
	name = t->l->t->at[node].text;
	d = task_declared(list, name);
	if (d == NULL) {
		shape_fault(t->l, DIAG_BAD_REFERENCE, node, "%s is not %s: "
		    "\"" STR_FMT "\"", key, what, STR_ARG(name));
		if (task_meant(list, name) != NULL)
			diag_hint(t->l->ds, "did you mean \"%s\"?",
			    task_meant(list, name));
		return NULL;
	}
	if (d->var != NULL && is_dir(d->var->type)) {
		shape_fault(t->l, DIAG_BAD_TYPE, node, "a folder cannot be "
		    "a stream");
		return NULL;
	}
	if (t->at.jq != TREE_NONE) {
		shape_fault(t->l, DIAG_EXCLUSIVE, node, "a jq task has no "
		    "streams");
		return NULL;
	}
	return d->name;
}

static void
lower_streams(struct task *t)
{
	t->stdin_name = stream(t, t->at.in, "stdin", &t->inputs,
	    "the name of an input");
	t->stdout_name = stream(t, t->at.out, "stdout", &t->outputs,
	    "the name of an output");
	if (t->stdin_name != NULL)
		task_add_config(t, LOWER_STDIN, str_of(t->stdin_name));
	if (t->stdout_name != NULL)
		task_add_config(t, LOWER_STDOUT, str_of(t->stdout_name));
}

static void
lower_env(struct task *t, pb_container *c)
{
	pb_key_value_pair *kv;

	if (t->at.env == TREE_NONE ||
	    shape_need_map(t->l, t->at.env, "a map of names and texts") < 0)
		return;
	c->env = arena_new_n(t->l->a, t->l->t->at[t->at.env].n,
	    pb_key_value_pair *);
	TREE_EACH_PAIR(t->l->t, t->at.env, k, v) {
		if (shape_name(t->l, k, "an environment variable", 0) < 0)
			continue;
		if (str_starts(t->l->t->at[k].text, "FLYTE_")) {
			shape_fault(t->l, DIAG_BAD_NAME, k, "names that begin "
			    "with FLYTE_ are Flyte's own");
			continue;
		}
		kv = PB_NEW(t->l->a, flyteidl__core__key_value_pair);
		kv->key = shape_strdup(t->l, t->l->t->at[k].text);
		kv->value = shape_text(t->l, v, "text");
		if (kv->value != NULL)
			c->env[c->n_env++] = kv;
	}
}

static void
lower_pass_env(struct task *t)
{
	char **names;
	size_t n, i;

	if (t->at.pass_env == TREE_NONE || shape_words(t->l, t->at.pass_env,
	    "the name of an environment variable", &names, &n) < 0)
		return;
	for (i = 0; i < n; i++)
		if (!shape_is_name(str_of(names[i]), 0))
			shape_fault(t->l, DIAG_BAD_NAME, t->at.pass_env,
			    "\"%s\" cannot name an environment variable",
			    names[i]);
	task_add_config_list(t, LOWER_PASS_ENV, names, n);
}

static void
lower_files(struct task *t)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	uint32_t node = t->at.files;
	char *path;

	if (node != TREE_NONE && t->l->t->at[node].kind != TREE_SEQ) {
		shape_wrong(t->l, node, "a list of paths");
	} else if (node != TREE_NONE) {
		TREE_EACH(t->l->t, node, c) {
			path = files_path(t->l, c);
			if (path != NULL)
				(void)files_add(t->l, c, path, t->name,
				    &t->files);
		}
	}
	if (t->files.n == 0)
		return;
	strbuf_addf(&b, "{%s}", t->files.p);
	task_add_config(t, LOWER_FILES, strbuf_str(&b));
}

/* ---- the template ------------------------------------------------------- */

static pb_container *
lower_container(struct task *t)
{
	pb_container *c = PB_NEW(t->l->a, flyteidl__core__container);
	c_strbuf struct strbuf b = STRBUF_INIT;

	c->image = t->set.image != NULL ? t->set.image :
	    arena_strdup(t->l->a, LOWER_IMAGE);
	c->resources = t->set.resources != NULL ? t->set.resources :
	    PB_NEW(t->l->a, flyteidl__core__resources);
	lower_env(t, c);
	c->data_config = PB_NEW(t->l->a, flyteidl__core__data_loading_config);
	c->data_config->enabled = 1;
	c->data_config->input_path = arena_strdup(t->l->a, LOWER_INPUT_PATH);
	c->data_config->output_path =
	    arena_strdup(t->l->a, LOWER_OUTPUT_PATH);
	prologue_add(&b, t->t->interface, t->end,
	    t->at.command == TREE_NONE && t->at.jq == TREE_NONE,
	    t->stdin_name, t->stdout_name);
	c->n_command = 4;
	c->command = arena_new_n(t->l->a, c->n_command, char *);
	c->command[0] = arena_strdup(t->l->a, "/bin/sh");
	c->command[1] = arena_strdup(t->l->a, "-c");
	c->command[2] = shape_strdup(t->l, strbuf_str(&b));
	c->command[3] = arena_strdup(t->l->a, "sh");
	c->args = t->words;
	c->n_args = t->n_words;
	return c;
}

static void
hash_text(struct sha256 *h, struct str s)
{
	uint64_t n = s.n;

	sha256_update(h, &n, sizeof(n));
	sha256_update(h, s.p, s.n);
}

/* Of all that decides what the program does: cache: auto. */
static char *
auto_version(struct task *t)
{
	const pb_container *c = t->t->container;
	c_strbuf struct strbuf b = STRBUF_INIT;
	unsigned char d[DIGEST_SIZE];
	struct sha256 h;
	size_t i;

	sha256_init(&h);
	hash_text(&h, str_of(c->image));
	for (i = 0; i < t->t->n_config; i++) {
		hash_text(&h, str_of(t->t->config[i]->key));
		hash_text(&h, str_of(t->t->config[i]->value));
	}
	for (i = 0; i < c->n_env; i++) {
		hash_text(&h, str_of(c->env[i]->key));
		hash_text(&h, str_of(c->env[i]->value));
	}
	sha256_final(&h, d);
	strbuf_adds(&b, "auto-");
	hex_add(&b, d, DIGEST_SIZE / 2);
	return shape_strdup(t->l, strbuf_str(&b));
}

static void
check_ignored(struct task *t)
{
	const struct cache_setting *c = &t->set.cache;
	size_t i;

	for (i = 0; i < c->n_ignore; i++)
		if (c->ignore[i] != NULL && task_declared(&t->inputs,
		    str_of(c->ignore[i])) == NULL)
			shape_fault(t->l, DIAG_BAD_REFERENCE, c->ignore_node,
			    "no input is called \"%s\"", c->ignore[i]);
}

static void
lower_cache(struct task *t, pb_task_metadata *m)
{
	const struct cache_setting *c = &t->set.cache;

	if (c->node == TREE_NONE || c->off)
		return;
	if (t->outputs.n == 0 && t->at.outputs == TREE_NONE) {
		shape_fault(t->l, DIAG_EXCLUSIVE, c->node, "cache: needs an "
		    "output");
		diag_hint(t->l->ds, "Flyte stores nothing of a task without "
		    "outputs: declare one, or leave cache: out");
	}
	check_ignored(t);
	m->discoverable = 1;
	m->discovery_version = c->is_auto ? auto_version(t) :
	    c->version != NULL ? c->version : arena_strdup(t->l->a, "");
	m->cache_serializable = c->serialize != 0;
	m->cache_ignore_input_vars = c->ignore;
	m->n_cache_ignore_input_vars = c->n_ignore;
}

static pb_task_metadata *
lower_metadata(struct task *t)
{
	pb_task_metadata *m = PB_NEW(t->l->a, flyteidl__core__task_metadata);

	m->runtime = PB_NEW(t->l->a, flyteidl__core__runtime_metadata);
	m->runtime->flavor = arena_strdup(t->l->a, RUNTIME_FLAVOR);
	m->runtime->version = arena_strdup(t->l->a, RUNTIME_VERSION);
	m->timeout = t->set.timeout;
	m->retries = t->set.retries != NULL ? t->set.retries :
	    PB_NEW(t->l->a, flyteidl__core__retry_strategy);
	if (t->set.interruptible >= 0) {
		m->interruptible_value_case =
	FLYTEIDL__CORE__TASK_METADATA__INTERRUPTIBLE_VALUE_INTERRUPTIBLE;
		m->interruptible = t->set.interruptible;
	}
	return m;
}

static int
has_memory_limit(const struct task *t)
{
	const pb_resources *r = t->set.resources;
	size_t i;

	for (i = 0; r != NULL && i < r->n_limits; i++)
		if (r->limits[i]->name ==
		    FLYTEIDL__CORE__RESOURCES__RESOURCE_NAME__MEMORY)
			return 1;
	return 0;
}

/* Rules by cause; after the cache's version, which they do not change. */
static void
lower_retries(struct task *t)
{
	const struct retries *r = t->set.rules;
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->n; i++) {
		if (r->at[i].memory > 1 && !has_memory_limit(t))
			shape_fault(t->l, DIAG_MISSING_KEY,
			    t->at.settings.retries, "memory: grows "
			    "resources.limits.mem, which is not set");
		if (r->at[i].time > 1 && t->set.timeout == NULL)
			shape_fault(t->l, DIAG_MISSING_KEY,
			    t->at.settings.retries, "time: grows timeout, "
			    "which is not set");
	}
	json_add_tree(&b, t->l->t, t->at.settings.retries, 0);
	task_add_config(t, LOWER_RETRIES, strbuf_str(&b));
}

static Flyteidl__Admin__DescriptionEntity *
lower_description(struct task *t)
{
	Flyteidl__Admin__DescriptionEntity *d;

	if (t->at.description == TREE_NONE)
		return NULL;
	d = PB_NEW(t->l->a, flyteidl__admin__description_entity);
	d->short_description = shape_text(t->l, t->at.description, "text");
	return d->short_description == NULL ? NULL : d;
}

static void
load_keys(struct task *t)
{
	struct task_nodes *at = &t->at;
	const struct shape_key keys[] = {
		{ "inputs", &at->inputs }, { "outputs", &at->outputs },
		{ "command", &at->command }, { "run", &at->run },
		{ "script", &at->script }, { "jq", &at->jq },
		{ "shell", &at->shell }, { "ints", &at->ints },
		{ "stdin", &at->in }, { "stdout", &at->out },
		{ "env", &at->env }, { "pass_env", &at->pass_env },
		{ "description", &at->description },
		{ "dynamic", &at->dynamic }, { "files", &at->files },
		SETTINGS_KEYS(&at->settings),
	};

	shape_keys(t->l, t->node, "a task", keys, ARRAY_LEN(keys));
	(void)interface_load(t->l, at->inputs, "an input", 0, &t->inputs);
	(void)interface_load(t->l, at->outputs, "an output", 0, &t->outputs);
	settings_load(t->l, &at->settings, &t->set);
}

pb_admin_task_spec *
task_lower(struct load *l, pb_identifier *id, uint32_t node,
    const struct task_script *script)
{
	struct task t = { .l = l, .node = node, .name = id->name,
	    .files = STRBUF_INIT };
	pb_admin_task_spec *spec;
	size_t faults = l->faults;
	int dynamic = 0;

	if (shape_need_map(l, node, "the keys of a task") < 0)
		return NULL;
	load_keys(&t);
	spec = PB_NEW(l->a, flyteidl__admin__task_spec);
	t.t = spec->template_ = PB_NEW(l->a, flyteidl__core__task_template);
	t.t->id = id;
	t.t->type = arena_strdup(l->a, LOWER_TASK_TYPE);
	t.t->interface = PB_NEW(l->a, flyteidl__core__typed_interface);
	t.t->interface->inputs = interface_variables(l, &t.inputs);
	t.t->interface->outputs = interface_variables(l, &t.outputs);
	task_lower_program(&t, script);
	lower_streams(&t);
	lower_pass_env(&t);
	if (t.at.dynamic != TREE_NONE &&
	    shape_bool(l, t.at.dynamic, &dynamic) == 0 && dynamic)
		task_add_config(&t, LOWER_DYNAMIC, STR("true"));
	lower_files(&t);
	t.t->metadata = lower_metadata(&t);
	t.t->target_case = FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER;
	t.t->container = lower_container(&t);
	lower_cache(&t, t.t->metadata);
	lower_retries(&t);
	spec->description = lower_description(&t);
	strbuf_release(&t.files);
	return l->faults > faults ? NULL : spec;
}
