#include "google/protobuf/any.pb-c.h"
#include "google/protobuf/wrappers.pb-c.h"
#include "idl/flyteidl.h"
#include "idl/pbjson.h"
#include "idl/wire.h"

/*
 * The first byte chooses the message and the flags.  What is read must print
 * to a text that reads back as an equal message and prints the same.
 */

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static const ProtobufCMessageDescriptor *const messages[] = {
	&flyteidl__core__literal__descriptor,
	&flyteidl__core__literal_type__descriptor,
	&flyteidl__core__task_template__descriptor,
	&flyteidl__admin__launch_plan__descriptor,
	&flyteidl__core__workflow_template__descriptor,
	&google__protobuf__value__descriptor,
	&google__protobuf__any__descriptor,
	&google__protobuf__float_value__descriptor,
	&google__protobuf__bytes_value__descriptor,
	&google__protobuf__uint64_value__descriptor,
};

static void
check_round(const ProtobufCMessage *m, unsigned flags, struct arena *a)
{
	c_strbuf struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
	ProtobufCMessage *again;
	struct err e;

	pbjson_print(m, flags, &first);
	if (pbjson_parse(m->descriptor, strbuf_str(&first), 0, a, &again,
	    &e) < 0)
		BUG("what was printed does not parse: %s", e.msg);
	pbjson_print(again, flags, &second);
	if (!str_eq(strbuf_str(&first), strbuf_str(&second)))
		BUG("prints otherwise the second time");
	if (!wire_equal(m, again))
		BUG("reads back as another message");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;
	struct err e;

	if (n == 0)
		return 0;
	if (pbjson_parse(messages[data[0] % ARRAY_LEN(messages)],
	    (struct str){ (const char *)data + 1, n - 1 },
	    data[0] & 0x80 ? PBJSON_SKIP_UNKNOWN | PBJSON_YAML : 0, &a, &m,
	    &e) == 0)
		check_round(m, data[0] >> 4 & (PBJSON_SNAKE | PBJSON_INDENT),
		    &a);
	return 0;
}
