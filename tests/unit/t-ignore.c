#include "pack/ignore.h"
#include "unit.h"

TEST(globs)
{
	static const struct {
		const char *pattern, *path;
		int yes;
	} rows[] = {
		{ "a", "a", 1 }, { "a", "b", 0 }, { "a", "a/b", 0 },
		{ "*", "abc", 1 }, { "*", "a/b", 0 }, { "*.c", "x.c", 1 },
		{ "*.c", "x.cc", 0 }, { "a*b*c", "aXXbYYc", 1 },
		{ "?", "a", 1 }, { "?", "/", 0 }, { "?", "", 0 },
		{ "[ab]", "b", 1 }, { "[!ab]", "c", 1 }, { "[!ab]", "a", 0 },
		{ "[^a]", "b", 1 }, { "[a-c]x", "bx", 1 }, { "[a-c]", "d", 0 },
		{ "[]]", "]", 1 }, { "[", "[", 1 }, { "[a", "[a", 1 },
		{ "\\*", "*", 1 }, { "\\*", "a", 0 }, { "[!a]", "/", 0 },
		{ "**", "a/b/c", 1 }, { "**/c", "c", 1 },
		{ "**/c", "a/b/c", 1 }, { "**/c", "a/bc", 0 },
		{ "a/**", "a/b/c", 1 }, { "a/**", "a", 0 },
		{ "a/**/d", "a/d", 1 }, { "a/**/d", "a/b/c/d", 1 },
		{ "a/**/d", "a/b/c", 0 }, { "a**", "abc", 1 },
		{ "a**b", "a/b", 0 }, { "", "", 1 }, { "", "a", 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(rows); i++) {
		int got = ignore_glob(rows[i].pattern, rows[i].path);

		if (got != rows[i].yes)
			printf("%s against %s\n", rows[i].pattern,
			    rows[i].path);
		CHECK_INT(got, rows[i].yes);
	}
}

TEST(a_pattern_of_stars_ends)
{
	char path[200];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	CHECK_INT(ignore_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", path), 0);
	CHECK_INT(ignore_glob("**/**/**/**/**/**/**/**/b", path), 0);
}

TEST(git)
{
	struct ignore *ig = ignore_new();

	ignore_add_git(ig, "", STR("# comment\n\n*.log\n/top\nbuild/\n"
	    "a/b\n!keep.log\ntrail  \nback\\ \n\\#name\r\n"));
	CHECK_INT(ignore_match(ig, "x.log", 0), 1);
	CHECK_INT(ignore_match(ig, "deep/in/x.log", 0), 1);
	CHECK_INT(ignore_match(ig, "keep.log", 0), 0);
	CHECK_INT(ignore_match(ig, "top", 0), 1);
	CHECK_INT(ignore_match(ig, "in/top", 0), 0);
	CHECK_INT(ignore_match(ig, "build", 1), 1);
	CHECK_INT(ignore_match(ig, "build", 0), 0);
	CHECK_INT(ignore_match(ig, "in/build", 1), 1);
	CHECK_INT(ignore_match(ig, "a/b", 0), 1);
	CHECK_INT(ignore_match(ig, "x/a/b", 0), 0);
	CHECK_INT(ignore_match(ig, "trail", 0), 1);
	CHECK_INT(ignore_match(ig, "back ", 0), 1);
	CHECK_INT(ignore_match(ig, "#name", 0), 1);
	ignore_add_git(ig, "sub", STR("!x.log\nonly\n"));
	CHECK_INT(ignore_match(ig, "sub/x.log", 0), 0);
	CHECK_INT(ignore_match(ig, "sub/deep/only", 0), 1);
	CHECK_INT(ignore_match(ig, "only", 0), 0);
	CHECK_INT(ignore_match(ig, "subx/only", 0), 0);
	ignore_free(ig);
}

TEST(docker)
{
	struct ignore *ig = ignore_new();

	ignore_add_docker(ig, STR("/secret\n  docs/ \n**/*.md\n#no\nf?o\n"));
	CHECK_INT(ignore_match(ig, "secret", 0), 1);
	CHECK_INT(ignore_match(ig, "secret/in", 0), 1);
	CHECK_INT(ignore_match(ig, "in/secret", 0), 0);
	CHECK_INT(ignore_match(ig, "docs", 1), 1);
	CHECK_INT(ignore_match(ig, "docs/x", 0), 1);
	CHECK_INT(ignore_match(ig, "a/b/c.md", 0), 1);
	CHECK_INT(ignore_match(ig, "foo", 0), 1);
	ignore_add_docker(ig, STR("!docs/keep\n"));
	/* Something in it may be wanted: it has to be looked into. */
	CHECK_INT(ignore_match(ig, "docs", 1), 0);
	CHECK_INT(ignore_match(ig, "docs/keep", 0), 0);
	CHECK_INT(ignore_match(ig, "docs/other", 0), 1);
	ignore_free(ig);
}

TEST(built_in)
{
	struct ignore *ig = ignore_new();

	CHECK_INT(ignore_match(ig, "a/.git", 1), 1);
	CHECK_INT(ignore_match(ig, "a/__pycache__", 1), 1);
	CHECK_INT(ignore_match(ig, "m.pyc", 0), 1);
	CHECK_INT(ignore_match(ig, ".gitignore", 0), 0);
	ignore_free(ig);
}
