#include "sys/loop.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "base/vec.h"

struct loop {
	/* In step: watches.at[i] is polled by fds.at[i]; NULL is a gap. */
	VEC(struct loop_watch *) watches;
	VEC(struct pollfd) fds;
	size_t		 gaps;
	VEC(struct loop_timer *) timers;	/* binary heap by time */
	struct loop_watch signals;
	loop_signal_fn	*signal_fn;
	void		*signal_arg;
	sigset_t	 old_mask;
};

struct loop *
loop_new(void)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	l->signals.fd = -1;
	return l;
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	if (l->signals.fd >= 0) {
		close(l->signals.fd);
		sigprocmask(SIG_SETMASK, &l->old_mask, NULL);
	}
	VEC_RELEASE(&l->watches);
	VEC_RELEASE(&l->fds);
	VEC_RELEASE(&l->timers);
	free(l);
}

int64_t
loop_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* ---- descriptors --------------------------------------------------------- */

void
loop_add(struct loop *l, struct loop_watch *w)
{
	struct pollfd pfd = { .fd = w->fd, .events = w->events };

	if (w->at != 0)
		BUG("watch of descriptor %d added twice", w->fd);
	VEC_PUSH(&l->watches, w);
	VEC_PUSH(&l->fds, pfd);
	w->at = (uint32_t)l->watches.n;
}

/* Leaves a gap, since loop_step may be walking the list. */
void
loop_remove(struct loop *l, struct loop_watch *w)
{
	if (w->at == 0)
		return;
	l->watches.at[w->at - 1] = NULL;
	l->fds.at[w->at - 1] = (struct pollfd){ .fd = -1 };
	l->gaps++;
	w->at = 0;
}

static void
close_gaps(struct loop *l)
{
	size_t from, to;

	if (l->gaps == 0)
		return;
	for (from = to = 0; from < l->watches.n; from++) {
		if (l->watches.at[from] == NULL)
			continue;
		l->watches.at[to] = l->watches.at[from];
		l->fds.at[to] = l->fds.at[from];
		to++;
		l->watches.at[to - 1]->at = (uint32_t)to;
	}
	l->watches.n = l->fds.n = to;
	l->gaps = 0;
}

static int
call_watches(struct loop *l)
{
	size_t i, n = l->watches.n;	/* those added meanwhile: next time */
	int calls = 0;

	for (i = 0; i < n; i++) {
		struct loop_watch *w = l->watches.at[i];
		short revents = l->fds.at[i].revents;

		if (w == NULL || revents == 0 || w == &l->signals)
			continue;
		l->fds.at[i].revents = 0;
		w->fn(w, revents);
		calls++;
	}
	return calls;
}

/* ---- deadlines ----------------------------------------------------------- */

static void
place(struct loop *l, size_t i, struct loop_timer *t)
{
	l->timers.at[i] = t;
	t->at = (uint32_t)i + 1;
}

static void
sift_up(struct loop *l, size_t i, struct loop_timer *t)
{
	while (i > 0 && l->timers.at[(i - 1) / 2]->when > t->when) {
		place(l, i, l->timers.at[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	place(l, i, t);
}

static void
sift_down(struct loop *l, size_t i, struct loop_timer *t)
{
	size_t child;

	while ((child = 2 * i + 1) < l->timers.n) {
		if (child + 1 < l->timers.n && l->timers.at[child + 1]->when <
		    l->timers.at[child]->when)
			child++;
		if (l->timers.at[child]->when >= t->when)
			break;
		place(l, i, l->timers.at[child]);
		i = child;
	}
	place(l, i, t);
}

void
loop_timer_stop(struct loop *l, struct loop_timer *t)
{
	struct loop_timer *last;
	size_t i;

	if (t->at == 0)
		return;
	i = t->at - 1;
	t->at = 0;
	last = VEC_POP(&l->timers);
	if (last == t)
		return;
	if (i > 0 && l->timers.at[(i - 1) / 2]->when > last->when)
		sift_up(l, i, last);
	else
		sift_down(l, i, last);
}

void
loop_timer_set(struct loop *l, struct loop_timer *t, int64_t when)
{
	loop_timer_stop(l, t);
	t->when = when;
	VEC_PUSH(&l->timers, t);
	sift_up(l, l->timers.n - 1, t);
}

static int
call_timers(struct loop *l)
{
	int64_t now;
	int calls = 0;

	if (l->timers.n == 0)
		return 0;
	now = loop_now();
	while (l->timers.n > 0 && l->timers.at[0]->when <= now) {
		struct loop_timer *t = l->timers.at[0];

		loop_timer_stop(l, t);
		t->fn(t);
		calls++;
	}
	return calls;
}

/* Nanoseconds until the first deadline, at most max_wait (-1: none). */
static int64_t
time_left(const struct loop *l, int64_t max_wait)
{
	int64_t left;

	if (l->timers.n == 0)
		return max_wait;
	left = MAX(l->timers.at[0]->when - loop_now(), 0);
	return max_wait < 0 ? left : MIN(left, max_wait);
}

/* ---- signals ------------------------------------------------------------- */

int
loop_signals(struct loop *l, const sigset_t *set, loop_signal_fn *fn,
    void *arg, struct err *e)
{
	if (l->signals.fd >= 0)
		BUG("loop_signals called twice");
	l->signals.fd = signalfd(-1, set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (l->signals.fd < 0)
		return err_sys(e, "signalfd");
	sigprocmask(SIG_BLOCK, set, &l->old_mask);
	l->signals.events = POLLIN;
	l->signal_fn = fn;
	l->signal_arg = arg;
	loop_add(l, &l->signals);
	return 0;
}

static int
call_signals(struct loop *l)
{
	struct signalfd_siginfo si;
	int calls = 0;

	while (read(l->signals.fd, &si, sizeof(si)) == sizeof(si)) {
		l->signal_fn(l->signal_arg, (int)si.ssi_signo,
		    si.ssi_code == SI_KERNEL ? 0 : (pid_t)si.ssi_pid);
		calls++;
	}
	return calls;
}

static int
signals_pending(struct loop *l)
{
	uint32_t at = l->signals.at;

	return at != 0 && l->fds.at[at - 1].revents != 0;
}

/* ---- the step ------------------------------------------------------------ */

int
loop_step(struct loop *l, int64_t max_wait, struct err *e)
{
	int64_t left;
	struct timespec ts;
	int n, calls = 0, pending;

	close_gaps(l);
	left = time_left(l, max_wait);
	ts = (struct timespec){ left / 1000000000, left % 1000000000 };
	n = ppoll(l->fds.at, (nfds_t)l->fds.n, left < 0 ? NULL : &ts, NULL);
	if (n < 0 && errno != EINTR)
		return err_sys(e, "poll");
	pending = n > 0 && signals_pending(l);
	if (n > 0)
		calls += call_watches(l);
	calls += call_timers(l);
	if (pending)
		calls += call_signals(l);
	return calls;
}
