/* Elements of maps, one record for those that follow each other. */
#include "record/record_p.h"

#include "idl/litout.h"
#include "idl/wire.h"
#include "record/longlit.h"
#include "store/blob.h"

/* A record is written once it has as much as this. */
#define BATCH_BYTES	((size_t)32 * 1024)

void
record_batch_release(struct record_batch *b)
{
	size_t i;

	for (i = 0; i < b->columns.n; i++) {
		strbuf_release(&b->columns.at[i].name);
		strbuf_release(&b->columns.at[i].items);
	}
	VEC_RELEASE(&b->columns);
	strbuf_release(&b->map);
	strbuf_release(&b->places);
}

/* ---- writing ------------------------------------------------------------- */

/* One element's own map, or a map of lists as the map node's outputs are. */
static void
put_outputs(struct json_writer *w, const struct record_batch *b, uint32_t n)
{
	struct strbuf *out = w->out;
	size_t i;

	if (!b->has_outputs)
		return;
	json_key(w, "o");
	json_raw(w, b->n_columns > 0 ? STR("{\"literals\":{") : STR("{"));
	for (i = 0; i < b->n_columns; i++) {
		const struct record_column *c = &b->columns.at[i];

		strbuf_adds(out, i > 0 ? "," : "");
		json_add_string(out, strbuf_str(&c->name));
		strbuf_adds(out, n > 1 ?
		    ":{\"collection\":{\"literals\":[" : ":");
		strbuf_addstr(out, strbuf_str(&c->items));
		strbuf_adds(out, n > 1 ? "]}}" : "");
	}
	strbuf_adds(out, b->n_columns > 0 ? "}}" : "}");
}

/* One element alone is told as any node is. */
void
record_flush(struct recorder *r)
{
	struct record_batch *b = &r->batch;
	uint32_t n = TAKE(b->n, 0);
	struct json_writer w;

	if (n == 0)
		return;
	w = record_open(r, n == 1 ? "node" : "elements");
	if (n == 1)
		strbuf_addf(&b->map, "/n%u", b->from);
	record_put_attempt(&w, strbuf_str(&b->map), b->attempt);
	if (n > 1) {
		json_key(&w, "from");
		json_uint(&w, b->from);
		json_key(&w, "n");
		json_uint(&w, n);
	}
	record_put_cstr(&w, "s", sched_phase_name(b->phase));
	record_put_cstr(&w, "w", sched_why_name(b->why));
	record_put_cstr(&w, "c", record_cache_name(b->cache));
	if (b->has_places) {
		json_key(&w, "f");
		json_raw(&w, STR(""));
		strbuf_adds(w.out, n > 1 ? "[" : "");
		strbuf_addstr(w.out, strbuf_str(&b->places));
		strbuf_adds(w.out, n > 1 ? "]" : "");
	}
	put_outputs(&w, b, n);
	record_close(r, &w);
}

/* ---- gathering ----------------------------------------------------------- */

/* The element has outputs of the same names in the same order. */
static int
same_names(const struct record_batch *b, struct str outputs)
{
	struct wire_reader r = wire_reader(outputs);
	struct str key, value;
	size_t i = 0;
	struct err e;

	if (b->has_outputs != (outputs.p != NULL))
		return 0;
	for (; wire_next_entry(&r, &key, &value, &e) > 0; i++)
		if (i == b->n_columns ||
		    !str_eq(key, strbuf_str(&b->columns.at[i].name)))
			return 0;
	return i == b->n_columns;
}

static size_t
batch_bytes(const struct record_batch *b)
{
	size_t n = 0, i;

	for (i = 0; i < b->n_columns; i++)
		n += b->columns.at[i].items.n;
	return n;
}

static int
continues(const struct record_batch *b, const struct sched_action *act,
    struct str map, struct str outputs, int has_place)
{
	return b->n > 0 && b->has_places == has_place && act->at.element == b->from + b->n &&
	    act->at.attempt == b->attempt && act->phase == b->phase &&
	    act->why == b->why && act->cache == b->cache &&
	    batch_bytes(b) < BATCH_BYTES &&
	    str_eq(map, strbuf_str(&b->map)) && same_names(b, outputs);
}

static void
begin(struct record_batch *b, const struct sched_action *act, struct str map,
    int has_outputs, int has_places)
{
	b->from = act->at.element;
	b->attempt = act->at.attempt;
	b->phase = act->phase;
	b->why = act->why;
	b->cache = act->cache;
	b->has_outputs = has_outputs;
	b->has_places = has_places;
	strbuf_reset(&b->places);
	b->n_columns = 0;
	strbuf_reset(&b->map);
	strbuf_addstr(&b->map, map);
}

static struct record_column *
add_column(struct record_batch *b, struct str name)
{
	struct record_column fresh = { STRBUF_INIT, STRBUF_INIT };
	struct record_column *c;

	if (b->n_columns == b->columns.n)
		VEC_PUSH(&b->columns, fresh);
	c = &b->columns.at[b->n_columns++];
	strbuf_reset(&c->name);
	strbuf_addstr(&c->name, name);
	strbuf_reset(&c->items);
	return c;
}

static int
add_outputs(struct record_batch *b, struct str outputs, struct err *e)
{
	struct wire_reader r = wire_reader(outputs);
	struct litout out = { .depth = 0 };
	struct record_column *c;
	struct str key, value;
	size_t i = 0;
	int got, rc;

	while ((got = wire_next_entry(&r, &key, &value, e)) > 0) {
		c = b->n == 0 ? add_column(b, key) : &b->columns.at[i++];
		if (b->n > 0)
			strbuf_addch(&c->items, ',');
		out.text = c->items;
		rc = litout_literal(&out, value, e);
		c->items = out.text;
		if (rc < 0)
			return -1;
	}
	return got;
}

void
record_element(struct recorder *r, const struct sched_action *act,
    struct str place)
{
	struct record_batch *b = &r->batch;
	const char *slash = memrchr(act->path.p, '/', act->path.n);
	struct str map = { act->path.p, (size_t)(slash - act->path.p) };
	struct str outputs = act->outputs, none = { NULL, 0 };
	c_arena struct arena a = ARENA_INIT;
	struct err e;

	if (outputs.n > LONGLIT_BYTES) {
		record_node(r, act, none, place);
		return;
	}
	if (r->store != NULL && outputs.p != NULL && blob_uris_to_disk(
	    r->store, outputs, &a, &outputs, NULL, &e) < 0) {
		record_trouble(r, &e);
		return;
	}
	if (!continues(b, act, map, outputs, place.n > 0)) {
		record_flush(r);
		begin(b, act, map, outputs.p != NULL, place.n > 0);
	}
	if (place.n > 0)
		strbuf_addf(&b->places, "%s\"" STR_FMT "\"", b->n > 0 ? "," :
		    "", STR_ARG(place));
	if (add_outputs(b, outputs, &e) < 0)
		record_trouble(r, &e);
	b->n++;
}
