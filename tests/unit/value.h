#ifndef UNIT_VALUE_H
#define UNIT_VALUE_H

/* What tests of values share: a type from its text. */

#include "base/err.h"
#include "idl/literal.h"
#include "idl/type.h"
#include "idl/value.h"

static pb_literal_type *
type_of(const char *text, struct arena *a)
{
	pb_literal_type *t;
	struct err e;
	size_t at;

	if (type_parse(str_of(text), a, &t, &at, &e) < 0) {
		printf("type %s: %s\n", text, e.msg);
		abort();
	}
	return t;
}

#endif
