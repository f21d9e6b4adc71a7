/*
 * What a Flyte cluster would not take of a file that is fine here: `check
 * --portable`.  The rules are those of flytepropeller and flyteadmin
 * and of a cluster that has neither this machine's files nor its programs.
 * What Flyte's compiler refuses is found by front_options.strict.
 */

#include "register.h"

#include <stdarg.h>

#include "idl/value.h"
#include "spec/lower.h"

/* registration.maxWorkflowNodes of flyteadmin, as it is delivered. */
#define MAX_CLUSTER_NODES	100
/* A node's id becomes part of a label of Kubernetes. */
#define MAX_LABEL		63

struct finding {
	const struct front	*front;
	const struct front_entity *x;
	size_t			 n;
};

static void
say(struct finding *f, const char *fmt, ...) printf_like(2, 3);
static void
say(struct finding *f, const char *fmt, ...)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	va_list ap;

	strbuf_addf(&b, "%s: %s %s: ", f->front->path,
	    entity_kind_words(f->x->id.kind), f->x->id.name);
	va_start(ap, fmt);
	strbuf_vaddf(&b, fmt, ap);
	va_end(ap);
	strbuf_addch(&b, '\n');
	put_out(&b);
	f->n++;
}

static const struct {
	const char *key, *why;
} refused[] = {
	{ LOWER_JQ, "jq runs inside flyte-run; a cluster has only "
	    "containers" },
	{ LOWER_SCRIPT_FILE, "the script is too large to travel in the "
	    "task, and a raw container does not load code archives" },
	{ LOWER_FILES, "files are declared, and a raw container does not "
	    "load code archives" },
	{ LOWER_PASS_ENV, "pass_env takes variables of this machine" },
	{ LOWER_DYNAMIC, "a dynamic task writes a spec, which only flyte-run "
	    "reads" },
};

static void
check_config(struct finding *f, const pb_task_template *t)
{
	size_t i, k;

	for (i = 0; i < t->n_config; i++)
		for (k = 0; k < ARRAY_LEN(refused); k++)
			if (strcmp(t->config[i]->key, refused[k].key) == 0)
				say(f, "%s", refused[k].why);
}

static void
check_task(struct finding *f, const pb_task_template *t)
{
	check_config(f, t);
	if (t->target_case == FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER &&
	    strcmp(t->container->image, LOWER_IMAGE) == 0 &&
	    strcmp(t->type, LOWER_TASK_TYPE) == 0)
		say(f, "names no image: %s is taken, which has little more "
		    "than a shell", LOWER_IMAGE);
}

/* RFC 1123's label: what pods and their labels are called. */
static int
is_label(const char *s)
{
	size_t n = strlen(s), i;

	if (n == 0 || n > MAX_LABEL || s[0] == '-' || s[n - 1] == '-')
		return 0;
	for (i = 0; i < n; i++)
		if ((s[i] < 'a' || s[i] > 'z') && (s[i] < '0' || s[i] > '9') &&
		    s[i] != '-')
			return 0;
	return 1;
}

static void
check_node(void *arg, ProtobufCMessage *m)
{
	struct finding *f = arg;
	const pb_node *n = (const pb_node *)m;

	if (!is_label(n->id))
		say(f, "node %s: its id is part of a pod's name: at most %d "
		    "of a-z, 0-9 and '-'", n->id, MAX_LABEL);
	/* The nodes of a switch lie inside this one. */
	if (n->target_case == FLYTEIDL__CORE__NODE__TARGET_BRANCH_NODE)
		entity_each(&n->branch_node->base,
		    &flyteidl__core__node__descriptor, check_node, f);
}

static void
check_blob(void *arg, ProtobufCMessage *m)
{
	struct finding *f = arg;
	const pb_blob *b = (const pb_blob *)m;

	if (value_local_path(b->uri) != NULL)
		say(f, "%s: a file of this machine", b->uri);
}

static void
check_workflow(struct finding *f, pb_workflow_template *w)
{
	if (w->n_nodes > MAX_CLUSTER_NODES)
		say(f, "%zu nodes; flyteadmin takes %d unless it is "
		    "configured otherwise", w->n_nodes, MAX_CLUSTER_NODES);
	entity_each(&w->base, &flyteidl__core__node__descriptor, check_node,
	    f);
}

static void
check_entity(struct finding *f)
{
	const struct entity *x = &f->x->entity;

	if (x->task != NULL)
		check_task(f, x->task->template_);
	if (x->workflow != NULL) {
		check_workflow(f, x->workflow->template_);
		entity_each(&x->workflow->base,
		    &flyteidl__core__blob__descriptor, check_blob, f);
	}
	if (x->plan != NULL)
		entity_each(&x->plan->base,
		    &flyteidl__core__blob__descriptor, check_blob, f);
}

size_t
print_unportable(const struct fronts *all)
{
	struct finding f = { .n = 0 };
	size_t i, k;

	for (i = 0; i < all->n; i++)
		for (k = 0; k < all->at[i].n; k++) {
			if (all->at[i].at[k].faulty)
				continue;
			f.front = &all->at[i];
			f.x = &all->at[i].at[k];
			check_entity(&f);
		}
	return f.n;
}
