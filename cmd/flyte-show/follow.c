/* What tasks print, as it comes. */

#include "show.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"
#include "idl/nodepath.h"
#include "record/field.h"
#include "record/journal.h"
#include "sys/file.h"

/* The shortest and longest time between two looks.  The longest is for file
 * systems that tell nothing of what other machines write. */
#define LOOK_MIN_MS	50
#define LOOK_MAX_MS	1000

/* An attempt whose logs are not printed to their end. */
struct live {
	char		*path;
	uint32_t	 number;
	struct job_log	 log[2];	/* stdout, stderr; to: once ended */
	int64_t		 sure[2];	/* up to where the log is its own */
	int		 whole[2];	/* what was printed ends a line */
	int		 ended;
};

/* The journal is read once: of each record only what prints is kept. */
struct follower {
	struct show		*show;
	const char		*dir;
	const char		*root;	/* path of the node, or NULL */
	int			 prefix;	/* of more than one node */
	struct journal_place	 place;
	enum sched_wf		 phase;
	int			 alive;
	int			 fresh;	/* an attempt was not yet measured */
	struct tree		 tree;
	VEC(struct live)	 live;
};

/* ---- records ------------------------------------------------------------ */

/* 1 if the node is what was asked for, or inside of it. */
static int
is_wanted(const struct follower *f, struct str path)
{
	size_t n;

	if (f->root == NULL)
		return 1;
	n = strlen(f->root);
	return path.n >= n && memcmp(path.p, f->root, n) == 0 &&
	    (path.n == n || path.p[n] == '/');
}

static void
read_start(struct follower *f, const struct tree *t)
{
	struct str path = field_text(t, "p");
	struct live fresh = { .whole = { 1, 1 },
	    .number = (uint32_t)field_int(t, "a") };
	int64_t v[3];
	size_t i, k;

	if (!field_three(t, "lo", v))
		return;
	for (k = 0; k < 2; k++) {
		fresh.log[k] = (struct job_log){ (unsigned)v[0], v[k + 1],
		    INT64_MAX };
		/* Who had the slot before died without a word. */
		for (i = 0; i < f->live.n; i++)
			if (!f->live.at[i].ended &&
			    f->live.at[i].log[k].slot == (unsigned)v[0])
				f->live.at[i].log[k].to = MIN(v[k + 1],
				    f->live.at[i].log[k].to);
	}
	if (path.p == NULL || !is_wanted(f, path) ||
	    (f->show->attempt >= 0 &&
	    fresh.number != (uint32_t)f->show->attempt))
		return;
	f->prefix |= f->root != NULL && path.n > strlen(f->root);
	fresh.path = xstrndup(path.p, path.n);
	VEC_PUSH(&f->live, fresh);
	f->fresh = 1;
}

static void
end_log(struct job_log *log, const struct tree *t, const char *key)
{
	int64_t v[3];

	log->to = field_three(t, key, v) ? v[2] : log->from;
}

static void
read_end(struct follower *f, const struct tree *t)
{
	struct str path = field_text(t, "p");
	int64_t number = field_int(t, "a");
	size_t i;

	for (i = f->live.n; i > 0; i--) {
		struct live *l = &f->live.at[i - 1];

		if (l->ended || l->number != number ||
		    !str_is(path, l->path))
			continue;
		l->ended = 1;
		end_log(&l->log[0], t, "out");
		end_log(&l->log[1], t, "err");
		return;
	}
}

static void
read_phase(struct follower *f, const struct tree *t)
{
	enum sched_wf phase = field_wf(t);

	if (phase != SCHED_WF_UNDEFINED)
		f->phase = phase;
}

static int
read_record(const struct journal_line *line, void *arg, struct err *e)
{
	struct follower *f = arg;
	const struct tree *t = &f->tree;
	struct str kind;

	if (json_parse_tree(line->json, &f->tree, e) < 0)
		return err_wrap(e, "%s/journal", f->dir);
	kind = field_text(t, "r");
	if (str_is(kind, "start"))
		read_start(f, t);
	else if (str_is(kind, "end"))
		read_end(f, t);
	else if (str_is(kind, "workflow"))
		read_phase(f, t);
	return 0;
}

/* ---- whose is what is in a log ------------------------------------------ */

static void
add_log_path(struct strbuf *b, const struct follower *f,
    const struct live *l, int is_err)
{
	strbuf_addf(b, "%s/logs/%u.%s", f->dir, l->log[is_err].slot,
	    is_err ? "err" : "out");
}

static int
measure(const struct follower *f, struct live *l, int is_err, struct err *e)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	struct stat st;

	add_log_path(&path, f, l, is_err);
	if (stat(path.p, &st) == 0)
		l->sure[is_err] = st.st_size;
	else if (errno != ENOENT)
		return err_sys(e, "%s", path.p);
	return 0;
}

static int
measure_all(struct follower *f, struct err *e)
{
	size_t i;

	for (i = 0; i < f->live.n; i++)
		if (measure(f, &f->live.at[i], 0, e) < 0 ||
		    measure(f, &f->live.at[i], 1, e) < 0)
			return -1;
	return 0;
}

/*
 * Attempts follow one another in a log, and the next is started only when the
 * end of the last is in the journal.  So the log is measured first: if the
 * journal then knows of no end, all that was there is of the attempt.  After
 * it, the log may have bytes of one that the journal told nothing of.
 */
static int
read_news(struct follower *f, struct err *e)
{
	int turns = 2;		/* the second for those the first began */

	do {
		f->fresh = 0;
		if (measure_all(f, e) < 0 || journal_read_on(f->dir,
		    &f->place, read_record, f, e) < 0)
			return -1;
	} while (f->fresh && --turns > 0);
	return 0;
}

/* ---- printing ----------------------------------------------------------- */

static int
put_part(struct follower *f, struct live *l, int is_err, struct err *e)
{
	c_strbuf struct strbuf prefix = STRBUF_INIT, path = STRBUF_INIT;
	struct job_log *log = &l->log[is_err];
	int64_t to = l->ended ? log->to : MIN(log->to, l->sure[is_err]);
	c_close int fd = -1;

	if (log->from >= to)
		return 0;
	add_log_path(&path, f, l, is_err);
	fd = open(path.p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_sys(e, "%s", path.p);
	if (f->prefix) {
		strbuf_reset(&path);
		nodepath_add(&path, str_of(l->path));
		utf8_add_shown(&prefix, strbuf_str(&path));
		if (l->number > 0)
			strbuf_addf(&prefix, "#%u", l->number);
		strbuf_adds(&prefix, " | ");
	}
	log->from = print_log(fd, log->from, to, &prefix,
	    !l->ended && f->alive, &l->whole[is_err], e);
	return log->from < 0 ? -1 : 0;
}

/* What is new; attempts that ended are forgotten. */
static int
put_new(struct follower *f, struct err *e)
{
	size_t i, n = 0;

	for (i = 0; i < f->live.n; i++)
		if (put_part(f, &f->live.at[i], 0, e) < 0 ||
		    put_part(f, &f->live.at[i], 1, e) < 0)
			return -1;
	for (i = 0; i < f->live.n; i++)
		if (f->live.at[i].ended)
			free(f->live.at[i].path);
		else
			f->live.at[n++] = f->live.at[i];
	f->live.n = n;
	return fflush(stdout) == 0 ? 0 : err_sys(e, "standard output");
}

/* ---- waiting ------------------------------------------------------------ */

static int64_t
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Tells of changes in the execution's folder; a failure is no harm. */
static void
watch(int fd, const char *dir)
{
	c_strbuf struct strbuf logs = STRBUF_INIT;
	uint32_t mask = IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_CLOSE_WRITE;

	if (fd < 0)
		return;
	strbuf_addf(&logs, "%s/logs", dir);
	if (inotify_add_watch(fd, dir, mask) < 0 ||
	    inotify_add_watch(fd, logs.p, mask) < 0)
		return;
}

/* Waits for a change, and at least so long that looking stays cheap. */
static void
wait_change(int fd, int64_t look_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct timespec rest;
	char buf[4096];
	int64_t least = MIN(MAX(4 * look_ms, LOOK_MIN_MS), LOOK_MAX_MS);

	rest = (struct timespec){ least / 1000, least % 1000 * 1000000 };
	nanosleep(&rest, NULL);
	(void)poll(&p, 1, (int)(LOOK_MAX_MS - least));
	while (fd >= 0 && read(fd, buf, sizeof(buf)) > 0)
		continue;
}

static int
look_once(struct follower *f)
{
	struct err e;
	int alive = journal_alive(f->dir, &e);

	/* Asked first: what ends between the two is read as ended. */
	f->alive = alive > 0;
	if (alive < 0 || read_news(f, &e) < 0 || put_new(f, &e) < 0)
		return fail(&f->show->ctx, &e);
	return look_end_status(&f->show->ctx, look_phase_of(f->phase,
	    f->alive), f->show->id.name, 0);
}

int
show_follow(struct show *s, const struct look *l, uint32_t root)
{
	struct follower f = { .show = s, .dir = l->history.dir,
	    .root = root == LOOK_NONE ? NULL : l->items.at[root].path.p };
	c_close int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int64_t before;
	int status;
	size_t i;

	f.prefix = root == LOOK_NONE || l->items.at[root].first != LOOK_NONE;
	tree_init(&f.tree);
	for (;;) {
		watch(fd, f.dir);
		before = now_ms();
		status = look_once(&f);
		if (status >= 0)
			break;
		wait_change(fd, now_ms() - before);
	}
	for (i = 0; i < f.live.n; i++)
		free(f.live.at[i].path);
	VEC_RELEASE(&f.live);
	tree_release(&f.tree);
	return status;
}
