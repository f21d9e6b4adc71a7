#ifndef IDL_TYPE_H
#define IDL_TYPE_H

/*
 * Literal types: the spec's syntax both ways, and constructors.
 *
 *	int float str bool datetime duration struct none binary error
 *	file file(csv) dir dir(csv) dataset dataset(parquet)
 *	enum(a|b) list(T) map(T) T? A|B (A|B)
 *
 * Square brackets are taken for round ones.  A union's variants carry the
 * structure.tag that flytekit gives them, since it refuses untagged ones;
 * unions inside unions are made flat, a variant given twice counts once.
 */

#include "base/strbuf.h"
#include "idl/flyteidl.h"

struct err;

/*
 * The type written in text, whole.  On -1 (ERR_SPEC) *ret_bad_at is the
 * offset of the first byte that does not fit, for a caret.  The result lives
 * in the arena and shares nothing with text.
 */
int	type_parse(struct str text, struct arena *, pb_literal_type **ret,
	    size_t *ret_bad_at, struct err *e) must_check;

/*
 * Appends the type in the syntax above, such that type_parse reads it back
 * where the syntax can say it; the rest reads so too: schema(a: int),
 * dataset(parquet){a: int}, unset.  NULL is "unset".
 */
void	type_add_name(struct strbuf *, const pb_literal_type *);
/* "df: file(csv), n: int" in byte order of the names; "nothing" if empty. */
void	type_add_variables(struct strbuf *, const pb_variable_map *);

/* Constructors; what they are given is referred to, not copied. */
pb_literal_type *type_simple(struct arena *, Flyteidl__Core__SimpleType);
pb_literal_type *type_list(struct arena *, pb_literal_type *element);
pb_literal_type *type_map(struct arena *, pb_literal_type *value);
/* format "" is any. */
pb_literal_type *type_file(struct arena *, const char *format);
pb_literal_type *type_dir(struct arena *, const char *format);
pb_literal_type *type_enum(struct arena *, char **values, size_t n);
/* Tags copies of the variants that have no tag. */
pb_literal_type *type_union(struct arena *, pb_literal_type **variants,
		    size_t n);
pb_literal_type *type_optional(struct arena *, pb_literal_type *);

struct type_column {
	const char	*name;
	pb_literal_type	*type;
};
pb_literal_type *type_dataset(struct arena *, const char *format,
		    const struct type_column *columns, size_t n);

/* 1 if none is among the values: NONE itself or a union with it. */
int	type_takes_none(const pb_literal_type *);
/* 1 if it is this simple type. */
int	type_is_simple(const pb_literal_type *, Flyteidl__Core__SimpleType);

/* The variable called so, or NULL; the map may be NULL. */
const pb_variable *type_variable(const pb_variable_map *, const char *name);

#endif
