/*
 * lockwait OFFSET LENGTH: blocks until the kernel grants the range of the
 * file on descriptor 0, then exits with 0.  The lock belongs to the open
 * file description, which whoever started us shares: so it is theirs.  They
 * watch us like any child, and neither they nor anybody else polls.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/num.h"
#include "sys/lock.h"

int
main(int argc, char **argv)
{
	pid_t parent = getppid();
	int64_t at, len;
	struct err e;

	if (argc != 3 ||
	    num_parse_i64(str_of(argv[1]), 0, INT64_MAX, &at) < 0 ||
	    num_parse_i64(str_of(argv[2]), 0, INT64_MAX, &len) < 0) {
		fputs("usage: lockwait OFFSET LENGTH <&FILE\n", stderr);
		return EXIT_USAGE;
	}
	/* Nobody waits any more once the parent is gone. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		return EXIT_BUSY;
	if (lock_wait(STDIN_FILENO, at, len, &e) == 0)
		return EXIT_DONE;
	fprintf(stderr, "lockwait: %s\n", e.msg);
	return err_exit_status(&e);
}
