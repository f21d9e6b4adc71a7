#include "task/contract_p.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "idl/literal.h"
#include "idl/render.h"
#include "idl/type.h"
#include "idl/value.h"
#include "idl/wire.h"
#include "store/blob.h"
#include "sys/file.h"
#include "sys/rewrite.h"

int
contract_is_file_name(const char *s)
{
	return *s != '\0' && strcmp(s, ".") != 0 && strcmp(s, "..") != 0 &&
	    strchr(s, '/') == NULL && strlen(s) <= NAME_MAX;
}

/* ---- inputs -------------------------------------------------------------- */

/* A link to the file or folder: its bytes stay where they are. */
static int
write_link(const char *path, const char *uri, struct err *e)
{
	const char *local = value_local_path(uri);

	if (local == NULL)
		return err_set(e, ERR_REFUSED, "%s: only local files can be "
		    "read so far", uri);
	if (access(local, R_OK) < 0)
		return err_named(e, ERR_USAGE, "%s", local);
	if (symlink(local, path) < 0)
		return err_sys(e, "%s", path);
	return 0;
}

static int
make_empty_dir(const char *path, struct err *e)
{
	if (mkdir(path, 0777) < 0 && errno != EEXIST)
		return err_sys(e, "%s", path);
	return 0;
}

static int	write_input(const char *path, const pb_literal *,
		    unsigned depth, struct arena *, struct err *) must_check;

static int
write_list(const char *path, const pb_literal_collection *l, unsigned depth,
    struct arena *a, struct err *e)
{
	size_t i;

	if (make_empty_dir(path, e) < 0)
		return -1;
	for (i = 0; i < l->n_literals; i++)
		if (write_input(arena_printf(a, "%s/%zu", path, i),
		    l->literals[i], depth, a, e) < 0)
			return -1;
	return 0;
}

static int
write_map(const char *path, const pb_literal_map *m, unsigned depth,
    struct arena *a, struct err *e)
{
	size_t i;

	if (make_empty_dir(path, e) < 0)
		return -1;
	for (i = 0; i < m->n_literals; i++) {
		const char *key = m->literals[i]->key;

		if (!contract_is_file_name(key))
			return err_set(e, ERR_USAGE, "the key \"%.80s\" can "
			    "not be the name of a file", key);
		if (write_input(arena_join(a, path, '/', key),
		    m->literals[i]->value, depth, a, e) < 0)
			return -1;
	}
	return 0;
}

/* The URI of what is a file or folder outside the literal, or NULL. */
static const char *
outside_uri(const pb_literal *l)
{
	if (l->value_case != FLYTEIDL__CORE__LITERAL__VALUE_SCALAR)
		return NULL;
	if (l->scalar->value_case == FLYTEIDL__CORE__SCALAR__VALUE_BLOB)
		return l->scalar->blob->uri;
	if (l->scalar->value_case ==
	    FLYTEIDL__CORE__SCALAR__VALUE_STRUCTURED_DATASET)
		return l->scalar->structured_dataset->uri;
	if (l->scalar->value_case == FLYTEIDL__CORE__SCALAR__VALUE_SCHEMA)
		return l->scalar->schema->uri;
	return NULL;
}

static int
write_input(const char *path, const pb_literal *l, unsigned depth,
    struct arena *a, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const char *uri;

	l = literal_unwrap(l);
	if (depth >= MAX_DEPTH)
		return err_set(e, ERR_USAGE, "is nested deeper than %d levels",
		    MAX_DEPTH);
	if (l->value_case == FLYTEIDL__CORE__LITERAL__VALUE_COLLECTION)
		return write_list(path, l->collection, depth + 1, a, e);
	if (l->value_case == FLYTEIDL__CORE__LITERAL__VALUE_MAP)
		return write_map(path, l->map, depth + 1, a, e);
	uri = outside_uri(l);
	if (uri != NULL)
		return write_link(path, uri, e);
	if (literal_write_text(&b, l, e) < 0)
		return -1;
	return rewrite_file(path, strbuf_str(&b), e);
}

static int
is_stdin(const struct contract *c, const char *name)
{
	return c->stdin_name != NULL && strcmp(c->stdin_name, name) == 0;
}

/* A format that may end a file's name: letters, digits and dots, a few. */
static int
is_extension(const char *format)
{
	size_t n = strspn(format, "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.");

	return n > 0 && n <= 16 && format[n] == '\0' && format[0] != '.';
}

const char *
contract_input_path(const struct contract *c, const struct attempt *at,
    const char *name, const pb_literal *l, struct arena *a)
{
	const pb_blob *b = literal_as_blob(l);
	const char *path = b == NULL ? NULL : value_local_path(b->uri), *ext;

	if (path == NULL || is_stdin(c, name) || b->metadata == NULL ||
	    b->metadata->type == NULL ||
	    b->metadata->type->dimensionality !=
	    FLYTEIDL__CORE__BLOB_TYPE__BLOB_DIMENSIONALITY__SINGLE ||
	    !is_extension(b->metadata->type->format))
		return path;
	ext = arena_printf(a, ".%s", b->metadata->type->format);
	if (str_ends(str_of(path), ext))
		return path;
	return arena_printf(a, "%s/inputs/%s%s", at->dir, name, ext);
}

/* Programs that go by the ending of a name get one with it. */
static int
write_extended(const struct contract *c, const struct attempt *at,
    const char *name, const pb_literal *l, struct arena *a, struct err *e)
{
	const char *path = contract_input_path(c, at, name, l, a);
	const char *local;

	if (path == NULL)
		return 0;
	local = value_local_path(literal_as_blob(l)->uri);
	if (strcmp(path, local) == 0 || symlink(local, path) == 0 ||
	    errno == EEXIST)
		return 0;
	return err_sys(e, "%s", path);
}

/* What copilot lays beside the files: all inputs as one document. */
static int
write_documents(const struct contract *c, const struct attempt *at,
    const char *dir, struct arena *a, struct err *e)
{
	Flyteidl__Core__DataLoadingConfig__LiteralMapFormat format =
	    c->task->container->data_config->format;
	c_strbuf struct strbuf b = STRBUF_INIT;

	wire_pack(&at->inputs->base, &b);
	if (rewrite_file(arena_printf(a, "%s/inputs.pb", dir), strbuf_str(&b),
	    e) < 0)
		return -1;
	if (format ==
	    FLYTEIDL__CORE__DATA_LOADING_CONFIG__LITERAL_MAP_FORMAT__PROTO)
		return 0;
	strbuf_reset(&b);
	value_map_add_json(&b, at->inputs, 1);	/* which is YAML, too */
	return rewrite_file(arena_printf(a, "%s/inputs.%s", dir, format ==
	    FLYTEIDL__CORE__DATA_LOADING_CONFIG__LITERAL_MAP_FORMAT__JSON ?
	    "json" : "yaml"), strbuf_str(&b), e);
}

int
contract_writes_text(const struct contract *c, const struct attempt *at,
    const char *name)
{
	const pb_literal *l = literal_map_get(at->inputs, name);

	if (l == NULL || is_stdin(c, name))
		return 0;
	l = literal_unwrap(l);
	return l->value_case == FLYTEIDL__CORE__LITERAL__VALUE_SCALAR &&
	    outside_uri(l) == NULL;
}

int
contract_write_inputs(const struct contract *c, const struct attempt *at,
    struct arena *a, struct err *e)
{
	const pb_literal_map *m = at->inputs;
	const char *dir;
	size_t i;

	if (m == NULL || m->n_literals == 0 ||
	    (m->n_literals == 1 && is_stdin(c, m->literals[0]->key)))
		return 0;
	dir = attempt_path(at, a, "inputs");
	if (!(at->has & FOLDER_INPUTS) && make_empty_dir(dir, e) < 0)
		return -1;
	for (i = 0; i < m->n_literals; i++) {
		const char *name = m->literals[i]->key;

		if (is_stdin(c, name))
			continue;
		if (!contract_is_file_name(name))
			return err_set(e, ERR_SPEC, "input \"%.80s\": can not "
			    "be the name of a file", name);
		if (write_input(arena_join(a, dir, '/', name),
		    m->literals[i]->value, 0, a, e) < 0 ||
		    (!c->raw && write_extended(c, at, name,
		    m->literals[i]->value, a, e) < 0))
			return err_wrap(e, "input %s", name);
	}
	return c->raw ? write_documents(c, at, dir, a, e) : 0;
}

/* The text on a descriptor of its own, at its start. */
static int
open_text(struct str text, int *ret, struct err *e)
{
	int fd = memfd_create("stdin", MFD_CLOEXEC);

	if (fd < 0)
		return err_sys(e, "memfd_create");
	if (file_write_all(fd, text.p, text.n) < 0 || lseek(fd, 0, SEEK_SET) < 0) {
		close(fd);
		return err_sys(e, "stdin");
	}
	*ret = fd;
	return 0;
}

int
contract_open_stdin(const struct contract *c, const struct attempt *at,
    int *ret, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const pb_literal *l;
	const char *uri, *local;

	if (c->stdin_name == NULL)
		return 0;
	l = literal_map_get(at->inputs, c->stdin_name);
	if (l == NULL)
		return err_set(e, ERR_USAGE, "input %s: no value",
		    c->stdin_name);
	l = literal_unwrap(l);
	uri = outside_uri(l);
	if (uri == NULL) {
		if (literal_write_text(&b, l, e) < 0) {
			err_clear(e);
			strbuf_reset(&b);
			value_add_json(&b, l);
		}
		return open_text(strbuf_str(&b), ret, e);
	}
	local = value_local_path(uri);
	if (local == NULL)
		return err_set(e, ERR_REFUSED, "input %s: %s: only local "
		    "files can be read so far", c->stdin_name, uri);
	*ret = open(local, O_RDONLY | O_CLOEXEC);
	if (*ret < 0)
		return err_named(e, ERR_USAGE, "input %s: %s", c->stdin_name,
		    local);
	return 0;
}
