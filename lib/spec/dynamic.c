#include "spec/pb.h"
#include "spec/workflow.h"

/* What a dynamic task wrote, as what is to run next. */

void
dynamic_check(struct file *f)
{
	struct load *l = &f->l;
	const struct decl *w = &f->decls[ENTITY_WORKFLOW].at[0];
	uint32_t rest, inputs;
	const struct shape_key keys[] = {
		{ "tasks", &rest }, { "workflows", &rest },
	};

	if (shape_keys(l, 0, "a dynamic spec", keys, ARRAY_LEN(keys)) < 0)
		return;
	if (f->decls[ENTITY_WORKFLOW].n > 1) {
		shape_fault(l, DIAG_EXCLUSIVE,
		    f->decls[ENTITY_WORKFLOW].at[1].key, "which of them is to "
		    "run? one workflow is expected, given %zu",
		    f->decls[ENTITY_WORKFLOW].n);
		diag_hint(l->ds, "write what is to run as nodes: and outputs: "
		    "beside workflows:");
		return;
	}
	inputs = l->t->at[w->node].kind != TREE_MAP ? TREE_NONE :
	    tree_get(l->t, w->node, "inputs");
	if (inputs == TREE_NONE || l->t->at[inputs].n == 0)
		return;
	shape_fault(l, DIAG_UNSUPPORTED, inputs, "inputs: nothing gives them "
	    "values");
	diag_hint(l->ds, "the task knows the values: write them into the "
	    "nodes");
}

static pb_binding *
output_of(struct arena *a, char *node, char *var)
{
	pb_binding *b = PB_NEW(a, flyteidl__core__binding);
	pb_output_reference *r = PB_NEW(a, flyteidl__core__output_reference);

	r->node_id = node;
	r->var = var;
	b->var = var;
	b->binding = PB_NEW(a, flyteidl__core__binding_data);
	b->binding->value_case =
	    FLYTEIDL__CORE__BINDING_DATA__VALUE_PROMISE;
	b->binding->promise = r;
	return b;
}

/* A node that runs the workflow, so that its failure node runs. */
static void
run_whole(struct arena *a, const struct decl *d, pb_dynamic_job_spec *job)
{
	pb_workflow_template *t = d->workflow->t;
	const pb_admin_workflow_spec *w = d->workflow->spec;
	pb_node *node = PB_NEW(a, flyteidl__core__node);
	size_t i;

	node->id = d->name;
	node->metadata = PB_NEW(a, flyteidl__core__node_metadata);
	node->metadata->name = d->name;
	node->target_case = FLYTEIDL__CORE__NODE__TARGET_WORKFLOW_NODE;
	node->workflow_node = PB_NEW(a, flyteidl__core__workflow_node);
	node->workflow_node->reference_case =
	    FLYTEIDL__CORE__WORKFLOW_NODE__REFERENCE_SUB_WORKFLOW_REF;
	node->workflow_node->sub_workflow_ref = t->id;
	job->nodes = arena_new_n(a, 1, pb_node *);
	job->nodes[job->n_nodes++] = node;
	job->outputs = arena_new_n(a, t->n_outputs, pb_binding *);
	for (i = 0; i < t->n_outputs; i++)
		job->outputs[job->n_outputs++] = output_of(a, node->id,
		    t->outputs[i]->var);
	job->subworkflows = arena_new_n(a, w->n_sub_workflows + 1,
	    pb_workflow_template *);
	for (i = 0; i < w->n_sub_workflows; i++)
		job->subworkflows[job->n_subworkflows++] =
		    w->sub_workflows[i];
	job->subworkflows[job->n_subworkflows++] = t;
}

pb_dynamic_job_spec *
dynamic_job(struct file *f)
{
	struct arena *a = f->l.a;
	const struct decl *root = f->whole ?
	    &f->decls[ENTITY_WORKFLOW].at[0] :
	    load_find(f, ENTITY_WORKFLOW, STR(LOAD_DYNAMIC));
	const pb_admin_workflow_spec *w = root->workflow->spec;
	size_t i, n = f->decls[ENTITY_TASK].n;
	pb_dynamic_job_spec *job;

	job = PB_NEW(a, flyteidl__core__dynamic_job_spec);
	if (f->whole) {
		run_whole(a, root, job);
	} else {
		job->nodes = w->template_->nodes;
		job->n_nodes = w->template_->n_nodes;
		job->outputs = w->template_->outputs;
		job->n_outputs = w->template_->n_outputs;
		job->subworkflows = w->sub_workflows;
		job->n_subworkflows = w->n_sub_workflows;
	}
	job->min_successes = (int64_t)job->n_nodes;
	job->tasks = arena_new_n(a, n + f->derived.n, pb_task_template *);
	for (i = 0; i < n; i++)
		job->tasks[job->n_tasks++] =
		    f->decls[ENTITY_TASK].at[i].task->template_;
	for (i = 0; i < f->derived.n; i++)
		job->tasks[job->n_tasks++] =
		    f->derived.at[i].task->template_;
	return job;
}
