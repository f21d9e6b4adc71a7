/* What people mean where libyaml only says that it understands nothing. */
#include "data/yaml_p.h"

/* Bounds of the line that holds offset at. */
static struct span
line_around(struct str s, uint32_t at)
{
	struct span line = { at, at };

	while (line.from > 0 && s.p[line.from - 1] != '\n')
		line.from--;
	while (line.to < s.n && s.p[line.to] != '\n')
		line.to++;
	return line;
}

int
yaml_tab_indents(struct str s, uint32_t at, uint32_t *ret)
{
	struct span line = line_around(s, at);
	uint32_t i;

	for (i = line.from; i < line.to && (s.p[i] == ' ' ||
	    s.p[i] == '\t'); i++)
		if (s.p[i] == '\t') {
			*ret = i;
			return 1;
		}
	return 0;
}

/* A type in square brackets, such as list[int], on the line of the bad place:
 * 1 and where it is, to its last bracket. */
static int
find_bracket_type(struct str s, uint32_t at, struct str *ret)
{
	static const char *const words[] = { "list", "map", "file", "dir",
	    "dataset", "enum" };
	struct span line = line_around(s, at);
	size_t i, w, n, end, depth;

	for (i = line.from; i < line.to; i++) {
		if (s.p[i] != '[')
			continue;
		for (w = 0; w < ARRAY_LEN(words); w++) {
			n = strlen(words[w]);
			if (i < line.from + n ||
			    memcmp(s.p + i - n, words[w], n) != 0)
				continue;
			for (end = i, depth = 0; end < s.n &&
			    s.p[end] != '\n'; end++) {
				depth += s.p[end] == '[';
				depth -= s.p[end] == ']';
				if (depth == 0)
					break;
			}
			*ret = (struct str){ s.p + i - n, end + n + 1 - i };
			return end < s.n && s.p[end] == ']';
		}
	}
	return 0;
}

static void
hint_brackets(struct str type, struct diags *ds)
{
	c_strbuf struct strbuf round = STRBUF_INIT;
	size_t i;

	for (i = 0; i < type.n; i++)
		strbuf_addch(&round, type.p[i] == '[' ? '(' :
		    type.p[i] == ']' ? ')' : type.p[i]);
	diag_hint(ds, "square brackets begin a YAML list; write %s, or quote "
	    "it: \"" STR_FMT "\"", round.p, STR_ARG(type));
}

/* The number of the line above if it opens a brace that it does not close. */
static unsigned
line_left_open(struct str s, uint32_t at)
{
	struct span line = line_around(s, at);
	size_t from = line.from, i;
	unsigned number = 0;
	int open = 0;

	if (from == 0)
		return 0;
	for (i = from - 1; i > 0 && s.p[i - 1] != '\n'; i--)
		;
	for (; i < from; i++) {
		open += s.p[i] == '{' || s.p[i] == '[';
		open -= s.p[i] == '}' || s.p[i] == ']';
	}
	for (i = 0; i < from; i++)
		number += s.p[i] == '\n';
	return open > 0 ? number : 0;
}

void
yaml_add_hint(struct str s, uint32_t at, struct diags *ds)
{
	struct str type;

	if (find_bracket_type(s, at, &type))
		hint_brackets(type, ds);
	else if (at < s.n && strchr("@`%", s.p[at]) != NULL)
		diag_hint(ds, "put a value that begins with %c in "
		    "quotes", s.p[at]);
	else if (at < s.n && s.p[at] == ':' && line_left_open(s, at) > 0)
		diag_hint(ds, "line %u opens a brace or bracket that is not "
		    "closed", line_left_open(s, at));
	else if (at < s.n && s.p[at] == ':')
		diag_hint(ds, "put a value that holds \": \" in "
		    "quotes");
}
