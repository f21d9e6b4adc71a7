#include "common/faults.h"

int
faults_line(const char **rest, struct str *ret)
{
	const char *end;

	if (*rest == NULL || **rest == '\0')
		return 0;
	end = strchrnul(*rest, '\n');
	*ret = (struct str){ *rest, (size_t)(end - *rest) };
	*rest = end + (*end != '\0');
	return 1;
}

void
complain_entity(const struct context *c, const char *file,
    const struct front_entity *x)
{
	const char *rest = x->errors;
	struct str line;

	while (faults_line(&rest, &line))
		warn(c, "%s: %s %s: " STR_FMT, file,
		    entity_kind_words(x->id.kind), x->id.name,
		    STR_ARG(line));
}
