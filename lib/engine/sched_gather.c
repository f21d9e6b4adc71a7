#include "idl/wire.h"
#include "engine/sched_p.h"
#include "engine/sched_wire.h"

/* What comes out of a map: lists of outputs, or one error. */

/* Bytes of the error's text, as in flyteplugins' errorcollector. */
#define MAX_ERROR_TEXT	102400

/* ---- outputs ------------------------------------------------------------- */

/* The items of one output, as the body of a collection.  Room is left before
 * them for what stands around a map's only output. */
struct column {
	struct str	name;
	struct strbuf	body;
	uint32_t	n;
	int		declared, seen;	/* seen: by now */
};

struct columns {
	VEC(struct column) list;
};

/* core.Literal { scalar: { none_type: {} } } */
static const struct str none = { "\x0a\x02\x2a", 4 };

/* Bytes of four tags and lengths, the name's among them. */
#define HEADS	((size_t)4 * 11)

static struct column *
column(struct sched *s, struct columns *c, struct str name, int declared)
{
	struct column fresh = { .body = STRBUF_INIT, .declared = declared,
	    .seen = 1 };

	for (size_t i = 0; i < c->list.n; i++)
		if (str_eq(c->list.at[i].name, name)) {
			c->list.at[i].seen = 1;
			return &c->list.at[i];
		}
	fresh.name = sched_keep(s, name);
	strbuf_pad(&fresh.body, 0, HEADS + name.n);
	VEC_PUSH(&c->list, fresh);
	return &VEC_LAST(&c->list);
}

static void
add(struct column *col, struct str literal)
{
	size_t n = wire_size_field(literal.n);

	if (col->body.cap - col->body.n <= n)
		strbuf_grow(&col->body, n);
	(void)wire_put_field(col->body.p + col->body.n, 1, literal);
	col->body.n += n;
	col->n++;
}

static void
add_element(struct sched *s, struct columns *c, struct str outputs)
{
	struct wire_reader r = wire_reader(outputs);
	struct str key, value;
	struct err e;

	while (wire_next_entry(&r, &key, &value, &e) > 0)
		add(column(s, c, key, 0), value);
}

/* Where an element left an output out, its place is kept. */
static void
fill(struct columns *c, uint32_t upto)
{
	for (size_t i = 0; i < c->list.n; i++)
		while (c->list.at[i].declared && c->list.at[i].n < upto)
			add(&c->list.at[i], none);
}

static int
by_name(const void *a, const void *b)
{
	const struct column *x = a, *y = b;

	return str_cmp(x->name, y->name);
}

static void
declare_launch(struct sched *s, const struct plan_launch *l,
    struct columns *c)
{
	for (uint32_t i = 0; i < l->n_outputs; i++)
		(void)column(s, c, l->outputs[i], 1);
}

static void
declare(struct at *at, const struct elements *m, struct columns *c)
{
	const struct plan *p = at->f->plan;
	struct plan_range r = { 0, 0 };

	if (m->inner->kind == PLAN_TASK)
		r = p->tasks[m->inner->what].outputs;
	else if (m->inner->kind == PLAN_WORKFLOW)
		r = p->graphs[m->inner->what].outputs;
	else if (m->inner->kind == PLAN_LAUNCH)
		declare_launch(at->s, &p->launches[m->inner->what], c);
	for (uint32_t i = 0; i < r.n; i++)
		(void)column(at->s, c, p->vars[r.at + i].name, 1);
}

/* The next element in turn, which is over. */
static void
gather_next(struct at *at, struct elements *m, struct str out)
{
	struct columns *c = m->columns;
	uint32_t i = m->gathered++;

	if (c == NULL) {
		c = m->columns = xcalloc(1, sizeof(*c));
		declare(at, m, c);
	}
	if (out.p != NULL)
		add_element(at->s, c, out);
	else if (m->steps[i] != STEP_SUCCEEDED)
		for (size_t k = 0; k < c->list.n; k++) {
			if (c->list.at[k].seen)
				add(&c->list.at[k], none);
		}
	if (at->s->c.rules.keep_indices)
		fill(c, i + 1);
}

int
sched_gather_over(struct at *at, struct str out)
{
	struct elements *m = at->map;

	if (at->ref.element != m->gathered)
		return 0;
	gather_next(at, m, out);
	while (m->gathered < m->n &&
	    step_is_over((enum step)m->steps[m->gathered]))
		gather_next(at, m, sched_array_element_outputs(m,
		    m->gathered));
	return 1;
}

static size_t
items_of(const struct column *c)
{
	return c->body.n - HEADS - c->name.n;
}

/* Bytes of an entry: its name and a literal that is a list. */
static size_t
entry_size(const struct column *c)
{
	return wire_size_field(c->name.n) +
	    wire_size_field(wire_size_field(items_of(c)));
}

/* What stands before the items of a column. */
static char *
put_heads(char *p, const struct column *c)
{
	p = wire_put_head(p, 1, entry_size(c));
	p = wire_put_field(p, 1, c->name);
	p = wire_put_head(p, 2, wire_size_field(items_of(c)));
	return wire_put_head(p, 2, items_of(c));
}

/* The map's only output stays where it is. */
static struct str
wrap(struct column *c)
{
	c_free char *heads = xmalloc(HEADS + c->name.n);
	size_t n = (size_t)(put_heads(heads, c) - heads);
	char *p = c->body.p + HEADS + c->name.n - n;

	memcpy(p, heads, n);
	c->body.p[c->body.n] = '\0';
	return (struct str){ p, n + items_of(c) };
}

static struct str
join(struct sched *s, struct columns *c)
{
	size_t size = 0;
	char *bytes, *p;

	for (size_t i = 0; i < c->list.n; i++)
		size += wire_size_field(entry_size(&c->list.at[i]));
	p = bytes = arena_alloc(&s->arena, size + 1);
	for (size_t i = 0; i < c->list.n; i++) {
		struct column *col = &c->list.at[i];

		p = put_heads(p, col);
		memcpy(p, col->body.p + HEADS + col->name.n, items_of(col));
		p += items_of(col);
		strbuf_release(&col->body);
	}
	*p = '\0';
	return (struct str){ bytes, size };
}

struct str
sched_array_gather(struct at *at, struct elements *m)
{
	struct columns *c;

	while (m->gathered < m->n)
		gather_next(at, m, sched_array_element_outputs(m,
		    m->gathered));
	sched_array_drop_outputs(m);
	c = m->columns;
	if (c == NULL) {
		c = m->columns = xcalloc(1, sizeof(*c));
		declare(at, m, c);
	}
	if (c->list.n == 1)
		return wrap(&c->list.at[0]);
	if (c->list.n > 1)
		qsort(c->list.at, c->list.n, sizeof(*c->list.at), by_name);
	return join(at->s, c);
}

void
sched_gather_free(struct columns *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < c->list.n; i++)
		strbuf_release(&c->list.at[i].body);
	VEC_RELEASE(&c->list);
	free(c);
}

/* ---- error --------------------------------------------------------------- */

static int
by_message(const void *a, const void *b)
{
	const struct map_error *x = a, *y = b;
	int d = str_cmp(x->error->message, y->error->message);

	return d != 0 ? d : x->element < y->element ? -1 :
	    x->element > y->element;
}

/* "[0-1][3]: text" for elements i.. of one message; returns their end. */
static size_t
add_group(const struct elements *m, size_t i, struct strbuf *b)
{
	const struct map_error *at = m->errors.at;
	size_t n = m->errors.n, end = i;

	while (end < n && str_eq(at[end].error->message, at[i].error->message)) {
		size_t to = end;

		while (to + 1 < n && str_eq(at[to + 1].error->message,
		    at[i].error->message) &&
		    at[to + 1].element <= at[to].element + 1)
			to++;
		if (at[to].element == at[end].element)
			strbuf_addf(b, "[%u]", at[end].element);
		else
			strbuf_addf(b, "[%u-%u]", at[end].element,
			    at[to].element);
		end = to + 1;
	}
	strbuf_adds(b, ": ");
	strbuf_addstr(b, at[i].error->message);
	strbuf_addch(b, '\n');
	return end;
}

static int
by_element(const void *a, const void *b)
{
	const struct map_error *x = a, *y = b;

	if (x->element != y->element)
		return x->element < y->element ? -1 : 1;
	return x->round < y->round ? -1 : x->round > y->round;
}

/* Of each element that did not succeed its last error. */
static void
keep_last(struct elements *m)
{
	struct map_error *e = m->errors.at;
	size_t k = 0;

	qsort(e, m->errors.n, sizeof(*e), by_element);
	for (size_t i = 0; i < m->errors.n; i++)
		if ((i + 1 == m->errors.n || e[i + 1].element != e[i].element)
		    && m->steps[e[i].element] != STEP_SUCCEEDED)
			e[k++] = e[i];
	m->errors.n = k;
}

struct sched_error *
sched_array_error(struct sched *s, struct elements *m)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (m->errors.n > 0)
		keep_last(m);
	if (m->errors.n == 0)
		return sched_new_error(s, SCHED_UNKNOWN, "ArrayNodeFailing",
		    STR("Unknown reason"));
	qsort(m->errors.at, m->errors.n, sizeof(*m->errors.at), by_message);
	for (size_t i = 0; i < m->errors.n;) {
		i = add_group(m, i, &b);
		if (b.n > MAX_ERROR_TEXT) {
			strbuf_setlen(&b, MAX_ERROR_TEXT);
			strbuf_adds(&b, "... and many more.");
			break;
		}
	}
	return sched_new_error(s, SCHED_UNKNOWN, "", strbuf_str(&b));
}
