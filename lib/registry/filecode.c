/*
 * Code that registered tasks need: .code/NAME in the registry, where NAME is
 * the content's digest, "sha256-HEX.d" for a folder, "sha256-HEX.tar.gz" for
 * a code archive, "sha256-HEX" for another file.
 */

#include "registry/filereg.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "spec/lower.h"
#include "sys/digest.h"
#include "sys/file.h"

#define FOLDER	".code"
#define SCHEME	"code:"

/* ---- names -------------------------------------------------------------- */

static int
add_entry(void *arg, const struct walk_entry *w, struct err *e)
{
	struct sha256 *h = arg;
	struct digest d = { { 0 } };
	c_close int fd = -1;
	char target[4096], kind = 'f';
	ssize_t n = 0;

	if (S_ISREG(w->st->st_mode)) {
		kind = (w->st->st_mode & 0100) != 0 ? 'x' : 'f';
		fd = openat(w->dirfd, w->name, O_RDONLY | O_CLOEXEC |
		    O_NOFOLLOW);
		if (fd < 0)
			return err_sys(e, "%s", w->path);
		if (sha256_fd(fd, w->path, &d, NULL, e) < 0)
			return -1;
	} else if (S_ISLNK(w->st->st_mode)) {
		kind = 'l';
		n = readlinkat(w->dirfd, w->name, target, sizeof(target));
		if (n < 0)
			return err_sys(e, "%s", w->path);
	} else if (S_ISDIR(w->st->st_mode)) {
		kind = 'd';
	} else {
		return err_set(e, ERR_SPEC, "%s: neither a file, a folder nor "
		    "a link", w->path);
	}
	sha256_update(h, &kind, 1);
	sha256_update(h, w->path, strlen(w->path) + 1);
	sha256_update(h, d.b, sizeof(d.b));
	sha256_update(h, target, (size_t)n);
	sha256_update(h, "", 1);
	return 0;
}

int
filereg_add_code_name(struct strbuf *b, const char *path, struct err *e)
{
	unsigned char digest[DIGEST_SIZE];
	struct sha256 h;
	struct stat st;

	if (stat(path, &st) < 0)
		return err_sys(e, "%s", path);
	sha256_init(&h);
	if (file_walk(AT_FDCWD, path, add_entry, &h, e) < 0)
		return -1;
	sha256_final(&h, digest);
	strbuf_adds(b, "sha256-");
	hex_add(b, digest, sizeof(digest));
	if (S_ISDIR(st.st_mode))
		strbuf_adds(b, ".d");
	else if (str_ends(str_of(path), ".tar.gz"))
		strbuf_adds(b, ".tar.gz");
	return 0;
}

/* ---- keeping ------------------------------------------------------------ */

static int
make_read_only(void *arg, const struct walk_entry *w, struct err *e)
{
	mode_t mode = S_ISDIR(w->st->st_mode) ||
	    (w->st->st_mode & 0100) != 0 ? 0555 : 0444;

	(void)arg;
	if (!S_ISLNK(w->st->st_mode) &&
	    fchmodat(w->dirfd, w->name, mode, 0) < 0)
		return err_sys(e, "%s", w->path);
	return 0;
}

/* Copies under a temporary name, then gives it its own by one rename. */
static int
copy_in(int dir, const char *path, const char *name, struct err *e)
{
	char temp[TEMP_NAME_MAX];
	struct err dropped;
	int bad;

	temp_name(temp);
	bad = file_copy(AT_FDCWD, path, dir, temp, e) < 0 ||
	    file_walk(dir, temp, make_read_only, NULL, e) < 0;
	/* On the disk before anything that needs it is registered. */
	if (!bad && syncfs(dir) < 0)
		bad = err_sys(e, "%s", name) < 0;
	if (!bad && renameat(dir, temp, dir, name) == 0)
		return fsync(dir) < 0 ? err_sys(e, "%s", name) : 0;
	/* Another was first. */
	if (!bad && errno != EEXIST && errno != ENOTEMPTY)
		bad = err_sys(e, "%s", name) < 0;
	if (file_remove(dir, temp, &dropped) < 0 && !bad) {
		*e = dropped;
		bad = 1;
	}
	return bad ? -1 : 0;
}

int
filereg_keep(struct registry *base, const char *path, int dry_run,
    struct arena *a, const char **ret_uri, struct err *e)
{
	struct filereg *r = filereg_of(base);
	c_strbuf struct strbuf name = STRBUF_INIT;
	c_close int dir = -1;

	if (filereg_add_code_name(&name, path, e) < 0)
		return -1;
	*ret_uri = arena_printf(a, SCHEME "%s", name.p);
	if (dry_run)
		return 0;
	if (filereg_root(r, 1, e) < 0)
		return -1;
	dir = file_open_dir(r->fd, FOLDER, 1, e);
	if (dir < 0)
		return err_wrap(e, "registry %s", r->dir);
	if (faccessat(dir, name.p, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return 0;
	if (copy_in(dir, path, name.p, e) < 0)
		return err_wrap(e, "registry %s/" FOLDER, r->dir);
	return 0;
}

/* ---- finding again ------------------------------------------------------ */

struct locating {
	const char	*dir;		/* absolute, of the registry */
	struct arena	*arena;
};

/* Only names such as are given above: a package may say anything. */
static int
is_code_uri(const char *text)
{
	const char *name = text + strlen(SCHEME);

	return strncmp(text, SCHEME "sha256-", strlen(SCHEME "sha256-")) ==
	    0 && name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-")]
	    == '\0' && strstr(name, "..") == NULL;
}

int
filereg_code_name(const char *text, struct strbuf *ret)
{
	if (!is_code_uri(text))
		return 0;
	strbuf_addf(ret, FOLDER "/%s", text + strlen(SCHEME));
	return 1;
}

static void
locate_text(struct locating *l, char **text)
{
	if (is_code_uri(*text))
		*text = arena_printf(l->arena, "%s/" FOLDER "/%s", l->dir,
		    *text + strlen(SCHEME));
}

void
filereg_locate(struct registry *base, pb_task_template *t, struct arena *a)
{
	struct filereg *r = filereg_of(base);
	struct locating l = { NULL, a };
	size_t i;

	if (r->real == NULL)
		r->real = realpath(r->dir, NULL);
	if (r->real == NULL)
		return;
	l.dir = r->real;
	for (i = 0; i < t->n_config; i++)
		if (strcmp(t->config[i]->key, LOWER_CODE) == 0)
			locate_text(&l, &t->config[i]->value);
	if (t->target_case == FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER)
		for (i = 0; i < t->container->n_args; i++)
			locate_text(&l, &t->container->args[i]);
}
