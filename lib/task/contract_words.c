#include "task/contract_p.h"

#include <ctype.h>

#include "data/json.h"
#include "idl/literal.h"
#include "idl/render.h"

int
contract_json_words(const char *key, struct str json, struct arena *a,
    char ***ret, size_t *ret_n, struct err *e)
{
	c_tree struct tree t;
	size_t n = 0;

	tree_init(&t);
	if (json_parse_tree(json, &t, e) < 0) {
		e->kind = ERR_SPEC;
		return err_wrap(e, "%s", key);
	}
	if (t.at[0].kind != TREE_SEQ)
		return err_set(e, ERR_SPEC, "%s: expected a list", key);
	*ret = arena_new_n(a, (size_t)t.at[0].n + 1, char *);
	TREE_EACH(&t, 0, c) {
		struct str s = t.at[c].text;

		if (t.at[c].kind != TREE_SCALAR || memchr(s.p, '\0', s.n) !=
		    NULL)
			return err_set(e, ERR_SPEC, "%s: expected words "
			    "without NUL", key);
		(*ret)[n++] = arena_strndup(a, s.p, s.n);
	}
	*ret_n = n;
	return 0;
}

/* ---- templates ----------------------------------------------------------- */

/* One {{ .name }} found in a word. */
struct found {
	size_t		from, to;	/* of the whole of it */
	struct str	name;		/* without the dot */
};

static int
is_blank(char ch)
{
	return ch == ' ' || ch == '\t' || ch == '\n' || ch == '\r';
}

/* The next template at or after *from (template.go's regular expression). */
static int
next_template(struct str s, size_t from, struct found *ret)
{
	size_t i, j, end;

	for (i = from; i + 1 < s.n; i++) {
		if (s.p[i] != '{' || s.p[i + 1] != '{')
			continue;
		for (j = i + 2; j < s.n && is_blank(s.p[j]); j++)
			;
		if (j >= s.n || (s.p[j] != '.' && s.p[j] != '$'))
			continue;
		for (end = ++j; end < s.n && !is_blank(s.p[end]) &&
		    s.p[end] != '}'; end++)
			;
		ret->name = (struct str){ s.p + j, end - j };
		while (end < s.n && is_blank(s.p[end]))
			end++;
		if (ret->name.n == 0 || end + 1 >= s.n || s.p[end] != '}' ||
		    s.p[end + 1] != '}')
			continue;
		ret->from = i;
		ret->to = end + 2;
		return 1;
	}
	return 0;
}

static int
name_is(struct str name, const char *word)
{
	return name.n == strlen(word) && strncasecmp(name.p, word, name.n) == 0;
}

/* The name of the input of an "inputs.NAME" template, or p NULL. */
static struct str
input_name(struct str name)
{
	static const char prefix[] = "inputs.";
	size_t n = sizeof(prefix) - 1;

	if (name.n > n && strncasecmp(name.p, prefix, n) == 0)
		return (struct str){ name.p + n, name.n - n };
	return (struct str){ NULL, 0 };
}

/* A leading run that no name may begin with becomes one "a", all else that
 * no name may hold "_" (template.go, PerRetryUniqueKey). */
static void
add_unique_key(struct strbuf *b, const struct attempt *at)
{
	c_strbuf struct strbuf id = STRBUF_INIT;
	const char *p;
	int bad = 0;

	strbuf_addf(&id, "%s-%s-%u", at->execution, at->node, at->number);
	p = id.p;
	while (*p != '\0' && !isalpha((unsigned char)*p) && *p != '_')
		p++;
	if (p != id.p)
		strbuf_addch(b, 'a');
	for (; *p != '\0'; p++) {
		int ok = isalnum((unsigned char)*p) || *p == '_';

		if (ok)
			strbuf_addch(b, *p);
		else if (!bad)
			strbuf_addch(b, '_');
		bad = !ok;
	}
}

/* 1 if it was one of Flyte's own names, whose value was appended. */
static int
add_flyte_value(struct strbuf *b, struct str name, const struct attempt *at)
{
	if (name_is(name, "input"))
		strbuf_addf(b, "%s/inputs.pb", at->dir);
	else if (name_is(name, "inputPrefix"))
		strbuf_adds(b, at->dir);
	else if (name_is(name, "outputPrefix"))
		strbuf_addf(b, "%s/outputs", at->dir);
	else if (name_is(name, "rawOutputDataPrefix"))
		strbuf_addf(b, "%s/raw", at->dir);
	else if (name_is(name, "checkpointOutputPrefix"))
		strbuf_addf(b, "%s/checkpoint", at->dir);
	else if (name_is(name, "prevCheckpointPrefix"))
		strbuf_adds(b, at->prev_checkpoint == NULL ? "\"\"" :
		    at->prev_checkpoint);
	else if (name_is(name, "perRetryUniqueKey"))
		add_unique_key(b, at);
	else if (name_is(name, "taskTemplatePath"))
		strbuf_addf(b, "%s/task.pb", at->dir);
	else if (name_is(name, "namespace"))
		strbuf_addf(b, "%s-%s", at->project, at->domain);
	else
		return 0;
	return 1;
}

static int
add_input_value(struct strbuf *b, const struct contract *c,
    const struct attempt *at, struct str name, struct arena *a,
    struct err *e)
{
	c_free char *key = xstrndup(name.p, name.n);
	const pb_literal *l = literal_map_get(at->inputs, key);
	const char *path;

	if (l == NULL)
		return err_set(e, ERR_SPEC, "template {{.inputs.%s}}: there is "
		    "no such input", key);
	/* Where a task is told of files, it is told of places to open. */
	path = c->kind == CONTRACT_FILES && !c->raw ?
	    contract_input_path(c, at, key, l, a) : NULL;
	if (path != NULL) {
		strbuf_adds(b, path);
		return 0;
	}
	if (render_template_value(b, l, e) < 0)
		return err_wrap(e, "template {{.inputs.%s}}", key);
	return 0;
}

/* The folders of a raw container, replaced by ours: there is no mount here. */
static void
map_folders(const struct contract *c, const struct attempt *at,
    struct strbuf *b)
{
	const pb_data_loading_config *d = c->task->container->data_config;
	c_strbuf struct strbuf in = STRBUF_INIT;
	const char *from[2], *to[2] = { "inputs", "outputs" };
	size_t i;

	from[0] = *d->input_path ? d->input_path : "/var/flyte/inputs";
	from[1] = *d->output_path ? d->output_path : "/var/flyte/outputs";
	for (i = 0; i < 2; i++) {
		size_t n = strlen(from[i]);
		const char *p, *q;

		strbuf_reset(&in);
		for (p = b->p; (q = strstr(p, from[i])) != NULL; p = q + n) {
			strbuf_add(&in, p, (size_t)(q - p));
			strbuf_addf(&in, "%s/%s", at->dir, to[i]);
		}
		strbuf_adds(&in, p);
		strbuf_reset(b);
		strbuf_addstr(b, strbuf_str(&in));
	}
}

/* 1 if the template is replaced by something. */
static int
is_known(const struct contract *c, struct str name)
{
	static const struct attempt none = {
		.project = "", .domain = "", .execution = "", .node = "",
		.dir = "",
	};
	c_strbuf struct strbuf b = STRBUF_INIT;
	int is_input = input_name(name).p != NULL;

	return is_input || (c->kind == CONTRACT_CONTAINER &&
	    add_flyte_value(&b, name, &none));
}

int
contract_word_has_template(const struct contract *c, const char *word)
{
	struct str s = str_of(word);
	struct found f;
	size_t at;

	for (at = 0; !c->exports && next_template(s, at, &f); at = f.to)
		if (is_known(c, f.name))
			return 1;
	return 0;
}

int
contract_render_word(const struct contract *c, const struct attempt *at,
    const char *word, struct arena *a, char **ret, struct err *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct str s = str_of(word), input;
	struct found f;
	size_t from;
	int no_inputs = at->inputs == NULL || at->inputs->n_literals == 0;

	for (from = 0; next_template(s, from, &f); from = f.to) {
		strbuf_add(&b, s.p + from, f.from - from);
		input = input_name(f.name);
		if (input.p != NULL && !no_inputs) {
			if (add_input_value(&b, c, at, input, a, e) < 0)
				return -1;
		} else if (input.p != NULL || c->kind != CONTRACT_CONTAINER ||
		    !add_flyte_value(&b, f.name, at)) {
			strbuf_add(&b, s.p + f.from, f.to - f.from);
		}
	}
	strbuf_add(&b, s.p + from, s.n - from);
	if (strlen(b.p) != b.n)
		return err_set(e, ERR_USAGE, "the word %.80s: its value holds "
		    "a NUL byte, which no argument can", word);
	if (c->raw)
		map_folders(c, at, &b);
	*ret = arena_strndup(a, b.p, b.n);
	return 0;
}
