#include "engine/sched_p.h"

/* The end of an attempt: done, failed, tried again (reference 2.8, 2.9). */

static const char *
kind_name(enum sched_kind kind)
{
	return kind == SCHED_SYSTEM ? "SYSTEM" : kind == SCHED_USER ? "USER" :
	    "UNKNOWN";
}

static uint32_t
most_attempts(const struct at *at)
{
	return at->pn->attempts > 1 ? at->pn->attempts :
	    MAX(at->s->c.default_max_attempts, 1);
}

/* 1 if another attempt is due; else the error says that none is left. */
static int
may_retry(struct at *at)
{
	const struct sched_config *c = &at->s->c;
	struct node *n = at->n;
	int system = n->error->kind == SCHED_SYSTEM;
	uint32_t now = n->attempt + 1, most = most_attempts(at);
	struct strbuf *b = &at->s->text;

	if (!c->ignore_retry_cause && system) {
		now = n->system_failures;
		most = c->max_system_retries;
	} else if (!c->ignore_retry_cause)
		now -= MIN(now, n->system_failures);
	if (now < most) {
		n->system_failures += (uint32_t)system;
		return 1;
	}
	strbuf_reset(b);
	strbuf_addf(b, "RetriesExhausted|" STR_FMT, STR_ARG(n->error->code));
	struct str code = arena_str(&at->s->arena, strbuf_str(b));
	strbuf_reset(b);
	strbuf_addf(b, "[%u/%u] currentAttempt done. Last Error: %s::",
	    now, most, kind_name(n->error->kind));
	strbuf_addstr(b, n->error->message);
	n->error = sched_new_error(at->s, SCHED_USER, code.p, strbuf_str(b));
	return 0;
}

static int
has_finalize(const struct plan_node *pn)
{
	return pn->kind == PLAN_TASK || pn->kind == PLAN_ARRAY;
}

static enum sched_why
why_failed(const struct at *at)
{
	if (at->n->late)
		return SCHED_WHY_DEADLINE;
	return at->n->failing || at->pn->kind == PLAN_BRANCH ?
	    SCHED_WHY_CHILD : SCHED_WHY_ERROR;
}

static void
fail(struct at *at)
{
	enum sched_why why = why_failed(at);

	if (!has_finalize(at->pn) && at->s->c.rules.clean_timeout &&
	    at->n->late)
		sched_node_clean(at, at->n->error->message, SCHED_WHY_POLICY);
	sched_node_to(at, has_finalize(at->pn) ? STEP_FAILING : STEP_FAILED, why);
}

void
sched_node_time_out(struct at *at)
{
	if (!has_finalize(at->pn) && at->s->c.rules.clean_timeout)
		sched_node_clean(at, STR("task active timeout expired"),
		    SCHED_WHY_POLICY);
	sched_node_to(at, has_finalize(at->pn) ? STEP_TIMING_OUT : STEP_TIMED_OUT,
	    SCHED_WHY_DEADLINE);
}

void
sched_node_outcome(struct at *at, enum outcome out)
{
	struct node *n = at->n;

	switch (out) {
	case OUT_BUSY:
		break;
	case OUT_RUNNING:
		if (n->step == STEP_QUEUED)
			sched_node_to(at, STEP_RUNNING, (enum sched_why)n->why);
		break;
	case OUT_DYNAMIC:
		if (n->step != STEP_DYNAMIC)
			sched_node_to(at, STEP_DYNAMIC, SCHED_WHY_DONE);
		break;
	case OUT_OK:
		n->error = NULL;
		sched_node_to(at, has_finalize(at->pn) ? STEP_SUCCEEDING :
		    STEP_SUCCEEDED, SCHED_WHY_DONE);
		break;
	case OUT_FAILED:
		if (n->error->kind == SCHED_SYSTEM)
			n->system_failures += 2;
		fail(at);
		break;
	case OUT_RETRY:
		if (may_retry(at))
			sched_node_to(at, STEP_RETRY, SCHED_WHY_RETRY);
		else
			fail(at);
		break;
	case OUT_AGAIN:
		sched_node_to(at, STEP_RETRY, SCHED_WHY_RETRY);
		break;
	case OUT_SKIP:
		sched_node_to(at, STEP_SKIPPED, SCHED_WHY_UPSTREAM);
		break;
	}
}

void
sched_node_retry(struct at *at)
{
	struct node *n = at->n;

	sched_node_clean(at, n->error->message, SCHED_WHY_RETRY);
	sched_branch_forget(at);
	n->attempt++;
	n->started = n->running = n->held = n->failing = n->late = 0;
	n->decided = n->built = n->asked = n->is_map = 0;
	n->building = 0;
	n->child = SCHED_NONE;
	sched_node_drop_got(n);
	n->started_at = at->s->now;
	at->ref.attempt = n->attempt;
	sched_node_to(at, STEP_RUNNING, SCHED_WHY_RETRY);
}

void
sched_node_drop_got(struct node *n)
{
	free(n->got);
	n->got = NULL;
}

/* Reference 2.9. */
int
sched_node_is_interruptible(const struct at *at)
{
	const struct sched_config *c = &at->s->c;
	int64_t t = c->interruptible_threshold, failures, most;
	int wanted = at->s->frames.at[0]->interruptible;

	if (c->interruptible != PLAN_UNSET)
		wanted = c->interruptible == PLAN_YES;
	if (at->pn->interruptible != PLAN_UNSET)
		wanted = at->pn->interruptible == PLAN_YES;
	if (c->ignore_retry_cause) {
		failures = at->n->attempt;
		most = most_attempts(at);
		if (failures == 0)
			return wanted;
	} else {
		failures = at->n->system_failures;
		most = (int64_t)c->max_system_retries + 1;
	}
	return wanted && failures < (t > 0 ? t : most + t);
}
