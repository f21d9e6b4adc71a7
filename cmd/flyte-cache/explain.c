/* Why the nodes of an execution were reused or not. */
#include "base/limits.h"
#include "cache.h"
#include "idl/literal.h"
#include "idl/wire.h"
#include "run/execution.h"
#include "run/history.h"

struct explaining {
	struct args	*a;
	struct store	*s;
	struct history	 h;
	struct strbuf	 out;
	struct json_writer w;
};

/* ---- the entry that a hit came from ------------------------------------- */

struct origin {
	struct arena	*arena;
	const pb_literal_map *inputs;
	struct str	 outputs;	/* wire form, blob: URIs */
	char		 key[65];
	struct str	 source;
	int		 known;		/* what the node was given */
};

/* Written out once there is as much. */
#define FLUSH_BYTES	((size_t)64 * 1024)

/* Literals equal as a key sees them: one with a hash counts by that. */
static int
same_value(const pb_literal *kept, const pb_literal *l)
{
	if (l == NULL)
		return 0;
	if (kept->value_case == FLYTEIDL__CORE__LITERAL__VALUE__NOT_SET &&
	    l->hash[0] != '\0')
		return strcmp(kept->hash, l->hash) == 0;
	return kept->value_case == FLYTEIDL__CORE__LITERAL__VALUE__NOT_SET ||
	    literal_equal(kept, l);
}

static int
is_origin(void *arg, const struct cache_entry *x, struct err *e)
{
	const pb_literal_map *kept;
	struct origin *o = arg;
	ProtobufCMessage *m;
	size_t i;

	if (x->outputs_inline ? !str_eq(x->outputs, o->outputs) :
	    o->outputs.n <= MAX_INLINE_OUTPUTS)
		return 0;
	if (wire_unpack(&flyteidl__core__literal_map__descriptor, x->inputs,
	    o->arena, &m, e) < 0)
		return 0;
	kept = (const pb_literal_map *)(const void *)m;
	for (i = 0; i < kept->n_literals; i++)
		if (!same_value(kept->literals[i]->value, literal_map_get(
		    o->inputs, kept->literals[i]->key)))
			return 0;
	memcpy(o->key, x->key, sizeof(o->key));
	o->source = arena_str(o->arena, x->source);
	return 1;
}

/* Which entry gave these outputs for these inputs?  None if it is gone. */
static int
find_origin(struct explaining *x, const struct history_node *n,
    struct origin *o, struct err *e)
{
	const struct cache_filter all = { 0 };
	ProtobufCMessage *m;
	struct str inputs, outputs;

	*o = (struct origin){ .arena = &x->a->c->arena };
	if (history_inputs(&x->h, x->s, n, o->arena, &inputs, e) < 0 ||
	    history_outputs(&x->h, x->s, n, o->arena, &outputs, e) < 0)
		return -1;
	o->known = inputs.p != NULL;
	if (inputs.p == NULL || outputs.p == NULL)
		return 0;
	if (blob_uris_to_disk(x->s, outputs, o->arena, &o->outputs, NULL,
	    e) < 0 ||
	    wire_unpack(&flyteidl__core__literal_map__descriptor, inputs,
	    o->arena, &m, e) < 0)
		return -1;
	o->inputs = (const pb_literal_map *)(const void *)m;
	return catalog_list(x->s, &all, is_origin, o, e);
}

/* ---- one node ----------------------------------------------------------- */

static int
is_hit(const struct history_node *n)
{
	return n->cache != NULL && strcmp(n->cache, "HIT") == 0;
}

/* What is to be said of a node that was not reused. */
static const char *
reason(const struct history_node *n)
{
	if (n->explained != NULL)
		return n->explained;
	if (n->cache == NULL || strcmp(n->cache, "DISABLED") == 0)
		return "its task has no cache";
	if (strcmp(n->cache, "SKIPPED") == 0)
		return "the execution was told not to look";
	if (strcmp(n->cache, "LOOKUP_FAILURE") == 0)
		return "the catalog could not be read";
	return "the catalog had no such entry";
}

static void
add_text(struct explaining *x, const struct history_node *n,
    const struct origin *o)
{
	strbuf_addf(&x->out, "%s/", x->h.id.name);
	execution_add_brief(&x->out, n->path);
	strbuf_adds(&x->out, ": ");
	if (!is_hit(n)) {
		if (n->n_attempts > 0)
			strbuf_addf(&x->out, "ran: %s\n", reason(n));
		else if (n->phase == SCHED_SUCCEEDED)
			strbuf_adds(&x->out, "no task: nothing to reuse\n");
		else
			strbuf_addf(&x->out, "did not run: %s\n",
			    sched_phase_name(n->phase));
		return;
	}
	strbuf_adds(&x->out, "reused");
	if (!o->known)
		/* What it was given is not in the journal. */
		strbuf_adds(&x->out, " from the cache\n");
	else if (o->key[0] == '\0')
		strbuf_adds(&x->out, ": the entry is gone by now\n");
	else
		strbuf_addf(&x->out, " from " STR_FMT " (entry %.*s)\n",
		    STR_ARG(o->source), KEY_SHORT, o->key);
}

static void
add_json(struct explaining *x, const struct history_node *n,
    const struct origin *o)
{
	struct json_writer *w = &x->w;

	json_object(w);
	json_key(w, "node");
	json_str(w, n->path);
	json_key(w, "phase");
	json_cstr(w, sched_phase_name(n->phase));
	json_key(w, "cache");
	json_cstr(w, n->cache);
	json_key(w, "reused");
	json_bool(w, is_hit(n));
	if (is_hit(n)) {
		json_key(w, "key");
		json_cstr(w, o->key[0] == '\0' ? NULL : o->key);
		json_key(w, "source");
		json_str(w, o->source);
	} else if (n->n_attempts > 0) {
		json_key(w, "reason");
		json_cstr(w, reason(n));
	}
	json_end(w);
}

static int
explain_node(struct explaining *x, const struct history_node *n,
    struct err *e)
{
	struct origin o = { .key = "" };

	if (is_hit(n) && find_origin(x, n, &o, e) < 0)
		return -1;
	if (x->a->form == FORM_JSON)
		add_json(x, n, &o);
	else
		add_text(x, n, &o);
	return 0;
}

/* Those that are no nodes of their own. */
static int
explain_range(struct explaining *x, const struct history_range *r,
    struct err *e)
{
	uint32_t i;

	for (i = r->from; i < r->from + r->n; i++) {
		c_arena struct arena a = ARENA_INIT;
		struct history_node n;

		history_element(r, i, &a, &n);
		if (map_get(&x->h.by_path, n.path) == MAP_NONE &&
		    explain_node(x, &n, e) < 0)
			return -1;
		if (x->out.n >= FLUSH_BYTES) {
			put_out(&x->out);
			strbuf_reset(&x->out);
		}
	}
	return 0;
}

/* ---- the command -------------------------------------------------------- */

static int
explain_nodes(struct explaining *x, const char *path, struct err *e)
{
	struct history_node room;
	const struct history_node *n;
	size_t i;

	if (path != NULL) {
		n = history_node(&x->h, path, &room);
		if (n == NULL)
			return err_set(e, ERR_MISSING, "%s: has no node '%s'",
			    x->h.id.name, path);
		return explain_node(x, n, e);
	}
	for (i = 0; i < x->h.n_nodes; i++)
		if (explain_node(x, &x->h.nodes[i], e) < 0)
			return -1;
	for (i = 0; i < x->h.n_ranges; i++)
		if (explain_range(x, &x->h.ranges[i], e) < 0)
			return -1;
	return 0;
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
	rc = history_load(home, &id, &x->h, e);
	if (rc == 0)
		rc = explain_nodes(x, path, e);
	history_release(&x->h);
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
