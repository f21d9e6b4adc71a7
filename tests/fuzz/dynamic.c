#include "idl/wire.h"
#include "plan/plan.h"
#include "run/dynamic.h"
#include "spec/spec.h"

#include "mutate.h"

/*
 * What a dynamic task wrote.  P and a core.DynamicJobSpec (futures.pb), or Y
 * and our own YAML: whichever it is, there is a plan or a reason.
 */

static pb_task_template *
parent(struct arena *a)
{
	static const char text[] = "tasks:\n  t: {outputs: {o: int, p: str}, "
	    "dynamic: true, run: x}\n";
	struct spec_options opt = { .form = SPEC_YAML, .project = "p",
	    .domain = "d", .version = "v" };
	c_diags struct diags ds = DIAGS_INIT;
	c_spec struct spec spec;

	if (spec_load("parent", STR(text), &opt, a, &spec, &ds) < 0)
		BUG("the parent");
	return spec.at[0].entity.task->template_;
}

static void
build(struct str spec, const pb_task_template *task, int own)
{
	struct dynamic_parent p = { .task = task, .is_spec = own,
	    .node_id = "n0", .project = "p", .domain = "d" };
	c_plan struct plan *plan = NULL;
	struct err e;

	if (dynamic_build(spec, &p, &plan, &e) < 0) {
		if (e.kind != ERR_SPEC || e.msg[0] == '\0')
			BUG("no reason: %s", e.msg);
		return;
	}
	if (plan == NULL || plan->n_nodes == 0)
		BUG("nothing to run");
}

static void
yaml(struct str text, const pb_task_template *task, struct arena *a)
{
	struct spec_options opt = { .form = SPEC_YAML, .project = "p",
	    .domain = "d", .version = "v",
	    .outputs = task->interface->outputs };
	c_strbuf struct strbuf bytes = STRBUF_INIT, out = STRBUF_INIT;
	c_diags struct diags ds = DIAGS_INIT;
	c_spec struct spec spec;
	pb_dynamic_job_spec *job = NULL;

	if (spec_load_dynamic("fuzz", text, &opt, a, &spec, &job, &ds) < 0) {
		if (ds.n == 0)
			BUG("refused without a reason");
		diags_print(&ds, &out);
		return;
	}
	wire_pack(&job->base, &bytes);
	build(strbuf_str(&bytes), task, 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	c_arena struct arena a = ARENA_INIT;
	struct str rest = { (const char *)data + 1, n - 1 };

	if (n == 0)
		return 0;
	if (data[0] == 'P')
		build(rest, parent(&a), 0);
	else if (data[0] == 'Y')
		yaml(rest, parent(&a), &a);
	return 0;
}

#ifdef FUZZING
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max,
    unsigned int seed)
{
	if (n > 0 && data[0] == 'P')
		return mutate_wire(data, n, max, seed, 1);
	return LLVMFuzzerMutate(data, n, max);
}
#endif
