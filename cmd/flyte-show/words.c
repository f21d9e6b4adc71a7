#include "show.h"

#include <signal.h>

#include "base/utf8.h"
#include "idl/litout.h"
#include "idl/wire.h"
#include "record/color.h"

#define LABEL_WIDTH	12

void
add_label(struct strbuf *b, const char *name)
{
	size_t n = strlen(name) + 1;

	strbuf_addf(b, "%s:", name);
	strbuf_pad(b, ' ', n < LABEL_WIDTH ? LABEL_WIDTH - n : 1);
}

void
add_word(const struct show *s, struct strbuf *b, const char *word,
    size_t width)
{
	size_t n = strlen(word);

	color_add_word(b, word, s->color);
	if (n < width)
		strbuf_pad(b, ' ', width - n);
}

void
add_first_line(struct strbuf *b, struct str text, size_t width)
{
	const char *end = memchr(text.p, '\n', text.n);
	size_t from = b->n;

	utf8_add_shown(b, (struct str){ text.p, end == NULL ? text.n :
	    (size_t)(end - text.p) });
	if (width == 0 || b->n - from <= width)
		return;
	strbuf_setlen(b, from + (width > 3 ? width - 3 : 0));
	while (b->n > from && ((unsigned char)b->p[b->n - 1] & 0x80) != 0)
		strbuf_setlen(b, b->n - 1);
	strbuf_adds(b, "...");
}

void
add_literals_short(struct strbuf *b, struct str map, size_t width)
{
	struct wire_reader r = wire_reader(map);
	struct str key, value;
	size_t from = b->n;
	struct err e;

	while (wire_next_entry(&r, &key, &value, &e) > 0) {
		if (width != 0 && b->n - from + 8 >= width) {
			strbuf_adds(b, "  ...");
			return;
		}
		strbuf_adds(b, b->n > from ? "  " : "");
		utf8_add_shown(b, key);
		strbuf_addch(b, '=');
		(void)!litout_add_short(b, value, width == 0 ? 1000 :
		    width - MIN(width - 8, b->n - from), &e);
	}
}

void
add_literals_lines(struct strbuf *b, const char *indent, struct str map)
{
	struct wire_reader r = wire_reader(map);
	struct str key, value;
	struct err e;

	while (wire_next_entry(&r, &key, &value, &e) > 0) {
		strbuf_adds(b, indent);
		utf8_add_shown(b, key);
		strbuf_adds(b, " = ");
		(void)!litout_add_short(b, value, 1000, &e);
		strbuf_addch(b, '\n');
	}
}

const char *
cache_words(const char *status)
{
	static const struct {
		const char	*status, *words;
	} table[] = {
		{ "HIT", "from the cache" },
		{ "MISS", "not in the cache" },
		{ "POPULATED", "not in the cache, kept" },
		{ "LOOKUP_FAILURE", "the cache could not be read" },
		{ "PUT_FAILURE", "not in the cache, could not be kept" },
		{ "SKIPPED", "the cache was not asked" },
		{ "EVICTED", "taken out of the cache" },
	};
	size_t i;

	for (i = 0; status != NULL && i < ARRAY_LEN(table); i++)
		if (strcmp(status, table[i].status) == 0)
			return table[i].words;
	return "";
}

struct str
error_text(const struct sched_error *error)
{
	struct str s = error->message;
	size_t n = error->code.n;

	if (n == 0 || s.n < n + 3 || s.p[0] != '[' ||
	    memcmp(s.p + 1, error->code.p, n) != 0 ||
	    memcmp(s.p + n + 1, "] ", 2) != 0)
		return s;
	return (struct str){ s.p + n + 3, s.n - n - 3 };
}

void
add_why(struct strbuf *b, const struct look_item *it)
{
	const struct history_node *n = it->node;
	static const struct {
		const char	*why, *words;
	} table[] = {
		{ "overwrite", "the cache was not asked" },
		{ "waits-for-reservation", "another execution computes it" },
		{ "retry", "tried again" },
		{ "inputs", "its inputs could not be resolved" },
		{ "deadline", "its time was up" },
		{ "child", "what runs inside it failed" },
		{ "not-taken", "another case was taken" },
		{ "policy", "stopped since another node failed" },
		{ "abort", "stopped on request" },
	};
	size_t i;

	if (n->why == NULL)
		return;
	/* No case of it fits: nothing ran inside. */
	if (strcmp(look_kind(it), "switch") == 0 && n->taken == NULL &&
	    strcmp(n->why, "child") == 0)
		return;
	if (strcmp(n->why, "upstream") == 0) {
		if (n->of != NULL)
			utf8_add_shown(b, str_of(n->of));
		else
			strbuf_adds(b, "a node before it");
		strbuf_adds(b, " did not succeed");
	}
	for (i = 0; i < ARRAY_LEN(table); i++)
		if (strcmp(n->why, table[i].why) == 0)
			strbuf_adds(b, table[i].words);
}

void
add_cause(struct strbuf *b, const struct history_attempt *a)
{
	if (a->cause == NULL)
		strbuf_adds(b, "done");
	else if (strcmp(a->cause, "exit") == 0)
		strbuf_addf(b, "exit status %d", a->status);
	else if (strcmp(a->cause, "signal") == 0)
		strbuf_addf(b, "signal %d (%s)", a->sig,
		    sigdescr_np(a->sig) != NULL ? sigdescr_np(a->sig) :
		    "unknown");
	else if (strcmp(a->cause, "timeout") == 0)
		strbuf_adds(b, "its time was up");
	else if (strcmp(a->cause, "oom") == 0)
		strbuf_adds(b, "killed for lack of memory");
	else if (strcmp(a->cause, "output") == 0)
		strbuf_adds(b, "an output was missing or wrong");
	else if (strcmp(a->cause, "reported") == 0)
		strbuf_adds(b, "it reported an error");
	else if (strcmp(a->cause, "cancelled") == 0)
		strbuf_adds(b, "stopped");
	else if (strcmp(a->cause, "start") == 0)
		strbuf_adds(b, "it could not be started");
	else if (strcmp(a->cause, "lost") == 0)
		strbuf_adds(b, "lost: nobody knows how it ended");
	else
		utf8_add_shown(b, str_of(a->cause));
}
