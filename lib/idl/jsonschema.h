#ifndef IDL_JSONSCHEMA_H
#define IDL_JSONSCHEMA_H

#include "idl/flyteidl.h"

/*
 * 1 if a struct described by the JSON schema up may stand where down is
 * wanted: the part of Flyte's assignability that looks at the metadata of
 * two STRUCT types.  Each property of down must be in up with the same types;
 * what down requires, up must require.  Other keywords are looked at only
 * inside anyOf, oneOf and allOf.  A schema of draft 2020-12 is castable to
 * an equal one only.
 */
int	jsonschema_castable(const pb_struct *up, const pb_struct *down);

#endif
