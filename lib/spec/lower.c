#include "spec/lower.h"

#include <string.h>

const char *
lower_config(const pb_task_template *t, const char *key)
{
	size_t i;

	for (i = 0; i < t->n_config; i++)
		if (strcmp(t->config[i]->key, key) == 0)
			return t->config[i]->value;
	return NULL;
}
