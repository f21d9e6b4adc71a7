#include "sys/guard.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/base.h"
#include "sys/file.h"

/* The sanitizers take address space as they like, and end the process when
 * they get none. */
#if defined(__SANITIZE_ADDRESS__)
#define BOUND_MEMORY	0
#elif defined(__has_feature)
#define BOUND_MEMORY	!__has_feature(address_sanitizer)
#else
#define BOUND_MEMORY	1
#endif

static struct {
	sigjmp_buf		 back;
	volatile sig_atomic_t	 active;
	const struct guard_limits *limits;
	void			*arg;
	struct rlimit		 memory;	/* before; max 0: not known */
	int			 bounded;
	int			 installed;
	volatile sig_atomic_t	 timer;		/* is running */
	volatile sig_atomic_t	 ticks;		/* in this call */
	size_t			 in_use;	/* as of some calls ago */
	unsigned		 calls;
} guard;

static void
leave(enum guard_end end)
{
	guard.active = 0;
	siglongjmp(guard.back, (int)end);
}

void
guard_no_memory(void)
{
	if (guard.active)
		leave(GUARD_NO_MEMORY);
}

static void
on_abort(int sig)
{
	if (guard.active)
		leave(GUARD_ABORTED);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void
set_memory(rlim_t bytes)
{
	struct rlimit r, was;

	if (!BOUND_MEMORY)
		return;
	/* What it was is known from the last call, as a rule. */
	if (guard.memory.rlim_max == 0 &&
	    getrlimit(RLIMIT_AS, &guard.memory) < 0)
		return;
	r = (struct rlimit){ MIN(bytes, guard.memory.rlim_cur),
		guard.memory.rlim_max };
	if (prlimit(0, RLIMIT_AS, &r, &was) < 0)
		return;
	if (!guard.bounded)
		guard.memory = was;
	guard.bounded = 1;
}

static void
set_timer(unsigned ms)
{
	struct timeval t = { ms / 1000, ms % 1000 * 1000 };
	struct itimerval it = { t, t };

	setitimer(ITIMER_PROF, &it, NULL);
	guard.timer = ms > 0;
}

/*
 * The timer runs on from call to call, so that a short one costs no system
 * call, and stops at the first tick outside of one.  After the second tick in
 * a call its end is asked for; a single operation that goes on growing then
 * finds no memory.
 */
static void
on_tick(int sig)
{
	(void)sig;
	if (!guard.active) {
		set_timer(0);
		return;
	}
	if (guard.limits->slice == 0 || ++guard.ticks < 2)
		return;
	set_memory(0);
	guard.limits->on_time(guard.arg);
}

/* Once: handlers that find no guard do what would be done without them. */
static void
install(void)
{
	struct sigaction sa = { .sa_flags = SA_RESTART | SA_NODEFER };

	sigemptyset(&sa.sa_mask);
	sa.sa_handler = on_abort;
	sigaction(SIGABRT, &sa, NULL);
	sa.sa_handler = on_tick;
	sigaction(SIGPROF, &sa, NULL);
	guard.installed = 1;
}

/* Bytes of our address space, as of at most so many calls ago. */
#define MAX_AGE	256

static size_t
in_use(void)
{
	c_close int fd = -1;
	char buf[64];
	ssize_t n;

	if (guard.in_use > 0 && guard.calls++ < MAX_AGE)
		return guard.in_use;
	fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1);
	if (n <= 0)
		return 0;
	buf[n] = '\0';
	guard.calls = 0;
	guard.in_use = (size_t)strtoull(buf, NULL, 10) *
	    (size_t)getpagesize();
	return guard.in_use;
}

static void
enter(const struct guard_limits *l, void *arg)
{
	if (guard.active)
		BUG("a guard inside a guard");
	if (!guard.installed)
		install();
	guard.limits = l;
	guard.arg = arg;
	guard.bounded = 0;
	guard.ticks = 0;
	if (l->memory > 0)
		set_memory(in_use() + l->memory);
	guard.active = 1;
	if (l->slice > 0 && !guard.timer)
		set_timer(l->slice);
}

enum guard_end
guard_run(void (*fn)(void *), void *arg, const struct guard_limits *l)
{
	int end;

	enter(l, arg);
	end = sigsetjmp(guard.back, 0);
	if (end == 0)
		fn(arg);
	guard.active = 0;
	if (end == GUARD_NO_MEMORY)
		guard.in_use = 0;
	if (guard.bounded)
		setrlimit(RLIMIT_AS, &guard.memory);
	return (enum guard_end)end;
}
