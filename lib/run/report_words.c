/* How a report names nodes and what ended them. */
#include "run/report_p.h"

#include <signal.h>

#include "base/utf8.h"
#include "idl/nodepath.h"

/* The first line of a message that may be a whole trace. */
void
report_add_first_line(struct strbuf *b, const char *text)
{
	const char *end = strchr(text, '\n');

	utf8_add_shown(b, (struct str){ text, end == NULL ? strlen(text) :
	    (size_t)(end - text) });
}

void
report_add_cause(struct strbuf *b, const struct job_result *res)
{
	switch (res->cause) {
	case JOB_EXIT:
		strbuf_addf(b, "exit status %d", res->end.code);
		break;
	case JOB_SIGNAL:
		strbuf_addf(b, "signal %d (%s)", res->end.sig,
		    sigdescr_np(res->end.sig) != NULL ?
		    sigdescr_np(res->end.sig) : "unknown");
		break;
	case JOB_TIMEOUT:
		strbuf_adds(b, "its time was up");
		break;
	case JOB_OOM:
		strbuf_adds(b, "killed for lack of memory");
		break;
	case JOB_CANCELLED:
		strbuf_adds(b, "stopped");
		break;
	case JOB_LOST:
		strbuf_adds(b, "lost: ");
		if (res->error != NULL)
			report_add_first_line(b, res->error->message);
		else
			strbuf_adds(b, "nobody knows how it ended");
		break;
	case JOB_OK:
	case JOB_OUTPUT:
	case JOB_REPORTED:
	case JOB_START:
	case JOB_CAUSE_MAX:
	default:
		if (res->error != NULL)
			report_add_first_line(b, res->error->message);
		break;
	}
}

void
report_add_node(struct strbuf *b, const struct run *run, struct str path)
{
	c_strbuf struct strbuf whole = STRBUF_INIT, brief = STRBUF_INIT;

	strbuf_addf(&whole, "%s" STR_FMT, run_label(run), STR_ARG(path));
	nodepath_add(&brief, strbuf_str(&whole));
	utf8_add_shown(b, strbuf_str(&brief));
}

struct str
report_node(struct report *r, const struct run *run, struct str path)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	report_add_node(&b, run, path);
	return arena_str(&r->arena, strbuf_str(&b));
}
