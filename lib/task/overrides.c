#include "task/overrides.h"

void
overrides_apply(pb_task_template *t,
    const Flyteidl__Core__TaskNodeOverrides *o)
{
	if (t->target_case == FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER) {
		if (o->resources != NULL)
			t->container->resources = o->resources;
		if (o->container_image[0] != '\0')
			t->container->image = o->container_image;
	}
	if (o->extended_resources != NULL)
		t->extended_resources = o->extended_resources;
}
