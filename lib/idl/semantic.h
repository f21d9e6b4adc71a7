#ifndef IDL_SEMANTIC_H
#define IDL_SEMANTIC_H

/*
 * Identity of entities: what has to agree for two registrations of one id to
 * be the same.  pyflyte's bytes are not stable from run to run, so bytes do
 * not serve.  Left out, wherever it stands inside the message:
 *	- the order of map entries, of a node's inputs, of sub-workflows;
 *	- order and repetition of upstream_node_ids;
 *	- times and state in the closures of admin.Task, Workflow, LaunchPlan;
 *	- in the settings that dynamic tasks carry (environment _F_SS_C,
 *	  base64 of gzip of JSON): the form, and source_root, the folder the
 *	  packager stood in.
 */

#include <protobuf-c/protobuf-c.h>

#include "base/arena.h"

#define SEMANTIC_SIZE	32

/* A copy of the message in its normal form, for the functions below. */
ProtobufCMessage *semantic_normal(const ProtobufCMessage *, struct arena *);

/* SHA-256 of the message's type and normal form. */
void	semantic_digest(const ProtobufCMessage *,
	    unsigned char ret[SEMANTIC_SIZE]);

/* 1 if both are of one type and the same but for the above. */
int	semantic_equal(const ProtobufCMessage *, const ProtobufCMessage *);

#endif
