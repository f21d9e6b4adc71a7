#include "offered.h"

#include "base/map.h"
#include "spec/lower.h"

/* All there is, each once. */
struct all {
	struct arena	*arena;
	struct map	 seen;
	VEC(pb_compiled_task *) tasks;
	VEC(pb_compiled_workflow *) workflows;
};

int
offered_is_wanted(const pb_compiled_workflow_closure *c)
{
	size_t i, k;

	for (i = 0; i < c->n_tasks; i++) {
		const pb_task_template *t = c->tasks[i]->template_;

		for (k = 0; k < t->n_config; k++)
			if (strcmp(t->config[k]->key, LOWER_DYNAMIC) == 0)
				return 1;
	}
	return 0;
}

/* 1 the first time. */
static int
is_new(struct all *all, char kind, const pb_identifier *id)
{
	const char *key = arena_printf(all->arena, "%c%s/%s/%s@%s", kind,
	    id->project, id->domain, id->name, id->version);

	return map_put(&all->seen, str_of(key), 1) == MAP_NONE;
}

static void
add_task(struct all *all, pb_compiled_task *t)
{
	if (is_new(all, 't', t->template_->id))
		VEC_PUSH(&all->tasks, t);
}

static void
add_workflow(struct all *all, pb_compiled_workflow *w)
{
	if (is_new(all, 'w', w->template_->id))
		VEC_PUSH(&all->workflows, w);
}

static void
add_closure(struct all *all, const pb_compiled_workflow_closure *c)
{
	size_t i;

	for (i = 0; i < c->n_tasks; i++)
		add_task(all, c->tasks[i]);
	for (i = 0; i < c->n_sub_workflows; i++)
		add_workflow(all, c->sub_workflows[i]);
}

static void
collect(struct all *all, const struct front *f)
{
	size_t i;

	for (i = 0; i < f->n; i++) {
		if (f->at[i].task != NULL)
			add_task(all, f->at[i].task);
		if (f->at[i].workflow == NULL)
			continue;
		add_workflow(all, f->at[i].workflow->primary);
		add_closure(all, f->at[i].workflow);
	}
}

/* What the closure has is among it. */
static void
give(const struct all *all, pb_compiled_workflow_closure *c)
{
	const pb_identifier *own = c->primary->template_->id;
	size_t i, n = 0;

	c->tasks = all->tasks.at;
	c->n_tasks = all->tasks.n;
	c->sub_workflows = arena_new_n(all->arena, all->workflows.n,
	    pb_compiled_workflow *);
	for (i = 0; i < all->workflows.n; i++)
		if (!launches_same(all->workflows.at[i]->template_->id, own))
			c->sub_workflows[n++] = all->workflows.at[i];
	c->n_sub_workflows = n;
}

/* A list that lives as long as the arena. */
static void
settle(struct all *all)
{
	pb_compiled_task **tasks = arena_new_n(all->arena, all->tasks.n,
	    pb_compiled_task *);

	if (all->tasks.n > 0)
		memcpy(tasks, all->tasks.at, all->tasks.n * sizeof(*tasks));
	free(all->tasks.at);
	all->tasks.at = tasks;
}

void
offered_add(struct target *t, struct arena *a)
{
	struct all all = { .arena = a };
	pb_compiled_workflow_closure *c = arena_alloc(a, sizeof(*c));
	size_t i;

	if (t->front.form == FRONT_PACKAGE)
		return;
	*c = *t->closure;
	collect(&all, &t->front);
	settle(&all);
	/* Those that are launched have dynamic tasks of their own. */
	for (i = 0; i < t->front.n; i++)
		if (t->front.at[i].workflow != NULL &&
		    offered_is_wanted(t->front.at[i].workflow))
			give(&all, t->front.at[i].workflow);
	if (offered_is_wanted(c)) {
		give(&all, c);
		t->closure = c;
	}
	map_release(&all.seen);
	VEC_RELEASE(&all.workflows);
}

int
offered_add_launches(struct context *c, const struct target *t,
    struct launches *to, struct err *e)
{
	const pb_identifier *id;
	size_t i;

	if (!t->loaded || t->front.form == FRONT_PACKAGE ||
	    !offered_is_wanted(t->closure))
		return 0;
	for (i = 0; i < t->front.n; i++) {
		id = entity_pb_id(&t->front.at[i].entity);
		if (t->front.at[i].id.kind == ENTITY_LAUNCH_PLAN &&
		    id != NULL && launches_add(c, t, id, to, e) < 0)
			return -1;
	}
	return 0;
}
