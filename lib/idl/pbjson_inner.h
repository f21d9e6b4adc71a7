#ifndef IDL_PBJSON_INNER_H
#define IDL_PBJSON_INNER_H

/*
 * What the files of pbjson share: the messages of google.protobuf whose JSON
 * is not that of their fields, names, integers.
 */

#include "base/str.h"
#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/duration.pb-c.h"
#include "google/protobuf/struct.pb-c.h"
#include "google/protobuf/timestamp.pb-c.h"
#include "google/protobuf/wrappers.pb-c.h"

enum wkt {
	WKT_NONE,	/* an ordinary message */
	WKT_TIMESTAMP,
	WKT_DURATION,
	WKT_STRUCT,
	WKT_VALUE,
	WKT_LIST,
	WKT_ANY,
	WKT_WRAPPER,	/* one field, "value", which is the JSON */
};

static inline enum wkt
wkt_of(const ProtobufCMessageDescriptor *d)
{
	if (strcmp(d->package_name, "google.protobuf") != 0)
		return WKT_NONE;
	if (d == &google__protobuf__timestamp__descriptor)
		return WKT_TIMESTAMP;
	if (d == &google__protobuf__duration__descriptor)
		return WKT_DURATION;
	if (d == &google__protobuf__struct__descriptor)
		return WKT_STRUCT;
	if (d == &google__protobuf__value__descriptor)
		return WKT_VALUE;
	if (d == &google__protobuf__list_value__descriptor)
		return WKT_LIST;
	if (d == &google__protobuf__any__descriptor)
		return WKT_ANY;
	if (d->n_fields == 1 && strcmp(d->fields[0].name, "value") == 0)
		return WKT_WRAPPER;
	return WKT_NONE;
}

/* Where the JSON name of a field, lowerCamelCase, goes on: the next letter. */
static inline char
camel_next(const char **name)
{
	const char *s = *name;
	int upper = 0;

	for (; *s == '_'; s++)
		upper = 1;
	*name = *s == '\0' ? s : s + 1;
	return upper && *s >= 'a' && *s <= 'z' ? (char)(*s - 'a' + 'A') : *s;
}

/*
 * A JSON number that is an integer, however it is written (1e3, 12.50e1), as
 * sign and magnitude.  0, -1 if it is not integral, -2 if it is too large.
 */
int	pbjson_parse_integer(struct str s, int *ret_negative, uint64_t *ret);

#endif
