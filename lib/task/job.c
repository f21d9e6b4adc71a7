#include "task/job.h"

#include <sys/stat.h>

#include "task/executor.h"

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
	const char *const part[] = { s->project, s->domain, s->execution,
	    s->node };
	size_t i;

	for (i = 0; i < ARRAY_LEN(part); i++) {
		strbuf_adds(b, part[i]);
		strbuf_addch(b, '/');
	}
	strbuf_addu(b, s->attempt);
}

int
executor_add_run_mark(struct strbuf *b, const char *dir, struct err *e)
{
	struct stat st;

	if (stat(dir, &st) < 0)
		return err_sys(e, "%s", dir);
	strbuf_addf(b, "%jx:%jx", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
	return 0;
}
