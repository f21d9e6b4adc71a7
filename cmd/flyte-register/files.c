/* From the words of the command line to fronts, and their faults. */

#include "register.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/vec.h"
#include "common/faults.h"
#include "data/json.h"
#include "spec/spec.h"
#include "sys/file.h"

int
open_registry(struct settings *s, struct registry **ret, struct err *e)
{
	const char *at;

	if (context_registry(&s->context, &at, e) < 0)
		return -1;
	return registry_open(at, ret, e);
}

int
find_place(struct settings *s, struct err *e)
{
	if (context_project(&s->context, &s->project, e) < 0)
		return -1;
	return context_domain(&s->context, &s->domain, e);
}

int
front_settings(struct settings *s, struct registry *r,
    struct front_options *ret, struct err *e)
{
	if (find_place(s, e) < 0)
		return -1;
	*ret = (struct front_options){
		.project = s->project, .domain = s->domain, .registry = r,
		.pack_helper = context_helper(&s->context, "pack"),
		.check_jq = 1,
	};
	return 0;
}

/* ---- folders ------------------------------------------------------------ */

struct scripts {
	struct settings	*s;
	const char	*dir;
	VEC(const char *) paths;
	int		 members;	/* .pb files seen */
};

/* Bytes looked at to find a header in the leading comment. */
#define HEAD_BYTES	4096

static int
has_header(const struct walk_entry *w)
{
	char head[HEAD_BYTES];
	c_close int fd = -1;
	ssize_t n;

	fd = openat(w->dirfd, w->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
	    O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, head, sizeof(head));
	return n > 0 && spec_is_script((struct str){ head, (size_t)n });
}

static int
visit(void *arg, const struct walk_entry *w, struct err *e)
{
	struct scripts *x = arg;

	(void)e;
	if (w->path[0] == '\0')
		return 0;
	if (S_ISDIR(w->st->st_mode))
		return w->name[0] == '.';	/* .git and its like */
	if (!S_ISREG(w->st->st_mode))
		return 0;
	x->members |= str_ends(str_of(w->name), ".pb");
	if ((w->st->st_mode & 0111) != 0 && has_header(w))
		VEC_PUSH(&x->paths, arena_printf(&x->s->context.arena,
		    "%s/%s", x->dir, w->path));
	return 0;
}

/* ---- reading ------------------------------------------------------------ */

static int
read_one(struct settings *s, const struct front_options *o, const char *path,
    struct fronts *ret, struct err *e)
{
	struct front f = FRONT_INIT;

	if (ret->n == ret->cap)
		BUG("%s: no room", path);
	/* In place: a front must not move. */
	ret->at[ret->n++] = f;
	return front_read(path, o, &s->context.arena, &ret->at[ret->n - 1],
	    &ret->diags, e);
}

static int
expand_folder(struct settings *s, const char *path, struct scripts *x,
    struct err *e)
{
	size_t before = x->paths.n;
	size_t len = strlen(path);
	int members = x->members;

	while (len > 1 && path[len - 1] == '/')
		len--;
	x->dir = arena_strndup(&s->context.arena, path, len);
	x->members = 0;
	if (file_walk(AT_FDCWD, x->dir, visit, x, e) < 0)
		return -1;
	if (x->members)
		VEC_PUSH(&x->paths, arena_printf(&s->context.arena, "%s/",
		    x->dir));
	else if (x->paths.n == before)
		return err_set(e, ERR_SPEC, "%s: no executable script with a "
		    "task's header (lines #%%) and no .pb files in it; specs "
		    "are given by name", path);
	x->members = members;
	return 0;
}

static int
expand(struct settings *s, char **args, size_t n, struct scripts *x,
    struct err *e)
{
	struct stat st;
	size_t i;

	for (i = 0; i < n; i++) {
		if (stat(args[i], &st) == 0 && S_ISDIR(st.st_mode)) {
			if (expand_folder(s, args[i], x, e) < 0)
				return -1;
			continue;
		}
		VEC_PUSH(&x->paths, args[i]);
	}
	return 0;
}

int
read_fronts(struct settings *s, const struct front_options *o, char **args,
    size_t n, struct fronts *ret, struct err *e)
{
	struct scripts x = { .s = s };
	size_t i;
	int bad;

	bad = expand(s, args, n, &x, e);
	ret->cap = x.paths.n;
	ret->at = xcalloc(x.paths.n + 1, sizeof(*ret->at));
	for (i = 0; i < x.paths.n && bad == 0; i++)
		bad = read_one(s, o, x.paths.at[i], ret, e);
	VEC_RELEASE(&x.paths);
	return bad;
}

void
release_fronts(struct fronts *f)
{
	size_t i;

	diags_release(&f->diags);
	for (i = 0; i < f->n; i++)
		front_release(&f->at[i]);
	free(f->at);
	scratch_remove(&f->code);
}

/* ---- faults ------------------------------------------------------------- */

static void
json_field(struct strbuf *b, const char *name, struct str text)
{
	strbuf_addf(b, "%s\"%s\": ", b->n > 1 ? ", " : "", name);
	json_add_string(b, text);
}

static void
print_diag_json(const struct diag *d)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	unsigned line, col;

	strbuf_addch(&b, '{');
	if (d->source != NULL) {
		source_position(d->source, d->span.from, &line, &col);
		json_field(&b, "file", str_of(d->source->name));
		strbuf_addf(&b, ", \"line\": %u, \"column\": %u", line, col);
	}
	json_field(&b, "code", str_of(diag_name(d->code)));
	json_field(&b, "message", str_of(d->detail == NULL ? "" : d->detail));
	if (d->hint != NULL)
		json_field(&b, "hint", str_of(d->hint));
	strbuf_adds(&b, "}\n");
	put_out(&b);
}

/* The faults of a package's entity: each line one. */
static void
print_entity_json(const struct front *f, const struct front_entity *x)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const char *rest = x->errors;
	struct str line;

	while (faults_line(&rest, &line)) {
		strbuf_reset(&b);
		strbuf_addch(&b, '{');
		json_field(&b, "file", str_of(f->path));
		json_field(&b, "kind", str_of(entity_kind_name(x->id.kind)));
		json_field(&b, "name", str_of(x->id.name));
		json_field(&b, "message", line);
		strbuf_adds(&b, "}\n");
		put_out(&b);
	}
}

size_t
print_faults(struct settings *s, const struct fronts *all)
{
	int json = strcmp(s->format, "json") == 0;
	size_t i, k, n = all->diags.n;

	if (json)
		for (i = 0; i < all->diags.n; i++)
			print_diag_json(&all->diags.at[i]);
	else
		(void)complain_diags(&all->diags);
	for (i = 0; i < all->n; i++) {
		const struct front *f = &all->at[i];

		n += front_faults(f);
		for (k = 0; k < f->n; k++)
			if (!json)
				complain_entity(&s->context, f->path,
				    &f->at[k]);
			else
				print_entity_json(f, &f->at[k]);
	}
	return n;
}
