/* Why a key misses: the nearest entry, and what differs from it. */
#include "store/catalog.h"

#include "base/limits.h"
#include "idl/literal.h"
#include "idl/type.h"
#include "idl/value.h"
#include "idl/wire.h"
#include "store/handle.h"

/* Entries of a task looked at, newest first: enough to find a close one. */
#define NEAREST_OF	2000
/* Columns of a value in an explanation. */
#define SHORT		48

struct near {
	struct store	*s;
	struct arena	*arena;		/* the caller's */
	struct arena	 scratch;	/* of one comparison */
	const struct dataset *mine;
	const pb_literal_map *inputs;	/* of the key, as kept */
	struct str	 tag;
	struct cache_explain *best;
	struct digest	 command;
	size_t		 best_inputs;	/* differing, of the nearest */
	int		 best_same;	/* the nearest is of the same dataset */
};

void
cache_value_add(struct strbuf *b, const pb_literal *l, size_t width)
{
	const char *colon;
	size_t n;

	if (l->value_case != FLYTEIDL__CORE__LITERAL__VALUE__NOT_SET ||
	    l->hash[0] == '\0') {
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

/* A field that differs; the first one met is the one that is named. */
static void
differs(struct near *n, struct cache_explain *x, const char *field,
    const char *was, const char *is)
{
	if (x->differences++ > 0)
		return;
	x->field = arena_strdup(n->arena, field);
	x->was = was;
	x->is = is;
}

static void
compare_inputs(struct near *n, struct cache_explain *x,
    const pb_literal_map *theirs)
{
	const pb_literal *other;
	size_t i;

	for (i = 0; i < n->inputs->n_literals; i++) {
		const char *name = n->inputs->literals[i]->key;
		const pb_literal *mine = n->inputs->literals[i]->value;

		other = literal_map_get(theirs, name);
		if (other == NULL || !literal_equal(mine, other))
			differs(n, x, name, value_text(other, n->arena),
			    value_text(mine, n->arena));
	}
	for (i = 0; i < theirs->n_literals; i++)
		if (literal_map_get(n->inputs, theirs->literals[i]->key) ==
		    NULL)
			differs(n, x, theirs->literals[i]->key,
			    value_text(theirs->literals[i]->value, n->arena),
			    "nothing");
}

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
compare_types(struct near *n, struct cache_explain *x, const char *what,
    const pb_variable_map *mine, const pb_variable_map *theirs)
{
	size_t i;

	for (i = 0; mine != NULL && i < mine->n_variables; i++) {
		const char *name = mine->variables[i]->key;
		const pb_literal_type *t = mine->variables[i]->value->type;
		const pb_literal_type *u = type_of(theirs, name);

		if (u == NULL || !wire_equal(&t->base, &u->base))
			differs(n, x, arena_printf(n->arena, "%s %s", what,
			    name), type_text(u, n->arena),
			    type_text(t, n->arena));
	}
	for (i = 0; theirs != NULL && i < theirs->n_variables; i++) {
		const char *name = theirs->variables[i]->key;

		if (type_of(mine, name) == NULL)
			differs(n, x, arena_printf(n->arena, "%s %s", what,
			    name), type_text(theirs->variables[i]->value->type,
			    n->arena), "nothing");
	}
}

/*
 * Tasks that were not registered have the digest of their command behind a
 * plus in the version (DESIGN: project "local"); where only that differs it
 * is the command that is to be named.
 */
static int
command_in_version(struct near *n, struct cache_explain *x, const char *was)
{
	const char *is = n->mine->cache_version;
	const char *a = strrchr(was, '+'), *b = strrchr(is, '+');

	if (strcmp(n->mine->project, "local") != 0 || a == NULL ||
	    b == NULL || a - was != b - is ||
	    memcmp(was, is, (size_t)(a - was)) != 0)
		return 0;
	differs(n, x, "command", arena_strdup(n->arena, a + 1),
	    arena_strdup(n->arena, b + 1));
	return 1;
}

/* An entry of the same task under another dataset version. */
static int
compare_datasets(struct near *n, struct cache_explain *x,
    const struct cache_entry *entry, struct err *e)
{
	const ProtobufCMessageDescriptor *d =
	    &flyteidl__core__typed_interface__descriptor;
	struct str own = { n->mine->interface, n->mine->interface_n };
	const pb_typed_interface *mine, *theirs;
	ProtobufCMessage *a, *b;

	if (strcmp(entry->cache_version, n->mine->cache_version) != 0) {
		x->reason = REASON_VERSION;
		if (command_in_version(n, x, entry->cache_version))
			return 0;
		differs(n, x, "cache version",
		    arena_strdup(n->arena, entry->cache_version),
		    arena_strdup(n->arena, n->mine->cache_version));
		return 0;
	}
	x->reason = REASON_INTERFACE;
	if (wire_unpack(d, own, &n->scratch, &a, e) < 0 ||
	    wire_unpack(d, entry->interface, &n->scratch, &b, e) < 0)
		return -1;
	mine = (const pb_typed_interface *)(const void *)a;
	theirs = (const pb_typed_interface *)(const void *)b;
	compare_types(n, x, "input", mine->inputs, theirs->inputs);
	compare_types(n, x, "output", mine->outputs, theirs->outputs);
	return 0;
}

static void
fill(struct near *n, struct cache_explain *x, const struct cache_entry *entry)
{
	memcpy(x->key, entry->key, sizeof(x->key) - 1);
	x->key[sizeof(x->key) - 1] = '\0';
	x->created = entry->created;
	x->source = arena_str(n->arena, entry->source);
	x->command_differs = !digest_empty(&n->command) &&
	    !digest_empty(&entry->command) &&
	    !digest_equal(&n->command, &entry->command);
}

/* Is this entry nearer than the best so far?  Newer ones come first. */
static int
visit(void *arg, const struct cache_entry *entry, struct err *e)
{
	struct near *n = arg;
	int same = strcmp(entry->version, n->mine->version) == 0;
	struct cache_explain x = { .reason = REASON_INPUT };
	size_t entries = ++n->best->entries;
	ProtobufCMessage *theirs;
	int rc = 0;

	if (same && str_eq(entry->tag, n->tag)) {
		x.reason = REASON_HIT;
	} else if (same || n->best->reason == REASON_NEVER) {
		if (wire_unpack(&flyteidl__core__literal_map__descriptor,
		    entry->inputs, &n->scratch, &theirs, e) < 0)
			rc = -1;
		else if (same)
			compare_inputs(n, &x,
			    (const pb_literal_map *)(const void *)theirs);
		else
			rc = compare_datasets(n, &x, entry, e);
	} else {
		return 0;	/* one of another version is enough */
	}
	arena_release(&n->scratch);
	if (rc < 0)
		return 0;	/* not readable: not the one to name */
	if (x.reason != REASON_HIT && n->best->reason != REASON_NEVER &&
	    (n->best_same > same || (n->best_same == same &&
	    n->best_inputs <= x.differences)))
		return 0;
	fill(n, &x, entry);
	n->best_same = same;
	n->best_inputs = x.differences;
	*n->best = x;
	n->best->entries = entries;
	return x.reason == REASON_HIT;
}

/* An entry is there; is it usable? */
static int
check_hit(struct near *n, const struct cache_put *p, struct err *e)
{
	struct cache_lookup l = { .key = p->key, .command = p->command };

	if (catalog_lookup(n->s, &l, 1, n->arena, e) < 0)
		return -1;
	if (l.state == CACHE_DAMAGED) {
		n->best->reason = REASON_DAMAGED;
		n->best->why = l.why;
	}
	return 0;
}

int
catalog_explain(struct store *s, const struct cache_put *p, struct arena *a,
    struct cache_explain *ret, struct err *e)
{
	struct near n = {
		.s = s, .arena = a, .tag = p->key.tag, .best = ret,
		.command = p->command, .scratch = ARENA_INIT,
		.mine = &s->datasets.at[p->key.dataset],
	};
	struct cache_filter f = {
		.project = n.mine->project, .domain = n.mine->domain,
		.name = n.mine->name, .limit = NEAREST_OF,
	};
	ProtobufCMessage *inputs;
	struct str kept;

	*ret = (struct cache_explain){ .reason = REASON_NEVER };
	if (strncmp(f.name, "flyte_task-", 11) == 0)
		f.name += 11;
	if (catalog_preimage(p->inputs, a, &kept, e) < 0 || wire_unpack(
	    &flyteidl__core__literal_map__descriptor, kept, a, &inputs, e) < 0)
		return -1;
	n.inputs = (const pb_literal_map *)(const void *)inputs;
	/* Interning more of them may move the datasets. */
	if (catalog_list(s, &f, visit, &n, e) < 0)
		return -1;
	if (ret->reason == REASON_HIT)
		return check_hit(&n, p, e);
	return 0;
}

static void
add_source(struct strbuf *b, const struct cache_explain *x)
{
	if (x->source.n > 0)
		strbuf_addf(b, " in " STR_FMT, STR_ARG(x->source));
}

void
cache_explain_add(struct strbuf *b, const struct cache_explain *x)
{
	switch (x->reason) {
	case REASON_HIT:
		strbuf_adds(b, "it is there");
		if (x->source.n > 0)
			strbuf_addf(b, ", from " STR_FMT, STR_ARG(x->source));
		break;
	case REASON_DAMAGED:
		strbuf_addf(b, "it was there, but %s", x->why);
		break;
	case REASON_NEVER:
	case REASON_MAX:
		strbuf_adds(b, "nothing of this task was kept before");
		break;
	case REASON_INPUT:
	case REASON_VERSION:
	case REASON_INTERFACE:
		strbuf_addf(b, "%s%s differs: %s, was %s",
		    x->reason == REASON_INPUT ? "input " : "",
		    x->field == NULL ? "interface" : x->field,
		    x->is == NULL ? "?" : x->is,
		    x->was == NULL ? "?" : x->was);
		add_source(b, x);
		if (x->differences > 1)
			strbuf_addf(b, " (and %zu more)", x->differences - 1);
		break;
	}
	if (x->command_differs && (x->field == NULL ||
	    strcmp(x->field, "command") != 0))
		strbuf_adds(b, x->reason == REASON_HIT ?
		    "; it was made by another command" :
		    "; the command differs too");
}
