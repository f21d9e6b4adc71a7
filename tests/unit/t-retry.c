#include "unit.h"

#include "data/json.h"
#include "task/retry.h"

#define SEC	INT64_C(1000000000)

static struct retries rules;

static int
read_rules(const char *json)
{
	struct tree t;
	struct err e;
	const char *want;
	uint32_t bad;
	int r;

	tree_init(&t);
	r = json_parse_tree(str_of(json), &t, &e);
	if (r == 0)
		r = retries_read(&t, 0, &rules, &bad, &want);
	tree_release(&t);
	return r;
}

static int
after(struct retry_state *s, enum job_cause cause, int status)
{
	struct retry_end end = { .cause = cause, .status = status,
	    .recoverable = 1 };

	return retry_decide(&rules, rules.other.count, &end, s);
}

TEST(backoff_grows_to_its_bound)
{
	struct retry_state s = { .again = 0 };

	CHECK_INT(read_rules("{\"count\":5,\"backoff\":\"2s\",\"factor\":3,"
	    "\"max\":\"10s\"}"), 0);
	CHECK_INT(after(&s, JOB_EXIT, 1), 1);
	CHECK_INT(s.delay, 2 * SEC);
	after(&s, JOB_EXIT, 1);
	CHECK_INT(s.delay, 6 * SEC);
	after(&s, JOB_SIGNAL, 0);
	CHECK_INT(s.delay, 10 * SEC);
	after(&s, JOB_EXIT, 2);
	CHECK_INT(after(&s, JOB_EXIT, 2), 1);
	CHECK_INT(after(&s, JOB_EXIT, 2), 0);
	CHECK_INT(s.now, 6);
	CHECK_INT(s.most, 6);
}

TEST(a_status_comes_before_any)
{
	struct retry_state s = { .again = 0 };

	CHECK_INT(read_rules("{\"on\":{\"exit\":0,\"exit:75\":1}}"), 0);
	CHECK_INT(after(&s, JOB_EXIT, 75), 1);
	CHECK_INT(after(&s, JOB_EXIT, 1), 0);
	CHECK_INT(after(&s, JOB_EXIT, 75), 0);
}

TEST(memory_and_time_grow)
{
	struct retry_state s = { .again = 0 };

	CHECK_INT(read_rules("{\"on\":{\"oom\":{\"count\":3,\"memory\":"
	    "\"x2\"},\"timeout\":{\"count\":1,\"time\":\"x1.5\"}}}"), 0);
	after(&s, JOB_OOM, 137);
	after(&s, JOB_OOM, 137);
	after(&s, JOB_TIMEOUT, 0);
	CHECK(s.memory >= 4 && s.memory <= 4);
	CHECK(s.time >= 1.5 && s.time <= 1.5);
	/* What is not tried again grows nothing. */
	CHECK_INT(after(&s, JOB_TIMEOUT, 0), 0);
	CHECK(s.time <= 1.5);
}

TEST(system_errors_without_a_rule)
{
	struct retry_end end = { .cause = JOB_LOST, .recoverable = 1,
	    .system = 1 };
	struct retry_state s = { .again = 0 };
	int i;

	CHECK_INT(read_rules("{\"count\":0}"), 0);
	for (i = 0; i < RETRY_SYSTEM; i++)
		CHECK_INT(retry_decide(&rules, 0, &end, &s), 1);
	CHECK_INT(retry_decide(&rules, 0, &end, &s), 0);
	/* Nobody can blame it for the death of its runner. */
	end.unseen = 1;
	CHECK_INT(retry_decide(&rules, 0, &end, &s), 1);
	CHECK_INT(read_rules("{\"on\":{\"lost\":0}}"), 0);
	CHECK_INT(retry_decide(&rules, 0, &end, &s), 0);
}

TEST(what_may_not_is_not)
{
	struct retry_end end = { .cause = JOB_REPORTED };
	struct retry_state s = { .again = 0 };

	CHECK_INT(read_rules("{\"count\":9}"), 0);
	CHECK_INT(retry_decide(&rules, 9, &end, &s), 0);
	CHECK_INT(s.most, 0);
}

TEST(bad_rules)
{
	static const char *const bad[] = { "1", "[]", "{\"count\":-1}",
	    "{\"count\":1001}", "{\"count\":[]}", "{\"backoff\":\"-1s\"}",
	    "{\"factor\":\"x\"}", "{\"factor\":\"NaN\"}", "{\"on\":[]}",
	    "{\"on\":{\"exit:256\":1}}", "{\"on\":{\"exit:\":1}}",
	    "{\"on\":{\"oom\":{\"memory\":\"x0.5\"}}}",
	    "{\"on\":{\"oom\":{\"memory\":\"x\"}}}",
	    "{\"on\":{\"oom\":{\"time\":\"x2\"}}}",
	    "{\"on\":{\"oom\":[]}}", "{\"backoff\":\"99999999999999d\"}" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(read_rules(bad[i]), -1);
}
