#ifndef IDL_CACHEKEY_H
#define IDL_CACHEKEY_H

/*
 * Identity of a cached result, Flyte's own (flytepropeller, catalog,
 * transformer.go; flyteplugins, catalog/hashing.go): a dataset for the task's
 * name, cache version and interface, and in it a tag for the inputs.
 */

#include "base/strbuf.h"
#include "idl/flyteidl.h"

struct err;

/*
 * The interface as the compiler leaves it to executions: without
 * descriptions, type metadata and annotations (but for the annotation
 * cache-key-metadata).  The result may share parts with what is given.
 */
pb_typed_interface *cachekey_strip(const pb_typed_interface *,
		    struct arena *);

/*
 * Appends "VERSION-<8>-<8>": the cache version without the spaces around
 * it and the first characters of the hashes of inputs and outputs of the
 * interface as given (NULL: none).  -1 (ERR_USAGE) if the version is empty.
 */
int	cachekey_version(const pb_typed_interface *,
	    const char *cache_version, struct strbuf *ret, struct err *e)
	    must_check;

/* Name and version of the dataset; the interface is stripped first. */
int	cachekey_dataset(const pb_identifier *task,
	    const pb_typed_interface *, const char *cache_version,
	    struct strbuf *ret_name, struct strbuf *ret_version,
	    struct err *e) must_check;

/*
 * Appends the tag of the inputs (NULL: none) without the n names to ignore.
 * A literal with a hash counts by that alone.
 */
int	cachekey_tag(const pb_literal_map *inputs, char *const *ignore,
	    size_t n_ignore, struct strbuf *ret, struct err *e) must_check;

/*
 * The inputs as they are hashed, for the pre-image: reduced and without the
 * ignored.
 */
pb_literal_map *cachekey_reduce(const pb_literal_map *inputs,
		char *const *ignore, size_t n_ignore, struct arena *);

#endif
