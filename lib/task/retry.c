#include "task/retry.h"

#include <math.h>

#include "base/utf8.h"
#include "data/json.h"
#include "spec/lower.h"

int
retry_of_task(const pb_task_template *t, struct arena *a,
    struct retries **ret, struct err *e)
{
	char shown[UTF8_GIVEN];
	const char *text, *want;
	c_tree struct tree tree;
	uint32_t bad;

	*ret = NULL;
	tree_init(&tree);
	text = lower_config(t, LOWER_RETRIES);
	if (text == NULL)
		return 0;
	if (json_parse_tree(str_of(text), &tree, e) < 0)
		return err_wrap(e, "%s", LOWER_RETRIES);
	*ret = arena_new(a, struct retries);
	if (retries_read(&tree, 0, *ret, &bad, &want) < 0)
		return err_set(e, ERR_SPEC, "%s: expected %s, given %s",
		    LOWER_RETRIES, want, utf8_given(shown,
		    tree.at[bad].text));
	return 0;
}

static int64_t
delay_of(const struct retry_rule *r, uint32_t times)
{
	double d = (double)r->backoff;
	/* A year: more is never, and keeps the sum in bounds. */
	const double most = r->max > 0 ? (double)r->max : 31536000e9;

	if (times > 1)
		d *= pow(r->factor, (double)(times - 1));
	return (int64_t)(d < most ? d : most);
}

static int
count_one(struct retry_state *s, uint32_t *used, uint32_t most)
{
	s->now = *used + 1;
	s->most = most + 1;
	s->again = *used < most;
	*used += s->again ? 1 : 0;
	return s->again;
}

int
retry_decide(const struct retries *r, uint32_t count,
    const struct retry_end *end, struct retry_state *s)
{
	const struct retry_rule *rule = retries_rule(r,
	    job_cause_name(end->cause), end->status);

	if (s->memory < 1)
		s->memory = s->time = 1;
	s->again = 0;
	s->now = s->most = 0;
	s->delay = 0;
	if (!end->recoverable)
		return 0;
	if (rule == NULL && end->unseen) {
		s->again = 1;
		return 1;
	}
	if (rule == NULL && end->system)
		return count_one(s, &s->system, (uint32_t)RETRY_SYSTEM);
	if (rule == NULL) {
		if (count_one(s, &s->other, count))
			s->delay = delay_of(&r->other, s->other);
		return s->again;
	}
	if (!count_one(s, &s->used[rule - r->at], rule->count))
		return 0;
	s->delay = delay_of(rule, s->now);
	s->memory *= rule->memory;
	s->time *= rule->time;
	return 1;
}
