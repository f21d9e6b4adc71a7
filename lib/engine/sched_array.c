#include "idl/wire.h"
#include "engine/sched_p.h"
#include "engine/sched_wire.h"

/*
 * Maps: reference 3.3.  Elements are numbers; only those that are open have
 * a node, from the first that is not over on, as many as the map's
 * parallelism and the window below allow.
 */

/* Elements open at once where the map sets no limit: enough to keep any
 * number of slots busy, few enough to forget. */
#define WINDOW	4096

struct elements *
sched_array_of(const struct sched *s, const struct node *n)
{
	return n->is_map ? s->maps.at[n->child] : NULL;
}

void
sched_array_free(struct elements *m)
{
	for (uint32_t i = 0; i < m->n_inputs; i++)
		free(m->inputs[i].at);
	free(m->inputs);
	free(m->shown);
	free(m->cache);
	free(m->steps);
	free(m->attempts);
	free(m->system_failures);
	free(m->slot);
	sched_array_drop_outputs(m);
	sched_gather_free(m->columns);
	for (size_t i = 0; i < m->nodes.n; i++) {
		sched_node_drop_got(m->nodes.at[i]);
		free(m->nodes.at[i]);
	}
	VEC_RELEASE(&m->nodes);
	VEC_RELEASE(&m->free_slots);
	VEC_RELEASE(&m->now);
	VEC_RELEASE(&m->next);
	VEC_RELEASE(&m->errors);
	free(m);
}

/* ---- elements ------------------------------------------------------------ */

struct str
sched_array_element_inputs(struct sched *s, struct elements *m, uint32_t i)
{
	struct str *names = arena_new_n(&s->turn, m->n_inputs, struct str);
	struct str *values = arena_new_n(&s->turn, m->n_inputs, struct str);

	for (uint32_t k = 0; k < m->n_inputs; k++) {
		names[k] = m->inputs[k].name;
		values[k] = sched_array_item(&m->inputs[k], i);
	}
	return sched_bind_map(&s->turn, names, values, m->n_inputs);
}

struct str
sched_array_element_outputs(const struct elements *m, uint32_t i)
{
	const char *p = m->out == NULL ? NULL : m->out[i];
	size_t n = 0;
	unsigned shift = 0;

	if (p == NULL)
		return (struct str){ NULL, 0 };
	for (; (unsigned char)*p & 0x80; p++, shift += 7)
		n |= (size_t)(*p & 0x7f) << shift;
	n |= (size_t)*p << shift;
	return (struct str){ p + 1, n };
}

void
sched_array_drop_outputs(struct elements *m)
{
	for (size_t i = 0; i < m->chunks.n; i++)
		free(m->chunks.at[i]);
	VEC_RELEASE(&m->chunks);
	m->chunk_left = 0;
	free(TAKE(m->out, NULL));
}

/* In chunks, so that a million of them are never moved. */
static void
keep_outputs(struct elements *m, uint32_t i, struct str out)
{
	size_t need = wire_size_field(out.n), size = (size_t)64 * 1024;
	char *p;

	if (out.p == NULL || m->out == NULL)
		return;
	if (m->chunk_left < need) {
		size = MAX(size, need);
		p = xmalloc(size);
		VEC_PUSH(&m->chunks, p);
		m->chunk_left = size;
		m->chunk_end = p + size;
	}
	m->chunk_left -= need;
	p = m->chunk_end - m->chunk_left - need;
	(void)wire_put_field(p, 1, out);
	m->out[i] = p + 1;	/* the length; the tag is of no use */
}

void
sched_array_element_step(struct at *at, enum step step)
{
	struct elements *m = at->map;
	enum step before = (enum step)at->n->step;

	m->failing += step == STEP_FAILING;
	m->failing -= before == STEP_FAILING;
	if (at->n->error != NULL && before != STEP_FAILING &&
	    (step == STEP_RETRY || step == STEP_FAILING ||
	    step == STEP_FAILED || step == STEP_TIMED_OUT))
		VEC_PUSH(&m->errors, ((struct map_error){ at->ref.element,
		    at->s->round, step != STEP_RETRY, at->n->error }));
}

static uint16_t
to_u16(uint32_t n)
{
	return (uint16_t)MIN(n, UINT16_MAX);
}

void
sched_array_element_over(struct at *at)
{
	struct elements *m = at->map;
	struct node *n = at->n;
	uint32_t i = at->ref.element;
	enum step step = (enum step)n->step;

	m->shown[i] = n->shown;
	m->steps[i] = n->step;
	/* Zeros are not written: their memory is never touched. */
	if (n->cache != 0)
		m->cache[i] = n->cache;
	if (n->attempt > 0)
		m->attempts[i] = to_u16(n->attempt);
	if (n->system_failures > 0)
		m->system_failures[i] = to_u16(n->system_failures);
	if (!step_is_good(step))
		n->outputs = (struct str){ NULL, 0 };
	if (!sched_gather_over(at, n->outputs))
		keep_outputs(m, i, n->outputs);
	if (step_is_good(step) || step == STEP_SKIPPED)
		m->succeeded++;
	else if (step != STEP_ABORTED)
		m->failed++;
	m->live--;
	sched_node_drop_got(n);
	VEC_PUSH(&m->free_slots, (uint32_t)m->slot[i]);
	m->slot[i] = NO_SLOT;
	sched_wake(at->s, m->of);
}

static struct at
element_at(struct at *map, struct elements *m, uint32_t i)
{
	struct at at = *map;

	at.map = m;
	at.pn = m->inner;
	at.n = m->nodes.at[m->slot[i]];
	at.ref.element = i;
	at.ref.attempt = at.n->attempt;
	return at;
}

static void
open_element(struct elements *m, uint32_t i)
{
	struct node *n;

	if (m->free_slots.n > 0) {
		m->slot[i] = (uint16_t)VEC_POP(&m->free_slots);
		n = m->nodes.at[m->slot[i]];
		memset(n, 0, sizeof(*n));
	} else {
		m->slot[i] = (uint16_t)m->nodes.n;
		n = xcalloc(1, sizeof(*n));
		VEC_PUSH(&m->nodes, n);
	}
	n->cause = n->child = SCHED_NONE;
	m->live++;
}

static int
by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
step_elements(struct at *at, struct elements *m)
{
	u32_list done = m->now;
	uint32_t limit = m->parallel > 0 ? MIN(m->parallel, WINDOW) : WINDOW;
	/* One that ends in this round keeps its turn until the next. */
	uint32_t open = m->live;

	m->now = m->next;
	m->next = done;
	m->next.n = 0;
	if (m->now.n > 1)
		qsort(m->now.at, m->now.n, sizeof(*m->now.at), by_number);
	for (size_t i = 0; i < m->now.n; i++) {
		struct at el;

		if (m->slot[m->now.at[i]] == NO_SLOT)
			continue;
		el = element_at(at, m, m->now.at[i]);
		el.n->listed = 0;
		if (at->s->stop)
			sched_wake(at->s, el.ref);
		else
			sched_node_step(&el);
	}
	while (m->next_new < m->n && open < limit && !at->s->stop) {
		uint32_t i = m->next_new++;
		struct at el;

		open_element(m, i);
		open++;
		el = element_at(at, m, i);
		sched_node_step(&el);
	}
}

/* ---- the map ------------------------------------------------------------- */

/*
 * Flyte's error text is made anew in every round that sees an element fail,
 * of what went wrong in that round.
 */
static void
forget_old_errors(struct sched *s, struct elements *m)
{
	int fatal = 0;
	size_t k = 0;

	for (size_t i = m->errors.n; i-- > 0 &&
	    m->errors.at[i].round == s->round;)
		fatal |= m->errors.at[i].fatal;
	for (size_t i = 0; i < m->errors.n; i++)
		if ((m->errors.at[i].round == s->round) == fatal)
			m->errors.at[k++] = m->errors.at[i];
	m->errors.n = k;
}

int
sched_array_is_decided(const struct at *at)
{
	const struct elements *m = sched_array_of(at->s, at->n);

	return m != NULL && (m->failing_now || m->done_now);
}

static void
decide(struct at *at, struct elements *m)
{
	uint32_t running = m->n - m->succeeded - m->failed - m->failing;

	if (!at->s->c.rules.all_errors)
		forget_old_errors(at->s, m);
	if (m->n - m->failed < m->min)
		m->failing_now = 1;
	else if (m->succeeded >= m->min && running == 0)
		m->done_now = 1;
	if (m->failing_now || m->done_now) {
		at->s->changed = 1;
		sched_wake(at->s, m->of);
	}
}

enum outcome
sched_array_run(struct at *at)
{
	struct elements *m;

	if (!at->n->is_map) {
		if (sched_array_open(at) != 0)
			return OUT_FAILED;
		sched_wake(at->s, at->s->maps.at[at->n->child]->of);
		return OUT_RUNNING;
	}
	m = at->s->maps.at[at->n->child];
	if (m->failing_now) {
		sched_array_abort(at, STR("ArrayNode failing"), SCHED_WHY_POLICY);
		at->n->error = sched_array_error(at->s, m);
		return OUT_FAILED;
	}
	if (m->done_now) {
		sched_array_abort(at, STR("ArrayNode done"), SCHED_WHY_POLICY);
		at->n->outputs = sched_array_gather(at, m);
		return OUT_OK;
	}
	step_elements(at, m);
	if (!at->s->stop)
		decide(at, m);
	return OUT_BUSY;
}

void
sched_array_abort(struct at *at, struct str reason, enum sched_why why)
{
	struct elements *m = sched_array_of(at->s, at->n);

	if (m == NULL)
		return;
	for (uint32_t i = 0; i < m->next_new && m->live > 0; i++) {
		struct at el;

		if (m->slot[i] == NO_SLOT)
			continue;
		el = element_at(at, m, i);
		sched_node_abort(&el, reason, why);
	}
}
