/* Giving each input of an interface its value. */
#include "common/inputs_p.h"

#include <fcntl.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "idl/literal.h"
#include "idl/type.h"
#include "store/blob.h"
#include "sys/file.h"

static void
add_given_list(struct strbuf *b, const struct inputs *in)
{
	size_t i, n = 0;

	for (i = 0; i < in->words.n; i++)
		strbuf_addf(b, "%s%s", n++ == 0 ? "" : ", ",
		    in->words.at[i].name);
	for (i = 0; i < in->given.n; i++) {
		strbuf_adds(b, n++ == 0 ? "" : ", ");
		given_add_name_type(b, in->given.at[i]);
	}
	if (n == 0)
		strbuf_adds(b, "nothing");
}

/* Adds "; it takes ...; given: ..." to what went wrong. */
static int
both_sides(const struct inputs *in, const struct wants *w, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_adds(&b, e->msg);
	strbuf_adds(&b, "; it takes ");
	wants_add_list(&b, w);
	strbuf_adds(&b, "; given: ");
	add_given_list(&b, in);
	return err_set(e, ERR_USAGE, "%s", b.p);
}

/* A fault of the inputs as a whole. */
static int printf_like(4, 5)
mismatch(const struct inputs *in, const struct wants *w, struct err *e,
    const char *fmt, ...)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	(void)!err_set(e, ERR_USAGE, "%s", b.p);
	return both_sides(in, w, e);
}

struct binding {
	struct inputs		*in;
	const struct wants	*wants;
	pb_literal_map		*map;
	struct value_ctx	 values;
};

/* The want of a value given for name, or NULL with the error set. */
static const struct want *
want_for(struct binding *b, const char *name, struct err *e)
{
	const struct want *w = wants_find(b->wants, name);

	if (w != NULL && !w->fixed)
		return w;
	if (w == NULL)
		(void)mismatch(b->in, b->wants, e, "%s: no such input", name);
	else
		(void)!err_set(e, ERR_USAGE, "input %s: is fixed by the "
		    "launch plan", name);
	return NULL;
}

static int
is_file_type(const pb_literal_type *t, int *ret_multipart,
    const char **ret_format)
{
	if (t->type_case != FLYTEIDL__CORE__LITERAL_TYPE__TYPE_BLOB)
		return 0;
	*ret_multipart = t->blob->dimensionality ==
	    FLYTEIDL__CORE__BLOB_TYPE__BLOB_DIMENSIONALITY__MULTIPART;
	*ret_format = t->blob->format;
	return 1;
}

/* What a stream gives, kept as a file of the store. */
static int
blob_of_stream(struct binding *b, const struct want *w, int fd,
    const char *name, const char *format, pb_literal **ret, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT, hash = STRBUF_INIT;
	struct store *store;
	struct blob blob;

	if (context_store(b->in->context, &store, e) < 0 ||
	    blob_put_fd(store, fd, name, &blob, e) < 0)
		return err_wrap(e, "input %s", w->name);
	blob_add_path(store, &blob, &path);
	blob_add_hash(&blob, &hash);
	*ret = literal_blob(b->in->arena, strbuf_str(&path), format, 0);
	(*ret)->hash = arena_strdup(b->in->arena, hash.p);
	return 0;
}

/*
 * A pipe or a device for a file, such as the /dev/fd/63 that a shell makes of
 * <(...): 1 with what it gives, 0 if the path is no such thing.
 */
static int
stream_value(struct binding *b, const struct want *w, const char *path,
    pb_literal **ret, struct err *e)
{
	c_close int fd = -1;
	const char *format;
	struct stat st;
	int multipart;

	if (!is_file_type(w->type, &multipart, &format) || multipart ||
	    stat(path, &st) < 0 || S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return err_sys(e, "input %s: %s", w->name, path);
	return blob_of_stream(b, w, fd, path, format, ret, e) < 0 ? -1 : 1;
}

/* name=@FILE and name=@-: the bytes. */
static int
content_value(struct binding *b, const struct want *w, const char *path,
    pb_literal **ret, struct err *e)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	int multipart, is_stdin = strcmp(path, "-") == 0, r;
	const char *format;

	if (is_file_type(w->type, &multipart, &format)) {
		if (is_stdin && !multipart)
			return blob_of_stream(b, w, 0, "stdin", format, ret,
			    e);
		if (is_stdin)
			return err_set(e, ERR_USAGE, "input %s: a folder can "
			    "not come from stdin", w->name);
		r = stream_value(b, w, path, ret, e);
		if (r != 0)
			return r < 0 ? -1 : 0;
		return value_from_text(w->type, str_of(path), &b->values,
		    b->in->arena, ret, e) < 0 ?
		    err_wrap(e, "input %s", w->name) : 0;
	}
	r = is_stdin ? file_read_fd(0, "stdin", MAX_VALUE_BYTES, &bytes, e) :
	    file_read(AT_FDCWD, path, MAX_VALUE_BYTES, &bytes, e);
	if (r == 0)
		r = value_from_content(w->type, strbuf_str(&bytes),
		    &b->values, b->in->arena, ret, e);
	if (r < 0) {
		if (e->kind == ERR_MISSING || e->kind == ERR_SYS)
			e->kind = ERR_USAGE;
		return err_wrap(e, "input %s", w->name);
	}
	return 0;
}

static int
bind_words(struct binding *b, struct err *e)
{
	size_t i;

	for (i = 0; i < b->in->words.n; i++) {
		const struct word *word = &b->in->words.at[i];
		const struct want *w = want_for(b, word->name, e);
		const char *v = word->value;
		pb_literal *l = NULL;
		int r;

		if (w == NULL || (r = stream_value(b, w, v, &l, e)) < 0)
			return -1;
		if (r > 0) {
			literal_map_put(b->map, b->in->arena, w->name, l);
			continue;
		}
		if (v[0] == '@' && v[1] != '@') {
			if (content_value(b, w, v + 1, &l, e) < 0)
				return -1;
		} else if (value_from_text(w->type, str_of(v + (v[0] == '@')),
		    &b->values, b->in->arena, &l, e) < 0) {
			return err_wrap(e, "input %s", w->name);
		}
		literal_map_put(b->map, b->in->arena, w->name, l);
	}
	return 0;
}

/* A long list stays bytes, and an empty one stands for it. */
static int
bind_packed(struct binding *b, const struct want *w, const struct given *g,
    struct err *e)
{
	struct packed p = { w->name, STRBUF_INIT };

	if (given_pack(g, w->type, &b->values, &p.bytes, e) < 0) {
		strbuf_release(&p.bytes);
		return err_wrap(e, "input %s", w->name);
	}
	VEC_PUSH(&b->in->packed, p);
	literal_map_put(b->map, b->in->arena, w->name,
	    literal_list(b->in->arena, NULL, 0));
	return 0;
}

static int
bind_given(struct binding *b, const struct want *w, const struct given *g,
    const char *path, struct err *e)
{
	pb_literal *l;

	if (b->in->keep_packed && path == NULL && given_is_long(g) &&
	    value_is_plain_type(w->type))
		return bind_packed(b, w, g, e);
	if (given_value(g, path, w->type, &b->values, b->in->arena, &l, e) < 0)
		return err_wrap(e, "input %s", w->name);
	literal_map_put(b->map, b->in->arena, w->name, l);
	return 0;
}

static int
bind_rules(struct binding *b, struct err *e)
{
	size_t i;

	for (i = 0; i < b->in->rules.n; i++) {
		const struct rule *r = &b->in->rules.at[i];
		const struct want *w = want_for(b, r->input, e);
		struct given *g = inputs_given(b->in, r->name);

		if (w == NULL)
			return -1;
		if (literal_map_get(b->map, r->input) != NULL)
			return err_set(e, ERR_USAGE, "input %s: given twice",
			    r->input);
		if (g == NULL)
			return mismatch(b->in, b->wants, e,
			    "-m %s=%s: no value called %s", r->input,
			    r->name, r->name);
		if (bind_given(b, w, g, r->path, e) < 0)
			return both_sides(b->in, b->wants, e);
		g->taken = 1;
	}
	return 0;
}

static int
bind_names(struct binding *b, struct err *e)
{
	size_t i;

	for (i = 0; i < b->in->given.n; i++) {
		struct given *g = b->in->given.at[i];
		const struct want *w = wants_find(b->wants, g->name);

		/* A word of the command line goes before the file. */
		if (w != NULL && literal_map_get(b->map, g->name) != NULL)
			g->taken = 1;
		if (g->taken || w == NULL || w->fixed)
			continue;
		if (bind_given(b, w, g, NULL, e) < 0)
			return both_sides(b->in, b->wants, e);
		g->taken = 1;
	}
	return 0;
}

/* The one input without a value (with none such, the one with a default). */
static const struct want *
sole_open(const struct binding *b)
{
	const struct want *found;
	int defaults;
	size_t i, n;

	for (defaults = 0; defaults <= 1; defaults++) {
		for (i = n = 0, found = NULL; i < b->wants->n; i++) {
			const struct want *w = &b->wants->at[i];

			if (w->fixed || (w->value != NULL) != defaults ||
			    literal_map_get(b->map, w->name) != NULL)
				continue;
			found = w;
			n++;
		}
		if (n > 0)
			return n == 1 ? found : NULL;
	}
	return NULL;
}

/* What the stage before calls o0 or out, and nothing else, fits any name. */
static int
bind_sole(struct binding *b, struct err *e)
{
	struct given *g;
	const struct want *w;

	if (b->in->given.n != 1)
		return 0;
	g = b->in->given.at[0];
	if (g->taken || (strcmp(g->name, "o0") != 0 &&
	    strcmp(g->name, "out") != 0))
		return 0;
	w = sole_open(b);
	if (w == NULL)
		return 0;
	if (bind_given(b, w, g, NULL, e) < 0)
		return both_sides(b->in, b->wants, e);
	g->taken = 1;
	return 0;
}

static void
keep_packed(struct inputs *in, const char *name, struct str bytes)
{
	struct packed p = { name, STRBUF_INIT };

	strbuf_addstr(&p.bytes, bytes);
	VEC_PUSH(&in->packed, p);
}

static int
check_all(struct binding *b, struct err *e)
{
	size_t i;

	for (i = 0; i < b->in->given.n; i++)
		if (!b->in->given.at[i]->taken)
			return mismatch(b->in, b->wants, e,
			    "nothing takes the value %s",
			    b->in->given.at[i]->name);
	for (i = 0; i < b->wants->n; i++) {
		const struct want *w = &b->wants->at[i];

		if (literal_map_get(b->map, w->name) != NULL)
			continue;
		if (w->value == NULL)
			return mismatch(b->in, b->wants, e,
			    "input %s: no value%s", w->name,
			    type_takes_none(w->type) ? " (null is none)" :
			    "");
		literal_map_put(b->map, b->in->arena, w->name,
		    literal_dup(w->value, b->in->arena));
		if (w->packed.p != NULL)
			keep_packed(b->in, w->name, w->packed);
	}
	return 0;
}

int
inputs_bind(struct inputs *in, const struct wants *wants,
    pb_literal_map **ret, struct err *e)
{
	struct binding b = { .in = in, .wants = wants };
	c_free char *cwd = getcwd(NULL, 0);

	b.map = literal_map_new(in->arena);
	b.values = (struct value_ctx){
		.mode = VALUE_CLI, .base_dir = cwd, .path_check = 1,
	};
	if (inputs_read_files(in, e) < 0 || bind_words(&b, e) < 0 ||
	    bind_rules(&b, e) < 0 || bind_names(&b, e) < 0 ||
	    bind_sole(&b, e) < 0 || check_all(&b, e) < 0)
		return -1;
	*ret = b.map;
	return 0;
}
