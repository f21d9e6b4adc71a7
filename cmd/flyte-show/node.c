/* Everything about one node. */

#include "show.h"

#include "base/utf8.h"
#include "idl/nodepath.h"

/* Lines of a log shown with an attempt; --logs has all. */
#define TAIL	10

static void
add_target(struct strbuf *b, const struct look_item *it)
{
	const pb_task_template *t = look_task(it);
	const char *kind = look_kind(it);

	if (kind[0] != '\0') {
		add_label(b, "kind");
		strbuf_addf(b, "%s\n", kind);
	}
	if (t == NULL)
		return;
	if (t->id != NULL) {
		add_label(b, "task");
		utf8_add_shown(b, str_of(t->id->name));
		if (t->id->version[0] != '\0') {
			strbuf_addch(b, '@');
			utf8_add_shown(b, str_of(t->id->version));
		}
		strbuf_addch(b, '\n');
	}
}

static void
add_text(struct strbuf *b, const char *label, struct str text)
{
	while (text.n > 0 && text.p[text.n - 1] == '\n')
		text.n--;
	if (text.n == 0)
		return;
	if (memchr(text.p, '\n', text.n) == NULL) {
		add_label(b, label);
		utf8_add_shown(b, text);
		strbuf_addch(b, '\n');
		return;
	}
	strbuf_addf(b, "%s:\n", label);
	utf8_add_lines(b, "    ", text);
}

static void
add_command_lines(struct strbuf *b, const struct show *s,
    const struct look *l, const struct look_item *it, struct str inputs)
{
	c_strbuf struct strbuf command = STRBUF_INIT, template = STRBUF_INIT;

	add_command(&command, &template, l, it, inputs, s->attempt);
	add_text(b, "command", strbuf_str(&command));
	add_text(b, "template", strbuf_str(&template));
}

static void
add_reasons(struct strbuf *b, const struct look_item *it)
{
	const struct history_node *n = it->node;
	c_strbuf struct strbuf why = STRBUF_INIT;
	struct str since;

	add_why(&why, it);
	if (why.n > 0) {
		add_label(b, "why");
		strbuf_addf(b, "%s\n", why.p);
	}
	if (cache_words(n->cache)[0] != '\0') {
		add_label(b, "cache");
		strbuf_addf(b, "%s\n", cache_words(n->cache));
	}
	since = why_words(n);
	if (since.n > 0) {
		add_label(b, "since");
		add_first_line(b, since, 0);
		strbuf_addch(b, '\n');
	}
	if (n->taken != NULL) {
		add_label(b, "took");
		strbuf_addf(b, "%s\n", n->taken);
	}
	if (n->child.name != NULL) {
		add_label(b, "execution");
		strbuf_addf(b, "%s/%s/%s\n", n->child.project,
		    n->child.domain, n->child.name);
	}
}

static void
add_node_error(struct strbuf *b, const struct sched_error *error)
{
	static const char *const kinds[] = { "", " (the task's)",
	    " (the system's)" };

	if (error->code.p == NULL && error->message.p == NULL)
		return;
	add_label(b, "error");
	utf8_add_shown(b, error->code);
	strbuf_addf(b, "%s\n", kinds[error->kind]);
	utf8_add_lines(b, "    ", error_text(error));
}

/* Where it matters that they are counted apart. */
static void
add_failures(struct strbuf *b, const struct history_node *n)
{
	uint32_t user, system;

	history_failures(n, &user, &system);
	if (user + system < 2 && (system == 0 || n->n_attempts < 2))
		return;
	add_label(b, "failures");
	if (user > 0)
		strbuf_addf(b, "%u of the task%s", user,
		    system > 0 ? ", " : "");
	if (system > 0)
		strbuf_addf(b, "%u of the system", system);
	strbuf_addch(b, '\n');
}

static void
add_usage(struct strbuf *b, const struct history_attempt *a)
{
	if (a->ended == 0)
		return;
	strbuf_adds(b, "    used:    ");
	look_add_span(b, a->user_us + a->system_us);
	strbuf_addf(b, " of a processor, %.1f MB of memory\n",
	    (double)a->max_rss_kb / 1024);
}

static int
add_tails(struct strbuf *b, const struct look *l,
    const struct history_attempt *a, struct err *e)
{
	static const char *const names[] = { "stdout", "stderr" };
	c_strbuf struct strbuf text = STRBUF_INIT;
	int i;

	for (i = 0; i < 2; i++) {
		strbuf_reset(&text);
		if (add_log_tail(l, a, i, TAIL, &text, e) < 0)
			return -1;
		if (text.n == 0)
			continue;
		strbuf_addf(b, "    the end of its %s:\n", names[i]);
		utf8_add_lines(b, "        | ", strbuf_str(&text));
	}
	return 0;
}

static void
add_outcome(struct strbuf *b, const struct show *s, const struct look *l,
    const struct history_attempt *a)
{
	c_strbuf struct strbuf cause = STRBUF_INIT;

	if (a->ended == 0) {
		add_word(s, b, look_phase(l) == LOOK_RUNNING ? "running" :
		    "interrupted", 0);
		return;
	}
	add_cause(&cause, a);
	if (a->cause == NULL)
		add_word(s, b, "done", 0);
	else
		strbuf_adds(b, cause.p);
	strbuf_adds(b, " after ");
	look_add_span(b, a->ended - a->started);
}

static int
add_attempt(struct strbuf *b, const struct show *s, const struct look *l,
    const struct history_attempt *a, struct err *e)
{
	strbuf_addf(b, "attempt %u: ", a->number);
	add_outcome(b, s, l, a);
	if (a->interruptible)
		strbuf_adds(b, " (interruptible)");
	strbuf_adds(b, "\n    started: ");
	look_add_time(b, a->started);
	strbuf_addch(b, '\n');
	add_usage(b, a);
	if (a->changed != NULL)
		strbuf_addf(b, "    not kept: %s\n", a->changed);
	if (a->scratch != NULL)
		strbuf_addf(b, "    folder:  %s\n", a->scratch);
	if (a->deck != NULL)
		strbuf_addf(b, "    deck:    %s\n", a->deck);
	if (a->failed && a->error.message.n > 0) {
		strbuf_adds(b, "    error:   ");
		add_first_line(b, a->error.message, 0);
		strbuf_addch(b, '\n');
	}
	return add_tails(b, l, a, e);
}

static int
add_attempts(struct strbuf *b, const struct show *s, const struct look *l,
    const struct look_item *it, struct err *e)
{
	const struct history_node *n = it->node;
	size_t i, shown = 0;

	for (i = 0; i < n->n_attempts; i++) {
		if (s->attempt >= 0 &&
		    n->attempts[i].number != (uint32_t)s->attempt)
			continue;
		shown++;
		if (add_attempt(b, s, l, &n->attempts[i], e) < 0)
			return -1;
	}
	if (shown == 0 && s->attempt >= 0 && n->n_attempts == 0)
		return err_set(e, ERR_MISSING, "%s/%s: no attempt %d; none "
		    "was made", l->history.id.name, s->path, s->attempt);
	if (shown == 0 && s->attempt >= 0)
		return err_set(e, ERR_MISSING, "%s/%s: no attempt %d; it had "
		    "%zu", l->history.id.name, s->path, s->attempt,
		    n->n_attempts);
	return 0;
}

static void
add_map(struct strbuf *b, const char *title, struct str map)
{
	if (map.p == NULL)
		return;
	strbuf_addf(b, "%s:%s\n", title, map.n == 0 ? " none" : "");
	add_literals_lines(b, "    ", map);
}

static void
add_node_header(struct strbuf *b, const struct show *s,
    const struct look *l, const struct look_item *it)
{
	strbuf_addf(b, "%s/", l->history.id.name);
	nodepath_add(b, it->path);
	strbuf_adds(b, "  ");
	add_word(s, b, look_word(l, it), 0);
	strbuf_addch(b, '\n');
	add_target(b, it);
	if (it->node == NULL)
		return;
	if (it->node->started != 0) {
		add_label(b, "started");
		look_add_time(b, it->node->started);
		strbuf_addch(b, '\n');
		add_label(b, "duration");
		look_add_span(b, look_duration(l, it->node));
		strbuf_addch(b, '\n');
	}
	add_waits(b, l, it);
	add_reasons(b, it);
	add_failures(b, it->node);
	add_node_error(b, &it->node->error);
}

static void
add_inside(struct strbuf *b, const struct look *l, uint32_t at)
{
	uint32_t i, n = 0;

	for (i = l->items.at[at].first; i != LOOK_NONE;
	    i = l->items.at[i].next)
		n += l->items.at[i].n;
	if (n > 0)
		strbuf_addf(b, "inside:     %u node%s, see flyte-show %s\n",
		    n, n > 1 ? "s" : "", l->history.id.name);
}

int
show_node(struct show *s, struct look *l)
{
	c_arena struct arena a = ARENA_INIT;
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct str inputs = { NULL, 0 }, outputs = { NULL, 0 };
	struct store *store;
	const struct look_item *it;
	struct err e;
	uint32_t at;

	if (look_find(l, s->path, &at, &e) < 0)
		return fail(&s->ctx, &e);
	it = &l->items.at[at];
	add_node_header(&b, s, l, it);
	if (it->node != NULL && (context_store(&s->ctx, &store, &e) < 0 ||
	    history_inputs(&l->history, store, it->node, &a, &inputs,
	    &e) < 0 || history_outputs(&l->history, store, it->node, &a,
	    &outputs, &e) < 0))
		return fail(&s->ctx, &e);
	add_command_lines(&b, s, l, it, inputs);
	add_inside(&b, l, at);
	if (it->node != NULL) {
		add_map(&b, "inputs", inputs);
		add_map(&b, "outputs", outputs);
		if (add_attempts(&b, s, l, it, &e) < 0)
			return fail(&s->ctx, &e);
		if (it->node->n_attempts > 0)
			strbuf_addf(&b, "again:      flyte-exec --replay "
			    "%s/%s\n", l->history.id.name, s->path);
	}
	put_out(&b);
	return EXIT_DONE;
}
