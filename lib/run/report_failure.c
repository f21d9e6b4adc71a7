/* What failed, with all that is needed to look into it. */
#include "run/report_p.h"

#include "base/utf8.h"
#include "idl/nodepath.h"
#include "task/local.h"

/* Failures told in full; the rest are counted. */
#define MAX_TOLD	3

struct failure *
report_failure_of(struct report *r, const struct run *run, struct str path)
{
	struct failure fresh = { .node = report_node(r, run, path) };
	c_strbuf struct strbuf brief = STRBUF_INIT;
	size_t i;

	for (i = 0; i < r->failures.n; i++)
		if (str_eq(r->failures.at[i].node, fresh.node))
			return &r->failures.at[i];
	nodepath_add(&brief, path);
	fresh.again = arena_printf(&r->arena, "%s/%s", run_id(run)->name,
	    brief.p);
	VEC_PUSH(&r->failures, fresh);
	return &VEC_LAST(&r->failures);
}

/* What a task ended by itself with; its last lines are in its error. */
static int
is_status(enum job_cause cause)
{
	return cause == JOB_EXIT || cause == JOB_SIGNAL;
}

void
report_keep_failure(struct report *r, struct run *run,
    const struct run_event *ev)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const struct job_result *res = ev->result;
	struct failure *f = report_failure_of(r, run, ev->path);

	report_add_cause(&b, res);
	f->why = arena_strdup(&r->arena, b.p);
	f->message = arena_strdup(&r->arena, res->error->message);
	strbuf_reset(&b);
	if (ev->contract != NULL && res->command == NULL)
		contract_add_command(ev->contract, NULL, &b);
	f->command = arena_strdup(&r->arena, res->command != NULL ?
	    res->command : b.p);
	strbuf_reset(&b);
	local_add_tail(run_executor(run), &res->err, 1, r->opts.tail, &b);
	f->tail = arena_strdup(&r->arena, b.p);
	f->by_status = is_status(res->cause);
	f->scratch = res->scratch == NULL ? NULL :
	    arena_strdup(&r->arena, res->scratch);
	f->attempts = ev->attempt + 1;
}

static void
add_quoted_lines(struct strbuf *b, const char *text)
{
	const char *end;

	while (*text != '\0') {
		end = strchr(text, '\n');
		if (end == NULL)
			end = text + strlen(text);
		strbuf_adds(b, "    | ");
		utf8_add_shown(b, (struct str){ text, (size_t)(end - text) });
		strbuf_addch(b, '\n');
		text = *end == '\n' ? end + 1 : end;
	}
}

/* What a message has after its first line, at most n lines. */
static void
add_more_lines(struct strbuf *b, const char *text, unsigned n)
{
	c_strbuf struct strbuf more = STRBUF_INIT;
	const char *line = text == NULL ? NULL : strchr(text, '\n');

	for (; line != NULL && line[1] != '\0' && n > 0; n--) {
		const char *end = strchr(line + 1, '\n');

		strbuf_add(&more, line + 1, end == NULL ? strlen(line + 1) :
		    (size_t)(end - line - 1));
		strbuf_addch(&more, '\n');
		line = end;
	}
	if (more.n > 0)
		add_quoted_lines(b, more.p);
}

/* On one line; of a command of several lines at most n, below the word. */
static void
add_command(struct strbuf *b, const char *text, unsigned n)
{
	const char *end = strchr(text, '\n');

	strbuf_adds(b, "  command:");
	if (end == NULL) {
		strbuf_addch(b, ' ');
		report_add_first_line(b, text);
		strbuf_addch(b, '\n');
		return;
	}
	strbuf_adds(b, "\n    | ");
	report_add_first_line(b, text);
	strbuf_addch(b, '\n');
	add_more_lines(b, text, n);
	while (n-- > 0 && end != NULL)
		end = strchr(end + 1, '\n');
	if (end != NULL && end[1] != '\0')
		strbuf_adds(b, "    | ...\n");
}

static void
put_failure(struct report *r, const struct failure *f)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	strbuf_adds(&b, "node ");
	strbuf_addstr(&b, f->node);
	strbuf_adds(&b, " failed: ");
	if (f->why != NULL && f->why[0] != '\0')
		strbuf_adds(&b, f->why);
	else if (f->message != NULL)
		report_add_first_line(&b, f->message);
	if (f->attempts > 1)
		strbuf_addf(&b, " (%u attempts)", f->attempts);
	strbuf_addch(&b, '\n');
	if (!f->by_status || f->tail == NULL || f->tail[0] == '\0')
		add_more_lines(&b, f->message, r->opts.tail);
	if (f->command != NULL && f->command[0] != '\0')
		add_command(&b, f->command, r->opts.tail);
	if (f->tail != NULL && f->tail[0] != '\0') {
		strbuf_adds(&b, "  the end of its stderr:\n");
		add_quoted_lines(&b, f->tail);
	}
	if (f->scratch != NULL)
		strbuf_addf(&b, "  its folder: %s\n", f->scratch);
	if (f->attempts > 0)
		strbuf_addf(&b, "  again: flyte-exec --replay %s\n",
		    f->again);
	report_put(r, &b);
}

static enum job_cause
cause_called(const char *name)
{
	int i;

	for (i = 0; name != NULL && i < JOB_CAUSE_MAX; i++)
		if (strcmp(job_cause_name((enum job_cause)i), name) == 0)
			return (enum job_cause)i;
	return JOB_REPORTED;
}

/* A failure that was before this process, from the journal. */
static void
recall_failure(struct report *r, struct run *run,
    const struct history_node *n)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const struct history_attempt *a = &n->attempts[n->n_attempts - 1];
	pb_execution_error *error = PB_NEW(&r->arena,
	    flyteidl__core__execution_error);
	struct job_result res = { .cause = cause_called(a->cause),
	    .error = error, .end = { .code = a->status, .sig = a->sig } };
	struct failure *f = report_failure_of(r, run, n->path);

	error->message = arena_strndup(&r->arena, a->failed ?
	    a->error.message.p : n->error.message.p, a->failed ?
	    a->error.message.n : n->error.message.n);
	report_add_cause(&b, &res);
	f->why = arena_strdup(&r->arena, b.p);
	f->message = error->message;
	strbuf_reset(&b);
	local_add_tail(run_executor(run), &a->err, 1, r->opts.tail, &b);
	f->tail = arena_strdup(&r->arena, b.p);
	f->by_status = is_status(res.cause);
	f->scratch = a->scratch;
	f->attempts = a->number + 1;
	f->final = 1;
}

static void
recall_failures(struct report *r, struct run *run)
{
	const struct history *h = run_history(run);
	size_t i;

	for (i = 0; h != NULL && i < h->n_nodes; i++)
		if ((h->nodes[i].phase == SCHED_FAILED ||
		    h->nodes[i].phase == SCHED_TIMED_OUT) &&
		    h->nodes[i].n_attempts > 0)
			recall_failure(r, run, &h->nodes[i]);
}

void
report_put_failures(struct report *r, struct run *run)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t i, told = 0, more = 0;

	if (r->failures.n == 0)
		recall_failures(r, run);

	for (i = 0; i < r->failures.n; i++) {
		if (!r->failures.at[i].final)
			continue;
		if (told++ < MAX_TOLD)
			put_failure(r, &r->failures.at[i]);
		else
			more++;
	}
	if (told == 0 && run_error(run)->message.p != NULL) {
		strbuf_addf(&b, "%s: ", r->opts.tool);
		report_add_first_line(&b, arena_strndup(&r->arena,
		    run_error(run)->message.p, run_error(run)->message.n));
		strbuf_addch(&b, '\n');
		report_put(r, &b);
	}
	if (more > 0) {
		strbuf_addf(&b, "and %zu more: flyte-show %s\n", more,
		    run_id(run)->name);
		report_put(r, &b);
	}
}
