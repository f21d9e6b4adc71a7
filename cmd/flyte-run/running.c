#include "running.h"

#include <signal.h>
#include <unistd.h>

static void
put_err(void *arg, struct str text)
{
	(void)arg;
	fwrite(text.p, 1, text.n, stderr);
	fflush(stderr);
}

static void
on_signal(void *arg, int sig, pid_t from)
{
	struct running *r = arg;

	(void)from;
	runner_stop(r->runner, r->signal != 0);
	r->signal = sig;
}

int
make_runner(struct running *r, struct err *e)
{
	struct args *a = r->a;
	struct report_options ropts = {
		.quiet = a->quiet, .verbose = a->verbose, .tail = 20,
		.tool = flyte_run_program.name, .put = put_err,
		.terminal = isatty(STDERR_FILENO),
	};
	struct runner_options opts = {
		.loop = r->loop, .jobs = a->jobs, .cache = a->cache,
		.environ = context_environ(), .dry_run = a->dry_run,
		.durable = a->durable,
		.resolve = outside_resolve, .resolve_arg = &r->outside,
		.silent = a->quiet || (ropts.terminal && !a->verbose),
		.lockwait = context_helper(&a->c, "lockwait"),
		.limit = context_helper(&a->c, "limit"),
		.jqrun = context_helper(&a->c, "jqrun"),
		.no_groups = !context_use_groups(&a->c),
		.jobserver = a->c.jobserver,
	};
	sigset_t set;

	if (context_color(a->color, STDERR_FILENO, &ropts.color, e) < 0 ||
	    context_home(&a->c, &r->home, e) < 0 ||
	    context_store(&a->c, &opts.store, e) < 0)
		return -1;
	opts.home = r->home;
	if (opts.jobs == 0)
		opts.jobs = a->alone ? 1 :
		    (unsigned)MAX(sysconf(_SC_NPROCESSORS_ONLN), 1);
	if (a->dry_run) {
		r->dry = dryrun_new(a->json);
		opts.watch = dryrun_watch;
		opts.arg = r->dry;
	} else {
		r->report = report_new(&ropts);
		opts.watch = report_watch;
		opts.arg = r->report;
	}
	r->runner = runner_new(&opts);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	return loop_signals(r->loop, &set, on_signal, r, e);
}

/* Reports how the run ended and prints its outputs; the exit status. */
static int
conclude(struct running *r, struct run *run)
{
	c_strbuf struct strbuf text = STRBUF_INIT;
	struct err e;
	uint32_t work;

	if (r->a->dry_run) {
		work = dryrun_print(r->dry, r->runner, r->what,
		    r->a->quiet ? NULL : &text);
		put_out(&text);
		return work > 0 && r->a->exit_code ? EXIT_WORK : EXIT_DONE;
	}
	report_end(r->report, run, r->what);
	if (run_phase(run) != SCHED_WF_SUCCEEDED)
		return EXIT_FAILED;
	if (outputs_print(&r->a->c, &r->a->outputs, run_outputs(run), &e) < 0)
		return fail(&r->a->c, &e);
	return EXIT_DONE;
}

int
run_to_end(struct running *r, struct run *run)
{
	struct err e;

	if (runner_run(r->runner, &e) < 0)
		return fail(&r->a->c, &e);
	return conclude(r, run);
}
