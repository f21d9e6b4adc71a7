#include "pack/ignore.h"

#include "base/vec.h"

/* Steps of matching one pattern: many stars take exponential time. */
#define MAX_STEPS	100000

struct rule {
	char	*pattern;
	char	*dir;		/* git: where the file lies */
	int	 negate;	/* '!': takes back */
	int	 dir_only;	/* git: ended in a slash */
	int	 anchored;	/* git: a slash within: from dir on */
};

struct rules {
	struct rule	*at;
	size_t		 n, cap;
	int		 negations;
};

struct ignore {
	struct rules	git, docker;
};

/* ---- patterns ----------------------------------------------------------- */

/* A set: *ret_end is behind its ']'.  -1 if it does not end. */
static int
match_set(const char *p, unsigned char c, const char **ret_end)
{
	int negate = *p == '!' || *p == '^', in = 0;
	unsigned char from, to;
	const char *start;

	p += negate;
	for (start = p; *p != '\0' && (*p != ']' || p == start);) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		from = to = (unsigned char)*p++;
		if (*p == '-' && p[1] != '\0' && p[1] != ']') {
			to = (unsigned char)p[1];
			p += 2;
		}
		in |= c >= from && c <= to;
	}
	if (*p != ']')
		return -1;
	*ret_end = p + 1;
	return in != negate && c != '/';
}

/* One byte of the pattern that is no star, against one of the path. */
static int
match_one(const char **p, char c)
{
	const char *end;
	int in;

	switch (**p) {
	case '?':
		++*p;
		return c != '/';
	case '[':
		in = match_set(*p + 1, (unsigned char)c, &end);
		if (in >= 0) {
			*p = end;
			return in;
		}
		break;		/* no set: the bracket itself */
	case '\\':
		if ((*p)[1] != '\0')
			++*p;
		break;
	default:
		break;
	}
	return *(*p)++ == c;
}

static int glob(const char *p, const char *s, int at_start, int *steps);

/* Behind "**": any number of whole parts of the path, none too. */
static int
glob_parts(const char *p, const char *s, int *steps)
{
	if (*p == '\0')
		return 1;
	p++;			/* the slash behind the stars */
	for (;;) {
		if (glob(p, s, 1, steps))
			return 1;
		s = strchr(s, '/');
		if (s == NULL)
			return 0;
		s++;
	}
}

/* Recursion is as deep as the pattern has stars; steps bound the time. */
static int
glob(const char *p, const char *s, int at_start, int *steps)
{
	const char *q;

	for (;; at_start = s[-1] == '/') {
		if (++*steps > MAX_STEPS)
			return 0;
		if (at_start && p[0] == '*' && p[1] == '*' &&
		    (p[2] == '/' || p[2] == '\0'))
			return glob_parts(p + 2, s, steps);
		if (*p == '*') {
			while (*p == '*')
				p++;
			for (q = s;; q++) {
				if (glob(p, q, 0, steps))
					return 1;
				if (*q == '\0' || *q == '/')
					return 0;
			}
		}
		if (*p == '\0' || *s == '\0')
			return *p == *s;
		if (!match_one(&p, *s))
			return 0;
		s++;
	}
}

int
ignore_glob(const char *pattern, const char *path)
{
	int steps = 0;

	return glob(pattern, path, 1, &steps);
}

/* ---- reading ------------------------------------------------------------ */

struct ignore *
ignore_new(void)
{
	return xcalloc(1, sizeof(struct ignore));
}

static void
rules_release(struct rules *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		free(r->at[i].pattern);
		free(r->at[i].dir);
	}
	VEC_RELEASE(r);
}

void
ignore_free(struct ignore *ig)
{
	if (ig == NULL)
		return;
	rules_release(&ig->git);
	rules_release(&ig->docker);
	free(ig);
}

/* The next line without its end: 1, 0 at the end of the text. */
static int
next_line(struct str *text, struct str *ret)
{
	const char *end;

	if (text->n == 0)
		return 0;
	end = memchr(text->p, '\n', text->n);
	ret->p = text->p;
	ret->n = end == NULL ? text->n : (size_t)(end - text->p);
	text->p += ret->n + (end != NULL);
	text->n -= ret->n + (end != NULL);
	if (ret->n > 0 && ret->p[ret->n - 1] == '\r')
		ret->n--;
	return 1;
}

static void
skip(struct str *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

static void
push(struct rules *r, struct rule *rule, struct str pattern)
{
	if (pattern.n == 0 || memchr(pattern.p, '\0', pattern.n) != NULL) {
		free(rule->dir);
		return;
	}
	rule->pattern = xstrndup(pattern.p, pattern.n);
	r->negations |= rule->negate;
	VEC_PUSH(r, *rule);
}

void
ignore_add_git(struct ignore *ig, const char *dir, struct str text)
{
	struct rule rule;
	struct str s;

	while (next_line(&text, &s)) {
		/* Blanks at the end count only behind a backslash. */
		while (s.n > 0 && s.p[s.n - 1] == ' ' &&
		    (s.n < 2 || s.p[s.n - 2] != '\\'))
			s.n--;
		if (s.n == 0 || s.p[0] == '#')
			continue;
		rule = (struct rule){ .negate = s.p[0] == '!' };
		skip(&s, (size_t)rule.negate);
		if (s.n > 0 && s.p[s.n - 1] == '/') {
			rule.dir_only = 1;
			s.n--;
		}
		rule.anchored = s.n > 0 && memchr(s.p, '/', s.n) != NULL;
		if (s.n > 0 && s.p[0] == '/')
			skip(&s, 1);
		rule.dir = xstrdup(dir);
		push(&ig->git, &rule, s);
	}
}

void
ignore_add_docker(struct ignore *ig, struct str text)
{
	struct rule rule;
	struct str s;

	while (next_line(&text, &s)) {
		while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t'))
			skip(&s, 1);
		while (s.n > 0 && (s.p[s.n - 1] == ' ' ||
		    s.p[s.n - 1] == '\t'))
			s.n--;
		if (s.n == 0 || s.p[0] == '#')
			continue;
		rule = (struct rule){ .negate = s.p[0] == '!' };
		skip(&s, (size_t)rule.negate);
		while (s.n > 0 && s.p[0] == '/')
			skip(&s, 1);
		while (s.n > 1 && s.p[0] == '.' && s.p[1] == '/')
			skip(&s, 2);
		while (s.n > 0 && s.p[s.n - 1] == '/')
			s.n--;
		push(&ig->docker, &rule, s);
	}
}

/* ---- matching ----------------------------------------------------------- */

/* The path below the folder of a rule, or NULL if it is not below. */
static const char *
below(const char *dir, const char *path)
{
	size_t n = strlen(dir);

	if (n == 0)
		return path;
	if (strncmp(path, dir, n) != 0 || path[n] != '/')
		return NULL;
	return path + n + 1;
}

static const char *
base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL ? path : slash + 1;
}

/* The last rule that matches decides. */
static int
git_says(const struct rules *r, const char *path, int is_dir)
{
	const char *rest;
	size_t i;

	for (i = r->n; i-- > 0;) {
		const struct rule *rule = &r->at[i];

		rest = below(rule->dir, path);
		if (rest == NULL || (rule->dir_only && !is_dir))
			continue;
		if (ignore_glob(rule->pattern, rule->anchored ? rest :
		    base_of(rest)))
			return !rule->negate;
	}
	return 0;
}

/* A pattern stands for what it matches and all below. */
static int
docker_matches(const char *pattern, const char *path)
{
	c_free char *prefix = xstrdup(path);
	char *slash;

	for (;;) {
		if (ignore_glob(pattern, prefix))
			return 1;
		slash = strrchr(prefix, '/');
		if (slash == NULL)
			return 0;
		*slash = '\0';
	}
}

static int
docker_says(const struct rules *r, const char *path)
{
	size_t i;

	for (i = r->n; i-- > 0;)
		if (docker_matches(r->at[i].pattern, path))
			return !r->at[i].negate;
	return 0;
}

static int
built_in(const char *path)
{
	const char *base = base_of(path);

	return strcmp(base, ".git") == 0 || strcmp(base, ".cache") == 0 ||
	    strcmp(base, "__pycache__") == 0 ||
	    ignore_glob("*.pyc", base);
}

int
ignore_match(const struct ignore *ig, const char *path, int is_dir)
{
	if (built_in(path) || git_says(&ig->git, path, is_dir))
		return 1;
	/* Docker may take back what lies in a folder that is left out. */
	if (is_dir && ig->docker.negations)
		return 0;
	return docker_says(&ig->docker, path);
}
