#include "sys/orphan.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/num.h"
#include "base/vec.h"
#include "sys/file.h"

/* All children of a process, 8 bytes each. */
#define MAX_CHILDREN_BYTES	((size_t)8 * 1024 * 1024)

static int adopts;
static VEC(pid_t) own;		/* started and not reaped; few */

void
orphan_adopt(void)
{
	if (!adopts)
		adopts = prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0;
}

static int
is_own(pid_t pid)
{
	size_t i;

	for (i = own.n; i > 0; i--)
		if (own.at[i - 1] == pid)
			return 1;
	return 0;
}

void
orphan_not(pid_t pid)
{
	if (adopts)
		VEC_PUSH(&own, pid);
}

void
orphan_forget(pid_t pid)
{
	size_t i;

	for (i = 0; i < own.n; i++)
		if (own.at[i] == pid) {
			own.at[i] = VEC_LAST(&own);
			own.n--;
			return;
		}
}

void
orphan_reap(void)
{
	siginfo_t si;

	/* One of our own that waits to be reaped hides those behind it, until
	 * it is. */
	for (;;) {
		si.si_pid = 0;
		if (!adopts || waitid(P_ALL, 0, &si, WEXITED | WNOHANG |
		    WNOWAIT) < 0 || si.si_pid == 0 || is_own(si.si_pid))
			return;
		if (waitid(P_PID, (id_t)si.si_pid, &si, WEXITED | WNOHANG) < 0)
			return;
	}
}

/* 1 if the kernel lists a child that is not our own, or lists none at all. */
static int
lists_other(void)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	const char *p;
	struct err e;
	int64_t pid;
	size_t n;

	if (file_read(AT_FDCWD, "/proc/thread-self/children",
	    MAX_CHILDREN_BYTES, &b, &e) < 0)
		return 1;
	for (p = b.p; (n = strcspn(p, " \n")) > 0; p += n + (p[n] != '\0'))
		if (num_parse_i64((struct str){ p, n }, 1, INT32_MAX,
		    &pid) < 0 || !is_own((pid_t)pid))
			return 1;
	return 0;
}

int
orphan_left(void)
{
	siginfo_t si;

	int i;

	if (!adopts)
		return 1;
	/* What was killed with its group may not have ended yet. */
	for (i = 0; i < 10; i++) {
		orphan_reap();
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    !lists_other())
			return 0;
		usleep(2000);
	}
	return 1;
}
