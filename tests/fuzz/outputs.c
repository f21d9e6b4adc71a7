#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "task/contract.h"
#include "spec/spec.h"
#include "sys/file.h"

#include "mutate.h"

/*
 * What a task left behind.  The first byte picks the task and how it ended;
 * then files: a byte for the name, two for the length, the bytes.  Exactly one
 * of outputs, an error and a graph comes of it, and outputs are as declared.
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
};

static const pb_task_template *templates[9];
static struct contract *contracts[9];
static size_t n_contracts;
static char *none[] = { NULL };
static const struct contract_world world = { .environ = none };

static void
add_contract(const pb_task_template *t)
{
	struct err e;

	templates[n_contracts] = t;
	if (contract_new(t, &world, &contracts[n_contracts++], &e) < 0)
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
		add_contract(spec.at[i].entity.task->template_);
	add_contract(container(&a, spec.at[0].entity.task->template_));
	add_contract(container(&a, spec.at[1].entity.task->template_));
	/* Last, so that the seeds mean what they did. */
	add_contract(spec.at[i].entity.task->template_);
}

/* Its folder may have been written as a file before, or the other way. */
static void
write_one(const char *dir, const char *name, const uint8_t *data, size_t n)
{
	char path[256], *slash;
	struct stat st;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	slash = strrchr(path, '/');
	*slash = '\0';
	(void)!mkdir(path, 0700);
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
	n = (r.outputs != NULL) + (r.error != NULL) + (r.futures.p != NULL);
	if (n > 1 || (n == 0 && end.code == 0))
		BUG("%d of outputs, error and graph", n);
	if (r.outputs != NULL && contract_check_outputs(
	    templates[i]->interface, r.outputs, &a, &fault) < 0)
		BUG("%s", fault);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char dir[128], outputs[160];
	struct attempt at = { .project = "p", .domain = "d",
	    .execution = "x", .node = "n", .dir = dir };
	struct err e;

	if (n == 0)
		return 0;
	if (n_contracts == 0)
		prepare();
	snprintf(dir, sizeof(dir), "%s/attempt", fuzz_dir());
	snprintf(outputs, sizeof(outputs), "%s/outputs", dir);
	if (file_mkdirs(AT_FDCWD, outputs, &e) < 0)
		BUG("%s", e.msg);
	write_files(dir, data + 1, n - 1);
	collect(data[0] % n_contracts, &at, data[0] >> 7);
	if (file_remove(AT_FDCWD, dir, &e) < 0)
		BUG("%s", e.msg);
	return 0;
}
