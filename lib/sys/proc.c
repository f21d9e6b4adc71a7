#include "sys/proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"
#include "base/vec.h"
#include "sys/file.h"

/* Bytes of an environment that are looked at; the kernel allows 6 MiB. */
#define MAX_ENVIRON	((size_t)8 * 1024 * 1024)
/* How long a process may take to die of SIGKILL (one in the kernel's D
 * state does not). */
#define KILL_WAIT_MS	10000

/* All of a file of /proc, at most max bytes.  -1 if it can not be read. */
static int
slurp(const char *path, size_t max, struct strbuf *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[4096];
	ssize_t n;

	strbuf_reset(ret);
	if (fd < 0)
		return -1;
	while ((n = read(fd, buf, sizeof(buf))) > 0 && ret->n < max)
		strbuf_add(ret, buf, (size_t)n);
	close(fd);
	return n < 0 ? -1 : 0;
}

/* The boot id, 36 characters, or "?" where /proc does not tell. */
static struct str
boot_id(void)
{
	static char id[40];

	if (id[0] == '\0') {
		c_strbuf struct strbuf b = STRBUF_INIT;

		if (slurp("/proc/sys/kernel/random/boot_id", 64, &b) < 0 ||
		    b.n < 36)
			strbuf_adds(&b, "?");
		memcpy(id, b.p, MIN(b.n, (size_t)36));
	}
	return str_of(id);
}

void
proc_add_handle(struct strbuf *b, const struct proc *p)
{
	struct str boot = boot_id();

	strbuf_addi(b, p->pid);
	strbuf_addch(b, ':');
	strbuf_addu(b, p->started_min);
	strbuf_addch(b, '-');
	strbuf_addu(b, p->started_max);
	strbuf_addch(b, ':');
	strbuf_addstr(b, boot);
}

int
proc_boot_differs(struct str handle)
{
	const char *p = memrchr(handle.p, ':', handle.n);

	if (p == NULL)
		return 0;
	return !str_eq((struct str){ p + 1, handle.n -
	    (size_t)(p + 1 - handle.p) }, boot_id());
}

/* ---- leftovers ----------------------------------------------------------- */

typedef VEC(int) fd_list;

static void
fd_list_close(fd_list *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		close(l->at[i]);
	VEC_RELEASE(l);
}

static int
is_marked(pid_t pid, struct str mark, struct strbuf *scratch)
{
	char path[64];
	const char *p, *end;

	snprintf(path, sizeof(path), "/proc/%ld/environ", (long)pid);
	if (slurp(path, MAX_ENVIRON, scratch) < 0)
		return 0;
	end = scratch->p + scratch->n;
	for (p = scratch->p; p < end; p += strlen(p) + 1)
		if (str_eq(str_of(p), mark))
			return 1;
	return 0;
}

/*
 * Pidfds of all marked processes.  The environment is read again once the
 * pidfd is there, so that a pid used anew meanwhile is not taken.
 */
static int
find_marked(struct str mark, fd_list *ret, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	DIR *d = opendir("/proc");
	const struct dirent *de;
	int64_t pid;
	int fd, more;

	if (d == NULL)
		return err_sys(e, "/proc");
	while ((more = file_next_entry(d, &de)) > 0) {
		if (num_parse_i64(str_of(de->d_name), 1, INT32_MAX, &pid) < 0 ||
		    pid == getpid() || !is_marked((pid_t)pid, mark, &b))
			continue;
		fd = pidfd_open((pid_t)pid, 0);
		if (fd < 0)
			continue;
		if (is_marked((pid_t)pid, mark, &b))
			VEC_PUSH(ret, fd);
		else
			close(fd);
	}
	if (more < 0)
		more = err_sys(e, "/proc");
	closedir(d);
	return more;
}

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Signals all and waits; the number still there after the time. */
static size_t
signal_all(fd_list *l, int sig, int wait_ms)
{
	int64_t until = now_ms() + wait_ms;
	size_t i, left = 0;

	for (i = 0; i < l->n; i++)
		pidfd_send_signal(l->at[i], sig, NULL, 0);
	for (i = 0; i < l->n; i++) {
		struct pollfd p = { .fd = l->at[i], .events = POLLIN };
		int64_t ms = MAX(until - now_ms(), 0);

		if (poll(&p, 1, (int)ms) != 1)
			left++;
	}
	return left;
}

int
proc_end_marked(const char *name, const char *value, int grace_ms,
    size_t *ret_n, struct err *e)
{
	c_strbuf struct strbuf mark = STRBUF_INIT;
	cleanup(fd_list_close) fd_list found = VEC_INIT;
	size_t total = 0;
	int64_t until = now_ms() + grace_ms + KILL_WAIT_MS;

	strbuf_addf(&mark, "%s=%s", name, value);
	/* Again until none is found: one may have forked meanwhile. */
	for (;;) {
		if (find_marked(strbuf_str(&mark), &found, e) < 0)
			return -1;
		if (found.n == 0)
			break;
		total += found.n;
		if (signal_all(&found, SIGTERM, grace_ms) > 0)
			signal_all(&found, SIGKILL, KILL_WAIT_MS);
		if (now_ms() >= until)
			return err_set(e, ERR_BUSY, "a process left by %s "
			    "can not be ended", value);
		fd_list_close(&found);
	}
	*ret_n = total;
	return 0;
}

int
proc_signal_marked(const char *name, const char *value, int sig,
    size_t *ret_n, struct err *e)
{
	c_strbuf struct strbuf mark = STRBUF_INIT;
	cleanup(fd_list_close) fd_list found = VEC_INIT;
	size_t i;

	strbuf_addf(&mark, "%s=%s", name, value);
	if (find_marked(strbuf_str(&mark), &found, e) < 0)
		return -1;
	for (i = 0; i < found.n; i++)
		pidfd_send_signal(found.at[i], sig, NULL, 0);
	*ret_n = found.n;
	return 0;
}
