#include "spec/retries.h"

#include "base/num.h"
#include "base/time.h"

/* A growth beyond this is a mistake. */
#define MAX_GROWTH	1000.0

struct reading {
	const struct tree *t;
	uint32_t	 bad;
	const char	*want;
};

static int
fault(struct reading *r, uint32_t node, const char *want)
{
	r->bad = node;
	r->want = want;
	return -1;
}

static int
read_count(struct reading *r, uint32_t node, uint32_t *ret)
{
	const struct tree_node *n = &r->t->at[node];
	uint64_t v;

	if (n->kind != TREE_SCALAR ||
	    num_parse_u64(n->text, 0, MAX_RETRIES, &v) < 0)
		return fault(r, node, "a number of retries from 0 to 1000");
	*ret = (uint32_t)v;
	return 0;
}

static int
read_time(struct reading *r, uint32_t node, int64_t *ret)
{
	const struct tree_node *n = &r->t->at[node];
	struct timespan t;

	if (n->kind != TREE_SCALAR || timespan_parse(n->text, &t) < 0 ||
	    t.sec < 0 || t.nsec < 0 ||
	    __builtin_mul_overflow(t.sec, 1000000000, ret) ||
	    __builtin_add_overflow(*ret, (int64_t)t.nsec, ret))
		return fault(r, node, "a time such as 500ms, 10s or 5m");
	return 0;
}

static int
read_growth(struct reading *r, uint32_t node, size_t skip, double *ret,
    const char *want)
{
	struct str s = r->t->at[node].text;

	if (r->t->at[node].kind != TREE_SCALAR || s.n <= skip ||
	    (skip > 0 && s.p[0] != 'x') || num_parse_f64((struct str){
	    s.p + skip, s.n - skip }, ret) < 0 ||
	    !(*ret >= 1 && *ret <= MAX_GROWTH))
		return fault(r, node, want);
	return 0;
}

static int
read_key(struct reading *r, uint32_t key, uint32_t v, struct retry_rule *rule)
{
	if (tree_is(r->t, key, "count"))
		return read_count(r, v, &rule->count);
	if (tree_is(r->t, key, "backoff"))
		return read_time(r, v, &rule->backoff);
	if (tree_is(r->t, key, "max"))
		return read_time(r, v, &rule->max);
	if (tree_is(r->t, key, "factor"))
		return read_growth(r, v, 0, &rule->factor,
		    "a number from 1 to 1000");
	if (tree_is(r->t, key, "memory") && strcmp(rule->cause, "oom") == 0)
		return read_growth(r, v, 1, &rule->memory,
		    "a growth such as x2 or x1.5");
	if (tree_is(r->t, key, "time") && strcmp(rule->cause, "timeout") == 0)
		return read_growth(r, v, 1, &rule->time,
		    "a growth such as x2 or x1.5");
	return fault(r, key, "count, backoff, factor, max, with oom also "
	    "memory, with timeout also time");
}

/* The cause that a key of on: names. */
static int
read_cause(struct reading *r, uint32_t key, struct retry_rule *rule)
{
	static const char *const causes[] = { "oom", "timeout", "signal",
	    "lost", "output", "exit" };
	struct str s = r->t->at[key].text;
	uint64_t status;
	size_t i;

	rule->status = -1;
	for (i = 0; i < ARRAY_LEN(causes); i++)
		if (str_is(s, causes[i])) {
			memcpy(rule->cause, s.p, s.n);
			return 0;
		}
	if (str_starts(s, "exit:") && num_parse_u64((struct str){ s.p + 5,
	    s.n - 5 }, 1, 255, &status) == 0) {
		memcpy(rule->cause, "exit", 4);
		rule->status = (int)status;
		return 0;
	}
	return fault(r, key, "oom, timeout, signal, lost, output, exit or "
	    "exit:N");
}

static int
read_rule(struct reading *r, uint32_t key, uint32_t v,
    const struct retries *all, struct retry_rule *rule)
{
	*rule = all->other;
	rule->count = 1;
	if (read_cause(r, key, rule) < 0)
		return -1;
	if (r->t->at[v].kind == TREE_SCALAR)
		return read_count(r, v, &rule->count);
	if (r->t->at[v].kind != TREE_MAP)
		return fault(r, v, "a number of retries, or a map");
	TREE_EACH_PAIR(r->t, v, k, w)
		if (read_key(r, k, w, rule) < 0)
			return -1;
	return 0;
}

static int
read_on(struct reading *r, uint32_t map, struct retries *ret)
{
	if (r->t->at[map].kind != TREE_MAP)
		return fault(r, map, "a map of causes");
	TREE_EACH_PAIR(r->t, map, k, v) {
		if (ret->n == MAX_RETRY_RULES)
			return fault(r, k, "at most 32 rules");
		if (read_rule(r, k, v, ret, &ret->at[ret->n]) < 0)
			return -1;
		ret->n++;
	}
	return 0;
}

int
retries_read(const struct tree *t, uint32_t map, struct retries *ret,
    uint32_t *ret_bad, const char **ret_want)
{
	struct reading r = { t, map, "a map" };
	uint32_t on = TREE_NONE;
	int rc = 0;

	*ret = (struct retries){ .other = { .status = -1, .factor = 1,
	    .memory = 1, .time = 1 } };
	if (t->at[map].kind != TREE_MAP)
		rc = -1;
	/* Rules begin with what stands beside on:, wherever it stands. */
	for (uint32_t k = t->at[map].first, v; rc == 0 && k != TREE_NONE;
	    k = t->at[v].next) {
		v = t->at[k].next;
		if (tree_is(t, k, "on"))
			on = v;
		else if (tree_is(t, k, "memory") || tree_is(t, k, "time"))
			rc = fault(&r, k, "memory: under on: oom:, time: "
			    "under on: timeout:");
		else
			rc = read_key(&r, k, v, &ret->other);
	}
	if (rc == 0 && on != TREE_NONE)
		rc = read_on(&r, on, ret);
	*ret_bad = r.bad;
	*ret_want = r.want;
	return rc;
}

const struct retry_rule *
retries_rule(const struct retries *r, const char *cause, int status)
{
	const struct retry_rule *any = NULL;
	size_t i;

	for (i = 0; i < r->n; i++) {
		if (strcmp(r->at[i].cause, cause) != 0)
			continue;
		if (r->at[i].status == status && status > 0)
			return &r->at[i];
		if (r->at[i].status < 0)
			any = &r->at[i];
	}
	return any;
}
