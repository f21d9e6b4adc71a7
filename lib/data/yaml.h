#ifndef DATA_YAML_H
#define DATA_YAML_H

/*
 * The YAML that specs are written in: one document; anchors and aliases are
 * copied in (at most MAX_ALIAS_NODES nodes by aliases); keys are scalars and
 * differ; no merge keys, no tags but the core schema's, which are ignored.
 * Scalars stay text.  JSON is YAML, so it is read too.
 */

#include "data/tree.h"

/*
 * Reads the file called name into ret (tree_init() done before; reset here).
 * The text is borrowed, also by ret.  0, or -1 with at least one diagnostic
 * that has a place.  Faults that do not stop the reader (a key given twice,
 * a merge key, a tag) are reported together.  An empty file is a fault;
 * more than MAX_SPEC_BYTES bytes or MAX_DEPTH levels are too.
 */
int	yaml_parse(const char *name, struct str text, struct tree *ret,
	    struct diags *) must_check;

#endif
