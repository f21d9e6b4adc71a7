#include "base/opt.h"

#include "base/diag.h"

static const struct {
	int		 letter;	/* 0: long only */
	const char	*name, *arg, *help;
} table[] = {
	[OPT_END] = { 0, NULL, NULL, NULL },
#define OPT(id, letter, name, arg, help)	[OPT_##id] = { letter, name, arg, help },
#define OPT_LONG(id, name, arg, help)		[OPT_##id] = { 0, name, arg, help },
#include "base/options.def"
#undef OPT
#undef OPT_LONG
};
_Static_assert(ARRAY_LEN(table) == OPT_MAX, "a row per option");

/* The option of a letter.  A letter used twice does not compile. */
static enum opt_id
by_letter(int letter)
{
	switch (letter) {
#define OPT(id, letter, name, arg, help)	case letter: return OPT_##id;
#define OPT_LONG(id, name, arg, help)
#include "base/options.def"
#undef OPT
#undef OPT_LONG
	default:
		return OPT_END;
	}
}

static int
listed(const enum opt_id *opts, enum opt_id id)
{
	for (; opts != NULL && *opts != OPT_END; opts++)
		if (*opts == id)
			return 1;
	return 0;
}

/* 1 if any use of the program takes it. */
static int
taken(const struct opt_program *p, enum opt_id id)
{
	const struct opt_verb *v;

	if (id == OPT_HELP || id == OPT_VERSION || id == OPT_COMPLETION ||
	    listed(p->opts, id))
		return 1;
	for (v = p->verbs; v != NULL && v->name != NULL; v++)
		if (listed(v->opts, id))
			return 1;
	return 0;
}

int
opt_allowed(const struct opt_program *p, const struct opt_verb *v,
    enum opt_id id)
{
	return id == OPT_HELP || id == OPT_VERSION || id == OPT_COMPLETION ||
	    listed(p->opts, id) || (v != NULL && listed(v->opts, id));
}

void
opt_init(struct opt *o, const struct opt_program *program, int argc,
    char **argv)
{
	*o = (struct opt){
		.program = program, .argv = argv, .argc = argc, .next = 1,
	};
}

const char *
opt_name(enum opt_id id)
{
	static char names[OPT_MAX][32];

	if (names[id][0] == '\0')
		snprintf(names[id], sizeof(names[id]), "--%s", table[id].name);
	return names[id];
}

const struct opt_verb *
opt_verb(const struct opt_program *p, const char *name)
{
	const struct opt_verb *v;

	for (v = p->verbs; v != NULL && v->name != NULL; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

const char *
opt_verb_meant(const struct opt_program *p, const char *word)
{
	const char *names[OPT_MAX];
	const struct opt_verb *v;
	size_t n = 0;

	for (v = p->verbs; v != NULL && v->name != NULL; v++)
		if (n < ARRAY_LEN(names))
			names[n++] = v->name;
	return did_you_mean(str_of(word), names, n);
}

int
opt_verb_unknown(const struct opt_program *p, const char *word, struct err *e)
{
	const char *meant = opt_verb_meant(p, word);

	if (meant != NULL)
		return err_set(e, ERR_USAGE, "%s: no such command; did you "
		    "mean %s?", word, meant);
	return err_set(e, ERR_USAGE, "%s: no such command (--help lists them)",
	    word);
}

static int
unknown_long(const struct opt *o, struct str name, struct err *e)
{
	const char *names[OPT_MAX], *near;
	size_t n = 0;
	int id;

	for (id = OPT_END + 1; id < OPT_MAX; id++)
		if (table[id].help != NULL && taken(o->program, (enum opt_id)id))
			names[n++] = table[id].name;
	near = did_you_mean(name, names, n);
	return err_set(e, ERR_USAGE, "unknown option --" STR_FMT "%s%s%s",
	    STR_ARG(name), near == NULL ? "" : "; did you mean --",
	    near == NULL ? "" : near, near == NULL ?
	    " (--help lists them)" : "?");
}

/* The argument of an option: attached text, else the next word. */
static int
take_value(struct opt *o, enum opt_id id, const char *attached,
    const char **ret_value, struct err *e)
{
	if (table[id].arg == NULL) {
		if (attached != NULL)
			return err_set(e, ERR_USAGE,
			    "%s takes no argument", opt_name(id));
		*ret_value = NULL;
		return 1;
	}
	if (attached == NULL) {
		if (o->next >= o->argc)
			return err_set(e, ERR_USAGE, "%s needs an argument: %s",
			    opt_name(id), table[id].arg);
		attached = o->argv[o->next++];
	}
	*ret_value = attached;
	return 1;
}

static int
next_long(struct opt *o, const char *word, enum opt_id *ret_id,
    const char **ret_value, struct err *e)
{
	const char *eq = strchr(word, '=');
	struct str name = { word, eq ? (size_t)(eq - word) : strlen(word) };
	int id;

	for (id = OPT_END + 1; id < OPT_MAX; id++)
		if (str_is(name, table[id].name) &&
		    taken(o->program, (enum opt_id)id)) {
			*ret_id = (enum opt_id)id;
			return take_value(o, *ret_id, eq ? eq + 1 : NULL,
			    ret_value, e);
		}
	return unknown_long(o, name, e);
}

static int
next_short(struct opt *o, enum opt_id *ret_id, const char **ret_value,
    struct err *e)
{
	int letter = *o->cluster++;
	enum opt_id id = by_letter(letter);
	const char *rest = *o->cluster != '\0' ? o->cluster : NULL;

	if (rest == NULL)
		o->cluster = NULL;
	if (id == OPT_END || !taken(o->program, id))
		return err_set(e, ERR_USAGE,
		    "unknown option -%c (--help lists them)", letter);
	*ret_id = id;
	if (table[id].arg == NULL) {
		*ret_value = NULL;
		return 1;
	}
	o->cluster = NULL;
	return take_value(o, id, rest, ret_value, e);
}

int
opt_next(struct opt *o, enum opt_id *ret_id, const char **ret_value,
    struct err *e)
{
	const char *word;

	*ret_id = OPT_END;
	*ret_value = NULL;
	if (o->cluster != NULL)
		return next_short(o, ret_id, ret_value, e);
	if (o->next >= o->argc || o->stop_at_arg == 2)
		return 0;
	word = o->argv[o->next++];
	if (o->only_args || word[0] != '-' || word[1] == '\0') {
		if (o->stop_at_arg)
			o->stop_at_arg = 2;
		*ret_value = word;
		return 2;
	}
	if (word[1] != '-') {
		o->cluster = word + 1;
		return next_short(o, ret_id, ret_value, e);
	}
	if (word[2] == '\0') {
		o->only_args = 1;
		return opt_next(o, ret_id, ret_value, e);
	}
	return next_long(o, word + 2, ret_id, ret_value, e);
}

/* Appends text wrapped to 79 columns, further lines indented. */
static void
add_wrapped(struct strbuf *out, const char *text, size_t indent, size_t col)
{
	const char *end;
	size_t n;

	while (*text != '\0') {
		end = strchr(text, ' ');
		n = end == NULL ? strlen(text) : (size_t)(end - text);
		if (col + n > 79 && col > indent) {
			if (out->p[out->n - 1] == ' ')
				strbuf_setlen(out, out->n - 1);
			strbuf_addch(out, '\n');
			strbuf_pad(out, ' ', indent);
			col = indent;
		}
		strbuf_add(out, text, n);
		col += n;
		text += n;
		while (*text == ' ')
			text++;
		if (*text != '\0' && col < 79) {
			strbuf_addch(out, ' ');
			col++;
		}
	}
	while (out->n > 0 && out->p[out->n - 1] == ' ')
		strbuf_setlen(out, out->n - 1);
	strbuf_addch(out, '\n');
}

static void
add_option(struct strbuf *out, enum opt_id id)
{
	const size_t indent = 26;
	size_t from = out->n, col;

	if (table[id].help == NULL)
		return;
	if (table[id].letter != 0)
		strbuf_addf(out, "  -%c, ", table[id].letter);
	else
		strbuf_adds(out, "      ");
	strbuf_addf(out, "--%s", table[id].name);
	if (table[id].arg != NULL)
		strbuf_addf(out, "%s%s", table[id].letter ? " " : "=",
		    table[id].arg);
	col = out->n - from;
	if (col + 2 > indent) {
		strbuf_addch(out, '\n');
		col = 0;
	}
	strbuf_pad(out, ' ', indent - col);
	add_wrapped(out, table[id].help, indent, indent);
}

static void
add_usage(const struct opt_program *p, struct strbuf *out)
{
	const char *line, *end, *lead = "usage: ";
	size_t n;

	for (line = p->args; line != NULL; line = end ? end + 1 : NULL) {
		end = strchr(line, '\n');
		n = end == NULL ? strlen(line) : (size_t)(end - line);
		strbuf_addf(out, "%s%s %.*s\n", lead, p->name, (int)n, line);
		lead = "       ";
	}
	if (p->verbs != NULL)
		strbuf_addf(out, "%s%s COMMAND [options] ...\n", lead, p->name);
}

/* One a line, with or without blanks before it. */
static void
add_examples(struct strbuf *out, const char *text)
{
	size_t n;

	strbuf_adds(out, "\nExamples:\n");
	while (*text != '\0') {
		text += strspn(text, " ");
		n = strcspn(text, "\n");
		strbuf_addf(out, "  %.*s\n", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

void
opt_help(const struct opt_program *p, struct strbuf *out)
{
	const struct opt_verb *v;
	size_t from, col;
	int id;

	add_usage(p, out);
	strbuf_addch(out, '\n');
	add_wrapped(out, p->about, 0, 0);
	if (p->verbs != NULL)
		strbuf_adds(out, "\nCommands:\n");
	for (v = p->verbs; v != NULL && v->name != NULL; v++) {
		from = out->n;
		strbuf_addf(out, "  %s%s%s", v->name, v->args[0] ? " " : "",
		    v->args);
		col = out->n - from;
		if (col + 2 > 34) {
			strbuf_addch(out, '\n');
			col = 0;
		}
		strbuf_pad(out, ' ', 34 - col);
		add_wrapped(out, v->help, 34, 34);
	}
	strbuf_adds(out, "\nOptions:\n");
	for (id = OPT_END + 1; id < OPT_MAX; id++)
		if (taken(p, (enum opt_id)id))
			add_option(out, (enum opt_id)id);
	if (p->examples != NULL)
		add_examples(out, p->examples);
}

void
opt_completion(const struct opt_program *p, struct strbuf *out)
{
	const struct opt_verb *v;
	int id;

	for (v = p->verbs; v != NULL && v->name != NULL; v++)
		strbuf_addf(out, "verb\t%s\t%s\n", v->name, v->help);
	for (id = OPT_END + 1; id < OPT_MAX; id++) {
		if (table[id].help == NULL || !taken(p, (enum opt_id)id))
			continue;
		strbuf_addf(out, "option\t--%s\t%s\t%s\n", table[id].name,
		    table[id].arg == NULL ? "" : table[id].arg,
		    table[id].help);
		if (table[id].letter != 0)
			strbuf_addf(out, "option\t-%c\t%s\t%s\n",
			    table[id].letter,
			    table[id].arg == NULL ? "" : table[id].arg,
			    table[id].help);
	}
}
