/* What tasks printed. */

#include "show.h"

#include <unistd.h>

#include "base/utf8.h"
#include "idl/nodepath.h"
#include "sys/file.h"

#define CHUNK		((size_t)64 * 1024)
#define TAIL_BYTES	((int64_t)4096)

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

struct printer {
	struct show	*show;
	int		 prefix;	/* of more than one node */
};

static void
add_prefix(struct strbuf *b, const struct printer *p,
    const struct history_node *n, const struct history_attempt *a)
{
	c_strbuf struct strbuf brief = STRBUF_INIT;

	if (!p->prefix)
		return;
	nodepath_add(&brief, n->path);
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

int64_t
print_log(int fd, int64_t from, int64_t to, const struct strbuf *prefix,
    int more, int *whole, struct err *e)
{
	c_free char *buf = xmalloc(CHUNK);
	size_t use;
	ssize_t got;

	while (from < to) {
		got = pread(fd, buf, MIN(CHUNK, (size_t)(to - from)), from);
		if (got < 0)
			return err_sys(e, "a log");
		use = printable(buf, (size_t)got, more);
		if (use == 0)
			break;
		put_text(prefix, (struct str){ buf, use }, whole);
		from += (int64_t)use;
	}
	if (prefix->n > 0 && !more && !*whole && from >= to) {
		putchar('\n');
		*whole = 1;
	}
	return from;
}

static int
put_part(const struct printer *p, const struct look *l,
    const struct history_node *n, const struct history_attempt *a,
    int is_err, struct err *e)
{
	c_strbuf struct strbuf prefix = STRBUF_INIT;
	int64_t from, to;
	int whole = 1;
	c_close int fd = look_open_log(&l->history, a, is_err, &from, &to,
	    e);

	if (fd < 0)
		return fd == -2 ? 0 : -1;
	add_prefix(&prefix, p, n, a);
	return print_log(fd, from, to, &prefix, 0, &whole, e) < 0 ? -1 : 0;
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
put_all(const struct printer *p, const struct look *l, uint32_t root, struct err *e)
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

int
show_logs(struct show *s)
{
	struct printer p = { .show = s };
	c_look struct look l;
	uint32_t root = LOOK_NONE;
	struct err e;

	if (look_open(s->home, &s->id, &l, &e) < 0)
		return fail(&s->ctx, &e);
	if (s->path != NULL && look_find(&l, s->path, &root, &e) < 0)
		return fail(&s->ctx, &e);
	if (s->follow)
		return show_follow(s, &l, root);
	p.prefix = root == LOOK_NONE || l.items.at[root].first != LOOK_NONE;
	if (put_all(&p, &l, root, &e) < 0)
		return fail(&s->ctx, &e);
	tell_reused(s, &l, root);
	return EXIT_DONE;
}
