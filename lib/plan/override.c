#include "idl/wire.h"
#include "plan/plan.h"

/* A task like that of the node, but for what is said of its cache. */
static void
own_task(struct plan *p, struct plan_node *n, const struct plan_node *says)
{
	c_arena struct arena a = ARENA_INIT;
	c_strbuf struct strbuf bytes = STRBUF_INIT;
	struct plan_task t = p->tasks[n->what];
	pb_task_template *template;
	ProtobufCMessage *m;
	struct err e;

	if (wire_unpack(&flyteidl__core__task_template__descriptor,
	    t.template, &a, &m, &e) < 0)
		return;
	template = (pb_task_template *)m;
	if (template->metadata == NULL)
		template->metadata = PB_NEW(&a, flyteidl__core__task_metadata);
	t.cacheable = says->cache == PLAN_YES;
	template->metadata->discoverable = t.cacheable;
	if (says->cache_version.n > 0) {
		t.cache_version = says->cache_version;
		template->metadata->discovery_version = arena_strndup(&a,
		    says->cache_version.p, says->cache_version.n);
	}
	if (says->serialize != PLAN_UNSET) {
		t.serialize = says->serialize == PLAN_YES;
		template->metadata->cache_serializable = t.serialize;
	}
	wire_pack(&template->base, &bytes);
	t.template = arena_str(&p->arena, strbuf_str(&bytes));
	p->tasks = xreallocarray(p->tasks, p->n_tasks + 1,
	    sizeof(*p->tasks));
	p->tasks[p->n_tasks] = t;
	n->what = p->n_tasks++;
}

void
plan_apply_cache(struct plan *p)
{
	uint32_t i;

	for (i = 0; i < p->n_nodes; i++) {
		struct plan_node *n = &p->nodes[i];
		const struct plan_node *says = n;

		if (n->cache == PLAN_UNSET && n->array != PLAN_NONE)
			says = &p->nodes[n->array];
		if (n->kind == PLAN_TASK && says->cache != PLAN_UNSET)
			own_task(p, n, says);
	}
}
