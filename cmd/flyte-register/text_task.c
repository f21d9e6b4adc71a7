/* A task as text for people. */

#include "text.h"

#include "base/utf8.h"
#include "spec/lower.h"

static void
add_words(struct strbuf *b, const char *key, char *const *at, size_t n)
{
	c_strbuf struct strbuf t = STRBUF_INIT;
	size_t i;

	for (i = 0; i < n; i++)
		strbuf_addf(&t, "%s%s", i == 0 ? "" : " ", at[i]);
	if (n > 0)
		text_add_line(b, 1, key, "%s", t.p);
}

/* A text of several lines, each indented. */
static void
add_block(struct strbuf *b, const char *key, const char *text)
{
	const char *end;

	if (strchr(text, '\n') == NULL) {
		text_add_line(b, 1, key, "%s", text);
		return;
	}
	strbuf_addf(b, "  %s\n", key);
	for (; *text != '\0'; text = end + (*end == '\n')) {
		end = strchrnul(text, '\n');
		strbuf_adds(b, "    ");
		utf8_add_shown(b, (struct str){ text, (size_t)(end - text) });
		strbuf_addch(b, '\n');
	}
}

/* What runs: as the spec said it, else the container's words. */
static void
add_program(struct strbuf *b, const pb_task_template *t)
{
	static const struct {
		const char *config, *key;
	} said[] = {
		{ LOWER_COMMAND, "command" }, { LOWER_RUN, "run" },
		{ LOWER_SCRIPT, "script" }, { LOWER_SCRIPT_FILE, "script file" },
		{ LOWER_JQ, "jq" },
	};
	const char *text;
	size_t i;

	for (i = 0; i < ARRAY_LEN(said); i++) {
		text = lower_config(t, said[i].config);
		if (text != NULL)
			add_block(b, said[i].key, text);
	}
	text = lower_config(t, LOWER_STDIN);
	if (text != NULL)
		text_add_line(b, 1, "stdin", "%s", text);
	text = lower_config(t, LOWER_STDOUT);
	if (text != NULL)
		text_add_line(b, 1, "stdout", "%s", text);
	if (t->target_case != FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER)
		return;
	text_add_line(b, 1, "image", "%s", t->container->image);
	for (i = 0; i < ARRAY_LEN(said); i++)
		if (lower_config(t, said[i].config) != NULL)
			return;
	add_words(b, "command", t->container->command,
	    t->container->n_command);
	add_words(b, "args", t->container->args, t->container->n_args);
}

static void
add_resources(struct strbuf *b, const pb_container *c)
{
	static const char *const names[] = { "?", "cpu", "gpu", "mem",
		"storage", "ephemeral" };
	const pb_resources *r = c->resources;
	c_strbuf struct strbuf t = STRBUF_INIT;
	size_t i;

	if (r == NULL)
		return;
	for (i = 0; i < r->n_requests; i++)
		strbuf_addf(&t, " %s %s", names[(size_t)r->requests[i]->name <
		    ARRAY_LEN(names) ? r->requests[i]->name : 0],
		    r->requests[i]->value);
	if (r->n_limits > 0)
		strbuf_adds(&t, "; at most");
	for (i = 0; i < r->n_limits; i++)
		strbuf_addf(&t, " %s %s", names[(size_t)r->limits[i]->name <
		    ARRAY_LEN(names) ? r->limits[i]->name : 0],
		    r->limits[i]->value);
	if (t.n > 0)
		text_add_line(b, 1, "resources", "%s", t.p + (t.p[0] == ' '));
}

static void
add_metadata(struct strbuf *b, const pb_task_metadata *m)
{
	c_strbuf struct strbuf t = STRBUF_INIT;

	if (m == NULL)
		return;
	if (m->discoverable)
		text_add_line(b, 1, "cache", "%s%s", m->discovery_version,
		    m->cache_serializable ? ", one at a time" : "");
	if (m->retries != NULL && m->retries->retries > 0)
		text_add_line(b, 1, "retries", "%u", m->retries->retries);
	if (m->timeout != NULL) {
		text_add_duration(&t, m->timeout);
		text_add_line(b, 1, "timeout", "%s", t.p);
	}
}

void
text_add_task(struct strbuf *b, const pb_task_template *t)
{
	size_t i;

	text_add_line(b, 1, "type", "%s", t->type);
	text_add_interface(b, t->interface);
	add_program(b, t);
	add_metadata(b, t->metadata);
	if (t->target_case != FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER)
		return;
	for (i = 0; i < t->container->n_env; i++)
		text_add_line(b, 1, i == 0 ? "env" : "", "%s=%s",
		    t->container->env[i]->key, t->container->env[i]->value);
	add_resources(b, t->container);
}
