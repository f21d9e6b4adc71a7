#ifndef IDL_PBWALK_H
#define IDL_PBWALK_H

/*
 * Walks to all messages of one type, only through fields that can lead there:
 * of a workflow of 100,000 nodes that is a tenth of what it holds.  Which
 * fields these are is found out once a walk; keep one for many messages.
 */

#include <protobuf-c/protobuf-c.h>

struct pbwalk {
	const ProtobufCMessageDescriptor *type;
	struct pbwalk_step	*steps;		/* open addressing */
	size_t			 n, cap;
};
#define PBWALK_INIT(type)	{ (type), NULL, 0, 0 }
#define c_pbwalk		cleanup(pbwalk_release)

void	pbwalk_release(struct pbwalk *);

/*
 * Calls fn for each message of the type that lies in m, or for m itself; not
 * for those inside of one that was found.
 */
typedef void pbwalk_fn(void *arg, ProtobufCMessage *);
void	pbwalk_each(struct pbwalk *, ProtobufCMessage *m, pbwalk_fn *fn, void *arg);

#endif
