/* One task on its own (flytepropeller, compiler/task_compiler.go). */

#include "compile/build.h"
#include "compile/pod.h"
#include "compile/quantity.h"

struct task_check {
	const pb_task_template	*t;
	struct compile_errors	*es;
	struct compile_place	 place;
};

static void
check_interface(struct task_check *k)
{
	c_arena struct arena a = ARENA_INIT;
	struct compiler c = { .errors = k->es };
	const pb_typed_interface *f = k->t->interface;

	if (f != NULL)
		(void)iface_report(&c, "root", &k->place,
		    iface_of(&a, f->inputs, f->outputs));
}

static int
has_variables(const pb_typed_interface *f)
{
	return f != NULL &&
	    ((f->inputs != NULL && f->inputs->n_variables > 0) ||
	    (f->outputs != NULL && f->outputs->n_variables > 0));
}

static void
check_quantities(struct task_check *k,
    Flyteidl__Core__Resources__ResourceEntry *const *at, size_t n)
{
	const ProtobufCEnumValue *v;
	c_strbuf struct strbuf node = STRBUF_INIT;
	size_t i;

	for (i = 0; i < n; i++) {
		if (quantity_ok(at[i]->value))
			continue;
		v = protobuf_c_enum_descriptor_get_value(
		    &flyteidl__core__resources__resource_name__descriptor,
		    (int)at[i]->name);
		strbuf_reset(&node);
		strbuf_addf(&node, "resources.%s",
		    v == NULL ? "UNKNOWN" : v->name);
		k->place.var = node.p;
		compile_error_add(k->es, COMPILE_UNRECOGNIZED_VALUE, node.p,
		    &k->place, NULL, "'%s' is not a quantity such as 2, "
		    "500m or 1Gi", at[i]->value);
		k->place.var = "";
	}
}

static void
check_container(struct task_check *k)
{
	const pb_container *c = k->t->container;

	if (has_variables(k->t->interface) && c->n_command == 0 &&
	    c->n_args == 0)
		compile_error_add(k->es, COMPILE_VALUE_REQUIRED, "container",
		    &k->place, NULL, "command is required: the task has "
		    "inputs or outputs");
	if (*c->image == '\0')
		compile_error_add(k->es, COMPILE_VALUE_REQUIRED, "container",
		    &k->place, NULL, "image is required");
	if (c->resources == NULL)
		return;
	check_quantities(k, c->resources->requests,
	    c->resources->n_requests);
	check_quantities(k, c->resources->limits, c->resources->n_limits);
}

static void
check_pod(struct task_check *k)
{
	const pb_struct *spec = k->t->k8s_pod->pod_spec;
	c_strbuf struct strbuf why = STRBUF_INIT;
	const char *bad;

	if (pod_check(spec, &why) < 0)
		compile_error_add(k->es, COMPILE_INVALID_VALUE, "root",
		    &k->place, NULL, "k8s pod spec: %s", why.p);
	else if (!pod_names_ok(spec, &bad))
		compile_error_add(k->es, COMPILE_INVALID_VALUE, "root",
		    &k->place, NULL, "k8s pod spec container name '%s' is "
		    "not a DNS-1123 label", bad);
}

int
compile_task(const pb_task_template *t, struct compile_errors *es)
{
	struct task_check k = { t, es, { "", "", "", "", NULL } };
	uint64_t before = es->calls;

	if (t->id == NULL)
		compile_error_add(es, COMPILE_VALUE_REQUIRED, "root", NULL,
		    NULL, "Id is required");
	else
		k.place.node = t->id->name;
	check_interface(&k);
	if (t->target_case == FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER)
		check_container(&k);
	else if (t->target_case ==
	    FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_K8S_POD)
		check_pod(&k);
	compile_errors_sort(es);
	return es->calls == before ? 0 : -1;
}
