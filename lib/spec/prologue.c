#include "spec/prologue.h"

#include <strings.h>

#include "spec/lower.h"

/* ---- templates ---------------------------------------------------------- */

static int
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

int
template_next(struct str w, size_t *at, size_t *ret_end, struct str *ret_name)
{
	size_t i, j, k;

	for (i = *at; i + 3 < w.n; i++) {
		if (w.p[i] != '{' || w.p[i + 1] != '{')
			continue;
		for (j = i + 2; j < w.n && is_blank(w.p[j]); j++)
			;
		if (j == w.n || (w.p[j] != '.' && w.p[j] != '$'))
			continue;
		for (k = ++j; k < w.n && !is_blank(w.p[k]) &&
		    w.p[k] != '}' && w.p[k] != '{'; k++)
			;
		*ret_name = (struct str){ w.p + j, k - j };
		while (k < w.n && is_blank(w.p[k]))
			k++;
		if (k + 1 >= w.n || w.p[k] != '}' || w.p[k + 1] != '}' ||
		    ret_name->n == 0)
			continue;
		*at = i;
		*ret_end = k + 2;
		return 1;
	}
	return 0;
}

struct str
template_input(struct str name)
{
	const size_t n = sizeof("inputs.") - 1;

	if (name.n <= n || strncasecmp(name.p, "inputs.", n) != 0)
		return (struct str){ NULL, 0 };
	return (struct str){ name.p + n, name.n - n };
}

int
template_is_flytes(struct str name)
{
	static const char *const names[] = { "input", "outputprefix",
	    "inputprefix", "rawoutputdataprefix", "prevcheckpointprefix",
	    "checkpointoutputprefix", "perretryuniquekey",
	    "tasktemplatepath", "namespace" };
	size_t i;

	for (i = 0; i < ARRAY_LEN(names); i++)
		if (name.n == strlen(names[i]) &&
		    strncasecmp(name.p, names[i], name.n) == 0)
			return 1;
	return 0;
}

/* ---- which inputs are exported ------------------------------------------ */

int
lower_is_exported(struct str name)
{
	static const char *const taken[] = { "PATH", "HOME", "USER", "SHELL",
	    "LANG", "LANGUAGE", "TZ", "TMPDIR", "IFS", "ENV", "BASH_ENV",
	    "PWD", "OLDPWD", "TERM", "LOGNAME", "MAIL", "EDITOR", "PAGER",
	    "HOSTNAME", "DISPLAY", "CDPATH", "GLOBIGNORE", "SHELLOPTS",
	    "BASHOPTS", "PS1", "PS2", "PS4", "OPTIND", "OPTARG", "PPID",
	    "UID", "EUID", "GCONV_PATH", "LOCPATH", "NLSPATH", "MALLOC_CHECK_",
	    "MAKEFLAGS", "MFLAGS", "PERL5LIB", "PERL5OPT", "PERLLIB",
	    "RUBYLIB", "RUBYOPT", "NODE_OPTIONS", "NODE_PATH", "CLASSPATH",
	    "JAVA_TOOL_OPTIONS", "http_proxy", "https_proxy", "ftp_proxy",
	    "all_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY",
	    "ALL_PROXY", "NO_PROXY" };
	static const char *const prefixes[] = { "LD_", "LC_", "PYTHON",
	    "FLYTE_", "XDG_", "GIT_", "SSH_", "DYLD_", "BASH_FUNC_", "_" };
	size_t i;

	for (i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    c == '_' || (i > 0 && c >= '0' && c <= '9')))
			return 0;
	}
	for (i = 0; i < ARRAY_LEN(taken); i++)
		if (str_is(name, taken[i]))
			return 0;
	for (i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts(name, prefixes[i]))
			return 0;
	return name.n > 0;
}

/* Unions hold no unions in the spec; one from elsewhere ends the look. */
static int
is_exported(const pb_literal_type *t, int in_union)
{
	size_t i;

	switch (t->type_case) {
	case FLYTEIDL__CORE__LITERAL_TYPE__TYPE_SIMPLE:
		return t->simple != FLYTEIDL__CORE__SIMPLE_TYPE__BINARY &&
		    t->simple != FLYTEIDL__CORE__SIMPLE_TYPE__ERROR &&
		    t->simple != FLYTEIDL__CORE__SIMPLE_TYPE__STRUCT &&
		    (in_union ||
		    t->simple != FLYTEIDL__CORE__SIMPLE_TYPE__NONE);
	case FLYTEIDL__CORE__LITERAL_TYPE__TYPE_BLOB:
	case FLYTEIDL__CORE__LITERAL_TYPE__TYPE_ENUM_TYPE:
		return 1;
	case FLYTEIDL__CORE__LITERAL_TYPE__TYPE_UNION_TYPE:
		for (i = 0; !in_union && i < t->union_type->n_variants; i++)
			if (!is_exported(t->union_type->variants[i], 1))
				return 0;
		return !in_union && t->union_type->n_variants > 0;
	case FLYTEIDL__CORE__LITERAL_TYPE__TYPE__NOT_SET:
	case FLYTEIDL__CORE__LITERAL_TYPE__TYPE_SCHEMA:
	case FLYTEIDL__CORE__LITERAL_TYPE__TYPE_COLLECTION_TYPE:
	case FLYTEIDL__CORE__LITERAL_TYPE__TYPE_MAP_VALUE_TYPE:
	case FLYTEIDL__CORE__LITERAL_TYPE__TYPE_STRUCTURED_DATASET_TYPE:
	case _FLYTEIDL__CORE__LITERAL_TYPE__TYPE__CASE_IS_INT_SIZE:
	default:
		return 0;
	}
}

/* ---- the text ----------------------------------------------------------- */

static void
add_export(struct strbuf *b, const char *name, const pb_literal_type *type)
{
	if (!lower_is_exported(str_of(name)) || !is_exported(type, 0))
		return;
	if (type->type_case == FLYTEIDL__CORE__LITERAL_TYPE__TYPE_BLOB)
		strbuf_addf(b, "%s=$FLYTE_INPUTS/%s\n", name, name);
	else
		/* the dot keeps newlines at the end of the value */
		strbuf_addf(b, "%s=$(cat \"$FLYTE_INPUTS/%s\" && echo .)\n"
		    "%s=${%s%%.}\n", name, name, name, name);
	strbuf_addf(b, "export %s\n", name);
}

/* A sole output is the result itself, several are its fields. */
static void
add_jq(struct strbuf *b, const pb_variable_map *outputs)
{
	size_t i;

	for (i = 0; i < outputs->n_variables; i++) {
		const char *name = outputs->variables[i]->key;

		strbuf_adds(b, "jq -r \"$1\"");
		if (outputs->n_variables > 1)
			strbuf_addf(b, "' | .%s'", name);
		strbuf_addf(b, " \"$FLYTE_INPUTS/inputs.json\" "
		    ">\"$FLYTE_OUTPUTS/%s\"\n", name);
	}
}

void
prologue_add(struct strbuf *b, const pb_typed_interface *iface,
    enum prologue_end end, int exports, const char *stdin_name,
    const char *stdout_name)
{
	size_t i;

	strbuf_adds(b, "set -eu\n"
	    "FLYTE_INPUTS=" LOWER_INPUT_PATH "\n"
	    "FLYTE_OUTPUTS=" LOWER_OUTPUT_PATH "\n"
	    "export FLYTE_INPUTS FLYTE_OUTPUTS\n"
	    "mkdir -p \"$FLYTE_OUTPUTS\"\n");
	for (i = 0; exports && i < iface->inputs->n_variables; i++)
		add_export(b, iface->inputs->variables[i]->key,
		    iface->inputs->variables[i]->value->type);
	if (end == PROLOGUE_JQ) {
		add_jq(b, iface->outputs);
		return;
	}
	if (end == PROLOGUE_SCRIPT)
		strbuf_adds(b, "f=$(mktemp)\nprintf %s \"$1\" >\"$f\"\n"
		    "chmod 700 \"$f\"\nshift\nset -- \"$f\" \"$@\"\n");
	strbuf_adds(b, "exec \"$@\"");
	if (stdin_name != NULL)
		strbuf_addf(b, " <\"$FLYTE_INPUTS/%s\"", stdin_name);
	if (stdout_name != NULL)
		strbuf_addf(b, " >\"$FLYTE_OUTPUTS/%s\"", stdout_name);
	strbuf_addch(b, '\n');
}
