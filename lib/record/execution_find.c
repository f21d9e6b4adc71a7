/* Which execution a text names. */
#include "record/execution_p.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

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
	if (b->n > 0)
		strbuf_adds(b, ", ");
	if (full)
		strbuf_addf(b, "%s/%s/", id->project, id->domain);
	strbuf_adds(b, id->name);
}

/*
 * Of the rows whose names begin with the text, the only one.  One that is
 * called just so, as the parent of executions derived from its name is, goes
 * before those that only begin so.
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
		if (found <= 5)
			add_choice(&names, &rows[i].id, exact > 0);
	}
	if (found == 0)
		return err_set(e, ERR_MISSING, "%s: no such execution", text);
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
	if (find_prefix(rows, n, text, ret, e) == 0)
		return 0;
	if (e->kind != ERR_MISSING || full.project != NULL)
		return -1;
	if (execution_list(home, NULL, NULL, a, &rows, &n, e) < 0)
		return -1;
	return find_prefix(rows, n, text, ret, e);
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

int
execution_find_address(const char *home, const char *text,
    const char *project, const char *domain, struct arena *a,
    struct execution_id *ret, const char **ret_path, int *ret_attempt,
    struct err *e)
{
	const char *slash, *first, *p;
	struct err again;
	int i;

	*ret_path = NULL;
	text = cut_attempt(text, a, ret_attempt);
	slash = strchr(text, '/');
	first = slash == NULL ? text :
	    arena_strndup(a, text, (size_t)(slash - text));
	if (execution_find(home, first, project, domain, a, ret, e) == 0) {
		if (slash != NULL && slash[1] != '\0')
			*ret_path = arena_strdup(a, slash + 1);
		return 0;
	}
	if (e->kind != ERR_MISSING || slash == NULL)
		return -1;
	/* PROJECT/DOMAIN/ID[/NODE...] */
	for (i = 0, p = text; i < 3 && p != NULL; i++)
		p = strchr(p + (i > 0), '/');
	first = p == NULL ? text : arena_strndup(a, text, (size_t)(p - text));
	if (execution_find(home, first, project, domain, a, ret, &again) < 0)
		return -1;	/* the first error tells more */
	if (p != NULL && p[1] != '\0')
		*ret_path = arena_strdup(a, p + 1);
	return 0;
}
