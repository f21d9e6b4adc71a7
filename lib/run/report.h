#ifndef RUN_REPORT_H
#define RUN_REPORT_H

/*
 * What a run says while it runs and when it is over, as text handed to a
 * callback: one line that is redrawn on a terminal, plain lines elsewhere; at
 * the end one line that sums up, and for a failure its root cause with all
 * that is needed to look into it.
 */

#include "run/runner.h"

struct report_options {
	int		 terminal;	/* redraw one line */
	int		 color;		/* of what became of nodes */
	int		 quiet;		/* only failures */
	int		 verbose;	/* why, for every node */
	unsigned	 tail;		/* lines of stderr in a failure */
	const char	*tool;		/* "flyte-run" */
	void		(*put)(void *arg, struct str text);
	void		*arg;
};

struct report;
struct report	*report_new(const struct report_options *);
void		 report_free(struct report *);
static inline void
report_freep(struct report **r)
{
	report_free(*r);
}
#define c_report	cleanup(report_freep)

/* A run_watch_fn; arg is the report. */
void	report_watch(void *arg, struct run *, const struct run_event *);

/*
 * The end: the summary of a run that ended, failures in full, how to go on
 * with one that was stopped.  what is its reference, as the user wrote it.
 */
void	report_end(struct report *, struct run *, const char *what);

#endif
