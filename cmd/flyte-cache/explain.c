/* Why the nodes of an execution were reused or not. */
#include "base/utf8.h"
#include "cache.h"
#include "common/look.h"
#include "idl/nodepath.h"
#include "record/execution.h"
#include "record/why.h"

struct explaining {
	struct args	*a;
	struct store	*s;
	struct look	 look;
	struct strbuf	 out;
	struct json_writer w;
};

/* ---- the entry that a hit came from ------------------------------------- */

struct origin {
	struct arena	*arena;
	int64_t		 ended;		/* us; the node */
	const char	*key;		/* NULL: it is gone */
	struct str	 source;
	int		 known;		/* what the node was given */
};

/* Written out once there is as much. */
#define FLUSH_BYTES	((size_t)64 * 1024)

static int
is_origin(void *arg, const struct cache_entry *x, struct err *e)
{
	struct origin *o = arg;

	(void)e;
	if (x->created > o->ended / 1000000 + 1)
		return 1;	/* made anew since */
	o->key = arena_strdup(o->arena, x->key);
	o->source = arena_str(o->arena, x->source);
	return 1;
}

/* ---- one node ----------------------------------------------------------- */

static enum why_code
gate_code(const pb_gate_node *g)
{
	if (g->condition_case == FLYTEIDL__CORE__GATE_NODE__CONDITION_APPROVE)
		return WHY_APPROVAL;
	if (g->condition_case == FLYTEIDL__CORE__GATE_NODE__CONDITION_SIGNAL)
		return WHY_SIGNAL;
	return WHY_SLEEP;
}

/* As far as it matters here. */
static enum plan_kind
kind_of(const struct look_item *it)
{
	const char *kind = look_kind(it);

	if (it->decl == NULL)
		return it->node->digest == NULL ? PLAN_TASK : PLAN_WORKFLOW;
	return strcmp(kind, "task") == 0 || strcmp(kind, "dynamic") == 0 ?
	    PLAN_TASK : strcmp(kind, "switch") == 0 ? PLAN_BRANCH :
	    PLAN_WORKFLOW;
}

static int
fate_of(struct explaining *x, const struct look_item *it, struct why *ret,
    enum fate *ret_fate, struct err *e)
{
	struct origin o = { .arena = &x->a->c->arena };
	const struct history_node *n = it->node;
	struct str place;

	if (n == NULL) {
		*ret = why_of(WHY_NOT_REACHED);
		*ret_fate = FATE_STOP;
		return 0;
	}
	if (strcmp(look_kind(it), "gate") == 0 &&
	    (n->phase == SCHED_SUCCEEDED || !look_is_final(n->phase))) {
		*ret = why_of(gate_code(it->decl->gate_node));
		*ret_fate = FATE_WAIT;
		return 0;
	}
	o.ended = n->ended;
	if (history_place(&x->look.history, n, o.arena, &place, e) < 0 ||
	    (place.n > 0 && catalog_at_place(x->s, place, is_origin, &o,
	    e) < 0))
		return -1;
	*ret_fate = why_was(&x->look.history, n, kind_of(it), o.key,
	    o.source, o.arena, ret);
	return 0;
}

static void
add_text(struct explaining *x, const struct look_item *it, enum fate fate,
    const struct why *why)
{
	strbuf_addf(&x->out, "%s/", x->look.history.id.name);
	nodepath_add(&x->out, it->path);
	strbuf_addf(&x->out, ": %s: ", fate_past(fate));
	utf8_add_shown(&x->out, why->text);
	strbuf_addch(&x->out, '\n');
}

static void
add_json(struct explaining *x, const struct look_item *it, enum fate fate,
    const struct why *why)
{
	struct json_writer *w = &x->w;

	json_object(w);
	json_key(w, "node");
	json_str(w, it->path);
	json_key(w, "kind");
	json_cstr(w, look_kind(it));
	json_key(w, "fate");
	json_cstr(w, fate_name(fate));
	why_put(w, why);
	if (it->node != NULL) {
		json_key(w, "phase");
		json_cstr(w, sched_phase_name(it->node->phase));
		json_key(w, "cache");
		json_cstr(w, it->node->cache);
		json_key(w, "attempts");
		json_uint(w, it->node->n_attempts);
	}
	json_end(w);
}

static int
explain_item(struct explaining *x, const struct look_item *it, struct err *e)
{
	enum fate fate;
	struct why why;

	if (fate_of(x, it, &why, &fate, e) < 0)
		return -1;
	if (x->a->form == FORM_JSON)
		add_json(x, it, fate, &why);
	else
		add_text(x, it, fate, &why);
	return 0;
}

/* ---- the command -------------------------------------------------------- */

/* Each element of what stands for a range of them. */
static int
explain_items(struct explaining *x, const struct look_item *it,
    struct err *e)
{
	uint32_t i;

	if (it->range == NULL)
		return explain_item(x, it, e);
	for (i = 0; i < it->n; i++) {
		c_arena struct arena a = ARENA_INIT;
		struct history_node n;
		struct look_item one;

		look_element(it, i, &a, &n, &one);
		if (explain_item(x, &one, e) < 0)
			return -1;
		if (x->out.n >= FLUSH_BYTES) {
			put_out(&x->out);
			strbuf_reset(&x->out);
		}
	}
	return 0;
}

/* From an item on, up to the end of what is inside top (LOOK_NONE: all), in
 * the order of the tree: what is inside a node comes after it. */
static int
explain_within(struct explaining *x, uint32_t at, uint32_t top,
    struct err *e)
{
	const struct look_item *items = x->look.items.at;

	while (at != LOOK_NONE) {
		if (explain_items(x, &items[at], e) < 0)
			return -1;
		if (items[at].first != LOOK_NONE) {
			at = items[at].first;
			continue;
		}
		while (at != top && items[at].next == LOOK_NONE)
			at = items[at].parent;
		if (at == top)
			return 0;
		at = items[at].next;
	}
	return 0;
}

static int
explain_nodes(struct explaining *x, const char *path, struct err *e)
{
	uint32_t at;

	if (path == NULL)
		return explain_within(x, x->look.first, LOOK_NONE, e);
	if (look_find(&x->look, path, &at, e) < 0)
		return -1;
	/* An element that look_find made is in no tree. */
	return x->look.items.at[at].range != NULL ?
	    explain_item(x, &x->look.items.at[at], e) :
	    explain_within(x, at, at, e);
}

static int
explain(struct explaining *x, struct err *e)
{
	const char *home, *project, *domain, *path;
	struct context *c = x->a->c;
	struct execution_id id;
	int attempt, rc;

	if (x->a->n != 1)
		return err_set(e, ERR_USAGE, "explain takes one ID or ID/NODE "
		    "of an execution, such as last/pay");
	if (context_home(c, &home, e) < 0 || context_store(c, &x->s, e) < 0 ||
	    context_project(c, &project, e) < 0 ||
	    context_domain(c, &domain, e) < 0 ||
	    execution_find_address(home, x->a->words[0], project, domain,
	    &c->arena, &id, &path, &attempt, e) < 0)
		return -1;
	x->w = json_writer(&x->out, 0);
	if (x->a->form == FORM_JSON)
		json_array(&x->w);
	rc = look_open(home, &id, &x->look, e);
	if (rc == 0)
		rc = explain_nodes(x, path, e);
	look_release(&x->look);
	if (x->a->form == FORM_JSON) {
		json_end(&x->w);
		strbuf_addch(&x->out, '\n');
	}
	return rc;
}

int
cmd_explain(struct args *a)
{
	struct explaining x = { .a = a, .out = STRBUF_INIT };
	struct err e;
	int rc = explain(&x, &e);

	if (rc == 0)
		put_out(&x.out);
	strbuf_release(&x.out);
	return rc < 0 ? fail(a->c, &e) : EXIT_DONE;
}
