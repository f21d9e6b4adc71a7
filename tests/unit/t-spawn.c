#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/proc.h"

static char *const no_env[] = { NULL };

/* Runs sh -c text with stdout captured; the end in *ret. */
static void
run_sh(const char *text, unsigned flags, const char *dir, char *out,
    size_t n_out, struct proc_end *ret)
{
	char *argv[] = { (char *)(uintptr_t)"sh", (char *)(uintptr_t)"-c",
	    (char *)(uintptr_t)text, NULL };
	struct spawn s = { .path = "/bin/sh", .argv = argv, .envp = no_env,
	    .dir = dir, .in = -1, .err = 2, .flags = flags };
	struct proc p = PROC_INIT;
	struct err e;
	size_t n = 0;
	ssize_t r;
	int fd[2];

	CHECK_INT(pipe2(fd, O_CLOEXEC), 0);
	s.out = fd[1];
	CHECK_INT(proc_start(&s, &p, &e), 0);
	close(fd[1]);
	while (n + 1 < n_out && (r = read(fd[0], out + n, n_out - n - 1)) > 0)
		n += (size_t)r;
	out[n] = '\0';
	close(fd[0]);
	CHECK_INT(proc_reap(&p, ret, &e), 0);
	CHECK_INT(p.pid, 0);
	CHECK_INT(p.pidfd, -1);
}

TEST(status_and_output)
{
	struct proc_end end;
	char out[256];

	run_sh("echo hello; exit 7", 0, NULL, out, sizeof(out), &end);
	CHECK_STR(out, "hello\n");
	CHECK_INT(end.code, 7);
	CHECK_INT(end.sig, 0);
	run_sh("kill -TERM $$", 0, NULL, out, sizeof(out), &end);
	CHECK_INT(end.code, 128 + SIGTERM);
	CHECK_INT(end.sig, SIGTERM);
}

TEST(a_leaked_descriptor_is_closed)
{
	struct proc_end end;
	char out[256];
	int leak = dup2(1, 77);

	run_sh("[ -e /proc/self/fd/77 ]", 0, NULL, out, sizeof(out), &end);
	CHECK(end.code != 0);
	close(leak);
}

TEST(stdin_is_dev_null)
{
	struct proc_end end;
	char out[256];

	run_sh("readlink /proc/self/fd/0; read x || echo empty", 0, NULL, out,
	    sizeof(out), &end);
	CHECK_STR(out, "/dev/null\nempty\n");
}

TEST(own_group_default_handlers_empty_mask)
{
	struct proc_end end;
	char out[512];
	sigset_t set, old;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, &old);
	signal(SIGPIPE, SIG_IGN);
	/* The low 31; 32 and 33 are the C library's own. */
	run_sh("while read k v; do case $k in SigBlk:|SigIgn:) "
	    "echo $k $((0x$v & 0x7fffffff));; esac; done </proc/self/status; "
	    "set -- $(cat /proc/self/stat); [ $5 = $$ ] && echo own", 0, NULL,
	    out, sizeof(out), &end);
	signal(SIGPIPE, SIG_DFL);
	sigprocmask(SIG_SETMASK, &old, NULL);
	CHECK_STR(out, "SigBlk: 0\nSigIgn: 0\nown\n");
}

TEST(foreground_stays_in_our_group)
{
	struct proc_end end;
	char out[256], expected[64];

	run_sh("set -- $(cat /proc/self/stat); echo $5", SPAWN_FOREGROUND,
	    "/", out, sizeof(out), &end);
	snprintf(expected, sizeof(expected), "%ld\n", (long)getpgrp());
	CHECK_STR(out, expected);
}

TEST(working_folder)
{
	struct proc_end end;
	char out[256];

	run_sh("pwd", 0, "/usr", out, sizeof(out), &end);
	CHECK_STR(out, "/usr\n");
}

TEST(swapped_descriptors)
{
	char *argv[] = { (char *)(uintptr_t)"sh", (char *)(uintptr_t)"-c",
	    (char *)(uintptr_t)"echo err >&2", NULL };
	struct spawn s = { .path = "/bin/sh", .argv = argv, .envp = no_env,
	    .in = -1, .out = 2, .err = 1 };
	struct proc p = PROC_INIT;
	struct proc_end end;
	struct err e;
	char buf[64];
	int fd[2], old1 = dup(1);
	ssize_t n;

	CHECK_INT(pipe(fd), 0);
	fflush(stdout);
	dup2(fd[1], 1);
	CHECK_INT(proc_start(&s, &p, &e), 0);
	CHECK_INT(proc_reap(&p, &end, &e), 0);
	dup2(old1, 1);
	n = read(fd[0], buf, sizeof(buf) - 1);
	buf[n > 0 ? n : 0] = '\0';
	CHECK_STR(buf, "err\n");
	close(fd[0]);
	close(fd[1]);
	close(old1);
}

TEST(failures_are_told_apart)
{
	char *argv[] = { (char *)(uintptr_t)"x", NULL };
	struct spawn s = { .path = "/nonexistent/x", .argv = argv,
	    .envp = no_env, .in = -1, .out = -1, .err = -1 };
	struct proc p = PROC_INIT;
	struct err e;

	CHECK_INT(proc_start(&s, &p, &e), -1);
	CHECK_INT(e.kind, ERR_MISSING);
	CHECK_STR(e.msg, "/nonexistent/x: no such program");
	s.path = "/etc/passwd";
	CHECK_INT(proc_start(&s, &p, &e), -1);
	CHECK_INT(e.kind, ERR_USAGE);
	s.path = "/bin/true";
	s.dir = "/nonexistent";
	CHECK_INT(proc_start(&s, &p, &e), -1);
	CHECK(strstr(e.msg, "working folder /nonexistent") != NULL);
	CHECK_INT(p.pid, 0);
}

TEST(text_without_interpreter_goes_to_sh)
{
	static const char path[] = "t-spawn-script.tmp";
	char *argv[] = { (char *)(uintptr_t)path, (char *)(uintptr_t)"6",
	    NULL };
	struct spawn s = { .path = path, .argv = argv, .envp = no_env,
	    .in = -1, .out = -1, .err = -1 };
	struct proc p = PROC_INIT;
	struct proc_end end;
	struct err e;
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	CHECK(write(fd, "exit $1\n", 8) == 8);
	close(fd);
	CHECK_INT(proc_start(&s, &p, &e), 0);
	CHECK_INT(proc_reap(&p, &end, &e), 0);
	CHECK_INT(end.code, 6);
	unlink(path);
}

TEST(the_whole_group_is_signalled)
{
	char *argv[] = { (char *)(uintptr_t)"sh", (char *)(uintptr_t)"-c",
	    (char *)(uintptr_t)"sleep 100 & wait", NULL };
	struct spawn s = { .path = "/bin/sh", .argv = argv,
	    .envp = no_env, .in = -1, .out = -1, .err = -1 };
	struct proc p = PROC_INIT;
	struct proc_end end;
	struct pollfd pfd;
	struct err e;
	int fd[2], c;

	CHECK_INT(pipe(fd), 0);
	s.out = fd[1];
	CHECK_INT(proc_start(&s, &p, &e), 0);
	close(fd[1]);
	pfd = (struct pollfd){ .fd = p.pidfd, .events = POLLIN };
	CHECK_INT(poll(&pfd, 1, 20), 0);
	proc_signal(&p, SIGKILL);
	CHECK_INT(poll(&pfd, 1, 5000), 1);
	CHECK_INT(proc_reap(&p, &end, &e), 0);
	CHECK_INT(end.sig, SIGKILL);
	/* The pipe ends once sleep is gone too. */
	CHECK_INT(read(fd[0], &c, 1), 0);
	close(fd[0]);
}

TEST(handles)
{
	char *argv[] = { (char *)(uintptr_t)"sleep", (char *)(uintptr_t)"100",
	    NULL };
	struct spawn s = { .path = "/bin/sleep", .argv = argv,
	    .envp = no_env, .in = -1, .out = -1, .err = -1 };
	struct proc p = PROC_INIT;
	struct proc_end end;
	c_strbuf struct strbuf handle = STRBUF_INIT, want = STRBUF_INIT;
	struct err e;

	CHECK_INT(proc_start(&s, &p, &e), 0);
	proc_add_handle(&handle, &p);
	strbuf_addf(&want, "%ld:", (long)p.pid);
	CHECK(str_starts(strbuf_str(&handle), want.p));
	CHECK_INT(proc_boot_differs(strbuf_str(&handle)), 0);
	/* The last digit of the boot's id. */
	handle.p[handle.n - 1] = handle.p[handle.n - 1] == '0' ? '1' : '0';
	CHECK_INT(proc_boot_differs(strbuf_str(&handle)), 1);
	proc_signal(&p, SIGKILL);
	CHECK_INT(proc_reap(&p, &end, &e), 0);
}

TEST(marked_processes_are_ended)
{
	char *argv[] = { (char *)(uintptr_t)"sh", (char *)(uintptr_t)"-c",
	    (char *)(uintptr_t)"trap '' TERM; sleep 100", NULL };
	char mark[64], *const env[] = { mark, NULL };
	struct spawn s = { .path = "/bin/sh", .argv = argv,
	    .envp = env, .in = -1, .out = -1, .err = -1 };
	struct proc p = PROC_INIT;
	struct err e;
	const char *value;
	c_free char *part = NULL;
	size_t n = 99;
	pid_t child;

	/* Another run of this test has marks of its own. */
	snprintf(mark, sizeof(mark), "FLYTE_ATTEMPT=t-spawn.%ld/1",
	    (long)getpid());
	value = strchr(mark, '=') + 1;
	part = xstrndup(value, strlen(value) - 2);
	/* As after a crash: the process is nobody's child here. */
	child = fork();
	if (child == 0) {
		struct proc q = PROC_INIT;

		_exit(proc_start(&s, &q, &e) == 0 ? 0 : 1);
	}
	CHECK_INT(waitpid(child, NULL, 0), child);
	CHECK_INT(proc_end_marked("FLYTE_ATTEMPT", part, 0, &n, &e), 0);
	CHECK_INT(n, 0);
	CHECK_INT(proc_end_marked("FLYTE_ATTEMPT", value, 50, &n, &e),
	    0);
	CHECK(n >= 1);
	CHECK_INT(proc_end_marked("FLYTE_ATTEMPT", value, 0, &n, &e),
	    0);
	CHECK_INT(n, 0);
	(void)p;
}

TEST(find)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct err e;

	CHECK_INT(proc_find("sh", "/nonexistent:/bin", &b, &e), 0);
	CHECK_STR(b.p, "/bin/sh");
	CHECK_INT(proc_find("./x", "/bin", &b, &e), 0);
	CHECK_STR(b.p, "./x");
	CHECK_INT(proc_find("no-such-program", "/bin", &b, &e), -1);
	CHECK_INT(e.kind, ERR_MISSING);
	CHECK_STR(e.msg, "no-such-program: no such program in PATH (/bin)");
	CHECK_INT(proc_find("", "/bin", &b, &e), -1);
}
