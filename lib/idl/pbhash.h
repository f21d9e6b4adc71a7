#ifndef IDL_PBHASH_H
#define IDL_PBHASH_H

#include "base/strbuf.h"
#include "idl/flyteidl.h"

#define PBHASH_SIZE	32

/*
 * Flyte's hash of a message (flytestdlib/pbhash): objecthash over its JSON
 * as golang jsonpb writes it, worked out on the message itself.  Equal for
 * equal messages, whatever the order of their maps.  Fields nested beyond
 * MAX_MESSAGE_DEPTH are a fault of the caller: unpacking refuses them.
 */
void	pbhash(const ProtobufCMessage *, unsigned char ret[PBHASH_SIZE]);

/* Appends the bytes in base64's URL alphabet, without padding. */
void	pbhash_add_base64_url(struct strbuf *, const void *p, size_t n);

#endif
