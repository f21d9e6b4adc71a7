/* Rows {type, json, hash}: hash is standard base64. */

#include "base/err.h"
#include "conform.h"
#include "idl/pbhash.h"
#include "idl/pbjson.h"

static const ProtobufCMessageDescriptor *
descriptor(struct str name)
{
	static const ProtobufCMessageDescriptor *const known[] = {
		&flyteidl__admin__launch_plan_spec__descriptor,
		&flyteidl__core__compiled_task__descriptor,
		&flyteidl__core__compiled_workflow_closure__descriptor,
		&flyteidl__core__literal__descriptor,
		&flyteidl__core__literal_map__descriptor,
		&flyteidl__core__literal_type__descriptor,
		&flyteidl__core__task_template__descriptor,
		&flyteidl__core__typed_interface__descriptor,
		&flyteidl__core__variable_map__descriptor,
		&flyteidl__core__workflow_template__descriptor,
	};
	size_t i;

	for (i = 0; i < ARRAY_LEN(known); i++)
		if (str_is(name, known[i]->name))
			return known[i];
	return NULL;
}

enum conform_verdict
conform_pbhash(const struct conform_row *row, struct strbuf *why)
{
	struct str type = conform_text(row, 0, "type");
	struct str expected = conform_text(row, 0, "hash");
	const ProtobufCMessageDescriptor *d = descriptor(type);
	struct strbuf given c_strbuf = STRBUF_INIT;
	unsigned char hash[PBHASH_SIZE];
	ProtobufCMessage *m;
	struct err e;

	if (d == NULL) {
		strbuf_addf(why, "message " STR_FMT " is not known here",
		    STR_ARG(type));
		return CONFORM_UNSUPPORTED;
	}
	if (conform_message(row, 0, "json", d, &m, &e) < 0) {
		strbuf_adds(why, e.msg);
		return CONFORM_DIFFERENT;
	}
	pbhash(m, hash);
	pbjson_add_base64(&given, (struct str){ (const char *)hash,
	    sizeof(hash) });
	if (str_eq(strbuf_str(&given), expected))
		return CONFORM_SAME;
	strbuf_addf(why, STR_FMT ": expected " STR_FMT ", given %s",
	    STR_ARG(type), STR_ARG(expected), given.p);
	return CONFORM_DIFFERENT;
}
