#include "running.h"

#include "certified.h"

#include "compile/compile.h"
#include "idl/infer.h"
#include "idl/literal.h"
#include "idl/wire.h"
#include "offered.h"
#include "record/closure.h"
#include "task/cached.h"
#include "sys/digest.h"

const char *
identity_of(const struct run_spec *spec, struct arena *a)
{
	c_strbuf struct strbuf hex = STRBUF_INIT;
	unsigned char digest[DIGEST_SIZE];
	struct sha256 h;

	sha256_init(&h);
	sha256_update(&h, spec->address, strlen(spec->address));
	sha256_update(&h, spec->inputs.p, spec->inputs.n);
	sha256_final(&h, digest);
	hex_add(&hex, digest, sizeof(digest));
	return arena_strdup(a, hex.p);
}

void
pack_closure(struct run_spec *spec, struct strbuf *b, struct arena *a)
{
	char address[CLOSURE_ADDRESS];

	wire_pack(&spec->closure->base, b);
	spec->packed = strbuf_str(b);
	closure_address(spec->packed, address);
	spec->address = arena_strdup(a, address);
}

static int
check_inputs(const struct target *t, const pb_literal_map *inputs,
    struct err *e)
{
	struct compile_errors errors = COMPILE_ERRORS_INIT;
	c_strbuf struct strbuf text = STRBUF_INIT;
	int rc = 0;

	if (compile_inputs_enum(t->interface == NULL ? NULL :
	    t->interface->inputs, inputs, &errors) < 0) {
		compile_errors_print(&errors, &text);
		rc = err_set(e, ERR_USAGE, "%s: %s", t->what, text.p);
	}
	compile_errors_release(&errors);
	return rc;
}

int
bind_inputs(struct running *r, struct target *t, struct str *ret,
    struct err *e)
{
	struct args *a = r->a;
	struct store *store;
	pb_literal_map *map;

	inputs_keep_packed(a->inputs);
	if (outputs_check(&a->outputs, t->interface == NULL ? NULL :
	    t->interface->outputs, e) < 0 ||
	    inputs_bind(a->inputs, &t->wants, &map, e) < 0 ||
	    check_inputs(t, map, e) < 0 ||
	    context_store(&a->c, &store, e) < 0 ||
	    cached_hash_inputs(store, map, &a->c.arena, e) < 0)
		return -1;
	strbuf_reset(&r->inputs);
	inputs_pack(a->inputs, map, &r->inputs);
	*ret = strbuf_str(&r->inputs);
	return 0;
}

/* Goes on with an execution, waiting for another process if asked to. */
int
take_up(struct running *r, const struct execution_id *id, const char *script,
    struct run **ret, struct err *e)
{
	c_strbuf struct strbuf dir = STRBUF_INIT;
	int rc, tries = 0;

	execution_add_dir(&dir, r->home, id);
	/* One that was killed between fork and exec leaves its lock to the
	 * child for an instant. */
	while ((rc = run_resume(r->runner, id, script, ret, e)) < 0 &&
	    e->kind == ERR_BUSY && (r->a->wait || tries++ < 5))
		if (!r->a->wait)
			usleep(20000);
		else if (journal_wait(dir.p, e) < 0)
			return -1;
	if (rc < 0 && e->kind == ERR_BUSY)
		return err_set(e, ERR_BUSY, "%s: another process runs it "
		    "(--wait waits for its end)", id->name);
	return rc;
}

/* The first input that is not what it was, or NULL. */
static const char *
other_input(struct running *r, const struct history *h, struct str inputs)
{
	struct arena *a = &r->a->c.arena;
	struct wire_reader now = wire_reader(inputs);
	struct str bytes, was, key, value;
	struct store *store;
	struct err e;

	if (context_store(&r->a->c, &store, &e) < 0 ||
	    history_literals(h, store, h->inputs, a, &bytes, &e) < 0)
		return NULL;
	while (wire_next_entry(&now, &key, &value, &e) > 0) {
		was = wire_map_get(bytes, key);
		if (was.p == NULL || !str_eq(was, value))
			return arena_strndup(a, key.p, key.n);
	}
	return NULL;
}

static int
name_conflict(struct running *r, const struct run_spec *spec,
    const struct history *h, struct err *e)
{
	const char *input = other_input(r, h, spec->inputs);

	if (strcmp(h->target, spec->record.target) != 0)
		return err_set(e, ERR_CONFLICT, "%s: was run before as %s, "
		    "this is %s", spec->record.id.name, h->target,
		    spec->record.target);
	if (input != NULL)
		return err_set(e, ERR_CONFLICT, "%s: was run before with "
		    "another value of input %s: see flyte-show %s",
		    spec->record.id.name, input, spec->record.id.name);
	return err_set(e, ERR_CONFLICT, "%s: was run before with another "
	    "content of %s", spec->record.id.name, h->target);
}

/*
 * A name that is there already: the same execution if it is of the same
 * thing, else a conflict.
 */
static int
meet_namesake(struct running *r, const struct run_spec *spec,
    struct run **ret, struct err *e)
{
	struct history h;
	int rc;

	rc = history_load(r->home, &spec->record.id, &h, e);
	if (rc == 0 && (h.identity == NULL ||
	    strcmp(h.identity, spec->record.identity) != 0))
		rc = name_conflict(r, spec, &h, e);
	history_release(&h);
	if (rc < 0)
		return -1;
	return take_up(r, &spec->record.id, spec->script, ret, e);
}

int
start(struct running *r, const struct run_spec *spec, struct run **ret,
    struct err *e)
{
	if (run_start(r->runner, spec, ret, e) == 0)
		return 0;
	if (e->kind != ERR_CONFLICT || r->a->name == NULL)
		return -1;
	return meet_namesake(r, spec, ret, e);
}

void
fill_record(struct running *r, const struct target *t,
    struct record_execution *rec)
{
	struct args *a = r->a;

	rec->target = t->reference;
	rec->target_kind = entity_kind_name(t->kind);
	rec->file = t->file;
	rec->code = t->code;
	rec->local = t->local;
	rec->keep_going = a->keep_going;
	rec->overwrite_cache = a->cache == RUNNER_CACHE_REFRESH;
	rec->max_parallelism = t->max_parallelism;
	rec->cache = a->cache_word;
}

int
fill_spec(struct running *r, const struct target *t, struct run_spec *spec,
    char *made, struct err *e)
{
	struct args *a = r->a;

	fill_record(r, t, &spec->record);
	spec->script = t->script;
	spec->durable = a->name != NULL || a->durable;
	spec->record.closure = spec->address;
	if (a->name == NULL)
		execution_new_name(made);
	spec->record.id.name = a->name == NULL ? made : a->name;
	spec->record.identity = identity_of(spec, &a->c.arena);
	return context_project(&a->c, &spec->record.id.project, e) < 0 ||
	    context_domain(&a->c, &spec->record.id.domain, e) < 0 ? -1 : 0;
}

/* What certified_run bound is not read twice: it may have come from a pipe. */
static int
inputs_of_target(struct running *r, struct target *t, struct str *ret,
    struct err *e)
{
	if (r->bound.p == NULL || !certified_is_about(r, t))
		return bind_inputs(r, t, ret, e);
	*ret = r->bound;
	return 0;
}

static int
run_new_target(struct running *r, struct target *t)
{
	struct args *a = r->a;
	char made[EXECUTION_NAME_MAX];
	struct run_spec spec = { .closure = t->closure };
	struct launches launches = { VEC_INIT, VEC_INIT };
	c_strbuf struct strbuf packed = STRBUF_INIT;
	struct str inputs;
	struct run *run;
	struct err e;
	int status, alone;

	if (inputs_of_target(r, t, &inputs, &e) < 0 ||
	    launches_collect(&a->c, t, &launches, &e) < 0) {
		launches_release(&launches);
		return fail(&a->c, &e);
	}
	alone = launches.at.n + launches.missing.n == 0;
	if (offered_add_launches(&a->c, t, &launches, &e) < 0) {
		launches_release(&launches);
		return fail(&a->c, &e);
	}
	spec.inputs = inputs;
	spec.launches = launches.at.at;
	spec.n_launches = launches.at.n;
	pack_closure(&spec, &packed, &a->c.arena);
	if (alone)
		spec.certify = certified_leave(r, t, spec.address, inputs);
	if (fill_spec(r, t, &spec, made, &e) < 0 ||
	    start(r, &spec, &run, &e) < 0) {
		status = fail(&a->c, &e);
	} else {
		strbuf_release(&packed);
		if (alone && run_target_is_done(t)) {
			r->outside.target = NULL;
			run_target_release(t);
		}
		status = run_to_end(r, run);
	}
	launches_release(&launches);
	return status;
}

int
run_target(struct running *r)
{
	struct args *a = r->a;
	struct target t;
	struct err e;
	int status;

	if (certified_run(r, &status))
		return status;
	r->outside.target = &t;
	if (run_target_find(&a->c, a->target, a->type, a->dry_run, &t,
	    &e) < 0)
		status = e.kind == ERR_NONE ? EXIT_SPEC : fail(&a->c, &e);
	else
		status = run_new_target(r, &t);
	r->outside.target = NULL;
	run_target_release(&t);
	return status;
}
