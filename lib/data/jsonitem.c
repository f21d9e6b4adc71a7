/* JSON taken apart without a tree: the items of a list, the lines of a text. */
#include "data/json.h"

#include "base/base.h"

static void
skip(struct json_items *it)
{
	while (it->p < it->end && (*it->p == ' ' || *it->p == '\n' ||
	    *it->p == '\t' || *it->p == '\r' || *it->p == ','))
		it->p++;
}

struct json_items
json_items(struct str list)
{
	struct json_items it = { list.p, list.p + list.n };

	skip(&it);
	if (it.p < it.end && *it.p == '[')
		it.p++;
	return it;
}

static const char *
string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : end;
}

static int
ends_word(char c)
{
	return c == ',' || c == ']' || c == ' ' || c == '\n' || c == '\t' ||
	    c == '\r';
}

static const char *
value_end(const char *p, const char *end)
{
	unsigned depth = 0;

	if (*p != '{' && *p != '[' && *p != '"') {
		while (p < end && !ends_word(*p))
			p++;
		return p;
	}
	while (p < end) {
		if (*p == '"') {
			p = string_end(p, end);
		} else {
			depth += *p == '{' || *p == '[';
			depth -= *p == '}' || *p == ']';
			p++;
		}
		if (depth == 0)
			break;
	}
	return MIN(p, end);
}

int
json_item_next(struct json_items *it, struct str *ret)
{
	skip(it);
	if (it->p >= it->end || *it->p == ']')
		return 0;
	ret->p = it->p;
	it->p = value_end(it->p, it->end);
	ret->n = (size_t)(it->p - ret->p);
	return 1;
}

int
jsonl_next(struct jsonl *in, struct str *ret_line)
{
	struct str line;
	const char *nl;
	size_t i;

	while (in->rest.n > 0) {
		nl = memchr(in->rest.p, '\n', in->rest.n);
		line = in->rest;
		if (nl != NULL)
			line.n = (size_t)(nl - line.p);
		i = MIN(line.n + 1, in->rest.n);
		in->rest.p += i;
		in->rest.n -= i;
		in->line++;
		for (i = 0; i < line.n; i++)
			if (strchr(" \t\r", line.p[i]) == NULL ||
			    line.p[i] == '\0')
				break;
		if (i < line.n) {
			*ret_line = line;
			return 1;
		}
	}
	return 0;
}
