#include "idl/wire.h"
#include "run/sched_impl.h"
#include "run/sched_wire.h"

/* What comes out of a map: lists of outputs, or one error. */

/* Bytes of the error's text, as in flyteplugins' errorcollector. */
#define MAX_ERROR_TEXT	102400

/* ---- outputs ------------------------------------------------------------- */

struct column {
	struct str	name;
	size_t		size;		/* bytes of all items */
	char		*p;		/* where the next goes; NULL while the
					 * sizes are summed up */
	uint32_t	n;
	int		declared, seen;	/* seen: by now, in this pass */
};

struct columns {
	VEC(struct column) list;
};

/* core.Literal { scalar: { none_type: {} } } */
static const struct str none = { "\x0a\x02\x2a", 4 };

static struct column *
column(struct columns *c, struct str name, int declared)
{
	for (size_t i = 0; i < c->list.n; i++)
		if (str_eq(c->list.at[i].name, name)) {
			c->list.at[i].seen = 1;
			return &c->list.at[i];
		}
	VEC_PUSH(&c->list, ((struct column){ .name = name,
	    .declared = declared, .seen = 1 }));
	return &VEC_LAST(&c->list);
}

static void
add(struct column *col, struct str literal)
{
	if (col->p != NULL)
		col->p = wire_put_field(col->p, 1, literal);
	else
		col->size += wire_size_field(literal.n);
	col->n++;
}

static void
add_element(struct columns *c, struct str outputs)
{
	struct wire_reader r = wire_reader(outputs);
	struct wire_field f, key, value;
	struct err e;

	while (wire_next(&r, &f, &e) > 0)
		if (wire_find(f.bytes, 1, WIRE_BYTES, &key, &e) == 0 &&
		    wire_find(f.bytes, 2, WIRE_BYTES, &value, &e) == 0)
			add(column(c, key.bytes, 0), value.whole.p == NULL ?
			    STR("") : value.bytes);
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
declare(struct at *at, const struct elements *m, struct columns *c)
{
	const struct plan *p = at->f->plan;
	struct plan_range r = { 0, 0 };

	if (m->inner->kind == PLAN_TASK)
		r = p->tasks[m->inner->what].outputs;
	else if (m->inner->kind == PLAN_WORKFLOW)
		r = p->graphs[m->inner->what].outputs;
	for (uint32_t i = 0; i < r.n; i++)
		(void)column(c, p->vars[r.at + i].name, 1);
}

/* Once to know the sizes, once to write. */
static void
pass(const struct sched *s, const struct elements *m, struct columns *c)
{
	for (uint32_t i = 0; i < m->n; i++) {
		struct str out = sched_array_element_outputs(m, i);

		if (out.p != NULL)
			add_element(c, out);
		else if (m->steps[i] != STEP_SUCCEEDED)
			for (size_t k = 0; k < c->list.n; k++) {
				if (c->list.at[k].seen)
					add(&c->list.at[k], none);
			}
		if (s->c.rules.keep_indices)
			fill(c, i + 1);
	}
}

/* Bytes of an entry: its name and a literal that is a list. */
static size_t
entry_size(const struct column *c)
{
	return wire_size_field(c->name.n) +
	    wire_size_field(wire_size_field(c->size));
}

/* The map with room for the items of each column. */
static struct str
lay_out(struct sched *s, struct columns *c)
{
	size_t size = 0;
	char *bytes, *p;

	for (size_t i = 0; i < c->list.n; i++)
		size += wire_size_field(entry_size(&c->list.at[i]));
	p = bytes = arena_alloc(&s->arena, size + 1);
	for (size_t i = 0; i < c->list.n; i++) {
		struct column *col = &c->list.at[i];

		p = wire_put_head(p, 1, entry_size(col));
		p = wire_put_field(p, 1, col->name);
		p = wire_put_head(p, 2, wire_size_field(col->size));
		col->p = wire_put_head(p, 2, col->size);
		p = col->p + col->size;
		col->n = 0;
		col->seen = col->declared;
	}
	*p = '\0';
	return (struct str){ bytes, size };
}

struct str
sched_array_gather(struct at *at, const struct elements *m)
{
	struct columns c = { VEC_INIT };
	struct str ret;

	declare(at, m, &c);
	pass(at->s, m, &c);
	if (c.list.n > 1)
		qsort(c.list.at, c.list.n, sizeof(*c.list.at), by_name);
	ret = lay_out(at->s, &c);
	pass(at->s, m, &c);
	VEC_RELEASE(&c.list);
	return ret;
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
