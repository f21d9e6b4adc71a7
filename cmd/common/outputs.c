#include "common/outputs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/utf8.h"
#include "common/context.h"
#include "common/folder.h"
#include "data/jqx.h"
#include "idl/literal.h"
#include "idl/litout.h"
#include "idl/type.h"
#include "idl/value.h"
#include "idl/wire.h"
#include "sys/file.h"

/* Columns of the list on a terminal. */
#define LIST_WIDTH	76

void
outputs_release(struct outputs_options *o)
{
	VEC_RELEASE(&o->pick);
}

/* The path of NAME=PATH, or NULL; the name is text up to there. */
static const char *
pick_path(const char *pick, struct str *ret_name)
{
	const char *eq = strchrnul(pick, '=');

	*ret_name = (struct str){ pick, (size_t)(eq - pick) };
	return *eq == '=' ? eq + 1 : NULL;
}

static int
to_stdout(const char *path)
{
	return path == NULL || strcmp(path, "-") == 0;
}

static int
is_folder(const pb_literal_type *t)
{
	return t->type_case == FLYTEIDL__CORE__LITERAL_TYPE__TYPE_BLOB &&
	    t->blob->dimensionality ==
	    FLYTEIDL__CORE__BLOB_TYPE__BLOB_DIMENSIONALITY__MULTIPART;
}

/* A result that could not be written is found out before the work. */
static int
check_target(const char *path, const pb_literal_type *t, struct err *e)
{
	const char *slash = strrchr(path, '/');
	c_free char *dir = NULL;
	struct stat st;

	if (is_folder(t) && strcmp(path, "-") == 0)
		return err_set(e, ERR_USAGE, "-o: a folder can not be written "
		    "to stdout");
	if (is_folder(t) && folder_check(path, e) < 0)
		return -1;
	if (!is_folder(t) && stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return err_set(e, ERR_USAGE, "-o: %s: is a folder, and the "
		    "output none: name a file", path);
	while (is_folder(t) && slash > path && slash[1] == '\0')
		slash = memrchr(path, '/', (size_t)(slash - path));
	if (slash == NULL)
		return 0;
	dir = xstrndup(path, (size_t)(slash - path) + 1);
	if (stat(dir, &st) == 0)
		return 0;
	return err_named(e, ERR_USAGE, "-o: %s", dir);
}

static int
check_pick(const char *pick, const pb_variable_map *declared, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct str name;
	const char *path = pick_path(pick, &name);
	size_t i;

	if (path != NULL && *path == '\0')
		return err_set(e, ERR_USAGE, "-o %s: a path is missing after "
		    "the \"=\"", pick);
	for (i = 0; declared != NULL && i < declared->n_variables; i++)
		if (str_is(name, declared->variables[i]->key))
			return path == NULL ? 0 : check_target(path,
			    declared->variables[i]->value->type, e);
	type_add_variables(&b, declared);
	return err_set(e, ERR_USAGE, "-o " STR_FMT ": no such output; it "
	    "gives %s", STR_ARG(name), b.p);
}

int
outputs_check(const struct outputs_options *o,
    const pb_variable_map *declared, struct err *e)
{
	struct str name;
	c_jqx struct jqx *jq = NULL;
	int stdouts = o->jq != NULL;
	size_t i;

	for (i = 0; i < o->pick.n; i++) {
		if (check_pick(o->pick.at[i], declared, e) < 0)
			return -1;
		stdouts += to_stdout(pick_path(o->pick.at[i], &name));
	}
	if (stdouts > 1)
		return err_set(e, ERR_USAGE, "several values for one standard "
		    "output; write all but one to files (-o NAME=PATH)");
	if (o->jq_ints != NULL && strcmp(o->jq_ints, "text") != 0)
		return err_set(e, ERR_USAGE, "--jq-ints: expected text, given "
		    "%s", GIVEN(o->jq_ints));
	if (o->jq != NULL && jqx_new(str_of(o->jq), &jq, e) < 0)
		return err_wrap(e, "--jq");
	return 0;
}

/* ---- one output ---------------------------------------------------------- */

static int
copy_to_fd(const char *from, int fd, const char *name, struct err *e)
{
	c_close int in = open(from, O_RDONLY | O_CLOEXEC);
	char buf[65536];
	ssize_t n;

	if (in < 0)
		return err_sys(e, "%s", from);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (file_write_all(fd, buf, (size_t)n) < 0)
			return err_sys(e, "%s", name);
	return n < 0 ? err_sys(e, "%s", from) : 0;
}

/* A file, a device or a pipe; the first by a temporary file and rename. */
static int
write_file(const char *from, struct str text, const char *path,
    struct err *e)
{
	c_temp struct temp t = TEMP_INIT;
	c_close int fd = -1;
	struct stat st;
	int special = stat(path, &st) == 0 && !S_ISREG(st.st_mode);

	if (special) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		if (fd < 0)
			return err_sys(e, "%s", path);
	} else if (temp_open(AT_FDCWD, path, 0, &t, e) < 0) {
		return -1;
	}
	if (from != NULL && special) {
		if (copy_to_fd(from, fd, path, e) < 0)
			return -1;
	} else if (from != NULL) {
		c_close int in = open(from, O_RDONLY | O_CLOEXEC);

		if (in < 0)
			return err_sys(e, "%s", from);
		if (file_copy_fd(in, t.fd, path, e) < 0)
			return -1;
	} else if (file_write_all(special ? fd : t.fd, text.p, text.n) < 0) {
		return err_sys(e, "%s", path);
	}
	return special ? 0 : temp_replace(&t, 0, e);
}

static int
is_binary(const pb_literal *l)
{
	const pb_literal *v = literal_unwrap(l);

	return v->value_case == FLYTEIDL__CORE__LITERAL__VALUE_SCALAR &&
	    v->scalar->value_case == FLYTEIDL__CORE__SCALAR__VALUE_BINARY &&
	    !literal_is_struct(v);
}

static int
add_bare(struct strbuf *b, struct str literal, struct err *e)
{
	struct litout o = { .text = STRBUF_INIT, .plain = 1 };
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;
	int r;

	if (litout_is_json(literal)) {
		r = litout_literal(&o, literal, e);
		*b = o.text;
		strbuf_addch(b, '\n');
		return r;
	}
	if (wire_unpack(&flyteidl__core__literal__descriptor, literal, &a, &m,
	    e) < 0)
		return -1;
	value_add_bare(b, (pb_literal *)m);
	if (!is_binary((pb_literal *)m))
		strbuf_addch(b, '\n');
	return 0;
}

static int
write_text(struct str text, const char *path, struct err *e)
{
	if (!to_stdout(path))
		return write_file(NULL, text, path, e);
	if (fflush(stdout) != 0 || file_write_all(1, text.p, text.n) < 0)
		return err_sys(e, "standard output");
	return 0;
}

static int
write_blob(struct context *c, const pb_blob *blob, const char *path,
    struct err *e)
{
	const char *from = value_local_path(blob->uri);
	struct stat st;

	if (from == NULL)
		return err_set(e, ERR_REFUSED, "%s: only local files can be "
		    "written out", blob->uri);
	if (stat(from, &st) < 0)
		return err_sys(e, "%s", from);
	if (S_ISDIR(st.st_mode))
		return folder_write(c, from, path, e);
	if (!to_stdout(path))
		return write_file(from, STR(""), path, e);
	if (fflush(stdout) != 0)
		return err_sys(e, "standard output");
	return copy_to_fd(from, 1, "standard output", e);
}

/* A blob's content, else the bare value. */
static int
write_output(struct context *c, struct str literal, const char *path,
    struct err *e)
{
	c_strbuf struct strbuf text = STRBUF_INIT;
	c_arena struct arena a = ARENA_INIT;
	const pb_blob *blob;
	ProtobufCMessage *m;

	if (!litout_is_json(literal)) {
		if (wire_unpack(&flyteidl__core__literal__descriptor, literal,
		    &a, &m, e) < 0)
			return -1;
		blob = literal_as_blob((pb_literal *)m);
		if (blob != NULL)
			return write_blob(c, blob, path, e);
	}
	if (add_bare(&text, literal, e) < 0)
		return -1;
	return write_text(strbuf_str(&text), path, e);
}

static int
print_pick(struct context *c, const char *pick, struct str map,
    struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct str name, literal;
	const char *path = pick_path(pick, &name);

	literal = wire_map_get(map, name);
	if (literal.p == NULL)
		return err_set(e, ERR_FAILED, "output " STR_FMT
		    ": is not there", STR_ARG(name));
	if (path != NULL && write_output(c, literal, path, e) < 0) {
		if (e->kind == ERR_MISSING || e->kind == ERR_USAGE)
			e->kind = ERR_SYS;
		return err_wrap(e, "output " STR_FMT, STR_ARG(name));
	}
	if (path != NULL)
		return 0;
	if (add_bare(&b, literal, e) < 0)
		return -1;
	fwrite(b.p, 1, b.n, stdout);
	return 0;
}

/* ---- all of them --------------------------------------------------------- */

/* The path of a file is there to be used: never cut. */
static size_t
room_for(struct str literal, size_t width)
{
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;
	struct err ignored;

	if (litout_is_json(literal))
		return width;
	if (wire_unpack(&flyteidl__core__literal__descriptor, literal, &a, &m,
	    &ignored) < 0) {
		err_clear(&ignored);
		return width;
	}
	return literal_as_blob((pb_literal *)m) == NULL ? width :
	    MAX(width, PATH_MAX);
}

static int
print_line(struct str name, struct str literal, size_t width, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_addstr(&b, name);
	strbuf_pad(&b, ' ', width + 2 - name.n);
	if (litout_add_short(&b, literal, room_for(literal, width + 20 <
	    LIST_WIDTH ? LIST_WIDTH - width : 20), e) < 0)
		return -1;
	strbuf_addch(&b, '\n');
	fwrite(b.p, 1, b.n, stdout);
	return 0;
}

/* The names of a map made by our writer are in order. */
static int
print_list(struct str map, struct err *e)
{
	struct str key, value;
	struct wire_reader r;
	size_t width = 0;
	int pass, got = 0;

	for (pass = 0; pass < 2 && got >= 0; pass++)
		for (r = wire_reader(map); (got = wire_next_entry(&r, &key,
		    &value, e)) > 0;) {
			width = MAX(width, key.n);
			if (pass > 0 && print_line(key, value, width, e) < 0)
				return -1;
		}
	return got;
}

static int
print_jq(const struct outputs_options *o, struct str map, struct err *e)
{
	c_strbuf struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;
	c_jqx struct jqx *jq = NULL;
	size_t n;

	if (litout_add_plain(&in, map, e) < 0)
		return -1;
	if (jqx_new(str_of(o->jq), &jq, e) < 0 ||
	    jqx_run(jq, strbuf_str(&in), o->jq_ints == NULL ? 0 :
	    JQX_INTS_TEXT, MAX_MESSAGE_BYTES, &out, &n, e) < 0)
		return err_wrap(e, "--jq");
	fwrite(out.p, 1, out.n, stdout);
	return 0;
}

static int
put_text(struct litout *o, struct err *e)
{
	(void)e;
	fwrite(o->text.p, 1, o->text.n, stdout);
	strbuf_reset(&o->text);
	return 0;
}

/* As JSON, never all of it in memory. */
static int
print_json(struct str map, int plain, struct err *e)
{
	struct litout o = { .text = STRBUF_INIT, .plain = plain,
	    .flush = put_text };
	int r = 0;

	/* Always the sole key "literals", so that a reader can tell. */
	if (!plain && map.n == 0)
		strbuf_adds(&o.text, "{\"literals\":{}}");
	else
		r = litout_map(&o, map, e);
	strbuf_addch(&o.text, '\n');
	if (r == 0)
		r = put_text(&o, e);
	strbuf_release(&o.text);
	return r;
}

int
outputs_print(struct context *c, const struct outputs_options *o,
    struct str map, struct err *e)
{
	size_t i;

	for (i = 0; i < o->pick.n; i++)
		if (print_pick(c, o->pick.at[i], map, e) < 0)
			return -1;
	if (o->jq != NULL)
		return print_jq(o, map, e);
	if (o->pick.n > 0 || (o->quiet && !o->plain))
		return 0;
	if (!o->plain && isatty(1))
		return print_list(map, e);
	return print_json(map, o->plain, e);
}
