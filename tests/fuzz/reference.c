#include "base/limits.h"
#include "base/num.h"
#include "base/quantity.h"
#include "base/time.h"
#include "common/ref.h"
#include "compile/quantity.h"
#include "pack/ignore.h"
#include "registry/regname.h"
#include "record/execution.h"

#include "mutate.h"

/*
 * Short texts.  The first byte says what: a reference on the command line or
 * in a spec, the name of a file in the registry, a time, a span of time, a
 * number, a quantity, a pattern and a path.  What is taken prints to what is
 * taken as the same.
 */

static int
same(const struct entity_id *x, const struct entity_id *y)
{
	return (x->project == NULL) == (y->project == NULL) &&
	    (x->project == NULL || strcmp(x->project, y->project) == 0) &&
	    (x->domain == NULL || strcmp(x->domain, y->domain) == 0) &&
	    strcmp(x->name, y->name) == 0 &&
	    strcmp(x->version, y->version) == 0;
}

static void
reference(struct str text)
{
	c_arena struct arena a = ARENA_INIT;
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct entity_id id = { .kind = ENTITY_TASK }, again = id, whole;
	struct err e;

	if (entity_ref_parse(text, &a, &id, &e) < 0)
		return;
	whole = id;
	if (id.project == NULL)
		whole.project = whole.domain = "p";
	entity_id_add(&b, &whole);
	if (entity_ref_parse(strbuf_str(&b), &a, &again, &e) < 0)
		BUG("%s does not read back: %s", b.p, e.msg);
	if (!same(&whole, &again))
		BUG("%s reads back as another", b.p);
}

static void
word(const char *text)
{
	c_arena struct arena a = ARENA_INIT;
	struct execution_id id;
	const char *path;
	struct ref ref;
	int attempt;
	struct err e;

	if (ref_parse(text, &a, &ref, &e) == 0 &&
	    (ref.file != NULL) != ref_is_file(str_of(text)))
		BUG("a file or not?");
	(void)!execution_name_check(text, &e);
	if (execution_find_address("/nonexistent", text, "p", "d", &a, &id,
	    &path, &attempt, &e) == 0)
		BUG("found in nothing");
}

static void
file_name(const char *text)
{
	c_strbuf struct strbuf b = STRBUF_INIT, back = STRBUF_INIT;

	regname_add(&b, text, MAX_FILE_NAME);
	if (b.n > MAX_FILE_NAME)
		BUG("a name of %zu bytes", b.n);
	if (strchr(b.p, '/') != NULL || b.p[0] == '.')
		BUG("%s is no name of a file", b.p);
	if (regname_parse(strbuf_str(&b), &back) == 0 &&
	    strcmp(back.p, text) != 0)
		BUG("%s reads back as another", b.p);
	strbuf_reset(&back);
	(void)!regname_parse(str_of(text), &back);
}

static void
span(struct str text, int json)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct timespan t, again = { 0, 0 };

	if ((json ? timespan_parse_json(text, &t) : timespan_parse(text,
	    &t)) < 0)
		return;
	if (json)
		timespan_add_json(&b, t);
	else
		timespan_add(&b, t);
	if ((json ? timespan_parse_json(strbuf_str(&b), &again) :
	    timespan_parse(strbuf_str(&b), &again)) < 0 ||
	    t.sec != again.sec || t.nsec != again.nsec)
		BUG("%s reads back as another", b.p);
}

static void
instant(struct str text)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct instant t, again = { 0, 0 };

	if (instant_parse(text, 1, &t) < 0)
		return;
	if (t.sec < INSTANT_MIN || t.sec > INSTANT_MAX)
		BUG("out of range");
	instant_add(&b, t);
	if (instant_parse(strbuf_str(&b), 0, &again) < 0 ||
	    t.sec != again.sec || t.nsec != again.nsec)
		BUG("%s reads back as another", b.p);
}

static void
number(struct str text)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	double d, again = 0;
	int64_t i;
	uint64_t u;

	if (num_parse_f64(text, &d) == 0) {
		num_add_f64(&b, d);
		if (num_parse_f64(strbuf_str(&b), &again) < 0 ||
		    memcmp(&d, &again, sizeof(d)) != 0)
			BUG("%s reads back as another", b.p);
	}
	if (num_parse_i64(text, -9, INT64_MAX, &i) == 0 && i < -9)
		BUG("below its bound");
	if (num_parse_u64(text, 3, 9, &u) == 0 && (u < 3 || u > 9))
		BUG("out of its bounds");
}

static void
quantity(const char *text)
{
	int64_t n;

	if (quantity_parse(str_of(text), 1000, &n) < 0)
		return;
	if (n < 0)
		BUG("a quantity below zero");
	if (!quantity_ok(text))
		BUG("taken here and refused by the compiler");
}

/* A pattern, a newline, a path. */
static void
pattern(char *text)
{
	char *path = strchr(text, '\n');
	struct ignore *i;

	if (path == NULL)
		return;
	*path++ = '\0';
	if (strcmp(text, path) == 0 && strpbrk(text, "*?[\\") == NULL &&
	    !ignore_glob(text, path))
		BUG("%s does not match itself", text);
	(void)!ignore_glob(text, path);
	i = ignore_new();
	ignore_add_git(i, "", str_of(path));
	ignore_add_git(i, "a/b", str_of(text));
	ignore_add_docker(i, str_of(text));
	(void)!ignore_match(i, "a/b/c.txt", 0);
	if (path[0] != '\0' && path[0] != '/')
		(void)!ignore_match(i, path, 1);
	ignore_free(i);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	char buf[4096];
	struct str text = { (const char *)data + 1, n - 1 };

	if (n == 0 || n > sizeof(buf))
		return 0;
	memcpy(buf, text.p, text.n);
	buf[text.n] = '\0';
	switch (data[0]) {
	case 'r': reference(text); break;
	case 'w': word(buf); break;
	case 'f': file_name(buf); break;
	case 's': span(text, 0); break;
	case 'S': span(text, 1); break;
	case 't': instant(text); break;
	case 'n': number(text); break;
	case 'q': quantity(buf); break;
	case 'p': pattern(buf); break;
	default: break;
	}
	return 0;
}
