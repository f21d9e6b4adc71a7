#include "task/contract_p.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "idl/literal.h"
#include "idl/wire.h"
#include "sys/file.h"

/*
 * Flyte's container contract: inputs.pb at {{.input}}; error.pb, futures.pb
 * and outputs.pb at {{.outputPrefix}}.
 */

/* 1 if a word of the command mentions the template, in any spelling. */
static int
words_mention(const struct contract *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n_argv; i++)
		if (strstr(c->argv[i], "{{") != NULL &&
		    strcasestr(c->argv[i], name) != NULL)
			return 1;
	return 0;
}

static int
write_message(const char *path, const ProtobufCMessage *m, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	wire_pack(m, &b);
	return file_replace(AT_FDCWD, path, b.p, b.n, 0, e);
}

/*
 * The inputs with each of the names as a list of what it is.  In Flyte the
 * command sees the map's whole lists and the index of its item; a list of that
 * item alone, with index 0, says as much and costs each element the same.
 */
static const pb_literal_map *
as_lists(const pb_literal_map *in, char *const *names, struct arena *a)
{
	typedef Flyteidl__Core__LiteralMap__LiteralsEntry entry;
	pb_literal_map *m = literal_map_new(a);
	pb_literal **item;
	size_t i, k;

	m->n_literals = in->n_literals;
	m->literals = arena_new_n(a, in->n_literals, entry *);
	for (i = 0; i < in->n_literals; i++) {
		m->literals[i] = in->literals[i];
		for (k = 0; names[k] != NULL; k++)
			if (strcmp(names[k], in->literals[i]->key) == 0)
				break;
		if (names[k] == NULL)
			continue;
		m->literals[i] = arena_alloc(a, sizeof(entry));
		*m->literals[i] = *in->literals[i];
		item = arena_new(a, pb_literal *);
		*item = in->literals[i]->value;
		m->literals[i]->value = literal_list(a, item, 1);
	}
	return m;
}

int
contract_write_inputs_pb(const struct contract *c, const struct attempt *at,
    struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	const pb_literal_map *m = at->inputs;

	if (m == NULL)
		m = literal_map_new(&a);
	if (c->lists != NULL)
		m = as_lists(m, c->lists, &a);
	if (words_mention(c, "input") &&
	    write_message(attempt_path(at, &a, "inputs.pb"), &m->base, e) < 0)
		return -1;
	if (words_mention(c, "taskTemplatePath") &&
	    write_message(attempt_path(at, &a, "task.pb"), &c->task->base,
	    e) < 0)
		return -1;
	return 0;
}

/*
 * A message the task wrote.  0 with *ret; 1: the file is not there; 2: it is
 * no such message (*ret_why); -1: it can not be read.
 */
static int
read_message(const char *path, const ProtobufCMessageDescriptor *d,
    struct arena *a, ProtobufCMessage **ret, const char **ret_why,
    struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct stat st;

	if (stat(path, &st) < 0)
		return errno == ENOENT ? 1 : err_sys(e, "%s", path);
	if (file_read(AT_FDCWD, path, MAX_MESSAGE_BYTES, &b, e) < 0) {
		if (e->kind != ERR_USAGE)
			return -1;
	} else if (wire_unpack(d, strbuf_str(&b), a, ret, e) == 0) {
		return 0;
	}
	*ret_why = arena_strdup(a, e->msg);
	err_clear(e);
	return 2;
}

/* pod/plugin.go: what error.pb says goes before everything else. */
static void
take_error(const pb_error_document *doc, struct arena *a,
    struct collected *ret)
{
	const pb_container_error *x = doc->error;
	Flyteidl__Core__ExecutionError__ErrorKind kind;

	if (x == NULL) {
		collected_error(ret, a,
		    FLYTEIDL__CORE__EXECUTION_ERROR__ERROR_KIND__SYSTEM, 1,
		    "ErrorFileBadFormat", "error.pb holds no error");
		return;
	}
	kind = x->origin;
	collected_error(ret, a, kind, x->kind ==
	    FLYTEIDL__CORE__CONTAINER_ERROR__KIND__RECOVERABLE, x->code, "%s",
	    x->message);
	ret->error->timestamp = x->timestamp;
	ret->error->worker = x->worker;
}

static int
read_error(const char *dir, struct arena *a, struct collected *ret,
    struct err *e)
{
	ProtobufCMessage *m;
	const char *why;
	int k = read_message(arena_printf(a, "%s/error.pb", dir),
	    &flyteidl__core__error_document__descriptor, a, &m, &why, e);

	if (k == 0)
		take_error((pb_error_document *)m, a, ret);
	else if (k == 2)
		collected_error(ret, a,
		    FLYTEIDL__CORE__EXECUTION_ERROR__ERROR_KIND__SYSTEM, 1,
		    "ErrorFileBadFormat", "error.pb: %s", why);
	return k;
}

static int
read_futures(const char *dir, struct arena *a, struct collected *ret,
    struct err *e)
{
	const char *path = arena_printf(a, "%s/futures.pb", dir);
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (access(path, F_OK) < 0)
		return 0;
	if (file_read(AT_FDCWD, path, MAX_MESSAGE_BYTES, &b, e) < 0)
		return -1;
	ret->futures = arena_str(a, strbuf_str(&b));
	return 0;
}

static int
read_outputs_pb(const struct contract *c, const char *dir, struct arena *a,
    struct collected *ret, struct err *e)
{
	const pb_typed_interface *iface = c->task->interface;
	const char *why = NULL;
	ProtobufCMessage *m;
	int k;

	if (iface == NULL || iface->outputs == NULL ||
	    iface->outputs->n_variables == 0) {
		ret->outputs = literal_map_new(a);
		return 0;
	}
	k = read_message(arena_printf(a, "%s/outputs.pb", dir),
	    &flyteidl__core__literal_map__descriptor, a, &m, &why, e);
	if (k < 0)
		return -1;
	if (k == 1)
		collected_error(ret, a,
		    FLYTEIDL__CORE__EXECUTION_ERROR__ERROR_KIND__UNKNOWN, 1,
		    "OutputsNotFound", "the task left no outputs.pb");
	else if (k == 2)
		collected_error(ret, a,
		    FLYTEIDL__CORE__EXECUTION_ERROR__ERROR_KIND__UNKNOWN, 1,
		    "OutputsNotFound", "outputs.pb: %s", why);
	else if (contract_check_outputs(iface, (pb_literal_map *)m, a,
	    &why) < 0)
		collected_error(ret, a,
		    FLYTEIDL__CORE__EXECUTION_ERROR__ERROR_KIND__USER, 0,
		    "OutputsNotFound", "%s", why);
	else
		ret->outputs = (pb_literal_map *)m;
	return 0;
}

int
contract_collect_flyte(const struct contract *c, const struct attempt *at,
    const struct proc_end *end, struct arena *a, struct collected *ret,
    struct err *e)
{
	const char *dir = attempt_path(at, a, "outputs");
	int k = read_error(dir, a, ret, e);

	if (k != 1)
		return k < 0 ? -1 : 0;
	if (end != NULL && end->code != 0)
		return 0;	/* the caller says how it ended */
	if (read_futures(dir, a, ret, e) < 0)
		return -1;
	if (ret->futures.p != NULL)
		return 0;
	return read_outputs_pb(c, dir, a, ret, e);
}
