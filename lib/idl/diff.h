#ifndef IDL_DIFF_H
#define IDL_DIFF_H

#include <protobuf-c/protobuf-c.h>

#include "base/strbuf.h"

/*
 * Appends how two messages of one type differ, as semantic_equal() sees
 * them, one line each:
 *	template.nodes[n0].taskNode.referenceId.version: "v1" | "v2"
 *	template.interface.inputs.variables[a].type: int | str
 *	template.container.image: absent | "i:1"
 * Paths are those of the JSON form; nodes, bindings and the like are named
 * by their id, map entries by their key.  Long values are cut; after
 * MAX_DIFF_LINES lines one says that there is more.  Returns the number of
 * lines, 0 for equal messages.
 */
size_t	diff_add(const ProtobufCMessage *from, const ProtobufCMessage *to,
	    struct strbuf *);

#endif
