/* Which execution a text names. */
#include "record/execution_p.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/diag.h"
#include "base/limits.h"
#include "idl/entity.h"
#include "sys/file.h"

static int
exists(const char *home, const struct execution_id *id)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	execution_add_dir(&b, home, id);
	strbuf_adds(&b, "/journal");
	return access(b.p, F_OK) == 0;
}

/* "PROJECT/DOMAIN/NAME" in three parts; -1 if it is not of that form. */
static int
split_full(struct str text, struct arena *a, struct execution_id *ret)
{
	struct entity_id parts = { .kind = ENTITY_ANY };
	struct err e;

	if (memchr(text.p, '/', text.n) == NULL ||
	    entity_ref_parse(text, a, &parts,
	    &e) < 0 || parts.project == NULL || parts.version[0] != '\0')
		return -1;
	*ret = (struct execution_id){ parts.project, parts.domain,
	    parts.name };
	return 0;
}

static int
find_last(const char *home, struct arena *a, struct execution_id *ret,
    struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT, text = STRBUF_INIT;
	struct execution_row *rows = NULL;
	size_t n = 0;

	strbuf_addf(&path, "%s/" LAST, home);
	if (file_read(AT_FDCWD, path.p, MAX_NAME * 4, &text, e) == 0) {
		while (text.n > 0 && text.p[text.n - 1] == '\n')
			strbuf_setlen(&text, text.n - 1);
		if (split_full(strbuf_str(&text), a, ret) == 0 &&
		    exists(home, ret))
			return 0;
	}
	if (execution_list(home, NULL, NULL, a, &rows, &n, e) < 0)
		return -1;
	if (n == 0)
		return err_set(e, ERR_MISSING,
		    "last: nothing has been run yet");
	*ret = rows[0].id;
	return 0;
}

/* Names that are the same are told apart by where they are. */
static void
add_choice(struct strbuf *b, const struct execution_id *id, int full)
{
	if (full)
		strbuf_addf(b, "%s/%s/", id->project, id->domain);
	strbuf_adds(b, id->name);
}

/* ERR_MISSING, with what may have been meant. */
static int
none_found(const char *home, const struct execution_id *asked, int full,
    struct arena *a, struct err *e)
{
	c_strbuf struct strbuf hint = STRBUF_INIT;
	struct execution_row *rows = NULL;
	const char **names, *near;
	size_t i, n = 0;

	if (execution_list(home, NULL, NULL, a, &rows, &n, e) < 0)
		return -1;
	names = arena_new_n(a, n + 1, const char *);
	for (i = 0; i < n; i++)
		names[i] = rows[i].id.name;
	near = did_you_mean(str_of(asked->name), names, n);
	for (i = 0; near != NULL && names[i] != near; i++)
		continue;
	if (near != NULL) {
		strbuf_adds(&hint, "; did you mean ");
		add_choice(&hint, &rows[i].id, full);
		strbuf_adds(&hint, "? (flyte-show lists them)");
	} else {
		strbuf_adds(&hint, n > 0 ? "; flyte-show lists them" :
		    "; nothing has been run yet");
	}
	if (full)
		return err_set(e, ERR_MISSING, "%s/%s/%s: no such execution "
		    "in %s%s", asked->project, asked->domain, asked->name,
		    home, hint.p);
	return err_set(e, ERR_MISSING, "%s: no such execution in %s%s",
	    asked->name, home, hint.p);
}

/*
 * Of the rows whose names begin with the text, the only one.  One that is
 * called just so, as the parent of executions derived from its name is, goes
 * before those that only begin so.  1: there is none.
 */
static int
find_prefix(const struct execution_row *rows, size_t n, const char *text,
    struct execution_id *ret, struct err *e)
{
	c_strbuf struct strbuf names = STRBUF_INIT;
	size_t i, found = 0, exact = 0;

	for (i = 0; i < n; i++)
		exact += strcmp(rows[i].id.name, text) == 0;
	for (i = 0; i < n; i++) {
		if (exact > 0 ? strcmp(rows[i].id.name, text) != 0 :
		    !str_starts(str_of(rows[i].id.name), text))
			continue;
		if (found++ == 0)
			*ret = rows[i].id;
		if (found > 5)
			continue;
		strbuf_adds(&names, found > 1 ? ", " : "");
		add_choice(&names, &rows[i].id, exact > 0);
	}
	if (found == 0)
		return 1;
	if (found > 1)
		return err_set(e, ERR_USAGE, "%s: %zu executions begin so "
		    "(%s%s); give more of the name", text, found, names.p,
		    found > 5 ? ", ..." : "");
	return 0;
}

int
execution_find(const char *home, const char *text, const char *project,
    const char *domain, struct arena *a, struct execution_id *ret,
    struct err *e)
{
	struct execution_id full, id;
	struct execution_row *rows = NULL;
	size_t n = 0;
	int r;

	if (strcmp(text, "last") == 0)
		return find_last(home, a, ret, e);
	if (split_full(str_of(text), a, &full) == 0) {
		project = full.project;
		domain = full.domain;
		text = full.name;
	} else {
		full.project = NULL;
	}
	id = (struct execution_id){ project, domain,
	    arena_strdup(a, text) };
	if (text[0] != '\0' && strchr(text, '/') == NULL &&
	    text[0] != '.' && exists(home, &id)) {
		*ret = id;
		return 0;
	}
	if (execution_list(home, project, domain, a, &rows, &n, e) < 0)
		return -1;
	r = find_prefix(rows, n, text, ret, e);
	if (r > 0 && full.project == NULL) {
		if (execution_list(home, NULL, NULL, a, &rows, &n, e) < 0)
			return -1;
		r = find_prefix(rows, n, text, ret, e);
	}
	return r <= 0 ? r : none_found(home, &id, full.project != NULL, a, e);
}

/* Cuts "#N" off the end of an address. */
static const char *
cut_attempt(const char *text, struct arena *a, int *ret_attempt)
{
	const char *hash = strrchr(text, '#');
	char *end;
	long n;

	*ret_attempt = -1;
	if (hash == NULL || hash[1] < '0' || hash[1] > '9')
		return text;
	errno = 0;
	n = strtol(hash + 1, &end, 10);
	if (*end != '\0' || errno != 0 || n > INT32_MAX)
		return text;
	*ret_attempt = (int)n;
	return arena_strndup(a, text, (size_t)(hash - text));
}

/*
 * The "PROJECT/DOMAIN/ID" that an address begins with, if there are executions
 * in that place and none here is called as the project; or NULL.
 */
static const char *
full_name(const char *home, const char *text, const struct execution_id *here,
    struct arena *a)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct execution_id id;
	const char *p = text;
	int i;

	for (i = 0; i < 3 && p != NULL; i++)
		p = strchr(p + (i > 0), '/');
	if (p != NULL)
		text = arena_strndup(a, text, (size_t)(p - text));
	if (exists(home, here) || split_full(str_of(text), a, &id) < 0)
		return NULL;
	strbuf_addf(&b, "%s/executions/%s/%s", home, id.project, id.domain);
	return access(b.p, F_OK) == 0 ? text : NULL;
}

int
execution_find_address(const char *home, const char *text,
    const char *project, const char *domain, struct arena *a,
    struct execution_id *ret, const char **ret_path, int *ret_attempt,
    struct err *e)
{
	struct execution_id here = { project, domain, NULL };
	const char *name, *full, *path;

	*ret_path = NULL;
	text = cut_attempt(text, a, ret_attempt);
	here.name = arena_strndup(a, text, strcspn(text, "/"));
	full = full_name(home, text, &here, a);
	name = full != NULL ? full : here.name;
	if (execution_find(home, name, project, domain, a, ret, e) < 0)
		return -1;
	path = text + strlen(name);
	if (path[0] == '/' && path[1] != '\0')
		*ret_path = arena_strdup(a, path + 1);
	return 0;
}
