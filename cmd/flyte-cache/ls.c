/* ls: the entries of the catalog, newest first. */

#include "base/utf8.h"
#include "cache.h"

/* Text is in columns as wide as so many rows need, and never narrower further
 * down: there may be a million. */
#define BLOCK	1000

enum column { COL_SIZE, COL_TASK, COL_VERSION, COL_SOURCE, COL_MAX };

struct row {
	const char	*head;		/* key and time */
	const char	*col[COL_MAX];
	int		 pinned;
};

struct listing {
	struct args	*a;
	struct strbuf	 out;
	struct json_writer w;
	struct arena	 arena;		/* of the block */
	struct row	*rows;		/* room for a block */
	size_t		 n_rows, n;	/* in the block, and in all */
	size_t		 width[COL_MAX];
};

/* ---- text ---------------------------------------------------------------- */

static void
flush_rows(struct listing *l)
{
	const size_t *w = l->width;
	size_t i;

	for (i = 0; i < l->n_rows; i++) {
		const struct row *r = &l->rows[i];

		strbuf_addf(&l->out, "%s  %*s %s %-*s  ", r->head,
		    (int)w[COL_SIZE], r->col[COL_SIZE], r->pinned ? "p" : " ",
		    (int)w[COL_TASK], r->col[COL_TASK]);
		if (r->col[COL_SOURCE][0] == '\0')
			strbuf_adds(&l->out, r->col[COL_VERSION]);
		else
			strbuf_addf(&l->out, "%-*s  %s", (int)w[COL_VERSION],
			    r->col[COL_VERSION], r->col[COL_SOURCE]);
		strbuf_addch(&l->out, '\n');
	}
	put_out(&l->out);
	strbuf_reset(&l->out);
	arena_release(&l->arena);
	arena_init(&l->arena);
	l->n_rows = 0;
}

static void
set_column(struct listing *l, struct row *r, enum column c, struct str text)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	utf8_add_shown(&b, text);
	r->col[c] = arena_strndup(&l->arena, b.p, b.n);
	l->width[c] = MAX(l->width[c], b.n);
}

static void
add_row(struct listing *l, const struct cache_entry *x)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct row *r = &l->rows[l->n_rows++];

	strbuf_addf(&b, "%.*s  ", KEY_SHORT, x->key);
	add_time(&b, x->created);
	r->head = arena_strdup(&l->arena, b.p);
	r->pinned = x->pinned;
	strbuf_reset(&b);
	add_size(&b, x->size);
	set_column(l, r, COL_SIZE, strbuf_str(&b));
	strbuf_reset(&b);
	strbuf_addf(&b, "%s/%s/%s", x->project, x->domain, task_name(x));
	set_column(l, r, COL_TASK, strbuf_str(&b));
	set_column(l, r, COL_VERSION, str_of(x->cache_version));
	set_column(l, r, COL_SOURCE, x->source);
	if (l->n_rows == BLOCK)
		flush_rows(l);
}

/* ---- either way ---------------------------------------------------------- */

static int
list_one(void *arg, const struct cache_entry *x, struct err *e)
{
	struct listing *l = arg;

	(void)e;
	l->n++;
	if (l->a->form == FORM_TEXT) {
		add_row(l, x);
		return 0;
	}
	if (l->a->form == FORM_JSONL)
		l->w = json_writer(&l->out, 0);
	json_object(&l->w);
	entry_json(&l->w, x);
	json_end(&l->w);
	if (l->a->form == FORM_JSONL)
		strbuf_addch(&l->out, '\n');
	if (l->out.n > 65536) {
		put_out(&l->out);
		strbuf_reset(&l->out);
	}
	return 0;
}

/* Nothing is no fault, unless it was asked for by name. */
static int
check_any(const struct listing *l, const struct cache_filter *f,
    struct err *e)
{
	c_strbuf struct strbuf where = STRBUF_INIT;

	if (l->n > 0)
		return 0;
	if (f->project != NULL)
		strbuf_addf(&where, " in project %s", f->project);
	if (f->domain != NULL)
		strbuf_addf(&where, " in domain %s", f->domain);
	if (f->name != NULL)
		return err_set(e, ERR_MISSING, "%s: no entry is of this "
		    "task%s; 'flyte-cache ls' lists all", f->name,
		    where.n > 0 ? where.p : "");
	if (l->a->form == FORM_TEXT)
		warn(l->a->c, "there are no entries%s",
		    where.n > 0 ? where.p : "");
	return 0;
}

static int
list(struct listing *l, struct err *e)
{
	struct args *a = l->a;
	struct cache_filter f = {
		.project = a->project, .domain = a->domain, .limit = a->limit,
		.name = a->n > 0 ? a->words[0] : NULL,
	};
	struct store *s;

	if (a->n > 1)
		return err_set(e, ERR_USAGE, "ls takes the name of one task");
	if (context_store(a->c, &s, e) < 0)
		return -1;
	l->w = json_writer(&l->out, 0);
	if (a->form == FORM_JSON)
		json_array(&l->w);
	if (catalog_list(s, &f, list_one, l, e) < 0)
		return -1;
	if (a->form == FORM_JSON) {
		json_end(&l->w);
		strbuf_addch(&l->out, '\n');
	}
	flush_rows(l);
	return check_any(l, &f, e);
}

int
cmd_ls(struct args *a)
{
	struct listing l = { .a = a, .out = STRBUF_INIT };
	struct err e;
	int rc;

	arena_init(&l.arena);
	l.rows = xcalloc(BLOCK, sizeof(*l.rows));
	rc = list(&l, &e);
	free(l.rows);
	arena_release(&l.arena);
	strbuf_release(&l.out);
	return rc < 0 ? fail(a->c, &e) : EXIT_DONE;
}
