#include "task/resources.h"

#include "base/quantity.h"
#include "base/utf8.h"

typedef Flyteidl__Core__Resources__ResourceEntry resource_entry;

static int
read_amounts(resource_entry *const *at, size_t n, struct resources *ret,
    struct err *e)
{
	size_t i;
	int r;

	*ret = (struct resources){ 0, 0 };
	for (i = 0; i < n; i++) {
		struct str text = str_of(at[i]->value);

		r = 0;
		if (at[i]->name ==
		    FLYTEIDL__CORE__RESOURCES__RESOURCE_NAME__CPU)
			r = quantity_parse(text, 1000, &ret->cpu);
		else if (at[i]->name ==
		    FLYTEIDL__CORE__RESOURCES__RESOURCE_NAME__MEMORY)
			r = quantity_parse(text, 1, &ret->memory);
		if (r < 0)
			return err_set(e, ERR_SPEC, "resources: expected an "
			    "amount such as 2, 500m or 100Mi, given %s",
			    GIVEN(at[i]->value));
	}
	return 0;
}

int
resources_of_task(const pb_task_template *t, struct resources *limits,
    struct resources *requests, struct err *e)
{
	const pb_resources *r;

	*limits = *requests = (struct resources){ 0, 0 };
	if (t->target_case != FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER
	    || t->container->resources == NULL)
		return 0;
	r = t->container->resources;
	if (read_amounts(r->limits, r->n_limits, limits, e) < 0 ||
	    read_amounts(r->requests, r->n_requests, requests, e) < 0)
		return -1;
	if (requests->memory == 0)
		requests->memory = limits->memory;
	if (requests->cpu == 0)
		requests->cpu = limits->cpu;
	return 0;
}
