#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "idl/nodepath.h"
#include "record/brief.h"
#include "record/history.h"
#include "record/journal.h"
#include "sys/file.h"

#include "mutate.h"

/*
 * With an R first the rest is a journal as it lies on disk.  Else three bytes,
 * how it is damaged, and records, a line each: they are written as the runner
 * does, then the file is cut (C) or a byte of it is changed, and what is read
 * must be the records before the damage, each as it was written, or an error.
 */

struct lines {
	const struct str *want;		/* NULL: any */
	size_t		  n, max;
};

static const struct execution_id id = { "p", "d", "fuzz" };

static int
on_line(const struct journal_line *l, void *arg, struct err *e)
{
	struct lines *s = arg;

	(void)e;
	if (l->seq != s->n)
		BUG("record %zu has the number %llu", s->n,
		    (unsigned long long)l->seq);
	if (s->want != NULL && (s->n >= s->max || !str_eq(l->json,
	    s->want[s->n]) || l->time_us != (int64_t)s->n))
		BUG("record %zu is another", s->n);
	s->n++;
	return 0;
}

static const char *
folder(void)
{
	static char *dir;
	struct strbuf b = STRBUF_INIT;
	struct err e;

	if (dir != NULL)
		return dir;
	execution_add_dir(&b, fuzz_dir(), &id);
	dir = strbuf_detach(&b, NULL);
	if (file_mkdirs(AT_FDCWD, dir, &e) < 0)
		BUG("%s", e.msg);
	return dir;
}

/* A node, whether alone or one of a range. */
static void
look_at(const struct history *h, const struct history_node *n,
    struct arena *a)
{
	c_strbuf struct strbuf brief = STRBUF_INIT, found = STRBUF_INIT;
	const struct history_node *same;
	struct history_node room;
	uint32_t user, system;
	struct str bytes;
	struct err e;

	(void)!history_inputs(h, NULL, n, a, &bytes, &e);
	(void)!history_outputs(h, NULL, n, a, &bytes, &e);
	(void)!history_spec(h, n->spec, a, &bytes, &e);
	(void)!history_place(h, n, a, &bytes, &e);
	history_failures(n, &user, &system);
	if (user + system > n->n_attempts)
		BUG("%u and %u failures of %zu attempts", user, system,
		    n->n_attempts);
	if (history_find(h, n->path, &room) == NULL)
		BUG("no node " STR_FMT, STR_ARG(n->path));
	/* As people name it: that node, or none since there are two. */
	nodepath_add(&brief, n->path);
	same = history_node(h, brief.p, &room);
	if (same == NULL)
		return;
	nodepath_add(&found, same->path);
	if (strcmp(brief.p, found.p) != 0 &&
	    !str_is(same->path, brief.p))
		BUG("%s for %s", found.p, brief.p);
}

static void
look_at_all(const struct history *h, struct arena *a)
{
	struct history_node element;
	struct str bytes;
	struct err e;
	size_t i;

	for (i = 0; i < h->n_nodes; i++)
		look_at(h, &h->nodes[i], a);
	for (i = 0; i < h->n_ranges; i++) {
		const struct history_range *r = &h->ranges[i];

		history_element(r, r->from + r->n / 2, a, &element);
		look_at(h, &element, a);
		(void)!history_range_outputs(h, r, a, &bytes, &e);
	}
	for (i = 0; i < h->n_signals; i++)
		(void)!history_literal(h, h->signals[i].value, a, &bytes, &e);
	(void)!history_literals(h, NULL, h->inputs, a, &bytes, &e);
}

/* The line of a list says what all of the journal does. */
static void
check_brief(const struct history *h, struct arena *a)
{
	struct brief b;
	struct err e;

	if (brief_load(fuzz_dir(), &id, a, &b, &e) < 0)
		BUG("no brief of what was read: %s", e.msg);
	if (strcmp(b.target, h->target) != 0 || b.created != h->created ||
	    b.alive)
		BUG("brief of another: %s for %s", b.target, h->target);
}

static void
load(void)
{
	c_arena struct arena a = ARENA_INIT;
	struct history h;
	struct brief b;
	struct err e;

	if (history_load(fuzz_dir(), &id, &h, &e) == 0) {
		look_at_all(&h, &a);
		check_brief(&h, &a);
	} else {
		(void)!brief_load(fuzz_dir(), &id, &a, &b, &e);
	}
	history_release(&h);
}

/* Who goes on with a journal reads the same of it. */
static void
load_to_go_on(void)
{
	c_journal struct journal *j = NULL;
	struct history one, two;
	struct err e;

	if (history_load(fuzz_dir(), &id, &one, &e) == 0) {
		if (history_open(fuzz_dir(), &id, &two, &j, &e) < 0)
			BUG("read, not opened: %s", e.msg);
		if (one.n_nodes != two.n_nodes || one.phase != two.phase ||
		    one.n_ranges != two.n_ranges)
			BUG("another history");
		history_release(&two);
		if (journal_alive(folder(), &e) != 1)
			BUG("opened, and nobody has it");
		journal_close(TAKE(j, NULL));
		if (journal_alive(folder(), &e) != 0)
			BUG("closed, and somebody has it");
	}
	history_release(&one);
}

/* Records as the runner writes them; their number. */
static size_t
write_records(const char *path, struct str text, struct str *at, size_t max)
{
	c_journal struct journal *j = NULL;
	struct err e;
	size_t n = 0;

	unlink(path);
	if (journal_create(folder(), &j, &e) < 0)
		BUG("%s", e.msg);
	while (text.n > 0 && n < max) {
		const char *end = memchr(text.p, '\n', text.n);
		size_t len = end == NULL ? text.n : (size_t)(end - text.p);

		at[n] = (struct str){ text.p, len };
		if (len > 0) {
			journal_append(j, at[n], (int64_t)n);
			n++;
		}
		len += end != NULL;
		text.p += len;
		text.n -= len;
	}
	if (journal_records(j) != n || (n > 0) != (journal_pending(j) > 0))
		BUG("%zu records, of which %llu are known", n,
		    (unsigned long long)journal_records(j));
	if (n > 0 && journal_commit(j, JOURNAL_KILL_SAFE, &e) < 0)
		BUG("%s", e.msg);
	if (journal_pending(j) != 0 || journal_began(j) != 0)
		BUG("pending, or begun at another time");
	return n;
}

/* Newlines before the byte: records that are whole in front of it. */
static size_t
damage(const char *path, const uint8_t *how)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	size_t at, i, n = 0;
	struct err e;

	if (file_read(AT_FDCWD, path, 1 << 20, &b, &e) < 0)
		BUG("%s", e.msg);
	at = ((size_t)how[1] << 8 | how[2]) % b.n;
	for (i = 0; i < at; i++)
		n += b.p[i] == '\n';
	if (how[0] == 'C') {
		if (truncate(path, (off_t)at) < 0)
			BUG("truncate");
		return n;
	}
	b.p[at] = (char)(b.p[at] ^ (how[0] | 1));
	fuzz_write(path, b.p, b.n);
	return n;
}

/* What was cut off is gone, and the next record comes after the rest. */
static void
go_on(const struct str *want, size_t whole)
{
	c_journal struct journal *j = NULL;
	struct lines s = { want, 0, whole };
	struct journal_place place = { 0, 0 };
	struct err e;

	if (journal_open(folder(), on_line, &s, &j, &e) < 0 || s.n != whole)
		BUG("%zu of %zu records", s.n, whole);
	s = (struct lines){ want, 0, whole };
	if (journal_read_on(folder(), &place, on_line, &s, &e) < 0 ||
	    place.seq != whole)
		BUG("followed to %llu", (unsigned long long)place.seq);
	journal_append(j, STR("{}"), (int64_t)whole);
	if (journal_commit(j, JOURNAL_KILL_SAFE, &e) < 0)
		BUG("%s", e.msg);
	s = (struct lines){ NULL, 0, 0 };
	if (journal_read(folder(), on_line, &s, &e) < 0 || s.n != whole + 1)
		BUG("%zu of %zu records after one more", s.n, whole + 1);
	s = (struct lines){ NULL, whole, 0 };
	if (journal_read_on(folder(), &place, on_line, &s, &e) < 0 ||
	    s.n != whole + 1)
		BUG("one more, of which %zu were followed", s.n - whole);
	journal_close(TAKE(j, NULL));
	if (journal_wait(folder(), &e) < 0)
		BUG("%s", e.msg);
}

static void
records(const char *path, const uint8_t *how, struct str text)
{
	struct str want[64];
	struct lines s = { want, 0, 0 };
	struct err e;
	size_t n, whole;
	int r;

	n = write_records(path, text, want, 64);
	if (n == 0)
		return;
	s.max = n;
	if (journal_read(folder(), on_line, &s, &e) < 0 || s.n != n)
		BUG("%zu of %zu records", s.n, n);
	load();
	whole = damage(path, how);
	s = (struct lines){ want, 0, whole };
	r = journal_read(folder(), on_line, &s, &e);
	if (r == 0 && s.n < whole)
		BUG("%zu of %zu whole records", s.n, whole);
	if (how[0] != 'C')
		return;
	if (whole > 0 && r < 0)
		BUG("cut off, not read: %s", e.msg);
	if (whole > 0)
		go_on(want, whole);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static char path[256];
	struct lines any = { NULL, 0, 0 };
	struct err e;

	if (path[0] == '\0')
		snprintf(path, sizeof(path), "%s/journal", folder());
	if (n >= 1 && data[0] == 'R') {
		fuzz_write(path, data + 1, n - 1);
		(void)!journal_read(folder(), on_line, &any, &e);
		load();
		load_to_go_on();
	} else if (n > 3) {
		records(path, data, (struct str){ (const char *)data + 3,
		    n - 3 });
	}
	return 0;
}

#ifdef FUZZING

#define MAX_LINES	64

/* One line is changed, dropped, doubled or put behind the next. */
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max,
    unsigned int seed)
{
	size_t at[MAX_LINES + 1], lines = 0, i, len, rest, room;
	uint8_t *behind;

	for (i = 3; i < n && lines < MAX_LINES; i++)
		if (i == 3 || data[i - 1] == '\n')
			at[lines++] = i;
	if (lines < 2 || n == max || seed % 8 == 0)
		return LLVMFuzzerMutate(data, n, max);
	at[lines] = n;
	i = seed / 64 % (lines - 1);
	len = at[i + 1] - at[i];
	rest = n - at[i + 1];
	room = max - at[i] - rest;
	behind = xcalloc(len + rest, 1);
	memcpy(behind, data + at[i], len + rest);
	switch (seed / 8 % 8) {
	case 0:
		len = 0;
		break;
	case 1:
		if (room < 2 * len)
			break;
		memcpy(data + at[i] + len, behind, len);
		len *= 2;
		break;
	case 2:
		/* The one behind comes first. */
		rest = at[i + 2] - at[i + 1];
		memcpy(data + at[i], behind + len, rest);
		memcpy(data + at[i] + rest, behind, len);
		free(behind);
		return n;
	default:
		/* Without its newline, which stays. */
		i = at[i];
		room = LLVMFuzzerMutate(data + i, len - 1, room - 1);
		data[i + room] = '\n';
		memcpy(data + i + room + 1, behind + len, rest);
		free(behind);
		return i + room + 1 + rest;
	}
	memcpy(data + at[i] + len, behind + (at[i + 1] - at[i]), rest);
	n = at[i] + len + rest;
	free(behind);
	return n;
}

#endif
