/* An execution as a tree of its nodes. */

#include "show.h"

#include "base/utf8.h"
#include "idl/nodepath.h"

#define NAME_WIDTH_MAX	44
#define BAR_WIDTH	30
/* Terminals narrower than this get no timeline unless asked for. */
#define WIDTH_FOR_BAR	120

/* Siblings told in one line: one node, or a range of alike elements. */
struct group {
	uint32_t	first, last;	/* items */
	int64_t		n;
};

struct tree_view {
	struct show		*show;
	const struct look	*look;
	size_t			 name_width;
	int			 bars;
	int64_t			 from, to;	/* us, ends of the bars */
	struct strbuf		 out;
	VEC(uint32_t)		 stack;	/* what comes after, last first */
};

/* ---- one line ----------------------------------------------------------- */

static void
add_name(struct strbuf *b, const struct tree_view *v, const struct group *g)
{
	const struct look_item *it = &v->look->items.at[g->first];
	const struct look_item *end = &v->look->items.at[g->last];

	strbuf_pad(b, ' ', (size_t)2 * (it->depth + 1));
	if (it->element < 0 || (g->n == 1 && it->n == 1))
		utf8_add_shown(b, it->id);
	else
		strbuf_addf(b, "n%lld-n%lld", (long long)it->element,
		    (long long)end->element + end->n - 1);
}

static int
has_times(const struct history_node *n)
{
	return n != NULL && n->started != 0 && n->phase != SCHED_SKIPPED &&
	    n->phase != SCHED_RECOVERED &&
	    (n->cache == NULL || strcmp(n->cache, "HIT") != 0);
}

/* From the first start to the last end in a group; 0: nothing ran. */
static int
group_times(const struct tree_view *v, const struct group *g,
    int64_t *ret_from, int64_t *ret_to)
{
	int64_t from = INT64_MAX, to = 0;
	uint32_t i = g->first;

	for (;; i = v->look->items.at[i].next) {
		const struct history_node *n = v->look->items.at[i].node;

		if (has_times(n)) {
			from = MIN(from, n->started);
			to = MAX(to, n->started + look_duration(v->look, n));
		}
		if (i == g->last)
			break;
	}
	*ret_from = from;
	*ret_to = to;
	return from <= to;
}

static void
add_bar(struct strbuf *b, const struct tree_view *v, const struct group *g)
{
	int64_t span = MAX(v->to - v->from, 1), from, to, at, end;

	if (!group_times(v, g, &from, &to)) {
		strbuf_pad(b, ' ', BAR_WIDTH + 2);
		return;
	}
	at = MIN((from - v->from) * BAR_WIDTH / span, BAR_WIDTH - 1);
	end = MIN(MAX((to - v->from) * BAR_WIDTH / span, at + 1), BAR_WIDTH);
	at = MAX(at, 0);
	strbuf_adds(b, "|");
	strbuf_pad(b, ' ', (size_t)at);
	strbuf_pad(b, '#', (size_t)(end - at));
	strbuf_pad(b, ' ', (size_t)(BAR_WIDTH - end));
	strbuf_adds(b, "|");
}

static void
add_duration(struct strbuf *b, const struct tree_view *v,
    const struct group *g)
{
	c_strbuf struct strbuf t = STRBUF_INIT;
	int64_t from, to;

	if (group_times(v, g, &from, &to))
		look_add_span(&t, to - from);
	strbuf_pad(b, ' ', t.n < 12 ? 12 - t.n : 0);
	strbuf_adds(b, t.p);
}

/* What may follow, each behind "; " but the first. */
static void
add_remark(struct strbuf *b, size_t from, struct strbuf *remark)
{
	if (remark->n == 0)
		return;
	strbuf_adds(b, b->n > from ? "; " : "");
	strbuf_addstr(b, strbuf_str(remark));
	strbuf_reset(remark);
}

static void
add_wait(struct strbuf *b, const struct tree_view *v,
    const struct look_item *it)
{
	c_strbuf struct strbuf answer = STRBUF_INIT;

	if (add_answer(&answer, v->look, it))
		strbuf_addf(b, "for %s", answer.p);
}

static const struct sched_error *
last_error(const struct history_node *n)
{
	if (n->error.code.p != NULL || n->error.message.p != NULL)
		return &n->error;
	if (n->n_attempts > 0 && n->attempts[n->n_attempts - 1].failed &&
	    !look_is_final(n->phase))
		return &n->attempts[n->n_attempts - 1].error;
	return NULL;
}

static void
add_remarks(struct strbuf *b, const struct tree_view *v,
    const struct look_item *it)
{
	c_strbuf struct strbuf r = STRBUF_INIT;
	const struct history_node *n = it->node;
	const struct sched_error *error;
	size_t from = b->n;

	if (n == NULL)
		return;
	add_wait(&r, v, it);
	add_remark(b, from, &r);
	if (n->phase != SCHED_RECOVERED)
		strbuf_adds(&r, cache_words(n->cache));
	add_remark(b, from, &r);
	add_first_line(&r, why_words(n), 0);
	add_remark(b, from, &r);
	add_why(&r, it);
	add_remark(b, from, &r);
	if (n->taken != NULL)
		strbuf_addf(&r, "took %s", n->taken);
	add_remark(b, from, &r);
	if (n->n_attempts > 1)
		strbuf_addf(&r, "%zu attempts", n->n_attempts);
	add_remark(b, from, &r);
	if (n->child.name != NULL)
		strbuf_addf(&r, "execution %s", n->child.name);
	add_remark(b, from, &r);
	if (it->parent != LOOK_NONE &&
	    v->look->items.at[it->parent].node != NULL &&
	    it->within != v->look->items.at[it->parent].node->attempt)
		strbuf_addf(&r, "in attempt %u", it->within);
	add_remark(b, from, &r);
	error = last_error(n);
	if (error != NULL)
		add_first_line(&r, error->message, 0);
	add_remark(b, from, &r);
}

static void
add_line(struct tree_view *v, const struct group *g)
{
	const struct look_item *it = &v->look->items.at[g->first];
	struct strbuf *b = &v->out;
	c_strbuf struct strbuf remarks = STRBUF_INIT;
	size_t from = b->n, used;

	add_name(b, v, g);
	used = b->n - from;
	strbuf_pad(b, ' ', used < v->name_width ? v->name_width - used : 0);
	strbuf_adds(b, "  ");
	add_word(v->show, b, look_word(v->look, it), 11);
	add_duration(b, v, g);
	used = MAX(used, v->name_width) + 2 + 11 + 12;
	if (v->bars) {
		strbuf_adds(b, "  ");
		add_bar(b, v, g);
		used += 2 + BAR_WIDTH + 2;
	}
	add_remarks(&remarks, v, it);
	if (remarks.n > 0) {
		strbuf_adds(b, "  ");
		add_first_line(b, strbuf_str(&remarks), v->show->width == 0 ?
		    0 : v->show->width > (int)used + 22 ?
		    (size_t)v->show->width - used - 2 : 20);
	}
	while (b->n > from && b->p[b->n - 1] == ' ')
		strbuf_setlen(b, b->n - 1);
	strbuf_addch(b, '\n');
}

/* ---- the whole ---------------------------------------------------------- */

static int
same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* Elements that read the same, so that one line does for both. */
static int
alike(const struct look *l, const struct look_item *a,
    const struct look_item *b)
{
	const struct history_node *x = a->node, *y = b->node;

	if (a->element < 0 || b->element != a->element + a->n ||
	    a->first != LOOK_NONE || b->first != LOOK_NONE ||
	    strcmp(look_word(l, a), look_word(l, b)) != 0)
		return 0;
	if (x == NULL || y == NULL)
		return x == y;
	return same_text(x->cache, y->cache) && same_text(x->why, y->why) &&
	    x->child.name == NULL && y->child.name == NULL &&
	    (x->n_attempts > 1) == (y->n_attempts > 1) &&
	    str_eq(x->error.message, y->error.message);
}

/* The line of the item and those like it; returns the item after. */
static uint32_t
put_group(struct tree_view *v, uint32_t at)
{
	const struct look_item *items = v->look->items.at;
	struct group g = { at, at, 1 };

	while (items[g.last].next != LOOK_NONE &&
	    alike(v->look, &items[g.last], &items[items[g.last].next])) {
		g.last = items[g.last].next;
		g.n++;
	}
	add_line(v, &g);
	return items[g.last].next;
}

static void
put_items(struct tree_view *v)
{
	const struct look_item *items = v->look->items.at;
	uint32_t at = v->look->first, after, inside;

	for (;;) {
		if (at == LOOK_NONE) {
			if (v->stack.n == 0)
				return;
			at = VEC_POP(&v->stack);
			continue;
		}
		inside = items[at].first;
		after = put_group(v, at);
		if (inside == LOOK_NONE) {
			at = after;
			continue;
		}
		VEC_PUSH(&v->stack, after);
		at = inside;
	}
}

static void
measure(struct tree_view *v)
{
	const struct look *l = v->look;
	size_t i, w;

	v->from = l->history.created;
	v->to = l->history.ended != 0 ? l->history.ended :
	    l->alive ? l->now : l->history.updated;
	for (i = 0; i < l->items.n; i++) {
		const struct look_item *it = &l->items.at[i];

		/* An element is "n17", a range of them "n10-n17". */
		w = (size_t)2 * (it->depth + 1) + (it->element >= 0 ?
		    2 * it->id.n + 1 : it->id.n) + (it->n > 1 ? 2u : 0u);
		v->name_width = MAX(v->name_width, MIN(w, NAME_WIDTH_MAX));
	}
}

static void
add_error(struct strbuf *b, const struct sched_error *error)
{
	if (error->code.p == NULL && error->message.p == NULL)
		return;
	add_label(b, "error");
	if (error->code.n > 0) {
		utf8_add_shown(b, error->code);
		strbuf_adds(b, ": ");
	}
	add_first_line(b, error_text(error), 0);
	strbuf_addch(b, '\n');
}

static void
add_origin(struct strbuf *b, const struct history *h)
{
	const char *label;

	if (h->of == NULL)
		return;
	label = h->mode == NULL ? "of" :
	    strcmp(h->mode, "RECOVERED") == 0 ? "recovered" :
	    strcmp(h->mode, "RELAUNCH") == 0 ? "relaunched" :
	    strcmp(h->mode, "CHILD_WORKFLOW") == 0 ? "part" : "of";
	add_label(b, label);
	strbuf_addf(b, "%s%s\n", label[0] == 'p' ? "of " : "from ", h->of);
}

static void
add_header(struct tree_view *v, struct str inputs)
{
	const struct look *l = v->look;
	const struct history *h = &l->history;
	struct strbuf *b = &v->out;

	strbuf_addf(b, "%s  ", h->id.name);
	add_word(v->show, b, look_phase_name(look_phase(l)), 0);
	strbuf_addch(b, '\n');
	add_label(b, "target");
	utf8_add_shown(b, str_of(h->target));
	strbuf_addf(b, " (%s)\n", h->target_kind == NULL ? "?" :
	    h->target_kind);
	if (h->file != NULL) {
		add_label(b, "file");
		utf8_add_shown(b, str_of(h->file));
		strbuf_addch(b, '\n');
	}
	if (inputs.n > 0) {
		add_label(b, "inputs");
		add_literals_short(b, inputs, v->show->width > 40 ?
		    (size_t)v->show->width - 12 : 0);
		strbuf_addch(b, '\n');
	}
	add_label(b, "started");
	look_add_time(b, h->created);
	strbuf_addch(b, '\n');
	add_label(b, "duration");
	look_add_span(b, v->to - v->from);
	strbuf_adds(b, h->ended == 0 && l->alive ? " so far\n" : "\n");
	add_origin(b, h);
	if (h->begins > 1) {
		add_label(b, "resumed");
		strbuf_addf(b, "%d time%s\n", h->begins - 1,
		    h->begins > 2 ? "s" : "");
	}
	add_error(b, &h->error);
	if (l->trouble.kind != ERR_NONE) {
		add_label(b, "closure");
		strbuf_addf(b, "%s\n", l->trouble.msg);
	}
}

static void
add_footer(struct tree_view *v, struct str outputs)
{
	struct strbuf *b = &v->out;
	const char *id = v->look->history.id.name;

	if (outputs.n > 0) {
		strbuf_adds(b, "outputs:\n");
		add_literals_lines(b, "  ", outputs);
	}
	if (look_phase(v->look) == LOOK_INTERRUPTED)
		strbuf_addf(b, "go on with: flyte-run --resume %s\n", id);
}

int
show_tree(struct show *s, const struct look *l)
{
	c_arena struct arena a = ARENA_INIT;
	struct tree_view v = { .show = s, .look = l, .out = STRBUF_INIT };
	const struct history *h = &l->history;
	struct str inputs = { NULL, 0 }, outputs = { NULL, 0 };
	struct store *store;
	struct err e;
	int bad;

	/* The rest is worth seeing where a long one is damaged. */
	bad = context_store(&s->ctx, &store, &e) < 0 ||
	    history_literals(h, store, h->inputs, &a, &inputs, &e) < 0 ||
	    history_literals(h, store, h->outputs, &a, &outputs, &e) < 0;
	measure(&v);
	v.bars = s->timeline || s->width >= WIDTH_FOR_BAR;
	add_header(&v, inputs);
	strbuf_addch(&v.out, '\n');
	put_items(&v);
	if (outputs.p != NULL || look_phase(l) == LOOK_INTERRUPTED)
		strbuf_addch(&v.out, '\n');
	add_footer(&v, outputs);
	put_out(&v.out);
	strbuf_release(&v.out);
	VEC_RELEASE(&v.stack);
	return bad ? fail(&s->ctx, &e) : EXIT_DONE;
}
