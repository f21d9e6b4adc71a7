#include "idl/wire.h"
#include "spec/spec.h"

/*
 * A YAML spec, read, checked and lowered whole: either it has a diagnostic or
 * every entity of it goes through the wire unchanged.
 */

int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void
check_entity(const struct spec_entity *e)
{
	c_strbuf struct strbuf b = STRBUF_INIT;
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;
	struct err err;

	wire_pack(entity_message(&e->entity), &b);
	if (wire_unpack_strict(entity_descriptor(e->entity.kind),
	    strbuf_str(&b), &a, &m, &err) < 0) {
		if (strstr(err.msg, "nested too deep") == NULL)
			BUG("a lowered entity does not unpack: %s", err.msg);
		return;
	}
	if (!wire_equal(m, entity_message(&e->entity)))
		BUG("a lowered entity changes on the wire");
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct spec_options opt = { .form = SPEC_YAML, .project = "p",
	    .domain = "d", .version = "v" };
	c_arena struct arena a = ARENA_INIT;
	struct diags ds = DIAGS_INIT;
	struct strbuf out = STRBUF_INIT;
	struct spec spec;
	size_t i;

	if (n > 0 && data[0] == '{')
		opt.form = SPEC_JSON;
	if (spec_load("fuzz", (struct str){ (const char *)data, n }, &opt, &a,
	    &spec, &ds) < 0) {
		if (ds.n == 0)
			BUG("refused without a reason");
	} else if (ds.n > 0) {
		BUG("taken in spite of a diagnostic");
	}
	for (i = 0; i < spec.n; i++) {
		struct span at = spec_span_of(&spec, &spec.at[i], "a", "n");

		if (at.from > n || at.to > n)
			BUG("a place outside the text");
		if (!spec.at[i].faulty)
			check_entity(&spec.at[i]);
	}
	diags_print(&ds, &out);
	strbuf_release(&out);
	diags_release(&ds);
	spec_release(&spec);
	return 0;
}
