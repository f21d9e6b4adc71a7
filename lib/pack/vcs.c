#include "pack/vcs.h"

#include <sys/mman.h>

#include <unistd.h>

#include "base/num.h"
#include "pack/frame.h"
#include "pack/helper.h"
#include "sys/file.h"

/* The paths, each ended by a NUL, in a file without a name. */
static int
path_file(const char *const *paths, size_t n, struct err *e)
{
	c_close int fd = -1;
	size_t i;

	fd = memfd_create("paths", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "memfd_create");
	for (i = 0; i < n; i++)
		if (file_write_all(fd, paths[i], strlen(paths[i]) + 1) < 0)
			return err_sys(e, "memfd_create");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "memfd_create");
	return TAKE(fd, -1);
}

static int
take_answer(const struct frame *f, struct vcs *ret, struct err *e)
{
	const char *text = f->data.p;
	int64_t state;

	if (str_is(strbuf_str(&f->name), "state")) {
		if (num_parse_i64(strbuf_str(&f->data), VCS_NONE, VCS_REFUSED,
		    &state) < 0)
			return err_set(e, ERR_SYS,
			    "the helper sent a broken frame");
		ret->state = (enum vcs_state)state;
	} else if (str_is(strbuf_str(&f->name), "commit")) {
		snprintf(ret->commit, sizeof(ret->commit), "%s", text);
	} else if (str_is(strbuf_str(&f->name), "note")) {
		snprintf(ret->note, sizeof(ret->note), "%s", text);
	}
	return 0;
}

int
vcs_ask(const char *helper, const char *home, const char *const *paths,
    size_t n, struct vcs *ret, struct err *e)
{
	const char *args[] = { "state", NULL };
	c_helper struct helper h = { .home = home, .proc = PROC_INIT };
	c_frame struct frame f = FRAME_INIT;
	c_close int in = -1;
	int got;

	*ret = (struct vcs){ .state = VCS_NONE };
	in = path_file(paths, n, e);
	if (in < 0 || helper_start(&h, helper, args, in, -1, e) < 0)
		return -1;
	while ((got = frame_read(h.answer, &f, e)) > 0)
		if (take_answer(&f, ret, e) < 0)
			return -1;
	if (got < 0)
		return -1;
	return helper_end(&h, e);
}

void
vcs_add_version(const struct vcs *v, const char *digest, struct strbuf *ret)
{
	switch (v->state) {
	case VCS_CLEAN:
		strbuf_adds(ret, v->commit);
		return;
	case VCS_DIRTY:
		strbuf_addf(ret, "%s-dirty-%.12s", v->commit, digest);
		return;
	case VCS_NONE:
	case VCS_REFUSED:
		break;
	}
	strbuf_addf(ret, "%.40s", digest);
}
