/*
 * jqrun [-t] FILE: runs the jq expression in FILE on the JSON of standard
 * input, for a jq task whose time or memory is bounded.  Prints the number of
 * results and, from the next line on, them; or "E" and why it failed.  -t:
 * integers beyond 2^53 as text.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "data/jqx.h"
#include "sys/file.h"

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
	return jqx_run(jq, strbuf_str(&in), flags, out, ret_n, e);
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
	if (run(argv[1 + ints], ints ? JQX_INTS_TEXT : 0, &out, &n, &e) < 0)
		printf("E\n%s", e.msg);
	else
		printf("%zu\n%s", n, out.p);
	return fflush(stdout) == 0 ? EXIT_DONE : EXIT_SYSTEM;
}
