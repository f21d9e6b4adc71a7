#include "unit.h"

#include "common/ref.h"

/* "file=F name=N", "P/D N V" or the error. */
static const char *
parsed(const char *text)
{
	static char out[1200];
	c_arena struct arena a = ARENA_INIT;
	struct ref r;
	struct err e;

	if (ref_parse(text, &a, &r, &e) < 0)
		snprintf(out, sizeof(out), "%d", (int)e.kind == ERR_USAGE ?
		    -1 : -2);
	else if (r.file != NULL)
		snprintf(out, sizeof(out), "file=%s name=%s", r.file,
		    r.name == NULL ? "-" : r.name);
	else
		snprintf(out, sizeof(out), "%s/%s %s %s",
		    r.id.project == NULL ? "-" : r.id.project,
		    r.id.domain == NULL ? "-" : r.id.domain, r.id.name,
		    *r.id.version == '\0' ? "-" : r.id.version);
	return out;
}

TEST(registered_names)
{
	CHECK_STR(parsed("spend"), "-/- spend -");
	CHECK_STR(parsed("spend@v1"), "-/- spend v1");
	CHECK_STR(parsed("payroll/development/spend"),
	    "payroll/development spend -");
	CHECK_STR(parsed("payroll/development/wf.module.task@a1b2"),
	    "payroll/development wf.module.task a1b2");
	CHECK_STR(parsed("a@b@c"), "-/- a@b c");
	CHECK_STR(parsed("a%40b"), "-/- a@b -");
	CHECK_STR(parsed("p/d/a%2Fb@1%2F2"), "p/d a/b 1/2");
	CHECK_STR(parsed("a:b"), "-/- a:b -");
}

TEST(files)
{
	CHECK_STR(parsed("./square.sh"), "file=./square.sh name=-");
	CHECK_STR(parsed("./square"), "file=./square name=-");
	CHECK_STR(parsed("../x/y"), "file=../x/y name=-");
	CHECK_STR(parsed("/abs/t.yaml:add_one"),
	    "file=/abs/t.yaml name=add_one");
	CHECK_STR(parsed("t.yaml"), "file=t.yaml name=-");
	CHECK_STR(parsed("t.yaml:add_one"), "file=t.yaml name=add_one");
	CHECK_STR(parsed("dir/t.yml:a.b:c"), "file=dir/t.yml name=a.b:c");
	CHECK_STR(parsed("spec.tgz:wf.x"), "file=spec.tgz name=wf.x");
	CHECK_STR(parsed("a.tar.gz"), "file=a.tar.gz name=-");
	CHECK_STR(parsed("square.sh"), "file=square.sh name=-");
	CHECK_STR(parsed("t.yaml@v1"), "-/- t.yaml v1");
	CHECK_STR(parsed("./a:b"), "file=./a:b name=-");
}

TEST(what_is_neither)
{
	CHECK_STR(parsed(""), "-1");
	CHECK_STR(parsed("t.yaml:"), "-1");
	CHECK_STR(parsed("@v1"), "-1");
	CHECK_STR(parsed("a@"), "-1");
	CHECK_STR(parsed("p/a"), "-1");
	CHECK_STR(parsed("p/d/e/a"), "-1");
	CHECK_STR(parsed("a%4"), "-1");
	CHECK_STR(parsed("a%zz"), "-1");
}

TEST(no_suffix_alone_is_a_file)
{
	CHECK(!ref_is_file(STR(".yaml")));
	CHECK(!ref_is_file(STR("yaml")));
	CHECK(!ref_is_file(STR("my.yaml.task")));
	CHECK(ref_is_file(STR("my.yaml:task")));
}
