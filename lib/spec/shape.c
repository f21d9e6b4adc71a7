#include "spec/shape.h"

#include <stdarg.h>

#include "base/limits.h"
#include "base/num.h"
#include "base/time.h"

void
shape_fault_at(struct load *l, enum diag_code code, struct span at,
    const char *fmt, ...)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	diag_add(l->ds, code, &l->t->source, at, "%s", b.p);
	l->faults++;
}

void
shape_fault(struct load *l, enum diag_code code, uint32_t node,
    const char *fmt, ...)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	shape_fault_at(l, code, l->t->at[node].span, "%s", b.p);
}

void
shape_wrong(struct load *l, uint32_t node, const char *what)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	tree_add_given(&b, l->t, node);
	shape_fault(l, DIAG_WRONG_SHAPE, node, "expected %s, given %s", what,
	    b.p);
}

struct span
shape_inside(const struct load *l, uint32_t node, size_t from, size_t n)
{
	const struct tree_node *s = &l->t->at[node];
	struct span at = s->span;
	const char *src = l->t->source.text.p;
	size_t skip;

	/* Only where the source has the text as it is. */
	for (skip = 0; skip < 2; skip++)
		if (at.from + skip + s->text.n <= at.to && s->text.n > 0 &&
		    memcmp(src + at.from + skip, s->text.p, s->text.n) == 0) {
			at.from += (uint32_t)(skip + MIN(from, s->text.n));
			at.to = (uint32_t)(at.from +
			    MIN(n, s->text.n - MIN(from, s->text.n)));
			break;
		}
	return at;
}

char *
shape_strdup(struct load *l, struct str s)
{
	return arena_strndup(l->a, s.p, s.n);
}

/* ---- maps --------------------------------------------------------------- */

int
shape_need_map(struct load *l, uint32_t node, const char *what)
{
	if (l->t->at[node].kind == TREE_MAP)
		return 0;
	shape_wrong(l, node, what);
	return -1;
}

static void
unknown_key(struct load *l, uint32_t key, const char *owner,
    const struct shape_key *keys, size_t n)
{
	const char *names[64], *meant;
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	for (i = 0; i < n && i < ARRAY_LEN(names); i++)
		names[i] = keys[i].name;
	shape_fault(l, DIAG_UNKNOWN_KEY, key, "%s has no \"" STR_FMT "\"",
	    owner, STR_ARG(l->t->at[key].text));
	meant = did_you_mean(l->t->at[key].text, names, i);
	if (meant != NULL) {
		diag_hint(l->ds, "did you mean \"%s\"?", meant);
		return;
	}
	for (i = 0; i < n; i++)
		strbuf_addf(&b, "%s%s", i > 0 ? ", " : "", keys[i].name);
	diag_hint(l->ds, "its keys: %s", b.p);
}

int
shape_keys(struct load *l, uint32_t map, const char *owner,
    const struct shape_key *keys, size_t n)
{
	c_strbuf struct strbuf what = STRBUF_INIT;
	size_t i;

	for (i = 0; i < n; i++)
		*keys[i].ret = TREE_NONE;
	if (l->t->at[map].kind != TREE_MAP) {
		strbuf_addf(&what, "the keys of %s", owner);
		shape_wrong(l, map, what.p);
		return -1;
	}
	TREE_EACH_PAIR(l->t, map, k, v) {
		for (i = 0; i < n; i++)
			if (str_is(l->t->at[k].text, keys[i].name))
				break;
		if (i < n)
			*keys[i].ret = v;
		else if (!str_is(l->t->at[k].text, "<<"))
			unknown_key(l, k, owner, keys, n);
	}
	return 0;
}

/* ---- scalars ------------------------------------------------------------ */

char *
shape_text(struct load *l, uint32_t node, const char *what)
{
	if (l->t->at[node].kind != TREE_SCALAR || tree_is_null(l->t, node)) {
		shape_wrong(l, node, what);
		return NULL;
	}
	return shape_strdup(l, l->t->at[node].text);
}

int
shape_bool(struct load *l, uint32_t node, int *ret)
{
	if (tree_is(l->t, node, "true")) {
		*ret = 1;
		return 0;
	}
	if (tree_is(l->t, node, "false")) {
		*ret = 0;
		return 0;
	}
	shape_wrong(l, node, "true or false");
	return -1;
}

int
shape_uint(struct load *l, uint32_t node, uint32_t min, uint32_t max,
    uint32_t *ret)
{
	const struct tree_node *n = &l->t->at[node];
	c_strbuf struct strbuf what = STRBUF_INIT;
	uint64_t u;

	if (n->kind == TREE_SCALAR &&
	    num_parse_u64(n->text, min, max, &u) == 0) {
		*ret = (uint32_t)u;
		return 0;
	}
	strbuf_addf(&what, "a whole number from %u to %u", min, max);
	shape_wrong(l, node, what.p);
	return -1;
}

int
shape_duration(struct load *l, uint32_t node, pb_duration **ret)
{
	const struct tree_node *n = &l->t->at[node];
	struct timespan ts;
	pb_duration *d;

	if (n->kind != TREE_SCALAR || timespan_parse(n->text, &ts) < 0 ||
	    ts.sec < 0 || ts.nsec < 0 || (ts.sec == 0 && ts.nsec == 0)) {
		shape_wrong(l, node, "a time such as 90s, 10m or 1h30m");
		return -1;
	}
	d = PB_NEW(l->a, google__protobuf__duration);
	d->seconds = ts.sec;
	d->nanos = ts.nsec;
	*ret = d;
	return 0;
}

int
shape_choice(struct load *l, uint32_t node, const char *const *words,
    size_t n, size_t *ret)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i;

	for (i = 0; i < n; i++) {
		if (tree_is(l->t, node, words[i])) {
			*ret = i;
			return 0;
		}
		strbuf_addf(&b, "%s%s", i == 0 ? "" : i + 1 < n ? ", " :
		    " or ", words[i]);
	}
	shape_wrong(l, node, b.p);
	return -1;
}

int
shape_words(struct load *l, uint32_t node, const char *what, char ***ret,
    size_t *ret_n)
{
	const struct tree_node *n = &l->t->at[node];
	size_t i = 0;
	int bad = 0;

	*ret_n = n->kind == TREE_SEQ ? n->n : 1;
	*ret = arena_new_n(l->a, *ret_n + 1, char *);
	if (n->kind != TREE_SEQ) {
		(*ret)[0] = shape_text(l, node, what);
		return (*ret)[0] == NULL ? -1 : 0;
	}
	TREE_EACH(l->t, node, c) {
		(*ret)[i] = shape_text(l, c, what);
		bad |= (*ret)[i++] == NULL;
	}
	return bad ? -1 : 0;
}

/* ---- names -------------------------------------------------------------- */

int
shape_starts_name(struct str s, size_t i)
{
	return i < s.n && ((s.p[i] >= 'a' && s.p[i] <= 'z') ||
	    (s.p[i] >= 'A' && s.p[i] <= 'Z') || s.p[i] == '_');
}

int
shape_is_name(struct str s, int also_hyphen)
{
	size_t i;
	char c;

	for (i = 0; i < s.n; i++) {
		c = s.p[i];
		if (shape_starts_name(s, i))
			continue;
		if (i == 0 || !((c >= '0' && c <= '9') ||
		    (c == '-' && also_hyphen)))
			return 0;
	}
	return s.n > 0 && s.n <= MAX_NAME;
}

int
shape_name(struct load *l, uint32_t key, const char *what, int also_hyphen)
{
	struct str s = l->t->at[key].text;

	if (shape_is_name(s, also_hyphen))
		return 0;
	shape_fault(l, DIAG_BAD_NAME, key, "\"" STR_FMT "\" cannot name %s",
	    STR_ARG(s), what);
	diag_hint(l->ds, "letters, digits%s and _ , not a digit first",
	    also_hyphen ? ", -" : "");
	return -1;
}
