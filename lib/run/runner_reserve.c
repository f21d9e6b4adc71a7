#include "run/runner_p.h"

#include <unistd.h>

#include "idl/wire.h"
#include "store/reserve.h"

/*
 * Reservations of cache keys (cache: serialize).  Of all that want one key,
 * in whatever process, one holds the kernel's lock; the others have a small
 * child that sleeps in it (libexec lockwait), so they know at the instant it
 * comes free, also when its holder was killed.
 */

struct run_reserve {
	struct run		*run;
	struct sched_ref	 at;
	struct str		 path;
	struct reservation	 lock;
	struct proc		 proc;	/* lockwait, or pid 0 */
	struct loop_watch	 watch;
	int			 held;
	struct run_reserve	*next;
};

static struct run_reserve *
find(struct run *run, struct sched_ref at)
{
	struct run_reserve *r;

	for (r = run->reserves; r != NULL; r = r->next)
		if (r->at.frame == at.frame && r->at.node == at.node &&
		    r->at.element == at.element)
			return r;
	return NULL;
}

static void
stop_waiting(struct run_reserve *r)
{
	struct proc_end end;
	struct err e;

	if (r->proc.pid == 0)
		return;
	loop_remove(r->run->runner->opts.loop, &r->watch);
	proc_signal(&r->proc, SIGKILL);
	if (proc_reap(&r->proc, &end, &e) < 0)
		run_say(r->run, "%s", e.msg);
}

static void
drop(struct run_reserve *r)
{
	struct run_reserve **p;

	for (p = &r->run->reserves; *p != r; p = &(*p)->next)
		;
	*p = r->next;
	stop_waiting(r);
	reserve_drop(&r->lock);
	free(r);
}

void
run_release(struct run *run, struct sched_ref at)
{
	struct run_reserve *r = find(run, at);

	if (r != NULL)
		drop(r);
}

void
run_release_all(struct run *run)
{
	while (run->reserves != NULL)
		drop(run->reserves);
}

static void
on_granted(struct loop_watch *watch, short revents)
{
	struct run_reserve *r = watch->arg;
	struct proc_end end = { 0 };
	struct err e;

	(void)revents;
	loop_remove(r->run->runner->opts.loop, watch);
	if (proc_reap(&r->proc, &end, &e) < 0)
		run_say(r->run, "%s", e.msg);
	else if (end.code != 0)
		run_say(r->run, "lockwait: exit status %d", end.code);
	else
		r->held = 1;
	sched_reservation_freed(r->run->sched, r->at);
	r->run->dirty = 1;
}

static int
start_waiting(struct run_reserve *r, struct err *e)
{
	char buf[LOCK_WAIT_BUF];
	const char *argv[4];
	static char *const no_environment[] = { NULL };
	struct spawn spawn = { .path = r->run->runner->opts.lockwait,
	    .envp = no_environment, .in = r->lock.fd, .out = -1, .err = -1 };
	char *args[4];
	int i;

	if (r->proc.pid != 0)
		return 0;
	reserve_wait_argv(&r->lock, spawn.path, buf, argv);
	for (i = 0; i < 4; i++)
		args[i] = argv[i] == NULL ? NULL : xstrdup(argv[i]);
	spawn.argv = args;
	i = proc_start(&spawn, &r->proc, e);
	for (int k = 0; k < 4; k++)
		free(args[k]);
	if (i < 0)
		return -1;
	r->watch = (struct loop_watch){ .fd = r->proc.pidfd,
	    .events = POLLIN, .fn = on_granted, .arg = r };
	loop_add(r->run->runner->opts.loop, &r->watch);
	return 0;
}

static int
key_of(struct run *run, const struct sched_action *act, struct arena *a,
    struct cache_lookup *ret, struct err *e)
{
	struct run_task *task = run_task_of(run, act->plan, act->node);
	ProtobufCMessage *m;

	*ret = (struct cache_lookup){ .command = task->cached.command };
	if (wire_unpack(&flyteidl__core__literal_map__descriptor, act->inputs,
	    a, &m, e) < 0)
		return -1;
	return cached_key(&task->cached, (pb_literal_map *)m, a, &ret->key,
	    e);
}

/* What is to be computed anew is not looked for. */
static int
looks_up(const struct run *run, const struct sched_action *act)
{
	return (run->runner->opts.cache == RUNNER_CACHE_ON ||
	    run->runner->opts.cache == RUNNER_CACHE_READ) &&
	    !run_is_forced(run, act->path);
}

/*
 * The lock is ours.  Its last holder may have stored a result since the
 * engine looked: then the engine is sent to look again.
 */
static enum sched_reservation
granted(struct run_reserve *r, const struct sched_action *act,
    struct cache_lookup *look, struct arena *a)
{
	int first = !r->held;
	struct err e;

	r->held = 1;
	if (first && looks_up(r->run, act) && catalog_lookup(
	    r->run->runner->opts.store, look, 1, a, &e) == 0 &&
	    look->state == CACHE_HIT)
		return SCHED_RESERVE_EXISTS;
	return SCHED_RESERVE_ACQUIRED;
}

/* 1 if what waits at path is a part of what holds the lock: neither would
 * ever end. */
static int
waits_for_itself(const struct run *run, struct str path,
    const struct reservation *lock)
{
	const struct run_reserve *r;

	for (; run != NULL; path = run->parent_path, run = run->parent)
		for (r = run->reserves; r != NULL; r = r->next)
			if (r->held && r->lock.at == lock->at &&
			    path.n > r->path.n &&
			    memcmp(path.p, r->path.p, r->path.n) == 0 &&
			    path.p[r->path.n] == '/')
				return 1;
	return 0;
}

static int
try_lock(struct run *run, const struct sched_action *act,
    enum sched_reservation *ret, struct err *e)
{
	c_arena struct arena a = ARENA_INIT;
	struct run_reserve *r = find(run, act->at);
	struct cache_lookup look;
	int taken;

	if (key_of(run, act, &a, &look, e) < 0)
		return -1;
	if (r == NULL) {
		r = xcalloc(1, sizeof(*r));
		r->run = run;
		r->at = act->at;
		r->path = arena_str(&run->arena, act->path);
		r->lock = (struct reservation)RESERVATION_INIT;
		r->proc = (struct proc)PROC_INIT;
		r->next = run->reserves;
		run->reserves = r;
		if (reserve_open(run->runner->opts.store, &look.key,
		    &r->lock, e) < 0)
			return -1;
		if (waits_for_itself(run, r->path, &r->lock))
			return err_set(e, ERR_USAGE, "it is part of what "
			    "computes the same");
	}
	if (r->held) {
		*ret = SCHED_RESERVE_ACQUIRED;
		return 0;
	}
	if (r->proc.pid != 0) {
		*ret = SCHED_RESERVE_EXISTS;
		return 0;
	}
	taken = reserve_try(&r->lock, e);
	if (taken < 0)
		return -1;
	*ret = taken == 0 ? granted(r, act, &look, &a) :
	    SCHED_RESERVE_EXISTS;
	return taken == 0 ? 0 : start_waiting(r, e);
}

void
run_reserve(struct run *run, const struct sched_action *act)
{
	enum sched_reservation what = SCHED_RESERVE_ACQUIRED;
	const struct run_reserve *r;
	struct err e;

	if (!run->runner->opts.dry_run && run->runner->opts.store != NULL &&
	    try_lock(run, act, &what, &e) < 0) {
		/* Without a lock the work may be done twice: no harm. */
		run_say(run, STR_FMT ": not serialized: %s",
		    STR_ARG(act->path), e.msg);
		run_release(run, act->at);
		what = SCHED_RESERVE_ACQUIRED;
	}
	sched_reserved(run->sched, act->at, what);
	if (what != SCHED_RESERVE_EXISTS)
		return;
	/* It is ours, and so is the result: there is nothing to wait for. */
	r = find(run, act->at);
	if (r != NULL && r->held)
		sched_reservation_freed(run->sched, act->at);
}
