#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "idl/literal.h"
#include "idl/wire.h"
#include "record/control.h"
#include "record/history.h"
#include "sys/file.h"
#include "sys/loop.h"

static char dir[] = "/tmp/t-control.XXXXXX";

static void
fresh(void)
{
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	CHECK(mkdtemp(dir) != NULL);
}

static void
gone(void)
{
	struct err e;

	CHECK(file_remove(AT_FDCWD, dir, &e) == 0);
}

static struct str
literal_seven(struct arena *a)
{
	struct strbuf b = STRBUF_INIT;
	struct str ret;

	wire_pack(&literal_integer(a, 7)->base, &b);
	ret = arena_str(a, strbuf_str(&b));
	strbuf_release(&b);
	return ret;
}

static void
post_both(void)
{
	c_arena struct arena a = ARENA_INIT;
	struct control_command stop = {
		.todo = CONTROL_STOP, .reason = "a \"reason\"",
	};
	struct control_command signal = {
		.todo = CONTROL_SIGNAL, .id = "go", .value = literal_seven(&a),
	};
	struct err e;

	CHECK(control_post(dir, &signal, &e) == 0);
	CHECK(control_post(dir, &stop, &e) == 0);
}

static void
add(struct strbuf *b, const struct control_command *c)
{
	c_arena struct arena a = ARENA_INIT;

	if (c->todo == CONTROL_STOP)
		strbuf_addf(b, "%d stop %s;", (int)c->number,
		    c->reason == NULL ? "-" : c->reason);
	else
		strbuf_addf(b, "%d signal %s %d;", (int)c->number, c->id,
		    str_eq(c->value, literal_seven(&a)));
}

static int
collect(void *arg, const struct control_command *c, struct err *e)
{
	(void)e;
	add(arg, c);
	return 0;
}

static void
take(void *arg, const struct control_command *c)
{
	add(arg, c);
}

static void
trouble(void *arg, const struct err *e)
{
	strbuf_addf(arg, "trouble %s;", e->msg);
}

TEST(commands_are_read_in_the_order_they_were_posted)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err e;

	fresh();
	CHECK(control_read(dir, 0, collect, &b, &e) == 0);
	CHECK_STR(b.p, "");
	post_both();
	CHECK(control_read(dir, 0, collect, &b, &e) == 0);
	CHECK_STR(b.p, "1 signal go 1;2 stop a \"reason\";");
	strbuf_reset(&b);
	CHECK(control_read(dir, 1, collect, &b, &e) == 0);
	CHECK_STR(b.p, "2 stop a \"reason\";");
	gone();
}

TEST(a_loop_is_told_what_is_there_and_what_comes)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	c_loop struct loop *loop = loop_new();
	struct control *c;
	struct err e;
	int i;

	fresh();
	CHECK(control_open(loop, dir, 0, take, trouble, &b, &c, &e) == 0);
	CHECK(loop_step(loop, 0, &e) >= 0);
	CHECK_STR(b.p, "");
	post_both();
	for (i = 0; i < 20 && strstr(b.p, "2 stop") == NULL; i++)
		CHECK(loop_step(loop, INT64_C(100000000), &e) >= 0);
	CHECK_STR(b.p, "1 signal go 1;2 stop a \"reason\";");
	strbuf_reset(&b);
	post_both();
	for (i = 0; i < 20 && strstr(b.p, "4 stop") == NULL; i++)
		CHECK(loop_step(loop, INT64_C(100000000), &e) >= 0);
	CHECK_STR(b.p, "3 signal go 1;4 stop a \"reason\";");
	control_close(c);
	strbuf_reset(&b);
	CHECK(control_open(loop, dir, 3, take, trouble, &b, &c, &e) == 0);
	CHECK(loop_step(loop, 0, &e) >= 0);
	CHECK_STR(b.p, "4 stop a \"reason\";");
	control_close(c);
	gone();
}

TEST(what_is_no_command_is_told_once_and_passed_over)
{
	c_strbuf struct strbuf b = STRBUF_INIT, path = STRBUF_INIT;
	c_loop struct loop *loop = loop_new();
	struct control *c;
	struct err e;

	fresh();
	strbuf_addf(&path, "%s/control", dir);
	CHECK(mkdir(path.p, 0777) == 0);
	strbuf_adds(&path, "/1");
	CHECK(file_replace(AT_FDCWD, path.p, "{\"do\": \"dance\"}", 15, 0,
	    &e) == 0);
	post_both();
	CHECK(control_read(dir, 0, collect, &b, &e) < 0);
	CHECK_INT(e.kind, ERR_CORRUPT);
	CHECK_STR(e.msg, "control/1: expected \"do\" to be stop or signal, "
	    "given dance");
	CHECK(control_open(loop, dir, 0, take, trouble, &b, &c, &e) == 0);
	CHECK(loop_step(loop, 0, &e) >= 0);
	CHECK_STR(b.p, "trouble control/1: expected \"do\" to be stop or "
	    "signal, given dance;2 signal go 1;3 stop a \"reason\";");
	control_close(c);
	gone();
}

TEST(the_journal_remembers_what_was_applied)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	c_arena struct arena a = ARENA_INIT;
	c_history struct history h;
	struct record_execution x = {
		.id = { "p", "d", "e" }, .target = "w", .target_kind = "task",
	};
	struct journal *j;
	struct recorder r;
	struct err e;

	fresh();
	execution_add_dir(&path, dir, &x.id);
	CHECK(file_mkdirs(AT_FDCWD, path.p, &e) == 0);
	CHECK(journal_create(path.p, &j, &e) == 0);
	recorder_init(&r, j, NULL, NULL);
	record_execution(&r, &x);
	record_signal(&r, STR("go"), literal_seven(&a));
	record_control(&r, 3);
	record_control(&r, 2);
	CHECK(journal_commit(j, JOURNAL_KILL_SAFE, &e) == 0);
	recorder_release(&r);
	journal_close(j);
	CHECK(history_load(dir, &x.id, &h, &e) == 0);
	CHECK_INT(h.controlled, 3);
	CHECK_INT(h.n_signals, 1);
	gone();
}
