#include "store/gc_home.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "store/handle.h"
#include "sys/lock.h"

#define SCAN_SIZE	((size_t)1024 * 1024)
#define SCHEME		"blob:sha256:"
#define SCHEME_SIZE	(sizeof(SCHEME) - 1)
#define URI_SIZE	(SCHEME_SIZE + DIGEST_HEX + 1)
/* Folders above an execution's own: PROJECT/DOMAIN/XX/ID. */
#define EXECUTION_DEPTH	4

/* What tasks left in an execution's folder is none of ours, however deep. */
static int
is_inside_execution(const char *path)
{
	int n = 0;

	for (; *path != '\0'; path++)
		n += *path == '/';
	return n >= EXECUTION_DEPTH;
}

/* ---- journals ------------------------------------------------------------ */

struct naming {
	int64_t		 since;
	named_fn	*fn;
	void		*arg;
};

/* As a file and as a tree: which it is the text alone does not tell. */
static void
tell(struct naming *n, const char *at, size_t left)
{
	if (left >= URI_SIZE - 1)
		n->fn(n->arg, (struct str){ at, URI_SIZE - 1 });
	if (left >= URI_SIZE)
		n->fn(n->arg, (struct str){ at, URI_SIZE });
}

/* Looks for blob: URIs in a file, whatever else it holds. */
static int
scan(struct naming *n, int fd, struct err *e)
{
	c_free char *buf = xmalloc(SCAN_SIZE);
	size_t have = 0;
	char *at, *from;
	ssize_t got;

	while ((got = file_read_some(fd, buf + have, SCAN_SIZE - have)) != 0) {
		if (got < 0)
			return err_sys(e, "journal");
		have += (size_t)got;
		for (from = buf; (at = memmem(from, (size_t)(buf + have - from),
		    SCHEME, SCHEME_SIZE)) != NULL; from = at + SCHEME_SIZE)
			tell(n, at, (size_t)(buf + have - at));
		/* One may lie across the end. */
		if (have > URI_SIZE) {
			memmove(buf, buf + have - URI_SIZE, URI_SIZE);
			have = URI_SIZE;
		}
	}
	return 0;
}

/* A literal of an execution that is too long for its journal. */
static int
visit_literal(void *arg, const struct walk_entry *at, struct err *e)
{
	c_close int fd = -1;

	if (!S_ISREG(at->st->st_mode))
		return 0;
	fd = openat(at->dirfd, at->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "%s", at->path);
	return scan(arg, fd, e);
}

/* What an execution names: in its journal, and in the folder beside it. */
static int
scan_execution(struct naming *n, int dirfd, int journal, struct err *e)
{
	if (scan(n, journal, e) < 0)
		return -1;
	return file_walk(dirfd, "literals", visit_literal, n, e) < 0 &&
	    e->kind != ERR_MISSING ? -1 : 0;
}

/* The beginning of the last whole line, as far as it tells of an end. */
static int
last_line(int fd, off_t size, char *ret, size_t max, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t n = 4096;
	const char *end, *from;
	ssize_t got;

	for (;; n *= 8) {
		n = MIN(n, (size_t)size);
		strbuf_reset(&b);
		strbuf_grow(&b, n);
		got = pread(fd, b.p, n, size - (off_t)n);
		if (got < 0)
			return err_sys(e, "journal");
		end = memrchr(b.p, '\n', (size_t)got);
		from = end == NULL ? NULL :
		    memrchr(b.p, '\n', (size_t)(end - b.p));
		if (from != NULL || n == (size_t)size)
			break;
	}
	ret[0] = '\0';
	if (from != NULL)
		snprintf(ret, max, "%.*s", (int)MIN((size_t)(end - from - 1),
		    max - 1), from + 1);
	return 0;
}

/*
 * 1 if the last record says that the execution has ended (flyte-store(5)).
 * One that was interrupted will go on with what it has.
 */
static int
has_ended(int fd, off_t size, struct err *e)
{
	static const char *const final[] = { "SUCCEEDED", "FAILED", "ABORTED" };
	char line[128], want[64];
	size_t i;

	if (last_line(fd, size, line, sizeof(line), e) < 0)
		return -1;
	for (i = 0; i < ARRAY_LEN(final); i++) {
		snprintf(want, sizeof(want), " {\"r\": \"workflow\", \"s\": "
		    "\"%s\"", final[i]);
		if (strstr(line, want) != NULL)
			return 1;
	}
	return 0;
}

static int
visit_journal(void *arg, const struct walk_entry *at, struct err *e)
{
	struct naming *n = arg;
	c_close int fd = -1;
	int ended = 0;

	if (S_ISDIR(at->st->st_mode))
		return is_inside_execution(at->path);
	if (!S_ISREG(at->st->st_mode) || strcmp(at->name, "journal") != 0)
		return 0;
	fd = openat(at->dirfd, at->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(e, "executions/%s",
		    at->path);
	if (at->st->st_mtim.tv_sec <= n->since)
		ended = has_ended(fd, at->st->st_size, e);
	if (ended < 0)
		return -1;
	return ended ? 0 : scan_execution(n, at->dirfd, fd, e);
}

int
gc_journals(int home_fd, int64_t since, named_fn *fn, void *arg,
    struct err *e)
{
	struct naming n = { since, fn, arg };

	if (file_walk(home_fd, "executions", visit_journal, &n, e) < 0 &&
	    e->kind != ERR_MISSING)
		return -1;
	return 0;
}

/* ---- temporary files ----------------------------------------------------- */

struct temps {
	const char	*folder;	/* that is walked */
	int64_t		 now;
	walk_fn		*fn;
	void		*arg;
};

/* 1 if what is in a folder was written by tasks, or is walked by itself. */
static int
to_skip(const struct temps *t, const struct walk_entry *at)
{
	if (strcmp(t->folder, ".") == 0)
		return 1;
	return strcmp(t->folder, "executions") == 0 &&
	    is_inside_execution(at->path) && strcmp(at->name, "control") != 0;
}

static int
visit_temp(void *arg, const struct walk_entry *at, struct err *e)
{
	struct temps *t = arg;

	if (at->path[0] == '\0')
		return 0;
	if (temp_is_stale(at->name, at->st, t->now))
		return t->fn(t->arg, at, e) < 0 ? -1 : 1;
	return S_ISDIR(at->st->st_mode) && to_skip(t, at);
}

int
gc_temps(int home_fd, int64_t now, walk_fn *fn, void *arg, struct err *e)
{
	static const char *const folders[] = {
		".", "blobs/tmp", "closures", "executions", "registry",
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(folders); i++) {
		struct temps t = { folders[i], now, fn, arg };

		if (file_walk(home_fd, folders[i], visit_temp, &t, e) < 0 &&
		    e->kind != ERR_MISSING)
			return -1;
	}
	return 0;
}
