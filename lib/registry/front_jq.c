/* The jq expressions of a file, compiled to see whether they can be. */

#include "data/jqx.h"
#include "registry/front_p.h"
#include "spec/lower.h"

struct expressions {
	VEC(struct str)			text;
	VEC(struct front_entity *)	of;
};

static const char *
expression_of(const struct front_entity *x)
{
	const pb_task_template *t;
	size_t i;

	if (x->faulty || x->id.kind != ENTITY_TASK)
		return NULL;
	t = x->entity.task->template_;
	for (i = 0; i < t->n_config; i++)
		if (strcmp(t->config[i]->key, LOWER_JQ) == 0)
			return t->config[i]->value;
	return NULL;
}

/* Where a spec says it.  Of a task that was derived from another, that one is
 * told. */
static uint32_t
place_of(const struct front *f, const struct front_entity *x)
{
	const struct spec *spec = &f->priv->spec;
	uint32_t node = spec->at[x - f->at].node;

	return node == TREE_NONE ? TREE_NONE :
	    tree_get(&spec->tree, node, "jq");
}

static void
collect(struct front *f, struct expressions *ret)
{
	const char *text;
	size_t i;

	for (i = 0; i < f->n; i++) {
		text = expression_of(&f->at[i]);
		if (text == NULL || (f->priv->has_spec &&
		    place_of(f, &f->at[i]) == TREE_NONE))
			continue;
		VEC_PUSH(&ret->text, str_of(text));
		VEC_PUSH(&ret->of, &f->at[i]);
	}
}

static void
report(struct front *f, struct front_entity *x, const struct err *e,
    struct diags *diags)
{
	const struct tree *t = &f->priv->spec.tree;

	x->faulty = 1;
	if (f->priv->has_spec)
		diag_add(diags, DIAG_BAD_EXPRESSION, &t->source,
		    t->at[place_of(f, x)].span, "%s", e->msg);
	else
		x->errors = arena_printf(f->priv->arena, "%s\n", e->msg);
}

void
front_check_jq(struct front *f, struct diags *diags)
{
	struct expressions all = { .text = { .n = 0 } };
	size_t from = 0, bad;
	struct err e;

	collect(f, &all);
	while (from < all.text.n && jqx_check(all.text.at + from,
	    all.text.n - from, &bad, &e) < 0) {
		/* Without libjq nothing can be said. */
		if (e.kind == ERR_REFUSED)
			break;
		report(f, all.of.at[from + bad], &e, diags);
		from += bad + 1;
	}
	VEC_RELEASE(&all.text);
	VEC_RELEASE(&all.of);
}
