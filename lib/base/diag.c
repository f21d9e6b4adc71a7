#include "base/diag.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/utf8.h"

/* Bytes of a source line shown around the caret. */
#define LINE_WINDOW	200

static const struct {
	const char	*name, *text;
} catalogue[] = {
#define DIAG(id, name, text)	[DIAG_##id] = { name, text },
#include "base/diag.def"
#undef DIAG
};
_Static_assert(ARRAY_LEN(catalogue) == DIAG_MAX, "a text per code");

void
diags_release(struct diags *ds)
{
	size_t i;

	for (i = 0; i < ds->n; i++) {
		free(ds->at[i].detail);
		free(ds->at[i].hint);
	}
	free(ds->at);
	*ds = (struct diags)DIAGS_INIT;
}

const char *
diag_name(enum diag_code code)
{
	return catalogue[code].name;
}

static char *
format(const char *fmt, va_list ap)
{
	struct strbuf b = STRBUF_INIT;

	if (fmt == NULL || fmt[0] == '\0')
		return NULL;
	strbuf_vaddf(&b, fmt, ap);
	return strbuf_detach(&b, NULL);
}

static int
same_fault(const struct diag *d, const struct diag *e)
{
	if (d->code != e->code || d->source != e->source ||
	    d->span.from != e->span.from)
		return 0;
	if (d->detail == NULL || e->detail == NULL)
		return d->detail == e->detail;
	return strcmp(d->detail, e->detail) == 0;
}

void
diag_add(struct diags *ds, enum diag_code code, const struct source *source,
    struct span span, const char *fmt, ...)
{
	struct diag d = { .code = code, .source = source, .span = span };
	va_list ap;
	size_t i;

	if (ds->n >= MAX_DIAGS) {
		ds->more++;
		return;
	}
	va_start(ap, fmt);
	d.detail = format(fmt, ap);
	va_end(ap);
	for (i = 0; i < ds->n; i++)
		if (same_fault(&ds->at[i], &d)) {
			free(d.detail);
			return;
		}
	if (ds->n == ds->cap) {
		ds->cap = MAX(ds->cap * 2, (size_t)8);
		ds->at = xreallocarray(ds->at, ds->cap, sizeof(*ds->at));
	}
	ds->at[ds->n++] = d;
}

void
diag_hint(struct diags *ds, const char *fmt, ...)
{
	va_list ap;

	if (ds->n == 0 || ds->more > 0 || ds->at[ds->n - 1].hint != NULL)
		return;
	va_start(ap, fmt);
	ds->at[ds->n - 1].hint = format(fmt, ap);
	va_end(ap);
}

void
source_position(const struct source *s, size_t offset, unsigned *ret_line,
    unsigned *ret_col)
{
	unsigned line = 1, col = 1;
	size_t i;

	for (i = 0; i < offset && i < s->text.n; i++) {
		if (s->text.p[i] == '\n') {
			line++;
			col = 1;
		} else if (((unsigned char)s->text.p[i] & 0xc0) != 0x80) {
			col++;
		}
	}
	*ret_line = line;
	*ret_col = col;
}

/* The part of the line around offset: its bounds, at most LINE_WINDOW. */
static struct str
line_window(struct str text, size_t offset, size_t *ret_from)
{
	size_t from = offset, to = offset;

	while (from > 0 && text.p[from - 1] != '\n')
		from--;
	while (to < text.n && text.p[to] != '\n')
		to++;
	if (to - from > LINE_WINDOW) {
		if (offset - from > LINE_WINDOW / 2)
			from = offset - LINE_WINDOW / 2;
		to = MIN(to, from + LINE_WINDOW);
		while (from < offset &&
		    ((unsigned char)text.p[from] & 0xc0) == 0x80)
			from++;
	}
	if (to > from && text.p[to - 1] == '\r')
		to--;
	*ret_from = from;
	return (struct str){ text.p + from, to - from };
}

static void
add_caret(struct strbuf *out, const struct diag *d)
{
	struct str text = d->source->text, line, before;
	struct strbuf shown = STRBUF_INIT;
	size_t from, at = MIN((size_t)d->span.from, text.n), end, width, i;

	line = line_window(text, at, &from);
	strbuf_adds(out, "  ");
	utf8_add_shown(out, line);
	strbuf_adds(out, "\n  ");
	before = (struct str){ line.p, MIN(at - from, line.n) };
	utf8_add_shown(&shown, before);
	width = 0;
	for (i = 0; i < shown.n; i++)
		width += ((unsigned char)shown.p[i] & 0xc0) != 0x80;
	strbuf_pad(out, ' ', width);
	strbuf_addch(out, '^');
	end = MIN((size_t)d->span.to, from + line.n);
	for (i = at + 1; i < end; i++)
		if (((unsigned char)text.p[i] & 0xc0) != 0x80)
			strbuf_addch(out, '~');
	strbuf_addch(out, '\n');
	strbuf_release(&shown);
}

static void
add_diag(struct strbuf *out, const struct diag *d)
{
	unsigned line, col;

	if (d->source != NULL) {
		source_position(d->source, d->span.from, &line, &col);
		utf8_add_shown(out, str_of(d->source->name));
		strbuf_addf(out, ":%u:%u: ", line, col);
	}
	strbuf_addf(out, "error: %s", catalogue[d->code].text);
	if (d->detail != NULL) {
		strbuf_adds(out, ": ");
		utf8_add_shown(out, str_of(d->detail));
	}
	strbuf_addf(out, " [%s]\n", catalogue[d->code].name);
	if (d->source != NULL && d->source->text.n > 0)
		add_caret(out, d);
	if (d->hint != NULL) {
		strbuf_adds(out, "  hint: ");
		utf8_add_shown(out, str_of(d->hint));
		strbuf_addch(out, '\n');
	}
}

static int
by_place(const void *a, const void *b)
{
	const struct diag *x = *(const struct diag *const *)a;
	const struct diag *y = *(const struct diag *const *)b;

	if (x->source != y->source) {
		if (x->source == NULL || y->source == NULL)
			return x->source == NULL ? 1 : -1;
		return strcmp(x->source->name, y->source->name);
	}
	if (x->span.from != y->span.from)
		return x->span.from < y->span.from ? -1 : 1;
	return x < y ? -1 : x > y;	/* as reported */
}

void
diags_print(const struct diags *ds, struct strbuf *out)
{
	const struct diag **order = xcalloc(ds->n, sizeof(const struct diag *));
	size_t i;

	for (i = 0; i < ds->n; i++)
		order[i] = &ds->at[i];
	qsort(order, ds->n, sizeof(*order), by_place);
	for (i = 0; i < ds->n; i++)
		add_diag(out, order[i]);
	if (ds->more > 0)
		strbuf_addf(out, "and %zu more error%s\n", ds->more,
		    ds->more == 1 ? "" : "s");
	free(order);
}

/* Edit distance with transpositions, given up (limit + 1) when over limit. */
static size_t
distance(struct str a, struct str b, size_t limit)
{
	size_t row[3][65], *prev2 = row[0], *prev = row[1], *cur = row[2], *t;
	size_t i, j, cost, best;

	if (a.n > 64 || b.n > 64 || (a.n > b.n ? a.n - b.n : b.n - a.n) > limit)
		return limit + 1;
	for (j = 0; j <= b.n; j++)
		prev2[j] = prev[j] = j;
	for (i = 1; i <= a.n; i++) {
		cur[0] = best = i;
		for (j = 1; j <= b.n; j++) {
			cost = a.p[i - 1] != b.p[j - 1];
			cur[j] = MIN(MIN(prev[j], cur[j - 1]) + 1,
			    prev[j - 1] + cost);
			if (i > 1 && j > 1 && a.p[i - 1] == b.p[j - 2] &&
			    a.p[i - 2] == b.p[j - 1])
				cur[j] = MIN(cur[j], prev2[j - 2] + 1);
			best = MIN(best, cur[j]);
		}
		if (best > limit)
			return limit + 1;
		t = prev2;
		prev2 = prev;
		prev = cur;
		cur = t;
	}
	return prev[b.n];
}

const char *
did_you_mean(struct str word, const char *const *list, size_t n)
{
	const char *found = NULL;
	size_t limit = word.n <= 4 ? 1 : 2, d, i;

	for (i = 0; i < n; i++) {
		d = distance(word, str_of(list[i]), limit);
		if (d <= limit) {
			found = list[i];
			if (d == 0)
				break;
			limit = d - 1;
			if (d == 1)
				limit = 0;
		}
	}
	return found;
}
