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

/* A type in square brackets, such as list[int], up to the bad place. */
static int
has_bracket_type(struct str s, uint32_t at)
{
	static const char *const words[] = { "list", "map", "file", "dir",
	    "dataset", "enum" };
	struct span line = line_around(s, at);
	size_t i, w, n;

	for (i = line.from; i < line.to; i++) {
		if (s.p[i] != '[')
			continue;
		for (w = 0; w < ARRAY_LEN(words); w++) {
			n = strlen(words[w]);
			if (i >= line.from + n &&
			    memcmp(s.p + i - n, words[w], n) == 0)
				return 1;
		}
	}
	return 0;
}

void
yaml_add_hint(struct str s, uint32_t at, struct diags *ds)
{
	if (has_bracket_type(s, at))
		diag_hint(ds, "square brackets begin a YAML list; "
		    "write list(int), or quote it: \"list[int]\"");
	else if (at < s.n && strchr("@`%", s.p[at]) != NULL)
		diag_hint(ds, "put a value that begins with %c in "
		    "quotes", s.p[at]);
	else if (at < s.n && s.p[at] == ':')
		diag_hint(ds, "put a value that holds \": \" in "
		    "quotes");
}
