#include "common/ref.h"

#include "base/utf8.h"

static const char *const suffixes[] = {
	".yaml", ".yml", ".json", ".tgz", ".tar.gz", ".tar",
	".sh", ".bash", ".py", ".pl", ".rb", ".awk", ".R", ".js", ".lua",
};

static int
has_suffix(struct str s)
{
	size_t i;

	for (i = 0; i < ARRAY_LEN(suffixes); i++)
		if (str_ends(s, suffixes[i]) && s.n > strlen(suffixes[i]))
			return 1;
	return 0;
}

static int
has_prefix(struct str s)
{
	return str_starts(s, "./") || str_starts(s, "../") ||
	    str_starts(s, "/");
}

/* The colon before NAME: the last that has a known suffix before it. */
static size_t
find_colon(struct str s)
{
	size_t i;

	for (i = s.n; i > 0; i--)
		if (s.p[i - 1] == ':' &&
		    has_suffix((struct str){ s.p, i - 1 }))
			return i - 1;
	return s.n;
}

int
ref_is_file(struct str s)
{
	return has_prefix(s) || has_suffix(s) || find_colon(s) < s.n;
}

int
ref_parse(const char *text, struct arena *a, struct ref *ret, struct err *e)
{
	struct str s = str_of(text);
	struct ref r = { NULL, NULL, { ENTITY_ANY, NULL, NULL, "", "" } };
	size_t colon;

	if (s.n == 0)
		return err_set(e, ERR_USAGE, "empty reference: expected "
		    "[PROJECT/DOMAIN/]NAME[@VERSION] or FILE[:NAME]");
	if (ref_is_file(s)) {
		colon = has_suffix(s) ? s.n : find_colon(s);
		r.file = arena_strndup(a, s.p, colon);
		if (colon < s.n)
			r.name = arena_strdup(a, s.p + colon + 1);
		if (r.name != NULL && *r.name == '\0')
			return err_set(e, ERR_USAGE, "%s: a name is missing "
			    "after the colon", text);
	} else if (entity_ref_parse(s, a, &r.id, e) < 0) {
		return -1;
	}
	*ret = r;
	return 0;
}

int
ref_entity_id(struct context *c, const struct ref *r, const char *type,
    struct entity_id *ret, struct err *e)
{
	struct entity_id id = r->id;

	if (type != NULL && (entity_kind_parse(str_of(type), &id.kind) < 0 ||
	    id.kind == ENTITY_ANY))
		return err_set(e, ERR_USAGE, "--type: expected task, workflow "
		    "or launch_plan, given %s", GIVEN(type));
	if (id.project == NULL && (context_project(c, &id.project, e) < 0 ||
	    context_domain(c, &id.domain, e) < 0))
		return -1;
	*ret = id;
	return 0;
}
