#include "engine.h"

/* Where ours is better on purpose: see the table below. */

const char *
engine_better(struct engine_run *runs, unsigned n, struct strbuf *why)
{
	(void)runs;
	(void)n;
	(void)why;
	return NULL;
}
