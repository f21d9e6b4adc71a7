#include "unit.h"

#include "base/quantity.h"
#include "sys/cgroup.h"

static int64_t
amount(const char *text, unsigned scale)
{
	int64_t v;

	return quantity_parse(str_of(text), scale, &v) < 0 ? -1 : v;
}

TEST(quantities)
{
	CHECK_INT(amount("2", 1000), 2000);
	CHECK_INT(amount("500m", 1000), 500);
	CHECK_INT(amount("1.5", 1000), 1500);
	CHECK_INT(amount("100Mi", 1), 100 * 1024 * 1024);
	CHECK_INT(amount("1.5Gi", 1), 3 * 512 * 1024 * 1024LL);
	CHECK_INT(amount("3e2", 1), 300);
	CHECK_INT(amount("3E-1", 1), 1);
	CHECK_INT(amount("12M", 1), 12000000);
	CHECK_INT(amount("7Ei", 1), 7LL << 60);
	CHECK_INT(amount("0", 1), 0);
	/* Parts of a unit count as a whole one. */
	CHECK_INT(amount("1n", 1000), 1);
	CHECK_INT(amount("1500m", 1), 2);
	CHECK_INT(amount("0.0001", 1000), 1);
	/* Too large for us. */
	CHECK_INT(amount("8Ei", 1), INT64_MAX);
	CHECK_INT(amount("9e99", 1000), INT64_MAX);
	CHECK_INT(amount("99999999999999999999999999999999999999999999", 1),
	    INT64_MAX);
}

TEST(no_quantities)
{
	static const char *const bad[] = { "", ".", "-1", "+1", "1Q", "1 Mi",
	    "1mi", "Mi", "1e", "1e+", "1e100", "1.2.3", "0x10", "1KI" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_INT(amount(bad[i], 1), -1);
}

TEST(memory_of_the_machine)
{
	CHECK(cgroup_memory_of_machine() > 1024 * 1024);
}
