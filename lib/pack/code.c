#include "pack/code.h"

#include <sys/mman.h>

#include <fcntl.h>
#include <unistd.h>

#include "pack/frame.h"
#include "pack/helper.h"
#include "sys/file.h"

/* Runs a verb that answers with the archive's path. */
static int
ask(const char *helper, const char *const *args, int in, struct arena *a,
    const char **ret_path, struct err *e)
{
	c_helper struct helper h = HELPER_INIT;
	c_frame struct frame f = FRAME_INIT;
	int got;

	if (helper_start(&h, helper, args, in, -1, e) < 0)
		return -1;
	*ret_path = NULL;
	while ((got = frame_read(h.answer, &f, e)) > 0)
		if (f.kind == FRAME_CODE)
			*ret_path = arena_strndup(a, f.data.p, f.data.n);
	if (got < 0)
		return -1;
	return helper_end(&h, e);
}

int
code_archive(const char *helper, const struct code_file *at, size_t n,
    const char *dir, struct arena *a, const char **ret_path, struct err *e)
{
	const char *args[] = { "code", dir, NULL };
	c_close int fd = -1;
	FILE *f;
	size_t i;
	int bad;

	fd = memfd_create("files", MFD_CLOEXEC);
	f = fd < 0 ? NULL : fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 3), "w");
	if (f == NULL)
		return err_sys(e, "memfd_create");
	for (i = 0; i < n; i++)
		frame_write(f, FRAME_MEMBER, str_of(at[i].name),
		    str_of(at[i].path));
	frame_write(f, FRAME_END, STR(""), STR(""));
	bad = ferror(f);
	bad |= fclose(f) != 0;
	if (bad || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "memfd_create");
	return ask(helper, args, fd, a, ret_path, e);
}

int
code_folder(const char *helper, const char *folder, const char *not_this,
    const char *dir, struct arena *a, const char **ret_path, struct err *e)
{
	const char *args[] = { "folder", folder, dir, not_this, NULL };

	return ask(helper, args, -1, a, ret_path, e);
}

int
code_extract(const char *helper, const char *archive, const char *dir,
    struct err *e)
{
	const char *args[] = { "extract", archive, dir, NULL };
	c_arena struct arena a = ARENA_INIT;
	const char *none;

	return ask(helper, args, -1, &a, &none, e);
}
