#ifndef REGISTRY_STORED_H
#define REGISTRY_STORED_H

/* admin.Task, admin.Workflow and admin.LaunchPlan, treated alike. */

#include "registry/registry.h"

/* Unpacks a file's bytes; ERR_CORRUPT if they are not what the id says. */
int	stored_unpack(const struct entity_id *, struct str bytes,
	    struct arena *, struct registered *ret, struct err *) must_check;
/* Id and time alone, without unpacking the rest.  0 or -1.  The texts are
 * put in the arena. */
int	stored_peek(enum entity_kind, struct str bytes, struct arena *,
	    struct entity_id *ret_id, struct instant *ret_created);
/* Appends the bytes of the message with another created_at and, of a launch
 * plan, the state INACTIVE. */
void	stored_pack(enum entity_kind, const ProtobufCMessage *,
	    struct instant created_at, struct strbuf *ret);

#endif
