/* What a task runs: command, run, script or jq. */
#include "spec/task_p.h"

#include "base/utf8.h"
#include "idl/type.h"
#include "spec/files.h"
#include "spec/lower.h"

/* Bytes of a text: of a scalar, or of the script that is being read. */
static struct span
inside(struct task *t, uint32_t node, struct str text, size_t at, size_t n)
{
	if (text.p == t->l->t->source.text.p)
		return (struct span){ (uint32_t)at, (uint32_t)(at + n) };
	return shape_inside(t->l, node, at, n);
}

/* No template in a text for a shell: it has its own variables. */
static void
refuse_templates(struct task *t, uint32_t node, struct str text,
    const char *what)
{
	size_t at = 0, end;
	struct str name, input;

	while (template_next(text, &at, &end, &name)) {
		input = template_input(name);
		if (input.n > 0) {
			shape_fault_at(t->l, DIAG_BAD_REFERENCE,
			    inside(t, node, text, at, end - at),
			    "a template in %s", what);
			diag_hint(t->l->ds, "the input is there as $"
			    STR_FMT, STR_ARG(input));
			return;
		}
		if (template_is_flytes(name)) {
			shape_fault_at(t->l, DIAG_BAD_REFERENCE,
			    inside(t, node, text, at, end - at),
			    "\"" STR_FMT "\" is a template of Flyte's in %s",
			    STR_ARG(name), what);
			return;
		}
		at = end;
	}
}

static int
can_be_templated(const pb_literal_type *t)
{
	if (t->type_case == FLYTEIDL__CORE__LITERAL_TYPE__TYPE_COLLECTION_TYPE)
		return can_be_templated(t->collection_type);
	return t->type_case == FLYTEIDL__CORE__LITERAL_TYPE__TYPE_BLOB ||
	    t->type_case == FLYTEIDL__CORE__LITERAL_TYPE__TYPE_ENUM_TYPE ||
	    (t->type_case == FLYTEIDL__CORE__LITERAL_TYPE__TYPE_SIMPLE &&
	    t->simple != FLYTEIDL__CORE__SIMPLE_TYPE__NONE &&
	    t->simple != FLYTEIDL__CORE__SIMPLE_TYPE__BINARY &&
	    t->simple != FLYTEIDL__CORE__SIMPLE_TYPE__ERROR &&
	    t->simple != FLYTEIDL__CORE__SIMPLE_TYPE__STRUCT);
}

/* The input that a template names, or NULL with a fault. */
static const struct declared *
template_target(struct task *t, uint32_t node, struct str name, size_t at,
    size_t end)
{
	struct span span = shape_inside(t->l, node, at, end - at);
	struct str input = template_input(name);
	const struct declared *d = task_declared(&t->inputs, input);
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (d == NULL) {
		shape_fault_at(t->l, DIAG_BAD_REFERENCE, span, "no input is "
		    "called \"" STR_FMT "\"", STR_ARG(input));
		if (task_meant(&t->inputs, input) != NULL)
			diag_hint(t->l->ds, "did you mean \"%s\"?",
			    task_meant(&t->inputs, input));
		return NULL;
	}
	if (d->var != NULL && !can_be_templated(d->var->type)) {
		type_add_name(&b, d->var->type);
		shape_fault_at(t->l, DIAG_BAD_REFERENCE, span, "a %s cannot "
		    "be part of a command", b.p);
		diag_hint(t->l->ds, "use run: and $%s, or read the file "
		    "$FLYTE_INPUTS/%s", d->name, d->name);
		return NULL;
	}
	return d;
}

/* "{{inputs.x}}": what every template of ours looks like but for the dot,
 * which would be handed on as it is. */
static void
refuse_dotless(struct task *t, uint32_t node, struct str w)
{
	static const char word[] = "inputs.";
	size_t i, k;

	for (i = 0; i + 2 < w.n; i++) {
		if (w.p[i] != '{' || w.p[i + 1] != '{')
			continue;
		for (k = i + 2; k < w.n && w.p[k] == ' '; k++)
			;
		if (w.n - k < sizeof(word) - 1 || strncasecmp(w.p + k, word,
		    sizeof(word) - 1) != 0)
			continue;
		shape_fault_at(t->l, DIAG_BAD_REFERENCE, shape_inside(t->l,
		    node, i, k + sizeof(word) - 1 - i), "a template begins "
		    "with a dot");
		diag_hint(t->l->ds, "write {{.inputs.NAME}}");
	}
}

/*
 * A word of the command for the cluster: there a file's value is its URI, so
 * the place where the copilot puts it stands in for the template.
 */
static char *
portable_word(struct task *t, uint32_t node, char *word)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	struct str w = str_of(word), name;
	size_t at = 0, from = 0, end;
	const struct declared *d;

	refuse_dotless(t, node, w);
	while (template_next(w, &at, &end, &name)) {
		if (template_is_flytes(name)) {
			shape_fault_at(t->l, DIAG_UNSUPPORTED,
			    shape_inside(t->l, node, at, end - at),
			    "the template \"" STR_FMT "\"", STR_ARG(name));
			diag_hint(t->l->ds, "inputs are {{.inputs.NAME}}; "
			    "outputs are written to $FLYTE_OUTPUTS/NAME");
		} else if (template_input(name).n > 0) {
			d = template_target(t, node, name, at, end);
			if (d != NULL && d->var != NULL &&
			    d->var->type->type_case ==
			    FLYTEIDL__CORE__LITERAL_TYPE__TYPE_BLOB) {
				strbuf_add(&b, w.p + from, at - from);
				strbuf_addf(&b, LOWER_INPUT_PATH "/%s",
				    d->name);
				from = end;
			}
		}
		at = end;
	}
	strbuf_add(&b, w.p + from, w.n - from);
	return shape_strdup(t->l, strbuf_str(&b));
}

static void
lower_command(struct task *t)
{
	uint32_t node = t->at.command;
	char **words;
	size_t n, i = 0;

	if (t->l->t->at[node].kind != TREE_SEQ ||
	    t->l->t->at[node].n == 0) {
		shape_wrong(t->l, node, "a list of words");
		diag_hint(t->l->ds, "run: takes a text for the shell");
		return;
	}
	if (shape_words(t->l, node, "a word", &words, &n) < 0)
		return;
	if (words[0][0] == '\0')
		shape_wrong(t->l, t->l->t->at[node].first, "a program");
	task_add_config_list(t, LOWER_COMMAND, words, n);
	t->words = arena_new_n(t->l->a, n, char *);
	TREE_EACH(t->l->t, node, c) {
		t->words[i] = portable_word(t, c, words[i]);
		i++;
	}
	t->n_words = n;
}

/* The words that the text of run: is put behind, with room for it; NULL with a
 * fault. */
static char **
shell_words(struct task *t, size_t *ret_n)
{
	static const char *const usual[] = { "/bin/sh", "-eu", "-c" };
	char **given, **words;
	size_t i, n;

	if (t->at.shell == TREE_NONE) {
		*ret_n = ARRAY_LEN(usual);
		words = arena_new_n(t->l->a, *ret_n + 1, char *);
		for (i = 0; i < *ret_n; i++)
			words[i] = arena_strdup(t->l->a, usual[i]);
		return words;
	}
	if (shape_words(t->l, t->at.shell, "a word", &given, &n) < 0)
		return NULL;
	if (n == 0) {
		shape_wrong(t->l, t->at.shell, "a list of words such as "
		    "[bash, -c]");
		return NULL;
	}
	task_add_config_list(t, LOWER_SHELL, given, n);
	words = arena_new_n(t->l->a, n + 1, char *);
	memcpy(words, given, n * sizeof(*words));
	*ret_n = n;
	return words;
}

static void
lower_run(struct task *t)
{
	char *text = shape_text(t->l, t->at.run, "a text for the shell");
	char **words;
	size_t n;

	if (text == NULL)
		return;
	refuse_templates(t, t->at.run, str_of(text), "run:");
	task_add_config(t, LOWER_RUN, str_of(text));
	words = shell_words(t, &n);
	if (words == NULL)
		return;
	words[n] = text;
	t->words = words;
	t->n_words = n + 1;
}

static void
lower_script(struct task *t, uint32_t node, const struct task_script *s)
{
	int binary = memchr(s->text.p, '\0', s->text.n) != NULL ||
	    !utf8_valid(s->text);

	t->words = arena_new_n(t->l->a, 1, char *);
	t->n_words = 1;
	if (!binary)
		refuse_templates(t, node, s->text, "a script");
	if (!binary && s->text.n <= LOWER_INLINE_MAX) {
		task_add_config(t, LOWER_SCRIPT, s->text);
		t->end = PROLOGUE_SCRIPT;
		t->words[0] = shape_strdup(t->l, s->text);
		return;
	}
	task_add_config(t, LOWER_SCRIPT_FILE, str_of(s->path));
	t->words[0] = arena_printf(t->l->a, "./%s", s->path);
	(void)files_add(t->l, node, s->path, t->name, &t->files);
}

static void
lower_script_key(struct task *t)
{
	struct task_script s;

	s.path = files_path(t->l, t->at.script);
	if (s.path != NULL &&
	    files_read(t->l, t->at.script, s.path, &s.text) == 0)
		lower_script(t, t->at.script, &s);
}

static void
lower_jq(struct task *t)
{
	char *text = shape_text(t->l, t->at.jq, "a jq expression");

	if (text == NULL)
		return;
	refuse_templates(t, t->at.jq, str_of(text), "jq:");
	task_add_config(t, LOWER_JQ, str_of(text));
	if (t->at.ints != TREE_NONE) {
		if (tree_is(t->l->t, t->at.ints, "text"))
			task_add_config(t, LOWER_JQ_INTS, STR("text"));
		else
			shape_wrong(t->l, t->at.ints, "text");
	}
	t->end = PROLOGUE_JQ;
	t->words = arena_new_n(t->l->a, 1, char *);
	t->words[0] = text;
	t->n_words = 1;
	if (t->outputs.n == 0)
		shape_fault(t->l, DIAG_MISSING_KEY, t->node, "outputs: a jq "
		    "task without an output does nothing");
}

/* Exactly one of the programs, and only the keys that go with it. */
void
task_lower_program(struct task *t, const struct task_script *script)
{
	const struct {
		const char	*name;
		uint32_t	 node;
		void		 (*lower)(struct task *);
	} programs[] = {
		{ "command", t->at.command, lower_command },
		{ "run", t->at.run, lower_run },
		{ "script", t->at.script, lower_script_key },
		{ "jq", t->at.jq, lower_jq },
	};
	size_t i, found = ARRAY_LEN(programs);

	for (i = 0; i < ARRAY_LEN(programs); i++) {
		if (programs[i].node == TREE_NONE)
			continue;
		if (script != NULL) {
			shape_fault(t->l, DIAG_EXCLUSIVE, programs[i].node,
			    "\"%s\" in a script, which is itself what runs",
			    programs[i].name);
		} else if (found < ARRAY_LEN(programs)) {
			shape_fault(t->l, DIAG_EXCLUSIVE, programs[i].node,
			    "\"%s\" and \"%s\"", programs[found].name,
			    programs[i].name);
		} else {
			found = i;
			programs[i].lower(t);
		}
	}
	if (script != NULL) {
		lower_script(t, t->node, script);
	} else if (found == ARRAY_LEN(programs)) {
		shape_fault(t->l, DIAG_MISSING_KEY, t->node, "command, run, "
		    "script or jq");
	}
	if (t->at.shell != TREE_NONE && t->at.run == TREE_NONE)
		shape_fault(t->l, DIAG_EXCLUSIVE, t->at.shell,
		    "\"shell\" goes with run:");
	if (t->at.ints != TREE_NONE && t->at.jq == TREE_NONE)
		shape_fault(t->l, DIAG_EXCLUSIVE, t->at.ints,
		    "\"ints\" goes with jq:");
}
