#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "idl/wire.h"
#include "sys/file.h"
#include "task/contract.h"
#include "task/resources.h"

#include "mutate.h"

/*
 * A core.TaskTemplate as a package brings it, then, after their length in two
 * bytes, the inputs: is it a task that can run here, and with which words and
 * files?  No file is written outside of the attempt's folder.  The highest
 * bits of the length say what is around the task.
 */

static char *const environment[] = {
	(char[]){ "PATH=/usr/bin:/bin" }, (char[]){ "HOME=/h" },
	(char[]){ "LANG=C" }, (char[]){ "LC_ALL=C" }, (char[]){ "LC_x" },
	(char[]){ "HOME=/again" }, NULL
};
static char *const empty[] = { NULL };
static const struct contract_world worlds[] = {
	{ .environ = environment, .code = "/code", .jqrun = "/bin/true" },
	{ .environ = empty },
	{ .environ = environment, .file = "/bin/true" },
	{ .environ = environment, .code = "/usr" },
};

static void
check_command(const struct command *c)
{
	char **p;

	if (c->path == NULL || c->argv == NULL || c->argv[0] == NULL)
		BUG("no command");
	for (p = c->envp; p != NULL && *p != NULL; p++)
		if (strchr(*p, '=') == NULL)
			BUG("%s in the environment", *p);
}

static int
prepare(const struct contract *c, const struct attempt *at, struct arena *a)
{
	struct command cmd = { .in = -1 };
	struct err e;
	int r = contract_prepare(c, at, a, &cmd, &e);

	if (r == 0)
		check_command(&cmd);
	command_release(&cmd);
	return r;
}

/* Twice: nothing that the first attempt made is in the way of the second. */
static void
attempts(const struct contract *c, const pb_task_template *t,
    const pb_literal_map *inputs, struct arena *a)
{
	static char base[128], dir[160];
	struct attempt at = { .project = "p", .domain = "d",
	    .execution = "x", .node = "n", .dir = dir, .inputs = inputs,
	    .workflow = "w", .number = 3, .mark = "m", .run_mark = "r",
	    .prev_checkpoint = "/c" };
	c_strbuf struct strbuf shown = STRBUF_INIT;
	struct stat st;
	struct err e;

	snprintf(base, sizeof(base), "%s/task", fuzz_dir());
	snprintf(dir, sizeof(dir), "%s/attempt", base);
	(void)!contract_add_rendered(t, &at, &shown, &e);
	if (file_mkdirs(AT_FDCWD, dir, &e) < 0)
		BUG("%s", e.msg);
	if (prepare(c, &at, a) == 0) {
		if (!contract_is_empty(dir))
			BUG("more than inputs in a new folder");
		if (contract_clean(c, &at, &e) < 0 || prepare(c, &at, a) < 0)
			BUG("no second attempt");
	}
	if (stat(base, &st) < 0 || st.st_nlink != 3)
		BUG("something beside the attempt's folder");
	if (file_remove(AT_FDCWD, base, &e) < 0)
		BUG("%s", e.msg);
}

static void
look(const struct contract *c)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	contract_add_command(c, NULL, &b);
	if (contract_kind(c) >= CONTRACT_KIND_MAX || contract_timeout(c) < 0)
		BUG("a kind or timeout that is none");
	if (contract_limits(c)->memory < 0 || contract_limits(c)->cpu < 0 ||
	    contract_requests(c)->memory < 0 || contract_requests(c)->cpu < 0)
		BUG("less than nothing");
}

/* The same literals as what a task gave. */
static void
check_outputs(const pb_task_template *t, const pb_literal_map *m,
    struct arena *a)
{
	const char *fault = NULL;

	if ((contract_check_outputs(t->interface, m, a, &fault) < 0) !=
	    (fault != NULL))
		BUG("status and fault of outputs disagree");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	c_arena struct arena a = ARENA_INIT;
	c_contract struct contract *c = NULL;
	struct str bytes = { (const char *)data + 2, n - 2 }, rest;
	ProtobufCMessage *m, *in;
	struct err e;
	size_t len;

	if (n < 2)
		return 0;
	len = MIN((size_t)(data[0] & 0x3f) << 8 | data[1], bytes.n);
	rest = (struct str){ bytes.p + bytes.n - len, len };
	bytes.n -= len;
	if (wire_unpack(&flyteidl__core__task_template__descriptor, bytes, &a,
	    &m, &e) < 0 || wire_unpack(
	    &flyteidl__core__literal_map__descriptor, rest, &a, &in, &e) < 0)
		return 0;
	if (contract_new((pb_task_template *)m, &worlds[data[0] >> 6], &c,
	    &e) < 0) {
		if (e.msg[0] == '\0')
			BUG("no reason");
		return 0;
	}
	look(c);
	check_outputs((pb_task_template *)m, (pb_literal_map *)in, &a);
	attempts(c, (pb_task_template *)m, (pb_literal_map *)in, &a);
	return 0;
}

#ifdef FUZZING
/* One of the two messages is changed; the length between them is right. */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max,
    unsigned int seed)
{
	size_t len, front, made;
	uint8_t *inputs;

	/* Without room for a byte more libFuzzer writes one all the same. */
	if (n < 2 || n == max || seed % 16 == 0)
		return LLVMFuzzerMutate(data, n, max);
	len = MIN((size_t)(data[0] & 0x3f) << 8 | data[1], n - 2);
	front = n - len;
	if (seed % 2 == 0) {
		made = mutate_wire(data + front, len, MIN(max - front,
		    (size_t)0x3fff), seed / 16, 0);
		data[0] = (uint8_t)((data[0] & 0xc0) | made >> 8);
		data[1] = (uint8_t)made;
		return front + made;
	}
	inputs = xcalloc(len + 1, 1);
	memcpy(inputs, data + front, len);
	made = mutate_wire(data + 2, front - 2, max - len - 2, seed / 16, 0);
	memcpy(data + 2 + made, inputs, len);
	free(inputs);
	return 2 + made + len;
}
#endif
