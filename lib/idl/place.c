#include "idl/place.h"

#include "base/err.h"
#include "base/utf8.h"
#include "idl/type.h"

#define MAX_TYPE_SHOWN	200	/* bytes of a type's name */
#define MAX_LINKS	128	/* links that are printed */

void
place_add(struct strbuf *b, const struct place *p)
{
	const struct place *links[MAX_LINKS];
	size_t n = 0, start = b->n;

	for (; p != NULL && n < MAX_LINKS; p = p->up)
		links[n++] = p;
	while (n-- > 0) {
		if (links[n]->name.p == NULL) {
			if (links[n]->up != NULL)
				strbuf_addf(b, "[%zu]", links[n]->index);
			continue;
		}
		if (b->n > start)
			strbuf_addch(b, '.');
		utf8_add_shown(b, links[n]->name);
	}
}

int
place_fail(const struct place *p, const pb_literal_type *t,
    const char *expected, const char *given, const char *hint, struct err *e)
{
	struct strbuf where c_strbuf = STRBUF_INIT, type c_strbuf = STRBUF_INIT;
	size_t n;

	place_add(&where, p);
	if (where.n > 0)
		strbuf_adds(&where, ": ");
	if (expected == NULL) {
		type_add_name(&type, t);
		if (type.n > MAX_TYPE_SHOWN) {
			for (n = MAX_TYPE_SHOWN; ((unsigned char)type.p[n] &
			    0xc0) == 0x80; n--)
				;
			strbuf_setlen(&type, n);
			strbuf_adds(&type, "...");
		}
		expected = type.p;
	}
	return err_set(e, ERR_USAGE, "%sexpected %s, given %s%s%s", where.p,
	    expected, given, hint == NULL ? "" : "; ",
	    hint == NULL ? "" : hint);
}
