/* What an execution tells those who started it. */
#include "run/runner_p.h"

const struct run *
runner_next(const struct runner *r, const struct run *run)
{
	return run == NULL ? r->runs : run->next;
}

const struct execution_id *
run_id(const struct run *run)
{
	return &run->id;
}

const char *
run_label(const struct run *run)
{
	return run->label == NULL ? "" : run->label;
}

int
run_was_over(const struct run *run)
{
	return run->sched == NULL && !run->repeated;
}

enum sched_wf
run_phase(const struct run *run)
{
	if (run->repeated)
		return SCHED_WF_SUCCEEDED;
	return run->sched == NULL ? run->history.phase :
	    sched_phase(run->sched);
}

const struct sched_error *
run_error(const struct run *run)
{
	if (run->sched == NULL)
		return &run->history.error;
	if (run_phase(run) == SCHED_WF_ABORTED && run->aborted.code.p != NULL)
		return &run->aborted;
	return sched_error(run->sched);
}

const struct history *
run_history(const struct run *run)
{
	return run->history.dir == NULL ? NULL : &run->history;
}

struct str
run_outputs(const struct run *run)
{
	return run->outputs;
}

const struct sched *
run_sched(const struct run *run)
{
	return run->sched;
}

struct executor *
run_executor(const struct run *run)
{
	return run->executor;
}

const struct run_counts *
run_counts(const struct run *run)
{
	return &run->counts;
}
