/*
 * Preloaded into a program under test (LD_PRELOAD), to make its calls fail.
 *
 *	FAULT=NAME:N:ERROR	the N-th call of NAME (from 1) fails
 *	FAULT=NAME:N-:ERROR	so does every later one
 *	FAULT_CLOCK=N:SECONDS	from the N-th reading of the time of day on it
 *				is off by so much; other clocks stay
 *	FAULT_LOG=FILE		appends a line "NAME N ERROR..." for each call:
 *				where, and with what, it could be made to fail
 *	FAULT_IN=PROGRAM	all this not here, but in the child of that name
 *
 * ERROR is an errno's name; "+" before it: the call is made, and its answer
 * lost (as a file server does that answers a repeated request); "short":
 * half of what was asked for.
 *
 * Calls inside libc (stdio) do not come by here: strace reaches those.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))
#define MAX_ENV 4096

/* Functions, and the errors that a system may well give. */
#define FUNCTIONS(X) \
	X(open, "EMFILE EIO ENOSPC EACCES") \
	X(close, "+EIO") \
	X(read, "EIO EINTR short") \
	X(pread, "EIO EINTR short") \
	X(write, "ENOSPC EIO EINTR short") \
	X(pwrite, "ENOSPC EIO EINTR short") \
	X(copy_file_range, "ENOSPC EIO EINTR short") \
	X(fsync, "EIO ENOSPC") \
	X(fdatasync, "EIO ENOSPC") \
	X(syncfs, "EIO") \
	X(ftruncate, "EIO ENOSPC") \
	X(rename, "EIO ENOSPC +EIO +ENOENT") \
	X(link, "EIO ENOSPC +EIO +EEXIST") \
	X(symlink, "ENOSPC EIO") \
	X(unlink, "EIO EROFS +ENOENT") \
	X(rmdir, "EIO +ENOENT") \
	X(mkdir, "ENOSPC EIO +EEXIST") \
	X(stat, "EIO ESTALE") \
	X(access, "EIO") \
	X(readlink, "EIO") \
	X(opendir, "EMFILE ENOMEM") \
	X(readdir, "EIO") \
	X(fchmod, "EIO EROFS") \
	X(mmap, "ENOMEM") \
	X(ioctl, "ENOSPC EIO") \
	X(lock, "ENOLCK") \
	X(lockwait, "ENOLCK EINTR") \
	X(dup, "EMFILE") \
	X(pipe, "EMFILE ENFILE") \
	X(poll, "EINTR ENOMEM") \
	X(signalfd, "EMFILE") \
	X(pidfd, "EMFILE") \
	X(memfd, "EMFILE") \
	X(inotify, "EMFILE ENOSPC") \
	X(clone, "EAGAIN ENOMEM") \
	X(wait, "EINTR")

enum fn {
#define X(name, errors) FN_##name,
	FUNCTIONS(X)
#undef X
	FN_MAX
};

static const struct {
	const char *name, *errors;
} functions[] = {
#define X(name, errors) { #name, errors },
	FUNCTIONS(X)
#undef X
};

static const struct {
	const char *name;
	int error;
} errors[] = {
	{ "EACCES", EACCES }, { "EAGAIN", EAGAIN }, { "EDQUOT", EDQUOT },
	{ "EEXIST", EEXIST }, { "EINTR", EINTR }, { "EIO", EIO },
	{ "EMFILE", EMFILE }, { "ENFILE", ENFILE }, { "ENOENT", ENOENT },
	{ "ENOLCK", ENOLCK }, { "ENOMEM", ENOMEM }, { "ENOSPC", ENOSPC },
	{ "EROFS", EROFS }, { "ESTALE", ESTALE },
};

/* What this process shall do; set once, before main. */
static struct {
	int on;
	enum fn fn;		/* FN_MAX: none fails */
	unsigned long at;
	int onwards;		/* later calls too */
	int error;		/* 0: short */
	int after;		/* made, answer lost */
	unsigned long clock_at;	/* 0: never */
	long clock_by;
	const char *log, *in;
	unsigned long count[FN_MAX], readings;
} plan = { .fn = FN_MAX };

/* What befalls this call. */
struct fate {
	int error;		/* fail with it */
	int after;		/* but make the call */
	int shorter;
};

static void
broken(const char *what)
{
	fprintf(stderr, "fault shim: %s\n", what);
	_exit(99);
}

static void
parse_fault(char *s)
{
	char *n = strchr(s, ':'), *error = n == NULL ? NULL : strchr(n + 1, ':');
	size_t i;

	if (error == NULL)
		broken("FAULT is not NAME:N:ERROR");
	*n++ = '\0';
	*error++ = '\0';
	for (plan.fn = 0; plan.fn < FN_MAX; plan.fn++)
		if (strcmp(functions[plan.fn].name, s) == 0)
			break;
	if (plan.fn == FN_MAX)
		broken("no such function");
	plan.at = strtoul(n, &n, 10);
	plan.onwards = *n == '-';
	if (strcmp(error, "short") == 0)
		return;
	plan.after = *error == '+';
	error += plan.after;
	for (i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (strcmp(errors[i].name, error) == 0)
			plan.error = errors[i].error;
	if (plan.error == 0)
		broken("no such error");
}

static void __attribute__((constructor))
begin(void)
{
	const char *fault = getenv("FAULT"), *clock = getenv("FAULT_CLOCK");
	static char copy[256];
	char *end;

	plan.log = getenv("FAULT_LOG");
	plan.in = getenv("FAULT_IN");
	if (plan.in != NULL && strcmp(plan.in, program_invocation_short_name))
		return;
	plan.in = NULL;
	plan.on = 1;
	if (fault != NULL) {
		snprintf(copy, sizeof(copy), "%s", fault);
		parse_fault(copy);
	}
	if (clock != NULL) {
		plan.clock_at = strtoul(clock, &end, 10);
		plan.clock_by = *end == ':' ? strtol(end + 1, NULL, 10) : 0;
	}
}

/* By system calls of its own, so as not to be counted. */
static void
say(enum fn fn)
{
	char line[128];
	long fd;
	int n;

	n = snprintf(line, sizeof(line), "%s %lu %s\n", functions[fn].name,
	    plan.count[fn], functions[fn].errors);
	fd = syscall(SYS_openat, AT_FDCWD, plan.log,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (fd < 0 || syscall(SYS_write, fd, line, (size_t)n) != n)
		broken("FAULT_LOG cannot be written");
	syscall(SYS_close, fd);
}

static struct fate
fate_of(enum fn fn)
{
	struct fate f = { 0, 0, 0 };
	int saved = errno;

	if (!plan.on)
		return f;
	plan.count[fn]++;
	if (plan.log != NULL)
		say(fn);
	errno = saved;
	if (fn != plan.fn || plan.count[fn] < plan.at ||
	    (plan.count[fn] > plan.at && !plan.onwards))
		return f;
	f.error = plan.error;
	f.after = plan.after;
	f.shorter = plan.error == 0;
	return f;
}

static void *
real(const char *name)
{
	void *p = dlsym(RTLD_NEXT, name);

	if (p == NULL)
		broken(name);
	return p;
}

/* The body of a wrapper: "call" is the real one, "bad" what it returns when
 * it fails. */
#define FAIL(fn, bad, call) do {					\
	struct fate f_ = fate_of(fn);					\
	__typeof__(call) r_;						\
	if (f_.error != 0 && !f_.after) {				\
		errno = f_.error;					\
		return bad;						\
	}								\
	r_ = (call);							\
	if (f_.error != 0) {						\
		errno = f_.error;					\
		return bad;						\
	}								\
	return r_;							\
} while (0)

/* As FAIL, for a call that may do half; "n" is the count it is asked for. */
#define FAIL_SHORT(fn, n, call) do {					\
	struct fate f_ = fate_of(fn);					\
	if (f_.error != 0) {						\
		errno = f_.error;					\
		return -1;						\
	}								\
	if (f_.shorter && n > 1)					\
		n /= 2;							\
	return (call);							\
} while (0)

/* ---- opening and closing -------------------------------------------------- */

#define OPEN(name, ...)							\
	mode_t mode = 0;						\
	va_list ap;							\
	if (flags & (O_CREAT | __O_TMPFILE)) {				\
		va_start(ap, flags);					\
		mode = va_arg(ap, mode_t);				\
		va_end(ap);						\
	}								\
	FAIL(FN_open, -1, ((int (*)(__VA_ARGS__, int, mode_t))real(name))

EXPORT int
open(const char *p, int flags, ...)
{
	OPEN("open", const char *)(p, flags, mode));
}

EXPORT int
open64(const char *p, int flags, ...)
{
	OPEN("open64", const char *)(p, flags, mode));
}

EXPORT int
openat(int d, const char *p, int flags, ...)
{
	OPEN("openat", int, const char *)(d, p, flags, mode));
}

EXPORT int
openat64(int d, const char *p, int flags, ...)
{
	OPEN("openat64", int, const char *)(d, p, flags, mode));
}

int	__open_2(const char *, int);
EXPORT int
__open_2(const char *p, int flags)
{
	FAIL(FN_open, -1, ((int (*)(const char *, int))real("open"))(p, flags));
}

int	__openat_2(int, const char *, int);
EXPORT int
__openat_2(int d, const char *p, int flags)
{
	FAIL(FN_open, -1, ((int (*)(int, const char *, int))real("openat"))(d,
	    p, flags));
}

/* A wrapper without more to it. */
#define WRAP(fn, bad, type, name, params, args)				\
EXPORT type								\
name params								\
{									\
	FAIL(FN_##fn, bad, ((type (*)params)real(#name))args);		\
}

WRAP(close, -1, int, close, (int fd), (fd))
WRAP(dup, -1, int, dup, (int fd), (fd))
WRAP(pipe, -1, int, pipe2, (int fds[2], int flags), (fds, flags))
WRAP(pidfd, -1, int, pidfd_open, (pid_t p, unsigned f), (p, f))
WRAP(memfd, -1, int, memfd_create, (const char *n, unsigned f), (n, f))
WRAP(inotify, -1, int, inotify_init1, (int f), (f))
WRAP(inotify, -1, int, inotify_add_watch, (int fd, const char *p, uint32_t m),
    (fd, p, m))
WRAP(signalfd, -1, int, signalfd, (int fd, const sigset_t *m, int f),
    (fd, m, f))

/* ---- reading and writing -------------------------------------------------- */

EXPORT ssize_t
read(int fd, void *p, size_t n)
{
	FAIL_SHORT(FN_read, n, ((ssize_t (*)(int, void *, size_t))real("read"))
	    (fd, p, n));
}

EXPORT ssize_t
write(int fd, const void *p, size_t n)
{
	FAIL_SHORT(FN_write, n,
	    ((ssize_t (*)(int, const void *, size_t))real("write"))(fd, p, n));
}

#define PREAD(name)							\
EXPORT ssize_t								\
name(int fd, void *p, size_t n, off_t at)				\
{									\
	FAIL_SHORT(FN_pread, n, ((ssize_t (*)(int, void *, size_t,	\
	    off_t))real("pread64"))(fd, p, n, at));			\
}
#define PWRITE(name)							\
EXPORT ssize_t								\
name(int fd, const void *p, size_t n, off_t at)				\
{									\
	FAIL_SHORT(FN_pwrite, n, ((ssize_t (*)(int, const void *,	\
	    size_t, off_t))real("pwrite64"))(fd, p, n, at));		\
}
PREAD(pread)
PREAD(pread64)
PWRITE(pwrite)
PWRITE(pwrite64)

#define PREAD_CHK(name)							\
ssize_t	name(int, void *, size_t, off_t, size_t);			\
EXPORT ssize_t								\
name(int fd, void *p, size_t n, off_t at, size_t room)			\
{									\
	return n > room ? (abort(), -1) : pread64(fd, p, n, at);	\
}
PREAD_CHK(__pread_chk)
PREAD_CHK(__pread64_chk)

ssize_t	__read_chk(int, void *, size_t, size_t);
EXPORT ssize_t
__read_chk(int fd, void *p, size_t n, size_t room)
{
	return n > room ? (abort(), -1) : read(fd, p, n);
}

EXPORT ssize_t
copy_file_range(int in, off64_t *at, int out, off64_t *to, size_t n,
    unsigned flags)
{
	FAIL_SHORT(FN_copy_file_range, n, ((ssize_t (*)(int, off64_t *, int,
	    off64_t *, size_t, unsigned))real("copy_file_range"))(in, at, out,
	    to, n, flags));
}

WRAP(fsync, -1, int, fsync, (int fd), (fd))
WRAP(fdatasync, -1, int, fdatasync, (int fd), (fd))
WRAP(syncfs, -1, int, syncfs, (int fd), (fd))
WRAP(ftruncate, -1, int, ftruncate, (int fd, off_t n), (fd, n))
WRAP(ftruncate, -1, int, ftruncate64, (int fd, off64_t n), (fd, n))

EXPORT void *
mmap64(void *p, size_t n, int prot, int flags, int fd, off64_t at)
{
	FAIL(FN_mmap, (void *)-1, ((void *(*)(void *, size_t, int, int, int,
	    off64_t))real("mmap64"))(p, n, prot, flags, fd, at));
}

/* ---- names ---------------------------------------------------------------- */

WRAP(rename, -1, int, rename, (const char *f, const char *t), (f, t))
WRAP(rename, -1, int, renameat, (int fd, const char *f, int td, const char *t),
    (fd, f, td, t))
WRAP(rename, -1, int, renameat2, (int fd, const char *f, int td,
    const char *t, unsigned flags), (fd, f, td, t, flags))
WRAP(link, -1, int, link, (const char *f, const char *t), (f, t))
WRAP(link, -1, int, linkat, (int fd, const char *f, int td, const char *t,
    int flags), (fd, f, td, t, flags))
WRAP(symlink, -1, int, symlink, (const char *f, const char *t), (f, t))
WRAP(symlink, -1, int, symlinkat, (const char *f, int d, const char *t),
    (f, d, t))
WRAP(unlink, -1, int, unlink, (const char *p), (p))
WRAP(rmdir, -1, int, rmdir, (const char *p), (p))
WRAP(mkdir, -1, int, mkdir, (const char *p, mode_t m), (p, m))
WRAP(mkdir, -1, int, mkdirat, (int d, const char *p, mode_t m), (d, p, m))
WRAP(mkdir, NULL, char *, mkdtemp, (char *p), (p))

EXPORT int
unlinkat(int d, const char *p, int flags)
{
	FAIL(flags & AT_REMOVEDIR ? FN_rmdir : FN_unlink, -1,
	    ((int (*)(int, const char *, int))real("unlinkat"))(d, p, flags));
}

/* ---- what is there -------------------------------------------------------- */

WRAP(stat, -1, int, stat, (const char *p, struct stat *s), (p, s))
WRAP(stat, -1, int, lstat, (const char *p, struct stat *s), (p, s))
WRAP(stat, -1, int, fstat, (int fd, struct stat *s), (fd, s))
WRAP(stat, -1, int, fstatat, (int d, const char *p, struct stat *s, int f),
    (d, p, s, f))
WRAP(stat, -1, int, stat64, (const char *p, struct stat64 *s), (p, s))
WRAP(stat, -1, int, lstat64, (const char *p, struct stat64 *s), (p, s))
WRAP(stat, -1, int, fstat64, (int fd, struct stat64 *s), (fd, s))
WRAP(access, -1, int, access, (const char *p, int m), (p, m))
WRAP(access, -1, int, faccessat, (int d, const char *p, int m, int f),
    (d, p, m, f))
WRAP(readlink, -1, ssize_t, readlink, (const char *p, char *b, size_t n),
    (p, b, n))
WRAP(readlink, -1, ssize_t, readlinkat, (int d, const char *p, char *b,
    size_t n), (d, p, b, n))
WRAP(opendir, NULL, DIR *, opendir, (const char *p), (p))
WRAP(opendir, NULL, DIR *, fdopendir, (int fd), (fd))
WRAP(readdir, NULL, struct dirent *, readdir, (DIR *d), (d))
WRAP(fchmod, -1, int, fchmod, (int fd, mode_t m), (fd, m))
WRAP(fchmod, -1, int, fchmodat, (int d, const char *p, mode_t m, int f),
    (d, p, m, f))

/* ---- locks and other requests --------------------------------------------- */

static int
control(const char *name, int fd, int cmd, void *arg)
{
	int (*f)(int, int, ...) = (int (*)(int, int, ...))real(name);

	switch (cmd) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		FAIL(FN_dup, -1, f(fd, cmd, arg));
	case F_SETLKW:
	case F_OFD_SETLKW:
		FAIL(FN_lockwait, -1, f(fd, cmd, arg));
	case F_SETLK:
	case F_GETLK:
	case F_OFD_SETLK:
	case F_OFD_GETLK:
		FAIL(FN_lock, -1, f(fd, cmd, arg));
	default:
		return f(fd, cmd, arg);
	}
}

#define CONTROL(name)							\
EXPORT int								\
name(int fd, int cmd, ...)						\
{									\
	void *arg;							\
	va_list ap;							\
	va_start(ap, cmd);						\
	arg = va_arg(ap, void *);					\
	va_end(ap);							\
	return control(#name, fd, cmd, arg);				\
}
CONTROL(fcntl)
CONTROL(fcntl64)

EXPORT int
ioctl(int fd, unsigned long request, ...)
{
	void *arg;
	va_list ap;

	va_start(ap, request);
	arg = va_arg(ap, void *);
	va_end(ap);
	FAIL(FN_ioctl, -1, ((int (*)(int, unsigned long, ...))real("ioctl"))
	    (fd, request, arg));
}

/* ---- waiting and processes ------------------------------------------------ */

WRAP(poll, -1, int, poll, (struct pollfd *p, nfds_t n, int ms), (p, n, ms))
WRAP(poll, -1, int, ppoll, (struct pollfd *p, nfds_t n,
    const struct timespec *t, const sigset_t *m), (p, n, t, m))
WRAP(wait, -1, pid_t, wait4, (pid_t p, int *s, int f, struct rusage *r),
    (p, s, f, r))
WRAP(wait, -1, pid_t, waitpid, (pid_t p, int *s, int f), (p, s, f))

static int
is_named(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');

	return strcmp(slash == NULL ? path : slash + 1, name) == 0;
}

/* The child's environment and what concerns this shim. */
static char **
with_faults(char *const *envp)
{
	static const char *const names[] = { "LD_PRELOAD", "FAULT",
		"FAULT_CLOCK", "FAULT_LOG", "FAULT_IN", "ASAN_OPTIONS" };
	static char *all[MAX_ENV], text[6][1024];
	size_t i, n = 0;

	for (; envp[n] != NULL && n < MAX_ENV - 7; n++)
		all[n] = envp[n];
	for (i = 0; i < 6; i++) {
		if (getenv(names[i]) == NULL)
			continue;
		snprintf(text[i], sizeof(text[i]), "%s=%s", names[i],
		    getenv(names[i]));
		all[n++] = text[i];
	}
	all[n] = NULL;
	return all;
}

EXPORT int
clone(int (*fn)(void *), void *stack, int flags, void *arg, ...)
{
	struct fate f = fate_of(FN_clone);
	void *tid, *tls, *child_tid;
	va_list ap;

	if (f.error != 0) {
		errno = f.error;
		return -1;
	}
	va_start(ap, arg);
	tid = va_arg(ap, void *);
	tls = va_arg(ap, void *);
	child_tid = va_arg(ap, void *);
	va_end(ap);
	return ((int (*)(int (*)(void *), void *, int, void *, ...))
	    real("clone"))(fn, stack, flags, arg, tid, tls, child_tid);
}

EXPORT int
execve(const char *path, char *const argv[], char *const envp[])
{
	if (plan.in != NULL && is_named(path, plan.in))
		envp = with_faults(envp);
	return ((int (*)(const char *, char *const [], char *const []))
	    real("execve"))(path, argv, envp);
}

/* ---- the clock ------------------------------------------------------------ */

static long
shift(void)
{
	if (!plan.on || plan.clock_at == 0 || ++plan.readings < plan.clock_at)
		return 0;
	return plan.clock_by;
}

EXPORT int
clock_gettime(clockid_t id, struct timespec *t)
{
	int r = ((int (*)(clockid_t, struct timespec *))real("clock_gettime"))
	    (id, t);

	if (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)
		t->tv_sec += shift();
	return r;
}

EXPORT int
gettimeofday(struct timeval *restrict t, void *restrict zone)
{
	int r = ((int (*)(struct timeval *, void *))real("gettimeofday"))(t,
	    zone);

	t->tv_sec += shift();
	return r;
}

EXPORT time_t
time(time_t *ret)
{
	time_t t = ((time_t (*)(time_t *))real("time"))(NULL) + shift();

	if (ret != NULL)
		*ret = t;
	return t;
}
