#ifndef DATA_YAML_P_H
#define DATA_YAML_P_H

/* What yaml.c, which reads, and yaml_hint.c share. */

#include "data/yaml.h"

/* 1 and its offset if a tab indents the line that holds offset at. */
int	yaml_tab_indents(struct str text, uint32_t at, uint32_t *ret);
/* Adds a hint to the last diagnostic, a syntax error at the offset; none
 * where it is not one of the usual mistakes. */
void	yaml_add_hint(struct str text, uint32_t at, struct diags *);

#endif
