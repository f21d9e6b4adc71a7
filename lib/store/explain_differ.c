/* What differs between a key and an entry, and how. */
#include "store/explain_p.h"

#include "idl/literal.h"
#include "idl/names.h"
#include "idl/type.h"
#include "idl/value.h"
#include "idl/wire.h"
#include "store/handle.h"

/* Columns of a value in an explanation. */
#define SHORT		48
/* Fields named beside the first one that differs. */
#define MAX_OTHERS	4

/* One literal of both sides; given: mine before it was reduced, or NULL. */
struct pair {
	const pb_literal *mine, *given, *theirs;
};

/* ---- values ------------------------------------------------------------- */

/* It counts by its hash alone. */
static int
is_reduced(const pb_literal *l)
{
	return l->value_case == LITERAL_UNSET && l->hash[0] != '\0';
}

void
cache_value_add(struct strbuf *b, const pb_literal *l, size_t width)
{
	const char *colon;
	size_t n;

	if (!is_reduced(l)) {
		value_add_short(b, l, width);
		return;
	}
	/* Twelve digits of a digest tell it from others. */
	colon = strchr(l->hash, ':');
	n = (colon == NULL ? 0 : (size_t)(colon - l->hash) + 1) + 12;
	strbuf_add(b, l->hash, MIN(strlen(l->hash), MIN(n, width)));
}

static const char *
value_text(const pb_literal *l, struct arena *a)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (l == NULL)
		return "nothing";
	cache_value_add(&b, l, SHORT);
	return arena_strndup(a, b.p, b.n);
}

/* Where a file or folder lies, or NULL. */
static const char *
own_path(const struct pair *p)
{
	const pb_literal *l = p->given != NULL ? p->given : p->mine;
	const pb_blob *blob = l == NULL ? NULL :
	    literal_as_blob(literal_unwrap(l));
	const char *path = blob == NULL ? NULL : value_local_path(blob->uri);

	return path == NULL || path[0] != '/' ? NULL : path;
}

/* A file or directory with its path, where that says more than its digest. */
static const char *
own_text(const struct pair *p, struct arena *a)
{
	const char *path = p->mine == NULL || p->given == NULL ||
	    !is_reduced(p->mine) ? NULL : own_path(p);
	const char *text = value_text(p->mine, a);

	return path == NULL ? text : arena_printf(a, "%s (%s)", path, text);
}

/* ---- fields ------------------------------------------------------------- */

/* A field that differs; the first one met is told, others are named. */
static void
differs(struct arena *a, struct cache_explain *x, const char *field,
    const char *was, const char *is)
{
	size_t n = x->differences++;

	if (n == 0) {
		x->field = arena_strdup(a, field);
		x->was = was;
		x->is = is;
	} else if (n == 1) {
		x->others = arena_strdup(a, field);
	} else if (n <= MAX_OTHERS) {
		x->others = arena_printf(a, "%s, %s", x->others, field);
	} else if (n == MAX_OTHERS + 1) {
		x->others = arena_printf(a, "%s, ...", x->others);
	}
}

static const pb_literal *
item_of(const pb_literal *l, size_t i)
{
	return l == NULL || l->value_case != LITERAL_LIST ||
	    i >= l->collection->n_literals ? NULL :
	    l->collection->literals[i];
}

static const pb_literal *
entry_of(const pb_literal *l, const char *key)
{
	return l == NULL || l->value_case != LITERAL_MAP ? NULL :
	    literal_map_get(l->map, key);
}

static int
same(const pb_literal *a, const pb_literal *b)
{
	return a == NULL || b == NULL ? a == b : literal_equal(a, b);
}

static void
enter_list(struct pair *p, struct strbuf *name)
{
	size_t n = MAX(p->mine->collection->n_literals,
	    p->theirs->collection->n_literals), i = 0;

	while (i < n && same(item_of(p->mine, i), item_of(p->theirs, i)))
		i++;
	if (i == n)
		return;		/* not by what is in them */
	strbuf_addf(name, "[%zu]", i);
	*p = (struct pair){ item_of(p->mine, i), item_of(p->given, i),
	    item_of(p->theirs, i) };
}

static void
enter_map(struct pair *p, struct strbuf *name)
{
	const pb_literal_map *mine = p->mine->map, *theirs = p->theirs->map;
	const char *key = NULL;
	size_t i;

	for (i = 0; key == NULL && i < mine->n_literals; i++)
		if (!same(mine->literals[i]->value,
		    literal_map_get(theirs, mine->literals[i]->key)))
			key = mine->literals[i]->key;
	for (i = 0; key == NULL && i < theirs->n_literals; i++)
		if (literal_map_get(mine, theirs->literals[i]->key) == NULL)
			key = theirs->literals[i]->key;
	if (key == NULL)
		return;
	strbuf_addf(name, ".%s", key);
	*p = (struct pair){ entry_of(p->mine, key), entry_of(p->given, key),
	    entry_of(p->theirs, key) };
}

/* The two differ: which item or entry of them. */
static void
enter(struct pair *p, struct strbuf *name)
{
	const pb_literal *before = NULL;

	while (p->mine != NULL && p->theirs != NULL && p->mine != before &&
	    p->mine->value_case == p->theirs->value_case) {
		before = p->mine;
		if (before->value_case == LITERAL_LIST)
			enter_list(p, name);
		else if (before->value_case == LITERAL_MAP)
			enter_map(p, name);
		else
			return;
	}
}

/* A long list or map, if what its digest stands for is known. */
static const pb_literal *
expanded(struct store *s, const pb_literal *l, struct arena *a)
{
	static const char prefix[] = "sha256:";
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	unsigned char digest[DIGEST_SIZE];
	ProtobufCMessage *m;
	struct err e;

	if (s == NULL || l == NULL || !is_reduced(l) ||
	    strncmp(l->hash, prefix, sizeof(prefix) - 1) != 0 ||
	    hex_parse(str_of(l->hash + sizeof(prefix) - 1), digest,
	    DIGEST_SIZE) < 0 ||
	    !listing_get(s, LISTING_VALUE, digest, &bytes) ||
	    wire_unpack(&flyteidl__core__literal__descriptor,
	    strbuf_str(&bytes), a, &m, &e) < 0)
		return l;
	return (const pb_literal *)(const void *)m;
}

static void
expand(const struct cache_sides *s, const char *name, struct pair *p,
    struct arena *a)
{
	const pb_literal *whole;

	p->theirs = expanded(s->store, p->theirs, a);
	whole = p->theirs == NULL || s->whole == NULL ||
	    (p->theirs->value_case != LITERAL_LIST &&
	    p->theirs->value_case != LITERAL_MAP) ? NULL :
	    literal_map_get(s->whole, name);
	if (whole != NULL)
		p->mine = whole;
}

static void
input_differs(const struct cache_sides *s, struct arena *a,
    struct cache_explain *x, const char *name, struct pair p)
{
	c_strbuf struct strbuf field = STRBUF_INIT;
	struct blob blob;

	strbuf_adds(&field, name);
	expand(s, name, &p, a);
	enter(&p, &field);
	differs(a, x, field.p, value_text(p.theirs, a), own_text(&p, a));
	if (x->differences > 1 || s->store == NULL || p.mine == NULL ||
	    p.theirs == NULL)
		return;
	x->path = own_path(&p);
	/* Where a blob lies tells nobody anything. */
	if (x->path != NULL && blob_of_path(s->store, str_of(x->path),
	    &blob) == 0)
		x->path = NULL;
	if (!listing_compare(s->store, p.mine->hash, p.theirs->hash, a,
	    &x->members))
		x->members.differ = 0;
}

void
cache_explain_inputs(const struct cache_sides *s, struct arena *a,
    struct cache_explain *x)
{
	const pb_literal_map *mine = s->is, *theirs = s->was;
	const pb_literal_map *given = s->given;
	const char *name;
	struct pair p;
	size_t i;

	x->reason = REASON_INPUT;
	for (i = 0; i < mine->n_literals; i++) {
		name = mine->literals[i]->key;
		p = (struct pair){ mine->literals[i]->value, given == NULL ?
		    NULL : literal_map_get(given, name),
		    literal_map_get(theirs, name) };
		if (!same(p.mine, p.theirs))
			input_differs(s, a, x, name, p);
	}
	for (i = 0; i < theirs->n_literals; i++) {
		name = theirs->literals[i]->key;
		p = (struct pair){ .theirs = theirs->literals[i]->value };
		if (literal_map_get(mine, name) == NULL)
			input_differs(s, a, x, name, p);
	}
}

/* ---- types -------------------------------------------------------------- */

static const pb_literal_type *
type_of(const pb_variable_map *m, const char *name)
{
	size_t i;

	for (i = 0; m != NULL && i < m->n_variables; i++)
		if (strcmp(m->variables[i]->key, name) == 0)
			return m->variables[i]->value->type;
	return NULL;
}

static const char *
type_text(const pb_literal_type *t, struct arena *a)
{
	c_strbuf struct strbuf b = STRBUF_INIT;

	if (t == NULL)
		return "nothing";
	type_add_name(&b, t);
	return arena_strndup(a, b.p, b.n);
}

static void
compare_types(struct arena *a, struct cache_explain *x, const char *what,
    const pb_variable_map *mine, const pb_variable_map *theirs)
{
	size_t i;

	for (i = 0; mine != NULL && i < mine->n_variables; i++) {
		const char *name = mine->variables[i]->key;
		const pb_literal_type *t = mine->variables[i]->value->type;
		const pb_literal_type *u = type_of(theirs, name);

		if (u == NULL || !wire_equal(&t->base, &u->base))
			differs(a, x, arena_printf(a, "%s %s", what, name),
			    type_text(u, a), type_text(t, a));
	}
	for (i = 0; theirs != NULL && i < theirs->n_variables; i++) {
		const char *name = theirs->variables[i]->key;

		if (type_of(mine, name) == NULL)
			differs(a, x, arena_printf(a, "%s %s", what, name),
			    type_text(theirs->variables[i]->value->type, a),
			    "nothing");
	}
}

static int
compare_interfaces(struct str mine, struct str theirs, struct arena *a,
    struct cache_explain *x, struct err *e)
{
	const ProtobufCMessageDescriptor *d =
	    &flyteidl__core__typed_interface__descriptor;
	const pb_typed_interface *is, *was;
	ProtobufCMessage *m, *n;

	if (wire_unpack(d, mine, a, &m, e) < 0 ||
	    wire_unpack(d, theirs, a, &n, e) < 0)
		return -1;
	is = (const pb_typed_interface *)(const void *)m;
	was = (const pb_typed_interface *)(const void *)n;
	compare_types(a, x, "input", is->inputs, was->inputs);
	compare_types(a, x, "output", is->outputs, was->outputs);
	return 0;
}

/* ---- datasets ----------------------------------------------------------- */

/*
 * Tasks that were not registered have the digest of their command behind a
 * plus in the version (DESIGN: project "local"): how much of it is theirs.
 */
static size_t
own_version(const struct dataset *d, const char *version)
{
	const char *plus = strcmp(d->project, "local") == 0 ?
	    strrchr(version, '+') : NULL;

	return plus == NULL ? strlen(version) : (size_t)(plus - version);
}

int
explain_same_version(const struct dataset *d, const char *version)
{
	size_t n = own_version(d, version);

	return n == own_version(d, d->cache_version) &&
	    memcmp(version, d->cache_version, n) == 0;
}

/* The digest behind it. */
static const char *
command_of(struct str own, struct arena *a)
{
	return own.p[own.n] == '\0' ? "?" : arena_strdup(a, own.p + own.n + 1);
}

int
explain_datasets(const struct dataset *mine, const char *version,
    struct str interface, struct arena *a, struct cache_explain *x,
    struct err *e)
{
	struct str own = { mine->interface, mine->interface_n };
	struct str is = { mine->cache_version,
	    own_version(mine, mine->cache_version) };
	struct str was = { version, own_version(mine, version) };

	if (!str_eq(is, was)) {
		x->reason = REASON_VERSION;
		differs(a, x, "cache version", arena_strndup(a, was.p, was.n),
		    arena_strndup(a, is.p, is.n));
		return 0;
	}
	x->reason = REASON_INTERFACE;
	if (compare_interfaces(own, interface, a, x, e) < 0)
		return -1;
	if (x->differences > 0 || strcmp(version, mine->cache_version) == 0)
		return 0;
	x->reason = REASON_COMMAND;
	differs(a, x, "command", command_of(was, a), command_of(is, a));
	return 0;
}
