/* The items of a JSON list, one after the other, without a tree. */
#include "data/json.h"

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
