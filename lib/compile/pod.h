#ifndef COMPILE_POD_H
#define COMPILE_POD_H

#include "base/strbuf.h"
#include "idl/flyteidl.h"

/*
 * Whether a Struct reads as a Kubernetes v1.PodSpec the way Go's JSON
 * decoder sees it: known fields must have the right kind of value, null is
 * taken anywhere, unknown fields are passed over.  The fields of the pod,
 * its containers and what they hold are known; rarer ones (affinity, volume
 * sources, probes) are looked at no deeper than being an object.  0, or -1
 * with the place and the expected kind in why.
 */
int	pod_check(const pb_struct *, struct strbuf *why);

/*
 * 1 if every container's name is a DNS-1123 label, else 0 and the first
 * that is not in *ret_bad.
 */
int	pod_names_ok(const pb_struct *, const char **ret_bad);

#endif
