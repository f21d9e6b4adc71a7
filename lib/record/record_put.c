/* The parts of records. */
#include "record/record_p.h"

#include "base/limits.h"
#include "idl/flyteidl.h"
#include "idl/pbjson.h"
#include "idl/wire.h"
#include "record/journal.h"
#include "record/longlit.h"
#include "store/blob.h"

struct json_writer
record_open(struct recorder *r, const char *kind)
{
	struct json_writer w;

	record_flush(r);
	strbuf_reset(&r->line);
	w = json_writer(&r->line, 0);
	json_object(&w);
	json_key(&w, "r");
	json_cstr(&w, kind);
	return w;
}

void
record_close(struct recorder *r, struct json_writer *w)
{
	struct err e;

	json_end(w);
	/* Nobody could read it. */
	if (r->line.n > MAX_JOURNAL_LINE - 64) {
		(void)!err_set(&e, ERR_SYS, "a record of %zu bytes; at most "
		    "%zu can be read", r->line.n, MAX_JOURNAL_LINE);
		record_trouble(r, &e);
		return;
	}
	journal_append(r->journal, strbuf_str(&r->line), record_now_us());
}

void
record_put_str(struct json_writer *w, const char *key, struct str value)
{
	if (value.p == NULL || value.n == 0)
		return;
	json_key(w, key);
	json_str(w, value);
}

void
record_put_cstr(struct json_writer *w, const char *key, const char *value)
{
	record_put_str(w, key, str_of(value));
}

void
record_trouble(struct recorder *r, const struct err *e)
{
	if (r->trouble.kind == ERR_NONE)
		r->trouble = *e;
}

void
record_put_message(struct recorder *r, struct json_writer *w, const char *key,
    const ProtobufCMessageDescriptor *d, struct str bytes)
{
	c_arena struct arena a = ARENA_INIT;
	ProtobufCMessage *m;
	struct err e;

	if (bytes.p == NULL)
		return;
	strbuf_reset(&r->text);
	if (bytes.n > LONGLIT_BYTES && r->dir != NULL) {
		if (longlit_add(&r->text, r->dir, bytes, r->sync, &e) < 0) {
			record_trouble(r, &e);
			return;
		}
	} else if (wire_unpack(d, bytes, &a, &m, &e) < 0) {
		record_trouble(r, &e);
		return;
	} else {
		pbjson_print(m, 0, &r->text);
	}
	json_key(w, key);
	json_raw(w, strbuf_str(&r->text));
}

void
record_put_map(struct recorder *r, struct json_writer *w, const char *key,
    struct str bytes)
{
	c_arena struct arena a = ARENA_INIT;
	struct err e;

	if (bytes.p == NULL)
		return;
	strbuf_reset(&r->text);
	if ((r->store != NULL && blob_uris_to_disk(r->store, bytes, &a,
	    &bytes, NULL, &e) < 0) ||
	    longlit_add_map(&r->text, r->dir, bytes, r->sync, &e) < 0) {
		record_trouble(r, &e);
		return;
	}
	json_key(w, key);
	json_raw(w, strbuf_str(&r->text));
}

void
record_put_error(struct json_writer *w, const struct sched_error *error)
{
	static const char *const kinds[] = { "UNKNOWN", "USER", "SYSTEM" };

	if (error == NULL || (error->code.p == NULL &&
	    error->message.p == NULL))
		return;
	json_key(w, "e");
	json_object(w);
	json_key(w, "kind");
	json_cstr(w, kinds[error->kind]);
	json_key(w, "code");
	json_str(w, error->code);
	json_key(w, "message");
	json_str(w, error->message);
	json_end(w);
}

void
record_put_attempt(struct json_writer *w, struct str path, uint32_t attempt)
{
	json_key(w, "p");
	json_str(w, path);
	if (attempt > 0) {
		json_key(w, "a");
		json_uint(w, attempt);
	}
}

void
record_put_launches(struct recorder *r, struct json_writer *w,
    const struct record_launch *at, size_t n)
{
	size_t i;

	if (n == 0)
		return;
	json_key(w, "launches");
	json_array(w);
	for (i = 0; i < n; i++) {
		json_object(w);
		record_put_cstr(w, "closure", at[i].closure);
		record_put_message(r, w, "plan",
		    &flyteidl__admin__launch_plan__descriptor,
		    at[i].plan);
		json_end(w);
	}
	json_end(w);
}
