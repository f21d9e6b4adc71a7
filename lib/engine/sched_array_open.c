/* Opening maps: how many elements they have, and the items of their inputs. */
#include "engine/sched_p.h"

#include "idl/wire.h"

/* Some items of a collection literal by offset; 0 if it is no collection. */
static int
index_items(struct map_input *in, uint32_t *ret_n)
{
	struct wire_field f;
	struct wire_reader r;
	struct err e;
	size_t n = 0;
	struct str list;
	u32_list starts = VEC_INIT;

	if (wire_find(in->literal, 2, WIRE_BYTES, &f, &e) != 0 ||
	    f.whole.p == NULL || in->literal.n > UINT32_MAX)
		return 0;
	list = f.bytes;
	for (r = wire_reader(list); wire_next(&r, &f, &e) > 0;) {
		if (f.id != 1 || f.type != WIRE_BYTES)
			continue;
		if (n % MAP_STRIDE == 0)
			VEC_PUSH(&starts, (uint32_t)(f.whole.p -
			    in->literal.p));
		n++;
	}
	if (n == 0)
		VEC_PUSH(&starts, 0);
	in->at = starts.at;
	in->last = 0;
	in->last_at = in->at[0];
	*ret_n = (uint32_t)n;
	return 1;
}

/* The literal of one element.  They are asked for in turn, mostly. */
struct str
sched_array_item(struct map_input *in, uint32_t i)
{
	uint32_t at = in->at == NULL ? 0 : in->at[i / MAP_STRIDE];
	uint32_t k = i - i % MAP_STRIDE;
	struct wire_reader r;
	struct wire_field f;
	struct err e;

	if (in->at == NULL)
		return in->literal;
	if (in->last >= k && in->last <= i) {
		k = in->last;
		at = in->last_at;
	}
	r = wire_reader((struct str){ in->literal.p + at,
	    in->literal.n - at });
	do {
		if (wire_next(&r, &f, &e) <= 0)
			BUG("item %u of a list is gone", i);
	} while (f.id != 1 || f.type != WIRE_BYTES || k++ < i);
	in->last = i;
	in->last_at = (uint32_t)(f.whole.p - in->literal.p);
	return f.bytes;
}

static int
is_bound(const struct plan *p, const struct plan_array *a, struct str name)
{
	for (uint32_t i = 0; i < a->bound.n; i++)
		if (str_eq(p->strs[a->bound.at + i], name))
			return 1;
	return 0;
}

static int
bad_length(struct at *at, const char *text)
{
	at->n->error = sched_new_error(at->s, SCHED_USER,
	    "InvalidArrayLength", str_of(text));
	return -1;
}

static void
add_lengths(struct strbuf *b, struct str x, uint32_t n, struct str y,
    uint32_t k)
{
	strbuf_addf(b, "input arrays have different lengths: " STR_FMT
	    " has %u, " STR_FMT " has %u", STR_ARG(x), n, STR_ARG(y), k);
}

/* Takes the inputs apart; -1: they have no common length. */
static int
read_inputs(struct at *at, struct elements *m, const struct plan_array *a)
{
	struct wire_reader r = wire_reader(at->n->inputs);
	struct wire_field f, key, value;
	struct err e;
	int open = 0;
	struct str sized = { NULL, 0 };	/* the list that says how many */
	c_strbuf struct strbuf other = STRBUF_INIT;
	VEC(struct map_input) list = VEC_INIT;

	while (wire_next(&r, &f, &e) > 0) {
		struct map_input in = { .at = NULL };
		uint32_t n;

		if (wire_find(f.bytes, 1, WIRE_BYTES, &key, &e) != 0 ||
		    wire_find(f.bytes, 2, WIRE_BYTES, &value, &e) != 0)
			continue;
		in.name = key.bytes;
		in.literal = value.whole.p == NULL ? STR("") : value.bytes;
		if (!is_bound(at->f->plan, a, in.name)) {
			open++;
			if (index_items(&in, &n)) {
				if (sized.p != NULL && n != m->n &&
				    other.n == 0)
					add_lengths(&other, sized, m->n,
					    in.name, n);
				sized = in.name;
				m->n = n;
			}
		}
		VEC_PUSH(&list, in);
	}
	m->inputs = list.at;
	m->n_inputs = (uint32_t)list.n;
	if (other.n > 0)
		return bad_length(at, other.p);
	if (sized.p == NULL && (open > 0 || list.n == 0))
		return bad_length(at, "no input array provided");
	if (sized.p == NULL)
		m->n = 1;
	if (m->n > MAX_MAP_ELEMENTS)
		return bad_length(at, "the input array has too many elements");
	return 0;
}

static uint32_t
parallelism(const struct sched *s, const struct plan_array *a)
{
	uint32_t limit = s->c.max_parallelism;

	if (s->c.all_at_once)
		return 0;
	if (a->parallelism > 0)
		return (uint32_t)a->parallelism;
	switch (s->c.map_limit) {
	case SCHED_MAP_HYBRID:
		return a->parallelism < 0 ? limit : 0;
	case SCHED_MAP_WORKFLOW:
		return limit;
	case SCHED_MAP_UNLIMITED:
		break;
	}
	return 0;
}

static uint32_t
minimum(const struct plan_array *a, uint32_t n)
{
	double exact;
	uint32_t whole;

	if (a->min_successes >= 0)
		return (uint32_t)a->min_successes;
	if (a->min_ratio < 0)
		return n;
	exact = a->min_ratio * (double)n;
	if (exact >= (double)UINT32_MAX)
		return UINT32_MAX;
	whole = (uint32_t)exact;
	return whole + ((double)whole < exact);
}

int
sched_array_open(struct at *at)
{
	const struct plan *p = at->f->plan;
	const struct plan_array *a = &p->arrays[at->pn->what];
	struct sched *s = at->s;
	struct elements *m = xcalloc(1, sizeof(*m));
	size_t n;

	at->n->is_map = 1;
	at->n->child = (uint32_t)s->maps.n;
	VEC_PUSH(&s->maps, m);
	m->of = at->ref;
	m->of.attempt = at->n->attempt;
	m->inner = &p->nodes[a->node];
	if (read_inputs(at, m, a) != 0) {
		m->n = 0;
		return -1;
	}
	n = MAX(m->n, 1);
	m->min = minimum(a, m->n);
	m->parallel = parallelism(s, a);
	m->shown = xcalloc(n, 1);
	m->cache = xcalloc(n, 1);
	m->steps = xcalloc(n, 1);
	m->attempts = xcalloc(n, sizeof(*m->attempts));
	m->system_failures = xcalloc(n, sizeof(*m->system_failures));
	m->out = xcalloc(n, sizeof(*m->out));
	m->slot = xcalloc(n, sizeof(*m->slot));
	memset(m->slot, 0xff, n * sizeof(*m->slot));
	return 0;
}
