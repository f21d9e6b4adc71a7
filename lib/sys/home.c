#include "sys/home.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sys/file.h"

#define FORMAT	"flyte-tools 1\n"

/* Longer than any line that will ever stand there. */
#define MAX_FORMAT_BYTES	((size_t)4096)

static void
add_path(struct strbuf *b, const char *home)
{
	strbuf_addf(b, "%s/format", home);
}

int
home_check(const char *home, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT, text = STRBUF_INIT;

	add_path(&path, home);
	if (file_read(AT_FDCWD, path.p, MAX_FORMAT_BYTES, &text, e) < 0) {
		if (e->kind != ERR_MISSING && (e->kind != ERR_SYS ||
		    e->sys != ENOTDIR))
			return -1;
		err_clear(e);
		return 0;
	}
	if (strcmp(text.p, FORMAT) == 0)
		return 0;
	while (text.n > 0 && text.p[text.n - 1] == '\n')
		strbuf_setlen(&text, text.n - 1);
	return err_set(e, ERR_CORRUPT, "%s: the layout is '%.40s', this "
	    "program knows '%.*s': use the programs that made it", path.p,
	    text.p, (int)sizeof(FORMAT) - 2, FORMAT);
}

int
home_make(const char *home, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	int rc;

	add_path(&path, home);
	if (access(path.p, F_OK) == 0)
		return 0;
	if (file_mkdirs(AT_FDCWD, home, e) < 0)
		return -1;
	rc = file_create(AT_FDCWD, path.p, FORMAT, sizeof(FORMAT) - 1,
	    FILE_RDONLY, e);
	return rc < 0 ? -1 : 0;
}
