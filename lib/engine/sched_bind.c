#include "idl/literal.h"
#include "idl/wire.h"
#include "engine/sched_p.h"
#include "engine/sched_wire.h"

/*
 * Resolving the inputs of a node (reference 7.6).  Literals are slices of
 * wire bytes and are put together as such; only a path into a struct or
 * msgpack value is unpacked.
 */

/* Field numbers of core.Literal, LiteralCollection, LiteralMap and an entry. */
enum { LITERAL_SCALAR = 1, LITERAL_COLLECTION = 2, LITERAL_MAP = 3 };
enum { ITEMS = 1, ENTRIES = 1, KEY = 1, VALUE = 2 };

struct str
sched_bind_get(struct str map, struct str name)
{
	return wire_map_get(map, name);
}

/* Element i of a collection literal. */
static int
item(struct str literal, int64_t i, struct str *ret, struct err *e)
{
	struct wire_field f;
	struct wire_reader r;
	int64_t n = 0;
	int got;

	if (wire_find(literal, LITERAL_COLLECTION, WIRE_BYTES, &f, e) != 0)
		return -1;
	if (f.whole.p == NULL)
		return err_set(e, ERR_USAGE, "an element is asked of what is "
		    "not a list");
	r = wire_reader(f.bytes);
	while ((got = wire_next(&r, &f, e)) > 0)
		if (f.id == ITEMS && n++ == i) {
			*ret = f.bytes;
			return 0;
		}
	if (got < 0)
		return -1;
	return err_set(e, ERR_USAGE, "index [%lld] is out of range of a list "
	    "of %lld", (long long)i, (long long)n);
}

/* What an output of the node is called inside: aliases are mapped back. */
static struct str
real_name(const struct plan *p, const struct plan_node *n, struct str var)
{
	for (uint32_t i = 0; i < n->aliases.n; i++)
		if (str_eq(p->aliases[n->aliases.at + i].alias, var))
			return p->aliases[n->aliases.at + i].var;
	return var;
}

static int
follow_path(struct at *at, const struct plan_bind *b, struct str from,
    struct strbuf *out, struct err *e)
{
	const struct plan_path *path = &at->f->plan->paths[b->sub.at];
	c_arena struct arena a = ARENA_INIT;
	pb_promise_attribute **list = arena_new_n(&a, b->sub.n,
	    pb_promise_attribute *);
	ProtobufCMessage *m;
	pb_literal *got;

	for (uint32_t i = 0; i < b->sub.n; i++) {
		list[i] = PB_NEW(&a, flyteidl__core__promise_attribute);
		if (path[i].is_int) {
			list[i]->value_case =
			    FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_INT_VALUE;
			list[i]->int_value = path[i].index;
		} else {
			list[i]->value_case =
			    FLYTEIDL__CORE__PROMISE_ATTRIBUTE__VALUE_STRING_VALUE;
			list[i]->string_value = arena_strndup(&a,
			    path[i].key.p, path[i].key.n);
		}
	}
	if (wire_unpack(&flyteidl__core__literal__descriptor, from, &a, &m,
	    e) != 0 || literal_attr((pb_literal *)m, list, b->sub.n, &a, &got,
	    e) != 0)
		return -1;
	wire_pack(&got->base, out);
	return 0;
}

/* The value of a promise before its path: a slice of what is kept. */
static int
promised(struct at *at, const struct plan_bind *b, struct str *ret,
    struct err *e)
{
	const struct plan *p = at->f->plan;
	const struct plan_node *from = &p->nodes[b->node];
	struct str var = real_name(p, from, b->text);
	struct str value = from->kind == PLAN_START ? at->f->inputs :
	    at->f->nodes[b->node - at->f->g->first].outputs;

	if (value.p != NULL)
		value = sched_bind_get(value, var);
	if (value.p == NULL)
		return err_set(e, ERR_USAGE, "node %s has no output "
		    STR_FMT, from->id.p, STR_ARG(var));
	if (b->index >= 0 && item(value, b->index, &value, e) != 0)
		return err_wrap(e, "output " STR_FMT " of node %s",
		    STR_ARG(var), from->id.p);
	*ret = value;
	return 0;
}

static int
promise(struct at *at, const struct plan_bind *b, struct strbuf *out,
    struct err *e)
{
	struct str value;

	if (promised(at, b, &value, e) != 0)
		return -1;
	if (b->sub.n == 0)
		strbuf_addstr(out, value);
	else if (follow_path(at, b, value, out, e) != 0)
		return err_wrap(e, "output " STR_FMT " of node %s",
		    STR_ARG(b->text), at->f->plan->nodes[b->node].id.p);
	return 0;
}

/* Appends the literal a bind stands for.  Depth was bounded by the plan. */
static int
resolve(struct at *at, const struct plan_bind *b, struct strbuf *out,
    struct err *e)
{
	const struct plan_bind *sub = &at->f->plan->binds[b->sub.at];
	c_strbuf struct strbuf body = STRBUF_INIT, one = STRBUF_INIT;
	c_strbuf struct strbuf entry = STRBUF_INIT;

	if (b->kind == PLAN_LITERAL) {
		strbuf_addstr(out, b->text);
		return 0;
	}
	if (b->kind == PLAN_PROMISE)
		return promise(at, b, out, e);
	for (uint32_t i = 0; i < b->sub.n; i++) {
		strbuf_reset(&one);
		if (resolve(at, &sub[i], &one, e) != 0)
			return -1;
		if (b->kind == PLAN_LIST) {
			wire_add_bytes(&body, ITEMS, strbuf_str(&one));
			continue;
		}
		strbuf_reset(&entry);
		wire_add_bytes(&entry, KEY, sub[i].name);
		wire_add_bytes(&entry, VALUE, strbuf_str(&one));
		wire_add_bytes(&body, ENTRIES, strbuf_str(&entry));
	}
	wire_add_bytes(out, b->kind == PLAN_LIST ? LITERAL_COLLECTION :
	    LITERAL_MAP, strbuf_str(&body));
	return 0;
}

/* The same where it lies, or in the memory of this turn. */
static int
value_of(struct at *at, const struct plan_bind *b, struct str *ret,
    struct err *e)
{
	c_strbuf struct strbuf one = STRBUF_INIT;

	if (b->kind == PLAN_LITERAL) {
		*ret = b->text;
		return 0;
	}
	if (b->kind == PLAN_PROMISE && b->sub.n == 0)
		return promised(at, b, ret, e);
	if (resolve(at, b, &one, e) != 0)
		return -1;
	*ret = arena_str(&at->s->turn, strbuf_str(&one));
	return 0;
}

static size_t
entry_size(struct str name, struct str value)
{
	return wire_size_field(name.n) + wire_size_field(value.n);
}

struct str
sched_bind_map(struct arena *a, const struct str *names,
    const struct str *values, uint32_t n)
{
	size_t size = 0;
	char *bytes, *p;

	for (uint32_t i = 0; i < n; i++)
		size += wire_size_field(entry_size(names[i], values[i]));
	p = bytes = arena_alloc(a, size + 1);
	for (uint32_t i = 0; i < n; i++) {
		p = wire_put_head(p, ENTRIES, entry_size(names[i], values[i]));
		p = wire_put_field(p, KEY, names[i]);
		p = wire_put_field(p, VALUE, values[i]);
	}
	*p = '\0';
	return (struct str){ bytes, size };
}

int
sched_bind_inputs(struct at *at, struct str *ret, struct err *e)
{
	const struct plan_range *r = &at->pn->binds;
	struct arena *turn = &at->s->turn;
	struct str *names = arena_new_n(turn, r->n, struct str);
	struct str *values = arena_new_n(turn, r->n, struct str);

	for (uint32_t i = 0; i < r->n; i++) {
		const struct plan_bind *b = &at->f->plan->binds[r->at + i];

		names[i] = b->name;
		if (value_of(at, b, &values[i], e) != 0)
			return err_wrap(e, "node %s, input " STR_FMT,
			    at->pn->id.p, STR_ARG(b->name));
	}
	*ret = sched_bind_map(&at->s->arena, names, values, r->n);
	return 0;
}

/*
 * flytepropeller, nodes/resolve.go: whatever is bound to an input of this
 * name, the failure node gets the error, as a variant of a union.
 */
struct str
sched_bind_error(struct at *at, struct str inputs, const struct sched_error *error)
{
	c_arena struct arena a = ARENA_INIT;
	c_strbuf struct strbuf out = STRBUF_INIT;
	ProtobufCMessage *m;
	pb_literal_type *type;
	struct err e;

	if (error == NULL || sched_bind_get(inputs, STR("err")).p == NULL ||
	    wire_unpack(&flyteidl__core__literal_map__descriptor, inputs, &a,
	    &m, &e) != 0)
		return inputs;
	type = PB_NEW(&a, flyteidl__core__literal_type);
	type->type_case = FLYTEIDL__CORE__LITERAL_TYPE__TYPE_SIMPLE;
	type->simple = FLYTEIDL__CORE__SIMPLE_TYPE__ERROR;
	type->structure = PB_NEW(&a, flyteidl__core__type_structure);
	type->structure->tag = arena_strdup(&a, "FlyteError");
	literal_map_put((pb_literal_map *)m, &a, "err", literal_union(&a,
	    literal_error(&a, at->pn->id.p, arena_strndup(&a,
	    error->message.p, error->message.n)), type));
	wire_pack(m, &out);
	return arena_str(&at->s->arena, strbuf_str(&out));
}
