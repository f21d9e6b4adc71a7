#include "record/field.h"

#include "base/num.h"

struct str
field_text(const struct tree *t, const char *key)
{
	uint32_t n = tree_get(t, 0, key);

	if (n == TREE_NONE || t->at[n].kind != TREE_SCALAR)
		return (struct str){ NULL, 0 };
	return t->at[n].text;
}

const char *
field_cstr(const struct tree *t, const char *key, struct arena *a)
{
	struct str s = field_text(t, key);

	return s.p == NULL ? NULL : arena_strndup(a, s.p, s.n);
}

int64_t
field_int(const struct tree *t, const char *key)
{
	struct str s = field_text(t, key);
	int64_t v;

	if (s.p == NULL || num_parse_i64(s, INT64_MIN, INT64_MAX, &v) < 0)
		return 0;
	return v;
}

int
field_three(const struct tree *t, const char *key, int64_t ret[3])
{
	uint32_t n = tree_get(t, 0, key);
	int i = 0;

	if (n == TREE_NONE || t->at[n].kind != TREE_SEQ || t->at[n].n != 3)
		return 0;
	TREE_EACH(t, n, c)
		if (num_parse_i64(t->at[c].text, 0, INT64_MAX, &ret[i++]) < 0)
			return 0;
	return 1;
}

enum sched_phase
field_phase(const struct tree *t)
{
	enum sched_phase p = sched_phase_called(field_text(t, "s"));

	return p == SCHED_PHASE_MAX ? SCHED_UNDEFINED : p;
}

enum sched_wf
field_wf(const struct tree *t)
{
	enum sched_wf p = sched_wf_called(field_text(t, "s"));

	return p == SCHED_WF_MAX ? SCHED_WF_UNDEFINED : p;
}

enum sched_why
field_why(const struct tree *t)
{
	enum sched_why why = sched_why_called(field_text(t, "w"));

	return why == SCHED_WHY_MAX ? SCHED_WHY_NONE : why;
}

struct sched_error
field_error(const struct tree *t, struct arena *a)
{
	struct sched_error ret = { SCHED_UNKNOWN, { NULL, 0 }, { NULL, 0 } };
	uint32_t n = tree_get(t, 0, "e"), k;

	if (n == TREE_NONE || t->at[n].kind != TREE_MAP)
		return ret;
	k = tree_get(t, n, "kind");
	if (k != TREE_NONE)
		ret.kind = tree_is(t, k, "USER") ? SCHED_USER :
		    tree_is(t, k, "SYSTEM") ? SCHED_SYSTEM : SCHED_UNKNOWN;
	k = tree_get(t, n, "code");
	ret.code = k == TREE_NONE ? STR("") : arena_str(a, t->at[k].text);
	k = tree_get(t, n, "message");
	ret.message = k == TREE_NONE ? STR("") : arena_str(a, t->at[k].text);
	return ret;
}
