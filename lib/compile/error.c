#include "compile/error.h"

#include <stdarg.h>

#include "base/limits.h"

/* Places kept of one error: as many as are ever shown. */
#define MAX_PLACES	MAX_DIAGS

static const char *const texts[] = {
#define CODE(id, text)	text,
#include "compile/code.def"
#undef CODE
};
_Static_assert(ARRAY_LEN(texts) == COMPILE_CODE_MAX, "one text a code");

const char *
compile_code_text(enum compile_code code)
{
	return (unsigned)code < COMPILE_CODE_MAX ? texts[code] : "?";
}

void
compile_errors_release(struct compile_errors *es)
{
	free(es->at);
	map_release(&es->seen);
	arena_release(&es->arena);
	es->at = NULL;
	es->n = es->cap = 0;
	es->calls = 0;
}

static const char *
keep(struct compile_errors *es, const char *s)
{
	return s == NULL || *s == '\0' ? "" : arena_strdup(&es->arena, s);
}

static void
copy_place(struct compile_errors *es, const struct compile_place *from,
    struct compile_place *to)
{
	to->workflow = keep(es, from == NULL ? NULL : from->workflow);
	to->node = keep(es, from == NULL ? NULL : from->node);
	to->var = keep(es, from == NULL ? NULL : from->var);
	to->path = keep(es, from == NULL ? NULL : from->path);
	to->next = NULL;
}

static int
same_place(const struct compile_place *a, const struct compile_place *b)
{
	return strcmp(a->node, b->node) == 0 && strcmp(a->var, b->var) == 0 &&
	    strcmp(a->path, b->path) == 0 &&
	    strcmp(a->workflow, b->workflow) == 0;
}

/* The same error from another place. */
static void
add_place(struct compile_errors *es, struct compile_error *x,
    const struct compile_place *place)
{
	struct compile_place *p = &x->place, new;
	unsigned n = 1;

	copy_place(es, place, &new);
	for (;; p = p->next, n++) {
		if (n >= MAX_PLACES || same_place(p, &new))
			return;
		if (p->next == NULL)
			break;
	}
	p->next = arena_new(&es->arena, struct compile_place);
	*p->next = new;
}

void
compile_error_add(struct compile_errors *es, enum compile_code code,
    const char *node, const struct compile_place *place,
    const struct strbuf *key, const char *fmt, ...)
{
	c_strbuf struct strbuf text = STRBUF_INIT, whole = STRBUF_INIT;
	struct compile_error x;
	uint32_t old;
	va_list ap;

	es->calls++;
	va_start(ap, fmt);
	strbuf_vaddf(&text, fmt, ap);
	va_end(ap);
	strbuf_addf(&whole, "%d\n%s", (int)code, node);
	strbuf_addch(&whole, '\0');
	strbuf_addstr(&whole, strbuf_str(key == NULL ? &text : key));
	old = map_get(&es->seen, strbuf_str(&whole));
	if (old != MAP_NONE) {
		add_place(es, &es->at[old], place);
		return;
	}
	if (es->n == es->cap) {
		es->cap = MAX(es->cap * 2, (size_t)8);
		es->at = xreallocarray(es->at, es->cap, sizeof(*es->at));
	}
	x.code = code;
	x.node = keep(es, node);
	x.text = keep(es, text.p);
	copy_place(es, place, &x.place);
	map_put(&es->seen, arena_str(&es->arena, strbuf_str(&whole)),
	    (uint32_t)es->n);
	es->at[es->n++] = x;
}

static int
by_text(const void *a, const void *b)
{
	const struct compile_error *x = a, *y = b;
	int d;

	if (x->code != y->code)
		return x->code < y->code ? -1 : 1;
	d = strcmp(x->node, y->node);
	return d != 0 ? d : strcmp(x->text, y->text);
}

void
compile_errors_sort(struct compile_errors *es)
{
	if (es->n > 1)
		qsort(es->at, es->n, sizeof(*es->at), by_text);
	/* The indices no longer hold: what comes next starts a new set. */
	map_release(&es->seen);
}

void
compile_errors_print(const struct compile_errors *es, struct strbuf *out)
{
	size_t i;

	strbuf_addf(out, "Collected Errors: %zu\n", es->n);
	for (i = 0; i < es->n; i++)
		strbuf_addf(out, "\tError %zu: Code: %s, Node Id: %s, "
		    "Description: %s\n", i, compile_code_text(es->at[i].code),
		    es->at[i].node, es->at[i].text);
}
