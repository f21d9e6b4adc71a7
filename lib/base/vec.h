#ifndef BASE_VEC_H
#define BASE_VEC_H

/*
 * A growing array of one type: VEC(struct x) v = VEC_INIT;
 * VEC_PUSH(&v, x); v.at[i]; v.n; VEC_RELEASE(&v).
 */

#include "base/base.h"

#define VEC(type)	struct { type *at; size_t n, cap; }
#define VEC_INIT	{ NULL, 0, 0 }

#define VEC_RESERVE(v, extra) do {					\
	size_t need_ = (v)->n + (extra);				\
	if (need_ > (v)->cap) {						\
		size_t cap_ = (v)->cap * 2;				\
		cap_ = MAX(MAX(cap_, need_), (size_t)8);		\
		(v)->at = xreallocarray((v)->at, cap_,			\
		    sizeof(*(v)->at));					\
		(v)->cap = cap_;					\
	}								\
} while (0)

#define VEC_PUSH(v, x) do {						\
	VEC_RESERVE(v, 1);						\
	(v)->at[(v)->n++] = (x);					\
} while (0)

#define VEC_POP(v)	((v)->at[--(v)->n])
#define VEC_LAST(v)	((v)->at[(v)->n - 1])

#define VEC_RELEASE(v) do {						\
	free((v)->at);							\
	(v)->at = NULL;							\
	(v)->n = (v)->cap = 0;						\
} while (0)

#endif
