#ifndef RECORD_COLOR_H
#define RECORD_COLOR_H

#include "base/strbuf.h"

/* Appends what became of a node or an execution ("done", "failed", "reused"),
 * with color in the one that goes with it in every program. */
void	color_add_word(struct strbuf *, const char *word, int color);

#endif
