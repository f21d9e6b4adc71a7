#include "common/inputs_p.h"

#include "idl/literal.h"
#include "idl/wire.h"

struct inputs *
inputs_new(struct context *c)
{
	struct inputs *in = arena_new(&c->arena, struct inputs);

	in->context = c;
	in->arena = &c->arena;
	return in;
}

void
inputs_free(struct inputs *in)
{
	size_t i;

	if (in == NULL)
		return;
	for (i = 0; i < in->sets.n; i++)
		given_release(in->sets.at[i]);
	VEC_RELEASE(&in->sets);
	VEC_RELEASE(&in->words);
	VEC_RELEASE(&in->rules);
	VEC_RELEASE(&in->files);
	VEC_RELEASE(&in->given);
	for (i = 0; i < in->packed.n; i++)
		strbuf_release(&in->packed.at[i].bytes);
	VEC_RELEASE(&in->packed);
}

void
inputs_keep_packed(struct inputs *in)
{
	in->keep_packed = 1;
}

void
inputs_set_form(struct inputs *in, enum value_form form)
{
	in->form = form;
}

static int
take_stdin(struct inputs *in, const char *what, struct err *e)
{
	if (in->stdin_for != NULL)
		return err_set(e, ERR_USAGE, "%s: stdin is read already, by "
		    "%s", what, in->stdin_for);
	in->stdin_for = what;
	return 0;
}

int
inputs_add_word(struct inputs *in, const char *word, struct err *e)
{
	const char *eq = strchr(word, '=');
	struct word w;
	size_t i;

	if (eq == NULL || eq == word)
		return err_set(e, ERR_USAGE, "%.200s: expected NAME=VALUE",
		    word);
	w.name = arena_strndup(in->arena, word, (size_t)(eq - word));
	w.value = eq + 1;
	for (i = 0; i < in->words.n; i++)
		if (strcmp(in->words.at[i].name, w.name) == 0)
			return err_set(e, ERR_USAGE, "input %s: given twice",
			    w.name);
	if (strcmp(w.value, "@-") == 0 && take_stdin(in, word, e) < 0)
		return -1;
	VEC_PUSH(&in->words, w);
	return 0;
}

int
inputs_add_file(struct inputs *in, const char *path, struct err *e)
{
	if (strcmp(path, "-") == 0 && take_stdin(in, "-i -", e) < 0)
		return -1;
	VEC_PUSH(&in->files, path);
	return 0;
}

int
inputs_add_map(struct inputs *in, const char *text, struct err *e)
{
	const char *eq = strchr(text, '='), *dot;
	struct rule r = { NULL, NULL, NULL };

	if (eq == NULL || eq == text || eq[1] == '\0' || eq[1] == '.')
		return err_set(e, ERR_USAGE, "-m %s: expected "
		    "INPUT=NAME[.PATH]", text);
	dot = strchrnul(eq + 1, '.');
	r.input = arena_strndup(in->arena, text, (size_t)(eq - text));
	r.name = arena_strndup(in->arena, eq + 1, (size_t)(dot - eq - 1));
	if (*dot == '.')
		r.path = dot + 1;
	VEC_PUSH(&in->rules, r);
	return 0;
}

struct given *
inputs_given(const struct inputs *in, const char *name)
{
	size_t i;

	for (i = 0; i < in->given.n; i++)
		if (strcmp(in->given.at[i]->name, name) == 0)
			return in->given.at[i];
	return NULL;
}

static int
read_file(struct inputs *in, const char *path, struct err *e)
{
	struct given_set *set = arena_new(in->arena, struct given_set);
	size_t i;

	VEC_PUSH(&in->sets, set);
	if (given_read(path, in->form, in->arena, set, e) < 0)
		return -1;
	for (i = 0; i < set->n; i++) {
		if (inputs_given(in, set->at[i].name) != NULL)
			return err_set(e, ERR_USAGE, "%s: the value %s is "
			    "given by another file too", path,
			    set->at[i].name);
		VEC_PUSH(&in->given, &set->at[i]);
	}
	return 0;
}

int
inputs_read_files(struct inputs *in, struct err *e)
{
	size_t i;

	for (i = 0; i < in->files.n; i++)
		if (read_file(in, in->files.at[i], e) < 0)
			return -1;
	return 0;
}

static const struct strbuf *
packed_called(const struct inputs *in, const char *name)
{
	size_t i;

	for (i = 0; i < in->packed.n; i++)
		if (strcmp(in->packed.at[i].name, name) == 0)
			return &in->packed.at[i].bytes;
	return NULL;
}

/* What the files held is not needed any more. */
static void
forget_documents(struct inputs *in)
{
	size_t i;

	for (i = 0; i < in->sets.n; i++)
		given_release(in->sets.at[i]);
	in->sets.n = in->given.n = 0;
}

void
inputs_pack(struct inputs *in, const pb_literal_map *bound,
    struct strbuf *ret)
{
	c_arena struct arena a = ARENA_INIT;
	size_t *order = literal_map_order(bound, &a), i;

	forget_documents(in);
	for (i = 0; i < bound->n_literals; i++) {
		const char *name = bound->literals[order[i]]->key;
		const struct strbuf *bytes = packed_called(in, name);
		c_strbuf struct strbuf one = STRBUF_INIT;

		if (bytes == NULL)
			wire_pack(&bound->literals[order[i]]->value->base,
			    &one);
		wire_add_entry(ret, 1, str_of(name),
		    strbuf_str(bytes == NULL ? &one : bytes));
	}
	for (i = 0; i < in->packed.n; i++)
		strbuf_release(&in->packed.at[i].bytes);
	in->packed.n = 0;
}
