#ifndef SPEC_PB_H
#define SPEC_PB_H

/* Making messages of nested types, which have no functions but init. */

#include "idl/flyteidl.h"

#define PB_NEW_NESTED(a, type, prefix)	__extension__ ({		\
	type *pb_ = arena_alloc((a), sizeof(*pb_));			\
	prefix##__init(pb_);						\
	pb_;								\
})

#endif
