#include "common/look.h"

#include "base/limits.h"
#include "base/num.h"
#include "idl/pbjson.h"
#include "idl/wire.h"
#include "record/closure.h"

/* ---- the tree ----------------------------------------------------------- */

static uint32_t
add_item(struct look *l, struct str path, uint32_t parent, uint32_t within)
{
	struct look_item fresh = {
		.path = arena_str(&l->arena, path), .parent = parent,
		.first = LOOK_NONE, .last = LOOK_NONE, .next = LOOK_NONE,
		.within = within, .element = -1, .n = 1,
	};
	uint32_t at = (uint32_t)l->items.n;
	uint32_t *first = &l->first, *last = &l->last;
	const char *slash;

	slash = memrchr(fresh.path.p, '/', fresh.path.n);
	fresh.id = slash == NULL ? fresh.path : (struct str){ slash + 1,
	    fresh.path.n - (size_t)(slash + 1 - fresh.path.p) };
	if (parent != LOOK_NONE) {
		fresh.depth = l->items.at[parent].depth + 1;
		first = &l->items.at[parent].first;
		last = &l->items.at[parent].last;
	}
	if (*first == LOOK_NONE)
		*first = at;
	else
		l->items.at[*last].next = at;
	*last = at;
	VEC_PUSH(&l->items, fresh);
	map_put(&l->by_path, fresh.path, at);
	return at;
}

/*
 * The item of a path "id/attempt/id/attempt/.../id", made with all it is
 * inside of.  LOOK_NONE for what is no path.
 */
static uint32_t
item_of(struct look *l, struct str path)
{
	uint32_t parent = LOOK_NONE, at, within = 0;
	size_t from = 0, to;
	const char *slash;
	uint64_t n;

	for (;;) {
		slash = memchr(path.p + from, '/', path.n - from);
		to = slash == NULL ? path.n : (size_t)(slash - path.p);
		at = map_get(&l->by_path, (struct str){ path.p, to });
		if (at == MAP_NONE)
			at = add_item(l, (struct str){ path.p, to }, parent,
			    within);
		if (slash == NULL)
			return at;
		from = to + 1;
		slash = memchr(path.p + from, '/', path.n - from);
		if (slash == NULL)
			return LOOK_NONE;
		to = (size_t)(slash - path.p);
		if (num_parse_u64((struct str){ path.p + from, to - from }, 0,
		    UINT32_MAX, &n) < 0)
			return LOOK_NONE;
		parent = at;
		within = (uint32_t)n;
		from = to + 1;
	}
}

/* ---- what is declared --------------------------------------------------- */

static pb_workflow_template *
graph_of(const struct look_scope *s, const pb_identifier *id)
{
	size_t i;

	for (i = 0; i < s->n_graphs; i++)
		if (s->graphs[i]->id != NULL &&
		    wire_equal(&s->graphs[i]->id->base, &id->base))
			return s->graphs[i];
	return NULL;
}

/* The scope of a graph in another. */
static struct look_scope *
scope_within(struct look *l, const struct look_scope *outer,
    const pb_workflow_template *graph)
{
	struct look_scope *s = arena_new(&l->arena, struct look_scope);

	*s = *outer;
	s->nodes = graph->nodes;
	s->n_nodes = graph->n_nodes;
	s->failure = graph->failure_node;
	return s;
}

static struct look_scope *
scope_of_closure(struct look *l)
{
	const pb_compiled_workflow_closure *c = l->closure;
	struct look_scope outer = { .n_tasks = 0 };
	size_t i;

	outer.tasks = arena_new_n(&l->arena, c->n_tasks, pb_task_template *);
	for (i = 0; i < c->n_tasks; i++)
		if (c->tasks[i]->template_ != NULL)
			outer.tasks[outer.n_tasks++] = c->tasks[i]->template_;
	outer.graphs = arena_new_n(&l->arena, c->n_sub_workflows,
	    pb_workflow_template *);
	for (i = 0; i < c->n_sub_workflows; i++)
		if (c->sub_workflows[i]->template_ != NULL)
			outer.graphs[outer.n_graphs++] =
			    c->sub_workflows[i]->template_;
	return scope_within(l, &outer, c->primary->template_);
}

/* What a dynamic task wrote. */
static struct look_scope *
scope_of_spec(struct look *l, struct str json)
{
	const Flyteidl__Core__DynamicJobSpec *spec;
	struct look_scope *s = arena_new(&l->arena, struct look_scope);
	ProtobufCMessage *m;
	struct err e;

	if (pbjson_parse(&flyteidl__core__dynamic_job_spec__descriptor, json,
	    PBJSON_SKIP_UNKNOWN, &l->arena, &m, &e) < 0) {
		if (l->trouble.kind == ERR_NONE)
			l->trouble = e;
		return s;
	}
	spec = (const void *)m;
	s->as_written = 1;
	s->nodes = spec->nodes;
	s->n_nodes = spec->n_nodes;
	s->tasks = spec->tasks;
	s->n_tasks = spec->n_tasks;
	s->graphs = spec->subworkflows;
	s->n_graphs = spec->n_subworkflows;
	return s;
}

/* The item of a node declared inside another (LOOK_NONE: at the top). */
static uint32_t
declared_item(struct look *l, uint32_t parent, uint32_t within,
    const char *id, int make)
{
	c_strbuf struct strbuf path = STRBUF_INIT;
	uint32_t at;

	if (parent != LOOK_NONE) {
		strbuf_addstr(&path, l->items.at[parent].path);
		strbuf_addf(&path, "/%u/", within);
	}
	strbuf_adds(&path, id);
	at = map_get(&l->by_path, strbuf_str(&path));
	if (at == MAP_NONE)
		at = make ? add_item(l, strbuf_str(&path), parent, within) :
		    LOOK_NONE;
	return at;
}

static void
declare(struct look *l, uint32_t parent, uint32_t within,
    const struct look_scope *s, const pb_node *node, int make)
{
	uint32_t at;

	if (node == NULL || strcmp(node->id, "start-node") == 0 ||
	    strcmp(node->id, "end-node") == 0)
		return;
	at = declared_item(l, parent, within, node->id, make);
	if (at == LOOK_NONE)
		return;
	l->items.at[at].decl = node;
	l->items.at[at].scope = s;
}

static void
declare_all(struct look *l, uint32_t parent, uint32_t within,
    const struct look_scope *s)
{
	size_t i;

	for (i = 0; i < s->n_nodes; i++)
		declare(l, parent, within, s, s->nodes[i], 1);
	declare(l, parent, within, s, s->failure, 0);
}

/* A way of a switch, under the id that the compiler gives it. */
static void
declare_way(struct look *l, uint32_t at, uint32_t within,
    const struct look_scope *s, const pb_node *node)
{
	pb_node *own;

	if (s->as_written && node != NULL) {
		own = arena_new(&l->arena, pb_node);
		*own = *node;
		own->id = arena_printf(&l->arena, "%s-%s",
		    l->items.at[at].decl->id, node->id);
		node = own;
	}
	declare(l, at, within, s, node, 0);
}

static void
declare_branch(struct look *l, uint32_t at, uint32_t within,
    const struct look_scope *s, const pb_branch_node *branch)
{
	const Flyteidl__Core__IfElseBlock *b = branch->if_else;
	size_t i;

	if (b == NULL)
		return;
	if (b->case_ != NULL)
		declare_way(l, at, within, s, b->case_->then_node);
	for (i = 0; i < b->n_other; i++)
		declare_way(l, at, within, s, b->other[i]->then_node);
	if (b->default_case ==
	    FLYTEIDL__CORE__IF_ELSE_BLOCK__DEFAULT_ELSE_NODE)
		declare_way(l, at, within, s, b->else_node);
}

static int
by_element(const void *a, const void *b, void *arg)
{
	const struct look_item *items = arg;
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;

	if (items[i].element != items[k].element)
		return items[i].element < items[k].element ? -1 : 1;
	return i < k ? -1 : i > k;
}

/* Links the children of a map in the order of their index. */
static void
sort_elements(struct look *l, uint32_t at)
{
	VEC(uint32_t) children = VEC_INIT;
	struct look_item *items = l->items.at;
	uint32_t i;
	size_t k;

	for (i = items[at].first; i != LOOK_NONE; i = items[i].next)
		VEC_PUSH(&children, i);
	if (children.n == 0)
		return;
	qsort_r(children.at, children.n, sizeof(uint32_t), by_element, items);
	items[at].first = children.at[0];
	items[at].last = VEC_LAST(&children);
	for (k = 0; k < children.n; k++)
		items[children.at[k]].next = k + 1 < children.n ?
		    children.at[k + 1] : LOOK_NONE;
	VEC_RELEASE(&children);
}

static void
declare_elements(struct look *l, uint32_t at, const struct look_scope *s,
    const pb_array_node *array)
{
	uint32_t i;
	uint64_t n;

	for (i = l->items.at[at].first; i != LOOK_NONE;
	    i = l->items.at[i].next) {
		struct look_item *it = &l->items.at[i];

		if (it->id.n < 2 || it->id.p[0] != 'n' ||
		    num_parse_u64((struct str){ it->id.p + 1, it->id.n - 1 },
		    0, UINT32_MAX, &n) < 0)
			continue;
		it->element = (int64_t)n;
		it->decl = array->node;
		it->scope = s;
	}
	sort_elements(l, at);
}

/* What is declared inside an item that has begun. */
static void
declare_inside(struct look *l, uint32_t at)
{
	const struct look_item it = l->items.at[at];
	uint32_t within = it.node == NULL ? 0 : it.node->attempt;
	pb_workflow_template *graph;

	if (it.node == NULL && it.first == LOOK_NONE)
		return;
	if (it.node != NULL && it.node->spec.p != NULL) {
		declare_all(l, at, within, scope_of_spec(l, it.node->spec));
		return;
	}
	if (it.decl == NULL)
		return;
	switch (it.decl->target_case) {
	case FLYTEIDL__CORE__NODE__TARGET_WORKFLOW_NODE:
		if (it.decl->workflow_node->reference_case !=
		    FLYTEIDL__CORE__WORKFLOW_NODE__REFERENCE_SUB_WORKFLOW_REF)
			return;
		graph = graph_of(it.scope,
		    it.decl->workflow_node->sub_workflow_ref);
		if (graph != NULL && it.first != LOOK_NONE)
			declare_all(l, at, within,
			    scope_within(l, it.scope, graph));
		return;
	case FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE:
		declare_branch(l, at, within, it.scope,
		    it.decl->branch_node);
		return;
	case FLYTEIDL__CORE__NODE__TARGET_ARRAY_NODE:
		declare_elements(l, at, it.scope, it.decl->array_node);
		return;
	case FLYTEIDL__CORE__NODE__TARGET__NOT_SET:
	case FLYTEIDL__CORE__NODE__TARGET_TASK_NODE:
	case FLYTEIDL__CORE__NODE__TARGET_GATE_NODE:
	case _FLYTEIDL__CORE__NODE__TARGET__CASE_IS_INT_SIZE:
	default:
		return;
	}
}

static int
read_closure(struct look *l)
{
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	const pb_compiled_workflow_closure *c;
	ProtobufCMessage *m;

	if (l->history.closure == NULL)
		return err_set(&l->trouble, ERR_CORRUPT,
		    "the journal names no closure");
	if (closure_get(l->home, l->history.closure, &bytes,
	    &l->trouble) < 0 || wire_unpack(
	    &flyteidl__core__compiled_workflow_closure__descriptor,
	    strbuf_str(&bytes), &l->arena, &m, &l->trouble) < 0)
		return -1;
	c = (const void *)m;
	if (c->primary == NULL || c->primary->template_ == NULL)
		return err_set(&l->trouble, ERR_CORRUPT,
		    "closure %s: without a workflow", l->history.closure);
	l->closure = c;
	return 0;
}

static int
no_path(const struct look *l, struct str path, struct err *e)
{
	return err_set(e, ERR_CORRUPT, "%s/journal: \"" STR_FMT "\" is no "
	    "path of a node", l->history.dir, STR_ARG(path));
}

static int
add_nodes(struct look *l, struct err *e)
{
	const struct history *h = &l->history;
	uint32_t at;
	size_t i;

	for (i = 0; i < h->n_nodes; i++) {
		at = item_of(l, h->nodes[i].path);
		if (at == LOOK_NONE)
			return no_path(l, h->nodes[i].path, e);
		l->items.at[at].node = &h->nodes[i];
	}
	return 0;
}

/* One item for n elements of a range that are no nodes. */
static int
add_range(struct look *l, const struct history_range *r, uint32_t from,
    uint32_t n, struct err *e)
{
	struct history_node *node = arena_new(&l->arena, struct history_node);
	uint32_t at;

	history_element(r, from, &l->arena, node);
	at = item_of(l, node->path);
	if (at == LOOK_NONE)
		return no_path(l, node->path, e);
	l->items.at[at].node = node;
	l->items.at[at].n = n;
	l->items.at[at].range = r;
	return 0;
}

/* An element whose attempts have records is a node of its own. */
static int
is_node(const struct look *l, const struct history_range *r, uint32_t i)
{
	c_strbuf struct strbuf path = STRBUF_INIT;

	strbuf_addf(&path, STR_FMT "/n%u", STR_ARG(r->map), i);
	return map_get(&l->history.by_path, strbuf_str(&path)) != MAP_NONE;
}

static int
add_ranges(struct look *l, struct err *e)
{
	const struct history *h = &l->history;
	uint32_t from, to, end;
	size_t i;

	for (i = 0; i < h->n_ranges; i++) {
		end = h->ranges[i].from + h->ranges[i].n;
		for (from = h->ranges[i].from; from < end; from = to + 1) {
			for (to = from; to < end && !is_node(l,
			    &h->ranges[i], to); to++)
				;
			if (to > from && add_range(l, &h->ranges[i], from,
			    to - from, e) < 0)
				return -1;
		}
	}
	return 0;
}

void
look_element(const struct look_item *it, uint32_t i, struct arena *a,
    struct history_node *ret, struct look_item *ret_item)
{
	const char *slash;

	*ret_item = *it;
	history_element(it->range, (uint32_t)it->element + i, a, ret);
	slash = memrchr(ret->path.p, '/', ret->path.n);
	ret_item->path = ret->path;
	ret_item->id = (struct str){ slash + 1, ret->path.n -
	    (size_t)(slash + 1 - ret->path.p) };
	ret_item->element = it->element + i;
	ret_item->n = 1;
	ret_item->node = ret;
}

int
look_open(const char *home, const struct execution_id *id, struct look *ret,
    struct err *e)
{
	c_strbuf struct strbuf dir = STRBUF_INIT;
	struct history *h = &ret->history;
	size_t i;

	*ret = (struct look){ .home = home, .first = LOOK_NONE,
	    .last = LOOK_NONE };
	execution_add_dir(&dir, home, id);
	/* Asked first: what ends between the two is read as ended. */
	ret->alive = journal_alive(dir.p, e) > 0;
	if (history_load(home, id, h, e) < 0)
		return -1;
	ret->now = record_now_us();
	if (add_nodes(ret, e) < 0 || add_ranges(ret, e) < 0)
		return -1;
	if (read_closure(ret) < 0)
		return 0;
	declare_all(ret, LOOK_NONE, 0, scope_of_closure(ret));
	for (i = 0; i < ret->items.n; i++)
		declare_inside(ret, (uint32_t)i);
	return 0;
}

void
look_release(struct look *l)
{
	history_release(&l->history);
	VEC_RELEASE(&l->items);
	map_release(&l->by_path);
	arena_release(&l->arena);
}

/* ---- finding ------------------------------------------------------------ */

static int
not_found(const struct look *l, const char *path, struct err *e)
{
	c_strbuf struct strbuf names = STRBUF_INIT;
	uint32_t i;
	int n = 0;

	for (i = l->first; i != LOOK_NONE && n < 8; i = l->items.at[i].next)
		strbuf_addf(&names, "%s" STR_FMT, n++ > 0 ? ", " : "",
		    STR_ARG(l->items.at[i].id));
	return err_set(e, ERR_MISSING, "%s/%s: no such node%s%s%s%s",
	    l->history.id.name, path, n > 0 ? "; there are " : "", names.p,
	    i != LOOK_NONE ? ", ..." : "", "");
}

/* The number behind "n" in the rest of a path; -1: it is none. */
static int64_t
element_of(struct str path, size_t from)
{
	uint64_t n;

	if (path.n < from + 2 || path.p[from] != 'n' ||
	    num_parse_u64((struct str){ path.p + from + 1,
	    path.n - from - 1 }, 0, UINT32_MAX, &n) < 0)
		return -1;
	return (int64_t)n;
}

/* An element of a range, made an item of its own; LOOK_NONE: there is none. */
static uint32_t
find_in_ranges(struct look *l, const char *path)
{
	const struct look_item *it;
	struct history_node room, *node;
	const struct history_node *found;
	struct look_item one;
	size_t i;

	found = history_node(&l->history, path, &room);
	if (found == NULL)
		return LOOK_NONE;
	for (i = 0; i < l->items.n; i++) {
		size_t up;

		it = &l->items.at[i];
		if (it->range == NULL)
			continue;
		up = it->path.n - it->id.n;
		if (found->path.n <= up ||
		    memcmp(found->path.p, it->path.p, up) != 0 ||
		    element_of(found->path, up) < it->element ||
		    element_of(found->path, up) >= it->element + it->n)
			continue;
		node = arena_new(&l->arena, struct history_node);
		look_element(it, (uint32_t)(element_of(found->path, up) -
		    it->element), &l->arena, node, &one);
		VEC_PUSH(&l->items, one);
		return (uint32_t)l->items.n - 1;
	}
	return LOOK_NONE;
}

int
look_find(struct look *l, const char *path, uint32_t *ret,
    struct err *e)
{
	c_strbuf struct strbuf brief = STRBUF_INIT;
	uint32_t found = map_get(&l->by_path, str_of(path));
	size_t i;

	if (found != MAP_NONE && l->items.at[found].n == 1) {
		*ret = found;
		return 0;
	}
	found = MAP_NONE;
	for (i = 0; i < l->items.n; i++) {
		if (l->items.at[i].n > 1)
			continue;
		strbuf_reset(&brief);
		execution_add_brief(&brief, l->items.at[i].path);
		if (strcmp(brief.p, path) != 0)
			continue;
		if (found != MAP_NONE)
			return err_set(e, ERR_USAGE, "%s/%s: it ran in more "
			    "than one attempt; say which: " STR_FMT " or "
			    STR_FMT, l->history.id.name, path,
			    STR_ARG(l->items.at[found].path),
			    STR_ARG(l->items.at[i].path));
		found = (uint32_t)i;
	}
	if (found == MAP_NONE)
		found = find_in_ranges(l, path);
	if (found == LOOK_NONE)
		return not_found(l, path, e);
	*ret = found;
	return 0;
}
