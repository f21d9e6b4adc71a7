#include "engine.h"

/*
 * The runner is killed and another takes over: what ran is lost and started
 * again, what was done is done.
 */

static int
resume(void *arg, struct str path, struct sched_record *ret)
{
	struct engine_run *r = arg;
	uint32_t i = map_get(&r->node_of, path);
	const struct engine_node *n;

	if (i == MAP_NONE || r->nodes.at[i].last.phase == SCHED_UNDEFINED)
		return 0;
	n = &r->nodes.at[i];
	ret->phase = n->last.phase;
	ret->attempt = n->last.at.attempt;
	ret->system_failures = n->last.system_failures;
	ret->cache = n->last.cache;
	ret->queued_at = n->queued_at;
	ret->started_at = n->started_at;
	ret->inputs = n->last.inputs;
	ret->outputs = n->last.outputs;
	ret->error = n->last.error;
	ret->taken = n->last.taken;
	if (n->last.phase == SCHED_DYNAMIC_RUNNING)
		ret->futures = n->futures;
	return 1;
}

void
engine_kill_and_resume(struct engine_run *r, struct sched_config *c)
{
	size_t k = 0;

	sched_free(r->s);
	for (size_t i = 0; i < r->calls.n; i++)
		if (!r->calls.at[i].running)
			r->calls.at[k++] = r->calls.at[i];
	r->calls.n = k;
	c->resume = resume;
	r->s = sched_new(r->w->plan, c, r->now);
}
