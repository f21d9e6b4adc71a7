#include "sys/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
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
	struct timespec t;
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);

	clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * hz +
	    (uint64_t)t.tv_nsec / (UINT64_C(1000000000) / hz);
}

/*
 * Descriptors 0-2 of the child.  A source below 3 that an earlier step
 * overwrites is copied out of the way into spare[], which the caller closes.
 */
static int
add_fds(posix_spawn_file_actions_t *fa, const struct spawn *s, int spare[3])
{
	int from[3] = { s->in, s->out, s->err };
	int to, r = 0;

	for (to = 0; to < 3; to++) {
		if (from[to] < 0 || from[to] >= to)
			continue;
		spare[to] = fcntl(from[to], F_DUPFD_CLOEXEC, 3);
		if (spare[to] < 0)
			return errno;
		from[to] = spare[to];
	}
	for (to = 0; to < 3 && r == 0; to++)
		r = from[to] < 0 ? posix_spawn_file_actions_addopen(fa, to,
		    _PATH_DEVNULL, to == 0 ? O_RDONLY : O_WRONLY, 0) :
		    posix_spawn_file_actions_adddup2(fa, from[to], to);
	if (r == 0)
		r = posix_spawn_file_actions_addclosefrom_np(fa, 3);
	if (r == 0 && s->dir != NULL)
		r = posix_spawn_file_actions_addchdir_np(fa, s->dir);
	return r;
}

static int
set_attr(posix_spawnattr_t *at, unsigned flags)
{
	short f = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	sigset_t none, defaults;
	int r;

	sigemptyset(&none);
	if (flags & SPAWN_FOREGROUND) {
		sigemptyset(&defaults);
		sigaddset(&defaults, SIGPIPE);
		sigaddset(&defaults, SIGCHLD);
		sigaddset(&defaults, SIGXFSZ);
	} else {
		f |= POSIX_SPAWN_SETPGROUP;
		sigfillset(&defaults);
	}
	r = posix_spawnattr_setflags(at, f);
	if (r == 0)
		r = posix_spawnattr_setsigmask(at, &none);
	if (r == 0)
		r = posix_spawnattr_setsigdefault(at, &defaults);
	if (r == 0)
		r = posix_spawnattr_setpgroup(at, 0);
	return r;
}

/* A file that the kernel does not take: its text is for /bin/sh. */
static int
spawn_by_shell(const struct spawn *s, posix_spawn_file_actions_t *fa,
    posix_spawnattr_t *at, pid_t *ret)
{
	c_free char **argv = NULL;
	size_t n = 0;
	int r;

	while (s->argv[n] != NULL)
		n++;
	argv = xcalloc(n + 3, sizeof(*argv));
	argv[0] = (char *)(uintptr_t)"sh";
	argv[1] = (char *)(uintptr_t)s->path;
	if (n > 1)
		memcpy(argv + 2, s->argv + 1, (n - 1) * sizeof(*argv));
	r = posix_spawn(ret, _PATH_BSHELL, fa, at, argv, s->envp);
	return r;
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
	struct proc p = PROC_INIT;
	posix_spawn_file_actions_t fa;
	posix_spawnattr_t at;
	int spare[3] = { -1, -1, -1 };
	int i, r;

	posix_spawn_file_actions_init(&fa);
	posix_spawnattr_init(&at);
	r = add_fds(&fa, s, spare);
	if (r == 0)
		r = set_attr(&at, s->flags);
	p.group = (s->flags & SPAWN_FOREGROUND) == 0;
	p.started_min = boot_ticks();
	if (r == 0)
		r = posix_spawn(&p.pid, s->path, &fa, &at, s->argv, s->envp);
	if (r == ENOEXEC)
		r = spawn_by_shell(s, &fa, &at, &p.pid);
	p.started_max = boot_ticks();
	posix_spawn_file_actions_destroy(&fa);
	posix_spawnattr_destroy(&at);
	for (i = 0; i < 3; i++)
		if (spare[i] >= 0)
			close(spare[i]);
	if (r != 0)
		return spawn_error(s, r, e);
	p.pidfd = pidfd_open(p.pid, 0);
	if (p.pidfd < 0) {
		r = errno;
		proc_signal(&p, SIGKILL);
		while (waitpid(p.pid, NULL, 0) < 0 && errno == EINTR)
			;
		errno = r;
		return err_sys(e, "%s: pidfd_open", s->path);
	}
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
