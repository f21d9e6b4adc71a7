#include "data/yaml_p.h"

#include <yaml.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/utf8.h"
#include "base/vec.h"

/* An anchored node that is whole: nodes node..end lie together. */
struct anchor {
	uint32_t	node, end;
	unsigned	height;		/* levels of lists and maps in it */
	int		open;		/* not closed yet */
};

struct frame {
	uint32_t	node, last;
	uint32_t	anchor;		/* index, or MAP_NONE */
	unsigned	height;
	int		want_key;	/* a map: the next node is a key */
};

struct reader {
	yaml_parser_t	 parser;
	struct tree	*tree;
	struct diags	*diags;
	struct frame	 stack[MAX_DEPTH];
	unsigned	 depth;
	VEC(struct anchor) anchors;
	struct map	 anchor_by_name;
	size_t		 aliased;	/* nodes made by aliases */
	unsigned	 faults;
	int		 ascii;
	size_t		 chars, bytes;	/* a place in both counts */
};

static void	fault(struct reader *, enum diag_code, struct span,
		    const char *fmt, ...) printf_like(4, 5);

static void
fault(struct reader *r, enum diag_code code, struct span at, const char *fmt,
    ...)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	va_list ap;

	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	diag_add(r->diags, code, &r->tree->source, at, "%s", b.p);
	r->faults++;
}

/* ---- places ------------------------------------------------------------- */

/* libyaml counts code points; marks come nearly in order. */
static uint32_t
byte_of(struct reader *r, size_t index)
{
	struct str s = r->tree->source.text;

	if (r->ascii)
		return (uint32_t)MIN(index, s.n);
	while (r->chars > index && r->bytes > 0) {
		r->bytes--;
		if (((unsigned char)s.p[r->bytes] & 0xc0) != 0x80)
			r->chars--;
	}
	while (r->chars < index && r->bytes < s.n) {
		r->bytes++;
		while (r->bytes < s.n &&
		    ((unsigned char)s.p[r->bytes] & 0xc0) == 0x80)
			r->bytes++;
		r->chars++;
	}
	return (uint32_t)r->bytes;
}

static struct span
span_of(struct reader *r, const yaml_event_t *ev)
{
	uint32_t from = byte_of(r, ev->start_mark.index);

	return (struct span){ from, byte_of(r, ev->end_mark.index) };
}

/* ---- what the text itself must be --------------------------------------- */

static int
check_text(struct reader *r)
{
	struct str s = r->tree->source.text;
	size_t i, bad;

	if (s.n > MAX_SPEC_BYTES) {
		fault(r, DIAG_TOO_LARGE, (struct span){ 0, 0 },
		    "%zu bytes, and at most %zu are read", s.n,
		    MAX_SPEC_BYTES);
		return -1;
	}
	bad = utf8_bad_at(s);
	for (i = 0; i < bad; i++) {
		unsigned char c = (unsigned char)s.p[i];

		r->ascii &= c < 0x80;
		if ((c < 0x20 && c != '\t' && c != '\n' && c != '\r') ||
		    c == 0x7f) {
			fault(r, DIAG_ENCODING,
			    (struct span){ (uint32_t)i, (uint32_t)i },
			    "control byte 0x%02x%s", c,
			    c == 0 ? " (is this a text file?)" : "");
			return -1;
		}
	}
	if (bad < s.n) {
		fault(r, DIAG_ENCODING,
		    (struct span){ (uint32_t)bad, (uint32_t)bad },
		    "byte 0x%02x", (unsigned char)s.p[bad]);
		return -1;
	}
	return 0;
}

/* ---- libyaml's faults in our words -------------------------------------- */

static void
parser_fault(struct reader *r)
{
	const yaml_parser_t *p = &r->parser;
	struct str s = r->tree->source.text;
	uint32_t at, tab;

	if (p->error == YAML_MEMORY_ERROR)
		BUG("libyaml: out of memory");
	if (p->error == YAML_READER_ERROR) {
		at = (uint32_t)MIN(p->problem_offset, s.n);
		fault(r, DIAG_ENCODING, (struct span){ at, at }, "%s",
		    p->problem);
		return;
	}
	at = byte_of(r, p->problem_mark.index);
	if (yaml_tab_indents(s, at, &tab)) {
		fault(r, DIAG_SYNTAX, (struct span){ tab, tab },
		    "a tab cannot be used as indentation");
		diag_hint(r->diags, "use spaces");
		return;
	}
	fault(r, DIAG_SYNTAX, (struct span){ at, at }, "%s%s%s", p->problem,
	    p->context != NULL ? ", " : "",
	    p->context != NULL ? p->context : "");
	yaml_add_hint(s, at, r->diags);
}

/* ---- the tree ----------------------------------------------------------- */

static const char *
name_of(const yaml_char_t *s)
{
	return (const char *)s;
}

/* The place for a new node in what is open; -1 with a fault. */
static int
place(struct reader *r, uint32_t node)
{
	struct tree *t = r->tree;
	struct frame *f;

	if (r->depth == 0)
		return 0;
	f = &r->stack[r->depth - 1];
	tree_link(t, f->node, f->last, node);
	f->last = node;
	if (t->at[f->node].kind == TREE_SEQ) {
		t->at[f->node].n++;
		return 0;
	}
	f->want_key = !f->want_key;
	if (f->want_key) {
		t->at[f->node].n++;
		return 0;
	}
	if (t->at[node].kind != TREE_SCALAR) {
		fault(r, DIAG_SYNTAX, t->at[node].span,
		    "a key must be a word, not a list or a map");
		if (t->source.text.p[t->at[node].span.from] == '{')
			diag_hint(r->diags, "put a template in quotes: "
			    "\"{{.inputs.x}}\"");
		return -1;
	}
	if (!t->at[node].quoted && t->at[node].text.n == 0)
		fault(r, DIAG_SYNTAX, t->at[node].span, "a key is missing");
	if (!t->at[node].quoted && str_is(t->at[node].text, "<<")) {
		fault(r, DIAG_MERGE_KEY, t->at[node].span, "\"<<\"");
		diag_hint(r->diags, "repeat the keys, or put an alias where "
		    "a whole value is meant");
	}
	return 0;
}

static int
room(struct reader *r, struct span at, size_t extra)
{
	if (r->tree->n + extra <= MAX_TREE_NODES)
		return 0;
	fault(r, DIAG_TOO_LARGE, at, "more than %zu values", MAX_TREE_NODES);
	return -1;
}

static uint32_t
add_anchor(struct reader *r, const yaml_char_t *name, uint32_t node)
{
	struct anchor a = { .node = node, .open = 1 };
	uint32_t i = (uint32_t)r->anchors.n;

	if (name == NULL)
		return MAP_NONE;
	VEC_PUSH(&r->anchors, a);
	map_put(&r->anchor_by_name,
	    arena_str(&r->tree->arena, str_of(name_of(name))), i);
	return i;
}

static void
close_anchor(struct reader *r, uint32_t i, unsigned height)
{
	if (i == MAP_NONE)
		return;
	r->anchors.at[i].open = 0;
	r->anchors.at[i].end = (uint32_t)r->tree->n;
	r->anchors.at[i].height = height;
}

/* YAML's own tags say what the shape says already; !!str is quotes. */
static int
check_tag(struct reader *r, const yaml_char_t *tag, struct span at)
{
	static const char *const known[] = { "str", "int", "float", "bool",
	    "null", "map", "seq" };
	const char prefix[] = "tag:yaml.org,2002:";
	struct str s;
	size_t i;

	if (tag == NULL)
		return 0;
	s = str_of(name_of(tag));
	if (str_is(s, "!"))
		return 1;
	if (str_starts(s, prefix)) {
		s.p += sizeof(prefix) - 1;
		s.n -= sizeof(prefix) - 1;
		for (i = 0; i < ARRAY_LEN(known); i++)
			if (str_is(s, known[i]))
				return i == 0;
	}
	fault(r, DIAG_TAG, at, "%s", name_of(tag));
	diag_hint(r->diags, "leave the tag out: the declared types decide");
	return 0;
}

/* The text of a scalar: a part of the source where it is one. */
static struct str
scalar_text(struct reader *r, const yaml_event_t *ev, struct span at)
{
	struct str s = { name_of(ev->data.scalar.value),
	    ev->data.scalar.length };
	const char *src = r->tree->source.text.p;
	size_t skip = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE ? 0 : 1;

	if (at.to >= at.from && at.to - at.from == s.n + 2 * skip &&
	    (s.n == 0 || memcmp(src + at.from + skip, s.p, s.n) == 0))
		return (struct str){ src + at.from + skip, s.n };
	return arena_str(&r->tree->arena, s);
}

static int
on_scalar(struct reader *r, const yaml_event_t *ev)
{
	struct span at = span_of(r, ev);
	uint32_t node;
	int quoted;

	quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	quoted |= check_tag(r, ev->data.scalar.tag, at);
	if (room(r, at, 1) < 0)
		return -1;
	node = tree_add(r->tree, TREE_SCALAR, at, scalar_text(r, ev, at),
	    quoted);
	close_anchor(r, add_anchor(r, ev->data.scalar.anchor, node), 0);
	return place(r, node);
}

static int
on_open(struct reader *r, const yaml_event_t *ev, enum tree_kind kind)
{
	const yaml_char_t *anchor, *tag;
	struct span at = span_of(r, ev);
	struct frame *f;
	uint32_t node;

	anchor = kind == TREE_SEQ ? ev->data.sequence_start.anchor :
	    ev->data.mapping_start.anchor;
	tag = kind == TREE_SEQ ? ev->data.sequence_start.tag :
	    ev->data.mapping_start.tag;
	(void)check_tag(r, tag, at);
	if (r->depth == MAX_DEPTH) {
		fault(r, DIAG_TOO_DEEP, at, "more than %d levels", MAX_DEPTH);
		return -1;
	}
	if (room(r, at, 1) < 0)
		return -1;
	node = tree_add(r->tree, kind, at, (struct str){ NULL, 0 }, 0);
	if (place(r, node) < 0)
		return -1;
	f = &r->stack[r->depth++];
	*f = (struct frame){ .node = node, .last = TREE_NONE,
	    .want_key = kind == TREE_MAP };
	f->anchor = add_anchor(r, anchor, node);
	return 0;
}

/* Who reads on after the fault finds the first of equal keys. */
static void
check_keys(struct reader *r, uint32_t map)
{
	struct tree *t = r->tree;
	uint32_t key = TREE_NONE;
	unsigned n = 0;

	while (n++ < MAX_DIAGS) {
		key = tree_duplicate_key(t, map, key);
		if (key == TREE_NONE)
			break;
		fault(r, DIAG_DUPLICATE_KEY, t->at[key].span, "\"" STR_FMT "\"",
		    STR_ARG(t->at[key].text));
	}
	if (n > 1 || key != TREE_NONE)
		tree_drop_duplicates(t, map);
}

static void
on_close(struct reader *r, const yaml_event_t *ev)
{
	struct frame f = r->stack[--r->depth];
	struct tree_node *n = &r->tree->at[f.node];

	n->span.to = byte_of(r, ev->end_mark.index);
	if (n->kind == TREE_MAP)
		check_keys(r, f.node);
	f.height++;
	close_anchor(r, f.anchor, f.height);
	if (r->depth > 0)
		r->stack[r->depth - 1].height =
		    MAX(r->stack[r->depth - 1].height, f.height);
}

/* Copies nodes from..end behind the others; they hang together. */
static uint32_t
copy_nodes(struct tree *t, uint32_t from, uint32_t end)
{
	uint32_t i, to = (uint32_t)t->n, shift = to - from;
	struct tree_node n;

	for (i = from; i < end; i++) {
		n = t->at[i];
		tree_add(t, n.kind, n.span, n.text, n.quoted);
		t->at[t->n - 1].n = n.n;
		if (n.first != TREE_NONE)
			t->at[t->n - 1].first = n.first + shift;
		if (n.next != TREE_NONE && i != from)
			t->at[t->n - 1].next = n.next + shift;
	}
	return to;
}

static int
on_alias(struct reader *r, const yaml_event_t *ev)
{
	const char *name = name_of(ev->data.alias.anchor);
	struct span at = span_of(r, ev);
	uint32_t i = map_get(&r->anchor_by_name, str_of(name));
	const struct anchor *a;
	size_t n;

	if (i == MAP_NONE || r->anchors.at[i].open) {
		fault(r, DIAG_ALIAS, at, i == MAP_NONE ? "no anchor &%s before"
		    " it" : "*%s is inside what it names", name);
		return -1;
	}
	a = &r->anchors.at[i];
	n = a->end - a->node;
	r->aliased += n;
	if (r->aliased > MAX_ALIAS_NODES) {
		fault(r, DIAG_ALIAS, at, "aliases make more than %zu values",
		    MAX_ALIAS_NODES);
		return -1;
	}
	if (r->depth + a->height > MAX_DEPTH) {
		fault(r, DIAG_TOO_DEEP, at, "more than %d levels", MAX_DEPTH);
		return -1;
	}
	if (room(r, at, n) < 0)
		return -1;
	if (r->depth > 0)
		r->stack[r->depth - 1].height =
		    MAX(r->stack[r->depth - 1].height, a->height);
	return place(r, copy_nodes(r->tree, a->node, a->end));
}

/* 0 to go on, 1 at the end, -1 with a fault that stops the reader. */
static int
on_event(struct reader *r, const yaml_event_t *ev)
{
	switch (ev->type) {
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return 0;
	case YAML_STREAM_END_EVENT:
		return 1;
	case YAML_DOCUMENT_START_EVENT:
		if (r->tree->n == 0)
			return 0;
		fault(r, DIAG_SYNTAX, span_of(r, ev), "a second document; "
		    "a file holds one");
		return -1;
	case YAML_ALIAS_EVENT:
		return on_alias(r, ev);
	case YAML_SCALAR_EVENT:
		return on_scalar(r, ev);
	case YAML_SEQUENCE_START_EVENT:
		return on_open(r, ev, TREE_SEQ);
	case YAML_MAPPING_START_EVENT:
		return on_open(r, ev, TREE_MAP);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		on_close(r, ev);
		return 0;
	}
	BUG("libyaml: event %d", (int)ev->type);
}

static int
read_events(struct reader *r)
{
	yaml_event_t ev;
	int end = 0;

	while (end == 0) {
		if (!yaml_parser_parse(&r->parser, &ev)) {
			parser_fault(r);
			return -1;
		}
		end = on_event(r, &ev);
		yaml_event_delete(&ev);
	}
	if (end > 0 && r->tree->n == 0)
		fault(r, DIAG_EMPTY, (struct span){ 0, 0 },
		    "the file has no content");
	return end;
}

int
yaml_parse(const char *name, struct str text, struct tree *ret,
    struct diags *ds)
{
	struct reader r = { .tree = ret, .diags = ds, .ascii = 1 };

	if (text.p == NULL)
		text = STR("");
	tree_reset(ret, name, text);
	if (check_text(&r) < 0)
		return -1;
	if (!yaml_parser_initialize(&r.parser))
		BUG("libyaml: out of memory");
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&r.parser,
	    (const unsigned char *)text.p, text.n);
	ret->whole = read_events(&r) > 0 && ret->n > 0;
	yaml_parser_delete(&r.parser);
	VEC_RELEASE(&r.anchors);
	map_release(&r.anchor_by_name);
	return r.faults > 0 ? -1 : 0;
}
