#include "unit.h"

#include <unistd.h>

#include "sys/loop.h"

struct order {
	struct loop *loop;
	int	 n, seen[8];
};

static void
note_timer(struct loop_timer *t)
{
	struct order *o = t->arg;

	o->seen[o->n++] = (int)(t->when / 1000);
}

TEST(timers_run_in_order_of_time)
{
	struct order o = { NULL, 0, { 0 } };
	struct loop_timer t[5] = { { 0, NULL, NULL, 0 } };
	static const int when[5] = { 5000, 1000, 4000, 2000, 3000 };
	struct err e;
	int i;

	o.loop = loop_new();
	for (i = 0; i < 5; i++) {
		t[i].fn = note_timer;
		t[i].arg = &o;
		loop_timer_set(o.loop, &t[i], when[i]);
	}
	loop_timer_stop(o.loop, &t[2]);
	loop_timer_set(o.loop, &t[3], 6000);
	CHECK_INT(loop_step(o.loop, 0, &e), 4);
	CHECK_INT(o.n, 4);
	CHECK_INT(o.seen[0], 1);
	CHECK_INT(o.seen[1], 3);
	CHECK_INT(o.seen[2], 5);
	CHECK_INT(o.seen[3], 6);
	CHECK_INT(t[0].at, 0);
	loop_free(o.loop);
}

TEST(a_timer_not_due_does_not_run)
{
	struct order o = { NULL, 0, { 0 } };
	struct loop_timer t = { 0, note_timer, &o, 0 };
	struct err e;
	int64_t start = loop_now();

	o.loop = loop_new();
	loop_timer_set(o.loop, &t, start + INT64_C(3600) * 1000000000);
	CHECK_INT(loop_step(o.loop, 2000000, &e), 0);
	CHECK(loop_now() - start >= 2000000);
	loop_timer_set(o.loop, &t, loop_now() + 1000000);
	while (o.n == 0)
		CHECK(loop_step(o.loop, -1, &e) >= 0);
	CHECK_INT(o.n, 1);
	loop_free(o.loop);
}

static void
read_one(struct loop_watch *w, short revents)
{
	struct order *o = w->arg;
	char c;

	if (revents & POLLIN && read(w->fd, &c, 1) == 1)
		o->seen[o->n++] = c;
	if (o->n == 2)
		loop_remove(o->loop, w);
}

TEST(a_watch_may_remove_itself)
{
	struct order o = { NULL, 0, { 0 } };
	struct loop_watch w = { -1, POLLIN, read_one, &o, 0 };
	struct err e;
	int fd[2];

	o.loop = loop_new();
	CHECK_INT(pipe(fd), 0);
	w.fd = fd[0];
	loop_add(o.loop, &w);
	CHECK_INT(write(fd[1], "abc", 3), 3);
	CHECK_INT(loop_step(o.loop, 0, &e), 1);
	CHECK_INT(loop_step(o.loop, 0, &e), 1);
	CHECK_INT(loop_step(o.loop, 0, &e), 0);
	CHECK_INT(o.n, 2);
	CHECK_INT(o.seen[1], 'b');
	CHECK_INT(w.at, 0);
	close(fd[0]);
	close(fd[1]);
	loop_free(o.loop);
}

static void
note_signal(void *arg, int sig, pid_t from)
{
	struct order *o = arg;

	o->seen[o->n++] = sig;
	o->seen[o->n++] = from == getpid();
}

TEST(signals_come_from_the_loop)
{
	struct order o = { NULL, 0, { 0 } };
	sigset_t set, after;
	struct err e;

	o.loop = loop_new();
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	CHECK_INT(loop_signals(o.loop, &set, note_signal, &o, &e), 0);
	CHECK_INT(kill(getpid(), SIGUSR1), 0);
	CHECK_INT(loop_step(o.loop, -1, &e), 1);
	CHECK_INT(o.seen[0], SIGUSR1);
	CHECK_INT(o.seen[1], 1);
	loop_free(o.loop);
	sigprocmask(SIG_BLOCK, NULL, &after);
	CHECK(!sigismember(&after, SIGUSR1));
}
