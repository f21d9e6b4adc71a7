/* What nodes and launch plans name: in the file, or outside. */
#include "idl/type.h"
#include "spec/workflow.h"

static const pb_variable_map no_variables =
    FLYTEIDL__CORE__VARIABLE_MAP__INIT;

static void
not_found(struct file *f, enum entity_kind kind, uint32_t node,
    const struct err *e)
{
	struct load *l = &f->l;
	const struct decl *decls = f->decls[kind].at;
	const char *names[256], *meant;
	size_t i, n = 0;

	if (e != NULL && e->kind != ERR_MISSING) {
		shape_fault(l, DIAG_BAD_REFERENCE, node, "%s", e->msg);
		return;
	}
	for (i = 0; decls != NULL && i < f->decls[kind].n &&
	    n < ARRAY_LEN(names); i++)
		names[n++] = decls[i].name;
	shape_fault(l, DIAG_BAD_REFERENCE, node, "no %s is called \"" STR_FMT
	    "\"", entity_kind_words(kind), STR_ARG(l->t->at[node].text));
	meant = did_you_mean(l->t->at[node].text, names, n);
	if (meant != NULL)
		diag_hint(l->ds, "did you mean \"%s\"?", meant);
	else if (e != NULL)
		diag_hint(l->ds, "%s", e->msg);
}

void
target_find(struct file *f, enum entity_kind kind, uint32_t node,
    struct target *ret)
{
	struct load *l = &f->l;
	struct str name = l->t->at[node].text;
	struct err e;

	memset(ret, 0, sizeof(*ret));
	if (l->t->at[node].kind != TREE_SCALAR || name.n == 0) {
		shape_wrong(l, node, "the name of what is to run");
		return;
	}
	ret->decl = load_find(f, kind, name);
	if (ret->decl != NULL) {
		ret->kind = kind;
		return;
	}
	if (l->opt->resolve == NULL) {
		not_found(f, kind, node, NULL);
		return;
	}
	err_clear(&e);
	if (l->opt->resolve(l->opt->resolve_arg, kind, name, &ret->ext,
	    &e) < 0)
		not_found(f, kind, node, &e);
	else
		ret->kind = kind;
}

pb_identifier *
target_id(const struct target *t)
{
	return t->decl != NULL ? t->decl->id : t->ext.id;
}

/* A launch plan's workflow, when it is in the file. */
static struct workflow *
workflow_of(struct file *f, const struct decl *plan)
{
	struct decl *d;

	if (plan->plan == NULL || plan->plan->spec->workflow_id == NULL)
		return NULL;
	d = load_find(f, ENTITY_WORKFLOW,
	    str_of(plan->plan->spec->workflow_id->name));
	return d != NULL && d->id == plan->plan->spec->workflow_id ?
	    d->workflow : NULL;
}

static const pb_variable_map *
parameter_variables(struct file *f, const pb_parameter_map *p)
{
	struct declared_list list = { NULL, p->n_parameters };
	size_t i;

	list.at = arena_new_n(f->l.a, p->n_parameters, struct declared);
	for (i = 0; i < p->n_parameters; i++) {
		list.at[i].name = p->parameters[i]->key;
		list.at[i].var = p->parameters[i]->value->var;
	}
	return interface_variables(&f->l, &list);
}

const pb_variable_map *
target_inputs(struct file *f, const struct target *t)
{
	const pb_typed_interface *i = t->ext.interface;

	switch (t->kind) {
	case ENTITY_TASK:
		if (t->decl != NULL)
			i = t->decl->task == NULL ? NULL :
			    t->decl->task->template_->interface;
		break;
	case ENTITY_WORKFLOW:
		if (t->decl != NULL)
			i = t->decl->workflow->t->interface;
		break;
	case ENTITY_LAUNCH_PLAN:
		if (t->decl != NULL)
			return t->decl->plan == NULL ? NULL :
			    parameter_variables(f,
			    t->decl->plan->spec->default_inputs);
		if (t->ext.parameters != NULL)
			return parameter_variables(f, t->ext.parameters);
		break;
	case ENTITY_ANY:
	case ENTITY_KIND_MAX:
		return NULL;
	}
	if (i == NULL)
		return t->decl != NULL ? NULL : &no_variables;
	return i->inputs != NULL ? i->inputs : &no_variables;
}

const pb_variable_map *
target_outputs(struct file *f, const struct target *t)
{
	const pb_typed_interface *i = t->ext.interface;
	struct workflow *w;

	switch (t->kind) {
	case ENTITY_TASK:
		if (t->decl == NULL)
			break;
		if (t->decl->task == NULL)
			return NULL;
		i = t->decl->task->template_->interface;
		break;
	case ENTITY_WORKFLOW:
		if (t->decl != NULL)
			return t->decl->workflow->out_types;
		break;
	case ENTITY_LAUNCH_PLAN:
		if (t->decl == NULL)
			break;
		if (t->decl->plan == NULL)
			return NULL;
		w = workflow_of(f, t->decl);
		if (w != NULL)
			return w->out_types;
		return t->decl->plan->closure == NULL ? &no_variables :
		    t->decl->plan->closure->expected_outputs;
	case ENTITY_ANY:
	case ENTITY_KIND_MAX:
		return NULL;
	}
	return i != NULL && i->outputs != NULL ? i->outputs : &no_variables;
}
