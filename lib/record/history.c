#include "record/history_p.h"

#include "base/limits.h"
#include "base/num.h"
#include "base/vec.h"
#include "data/json.h"

/* What grows while reading; moved to the arena at the end, but the nodes. */
struct history_build {
	VEC(struct history_node) nodes;
	VEC(struct history_signal) signals;
	VEC(struct str)		brought;
	VEC(struct history_range) ranges;
	size_t			elements;	/* nodes that look like one */
	const struct journal_line *line;
	struct tree		tree;	/* of the record being read */
	uint64_t		seq;
};

/* ---- parts of a record -------------------------------------------------- */

static struct str
text_of(const struct tree *t, const char *key)
{
	uint32_t n = tree_get(t, 0, key);

	if (n == TREE_NONE || t->at[n].kind != TREE_SCALAR)
		return (struct str){ NULL, 0 };
	return t->at[n].text;
}

static const char *
cstr_of(struct history *h, const struct tree *t, const char *key)
{
	struct str s = text_of(t, key);

	return s.p == NULL ? NULL : arena_strndup(&h->arena, s.p, s.n);
}

static int64_t
int_of(const struct tree *t, const char *key)
{
	struct str s = text_of(t, key);
	int64_t v;

	if (s.p == NULL || num_parse_i64(s, INT64_MIN, INT64_MAX, &v) < 0)
		return 0;
	return v;
}

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

static int
name_index(struct str name, const char *(*name_of)(unsigned), unsigned max)
{
	unsigned i;

	for (i = 0; i < max; i++)
		if (str_is(name, name_of(i)))
			return (int)i;
	return 0;
}

static const char *
phase_name(unsigned i)
{
	return sched_phase_name((enum sched_phase)i);
}

static const char *
wf_name(unsigned i)
{
	return sched_wf_name((enum sched_wf)i);
}

static struct sched_error
error_of(struct history *h, const struct tree *t)
{
	struct sched_error ret = { SCHED_UNKNOWN, { NULL, 0 }, { NULL, 0 } };
	uint32_t n = tree_get(t, 0, "e"), k;

	if (n == TREE_NONE || t->at[n].kind != TREE_MAP)
		return ret;
	k = tree_get(t, n, "kind");
	if (k != TREE_NONE)
		ret.kind = tree_is(t, k, "USER") ? SCHED_USER :
		    tree_is(t, k, "SYSTEM") ? SCHED_SYSTEM : SCHED_UNKNOWN;
	k = tree_get(t, n, "code");
	ret.code = k == TREE_NONE ? STR("") :
	    arena_str(&h->arena, t->at[k].text);
	k = tree_get(t, n, "message");
	ret.message = k == TREE_NONE ? STR("") :
	    arena_str(&h->arena, t->at[k].text);
	return ret;
}

/* A list of three numbers; 0 if it is not there or is no such list. */
static int
three_of(const struct tree *t, const char *key, int64_t v[3])
{
	uint32_t n = tree_get(t, 0, key);
	int i = 0;

	if (n == TREE_NONE || t->at[n].kind != TREE_SEQ || t->at[n].n != 3)
		return 0;
	TREE_EACH(t, n, c)
		if (num_parse_i64(t->at[c].text, 0, INT64_MAX, &v[i++]) < 0)
			return 0;
	return 1;
}

static struct job_log
log_of(const struct tree *t, const char *key)
{
	int64_t v[3];

	if (!three_of(t, key, v))
		return (struct job_log){ 0, 0, 0 };
	return (struct job_log){ (unsigned)v[0], v[1], v[2] };
}

/* Where an attempt that has not ended prints to. */
static void
read_places(const struct tree *t, struct history_attempt *a)
{
	int64_t v[3];

	a->prints = three_of(t, "lo", v);
	if (!a->prints)
		return;
	a->out = (struct job_log){ (unsigned)v[0], v[1], 0 };
	a->err = (struct job_log){ (unsigned)v[0], v[2], 0 };
}

/* ---- nodes and attempts ------------------------------------------------- */

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
	struct str path = text_of(t, "p");

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
	uint32_t number = (uint32_t)int_of(t, "a");

	if (n == NULL)
		return -1;
	a = attempt_of(h, n, number);
	*a = (struct history_attempt){ .number = number, .started = time };
	a->handle = cstr_of(h, t, "h");
	a->interruptible = str_is(text_of(t, "int"), "true");
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
	a = attempt_of(h, n, (uint32_t)int_of(t, "a"));
	a->ended = time;
	a->cause = cstr_of(h, t, "cause");
	a->status = (int)int_of(t, "st");
	a->sig = (int)int_of(t, "sig");
	a->user_us = int_of(t, "us");
	a->system_us = int_of(t, "ss");
	a->max_rss_kb = int_of(t, "kb");
	a->out = log_of(t, "out");
	a->err = log_of(t, "err");
	a->scratch = cstr_of(h, t, "scratch");
	a->deck = cstr_of(h, t, "deck");
	a->changed = cstr_of(h, t, "changed");
	a->error = error_of(h, t);
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
	n->phase = (enum sched_phase)name_index(text_of(t, "s"), phase_name,
	    SCHED_PHASE_MAX);
	n->why = cstr_of(h, t, "w");
	n->of = cstr_of(h, t, "of");
	n->taken = cstr_of(h, t, "t");
	n->attempt = (uint32_t)int_of(t, "a");
	n->system_failures = (uint32_t)int_of(t, "sf");
	n->cache = cstr_of(h, t, "c");
	if (tree_get(t, 0, "f") != TREE_NONE)
		n->place = arena_str(&h->arena, text_of(t, "f"));
	if (cstr_of(h, t, "ih") != NULL)
		n->digest = cstr_of(h, t, "ih");
	inputs = json_of(h, t, "i");
	if (inputs.p != NULL) {
		n->inputs = inputs;
		n->bound = json_of(h, t, "bound");
	}
	n->outputs = json_of(h, t, "o");
	n->error = error_of(h, t);
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
		history_fill(r, i, node);
	}
}

static int
read_elements(struct history *h, const struct tree *t, int64_t time)
{
	struct str map = text_of(t, "p");
	int64_t from = int_of(t, "from"), n = int_of(t, "n");
	struct history_range r = { .time = time,
	    .at = h->build->line->at, .len = h->build->line->json.n };

	if (map.p == NULL || from < 0 || n <= 0 || n > MAX_MAP_ELEMENTS ||
	    from > MAX_MAP_ELEMENTS)
		return -1;
	r.map = arena_str(&h->arena, map);
	r.from = (uint32_t)from;
	r.n = (uint32_t)n;
	r.attempt = (uint32_t)int_of(t, "a");
	r.phase = (enum sched_phase)name_index(text_of(t, "s"), phase_name,
	    SCHED_PHASE_MAX);
	r.why = cstr_of(h, t, "w");
	r.cache = cstr_of(h, t, "c");
	if (h->build->elements > 0)
		end_elements(h, &r);
	VEC_PUSH(&h->build->ranges, r);
	return 0;
}

/* ---- the other records -------------------------------------------------- */

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
	if (int_of(t, "v") != 1 || text_of(t, "name").p == NULL)
		return -1;
	h->created = time;
	h->target = cstr_of(h, t, "target");
	h->target_kind = cstr_of(h, t, "kind");
	h->file = cstr_of(h, t, "file");
	h->code = cstr_of(h, t, "code");
	h->closure = cstr_of(h, t, "closure");
	h->identity = cstr_of(h, t, "identity");
	h->mode = cstr_of(h, t, "mode");
	h->of = cstr_of(h, t, "of");
	h->cache = cstr_of(h, t, "cache");
	h->local = str_is(text_of(t, "local"), "true");
	h->keep_going = str_is(text_of(t, "keep_going"), "true");
	h->overwrite_cache = str_is(text_of(t, "overwrite_cache"), "true");
	h->max_parallelism = (uint32_t)int_of(t, "max_parallelism");
	h->inputs = json_of(h, t, "i");
	h->launches = json_of(h, t, "launches");
	h->nesting = (unsigned)int_of(t, "nesting");
	h->recover = cstr_of(h, t, "recover");
	read_forced(h, t);
	return 0;
}

static int
read_workflow(struct history *h, const struct tree *t, int64_t time)
{
	h->phase = (enum sched_wf)name_index(text_of(t, "s"), wf_name,
	    SCHED_WF_MAX);
	h->ended = history_is_final(h->phase) ? time : 0;
	h->outputs = json_of(h, t, "o");
	h->error = error_of(h, t);
	return 0;
}

static int
read_signal(struct history *h, const struct tree *t, int64_t time)
{
	struct history_signal s = { cstr_of(h, t, "id"),
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
	int64_t n = int_of(t, "n");

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
	n->code = cstr_of(h, t, "k");
	n->explained = cstr_of(h, t, "x");
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
	n->child = (struct execution_id){ cstr_of(h, t, "project"),
	    cstr_of(h, t, "domain"), cstr_of(h, t, "name") };
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

static int
read_record(const struct journal_line *line, void *arg, struct err *e)
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
	kind = text_of(t, "r");
	if (line->seq == 0 && !str_is(kind, "execution"))
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

/* ---- loading ------------------------------------------------------------ */

static void
begin(struct history *h, const char *home, const struct execution_id *id)
{
	c_strbuf struct strbuf dir = STRBUF_INIT;

	memset(h, 0, sizeof(*h));
	h->build = xcalloc(1, sizeof(*h->build));
	h->recent = xcalloc(1, sizeof(*h->recent));
	strbuf_init(&h->recent->places);
	tree_init(&h->recent->tree);
	tree_init(&h->build->tree);
	execution_add_dir(&dir, home, id);
	h->dir = arena_strdup(&h->arena, dir.p);
	h->id = (struct execution_id){ arena_strdup(&h->arena, id->project),
	    arena_strdup(&h->arena, id->domain),
	    arena_strdup(&h->arena, id->name) };
}

/* Moves what grew into arrays of their final size. */
static void
finish(struct history *h)
{
	struct history_build *b = h->build;

	h->n_nodes = b->nodes.n;
	h->nodes = b->nodes.at;
	h->n_signals = b->signals.n;
	h->signals = arena_new_n(&h->arena, h->n_signals,
	    struct history_signal);
	if (h->n_signals > 0)
		memcpy(h->signals, b->signals.at,
		    h->n_signals * sizeof(*h->signals));
	h->n_brought = b->brought.n;
	h->brought = arena_new_n(&h->arena, h->n_brought, struct str);
	if (h->n_brought > 0)
		memcpy(h->brought, b->brought.at,
		    h->n_brought * sizeof(*h->brought));
	VEC_RELEASE(&b->brought);
	VEC_RELEASE(&b->signals);
	h->n_ranges = b->ranges.n;
	h->ranges = arena_new_n(&h->arena, h->n_ranges, struct history_range);
	if (h->n_ranges > 0)
		memcpy(h->ranges, b->ranges.at,
		    h->n_ranges * sizeof(*h->ranges));
	VEC_RELEASE(&b->ranges);
	history_sort(h);
	tree_release(&b->tree);
	free(b);
	h->build = NULL;
}

int
history_load(const char *home, const struct execution_id *id,
    struct history *ret, struct err *e)
{
	int rc;

	begin(ret, home, id);
	rc = journal_read(ret->dir, read_record, ret, e);
	finish(ret);
	if (rc == 0 && ret->target == NULL)
		rc = err_set(e, ERR_CORRUPT, "%s/journal: empty", ret->dir);
	return rc;
}

int
history_open(const char *home, const struct execution_id *id,
    struct history *ret, struct journal **ret_journal, struct err *e)
{
	int rc;

	begin(ret, home, id);
	rc = journal_open(ret->dir, read_record, ret, ret_journal, e);
	finish(ret);
	if (rc == 0 && ret->target == NULL) {
		journal_close(TAKE(*ret_journal, NULL));
		rc = err_set(e, ERR_CORRUPT, "%s/journal: empty", ret->dir);
	}
	return rc;
}

void
history_release(struct history *h)
{
	map_release(&h->by_path);
	map_release(&h->by_map);
	history_cache_free(h->recent);
	free(h->nodes);
	arena_release(&h->arena);
	memset(h, 0, sizeof(*h));
}

void
history_failures(const struct history_node *n, uint32_t *ret_user,
    uint32_t *ret_system)
{
	size_t i;

	*ret_user = *ret_system = 0;
	for (i = 0; i < n->n_attempts; i++) {
		const struct history_attempt *a = &n->attempts[i];

		if (a->failed && a->error.kind != SCHED_SYSTEM)
			++*ret_user;
		else if (a->failed || (a->ended == 0 &&
		    i + 1 < n->n_attempts))
			++*ret_system;
	}
}

int
history_is_final(enum sched_wf phase)
{
	return phase == SCHED_WF_SUCCEEDED || phase == SCHED_WF_FAILED ||
	    phase == SCHED_WF_ABORTED;
}
