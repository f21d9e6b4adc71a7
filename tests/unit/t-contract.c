#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "idl/literal.h"
#include "idl/type.h"
#include "idl/value.h"
#include "task/local.h"
#include "spec/lower.h"
#include "store/store.h"
#include "sys/file.h"

/*
 * Tasks are built by hand, as the spec would lower them, and run by the
 * local executor with one slot in a folder that the test removes.
 */
struct rig {
	struct arena	 a;
	char		 dir[64];
	struct loop	*loop;
	struct local_options options;
	struct executor	*executor;
	struct store	*store;
	struct contract_world world;
	struct contract	*contract;
	pb_task_template *task;
	pb_literal_map	*inputs;
	struct job_result result;
	char		*env[4];
	struct err	 e;
};

static int
rig_store(void *arg, struct store **ret, struct err *e)
{
	struct rig *r = arg;
	struct store_options o = { .home = r->dir };

	if (r->store == NULL && store_open(&o, &r->store, e) < 0)
		return -1;
	*ret = r->store;
	return 0;
}

static void
rig_init(struct rig *r)
{
	memset(r, 0, sizeof(*r));
	arena_init(&r->a);
	snprintf(r->dir, sizeof(r->dir), "/tmp/t-contract.XXXXXX");
	CHECK(mkdtemp(r->dir) != NULL);
	r->loop = loop_new();
	r->env[0] = arena_strdup(&r->a, "PATH=/usr/bin:/bin");
	r->env[1] = arena_strdup(&r->a, "SECRET=1");
	r->env[2] = arena_strdup(&r->a, "LC_ALL=C");
	r->options = (struct local_options){ .slots = 1,
	    .scratch = arena_printf(&r->a, "%s/scratch", r->dir),
	    .logs = arena_printf(&r->a, "%s/logs", r->dir),
	    .out = 2, .err = 2, .grace = 100000000, .keep = 1 };
	r->executor = local_new(r->loop, &r->options);
	r->world = (struct contract_world){ .environ = r->env,
	    .open_store = rig_store, .arg = r };
	r->task = PB_NEW(&r->a, flyteidl__core__task_template);
	r->task->id = PB_NEW(&r->a, flyteidl__core__identifier);
	r->task->id->name = arena_strdup(&r->a, "t");
	r->task->interface = PB_NEW(&r->a, flyteidl__core__typed_interface);
	r->task->interface->inputs =
	    PB_NEW(&r->a, flyteidl__core__variable_map);
	r->task->interface->outputs =
	    PB_NEW(&r->a, flyteidl__core__variable_map);
	r->inputs = literal_map_new(&r->a);
}

static void
rig_release(struct rig *r)
{
	contract_free(r->contract);
	executor_free(r->executor);
	loop_free(r->loop);
	store_close(r->store);
	CHECK_INT(file_remove(AT_FDCWD, r->dir, &r->e), 0);
	arena_release(&r->a);
}

static void
config(struct rig *r, const char *key, const char *value)
{
	Flyteidl__Core__TaskTemplate__ConfigEntry *c =
	    arena_new(&r->a, Flyteidl__Core__TaskTemplate__ConfigEntry);
	size_t n = r->task->n_config;
	__typeof__(r->task->config) list = arena_new_n(&r->a, n + 1,
	    Flyteidl__Core__TaskTemplate__ConfigEntry *);

	flyteidl__core__task_template__config_entry__init(c);
	c->key = arena_strdup(&r->a, key);
	c->value = arena_strdup(&r->a, value);
	if (n > 0)
		memcpy(list, r->task->config, n * sizeof(*list));
	list[n] = c;
	r->task->config = list;
	r->task->n_config = n + 1;
}

static void
variable(struct rig *r, pb_variable_map *m, const char *name,
    const char *type)
{
	Flyteidl__Core__VariableMap__VariablesEntry *v =
	    arena_new(&r->a, Flyteidl__Core__VariableMap__VariablesEntry);
	__typeof__(m->variables) list = arena_new_n(&r->a,
	    m->n_variables + 1, Flyteidl__Core__VariableMap__VariablesEntry *);
	size_t bad;

	flyteidl__core__variable_map__variables_entry__init(v);
	v->key = arena_strdup(&r->a, name);
	v->value = PB_NEW(&r->a, flyteidl__core__variable);
	CHECK_INT(type_parse(str_of(type), &r->a, &v->value->type, &bad,
	    &r->e), 0);
	if (m->n_variables > 0)
		memcpy(list, m->variables, m->n_variables * sizeof(*list));
	list[m->n_variables++] = v;
	m->variables = list;
}

static void
input(struct rig *r, const char *name, const char *type, const char *text)
{
	struct value_ctx ctx = { .mode = VALUE_CLI };
	pb_variable_map *m = r->task->interface->inputs;
	pb_literal *l;

	variable(r, m, name, type);
	CHECK_INT(value_from_text(m->variables[m->n_variables - 1]->value->type,
	    str_of(text), &ctx, &r->a, &l, &r->e), 0);
	literal_map_put(r->inputs, &r->a, name, l);
}

static void
output(struct rig *r, const char *name, const char *type)
{
	variable(r, r->task->interface->outputs, name, type);
}

static void
words(struct rig *r, const char *const *argv)
{
	pb_container *k = PB_NEW(&r->a, flyteidl__core__container);
	size_t n = 0;

	while (argv[n] != NULL)
		n++;
	k->n_command = n;
	k->command = arena_new_n(&r->a, n, char *);
	for (n = 0; argv[n] != NULL; n++)
		k->command[n] = arena_strdup(&r->a, argv[n]);
	r->task->container = k;
	r->task->target_case = FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER;
}

static void
on_job(struct job *j, void *arg)
{
	int *ended = arg;

	*ended = j->phase == JOB_ENDED;
}

/* Runs an attempt to its end; cancel after so many ns if not negative. */
static void
run_attempt(struct rig *r, unsigned attempt, int64_t cancel)
{
	struct job_spec spec = { .contract = r->contract,
	    .inputs = r->inputs, .project = "p", .domain = "d",
	    .execution = "x", .node = "n", .attempt = attempt };
	struct job *job;
	int ended = 0, cancelled = 0;

	CHECK_INT(executor_submit(r->executor, &spec, &r->a, on_job, &ended,
	    &job, &r->e), 0);
	CHECK_INT(ended, 0);
	while (!ended) {
		if (loop_step(r->loop, cancel, &r->e) < 0)
			break;
		if (cancel >= 0 && !ended && !cancelled) {
			r->executor->ops->cancel(job, 0);
			cancelled = 1;
		}
	}
	r->result = job->result;
	r->executor->ops->release(job);
}

static void
run(struct rig *r)
{
	if (r->contract == NULL && contract_new(r->task, &r->world,
	    &r->contract, &r->e) < 0) {
		printf("%s\n", r->e.msg);
		CHECK(!"a contract");
		return;
	}
	run_attempt(r, 0, -1);
}

static void
check_plain(struct rig *r, const char *expected)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (r->result.cause != JOB_OK) {
		printf("%s: %s\n", r->result.error->code,
		    r->result.error->message);
		CHECK_INT(r->result.cause, JOB_OK);
		return;
	}
	value_map_add_json(&b, r->result.outputs, 0);
	CHECK_STR(b.p, expected);
}

static void
check_error(struct rig *r, enum job_cause cause, const char *code,
    const char *message)
{
	CHECK_INT(r->result.cause, cause);
	CHECK(r->result.outputs == NULL);
	if (r->result.error == NULL) {
		CHECK(!"an error");
		return;
	}
	CHECK_STR(r->result.error->code, code);
	CHECK_STR(r->result.error->message, message);
}

TEST(run_sees_inputs_by_name_and_in_files)
{
	struct rig r;

	rig_init(&r);
	config(&r, LOWER_RUN, "[ \"$(cat $FLYTE_INPUTS/n)\" = \"$n\" ]; "
	    "echo $((n * n)) > $FLYTE_OUTPUTS/sq; "
	    "printf '%s' \"$s\" > $FLYTE_OUTPUTS/text");
	input(&r, "n", "int", "7");
	input(&r, "s", "str", "a 'b\" $c");
	output(&r, "sq", "int");
	output(&r, "text", "str");
	run(&r);
	check_plain(&r, "{\"sq\":49,\"text\":\"a 'b\\\" $c\"}");
	rig_release(&r);
}

TEST(the_environment_is_what_the_task_may_see)
{
	struct rig r;

	rig_init(&r);
	config(&r, LOWER_RUN, "env | sed 's/=.*//' | grep -v '^FLYTE_' | "
	    "grep -vxE 'PWD|SHLVL|_|OLDPWD' | sort | tr '\\n' ' ' "
	    "> $FLYTE_OUTPUTS/names");
	output(&r, "names", "str");
	run(&r);
	check_plain(&r, "{\"names\":\"LC_ALL PATH\"}");
	rig_release(&r);
	rig_init(&r);
	config(&r, LOWER_PASS_ENV, "[\"SECRET\", \"NOT_THERE\"]");
	config(&r, LOWER_RUN, "echo $SECRET > $FLYTE_OUTPUTS/s");
	output(&r, "s", "str");
	run(&r);
	check_plain(&r, "{\"s\":\"1\"}");
	rig_release(&r);
}

TEST(names_that_mean_something_are_not_exported)
{
	struct rig r;

	rig_init(&r);
	config(&r, LOWER_RUN, "cat $FLYTE_INPUTS/PATH > $FLYTE_OUTPUTS/p");
	input(&r, "PATH", "str", "/nonexistent");
	output(&r, "p", "str");
	run(&r);
	check_plain(&r, "{\"p\":\"/nonexistent\"}");
	rig_release(&r);
}

TEST(templates_stay_inside_their_word)
{
	struct rig r;

	rig_init(&r);
	config(&r, LOWER_COMMAND, "[\"printf\", \"%s|\", \"{{.inputs.s}}\", "
	    "\"a{{ .inputs.n }}b\", \"{{.other}}\", \"$n\"]");
	config(&r, LOWER_STDOUT, "out");
	input(&r, "s", "str", "x; rm -rf $HOME `id`");
	input(&r, "n", "int", "5");
	output(&r, "out", "str");
	run(&r);
	check_plain(&r, "{\"out\":\"x; rm -rf $HOME `id`|a5b|{{.other}}|$n|\"}");
	rig_release(&r);
}

TEST(a_filter)
{
	struct rig r;

	rig_init(&r);
	config(&r, LOWER_COMMAND, "[\"sort\"]");
	config(&r, LOWER_STDIN, "rows");
	config(&r, LOWER_STDOUT, "sorted");
	input(&r, "rows", "str", "b\na\n");
	output(&r, "sorted", "str");
	run(&r);
	check_plain(&r, "{\"sorted\":\"a\\nb\"}");
	rig_release(&r);
}

TEST(files_go_into_the_store)
{
	struct rig r;
	const pb_literal *l;

	rig_init(&r);
	config(&r, LOWER_RUN, "echo hi > $FLYTE_OUTPUTS/f.txt; "
	    "mkdir $FLYTE_OUTPUTS/d; echo x > $FLYTE_OUTPUTS/d/y");
	output(&r, "f", "file(txt)");
	output(&r, "d", "dir");
	run(&r);
	CHECK_INT(r.result.cause, JOB_OK);
	l = literal_map_get(r.result.outputs, "f");
	CHECK(l != NULL && strncmp(l->hash, "sha256:", 7) == 0);
	CHECK(strstr(literal_as_blob(l)->uri, "/blobs/") != NULL);
	CHECK_INT(access(literal_as_blob(l)->uri, R_OK), 0);
	CHECK_STR(literal_as_blob(l)->metadata->type->format, "txt");
	rig_release(&r);
}

TEST(lists_are_folders)
{
	struct rig r;

	rig_init(&r);
	config(&r, LOWER_RUN, "cp -r $FLYTE_INPUTS/l $FLYTE_OUTPUTS/l; "
	    "cat $FLYTE_INPUTS/m/k > $FLYTE_OUTPUTS/k");
	input(&r, "l", "list(int)", "[3, 1, 2]");
	input(&r, "m", "map(str)", "{\"k\": \"v\"}");
	output(&r, "l", "list(int)");
	output(&r, "k", "str");
	run(&r);
	check_plain(&r, "{\"k\":\"v\",\"l\":[3,1,2]}");
	rig_release(&r);
}

TEST(what_is_missing_or_mistyped_fails_by_name)
{
	struct rig r;

	rig_init(&r);
	config(&r, LOWER_RUN, "echo 1 > $FLYTE_OUTPUTS/a");
	output(&r, "a", "int");
	output(&r, "b", "int");
	run(&r);
	check_error(&r, JOB_OUTPUT, "OutputsNotFound",
	    "output b (int): is missing");
	rig_release(&r);
	rig_init(&r);
	config(&r, LOWER_RUN, "echo x > $FLYTE_OUTPUTS/a");
	output(&r, "a", "int");
	run(&r);
	CHECK_INT(r.result.cause, JOB_OUTPUT);
	CHECK(strncmp(r.result.error->message, "output a (int): ", 16) == 0);
	rig_release(&r);
	rig_init(&r);
	config(&r, LOWER_RUN, "mkdir $FLYTE_OUTPUTS/f");
	output(&r, "f", "file");
	run(&r);
	check_error(&r, JOB_OUTPUT, "OutputsNotFound",
	    "output f (file): expected a file, found a folder");
	rig_release(&r);
}

TEST(names_can_not_leave_the_folder)
{
	struct rig r;

	rig_init(&r);
	config(&r, LOWER_RUN, "true");
	input(&r, "../../x", "int", "1");
	run(&r);
	check_error(&r, JOB_START, "StartFailed",
	    "input \"../../x\": can not be the name of a file");
	rig_release(&r);
	rig_init(&r);
	config(&r, LOWER_RUN, "true");
	output(&r, "../work", "dir");
	run(&r);
	check_error(&r, JOB_OUTPUT, "OutputsNotFound",
	    "output ../work (dir): can not be the name of a file");
	rig_release(&r);
}

TEST(ends_are_told_apart)
{
	struct rig r;
	char *kept;

	rig_init(&r);
	config(&r, LOWER_RUN, "echo why >&2; echo part > file; exit 3");
	run(&r);
	check_error(&r, JOB_EXIT, "Error", "exit status 3\nwhy");
	CHECK(r.result.recoverable);
	CHECK_INT(r.result.err.to - r.result.err.from, 4);
	CHECK(r.result.scratch != NULL);
	kept = arena_printf(&r.a, "%s/file", r.result.scratch);
	CHECK_INT(access(kept, R_OK), 0);
	/* The next attempt has a new folder. */
	run_attempt(&r, 1, -1);
	check_error(&r, JOB_EXIT, "Error", "exit status 3\nwhy");
	CHECK_INT(r.result.err.from, 4);
	rig_release(&r);
	rig_init(&r);
	config(&r, LOWER_RUN, "kill -SEGV $$");
	run(&r);
	CHECK_INT(r.result.cause, JOB_SIGNAL);
	CHECK_INT(r.result.end.sig, SIGSEGV);
	CHECK_STR(r.result.error->code, "Error");
	rig_release(&r);
	rig_init(&r);
	config(&r, LOWER_RUN, "kill -KILL $$");
	run(&r);
	check_error(&r, JOB_SIGNAL, "Interrupted",
	    "ended by signal 9 (SIGKILL)");
	rig_release(&r);
}

TEST(time_is_up)
{
	struct rig r;

	rig_init(&r);
	config(&r, LOWER_RUN, "trap '' TERM; sleep 100");
	r.task->metadata = PB_NEW(&r.a, flyteidl__core__task_metadata);
	r.task->metadata->timeout = PB_NEW(&r.a, google__protobuf__duration);
	r.task->metadata->timeout->nanos = 100000000;
	run(&r);
	check_error(&r, JOB_TIMEOUT, "TimeoutExpired",
	    "did not end within 100ms");
	rig_release(&r);
}

TEST(cancelled)
{
	struct rig r;

	rig_init(&r);
	config(&r, LOWER_RUN, "sleep 100");
	CHECK_INT(contract_new(r.task, &r.world, &r.contract, &r.e), 0);
	run_attempt(&r, 0, 20000000);
	CHECK_INT(r.result.cause, JOB_CANCELLED);
	rig_release(&r);
}

TEST(the_container_contract)
{
	static const char *const copy[] = { "sh", "-c",
	    "[ $FLYTE_INTERNAL_TASK_NAME = t ] && cp \"$1\" \"$2/outputs.pb\"",
	    "x", "{{.input}}", "{{ .OutputPrefix }}", NULL };
	/* ErrorDocument{error{code "Bad", message "no", kind 0}} */
	static const char *const bad[] = { "sh", "-c",
	    "printf '\\n\\011\\n\\003Bad\\022\\002no' > $0/error.pb; exit 4",
	    "{{.outputPrefix}}", NULL };
	static const char *const none[] = { "true", NULL };
	static const char *const fails[] = { "false", "{{.input}}", NULL };
	struct rig r;

	rig_init(&r);
	words(&r, copy);
	input(&r, "n", "int", "7");
	output(&r, "n", "int");
	run(&r);
	check_plain(&r, "{\"n\":7}");
	rig_release(&r);
	rig_init(&r);
	words(&r, bad);
	run(&r);
	check_error(&r, JOB_REPORTED, "Bad", "no");
	CHECK(!r.result.recoverable);
	rig_release(&r);
	rig_init(&r);
	words(&r, none);
	output(&r, "n", "int");
	run(&r);
	check_error(&r, JOB_OUTPUT, "OutputsNotFound",
	    "the task left no outputs.pb");
	rig_release(&r);
	/* Its folder holds nothing but inputs.pb: it is not kept. */
	rig_init(&r);
	words(&r, fails);
	input(&r, "n", "int", "7");
	run(&r);
	CHECK_INT(r.result.cause, JOB_EXIT);
	CHECK(r.result.scratch == NULL);
	rig_release(&r);
}

TEST(a_raw_container)
{
	static const char *const argv[] = { "sh", "-c",
	    "cp /var/in/a /var/out/b", NULL };
	struct rig r;

	rig_init(&r);
	words(&r, argv);
	r.task->container->data_config =
	    PB_NEW(&r.a, flyteidl__core__data_loading_config);
	r.task->container->data_config->enabled = 1;
	r.task->container->data_config->input_path =
	    arena_strdup(&r.a, "/var/in");
	r.task->container->data_config->output_path =
	    arena_strdup(&r.a, "/var/out");
	input(&r, "a", "str", "hello");
	output(&r, "b", "str");
	run(&r);
	check_plain(&r, "{\"b\":\"hello\"}");
	rig_release(&r);
}

TEST(a_task_that_can_not_run_here)
{
	struct rig r;

	rig_init(&r);
	r.task->type = arena_strdup(&r.a, "spark");
	CHECK_INT(contract_new(r.task, &r.world, &r.contract, &r.e), -1);
	CHECK_INT(r.e.kind, ERR_SPEC);
	CHECK_STR(r.e.msg, "t: task type \"spark\" has no command and no "
	    "container: it can not run on this machine");
	config(&r, LOWER_COMMAND, "[\"no-such-program\"]");
	CHECK_INT(contract_new(r.task, &r.world, &r.contract, &r.e), -1);
	CHECK_INT(r.e.kind, ERR_MISSING);
	output(&r, "o", "int");
	r.task->interface->outputs->variables[0]->value->type = NULL;
	CHECK_INT(contract_new(r.task, &r.world, &r.contract, &r.e), -1);
	CHECK_STR(r.e.msg, "t: output o has no type");
	rig_release(&r);
}

TEST(what_is_left_in_the_folder_is_taken_out)
{
	struct rig r;

	rig_init(&r);
	config(&r, LOWER_RUN, "ls -A | wc -l > $FLYTE_OUTPUTS/n; mkdir a; "
	    "touch a/b c; sleep 100 & true");
	output(&r, "n", "int");
	run(&r);
	check_plain(&r, "{\"n\":0}");
	run_attempt(&r, 1, -1);
	check_plain(&r, "{\"n\":0}");
	rig_release(&r);
}

TEST(a_script_is_written_out)
{
	struct rig r;

	rig_init(&r);
	config(&r, LOWER_SCRIPT, "#!/bin/sh\n#% outputs: {x: str}\n"
	    "echo \"$n {{.inputs.n}}\" > $FLYTE_OUTPUTS/x\n");
	input(&r, "n", "int", "4");
	output(&r, "x", "str");
	run(&r);
	check_plain(&r, "{\"x\":\"4 {{.inputs.n}}\"}");
	rig_release(&r);
}

TEST(a_dynamic_task_says_what_runs_next)
{
	static const char *const futures[] = { "sh", "-c",
	    "printf '\\020\\001' > $0/futures.pb", "{{.outputPrefix}}", NULL };
	struct rig r;

	rig_init(&r);
	config(&r, LOWER_DYNAMIC, "true");
	config(&r, LOWER_RUN, "echo 'tasks: {t: {outputs: {x: int}, run: "
	    "true}}\nnodes: {a: {task: t}}\noutputs: {x: $a.x}' "
	    "> $FLYTE_DYNAMIC");
	output(&r, "x", "int");
	run(&r);
	CHECK_INT(r.result.cause, JOB_OK);
	CHECK(r.result.futures.n > 0);
	CHECK(r.result.futures_own);
	CHECK(r.result.outputs == NULL);
	rig_release(&r);
	rig_init(&r);
	config(&r, LOWER_DYNAMIC, "true");
	config(&r, LOWER_RUN, "echo 'nodes: {a: {task: nope}}' "
	    "> $FLYTE_DYNAMIC");
	run(&r);
	CHECK_INT(r.result.cause, JOB_REPORTED);
	CHECK_STR(r.result.error->code, "DynamicWorkflowBuildFailed");
	CHECK(strstr(r.result.error->message, "nope") != NULL);
	rig_release(&r);
	rig_init(&r);
	config(&r, LOWER_DYNAMIC, "true");
	config(&r, LOWER_RUN, "echo 5 > $FLYTE_OUTPUTS/x");
	output(&r, "x", "int");
	run(&r);
	check_plain(&r, "{\"x\":5}");
	rig_release(&r);
	rig_init(&r);
	words(&r, futures);
	output(&r, "x", "int");
	run(&r);
	CHECK_INT(r.result.cause, JOB_OK);
	CHECK_INT(r.result.futures.n, 2);
	CHECK(!r.result.futures_own);
	rig_release(&r);
}

TEST(a_shell_that_saw_its_child_killed)
{
	struct rig r;

	rig_init(&r);
	config(&r, LOWER_RUN, "exit 137");
	run(&r);
	check_error(&r, JOB_EXIT, "Interrupted", "exit status 137");
	CHECK_INT(r.result.error->kind,
	    FLYTEIDL__CORE__EXECUTION_ERROR__ERROR_KIND__SYSTEM);
	rig_release(&r);
}
