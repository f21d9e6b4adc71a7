/* What tasks printed: now, or as it comes. */

#include "show.h"

#include <poll.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>

#include "base/utf8.h"
#include "sys/file.h"

#define CHUNK		((size_t)64 * 1024)
#define TAIL_BYTES	((int64_t)4096)
/* Following: the shortest and longest time between two looks.  The longest
 * is for file systems that tell nothing of what other machines write. */
#define LOOK_MIN_MS	50
#define LOOK_MAX_MS	1000

int
add_log_tail(const struct look *l, const struct history_attempt *a,
    int is_err, unsigned n, struct strbuf *b, struct err *e)
{
	char buf[TAIL_BYTES];
	int64_t from, to;
	const char *p;
	ssize_t got;
	c_close int fd = look_open_log(&l->history, a, is_err, &from, &to,
	    e);

	if (fd < 0)
		return fd == -2 ? 0 : -1;
	if (to - from > TAIL_BYTES)
		from = to - TAIL_BYTES;
	got = pread(fd, buf, (size_t)(to - from), from);
	if (got < 0)
		return err_sys(e, "%s/logs", l->history.dir);
	p = buf + got;
	if (p > buf && p[-1] == '\n')
		p--;
	while (p > buf && (p[-1] != '\n' || --n > 0))
		p--;
	strbuf_add(b, p, (size_t)(buf + got - p));
	return 0;
}

/* ---- printing ----------------------------------------------------------- */

/* How much of an attempt was printed. */
struct position {
	int64_t	at[2];		/* stdout, stderr; -1: nothing yet */
	int	whole[2];	/* the last byte printed ended a line */
};

struct printer {
	struct show		*show;
	struct map		 index;	/* "path#attempt" to positions */
	VEC(struct position)	 positions;
	struct arena		 arena;	/* keys */
	int			 prefix;	/* of more than one node */
};

static struct position *
position_of(struct printer *p, const struct history_node *n,
    const struct history_attempt *a)
{
	struct position fresh = { { -1, -1 }, { 1, 1 } };
	char *key = arena_printf(&p->arena, STR_FMT "#%u", STR_ARG(n->path),
	    a->number);
	uint32_t at = map_get(&p->index, str_of(key));

	if (at == MAP_NONE) {
		at = (uint32_t)p->positions.n;
		VEC_PUSH(&p->positions, fresh);
		map_put(&p->index, str_of(key), at);
	}
	return &p->positions.at[at];
}

static void
add_prefix(struct strbuf *b, const struct printer *p,
    const struct history_node *n, const struct history_attempt *a)
{
	c_strbuf struct strbuf brief = STRBUF_INIT;

	if (!p->prefix)
		return;
	execution_add_brief(&brief, n->path);
	utf8_add_shown(b, strbuf_str(&brief));
	if (n->n_attempts > 1)
		strbuf_addf(b, "#%u", a->number);
	strbuf_adds(b, " | ");
}

/* Text behind prefixes; *whole: the line before has ended. */
static void
put_text(const struct strbuf *prefix, struct str text, int *whole)
{
	const char *p = text.p, *end = text.p + text.n, *nl;

	if (prefix->n == 0) {
		fwrite(text.p, 1, text.n, stdout);
		return;
	}
	while (p < end) {
		if (*whole)
			fwrite(prefix->p, 1, prefix->n, stdout);
		nl = memchr(p, '\n', (size_t)(end - p));
		*whole = nl != NULL;
		nl = nl == NULL ? end : nl + 1;
		fwrite(p, 1, (size_t)(nl - p), stdout);
		p = nl;
	}
}

/* Bytes of a chunk to print: of what is still written to, whole lines. */
static size_t
printable(const char *buf, size_t n, int more)
{
	const char *nl;

	if (!more || n == CHUNK)
		return n;
	nl = memrchr(buf, '\n', n);
	return nl == NULL ? 0 : (size_t)(nl - buf) + 1;
}

static int
put_part(struct printer *p, const struct look *l,
    const struct history_node *n, const struct history_attempt *a,
    int is_err, struct err *e)
{
	struct position *pos = position_of(p, n, a);
	c_strbuf struct strbuf prefix = STRBUF_INIT;
	c_free char *buf = NULL;
	int64_t from, to;
	size_t use;
	ssize_t got;
	c_close int fd = look_open_log(&l->history, a, is_err, &from, &to,
	    e);

	if (fd < 0)
		return fd == -2 ? 0 : -1;
	buf = xmalloc(CHUNK);
	add_prefix(&prefix, p, n, a);
	from = MAX(from, pos->at[is_err]);
	while (from < to) {
		got = pread(fd, buf, MIN(CHUNK, (size_t)(to - from)), from);
		if (got < 0)
			return err_sys(e, "%s/logs", l->history.dir);
		use = printable(buf, (size_t)got, p->show->follow &&
		    a->ended == 0 && l->alive);
		if (use == 0)
			break;
		put_text(&prefix, (struct str){ buf, use },
		    &pos->whole[is_err]);
		from += (int64_t)use;
	}
	pos->at[is_err] = from;
	if (prefix.n > 0 && !pos->whole[is_err] && from >= to) {
		putchar('\n');
		pos->whole[is_err] = 1;
	}
	return 0;
}

/* 1 if the item is what was asked for, or inside of it. */
static int
wanted(const struct look *l, uint32_t at, uint32_t root)
{
	for (; at != LOOK_NONE; at = l->items.at[at].parent)
		if (at == root)
			return 1;
	return root == LOOK_NONE;
}

static int
put_new(struct printer *p, const struct look *l, uint32_t root, struct err *e)
{
	size_t i, k;

	for (i = 0; i < l->items.n; i++) {
		const struct history_node *n = l->items.at[i].node;

		if (n == NULL || n->n_attempts == 0 ||
		    !wanted(l, (uint32_t)i, root))
			continue;
		for (k = 0; k < n->n_attempts; k++) {
			const struct history_attempt *a = &n->attempts[k];

			if (p->show->attempt >= 0 &&
			    a->number != (uint32_t)p->show->attempt)
				continue;
			if (put_part(p, l, n, a, 0, e) < 0 ||
			    put_part(p, l, n, a, 1, e) < 0)
				return -1;
		}
	}
	return fflush(stdout) == 0 ? 0 : err_sys(e, "standard output");
}

/* ---- following ---------------------------------------------------------- */

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
end_status(struct show *s, const struct look *l)
{
	switch (look_phase(l)) {
	case LOOK_SUCCEEDED:
		return EXIT_DONE;
	case LOOK_FAILED:
	case LOOK_ABORTED:
		return EXIT_FAILED;
	case LOOK_INTERRUPTED:
		warn(&s->ctx, "%s was interrupted; go on with: flyte-run "
		    "--resume %s", l->history.id.name, l->history.id.name);
		return EXIT_BUSY;
	case LOOK_RUNNING:
	case LOOK_PHASE_MAX:
	default:
		return -1;
	}
}

/* Of a task that was reused nothing is here to be printed. */
static void
tell_reused(struct show *s, const struct look *l, uint32_t at)
{
	const struct history_node *n = at == LOOK_NONE ? NULL :
	    l->items.at[at].node;

	if (n != NULL && n->cache != NULL && n->n_attempts == 0 &&
	    strcmp(n->cache, "HIT") == 0)
		warn(&s->ctx, "%s/%s: reused from the cache, so it printed "
		    "nothing", l->history.id.name, s->path);
}

/* One look: prints what is new.  -1: go on; else the status. */
static int
look_once(struct printer *p)
{
	struct show *s = p->show;
	c_look struct look l;
	uint32_t root = LOOK_NONE;
	struct err e;

	if (look_open(s->home, &s->id, &l, &e) < 0)
		return fail(&s->ctx, &e);
	if (s->path != NULL && look_find(&l, s->path, &root, &e) < 0)
		return fail(&s->ctx, &e);
	p->prefix = root == LOOK_NONE || l.items.at[root].first != LOOK_NONE;
	if (put_new(p, &l, root, &e) < 0)
		return fail(&s->ctx, &e);
	if (!s->follow)
		tell_reused(s, &l, root);
	return s->follow ? end_status(s, &l) : EXIT_DONE;
}

int
show_logs(struct show *s)
{
	struct printer p = { .show = s };
	c_strbuf struct strbuf dir = STRBUF_INIT;
	c_close int fd = -1;
	int64_t before;
	int status;

	execution_add_dir(&dir, s->home, &s->id);
	if (s->follow)
		fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	for (;;) {
		watch(fd, dir.p);
		before = now_ms();
		status = look_once(&p);
		if (status >= 0)
			break;
		wait_change(fd, now_ms() - before);
	}
	map_release(&p.index);
	VEC_RELEASE(&p.positions);
	arena_release(&p.arena);
	return status;
}
