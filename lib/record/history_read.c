/* One record after the other into what is known of an execution. */
#include "record/history_p.h"

#include "base/limits.h"
#include "data/json.h"
#include "record/field.h"

/* The JSON text of a value, kept. */
static struct str
json_of(struct history *h, const struct tree *t, const char *key)
{
	uint32_t n = tree_get(t, 0, key);
	struct span span;

	if (n == TREE_NONE)
		return (struct str){ NULL, 0 };
	span = t->at[n].span;
	return arena_str(&h->arena, (struct str){
	    t->source.text.p + span.from, span.to - span.from });
}

static struct job_log
log_of(const struct tree *t, const char *key)
{
	int64_t v[3];

	if (!field_three(t, key, v))
		return (struct job_log){ 0, 0, 0 };
	return (struct job_log){ (unsigned)v[0], v[1], v[2] };
}

/* Where an attempt that has not ended prints to. */
static void
read_places(const struct tree *t, struct history_attempt *a)
{
	int64_t v[3];

	a->prints = field_three(t, "lo", v);
	if (!a->prints)
		return;
	a->out = (struct job_log){ (unsigned)v[0], v[1], 0 };
	a->err = (struct job_log){ (unsigned)v[0], v[2], 0 };
}

static struct history_node *
node_at(struct history *h, struct str path)
{
	struct history_build *b = h->build;
	uint32_t i, element;
	struct str map;

	i = map_get(&h->by_path, path);
	if (i == MAP_NONE) {
		struct history_node fresh = { .n_attempts = 0 };

		fresh.path = arena_str(&h->arena, path);
		b->elements += (size_t)history_split(path, &map, &element);
		i = (uint32_t)b->nodes.n;
		VEC_PUSH(&b->nodes, fresh);
		map_put(&h->by_path, fresh.path, i);
	}
	return &b->nodes.at[i];
}

static struct history_node *
node_of(struct history *h, const struct tree *t)
{
	struct str path = field_text(t, "p");

	return path.p == NULL ? NULL : node_at(h, path);
}

/* The attempt of the record; a new one unless it is known. */
static struct history_attempt *
attempt_of(struct history *h, struct history_node *n, uint32_t number)
{
	struct history_attempt fresh = { .number = number }, *grown;
	size_t i;

	for (i = n->n_attempts; i > 0; i--)
		if (n->attempts[i - 1].number == number)
			return &n->attempts[i - 1];
	/* Room for twice as many where their number is a power of two. */
	if ((n->n_attempts & (n->n_attempts - 1)) == 0) {
		grown = arena_new_n(&h->arena, MAX(n->n_attempts * 2, 1),
		    struct history_attempt);
		if (n->n_attempts > 0)
			memcpy(grown, n->attempts, n->n_attempts *
			    sizeof(*grown));
		n->attempts = grown;
	}
	n->attempts[n->n_attempts] = fresh;
	return &n->attempts[n->n_attempts++];
}

static int
read_start(struct history *h, const struct tree *t, int64_t time)
{
	struct history_node *n = node_of(h, t);
	struct history_attempt *a;
	uint32_t number = (uint32_t)field_int(t, "a");

	if (n == NULL)
		return -1;
	a = attempt_of(h, n, number);
	*a = (struct history_attempt){ .number = number, .started = time };
	a->handle = field_cstr(t, "h", &h->arena);
	a->interruptible = str_is(field_text(t, "int"), "true");
	read_places(t, a);
	n->inputs = json_of(h, t, "i");
	n->attempt = number;
	if (n->first == 0)
		n->first = time;
	if (n->started == 0)
		n->started = time;
	if (n->phase == SCHED_UNDEFINED ||
	    n->phase == SCHED_QUEUED)
		n->phase = SCHED_RUNNING;
	return 0;
}

static int
read_end(struct history *h, const struct tree *t, int64_t time)
{
	struct history_node *n = node_of(h, t);
	struct history_attempt *a;

	if (n == NULL)
		return -1;
	a = attempt_of(h, n, (uint32_t)field_int(t, "a"));
	a->ended = time;
	a->cause = field_cstr(t, "cause", &h->arena);
	a->status = (int)field_int(t, "st");
	a->sig = (int)field_int(t, "sig");
	a->user_us = field_int(t, "us");
	a->system_us = field_int(t, "ss");
	a->max_rss_kb = field_int(t, "kb");
	a->out = log_of(t, "out");
	a->err = log_of(t, "err");
	a->scratch = field_cstr(t, "scratch", &h->arena);
	a->deck = field_cstr(t, "deck", &h->arena);
	a->changed = field_cstr(t, "changed", &h->arena);
	a->error = field_error(t, &h->arena);
	a->failed = a->error.code.p != NULL;
	return 0;
}

static int
node_is_final(enum sched_phase p)
{
	return p == SCHED_SUCCEEDED || p == SCHED_FAILED ||
	    p == SCHED_ABORTED || p == SCHED_SKIPPED ||
	    p == SCHED_TIMED_OUT || p == SCHED_RECOVERED;
}

static int
read_node(struct history *h, const struct tree *t, int64_t time)
{
	struct history_node *n = node_of(h, t);
	struct str inputs;

	if (n == NULL)
		return -1;
	n->phase = field_phase(t);
	n->why = field_cstr(t, "w", &h->arena);
	n->of = field_cstr(t, "of", &h->arena);
	n->taken = field_cstr(t, "t", &h->arena);
	n->attempt = (uint32_t)field_int(t, "a");
	n->system_failures = (uint32_t)field_int(t, "sf");
	n->cache = field_cstr(t, "c", &h->arena);
	if (tree_get(t, 0, "f") != TREE_NONE)
		n->place = arena_str(&h->arena, field_text(t, "f"));
	if (field_cstr(t, "ih", &h->arena) != NULL)
		n->digest = field_cstr(t, "ih", &h->arena);
	inputs = json_of(h, t, "i");
	if (inputs.p != NULL) {
		n->inputs = inputs;
		n->bound = json_of(h, t, "bound");
	}
	n->outputs = json_of(h, t, "o");
	n->error = field_error(t, &h->arena);
	if (n->first == 0)
		n->first = time;
	if (n->started == 0 && n->phase != SCHED_QUEUED)
		n->started = time;
	n->ended = node_is_final(n->phase) ? time : 0;
	return 0;
}

/* Elements that have begun under their own names have ended. */
static void
end_elements(struct history *h, const struct history_range *r)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	uint32_t i, at;

	for (i = r->from; i < r->from + r->n; i++) {
		struct history_node *node;

		strbuf_reset(&path);
		strbuf_addf(&path, STR_FMT "/n%u", STR_ARG(r->map), i);
		at = map_get(&h->by_path, strbuf_str(&path));
		if (at == MAP_NONE)
			continue;
		node = &h->build->nodes.at[at];
		history_fill(r, node);
	}
}

static int
read_elements(struct history *h, const struct tree *t, int64_t time)
{
	struct str map = field_text(t, "p");
	int64_t from = field_int(t, "from"), n = field_int(t, "n");
	struct history_range r = { .time = time,
	    .at = h->build->line->at, .len = h->build->line->json.n };

	if (map.p == NULL || from < 0 || n <= 0 || n > MAX_MAP_ELEMENTS ||
	    from > MAX_MAP_ELEMENTS)
		return -1;
	r.map = arena_str(&h->arena, map);
	r.from = (uint32_t)from;
	r.n = (uint32_t)n;
	r.attempt = (uint32_t)field_int(t, "a");
	r.phase = field_phase(t);
	r.why = field_cstr(t, "w", &h->arena);
	r.cache = field_cstr(t, "c", &h->arena);
	if (h->build->elements > 0)
		end_elements(h, &r);
	VEC_PUSH(&h->build->ranges, r);
	return 0;
}

static void
read_forced(struct history *h, const struct tree *t)
{
	uint32_t list = tree_get(t, 0, "forced");

	if (list == TREE_NONE || t->at[list].kind != TREE_SEQ)
		return;
	h->forced = arena_new_n(&h->arena, t->at[list].n, const char *);
	TREE_EACH(t, list, item)
		h->forced[h->n_forced++] = arena_strndup(&h->arena,
		    t->at[item].text.p, t->at[item].text.n);
}

static int
read_execution(struct history *h, const struct tree *t, int64_t time)
{
	if (field_int(t, "v") != 1 || field_text(t, "name").p == NULL)
		return -1;
	h->created = time;
	h->target = field_cstr(t, "target", &h->arena);
	h->target_kind = field_cstr(t, "kind", &h->arena);
	h->file = field_cstr(t, "file", &h->arena);
	h->code = field_cstr(t, "code", &h->arena);
	h->closure = field_cstr(t, "closure", &h->arena);
	h->identity = field_cstr(t, "identity", &h->arena);
	h->mode = field_cstr(t, "mode", &h->arena);
	h->of = field_cstr(t, "of", &h->arena);
	h->cache = field_cstr(t, "cache", &h->arena);
	h->local = str_is(field_text(t, "local"), "true");
	h->keep_going = str_is(field_text(t, "keep_going"), "true");
	h->overwrite_cache = str_is(field_text(t, "overwrite_cache"), "true");
	h->max_parallelism = (uint32_t)field_int(t, "max_parallelism");
	h->inputs = json_of(h, t, "i");
	h->launches = json_of(h, t, "launches");
	h->nesting = (unsigned)field_int(t, "nesting");
	h->recover = field_cstr(t, "recover", &h->arena);
	read_forced(h, t);
	return 0;
}

static int
read_workflow(struct history *h, const struct tree *t, int64_t time)
{
	h->phase = field_wf(t);
	h->ended = history_is_final(h->phase) ? time : 0;
	h->outputs = json_of(h, t, "o");
	h->error = field_error(t, &h->arena);
	return 0;
}

static int
read_signal(struct history *h, const struct tree *t, int64_t time)
{
	struct history_signal s = { field_cstr(t, "id", &h->arena),
	    json_of(h, t, "value") };

	(void)time;
	if (s.id == NULL || s.value.p == NULL)
		return -1;
	VEC_PUSH(&h->build->signals, s);
	return 0;
}

static int
read_control(struct history *h, const struct tree *t, int64_t time)
{
	int64_t n = field_int(t, "n");

	(void)time;
	if (n <= 0)
		return -1;
	h->controlled = MAX(h->controlled, (uint64_t)n);
	return 0;
}

static int
read_why(struct history *h, const struct tree *t, int64_t time)
{
	struct history_node *n = node_of(h, t);

	(void)time;
	if (n == NULL)
		return -1;
	n->code = field_cstr(t, "k", &h->arena);
	n->explained = field_cstr(t, "x", &h->arena);
	n->detail = json_of(h, t, "d");
	return 0;
}

static int
read_child(struct history *h, const struct tree *t, int64_t time)
{
	struct history_node *n = node_of(h, t);

	(void)time;
	if (n == NULL)
		return -1;
	n->child = (struct execution_id){ field_cstr(t, "project", &h->arena),
	    field_cstr(t, "domain", &h->arena), field_cstr(t, "name", &h->arena) };
	return 0;
}

static int
read_build(struct history *h, const struct tree *t, int64_t time)
{
	struct history_node *n = node_of(h, t);
	struct str brought;

	(void)time;
	if (n == NULL)
		return -1;
	n->spec = json_of(h, t, "spec");
	brought = json_of(h, t, "launches");
	if (brought.p != NULL)
		VEC_PUSH(&h->build->brought, brought);
	return 0;
}

static int
read_begin(struct history *h, const struct tree *t, int64_t time)
{
	(void)t;
	(void)time;
	h->begins++;
	return 0;
}

int
history_read_record(const struct journal_line *line, void *arg, struct err *e)
{
	static const struct {
		const char	*kind;
		int		(*read)(struct history *, const struct tree *,
				    int64_t);
	} readers[] = {
		{ "node", read_node }, { "start", read_start },
		{ "end", read_end }, { "workflow", read_workflow },
		{ "execution", read_execution }, { "begin", read_begin },
		{ "why", read_why }, { "signal", read_signal },
		{ "control", read_control }, { "child", read_child },
		{ "build", read_build }, { "elements", read_elements },
	};
	struct history *h = arg;
	struct tree *t = &h->build->tree;
	struct str kind;
	size_t i;

	if (json_parse_tree(line->json, t, e) < 0 ||
	    t->at[0].kind != TREE_MAP)
		goto bad;
	h->updated = line->time_us;
	h->build->line = line;
	kind = field_text(t, "r");
	/* The first record and no other says what is run. */
	if ((line->seq == 0) != str_is(kind, "execution"))
		goto bad;
	for (i = 0; i < ARRAY_LEN(readers); i++)
		if (str_is(kind, readers[i].kind)) {
			if (readers[i].read(h, t, line->time_us) < 0)
				goto bad;
			return 0;
		}
	return 0;	/* a later version's record */
bad:
	return err_set(e, ERR_CORRUPT, "%s/journal: record %llu makes no "
	    "sense", h->dir, (unsigned long long)line->seq);
}
