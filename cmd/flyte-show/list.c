#include "show.h"

#include "base/utf8.h"
#include "record/brief.h"

/* Rows a person is shown unless more are asked for. */
#define LIMIT_SHOWN	30

struct row {
	struct brief	brief;
	struct err	trouble;	/* kind ERR_NONE: brief is good */
};

static int
newest_first(const void *a, const void *b)
{
	const struct row *x = a, *y = b;

	if (x->brief.created != y->brief.created)
		return x->brief.created > y->brief.created ? -1 : 1;
	return strcmp(y->brief.id.name, x->brief.id.name);
}

static int64_t
brief_duration(const struct brief *b, int64_t now)
{
	int64_t end = b->ended != 0 ? b->ended : b->alive ? now : b->updated;

	return end - b->created;
}

static const char *
row_phase(const struct row *r)
{
	return r->trouble.kind != ERR_NONE ? "damaged" :
	    look_phase_name(look_phase_of(r->brief.phase, r->brief.alive));
}

static void
add_place(struct strbuf *b, const struct brief *x)
{
	utf8_add_shown(b, str_of(x->target));
}

/* ---- for people --------------------------------------------------------- */

static size_t
widest_target(const struct row *rows, size_t n)
{
	size_t i, w = 6;

	for (i = 0; i < n; i++)
		if (rows[i].brief.target != NULL)
			w = MAX(w, strlen(rows[i].brief.target));
	return MIN(w, (size_t)60);
}

static void
put_row(const struct show *s, const struct row *r, size_t width, int64_t now)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t from;

	strbuf_addf(&b, "%-20s  ", r->brief.id.name);
	add_word(s, &b, row_phase(r), 11);
	strbuf_adds(&b, "  ");
	if (r->trouble.kind != ERR_NONE) {
		utf8_add_shown(&b, str_of(r->trouble.msg));
	} else {
		from = b.n;
		add_place(&b, &r->brief);
		if (b.n - from < width)
			strbuf_pad(&b, ' ', width - (b.n - from));
		strbuf_adds(&b, "  ");
		look_add_time(&b, r->brief.created);
		strbuf_adds(&b, "  ");
		look_add_span(&b, brief_duration(&r->brief, now));
	}
	strbuf_addch(&b, '\n');
	put_out(&b);
}

static void
put_table(const struct show *s, const struct row *rows, size_t n,
    size_t more)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i, width = widest_target(rows, n);
	int64_t now = record_now_us();

	if (n == 0) {
		warn(&s->ctx, "nothing has been run yet%s%s%s%s",
		    s->ctx.project_option == NULL ? "" : " in project ",
		    s->ctx.project_option == NULL ? "" :
		    s->ctx.project_option,
		    s->ctx.domain_option == NULL ? "" : " in domain ",
		    s->ctx.domain_option == NULL ? "" : s->ctx.domain_option);
		return;
	}
	strbuf_addf(&b, "%-20s  %-11s  %-*s  %-20s  %s\n", "ID", "PHASE",
	    (int)width, "TARGET", "STARTED", "DURATION");
	put_out(&b);
	for (i = 0; i < n; i++)
		put_row(s, &rows[i], width, now);
	if (more > 0)
		warn(&s->ctx, "%zu more; --limit 0 shows all", more);
}

/* ---- for programs ------------------------------------------------------- */

static void
put_cstr(struct json_writer *w, const char *key, const char *value)
{
	if (value == NULL)
		return;
	json_key(w, key);
	json_cstr(w, value);
}

static void
put_time(struct json_writer *w, const char *key, int64_t us)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (us == 0)
		return;
	look_add_exact(&b, us);
	put_cstr(w, key, b.p);
}

static void
add_record(struct json_writer *w, const struct row *r, int64_t now)
{
	const struct brief *x = &r->brief;

	json_object(w);
	put_cstr(w, "id", x->id.name);
	put_cstr(w, "project", x->id.project);
	put_cstr(w, "domain", x->id.domain);
	put_cstr(w, "phase", row_phase(r));
	if (r->trouble.kind != ERR_NONE) {
		put_cstr(w, "trouble", r->trouble.msg);
		json_end(w);
		return;
	}
	put_cstr(w, "kind", x->target_kind);
	put_cstr(w, "target", x->target);
	put_cstr(w, "file", x->file);
	put_cstr(w, "mode", x->mode);
	put_cstr(w, "of", x->of);
	put_time(w, "started", x->created);
	put_time(w, "ended", x->ended);
	json_key(w, "duration_us");
	json_int(w, brief_duration(x, now));
	if (x->error.code.p != NULL) {
		json_key(w, "error");
		json_object(w);
		put_cstr(w, "code", x->error.code.p);
		put_cstr(w, "message", x->error.message.p);
		json_end(w);
	}
	json_end(w);
}

static void
put_records(const struct show *s, const struct row *rows, size_t n)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct json_writer w = json_writer(&b, s->json == 2 ? 2 : 0);
	int64_t now = record_now_us();
	size_t i;

	if (s->json == 2)
		json_array(&w);
	for (i = 0; i < n; i++) {
		if (s->json == 1)
			w = json_writer(&b, 0);
		add_record(&w, &rows[i], now);
		if (s->json == 1)
			strbuf_addch(&b, '\n');
	}
	if (s->json == 2) {
		json_end(&w);
		strbuf_addch(&b, '\n');
	}
	put_out(&b);
}

/* ---- all together ------------------------------------------------------- */

int
show_list(struct show *s)
{
	struct execution_row *at;
	struct row *rows;
	size_t n, shown, i;
	struct err e;

	if (execution_list(s->home, s->ctx.project_option,
	    s->ctx.domain_option, &s->ctx.arena, &at, &n, &e) < 0)
		return fail(&s->ctx, &e);
	shown = s->limit > 0 ? MIN(n, (size_t)s->limit) :
	    s->limit < 0 && s->json == 0 ? MIN(n, (size_t)LIMIT_SHOWN) : n;
	rows = arena_new_n(&s->ctx.arena, shown, struct row);
	for (i = 0; i < shown; i++)
		if (brief_load(s->home, &at[i].id, &s->ctx.arena,
		    &rows[i].brief, &rows[i].trouble) < 0)
			rows[i].brief.created = at[i].changed * 1000000;
		else
			err_clear(&rows[i].trouble);
	if (shown > 0)
		qsort(rows, shown, sizeof(*rows), newest_first);
	if (s->json != 0)
		put_records(s, rows, shown);
	else
		put_table(s, rows, shown, n - shown);
	return EXIT_DONE;
}
