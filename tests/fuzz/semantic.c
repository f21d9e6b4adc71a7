#include <zlib.h>

#include "idl/diff.h"
#include "idl/flyteidl.h"
#include "idl/pbjson.h"
#include "idl/semantic.h"
#include "idl/wire.h"

#include "mutate.h"

/*
 * A byte for the type, then two messages as the fields 1 and 2 of one.  Equal
 * messages have no difference and others have one, whichever comes first, and
 * the normal form of a normal form is itself.  With the bit SETTINGS both are
 * JSON that flytekit packs into the settings of dynamic tasks.
 */

#define SETTINGS	0x80

static const ProtobufCMessageDescriptor *const types[] = {
	&flyteidl__admin__workflow_spec__descriptor,
	&flyteidl__admin__task__descriptor,
	&flyteidl__admin__workflow__descriptor,
	&flyteidl__admin__launch_plan__descriptor,
	&flyteidl__core__compiled_workflow_closure__descriptor,
	&flyteidl__core__task_template__descriptor,
};

static void
pack_settings(struct str json, struct strbuf *out)
{
	uLong max = compressBound(json.n) + 64;
	Bytef *packed = xcalloc(max, 1);
	z_stream z = { 0 };

	if (deflateInit2(&z, 1, Z_DEFLATED, 16 + MAX_WBITS, 8,
	    Z_DEFAULT_STRATEGY) != Z_OK)
		BUG("deflate");
	z.next_in = (Bytef *)(uintptr_t)json.p;
	z.avail_in = (uInt)json.n;
	z.next_out = packed;
	z.avail_out = (uInt)max;
	if (deflate(&z, Z_FINISH) != Z_STREAM_END)
		BUG("deflate");
	pbjson_add_base64(out, (struct str){ (const char *)packed,
	    z.total_out });
	deflateEnd(&z);
	free(packed);
}

/* A task that has the settings. */
static ProtobufCMessage *
task_with(struct str json, struct arena *a)
{
	c_strbuf struct strbuf packed = STRBUF_INIT;
	pb_task_template *t = PB_NEW(a, flyteidl__core__task_template);
	pb_key_value_pair *kv = PB_NEW(a, flyteidl__core__key_value_pair);

	pack_settings(json, &packed);
	kv->key = arena_strdup(a, "_F_SS_C");
	kv->value = arena_strdup(a, packed.p);
	t->target_case = FLYTEIDL__CORE__TASK_TEMPLATE__TARGET_CONTAINER;
	t->container = PB_NEW(a, flyteidl__core__container);
	t->container->n_env = 1;
	t->container->env = arena_new_n(a, 1, pb_key_value_pair *);
	t->container->env[0] = kv;
	return &t->base;
}

static ProtobufCMessage *
message_of(unsigned type, struct str bytes, struct arena *a)
{
	ProtobufCMessage *m;
	struct err e;

	if (type & SETTINGS)
		return task_with(bytes, a);
	return wire_unpack(types[type % ARRAY_LEN(types)], bytes, a, &m,
	    &e) < 0 ? NULL : m;
}

static void
check_normal(const ProtobufCMessage *m, struct arena *a)
{
	ProtobufCMessage *normal = semantic_normal(m, a);

	if (!wire_equal(normal, semantic_normal(normal, a)))
		BUG("two normal forms");
	if (!semantic_equal(m, normal))
		BUG("another than its normal form");
}

static void
check_pair(const ProtobufCMessage *x, const ProtobufCMessage *y)
{
	c_strbuf struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;
	int equal = semantic_equal(x, y);

	if (semantic_equal(y, x) != equal)
		BUG("equal one way only");
	if ((diff_add(x, y, &one) == 0) != equal ||
	    (diff_add(y, x, &two) == 0) != equal)
		BUG("equal %d, but: %s", equal, one.p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	c_arena struct arena a = ARENA_INIT;
	struct str all = { (const char *)data + 1, n - 1 };
	struct wire_field one, two;
	ProtobufCMessage *x, *y;
	struct err e;

	if (n < 1 || wire_find(all, 1, WIRE_BYTES, &one, &e) < 0 ||
	    wire_find(all, 2, WIRE_BYTES, &two, &e) < 0 ||
	    one.whole.p == NULL)
		return 0;
	x = message_of(data[0], one.bytes, &a);
	y = two.whole.p == NULL ? x : message_of(data[0], two.bytes, &a);
	if (x == NULL || y == NULL)
		return 0;
	check_normal(x, &a);
	check_normal(y, &a);
	check_pair(x, y);
	return 0;
}

#ifdef FUZZING
size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t n, size_t max,
    unsigned int seed)
{
	return mutate_wire(data, n, max, seed, 1);
}
#endif
