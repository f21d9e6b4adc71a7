#include <sys/stat.h>

#include <stdlib.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "idl/wire.h"
#include "pack/package.h"
#include "registry/registry.h"
#include "registry/regname.h"
#include "sys/file.h"
#include "unit.h"

static struct arena arena = ARENA_INIT;
static struct err err;

static const char *
scratch(void)
{
	char *path = arena_strdup(&arena, "/tmp/t-registry.XXXXXX");

	if (mkdtemp(path) == NULL)
		BUG("mkdtemp");
	return path;
}

static void
remove_all(const char *dir)
{
	CHECK_INT(file_remove(AT_FDCWD, dir, &err), 0);
	arena_release(&arena);
}

/* A task whose image tells it from others. */
static struct registry_put
a_task(const char *name, const char *version, const char *image)
{
	struct registry_put put = { .id = { ENTITY_TASK, "p", "d", name,
		version } };
	pb_admin_task *t = PB_NEW(&arena, flyteidl__admin__task);
	pb_task_template *x = PB_NEW(&arena, flyteidl__core__task_template);

	t->id = entity_id_pb(&put.id, &arena);
	t->closure = PB_NEW(&arena, flyteidl__admin__task_closure);
	t->closure->compiled_task = PB_NEW(&arena,
	    flyteidl__core__compiled_task);
	t->closure->compiled_task->template_ = x;
	x->id = t->id;
	x->type = arena_strdup(&arena, image);
	put.message = &t->base;
	return put;
}

static struct registry_put
a_plan(const char *name, const char *version, const char *workflow)
{
	struct registry_put put = { .id = { ENTITY_LAUNCH_PLAN, "p", "d",
		name, version } };
	struct entity_id runs = { ENTITY_WORKFLOW, "p", "d", workflow,
		version };
	pb_admin_launch_plan *p = PB_NEW(&arena,
	    flyteidl__admin__launch_plan);

	p->id = entity_id_pb(&put.id, &arena);
	p->spec = PB_NEW(&arena, flyteidl__admin__launch_plan_spec);
	p->spec->workflow_id = entity_id_pb(&runs, &arena);
	p->closure = PB_NEW(&arena, flyteidl__admin__launch_plan_closure);
	put.message = &p->base;
	return put;
}

static enum put_outcome
put(struct registry *r, struct registry_put x)
{
	CHECK_INT(registry_put_all(r, &x, 1, 0, &arena, &err), 0);
	return x.outcome;
}

static const char *
resolved(struct registry *r, enum entity_kind kind, const char *name)
{
	struct entity_id id = { kind, "p", "d", name, "" };

	if (registry_resolve(r, &id, &arena, &err) < 0)
		return "";
	return id.version;
}

TEST(names)
{
	static const char *const plain[] = { "a", "A.b-c_9", "a..", "-" };
	static const char *const odd[] = { ".", "..", ".x", "a/b", "a@b", "~",
		"%", "a b", "\xc3\xa9", "\n" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(plain) + ARRAY_LEN(odd); i++) {
		const char *text = i < ARRAY_LEN(plain) ? plain[i] :
		    odd[i - ARRAY_LEN(plain)];
		c_strbuf struct strbuf b = STRBUF_INIT;
		c_strbuf struct strbuf back = STRBUF_INIT;

		regname_add(&b, text, MAX_FILE_NAME);
		CHECK(b.p[0] != '.' && b.p[0] != '~');
		CHECK(strpbrk(b.p, "/@ \n") == NULL);
		CHECK_INT(regname_parse(strbuf_str(&b), &back), 0);
		CHECK_STR(back.p, text);
		if (i < ARRAY_LEN(plain))
			CHECK_STR(b.p, text);
	}
}

TEST(long_names_are_hashed)
{
	c_strbuf struct strbuf name = STRBUF_INIT;
	c_strbuf struct strbuf b = STRBUF_INIT;
	c_strbuf struct strbuf back = STRBUF_INIT;
	struct entity_id id = { ENTITY_TASK, "p", "d", NULL, NULL };

	strbuf_pad(&name, 'n', MAX_NAME);
	id.name = id.version = name.p;
	regname_add_file(&b, &id);
	CHECK(b.n <= 255);
	CHECK_INT(b.p[0], '~');
	CHECK_INT(regname_parse((struct str){ b.p, 65 }, &back), -1);
	CHECK_INT(regname_parse(STR("a%0"), &back), -1);
	CHECK_INT(regname_parse(STR("a%00"), &back), -1);
	CHECK_INT(regname_parse(STR(""), &back), -1);
}

TEST(a_version_never_changes)
{
	c_registry struct registry *r = NULL;
	const char *dir = scratch();
	struct registry_put x;

	CHECK_INT(registry_open(dir, &r, &err), 0);
	CHECK_INT(put(r, a_task("t", "1", "one")), PUT_NEW);
	CHECK_INT(put(r, a_task("t", "1", "one")), PUT_UNCHANGED);
	x = a_task("t", "1", "two");
	CHECK_INT(registry_put_all(r, &x, 1, 0, &arena, &err), 0);
	CHECK_INT(x.outcome, PUT_CONFLICT);
	CHECK(strstr(x.diff, "\"one\" | \"two\"") != NULL);
	CHECK_INT(put(r, a_task("t", "2", "two")), PUT_NEW);
	remove_all(dir);
}

TEST(newest_and_times)
{
	c_registry struct registry *r = NULL;
	const char *dir = scratch();
	struct registered a, b;
	struct entity_id id = { ENTITY_TASK, "p", "d", "t", "9" };

	CHECK_INT(registry_open(dir, &r, &err), 0);
	CHECK_STR(resolved(r, ENTITY_TASK, "t"), "");
	CHECK_INT(err.kind, ERR_MISSING);
	put(r, a_task("t", "9", "x"));
	put(r, a_task("t", "1", "x"));
	put(r, a_task("tt", "5", "x"));
	CHECK_STR(resolved(r, ENTITY_TASK, "t"), "1");
	CHECK_STR(resolved(r, ENTITY_ANY, "t"), "1");
	CHECK_INT(registry_get(r, &id, &arena, &a, &err), 0);
	id.version = "1";
	CHECK_INT(registry_get(r, &id, &arena, &b, &err), 0);
	CHECK(a.created_at.sec < b.created_at.sec ||
	    (a.created_at.sec == b.created_at.sec &&
	    a.created_at.nsec < b.created_at.nsec));
	remove_all(dir);
}

TEST(a_clock_that_goes_back)
{
	c_registry struct registry *r = NULL;
	const char *dir = scratch();
	struct registry_put x = a_task("t", "future", "x");
	struct registered got;
	struct entity_id id = { ENTITY_TASK, "p", "d", "t", "next" };
	const char *path;
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	pb_timestamp *t = PB_NEW(&arena, google__protobuf__timestamp);

	CHECK_INT(registry_open(dir, &r, &err), 0);
	put(r, x);
	/* As if it had been registered in 2100. */
	t->seconds = 4102444800;
	((pb_admin_task *)(void *)(uintptr_t)x.message)->closure->
	    created_at = t;
	wire_pack(x.message, &bytes);
	path = arena_printf(&arena, "%s/p/d/task/t@future", dir);
	CHECK_INT(file_replace(AT_FDCWD, path, bytes.p, bytes.n, 0, &err), 0);
	path = arena_printf(&arena, "%s/p/d/task/t@", dir);
	CHECK_INT(file_replace(AT_FDCWD, path, bytes.p, bytes.n, 0, &err), 0);
	put(r, a_task("t", "next", "x"));
	CHECK_INT(registry_get(r, &id, &arena, &got, &err), 0);
	CHECK_INT(got.created_at.sec, 4102444800);
	CHECK_INT(got.created_at.nsec, 1);
	CHECK_STR(resolved(r, ENTITY_TASK, "t"), "next");
	remove_all(dir);
}

TEST(all_or_nothing)
{
	c_registry struct registry *r = NULL;
	const char *dir = scratch();
	struct registry_put batch[3];

	CHECK_INT(registry_open(dir, &r, &err), 0);
	put(r, a_task("b", "1", "one"));
	batch[0] = a_task("a", "1", "x");
	batch[1] = a_task("b", "1", "two");
	batch[2] = a_plan("c", "1", "w");
	CHECK_INT(registry_put_all(r, batch, 3, 0, &arena, &err), 0);
	CHECK_INT(batch[0].outcome, PUT_NEW);
	CHECK_INT(batch[1].outcome, PUT_CONFLICT);
	CHECK_STR(resolved(r, ENTITY_TASK, "a"), "");
	CHECK_INT(registry_put_all(r, batch, 3, PUT_DRY_RUN |
	    PUT_KEEP_GOING, &arena, &err), 0);
	CHECK_STR(resolved(r, ENTITY_TASK, "a"), "");
	CHECK_INT(registry_put_all(r, batch, 3, PUT_KEEP_GOING, &arena,
	    &err), 0);
	CHECK_STR(resolved(r, ENTITY_TASK, "a"), "1");
	CHECK_STR(resolved(r, ENTITY_LAUNCH_PLAN, "c"), "1");
	remove_all(dir);
}

TEST(active)
{
	c_registry struct registry *r = NULL;
	const char *dir = scratch();
	struct entity_id id = { ENTITY_LAUNCH_PLAN, "p", "d", "l", "1" };
	struct registered got;
	const char *before;

	CHECK_INT(registry_open(dir, &r, &err), 0);
	CHECK_INT(registry_activate(r, &id, 1, &arena, &before, &err), -1);
	CHECK_INT(err.kind, ERR_MISSING);
	put(r, a_plan("l", "1", "w"));
	put(r, a_plan("l", "2", "w"));
	CHECK_STR(resolved(r, ENTITY_LAUNCH_PLAN, "l"), "2");
	CHECK_INT(registry_activate(r, &id, 1, &arena, &before, &err), 0);
	CHECK_STR(before, "");
	CHECK_STR(resolved(r, ENTITY_LAUNCH_PLAN, "l"), "1");
	CHECK_INT(registry_get(r, &id, &arena, &got, &err), 0);
	CHECK_INT(got.plan->closure->state, 1);
	/* Not part of what it is. */
	CHECK_INT(put(r, a_plan("l", "1", "w")), PUT_UNCHANGED);
	id.version = "2";
	CHECK_INT(registry_activate(r, &id, 0, &arena, &before, &err), 0);
	CHECK_STR(resolved(r, ENTITY_LAUNCH_PLAN, "l"), "1");
	CHECK_INT(registry_activate(r, &id, 1, &arena, &before, &err), 0);
	CHECK_STR(before, "1");
	CHECK_INT(registry_activate(r, &id, 0, &arena, &before, &err), 0);
	CHECK_INT(registry_activate(r, &id, 0, &arena, &before, &err), 0);
	CHECK_STR(before, "");
	remove_all(dir);
}

TEST(lists)
{
	struct registry_filter f = { .all_versions = 1 };
	c_registry struct registry *r = NULL;
	const char *dir = scratch();
	struct registry_row *rows;
	size_t n;

	CHECK_INT(registry_open(dir, &r, &err), 0);
	put(r, a_plan("z", "1", "w"));
	put(r, a_task("b", "1", "x"));
	put(r, a_task("a", "1", "x"));
	put(r, a_task("a", "2", "x"));
	CHECK_INT(registry_list(r, &f, &arena, &rows, &n, &err), 0);
	CHECK_INT(n, 4);
	CHECK_STR(rows[0].id.version, "2");
	CHECK_STR(rows[2].id.name, "b");
	CHECK_INT(rows[3].id.kind, ENTITY_LAUNCH_PLAN);
	f.all_versions = 0;
	f.name = "a";
	CHECK_INT(registry_list(r, &f, &arena, &rows, &n, &err), 0);
	CHECK_INT(n, 1);
	f.project = "q";
	CHECK_INT(registry_list(r, &f, &arena, &rows, &n, &err), 0);
	CHECK_INT(n, 0);
	remove_all(dir);
}

TEST(registries_that_are_not_there_yet)
{
	struct registry *r = NULL;

	CHECK_INT(registry_open("https://x", &r, &err), -1);
	CHECK_INT(err.kind, ERR_REFUSED);
	CHECK_INT(registry_open("s3://x/y", &r, &err), -1);
	CHECK_INT(err.kind, ERR_REFUSED);
}

TEST(member_names)
{
	static const struct {
		size_t index, n;
		const char *name;
	} rows[] = {
		{ 0, 1, "0_a-b_1.pb" }, { 9, 10, "9_a-b_1.pb" },
		{ 9, 11, "09_a-b_1.pb" }, { 99, 100, "99_a-b_1.pb" },
		{ 5, 101, "005_a-b_1.pb" }, { 385, 386, "385_a-b_1.pb" },
	};
	struct registry_put x = a_task("a/b", "1", "x");
	struct entity e = { .kind = ENTITY_TASK };
	size_t i;

	e.task = PB_NEW(&arena, flyteidl__admin__task_spec);
	e.task->template_ = ((const pb_admin_task *)x.message)->closure->
	    compiled_task->template_;
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		c_strbuf struct strbuf b = STRBUF_INIT;

		package_member_name(&b, rows[i].index, rows[i].n, &e);
		CHECK_STR(b.p, rows[i].name);
	}
	arena_release(&arena);
}
