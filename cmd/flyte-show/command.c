/* What a task ran: its command, as it was and as the task has it. */

#include "show.h"

#include "idl/wire.h"
#include "spec/lower.h"
#include "task/contract.h"

/* A word as a shell reads it back. */
static void
add_quoted(struct strbuf *b, struct str word)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-{}";
	size_t i;

	for (i = 0; i < word.n && word.p[i] != '\0' &&
	    strchr(plain, word.p[i]) != NULL; i++)
		continue;
	strbuf_adds(b, b->n > 0 ? " " : "");
	if (i == word.n && word.n > 0) {
		strbuf_addstr(b, word);
		return;
	}
	strbuf_addch(b, '\'');
	for (i = 0; i < word.n; i++)
		if (word.p[i] == '\'')
			strbuf_adds(b, "'\\''");
		else
			strbuf_addch(b, word.p[i]);
	strbuf_addch(b, '\'');
}

static void
add_json_words(struct strbuf *b, const char *json)
{
	c_tree struct tree t;
	struct err e;

	tree_init(&t);
	if (json_parse_tree(str_of(json), &t, &e) < 0 ||
	    t.at[0].kind != TREE_SEQ) {
		strbuf_adds(b, json);
		return;
	}
	TREE_EACH(&t, 0, c)
		add_quoted(b, t.at[c].text);
}

static void
add_container(struct strbuf *b, const pb_task_template *t)
{
	const Flyteidl__Core__Container *c;
	size_t i;

	if (t->target_case != FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER)
		return;
	c = t->container;
	for (i = 0; i < c->n_command; i++)
		add_quoted(b, str_of(c->command[i]));
	for (i = 0; i < c->n_args; i++)
		add_quoted(b, str_of(c->args[i]));
}

/* Read off the template: whether its program is installed here is not what
 * was asked. */
static void
add_template(struct strbuf *b, const pb_task_template *t)
{
	const char *text;

	if ((text = lower_config(t, LOWER_COMMAND)) != NULL) {
		add_json_words(b, text);
	} else if ((text = lower_config(t, LOWER_JQ)) != NULL) {
		strbuf_adds(b, "jq");
		add_quoted(b, str_of(text));
	} else if ((text = lower_config(t, LOWER_RUN)) != NULL ||
	    (text = lower_config(t, LOWER_SCRIPT)) != NULL) {
		strbuf_adds(b, text);
	} else if ((text = lower_config(t, LOWER_SCRIPT_FILE)) != NULL) {
		strbuf_adds(b, text);
	} else {
		add_container(b, t);
	}
}

/* The attempt of a number, or the last (-1); NULL: none was made. */
static const struct history_attempt *
attempt_of(const struct history_node *n, int number)
{
	size_t i;

	if (number < 0)
		return n->n_attempts == 0 ? NULL :
		    &n->attempts[n->n_attempts - 1];
	for (i = 0; i < n->n_attempts; i++)
		if (n->attempts[i].number == (uint32_t)number)
			return &n->attempts[i];
	return NULL;
}

/* 1; 0: it says nothing else than the template. */
static int
add_as_run(struct strbuf *b, const struct look *l,
    const struct look_item *it, struct str inputs, int number)
{
	const struct history_attempt *a = it->node == NULL ? NULL :
	    attempt_of(it->node, number);
	const struct execution_id *id = &l->history.id;
	c_arena struct arena arena = ARENA_INIT;
	const pb_task_template *task;
	ProtobufCMessage *m;
	struct attempt at;
	struct err e;

	if (a == NULL || inputs.p == NULL ||
	    wire_unpack(&flyteidl__core__literal_map__descriptor, inputs,
	    &arena, &m, &e) < 0)
		return 0;
	task = look_task_as_run(l, it, &arena);
	at = (struct attempt){
		.project = id->project, .domain = id->domain,
		.execution = id->name, .node = arena_str(&arena, it->path).p,
		.number = a->number, .inputs = (pb_literal_map *)m,
		/* Where it is gone its name told nobody anything. */
		.dir = a->scratch != NULL ? a->scratch : "DIR",
	};
	return task != NULL &&
	    contract_add_rendered(task, &at, b, &e) > 0;
}

void
add_command(struct strbuf *b, struct strbuf *template, const struct look *l,
    const struct look_item *it, struct str inputs, int attempt)
{
	const pb_task_template *t = look_task(it);

	if (t == NULL)
		return;
	if (add_as_run(b, l, it, inputs, attempt))
		add_template(template, t);
	else
		add_template(b, t);
}
