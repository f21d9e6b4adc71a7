#include "engine/sched_p.h"

/* Looking at the machine from outside. */

const char *
sched_phase_name(enum sched_phase p)
{
	static const char *const names[] = {
		"UNDEFINED", "QUEUED", "RUNNING", "SUCCEEDED", "FAILING",
		"FAILED", "ABORTED", "SKIPPED", "TIMED_OUT",
		"DYNAMIC_RUNNING", "RECOVERED",
	};
	_Static_assert(ARRAY_LEN(names) == SCHED_PHASE_MAX, "a name for each");

	return names[p];
}

const char *
sched_wf_name(enum sched_wf p)
{
	static const char *const names[] = {
		"UNDEFINED", "QUEUED", "RUNNING", "SUCCEEDING", "SUCCEEDED",
		"FAILING", "FAILED", "ABORTED",
	};
	_Static_assert(ARRAY_LEN(names) == SCHED_WF_MAX, "a name for each");

	return names[p];
}

const char *
sched_why_name(enum sched_why why)
{
	static const char *const names[] = {
		"", "ready", "upstream", "cache-hit", "cache-miss",
		"overwrite", "uncached", "waits-for-reservation", "recovered",
		"restored", "retry", "done", "error", "inputs", "deadline",
		"child", "not-taken", "taken", "policy", "abort",
	};
	_Static_assert(ARRAY_LEN(names) == SCHED_WHY_MAX, "a name for each");

	return names[why];
}

enum sched_phase
sched_phase_called(struct str name)
{
	unsigned i;

	for (i = 0; i < SCHED_PHASE_MAX; i++)
		if (str_is(name, sched_phase_name((enum sched_phase)i)))
			break;
	return (enum sched_phase)i;
}

enum sched_wf
sched_wf_called(struct str name)
{
	unsigned i;

	for (i = 0; i < SCHED_WF_MAX; i++)
		if (str_is(name, sched_wf_name((enum sched_wf)i)))
			break;
	return (enum sched_wf)i;
}

enum sched_why
sched_why_called(struct str name)
{
	unsigned i;

	for (i = 0; i < SCHED_WHY_MAX; i++)
		if (str_is(name, sched_why_name((enum sched_why)i)))
			break;
	return (enum sched_why)i;
}

enum sched_wf
sched_phase(const struct sched *s)
{
	return s->wf;
}

const struct sched_error *
sched_error(const struct sched *s)
{
	return s->error;
}

struct str
sched_outputs(const struct sched *s)
{
	return s->wf == SCHED_WF_SUCCEEDED ? s->frames.at[0]->outputs :
	    (struct str){ NULL, 0 };
}

/* Reading does not change the machine, though finding takes it whole. */
static int
find(const struct sched *s, struct sched_ref ref, struct at *ret)
{
	struct sched *own = s->frames.n > 0 ? s->frames.at[0]->owner : NULL;

	return own != NULL && sched_find(own, ref, ret);
}

static void
view_element(const struct elements *m, uint32_t i, struct sched_view *ret)
{
	ret->phase = (enum sched_phase)m->shown[i];
	ret->attempt = m->attempts[i];
	ret->system_failures = m->system_failures[i];
	ret->cache = (enum sched_cache)m->cache[i];
	ret->outputs = sched_array_element_outputs(m, i);
	for (size_t k = 0; k < m->errors.n; k++)
		if (m->errors.at[k].element == i)
			ret->error = *m->errors.at[k].error;
}

void
sched_view(const struct sched *s, struct sched_ref ref,
    struct sched_view *ret)
{
	struct sched_ref map_ref = ref;
	struct elements *m;
	struct at at;

	*ret = (struct sched_view){ .cause = SCHED_NONE, .taken = SCHED_NONE,
	    .child = SCHED_NONE };
	map_ref.element = SCHED_NONE;
	if (!find(s, map_ref, &at))
		return;
	m = sched_array_of(s, at.n);
	if (ref.element != SCHED_NONE && (m == NULL || ref.element >= m->n))
		return;
	if (ref.element != SCHED_NONE && !find(s, ref, &at)) {
		view_element(m, ref.element, ret);
		return;
	}
	ret->phase = (enum sched_phase)at.n->shown;
	ret->why = (enum sched_why)at.n->why;
	ret->cause = at.n->cause;
	ret->attempt = at.n->attempt;
	ret->system_failures = at.n->system_failures;
	ret->cache = (enum sched_cache)at.n->cache;
	ret->reservation = (enum sched_reservation)at.n->reservation;
	ret->unread = at.n->running && at.n->got != NULL;
	ret->inputs = at.n->inputs;
	ret->outputs = at.n->outputs;
	if (at.n->error != NULL)
		ret->error = *at.n->error;
	if (at.pn->kind == PLAN_BRANCH)
		ret->taken = at.n->child;
	else if (at.pn->kind != PLAN_ARRAY)
		ret->child = at.n->child;
}

uint32_t
sched_n_frames(const struct sched *s)
{
	return (uint32_t)s->frames.n;
}

const struct plan *
sched_frame(const struct sched *s, uint32_t frame, uint32_t *ret_graph,
    struct sched_ref *ret_parent)
{
	const struct frame *f = s->frames.at[frame];

	*ret_graph = (uint32_t)(f->g - f->plan->graphs);
	*ret_parent = f->parent;
	return f->plan;
}

static void
add_number(struct strbuf *b, uint32_t n)
{
	char digits[10];
	size_t i = sizeof(digits);

	do
		digits[--i] = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	strbuf_add(b, digits + i, sizeof(digits) - i);
}

static void
add_attempt(struct strbuf *b, uint32_t attempt)
{
	strbuf_addch(b, '/');
	add_number(b, attempt);
	strbuf_addch(b, '/');
}

/* The ways a branch and a map add to the path: their id and attempt. */
static void
add_branches(const struct frame *f, uint32_t node, struct strbuf *b)
{
	uint32_t chain[MAX_MESSAGE_DEPTH + 1], n = 0;

	for (uint32_t i = f->plan->nodes[node].branch; i != PLAN_NONE &&
	    n < ARRAY_LEN(chain); i = f->plan->nodes[i].branch)
		chain[n++] = i;
	while (n-- > 0) {
		strbuf_addstr(b, f->plan->nodes[chain[n]].id);
		add_attempt(b, f->nodes[chain[n] - f->g->first].attempt);
	}
}

void
sched_add_path(const struct sched *s, struct sched_ref ref, struct strbuf *b)
{
	const struct frame *f = s->frames.at[ref.frame];

	strbuf_addstr(b, f->prefix);
	if (f->plan->nodes[ref.node].branch != PLAN_NONE)
		add_branches(f, ref.node, b);
	strbuf_addstr(b, f->plan->nodes[ref.node].id);
	if (ref.element == SCHED_NONE)
		return;
	add_attempt(b, f->nodes[ref.node - f->g->first].attempt);
	strbuf_addch(b, 'n');
	add_number(b, ref.element);
}

uint32_t
sched_n_elements(const struct sched *s, struct sched_ref map)
{
	const struct elements *m;
	struct at at;

	map.element = SCHED_NONE;
	if (!find(s, map, &at))
		return 0;
	m = sched_array_of(s, at.n);
	return m == NULL ? 0 : m->n;
}

uint32_t
sched_n_running(const struct sched *s, uint32_t *ret_peak)
{
	if (ret_peak != NULL)
		*ret_peak = s->peak;
	return s->running;
}
