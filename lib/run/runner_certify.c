/* Runs that needed nothing but the cache, and those that are copies of such a
 * run; store/certificate.h says when a certificate holds. */

#include "run/runner_p.h"

#include <fcntl.h>
#include <time.h>

#include "base/num.h"
#include "data/json.h"
#include "idl/wire.h"
#include "record/field.h"
#include "record/journal.h"
#include "record/longlit.h"
#include "store/certificate.h"
#include "sys/file.h"
#include "sys/home.h"

/* More than this is not kept in a certificate. */
#define MAX_VALUE	((size_t)64 * 1024)
/* Blobs that it is worth while to check one by one. */
#define MAX_BLOBS	((size_t)1024 * 1024)

/* ---- a run that may become one ------------------------------------------ */

struct run_sheet {
	struct run_certify	 given;
	struct generation	 generation;
	struct strbuf		 blobs;
	int64_t			 oldest;	/* use of an entry */
	uint32_t		 hits;
	int			 spoiled;
};

struct run_sheet *
run_sheet_new(struct run *run, const struct run_certify *given)
{
	const struct runner_options *o = &run->runner->opts;
	struct run_sheet fresh = { .given = *given, .oldest = INT64_MAX };

	if (o->store == NULL || o->cache != RUNNER_CACHE_ON || o->dry_run ||
	    run->parent != NULL || run->recover != NULL ||
	    run->forced_list.n > 0 || run->record.overwrite_cache ||
	    run->has_constant_files ||
	    certificate_generation(o->store, &fresh.generation) < 0)
		return NULL;
	strbuf_init(&fresh.blobs);
	return memcpy(xmalloc(sizeof(fresh)), &fresh, sizeof(fresh));
}

void
run_sheet_free(struct run_sheet *sheet)
{
	if (sheet == NULL)
		return;
	strbuf_release(&sheet->blobs);
	free(sheet);
}

/* 1 for what follows from the plan, the inputs and hits alone. */
static int
is_plain(const struct sched_action *act)
{
	switch (act->phase) {
	case SCHED_UNDEFINED:
	case SCHED_QUEUED:
	case SCHED_RUNNING:
		return 1;
	case SCHED_SUCCEEDED:
		return act->node->kind == PLAN_TASK ?
		    act->why == SCHED_WHY_HIT : act->node->kind != PLAN_GATE &&
		    act->node->kind != PLAN_LAUNCH;
	case SCHED_SKIPPED:
		return act->why == SCHED_WHY_NOT_TAKEN;
	case SCHED_FAILING:
	case SCHED_FAILED:
	case SCHED_ABORTED:
	case SCHED_TIMED_OUT:
	case SCHED_DYNAMIC_RUNNING:
	case SCHED_RECOVERED:
	case SCHED_PHASE_MAX:
	default:
		return 0;
	}
}

void
run_sheet_action(struct run *run, const struct sched_action *act)
{
	int plain = 0;

	if (act->todo == SCHED_NODE)
		plain = is_plain(act);
	else if (act->todo == SCHED_WORKFLOW || act->todo == SCHED_LOOKUP)
		plain = 1;
	if (!plain)
		run->sheet->spoiled = 1;
}

void
run_sheet_hit(struct run *run, const struct cache_lookup *l)
{
	struct run_sheet *s = run->sheet;

	if (l->state != CACHE_HIT || l->command_differs ||
	    s->blobs.n + l->blobs.n > MAX_BLOBS) {
		s->spoiled = 1;
		return;
	}
	s->hits++;
	s->oldest = MIN(s->oldest, l->used);
	strbuf_addstr(&s->blobs, l->blobs);
}

/* ---- what a certificate says -------------------------------------------- */

/* Fields of the value; the numbers are records of the journal, nodes, reused,
 * skipped, and when the journal began: a name may come to be another's. */
enum { VALUE_PROJECT = 1, VALUE_DOMAIN, VALUE_NAME, VALUE_NUMBERS,
	VALUE_OUTPUTS };
enum { RECORDS, NODES, REUSED, SKIPPED, BEGAN, NUMBERS };

/* It names the execution to be copied. */
static void
add_value(const struct run *run, struct str outputs, struct strbuf *b)
{
	c_strbuf struct strbuf n = STRBUF_INIT;

	strbuf_addf(&n, "%llu %u %u %u %lld",
	    (unsigned long long)journal_records(run->journal),
	    run->counts.nodes, run->counts.reused, run->counts.skipped,
	    (long long)journal_began(run->journal));
	wire_add_bytes(b, VALUE_PROJECT, str_of(run->id.project));
	wire_add_bytes(b, VALUE_DOMAIN, str_of(run->id.domain));
	wire_add_bytes(b, VALUE_NAME, str_of(run->id.name));
	wire_add_bytes(b, VALUE_NUMBERS, strbuf_str(&n));
	wire_add_bytes(b, VALUE_OUTPUTS, outputs);
}

void
run_certify(struct run *run)
{
	c_arena struct arena a = ARENA_INIT;
	c_strbuf struct strbuf value = STRBUF_INIT;
	struct run_sheet *s = run->sheet;
	struct store *store = run->runner->opts.store;
	int64_t now = time(NULL);
	struct certificate c[2] = {
		{ .key = s->given.key, .blobs = strbuf_str(&s->blobs) },
		{ .key = s->given.about_key, .value = s->given.about },
	};
	struct str outputs;
	struct err e;

	if (s->spoiled || s->hits == 0 || run->outputs.p == NULL ||
	    run_phase(run) != SCHED_WF_SUCCEEDED ||
	    blob_uris_to_disk(store, run->outputs, &a, &outputs, NULL,
	    &e) < 0)
		return;
	add_value(run, outputs, &value);
	c[0].value = strbuf_str(&value);
	c[0].until = c[1].until = MIN(s->oldest, now) + CACHE_USE_NOTED;
	if (c[0].value.n <= MAX_VALUE && c[1].value.n <= MAX_VALUE)
		certificate_put(store, &s->generation, c, ARRAY_LEN(c));
}

/* ---- a run that is a copy ----------------------------------------------- */

struct copy {
	struct run	*run;
	struct execution_id of;
	uint64_t	 numbers[NUMBERS];
	uint64_t	 seen;		/* records read */
	struct str	 outputs;
};

static const char *
text_of(struct str value, uint32_t id, struct arena *a)
{
	struct wire_field f;
	struct err e;

	if (wire_find(value, id, WIRE_BYTES, &f, &e) < 0 || f.whole.p == NULL)
		return NULL;
	return arena_strndup(a, f.bytes.p, f.bytes.n);
}

static int
read_numbers(const char *text, uint64_t ret[NUMBERS])
{
	const char *end;
	int i;

	for (i = 0; i < NUMBERS; i++, text = end) {
		text += *text == ' ';
		end = text + strcspn(text, " ");
		if (num_parse_u64((struct str){ text, (size_t)(end - text) },
		    0, i == BEGAN ? INT64_MAX : UINT32_MAX, &ret[i]) < 0)
			return -1;
	}
	return 0;
}

static int
read_value(struct copy *c, struct str value, struct arena *a)
{
	const char *numbers = text_of(value, VALUE_NUMBERS, a);
	struct wire_field f;
	struct err e;

	c->of.project = text_of(value, VALUE_PROJECT, a);
	c->of.domain = text_of(value, VALUE_DOMAIN, a);
	c->of.name = text_of(value, VALUE_NAME, a);
	if (c->of.project == NULL || c->of.domain == NULL ||
	    c->of.name == NULL || numbers == NULL ||
	    read_numbers(numbers, c->numbers) < 0 ||
	    wire_find(value, VALUE_OUTPUTS, WIRE_BYTES, &f, &e) < 0 ||
	    f.whole.p == NULL)
		return -1;
	return blob_uris_from_disk(c->run->runner->opts.store, f.bytes, a,
	    &c->outputs, NULL, &e);
}

static int
copy_record(const struct journal_line *line, void *arg, struct err *e)
{
	struct copy *c = arg;

	c->seen++;
	if (c->seen == 1 && (uint64_t)line->time_us != c->numbers[BEGAN])
		return err_set(e, ERR_CORRUPT, "another execution");
	/* Its own first and last ones are written anew. */
	if (record_is(line->json, "execution") ||
	    record_is(line->json, "begin") || (c->seen == c->numbers[RECORDS] &&
	    record_is(line->json, "workflow")))
		return 0;
	if (!record_is(line->json, "node") &&
	    !record_is(line->json, "elements") &&
	    !record_is(line->json, "workflow"))
		return err_set(e, ERR_CORRUPT, "not a record of one that was "
		    "all reused");
	journal_append(c->run->journal, line->json, record_now_us());
	return 0;
}

/* The folder, and what no other execution can tell. */
static int
begin(const struct copy *c, const struct run_spec *spec, struct err *e)
{
	struct run *run = c->run;
	struct record_execution rec = spec->record;

	rec.inputs = spec->inputs;
	rec.repeats = arena_printf(&run->arena, "%s/%s/%s", c->of.project,
	    c->of.domain, c->of.name);
	if (home_make(run->runner->opts.home, e) < 0 ||
	    file_mkdirs(AT_FDCWD, run->dir, e) < 0 ||
	    journal_create(run->dir, &run->journal, e) < 0)
		return -1;
	run->recorder.journal = run->journal;
	record_execution(&run->recorder, &rec);
	record_begin(&run->recorder, 1);
	return 0;
}

static int
copy_records(struct copy *c, struct err *e)
{
	c_strbuf struct strbuf dir = STRBUF_INIT;
	int rc;

	execution_add_dir(&dir, c->run->runner->opts.home, &c->of);
	rc = journal_read(dir.p, copy_record, c, e);
	if (rc < 0 || c->seen != c->numbers[RECORDS] ||
	    longlit_share(dir.p, c->run->dir, e) < 0)
		return -1;
	record_workflow(&c->run->recorder, SCHED_WF_SUCCEEDED, NULL,
	    c->outputs);
	return c->run->recorder.trouble.kind == ERR_NONE ? 0 : -1;
}

/* What is said of a run, out of its journal. */
struct telling {
	struct run	*run;
	struct tree	 tree;		/* of a record, reused */
};

/* Tells of the node, or of each element, of a record. */
static int
tell(const struct journal_line *line, void *arg, struct err *e)
{
	struct telling *told = arg;
	c_strbuf struct strbuf path = STRBUF_INIT;
	struct plan_node node = { .kind = PLAN_TASK };
	struct sched_action act = { .node = &node, .taken = SCHED_NONE,
		.cause = SCHED_NONE };
	struct run_event event = { .kind = RUN_NODE, .action = &act };
	const struct tree *t = &told->tree;
	uint32_t p, from, n, i, place;
	int is_range;

	if (!record_is(line->json, "node") &&
	    !record_is(line->json, "elements"))
		return 0;
	if (json_parse_tree(line->json, &told->tree, e) < 0 ||
	    (p = tree_get(t, 0, "p")) == TREE_NONE)
		return 0;
	act.phase = field_phase(t);
	act.why = field_why(t);
	is_range = record_is(line->json, "elements");
	from = (uint32_t)field_int(t, "from");
	n = is_range ? (uint32_t)field_int(t, "n") : 1;
	place = tree_get(t, 0, "f");
	if (place != TREE_NONE && t->at[place].kind == TREE_SEQ)
		place = t->at[place].first;
	for (i = 0; i < n; i++) {
		strbuf_reset(&path);
		strbuf_addstr(&path, t->at[p].text);
		if (is_range)
			strbuf_addf(&path, "/n%u", from + i);
		event.path = act.path = strbuf_str(&path);
		event.place = (struct str){ "", 0 };
		if (place != TREE_NONE) {
			event.place = t->at[place].text;
			place = t->at[place].next;
		}
		run_tell(told->run, &event);
	}
	return 0;
}

static void
tell_all(struct run *run)
{
	struct telling told = { .run = run };
	struct err e;

	tree_init(&told.tree);
	(void)!journal_read(run->dir, tell, &told, &e);
	tree_release(&told.tree);
}

static void
end(struct copy *c)
{
	struct run *run = c->run;

	run->outputs = c->outputs;
	run->repeated = 1;
	run->ended = 1;
	run->counts.nodes = (uint32_t)c->numbers[NODES];
	run->counts.reused = (uint32_t)c->numbers[REUSED];
	run->counts.skipped = (uint32_t)c->numbers[SKIPPED];
	run->counts.ended_us = record_now_us();
	execution_set_last(run->runner->opts.home, &run->id);
	if (!run->runner->opts.silent)
		tell_all(run);
}

/* 0: done; 1: the usual way; -1: trouble with what was already written. */
static int
repeat(struct run *run, const struct run_spec *spec, struct err *e)
{
	const struct runner_options *o = &run->runner->opts;
	struct copy c = { .run = run };
	struct certificate got;

	if (o->store == NULL || o->cache != RUNNER_CACHE_ON || o->dry_run ||
	    certificate_get(o->store, &spec->certify->key, &run->arena,
	    &got) < 0 || read_value(&c, got.value, &run->arena) < 0 ||
	    !closure_is_kept(o->home, spec->record.closure) ||
	    begin(&c, spec, e) < 0 || copy_records(&c, e) < 0)
		return 1;
	/* What a power cut could take says only that nothing was done. */
	if (run_commit(run, spec->durable ? JOURNAL_POWER_SAFE :
	    JOURNAL_KILL_SAFE, e) < 0)
		return e->kind == ERR_CONFLICT ? 1 : -1;
	end(&c);
	return 0;
}

int
run_repeat(struct runner *r, const struct run_spec *spec, struct run **ret,
    struct err *e)
{
	struct run *run = run_new(r, &spec->record.id);
	int rc = repeat(run, spec, e);

	if (rc != 0)
		run_drop(run);
	else
		*ret = run;
	return rc;
}
