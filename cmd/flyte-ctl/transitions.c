/* Every record of a journal must be a legal step from those before. */

#include "ctl.h"

#include "base/limits.h"
#include "base/utf8.h"
#include "data/json.h"
#include "record/field.h"

/* What is known of a node so far. */
struct known {
	struct str		path;
	enum sched_phase	phase;
	int64_t			attempt;	/* the last started; -1 */
	int			running;	/* it has not ended */
	int			begun;		/* by which process */
};

/* Elements of a map that have ended in a record with others: a bit each. */
struct ended {
	unsigned char		*bits;
	size_t			 n;		/* bytes */
};

struct checker {
	fault_fn		*fault;
	void			*arg;
	const struct execution_id *id;	/* by the folder's name */
	struct tree		 tree;
	struct arena		 arena;
	VEC(struct known)	 nodes;
	struct map		 by_path;
	size_t			 elements;	/* nodes that look like one */
	VEC(struct ended)	 ended;
	struct map		 by_map;	/* "a/0" to ended */
	struct map		 signals;	/* ids of gates */
	enum sched_wf		 phase;
	int			 begins;
	uint64_t		 seq;
};

static void fault(struct checker *, const char *, ...) printf_like(2, 3);
static void
fault(struct checker *c, const char *fmt, ...)
{
	c_strbuf struct strbuf b = STRBUF_INIT, shown = STRBUF_INIT;
	va_list ap;

	strbuf_addf(&b, "record %llu: ", (unsigned long long)c->seq);
	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	utf8_add_shown(&shown, strbuf_str(&b));
	c->fault(c->arg, shown.p);
}

static struct str
text_of(const struct checker *c, const char *key)
{
	struct str s = field_text(&c->tree, key);

	return s.p == NULL ? STR("") : s;
}

static int64_t
number_of(const struct checker *c, const char *key)
{
	int64_t n = field_int(&c->tree, key);

	return n < 0 || n > UINT32_MAX ? 0 : n;
}

static struct ended *
ended_of(struct checker *c, struct str map)
{
	struct ended fresh = { NULL, 0 };
	uint32_t at = map_get(&c->by_map, map);

	if (at == MAP_NONE) {
		at = (uint32_t)c->ended.n;
		VEC_PUSH(&c->ended, fresh);
		map_put(&c->by_map, arena_str(&c->arena, map), at);
	}
	return &c->ended.at[at];
}

static int
has_ended(const struct ended *m, uint32_t i)
{
	return i / 8 < m->n && (m->bits[i / 8] >> i % 8 & 1);
}

static void
set_ended(struct ended *m, uint32_t i)
{
	size_t n = MAX((size_t)i / 8 + 1, m->n * 2);

	if (i / 8 >= m->n) {
		m->bits = xreallocarray(m->bits, n, 1);
		memset(m->bits + m->n, 0, n - m->n);
		m->n = n;
	}
	m->bits[i / 8] |= (unsigned char)(1u << i % 8);
}

static struct known *
node_at(struct checker *c, struct str path)
{
	struct known fresh = { .attempt = -1 };
	uint32_t at = map_get(&c->by_path, path), element;
	struct str map;

	if (at == MAP_NONE) {
		fresh.path = arena_str(&c->arena, path);
		if (history_split(path, &map, &element)) {
			c->elements++;
			if (has_ended(ended_of(c, map), element))
				fresh.phase = SCHED_SUCCEEDED;
		}
		at = (uint32_t)c->nodes.n;
		VEC_PUSH(&c->nodes, fresh);
		map_put(&c->by_path, fresh.path, at);
	}
	return &c->nodes.at[at];
}

static struct known *
node_of(struct checker *c)
{
	return node_at(c, text_of(c, "p"));
}

/* ---- legal steps -------------------------------------------------------- */

#define B(phase)	(1u << SCHED_##phase)
#define ENDS		(B(SUCCEEDED) | B(FAILED) | B(ABORTED) | \
			 B(TIMED_OUT) | B(SKIPPED) | B(RECOVERED))
/* What may follow a phase of a node; nothing follows a final one. */
static const unsigned after_phase[SCHED_PHASE_MAX] = {
	[SCHED_UNDEFINED] = B(QUEUED) | B(RUNNING) | B(FAILING) |
	    B(DYNAMIC_RUNNING) | ENDS,
	[SCHED_QUEUED] = B(QUEUED) | B(RUNNING) | B(FAILING) |
	    B(DYNAMIC_RUNNING) | ENDS,
	[SCHED_RUNNING] = B(QUEUED) | B(RUNNING) | B(FAILING) |
	    B(DYNAMIC_RUNNING) | ENDS,
	[SCHED_FAILING] = B(FAILING) | B(FAILED) | B(TIMED_OUT) |
	    B(ABORTED) | B(RUNNING) | B(QUEUED) | B(SUCCEEDED),
	[SCHED_DYNAMIC_RUNNING] = B(DYNAMIC_RUNNING) | B(RUNNING) |
	    B(QUEUED) | B(FAILING) | B(SUCCEEDED) | B(FAILED) | B(ABORTED) |
	    B(TIMED_OUT),
};

#define W(phase)	(1u << SCHED_WF_##phase)
static const unsigned after_wf[SCHED_WF_MAX] = {
	[SCHED_WF_UNDEFINED] = W(QUEUED) | W(RUNNING) | W(FAILING) |
	    W(FAILED) | W(ABORTED) | W(SUCCEEDING) | W(SUCCEEDED),
	[SCHED_WF_QUEUED] = W(QUEUED) | W(RUNNING) | W(FAILING) | W(FAILED) |
	    W(ABORTED) | W(SUCCEEDING) | W(SUCCEEDED),
	[SCHED_WF_RUNNING] = W(QUEUED) | W(RUNNING) | W(SUCCEEDING) |
	    W(SUCCEEDED) | W(FAILING) | W(FAILED) | W(ABORTED),
	/* A resumed run begins from the front again. */
	[SCHED_WF_SUCCEEDING] = W(QUEUED) | W(RUNNING) | W(SUCCEEDING) |
	    W(SUCCEEDED) | W(FAILING) | W(FAILED) | W(ABORTED),
	[SCHED_WF_FAILING] = W(QUEUED) | W(RUNNING) | W(FAILING) |
	    W(FAILED) | W(ABORTED),
};

static void
check_phase(struct checker *c, struct known *n)
{
	struct str name = text_of(c, "s");
	enum sched_phase phase = sched_phase_called(name);

	if (phase == SCHED_PHASE_MAX) {
		fault(c, STR_FMT ": no phase of a node: " STR_FMT,
		    STR_ARG(n->path), STR_ARG(name));
		return;
	}
	if ((after_phase[n->phase] & 1u << phase) == 0)
		fault(c, STR_FMT ": %s cannot follow %s", STR_ARG(n->path),
		    sched_phase_name(phase),
		    sched_phase_name(n->phase));
	n->phase = phase;
}

static void
check_node(struct checker *c)
{
	check_phase(c, node_of(c));
}

/* Told with others: as a node if it is one already, else by its bit. */
static void
check_element(struct checker *c, struct str map, uint32_t i)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	struct ended *m = ended_of(c, map);

	if (c->elements > 0) {
		strbuf_addf(&path, STR_FMT "/n%u", STR_ARG(map), i);
		if (map_get(&c->by_path, strbuf_str(&path)) != MAP_NONE) {
			check_phase(c, node_at(c, strbuf_str(&path)));
			return;
		}
	}
	if (has_ended(m, i))
		fault(c, STR_FMT "/n%u: ends twice", STR_ARG(map), i);
	set_ended(m, i);
}

static void
check_elements(struct checker *c)
{
	struct str map = text_of(c, "p");
	int64_t from = number_of(c, "from"), n = number_of(c, "n"), i;

	if (from < 0 || n < 0 || from > MAX_MAP_ELEMENTS ||
	    n > MAX_MAP_ELEMENTS) {
		fault(c, "no range of elements");
		return;
	}
	if (!str_is(text_of(c, "s"), sched_phase_name(SCHED_SUCCEEDED)) &&
	    !str_is(text_of(c, "s"), sched_phase_name(SCHED_RECOVERED)))
		fault(c, STR_FMT ": elements told together that ended ill",
		    STR_ARG(map));
	for (i = from; i < from + n; i++)
		check_element(c, map, (uint32_t)i);
}

static void
check_start(struct checker *c)
{
	struct known *n = node_of(c);
	int64_t a = number_of(c, "a");

	if (look_is_final(n->phase))
		fault(c, STR_FMT ": an attempt of what is %s already",
		    STR_ARG(n->path), sched_phase_name(n->phase));
	if (a <= n->attempt)
		fault(c, STR_FMT ": attempt %d after attempt %d",
		    STR_ARG(n->path), (int)a, (int)n->attempt);
	else if (n->running && n->begun == c->begins)
		fault(c, STR_FMT ": attempt %d while attempt %d had not "
		    "ended", STR_ARG(n->path), (int)a, (int)n->attempt);
	n->attempt = a;
	n->running = 1;
	n->begun = c->begins;
	if (!look_is_final(n->phase))
		n->phase = SCHED_RUNNING;
}

static void
check_end(struct checker *c)
{
	struct known *n = node_of(c);
	int64_t a = number_of(c, "a");

	if (!n->running || n->attempt != a)
		fault(c, STR_FMT ": the end of attempt %d, which does not "
		    "run", STR_ARG(n->path), (int)a);
	n->running = 0;
}

static void
check_workflow(struct checker *c)
{
	struct str name = text_of(c, "s");
	enum sched_wf phase = sched_wf_called(name);

	if (phase == SCHED_WF_MAX) {
		fault(c, "no phase of an execution: " STR_FMT, STR_ARG(name));
		return;
	}
	if ((after_wf[c->phase] & 1u << phase) == 0)
		fault(c, "the execution: %s cannot follow %s",
		    sched_wf_name(phase), sched_wf_name(c->phase));
	c->phase = phase;
}

/* The first record is of the execution whose folder it is. */
static void
check_first(struct checker *c)
{
	struct str project = text_of(c, "project");
	struct str domain = text_of(c, "domain"), name = text_of(c, "name");

	if (!str_is(project, c->id->project) ||
	    !str_is(domain, c->id->domain) || !str_is(name, c->id->name))
		fault(c, "this is the journal of " STR_FMT "/" STR_FMT "/"
		    STR_FMT, STR_ARG(project), STR_ARG(domain),
		    STR_ARG(name));
}

static void
check_begin(struct checker *c)
{
	if (number_of(c, "n") != c->begins + 1)
		fault(c, "process %d begins after %d", (int)number_of(c, "n"),
		    c->begins);
	c->begins++;
}

static void
check_signal(struct checker *c)
{
	struct str id = text_of(c, "id");

	if (map_get(&c->signals, id) != MAP_NONE)
		fault(c, "the gate " STR_FMT " gets a second value",
		    STR_ARG(id));
	else
		map_put(&c->signals, arena_str(&c->arena, id), 1);
}

static int
check_record(const struct journal_line *line, void *arg, struct err *e)
{
	static const struct {
		const char	*kind;
		void		(*check)(struct checker *);
	} kinds[] = {
		{ "node", check_node }, { "start", check_start },
		{ "end", check_end }, { "workflow", check_workflow },
		{ "begin", check_begin }, { "elements", check_elements },
		{ "execution", check_first },
		{ "signal", check_signal },
	};
	struct checker *c = arg;
	struct str kind;
	size_t i;

	c->seq = line->seq;
	if (json_parse_tree(line->json, &c->tree, e) < 0 ||
	    c->tree.at[0].kind != TREE_MAP) {
		fault(c, "no JSON object");
		return 0;
	}
	kind = text_of(c, "r");
	if (str_is(kind, "execution") != (line->seq == 0))
		fault(c, "the execution is told first, and once");
	if (history_is_final(c->phase))
		fault(c, "after the end of the execution");
	for (i = 0; i < ARRAY_LEN(kinds); i++)
		if (str_is(kind, kinds[i].kind))
			kinds[i].check(c);
	return 0;
}

/* ---- at the end --------------------------------------------------------- */

static void
check_ended(struct checker *c)
{
	size_t i;

	for (i = 0; i < c->nodes.n; i++) {
		const struct known *n = &c->nodes.at[i];

		if (!look_is_final(n->phase) && n->phase != SCHED_UNDEFINED &&
		    n->phase != SCHED_QUEUED)
			fault(c, STR_FMT ": still %s though the execution "
			    "has ended", STR_ARG(n->path),
			    sched_phase_name(n->phase));
		else if (n->running && n->begun == c->begins)
			fault(c, STR_FMT ": its attempt %d never ended "
			    "though the execution has", STR_ARG(n->path),
			    (int)n->attempt);
	}
}

int
check_transitions(const char *dir, const struct execution_id *id,
    fault_fn *fn, void *arg, struct err *e)
{
	struct checker c = { .fault = fn, .arg = arg, .id = id };
	size_t i;
	int rc;

	tree_init(&c.tree);
	rc = journal_read(dir, check_record, &c, e);
	if (rc == 0 && history_is_final(c.phase))
		check_ended(&c);
	tree_release(&c.tree);
	map_release(&c.by_path);
	map_release(&c.by_map);
	map_release(&c.signals);
	for (i = 0; i < c.ended.n; i++)
		free(c.ended.at[i].bits);
	VEC_RELEASE(&c.ended);
	VEC_RELEASE(&c.nodes);
	arena_release(&c.arena);
	return rc;
}
