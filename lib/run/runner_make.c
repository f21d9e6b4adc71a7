#include "run/runner_p.h"

#include <fcntl.h>

#include "idl/wire.h"
#include "record/control.h"
#include "sys/file.h"
#include "sys/home.h"

/* ---- making one --------------------------------------------------------- */

struct run *
run_new(struct runner *r, const struct execution_id *id)
{
	struct run *run = xcalloc(1, sizeof(*run)), **end;
	c_strbuf struct strbuf dir = STRBUF_INIT;
	int64_t now = record_now_us();

	run->runner = r;
	run->id = (struct execution_id){
		arena_strdup(&run->arena, id->project),
		arena_strdup(&run->arena, id->domain),
		arena_strdup(&run->arena, id->name),
	};
	execution_add_dir(&dir, r->opts.home, id);
	run->dir = arena_strdup(&run->arena, dir.p);
	run->waiting_end = &run->waiting;
	run->clock_offset = loop_now() - now * 1000;
	run->counts.started_us = now;
	run->dirty = 1;
	recorder_init(&run->recorder, NULL, r->opts.store, run->dir);
	run->recorder.sync = r->opts.durable;
	for (end = &r->runs; *end != NULL; end = &(*end)->next)
		;
	*end = run;
	return run;
}

void
run_free(struct run *run)
{
	if (run == NULL)
		return;
	loop_timer_stop(run->runner->opts.loop, &run->timer);
	control_close(run->control);
	run_release_all(run);
	if (!run->ended && run->executor != NULL)
		run_end_left(run, 0);
	/* It may still have to end what the jobs tell of. */
	executor_free(run->executor);
	run_jobs_free(run);
	sched_free(run->sched);
	run_plans_release(run);
	plan_free(run->plan);
	journal_close(run->journal);
	recorder_release(&run->recorder);
	if (run->history.dir != NULL)
		history_release(&run->history);
	run_recover_release(run);
	run_sheet_free(run->sheet);
	run_whys_release(run);
	map_release(&run->signalled);
	map_release(&run->retry_of);
	VEC_RELEASE(&run->retries);
	VEC_RELEASE(&run->uncached);
	VEC_RELEASE(&run->launches);
	arena_release(&run->recalled);
	arena_release(&run->arena);
	free(run);
}

void
run_drop(struct run *run)
{
	struct run **p;

	for (p = &run->runner->runs; *p != run; p = &(*p)->next)
		;
	*p = run->next;
	run_free(run);
}

static int
make_mark(struct run *run, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (executor_add_run_mark(&b, run->dir, e) < 0)
		return -1;
	run->mark = arena_strdup(&run->arena, b.p);
	return 0;
}

static void
make_executor(struct run *run)
{
	run->places = (struct local_options){
		.slots = run->runner->opts.jobs,
		.scratch = arena_printf(&run->arena, "%s/scratch", run->dir),
		.keep = 1,
		.logs = arena_printf(&run->arena, "%s/logs", run->dir),
		.out = -1, .err = -1, .grace = LOCAL_GRACE,
		.limit = run->runner->opts.limit,
		.no_groups = run->runner->opts.no_groups,
	};
	run->world = (struct contract_world){
		.jqrun = run->runner->opts.jqrun,
		.environ = run->runner->opts.environ, .file = run->script,
		.code = run->code, .store = run->runner->opts.store,
		.resolve = run_resolve, .resolve_arg = run,
	};
	run->executor = local_new(run->runner->opts.loop, &run->places);
}

/*
 * What was done and cannot be read is not to be done a second time in the
 * same execution: its journal would tell of both.
 */
static int
note_damage(struct run *run, struct str path, const struct err *e)
{
	if (run->damage.kind == ERR_NONE) {
		run->damage = *e;
		err_set_context(&run->damage, STR_FMT, STR_ARG(path));
		run_say(run, "it cannot go on as it was; what is whole of it "
		    "is reused by flyte-run --recover %s", run->id.name);
	}
	return 0;
}

/* What this execution's own journal knows of a node. */
static int
resume_node(void *arg, struct str path, struct sched_record *ret)
{
	struct run *run = arg;
	struct history_node room;
	const struct history_node *n = history_find(&run->history, path,
	    &room);
	struct err e;

	if (n == NULL)
		return 0;
	arena_release(&run->recalled);
	*ret = (struct sched_record){
		.phase = n->phase, .attempt = n->attempt,
		.system_failures = n->system_failures, .error = n->error,
		.queued_at = n->first * 1000 + run->clock_offset,
		.started_at = n->started * 1000 + run->clock_offset,
		.child_launched = n->child.name != NULL,
	};
	if (n->cache != NULL)
		ret->cache = strcmp(n->cache, "HIT") == 0 ? SCHED_CACHE_HIT :
		    strcmp(n->cache, "POPULATED") == 0 ?
		    SCHED_CACHE_POPULATED : SCHED_CACHE_DISABLED;
	/* The attempt that was under way when its runner died is over, also
	 * where its end was still recorded and what came of it was not; and
	 * the death was not the task's fault. */
	if (n->phase == SCHED_RUNNING && n->n_attempts > 0 &&
	    n->attempts[n->n_attempts - 1].number == n->attempt) {
		ret->attempt++;
		ret->system_failures++;
	}
	if (history_spec(&run->history, n->spec, &run->recalled,
	    &ret->futures, &e) < 0 ||
	    history_outputs(&run->history, run->runner->opts.store, n,
	    &run->recalled, &ret->outputs, &e) < 0)
		return note_damage(run, path, &e);
	return 1;
}

static void
make_sched(struct run *run, const struct record_execution *rec,
    struct str inputs)
{
	struct sched_config c;

	sched_config_init(&c);
	c.name = str_of(run->id.name);
	c.inputs = inputs;
	c.all_at_once = run->runner->opts.dry_run;
	c.max_parallelism = run->runner->opts.dry_run ? 0 :
	    rec->max_parallelism;
	run->max_parallelism = rec->max_parallelism;
	c.overwrite_cache = rec->overwrite_cache;
	c.keep_going = rec->keep_going;
	c.attempt_clock = 1;
	c.recheck = 0;
	c.arg = run;
	if (run->history.dir != NULL)
		c.resume = resume_node;
	run_recover_config(run, &c);
	if (run->runner->opts.store == NULL ||
	    run->runner->opts.cache == RUNNER_CACHE_OFF)
		run_forget_caching(run->plan);
	run->sched = sched_new(run->plan, &c, loop_now());
}

static int
keep_closure(struct run *run, const struct run_spec *spec, struct err *e)
{
	c_strbuf struct strbuf packed = STRBUF_INIT;
	struct str bytes = spec->packed;
	char address[CLOSURE_ADDRESS];

	if (bytes.p == NULL) {
		wire_pack(&spec->closure->base, &packed);
		bytes = strbuf_str(&packed);
	}
	if (spec->packed.p == NULL || spec->address == NULL)
		closure_address(bytes, address);
	else
		memcpy(address, spec->address, sizeof(address));
	run->closure_address = arena_strdup(&run->arena, address);
	return closure_put(run->runner->opts.home, bytes, address, e);
}

/* Folder and journal of a new execution, with its first record. */
static int
make_journal(struct run *run, const struct run_spec *spec, struct str inputs,
    struct err *e)
{
	struct record_execution rec = spec->record;
	enum journal_sync sync = spec->durable ? JOURNAL_POWER_SAFE :
	    JOURNAL_KILL_SAFE;
	struct record_launch *launches;

	if (keep_closure(run, spec, e) < 0)
		return -1;
	rec.closure = run->closure_address;
	if (run_put_launches(run, 0, &launches, e) < 0)
		return -1;
	rec.recover = run->record.recover;
	rec.forced = run->forced_list.at;
	rec.n_forced = run->forced_list.n;
	rec.launches = launches;
	rec.n_launches = run->launches.n;
	if (home_make(run->runner->opts.home, e) < 0 ||
	    file_mkdirs(AT_FDCWD, run->dir, e) < 0 || make_mark(run, e) < 0 ||
	    journal_create(run->dir, &run->journal, e) < 0)
		return -1;
	run->recorder.journal = run->journal;
	rec.inputs = inputs;
	run->recorder.sync |= spec->durable;
	record_execution(&run->recorder, &rec);
	run->recorder.sync = run->runner->opts.durable;
	record_begin(&run->recorder, 1);
	if (run_commit(run, sync, e) < 0)
		return -1;
	if (spec->record.nesting == 0)
		execution_set_last(run->runner->opts.home, &run->id);
	return 0;
}

/* Those of the execution, and those that dynamic tasks brought. */
static int
restore_launches(struct run *run, const struct history *h, struct err *e)
{
	size_t i;

	if (run_restore_launches(run, h->launches, e) < 0)
		return -1;
	for (i = 0; i < h->n_brought; i++)
		if (run_restore_launches(run, h->brought[i], e) < 0)
			return -1;
	return 0;
}

static int
start_new(struct run *run, const struct run_spec *spec, struct err *e)
{
	run->local = spec->record.local;
	run->record = spec->record;
	run_add_launches(run, spec->launches, spec->n_launches);
	if (spec->like != NULL && restore_launches(run, spec->like, e) < 0)
		return -1;
	run->script = spec->script;
	run->code = spec->record.code;
	if (plan_build(spec->closure, &run->plan, e) < 0)
		return -1;
	plan_apply_cache(run->plan);
	run_hash_constants(run, run->plan);
	run_declare_launches(run, run->plan);
	if (run_recover_set(run, spec, e) < 0)
		return -1;
	if (!run->runner->opts.dry_run &&
	    make_journal(run, spec, spec->inputs, e) < 0)
		return -1;
	make_executor(run);
	make_sched(run, &spec->record, spec->inputs);
	if (run->journal != NULL && spec->certify != NULL)
		run->sheet = run_sheet_new(run, spec->certify);
	return run->journal == NULL ? 0 : run_listen(run, e);
}

int
run_start(struct runner *r, const struct run_spec *spec, struct run **ret,
    struct err *e)
{
	struct run *run = run_new(r, &spec->record.id);

	if (start_new(run, spec, e) < 0) {
		run_drop(run);
		return -1;
	}
	*ret = run;
	return 0;
}

/* ---- going on with one -------------------------------------------------- */

/* Ends what a dead runner left running; it is not waited for by anyone
 * else. */
static int
reclaim(struct run *run, struct err *e)
{
	size_t n;

	if (run->executor->ops->reclaim_run(run->executor, run->mark, &n,
	    e) < 0)
		return -1;
	if (n > 0)
		run_say(run, "ended %zu process%s left by an earlier run", n,
		    n == 1 ? "" : "es");
	return 0;
}

static int
load_plan(struct run *run, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	ProtobufCMessage *m;

	if (run->history.closure == NULL)
		return err_set(e, ERR_CORRUPT, "%s/journal: no closure",
		    run->dir);
	if (closure_get(run->runner->opts.home, run->history.closure, &bytes,
	    e) < 0 || wire_unpack(
	    &flyteidl__core__compiled_workflow_closure__descriptor,
	    strbuf_str(&bytes), &a, &m, e) < 0)
		return -1;
	if (plan_build((pb_compiled_workflow_closure *)m, &run->plan, e) < 0)
		return -1;
	plan_apply_cache(run->plan);
	run_hash_constants(run, run->plan);
	run_declare_launches(run, run->plan);
	return 0;
}

static int
go_on(struct run *run, const char *script, struct err *e)
{
	struct record_execution rec = { 0 };
	struct history *h = &run->history;
	struct str inputs;

	run->script = script;
	run->local = h->local;
	run->code = h->code;
	rec.keep_going = h->keep_going;
	rec.overwrite_cache = h->overwrite_cache;
	rec.max_parallelism = h->max_parallelism;
	rec.local = h->local;
	rec.nesting = h->nesting;
	rec.cache = h->cache;
	run->record = rec;
	run->closure_address = h->closure;
	if (restore_launches(run, h, e) < 0 || load_plan(run, e) < 0 ||
	    history_literals(h, run->runner->opts.store, h->inputs,
	    &run->arena, &inputs, e) < 0)
		return -1;
	run->n_recorded = run->launches.n;
	make_executor(run);
	if (make_mark(run, e) < 0 || run_recover_resume(run, inputs, e) < 0 ||
	    reclaim(run, e) < 0)
		return -1;
	record_begin(&run->recorder, h->begins + 1);
	make_sched(run, &rec, inputs);
	return run_listen(run, e);
}

int
run_resume(struct runner *r, const struct execution_id *id,
    const char *script, struct run **ret, struct err *e)
{
	struct run *run = run_new(r, id);

	if (history_open(r->opts.home, id, &run->history, &run->journal,
	    e) < 0) {
		run_drop(run);
		return -1;
	}
	run->recorder.journal = run->journal;
	*ret = run;
	if (history_is_final(run->history.phase)) {
		run->ended = 1;
		make_executor(run);	/* for its logs */
		if (history_literals(&run->history, r->opts.store,
		    run->history.outputs, &run->arena, &run->outputs, e) == 0)
			return 0;
	} else if (go_on(run, script, e) == 0) {
		if (run->history.nesting == 0)
			execution_set_last(r->opts.home, &run->id);
		return 0;
	}
	run_drop(run);
	return -1;
}

void
run_abort(struct run *run, const char *reason)
{
	if (run->sched == NULL || run->ended)
		return;
	run->aborted = (struct sched_error){ SCHED_USER, STR("Aborted"),
	    str_of(arena_strdup(&run->arena, reason)) };
	sched_abort(run->sched, run->aborted.message);
	run->dirty = 1;
}
