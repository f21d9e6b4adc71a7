#include "idl/flyteidl.h"
#include "idl/wire.h"

#include "mutate.h"

/*
 * The first byte chooses the message.  What unpacks must come back the same
 * from its canonical bytes, and those must be canonical.
 */

static const ProtobufCMessageDescriptor *const messages[] = {
	&flyteidl__core__literal_map__descriptor,
	&flyteidl__core__compiled_workflow_closure__descriptor,
	&flyteidl__admin__task_spec__descriptor,
	&flyteidl__admin__launch_plan__descriptor,
	&flyteidl__core__dynamic_job_spec__descriptor,
	&flyteidl__admin__execution_spec__descriptor,
	&google__protobuf__struct__descriptor,
	&flyteidl__core__task_template__descriptor,
	&flyteidl__core__error_document__descriptor,
	&flyteidl__admin__workflow__descriptor,
	&flyteidl__admin__task__descriptor,
	&flyteidl__core__literal_type__descriptor,
};

static void
check_round(const ProtobufCMessage *m, struct arena *a)
{
	c_strbuf struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	ProtobufCMessage *again;
	struct err e;

	wire_pack(m, &first);
	/* an entry's value is added where it was missing: one level deeper */
	if (wire_unpack_strict(m->descriptor, strbuf_str(&first), a, &again,
	    &e) < 0) {
		if (strstr(e.msg, "nested too deep") != NULL)
			return;
		BUG("what was packed does not unpack: %s", e.msg);
	}
	wire_pack(again, &second);
	if (!str_eq(strbuf_str(&first), strbuf_str(&second)))
		BUG("not canonical");
	if (!wire_equal(m, wire_dup(again, a)))
		BUG("the copy differs");
}

static void
walk(struct str bytes)
{
	struct wire_reader r = wire_reader(bytes);
	struct wire_field f;
	size_t total = 0;
	struct err e;
	int got;

	while ((got = wire_next(&r, &f, &e)) > 0)
		total += f.whole.n;
	if (got == 0 && total != bytes.n)
		BUG("fields of %zu bytes in %zu", total, bytes.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;
	struct str bytes;
	struct err e;

	if (n == 0)
		return 0;
	bytes = (struct str){ (const char *)data + 1, n - 1 };
	walk(bytes);
	if (wire_unpack(messages[data[0] % ARRAY_LEN(messages)], bytes, &a,
	    &m, &e) == 0)
		check_round(m, &a);
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
