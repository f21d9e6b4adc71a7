#include <unistd.h>

#include "idl/entity.h"
#include "idl/literal.h"
#include "idl/pbhash.h"
#include "idl/semantic.h"
#include "idl/wire.h"
#include "task/contract.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "mutate.h"

/*
 * A core.TaskTemplate as a package brings it, then, after its length in two
 * bytes, the inputs: is it a task that can run here, and with which words and
 * files?  No file is written outside of the attempt's folder.
 */

static char *const environment[] = {
	(char[]){ "PATH=/usr/bin:/bin" }, (char[]){ "HOME=/h" }, NULL
};
static const struct contract_world world = {
	.environ = environment, .code = "/code", .jqrun = "/bin/true",
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

static void
prepare(const struct contract *c, const pb_literal_map *inputs,
    struct arena *a)
{
	static char base[128], dir[160], stray[160];
	struct attempt at = { .project = "p", .domain = "d",
	    .execution = "x", .node = "n", .dir = dir, .inputs = inputs };
	struct command cmd = { .in = -1 };
	struct stat st;
	struct err e;

	snprintf(base, sizeof(base), "%s/task", fuzz_dir());
	snprintf(dir, sizeof(dir), "%s/attempt", base);
	snprintf(stray, sizeof(stray), "%s/n", base);
	if (file_mkdirs(AT_FDCWD, dir, &e) < 0)
		BUG("%s", e.msg);
	if (contract_prepare(c, &at, a, &cmd, &e) == 0)
		check_command(&cmd);
	command_release(&cmd);
	if (stat(base, &st) < 0 || st.st_nlink != 3)
		BUG("something beside the attempt's folder");
	if (file_remove(AT_FDCWD, base, &e) < 0)
		BUG("%s", e.msg);
}

static void
look(const pb_task_template *t, const struct contract *c)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	unsigned char digest[SEMANTIC_SIZE], again[SEMANTIC_SIZE];

	contract_add_command(c, NULL, &b);
	if (contract_kind(c) >= CONTRACT_KIND_MAX || contract_timeout(c) < 0)
		BUG("a kind or timeout that is none");
	semantic_digest(&t->base, digest);
	semantic_digest(&t->base, again);
	if (memcmp(digest, again, sizeof(digest)) != 0)
		BUG("two digests");
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
	len = MIN((size_t)data[0] << 8 | data[1], bytes.n);
	rest = (struct str){ bytes.p + bytes.n - len, len };
	bytes.n -= len;
	if (wire_unpack(&flyteidl__core__task_template__descriptor, bytes, &a,
	    &m, &e) < 0 || wire_unpack(
	    &flyteidl__core__literal_map__descriptor, rest, &a, &in, &e) < 0)
		return 0;
	if (contract_new((pb_task_template *)m, &world, &c, &e) < 0) {
		if (e.msg[0] == '\0')
			BUG("no reason");
		return 0;
	}
	look((pb_task_template *)m, c);
	prepare(c, (pb_literal_map *)in, &a);
	return 0;
}

#ifdef FUZZING
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max,
    unsigned int seed)
{
	return mutate_wire(data, n, max, seed, 2);
}
#endif
