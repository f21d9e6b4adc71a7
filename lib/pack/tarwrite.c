#include "pack/tar.h"

#include <sys/stat.h>

#include <errno.h>
#include <unistd.h>

#include <archive.h>
#include <archive_entry.h>

#include "sys/file.h"

#define CHUNK	((size_t)64 * 1024)

/*
 * GNU's form of tar: a name is its bytes, whatever the locale, and no member
 * carries extended headers.
 */
struct tar_writer {
	struct archive		*archive;
	struct archive_entry	*entry;		/* used again for each */
	int64_t			 mtime;
};

static int
write_trouble(struct tar_writer *w, struct err *e)
{
	const char *text = archive_error_string(w->archive);

	errno = archive_errno(w->archive);
	if (errno > 0)
		return err_sys(e, "the archive cannot be written");
	return err_set(e, ERR_SYS, "the archive cannot be written: %s",
	    text == NULL ? "no reason given" : text);
}

struct tar_writer *
tar_create(int fd, int64_t mtime, struct err *e)
{
	struct tar_writer *w = xcalloc(1, sizeof(*w));

	w->mtime = mtime;
	w->archive = archive_write_new();
	w->entry = archive_entry_new();
	if (w->archive == NULL || w->entry == NULL)
		BUG("libarchive: no memory");
	if (archive_write_add_filter_gzip(w->archive) == ARCHIVE_OK &&
	    archive_write_set_filter_option(w->archive, "gzip", "timestamp",
	    NULL) == ARCHIVE_OK &&
	    archive_write_set_filter_option(w->archive, "gzip",
	    "compression-level", "6") == ARCHIVE_OK &&
	    archive_write_set_format_gnutar(w->archive) == ARCHIVE_OK &&
	    /* No zeros behind the gzip stream. */
	    archive_write_set_bytes_in_last_block(w->archive, 1) ==
	    ARCHIVE_OK &&
	    archive_write_open_fd(w->archive, fd) == ARCHIVE_OK)
		return w;
	(void)!write_trouble(w, e);
	tar_abort(w);
	return NULL;
}

void
tar_abort(struct tar_writer *w)
{
	if (w == NULL)
		return;
	archive_write_fail(w->archive);
	archive_write_free(w->archive);
	archive_entry_free(w->entry);
	free(w);
}

int
tar_finish(struct tar_writer *w, struct err *e)
{
	int ret = 0;

	if (archive_write_close(w->archive) != ARCHIVE_OK)
		ret = write_trouble(w, e);
	archive_write_free(w->archive);
	archive_entry_free(w->entry);
	free(w);
	return ret;
}

/* The header of a member: whoever owns the file, it is 0/0. */
static void
head(struct tar_writer *w, const char *name, mode_t type, mode_t mode,
    uint64_t size)
{
	archive_entry_clear(w->entry);
	archive_entry_set_pathname(w->entry, name);
	archive_entry_set_filetype(w->entry, type);
	archive_entry_set_perm(w->entry, (mode & 0111) != 0 ? 0755 : 0644);
	archive_entry_set_uid(w->entry, 0);
	archive_entry_set_gid(w->entry, 0);
	archive_entry_set_mtime(w->entry, w->mtime, 0);
	archive_entry_set_size(w->entry, (la_int64_t)size);
}

static int
put_head(struct tar_writer *w, struct err *e)
{
	if (archive_write_header(w->archive, w->entry) != ARCHIVE_OK)
		return write_trouble(w, e);
	return 0;
}

static int
put_bytes(struct tar_writer *w, const void *p, size_t n, struct err *e)
{
	la_ssize_t done = archive_write_data(w->archive, p, n);

	if (done < 0 || (size_t)done != n)
		return write_trouble(w, e);
	return 0;
}

int
tar_put(struct tar_writer *w, const char *name, mode_t mode,
    struct str bytes, struct err *e)
{
	head(w, name, S_IFREG, mode, bytes.n);
	if (put_head(w, e) < 0)
		return -1;
	return put_bytes(w, bytes.p, bytes.n, e);
}

int
tar_put_fd(struct tar_writer *w, const char *name, mode_t mode,
    uint64_t size, int fd, struct err *e)
{
	char buf[CHUNK];
	uint64_t done = 0;
	ssize_t n;

	head(w, name, S_IFREG, mode, size);
	if (put_head(w, e) < 0)
		return -1;
	for (;;) {
		n = file_read_some(fd, buf, sizeof(buf));
		if (n < 0)
			return err_sys(e, "%s", name);
		done += (uint64_t)n;
		if (n == 0 || done > size)
			break;
		if (put_bytes(w, buf, (size_t)n, e) < 0)
			return -1;
	}
	if (done != size)
		return err_set(e, ERR_SPEC,
		    "%s: changed while it was being packed", name);
	return 0;
}

int
tar_put_link(struct tar_writer *w, const char *name, const char *target,
    struct err *e)
{
	head(w, name, S_IFLNK, 0777, 0);
	archive_entry_set_symlink(w->entry, target);
	return put_head(w, e);
}
