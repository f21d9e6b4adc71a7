#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "idl/literal.h"
#include "spec/lower.h"
#include "spec/spec.h"
#include "store/store.h"
#include "sys/file.h"
#include "task/contract.h"

#include "mutate.h"

/*
 * What a task left behind.  The first byte picks the task, its highest bit
 * how it ended; then files: a byte for the name, two for the length, the
 * bytes.  Exactly one of outputs, an error and a graph comes of it, outputs
 * are as declared, and cleaned the folder serves for another attempt.
 */

static const char tasks[] =
    "tasks:\n"
    "  files:\n"
    "    outputs: {i: int, f: float, s: str, b: bool, t: datetime,\n"
    "      d: duration, j: struct, e: \"enum(a, b)\", u: \"int | str\"}\n"
    "    run: x\n"
    "  lists: {outputs: {l: list(int), m: map(str), b: binary}, run: x}\n"
    "  one: {outputs: {o: int}, stdout: o, command: [sh]}\n"
    "  dyn: {outputs: {i: int}, dynamic: true, run: x}\n"
    "  none: {run: x}\n"
    "  jq: {outputs: {i: int}, jq: \".\"}\n"
    "  blobs: {outputs: {f: file, d: dir, u: \"file | int\"}, run: x}\n";

static const char *const names[] = {
	"outputs/i", "outputs/f", "outputs/s", "outputs/b", "outputs/t",
	"outputs/d", "outputs/j", "outputs/e", "outputs/u", "outputs/l",
	"outputs/m", "outputs/o", "dynamic", "jq.out", "outputs/outputs.pb",
	"outputs/error.pb", "outputs/futures.pb", "deck.html",
	"outputs/l/0", "outputs/l/1", "outputs/m/k", "outputs/m/l",
	"outputs/d/x", "outputs/l/3", "outputs/l/name", "outputs/m/\xff",
	"outputs/f", "outputs/f.csv", "outputs/f.txt", "outputs/deck.html",
	"work/x", "outputs/d/x/y", "outputs/d/z", "outputs/i.txt",
};

#define MAX_CONTRACTS	12

static const pb_task_template *templates[MAX_CONTRACTS];
static struct contract *contracts[MAX_CONTRACTS];
static size_t n_contracts;
static char *none[] = { NULL };
static pb_literal_map *inputs;

/* ---- the world around ---------------------------------------------------- */

/* File outputs are kept; now and then all of it is thrown away. */
static int
open_store(void *arg, struct store **ret, struct err *e)
{
	static char home[128];
	static struct store *store;
	static unsigned used;
	struct store_options o = { .home = home };

	(void)arg;
	if (store != NULL && ++used % 512 == 0) {
		store_close(TAKE(store, NULL));
		if (file_remove(AT_FDCWD, home, e) < 0)
			return -1;
	}
	snprintf(home, sizeof(home), "%s/home", fuzz_dir());
	if (store == NULL && store_open(&o, &store, e) < 0)
		return -1;
	*ret = store;
	return 0;
}

/* A workflow of one node, that runs the task. */
static pb_compiled_workflow_closure *
closure_of(pb_task_template *t, struct arena *a)
{
	pb_compiled_workflow_closure *c = PB_NEW(a,
	    flyteidl__core__compiled_workflow_closure);
	pb_workflow_template *w = PB_NEW(a,
	    flyteidl__core__workflow_template);

	w->id = PB_NEW(a, flyteidl__core__identifier);
	w->id->resource_type = FLYTEIDL__CORE__RESOURCE_TYPE__WORKFLOW;
	w->id->project = w->id->domain = arena_strdup(a, "p");
	w->id->name = arena_strdup(a, "flow");
	w->id->version = arena_strdup(a, "v");
	w->interface = t->interface;
	w->n_nodes = 1;
	w->nodes = arena_new_n(a, 1, pb_node *);
	w->nodes[0] = PB_NEW(a, flyteidl__core__node);
	w->nodes[0]->id = arena_strdup(a, "n");
	w->nodes[0]->target_case = FLYTEIDL__CORE__NODE__TARGET_TASK_NODE;
	w->nodes[0]->task_node = PB_NEW(a, flyteidl__core__task_node);
	w->nodes[0]->task_node->reference_case =
	    FLYTEIDL__CORE__TASK_NODE__REFERENCE_REFERENCE_ID;
	w->nodes[0]->task_node->reference_id = t->id;
	c->primary = PB_NEW(a, flyteidl__core__compiled_workflow);
	c->primary->template_ = w;
	c->n_tasks = 1;
	c->tasks = arena_new_n(a, 1, pb_compiled_task *);
	c->tasks[0] = PB_NEW(a, flyteidl__core__compiled_task);
	c->tasks[0]->template_ = t;
	return c;
}

/* "none", the task, and "flow" are there for dynamic tasks. */
static int
resolve(void *arg, enum entity_kind kind, struct str ref, struct arena *a,
    struct contract_outside *ret, struct err *e)
{
	pb_task_template *t = (pb_task_template *)(uintptr_t)templates[4];
	pb_compiled_workflow_closure *c;

	(void)arg;
	if (kind == ENTITY_TASK && str_is(ref, "outer")) {
		contract_outside_task(ret, t, a);
		return 0;
	}
	if (kind != ENTITY_WORKFLOW || !str_is(ref, "flow"))
		return err_set(e, ERR_MISSING, "is not there");
	c = closure_of(t, a);
	contract_outside_workflow(ret, c, c->primary->template_, a);
	return 0;
}

static const struct contract_world world = {
	.environ = none, .jqrun = "/bin/true", .open_store = open_store,
	.resolve = resolve,
}, showing = { .environ = none, .look_only = 1 };

static void
add_contract(const pb_task_template *t, const struct contract_world *w)
{
	struct err e;

	templates[n_contracts] = t;
	if (contract_new(t, w, &contracts[n_contracts++], &e) < 0)
		BUG("%s", e.msg);
}

/* Flyte's own contract: any container. */
static pb_task_template *
container(struct arena *a, const pb_task_template *like)
{
	pb_task_template *t = PB_NEW(a, flyteidl__core__task_template);

	t->id = like->id;
	t->interface = like->interface;
	t->target_case = FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER;
	t->container = PB_NEW(a, flyteidl__core__container);
	t->container->n_command = 1;
	t->container->command = arena_new_n(a, 1, char *);
	t->container->command[0] = arena_strdup(a, "sh");
	return t;
}

/* An element of a map that flytekit made, which reads its inputs as lists. */
static pb_task_template *
element(struct arena *a, const pb_task_template *like)
{
	pb_task_template *t = container(a, like);
	typedef Flyteidl__Core__TaskTemplate__ConfigEntry entry;

	t->container->n_args = 2;
	t->container->args = arena_new_n(a, 2, char *);
	t->container->args[0] = arena_strdup(a, "{{.input}}");
	t->container->args[1] = arena_strdup(a, "{{.taskTemplatePath}}");
	t->n_config = 1;
	t->config = arena_new_n(a, 1, entry *);
	t->config[0] = arena_alloc(a, sizeof(entry));
	flyteidl__core__task_template__config_entry__init(t->config[0]);
	t->config[0]->key = arena_strdup(a, LOWER_LISTS);
	t->config[0]->value = arena_strdup(a, "[\"a\"]");
	return t;
}

static void
prepare(void)
{
	static struct arena a;		/* for ever, as the contracts */
	static struct spec spec;
	struct spec_options opt = { .form = SPEC_YAML, .project = "p",
	    .domain = "d", .version = "v" };
	c_strbuf struct strbuf out = STRBUF_INIT;
	c_diags struct diags ds = DIAGS_INIT;
	size_t i;

	arena_init(&a);
	if (spec_load("tasks", STR(tasks), &opt, &a, &spec, &ds) < 0) {
		diags_print(&ds, &out);
		BUG("%s", out.p);
	}
	for (i = 0; i + 1 < spec.n; i++)
		add_contract(spec.at[i].entity.task->template_, &world);
	add_contract(container(&a, spec.at[0].entity.task->template_), &world);
	add_contract(container(&a, spec.at[1].entity.task->template_), &world);
	/* Last, so that the seeds mean what they did. */
	add_contract(spec.at[i].entity.task->template_, &world);
	add_contract(element(&a, spec.at[1].entity.task->template_), &world);
	add_contract(spec.at[3].entity.task->template_, &showing);
	add_contract(spec.at[i].entity.task->template_, &showing);
	inputs = literal_map_new(&a);
	literal_map_put(inputs, &a, "a", literal_integer(&a, 1));
	literal_map_put(inputs, &a, "b", literal_string(&a, STR("x")));
}

/* Its folder may have been written as a file before, or the other way. */
static void
write_one(const char *dir, const char *name, const uint8_t *data, size_t n)
{
	char path[256], *slash;
	struct stat st;
	struct err e;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	(void)!file_mkdirs(AT_FDCWD, path, &e);
	if (stat(path, &st) < 0 || !S_ISDIR(st.st_mode))
		return;
	*slash = '/';
	if (stat(path, &st) < 0 || S_ISREG(st.st_mode))
		fuzz_write(path, data, n);
}

static void
write_files(const char *dir, const uint8_t *data, size_t n)
{
	while (n >= 3) {
		size_t len = MIN((size_t)data[1] << 8 | data[2], n - 3);

		write_one(dir, names[data[0] % ARRAY_LEN(names)], data + 3,
		    len);
		data += 3 + len;
		n -= 3 + len;
	}
}

static void
collect(size_t i, const struct attempt *at, int status)
{
	const struct contract *c = contracts[i];
	c_arena struct arena a = ARENA_INIT;
	/* Only Flyte's own contract is asked what a failed process left. */
	struct proc_end end = { .code =
	    contract_kind(c) == CONTRACT_CONTAINER ? status : 0 };
	struct collected r;
	const char *fault = NULL;
	struct err e;
	int n;

	if (contract_collect(c, at, &end, &a, &r, &e) < 0)
		return;
	n = (r.outputs != NULL) + (r.error != NULL) + (r.futures.p != NULL) +
	    (r.written.p != NULL);
	if (n > 1 || (n == 0 && end.code == 0))
		BUG("%d of outputs, error and graph", n);
	if (r.outputs != NULL && contract_check_outputs(
	    templates[i]->interface, r.outputs, &a, &fault) < 0)
		BUG("%s", fault);
}

static void
begin(size_t i, const struct attempt *at)
{
	c_arena struct arena a = ARENA_INIT;
	struct command cmd = { .in = -1 };
	struct err e;

	if (contract_prepare(contracts[i], at, &a, &cmd, &e) < 0)
		BUG("no attempt of task %zu: %s", i, e.msg);
	command_release(&cmd);
}

/* What it left is taken away, and the next attempt can be made there. */
static void
clean(size_t i, struct attempt *at)
{
	struct err e;

	if (contract_clean(contracts[i], at, &e) < 0)
		BUG("%s", e.msg);
	/* A stream of stdout is written over when it is opened again. */
	if (i != 2 && !contract_is_empty(at->dir))
		BUG("not empty after it was cleaned");
	begin(i, at);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char dir[128];
	struct attempt at = { .project = "p", .domain = "d",
	    .execution = "x", .node = "n", .dir = dir };
	struct err e;
	size_t i;

	if (n == 0)
		return 0;
	if (n_contracts == 0)
		prepare();
	snprintf(dir, sizeof(dir), "%s/attempt", fuzz_dir());
	at.inputs = inputs;
	if (file_mkdirs(AT_FDCWD, dir, &e) < 0)
		BUG("%s", e.msg);
	i = (data[0] & 0x7f) % n_contracts;
	begin(i, &at);
	write_files(dir, data + 1, n - 1);
	collect(i, &at, data[0] >> 7);
	clean(i, &at);
	if (file_remove(AT_FDCWD, dir, &e) < 0)
		BUG("%s", e.msg);
	return 0;
}

#ifdef FUZZING
/* Where file i begins, and the bytes behind its name and length. */
static size_t
file_at(const uint8_t *data, size_t n, unsigned i, size_t *ret_len)
{
	size_t at = 1, len;

	for (;; at += 3 + len) {
		if (at + 3 > n)
			return 0;
		len = MIN((size_t)data[at + 1] << 8 | data[at + 2],
		    n - at - 3);
		*ret_len = len;
		if (i-- == 0)
			return at;
	}
}

/* One file is changed and its length with it: a message as one. */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max,
    unsigned int seed)
{
	size_t len = 0, at = file_at(data, n, seed / 16 % 4, &len), made, rest;
	uint8_t *behind;
	const char *name;

	/* Without room for a byte more libFuzzer writes one all the same. */
	if (at == 0 || n == max || seed % 4 == 0)
		return LLVMFuzzerMutate(data, n, max);
	name = names[data[at] % ARRAY_LEN(names)];
	rest = n - at - 3 - len;
	behind = xcalloc(rest + 1, 1);
	memcpy(behind, data + at + 3 + len, rest);
	made = MIN(max - at - 3 - rest, (size_t)0xffff);
	made = str_ends(str_of(name), ".pb") ?
	    mutate_wire(data + at + 3, len, made, seed / 64, 0) :
	    LLVMFuzzerMutate(data + at + 3, len, made);
	data[at + 1] = (uint8_t)(made >> 8);
	data[at + 2] = (uint8_t)made;
	memcpy(data + at + 3 + made, behind, rest);
	free(behind);
	return at + 3 + made + rest;
}
#endif
