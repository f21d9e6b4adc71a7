/*
 * flyte-run: runs a workflow, launch plan or task.  A reference or file is
 * resolved to a closure (target.c), the inputs are bound (fresh.c, again.c),
 * and the runner does the rest (running.c).
 */

#include <signal.h>

#include "running.h"

static int
run(struct args *a)
{
	struct running r = { .a = a, .what = a->target,
	    .outside = { .c = &a->c }, .inputs = STRBUF_INIT };
	struct err e;
	int status;

	r.loop = loop_new();
	if (make_runner(&r, &e) < 0)
		status = fail(&a->c, &e);
	else if (a->again == AGAIN_RESUME)
		status = resume(&r);
	else if (a->again != AGAIN_NOT)
		status = recover(&r);
	else
		status = run_target(&r);
	runner_free(r.runner);
	report_free(r.report);
	dryrun_free(r.dry);
	loop_free(r.loop);
	strbuf_release(&r.inputs);
	inputs_free(a->inputs);
	outputs_release(&a->outputs);
	VEC_RELEASE(&a->from);
	VEC_RELEASE(&a->force);
	outside_release(&r.outside);
	status = context_end(&a->c, status);
	if (r.signal != 0) {
		signal(r.signal, SIG_DFL);
		raise(r.signal);
	}
	return status;
}

int
main(int argc, char **argv)
{
	struct args a = { .outputs = { .pick = VEC_INIT } };
	struct err e;
	int r;

	context_init(&a.c, flyte_run_program.name);
	a.alone = !context_jobserver(&a.c);
	signal(SIGPIPE, SIG_IGN);
	a.inputs = inputs_new(&a.c);
	r = parse_args(&a, argc, argv, &e);
	if (r == 0)
		return run(&a);
	r = r < 0 ? fail(&a.c, &e) : EXIT_DONE;
	inputs_free(a.inputs);
	outputs_release(&a.outputs);
	VEC_RELEASE(&a.from);
	VEC_RELEASE(&a.force);
	return context_end(&a.c, r);
}
