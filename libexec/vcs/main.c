/*
 * What version control knows of files, for the tools: this program links
 * libgit2; it speaks frames (pack/frame.h).
 *
 *	vcs state	paths from stdin, each ended by a NUL
 */

#include <stdio.h>

#include "base/limits.h"
#include "base/vec.h"
#include "pack/frame.h"
#include "pack/git.h"
#include "sys/file.h"

static int
answer(const struct strbuf *text, struct err *e)
{
	VEC(const char *) paths = VEC_INIT;
	struct vcs vcs;
	char state[16];
	size_t i;
	int ret;

	for (i = 0; i < text->n; i += strlen(text->p + i) + 1)
		VEC_PUSH(&paths, text->p + i);
	ret = git_state(paths.at, paths.n, &vcs, e);
	VEC_RELEASE(&paths);
	if (ret < 0)
		return -1;
	snprintf(state, sizeof(state), "%d", (int)vcs.state);
	frame_write(stdout, FRAME_TEXT, STR("state"), str_of(state));
	frame_write(stdout, FRAME_TEXT, STR("commit"), str_of(vcs.commit));
	frame_write(stdout, FRAME_TEXT, STR("note"), str_of(vcs.note));
	return 0;
}

int
main(int argc, char **argv)
{
	c_strbuf struct strbuf text = STRBUF_INIT;
	struct err e;
	int ret;

	if (argc == 2 && strcmp(argv[1], "state") == 0)
		ret = file_read_fd(0, "stdin", MAX_SPEC_BYTES, &text, &e);
	else
		ret = err_set(&e, ERR_USAGE,
		    "vcs: a helper of flyte-register: state < PATHS");
	if (ret < 0 || answer(&text, &e) < 0)
		frame_write_error(stdout, &e);
	else
		frame_write(stdout, FRAME_END, STR(""), STR(""));
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : EXIT_SYSTEM;
}
