#include "spec/files.h"

#include <fcntl.h>

#include "base/limits.h"
#include "data/json.h"
#include "spec/load.h"
#include "sys/digest.h"
#include "sys/file.h"

static int
has_dotdot(struct str s)
{
	const char *p = s.p, *end = s.p + s.n, *slash;

	for (; p < end; p = slash + 1) {
		slash = memchr(p, '/', (size_t)(end - p));
		if (slash == NULL)
			slash = end;
		if (slash - p == 2 && p[0] == '.' && p[1] == '.')
			return 1;
	}
	return 0;
}

char *
files_path(struct load *l, uint32_t node)
{
	char *path = shape_text(l, node, "the path of a file");
	struct str s;

	if (path == NULL)
		return NULL;
	s = str_of(path);
	if (s.n == 0 || s.p[0] == '/' || has_dotdot(s)) {
		shape_fault(l, DIAG_BAD_VALUE, node, "\"%s\" is not below "
		    "the folder of the spec", path);
		diag_hint(l->ds, "give a path relative to the spec, without "
		    "..; a file from elsewhere is an input");
		return NULL;
	}
	while (str_starts(s, "./")) {
		s.p += 2;
		s.n -= 2;
	}
	return shape_strdup(l, s);
}

/* Name, mode and content of each entry: what the digest of a tree covers. */
static int
digest_entry(void *arg, const struct walk_entry *w, struct err *e)
{
	struct sha256 *h = arg;
	struct digest d = { { 0 } };
	c_close int fd = -1;
	char kind = S_ISDIR(w->st->st_mode) ? 'd' :
	    w->st->st_mode & S_IXUSR ? 'x' : 'f';

	if (!S_ISDIR(w->st->st_mode) && !S_ISREG(w->st->st_mode))
		return err_set(e, ERR_SPEC, "%s: neither a file nor a folder",
		    w->path);
	if (S_ISREG(w->st->st_mode)) {
		fd = openat(w->dirfd, w->name, O_RDONLY | O_CLOEXEC |
		    O_NOFOLLOW);
		if (fd < 0)
			return err_sys(e, "%s", w->path);
		if (sha256_fd(fd, w->path, &d, NULL, e) < 0)
			return -1;
	}
	sha256_update(h, w->path, strlen(w->path) + 1);
	sha256_update(h, &kind, 1);
	sha256_update(h, d.b, sizeof(d.b));
	return 0;
}

int
files_add(struct load *l, uint32_t node, const char *path, const char *task,
    struct strbuf *json)
{
	struct spec_file f = { path, task };
	c_strbuf struct strbuf b = STRBUF_INIT;
	c_close int dir = -1;
	struct digest d;
	struct sha256 h;
	struct err e;

	strbuf_adds(json, json->n > 0 ? ", " : "");
	json_add_string(json, str_of(path));
	if (l->opt->dir != NULL) {
		load_add_read(l, path);
		sha256_init(&h);
		dir = file_open_dir(AT_FDCWD, l->opt->dir, 0, &e);
		if (dir < 0 || file_walk(dir, path, digest_entry, &h,
		    &e) < 0) {
			shape_fault(l, DIAG_BAD_VALUE, node, "%s", e.msg);
			return -1;
		}
		sha256_final(&h, d.b);
		strbuf_adds(&b, "sha256:");
		hex_add(&b, d.b, sizeof(d.b));
	}
	strbuf_addf(json, ": \"%s\"", b.p);
	load_add_file(l, &f);
	return 0;
}

int
files_read(struct load *l, uint32_t node, const char *path, struct str *ret)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	c_close int dir = -1;
	struct err e;

	if (l->opt->dir == NULL) {
		shape_fault(l, DIAG_BAD_VALUE, node, "\"%s\" cannot be read: "
		    "the spec does not come from a folder", path);
		return -1;
	}
	load_add_read(l, path);
	dir = file_open_dir(AT_FDCWD, l->opt->dir, 0, &e);
	if (dir < 0 || file_read(dir, path, MAX_SPEC_BYTES, &b, &e) < 0) {
		shape_fault(l, DIAG_BAD_VALUE, node, "%s", e.msg);
		return -1;
	}
	*ret = arena_str(l->a, strbuf_str(&b));
	return 0;
}
