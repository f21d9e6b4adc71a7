/*
 * jqrun [-t] FILE: runs the jq expression in FILE on the JSON of standard
 * input, for a jq task whose time or memory is bounded, or that takes long.
 * Prints the number of results and, from the next line on, them; or "E" and
 * why it failed.  -t: integers beyond 2^53 as text.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/limits.h"
#include "data/jqx.h"
#include "sys/file.h"

/* What the kernel leaves free below a stack on x86-64, less a bit: libjq
 * calls itself for each level of a value. */
#define STACK_BYTES	((rlim_t)120 * 1024 * 1024)

static void
bound(int resource, rlim_t bytes)
{
	struct rlimit r;

	if (getrlimit(resource, &r) < 0)
		return;
	r.rlim_cur = MIN(bytes, r.rlim_max);
	setrlimit(resource, &r);
}

/* Nothing of libjq can be used any more; nothing has been printed yet. */
static void
on_no_stack(int sig)
{
	static const char msg[] = "E\njq: a value of the expression is nested "
	    "too deep";

	(void)sig;
	_exit(write(STDOUT_FILENO, msg, sizeof(msg) - 1) < 0 ? EXIT_SYSTEM :
	    EXIT_DONE);
}

static void
prepare(void)
{
	static char spare[64 * 1024];
	struct sigaction sa = { .sa_handler = on_no_stack,
		.sa_flags = SA_ONSTACK };
	stack_t st = { .ss_sp = spare, .ss_size = sizeof(spare) };

	bound(RLIMIT_STACK, STACK_BYTES);
#ifndef __SANITIZE_ADDRESS__	/* which takes terabytes */
	bound(RLIMIT_AS, MAX_JQ_MEMORY);
#endif
	sigemptyset(&sa.sa_mask);
	if (sigaltstack(&st, NULL) == 0)
		sigaction(SIGSEGV, &sa, NULL);
}

static int
run(const char *file, unsigned flags, struct strbuf *out, size_t *ret_n,
    struct err *e)
{
	c_strbuf struct strbuf text = STRBUF_INIT, in = STRBUF_INIT;
	c_jqx struct jqx *jq = NULL;

	if (file_read(AT_FDCWD, file, MAX_SPEC_BYTES, &text, e) < 0 ||
	    file_read_fd(STDIN_FILENO, "standard input", MAX_SPEC_BYTES, &in,
	    e) < 0 || jqx_new(strbuf_str(&text), &jq, e) < 0)
		return -1;
	return jqx_run(jq, strbuf_str(&in), flags, MAX_VALUE_BYTES, out,
	    ret_n, e);
}

int
main(int argc, char **argv)
{
	c_strbuf struct strbuf out = STRBUF_INIT;
	int ints = argc > 1 && strcmp(argv[1], "-t") == 0;
	struct err e;
	size_t n;

	if (argc != 2 + ints) {
		fputs("usage: jqrun [-t] FILE\n", stderr);
		return EXIT_USAGE;
	}
	prepare();
	if (run(argv[1 + ints], ints ? JQX_INTS_TEXT : 0, &out, &n, &e) < 0)
		printf("E\n%s", e.msg);
	else
		printf("%zu\n%s", n, out.p);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_SYSTEM;
}
