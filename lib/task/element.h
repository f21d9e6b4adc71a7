#ifndef TASK_ELEMENT_H
#define TASK_ELEMENT_H

#include "idl/flyteidl.h"

/*
 * The interface of a map's task as one element has it: each output that is a
 * list without that level, inputs as they are.  So flytepropeller's array
 * handler shows it to the cache and to its checks (nodes/array,
 * arrayTaskReader).  Shares parts with what is given.
 */
pb_typed_interface *element_interface(const pb_typed_interface *,
		    struct arena *);

#endif
