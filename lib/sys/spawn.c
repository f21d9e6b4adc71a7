#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sys/orphan.h"

/* Clock ticks since boot, the unit of /proc/PID/stat. */
static uint64_t
boot_ticks(void)
{
	static uint64_t hz;
	struct timespec t;

	if (hz == 0)
		hz = (uint64_t)sysconf(_SC_CLK_TCK);
	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * hz +
	    (uint64_t)t.tv_nsec / (UINT64_C(1000000000) / hz);
}

/* ---- the child ----------------------------------------------------------- */

/*
 * What the child needs between clone and exec.  It runs in our memory while
 * we wait, on a stack of its own: it makes system calls and nothing else.
 */
struct child {
	const struct spawn	*spawn;
	const char		*path;
	char *const		*argv;
	int			 fd[3];		/* -1: /dev/null */
	volatile int		 error;
};

/* A sanitizer marks parts of the stack until a function returns: these do not,
 * and the next child has the same stack. */
#define in_child	__attribute__((no_sanitize("address")))

/*
 * What our programs handle or ignore.  A child that stays in the foreground
 * keeps what is ignored but for the first three, which we ignore ourselves.
 */
static const int ours[] = {
	SIGPIPE, SIGCHLD, SIGXFSZ, SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGPROF,
	SIGABRT,
};
#define N_ALWAYS	3

/* What we were started with as ignored; it does not change. */
static const sigset_t *
ignored_at_start(void)
{
	static sigset_t set;
	static int known;
	struct sigaction sa;
	int i;

	if (known)
		return &set;
	sigemptyset(&set);
	for (i = 1; i < NSIG; i++)
		if (sigaction(i, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN)
			sigaddset(&set, i);
	known = 1;
	return &set;
}

in_child static void
reset_signals(int foreground, const sigset_t *ignored)
{
	const struct sigaction dfl = { .sa_handler = SIG_DFL };
	struct sigaction sa;
	size_t i;

	for (i = 0; i < ARRAY_LEN(ours); i++)
		if (!foreground || i < N_ALWAYS ||
		    (sigaction(ours[i], NULL, &sa) == 0 &&
		    sa.sa_handler != SIG_IGN))
			sigaction(ours[i], &dfl, NULL);
	for (i = 1; !foreground && i < NSIG; i++)
		if (sigismember(ignored, (int)i))
			sigaction((int)i, &dfl, NULL);
}

in_child static int
set_fd(int from, int to)
{
	int fd;

	if (from == to)
		return fcntl(to, F_SETFD, 0);
	if (from >= 0)
		return dup2(from, to);
	fd = open(_PATH_DEVNULL, to == 0 ? O_RDONLY : O_WRONLY);
	if (fd < 0 || fd == to)
		return fd;
	from = dup2(fd, to);
	close(fd);
	return from;
}

in_child static int
child_main(void *arg)
{
	struct child *c = arg;
	const struct spawn *s = c->spawn;
	int foreground = (s->flags & SPAWN_FOREGROUND) != 0, to;
	sigset_t none;

	reset_signals(foreground, ignored_at_start());
	if (!foreground && setpgid(0, 0) < 0)
		goto fail;
	for (to = 0; to < 3; to++)
		if (set_fd(c->fd[to], to) < 0)
			goto fail;
	closefrom(3);
	if (s->dir != NULL && chdir(s->dir) < 0)
		goto fail;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(c->path, c->argv, s->envp);
fail:
	c->error = errno;
	_exit(127);
}

/* Room for the calls above, with a sanitizer's wrappers around them. */
#define CHILD_STACK	((size_t)64 * 1024)

/*
 * 0, or an error number: then there is no child.  As posix_spawn does it, but
 * that asks the kernel for a stack, for limits and for 64 handlers each time,
 * and leaves the pidfd to be opened: a tenth of what a small task costs.
 */
static int
clone_child(struct child *c, struct proc *p)
{
	static char stack[CHILD_STACK] __attribute__((aligned(64)));
	sigset_t all, before;
	int r = 0;

	/* None of our handlers may run in the child. */
	sigfillset(&all);
	ignored_at_start();
	sigprocmask(SIG_BLOCK, &all, &before);
	c->error = 0;
	p->pid = clone(child_main, stack + sizeof(stack),
	    CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, c, &p->pidfd);
	if (p->pid < 0)
		r = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (r == 0 && c->error != 0) {
		r = c->error;
		while (waitpid(p->pid, NULL, 0) < 0 && errno == EINTR)
			;
		close(p->pidfd);
	}
	return r;
}

/*
 * Descriptors 0-2 of the child.  A source below 3 that an earlier step
 * overwrites is copied out of the way into spare[], which the caller closes.
 */
static int
choose_fds(const struct spawn *s, int fd[3], int spare[3])
{
	const int from[3] = { s->in, s->out, s->err };
	int to;

	for (to = 0; to < 3; to++) {
		fd[to] = from[to];
		if (from[to] < 0 || from[to] >= to)
			continue;
		spare[to] = fcntl(from[to], F_DUPFD_CLOEXEC, 3);
		if (spare[to] < 0)
			return errno;
		fd[to] = spare[to];
	}
	return 0;
}

/* A file that the kernel does not take: its text is for /bin/sh. */
static int
clone_shell(struct child *c, struct proc *p)
{
	const struct spawn *s = c->spawn;
	c_free char **argv = NULL;
	size_t n = 0;

	while (s->argv[n] != NULL)
		n++;
	argv = xcalloc(n + 3, sizeof(*argv));
	argv[0] = (char *)(uintptr_t)"sh";
	argv[1] = (char *)(uintptr_t)s->path;
	if (n > 1)
		memcpy(argv + 2, s->argv + 1, (n - 1) * sizeof(*argv));
	c->path = _PATH_BSHELL;
	c->argv = argv;
	return clone_child(c, p);
}

static int
spawn_error(const struct spawn *s, int error, struct err *e)
{
	struct stat st;

	if (s->dir != NULL && (error == ENOENT || error == ENOTDIR ||
	    error == EACCES) && (stat(s->dir, &st) < 0 ||
	    !S_ISDIR(st.st_mode) || access(s->dir, X_OK) < 0)) {
		errno = error;
		return err_sys(e, "working folder %s", s->dir);
	}
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		if (access(s->path, F_OK) == 0)
			return err_set(e, ERR_MISSING, "%s: its interpreter "
			    "is not there (see its first line)", s->path);
		return err_set(e, ERR_MISSING, "%s: no such program", s->path);
	case EACCES:
	case EPERM:
		return err_set(e, ERR_USAGE,
		    "%s: may not be executed (chmod +x?)", s->path);
	case E2BIG:
		return err_set(e, ERR_USAGE, "%s: its arguments and "
		    "environment are larger than the system takes; pass large "
		    "values in files", s->path);
	default:
		errno = error;
		return err_sys(e, "%s", s->path);
	}
}

int
proc_start(const struct spawn *s, struct proc *ret, struct err *e)
{
	struct child c = { .spawn = s, .path = s->path, .argv = s->argv };
	struct proc p = PROC_INIT;
	int spare[3] = { -1, -1, -1 };
	int i, r;

	r = choose_fds(s, c.fd, spare);
	p.group = (s->flags & SPAWN_FOREGROUND) == 0;
	p.started_min = boot_ticks();
	if (r == 0)
		r = clone_child(&c, &p);
	if (r == ENOEXEC)
		r = clone_shell(&c, &p);
	p.started_max = boot_ticks();
	for (i = 0; i < 3; i++)
		if (spare[i] >= 0)
			close(spare[i]);
	if (r != 0)
		return spawn_error(s, r, e);
	orphan_not(p.pid);
	*ret = p;
	return 0;
}

static int64_t
microseconds(struct timeval t)
{
	return (int64_t)t.tv_sec * 1000000 + t.tv_usec;
}

int
proc_reap(struct proc *p, struct proc_end *ret, struct err *e)
{
	struct rusage ru;
	int status;
	pid_t r;

	do
		r = wait4(p->pid, &status, 0, &ru);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return err_sys(e, "wait for process %ld", (long)p->pid);
	orphan_forget(p->pid);
	orphan_reap();
	close(p->pidfd);
	*p = (struct proc)PROC_INIT;
	*ret = (struct proc_end){
		.code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) :
		    WEXITSTATUS(status),
		.sig = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
		.core = WIFSIGNALED(status) && WCOREDUMP(status),
		.user_us = microseconds(ru.ru_utime),
		.system_us = microseconds(ru.ru_stime),
		.max_rss_kb = ru.ru_maxrss,
	};
	return 0;
}

void
proc_signal(const struct proc *p, int sig)
{
	if (p->pid <= 0)
		return;
	kill(p->group ? -p->pid : p->pid, sig);
}

static int
is_program(const char *path)
{
	struct stat st;

	return access(path, X_OK) == 0 && stat(path, &st) == 0 &&
	    S_ISREG(st.st_mode);
}

int
proc_find(const char *name, const char *path, struct strbuf *ret,
    struct err *e)
{
	const char *p, *end;

	strbuf_reset(ret);
	if (strchr(name, '/') != NULL) {
		strbuf_adds(ret, name);
		return 0;
	}
	if (path == NULL)
		path = "/usr/local/bin:/usr/bin:/bin";
	for (p = path; *name != '\0'; p = end + 1) {
		end = strchrnul(p, ':');
		strbuf_reset(ret);
		strbuf_add(ret, p, (size_t)(end - p));
		if (end != p)
			strbuf_addch(ret, '/');
		strbuf_adds(ret, name);
		if (is_program(ret->p))
			return 0;
		if (*end == '\0')
			break;
	}
	return err_set(e, ERR_MISSING, "%s: no such program in PATH (%s)",
	    name, path);
}
