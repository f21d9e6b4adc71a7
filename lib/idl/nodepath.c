#include "idl/nodepath.h"

#include "base/num.h"

void
nodepath_add(struct strbuf *b, struct str path)
{
	size_t from = 0, to;
	const char *slash;
	int is_id = 1;

	while (path.n > 0) {	/* of nothing in particular: no path */
		slash = memchr(path.p + from, '/', path.n - from);
		to = slash == NULL ? path.n : (size_t)(slash - path.p);
		if (is_id && from > 0)
			strbuf_addch(b, '/');
		if (is_id)
			strbuf_add(b, path.p + from, to - from);
		if (slash == NULL)
			return;
		from = to + 1;
		is_id = !is_id;
	}
}

/* Ids and numbers in turn, an id at the end. */
static int
is_whole(struct str path)
{
	size_t from = 0, to;
	const char *slash;
	uint64_t number;
	int is_id = 1;

	for (;;) {
		slash = memchr(path.p + from, '/', path.n - from);
		to = slash == NULL ? path.n : (size_t)(slash - path.p);
		if (!is_id && num_parse_u64((struct str){ path.p + from,
		    to - from }, 0, UINT32_MAX, &number) < 0)
			return 0;
		if (slash == NULL)
			return is_id;
		from = to + 1;
		is_id = !is_id;
	}
}

void
nodepath_add_given(struct strbuf *b, struct str path)
{
	if (path.n > 0 && is_whole(path))
		nodepath_add(b, path);
	else
		strbuf_addstr(b, path);
}
