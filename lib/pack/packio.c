/* package_read and package_write: the tool's side of libexec/flyte/pack. */

#include "pack/package.h"

#include <sys/mman.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/limits.h"
#include "idl/wire.h"
#include "pack/frame.h"
#include "pack/helper.h"
#include "sys/file.h"

static int
take_frames(struct helper *h, struct package_reader *r, struct err *e)
{
	c_frame struct frame f = FRAME_INIT;
	uint64_t total = 0;
	int got;

	while ((got = frame_read(h->answer, &f, e)) > 0) {
		total += f.data.n;
		if (total > MAX_PACK_ENTITY_BYTES)
			return err_set(e, ERR_SPEC,
			    "entities of more than the %llu MiB allowed",
			    (unsigned long long)(MAX_PACK_ENTITY_BYTES >> 20));
		if (package_add(r, f.name.p, strbuf_str(&f.data), e) < 0)
			return -1;
		if (f.kind == FRAME_CODE && f.data.n > 0)
			r->package->code_path = arena_strdup(r->arena,
			    f.data.p);
	}
	if (got < 0)
		return -1;
	return helper_end(h, e);
}

int
package_read(const char *helper, const char *path, const char *code_dir,
    struct arena *a, struct package *ret, struct err *e)
{
	const char *args[] = { "read", path, code_dir, NULL };
	c_helper struct helper h = HELPER_INIT;
	struct package_reader r;
	int bad;

	if (helper_start(&h, helper, args, -1, -1, e) < 0)
		return -1;
	package_reader_init(&r, ret, a);
	bad = take_frames(&h, &r, e) < 0 || package_end(&r, e) < 0;
	package_reader_release(&r);
	return bad ? err_wrap(e, "%s", path) : 0;
}

/* The members as frames, in a file without a name. */
static int
member_file(const struct entity *at, size_t n, const char *code_path,
    int *ret, struct err *e)
{
	c_strbuf struct strbuf name = STRBUF_INIT;
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	c_close int fd = -1;
	FILE *f;
	size_t i;
	int bad;

	fd = memfd_create("package", MFD_CLOEXEC);
	if (fd < 0)
		return err_sys(e, "memfd_create");
	f = fdopen(fcntl(fd, F_DUPFD_CLOEXEC, 3), "w");
	if (f == NULL)
		return err_sys(e, "memfd_create");
	for (i = 0; i < n; i++) {
		strbuf_reset(&name);
		strbuf_reset(&bytes);
		package_member_name(&name, i, n, &at[i]);
		wire_pack(entity_message(&at[i]), &bytes);
		frame_write(f, FRAME_MEMBER, strbuf_str(&name),
		    strbuf_str(&bytes));
	}
	if (code_path != NULL)
		frame_write(f, FRAME_CODE, STR(""), str_of(code_path));
	frame_write(f, FRAME_END, STR(""), STR(""));
	bad = ferror(f);
	bad |= fclose(f) != 0;
	if (bad || lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(e, "the package cannot be put together");
	*ret = TAKE(fd, -1);
	return 0;
}

/* Runs a verb that answers with nothing but an end. */
static int
run_helper(const char *helper, const char *const *args, int in, int out,
    struct err *e)
{
	c_helper struct helper h = HELPER_INIT;
	c_frame struct frame f = FRAME_INIT;
	int got;

	if (helper_start(&h, helper, args, in, out, e) < 0)
		return -1;
	while ((got = frame_read(h.answer, &f, e)) > 0)
		;
	if (got < 0)
		return -1;
	return helper_end(&h, e);
}

int
package_write(const char *helper, const char *path, const struct entity *at,
    size_t n, const char *code_path, int64_t mtime, struct err *e)
{
	c_temp struct temp out = TEMP_INIT;
	c_close int in = -1;
	char seconds[24];
	const char *args[] = { "write", seconds, NULL };

	snprintf(seconds, sizeof(seconds), "%lld", (long long)mtime);
	if (member_file(at, n, code_path, &in, e) < 0 ||
	    temp_open(AT_FDCWD, path, 0, &out, e) < 0)
		return -1;
	if (run_helper(helper, args, in, out.fd, e) < 0)
		return err_wrap(e, "%s", path);
	return temp_replace(&out, 0, e);
}
