#ifndef TESTS_UNIT_UNIT_H
#define TESTS_UNIT_UNIT_H

/*
 * The smallest test frame: TEST(name) { ... } with CHECK macros that print
 * what was expected and given and go on; the last line of a program is
 * "N passed, N failed", a test counting one, and its status 1 on a failure.
 */

#include <stdio.h>
#include <string.h>

struct unit_test {
	const char		*name;
	void			(*run)(void);
	struct unit_test	*next;
};

static struct unit_test *unit_first, **unit_last = &unit_first;
static int unit_bad;

#define TEST(id)						\
	static void test_##id(void);				\
	static struct unit_test unit_##id = { #id, test_##id, NULL };	\
	__attribute__((constructor)) static void		\
	unit_add_##id(void)					\
	{							\
		*unit_last = &unit_##id;			\
		unit_last = &unit_##id.next;			\
	}							\
	static void test_##id(void)

#define CHECK(cond) do {					\
	if (!(cond)) {						\
		printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #cond); \
		unit_bad = 1;					\
	}							\
} while (0)

#define CHECK_INT(given, expected) do {				\
	long long g_ = (long long)(given), e_ = (long long)(expected); \
	if (g_ != e_) {						\
		printf("%s:%d: %s: expected %lld, given %lld\n",	\
		    __FILE__, __LINE__, #given, e_, g_);	\
		unit_bad = 1;					\
	}							\
} while (0)

#define CHECK_STR(given, expected) do {				\
	const char *g_ = (given), *e_ = (expected);		\
	if (g_ == NULL || strcmp(g_, e_) != 0) {		\
		printf("%s:%d: %s:\nexpected: %s\ngiven:    %s\n",	\
		    __FILE__, __LINE__, #given, e_, g_ ? g_ : "NULL"); \
		unit_bad = 1;					\
	}							\
} while (0)

int
main(void)
{
	struct unit_test *t;
	int passed = 0, failed = 0;

	for (t = unit_first; t != NULL; t = t->next) {
		unit_bad = 0;
		t->run();
		if (unit_bad) {
			printf("not ok %s\n", t->name);
			failed++;
		} else {
			passed++;
		}
	}
	printf("%d passed, %d failed\n", passed, failed);
	return failed > 0;
}

#endif
