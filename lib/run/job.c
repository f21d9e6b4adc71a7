#include "run/job.h"

#include "run/executor.h"

static const char *const causes[] = {
	[JOB_OK] = "ok",
	[JOB_EXIT] = "exit",
	[JOB_SIGNAL] = "signal",
	[JOB_TIMEOUT] = "timeout",
	[JOB_OOM] = "oom",
	[JOB_OUTPUT] = "output",
	[JOB_REPORTED] = "reported",
	[JOB_CANCELLED] = "cancelled",
	[JOB_START] = "start",
	[JOB_LOST] = "lost",
};
_Static_assert(ARRAY_LEN(causes) == JOB_CAUSE_MAX, "a name per cause");

const char *
job_cause_name(enum job_cause c)
{
	return causes[c];
}

void
executor_add_token(struct strbuf *b, const struct job_spec *s)
{
	strbuf_addf(b, "%s/%s/%s/%s/%u", s->project, s->domain, s->execution,
	    s->node, s->attempt);
}
