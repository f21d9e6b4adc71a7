/* Faults of entities that have no place in a spec: those of a package, and of
 * what uses something faulty. */
#ifndef COMMON_FAULTS_H
#define COMMON_FAULTS_H

#include "common/context.h"
#include "registry/front.h"

/* The next line of front_entity.errors, which *rest walks over; 0: none. */
int	faults_line(const char **rest, struct str *ret);
/* Each of them as a line of stderr; nothing where errors is NULL. */
void	complain_entity(const struct context *, const char *file,
	    const struct front_entity *);

#endif
