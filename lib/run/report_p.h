#ifndef RUN_REPORT_P_H
#define RUN_REPORT_P_H

/* What the files of the report share.  report.c: what it says while nodes
 * run; report_end.c: the sum; report_failure.c: what failed, in full;
 * report_words.c: how nodes and causes are named. */

#include "base/vec.h"
#include "run/report.h"

/* Nodes named with each reason of the summary. */
#define MAX_NAMED	3

/* A node that failed, with what its last attempt left. */
struct failure {
	struct str	node;		/* as people name it */
	const char	*again;		/* "ID/NODE" */
	const char	*why;		/* "exit status 3" */
	const char	*message;
	const char	*command, *scratch;
	const char	*tail;		/* last lines of its stderr */
	int		 by_status;	/* which end its message, too */
	uint32_t	attempts;
	int		final;		/* the engine gave it up */
};

/* Nodes that did the same for the same reason. */
struct group {
	enum fate	fate;
	struct str	text;		/* of the first */
	size_t		 common;	/* as much of it is that of all */
	struct str	nodes[MAX_NAMED];
	uint32_t	n;
};

struct report {
	struct report_options	 opts;
	struct arena		 arena;
	VEC(struct failure)	 failures;
	VEC(struct str)		 running;	/* on a terminal; owned */
	VEC(struct group)	 groups;
	struct map		 by_why;	/* of groups */
	uint32_t		 more_groups;	/* nodes in none of them */
	uint32_t		 done;
	int			 drawn;		/* a line is on the screen */
};

/* report.c.  Text as it is; the line that is redrawn goes away. */
void	report_put(struct report *, const struct strbuf *);
void	report_wipe(struct report *);

/* report_end.c.  Adds the node to those that did the same for the same
 * reason, for the summary. */
void	report_count_why(struct report *, const struct run *,
	    struct str path, enum fate, const struct why *);

/* report_failure.c.  That of the node, made if there is none; the caller may
 * write to it until the next is made. */
struct failure *report_failure_of(struct report *, const struct run *,
	    struct str path);
/* Keeps what an attempt that failed left (RUN_ENDED with an error). */
void	report_keep_failure(struct report *, struct run *,
	    const struct run_event *);
/* The failures of a run that failed; those of another process, from its
 * journal, if this one saw none. */
void	report_put_failures(struct report *, struct run *);

/* report_words.c.  Appends "exit status 3", "signal 9 (Killed)", "its time
 * was up", ... */
void	report_add_cause(struct strbuf *, const struct job_result *);
/* Appends the first line of a message that may be a whole trace. */
void	report_add_first_line(struct strbuf *, const char *text);
/* Appends a node as people name it: without the attempts of what it lies
 * in, behind "NODE > " if its execution was launched by that. */
void	report_add_node(struct strbuf *, const struct run *, struct str path);
/* The same as a text of the report's arena. */
struct str report_node(struct report *, const struct run *, struct str path);

#endif
