#include "task/contract_p.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/utf8.h"
#include "idl/literal.h"
#include "idl/render.h"
#include "idl/type.h"
#include "idl/value.h"
#include "store/blob.h"
#include "sys/file.h"

/* The outputs of the file contract, from the folder they were written to. */

/* Reading the outputs of one attempt; faults are the task's. */
struct reading {
	const struct contract	*contract;
	struct arena		*arena;
	const char		*fault;		/* without the output's name */
};

static int
fault(struct reading *r, const char *fmt, ...) printf_like(2, 3);

/* Always 1: the task's fault, which is no error of ours. */
static int
fault(struct reading *r, const char *fmt, ...)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	r->fault = arena_strdup(r->arena, b.p);
	return 1;
}

static int
name_fault(struct reading *r, const char *name, const char *what)
{
	c_strbuf struct strbuf shown = STRBUF_INIT;

	value_add_cut(&shown, str_of(name), 60);
	return fault(r, "the name \"%s\" in it %s", shown.p, what);
}

/*
 * All of these: 0 and *ret, 1 with the fault set, or -1 with the error.
 */
static int	read_output(struct reading *, const char *path,
		    const pb_literal_type *, unsigned depth, pb_literal **ret,
		    struct err *) must_check;

static int
read_blob(struct reading *r, const char *path, const pb_literal_type *t,
    const struct stat *st, pb_literal **ret, struct err *e)
{
	int multipart = t->blob->dimensionality ==
	    FLYTEIDL__CORE__BLOB_TYPE__BLOB_DIMENSIONALITY__MULTIPART;
	c_strbuf struct strbuf where = STRBUF_INIT, hash = STRBUF_INIT;
	struct store *store;
	struct stat self;
	struct blob blob;

	if (multipart != S_ISDIR(st->st_mode))
		return fault(r, "expected a %s, found a %s",
		    multipart ? "folder" : "file",
		    S_ISDIR(st->st_mode) ? "folder" : "file");
	/* A link leads to something that is not ours to take away. */
	if (lstat(path, &self) < 0)
		return err_sys(e, "%s", path);
	if (contract_store(r->contract, &store, e) < 0 ||
	    blob_put(store, AT_FDCWD, path, S_ISLNK(self.st_mode) ? 0 :
	    BLOB_ADOPT, &blob, e) < 0)
		return -1;
	blob_add_path(store, &blob, &where);
	blob_add_hash(&blob, &hash);
	*ret = literal_blob(r->arena, strbuf_str(&where), t->blob->format,
	    multipart);
	(*ret)->hash = arena_strdup(r->arena, hash.p);
	return 0;
}

static int
read_text(struct reading *r, const char *path, const pb_literal_type *t,
    pb_literal **ret, struct err *e)
{
	static const struct value_ctx ctx = { .mode = VALUE_CLI };
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (file_read(AT_FDCWD, path, MAX_VALUE_BYTES, &b, e) < 0)
		return e->kind == ERR_USAGE ? fault(r, "%s", e->msg) : -1;
	if (literal_read_text(t, strbuf_str(&b), &ctx, r->arena, ret, e) < 0)
		return fault(r, "%s", e->msg);
	return 0;
}

/*
 * How many elements a folder has: 0, 1 and so on.  Whatever else is in it
 * would be lost without a word.
 */
static int
count_list(struct reading *r, const char *path, size_t *ret, struct err *e)
{
	DIR *d = opendir(path);
	uint64_t number, last = 0;
	const struct dirent *de;
	size_t n = 0;
	int k = 0, more = 1;

	if (d == NULL)
		return err_sys(e, "%s", path);
	while (k == 0 && (more = file_next_entry(d, &de)) > 0) {
		if (de->d_name[0] == '.')
			continue;
		n++;
		if (num_parse_u64(str_of(de->d_name), 0, INT32_MAX,
		    &number) < 0 || (de->d_name[0] == '0' &&
		    de->d_name[1] != '\0'))
			k = name_fault(r, de->d_name, "is no element: the "
			    "names of a list are 0, 1 and so on");
		else
			last = MAX(last, number);
	}
	if (more < 0)
		k = err_sys(e, "%s", path);
	closedir(d);
	if (k == 0 && n > 0 && last != n - 1)
		k = fault(r, "has %zu element%s, of which the last is %llu: "
		    "one before it is missing", n, n == 1 ? "" : "s",
		    (unsigned long long)last);
	*ret = n;
	return k;
}

static int
read_list(struct reading *r, const char *path, const pb_literal_type *item,
    unsigned depth, pb_literal **ret, struct err *e)
{
	pb_literal **items;
	size_t i, n;
	int k = count_list(r, path, &n, e);

	if (k != 0)
		return k;
	items = arena_new_n(r->arena, n + 1, pb_literal *);
	for (i = 0; k == 0 && i < n; i++)
		k = read_output(r, arena_printf(r->arena, "%s/%zu", path, i),
		    item, depth, &items[i], e);
	if (k == 0)
		*ret = literal_list(r->arena, items, n);
	return k;
}

static int
read_map(struct reading *r, const char *path, const pb_literal_type *value,
    unsigned depth, pb_literal **ret, struct err *e)
{
	pb_literal_map *m = literal_map_new(r->arena);
	DIR *d = opendir(path);
	const struct dirent *de;
	int k = 0, more = 1;

	if (d == NULL)
		return err_sys(e, "%s", path);
	while (k == 0 && (more = file_next_entry(d, &de)) > 0) {
		pb_literal *l = NULL;

		if (strcmp(de->d_name, ".") == 0 ||
		    strcmp(de->d_name, "..") == 0)
			continue;
		if (utf8_bad_at(str_of(de->d_name)) != strlen(de->d_name)) {
			k = name_fault(r, de->d_name, "is not valid UTF-8");
			break;
		}
		k = read_output(r, arena_printf(r->arena, "%s/%s", path,
		    de->d_name), value, depth, &l, e);
		if (k == 0)
			literal_map_put(m, r->arena, de->d_name, l);
	}
	if (more < 0)
		k = err_sys(e, "%s", path);
	closedir(d);
	if (k == 0)
		*ret = literal_map(r->arena, m);
	return k;
}

static int
read_output(struct reading *r, const char *path, const pb_literal_type *t,
    unsigned depth, pb_literal **ret, struct err *e)
{
	struct stat st;

	if (depth >= MAX_DEPTH)
		return fault(r, "is nested deeper than %d levels", MAX_DEPTH);
	if (stat(path, &st) < 0)
		return errno == ENOENT || errno == ELOOP ?
		    fault(r, "is missing") : err_sys(e, "%s", path);
	if (t->type_case == FLYTEIDL__CORE__LITERAL_TYPE__TYPE_BLOB)
		return read_blob(r, path, t, &st, ret, e);
	if (S_ISREG(st.st_mode))
		return read_text(r, path, t, ret, e);
	if (!S_ISDIR(st.st_mode))
		return fault(r, "is neither a file nor a folder");
	if (t->type_case ==
	    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_COLLECTION_TYPE)
		return read_list(r, path, t->collection_type, depth + 1, ret,
		    e);
	if (t->type_case == FLYTEIDL__CORE__LITERAL_TYPE__TYPE_MAP_VALUE_TYPE)
		return read_map(r, path, t->map_value_type, depth + 1, ret, e);
	return fault(r, "expected a file, found a folder");
}

/*
 * The file of an output: NAME, or the only NAME.something (copilot takes
 * that too); NAME if there is none or more than one.
 */
static int
output_path(const char *dir, const char *name, struct arena *a,
    const char **ret, struct err *e)
{
	const char *found = NULL;
	const struct dirent *de;
	struct stat st;
	size_t n = strlen(name), all = 0;
	int more;
	DIR *d;

	*ret = arena_join(a, dir, '/', name);
	if (lstat(*ret, &st) == 0)
		return 0;
	d = opendir(dir);
	if (d == NULL)
		return errno == ENOENT || errno == ENOTDIR ? 0 :
		    err_sys(e, "%s", dir);
	while ((more = file_next_entry(d, &de)) > 0)
		if (strncmp(de->d_name, name, n) == 0 &&
		    de->d_name[n] == '.' && all++ == 0)
			found = arena_join(a, dir, '/', de->d_name);
	if (more < 0)
		more = err_sys(e, "%s", dir);
	closedir(d);
	if (all == 1)
		*ret = found;
	return more;
}

/* The variant of a union that is a file or folder, or NULL. */
static const pb_literal_type *
blob_variant(const pb_literal_type *t)
{
	size_t i;

	if (t->type_case != FLYTEIDL__CORE__LITERAL_TYPE__TYPE_UNION_TYPE)
		return NULL;
	for (i = 0; i < t->union_type->n_variants; i++)
		if (t->union_type->variants[i]->type_case ==
		    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_BLOB)
			return t->union_type->variants[i];
	return NULL;
}

static int
read_variable(struct reading *r, const char *dir, const char *name,
    const pb_literal_type *t, pb_literal **ret, struct err *e)
{
	const pb_literal_type *variant = blob_variant(t);
	const char *path;
	pb_literal *l = NULL;
	int k;

	if (!contract_is_file_name(name))
		return fault(r, "can not be the name of a file");
	if (output_path(dir, name, r->arena, &path, e) < 0)
		return -1;
	if (variant == NULL)
		return read_output(r, path, t, 0, ret, e);
	k = read_output(r, path, variant, 0, &l, e);
	if (k == 0)
		*ret = literal_union(r->arena, l,
		    (pb_literal_type *)(uintptr_t)variant);
	return k;
}

int
contract_read_outputs(const struct contract *c, const struct attempt *at,
    struct arena *a, pb_literal_map **ret, const char **ret_fault,
    struct err *e)
{
	const pb_typed_interface *iface = c->task->interface;
	const pb_variable_map *v = iface == NULL ? NULL : iface->outputs;
	struct reading r = { c, a, NULL };
	pb_literal_map *m = literal_map_new(a);
	const char *dir = attempt_path(at, a, "outputs");
	size_t i;

	for (i = 0; v != NULL && i < v->n_variables; i++) {
		const char *name = v->variables[i]->key;
		const pb_literal_type *t = v->variables[i]->value->type;
		c_strbuf struct strbuf type = STRBUF_INIT;
		pb_literal *l = NULL;
		int k = read_variable(&r, dir, name, t, &l, e);

		if (k < 0)
			return err_wrap(e, "output %s", name);
		if (k > 0) {
			type_add_name(&type, t);
			*ret_fault = arena_printf(a, "output %s (%s): %s",
			    name, type.p, r.fault);
			return 0;
		}
		literal_map_put(m, a, name, l);
	}
	if (contract_check_outputs(iface, m, a, ret_fault) < 0)
		return 0;
	*ret = m;
	return 0;
}
