#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/inputs.h"
#include "idl/literal.h"
#include "idl/type.h"

static struct context ctx;

/* Wants out of "n: int, s: str=x": a default after "=". */
static void
want(struct wants *ret, const char *text)
{
	static struct want list[8];
	char *copy = arena_strdup(&ctx.arena, text), *p = copy, *next;
	struct value_ctx values = { .mode = VALUE_CLI };
	struct err e;

	*ret = (struct wants){ list, 0 };
	for (; p != NULL && *p != '\0'; p = next) {
		struct want *w = &list[ret->n++];
		char *type = strstr(p, ": ") + 2, *value;
		pb_literal_type *t;
		pb_literal *l;
		size_t bad;

		next = strstr(p, ", ");
		if (next != NULL) {
			*next = '\0';
			next += 2;
		}
		type[-2] = '\0';
		value = strchr(type, '=');
		if (value != NULL)
			*value++ = '\0';
		CHECK_INT(type_parse(str_of(type), &ctx.arena, &t, &bad, &e),
		    0);
		*w = (struct want){ .name = p, .type = t };
		if (value != NULL) {
			CHECK_INT(value_from_text(t, str_of(value), &values,
			    &ctx.arena, &l, &e), 0);
			w->value = l;
		}
	}
}

/* The plain JSON of what is bound, or the error; map is the text of -i. */
static const char *
bound(const char *wanted, const char *map, const char *const *args)
{
	static char out[2048];
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct inputs *in = inputs_new(&ctx);
	char path[] = "/tmp/t-inputs.XXXXXX";
	pb_literal_map *m;
	struct wants w;
	struct err e = { .kind = ERR_NONE };
	int fd, r = 0;

	want(&w, wanted);
	if (map != NULL) {
		fd = mkstemp(path);
		CHECK(write(fd, map, strlen(map)) == (ssize_t)strlen(map));
		close(fd);
		CHECK_INT(inputs_add_file(in, path, &e), 0);
	}
	for (; args != NULL && *args != NULL && r == 0; args++)
		r = strncmp(*args, "-m ", 3) == 0 ?
		    inputs_add_map(in, *args + 3, &e) :
		    inputs_add_word(in, *args, &e);
	if (r == 0)
		r = inputs_bind(in, &w, &m, &e);
	if (r == 0)
		value_map_add_json(&b, m, 0);
	else
		CHECK_INT(e.kind, ERR_USAGE);
	snprintf(out, sizeof(out), "%s", r == 0 ? b.p : e.msg);
	inputs_free(in);
	if (map != NULL)
		unlink(path);
	return out;
}

#define ARGS(...)	((const char *const []){ __VA_ARGS__, NULL })

TEST(words)
{
	CHECK_STR(bound("n: int, s: str", NULL, ARGS("n=7", "s=a=b")),
	    "{\"n\":7,\"s\":\"a=b\"}");
	CHECK_STR(bound("s: str", NULL, ARGS("s=@@x")), "{\"s\":\"@x\"}");
	CHECK_STR(bound("s: str", NULL, ARGS("s=")), "{\"s\":\"\"}");
	CHECK_STR(bound("n: int, s: str=d", NULL, ARGS("n=1")),
	    "{\"n\":1,\"s\":\"d\"}");
	CHECK_STR(bound("n: int", NULL, ARGS("m=1")),
	    "m: no such input; it takes n: int; given: m");
	CHECK_STR(bound("n: int", NULL, NULL),
	    "input n: no value; it takes n: int; given: nothing");
	CHECK_STR(bound("n: int", NULL, ARGS("n=1", "n=1")),
	    "input n: given twice");
	CHECK_STR(bound("n: int", NULL, ARGS("=1")),
	    "=1: expected NAME=VALUE");
}

TEST(maps_by_name)
{
	CHECK_STR(bound("n: int, l: list(int)", "{\"n\": 1, \"l\": [2]}", NULL),
	    "{\"l\":[2],\"n\":1}");
	CHECK_STR(bound("n: int", "n: 5\n", NULL), "{\"n\":5}");
	CHECK_STR(bound("n: int", "{\"n\": 5}", ARGS("n=6")), "{\"n\":6}");
	CHECK_STR(bound("n: int", "{\"n\": 5, \"x\": true}", NULL),
	    "nothing takes the value x; it takes n: int; given: n: 5, x: true");
	CHECK_STR(bound("n: int",
	    "{\"literals\":{\"n\":{\"scalar\":{\"primitive\":"
	    "{\"integer\":\"3\"}}}}}", NULL), "{\"n\":3}");
}

TEST(the_sole_value)
{
	CHECK_STR(bound("n: int", "{\"o0\": 5}", NULL), "{\"n\":5}");
	CHECK_STR(bound("n: int", "{\"out\": 5}", NULL), "{\"n\":5}");
	CHECK_STR(bound("n: int, s: str=d", "{\"o0\": 5}", NULL),
	    "{\"n\":5,\"s\":\"d\"}");
	CHECK_STR(bound("n: int, k: int", "{\"o0\": 5}", ARGS("k=1")),
	    "{\"k\":1,\"n\":5}");
	CHECK_STR(bound("n: int=1", "{\"o0\": 5}", NULL), "{\"n\":5}");
	CHECK_STR(bound("n: int, k: int", "{\"o0\": 5}", NULL),
	    "nothing takes the value o0; it takes n: int, k: int; given: "
	    "o0: 5");
	CHECK_STR(bound("n: int", "{\"o1\": 5}", NULL),
	    "nothing takes the value o1; it takes n: int; given: o1: 5");
	CHECK_STR(bound("n: int", "{\"o0\": 5, \"x\": 1}", NULL),
	    "nothing takes the value o0; it takes n: int; given: o0: 5, x: 1");
	CHECK(strstr(bound("n: int", "{\"o0\": \"x\"}", NULL),
	    "it takes n: int; given: o0: \"x\"") != NULL);
}

TEST(rules)
{
	CHECK_STR(bound("n: int", "{\"a\": 5}", ARGS("-m n=a")), "{\"n\":5}");
	CHECK_STR(bound("n: int", "{\"a\": {\"b\": [1, 9]}}",
	    ARGS("-m n=a.b.1")), "{\"n\":9}");
	CHECK_STR(bound("n: int, k: int", "{\"a\": 5}",
	    ARGS("-m n=a", "-m k=a")), "{\"k\":5,\"n\":5}");
	CHECK_STR(bound("n: int", "{\"a\": 5}", ARGS("-m n=b")),
	    "-m n=b: no value called b; it takes n: int; given: a: 5");
	CHECK_STR(bound("n: int", "{\"a\": 5}", ARGS("n=1", "-m n=a")),
	    "input n: given twice");
	CHECK_STR(bound("n: int", "{\"a\": [1]}", ARGS("-m n=a.4")),
	    "input n: no \"4\" in the value (path 4); it takes n: int; "
	    "given: a: a list");
}

TEST(what_is_no_map)
{
	CHECK(strstr(bound("n: int", "[1]", NULL), "expected a map") != NULL);
	CHECK(strstr(bound("n: int", " \n", NULL), "is empty") != NULL);
	CHECK(strstr(bound("n: int", "{\"n\": 1, \"n\": 2}", NULL),
	    "n") != NULL);
	CHECK(strstr(bound("n: int", "{\"n\": 1} x", NULL), ": 1:10: ") != NULL);
}

__attribute__((constructor)) static void
set_up(void)
{
	context_init(&ctx, "t-inputs");
}

__attribute__((destructor)) static void
tear_down(void)
{
	context_release(&ctx);
}
